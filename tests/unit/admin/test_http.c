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

static void on_request(void *arg, struct http_req *r)
{
	struct buf body = {0};

	show(r);
	if (slice_eqz(http_path(r), "/hold")) {
		held = r;
		return;
	}
	if (slice_eqz(http_path(r), "/big")) {
		big_answer(r);
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
	http_serve(http, listen_unix(), on_request, NULL);
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
	http_serve(http, listen_unix(), on_request, NULL);
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		taken[i] = dial();
		loop_turn(loop, false);
	}
	http_serve(http, listen_unix(), on_request, NULL);
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
	};

	snprintf(at.sun_path, sizeof at.sun_path, "/tmp/entente-http-%d.sock", (int)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
