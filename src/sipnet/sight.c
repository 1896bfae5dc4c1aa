#include "sipnet/sight.h"

#include "base/clock.h"
#include "federation/route.h"
#include "sipnet/connections.h"
#include "sipnet/sipnet_priv.h"
#include "view/routes.h"

/* Times of the view are from now or until now; what is shown has the time of the day. */
struct copying {
	struct arena *arena;
	uint64_t wall_ms;
};

static uint64_t before(const struct copying *c, uint64_t ago)
{
	return ago == SIPNET_NEVER || ago > c->wall_ms ? 0 : c->wall_ms - ago;
}

static uint64_t after(const struct copying *c, uint64_t in)
{
	return in == SIPNET_NEVER ? 0 : c->wall_ms + in;
}

static struct slice text(const struct copying *c, const char *s)
{
	return s && *s ? arena_slice(c->arena, slice_of(s)) : SL_NONE;
}

static void copy_target(
	const struct copying *c, const struct sipnet_target_view *t, struct view_route_target *ret)
{
	*ret = (struct view_route_target){
		.address = text(c, t->address),
		.host = text(c, t->host),
		.transport = t->transport,
		.state = sipnet_state_name(t->state),
		.priority = t->priority,
		.weight = t->weight,
		.since_ms = before(c, t->state_ago),
		.last_probe_ms = before(c, t->probe_ago),
		.next_probe_ms = after(c, t->probe_in),
		.rest_until_ms = after(c, t->rest_in),
		.under_way = t->under_way,
		.requests = t->requests,
		.answered = t->answered,
		.timeouts = t->timeouts,
		.unreachable = t->unreachable,
		.busy = t->busy,
		.retransmissions = t->retransmissions,
		.probes = t->probes,
		.probes_failed = t->probes_failed,
	};
}

static void copy_targets(
	const struct copying *c, const struct sipnet_route_view *v, struct view_route *ret)
{
	struct view_route_facts f = {.targets = v->n_targets};

	ret->targets = arena_alloc(c->arena, (v->n_targets + 1) * sizeof *ret->targets);
	for (unsigned i = 0; i < v->n_targets; i++) {
		copy_target(c, &v->targets[i], &ret->targets[i]);
		f.up += v->targets[i].state == SIPNET_UP;
		f.suspect += v->targets[i].state == SIPNET_SUSPECT;
	}
	ret->n_targets = v->n_targets;
	ret->state = view_route_state(&f);
}

static void copy_errors(
	const struct copying *c, const struct sipnet_route_view *v, struct view_route *ret)
{
	ret->errors = arena_alloc(c->arena, (v->n_errors + 1) * sizeof *ret->errors);
	for (unsigned i = 0; i < v->n_errors; i++)
		ret->errors[i] = (struct view_route_error){
			.code = sipnet_error_name(v->errors[i].code),
			.target = text(c, v->errors[i].target),
			.text = text(c, v->errors[i].text),
			.at_ms = before(c, v->errors[i].ago),
			.times = v->errors[i].times,
		};
	ret->n_errors = v->n_errors;
}

static void copy_connection(const struct copying *c, const struct sipnet_connection_view *x,
	struct view_route_connection *ret)
{
	*ret = (struct view_route_connection){
		.peer = text(c, x->peer),
		.direction = x->ours ? "out" : "in",
		.state = x->state,
		.transport = x->transport,
		.tls = text(c, x->tls),
		.cipher = text(c, x->cipher),
		.names = text(c, x->names),
		.subject = text(c, x->subject),
		.own = text(c, x->own),
		.since_ms = before(c, x->age_ms),
		.expires_ms = x->expires > 0 ? (uint64_t)x->expires * 1000 : 0,
		.bytes_in = x->bytes_in,
		.bytes_out = x->bytes_out,
		.messages_in = x->messages_in,
		.messages_out = x->messages_out,
	};
}

/* Those of strangers are in none; their end comes soon. */
static void copy_connections(const struct copying *c, struct slice route,
	const struct sipnet_connection_view *v, size_t n, struct view_route *ret)
{
	size_t mine = 0;

	for (size_t i = 0; i < n; i++)
		mine += slice_eqz(route, v[i].route);
	ret->connections = arena_alloc(c->arena, (mine + 1) * sizeof *ret->connections);
	for (size_t i = 0; i < n; i++)
		if (slice_eqz(route, v[i].route))
			copy_connection(c, &v[i], &ret->connections[ret->n_connections++]);
}

static void copy_settings(struct sipnet *n, struct slice name, struct view_route *ret)
{
	static const char *const transports[] = {"udp", "tcp", "tls", "auto"};
	const struct route *r = n->snapshot ? snapshot_route(n->snapshot, name) : NULL;

	ret->transport = r ? transports[r->transport] : "";
	ret->receive_rate = r ? r->receive_rate : 0;
	ret->sender_rate = r ? r->sender_rate : 0;
	ret->send_rate = r ? route_send_rate(r) : 0;
}

static void copy_route(struct sipnet *n, const struct copying *c, const struct sipnet_route_view *v,
	struct view_route *ret)
{
	*ret = (struct view_route){
		.name = arena_slice(c->arena, v->name),
		.next_hop = arena_slice(c->arena, v->next_hop),
		.target = text(c, v->target),
		.resolved_ms = before(c, v->resolved_ago),
		.digest_wait_ms = after(c, v->digest_wait_in),
		.requests_in = v->requests_in,
		.requests_out = v->requests_out,
		.answered = v->answered,
		.timeouts = v->timeouts,
		.unreachable = v->unreachable,
		.failovers = v->failovers,
		.retransmissions = v->retransmissions,
		.challenged = v->challenged,
		.forged_from = v->forged_from,
		.over_rate = v->over_rate,
		.over_sender_rate = v->over_sender_rate,
	};
	copy_settings(n, v->name, ret);
	copy_targets(c, v, ret);
	copy_errors(c, v, ret);
}

struct view_routes *sipnet_sight(struct sipnet *n)
{
	struct sipnet_view view;
	const struct sipnet_connection_view *connections;
	struct view_routes *l;
	struct copying c;
	size_t n_connections;

	sipnet_view(n, &view);
	l = view_routes_new(view.n_routes);
	c = (struct copying){&l->arena, clock_wall_ms()};
	for (unsigned i = 0; i < view.n_routes; i++)
		copy_route(n, &c, &view.routes[i], &l->v[i]);
	sipnet_connections(n, &connections, &n_connections);
	for (size_t i = 0; i < l->n; i++)
		copy_connections(&c, l->v[i].name, connections, n_connections, &l->v[i]);
	return l;
}
