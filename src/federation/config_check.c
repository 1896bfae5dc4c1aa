/* Rules between objects. */

#include <string.h>

#include "base/mem.h"
#include "federation/address.h"
#include "federation/config_priv.h"
#include "federation/domain.h"
#include "federation/domain_index.h"
#include "federation/gateway.h"
#include "federation/partner.h"

struct checker {
	const struct config *c;
	bool *fresh[OBJECT__N]; /* of each object: is it another than in the old config? */
	struct domain_index domains;
	struct notes *warnings;
	struct err *e;
};

/* Both are ordered by key, so one walk over the two finds what is not shared. */
static bool *find_fresh(const struct config *c, const struct config *old, enum object_kind kind)
{
	const struct object *const *v, *const *w = NULL;
	size_t n = config_list(c, kind, &v), m = old ? config_list(old, kind, &w) : 0;
	bool *fresh = xcalloc(n + 1, sizeof *fresh);

	for (size_t i = 0, j = 0; i < n; i++) {
		while (j < m && w[j] != v[i] && strcmp(object_key(w[j]), object_key(v[i])) < 0)
			j++;
		fresh[i] = j == m || w[j] != v[i];
	}
	return fresh;
}

typedef int check_fn(struct checker *ch, const struct object *o, bool fresh);

static int each(struct checker *ch, enum object_kind kind, check_fn *fn)
{
	const struct object *const *v;
	size_t n = config_list(ch->c, kind, &v);

	for (size_t i = 0; i < n; i++)
		if (fn(ch, v[i], ch->fresh[kind][i]) < 0)
			return -1;
	return 0;
}

/* ---- one object ---- */

static int check_alone(struct checker *ch, const struct object *o, bool fresh)
{
	return fresh ? object_check(o, ch->warnings, ch->e) : 0;
}

/* ---- whose domain ---- */

static int clash(struct checker *ch, const struct object *o, const char *field, const char *domain,
	const struct object *other)
{
	if (o->class->kind == OBJECT_DOMAIN)
		return err_code(ch->e, ERR_INVALID, "domain_is_partner", field,
			"%s: '%s' belongs to partner %s and cannot be one of our own domains",
			field, domain, object_key(other));
	if (other->class->kind == OBJECT_DOMAIN)
		return err_code(ch->e, ERR_INVALID, "domain_is_local", field,
			"%s: '%s' is one of our own domains and cannot be a partner's", field,
			domain);
	return err_code(ch->e, ERR_INVALID, "domain_taken", field,
		"%s: '%s' is listed by partner %s already; a domain belongs to one partner", field,
		domain, object_key(other));
}

static int claim(struct checker *ch, const struct object *o, const struct domain_name *name,
	const char *field)
{
	const struct domain_entry *other = domain_index_add(&ch->domains, o, name);

	return other ? clash(ch, o, field, name->u, other->owner) : 0;
}

static int claim_all(struct checker *ch, const struct object *o)
{
	if (o->class->kind == OBJECT_DOMAIN)
		return claim(ch, o, &local_domain_of(o)->domain, "domain");
	if (claim(ch, o, &partner_of(o)->domain, "domain") < 0)
		return -1;
	for (size_t i = 0; i < partner_of(o)->additional_domains.n; i++)
		if (claim(ch, o, &partner_of(o)->additional_domains.v[i], "additional_domains") < 0)
			return -1;
	return 0;
}

static int claim_old(struct checker *ch, const struct object *o, bool fresh)
{
	return fresh ? 0 : claim_all(ch, o);
}

static int claim_fresh(struct checker *ch, const struct object *o, bool fresh)
{
	return fresh ? claim_all(ch, o) : 0;
}

/* Those that were there already claim first. */
static int check_domains(struct checker *ch)
{
	static check_fn *const turns[] = {claim_old, claim_fresh};

	for (size_t i = 0; i < ARRAY_LEN(turns); i++)
		if (each(ch, OBJECT_DOMAIN, turns[i]) < 0 || each(ch, OBJECT_PARTNER, turns[i]) < 0)
			return -1;
	return 0;
}

static bool is_local(const struct checker *ch, struct slice domain)
{
	const struct domain_entry *entry = domain_index_get(&ch->domains, domain);

	return entry && entry->owner->class->kind == OBJECT_DOMAIN;
}

/* ---- references: the one who points was changed, or what it points at went away ---- */

static int domain_missing(struct checker *ch, const struct object *o, bool fresh, const char *code,
	const char *field, struct slice domain)
{
	if (fresh)
		return err_code(ch->e, ERR_INVALID, code, field,
			"%s: '%.*s' is not one of our domains; add the domain first", field,
			SLARG(domain));
	return err_code(ch->e, ERR_INVALID, "domain_in_use", "domain",
		"domain: '%.*s' is in use by %s %s; change that first", SLARG(domain),
		o->class->title, object_key(o));
}

static int check_local(struct checker *ch, const struct object *o, bool fresh)
{
	const char *route = local_domain_of(o)->route;

	if (!route || config_get(ch->c, OBJECT_ROUTE, slice_of(route)))
		return 0;
	if (fresh)
		return err_code(ch->e, ERR_INVALID, "route_unknown", "route",
			"route: there is no SIP route '%s'; add it first", route);
	return err_code(ch->e, ERR_INVALID, "route_in_use", "name",
		"name: route '%s' is in use by domain %s; give that another route first", route,
		object_key(o));
}

static int check_route(struct checker *ch, const struct object *o, bool fresh)
{
	const struct domain_list *l = &route_of(o)->from_domains;

	for (size_t i = 0; i < l->n; i++)
		if (!is_local(ch, slice_of(l->v[i].a)))
			return domain_missing(ch, o, fresh, "domain_not_local", "from_domains",
				slice_of(l->v[i].a));
	return 0;
}

static int check_policy(struct checker *ch, const struct object *o, bool fresh)
{
	struct slice id = slice_of(policy_of(o)->identity), prefix = SL("domain:");

	if (!slice_starts(id, prefix) || is_local(ch, slice_from(id, prefix.n)))
		return 0;
	return domain_missing(
		ch, o, fresh, "domain_not_local", "identity", slice_from(id, prefix.n));
}

static int check_grant(struct checker *ch, const struct object *o, bool fresh)
{
	const struct grant *g = grant_of(o);
	struct slice domain = address_domain(slice_of(g->user));

	if (!is_local(ch, domain))
		return domain_missing(ch, o, fresh, "user_not_local", "user", domain);
	if (config_get(ch->c, OBJECT_POLICY, slice_of(g->policy)))
		return 0;
	if (fresh)
		return err_code(ch->e, ERR_INVALID, "policy_unknown", "policy",
			"policy: there is no policy %s; add it first", g->policy);
	return err_code(ch->e, ERR_INVALID, "policy_in_use", "identity",
		"identity: policy %s is granted to %s; take that back first", g->policy, g->user);
}

/* ---- limits ---- */

static int check_limit(struct checker *ch, const struct object *o, bool fresh)
{
	const struct object *g = config_get(ch->c, OBJECT_GATEWAY, SL("global"));
	uint32_t limit = partner_of(o)->connection_limit, total = gateway_of(g)->connection_limit;

	if (limit > total && (fresh || ch->fresh[OBJECT_GATEWAY][0]))
		notes_add(ch->warnings, "partner", object_key(o), "limit_above_total",
			"connection_limit",
			"connection_limit %u is never reached: the gateway's is %u", limit, total);
	return 0;
}

static int check_all(struct checker *ch)
{
	static const struct {
		enum object_kind kind;
		check_fn *fn;
	} between[] = {
		{OBJECT_DOMAIN,  check_local },
		{OBJECT_ROUTE,   check_route },
		{OBJECT_POLICY,  check_policy},
		{OBJECT_GRANT,   check_grant },
		{OBJECT_PARTNER, check_limit },
	};

	for (size_t k = 0; k < OBJECT__N; k++)
		if (each(ch, (enum object_kind)k, check_alone) < 0)
			return -1;
	if (check_domains(ch) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(between); i++)
		if (each(ch, between[i].kind, between[i].fn) < 0)
			return -1;
	return 0;
}

int config_check_changed(
	const struct config *c, const struct config *old, struct notes *warnings, struct err *e)
{
	struct checker ch = {.c = c, .warnings = warnings, .e = e};
	int rc;

	for (size_t k = 0; k < OBJECT__N; k++)
		ch.fresh[k] = find_fresh(c, old, (enum object_kind)k);
	domain_index_init(&ch.domains, c);
	rc = check_all(&ch);
	domain_index_done(&ch.domains);
	for (size_t k = 0; k < OBJECT__N; k++)
		xfree(ch.fresh[k]);
	return rc;
}

int config_check(const struct config *c, struct notes *warnings, struct err *e)
{
	return config_check_changed(c, NULL, warnings, e);
}
