#include "auth/binding.h"

#include <string.h>

#include "auth/dn.h"
#include "base/mem.h"

/* The form to compare: a DN's canonical one, a SID's bytes. False: it is neither. */
static bool comparable(const char *group, struct buf *ret)
{
	if (sid_like(slice_of(group)))
		return sid_bytes(ret, slice_of(group)) == 0;
	return dn_canonical(ret, slice_of(group), NULL) == 0;
}

static int not_under(const struct binding *b, const char *base, struct err *e)
{
	return err_code(e, ERR_INVALID, "group_outside_base", "group",
		"the group %s is not under the base for groups, %s; only groups there count",
		b->group, base);
}

int binding_check(const struct binding *b, const char *group_base, struct err *e)
{
	struct buf group = {0}, base = {0};
	int r = 0;

	if (!comparable(b->group, &group))
		r = err_code(e, ERR_INVALID, "group_syntax", "group",
			"'%.100s' is no group; give its distinguished name, like "
			"CN=Admins,OU=Groups,DC=example,DC=com, or its SID, like S-1-5-21-1-2-3-512",
			b->group);
	else if (dn_canonical(&base, slice_of(group_base), NULL) < 0)
		r = err_code(e, ERR_INVALID, "group_base_missing", "group_base",
			"groups do not count while the directory has no base for groups; set "
			"group_base first");
	else if (!sid_like(slice_of(b->group)) && !dn_under(buf_slice(&group), buf_slice(&base)))
		r = not_under(b, group_base, e);
	buf_done(&group);
	buf_done(&base);
	return r;
}

bool binding_same_group(const char *a, const char *b)
{
	struct buf x = {0}, y = {0};
	bool same;

	if (comparable(a, &x) && comparable(b, &y))
		same = slice_eq(buf_slice(&x), buf_slice(&y));
	else
		same = slice_ieq(slice_of(a), slice_of(b));
	buf_done(&x);
	buf_done(&y);
	return same;
}

/* Each group's forms, made once; its DN is empty when it does not count. */
struct known {
	struct buf dn, sid;
};

static void know(struct known *k, const struct binding_group *g, struct slice base)
{
	if (dn_canonical(&k->dn, slice_of(g->dn), NULL) < 0 || !dn_under(buf_slice(&k->dn), base))
		buf_reset(&k->dn);
	else if (*g->sid)
		sid_bytes(&k->sid, slice_of(g->sid));
}

static bool has(const struct known *k, size_t n, const char *group)
{
	bool by_sid = sid_like(slice_of(group)), found = false;
	struct buf want = {0};

	if (comparable(group, &want))
		for (size_t i = 0; i < n && !found; i++)
			found = k[i].dn.n && slice_eq(buf_slice(by_sid ? &k[i].sid : &k[i].dn),
						     buf_slice(&want));
	buf_done(&want);
	return found;
}

static bool listed(const char *const *roles, size_t n, const char *role)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(roles[i], role) == 0)
			return true;
	return false;
}

size_t binding_roles(const struct binding *b, size_t n_bindings, const char *group_base,
	const struct binding_group *g, size_t n_groups, const char **ret)
{
	struct known *k = xcalloc(n_groups + 1, sizeof *k);
	struct buf base = {0};
	size_t n = 0;

	if (dn_canonical(&base, slice_of(group_base), NULL) == 0)
		for (size_t i = 0; i < n_groups; i++)
			know(&k[i], &g[i], buf_slice(&base));
	for (size_t i = 0; i < n_bindings; i++)
		if (b[i].confirmed && !listed(ret, n, b[i].role) && has(k, n_groups, b[i].group))
			ret[n++] = b[i].role;
	for (size_t i = 0; i < n_groups; i++) {
		buf_done(&k[i].dn);
		buf_done(&k[i].sid);
	}
	buf_done(&base);
	xfree(k);
	return n;
}
