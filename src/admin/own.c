#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "auth/password.h"
#include "base/mem.h"
#include "base/rand.h"
#include "federation/setting.h"

/* What everybody may change of his own: password and second factor. */

/* A session of a local account; else answers and returns NULL. */
static struct session *own_session(struct api_call *c)
{
	struct session *s = gate_session(c);
	struct err e;

	if (s && !s->of_directory)
		return s;
	err_code(&e, ERR_CONFLICT, "no_local_account", NULL, "%s has no password here: %s",
		c->who.name, s ? "it is the directory's" : "sign in by the panel");
	call_problem(c, &e, NULL);
	return NULL;
}

static int read_body(struct api_call *c, const char *const *members, json_t **ret, struct err *e)
{
	struct slice text;

	if (change_body(c, ret, e) < 0 || members_only(*ret, members, e) < 0)
		return -1;
	for (; *members; members++) {
		if (member_text(*ret, *members, &text, e) < 0)
			return -1;
		if (!text.n)
			return err_code(
				e, ERR_INVALID, "required", *members, "%s is missing", *members);
	}
	return 0;
}

static struct slice text(json_t *body, const char *name)
{
	return slice_of(json_string_value(json_object_get(body, name)));
}

static struct accounts_job *own_job(
	struct api_call *c, enum accounts_verb verb, const struct session *s)
{
	struct accounts_job *j = accounts_job_new(c, verb, slice_of(s->name));

	j->change.epoch = s->epoch;
	return j;
}

/* Guessing goes on in a session as well, where somebody has left his desk. */
static bool must_wait(struct api_call *c, const struct session *s)
{
	unsigned secs = throttle_wait(c->admin->gate->throttle, slice_of(s->hash),
		slice_of(s->hash), loop_now(c->admin->loop));
	char words[16];
	struct err e;

	if (!secs)
		return false;
	snprintf(words, sizeof words, "%u", secs);
	http_reply_header(c->req, "retry-after", words);
	err_code(&e, ERR_LIMIT, "slow_down", NULL,
		"too many attempts that were not right; the next one is looked at in %u s", secs);
	call_problem(c, &e, NULL);
	return true;
}

/* He has to say his password once more. */
static void knows(struct accounts_job *j, const struct session *s, struct slice typed)
{
	const struct account *a = account_find(gate_accounts(j->admin), slice_of(s->name));
	struct slice prepared;

	j->known_hash = arena_dup(&j->arena, slice_of(a->password));
	j->known = password_prepare(&prepared, &j->arena, typed, NULL) < 0
			   ? SL("")
			   : arena_slice(&j->arena, prepared);
	throttle_began(j->admin->gate->throttle, slice_of(s->hash), slice_of(s->hash),
		loop_now(j->admin->loop));
}

static void run(struct accounts_job *j)
{
	struct api_call *c = j->call;
	struct err e;

	if (accounts_job_run(j, &e) == 0)
		return;
	accounts_job_free(j);
	call_problem(c, &e, NULL);
}

/* Which attempt it was counts for the next one; a wrong password is told as 422, not as 401. */
static void own_answer(struct accounts_job *j)
{
	struct session *s = gate_session(j->call);

	if (s && j->result == 0)
		throttle_undo(j->admin->gate->throttle, slice_of(s->hash), slice_of(s->hash),
			loop_now(j->admin->loop));
	if (j->result < 0 && strcmp(j->err.code, "bad_credentials") == 0)
		err_code(&j->err, ERR_INVALID, "password_wrong", "password",
			"this is not your password");
	if (j->result < 0 && strcmp(j->err.code, "totp_bad") == 0)
		j->err.kind = ERR_INVALID;
	accounts_job_answer(j);
}

/* ---- the password ---- */

static void password_done(struct accounts_job *j)
{
	struct session *s = gate_session(j->call);
	const struct account *a = account_find(gate_accounts(j->admin), slice_of(j->change.key));

	if (j->result == 0 && s && a) { /* this session goes on, all others of his end */
		sessions_end_of(j->admin->gate->sessions, slice_of(s->name), false, s);
		s->epoch = a->epoch;
	}
	own_answer(j);
}

static int set_new(
	struct accounts_job *j, const struct session *s, struct slice typed, struct err *e)
{
	struct slice prepared;

	if (password_prepare(&prepared, &j->arena, typed, e) < 0 ||
		password_check(prepared, slice_of(s->name), e) < 0)
		return -1;
	j->password = arena_slice(&j->arena, prepared);
	return 0;
}

void session_password(struct api_call *c)
{
	static const char *const members[] = {"current", "new", NULL};
	struct session *s = own_session(c);
	struct accounts_job *j;
	json_t *body = NULL;
	struct err e;

	if (!s || must_wait(c, s))
		return;
	j = own_job(c, ACCOUNT_PASSWORD, s);
	j->done = password_done;
	if (read_body(c, members, &body, &e) < 0 || set_new(j, s, text(body, "new"), &e) < 0) {
		if (strcmp(e.field, "new_password") == 0)
			snprintf(e.field, sizeof e.field, "new");
		accounts_job_free(j);
		call_problem(c, &e, NULL);
	} else {
		knows(j, s, text(body, "current"));
		run(j);
	}
	json_decref(body);
}

/* ---- the second factor ---- */

void session_totp_begin(struct api_call *c)
{
	struct session *s = own_session(c);
	const struct account *a;
	struct buf json = {0}, uri = {0};
	char secret[33];
	struct err e;

	if (!s)
		return;
	a = account_find(gate_accounts(c->admin), slice_of(s->name));
	if (a && a->totp) {
		err_code(&e, ERR_CONFLICT, "totp_on", NULL,
			"there is a second factor already; remove it first");
		call_problem(c, &e, NULL);
		return;
	}
	rand_bytes(s->totp_secret, sizeof s->totp_secret);
	s->totp_begun = true;
	totp_secret_text(s->totp_secret, secret);
	totp_uri(s->totp_secret, slice_of(s->name), &uri);
	buf_printf(&json, "{\"secret\": \"%s\"", secret);
	json_text(&json, "uri", buf_slice(&uri));
	buf_chr(&json, '}');
	buf_done(&uri);
	mem_wipe(secret, sizeof secret);
	call_answer(c, 200, &json);
}

/* Shown once; of the store they are only hashes. */
static void recovery_codes(struct accounts_job *j, struct slice name)
{
	char *hashes = arena_alloc(&j->arena, RECOVERY_CODES * 64 + 1);
	struct buf json = {0};
	uint8_t random[RECOVERY_BYTES];
	char code[RECOVERY_TEXT];

	buf_str(&json, "{\"recovery_codes\": [");
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		rand_bytes(random, sizeof random);
		password_groups(random, sizeof random, code);
		recovery_hash(name, slice_of(code), hashes + i * 64);
		buf_printf(&json, "%s\"%s\"", i ? ", " : "", code);
	}
	buf_str(&json, "]}");
	mem_wipe(code, sizeof code);
	j->change.recovery = hashes;
	j->arg = arena_dup(&j->arena, buf_slice(&json));
	buf_done(&json);
}

static void totp_done(struct accounts_job *j)
{
	struct session *s = gate_session(j->call);
	struct buf json = {0};

	if (j->result < 0) {
		own_answer(j);
		return;
	}
	if (s) {
		s->totp_begun = false;
		mem_wipe(s->totp_secret, sizeof s->totp_secret);
	}
	buf_str(&json, j->arg);
	call_answer(j->call, 200, &json);
}

void session_totp_confirm(struct api_call *c)
{
	static const char *const members[] = {"code", NULL};
	struct session *s = own_session(c);
	struct accounts_job *j;
	json_t *body = NULL;
	struct err e;

	if (!s)
		return;
	if (read_body(c, members, &body, &e) < 0) {
		call_problem(c, &e, NULL);
	} else if (!s->totp_begun) {
		err_code(&e, ERR_CONFLICT, "totp_not_begun", NULL,
			"POST /api/v1/session/totp comes first: it makes the secret");
		call_problem(c, &e, NULL);
	} else {
		j = own_job(c, ACCOUNT_TOTP, s);
		j->done = totp_done;
		j->change.totp_secret = arena_alloc(&j->arena, TOTP_SECRET);
		memcpy((void *)j->change.totp_secret, s->totp_secret, TOTP_SECRET);
		j->change.code = arena_slice(&j->arena, text(body, "code"));
		recovery_codes(j, slice_of(s->name));
		run(j);
	}
	json_decref(body);
}

void session_totp_remove(struct api_call *c)
{
	static const char *const members[] = {"password", NULL};
	struct session *s = own_session(c);
	struct accounts_job *j;
	json_t *body = NULL;
	struct err e;

	if (!s || must_wait(c, s))
		return;
	if (read_body(c, members, &body, &e) < 0) {
		call_problem(c, &e, NULL);
	} else {
		j = own_job(c, ACCOUNT_NO_TOTP, s);
		j->done = own_answer;
		knows(j, s, text(body, "password"));
		run(j);
	}
	json_decref(body);
}
