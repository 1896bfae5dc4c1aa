#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "federation/snapshot.h"
#include "loop/loop.h"
#include "sipnet/route_test.h"
#include "sipnet/sight.h"
#include "sipnet/sipnet.h"
#include "view/routes.h"

#include "peer.h"

/* Tests of a route: a peer on loopback that answers, refuses, or is not there. */
struct rig {
	struct loop *loop;
	struct sipnet *net;
	struct snapshot *snapshot;
	struct peer peer; /* UDP */
	int door;         /* TCP, listens; -1: closed */
	uint16_t door_port;
	struct route_test *test;
	char said[4096]; /* "step code\n" */
	unsigned dones;
};

static const char *const no_options[] = {NULL};
static const enum sip_method methods[] = {SIP_MESSAGE, SIP_OPTIONS, SIP_M_OTHER};
static const struct sip_caps caps = {methods, no_options, "text/plain"};

static void on_request(void *arg, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way)
{
	fail_msg("nobody asks");
}

static const struct sipnet_ops ops = {on_request};

static void set(struct object *o, const char *name, const char *value)
{
	struct err e;

	if (value && object_set(o, slice_of(name), slice_of(value), &e) < 0)
		fail_msg("%s: %s", name, e.text);
}

static void use_route(struct rig *r, const char *transport, uint16_t port, const char *domain)
{
	struct config *c = config_new();
	struct object *o = object_new(&route_class), *d = object_new(&local_domain_class);
	char hop[64];
	struct err e;

	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", port);
	set(o, "name", "main");
	set(o, "next_hop", hop);
	set(o, "transport", transport);
	config_put(c, o);
	set(d, "domain", "sip.lab");
	set(d, "route", domain ? "main" : NULL);
	config_put(c, d);
	snapshot_unref(r->snapshot);
	if (snapshot_build(&r->snapshot, c, 1, NULL, &e) < 0)
		fail_msg("%s", e.text);
	config_free(c);
	sipnet_set_snapshot(r->net, r->snapshot);
}

static void open_door(struct rig *r)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;

	r->door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(r->door, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(r->door, 8), 0);
	assert_int_equal(getsockname(r->door, (struct sockaddr *)&in, &len), 0);
	r->door_port = ntohs(in.sin_port);
}

static void open_rig(struct rig *r)
{
	const struct slice listen[] = {SL("udp:127.0.0.1:0")};
	const struct sipnet_config config = {
		.listen = listen, .n_listen = 1, .node = 'a', .shard = '0', .caps = &caps};
	struct err e;

	memset(r, 0, sizeof *r);
	r->loop = loop_new_fake("test", 1000);
	if (sipnet_new(&r->net, r->loop, NULL, &config, &ops, r, &e) < 0)
		fail_msg("%s", e.text);
	peer_open(&r->peer, "127.0.0.1");
	open_door(r);
}

static void close_rig(struct rig *r)
{
	sipnet_free(r->net);
	snapshot_unref(r->snapshot);
	loop_turn(r->loop, false);
	loop_free(r->loop);
	peer_close(&r->peer);
	close(r->door);
}

static void on_step(void *arg, struct view_probe_step *s)
{
	struct rig *r = arg;
	size_t n = strlen(r->said);

	snprintf(r->said + n, sizeof r->said - n, "%s %s\n", s->step, s->code);
	assert_true(*s->evidence != 0);
	if (s->result == PROBE_FAIL || s->result == PROBE_WARN)
		assert_true(strlen(s->remedy) > 20 && !strstr(s->remedy, "{route}"));
	free(s);
}

static void on_done(void *arg)
{
	struct rig *r = arg;

	r->dones++;
	r->test = NULL;
}

static void begin(struct rig *r)
{
	struct err e;

	r->said[0] = 0;
	r->dones = 0;
	if (route_test_new(&r->test, r->net, SL("main"), on_step, on_done, r, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(r->said, ""); /* never inside */
}

/* A few milliseconds pass, at most 50; sockets are real. */
#define until(r, condition)                                                                        \
	do {                                                                                       \
		uint64_t until_end = clock_mono_ms() + 5000;                                       \
		unsigned until_ms = 50;                                                            \
		while (!(condition)) {                                                             \
			loop_turn((r)->loop, false);                                               \
			if (until_ms && until_ms--)                                                \
				loop_fake_advance((r)->loop, 1);                                   \
			if (clock_mono_ms() > until_end)                                           \
				fail_msg("not within 5 s: %s\n%s", #condition, (r)->said);         \
		}                                                                                  \
	} while (0)

/* An answer to the request in text, whose lines it repeats. */
static char *answer_to(const char *text, const char *status)
{
	struct buf out = {0};
	const char *at, *end;
	char *ret;

	buf_printf(&out, "SIP/2.0 %s\r\n", status);
	for (at = strstr(text, "\r\n") + 2; (end = strstr(at, "\r\n")) && end != at; at = end + 2)
		if (strncmp(at, "Via:", 4) == 0 || strncmp(at, "From:", 5) == 0 ||
			strncmp(at, "Call-ID:", 8) == 0 || strncmp(at, "CSeq:", 5) == 0)
			buf_add(&out, at, (size_t)(end + 2 - at));
		else if (strncmp(at, "To:", 3) == 0)
			buf_printf(&out, "%.*s;tag=x\r\n", (int)(end - at), at);
	buf_str(&out, "Server: Peer 1.0\r\nContent-Length: 0\r\n\r\n");
	ret = buf_dup(&out);
	buf_done(&out);
	return ret;
}

/* ---- UDP ---- */

static void by_udp(void **state)
{
	static const struct {
		const char *status, *code;
	} rows[] = {
		{"200 OK", "ok"},
		{"405 Method Not Allowed", "ok"},
		{"404 Not Found", "ok"},
		{"401 Unauthorized", "credentials_wanted"},
		{"407 Proxy Authentication", "credentials_wanted"},
		{"403 Forbidden", "forbidden"},
		{"503 Busy", "busy"},
	};
	struct rig r;

	open_rig(&r);
	use_route(&r, "udp", r.peer.port, "sip.lab");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text, *answer, want[128];

		begin(&r);
		until(&r, (text = peer_take(&r.peer)));
		assert_non_null(strstr(text, "OPTIONS sip:127.0.0.1:"));
		assert_non_null(strstr(text, "From: <sip:sip.lab>;tag="));
		answer = answer_to(text, rows[i].status);
		peer_send(&r.peer, "127.0.0.1", sipnet_port(r.net, 0), answer);
		until(&r, r.dones);
		snprintf(want, sizeof want,
			"route ok\nresolve ok\nconnect not_needed\noptions %s\n", rows[i].code);
		assert_string_equal(r.said, want);
		xfree(answer);
	}
	close_rig(&r);
}

static void nobody_answers(void **state)
{
	struct rig r;

	open_rig(&r);
	use_route(&r, "udp", r.peer.port, NULL);
	begin(&r);
	until(&r, strstr(r.said, "connect"));
	for (unsigned i = 0; i < 60 && !r.dones; i++) {
		loop_fake_advance(r.loop, 100);
		loop_turn(r.loop, false);
	}
	assert_string_equal(
		r.said, "route route_unused\nresolve ok\nconnect not_needed\noptions no_answer\n");
	assert_int_equal(r.dones, 1);
	close_rig(&r);
}

/* ---- TCP ---- */

static int take(struct rig *r)
{
	int fd;

	until(r, (fd = accept4(r->door, NULL, NULL, SOCK_NONBLOCK)) >= 0);
	return fd;
}

static void hear(struct rig *r, int fd, char *text, size_t size)
{
	size_t n = 0;

	memset(text, 0, size);
	until(r, ({
		ssize_t k = recv(fd, text + n, size - 1 - n, MSG_DONTWAIT);

		n += k > 0 ? (size_t)k : 0;
		strstr(text, "\r\n\r\n") != NULL;
	}));
}

static void by_tcp(void **state)
{
	char text[4096], *answer;
	struct rig r;
	int fd;

	open_rig(&r);
	use_route(&r, "tcp", r.door_port, "sip.lab");
	begin(&r);
	fd = take(&r);
	hear(&r, fd, text, sizeof text);
	assert_non_null(strstr(text, "Via: SIP/2.0/TCP "));
	assert_non_null(strstr(text, "Content-Length: 0\r\n"));
	answer = answer_to(text, "200 OK");
	assert_int_equal(send(fd, answer, strlen(answer), 0), strlen(answer));
	xfree(answer);
	until(&r, strstr(r.said, "options"));
	close(fd);
	until(&r, r.dones);
	assert_string_equal(r.said, "route ok\nresolve ok\nconnect ok\noptions ok\n");
	close_rig(&r);
}

static void no_sip_by_tcp(void **state)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
	char text[4096];
	struct rig r;
	int fd;

	open_rig(&r);
	use_route(&r, "tcp", r.door_port, "sip.lab");
	begin(&r);
	fd = take(&r);
	hear(&r, fd, text, sizeof text);
	assert_int_equal(send(fd, http, strlen(http), 0), strlen(http));
	until(&r, strstr(r.said, "options"));
	close(fd);
	until(&r, r.dones);
	assert_string_equal(r.said, "route ok\nresolve ok\nconnect ok\noptions not_sip\n");
	close_rig(&r);
}

static void ended_by_tcp(void **state)
{
	struct rig r;

	open_rig(&r);
	use_route(&r, "tcp", r.door_port, "sip.lab");
	begin(&r);
	close(take(&r));
	until(&r, r.dones);
	assert_string_equal(r.said, "route ok\nresolve ok\nconnect ok\noptions no_answer\n");
	close_rig(&r);
}

static void refused_by_tcp(void **state)
{
	struct rig r;

	open_rig(&r);
	close(r.door);
	use_route(&r, "tcp", r.door_port, "sip.lab");
	begin(&r);
	until(&r, r.dones);
	assert_string_equal(
		r.said, "route ok\nresolve ok\nconnect connect_failed\noptions blocked\n");
	open_door(&r);
	close_rig(&r);
}

static void silent_by_tcp(void **state)
{
	struct rig r;
	int fd;

	open_rig(&r);
	use_route(&r, "tcp", r.door_port, "sip.lab");
	begin(&r);
	fd = take(&r);
	until(&r, strstr(r.said, "connect"));
	loop_fake_advance(r.loop, ROUTE_TEST_ANSWER_MS + 1);
	until(&r, r.dones);
	assert_string_equal(r.said, "route ok\nresolve ok\nconnect ok\noptions no_answer\n");
	close(fd);
	close_rig(&r);
}

/* ---- what may be tested, and the end ---- */

static void one_at_a_time(void **state)
{
	struct route_test *other;
	struct rig r;
	struct err e;

	open_rig(&r);
	assert_int_equal(route_test_new(&other, r.net, SL("main"), on_step, on_done, &r, &e), -1);
	assert_string_equal(e.code, "test_not_now"); /* no settings yet */
	use_route(&r, "udp", r.peer.port, "sip.lab");
	assert_int_equal(route_test_new(&other, r.net, SL("none"), on_step, on_done, &r, &e), -1);
	assert_string_equal(e.code, "not_found");
	begin(&r);
	assert_int_equal(route_test_new(&other, r.net, SL("main"), on_step, on_done, &r, &e), -1);
	assert_string_equal(e.code, "test_running");
	route_test_stop(r.test);
	until(&r, r.dones);
	assert_string_equal(r.said, "route ok\nresolve ok\noptions stopped\n");
	begin(&r);
	until(&r, strstr(r.said, "connect"));
	close_rig(&r); /* in the midst of it: nothing is told any more, nothing is left */
	assert_int_equal(r.dones, 0);
}

/* ---- sight ---- */

static void sight_is_a_copy(void **state)
{
	struct view_routes *l;
	struct rig r;

	open_rig(&r);
	use_route(&r, "udp", r.peer.port, "sip.lab");
	l = sipnet_sight(r.net);
	assert_int_equal(l->n, 1);
	assert_true(slice_eqz(l->v[0].name, "main"));
	assert_string_equal(l->v[0].transport, "udp");
	assert_string_equal(l->v[0].state, "up");
	assert_int_equal(l->v[0].n_targets, 1);
	assert_string_equal(l->v[0].targets[0].state, "up");
	assert_int_equal(l->v[0].n_errors, 0);
	view_routes_free(l);
	close_rig(&r);
}

static void what_a_route_is(void **state)
{
	static const struct {
		struct view_route_facts facts;
		const char *state;
	} rows[] = {
		{{0, 0, 0}, "unresolved"},
		{{1, 1, 0}, "up"},
		{{2, 1, 1}, "up"},
		{{2, 0, 1}, "suspect"},
		{{2, 0, 0}, "down"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(view_route_state(&rows[i].facts), rows[i].state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_udp),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(by_tcp),
		cmocka_unit_test(no_sip_by_tcp),
		cmocka_unit_test(ended_by_tcp),
		cmocka_unit_test(refused_by_tcp),
		cmocka_unit_test(silent_by_tcp),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(sight_is_a_copy),
		cmocka_unit_test(what_a_route_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
