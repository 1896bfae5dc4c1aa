#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http_priv.h"
#include "base/mem.h"

/* HTTP/2 inside TLS: the one file that knows nghttp2. */
enum {
	STREAMS_MAX = 100,       /* of a connection, at once */
	WAITING_MAX = 64 * 1024, /* given to the connection ahead of what it has sent */
	HEADER_OVERHEAD = 32,    /* of each field (RFC 9113 6.5.2) */
	TICK_MS = 1000,
};

struct http2 {
	struct wire *wire;
	nghttp2_session *session;
	struct list streams;
	unsigned n_streams;
	struct loop_task send;
	struct loop_timer tick;
	uint64_t idle_since;
	bool ending; /* nothing is written or read any more */
};

struct stream {
	struct list node;
	struct http2 *h2;
	int32_t id;
	struct http_req *req;
	size_t head_bytes;
	bool bad_target, bad_method;
	bool complete;     /* the request is */
	bool streaming;    /* counted as an answer in pieces */
	uint64_t deadline; /* of the request; then of the client's taking some of the answer */
};

static uint64_t now(const struct http2 *x)
{
	return loop_now(wire_http(x->wire)->loop);
}

static uint64_t idle_ms(const struct http2 *x)
{
	return wire_http(x->wire)->limits.idle_secs * 1000ull;
}

static void send_soon(struct http2 *x)
{
	loop_task_queue(wire_http(x->wire)->loop, &x->send);
}

static void reset(struct stream *s, uint32_t code)
{
	nghttp2_submit_rst_stream(s->h2->session, NGHTTP2_FLAG_NONE, s->id, code);
	send_soon(s->h2);
}

/* ---- answers ---- */

struct fields {
	nghttp2_nv *v;
	size_t n;
};

static void add_field(void *arg, const char *name, const char *value)
{
	struct fields *f = arg;

	f->v = xrealloc(f->v, (f->n + 1) * sizeof *f->v);
	f->v[f->n++] = (nghttp2_nv){
		.name = (uint8_t *)xstrdup(name),
		.value = (uint8_t *)xstrdup(value),
		.namelen = strlen(name),
		.valuelen = strlen(value),
	};
}

static void fields_done(struct fields *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].value);
	}
	free(f->v);
}

static ssize_t read_answer(nghttp2_session *session, int32_t id, uint8_t *to, size_t length,
	uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct stream *s = source->ptr;
	struct http_req *r = s->req;
	struct slice part = slice_cut(http_req_left(r), length);

	s->deadline = now(s->h2) + idle_ms(s->h2);
	slice_copy((char *)to, part);
	http_req_sent(r, part.n);
	if (http_req_left(r).n)
		return (ssize_t)part.n;
	buf_done(&r->out);
	if (r->state == REQ_ANSWERED || r->ended)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else if (!part.n)
		return NGHTTP2_ERR_DEFERRED;
	return (ssize_t)part.n;
}

static void submit(struct http_req *r, bool body)
{
	struct stream *s = r->conn;
	nghttp2_data_provider provider = {.source.ptr = s, .read_callback = read_answer};
	struct fields f = {0};
	char text[24];

	snprintf(text, sizeof text, "%u", r->status);
	add_field(&f, ":status", text);
	http_head_each(r, add_field, &f);
	if (r->state == REQ_ANSWERED && r->status != 204 && r->status != 304) {
		snprintf(text, sizeof text, "%zu", r->length);
		add_field(&f, "content-length", text);
	}
	s->deadline = now(s->h2) + idle_ms(s->h2);
	nghttp2_submit_response(s->h2->session, s->id, f.v, f.n, body ? &provider : NULL);
	fields_done(&f);
	send_soon(s->h2);
}

static void reply(struct http_req *r)
{
	submit(r, http_req_left(r).n > 0);
}

static void begin(struct http_req *r)
{
	struct stream *s = r->conn;

	s->streaming = http_place_stream(r->place);
	if (s->streaming)
		submit(r, !http_req_head_only(r));
	else
		reset(s, NGHTTP2_REFUSED_STREAM); /* it is gone when that is out */
}

static size_t room(const struct http_req *r)
{
	const struct stream *s = r->conn;
	size_t held = r->out.n;

	return !s->streaming || held > HTTP_STREAM_BYTES ? 0 : HTTP_STREAM_BYTES - held;
}

static void put(struct http_req *r, struct slice bytes)
{
	struct stream *s = r->conn;

	if (!s->streaming || http_req_head_only(r))
		return;
	if (bytes.n > room(r)) {
		s->streaming = false;
		http_place_unstream(r->place);
		buf_done(&r->out);
		reset(s, NGHTTP2_ENHANCE_YOUR_CALM);
		return;
	}
	if (!r->out.n)
		s->deadline = now(s->h2) + idle_ms(s->h2);
	buf_slice_add(&r->out, bytes);
	nghttp2_session_resume_data(s->h2->session, s->id);
	send_soon(s->h2);
}

static void end(struct http_req *r)
{
	struct stream *s = r->conn;

	nghttp2_session_resume_data(s->h2->session, s->id);
	send_soon(s->h2);
}

static const struct http_carrier carrier = {
	.version = "2", .reply = reply, .begin = begin, .put = put, .room = room, .end = end};

/* ---- requests ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct http2 *x = arg;
	struct stream *s;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	s = xzalloc(sizeof *s);
	s->h2 = x;
	s->id = frame->hd.stream_id;
	s->bad_method = s->bad_target = true;
	s->deadline = now(x) + wire_http(x->wire)->limits.request_secs * 1000ull;
	s->req = http_req_new(wire_door(x->wire), &carrier, s, wire_place(x->wire), "GET", SL(""));
	list_append(&x->streams, &s->node);
	x->n_streams++;
	nghttp2_session_set_stream_user_data(session, s->id, s);
	return 0;
}

static void on_pseudo(struct stream *s, struct slice name, struct slice value)
{
	const char *method;

	if (slice_eqz(name, ":method")) {
		method = http_method_name(value);
		s->bad_method = !method;
		if (method)
			s->req->method = method;
	} else if (slice_eqz(name, ":path")) {
		s->bad_target = http_req_target(s->req, value) < 0;
	} else if (slice_eqz(name, ":authority")) {
		http_req_field(s->req, SL("host"), value);
	}
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	struct slice n = slice_make(name, name_bytes), v = slice_make(value, value_bytes);

	if (!s || s->req->state != REQ_READING || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0; /* trailers say nothing here */
	s->head_bytes += name_bytes + value_bytes + HEADER_OVERHEAD;
	if (s->head_bytes > HTTP_HEAD_BYTES)
		return 0;
	if (*n.p == ':')
		on_pseudo(s, n, v);
	/* Beside :authority it is a repetition (RFC 9113 8.3.1), or a second opinion. */
	else if (!slice_eqz(n, "host") || !slice_eq(v, slice_of(s->req->field[HF_HOST])))
		http_req_field(s->req, n, v);
	return 0;
}

static size_t body_length(const struct http_req *r)
{
	struct slice s = slice_of(r->field[HF_CONTENT_LENGTH]);
	uint64_t n = 0;

	return s.p && slice_u64(s, r->http->limits.body, &n) < 0 ? SIZE_MAX : (size_t)n;
}

static void on_head(struct stream *s)
{
	struct http_req *r = s->req;
	bool reads = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;

	http_req_place(r, wire_peer(s->h2->wire));
	if (s->head_bytes > HTTP_HEAD_BYTES)
		http_req_refuse(r, 431, "the header is too long\n");
	else if (s->bad_method)
		http_req_refuse(r, 501, "there is no such method\n");
	else if (s->bad_target)
		http_req_refuse(r, 400, "the path is not well-formed\n");
	else if (body_length(r) == SIZE_MAX)
		http_req_refuse(r, 413, "the body is too long\n");
	else if (s->complete)
		http_req_dispatch(r);
	else if (reads)
		http_req_refuse(r, 400, "this request has no body\n");
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	bool head = frame->hd.type == NGHTTP2_HEADERS;

	if (!s || (!head && frame->hd.type != NGHTTP2_DATA))
		return 0;
	s->complete |= frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	if (s->req->state != REQ_READING)
		return 0;
	if (head && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		on_head(s);
	else if (s->complete)
		http_req_dispatch(s->req);
	return 0;
}

static int on_body(
	nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, id);

	if (s && s->req->state == REQ_READING && http_req_body(s->req, p, n) < 0)
		http_req_refuse(s->req, 413, "the body is too long\n");
	return 0;
}

/* An answer that came before its request was there: the rest of that is not wanted (RFC 9113 8.1).
 */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	if (s && !s->complete && frame->hd.flags & NGHTTP2_FLAG_END_STREAM &&
		(frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA))
		reset(s, NGHTTP2_NO_ERROR);
	return 0;
}

static void stream_free(struct stream *s)
{
	struct http2 *x = s->h2;
	struct http_req *r = s->req;

	if (s->streaming)
		http_place_unstream(wire_place(x->wire));
	list_remove(&s->node);
	if (--x->n_streams == 0)
		x->idle_since = now(x);
	free(s);
	http_req_cut(r);
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(session, id);

	if (s)
		stream_free(s);
	return 0;
}

/* ---- the session ---- */

static void on_send(void *arg)
{
	struct http2 *x = arg;
	const uint8_t *p;
	ssize_t n = 0;

	while (!x->ending && wire_pending(x->wire) < WAITING_MAX &&
		(n = nghttp2_session_mem_send(x->session, &p)) > 0)
		wire_write(x->wire, slice_make(p, (size_t)n));
	if (x->ending)
		return;
	if (n < 0) {
		x->ending = true;
		wire_kill(x->wire);
	} else if (!nghttp2_session_want_read(x->session) &&
		   !nghttp2_session_want_write(x->session)) {
		x->ending = true;
		wire_end(x->wire);
	}
}

static void on_data(void *arg, struct slice bytes)
{
	struct http2 *x = arg;

	if (x->ending)
		return;
	/* What was wrong goes out as GOAWAY, and then nothing is wanted any more. */
	if (nghttp2_session_mem_recv(x->session, (const uint8_t *)bytes.p, bytes.n) < 0)
		nghttp2_session_terminate_session(x->session, NGHTTP2_PROTOCOL_ERROR);
	send_soon(x);
}

static void on_flushed(void *arg)
{
	send_soon(arg);
}

/* Who is slow to ask, or to take what he asked for. */
static bool is_late(const struct stream *s)
{
	const struct http_req *r = s->req;

	return (r->state == REQ_READING || http_req_left(r).n) && now(s->h2) > s->deadline;
}

static void on_tick(void *arg)
{
	struct http2 *x = arg;

	list_each(&x->streams, it) {
		struct stream *s = container_of(it, struct stream, node);

		if (is_late(s))
			reset(s, NGHTTP2_CANCEL);
	}
	if (!x->n_streams && now(x) - x->idle_since > idle_ms(x)) {
		nghttp2_session_terminate_session(x->session, NGHTTP2_NO_ERROR);
		send_soon(x);
	}
	loop_timer_in(&x->tick, TICK_MS);
}

static void http2_free(void *arg)
{
	struct http2 *x = arg;
	struct list *it;

	x->ending = true;
	loop_task_stop(&x->send);
	loop_timer_stop(&x->tick);
	while ((it = list_first(&x->streams)))
		stream_free(container_of(it, struct stream, node));
	loop_task_stop(&x->send);
	nghttp2_session_del(x->session);
	free(x);
}

const struct wire_ops http2_ops = {.data = on_data, .flushed = on_flushed, .free = http2_free};

static nghttp2_session *new_session(struct http2 *x)
{
	nghttp2_session_callbacks *cb;
	nghttp2_session *session;
	nghttp2_option *option;

	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_body);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_option_new(&option);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_session_server_new2(&session, cb, x, option);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(cb);
	return session;
}

void *http2_new(struct wire *w)
{
	static const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEAD_BYTES},
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
	};
	struct http2 *x = xzalloc(sizeof *x);

	x->wire = w;
	list_init(&x->streams);
	loop_task_init(&x->send, on_send, x);
	loop_timer_init(&x->tick, wire_http(w)->loop, on_tick, x);
	loop_timer_in(&x->tick, TICK_MS);
	x->idle_since = now(x);
	x->session = new_session(x);
	nghttp2_submit_settings(x->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings));
	send_soon(x);
	return x;
}
