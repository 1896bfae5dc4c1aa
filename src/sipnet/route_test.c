#include "sipnet/route_test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sipnet/route_test_priv.h"

void route_test_say(
	struct route_test *t, enum route_step s, enum route_code c, const char *fmt, ...)
{
	char text[PROBE_EVIDENCE_MAX + 1];
	uint32_t ms = (uint32_t)(sipnet_now(t->net) - t->begun_ms);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	t->on_step(t->arg, route_code_step(s, c, t->route->name, slice_of(text), ms));
}

void route_test_go_on(struct route_test *t)
{
	loop_timer_stop(&t->timer);
	xfree(t->call_id);
	t->call_id = NULL;
	t->opened = t->over = false;
	t->at++;
	loop_task_queue(t->net->loop, &t->next);
}

struct slice route_test_domain(const struct route_test *t)
{
	return sipnet_domain_of(t->snapshot, t->route);
}

/* ---- the whole ---- */

static void destroy(struct route_test *t)
{
	t->net->testing = NULL;
	loop_timer_stop(&t->timer);
	loop_task_stop(&t->next);
	if (t->client)
		sip_client_forget(t->client);
	if (t->flow)
		flow_free(t->flow);
	snapshot_unref(t->snapshot);
	xfree(t->call_id);
	xfree(t);
}

static void finish(struct route_test *t)
{
	route_test_done *done = t->on_done;
	void *arg = t->arg;

	destroy(t);
	done(arg);
}

static bool no_more(struct route_test *t)
{
	bool late = sipnet_now(t->net) - t->begun_ms >= ROUTE_TEST_WHOLE_MS;

	if (t->at == t->n)
		return true;
	if (!t->stopped && !late)
		return false;
	route_test_say(t, ROUTE_STEP_OPTIONS, t->stopped ? RC_STOPPED : RC_TIME_OVER,
		"%u of %u addresses were not looked at", t->n - t->at, t->n);
	return true;
}

static void begin(struct route_test *t);

static void on_next(void *arg)
{
	struct route_test *t = arg;

	if (!t->begun)
		begin(t);
	if (no_more(t))
		finish(t);
	else
		route_try(t);
}

static enum sip_transport transport_named(const char *name)
{
	if (strcmp(name, "tcp") == 0)
		return SIP_TCP;
	return strcmp(name, "tls") == 0 ? SIP_TLS : SIP_UDP;
}

/* The addresses as they are in use now; they are asked for anew all the time. */
static void take_addresses(struct route_test *t, const struct sipnet_route_view *v)
{
	for (unsigned i = 0; i < v->n_targets && t->n < ROUTE_TEST_TARGETS; i++) {
		struct address *a = &t->v[t->n];

		if (netaddr_parse(&a->addr, slice_of(v->targets[i].address), 5060, NULL) < 0)
			continue;
		a->transport = transport_named(v->targets[i].transport);
		snprintf(a->text, sizeof a->text, "%s %s", v->targets[i].address,
			v->targets[i].transport);
		t->n++;
	}
}

static void find_addresses(struct route_test *t)
{
	struct sipnet_view view;

	sipnet_view(t->net, &view);
	for (unsigned i = 0; i < view.n_routes; i++)
		if (slice_eqz(view.routes[i].name, t->route->name))
			take_addresses(t, &view.routes[i]);
}

static void say_addresses(struct route_test *t)
{
	struct buf text = {0};

	if (t->n == 0) {
		route_test_say(t, ROUTE_STEP_RESOLVE, RC_ADDRESS_NONE, "%s has no address",
			t->route->next_hop.host);
		return;
	}
	for (unsigned i = 0; i < t->n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", t->v[i].text);
	route_test_say(t, ROUTE_STEP_RESOLVE, RC_OK, "%s: %.*s", t->route->next_hop.host,
		SLARG(buf_slice(&text)));
	buf_done(&text);
}

static void begin(struct route_test *t)
{
	struct slice domain = route_test_domain(t);

	if (domain.n)
		route_test_say(t, ROUTE_STEP_ROUTE, RC_OK, "%.*s uses it", SLARG(domain));
	else
		route_test_say(t, ROUTE_STEP_ROUTE, RC_ROUTE_UNUSED, "no local domain names it");
	find_addresses(t);
	say_addresses(t);
	t->begun = true;
}

static int may_begin(const struct sipnet *n, struct slice route, struct err *e)
{
	if (!n->snapshot || n->draining)
		return err_code(e, ERR_UNAVAILABLE, "test_not_now", NULL,
			"the gateway is not ready, or ends");
	if (!snapshot_route(n->snapshot, route))
		return err_code(e, ERR_NOT_FOUND, "not_found", NULL, "there is no SIP route %.*s",
			SLARG(slice_cut(route, 64)));
	if (n->testing)
		return err_code(e, ERR_CONFLICT, "test_running", NULL,
			"a SIP route is being tested; wait for that to end");
	return 0;
}

int route_test_new(struct route_test **ret, struct sipnet *n, struct slice route,
	route_test_step *step, route_test_done *done, void *arg, struct err *e)
{
	struct route_test *t;

	if (may_begin(n, route, e) < 0)
		return -1;
	t = xzalloc(sizeof *t);
	t->net = n;
	t->snapshot = snapshot_ref(n->snapshot);
	t->route = snapshot_route(t->snapshot, route);
	t->on_step = step;
	t->on_done = done;
	t->arg = arg;
	t->begun_ms = sipnet_now(n);
	loop_timer_init(&t->timer, n->loop, route_try_no_answer, t);
	loop_task_init(&t->next, on_next, t);
	loop_task_queue(n->loop, &t->next);
	n->testing = t;
	*ret = t;
	return 0;
}

void route_test_stop(struct route_test *t)
{
	t->stopped = true;
}

void route_test_drop(struct route_test *t)
{
	if (t)
		destroy(t);
}
