#include <string.h>

#include "base/mem.h"
#include "federation/route.h"
#include "federation/snapshot.h"
#include "sipnet/sipnet_priv.h"

/* The routes of the snapshot in force. */

struct target *sipnet_target(const struct sipnet *n, struct slice name)
{
	list_each(&n->targets, it) {
		struct target *t = container_of(it, struct target, node);

		if (slice_eqz(name, t->route->name))
			return t;
	}
	return NULL;
}

bool sipnet_is_listed(const struct sipnet *n, const struct netaddr *from)
{
	list_each(&n->targets, it)
		if (target_has_source(container_of(it, struct target, node), from))
			return true;
	return false;
}

struct target *sipnet_target_for(const struct sipnet *n, const struct netaddr *from,
	struct slice domain, struct target **ret_source)
{
	*ret_source = NULL;
	list_each(&n->targets, it) {
		struct target *t = container_of(it, struct target, node);

		if (!target_has_source(t, from))
			continue;
		if (!*ret_source)
			*ret_source = t;
		if (snapshot_route_accepts(n->snapshot, t->route, domain))
			return t;
	}
	return NULL;
}

static bool same_next_hop(const struct route *a, const struct route *b)
{
	return a->next_hop.port == b->next_hop.port &&
	       strcmp(a->next_hop.host, b->next_hop.host) == 0;
}

/* The target of a route that goes where it went before, with its addresses and counters; or a new
 * one. */
static struct target *target_of(struct sipnet *n, struct list *old, const struct route *r)
{
	list_each(old, it) {
		struct target *t = container_of(it, struct target, node);

		if (strcmp(t->route->name, r->name) != 0 || !same_next_hop(t->route, r))
			continue;
		list_remove(&t->node);
		target_set_route(t, r);
		return t;
	}
	return target_new(n->loop, n->dns, r);
}

void sipnet_free_targets(struct list *targets)
{
	struct list *l;

	while ((l = list_first(targets)))
		target_free(container_of(l, struct target, node));
}

void sipnet_set_snapshot(struct sipnet *n, struct snapshot *snapshot)
{
	const struct object *const *v;
	size_t n_routes = snapshot_list(snapshot, OBJECT_ROUTE, &v);
	struct list old, *l;

	list_init(&old);
	while ((l = list_pop(&n->targets)))
		list_append(&old, l);
	for (size_t i = 0; i < n_routes; i++)
		list_append(&n->targets, &target_of(n, &old, route_of(v[i]))->node);
	sipnet_free_targets(&old);
	snapshot_ref(snapshot);
	snapshot_unref(n->snapshot);
	n->snapshot = snapshot;
}
