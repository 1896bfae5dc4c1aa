#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "federation/route.h"
#include "sipnet/sipnet_priv.h"

/* What is seen of it from outside. */

static void view_listeners(struct sipnet *n)
{
	free(n->listener_view);
	n->listener_view = xcalloc(n->n_listeners, sizeof *n->listener_view);
	for (unsigned i = 0; i < n->n_listeners; i++) {
		static const struct udp_stats none;
		const struct sender *sender = &n->sender[i];
		const struct udp_stats *s = sender->udp ? udp_stats(sender->udp) : &none;

		n->listener_view[i] = (struct sipnet_listener_view){slice_of(sender->name),
			s->received, s->sent, s->kernel_drops, s->send_errors, s->receive_buffer};
	}
}

const char *sipnet_state_name(enum sipnet_target_state s)
{
	static const char *const name[SIPNET_STATE__N] = {"up", "suspect", "dead", "resting"};

	return name[s];
}

static uint64_t ago(uint64_t now, uint64_t at)
{
	return at ? now - at : SIPNET_NEVER;
}

static uint64_t in(uint64_t now, uint64_t due)
{
	if (due == UINT64_MAX)
		return SIPNET_NEVER;
	return due > now ? due - now : 0;
}

static void view_endpoint(const struct endpoint *e, uint64_t now, struct sipnet_target_view *ret)
{
	static const char *const transport[] = {
		[SIP_UDP] = "udp", [SIP_TCP] = "tcp", [SIP_TLS] = "tls"};
	char text[NETADDR_TEXT];

	*ret = (struct sipnet_target_view){.transport = transport[e->at.transport],
		.priority = e->at.priority,
		.weight = e->at.weight,
		.state = endpoint_state(e, now),
		.state_ago = now - e->since,
		.probe_ago = ago(now, e->probed),
		.probe_in = e->probe ? SIPNET_NEVER : in(now, e->probe_due),
		.rest_in = endpoint_rests(e, now) ? e->rest_until - now : SIPNET_NEVER,
		.under_way = e->under_way,
		.requests = e->requests,
		.answered = e->answered,
		.timeouts = e->timeouts,
		.unreachable = e->unreachable,
		.busy = e->busy,
		.retransmissions = e->retransmissions,
		.probes = e->probes,
		.probes_failed = e->probes_failed};
	snprintf(ret->address, sizeof ret->address, "%s", netaddr_print(&e->at.addr, text));
	snprintf(ret->host, sizeof ret->host, "%s", e->at.host);
}

static int by_preference(const void *a, const void *b)
{
	const struct sipnet_target_view *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->address, y->address);
}

static void view_targets(
	const struct target *t, uint64_t now, struct sipnet_target_view *v, unsigned *ret_n)
{
	for (unsigned i = 0; i < t->n; i++)
		view_endpoint(t->v[i], now, &v[i]);
	qsort(v, t->n, sizeof *v, by_preference);
	*ret_n = t->n;
}

static uint64_t retransmissions(const struct target *t)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < t->n; i++)
		sum += t->v[i]->retransmissions;
	return sum;
}

static void view_route(const struct target *t, uint64_t now, struct sipnet_route_view *v)
{
	const struct endpoint *next = target_choose(t, NULL, 0, 0);
	char text[NETADDR_TEXT];

	*v = (struct sipnet_route_view){.name = slice_of(t->route->name),
		.next_hop = slice_of(t->route->next_hop.host),
		.requests_in = t->requests_in,
		.requests_out = t->requests_out,
		.forged_from = t->forged_from,
		.answered = t->answered,
		.timeouts = t->timeouts,
		.unreachable = t->unreachable,
		.failovers = t->failovers,
		.retransmissions = retransmissions(t),
		.over_rate = t->over_rate,
		.over_sender_rate = t->over_sender_rate,
		.challenged = t->challenged,
		.digest_wait_in = t->login_wait > now ? t->login_wait - now : SIPNET_NEVER,
		.resolved_ago = ago(now, t->found_at)};
	if (next)
		snprintf(v->target, sizeof v->target, "%s", netaddr_print(&next->at.addr, text));
}

static unsigned view_routes(struct sipnet *n)
{
	unsigned all = 0, i = 0;

	list_each(&n->targets, it)
		all++;
	free(n->route_view);
	free(n->target_view);
	free(n->error_view);
	n->route_view = xcalloc(all + 1, sizeof *n->route_view);
	n->target_view = xcalloc(all + 1, FIND_MAX * sizeof *n->target_view);
	n->error_view = xcalloc(all + 1, SIPNET_ERRORS * sizeof *n->error_view);
	list_each(&n->targets, it) {
		const struct target *t = container_of(it, struct target, node);
		struct sipnet_target_view *targets = &n->target_view[i * FIND_MAX];
		struct sipnet_error_view *errors = &n->error_view[i * SIPNET_ERRORS];
		struct sipnet_route_view *v = &n->route_view[i++];

		view_route(t, sipnet_now(n), v);
		view_targets(t, sipnet_now(n), targets, &v->n_targets);
		v->targets = targets;
		v->n_errors = trouble_view(&t->trouble, sipnet_now(n), errors);
		v->errors = errors;
	}
	return all;
}

void sipnet_view(struct sipnet *n, struct sipnet_view *ret)
{
	sipnet_count(n);
	view_listeners(n);
	*ret = (struct sipnet_view){.unlisted = n->unlisted,
		.unlisted_answered = n->unlisted_answered,
		.n_listeners = n->n_listeners,
		.listeners = n->listener_view};
	ret->n_routes = view_routes(n);
	ret->routes = n->route_view;
	sip_stack_stats(n->stack, &ret->stack);
}
