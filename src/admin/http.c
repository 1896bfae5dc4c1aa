#include "admin/http.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/http_priv.h"
#include "admin/pieces.h"
#include "auth/proxy.h"
#include "base/mem.h"
#include "base/rand.h"

static_assert((int)HTTP_STREAM_BYTES == (int)PIECES_MAX, "as promised");

const char *const http_field_name[HF__N] = {
	[HF_ACCEPT_ENCODING] = "accept-encoding",
	[HF_ACCEPT_LANGUAGE] = "accept-language",
	[HF_AUTHORIZATION] = "authorization",
	[HF_CONTENT_LENGTH] = "content-length",
	[HF_CONTENT_TYPE] = "content-type",
	[HF_COOKIE] = "cookie",
	[HF_FORWARDED] = "forwarded",
	[HF_HOST] = "host",
	[HF_IF_MATCH] = "if-match",
	[HF_IF_NONE_MATCH] = "if-none-match",
	[HF_LAST_EVENT_ID] = "last-event-id",
	[HF_ORIGIN] = "origin",
	[HF_SEC_FETCH_DEST] = "sec-fetch-dest",
	[HF_SEC_FETCH_MODE] = "sec-fetch-mode",
	[HF_SEC_FETCH_SITE] = "sec-fetch-site",
	[HF_USER_AGENT] = "user-agent",
	[HF_X_CSRF_TOKEN] = "x-csrf-token",
	[HF_X_ENTENTE_BACKGROUND] = "x-entente-background",
	[HF_X_FORWARDED_FOR] = "x-forwarded-for",
};

/*
 * What proxies add. The kernel vouches for who is at the other end of the unix socket; behind a
 * proxy that would be the proxy, whoever uses it.
 */
const char *const http_proxy_field[] = {"cdn-loop", "cf-connecting-ip", "client-ip",
	"fastly-client-ip", "forwarded", "forwarded-for", "proxy-connection", "true-client-ip",
	"via", "x-client-ip", "x-cluster-client-ip", "x-envoy-external-address", "x-forwarded",
	"x-forwarded-by", "x-forwarded-email", "x-forwarded-for", "x-forwarded-groups",
	"x-forwarded-host", "x-forwarded-method", "x-forwarded-path", "x-forwarded-port",
	"x-forwarded-prefix", "x-forwarded-preferred-username", "x-forwarded-proto",
	"x-forwarded-protocol", "x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl",
	"x-forwarded-uri", "x-forwarded-user", "x-original-forwarded-for", "x-original-host",
	"x-original-method", "x-original-uri", "x-original-url", "x-proxyuser-ip", "x-real-ip",
	"x-remote-user", "x-url-scheme"};
const size_t http_proxy_field_n = ARRAY_LEN(http_proxy_field);

/* ---- what a request says ---- */

struct slice http_method(const struct http_req *r)
{
	return slice_of(r->method);
}

struct slice http_path(const struct http_req *r)
{
	return slice_of(r->path);
}

struct slice http_query(const struct http_req *r, const char *name)
{
	for (size_t i = 0; i < r->args; i++) {
		struct slice arg = slice_of(r->arg[i]);
		size_t eq = slice_find(arg, '=');

		if (slice_eqz(slice_cut(arg, eq), name))
			return slice_from(arg, eq + 1);
	}
	return SL_NONE;
}

struct slice http_header(const struct http_req *r, const char *name)
{
	size_t i = 0;

	while (i < HF__N && strcmp(http_field_name[i], name) != 0)
		i++;
	assert(i < HF__N);
	return slice_of(r->field[i]);
}

struct slice http_cookie(const struct http_req *r, const char *name)
{
	struct slice rest = slice_of(r->field[HF_COOKIE]), pair;

	while (slice_split(&rest, ';', &pair)) {
		size_t eq = slice_find(pair, '=');

		if (eq < pair.n && slice_eqz(slice_trim(slice_cut(pair, eq)), name))
			return slice_trim(slice_from(pair, eq + 1));
	}
	return SL_NONE;
}

enum http_way http_way(const struct http_req *r)
{
	return r->way;
}

bool http_secure(const struct http_req *r)
{
	return http_way(r) == HTTP_TLS;
}

const char *http_version(const struct http_req *r)
{
	return r->old ? "1.0" : r->carrier->version;
}

const char *http_client(const struct http_req *r)
{
	return r->client;
}

bool http_forwarded(const struct http_req *r)
{
	return r->forwarded;
}

struct slice http_body(const struct http_req *r)
{
	return buf_slice(&r->body);
}

int http_fd(const struct http_req *r)
{
	/* Inside TLS it would be a socket of our own, and the kernel would vouch for us. */
	return r->way == HTTP_UNIX && r->conn && r->carrier->fd ? r->carrier->fd(r) : -1;
}

/* ---- a request as it comes in ---- */

const char *http_method_name(struct slice method)
{
	static const char *const name[] = {
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		if (slice_eqz(method, name[i]))
			return name[i];
	return NULL;
}

struct http_req *http_req_new(struct door *d, const struct http_carrier *carrier, void *conn,
	struct http_place *place, const char *method, struct slice path)
{
	struct http_req *r = xzalloc(sizeof *r);

	r->http = d->http;
	r->door = d;
	r->way = d->way;
	list_append(&d->http->requests, &r->node);
	r->place = place;
	r->carrier = carrier;
	r->conn = conn;
	r->method = method;
	r->path = slice_dup(path);
	buf_init(&r->body, d->http->limits.body);
	return r;
}

static void body_done(struct http_req *r)
{
	if (r->http)
		r->http->body_bytes -= r->body.n;
	buf_done(&r->body);
}

/* What was asked: of no use when it is answered, while the answer may wait for its client. */
static void question_done(struct http_req *r)
{
	while (r->args)
		free(r->arg[--r->args]);
	for (size_t i = 0; i < HF__N; i++) {
		free(r->field[i]);
		r->field[i] = NULL;
	}
	body_done(r);
}

void http_req_free(struct http_req *r)
{
	if (!r)
		return;
	list_remove(&r->node);
	pieces_free(r->pieces);
	free(r->path);
	question_done(r);
	buf_done(&r->fields);
	buf_done(&r->out);
	free(r);
}

void http_req_orphan(struct list *node)
{
	struct http_req *r = container_of(node, struct http_req, node);

	assert(!r->conn);
	loop_task_stop(&r->late);
	body_done(r);
	r->http = NULL;
	r->door = NULL;
	if (r->state == REQ_IN_PIECES && !r->ended)
		http_req_gone(r);
}

static bool is_proxy_field(struct slice name)
{
	for (size_t i = 0; i < http_proxy_field_n; i++)
		if (slice_eqz(name, http_proxy_field[i]))
			return true;
	return false;
}

void http_req_field(struct http_req *r, struct slice name, struct slice value)
{
	char *before;
	size_t i = 0;

	if (is_proxy_field(name))
		r->forwarded = true;
	while (i < HF__N && !slice_eqz(name, http_field_name[i]))
		i++;
	if (i == HF__N)
		return;
	before = r->field[i];
	r->field[i] =
		before ? xasprintf("%s%s%.*s", before, i == HF_COOKIE ? "; " : ",", SLARG(value))
		       : slice_dup(value);
	free(before);
}

/* Percent-decoded (RFC 3986 2.1); NULL: it is not well-formed, or has a NUL in it. */
static char *decode(struct slice s, bool plus_is_space)
{
	char *out = xmalloc(s.n + 1), *to = out;

	for (size_t i = 0; i < s.n; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '%') {
			c = s.n - i > 2 ? ascii_hex2(s.p + i + 1) : -1;
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		if (c <= 0) {
			free(out);
			return NULL;
		}
		*to++ = (char)c;
	}
	*to = '\0';
	return out;
}

int http_req_target(struct http_req *r, struct slice target)
{
	size_t query = slice_find(target, '?');
	struct slice rest = slice_from(target, query + 1), arg;

	free(r->path);
	r->path = decode(slice_cut(target, query), false);
	if (!r->path || *r->path != '/')
		return -1;
	while (query < target.n && r->args < ARRAY_LEN(r->arg) && slice_split(&rest, '&', &arg)) {
		r->arg[r->args] = decode(arg, true);
		if (!r->arg[r->args++])
			return -1;
	}
	return 0;
}

void http_req_place(struct http_req *r, const struct netaddr *peer)
{
	static const struct proxy_networks nobody;
	const struct http *h = r->http;
	struct proxy_request q = {
		.forwarded = slice_of(r->field[HF_FORWARDED]),
		.forwarded_for = slice_of(r->field[HF_X_FORWARDED_FOR]),
	};
	char host[NETADDR_TEXT];

	if (!peer)
		return;
	q.peer = slice_of(netaddr_print_host(peer, host));
	proxy_client(r->way == HTTP_TLS && h->proxies ? h->proxies : &nobody, &q, r->client);
}

int http_req_body(struct http_req *r, const void *p, size_t n)
{
	if (r->http->body_bytes + n > HTTP_BODIES_BYTES)
		r->body.over = true;
	if (r->body.over)
		return -1;
	buf_add(&r->body, p, n);
	if (r->body.over)
		return -1;
	r->http->body_bytes += n;
	return 0;
}

/* That there is a cookie or a token makes nobody known: it has to be a good one. */
static bool is_known(const struct http_req *r)
{
	const struct http *h = r->http;

	return (r->field[HF_COOKIE] || r->field[HF_AUTHORIZATION]) && h->knows &&
	       h->knows(h->knows_arg, r);
}

/* Asking for nothing is cheap; signing in is not. */
static bool too_often(struct http_req *r)
{
	return !is_known(r) && !http_place_may_ask(r->place);
}

void http_req_dispatch(struct http_req *r)
{
	if (too_often(r)) {
		http_reply_header(r, "retry-after", "1");
		http_req_refuse(r, 429, "too many requests from this address\n");
		return;
	}
	r->state = REQ_HANDLING;
	r->door->fn(r->door->arg, r);
}

/* ---- answers ---- */

bool http_req_head_only(const struct http_req *r)
{
	return strcmp(r->method, "HEAD") == 0;
}

void http_reply_header(struct http_req *r, const char *name, const char *value)
{
	buf_add(&r->fields, name, strlen(name) + 1);
	buf_add(&r->fields, value, strlen(value) + 1);
}

const char *http_nonce(struct http_req *r)
{
	static const char digit[] = "0123456789abcdef";
	uint8_t bytes[15];

	static_assert(2 * sizeof bytes < sizeof r->nonce, "it fits");
	if (*r->nonce)
		return r->nonce;
	rand_bytes(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++) {
		r->nonce[2 * i] = digit[bytes[i] >> 4];
		r->nonce[2 * i + 1] = digit[bytes[i] & 15];
	}
	return r->nonce;
}

struct slice http_req_left(const struct http_req *r)
{
	return r->still.n ? r->still : buf_slice(&r->out);
}

void http_req_sent(struct http_req *r, size_t n)
{
	if (r->still.n)
		r->still = slice_from(r->still, n);
	else
		buf_take(&r->out, n);
}

static void answer(struct http_req *r, unsigned status, const char *type)
{
	assert(r->state == REQ_READING || r->state == REQ_HANDLING);
	if (!r->conn) {
		http_req_free(r);
		return;
	}
	r->state = REQ_ANSWERED;
	r->status = status;
	r->type = type;
	r->length = http_req_left(r).n;
	question_done(r);
	if (http_req_head_only(r))
		http_req_sent(r, r->length);
	r->carrier->reply(r);
}

void http_reply(struct http_req *r, unsigned status, const char *type, struct buf *body)
{
	if (body) {
		r->out = *body;
		*body = (struct buf){0};
	}
	answer(r, status, type);
}

void http_reply_still(struct http_req *r, unsigned status, const char *type, struct slice bytes)
{
	r->still = bytes;
	answer(r, status, type);
}

void http_req_refuse(struct http_req *r, unsigned status, const char *text)
{
	struct buf body = {0};

	r->close = true;
	buf_str(&body, text);
	http_reply(r, status, "text/plain; charset=utf-8", &body);
}

/* ---- answers in pieces ---- */

static void on_late(void *arg)
{
	http_req_gone(arg);
}

void http_stream_begin(struct http_req *r, const char *type, http_gone *gone, void *arg)
{
	assert(r->state == REQ_HANDLING);
	r->state = REQ_IN_PIECES;
	r->status = 200;
	r->type = type;
	r->gone = gone;
	r->gone_arg = arg;
	body_done(r);
	loop_task_init(&r->late, on_late, r);
	if (r->conn)
		r->carrier->begin(r);
	else
		loop_task_queue(r->http->loop, &r->late);
}

void http_stream_put(struct http_req *r, struct slice bytes)
{
	assert(r->state == REQ_IN_PIECES && !r->ended);
	if (r->conn)
		r->carrier->put(r, bytes);
}

size_t http_stream_room(const struct http_req *r)
{
	return r->conn ? r->carrier->room(r) : 0;
}

void http_stream_end(struct http_req *r)
{
	assert(r->state == REQ_IN_PIECES && !r->ended);
	r->ended = true;
	loop_task_stop(&r->late);
	if (r->conn)
		r->carrier->end(r);
	else
		http_req_free(r);
}

void http_req_gone(struct http_req *r)
{
	if (r->ended) {
		http_req_free(r);
	} else if (!r->told) {
		r->told = true;
		if (r->gone)
			r->gone(r->gone_arg);
	}
}

void http_req_cut(struct http_req *r)
{
	r->conn = NULL;
	r->place = NULL;
	if (r->state == REQ_IN_PIECES)
		http_req_gone(r);
	else if (r->state != REQ_HANDLING)
		http_req_free(r);
}
