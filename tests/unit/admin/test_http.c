#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <assert.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "admin/http.h"
#include "base/mem.h"
#include "loop/loop.h"

enum { BODY_LIMIT = 1000, CONNECTIONS = 4, REQUEST_SECS = 1, IDLE_SECS = 1 };

static struct http *http;
static struct loop *loop;
static struct sockaddr_un at = {.sun_family = AF_UNIX};
static struct buf seen;       /* what the handler was asked */
static struct http_req *held; /* a request the handler keeps */
static struct loop_call wake;

static void show(const struct http_req *r)
{
	buf_printf(&seen, "%.*s %.*s q=%.*s m=%.*s b=%.*s%s\n", SLARG(http_method(r)),
		SLARG(http_path(r)), SLARG(http_query(r, "q")), SLARG(http_header(r, "if-match")),
		SLARG(http_body(r)), http_forwarded(r) ? " forwarded" : "");
}

static void big_answer(struct http_req *r)
{
	struct buf body = {0};

	for (int i = 0; i < 100000; i++)
		buf_printf(&body, "%09d\n", i);
	http_reply(r, 200, "text/plain", &body);
}

static char still[300000];

static void still_answer(struct http_req *r)
{
	for (size_t i = 0; i < sizeof still; i++)
		still[i] = (char)('a' + i % 23);
	http_reply_still(r, 200, "text/plain", slice_make(still, sizeof still));
}

/* ---- an answer in pieces: the test says what comes next ---- */

static struct {
	struct http_req *req; /* NULL: ended, or none */
	unsigned gone;
	bool end_when_gone;
	size_t put; /* bytes */
} stream;

static void stream_end(void)
{
	http_stream_end(stream.req);
	stream.req = NULL;
}

static void on_gone(void *arg)
{
	assert_ptr_equal(arg, &stream);
	stream.gone++;
	if (stream.end_when_gone)
		stream_end();
	loop_stop(loop);
}

static void stream_begin(struct http_req *r)
{
	stream.req = r;
	stream.gone = 0;
	stream.put = 0;
	http_stream_begin(r, "application/x-ndjson", on_gone, &stream);
	http_stream_put(r, SL("one\n"));
}

static void on_request(void *arg, struct http_req *r)
{
	struct buf body = {0};

	show(r);
	if (slice_eqz(http_path(r), "/stream")) {
		stream_begin(r);
		return;
	}
	if (slice_eqz(http_path(r), "/hold")) {
		held = r;
		return;
	}
	if (slice_eqz(http_path(r), "/big")) {
		big_answer(r);
		return;
	}
	if (slice_eqz(http_path(r), "/still")) {
		still_answer(r);
		return;
	}
	http_reply_header(r, "etag", "\"7\"");
	buf_str(&body, "hello\n");
	http_reply(r, slice_eqz(http_path(r), "/missing") ? 404 : 200, "text/plain", &body);
}

/* ---- a client on a thread of its own ---- */

struct client {
	const char *send;
	struct buf got;
	size_t want; /* bytes to wait for; 0: until the server closes */
};

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
	return fd;
}

static void send_all(int fd, struct slice s)
{
	ssize_t k;

	for (; s.n && (k = send(fd, s.p, s.n, MSG_NOSIGNAL)) > 0; s = slice_from(s, (size_t)k))
		;
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	int fd = dial();
	char tmp[4096];
	ssize_t n;

	send_all(fd, slice_of(c->send));
	while ((!c->want || c->got.n < c->want) && (n = read(fd, tmp, sizeof tmp)) > 0)
		buf_add(&c->got, tmp, (size_t)n);
	close(fd);
	loop_stop(loop);
	return NULL;
}

static char *exchange(const char *request, size_t want)
{
	struct client c = {.send = request, .want = want};
	pthread_t t;
	char *got;

	buf_reset(&seen);
	assert_int_equal(pthread_create(&t, NULL, client_main, &c), 0);
	loop_run(loop);
	pthread_join(t, NULL);
	got = buf_dup(&c.got);
	buf_done(&c.got);
	return got;
}

static void saw(const char *expected)
{
	char *s = buf_dup(&seen);

	assert_string_equal(s, expected);
	free(s);
}

static int listen_unix(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	unlink(at.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static int start(void **state)
{
	static const struct http_limits limits = {BODY_LIMIT, CONNECTIONS, REQUEST_SECS, IDLE_SECS};
	struct err e;

	loop = loop_new("admin");
	assert_int_equal(http_new(&http, loop, limits, &e), 0);
	http_serve(http, listen_unix(), HTTP_UNIX, on_request, NULL);
	return 0;
}

static int stop(void **state)
{
	http_free(http);
	loop_free(loop);
	buf_done(&seen);
	unlink(at.sun_path);
	return 0;
}

/* ---- tests ---- */

#define CLOSING "Host: x\r\nConnection: close\r\n"

static void a_request_is_read_and_answered(void **state)
{
	char *got = exchange(
		"GET /a%20b/c?q=x%26y%3D1&z HTTP/1.1\r\nIf-Match: \"3\"\r\n" CLOSING "\r\n", 0);

	saw("GET /a b/c q=x&y=1 m=\"3\" b=\n");
	assert_true(slice_starts(slice_of(got), SL("HTTP/1.1 200 OK\r\n")));
	assert_non_null(strstr(got, "\r\netag: \"7\"\r\n"));
	assert_non_null(strstr(got, "\r\ncontent-length: 6\r\n"));
	assert_non_null(strstr(got, "\r\ncache-control: no-store\r\n"));
	assert_null(strstr(got, "\r\nserver:"));
	assert_true(slice_ends(slice_of(got), SL("\r\n\r\nhello\n")));
	free(got);
}

static void every_method_arrives_by_its_name(void **state)
{
	static const char *const method[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

	for (size_t i = 0; i < ARRAY_LEN(method); i++) {
		char *ask = xasprintf("%s /x HTTP/1.1\r\n" CLOSING "\r\n", method[i]);
		char *expected = xasprintf("%s /x q= m= b=\n", method[i]);

		free(exchange(ask, 0));
		saw(expected);
		free(ask);
		free(expected);
	}
}

static void head_is_answered_without_a_body(void **state)
{
	char *got = exchange("HEAD /x HTTP/1.1\r\n" CLOSING "\r\n", 0);

	assert_non_null(strstr(got, "\r\ncontent-length: 6\r\n"));
	assert_true(slice_ends(slice_of(got), SL("\r\n\r\n")));
	free(got);
}

static void a_body_is_read_with_every_method(void **state)
{
	free(exchange("PATCH /x HTTP/1.1\r\nContent-Length: 5\r\n" CLOSING "\r\nabcde", 0));
	saw("PATCH /x q= m= b=abcde\n");
	free(exchange("DELETE /x HTTP/1.1\r\nContent-Length: 2\r\n" CLOSING "\r\n{}", 0));
	saw("DELETE /x q= m= b={}\n");
}

static void a_body_over_the_limit_is_refused(void **state)
{
	char *got = exchange("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 0);

	assert_true(slice_starts(slice_of(got), SL("HTTP/1.1 413 ")));
	assert_non_null(strstr(got, "\r\nconnection: close\r\n"));
	saw("");
	free(got);
	got = exchange("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 0);
	assert_true(slice_starts(slice_of(got), SL("HTTP/1.1 413 ")));
	free(got);
}

static void a_chunked_body_is_refused(void **state)
{
	char *got = exchange("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "5\r\nabcde\r\n0\r\n\r\n",
		0);

	assert_true(slice_starts(slice_of(got), SL("HTTP/1.1 411 ")));
	saw("");
	free(got);
}

static void requests_that_follow_on_one_connection_are_answered_in_order(void **state)
{
	static const char two[] = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
				  "GET /missing HTTP/1.1\r\n" CLOSING "\r\n";
	char *got = exchange(two, 0);
	char *second;

	saw("GET /1 q= m= b=\nGET /missing q= m= b=\n");
	second = strstr(got, "HTTP/1.1 404");
	assert_non_null(second);
	assert_true(strstr(got, "HTTP/1.1 200") < second);
	free(got);
}

static void answer_held(struct loop_call *c)
{
	struct buf body = {0};

	if (!held) {
		loop_post(loop, c); /* the request has not arrived yet */
		return;
	}
	buf_str(&body, "later\n");
	http_reply(held, 200, "text/plain", &body);
	held = NULL;
}

static void an_answer_may_come_later_and_holds_back_the_next_request(void **state)
{
	char *got;

	wake.fn = answer_held;
	loop_post(loop, &wake);
	got = exchange(
		"GET /hold HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n" CLOSING "\r\n", 0);
	saw("GET /hold q= m= b=\nGET /2 q= m= b=\n");
	assert_true(strstr(got, "later\n") < strstr(got, "hello\n"));
	free(got);
}

static void a_long_answer_arrives_whole(void **state)
{
	char *got = exchange("GET /big HTTP/1.1\r\n" CLOSING "\r\n", 0);
	char *body = strstr(got, "\r\n\r\n") + 4;

	assert_int_equal(strlen(body), 1000000);
	assert_string_equal(body + 999990, "000099999\n");
	free(got);
}

static void one_that_is_not_copied_arrives_whole(void **state)
{
	char *got = exchange("GET /still HTTP/1.1\r\n" CLOSING "\r\n", 0);
	char *body = strstr(got, "\r\n\r\n") + 4;

	assert_int_equal(strlen(body), sizeof still);
	assert_memory_equal(body, still, sizeof still);
	free(got);
	got = exchange("HEAD /still HTTP/1.1\r\n" CLOSING "\r\n", 0);
	assert_non_null(strstr(got, "content-length: 300000\r\n"));
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
	free(got);
}

static void proxies_are_noticed(void **state)
{
	static const char *const field[] = {"Forwarded", "Via", "X-Forwarded-For",
		"X-Forwarded-Host", "X-FORWARDED-PROTO", "x-forwarded-server", "X-Real-IP",
		"X-Forwarded-User", "X-Client-IP", "X-Original-URL"};

	for (size_t i = 0; i < ARRAY_LEN(field); i++) {
		char *ask = xasprintf("GET /x HTTP/1.1\r\n%s: for=1\r\n" CLOSING "\r\n", field[i]);

		free(exchange(ask, 0));
		saw("GET /x q= m= b= forwarded\n");
		free(ask);
	}
	free(exchange("GET /x HTTP/1.1\r\nX-Other: 1\r\n" CLOSING "\r\n", 0));
	saw("GET /x q= m= b=\n");
}

static void garbage_ends_the_connection_and_nothing_else(void **state)
{
	static const char *const junk[] = {"\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n",
		"GET /x HTTP/1.1\r\n: \r\n\r\n", "BREW /x HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /a%00b HTTP/1.1\r\n" CLOSING "\r\n"};

	for (size_t i = 0; i < ARRAY_LEN(junk); i++) {
		char *got = exchange(junk[i], 1);

		assert_null(strstr(got, "hello"));
		free(got);
	}
	free(exchange("GET /x HTTP/1.1\r\n" CLOSING "\r\n", 0));
	saw("GET /x q= m= b=\n");
}

static const char *const slow[] = {"", "GET /x HT", "GET /x HTTP/1.1\r\nHost: x\r\n",
	"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"};

static void a_request_that_does_not_end_is_dropped(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		char *got = exchange(slow[i], 0);

		assert_string_equal(got, "");
		saw("");
		free(got);
	}
}

static void an_idle_connection_is_closed(void **state)
{
	char *got = exchange("GET /x HTTP/1.1\r\nHost: x\r\n\r\n", 0);

	assert_true(slice_ends(slice_of(got), SL("\r\n\r\nhello\n")));
	free(got);
}

static int idle[CONNECTIONS];

static void make_room(void *arg)
{
	saw(""); /* the request has been waiting, although it was sent before */
	close(idle[0]);
}

static void when_all_connections_are_taken_the_next_waits(void **state)
{
	struct loop_timer t;
	char *got;

	for (int i = 0; i < CONNECTIONS; i++)
		idle[i] = dial();
	loop_timer_init(&t, loop, make_room, NULL);
	loop_timer_in(&t, 100);
	got = exchange("GET /x HTTP/1.1\r\n" CLOSING "\r\n", 0);
	assert_non_null(strstr(got, "hello"));
	for (int i = 1; i < CONNECTIONS; i++)
		close(idle[i]);
	free(got);
}

/* libwebsockets is told of few descriptors, so that it makes no table of all there may be. */
static void descriptors_with_high_numbers_work(void **state)
{
	struct rlimit lim;
	int fill[600], n = 0;
	char *got;

	getrlimit(RLIMIT_NOFILE, &lim);
	lim.rlim_cur = lim.rlim_max < 4096 ? lim.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &lim);
	while (n < 600 && (fill[n] = dup(0)) >= 0)
		n++;
	assert_true(fill[n - 1] > 256);
	got = exchange("GET /x HTTP/1.1\r\n" CLOSING "\r\n", 0);
	assert_non_null(strstr(got, "hello"));
	free(got);
	while (n)
		close(fill[--n]);
}

/* Each listener has its own connections: whoever takes all of one leaves the others as they are. */
static void a_full_listener_does_not_hold_up_another(void **state)
{
	static const struct http_limits limits = {BODY_LIMIT, 300, 60, 60};
	struct rlimit lim = {4096, 4096};
	int taken[300];
	struct err e;
	char *got;

	setrlimit(RLIMIT_NOFILE, &lim);
	http_free(http);
	assert_int_equal(http_new(&http, loop, limits, &e), 0);
	http_serve(http, listen_unix(), HTTP_UNIX, on_request, NULL);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		taken[i] = dial();
		loop_turn(loop, false);
	}
	http_serve(http, listen_unix(), HTTP_UNIX, on_request, NULL);
	got = exchange("GET /x HTTP/1.1\r\n" CLOSING "\r\n", 0);
	assert_non_null(strstr(got, "hello"));
	free(got);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		close(taken[i]);
}

static void no_other_protocol_is_begun(void **state)
{
	static const char *const upgrade[] = {
		"websocket\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
		"Sec-WebSocket-Version: 13\r\nConnection: Upgrade",
		"h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings"};

	for (size_t i = 0; i < ARRAY_LEN(upgrade); i++) {
		char *ask = xasprintf(
			"GET /x HTTP/1.1\r\nHost: x\r\nUpgrade: %s\r\n\r\n", upgrade[i]);
		char *got = exchange(ask, 0);

		assert_null(strstr(got, " 101 "));
		free(got);
		free(ask);
	}
}

static void a_get_with_a_body_is_refused(void **state)
{
	char *got = exchange(
		"GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 23\r\n\r\nGET /y HTTP/1.1\r\nA: b\r\n",
		0);

	assert_true(slice_starts(slice_of(got), SL("HTTP/1.1 400 ")));
	saw("");
	free(got);
}

static void ending_closes_what_is_open(void **state)
{
	struct buf body = {0};
	int fd = dial(), half = dial();
	char c;

	send_all(fd, SL("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
	send_all(half, SL("POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"));
	while (!held)
		loop_turn(loop, true);
	http_free(http);
	http = NULL;
	assert_true(read(fd, &c, 1) <= 0);
	assert_true(read(half, &c, 1) <= 0);
	buf_str(&body, "too late");
	http_reply(held, 200, "text/plain", &body);
	held = NULL;
	close(fd);
	close(half);
}

/* ---- answers in pieces ---- */

/* A client that tells the loop when it has got so much, and goes on until the end. */
struct watcher {
	const char *send;
	const char *until; /* then... */
	void (*then)(struct loop_call *c);
	struct loop_call call;
	struct buf got;
	bool leaves; /* ... it closes instead of reading on */
};

static bool has(const struct buf *b, const char *text)
{
	return slice_contains(buf_slice(b), slice_of(text));
}

static void *watcher_main(void *arg)
{
	struct watcher *w = arg;
	int fd = dial();
	char tmp[4096];
	bool told = false;
	ssize_t n;

	send_all(fd, slice_of(w->send));
	while ((n = read(fd, tmp, sizeof tmp)) > 0) {
		buf_add(&w->got, tmp, (size_t)n);
		if (told || !has(&w->got, w->until))
			continue;
		told = true;
		if (w->leaves)
			break;
		loop_post(loop, &w->call);
	}
	close(fd);
	if (!w->leaves)
		loop_stop(loop);
	return NULL;
}

static char *watch(struct watcher *w)
{
	pthread_t t;
	char *got;

	w->call.fn = w->then;
	assert_int_equal(pthread_create(&t, NULL, watcher_main, w), 0);
	loop_run(loop);
	pthread_join(t, NULL);
	got = buf_dup(&w->got);
	buf_done(&w->got);
	return got;
}

/* Runs when the client has read the first line: so that was not kept back. */
static void two_and_end(struct loop_call *c)
{
	http_stream_put(stream.req, SL("two\n"));
	http_stream_put(stream.req, SL_NONE);
	stream_end();
}

#define ASK_STREAM "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"

static void pieces_are_sent_as_they_come(void **state)
{
	struct watcher w = {.send = ASK_STREAM, .until = "one\n", .then = two_and_end};
	char *got = watch(&w);

	assert_true(slice_starts(slice_of(got), SL("HTTP/1.1 200 OK\r\n")));
	assert_non_null(strstr(got, "\r\ntransfer-encoding: chunked\r\n"));
	assert_non_null(strstr(got, "\r\ncontent-type: application/x-ndjson\r\n"));
	assert_null(strstr(got, "content-length"));
	assert_true(slice_ends(slice_of(got),
		SL("\r\n\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n")));
	assert_int_equal(stream.gone, 0);
	free(got);
}

static void an_old_client_gets_them_without_chunks(void **state)
{
	struct watcher w = {.send = "GET /stream HTTP/1.0\r\nHost: x\r\n\r\n",
		.until = "one\n",
		.then = two_and_end};
	char *got = watch(&w);

	assert_null(strstr(got, "transfer-encoding"));
	assert_true(slice_ends(slice_of(got), SL("\r\n\r\none\ntwo\n")));
	free(got);
}

static void end_later(void *arg)
{
	stream_end();
}

/* The time a client has for its request (a second) is not that of the answer. */
static void they_may_take_longer_than_a_request(void **state)
{
	struct watcher w = {.send = ASK_STREAM, .until = "never"};
	struct timespec before, after;
	struct loop_timer t;
	char *got;

	loop_timer_init(&t, loop, end_later, NULL);
	loop_timer_in(&t, 1000 * REQUEST_SECS + 700);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	got = watch(&w);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	assert_true(after.tv_sec - before.tv_sec < 1); /* nothing spins meanwhile */
	assert_true(slice_ends(slice_of(got), SL("4\r\none\n\r\n0\r\n\r\n")));
	free(got);
}

static void who_goes_away_is_noticed(void **state)
{
	struct watcher w = {.send = ASK_STREAM, .until = "one\n", .leaves = true};

	stream.end_when_gone = true;
	free(watch(&w));
	assert_int_equal(stream.gone, 1);
	assert_null(stream.req);
	stream.end_when_gone = false;
	free(watch(&w));
	assert_int_equal(stream.gone, 1);
	assert_int_equal(http_stream_room(stream.req), 0);
	http_stream_put(stream.req, SL("nobody reads it\n"));
	stream_end();
}

static void put_more(void *arg)
{
	static const char piece[8192];
	struct loop_timer *t = arg;

	if (!stream.req) { /* not begun */
		loop_timer_in(t, 1);
		return;
	}
	for (int i = 0; i < 16; i++) {
		http_stream_put(stream.req, slice_make(piece, sizeof piece));
		stream.put += sizeof piece;
	}
	assert_true(stream.put < 16 * HTTP_STREAM_BYTES); /* what the sockets hold, and ours */
	if (!stream.gone)
		loop_timer_in(t, 1);
}

static void who_does_not_read_is_dropped(void **state)
{
	int fd = dial();
	struct loop_timer t;
	char *got;

	send_all(fd, SL(ASK_STREAM));
	stream.end_when_gone = false;
	stream.req = NULL;
	loop_timer_init(&t, loop, put_more, &t);
	loop_timer_in(&t, 1);
	loop_run(loop);
	loop_timer_stop(&t);
	assert_int_equal(stream.gone, 1);
	assert_true(stream.put > HTTP_STREAM_BYTES);
	stream_end();
	close(fd);
	got = exchange("GET /x HTTP/1.1\r\n" CLOSING "\r\n", 0);
	assert_non_null(strstr(got, "hello"));
	free(got);
}

static void a_head_of_one_ends_it(void **state)
{
	char *got;

	stream.end_when_gone = false;
	got = exchange("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n", 0);
	assert_non_null(strstr(got, "\r\ntransfer-encoding: chunked\r\n"));
	assert_true(slice_ends(slice_of(got), SL("\r\n\r\n")));
	assert_int_equal(stream.gone, 1);
	stream_end();
	free(got);
}

/* What comes after the request is not kept without end: it is no request any more. */
static void who_goes_on_talking_is_not_listened_to_for_long(void **state)
{
	static const char noise[65536];
	int fd = dial();
	size_t sent = 0;
	ssize_t n = 0;

	send_all(fd, SL(ASK_STREAM));
	stream.req = NULL;
	stream.end_when_gone = false;
	while (!stream.req)
		loop_turn(loop, true);
	for (int i = 0; i < 200 && n >= 0; i++) {
		n = send(fd, noise, sizeof noise, MSG_NOSIGNAL | MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
		loop_turn(loop, false);
		loop_turn(loop, false);
	}
	assert_true(sent < 2 * 1024 * 1024);
	stream_end();
	close(fd);
}

static void ending_ends_answers_in_pieces(void **state)
{
	int fd = dial();
	char tmp[4096];
	ssize_t n, total = 0;

	send_all(fd, SL(ASK_STREAM));
	stream.req = NULL;
	stream.end_when_gone = true;
	while (!stream.req)
		loop_turn(loop, true);
	loop_turn(loop, false);
	http_free(http);
	http = NULL;
	assert_int_equal(stream.gone, 1);
	assert_null(stream.req);
	while ((n = read(fd, tmp + total, sizeof tmp - (size_t)total)) > 0)
		total += n;
	assert_false(slice_ends(slice_make(tmp, (size_t)total), SL("0\r\n\r\n"))); /* cut off */
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(a_request_is_read_and_answered),
		T(every_method_arrives_by_its_name),
		T(head_is_answered_without_a_body),
		T(a_body_is_read_with_every_method),
		T(a_body_over_the_limit_is_refused),
		T(a_chunked_body_is_refused),
		T(requests_that_follow_on_one_connection_are_answered_in_order),
		T(an_answer_may_come_later_and_holds_back_the_next_request),
		T(a_long_answer_arrives_whole),
		T(one_that_is_not_copied_arrives_whole),
		T(proxies_are_noticed),
		T(garbage_ends_the_connection_and_nothing_else),
		T(a_request_that_does_not_end_is_dropped),
		T(an_idle_connection_is_closed),
		T(when_all_connections_are_taken_the_next_waits),
		T(descriptors_with_high_numbers_work),
		T(a_full_listener_does_not_hold_up_another),
		T(no_other_protocol_is_begun),
		T(a_get_with_a_body_is_refused),
		T(ending_closes_what_is_open),
		T(pieces_are_sent_as_they_come),
		T(an_old_client_gets_them_without_chunks),
		T(they_may_take_longer_than_a_request),
		T(who_goes_away_is_noticed),
		T(who_does_not_read_is_dropped),
		T(a_head_of_one_ends_it),
		T(who_goes_on_talking_is_not_listened_to_for_long),
		T(ending_ends_answers_in_pieces),
	};

	snprintf(at.sun_path, sizeof at.sun_path, "/tmp/entente-http-%d.sock", (int)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
