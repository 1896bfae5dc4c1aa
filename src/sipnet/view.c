#include <stdio.h>
#include <stdlib.h>

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

static unsigned view_routes(struct sipnet *n)
{
	unsigned count_routes = 0, i = 0;

	list_each(&n->targets, it)
		count_routes++;
	free(n->route_view);
	n->route_view = xcalloc(count_routes, sizeof *n->route_view);
	list_each(&n->targets, it) {
		const struct target *t = container_of(it, struct target, node);
		struct sipnet_route_view *v = &n->route_view[i++];
		char text[NETADDR_TEXT];

		*v = (struct sipnet_route_view){.name = slice_of(t->route->name),
			.next_hop = slice_of(t->route->next_hop.host),
			.requests_in = t->requests_in,
			.requests_out = t->requests_out,
			.forged_from = t->forged_from,
			.answered = t->answered,
			.timeouts = t->timeouts,
			.unreachable = t->unreachable};
		if (target_addr(t))
			snprintf(v->target, sizeof v->target, "%s",
				netaddr_print(target_addr(t), text));
	}
	return count_routes;
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
