#include "admin/caller.h"

#include <stdio.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "admin/peer.h"
#include "auth/origin.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/mem.h"

static const char cookie_name[] = "__Host-entente";
enum { USED_MS = 5 * 60 * 1000 }; /* how exactly the last use of a token is kept */

static bool refuse(struct api_call *c, const struct err *e)
{
	call_problem(c, e, NULL);
	return false;
}

/* ---- the unix socket ---- */

/* The kernel says who is there; a proxy in between would lend everybody its own name. */
static bool find_socket(struct api_call *c)
{
	struct peer peer;
	struct err e;
	int known = peer_of(http_fd(c->req), c->admin->group, &peer, &e);

	snprintf(c->who.name, sizeof c->who.name, "%s", peer.name);
	snprintf(c->who.from, sizeof c->who.from, "uid %u pid %d", (unsigned)peer.uid,
		(int)peer.pid);
	c->who.kind = CALLER_SOCKET;
	c->who.way = "cli";
	if (http_forwarded(c->req))
		err_code(&e, ERR_DENIED, "proxied", NULL,
			"the request came through a proxy; this socket takes local callers only");
	else if (known == 0) {
		c->rights = c->admin->granted;
		return true;
	}
	return refuse(c, &e);
}

/* ---- tokens ---- */

static const struct account_token *good_token(
	const struct admin *a, struct slice text, struct err *e)
{
	const struct account_token *t;
	char id[TOKEN_ID + 1], hash[65];

	if (!token_read(text, id)) {
		err_code(e, ERR_DENIED, "token_bad", NULL,
			"this is no token of Entente, or it was not copied whole");
		return NULL;
	}
	token_hash(text, hash);
	t = account_token_find(gate_accounts(a), slice_of(id));
	if (!t || strlen(t->hash) != 64 || !mem_equal_ct(hash, t->hash, 64)) {
		err_code(e, ERR_DENIED, "token_bad", NULL, "there is no such token");
		return NULL;
	}
	switch (token_judge(t->expires_ms, t->revoked_ms, clock_wall_ms())) {
	case TOKEN_GOOD:
		return t;
	case TOKEN_EXPIRED:
		err_code(e, ERR_DENIED, "token_expired", NULL, "the token has expired");
		return NULL;
	case TOKEN_REVOKED:
		err_code(e, ERR_DENIED, "token_revoked", NULL, "the token was revoked");
	}
	return NULL;
}

static void note_use(struct admin *a, struct api_call *c, const struct account_token *t)
{
	uint64_t now = clock_wall_ms();
	struct accounts_job *j;
	struct err e;

	if (now < t->last_used_ms + USED_MS || a->ending)
		return;
	j = accounts_job_new(c, TOKEN_USED, slice_of(t->id));
	j->call = NULL;
	if (accounts_job_run(j, &e) < 0)
		accounts_job_free(j); /* next time */
}

/* What the field Authorization says. */
static const struct account_token *said_token(
	const struct admin *a, struct slice authorization, struct err *e)
{
	if (slice_istarts(authorization, SL("Bearer ")))
		return good_token(a, slice_trim(slice_from(authorization, 7)), e);
	err_code(e, ERR_DENIED, "token_bad", NULL, "Authorization takes a token: Bearer ent_...");
	return NULL;
}

static bool find_token(struct api_call *c, struct slice authorization, struct err *e)
{
	const struct account_token *t = said_token(c->admin, authorization, e);

	if (!t)
		return false;
	snprintf(c->who.name, sizeof c->who.name, "%s", t->owner);
	snprintf(c->who.token, sizeof c->who.token, "%s", t->id);
	c->who.way = "api";
	c->rights = gate_token_rights(c->admin, t);
	note_use(c->admin, c, t);
	return true;
}

/* ---- sessions ---- */

/* What the panel asks by itself is no sign of its person. */
static bool is_activity(const struct api_call *c)
{
	return !slice_eqz(http_header(c->req, "x-entente-background"), "1") &&
	       !slice_eqz(http_path(c->req), "/api/v1/events");
}

static struct session *find_session(struct api_call *c)
{
	struct sessions *all = c->admin->gate->sessions;
	uint64_t now = loop_now(c->admin->loop);
	struct session *s = session_find(all, http_cookie(c->req, cookie_name), now);

	if (!s)
		return NULL;
	if (!gate_session_rights(c->admin, s, &c->rights, &c->who.must)) {
		session_end(all, s);
		return NULL;
	}
	c->who.kind = CALLER_SESSION;
	c->who.way = "panel";
	snprintf(c->who.name, sizeof c->who.name, "%s", s->name);
	snprintf(c->who.session, sizeof c->who.session, "%s", s->hash);
	return s;
}

/* ---- HTTPS ---- */

static int check_origin(const struct api_call *c, const struct session *s, struct err *e)
{
	static const enum origin_caller caller[] = {
		[CALLER_NOBODY] = ORIGIN_NOBODY,
		[CALLER_SESSION] = ORIGIN_SESSION,
		[CALLER_TOKEN] = ORIGIN_TOKEN,
	};
	const struct http_req *r = c->req;
	const struct origin_request q = {
		.url = &c->admin->url,
		.caller = caller[c->who.kind],
		.body = http_body(r).n > 0,
		.method = http_method(r),
		.host = http_header(r, "host"),
		.origin = http_header(r, "origin"),
		.fetch_site = http_header(r, "sec-fetch-site"),
		.fetch_mode = http_header(r, "sec-fetch-mode"),
		.fetch_dest = http_header(r, "sec-fetch-dest"),
		.content_type = http_header(r, "content-type"),
		.csrf = http_header(r, "x-csrf-token"),
		.csrf_expected = slice_of(s ? s->csrf : NULL),
	};

	return origin_check(&q, e);
}

/* A request has one way to say who sends it: a token, or else a cookie. */
static bool find_remote(struct api_call *c)
{
	struct slice authorization = http_header(c->req, "authorization");
	struct session *s = NULL;
	struct err e;

	snprintf(c->who.from, sizeof c->who.from, "%s", http_client(c->req));
	if (authorization.p)
		c->who.kind = CALLER_TOKEN;
	else
		s = find_session(c);
	if (check_origin(c, s, &e) < 0 || (authorization.p && !find_token(c, authorization, &e))) {
		c->rights = 0;
		return refuse(c, &e);
	}
	if (s && is_activity(c))
		session_touch(c->admin->gate->sessions, s, loop_now(c->admin->loop));
	return true;
}

bool caller_find(struct api_call *c)
{
	c->who = (struct caller){.name = "nobody", .way = "panel"};
	c->rights = 0;
	return http_way(c->req) == HTTP_UNIX ? find_socket(c) : find_remote(c);
}

bool caller_is_known(void *arg, const struct http_req *r)
{
	const struct admin *a = arg;
	struct slice authorization = http_header(r, "authorization");
	struct err e;

	if (authorization.p)
		return said_token(a, authorization, &e);
	return session_find(a->gate->sessions, http_cookie(r, cookie_name), loop_now(a->loop));
}

/* ---- later ---- */

struct session *gate_session(const struct api_call *c)
{
	if (c->who.kind != CALLER_SESSION)
		return NULL;
	return session_find_hash(
		c->admin->gate->sessions, slice_of(c->who.session), loop_now(c->admin->loop));
}

static right_set token_rights_now(const struct api_call *c)
{
	const struct account_token *t =
		account_token_find(gate_accounts(c->admin), slice_of(c->who.token));

	if (!t || token_judge(t->expires_ms, t->revoked_ms, clock_wall_ms()) != TOKEN_GOOD)
		return 0;
	return gate_token_rights(c->admin, t);
}

right_set caller_rights_now(const struct api_call *c)
{
	struct session *s;
	enum caller_must must;
	right_set rights;

	switch (c->who.kind) {
	case CALLER_NOBODY:
		break;
	case CALLER_SOCKET:
		return c->admin->granted;
	case CALLER_TOKEN:
		return token_rights_now(c);
	case CALLER_SESSION:
		s = gate_session(c);
		return s && gate_session_rights(c->admin, s, &rights, &must) ? rights : 0;
	}
	return 0;
}
