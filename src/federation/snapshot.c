#include "federation/snapshot.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "federation/address.h"
#include "federation/config_priv.h"
#include "federation/domain_index.h"
#include "federation/snapshot_priv.h"

struct user_entry {
	struct table_node node;
	const struct policy *policy;
};

struct snapshot {
	atomic_uint refs;
	uint64_t generation;
	struct config *config;
	struct domain_index domains;
	struct table users; /* those with a policy of their own */
	struct user_entry *user_entries;
	const struct gateway_settings *gateway;
	const struct access_settings *access;
	const struct policy *global;
};

static const struct policy *policy_of_domain(const struct snapshot *s, const struct local_domain *d)
{
	char id[sizeof "domain:" + 253];
	const struct object *o;

	snprintf(id, sizeof id, "domain:%s", d->domain.a);
	o = config_get(s->config, OBJECT_POLICY, slice_of(id));
	return o ? policy_of(o) : s->global;
}

static const struct route *route_named(const struct snapshot *s, const char *name)
{
	const struct object *o = name ? config_get(s->config, OBJECT_ROUTE, slice_of(name)) : NULL;

	return o ? route_of(o) : NULL;
}

static void add_domain(struct snapshot *s, const struct object *o, const struct domain_name *name)
{
	const struct domain_entry *other = domain_index_add(&s->domains, o, name);

	assert(!other); /* config_check() has seen to it */
}

static void index_locals(struct snapshot *s)
{
	const struct object *const *v;
	size_t n = config_list(s->config, OBJECT_DOMAIN, &v);

	for (size_t i = 0; i < n; i++) {
		const struct local_domain *d = local_domain_of(v[i]);
		struct domain_entry *entry;

		add_domain(s, v[i], &d->domain);
		entry = domain_index_get(&s->domains, slice_of(d->domain.a));
		entry->route = route_named(s, d->route);
		entry->policy = policy_of_domain(s, d);
	}
}

static void index_partners(struct snapshot *s)
{
	const struct object *const *v;
	size_t n = config_list(s->config, OBJECT_PARTNER, &v);

	for (size_t i = 0; i < n; i++) {
		const struct partner *p = partner_of(v[i]);

		add_domain(s, v[i], &p->domain);
		for (size_t d = 0; d < p->additional_domains.n; d++)
			add_domain(s, v[i], &p->additional_domains.v[d]);
	}
}

static void index_users(struct snapshot *s)
{
	const struct object *const *v;
	size_t n = config_list(s->config, OBJECT_GRANT, &v);

	s->user_entries = xcalloc(n + 1, sizeof *s->user_entries);
	for (size_t i = 0; i < n; i++) {
		const struct grant *g = grant_of(v[i]);
		struct user_entry *u = &s->user_entries[i];

		u->policy = policy_of(config_get(s->config, OBJECT_POLICY, slice_of(g->policy)));
		table_put(&s->users, &u->node, slice_of(g->user));
	}
}

int snapshot_build(struct snapshot **ret, const struct config *c, uint64_t generation,
	struct notes *warnings, struct err *e)
{
	struct snapshot *s;

	if (config_check(c, warnings, e) < 0)
		return -1;
	s = xzalloc(sizeof *s);
	atomic_init(&s->refs, 1);
	s->generation = generation;
	s->config = config_copy(c);
	s->gateway = gateway_of(config_get(s->config, OBJECT_GATEWAY, SL("global")));
	s->access = access_of(config_get(s->config, OBJECT_ACCESS, SL("global")));
	s->global = policy_of(config_get(s->config, OBJECT_POLICY, SL("global")));
	domain_index_init(&s->domains, s->config);
	table_init(&s->users);
	index_locals(s);
	index_partners(s);
	index_users(s);
	*ret = s;
	return 0;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void snapshot_unref(struct snapshot *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	domain_index_done(&s->domains);
	table_done(&s->users);
	xfree(s->user_entries);
	config_free(s->config);
	xfree(s);
}

uint64_t snapshot_generation(const struct snapshot *s)
{
	return s->generation;
}

const struct gateway_settings *snapshot_gateway(const struct snapshot *s)
{
	return s->gateway;
}

const struct access_settings *snapshot_access(const struct snapshot *s)
{
	return s->access;
}

static const struct domain_entry *owned_by(
	const struct snapshot *s, struct slice domain, enum object_kind kind)
{
	const struct domain_entry *entry = domain_index_get(&s->domains, domain);

	return entry && entry->owner->class->kind == kind ? entry : NULL;
}

const struct partner *snapshot_partner(const struct snapshot *s, struct slice domain)
{
	const struct domain_entry *entry = owned_by(s, domain, OBJECT_PARTNER);

	return entry ? partner_of(entry->owner) : NULL;
}

const struct local_domain *snapshot_local(const struct snapshot *s, struct slice domain)
{
	const struct domain_entry *entry = owned_by(s, domain, OBJECT_DOMAIN);

	return entry ? local_domain_of(entry->owner) : NULL;
}

const struct route *snapshot_route_of(const struct snapshot *s, struct slice local_domain)
{
	const struct domain_entry *entry = owned_by(s, local_domain, OBJECT_DOMAIN);

	return entry ? entry->route : NULL;
}

const struct route *snapshot_route(const struct snapshot *s, struct slice name)
{
	const struct object *o = config_get(s->config, OBJECT_ROUTE, name);

	return o ? route_of(o) : NULL;
}

bool snapshot_route_accepts(
	const struct snapshot *s, const struct route *r, struct slice from_domain)
{
	const struct domain_entry *entry = owned_by(s, from_domain, OBJECT_DOMAIN);

	if (!entry)
		return false;
	if (r->from_domains.n)
		return domain_list_find(&r->from_domains, from_domain) != NULL;
	return entry->route == r;
}

static const struct policy *granted(const struct snapshot *s, struct slice user)
{
	struct table_node *n = s->users.count ? table_get(&s->users, user) : NULL;

	return n ? container_of(n, struct user_entry, node)->policy : NULL;
}

const struct policy *snapshot_user_policy(const struct snapshot *s, struct slice user)
{
	const struct policy *policy = granted(s, user);
	const struct domain_entry *entry = owned_by(s, address_domain(user), OBJECT_DOMAIN);

	if (!entry)
		return NULL;
	return policy ? policy : entry->policy;
}

const struct policy *snapshot_policy(const struct snapshot *s, struct slice user)
{
	const struct policy *policy = snapshot_user_policy(s, user);

	return policy ? policy : s->global;
}

size_t snapshot_list(
	const struct snapshot *s, enum object_kind kind, const struct object *const **ret)
{
	return config_list(s->config, kind, ret);
}

const struct object *snapshot_find(
	const struct snapshot *s, enum object_kind kind, struct slice key)
{
	return config_find(s->config, kind, key);
}

const struct config *snapshot_config(const struct snapshot *s)
{
	return s->config;
}
