#include <string.h>

#include "base/mem.h"
#include "federation/route.h"
#include "federation/snapshot.h"
#include "sipnet/sipnet_priv.h"

static const struct target_ops ops = {
	.probe = sipnet_probe, .forget = sipnet_forget_probe, .release = sipnet_release};

/* The routes of the snapshot in force. */

struct target *sipnet_target(const struct sipnet *n, struct slice name)
{
	struct table_node *node = table_get(&n->targets_by_name, name);

	return node ? container_of(node, struct target, by_name) : NULL;
}

/* a: the address of from. */
static bool is_of(const struct sipnet *n, const struct sip_hop *from, const struct netaddr *a,
	const struct target *t)
{
	if (from->transport == SIP_TLS)
		return sipnet_flow_is_of(n, from, t->route);
	return sipnet_route_speaks(t->route, (enum sip_transport)from->transport) &&
	       target_is_clear(t) && target_has_source(t, a);
}

const char *sipnet_route_at(const struct sipnet *n, const struct sip_hop *from)
{
	struct netaddr a;

	if (netaddr_from(&a, &from->sa) < 0)
		return NULL;
	list_each(&n->targets, it) {
		const struct target *t = container_of(it, struct target, node);

		if (is_of(n, from, &a, t))
			return t->route->name;
	}
	return NULL;
}

struct target *sipnet_target_for(const struct sipnet *n, const struct sip_hop *from,
	const struct sip_msg *m, struct target **ret_source)
{
	char name[2][256];
	struct sip_addr asserted;
	struct slice from_host = sipnet_plain_host(m->from.uri.host, name[0], sizeof name[0]);
	struct slice said = from_host;
	struct netaddr a;

	*ret_source = NULL;
	if (netaddr_from(&a, &from->sa) < 0)
		return NULL;
	if (sip_asserted(m, &asserted) == SIP_ASSERTED)
		said = sipnet_plain_host(asserted.uri.host, name[1], sizeof name[1]);
	list_each(&n->targets, it) {
		struct target *t = container_of(it, struct target, node);

		if (!is_of(n, from, &a, t))
			continue;
		if (!*ret_source)
			*ret_source = t;
		if (snapshot_route_accepts(
			    n->snapshot, t->route, t->route->trust_identity ? said : from_host))
			return t;
	}
	return NULL;
}

struct slice sipnet_domain_of(const struct snapshot *s, const struct route *r)
{
	const struct object *const *v;
	size_t n = s ? snapshot_list(s, OBJECT_DOMAIN, &v) : 0;

	for (size_t i = 0; i < n; i++) {
		struct slice domain = slice_of(local_domain_of(v[i])->domain.a);

		if (snapshot_route_of(s, domain) == r)
			return domain;
	}
	return SL_NONE;
}

static bool same_next_hop(const struct route *a, const struct route *b)
{
	return a->transport == b->transport && a->next_hop.port == b->next_hop.port &&
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
	return target_new(n->loop, n->dns, &ops, n, r);
}

static void add_target(struct sipnet *n, struct target *t)
{
	list_append(&n->targets, &t->node);
	table_put(&n->targets_by_name, &t->by_name, slice_of(t->route->name));
}

void sipnet_free_targets(struct sipnet *n, struct list *targets)
{
	struct list *l;

	while ((l = list_first(targets))) {
		struct target *t = container_of(l, struct target, node);

		sipnet_drop_held(n, t);
		target_free(t);
	}
}

void sipnet_set_snapshot(struct sipnet *n, struct snapshot *snapshot)
{
	const struct object *const *v;
	size_t n_routes = snapshot_list(snapshot, OBJECT_ROUTE, &v);
	struct list old, *l;

	list_init(&old);
	while ((l = list_pop(&n->targets))) {
		list_append(&old, l);
		table_remove(&n->targets_by_name, &container_of(l, struct target, node)->by_name);
	}
	for (size_t i = 0; i < n_routes; i++)
		add_target(n, target_of(n, &old, route_of(v[i])));
	sipnet_free_targets(n, &old);
	snapshot_ref(snapshot);
	snapshot_unref(n->snapshot);
	n->snapshot = snapshot;
	flows_rejudge(n);
}
