#include <assert.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/http_priv.h"
#include "admin/pieces.h"
#include "base/log.h"
#include "base/mem.h"

/* HTTP/1.1 in clear: the one file that knows libwebsockets. */
enum { FDS_OWN = 16 }; /* descriptors of libwebsockets itself */

struct http1 {
	struct http *http;
	struct lws_context *ctx;
	struct lws_vhost *vhost;
	struct lws_protocol_vhost_options *pages; /* the fields of those of its own */
};

/* Lives as long as its wsi; hangs on it as opaque user data. */
struct http1_conn {
	struct door *door;
	struct lws *wsi;
	struct http_req *req; /* being read, handled or answered */
	bool left;            /* to be closed */
	bool head_sent;
	struct http_place own;
	struct http_place *place; /* NULL: its wire has ended */
	struct wire *wire;        /* or NULL */
	struct http1_conn **back;
	unsigned forwarded; /* requests that had the field so far */
	struct netaddr peer;
	bool known; /* peer is */
};

/* The library's word for the fields; -1: it has none, they are found by name. */
static const int token_of[HF__N] = {
	[HF_ACCEPT_ENCODING] = WSI_TOKEN_HTTP_ACCEPT_ENCODING,
	[HF_ACCEPT_LANGUAGE] = WSI_TOKEN_HTTP_ACCEPT_LANGUAGE,
	[HF_AUTHORIZATION] = WSI_TOKEN_HTTP_AUTHORIZATION,
	[HF_CONTENT_LENGTH] = WSI_TOKEN_HTTP_CONTENT_LENGTH,
	[HF_CONTENT_TYPE] = WSI_TOKEN_HTTP_CONTENT_TYPE,
	[HF_COOKIE] = WSI_TOKEN_HTTP_COOKIE,
	[HF_FORWARDED] = -1,
	[HF_HOST] = WSI_TOKEN_HOST,
	[HF_IF_MATCH] = WSI_TOKEN_HTTP_IF_MATCH,
	[HF_IF_NONE_MATCH] = WSI_TOKEN_HTTP_IF_NONE_MATCH,
	[HF_LAST_EVENT_ID] = -1,
	[HF_ORIGIN] = WSI_TOKEN_ORIGIN,
	[HF_SEC_FETCH_DEST] = -1,
	[HF_SEC_FETCH_MODE] = -1,
	[HF_SEC_FETCH_SITE] = -1,
	[HF_USER_AGENT] = WSI_TOKEN_HTTP_USER_AGENT,
	[HF_X_CSRF_TOKEN] = -1,
	[HF_X_ENTENTE_BACKGROUND] = -1,
	[HF_X_FORWARDED_FOR] = WSI_TOKEN_X_FORWARDED_FOR,
};

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

/* ---- requests ---- */

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

/* Their names end with a colon there. */
static int named_length(struct lws *wsi, const char *name, char colon[static 64])
{
	snprintf(colon, 64, "%s:", name);
	return lws_hdr_custom_length(wsi, colon, (int)strlen(colon));
}

static char *copy_named(struct lws *wsi, const char *name)
{
	char colon[64], *s;
	int n = named_length(wsi, name, colon);

	if (n < 0)
		return NULL;
	s = xmalloc((size_t)n + 1);
	if (lws_hdr_custom_copy(wsi, s, n + 1, colon, (int)strlen(colon)) < 0)
		*s = '\0';
	return s;
}

static void copy_args(struct http_req *r, struct lws *wsi)
{
	char *tmp = xmalloc(HTTP_HEAD_BYTES);
	int n;

	while (r->args < ARRAY_LEN(r->arg)) {
		n = lws_hdr_copy_fragment(
			wsi, tmp, HTTP_HEAD_BYTES, WSI_TOKEN_HTTP_URI_ARGS, (int)r->args);
		if (n < 0)
			break;
		r->arg[r->args++] = xstrdup(tmp);
	}
	free(tmp);
}

static bool came_through_proxy(struct lws *wsi)
{
	static const enum lws_token_indexes token[] = {
		WSI_TOKEN_X_FORWARDED_FOR, WSI_TOKEN_HTTP_VIA, WSI_TOKEN_HTTP_X_REAL_IP};
	char colon[64];

	for (size_t i = 0; i < ARRAY_LEN(token); i++)
		if (lws_hdr_total_length(wsi, token[i]) > 0)
			return true;
	for (size_t i = 0; i < http_proxy_field_n; i++)
		if (named_length(wsi, http_proxy_field[i], colon) >= 0)
			return true;
	return false;
}

static bool is_version(struct lws *wsi, const char *version)
{
	char *said = copy_token(wsi, WSI_TOKEN_HTTP);
	bool same = said && strcmp(said, version) == 0;

	free(said);
	return same;
}

/* See bridge_forwarded_lines(): one too many, and no more is believed on this connection. */
static void judge_forwarded(struct http1_conn *c, struct http_req *r)
{
	if (!r->field[HF_FORWARDED])
		return;
	c->forwarded++;
	if (c->wire && bridge_forwarded_lines(c->wire) == c->forwarded)
		return;
	free(r->field[HF_FORWARDED]);
	r->field[HF_FORWARDED] = xstrdup("unknown");
}

static void copy_fields(struct http1_conn *c, struct http_req *r)
{
	for (size_t i = 0; i < HF__N; i++)
		r->field[i] = token_of[i] < 0
				      ? copy_named(c->wsi, http_field_name[i])
				      : copy_token(c->wsi, (enum lws_token_indexes)token_of[i]);
	r->forwarded = came_through_proxy(c->wsi);
	r->old = is_version(c->wsi, "HTTP/1.0");
	judge_forwarded(c, r);
}

/* ---- answers ---- */

static void reply(struct http_req *r)
{
	struct http1_conn *c = r->conn;

	lws_callback_on_writable(c->wsi);
}

static void add_line(void *arg, const char *name, const char *value)
{
	buf_printf(arg, "%s: %s\r\n", name, value);
}

static void write_head_to(const struct http_req *r, struct buf *out)
{
	buf_printf(out, "HTTP/1.1 %u %s\r\n", r->status, http_reason(r->status));
	http_head_each(r, add_line, out);
	if (r->close)
		buf_str(out, "connection: close\r\n");
}

static int write_bytes(struct lws *wsi, struct slice s, enum lws_write_protocol how)
{
	unsigned char *copy = xmalloc(LWS_PRE + s.n);
	int wrote;

	slice_copy((char *)copy + LWS_PRE, s);
	/* What the socket does not take, libwebsockets keeps. */
	wrote = lws_write(wsi, copy + LWS_PRE, s.n, how);
	free(copy);
	return wrote < 0 ? -1 : 0;
}

static int write_head(struct lws *wsi, struct http_req *r)
{
	struct buf head = {0};
	int n;

	write_head_to(r, &head);
	if (r->status != 204 && r->status != 304)
		buf_printf(&head, "content-length: %zu\r\n", r->length);
	buf_str(&head, "\r\n");
	n = write_bytes(wsi, buf_slice(&head), LWS_WRITE_HTTP_HEADERS);
	buf_done(&head);
	return n;
}

static int write_chunk(struct lws *wsi, struct http_req *r)
{
	struct slice left = http_req_left(r), s = slice_cut(left, HTTP_WRITE_CHUNK);
	int n = write_bytes(wsi, s, left.n > s.n ? LWS_WRITE_HTTP : LWS_WRITE_HTTP_FINAL);

	http_req_sent(r, s.n);
	return n;
}

/* So long a client may take for what it was given. */
static void be_patient(struct http1_conn *c)
{
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, (int)c->door->http->limits.idle_secs);
}

static int on_writable(struct http1_conn *c)
{
	struct http_req *r = c->req;
	bool close_after;

	if (c->left)
		return -1;
	if (!r || r->state != REQ_ANSWERED)
		return 0;
	if (!c->head_sent) {
		if (write_head(c->wsi, r) < 0)
			return -1;
		c->head_sent = true;
	}
	if (http_req_left(r).n && write_chunk(c->wsi, r) < 0)
		return -1;
	if (http_req_left(r).n) {
		be_patient(c);
		lws_callback_on_writable(c->wsi);
		return 0;
	}
	close_after = r->close;
	c->req = NULL;
	http_req_free(r);
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
	struct http1_conn *c = r->conn;

	if (!c || (c->place && !http_place_stream(c->place)))
		return -1;
	lws_rx_flow_control(c->wsi, LWS_RXFLOW_REASON_FLAG_PROCESS_NOW);
	return fcntl(lws_get_socket_fd(c->wsi), F_DUPFD_CLOEXEC, 0);
}

/* The library closes its connection when we are back in the loop. */
static void leave_conn(struct http_req *r)
{
	struct http1_conn *c = r->conn;

	if (!c)
		return;
	c->req = NULL;
	c->left = true;
	r->conn = NULL;
	shutdown(lws_get_socket_fd(c->wsi), SHUT_RDWR); /* what the kernel has still goes out */
	lws_rx_flow_control(c->wsi, LWS_RXFLOW_REASON_FLAG_PROCESS_NOW | 1);
	lws_callback_on_writable(c->wsi);
}

static void on_pieces_over(void *arg, bool sent)
{
	struct http_req *r = arg;

	leave_conn(r);
	pieces_free(r->pieces);
	r->pieces = NULL;
	http_req_gone(r);
}

static void begin(struct http_req *r)
{
	struct buf head = {0};
	struct pieces_options o = {.chunked = !r->old,
		.head_only = http_req_head_only(r),
		.over = on_pieces_over,
		.arg = r};

	r->close = true;
	write_head_to(r, &head);
	buf_str(&head, o.chunked ? "transfer-encoding: chunked\r\n\r\n" : "\r\n");
	o.head = buf_slice(&head);
	r->pieces = pieces_new(r->http->loop, take_socket(r), &o);
	buf_done(&head);
}

static void put(struct http_req *r, struct slice bytes)
{
	pieces_put(r->pieces, bytes);
}

static size_t room(const struct http_req *r)
{
	return pieces_room(r->pieces);
}

static void end(struct http_req *r)
{
	pieces_end(r->pieces);
}

static int socket_of(const struct http_req *r)
{
	const struct http1_conn *c = r->conn;

	return lws_get_socket_fd(c->wsi);
}

static const struct http_carrier carrier = {
	.version = "1.1",
	.reply = reply,
	.begin = begin,
	.put = put,
	.room = room,
	.end = end,
	.fd = socket_of,
};

/* ---- reading ---- */

static void dispatch(struct http1_conn *c)
{
	/* The answer may take its time; the time a client has for its request is over. */
	lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
	http_req_dispatch(c->req);
}

/* The length of the body; SIZE_MAX when it is over the limit or not a number. */
static size_t body_length(const struct http_req *r)
{
	struct slice s = slice_of(r->field[HF_CONTENT_LENGTH]);
	uint64_t n = 0;

	return s.p && slice_u64(s, r->http->limits.body, &n) < 0 ? SIZE_MAX : (size_t)n;
}

static bool takes_body(int method)
{
	return method == LWSHUMETH_POST || method == LWSHUMETH_PUT || method == LWSHUMETH_PATCH;
}

static void judge_head(struct http1_conn *c, int method, size_t path_bytes)
{
	struct http_req *r = c->req;
	size_t body = body_length(r);

	/* libwebsockets takes what follows a POST without a length for its body. */
	r->close = takes_body(method) && !r->field[HF_CONTENT_LENGTH];
	if (!r->old && !is_version(c->wsi, "HTTP/1.1"))
		http_req_refuse(r, 505, "this is HTTP/1.1\n");
	else if (strlen(r->path) != path_bytes)
		http_req_refuse(r, 400, "the path has a NUL in it\n");
	else if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
		http_req_refuse(r, 411, "send the body with Content-Length\n");
	else if (body == SIZE_MAX)
		http_req_refuse(r, 413, "the body is too long\n");
	else if (body == 0)
		dispatch(c);
	else if (method == LWSHUMETH_GET || method == LWSHUMETH_HEAD)
		/* libwebsockets does not read it */
		http_req_refuse(r, 400, "this request has no body\n");
}

static int on_head(struct http1_conn *c)
{
	char *uri;
	int len, m = lws_http_get_uri_and_method(c->wsi, &uri, &len);

	if (c->req || m < 0 || (size_t)m >= ARRAY_LEN(method_name))
		return -1;
	c->req = http_req_new(
		c->door, &carrier, c, c->place, method_name[m], slice_make(uri, (size_t)len));
	c->head_sent = false;
	copy_fields(c, c->req);
	copy_args(c->req, c->wsi);
	http_req_place(c->req, c->known ? &c->peer : NULL);
	judge_head(c, m, (size_t)len);
	return 0;
}

static void on_body(struct http1_conn *c, const void *p, size_t n)
{
	if (c->req && c->req->state == REQ_READING)
		http_req_body(c->req, p, n);
}

static void on_body_end(struct http1_conn *c)
{
	if (!c->req || c->req->state != REQ_READING)
		return;
	if (c->req->body.over)
		http_req_refuse(c->req, 413, "the body is too long\n");
	else
		dispatch(c);
}

static void cut_pieces(struct http_req *r)
{
	pieces_free(r->pieces);
	r->pieces = NULL;
}

static void conn_gone(struct http1_conn *c)
{
	if (c->req) {
		cut_pieces(c->req);
		http_req_cut(c->req);
	}
	if (c->back)
		*c->back = NULL;
	http_place_leave(&c->own);
	free(c);
}

static int on_event(
	struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t len)
{
	struct http1_conn *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	if (!c)
		return 0;
	switch (why) {
	case LWS_CALLBACK_HTTP:
		return on_head(c);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return -1; /* neither websockets nor HTTP/2 in clear: nothing would ever end them */
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

/* ---- connections ---- */

static struct http1_conn *adopt(struct door *d, int fd)
{
	struct http1_conn *c;
	struct lws *wsi = lws_adopt_socket_vhost(d->http->http1->vhost, fd);

	if (!wsi)
		return NULL; /* it has closed fd */
	c = xzalloc(sizeof *c);
	c->door = d;
	c->wsi = wsi;
	lws_set_opaque_user_data(wsi, c);
	return c;
}

void http1_accept(struct door *d, int fd, const struct netaddr *peer)
{
	struct http_place place;
	struct http1_conn *c;

	if (!http_place_take(&place, d, peer)) {
		close(fd);
		return;
	}
	c = adopt(d, fd);
	if (!c) {
		http_place_leave(&place);
		return;
	}
	c->own = place;
	c->place = &c->own;
	c->known = peer;
	if (peer)
		c->peer = *peer;
}

void http1_join(struct wire *w, int fd, struct http1_conn **back)
{
	struct http1_conn *c = adopt(wire_door(w), fd);

	*back = c;
	if (!c)
		return;
	c->wire = w;
	c->place = wire_place(w);
	c->peer = *wire_peer(w);
	c->known = true;
	c->back = back;
}

void http1_leave(struct http1_conn *c)
{
	c->back = NULL;
	c->wire = NULL;
	c->place = NULL;
	if (c->req)
		c->req->place = NULL;
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

/* The library answers some mistakes by itself. */
static struct lws_protocol_vhost_options *make_pages(void)
{
	struct lws_protocol_vhost_options *v;
	size_t n = 0;

	while (http_head_error[n].name)
		n++;
	v = xcalloc(n, sizeof *v);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct lws_protocol_vhost_options){
			.next = i + 1 < n ? &v[i + 1] : NULL,
			.name = http_head_error[i].name,
			.value = http_head_error[i].value,
		};
	return v;
}

int http1_new(struct http1 **ret, struct http *h, struct err *e)
{
	struct http1 *x = xzalloc(sizeof *x);
	const struct http_limits *limits = &h->limits;
	unsigned most = HTTP_DOORS_MAX * limits->connections + 2 * limits->streams;
	void *foreign[] = {loop_uv(h->loop)};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.foreign_loops = foreign,
		.pcontext = &x->ctx,
		.count_threads = 1,
		/* All listeners full: those of one must not keep those of the other out. Without a
		 * number, a table of RLIMIT_NOFILE entries is made. */
		.fd_limit_per_thread = most + FDS_OWN,
		.max_http_header_data2 = HTTP_HEAD_BYTES,
		.max_http_header_pool = (unsigned short)most,
		.timeout_secs = limits->request_secs,
		.timeout_secs_ah_idle =
			limits->request_secs, /* while a head or a body is awaited */
		.keepalive_timeout = (int)limits->idle_secs,
		.vhost_name = "admin",
		.headers = x->pages = make_pages(),
	};

	*ret = x;
	x->http = h;
	lws_set_log_level(LLL_ERR | LLL_WARN, on_library_log);
	x->ctx = lws_create_context(&info);
	if (x->ctx)
		x->vhost = lws_create_vhost(x->ctx, &info);
	if (x->vhost)
		return 0;
	return err_set(e, ERR_INTERNAL,
		"libwebsockets did not start; is its libuv plugin (libwebsockets-evlib-uv) "
		"installed?");
}

/*
 * On a loop that is not its own, libwebsockets starts closing its handles when it is told to end
 * the first time, needs turns of the loop for their close callbacks, and frees the rest the second
 * time.
 */
void http1_free(struct http1 *x)
{
	if (!x)
		return;
	if (x->ctx)
		lws_context_destroy(x->ctx);
	for (int turns = 0; turns < 8; turns++)
		loop_turn(x->http->loop, false);
	if (x->ctx)
		lws_context_destroy(x->ctx);
	free(x->pages);
	free(x);
}
