#include "directory/ask.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "directory/account.h"
#include "directory/conn.h"
#include "directory/groups.h"
#include "directory/reply.h"
#include "directory/servers.h"

/* ---- sign-in and reading again ---- */

static int sign_in(struct conn *c, struct reply *r)
{
	return account_find(c, r) < 0 || account_prove(c, r) < 0 ||
			       account_check(c, r, true) < 0 || groups_find(c, r) < 0
		       ? -1
		       : 0;
}

static int refresh(struct conn *c, struct reply *r)
{
	r->dn = xstrdup(c->request->dn);
	return account_check(c, r, false) < 0 || groups_find(c, r) < 0 ? -1 : 0;
}

/* With one server. True: the answer stands; else another may do better. */
static bool with(const char *server, const struct request *q, struct reply *r)
{
	struct conn *c = NULL;
	struct err e;
	bool stands;

	reply_reset(r);
	if (conn_open(&c, server, q, &e) < 0 || conn_bind_own(c, &e) < 0)
		reply_failed(r, &e);
	else if (q->op == OP_SIGN_IN)
		sign_in(c, r);
	else
		refresh(c, r);
	conn_close(c);
	/* A wrong password of ours is not tried at every server: that would lock our account. */
	stands = strcmp(r->reason, "unavailable") != 0 || !conn_elsewhere(&r->err);
	servers_note(server, !stands, clock_mono_ms());
	return stands;
}

static void ask_in_turn(struct request *q, struct reply *r)
{
	servers_order(q->server, q->n_servers, clock_mono_ms());
	for (size_t i = 0; i < q->n_servers; i++)
		if (with(q->server[i], q, r))
			return;
}

/* ---- the test ---- */

static const char *remedy_for(const struct err *e)
{
	static const struct {
		const char *code, *remedy;
	} table[] = {
		{"directory_connect", "Is the name right, does the server run, does a firewall "
				      "let TCP to this port through?"},
		{"directory_tls",
			"The certificate has to be valid, issued by an authority of ca_file (or of "
			"the system), and made out to the name in the list of servers; ldap:// "
			"needs a server that offers StartTLS. 'openssl s_client -connect "
			"HOST:PORT -verify_hostname HOST' shows what it is."},
		{"directory_bind", "Set bind_dn and bind_password to an account that may read "
				   "users and groups."},
		{"directory_base", "Correct the name of the entry, or let our account read it."},
		{"directory_referral", "List a server that holds the entries itself."},
		{"directory_timeout", "Is the server overloaded, or a firewall in between? "
				      "'timeout' may be raised."},
		{"directory_ca", "Give the path of a PEM file that this service may read."},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].code, e->code) == 0)
			return table[i].remedy;
	return "";
}

static int fail_step(struct reply *r, const char *step, const struct err *e)
{
	reply_step(r, step, false, e->code, e->text, remedy_for(e));
	return -1;
}

static int base_step(struct conn *c, struct reply *r, const char *step, const char *base)
{
	static const char *const none[] = {LDAP_NO_ATTRS, NULL};
	LDAPMessage *found;
	struct err e;

	if (!*base) {
		reply_step(r, step, false, "not_set", "it is not set",
			"Without it nobody can sign in by a group.");
		return -1;
	}
	if (conn_search(c, base, LDAP_SCOPE_BASE, "(objectClass=*)", none, 1, &found, &e) < 0)
		return fail_step(r, step, &e);
	ldap_msgfree(found);
	reply_step(r, step, true, "ok", base, "");
	return 0;
}

static int user_steps(struct conn *c, struct reply *r)
{
	char text[80];

	if (account_find(c, r) < 0 || account_check(c, r, false) < 0) {
		bool down = strcmp(r->reason, "unavailable") == 0, found = r->dn;

		reply_step(r, found ? "account" : "user", false, down ? r->err.code : r->reason,
			down ? r->err.text : found ? r->dn : "",
			found ? "Such an account is refused."
			      : "Exactly one entry under user_base has to match user_filter.");
		return -1;
	}
	reply_step(r, "user", true, "ok", r->dn, "");
	if (groups_find(c, r) < 0)
		return fail_step(r, "groups", &r->err);
	snprintf(text, sizeof text, "%zu, %s%s", json_array_size(r->groups),
		c->active_directory ? "by Active Directory's rule for chains" : "step by step",
		r->cut ? "; there are more, which do not count" : "");
	reply_step(r, "groups", true, "ok", text, "");
	return 0;
}

/* Connected and bound to one server, all told. */
static int server_steps(struct conn **c, const char *server, struct reply *r)
{
	const struct request *q = r->request;
	struct err e;

	if (conn_reach(server, q, &e) < 0)
		return fail_step(r, "connect", &e);
	reply_step(r, "connect", true, "ok", server, "");
	if (conn_open(c, server, q, &e) < 0)
		return fail_step(r, "tls", &e);
	reply_step(r, "tls", true, "ok", server, "");
	if (conn_bind_own(*c, &e) < 0)
		return fail_step(r, "bind", &e);
	reply_step(r, "bind", true, "ok", *q->bind_dn ? q->bind_dn : "as nobody", "");
	return 0;
}

static void test(const struct request *q, struct reply *r)
{
	struct conn *good = NULL;

	for (size_t i = 0; i < q->n_servers; i++) {
		struct conn *c = NULL;

		if (server_steps(&c, q->server[i], r) == 0 && !good)
			good = c;
		else
			conn_close(c);
	}
	if (good) {
		int users = base_step(good, r, "base", q->user_base);

		base_step(good, r, "base", q->group_base);
		if (users == 0 && *q->name)
			user_steps(good, r);
		else if (*q->name)
			r->reason = "unavailable"; /* the step has said why */
	} else {
		struct err e;

		err_code(&e, ERR_UNAVAILABLE, "directory_connect", "servers", "no server can be used");
		reply_failed(r, &e);
	}
	conn_close(good);
}

void ask_run(struct request *q)
{
	struct reply r;

	reply_init(&r, q);
	if (q->op == OP_TEST)
		test(q, &r);
	else
		ask_in_turn(q, &r);
	reply_send(&r);
	reply_done(&r);
	request_free(q);
}
