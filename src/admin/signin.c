#include "admin/signin.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "auth/password.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "federation/gateway.h"
#include "federation/setting.h"
#include "store/argon.h"

/* Sign-in and sign-out: POST and DELETE /api/v1/session, and GET, which says who one is. */

static const char cookie_begin[] = "__Host-entente=%s; Path=/; Secure; HttpOnly; SameSite=Strict";
static const char cookie_end[] =
	"__Host-entente=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";

/* ---- who one is ---- */

static const char *source_of(const struct api_call *c, const struct session *s)
{
	static const char *const name[] = {
		[CALLER_NOBODY] = "password", [CALLER_SOCKET] = "socket", [CALLER_TOKEN] = "token"};

	if (s)
		return s->of_directory ? "directory" : "password";
	return name[c->who.kind];
}

static void roles_member(const struct api_call *c, const struct session *s, struct buf *out)
{
	static const char *const none[] = {NULL};
	const char *const *roles = s && s->of_directory ? s->roles : NULL;
	const struct account *a = s && !s->of_directory
					  ? account_find(gate_accounts(c->admin), slice_of(s->name))
					  : NULL;

	buf_str(out, ", \"roles\": ");
	texts_json(roles ? roles : a ? a->roles : none, out);
}

static void expiry_members(const struct api_call *c, const struct session *s, struct buf *out)
{
	uint64_t now = loop_now(c->admin->loop), wall = clock_wall_ms();
	const struct sessions *all = c->admin->gate->sessions;

	json_when(out, "idle_expires", s ? wall + session_idle_left(all, s, now) : 0);
	json_when(out, "expires", s ? wall + session_life_left(all, s, now) : 0);
}

void session_json(const struct api_call *c, struct buf *out)
{
	const struct session *s = gate_session(c);

	buf_str(out, "{\"name\": ");
	json_quote(out, slice_of(c->who.name));
	json_text(out, "display", slice_of(s && *s->display ? s->display : c->who.name));
	json_text(out, "source", slice_of(source_of(c, s)));
	json_text(out, "way", slice_of(c->who.way));
	roles_member(c, s, out);
	buf_str(out, ", \"rights\": ");
	rights_json(c->rights, out);
	json_text(out, "csrf", slice_of(s ? s->csrf : NULL));
	expiry_members(c, s, out);
	json_text(out, "must", c->who.must == MUST_TOTP ? SL("totp") : SL_NONE);
	buf_printf(out, ", \"body_logging\": %s}",
		snapshot_gateway(c->admin->snapshot)->enable_logging_all_message_bodies ? "true"
											: "false");
}

void session_get(struct api_call *c)
{
	struct buf json = {0};
	struct err e;

	if (c->who.kind == CALLER_NOBODY) {
		err_code(&e, ERR_DENIED, "not_signed_in", NULL, "nobody is signed in here");
		call_problem(c, &e, NULL);
		return;
	}
	session_json(c, &json);
	call_answer(c, 200, &json);
}

/* ---- the end of a sign-in ---- */

static void signin_free(struct signin *s)
{
	xfree(s->name);
	free(s);
}

static uint64_t now_of(const struct signin *s)
{
	return loop_now(s->call->admin->loop);
}

/* Did he prove to know the password, or was it not looked at? */
static bool is_no_guess(const struct err *e)
{
	static const char *const codes[] = {
		"totp_required", "password_must_change", "busy", "ending", "directory_unavailable"};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(codes[i], e->code) == 0)
			return true;
	return e->kind == ERR_UNAVAILABLE || e->kind == ERR_INTERNAL;
}

void signin_refuse(struct signin *s, const struct err *e, const char *why)
{
	struct api_call *c = s->call;
	struct gate *g = c->admin->gate;
	struct slice name = slice_of(s->name);
	bool known = account_find(gate_accounts(c->admin), name);
	/* What a stranger typed as his name may be his password. */
	const struct store_audit_entry line = {
		.actor = {known ? s->name : "(unknown)", c->who.from, "panel"},
		.verb = "sign-in",
		.kind = "session",
		.key = "",
		.refused = why ? why : e->code,
	};

	if (is_no_guess(e))
		throttle_undo(g->throttle, name, slice_of(s->network), now_of(s));
	else
		failures_note(g->failures, &line);
	call_problem(c, e, NULL);
	signin_free(s);
}

struct session *signin_begin_session(struct signin *s, struct slice name, struct slice display)
{
	struct api_call *c = s->call;
	struct gate *g = c->admin->gate;
	struct session *old = gate_session(c), *session;
	char id[SESSION_ID + 1], cookie[sizeof cookie_begin + SESSION_ID];
	uint8_t random[SESSION_RANDOM];

	throttle_passed(g->throttle, slice_of(s->name), slice_of(s->network), now_of(s));
	if (old)
		session_end(g->sessions, old);
	rand_bytes(random, sizeof random);
	session = session_begin(g->sessions, name, display.p ? display : SL(""),
		slice_of(c->who.from), random, now_of(s), id);
	snprintf(cookie, sizeof cookie, cookie_begin, id);
	http_reply_header(c->req, "set-cookie", cookie);
	mem_wipe(random, sizeof random);
	mem_wipe(id, sizeof id);
	mem_wipe(cookie, sizeof cookie);
	c->who.kind = CALLER_SESSION;
	c->who.way = "panel";
	snprintf(c->who.name, sizeof c->who.name, "%s", session->name);
	snprintf(c->who.session, sizeof c->who.session, "%s", session->hash);
	return session;
}

void signin_answer(struct signin *s, const struct session *session)
{
	struct api_call *c = s->call;
	struct buf json = {0};

	gate_session_rights(c->admin, session, &c->rights, &c->who.must);
	session_json(c, &json);
	call_answer(c, 200, &json);
	signin_free(s);
}

/* ---- local accounts ---- */

static void local_done(struct accounts_job *j)
{
	struct signin *s = j->arg;
	const struct account *a;
	struct session *session;

	if (j->result < 0) {
		signin_refuse(s, &j->err, NULL);
		return;
	}
	a = account_find(gate_accounts(j->admin), slice_of(s->name));
	if (!a) { /* removed in the same moment */
		err_code(&j->err, ERR_DENIED, "bad_credentials", NULL,
			"the name or the password is not right");
		signin_refuse(s, &j->err, NULL);
		return;
	}
	if (j->change.password)
		sessions_end_of(j->admin->gate->sessions, slice_of(s->name), false, NULL);
	session = signin_begin_session(s, slice_of(a->name), SL_NONE);
	session->epoch = a->epoch;
	signin_answer(s, session);
}

/* What is compared: a one-time password as it is read out, any other one as prepared. */
static struct slice to_compare(struct accounts_job *j, const struct account *a, struct slice typed)
{
	struct slice prepared;
	char *text;

	if (a && a->one_time_until_ms && typed.n <= PASSWORD_MAX) {
		text = arena_alloc(&j->arena, typed.n + 1);
		return slice_make(text, password_ungroup(typed, text));
	}
	if (password_prepare(&prepared, &j->arena, typed, NULL) < 0)
		return SL("");
	return arena_slice(&j->arena, prepared);
}

/* An unknown name takes the same way as a known one with a wrong password. */
static void ask_local(struct signin *s, const struct account *a, json_t *body)
{
	struct api_call *c = s->call;
	struct accounts_job *j = accounts_job_new(c, ACCOUNT_SIGN_IN, slice_of(s->name));
	const char *fresh = json_string_value(json_object_get(body, "new_password"));
	const char *code = json_string_value(json_object_get(body, "code"));
	struct err e;

	j->arg = s;
	j->done = local_done;
	j->change.actor.who = a ? j->change.key : "(unknown)";
	j->change.actor.way = "panel";
	j->change.epoch = a ? a->epoch : 1;
	j->change.code = arena_slice(&j->arena, slice_of(code ? code : ""));
	j->known_hash = arena_dup(&j->arena, slice_of(a ? a->password : argon_nobody()));
	j->known = to_compare(j, a, slice_of(json_string_value(json_object_get(body, "password"))));
	if (fresh) {
		password_prepare(&j->password, &j->arena, slice_of(fresh), NULL);
		j->password = arena_slice(&j->arena, j->password);
	}
	if (accounts_job_run(j, &e) == 0)
		return;
	signin_refuse(s, &e, NULL);
	accounts_job_free(j);
}

/* ---- POST /session ---- */

static int check_new(struct slice name, struct slice fresh, struct err *e)
{
	struct arena a = {0};
	struct slice prepared;
	int r = 0;

	if (fresh.p) {
		r = password_prepare(&prepared, &a, fresh, e);
		if (r == 0)
			r = password_check(prepared, name, e);
	}
	arena_done(&a);
	return r;
}

static int read_body(struct api_call *c, json_t **ret, struct err *e)
{
	static const char *const members[] = {"name", "password", "code", "new_password", NULL};
	struct slice name, password, code, fresh;
	json_t *body;

	if (change_body(c, &body, e) < 0)
		return -1;
	*ret = body;
	if (members_only(body, members, e) < 0 || member_text(body, "name", &name, e) < 0 ||
		member_text(body, "password", &password, e) < 0 ||
		member_text(body, "code", &code, e) < 0 ||
		member_text(body, "new_password", &fresh, e) < 0)
		return -1;
	if (!name.n || !password.n)
		return err_code(e, ERR_INVALID, "required", name.n ? "password" : "name",
			"name and password are needed");
	return check_new(name, fresh, e);
}

static bool must_wait(struct signin *s)
{
	struct api_call *c = s->call;
	unsigned secs = throttle_wait(
		c->admin->gate->throttle, slice_of(s->name), slice_of(s->network), now_of(s));
	char text[16];
	struct err e;

	if (!secs)
		return false;
	snprintf(text, sizeof text, "%u", secs);
	http_reply_header(c->req, "retry-after", text);
	err_code(&e, ERR_LIMIT, "slow_down", NULL,
		"too many attempts that were not right; the next one is looked at in %u s", secs);
	call_problem(c, &e, NULL);
	signin_free(s);
	return true;
}

static char *name_as_asked(struct slice typed)
{
	char *name = slice_dup(slice_trim(typed));

	ascii_lower(name, strlen(name));
	return name;
}

static struct signin *signin_new(struct api_call *c, json_t *body)
{
	struct signin *s = xzalloc(sizeof *s);

	s->call = c;
	s->name = name_as_asked(slice_of(json_string_value(json_object_get(body, "name"))));
	throttle_address(slice_of(c->who.from), s->network);
	return s;
}

/* A name that is here is never asked of the directory. */
static void begin(struct api_call *c, json_t *body)
{
	struct signin *s = signin_new(c, body);
	const struct account *a = account_find(gate_accounts(c->admin), slice_of(s->name));

	if (must_wait(s))
		return;
	throttle_began(
		c->admin->gate->throttle, slice_of(s->name), slice_of(s->network), now_of(s));
	if (a || !c->admin->gate->by_directory ||
		!c->admin->gate->by_directory(
			s, slice_of(json_string_value(json_object_get(body, "password")))))
		ask_local(s, a, body);
}

void session_post(struct api_call *c)
{
	json_t *body = NULL;
	struct err e;
	int r = 0;

	if (c->who.kind == CALLER_SOCKET || c->who.kind == CALLER_TOKEN)
		r = err_code(&e, ERR_CONFLICT, "signed_in_already", NULL, "%s needs no session: %s",
			c->who.name,
			c->who.kind == CALLER_SOCKET ? "the unix socket says who asks"
						     : "the token says who asks");
	if (r == 0)
		r = read_body(c, &body, &e);
	if (r == 0)
		begin(c, body);
	else
		call_problem(c, &e, NULL);
	json_decref(body);
}

/* ---- DELETE /session ---- */

void session_delete(struct api_call *c)
{
	struct session *s = gate_session(c);
	const struct store_audit_entry line = {
		.actor = {c->who.name, c->who.from, c->who.way},
		.verb = "sign-out",
		.kind = "session",
		.key = "",
	};

	if (s) {
		accounts_audit(c->admin, &line);
		session_end(c->admin->gate->sessions, s);
		http_reply_header(c->req, "set-cookie", cookie_end);
	}
	call_answer_nothing(c);
}
