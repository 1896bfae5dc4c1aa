#include "directory/account.h"

#include <string.h>

#include "auth/dn.h"
#include "base/clean.h"
#include "base/clock.h"
#include "base/mem.h"

enum { SHOWN_MAX = 256 };

static struct slice value_of(const struct berval *v)
{
	return slice_make(v->bv_val ? v->bv_val : "", v->bv_len);
}

/* ---- what is shown ---- */

/*
 * A value of the attribute, fit to be shown; of several the one that was typed, else the first.
 * NULL: there is none.
 */
static char *shown(struct conn *c, LDAPMessage *entry, const char *attribute, const char *typed)
{
	struct berval **v = ldap_get_values_len(c->ld, entry, attribute);
	char text[SHOWN_MAX + 1] = "";
	size_t at = 0;

	for (size_t i = 0; v && v[i]; i++)
		if (slice_ieq(value_of(v[i]), slice_of(typed)))
			at = i;
	if (v && v[0])
		clean_text(text, sizeof text, value_of(v[at]));
	ldap_value_free_len(v);
	return *text ? xstrdup(text) : NULL;
}

static void read_names(struct conn *c, LDAPMessage *entry, struct reply *r)
{
	const char *typed = c->request->name;

	xfree(r->name);
	xfree(r->display);
	r->name = shown(c, entry, "sAMAccountName", typed);
	if (!r->name)
		r->name = shown(c, entry, "uid", typed);
	if (!r->name)
		r->name = xstrdup(typed);
	r->display = shown(c, entry, "displayName", "");
	if (!r->display)
		r->display = shown(c, entry, "cn", "");
}

/* ---- finding ---- */

static int one_of(struct conn *c, LDAPMessage *found, struct reply *r)
{
	LDAPMessage *entry = ldap_first_entry(c->ld, found);
	char *dn;

	if (!entry) {
		r->reason = "not_found";
		return -1;
	}
	if (c->more || ldap_next_entry(c->ld, entry)) {
		r->reason = "ambiguous";
		return -1;
	}
	dn = conn_dn(c, entry);
	if (!dn) {
		r->reason = "not_found"; /* nothing that could be bound as */
		return -1;
	}
	xfree(r->dn);
	r->dn = xstrdup(dn);
	ldap_memfree(dn);
	return 0;
}

int account_find(struct conn *c, struct reply *r)
{
	static const char *const none[] = {LDAP_NO_ATTRS, NULL};
	const struct request *q = c->request;
	struct buf filter = {0};
	LDAPMessage *found;
	struct err e;
	char *text;
	int rc;

	filter_make(&filter, slice_of(q->user_filter), slice_of(q->name));
	text = buf_dup(&filter);
	buf_done(&filter);
	rc = conn_search(c, q->user_base, LDAP_SCOPE_SUBTREE, text, none, 2, &found, &e);
	xfree(text);
	if (rc < 0)
		return reply_failed(r, &e);
	rc = one_of(c, found, r);
	ldap_msgfree(found);
	return rc;
}

/* ---- how it stands ---- */

static int judge(struct conn *c, LDAPMessage *entry, struct reply *r, bool bound)
{
	struct berval **values[STANDING_ATTRIBUTES];
	struct slice v[STANDING_ATTRIBUTES] = {{0}};
	enum standing s;

	for (unsigned i = 0; i < STANDING_ATTRIBUTES; i++) {
		values[i] = ldap_get_values_len(c->ld, entry, standing_attributes[i]);
		if (values[i] && values[i][0])
			v[i] = value_of(values[i][0]);
	}
	s = standing_judge(v, bound, clock_wall_ms() / 1000);
	for (unsigned i = 0; i < STANDING_ATTRIBUTES; i++)
		ldap_value_free_len(values[i]);
	if (!s)
		return 0;
	r->reason = standing_name(s);
	return -1;
}

int account_check(struct conn *c, struct reply *r, bool bound)
{
	const char *wanted[STANDING_ATTRIBUTES + 5] = {"sAMAccountName", "uid", "displayName", "cn"};
	LDAPMessage *found, *entry;
	struct err e;
	int rc = -1;

	memcpy(wanted + 4, standing_attributes, sizeof standing_attributes);
	if (conn_search(c, r->dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 1, &found, &e) < 0) {
		if (strcmp(e.code, "directory_base") != 0)
			return reply_failed(r, &e);
		r->reason = "not_found";
		return -1;
	}
	entry = ldap_first_entry(c->ld, found);
	if (entry) {
		read_names(c, entry, r);
		rc = judge(c, entry, r, bound);
	} else {
		r->reason = "not_found";
	}
	ldap_msgfree(found);
	return rc;
}

/* ---- the password ---- */

int account_prove(struct conn *c, struct reply *r)
{
	enum standing s;
	bool refused;
	char why[256];
	struct err e;

	if (conn_bind_as(c, r->dn, c->request->password, &refused, why, &e) < 0) {
		if (!refused)
			return reply_failed(r, &e);
		s = standing_of_refusal(slice_of(why));
		r->reason = s ? standing_name(s) : "bad_password";
		return -1;
	}
	return conn_bind_own(c, &e) < 0 ? reply_failed(r, &e) : 0;
}
