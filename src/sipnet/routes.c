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
	list_each(&n->targets, it) {
		struct target *t = container_of(it, struct target, node);

		if (slice_eqz(name, t->route->name))
			return t;
	}
	return NULL;
}

static bool is_of(const struct sipnet *n, const struct sip_hop *from, const struct target *t)
{
	struct netaddr a;

	if (from->transport == SIP_TLS)
		return sipnet_flow_is_of(n, from, t->route);
	return sipnet_route_speaks(t->route, (enum sip_transport)from->transport) &&
	       target_is_clear(t) && netaddr_from(&a, &from->sa) == 0 && target_has_source(t, &a);
}

const char *sipnet_route_at(const struct sipnet *n, const struct sip_hop *from)
{
	list_each(&n->targets, it) {
		const struct target *t = container_of(it, struct target, node);

		if (is_of(n, from, t))
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

	if (sip_asserted(m, &asserted) == SIP_ASSERTED)
		said = sipnet_plain_host(asserted.uri.host, name[1], sizeof name[1]);
	*ret_source = NULL;
	list_each(&n->targets, it) {
		struct target *t = container_of(it, struct target, node);

		if (!is_of(n, from, t))
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
	while ((l = list_pop(&n->targets)))
		list_append(&old, l);
	for (size_t i = 0; i < n_routes; i++)
		list_append(&n->targets, &target_of(n, &old, route_of(v[i]))->node);
	sipnet_free_targets(n, &old);
	snapshot_ref(snapshot);
	snapshot_unref(n->snapshot);
	n->snapshot = snapshot;
	flows_rejudge(n);
}
