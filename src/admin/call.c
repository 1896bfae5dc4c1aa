#include "admin/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "federation/setting.h"

static const unsigned status_of[ERR__N] = {
	[ERR_NONE] = 500,
	[ERR_INVALID] = 422,
	[ERR_NOT_FOUND] = 404,
	[ERR_CONFLICT] = 409,
	[ERR_DENIED] = 403,
	[ERR_PROTO] = 400,
	[ERR_TIMEOUT] = 504,
	[ERR_UNAVAILABLE] = 503,
	[ERR_LIMIT] = 429,
	[ERR_INTERNAL] = 500,
};

unsigned call_status(const struct err *e)
{
	static const struct {
		const char *code;
		unsigned status;
	} of_code[] = {
		{"not_signed_in", 401},
		{"bad_credentials", 401},
		{"totp_required", 401},
		{"token_bad", 401},
		{"token_expired", 401},
		{"changed_meanwhile", 412},
		{"method_not_allowed", 405},
		{"unsupported_media_type", 415},
		{"precondition_required", 428},
	};

	for (size_t i = 0; i < ARRAY_LEN(of_code); i++)
		if (strcmp(e->code, of_code[i].code) == 0)
			return of_code[i].status;
	/* Of who comes with it; of who changes something about it another kind of error. */
	if (e->kind == ERR_DENIED &&
		(strcmp(e->code, "totp_bad") == 0 || strcmp(e->code, "token_revoked") == 0))
		return 401;
	return status_of[e->kind];
}

static bool reads_only(const struct api_call *c)
{
	struct slice m = http_method(c->req);

	return slice_eqz(m, "GET") || slice_eqz(m, "HEAD");
}

/* Who asked for what, and what came of it. Bodies are not logged: they may hold secrets. */
static void log_access(const struct api_call *c, unsigned status, const char *code)
{
	enum log_level level = reads_only(c) && status < 400 ? LOG_DEBUG : LOG_INFO;
	struct slice dry = http_query(c->req, "dry_run");

	log_event(NULL, level, "api", LF_S("method", http_method(c->req)),
		LF_S("path", http_path(c->req)), LF_S("dry_run", dry), LF_Z("who", c->who.name),
		LF_Z("from", c->who.from), LF_Z("way", c->who.way), LF_U("status", status),
		LF_Z("code", code), LF_U("us", (clock_mono_ns() - c->began_ns) / 1000));
}

static void answer(
	struct api_call *c, unsigned status, const char *code, const char *type, struct buf *body)
{
	log_access(c, status, code);
	http_reply(c->req, status, type, body);
	free(c);
}

void call_answer(struct api_call *c, unsigned status, struct buf *json)
{
	buf_chr(json, '\n');
	answer(c, status, NULL, "application/json", json);
}

void call_answer_nothing(struct api_call *c)
{
	answer(c, 204, NULL, NULL, NULL);
}

void call_answer_at(struct api_call *c, unsigned status, uint64_t generation, struct buf *json)
{
	char etag[32];

	snprintf(etag, sizeof etag, "\"%llu\"", (unsigned long long)generation);
	http_reply_header(c->req, "etag", etag);
	call_answer(c, status, json);
}

void call_answer_text(struct api_call *c, const char *type, struct buf *text)
{
	answer(c, 200, NULL, type, text);
}

/* ---- answers that take their time ---- */

static void on_gone(void *arg)
{
	struct api_call *c = arg;

	c->cut = true;
	c->gone(c->gone_arg);
}

void call_stream_begin_as(struct api_call *c, const char *type, call_gone *gone, void *arg)
{
	c->gone = gone;
	c->gone_arg = arg;
	http_stream_begin(c->req, type, on_gone, c);
}

void call_stream_begin(struct api_call *c, call_gone *gone, void *arg)
{
	call_stream_begin_as(c, "application/x-ndjson", gone, arg);
}

void call_stream_put(struct api_call *c, struct slice json)
{
	struct buf line = {0};

	buf_slice_add(&line, json);
	buf_chr(&line, '\n');
	http_stream_put(c->req, buf_slice(&line));
	buf_done(&line);
}

size_t call_stream_room(const struct api_call *c)
{
	size_t room = http_stream_room(c->req);

	return room ? room - 1 : 0; /* the line's end */
}

void call_stream_end(struct api_call *c)
{
	log_access(c, 200, c->cut ? "cut" : NULL);
	http_stream_end(c->req);
	free(c);
}

/* RFC 9457 3.1.3, 4.2.1: of about:blank the title is the status' own (RFC 9110 15, RFC 6585). */
static const char *title_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *title;
	} titles[] = {
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{412, "Precondition Failed"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Content"},
		{428, "Precondition Required"},
		{429, "Too Many Requests"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Internal Server Error";
}

static void json_member(struct buf *out, const char *name, const char *value)
{
	if (!*value)
		return;
	buf_printf(out, ", \"%s\": ", name);
	json_quote(out, slice_of(value));
}

void call_problem(struct api_call *c, const struct err *e, const struct buf *ways_out)
{
	unsigned status = call_status(e);
	struct buf body = {0};

	buf_printf(&body, "{\"type\": \"about:blank\", \"status\": %u", status);
	json_member(&body, "code", *e->code ? e->code : err_kind_name(e->kind));
	json_member(&body, "title", title_of(status));
	json_member(&body, "detail", e->text);
	json_member(&body, "field", e->field);
	if (ways_out && ways_out->n) {
		buf_str(&body, ", \"ways_out\": ");
		buf_slice_add(&body, buf_slice(ways_out));
	}
	buf_str(&body, "}\n");
	if (status == 503)
		http_reply_header(c->req, "retry-after", "1");
	if (status == 401)
		http_reply_header(c->req, "www-authenticate", "Bearer realm=\"Entente\"");
	answer(c, status, e->code, "application/problem+json", &body);
}

right_set call_rights_now(const struct api_call *c)
{
	return caller_rights_now(c);
}

static void may_not(const struct api_call *c, enum right r, struct err *e)
{
	if (c->who.kind == CALLER_NOBODY)
		err_code(e, ERR_DENIED, "not_signed_in", NULL, "sign in first");
	else if (c->who.must == MUST_TOTP)
		err_code(e, ERR_DENIED, "totp_must_be_set_up", NULL,
			"your role needs a second factor: set it up first");
	else
		err_code(e, ERR_DENIED, "not_allowed", NULL, "%s does not have the right %s",
			c->who.name, right_name(r));
}

bool call_may(struct api_call *c, enum right r)
{
	struct err e;

	if (c->rights & RIGHT_BIT(r))
		return true;
	may_not(c, r, &e);
	if (!reads_only(c) && c->who.kind != CALLER_NOBODY) /* a stranger would fill the disk */
		call_audit(c, NULL, NULL, c->param, e.code);
	call_problem(c, &e, NULL);
	return false;
}

bool call_dry_run(struct api_call *c, bool *ret)
{
	struct slice s = http_query(c->req, "dry_run");
	struct err e;

	*ret = s.p && slice_eqz(s, "true");
	if (!s.p || *ret || slice_eqz(s, "false"))
		return true;
	err_code(&e, ERR_PROTO, "bad_query", "dry_run", "dry_run is '%.*s'; write true or false",
		SLARG(slice_cut(s, 40)));
	call_problem(c, &e, NULL);
	return false;
}

bool call_if_match(struct api_call *c, uint64_t *ret)
{
	struct slice s = http_header(c->req, "if-match");
	bool dry = slice_eqz(http_query(c->req, "dry_run"), "true");
	struct err e;

	*ret = 0;
	if ((!s.p && dry) || slice_eqz(s, "*"))
		return true;
	if (!s.p) {
		err_code(&e, ERR_CONFLICT, "precondition_required", NULL,
			"If-Match is missing: send the ETag that the change was made for, or * "
			"for whatever it is");
		call_problem(c, &e, NULL);
		return false;
	}
	if (s.n > 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = slice_cut(slice_from(s, 1), s.n - 2);
	if (slice_u64(s, INT64_MAX, ret) == 0 && *ret > 0)
		return true;
	err_code(&e, ERR_PROTO, "bad_if_match", NULL,
		"If-Match is no generation; write the ETag of an answer, like \"17\"");
	call_problem(c, &e, NULL);
	return false;
}

/* ---- the way in ---- */

static void no_route(struct api_call *c, struct buf *allow)
{
	struct slice path = slice_cut(http_path(c->req), 100);
	struct err e;

	if (allow->n) {
		buf_chr(allow, '\0');
		http_reply_header(c->req, "allow", buf_slice(allow).p);
		err_code(&e, ERR_PROTO, "method_not_allowed", NULL, "%.*s takes %s, not %.*s",
			SLARG(path), buf_slice(allow).p, SLARG(http_method(c->req)));
	} else {
		err_code(&e, ERR_NOT_FOUND, "no_such_route", NULL, "there is nothing at %.*s",
			SLARG(path));
	}
	call_problem(c, &e, NULL);
}

/* What there is, is the business of nobody who has not signed in. */
static bool must_be_known(struct api_call *c)
{
	struct err e;

	if (c->who.kind != CALLER_NOBODY)
		return true;
	err_code(&e, ERR_DENIED, "not_signed_in", NULL, "sign in first");
	call_problem(c, &e, NULL);
	return false;
}

/* The route's own right; without one it is for everybody, or for whoever is signed in. */
static bool may_use(struct api_call *c, const struct api_route *route)
{
	if (route->flags & API_PUBLIC)
		return true;
	if (!(route->flags & API_SIGNED_IN))
		return call_may(c, route->right);
	return must_be_known(c);
}

void call_begin(void *arg, struct http_req *r)
{
	struct api_call *c = xzalloc(sizeof *c);
	struct buf allow = {0};

	c->admin = arg;
	c->req = r;
	c->began_ns = clock_mono_ns();
	if (!caller_find(c))
		return;
	c->route = api_route_find(http_method(r), http_path(r), &c->param, &allow);
	if (c->route) {
		if (may_use(c, c->route))
			c->route->handle(c);
	} else if (must_be_known(c)) {
		no_route(c, &allow);
	}
	buf_done(&allow);
}
