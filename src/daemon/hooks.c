#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/service_priv.h"
#include "view/metrics.h"

/* ---- a new generation: to the gateway, to the edge, and back ---- */

struct publishing {
	struct loop_call call;
	struct service *service;
	struct snapshot *snapshot;
	void (*done)(void *arg);
	void *arg;
};

static void go_on(struct publishing *p, struct loop *l, void (*fn)(struct loop_call *c))
{
	p->call.fn = fn;
	loop_post(l, &p->call);
}

static void on_published(struct loop_call *c)
{
	struct publishing *p = container_of(c, struct publishing, call);

	p->done(p->arg);
	snapshot_unref(p->snapshot);
	free(p);
}

static void on_edge(struct loop_call *c)
{
	struct publishing *p = container_of(c, struct publishing, call);

	edge_set_snapshot(p->service->edge, p->snapshot);
	go_on(p, p->service->main, on_published);
}

/* First of the two: what is no longer allowed is refused before its streams are closed. */
static void on_gateway(struct loop_call *c)
{
	struct publishing *p = container_of(c, struct publishing, call);

	sipnet_set_snapshot(p->service->sipnet, p->snapshot);
	gateway_set_snapshot(p->service->gateway, p->snapshot);
	go_on(p, p->service->edge_runner.loop, on_edge);
}

static void publish(
	void *arg, struct snapshot *snapshot, void (*done)(void *done_arg), void *done_arg)
{
	struct service *s = arg;
	struct publishing *p = xzalloc(sizeof *p);

	metric_set(M_GENERATION, (int64_t)snapshot_generation(snapshot));
	log_info(&s->log, "settings-changed", LF_U("generation", snapshot_generation(snapshot)));
	p->service = s;
	p->snapshot = snapshot_ref(snapshot);
	snapshot_unref(s->snapshot);
	s->snapshot = snapshot_ref(snapshot);
	service_note_certificates(s);
	p->done = done;
	p->arg = done_arg;
	if (service_serves(s))
		go_on(p, s->gateway_runner.loop, on_gateway);
	else
		go_on(p, s->main, on_published);
}

/* ---- streams ---- */

static void ask(void *arg, struct loop *asker, struct view_ask *a)
{
	struct service *s = arg;

	edge_ask(s->edge, asker, a);
}

/* ---- invitations ---- */

struct inviting {
	struct loop_call call; /* to the gateway's loop, and back */
	struct service *service;
	struct admin_allow *allow;
};

static void on_back(struct loop_call *c)
{
	struct inviting *i = container_of(c, struct inviting, call);
	struct admin_allow *a = i->allow;

	free(i);
	a->done(a);
}

static void go_back(struct inviting *i)
{
	i->call.fn = on_back;
	loop_post(i->service->main, &i->call);
}

static void on_stored(void *arg, const struct err *e)
{
	struct inviting *i = arg;

	if (e) {
		i->allow->result = -1;
		i->allow->err = *e;
	}
	go_back(i);
}

static void count_one(void *arg, struct slice user, struct slice contact, uint64_t expires_ms)
{
	(*(size_t *)arg)++;
}

static void add_one(void *arg, struct slice user, struct slice contact, uint64_t expires_ms)
{
	struct admin_allow *a = arg;

	a->list[a->n++] = (struct admin_allow_entry){
		arena_slice(&a->arena, user), arena_slice(&a->arena, contact), expires_ms};
}

static void list_invitations(struct inviting *i)
{
	struct gateway *g = i->service->gateway;
	struct admin_allow *a = i->allow;
	size_t n = 0;

	gateway_allow_each(g, count_one, &n);
	a->list = arena_alloc(&a->arena, (n + 1) * sizeof *a->list);
	gateway_allow_each(g, add_one, a);
	go_back(i);
}

static void on_gateway_invite(struct loop_call *c)
{
	struct inviting *i = container_of(c, struct inviting, call);
	struct gateway *g = i->service->gateway;
	struct admin_allow_entry *x = &i->allow->entry;

	switch (i->allow->verb) {
	case ADMIN_ALLOW_PUT:
		gateway_allow_put(g, x->user, x->contact, x->expires_ms, slice_of(i->allow->by),
			on_stored, i);
		return;
	case ADMIN_ALLOW_REMOVE:
		gateway_allow_remove(g, x->user, x->contact, on_stored, i);
		return;
	case ADMIN_ALLOW_LIST:
		list_invitations(i);
		return;
	}
}

static void allow(void *arg, struct admin_allow *a)
{
	struct service *s = arg;
	struct inviting *i = xzalloc(sizeof *i);

	i->call.fn = on_gateway_invite;
	i->service = s;
	i->allow = a;
	loop_post(s->gateway_runner.loop, &i->call);
}

/* ---- certificates ---- */

static struct view_certificates *certificates(void *arg)
{
	struct service *s = arg;

	return certs_view(s->tls, s->snapshot, (int64_t)(clock_wall_ms() / 1000));
}

static int reload(void *arg, struct err *e)
{
	return service_reload(arg, e);
}

/* ---- tests ---- */

static void *probe(void *arg, struct loop *asker, const struct admin_probe *p)
{
	struct service *s = arg;

	return edge_probe_ask(s->edge, asker, p->partner ? PROBE_PARTNER : PROBE_DOMAIN, p->domain,
		p->local, p->step, p->done, p->arg);
}

static void probe_end(void *arg, void *test)
{
	edge_probe_stop(test);
}

const struct admin_hooks service_hooks = {
	.publish = publish,
	.ask = ask,
	.allow = allow,
	.routes = service_ask_routes,
	.certificates = certificates,
	.reload = reload,
	.probe = probe,
	.probe_stop = probe_end,
	.route_probe = service_probe_route,
	.route_probe_stop = service_probe_route_end,
};
const struct admin_hooks service_hooks_alone = {.publish = publish, .reload = reload};
