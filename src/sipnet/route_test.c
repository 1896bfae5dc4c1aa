#include "sipnet/route_test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/tls.h"
#include "sipnet/route_code.h"
#include "sipnet/sipnet_priv.h"

enum { DAY_S = 86400, SOON_S = 14 * DAY_S };

struct address {
	struct netaddr addr;
	enum sip_transport transport;
	char text[SIPNET_ADDRESS + 8]; /* "192.0.2.1:5061 tls" */
};

struct route_test {
	struct sipnet *net;
	struct snapshot *snapshot; /* holds the route */
	const struct route *route;
	route_test_step *on_step;
	route_test_done *on_done;
	void *arg;
	uint64_t begun_ms;
	struct address v[ROUTE_TEST_TARGETS];
	unsigned n, at;
	bool begun, stopped;
	struct loop_task next;
	struct loop_timer timer; /* for the answer */
	/* of the address in hand: */
	struct flow *flow;
	struct sip_client *client;
	char *call_id;
	bool opened, over;
};

static void say(struct route_test *t, enum route_step s, enum route_code c, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void say(struct route_test *t, enum route_step s, enum route_code c, const char *fmt, ...)
{
	char text[PROBE_EVIDENCE_MAX + 1];
	uint32_t ms = (uint32_t)(sipnet_now(t->net) - t->begun_ms);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	t->on_step(t->arg, route_code_step(s, c, t->route->name, slice_of(text), ms));
}

static const struct address *here(const struct route_test *t)
{
	return &t->v[t->at];
}

/* This address is through: the next one, in a turn of its own. */
static void go_on(struct route_test *t)
{
	loop_timer_stop(&t->timer);
	xfree(t->call_id);
	t->call_id = NULL;
	t->opened = t->over = false;
	t->at++;
	loop_task_queue(t->net->loop, &t->next);
}

/* Steps from this one on were not tried, since another has to succeed first. */
static void skip_from(struct route_test *t, enum route_step from, enum route_step cause)
{
	for (enum route_step s = from; s < ROUTE_STEP__N; s++)
		if (here(t)->transport == SIP_TLS || s == ROUTE_STEP_OPTIONS)
			say(t, s, RC_BLOCKED, "%s: %s has to succeed first", here(t)->text,
				route_step_name(cause));
}

/* ---- the answer to OPTIONS ---- */

static enum route_code code_of(const struct route_test *t, unsigned status)
{
	switch (status) {
	case 401:
	case 407:
		/* Credentials are for what is sent to users; here it is enough that it answers. */
		return t->route->digest_user ? RC_OK : RC_CREDENTIALS_WANTED;
	case 403:
		return RC_FORBIDDEN;
	case 503:
		return RC_BUSY;
	default:
		return RC_OK;
	}
}

static void answered(struct route_test *t, const struct sip_msg *m)
{
	struct slice who = sip_msg_get(m, SIP_H_SERVER);

	say(t, ROUTE_STEP_OPTIONS, code_of(t, m->status), "%s: %u %.*s%s%.*s", here(t)->text,
		m->status, SLARG(slice_cut(m->reason, 60)), who.n ? ", " : "",
		SLARG(slice_cut(who, 60)));
}

/* What our OPTIONS says of itself. RURI and To: the next hop; From: a domain that uses the route.
 */
static struct slice own_domain(const struct route_test *t)
{
	const struct object *const *v;
	size_t n = snapshot_list(t->snapshot, OBJECT_DOMAIN, &v);

	for (size_t i = 0; i < n; i++) {
		const struct local_domain *d = local_domain_of(v[i]);

		if (d->route && strcmp(d->route, t->route->name) == 0)
			return slice_of(d->domain.a);
	}
	return SL_NONE;
}

static void put_hop(const struct route_test *t, struct buf *out)
{
	const struct host_port *h = &t->route->next_hop;

	buf_printf(out, strchr(h->host, ':') ? "sip:[%s]" : "sip:%s", h->host);
	if (h->port)
		buf_printf(out, ":%u", h->port);
}

struct words {
	struct buf ruri, to, from;
};

static struct sip_spec options_of(const struct route_test *t, struct words *w)
{
	struct slice domain = own_domain(t);

	*w = (struct words){0};
	put_hop(t, &w->ruri);
	buf_printf(&w->to, "<%.*s>", SLARG(buf_slice(&w->ruri)));
	if (domain.n)
		buf_printf(&w->from, "<sip:%.*s>", SLARG(domain));
	return (struct sip_spec){
		.method = SIP_OPTIONS,
		.ruri = buf_slice(&w->ruri),
		.to = buf_slice(&w->to),
		.from = domain.n ? buf_slice(&w->from) : buf_slice(&w->to),
	};
}

static void words_done(struct words *w)
{
	buf_done(&w->ruri);
	buf_done(&w->to);
	buf_done(&w->from);
}

/* ---- UDP: by the transactions that messages have ---- */

static void on_result(void *arg, const struct sip_result *r)
{
	struct route_test *t = arg;

	t->client = NULL;
	if (r->end == SIP_FINAL && r->response)
		answered(t, r->response);
	else
		say(t, ROUTE_STEP_OPTIONS, RC_NO_ANSWER, "%s: %s", here(t)->text,
			r->end == SIP_UNREACHABLE ? "the network says that nobody is there"
						  : "no answer in time");
	go_on(t);
}

static void try_udp(struct route_test *t)
{
	struct sip_spec spec;
	struct sip_hop hop;
	struct words w;

	if (!sipnet_hop_to(t->net, t->route, SIP_UDP, &here(t)->addr, &hop)) {
		say(t, ROUTE_STEP_CONNECT, RC_NO_SOCKET,
			"%s: we listen at no address of its family", here(t)->text);
		skip_from(t, ROUTE_STEP_OPTIONS, ROUTE_STEP_CONNECT);
		go_on(t);
		return;
	}
	say(t, ROUTE_STEP_CONNECT, RC_NOT_NEEDED, "%s: datagrams need no connection",
		here(t)->text);
	spec = options_of(t, &w);
	t->client = sip_stack_request(
		t->net->stack, &hop, &spec, ROUTE_TEST_ANSWER_MS, on_result, t, sipnet_now(t->net));
	words_done(&w);
	sipnet_touched(t->net);
}

/* ---- TCP, TLS: on a connection of its own ---- */

static const struct sender *sender_of(const struct route_test *t)
{
	for (unsigned i = 0; i < t->net->n_senders; i++)
		if (t->net->sender[i].transport == here(t)->transport &&
			t->net->sender[i].addr.sa.sa_family == here(t)->addr.sa.sa_family)
			return &t->net->sender[i];
	return NULL;
}

static void send_options(struct route_test *t)
{
	const struct sender *from = sender_of(t);
	struct buf id = {0}, branch = {0}, bytes = {0};
	struct words w;
	struct sip_spec spec = options_of(t, &w);

	buf_str(&branch, "z9hG4bK");
	sipnet_id(t->net, &branch);
	sipnet_id(t->net, &id);
	t->call_id = buf_dup(&id);
	spec.call_id = slice_of(t->call_id);
	sip_write_request(&bytes, &spec,
		&(struct sip_stamp){.transport = here(t)->transport,
			.sent_by = from ? slice_of(from->sent_by) : SL("localhost"),
			.branch = buf_slice(&branch),
			.from_tag = spec.call_id,
			.call_id = spec.call_id,
			.user_agent = SL("Entente")});
	flow_send(t->flow, buf_slice(&bytes));
	buf_done(&id);
	buf_done(&branch);
	buf_done(&bytes);
	words_done(&w);
	loop_timer_in(&t->timer, ROUTE_TEST_ANSWER_MS);
}

static enum route_code cert_code(enum cert_verdict v)
{
	static const enum route_code codes[CERT__N] = {
		[CERT_GOOD] = RC_OK,
		[CERT_NONE] = RC_CERT_NONE,
		[CERT_EXPIRED] = RC_CERT_EXPIRED,
		[CERT_SELF_SIGNED] = RC_CERT_SELF_SIGNED,
		[CERT_UNTRUSTED] = RC_CERT_UNTRUSTED,
		[CERT_WEAK] = RC_CERT_WEAK,
		[CERT_REVOKED] = RC_CERT_REVOKED,
		[CERT_UNPROVEN] = RC_CERT_UNPROVEN,
		[CERT_INVALID] = RC_CERT_INVALID,
		[CERT_WRONG_NAME] = RC_NAME_WRONG,
	};

	return codes[v];
}

/* False: what follows is not tried. */
static bool judge_chain(struct route_test *t, const struct conn_tls_info *tls)
{
	int64_t left = tls->expires - (int64_t)(clock_wall_ms() / 1000);
	enum route_code c = cert_code(tls->chain);
	struct buf text = {0};

	if (tls->peer)
		cert_subject(tls->peer, &text);
	if (c == RC_OK && left < SOON_S)
		c = RC_CERT_ENDS_SOON;
	if (tls->chain == CERT_GOOD)
		say(t, ROUTE_STEP_CERTIFICATE, c, "%s: %.*s, valid for %lld days", here(t)->text,
			SLARG(slice_cut(buf_slice(&text), 120)), (long long)(left / DAY_S));
	else
		say(t, ROUTE_STEP_CERTIFICATE, c, "%s: %.*s%s%s", here(t)->text,
			SLARG(slice_cut(buf_slice(&text), 120)), text.n ? ": " : "",
			cert_verdict_text(tls->chain));
	buf_done(&text);
	return tls->chain == CERT_GOOD;
}

static bool judge_name(struct route_test *t, const struct conn_tls_info *tls)
{
	const struct route *r = t->route;
	const char *wanted = r->tls_names.n ? r->tls_names.v[0].a : r->next_hop.host;
	struct buf names = {0};
	bool good;

	buf_reset(&t->flow->names);
	cert_sip_names(tls->peer, &t->flow->names);
	good = peer_has_name(t->flow, r);
	cert_names(tls->peer, &names);
	say(t, ROUTE_STEP_NAME, good ? RC_OK : RC_NAME_WRONG, "%s: %s %s%s, it has %.*s",
		here(t)->text, good ? "matches" : "wanted", wanted,
		r->tls_names.n > 1 ? " or another of the list" : "",
		SLARG(slice_cut(buf_slice(&names), 140)));
	buf_done(&names);
	return good;
}

/* The step that the certificate failed at; ROUTE_STEP__N: none. */
static enum route_step judge_tls(struct route_test *t, const struct conn_tls_info *tls)
{
	say(t, ROUTE_STEP_TLS, tls->own ? RC_OK : RC_TLS_NO_OWN, "%s: %s, %s, our certificate: %s",
		here(t)->text, tls->version, tls->cipher, tls->own ? tls->own : "none");
	if (!judge_chain(t, tls))
		return ROUTE_STEP_CERTIFICATE;
	return judge_name(t, tls) ? ROUTE_STEP__N : ROUTE_STEP_NAME;
}

static const char *on_opened(void *arg, struct flow *f)
{
	struct route_test *t = arg;
	const struct conn_tls_info *tls = flow_tls(f);
	enum route_step bad = ROUTE_STEP__N;

	t->opened = true;
	say(t, ROUTE_STEP_CONNECT, RC_OK, "%s: connected", here(t)->text);
	if (tls)
		bad = judge_tls(t, tls);
	if (bad == ROUTE_STEP__N) {
		send_options(t);
		return NULL;
	}
	skip_from(t, bad + 1, bad);
	t->over = true;
	return "test-over";
}

static void on_message(void *arg, struct flow *f, char *p, size_t n)
{
	struct sip_msg *m;
	struct route_test *t = arg;

	if (t->over)
		return;
	m = xmalloc(sizeof *m);
	if (sip_msg_parse(m, p, n) != SIP_DROP && !m->request && m->status >= 200 &&
		slice_eqz(m->call_id, t->call_id)) {
		answered(t, m);
		t->over = true;
		flow_close(f, "test-over");
	}
	xfree(m);
}

static void on_broken(void *arg, struct flow *f, char *p, size_t n, enum sip_frame_fault fault)
{
	struct route_test *t = arg;

	if (t->over)
		return;
	say(t, ROUTE_STEP_OPTIONS, RC_NOT_SIP, "%s: %s", here(t)->text,
		sip_frame_fault_text(fault));
	t->over = true;
}

static void on_deaf(void *arg, struct flow *f)
{
	struct route_test *t = arg;

	if (t->over || f->state != FLOW_HALF)
		return;
	say(t, ROUTE_STEP_OPTIONS, RC_NO_ANSWER, "%s: the peer ended the connection",
		here(t)->text);
	t->over = true;
	flow_end(f, "test-over", "");
}

static bool is_word(const struct flow *f, const char *word)
{
	return f->end && strcmp(f->end, word) == 0;
}

/* It ended before it was open: by TCP, or, where TCP was there, by TLS. */
static void not_opened(struct route_test *t, const struct flow *f)
{
	enum route_step s = ROUTE_STEP_TLS;
	enum route_code c = RC_TLS_FAILED;

	if (here(t)->transport != SIP_TLS || is_word(f, "connect-failed") ||
		is_word(f, "connect-timeout")) {
		s = ROUTE_STEP_CONNECT;
		c = RC_CONNECT_FAILED;
	} else {
		say(t, ROUTE_STEP_CONNECT, RC_OK, "%s: connected", here(t)->text);
		if (is_word(f, conn_end_name(CONN_END_TLS_ALERT)))
			c = RC_TLS_ALERT;
	}
	say(t, s, c, "%s: %s%s%s", here(t)->text, f->end, *f->end_text ? ": " : "", f->end_text);
	skip_from(t, s + 1, s);
}

static void on_flow_ended(void *arg, struct flow *f)
{
	struct route_test *t = arg;

	if (!t->over && !t->opened)
		not_opened(t, f);
	else if (!t->over) /* TLS 1.3: the peer judges our certificate after our side is through */
		say(t, ROUTE_STEP_OPTIONS,
			is_word(f, conn_end_name(CONN_END_TLS_ALERT)) ? RC_TLS_ALERT : RC_NO_ANSWER,
			"%s: the connection ended: %s%s%s", here(t)->text, f->end,
			*f->end_text ? ": " : "", f->end_text);
	flow_free(f);
	t->flow = NULL;
	go_on(t);
}

static void on_no_answer(void *arg)
{
	struct route_test *t = arg;

	say(t, ROUTE_STEP_OPTIONS, RC_NO_ANSWER, "%s: no answer within %u s", here(t)->text,
		ROUTE_TEST_ANSWER_MS / 1000);
	t->over = true;
	flow_end(t->flow, "test-over", "");
}

static const struct flow_ops flow_ops = {.opened = on_opened,
	.message = on_message,
	.broken = on_broken,
	.deaf = on_deaf,
	.ended = on_flow_ended};

static void try_stream(struct route_test *t)
{
	struct flow_start start = {.loop = t->net->loop, .ops = &flow_ops, .arg = t};
	const struct sender *s = sender_of(t);
	struct netaddr from = {0};

	if (here(t)->transport == SIP_TLS) {
		start.set = t->net->flows.tls;
		if (!start.set) {
			say(t, ROUTE_STEP_TLS, RC_TLS_FAILED,
				"%s: this process trusts nobody: there are no [xmpp] trust and no "
				"certificates",
				here(t)->text);
			skip_from(t, ROUTE_STEP_CERTIFICATE, ROUTE_STEP_TLS);
			go_on(t);
			return;
		}
		start.ctx = peer_context(t->net, t->route, &start.sni);
	}
	if (s && !s->silent && !netaddr_is_any(&s->addr)) { /* as live connections do */
		from = s->addr;
		netaddr_set_port(&from, 0);
	}
	t->flow = flow_connect(&start, &from, &here(t)->addr);
	t->flow->proven = true;
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
	say(t, ROUTE_STEP_OPTIONS, t->stopped ? RC_STOPPED : RC_TIME_OVER,
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
	else if (here(t)->transport == SIP_UDP)
		try_udp(t);
	else
		try_stream(t);
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
		say(t, ROUTE_STEP_RESOLVE, RC_ADDRESS_NONE, "%s has no address",
			t->route->next_hop.host);
		return;
	}
	for (unsigned i = 0; i < t->n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", t->v[i].text);
	say(t, ROUTE_STEP_RESOLVE, RC_OK, "%s: %.*s", t->route->next_hop.host,
		SLARG(buf_slice(&text)));
	buf_done(&text);
}

static void begin(struct route_test *t)
{
	struct slice domain = own_domain(t);

	if (domain.n)
		say(t, ROUTE_STEP_ROUTE, RC_OK, "%.*s uses it", SLARG(domain));
	else
		say(t, ROUTE_STEP_ROUTE, RC_ROUTE_UNUSED, "no local domain names it");
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
	loop_timer_init(&t->timer, n->loop, on_no_answer, t);
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
