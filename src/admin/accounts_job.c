#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/argon.h"

enum { HASHES_MAX = 16, WRITES_MAX = 64 }; /* that wait; more is told to come again */

struct accounts_job *accounts_job_new(struct api_call *c, enum accounts_verb verb, struct slice key)
{
	struct accounts_job *j = xzalloc(sizeof *j);

	j->admin = c->admin;
	j->call = c;
	j->change = (struct accounts_change){
		.verb = verb,
		.actor = {arena_dup(&j->arena, slice_of(c->who.name)),
			arena_dup(&j->arena, slice_of(c->who.from)), c->who.way},
		.own = c->rights,
		.may_lock_out = c->who.kind == CALLER_SOCKET,
		.now_ms = clock_wall_ms(),
		.key = arena_dup(&j->arena, key),
	};
	j->done = accounts_job_answer;
	return j;
}

static void wipe(struct slice s)
{
	if (s.n)
		mem_wipe((void *)s.p, s.n);
}

void accounts_job_free(struct accounts_job *j)
{
	wipe(j->known);
	wipe(j->password);
	arena_done(&j->arena);
	free(j);
}

/* ---- the store's worker ---- */

/* Sign-ins that are refused are told of elsewhere, and the disk and a bug refuse nobody. */
static bool is_refusal(const struct accounts_job *j)
{
	return j->result < 0 && j->change.verb != ACCOUNT_SIGN_IN && j->change.verb != TOKEN_USED &&
	       j->err.kind != ERR_UNAVAILABLE && j->err.kind != ERR_INTERNAL;
}

static const struct {
	const char *verb, *kind;
} line_words[ACCOUNTS_VERB__N] = {
	[ACCOUNT_ADD] = {"add", "administrator"},
	[ACCOUNT_SET] = {"set", "administrator"},
	[ACCOUNT_REMOVE] = {"remove", "administrator"},
	[ACCOUNT_RESET] = {"reset", "administrator"},
	[ACCOUNT_PASSWORD] = {"password", "administrator"},
	[ACCOUNT_TOTP] = {"totp", "administrator"},
	[ACCOUNT_NO_TOTP] = {"totp", "administrator"},
	[ACCOUNT_SIGN_IN] = {"sign-in", "session"},
	[ROLE_ADD] = {"add", "role"},
	[ROLE_SET] = {"set", "role"},
	[ROLE_REMOVE] = {"remove", "role"},
	[TOKEN_ADD] = {"add", "token"},
	[TOKEN_REVOKE] = {"revoke", "token"},
	[TOKEN_USED] = {"use", "token"},
};

static void write_refusal(struct accounts_job *j)
{
	const struct store_audit_entry line = {
		.actor = j->change.actor,
		.verb = line_words[j->change.verb].verb,
		.kind = line_words[j->change.verb].kind,
		.key = j->change.key ? j->change.key : "",
		.refused = j->err.code,
	};
	struct err e;

	if (store_audit_append(j->admin->store, &line, &e) < 0)
		log_error(NULL, "audit-failed", LF_Z("why", e.text));
}

static void store_work(struct worker_job *job)
{
	struct accounts_job *j = container_of(job, struct accounts_job, job);

	j->result = store_accounts_change(j->admin->store, &j->change, &j->after, &j->err);
	if (is_refusal(j))
		write_refusal(j);
}

static void store_done(struct worker_job *job)
{
	struct accounts_job *j = container_of(job, struct accounts_job, job);
	struct gate *g = j->admin->gate;

	if (j->after) {
		accounts_unref(g->accounts);
		g->accounts = j->after;
	}
	if (j->result == 0 && j->change.verb != TOKEN_USED)
		events_tell(j->admin->events, TOPIC_AUDIT, SL("{}"));
	if (j->call)
		j->done(j);
	accounts_job_free(j);
}

static void to_store(struct accounts_job *j)
{
	j->job.work = store_work;
	j->job.done = store_done;
	worker_post(j->admin->worker, j->admin->loop, &j->job);
}

/* ---- the hasher ---- */

static void hash_work(struct worker_job *job)
{
	struct accounts_job *j = container_of(job, struct accounts_job, job);

	if (j->known_hash && !argon_is(j->known_hash, j->known))
		j->result = err_code(&j->err, ERR_DENIED, "bad_credentials", NULL,
			"the name or the password is not right");
	else if (j->password.p && !argon_make(j->password, j->hash))
		j->result = err_code(
			&j->err, ERR_UNAVAILABLE, "busy", NULL, "out of memory; try again");
}

/* Who is signed in and does not know his password may be somebody else at his desk. */
static void note_wrong(const struct accounts_job *j)
{
	if (j->result < 0 && j->err.kind == ERR_DENIED && j->change.verb != ACCOUNT_SIGN_IN)
		call_audit(j->call, line_words[j->change.verb].verb,
			line_words[j->change.verb].kind, slice_of(j->change.key), j->err.code);
}

static void hash_done(struct worker_job *job)
{
	struct accounts_job *j = container_of(job, struct accounts_job, job);

	note_wrong(j);
	if (j->password.p)
		j->change.password = j->hash;
	if (j->result == 0 && !j->admin->ending) {
		to_store(j);
		return;
	}
	if (j->result == 0)
		j->result = err_code(&j->err, ERR_UNAVAILABLE, "ending", NULL, "the service ends");
	j->done(j);
	accounts_job_free(j);
}

int accounts_job_run(struct accounts_job *j, struct err *e)
{
	struct admin *a = j->admin;
	bool hashes = j->known_hash || j->password.p;

	if (a->ending || (hashes && worker_backlog(a->gate->hasher) >= HASHES_MAX) ||
		worker_backlog(a->worker) >= WRITES_MAX)
		return err_code(e, ERR_UNAVAILABLE, "busy", NULL, "too much is waiting; try again");
	if (!hashes) {
		to_store(j);
		return 0;
	}
	j->job.work = hash_work;
	j->job.done = hash_done;
	worker_post(a->gate->hasher, a->loop, &j->job);
	return 0;
}

void accounts_job_answer(struct accounts_job *j)
{
	if (j->result < 0)
		call_problem(j->call, &j->err, NULL);
	else
		call_answer_nothing(j->call);
}

/* ---- lines ---- */

struct line_job {
	struct worker_job job;
	struct admin *admin;
	struct arena arena;
	struct store_audit_entry line;
	int result;
	struct err err;
};

static void line_work(struct worker_job *job)
{
	struct line_job *j = container_of(job, struct line_job, job);

	j->result = store_audit_append(j->admin->store, &j->line, &j->err);
}

static void line_done(struct worker_job *job)
{
	struct line_job *j = container_of(job, struct line_job, job);

	if (j->result < 0)
		log_error(NULL, "audit-failed", LF_Z("why", j->err.text));
	else
		events_tell(j->admin->events, TOPIC_AUDIT, SL("{}"));
	arena_done(&j->arena);
	free(j);
}

static const char *copy(struct line_job *j, const char *s)
{
	return s ? arena_dup(&j->arena, slice_of(s)) : NULL;
}

/* The worker has ended, so nobody else has the store. */
static void write_at_rest(struct admin *a, const struct store_audit_entry *line)
{
	struct err e;

	if (store_audit_append(a->store, line, &e) < 0)
		log_error(NULL, "audit-failed", LF_Z("why", e.text));
}

void accounts_audit(struct admin *a, const struct store_audit_entry *line)
{
	struct line_job *j;

	if (!a->worker) {
		write_at_rest(a, line);
		return;
	}
	j = xzalloc(sizeof *j);

	j->job.work = line_work;
	j->job.done = line_done;
	j->admin = a;
	j->line = *line;
	j->line.actor = (struct store_actor){
		copy(j, line->actor.who), copy(j, line->actor.from), copy(j, line->actor.way)};
	j->line.verb = copy(j, line->verb);
	j->line.kind = copy(j, line->kind);
	j->line.key = copy(j, line->key);
	j->line.before = copy(j, line->before);
	j->line.after = copy(j, line->after);
	j->line.refused = copy(j, line->refused);
	worker_post(a->worker, a->loop, &j->job);
}
