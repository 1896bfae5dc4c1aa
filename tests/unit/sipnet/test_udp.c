#include "unit.h"

#include "base/clock.h"
#include "loop/loop.h"
#include "sipnet/udp.h"

#include "peer.h"

struct end {
	struct loop *loop;
	struct udp *udp;
	struct peer peer;
	struct netaddr to; /* the peer */
	unsigned got, gone;
	size_t bytes;
	char last[64];
	struct netaddr from, unreachable;
	char back[64]; /* what came back */
	unsigned send_when_gone;
};

static void on_datagram(void *arg, const struct netaddr *from, char *p, size_t n)
{
	struct end *e = arg;

	e->got++;
	e->bytes += n;
	e->from = *from;
	snprintf(e->last, sizeof e->last, "%.*s", (int)n, p);
	p[0] = 'X'; /* it is ours to change */
}

static void on_undelivered(void *arg, const struct netaddr *to, struct slice bytes)
{
	struct end *e = arg;

	e->gone++;
	e->unreachable = *to;
	snprintf(e->back, sizeof e->back, "%.*s", SLARG(bytes));
	if (e->send_when_gone) {
		e->send_when_gone--;
		udp_send(e->udp, to, "again", 5);
	}
}

static const struct udp_ops ops = {on_datagram, on_undelivered};

static void open_end(struct end *e, const char *address)
{
	struct netaddr a;
	struct err err;

	memset(e, 0, sizeof *e);
	e->loop = loop_new_fake("test", 1000);
	assert_int_equal(netaddr_parse_host(&a, slice_of(address), 0), 0);
	if (udp_new(&e->udp, e->loop, &a, &ops, e, &err) < 0)
		fail_msg("%s", err.text);
	peer_open(&e->peer, address);
	assert_int_equal(netaddr_parse_host(&e->to, slice_of(address), e->peer.port), 0);
}

static void close_end(struct end *e)
{
	udp_free(e->udp);
	loop_turn(e->loop, false);
	peer_close(&e->peer);
	loop_free(e->loop);
}

static void turns(struct end *e, unsigned n)
{
	while (n--)
		loop_turn(e->loop, false);
}

static void both_ways(const char *address)
{
	struct end e;

	open_end(&e, address);
	udp_send(e.udp, &e.to, "out", 3);
	assert_null(peer_take(&e.peer)); /* at the end of the turn */
	turns(&e, 1);
	assert_string_equal(peer_take(&e.peer), "out");
	peer_send(&e.peer, address, netaddr_port(udp_address(e.udp)), "in");
	turns(&e, 1);
	assert_int_equal(e.got, 1);
	assert_string_equal(e.last, "in");
	assert_true(netaddr_eq(&e.from, &e.to));
	assert_int_equal(udp_stats(e.udp)->received, 1);
	assert_int_equal(udp_stats(e.udp)->sent, 1);
	assert_true(udp_stats(e.udp)->receive_buffer > 0);
	close_end(&e);
}

static void test_ipv4(void **state)
{
	both_ways("127.0.0.1");
}

static void test_ipv6(void **state)
{
	both_ways("::1");
}

/* More than one system call takes, both ways, in order. */
static void test_many(void **state)
{
	struct end e;
	char text[16];

	open_end(&e, "127.0.0.1");
	for (unsigned i = 0; i < 150; i++) {
		snprintf(text, sizeof text, "%u", i);
		udp_send(e.udp, &e.to, text, strlen(text));
		peer_send(&e.peer, "127.0.0.1", netaddr_port(udp_address(e.udp)), text);
	}
	turns(&e, 3);
	assert_int_equal(e.got, 150);
	assert_string_equal(e.last, "149");
	for (unsigned i = 0; i < 150; i++) {
		char *got = peer_take(&e.peer);

		snprintf(text, sizeof text, "%u", i);
		assert_non_null(got);
		assert_string_equal(got, text);
	}
	assert_null(peer_take(&e.peer));
	close_end(&e);
}

/* The largest there is. */
static void test_large(void **state)
{
	static char big[65508];
	struct end e;

	open_end(&e, "127.0.0.1");
	memset(big, 'x', sizeof big - 1);
	peer_send(&e.peer, "127.0.0.1", netaddr_port(udp_address(e.udp)), big);
	udp_send(e.udp, &e.to, big, sizeof big - 1);
	turns(&e, 2);
	assert_int_equal(e.bytes, sizeof big - 1);
	assert_int_equal(strlen(peer_take(&e.peer)), sizeof big - 1);
	close_end(&e);
}

/*
 * Nobody listens there: told, not inside udp_send(); and nothing that goes elsewhere is lost over
 * it.
 */
static void test_unreachable(void **state)
{
	struct end e;
	struct netaddr dead;
	struct peer closed;

	open_end(&e, "127.0.0.1");
	peer_open(&closed, "127.0.0.1");
	assert_int_equal(netaddr_parse_host(&dead, SL("127.0.0.1"), closed.port), 0);
	peer_close(&closed);
	e.send_when_gone = 1;
	for (unsigned i = 0; i < 3; i++) {
		udp_send(e.udp, &dead, "x", 1);
		udp_send(e.udp, &e.to, "alive", 5);
	}
	assert_int_equal(e.gone, 0);
	turns(&e, 4);
	assert_true(e.gone >= 2); /* the one sent by on_undelivered() too */
	assert_true(netaddr_eq(&e.unreachable, &dead));
	assert_true(!strcmp(e.back, "x") || !strcmp(e.back, "again")); /* ICMP brings it back */
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(peer_take(&e.peer), "alive");
	assert_int_equal(udp_stats(e.udp)->send_errors, 0);
	close_end(&e);
}

/* What cannot go at all (a bad destination) is given up and told; the rest goes. */
static void test_cannot_send(void **state)
{
	struct end e;
	struct netaddr port0;

	open_end(&e, "127.0.0.1");
	assert_int_equal(netaddr_parse_host(&port0, SL("127.0.0.1"), 0), 0);
	udp_send(e.udp, &port0, "x", 1);
	udp_send(e.udp, &e.to, "alive", 5);
	turns(&e, 3);
	assert_int_equal(e.gone, 1);
	assert_string_equal(e.back, "x");
	assert_int_equal(udp_stats(e.udp)->send_errors, 1);
	assert_string_equal(peer_take(&e.peer), "alive");
	close_end(&e);
}

/* Its last output fails while it is being freed: nobody is told any more. */
static void test_free_cannot_send(void **state)
{
	struct end e;
	struct netaddr port0;

	open_end(&e, "127.0.0.1");
	assert_int_equal(netaddr_parse_host(&port0, SL("127.0.0.1"), 0), 0);
	udp_send(e.udp, &port0, "x", 1);
	close_end(&e);
	assert_int_equal(e.gone, 0);
}

/* More than is kept: what was first goes at once. (Its receiver need not keep up.) */
static void test_overflow(void **state)
{
	struct end e;

	open_end(&e, "127.0.0.1");
	for (unsigned i = 0; i < 5000; i++)
		udp_send(e.udp, &e.to, "x", 1);
	turns(&e, 2);
	assert_int_equal(udp_stats(e.udp)->sent, 5000);
	assert_int_equal(udp_stats(e.udp)->send_errors, 0);
	close_end(&e);
}

/* What the kernel dropped because nobody read is counted. */
static void test_kernel_drops(void **state)
{
	static char big[60000];
	struct end e;

	open_end(&e, "127.0.0.1");
	memset(big, 'x', sizeof big - 1);
	for (unsigned i = 0; i < 400; i++)
		peer_send(&e.peer, "127.0.0.1", netaddr_port(udp_address(e.udp)), big);
	turns(&e, 3);
	/* The count comes with a datagram that was queued after the drop. */
	peer_send(&e.peer, "127.0.0.1", netaddr_port(udp_address(e.udp)), "after");
	turns(&e, 1);
	assert_true(e.got > 10 && e.got < 401);
	assert_int_equal(udp_stats(e.udp)->kernel_drops, 401 - e.got);
	close_end(&e);
}

static void test_bind_refused(void **state)
{
	struct end e;
	struct udp *second = NULL;
	struct err err;

	open_end(&e, "127.0.0.1");
	assert_int_equal(udp_new(&second, e.loop, udp_address(e.udp), &ops, &e, &err), -1);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_null(second);
	close_end(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_cannot_send),
		cmocka_unit_test(test_free_cannot_send),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_kernel_drops),
		cmocka_unit_test(test_bind_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
