#pragma once

#include "admin/admin.h"
#include "admin/caller.h"
#include "admin/session.h"
#include "auth/throttle.h"
#include "loop/worker.h"
#include "store/accounts.h"

/*
 * What stands between the network and the handlers, private to admin/: who is signed in, who
 * guesses passwords, and what the store knows of accounts.
 */
struct admin;
struct api_call;
struct failures;
struct json_t;
struct signin;

struct gate {
	struct sessions *sessions;
	struct throttle *throttle;
	struct worker *hasher;     /* passwords: two at once, 64 MiB each */
	struct accounts *accounts; /* as of the last change */
	struct failures *failures; /* to sign in */
	struct failures *refusals; /* of who is signed in */
	struct loop_timer sweep;
	/* Asks the directory (signin_directory.c); false: it is not set up. NULL: there is none. */
	bool (*by_directory)(struct signin *s, struct slice password);
};

int gate_new(struct gate **ret, struct admin *a, const struct admin_options *o, struct err *e);
/* The worker of the hasher has to be done with, first. */
void gate_free(struct gate *g); /* NULL is fine */

/* Waits for passwords under way; what they lead to is posted to the store's worker. */
void gate_stop(struct gate *g);

const struct accounts_view *gate_accounts(const struct admin *a);

/* Rights of a session's person as of now; false: the session is not good any more. */
bool gate_session_rights(
	const struct admin *a, const struct session *s, right_set *ret, enum caller_must *ret_must);

/* Of a token that is good. */
right_set gate_token_rights(const struct admin *a, const struct account_token *t);

/* The session of a call; NULL: it has none, or it has ended meanwhile. */
struct session *gate_session(const struct api_call *c);

/* ---- changes of accounts: accounts_job.c ---- */

/*
 * A change on its way to the store: the password hashed first where there is one, then the change.
 * Strings of `change` lie in the arena.
 */
struct accounts_job {
	struct worker_job job;
	struct admin *admin;
	struct api_call *call; /* answered by done() */
	struct arena arena;
	struct accounts_change change;
	/* Checked before: the password that is there; NULL: none is. Wiped, like `password`. */
	const char *known_hash;
	struct slice known;    /* as prepared */
	struct slice password; /* the one to set; absent: none */
	char hash[128];        /* of password */
	/* what came of it */
	int result;
	struct err err;
	struct accounts *after;               /* the gate's by the time of done() */
	void (*done)(struct accounts_job *j); /* on the loop; j is freed after it */
	void *arg;
};

/* With the actor of c, who has the rights of c. */
struct accounts_job *accounts_job_new(
	struct api_call *c, enum accounts_verb verb, struct slice key);
void accounts_job_free(struct accounts_job *j);

/*
 * Off it goes. -1 and e (busy, 503) when too much waits already: j is the caller's still. Where
 * known_hash is given and known is not its password the store is not asked: result -1,
 * bad_credentials.
 */
int accounts_job_run(struct accounts_job *j, struct err *e);

/* As done(): answers the problem, or 204. */
void accounts_job_answer(struct accounts_job *j);

/* A line of its own in the audit log, without anybody who waits for it. */
void accounts_audit(struct admin *a, const struct store_audit_entry *line);

/* ---- what did not succeed: failures.c ---- */

/* share: how many different lines of one person are kept apart; 0: as many as there are places. */
struct failures *failures_new(struct admin *a, size_t share);
void failures_free(struct failures *f); /* NULL is fine */

/* Writes what waits: before the store ends. */
void failures_flush(struct failures *f);

/*
 * Something was refused, as often as somebody likes to ask for it: the first line of a kind is
 * written at once, those like it of the minute after as one with their number. line (refused is
 * set, times is not looked at) is copied.
 */
void failures_note(struct failures *f, const struct store_audit_entry *line);

/* ---- JSON in ---- */

/* A member that has to be a text, if it is there. */
int member_text(struct json_t *o, const char *name, struct slice *ret, struct err *e);
int member_bool(struct json_t *o, const char *name, enum accounts_bool *ret, struct err *e);
/* A list of texts, ends with NULL, in the arena; NULL: it is not there. */
int member_texts(struct json_t *o, const char *name, struct arena *a, const char *const **ret,
	struct err *e);
/* -1 for a member that is none of these; ends with NULL. */
int members_only(struct json_t *o, const char *const *names, struct err *e);

/* Role names or rights in JSON. */
void texts_json(const char *const *v, struct buf *out);
void rights_json(right_set rights, struct buf *out);
