#include "directory/groups.h"

#include <stdlib.h>

#include "auth/dn.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"

/* A group, or the account itself at depth 0. */
struct link {
	struct table_node node; /* by the canonical DN */
	struct link *next;
	char *dn, *canonical;
	unsigned depth;
	bool under; /* the base */
};

struct chain {
	struct conn *c;
	struct reply *r;
	struct table seen;
	struct link *first, **end; /* in the order they were found */
	char *base;                /* canonical */
	size_t n;
};

static const char *const wanted[] = {"objectSid", "memberOf", NULL};

static char *canonical_dup(const char *dn)
{
	struct buf out = {0};
	char *ret = NULL;

	if (dn_canonical(&out, slice_of(dn), NULL) == 0)
		ret = buf_dup(&out);
	buf_done(&out);
	return ret;
}

/* NULL: it is there already, is no DN, or there are too many. Takes canonical. */
static struct link *add(struct chain *x, const char *dn, char *canonical, unsigned depth)
{
	struct link *l;

	if (!canonical || table_get(&x->seen, slice_of(canonical))) {
		xfree(canonical);
		return NULL;
	}
	if (x->n > DIRECTORY_GROUPS_MAX) {
		x->r->cut = true;
		xfree(canonical);
		return NULL;
	}
	l = xzalloc(sizeof *l);
	l->dn = xstrdup(dn);
	l->canonical = canonical;
	l->depth = depth;
	l->under = dn_under(slice_of(canonical), slice_of(x->base));
	table_put(&x->seen, &l->node, slice_of(l->canonical));
	*x->end = l;
	x->end = &l->next;
	x->n++;
	return l;
}

/* ---- filters ---- */

static char *filter_of(const char *before, const char *dn, const char *between, const char *after)
{
	struct buf out = {0};
	char *ret;

	buf_str(&out, before);
	filter_escape(&out, slice_of(dn));
	if (between) {
		buf_str(&out, between);
		filter_escape(&out, slice_of(dn));
	}
	buf_str(&out, after);
	ret = buf_dup(&out);
	buf_done(&out);
	return ret;
}

static char *has_member(const char *dn)
{
	return filter_of("(|(member=", dn, ")(uniqueMember=", "))");
}

/* ---- what a server answers ---- */

static void tell(struct chain *x, LDAPMessage *entry, const char *dn)
{
	struct berval **v = ldap_get_values_len(x->c->ld, entry, "objectSid");
	struct buf sid = {0};

	if (v && v[0])
		sid_text(&sid, slice_make(v[0]->bv_val, v[0]->bv_len));
	reply_group(x->r, slice_of(dn), buf_slice(&sid));
	buf_done(&sid);
	ldap_value_free_len(v);
}

static int follow_hints(struct chain *x, LDAPMessage *entry, const struct link *from);

/* A group that has `from` as its member. */
static int take(struct chain *x, LDAPMessage *entry, const struct link *from)
{
	char *dn = conn_dn(x->c, entry);
	struct link *l = dn ? add(x, dn, canonical_dup(dn), from->depth + 1) : NULL;

	if (l && l->under)
		tell(x, entry, dn);
	ldap_memfree(dn);
	return l ? follow_hints(x, entry, l) : 0;
}

/* Does the group that memberOf names say so itself? One that cannot be read does not. */
static int ask_hint(struct chain *x, const char *group, const struct link *member)
{
	char *filter = has_member(member->dn);
	LDAPMessage *found = NULL;
	struct err e;
	int rc = conn_search(x->c, group, LDAP_SCOPE_BASE, filter, wanted, 1, &found, &e);

	xfree(filter);
	if (rc < 0)
		return conn_elsewhere(&e) ? reply_failed(x->r, &e) : 0;
	if (ldap_first_entry(x->c->ld, found) && member->depth < DIRECTORY_DEPTH_MAX)
		rc = take(x, ldap_first_entry(x->c->ld, found), member);
	ldap_msgfree(found);
	return rc;
}

/* Those under the base come by the search there. */
static int follow_hints(struct chain *x, LDAPMessage *entry, const struct link *member)
{
	struct berval **v = ldap_get_values_len(x->c->ld, entry, "memberOf");
	int rc = 0;

	for (size_t i = 0; rc == 0 && v && v[i]; i++) {
		char *dn = slice_dup(slice_make(v[i]->bv_val, v[i]->bv_len));
		char *canonical = canonical_dup(dn);

		if (canonical && !dn_under(slice_of(canonical), slice_of(x->base)) &&
			!table_get(&x->seen, slice_of(canonical)))
			rc = ask_hint(x, dn, member);
		xfree(canonical);
		xfree(dn);
	}
	ldap_value_free_len(v);
	return rc;
}

/* ---- the two ways ---- */

static int search_groups(struct chain *x, char *filter, LDAPMessage **ret)
{
	struct err e;
	int rc = conn_search(x->c, x->c->request->group_base, LDAP_SCOPE_SUBTREE, filter, wanted,
		DIRECTORY_GROUPS_MAX, ret, &e);

	xfree(filter);
	if (rc < 0)
		return reply_failed(x->r, &e);
	x->r->cut |= x->c->more;
	return 0;
}

static int step(struct chain *x, const struct link *from)
{
	LDAPMessage *found;
	int rc = search_groups(x, has_member(from->dn), &found);

	if (rc < 0)
		return -1;
	for (LDAPMessage *m = ldap_first_entry(x->c->ld, found); m && rc == 0;
		m = ldap_next_entry(x->c->ld, m))
		rc = take(x, m, from);
	ldap_msgfree(found);
	return rc;
}

/* Its own hints: the account is no group, nothing has read it yet. */
static int first_hints(struct chain *x, const struct link *account)
{
	LDAPMessage *found;
	struct err e;
	int rc = 0;

	if (conn_search(x->c, account->dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 1, &found,
		    &e) < 0)
		return conn_elsewhere(&e) ? reply_failed(x->r, &e) : 0;
	if (ldap_first_entry(x->c->ld, found))
		rc = follow_hints(x, ldap_first_entry(x->c->ld, found), account);
	ldap_msgfree(found);
	return rc;
}

static int by_steps(struct chain *x, struct link *account)
{
	int rc = first_hints(x, account);

	for (const struct link *l = account; l && rc == 0; l = l->next)
		if (l->depth < DIRECTORY_DEPTH_MAX)
			rc = step(x, l);
	return rc;
}

static int by_rule(struct chain *x, const struct link *account)
{
	LDAPMessage *found;

	if (search_groups(x,
		    filter_of("(member:1.2.840.113556.1.4.1941:=", account->dn, NULL, ")"),
		    &found) < 0)
		return -1;
	for (LDAPMessage *m = ldap_first_entry(x->c->ld, found); m;
		m = ldap_next_entry(x->c->ld, m)) {
		char *dn = conn_dn(x->c, m);

		if (dn)
			tell(x, m, dn);
		ldap_memfree(dn);
	}
	ldap_msgfree(found);
	return 0;
}

int groups_find(struct conn *c, struct reply *r)
{
	struct chain x = {.c = c, .r = r, .end = &x.first};
	struct link *account, *next;
	int rc = 0;

	if (!*c->request->group_base)
		return 0;
	table_init(&x.seen);
	x.base = canonical_dup(c->request->group_base);
	account = x.base ? add(&x, r->dn, canonical_dup(r->dn), 0) : NULL;
	if (account)
		rc = c->active_directory ? by_rule(&x, account) : by_steps(&x, account);
	for (struct link *l = x.first; l; l = next) {
		next = l->next;
		table_remove(&x.seen, &l->node);
		xfree(l->canonical);
		xfree(l->dn);
		xfree(l);
	}
	table_done(&x.seen);
	xfree(x.base);
	return rc;
}
