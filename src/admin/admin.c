#include "admin/admin.h"

#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/directory_priv.h"
#include "admin/gate.h"
#include "admin/heads.h"
#include "admin/peer.h"
#include "admin/signin.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

enum {
	BODY_MAX = 1024 * 1024,
	CONNECTIONS = 256, /* of each listener */
	REQUEST_SECS = 10,
	IDLE_SECS = 60,
	STREAMS = 2048,           /* answers in pieces at once, of each listener */
	ADDRESS_CONNECTIONS = 64, /* of one address of the panel's */
	ADDRESS_RATE = 100,       /* a second */
};

int admin_new(struct admin **ret, struct loop *l, const struct admin_options *o, struct err *e)
{
	static const struct http_limits limits = {
		.body = BODY_MAX,
		.connections = CONNECTIONS,
		.request_secs = REQUEST_SECS,
		.idle_secs = IDLE_SECS,
		.streams = STREAMS,
		.address_connections = ADDRESS_CONNECTIONS,
		.address_rate = ADDRESS_RATE,
	};
	const struct directory_options directory = {
		o->directory_program, o->directory_reread_secs};
	struct admin *a = xzalloc(sizeof *a);

	a->loop = l;
	a->store = o->store;
	if (directory_new(&a->directory, a, &directory, e) < 0 ||
		gate_new(&a->gate, a, o, e) < 0 || http_new(&a->http, l, limits, e) < 0) {
		if (a->gate)
			gate_stop(a->gate);
		gate_free(a->gate);
		directory_free(a->directory);
		free(a);
		return -1;
	}
	http_set_proxies(a->http, o->proxies);
	if (o->url)
		a->url = *o->url;
	a->loop = l;
	a->worker = worker_new("store", 1);
	a->snapshot = store_snapshot(o->store);
	a->group = peer_group(o->group);
	a->granted = RIGHTS_ALL;
	a->node = xstrdup(o->node);
	a->roles = xstrdup(o->roles);
	a->state = "starting";
	a->started_ms = clock_wall_ms();
	a->hooks = o->hooks;
	a->hooks_arg = o->hooks_arg;
	a->events = events_new(a);
	a->heads = heads_new(a);
	signin_by_directory(a);
	http_set_knows(a->http, caller_is_known, a);
	*ret = a;
	return 0;
}

void admin_serve_api(struct admin *a, int fd)
{
	http_serve(a->http, fd, HTTP_UNIX, call_begin, a);
}

void admin_serve_metrics(struct admin *a, int fd)
{
	http_serve(a->http, fd, HTTP_METRICS, metrics_request, a);
}

void admin_serve_panel(struct admin *a, int fd)
{
	http_serve(a->http, fd, HTTP_TLS, panel_request, a);
}

int admin_set_certificate(struct admin *a, const struct tls_set *set, bool trusted, struct err *e)
{
	struct ssl_ctx_st *ctx = context_new(set, e);

	if (!ctx)
		return -1;
	http_set_tls(a->http, ctx, trusted);
	context_free(ctx);
	return 0;
}

void admin_set_state(struct admin *a, const char *state)
{
	a->state = state;
}

void admin_free(struct admin *a)
{
	if (!a)
		return;
	a->ending = true;
	http_stop_listening(a->http);
	directory_stop(a->directory);
	gate_stop(a->gate);
	loop_turn(a->loop, false); /* passwords that were being hashed */
	failures_flush(a->gate->failures);
	failures_flush(a->gate->refusals);
	worker_free(a->worker);
	a->worker = NULL;
	loop_turn(a->loop, false); /* what the worker finished */
	while (a->asked)
		loop_turn(a->loop, true);
	heads_free(a->heads);
	http_free(a->http);
	events_free(a->events);
	gate_free(a->gate);
	directory_free(a->directory); /* sessions have looked at it */
	snapshot_unref(a->snapshot);
	free(a->node);
	free(a->roles);
	free(a);
}
