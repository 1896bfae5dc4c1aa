#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/directory.h"
#include "admin/signin.h"
#include "base/log.h"
#include "base/mem.h"

/* Sign-in by the directory: for names that no local account has. */

static void on_changed(void *arg, const struct directory_result *r)
{
	struct session *s = arg;

	if (r->reason == DIRECTORY_OK)
		session_set_roles(s, r->roles, r->n_roles);
	else
		s->ended = true; /* found out with its next request, and by whoever looks on */
}

static void audit_done(struct api_call *c)
{
	const struct store_audit_entry line = {
		.actor = {c->who.name, c->who.from, "panel"},
		.verb = "sign-in",
		.kind = "session",
		.key = c->who.name,
	};

	accounts_audit(c->admin, &line);
}

static void refuse(struct signin *s, const struct directory_result *r)
{
	bool away = r->reason == DIRECTORY_UNAVAILABLE || r->reason == DIRECTORY_BUSY;
	struct err e;

	if (away)
		err_code(&e, ERR_UNAVAILABLE, "directory_unavailable", NULL,
			"the directory does not answer; try again, or sign in by a local account");
	else
		err_code(&e, ERR_DENIED, "bad_credentials", NULL,
			"the name or the password is not right");
	log_info(NULL, "directory-sign-in-refused",
		LF_Z("reason", directory_reason_name(r->reason)), LF_Z("from", s->call->who.from));
	signin_refuse(s, &e, directory_reason_name(r->reason));
}

/*
 * As the directory calls him; but where one of our own accounts is called so, as he has called
 * himself, which is a name of none: nobody is to be taken for another one.
 */
static struct slice name_of(const struct signin *s, const struct directory_result *r)
{
	char *name = xstrdup(r->name);
	bool ours;

	ascii_lower(name, strlen(name));
	ours = account_find(gate_accounts(s->call->admin), slice_of(name));
	xfree(name);
	return slice_of(ours ? s->name : r->name);
}

static void on_done(void *arg, const struct directory_result *r)
{
	struct signin *s = arg;
	struct admin *a = s->call->admin;
	struct session *session;

	a->asked--;
	if (r->reason != DIRECTORY_OK) {
		refuse(s, r);
		return;
	}
	session = signin_begin_session(s, name_of(s, r), slice_of(r->display));
	session->of_directory = true;
	session_set_roles(session, r->roles, r->n_roles);
	session->watch =
		directory_watch(a->directory, r->dn, r->roles, r->n_roles, 0, on_changed, session);
	audit_done(s->call);
	signin_answer(s, session);
}

static bool by_directory(struct signin *s, struct slice password)
{
	struct admin *a = s->call->admin;

	if (!directory_enabled(a->directory))
		return false;
	a->asked++;
	directory_sign_in(a->directory, slice_of(s->name), password, on_done, s);
	return true;
}

static void on_gone(void *arg, struct session *s)
{
	directory_unwatch(s->watch);
	s->watch = NULL;
}

void signin_by_directory(struct admin *a)
{
	a->gate->by_directory = by_directory;
	sessions_on_gone(a->gate->sessions, on_gone, a);
}
