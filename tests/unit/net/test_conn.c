#include "unit.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "net/conn.h"
#include "net/listener.h"
#include "pki.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* One end of a connection: what its callbacks have told. */
struct end {
	struct conn *conn;
	struct buf data;
	bool connected, secure, eof, eof_clean, closed;
	enum conn_end how;
	char text[120];
	uint64_t flushed;
	int calls_after_closed;
	/* What to do in data(). */
	bool start_tls_on_data, pause_on_data, free_on_data;
};

static struct pki *pki;
static struct tls_set *set;
static struct loop *loop;
static struct listener *listener;
static struct end client, server;
static SSL_CTX *server_ctx;

static void on_connected(void *arg)
{
	((struct end *)arg)->connected = true;
}

static void on_secure(void *arg)
{
	((struct end *)arg)->secure = true;
}

static void on_data(void *arg, struct slice bytes)
{
	struct end *e = arg;

	assert_false(e->closed);
	buf_slice_add(&e->data, bytes);
	if (e->start_tls_on_data) {
		e->start_tls_on_data = false;
		conn_write(e->conn, SL("go"));
		conn_tls_start(e->conn, CONN_SERVER, set, server_ctx, SL_NONE);
	}
	if (e->pause_on_data)
		conn_pause(e->conn);
	if (e->free_on_data) {
		conn_free(e->conn);
		e->conn = NULL;
	}
}

static void on_flushed(void *arg, uint64_t offset)
{
	struct end *e = arg;

	assert_true(offset > e->flushed && !e->closed);
	e->flushed = offset;
}

static void on_eof(void *arg, bool clean)
{
	struct end *e = arg;

	e->eof = true;
	e->eof_clean = clean;
}

static void on_closed(void *arg, enum conn_end how, const char *text)
{
	struct end *e = arg;

	assert_false(e->closed);
	e->closed = true;
	e->how = how;
	snprintf(e->text, sizeof e->text, "%s", text);
}

static const struct conn_ops ops = {
	on_connected, on_secure, on_data, on_flushed, on_eof, on_closed};

static void on_accept(void *arg, int fd, const struct netaddr *peer)
{
	assert_true(netaddr_is_loopback(peer));
	server.conn = conn_accept(loop, fd, peer, &ops, &server);
}

static struct loop_timer ticker;

static void tick(void *arg)
{
	loop_timer_in(&ticker, 5);
}

#define until(condition)                                                                           \
	do {                                                                                       \
		uint64_t until_end = clock_mono_ms() + 8000;                                       \
		while (!(condition)) {                                                             \
			loop_turn(loop, true);                                                     \
			if (clock_mono_ms() > until_end)                                           \
				fail_msg("not within 8 s: %s", #condition);                        \
		}                                                                                  \
	} while (0)

static struct conn_target target(const char *host, uint16_t port, unsigned group)
{
	struct conn_target t = {.group = group};

	assert_int_equal(netaddr_parse_host(&t.addr, slice_of(host), port), 0);
	return t;
}

static void listen_on_loopback(void)
{
	struct netaddr any = target("127.0.0.1", 0, 0).addr;
	struct err e;

	assert_int_equal(listener_new(&listener, loop, &any, on_accept, NULL, &e), 0);
}

static uint16_t port(void)
{
	struct netaddr a = listener_address(listener);

	return netaddr_port(&a);
}

static void dial(void)
{
	struct conn_target t = target("127.0.0.1", port(), 0);

	client.conn = conn_connect(loop, &t, 1, &ops, &client);
	assert_false(client.connected);
	until(client.connected && server.conn);
}

static int setup(void **state)
{
	client = server = (struct end){0};
	loop = loop_new("t");
	loop_timer_init(&ticker, loop, tick, NULL);
	loop_timer_in(&ticker, 5);
	server_ctx = tls_set_for(set, SL("a.lab"));
	listen_on_loopback();
	return 0;
}

static int teardown(void **state)
{
	conn_free(client.conn);
	conn_free(server.conn);
	buf_done(&client.data);
	buf_done(&server.data);
	listener_free(listener);
	loop_timer_stop(&ticker);
	loop_free(loop);
	return 0;
}

static void start_tls(void)
{
	server.start_tls_on_data = true;
	conn_write(client.conn, SL("starttls"));
	until(client.data.n == 2);
	conn_tls_start(client.conn, CONN_CLIENT, set, tls_set_for(set, SL("b.lab")), SL("a.lab"));
	buf_reset(&client.data);
	buf_reset(&server.data);
}

static void secure(void)
{
	dial();
	start_tls();
	until(client.secure && server.secure);
}

/* ---- in clear ---- */

static void from_an_address_of_ours(void **state)
{
	struct conn_target t = target("127.0.0.1", port(), 0);

	t.from = target("127.0.0.5", 0, 0).addr;
	client.conn = conn_connect(loop, &t, 1, &ops, &client);
	until(client.connected && server.conn);
	assert_true(netaddr_eq_host(conn_peer(server.conn), &t.from));
}

static void bytes_go_both_ways_in_clear(void **state)
{
	uint64_t end;

	dial();
	end = conn_write(client.conn, SL("hello"));
	assert_int_equal(end, 5);
	assert_int_equal(conn_pending(client.conn), 5); /* written at the end of the turn */
	end = conn_write(client.conn, SL(" world"));
	until(server.data.n == 11 && client.flushed == end);
	assert_slice(buf_slice(&server.data), "hello world");
	conn_write(server.conn, SL("yes"));
	until(client.data.n == 3);
	assert_int_equal(conn_bytes_in(server.conn), 11);
	assert_int_equal(conn_bytes_out(server.conn), 3);
}

static void orderly_close(void **state)
{
	dial();
	conn_write(client.conn, SL("last words"));
	conn_close(client.conn, 0, 3000);
	until(server.eof);
	assert_slice(buf_slice(&server.data), "last words");
	assert_true(server.eof_clean);
	assert_false(client.closed);                /* the peer's end is awaited */
	conn_write(server.conn, SL("late answer")); /* still possible, and dropped there */
	conn_close(server.conn, 0, 3000);
	until(client.closed && server.closed);
	assert_int_equal(client.how, CONN_END_CLOSED);
	assert_int_equal(server.how, CONN_END_CLOSED);
	assert_int_equal(client.data.n, 0);
}

static void close_does_not_wait_for_ever(void **state)
{
	dial();
	conn_close(client.conn, 0, 50);
	until(client.closed);
	assert_int_equal(client.how, CONN_END_CLOSE_TIMEOUT);
}

static void reset_is_an_error(void **state)
{
	struct linger none = {.l_onoff = 1};
	struct conn_target t = target("127.0.0.1", port(), 0);
	int s = socket(AF_INET, SOCK_STREAM, 0); /* a raw client, so that it can be reset */

	assert_int_equal(connect(s, &t.addr.sa, netaddr_len(&t.addr)), 0);
	until(server.conn);
	assert_int_equal(write(s, "bye", 3), 3);
	until(server.data.n == 3);
	setsockopt(s, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(s);
	until(server.closed);
	assert_int_equal(server.how, CONN_END_ERROR);
}

static void paused_input_waits(void **state)
{
	dial();
	server.pause_on_data = true;
	conn_write(client.conn, SL("one"));
	until(server.data.n == 3);
	conn_write(client.conn, SL("two"));
	conn_close(client.conn, 0, 5000);
	until(client.flushed == 6);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, true);
	assert_int_equal(server.data.n, 3);
	assert_false(server.eof);
	server.pause_on_data = false;
	conn_resume(server.conn);
	until(server.data.n == 6 && server.eof);
}

static void freed_in_its_own_callback(void **state)
{
	dial();
	server.free_on_data = true;
	conn_write(client.conn, SL("x"));
	until(client.eof || client.closed);
	assert_null(server.conn);
	assert_false(server.closed);
}

/* What the peer does not read stays here, and what was flushed is less than what was written. */
static void offsets_tell_what_the_kernel_took(void **state)
{
	char block[8192];
	uint64_t end = 0;

	memset(block, 'x', sizeof block);
	dial();
	conn_pause(server.conn);
	for (int i = 0; i < 2000; i++)
		end = conn_write(client.conn, slice_make(block, sizeof block));
	assert_int_equal(end, 2000 * sizeof block);
	for (int i = 0; i < 20; i++)
		loop_turn(loop, true);
	assert_true(client.flushed > 0 && client.flushed < end);
	assert_int_equal(conn_pending(client.conn), end - client.flushed);
	assert_true(conn_unacked(client.conn) > 0);
	conn_resume(server.conn);
	until(client.flushed == end && server.data.n == end);
}

/* ---- connecting ---- */

static void nobody_there(void **state)
{
	struct conn_target t = target("127.0.0.1", 1, 0);

	client.conn = conn_connect(loop, &t, 1, &ops, &client);
	assert_false(client.closed);
	until(client.closed);
	assert_int_equal(client.how, CONN_END_CONNECT_FAILED);
	assert_string_equal(client.text, "Connection refused");
}

static void no_target_at_all(void **state)
{
	client.conn = conn_connect(loop, NULL, 0, &ops, &client);
	until(client.closed);
	assert_int_equal(client.how, CONN_END_CONNECT_FAILED);
}

static void ipv6_has_a_listener_of_its_own(void **state)
{
	struct netaddr any6 = target("::1", 0, 0).addr;
	struct listener *six;
	struct conn_target t;
	struct err e;

	if (listener_new(&six, loop, &any6, on_accept, NULL, &e) < 0)
		skip(); /* a machine without IPv6 */
	any6 = listener_address(six);
	t = target("::1", netaddr_port(&any6), 0);
	client.conn = conn_connect(loop, &t, 1, &ops, &client);
	until(client.connected && server.conn);
	assert_int_equal(conn_peer(server.conn)->sa.sa_family, AF_INET6);
	listener_free(six);
}

static void a_taken_address_is_said_so(void **state)
{
	struct netaddr taken = listener_address(listener);
	struct listener *second = NULL;
	struct err e = {0};

	assert_int_equal(listener_new(&second, loop, &taken, on_accept, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_non_null(strstr(e.text, "127.0.0.1:"));
	assert_null(second);
}

static void next_address_when_one_refuses(void **state)
{
	struct conn_target t[] = {
		target("127.0.0.1", 1, 0),
		target("::1", 1, 1),
		target("127.0.0.1", port(), 2),
	};
	uint64_t start = clock_mono_ms();

	client.conn = conn_connect(loop, t, 3, &ops, &client);
	until(client.connected);
	assert_true(netaddr_eq(conn_peer(client.conn), &t[2].addr));
	assert_true(clock_mono_ms() - start < 1000);
}

/* ---- TLS ---- */

static void tls_both_certificates_are_seen(void **state)
{
	const struct conn_tls_info *i;

	secure();
	i = conn_tls_info(client.conn);
	assert_string_equal(i->version, "TLSv1.3");
	assert_int_equal(i->chain, CERT_GOOD);
	assert_true(cert_is_for(i->peer, SL("a.lab")));
	i = conn_tls_info(server.conn);
	assert_int_equal(i->chain, CERT_GOOD);
	assert_true(cert_is_for(i->peer, SL("b.lab")));
	conn_write(client.conn, SL("secret"));
	until(server.data.n == 6);
	conn_write(server.conn, SL("answer"));
	until(client.data.n == 6);
	conn_close(client.conn, 0, 3000);
	until(server.eof);
	assert_true(server.eof_clean); /* close_notify */
	conn_close(server.conn, 0, 3000);
	until(client.closed && server.closed);
	assert_int_equal(client.how, CONN_END_CLOSED);
	assert_true(conn_saw_end(client.conn));
}

static void tls_1_2_works_too(void **state)
{
	SSL_CTX_set_max_proto_version(server_ctx, TLS1_2_VERSION);
	secure();
	SSL_CTX_set_max_proto_version(server_ctx, 0);
	assert_string_equal(conn_tls_info(client.conn)->version, "TLSv1.2");
	conn_write(client.conn, SL("secret"));
	until(server.data.n == 6);
}

static void bad_certificates_are_recorded_not_refused(void **state)
{
	struct pki_files f = pki_issue(
		pki, "self", &(struct pki_spec){.dns = NAMES("a.lab"), .self_signed = true});
	struct tls_cert_files files = {.name = "self", .chain = f.chain, .key = f.key};
	struct tls_set *self;
	struct err e;

	assert_int_equal(tls_set_load(&self, &files, 1, pki_trust(pki), &e), 0);
	server_ctx = tls_set_for(self, SL("a.lab"));
	secure();
	assert_int_equal(conn_tls_info(client.conn)->chain, CERT_SELF_SIGNED);
	assert_int_equal(conn_tls_info(server.conn)->chain, CERT_GOOD);
	tls_set_unref(self);
}

/* ---- what a server staples ---- */

static struct buf response;

static int staple(SSL *ssl, void *arg)
{
	if (!response.n)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(
		ssl, OPENSSL_memdup(buf_slice(&response).p, response.n), (long)response.n);
	return SSL_TLSEXT_ERR_OK;
}

static void what_is_stapled_is_judged(void **state)
{
	static const struct {
		const char *status; /* NULL: nothing is stapled */
		bool promised;
		enum cert_ocsp ocsp;
		enum cert_verdict verdict;
	} cases[] = {
		{NULL, false, CERT_OCSP_NONE, CERT_GOOD},
		{"good", false, CERT_OCSP_GOOD, CERT_GOOD},
		{"revoked", false, CERT_OCSP_REVOKED, CERT_REVOKED},
		{"unknown", false, CERT_OCSP_UNKNOWN, CERT_GOOD},
		{NULL, true, CERT_OCSP_NONE, CERT_UNPROVEN},
		{"good", true, CERT_OCSP_GOOD, CERT_GOOD},
	};

	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		const int version = i % 2 ? TLS1_2_VERSION : TLS1_3_VERSION;
		struct pki_spec spec = {
			.dns = NAMES("a.lab"), .must_staple = cases[i / 2].promised};
		struct pki_files f = pki_issue(pki, "stapled", &spec);
		struct tls_cert_files files = {.name = "s", .chain = f.chain, .key = f.key};
		const struct conn_tls_info *info;
		struct tls_set *s;
		struct err e;

		assert_int_equal(tls_set_load(&s, &files, 1, pki_trust(pki), &e), 0);
		server_ctx = tls_set_for(s, SL("a.lab"));
		SSL_CTX_set_max_proto_version(server_ctx, version);
		SSL_CTX_set_tlsext_status_cb(server_ctx, staple);
		if (cases[i / 2].status)
			pki_ocsp(pki, pki_last(pki), &(struct pki_ocsp){cases[i / 2].status},
				&response);
		secure();
		info = conn_tls_info(client.conn);
		assert_int_equal(info->ocsp, cases[i / 2].ocsp);
		assert_int_equal(info->chain, cases[i / 2].verdict);
		assert_int_equal(info->expires != 0, cases[i / 2].verdict == CERT_GOOD);
		/* Judged anew it counts no more: lists may have changed, the response has not. */
		assert_int_equal(conn_tls_judge(client.conn, set), CERT_GOOD);
		/* From a client none is asked, so none is missed. */
		assert_int_equal(conn_tls_info(server.conn)->chain, CERT_GOOD);
		assert_string_equal(conn_tls_info(server.conn)->own, "s");
		buf_done(&response);
		teardown(state);
		tls_set_unref(s);
		setup(state);
	}
}

static void the_chain_of_a_peer_in_words(void **state)
{
	struct buf out = {0};
	char *text;

	secure();
	conn_tls_chain_text(client.conn, &out);
	text = buf_dup(&out);
	assert_non_null(strstr(text, "0: CN=leaf, until 2"));
	assert_non_null(strstr(text, "; 1: CN=Lab Sub CA, until 2"));
	assert_non_null(strstr(text, "; 2: CN=Lab Root CA, until 2"));
	free(text);
	buf_done(&out);
}

static void client_without_certificate_goes_on(void **state)
{
	SSL_CTX *bare = SSL_CTX_new(TLS_method());

	dial();
	server.start_tls_on_data = true;
	conn_write(client.conn, SL("starttls"));
	until(client.data.n == 2);
	conn_tls_start(client.conn, CONN_CLIENT, set, bare, SL("a.lab"));
	until(server.secure);
	assert_int_equal(conn_tls_info(server.conn)->chain, CERT_NONE);
	assert_null(conn_tls_info(server.conn)->peer);
	SSL_CTX_free(bare);
}

/* STARTTLS injection: what was sent in clear after the command is not seen inside TLS. */
static void clear_bytes_are_not_carried_into_tls(void **state)
{
	dial();
	server.start_tls_on_data = true;
	conn_write(client.conn, SL("starttls<injected/>"));
	until(client.data.n == 2);
	assert_slice(buf_slice(&server.data), "starttls<injected/>"); /* its owner drops it */
	buf_reset(&server.data);
	conn_tls_start(client.conn, CONN_CLIENT, set, tls_set_for(set, SL("b.lab")), SL("a.lab"));
	until(client.secure && server.secure);
	conn_write(client.conn, SL("inside"));
	until(server.data.n >= 6);
	assert_slice(buf_slice(&server.data), "inside");
}

static void clear_bytes_that_come_later_break_the_handshake(void **state)
{
	dial();
	server.start_tls_on_data = true;
	conn_write(client.conn, SL("starttls"));
	until(client.data.n == 2);
	conn_write(client.conn, SL("<injected/>   "));
	until(server.closed);
	assert_int_equal(server.how, CONN_END_TLS_FAILED);
	assert_int_equal(server.data.n, 8);
}

/* TLS 1.3: the server's no to a client certificate comes after "handshake done" on our side. */
static void refused_certificate_is_an_alert(void **state)
{
	SSL_CTX *bare = SSL_CTX_new(TLS_method());

	ERR_clear_error();
	SSL_CTX_set_verify(server_ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	dial();
	server.start_tls_on_data = true;
	conn_write(client.conn, SL("starttls"));
	until(client.data.n == 2);
	conn_tls_start(client.conn, CONN_CLIENT, set, bare, SL_NONE);
	until(client.closed);
	SSL_CTX_set_verify(server_ctx, SSL_VERIFY_PEER, NULL);
	assert_true(client.secure);
	assert_int_equal(client.how, CONN_END_TLS_ALERT);
	assert_non_null(strstr(client.text, "certificate required"));
	until(server.closed);
	assert_int_equal(server.how, CONN_END_TLS_FAILED);
	SSL_CTX_free(bare);
}

static void end_without_close_notify_is_not_clean(void **state)
{
	secure();
	conn_free(client.conn);
	client.conn = NULL;
	until(server.eof);
	assert_false(server.eof_clean);
	assert_false(server.closed);
	conn_close(server.conn, 0, 1000);
	until(server.closed);
	assert_true(conn_saw_end(server.conn)); /* of TCP */
}

static void the_peer_may_close_first(void **state)
{
	secure();
	conn_write(client.conn, SL("bye"));
	conn_close(client.conn, 5000, 5000);
	until(server.data.n == 3);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, true);
	assert_false(server.eof); /* nothing comes after what was said */
	conn_close(server.conn, 0, 5000);
	until(client.closed && server.closed);
	assert_int_equal(client.how, CONN_END_CLOSED);
	assert_int_equal(server.how, CONN_END_CLOSED);
}

static void the_peer_is_not_waited_for_for_ever(void **state)
{
	secure();
	conn_close(client.conn, 30, 5000);
	until(server.eof);
	assert_true(server.eof_clean);
	conn_close(server.conn, 0, 5000);
	until(client.closed);
	assert_int_equal(client.how, CONN_END_CLOSED);
}

/* What a helper still has in hand goes when it is done with it. */
static void freed_during_the_handshake(void **state)
{
	for (int turns = 0; turns < 8; turns++) {
		dial();
		start_tls();
		for (int i = 0; i < turns; i++)
			loop_turn(loop, false);
		conn_free(server.conn);
		conn_free(client.conn);
		buf_done(&client.data);
		buf_done(&server.data);
		client = server = (struct end){0};
	}
	dial();
	start_tls(); /* the loop goes meanwhile, too */
}

/* Who has much to say is read a piece a turn, so that others have theirs in between. */
static void one_connection_does_not_fill_a_turn(void **state)
{
	enum { MUCH = 1 << 20, PIECE = 17 << 10 };
	char *block = calloc(1, MUCH);
	size_t before = 0;

	dial();
	conn_write(client.conn, slice_make(block, MUCH));
	while (server.data.n < MUCH) {
		loop_turn(loop, true);
		assert_true(server.data.n - before <= 2 * PIECE); /* the poll's, and a slow one */
		before = server.data.n;
	}
	free(block);
}

static void closed_during_the_handshake(void **state)
{
	dial();
	server.start_tls_on_data = true;
	conn_write(client.conn, SL("starttls"));
	until(client.data.n == 2);
	conn_free(client.conn);
	client.conn = NULL;
	until(server.closed);
	assert_int_equal(server.how, CONN_END_EOF);
	assert_false(server.secure);
}

/* 5 MB each way at once, with pauses: every byte arrives, in order, and offsets add up. */
static void much_data_both_ways_in_tls(void **state)
{
	enum { TOTAL = 5000000 };
	char *all = malloc(TOTAL);
	uint64_t end = 0;

	for (size_t i = 0; i < TOTAL; i++)
		all[i] = (char)('a' + i * 7 % 26);
	secure();
	end = conn_flushed(client.conn);
	for (size_t at = 0; at < TOTAL; at += 1000) {
		conn_write(client.conn, slice_make(all + at, 1000));
		conn_write(server.conn, slice_make(all + at, 1000));
		if (at % 500000 == 0) {
			conn_pause(server.conn);
			loop_turn(loop, true);
			conn_resume(server.conn);
		}
	}
	until(client.data.n == TOTAL && server.data.n == TOTAL);
	assert_memory_equal(buf_slice(&client.data).p, all, TOTAL);
	assert_memory_equal(buf_slice(&server.data).p, all, TOTAL);
	until(client.flushed == end + TOTAL);
	assert_int_equal(conn_pending(client.conn), 0);
	free(all);
}

/* A peer that reads nothing and dies: what was beyond the flushed offset nobody has. */
static void what_the_peer_reset_left(void **state)
{
	char block[8192];
	uint64_t end = 0;

	memset(block, 'x', sizeof block);
	secure();
	conn_pause(server.conn);
	for (int i = 0; i < 2000; i++)
		end = conn_write(client.conn, slice_make(block, sizeof block));
	for (int i = 0; i < 20; i++)
		loop_turn(loop, true);
	assert_true(client.flushed < end);
	conn_free(server.conn); /* unread input: the kernel sends a reset */
	server.conn = NULL;
	until(client.closed);
	assert_int_equal(client.how, CONN_END_ERROR);
	assert_false(conn_saw_end(client.conn));
	assert_int_equal(conn_flushed(client.conn) + conn_pending(client.conn), end);
}

/* ---- a peer with a TLS library and no manners ---- */

static int raw_connection(void)
{
	struct conn_target t = target("127.0.0.1", port(), 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, &t.addr.sa, netaddr_len(&t.addr)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	until(server.conn);
	return fd;
}

static SSL *raw_tls(int fd)
{
	SSL *ssl = SSL_new(tls_set_for(set, SL("b.lab")));

	SSL_set_fd(ssl, fd);
	SSL_set_connect_state(ssl);
	conn_tls_start(server.conn, CONN_SERVER, set, server_ctx, SL_NONE);
	until(SSL_do_handshake(ssl) == 1 && server.secure);
	return ssl;
}

static size_t raw_read(SSL *ssl)
{
	char bytes[16384];
	size_t n = 0, all = 0;

	while (SSL_read_ex(ssl, bytes, sizeof bytes, &n))
		all += n;
	return all;
}

/* Asked for new keys, the library answers before it reads on: here into a way that is full. */
static void a_read_that_has_to_write_first_goes_on(void **state)
{
	int fd = raw_connection();
	SSL *ssl = raw_tls(fd);
	char block[8192];
	uint64_t end = 0, began;
	size_t all = 0;
	unsigned turns = 0;

	memset(block, 'x', sizeof block);
	for (int i = 0; i < 2000; i++)
		end = conn_write(server.conn, slice_make(block, sizeof block));
	for (int i = 0; i < 20; i++)
		loop_turn(loop, true);
	assert_true(conn_pending(server.conn) > 0);
	assert_int_equal(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
	assert_int_equal(SSL_write(ssl, "one", 3), 3);
	assert_int_equal(SSL_write(ssl, "two", 3), 3);
	began = clock_mono_ms();
	while (clock_mono_ms() < began + 200) {
		loop_turn(loop, true);
		turns++;
	}
	assert_true(turns < 200); /* the ticker makes 40: it waits, it does not spin */
	until((all += raw_read(ssl)) == end && server.data.n == 6);
	assert_memory_equal(server.data.p, "onetwo", 6);
	SSL_free(ssl);
	close(fd);
}

/* Records without data are gone through in turns, not for as long as the peer sends some. */
static void new_keys_without_end_take_turns(void **state)
{
	int fd = raw_connection();
	SSL *ssl = raw_tls(fd);
	struct timeval wait = {.tv_sec = 5};
	unsigned before, asked = 0;

	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	while (asked < 5000) { /* 27 bytes each: twice what is read in a turn */
		SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		assert_int_equal(SSL_do_handshake(ssl), 1);
		asked++;
	}
	assert_int_equal(SSL_write(ssl, "end", 3), 3);
	for (before = 0; server.data.n < 3 && before < 1000; before++)
		loop_turn(loop, true);
	assert_in_range(before, 2, 999);
	SSL_free(ssl);
	close(fd);
}

static int group_setup(void **state)
{
	struct pki_files a, b;
	static const char *const for_a[] = {"a.lab"}, *const for_b[] = {"b.lab"};
	struct tls_cert_files files[2];
	struct err e;

	pki = pki_new();
	a = pki_issue(pki, "a", &(struct pki_spec){.dns = NAMES("a.lab"), .by_intermediate = true});
	b = pki_issue(pki, "b", &(struct pki_spec){.dns = NAMES("b.lab"), .eku = "serverAuth"});
	files[0] = (struct tls_cert_files){"a", a.chain, a.key, for_a, 1};
	files[1] = (struct tls_cert_files){"b", b.chain, b.key, for_b, 1};
	return tls_set_load(&set, files, 2, pki_trust(pki), &e);
}

static int group_teardown(void **state)
{
	tls_set_unref(set);
	pki_free(pki);
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(from_an_address_of_ours),
		T(bytes_go_both_ways_in_clear),
		T(orderly_close),
		T(close_does_not_wait_for_ever),
		T(reset_is_an_error),
		T(paused_input_waits),
		T(freed_in_its_own_callback),
		T(offsets_tell_what_the_kernel_took),
		T(nobody_there),
		T(no_target_at_all),
		T(ipv6_has_a_listener_of_its_own),
		T(a_taken_address_is_said_so),
		T(next_address_when_one_refuses),
		T(tls_both_certificates_are_seen),
		T(tls_1_2_works_too),
		T(bad_certificates_are_recorded_not_refused),
		T(what_is_stapled_is_judged),
		T(the_chain_of_a_peer_in_words),
		T(client_without_certificate_goes_on),
		T(clear_bytes_are_not_carried_into_tls),
		T(clear_bytes_that_come_later_break_the_handshake),
		T(refused_certificate_is_an_alert),
		T(end_without_close_notify_is_not_clean),
		T(the_peer_may_close_first),
		T(the_peer_is_not_waited_for_for_ever),
		T(closed_during_the_handshake),
		T(freed_during_the_handshake),
		T(one_connection_does_not_fill_a_turn),
		T(much_data_both_ways_in_tls),
		T(what_the_peer_reset_left),
		T(a_read_that_has_to_write_first_goes_on),
		T(new_keys_without_end_take_turns),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
