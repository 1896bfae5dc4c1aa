#include "admin/http.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/pieces.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"

enum {
	WRITE_CHUNK = 64 * 1024, /* bytes of an answer given to a connection at a time */
	HEAD_BYTES = 4096,       /* of a request's and of an answer's header */
	ARGS_MAX = 32,
	LISTENERS_MAX = 40, /* the socket, and the addresses for metrics: 32 at most */
	FDS_OWN = 16,       /* descriptors of libwebsockets itself */
	RETRY_MS = 500,     /* accept again after descriptors ran out */
};

struct http {
	struct loop *loop;
	struct lws_context *ctx;
	struct lws_vhost *vhost;
	struct http_limits limits;
	struct list listeners;
	unsigned n_listeners;
};

struct listener {
	struct list node;
	struct http *http;
	int fd;
	struct loop_poll *poll;
	struct loop_timer retry;
	http_handler *fn;
	void *arg;
	unsigned connections;
};

/* Lives as long as its wsi; hangs on it as opaque user data. */
struct conn {
	struct listener *listener;
	struct lws *wsi;
	struct http_req *req; /* being read, handled or answered */
	bool left;            /* to be closed */
};

enum req_state { REQ_READING, REQ_HANDLING, REQ_ANSWERED, REQ_IN_PIECES };

/* Those the library has no token for are found by name. */
static const struct {
	const char *name;
	int token;
} kept_header[] = {
	{"accept-encoding", WSI_TOKEN_HTTP_ACCEPT_ENCODING},
	{"accept-language", WSI_TOKEN_HTTP_ACCEPT_LANGUAGE},
	{"authorization", WSI_TOKEN_HTTP_AUTHORIZATION},
	{"content-type", WSI_TOKEN_HTTP_CONTENT_TYPE},
	{"cookie", WSI_TOKEN_HTTP_COOKIE},
	{"forwarded", -1},
	{"host", WSI_TOKEN_HOST},
	{"if-match", WSI_TOKEN_HTTP_IF_MATCH},
	{"if-none-match", WSI_TOKEN_HTTP_IF_NONE_MATCH},
	{"last-event-id", -1},
	{"origin", WSI_TOKEN_ORIGIN},
	{"sec-fetch-dest", -1},
	{"sec-fetch-mode", -1},
	{"sec-fetch-site", -1},
	{"user-agent", WSI_TOKEN_HTTP_USER_AGENT},
	{"x-csrf-token", -1},
	{"x-forwarded-for", WSI_TOKEN_X_FORWARDED_FOR},
};

struct http_req {
	struct loop *loop;
	struct conn *conn; /* NULL: the client has gone */
	enum req_state state;
	const char *method;
	char *path;
	char *arg[ARGS_MAX]; /* "name=value" */
	size_t args;
	char *header[ARRAY_LEN(kept_header)];
	bool forwarded;
	bool old;   /* HTTP/1.0: takes no chunks (RFC 9112 6.1) */
	bool close; /* after the answer: what follows on the connection is not a request */
	struct buf body;
	/* the answer */
	unsigned status;
	const char *type;
	struct buf fields; /* "name\0value\0" ... */
	struct buf out;
	size_t length;
	bool head_sent;
	/* ... in pieces */
	struct pieces *pieces;
	bool ended; /* by the handler */
	http_gone *gone;
	void *gone_arg;
};

static_assert((int)HTTP_STREAM_BYTES == (int)PIECES_MAX, "as promised");

/* ---- requests ---- */

static void req_free(struct http_req *r)
{
	if (!r)
		return;
	if (r->conn)
		r->conn->req = NULL;
	pieces_free(r->pieces);
	free(r->path);
	for (size_t i = 0; i < r->args; i++)
		free(r->arg[i]);
	for (size_t i = 0; i < ARRAY_LEN(r->header); i++)
		free(r->header[i]);
	buf_done(&r->body);
	buf_done(&r->fields);
	buf_done(&r->out);
	free(r);
}

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

	while (i < ARRAY_LEN(kept_header) && strcmp(kept_header[i].name, name) != 0)
		i++;
	assert(i < ARRAY_LEN(kept_header));
	return slice_of(r->header[i]);
}

struct slice http_cookie(const struct http_req *r, const char *name)
{
	struct slice rest = http_header(r, "cookie"), pair;

	while (slice_split(&rest, ';', &pair)) {
		size_t eq = slice_find(pair, '=');

		if (eq < pair.n && slice_eqz(slice_trim(slice_cut(pair, eq)), name))
			return slice_trim(slice_from(pair, eq + 1));
	}
	return SL_NONE;
}

enum http_way http_way(const struct http_req *r)
{
	return HTTP_UNIX;
}

bool http_secure(const struct http_req *r)
{
	return http_way(r) == HTTP_TLS;
}

const char *http_version(const struct http_req *r)
{
	return r->old ? "1.0" : "1.1";
}

const char *http_client(const struct http_req *r)
{
	return "";
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
	return r->conn ? lws_get_socket_fd(r->conn->wsi) : -1;
}

static const char *const method_name[] = {
	[LWSHUMETH_GET] = "GET",
	[LWSHUMETH_POST] = "POST",
	[LWSHUMETH_OPTIONS] = "OPTIONS",
	[LWSHUMETH_PUT] = "PUT",
	[LWSHUMETH_PATCH] = "PATCH",
	[LWSHUMETH_DELETE] = "DELETE",
	[LWSHUMETH_CONNECT] = "CONNECT",
	[LWSHUMETH_HEAD] = "HEAD",
};

static char *copy_token(struct lws *wsi, enum lws_token_indexes token)
{
	int n = lws_hdr_total_length(wsi, token);
	char *s;

	if (n <= 0)
		return NULL;
	s = xmalloc((size_t)n + 1);
	if (lws_hdr_copy(wsi, s, n + 1, token) < 0)
		*s = '\0';
	return s;
}

static char *copy_named(struct lws *wsi, const char *name)
{
	char colon[32];
	int n;
	char *s;

	snprintf(colon, sizeof colon, "%s:", name);
	n = lws_hdr_custom_length(wsi, colon, (int)strlen(colon));
	if (n < 0)
		return NULL;
	s = xmalloc((size_t)n + 1);
	if (lws_hdr_custom_copy(wsi, s, n + 1, colon, (int)strlen(colon)) < 0)
		*s = '\0';
	return s;
}

static char *copy_header(struct lws *wsi, size_t i)
{
	if (kept_header[i].token < 0)
		return copy_named(wsi, kept_header[i].name);
	return copy_token(wsi, (enum lws_token_indexes)kept_header[i].token);
}

static void copy_args(struct http_req *r, struct lws *wsi)
{
	char tmp[HEAD_BYTES];
	int n;

	while (r->args < ARRAY_LEN(r->arg)) {
		n = lws_hdr_copy_fragment(
			wsi, tmp, sizeof tmp, WSI_TOKEN_HTTP_URI_ARGS, (int)r->args);
		if (n < 0)
			break;
		r->arg[r->args++] = xstrdup(tmp);
	}
}

/*
 * What proxies add. The kernel vouches for who is at the other end of the unix socket; behind a
 * proxy that would be the proxy, whoever uses it.
 */
static bool came_through_proxy(struct lws *wsi)
{
	static const char *const name[] = {"forwarded:", "x-forwarded-host:", "x-forwarded-proto:",
		"x-forwarded-port:", "x-forwarded-server:", "x-forwarded-prefix:",
		"x-forwarded-by:", "x-forwarded-scheme:", "x-forwarded-ssl:", "x-forwarded-user:",
		"x-forwarded-email:", "x-forwarded-path:", "x-forwarded-uri:",
		"x-forwarded-method:", "x-original-url:", "x-original-host:", "x-original-uri:",
		"x-original-forwarded-for:", "x-client-ip:", "x-cluster-client-ip:",
		"true-client-ip:", "x-remote-user:", "x-proxyuser-ip:"};
	static const enum lws_token_indexes token[] = {
		WSI_TOKEN_X_FORWARDED_FOR, WSI_TOKEN_HTTP_VIA, WSI_TOKEN_HTTP_X_REAL_IP};

	for (size_t i = 0; i < ARRAY_LEN(token); i++)
		if (lws_hdr_total_length(wsi, token[i]) > 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		if (lws_hdr_custom_length(wsi, name[i], (int)strlen(name[i])) >= 0)
			return true;
	return false;
}

static bool is_old(struct lws *wsi)
{
	char *version = copy_token(wsi, WSI_TOKEN_HTTP);
	bool old = version && strcmp(version, "HTTP/1.0") == 0;

	free(version);
	return old;
}

static struct http_req *req_new(struct conn *c, const char *method, struct slice path)
{
	struct http_req *r = xzalloc(sizeof *r);

	r->loop = c->listener->http->loop;
	r->conn = c;
	r->method = method;
	r->path = slice_dup(path);
	for (size_t i = 0; i < ARRAY_LEN(kept_header); i++)
		r->header[i] = copy_header(c->wsi, i);
	copy_args(r, c->wsi);
	r->forwarded = came_through_proxy(c->wsi);
	r->old = is_old(c->wsi);
	buf_init(&r->body, c->listener->http->limits.body);
	c->req = r;
	return r;
}

/* ---- answers ---- */

static bool head_only(const struct http_req *r)
{
	return strcmp(r->method, "HEAD") == 0;
}

void http_reply_header(struct http_req *r, const char *name, const char *value)
{
	buf_add(&r->fields, name, strlen(name) + 1);
	buf_add(&r->fields, value, strlen(value) + 1);
}

void http_reply(struct http_req *r, unsigned status, const char *type, struct buf *body)
{
	assert(r->state != REQ_ANSWERED);
	if (body) {
		r->out = *body;
		*body = (struct buf){0};
	}
	if (!r->conn) {
		req_free(r);
		return;
	}
	r->state = REQ_ANSWERED;
	r->status = status;
	r->type = type;
	r->length = r->out.n;
	if (head_only(r))
		buf_take(&r->out, r->out.n);
	lws_callback_on_writable(r->conn->wsi);
}

static void refuse(struct http_req *r, unsigned status, const char *text)
{
	struct buf body = {0};

	r->close = true;
	buf_str(&body, text);
	http_reply(r, status, "text/plain", &body);
}

static int add_field(
	struct lws *wsi, const char *name, const char *value, unsigned char **p, unsigned char *end)
{
	char colon[64];

	snprintf(colon, sizeof colon, "%s:", name);
	return lws_add_http_header_by_name(wsi, (const unsigned char *)colon,
		(const unsigned char *)value, (int)strlen(value), p, end);
}

static int write_head(struct lws *wsi, struct http_req *r)
{
	unsigned char head[LWS_PRE + HEAD_BYTES], *start = head + LWS_PRE, *p = start;
	unsigned char *end = head + sizeof head;
	const char *f = buf_slice(&r->fields).p, *fields_end = f + r->fields.n;

	if (lws_add_http_common_headers(
		    wsi, r->status | LWSAHH_FLAG_NO_SERVER_NAME, r->type, r->length, &p, end))
		return -1;
	for (const char *value; f < fields_end; f = value + strlen(value) + 1) {
		value = f + strlen(f) + 1;
		if (add_field(wsi, f, value, &p, end))
			return -1;
	}
	if (add_field(wsi, "cache-control", "no-store", &p, end) ||
		add_field(wsi, "x-content-type-options", "nosniff", &p, end) ||
		(r->close && add_field(wsi, "connection", "close", &p, end)))
		return -1;
	return lws_finalize_write_http_header(wsi, start, &p, end);
}

static int write_chunk(struct lws *wsi, struct http_req *r)
{
	size_t n = r->out.n < WRITE_CHUNK ? r->out.n : WRITE_CHUNK;
	unsigned char *chunk = xmalloc(LWS_PRE + n);
	int wrote;

	memcpy(chunk + LWS_PRE, buf_slice(&r->out).p, n);
	buf_take(&r->out, n);
	/* What the socket does not take, libwebsockets keeps. */
	wrote = lws_write(
		wsi, chunk + LWS_PRE, n, r->out.n ? LWS_WRITE_HTTP : LWS_WRITE_HTTP_FINAL);
	free(chunk);
	return wrote < 0 ? -1 : 0;
}

static int on_writable(struct conn *c)
{
	struct http_req *r = c->req;
	bool close_after;

	if (c->left)
		return -1;
	if (!r || r->state != REQ_ANSWERED)
		return 0;
	if (!r->head_sent) {
		if (write_head(c->wsi, r) < 0)
			return -1;
		r->head_sent = true;
	}
	if (r->out.n && write_chunk(c->wsi, r) < 0)
		return -1;
	if (r->out.n) {
		lws_callback_on_writable(c->wsi);
		return 0;
	}
	close_after = r->close;
	req_free(r);
	return close_after || lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

/* ---- answers in pieces ---- */

/*
 * While a request is answered, libwebsockets (4.1) neither reads what the client sends nor notices
 * that it has closed, and spins on it. So it is told to leave the connection alone, and the answer
 * goes out by another descriptor of the same socket.
 */
static int take_socket(struct http_req *r)
{
	if (!r->conn)
		return -1;
	lws_rx_flow_control(r->conn->wsi, LWS_RXFLOW_REASON_FLAG_PROCESS_NOW);
	return fcntl(lws_get_socket_fd(r->conn->wsi), F_DUPFD_CLOEXEC, 0);
}

/* The library closes its connection when we are back in the loop. */
static void leave_conn(struct http_req *r)
{
	struct lws *wsi = r->conn ? r->conn->wsi : NULL;

	if (!wsi)
		return;
	r->conn->req = NULL;
	r->conn->left = true;
	r->conn = NULL;
	shutdown(lws_get_socket_fd(wsi), SHUT_RDWR); /* what the kernel has still goes out */
	lws_rx_flow_control(wsi, LWS_RXFLOW_REASON_FLAG_PROCESS_NOW | 1);
	lws_callback_on_writable(wsi);
}

static void on_pieces_over(void *arg, bool sent)
{
	struct http_req *r = arg;

	leave_conn(r);
	pieces_free(r->pieces);
	r->pieces = NULL;
	if (r->ended)
		req_free(r);
	else if (r->gone)
		r->gone(r->gone_arg);
}

void http_stream_begin(struct http_req *r, const char *type, http_gone *gone, void *arg)
{
	struct buf head = {0};
	struct pieces_options o = {
		.chunked = !r->old, .head_only = head_only(r), .over = on_pieces_over, .arg = r};

	assert(r->state == REQ_HANDLING);
	r->state = REQ_IN_PIECES;
	r->gone = gone;
	r->gone_arg = arg;
	buf_printf(&head,
		"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n%scache-control: no-store\r\n"
		"x-content-type-options: nosniff\r\nconnection: close\r\n\r\n",
		type, o.chunked ? "transfer-encoding: chunked\r\n" : "");
	o.head = buf_slice(&head);
	r->pieces = pieces_new(r->loop, take_socket(r), &o);
	buf_done(&head);
}

void http_stream_put(struct http_req *r, struct slice bytes)
{
	assert(r->state == REQ_IN_PIECES && !r->ended);
	if (r->pieces)
		pieces_put(r->pieces, bytes);
}

size_t http_stream_room(const struct http_req *r)
{
	return r->pieces ? pieces_room(r->pieces) : 0;
}

void http_stream_end(struct http_req *r)
{
	assert(r->state == REQ_IN_PIECES && !r->ended);
	r->ended = true;
	if (r->pieces)
		pieces_end(r->pieces);
	else
		req_free(r);
}

/* The library has closed the connection by itself: the server ends. */
static void pieces_cut(struct http_req *r)
{
	bool told = !r->pieces;

	pieces_free(r->pieces);
	r->pieces = NULL;
	if (r->ended)
		req_free(r);
	else if (r->gone && !told)
		r->gone(r->gone_arg);
}

/* ---- reading ---- */

static void dispatch(struct http_req *r)
{
	struct listener *l = r->conn->listener;

	r->state = REQ_HANDLING;
	/* The answer may take its time; the time a client has for its request is over. */
	lws_set_timeout(r->conn->wsi, NO_PENDING_TIMEOUT, 0);
	l->fn(l->arg, r);
}

/* The length of the body; SIZE_MAX when it is over the limit or not a number. */
static size_t body_length(struct conn *c)
{
	char *s = copy_token(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
	uint64_t n = 0;
	int bad = s ? slice_u64(slice_of(s), c->listener->http->limits.body, &n) : 0;

	free(s);
	return bad ? SIZE_MAX : (size_t)n;
}

static bool takes_body(int method)
{
	return method == LWSHUMETH_POST || method == LWSHUMETH_PUT || method == LWSHUMETH_PATCH;
}

static int on_head(struct conn *c)
{
	char *uri;
	int len, m = lws_http_get_uri_and_method(c->wsi, &uri, &len);
	struct http_req *r;
	size_t body;

	if (c->req || m < 0 || (size_t)m >= ARRAY_LEN(method_name))
		return -1;
	r = req_new(c, method_name[m], slice_make(uri, (size_t)len));
	/* libwebsockets takes what follows a POST without a length for its body. */
	r->close =
		takes_body(m) && lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0;
	body = body_length(c);
	if (strlen(r->path) != (size_t)len)
		refuse(r, 400, "the path has a NUL in it\n");
	else if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
		refuse(r, 411, "send the body with Content-Length\n");
	else if (body == SIZE_MAX)
		refuse(r, 413, "the body is too long\n");
	else if (body == 0)
		dispatch(r);
	else if (m == LWSHUMETH_GET || m == LWSHUMETH_HEAD)
		refuse(r, 400, "this request has no body\n"); /* libwebsockets does not read it */
	return 0;
}

static void on_body(struct conn *c, const void *p, size_t n)
{
	struct http_req *r = c->req;

	if (r && r->state == REQ_READING)
		buf_add(&r->body, p, n);
}

static void on_body_end(struct conn *c)
{
	struct http_req *r = c->req;

	if (!r || r->state != REQ_READING)
		return;
	if (r->body.over)
		refuse(r, 413, "the body is too long\n");
	else
		dispatch(r);
}

static void accept_more(struct listener *l)
{
	loop_poll_set(l->poll, l->connections < l->http->limits.connections ? LOOP_READ : 0);
}

static void conn_gone(struct conn *c)
{
	struct http_req *r = c->req;
	struct listener *l = c->listener;

	if (r)
		r->conn = NULL;
	if (r && r->state == REQ_IN_PIECES)
		pieces_cut(r);
	else if (r && r->state != REQ_HANDLING)
		req_free(r);
	l->connections--;
	if (l->poll)
		accept_more(l);
	free(c);
}

static int on_event(
	struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t len)
{
	struct conn *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	if (!c)
		return 0;
	switch (why) {
	case LWS_CALLBACK_HTTP:
		return on_head(c);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return -1; /* neither websockets nor HTTP/2: nothing would ever end them */
	case LWS_CALLBACK_HTTP_BODY:
		on_body(c, in, len);
		return 0;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		on_body_end(c);
		return 0;
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return on_writable(c);
	case LWS_CALLBACK_WSI_DESTROY:
		lws_set_opaque_user_data(wsi, NULL);
		conn_gone(c);
		return 0;
	default:
		return 0;
	}
}

/* ---- listening ---- */

static void adopt(struct listener *l, int fd)
{
	struct lws *wsi = lws_adopt_socket_vhost(l->http->vhost, fd);
	struct conn *c;

	if (!wsi)
		return; /* it has closed fd */
	c = xzalloc(sizeof *c);
	c->listener = l;
	c->wsi = wsi;
	lws_set_opaque_user_data(wsi, c);
	l->connections++;
}

static void on_retry(void *arg)
{
	accept_more(arg);
}

static void on_connection(void *arg, unsigned events)
{
	struct listener *l = arg;
	int fd;

	while (l->connections < l->http->limits.connections) {
		fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			adopt(l, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			loop_poll_set(l->poll, 0);
			loop_timer_in(&l->retry, RETRY_MS);
			return;
		}
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
	accept_more(l);
}

void http_serve(struct http *h, int fd, http_handler *fn, void *arg)
{
	struct listener *l = xzalloc(sizeof *l);

	assert(h->n_listeners < LISTENERS_MAX);
	h->n_listeners++;
	l->http = h;
	l->fd = fd;
	l->fn = fn;
	l->arg = arg;
	l->poll = loop_poll_new(h->loop, fd, on_connection, l);
	loop_timer_init(&l->retry, h->loop, on_retry, l);
	list_append(&h->listeners, &l->node);
	accept_more(l);
}

void http_stop_listening(struct http *h)
{
	list_each(&h->listeners, it) {
		struct listener *l = container_of(it, struct listener, node);

		loop_timer_stop(&l->retry);
		loop_poll_free(l->poll);
		l->poll = NULL;
		if (l->fd >= 0)
			close(l->fd);
		l->fd = -1;
	}
}

/* ---- the library ---- */

static void on_library_log(int level, const char *line)
{
	log_event(NULL, level == LLL_ERR ? LOG_WARN : LOG_DEBUG, "http-library",
		LF_S("text", slice_trim(slice_of(line))));
}

static const struct lws_protocols protocols[] = {
	{"http", on_event, 0, 0, 0, NULL, 0},
	{0},
};

int http_new(struct http **ret, struct loop *l, struct http_limits limits, struct err *e)
{
	struct http *h = xzalloc(sizeof *h);
	void *foreign[] = {loop_uv(l)};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.foreign_loops = foreign,
		.pcontext = &h->ctx,
		.count_threads = 1,
		/* All listeners full: those of one must not keep those of the other out. Without a
		 * number, a table of RLIMIT_NOFILE entries is made. */
		.fd_limit_per_thread = LISTENERS_MAX * limits.connections + FDS_OWN,
		.max_http_header_data2 = HEAD_BYTES,
		.max_http_header_pool = (unsigned short)(LISTENERS_MAX * limits.connections),
		.timeout_secs = limits.request_secs,
		.timeout_secs_ah_idle = limits.request_secs, /* while a head or a body is awaited */
		.keepalive_timeout = (int)limits.idle_secs,
		.vhost_name = "admin",
	};

	list_init(&h->listeners);
	h->loop = l;
	h->limits = limits;
	lws_set_log_level(LLL_ERR | LLL_WARN, on_library_log);
	h->ctx = lws_create_context(&info);
	if (h->ctx)
		h->vhost = lws_create_vhost(h->ctx, &info);
	if (!h->vhost) {
		http_free(h);
		return err_set(e, ERR_INTERNAL,
			"libwebsockets did not start; is its libuv plugin (libwebsockets-evlib-uv) "
			"installed?");
	}
	*ret = h;
	return 0;
}

/*
 * On a loop that is not its own, libwebsockets starts closing its handles when it is told to end
 * the first time, needs turns of the loop for their close callbacks, and frees the rest the second
 * time.
 */
static void end_library(struct http *h)
{
	if (!h->ctx)
		return;
	lws_context_destroy(h->ctx);
	for (int turns = 0; turns < 8; turns++)
		loop_turn(h->loop, false);
	if (h->ctx)
		lws_context_destroy(h->ctx);
}

void http_free(struct http *h)
{
	struct list *it;

	if (!h)
		return;
	http_stop_listening(h);
	end_library(h);
	while ((it = list_pop(&h->listeners)))
		free(container_of(it, struct listener, node));
	free(h);
}
