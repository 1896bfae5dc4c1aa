#include "unit.h"

#include "net.h"

/* Transactions over connections, and what the network says of what was sent: RFC 3261 17.1.2.2,
 * 17.1.4, 17.2.2, 18.1.1, 18.2.2, 18.4, RFC 4320. */

struct told {
	unsigned calls;
	enum sip_end end;
	bool may_have_arrived;
};

static const struct sip_spec spec = {
	.method = SIP_MESSAGE,
	.ruri = SL("sip:romeo@example.net"),
	.from = SL("<sip:juliet@example.com>"),
	.to = SL("<sip:romeo@example.net>"),
	.content_type = SL("text/plain"),
	.body = SL("hi"),
};

static void on_done(void *arg, const struct sip_result *r)
{
	struct told *t = arg;

	t->calls++;
	t->end = r->end;
	t->may_have_arrived = r->may_have_arrived;
}

static struct sip_hop by(enum sip_transport transport, uint16_t port, uint32_t flow)
{
	struct sip_hop h;

	sip_hop_make(SL("192.0.2.20"), port, transport, &h);
	h.flow = flow;
	return h;
}

static void request(struct net *n, const struct sip_hop *to, struct told *t)
{
	*t = (struct told){0};
	sip_stack_request(n->stack, to, &spec, 0, on_done, t, n->now);
}

/* The lines Via to CSeq of the request that was sent, under a status line. */
static void respond_from(struct net *n, const struct sip_hop *from, unsigned i, const char *status)
{
	const char *via = strstr(net_text(n, i), "Via:"), *end = strstr(via, "Content-Type:");
	char *text = xasprintf(
		"SIP/2.0 %s\r\n%.*sContent-Length: 0\r\n\r\n", status, (int)(end - via), via);

	net_rx(n, from, text);
	xfree(text);
}

static void respond(struct net *n, unsigned i, const char *status)
{
	respond_from(n, &n->sent[i].to, i, status);
}

/* Who has seen the Via of a request may know its branch, and is not the next hop for that. */
static void test_who_may_answer(void **state)
{
	const struct {
		struct sip_hop to, from;
		const char *host; /* of from; NULL: 192.0.2.20 */
		bool may;
	} rows[] = {
		{by(SIP_TLS, 5061, 7), by(SIP_TLS, 5061, 7), NULL, true},
		{by(SIP_TLS, 5061, 7), by(SIP_TLS, 40000, 8), NULL, true},
		{by(SIP_TLS, 5061, 7), by(SIP_TLS, 5061, 8), "192.0.2.66", false},
		{by(SIP_TLS, 5061, 7), by(SIP_TCP, 5060, 8), NULL, false},
		{by(SIP_TLS, 5061, 7), by(SIP_UDP, 5060, 0), NULL, false},
		{by(SIP_TCP, 5060, 7), by(SIP_TCP, 5060, 7), NULL, true},
		{by(SIP_TCP, 5060, 7), by(SIP_UDP, 5060, 0), NULL, false},
		{by(SIP_UDP, 5060, 0), by(SIP_TCP, 5060, 8), NULL, false},
		{by(SIP_UDP, 5060, 0), by(SIP_UDP, 5062, 0), "192.0.2.66", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net *n = net_new();
		struct sip_hop from = rows[i].from;
		struct told t;

		if (rows[i].host) {
			sip_hop_make(slice_of(rows[i].host), 5061,
				(enum sip_transport)rows[i].from.transport, &from);
			from.flow = rows[i].from.flow;
		}
		request(n, &rows[i].to, &t);
		respond_from(n, &from, 0, "503 Service Unavailable");
		if (t.calls != rows[i].may)
			fail_msg("row %zu", i);
		assert_int_equal(net_stats(n).stray_responses, !rows[i].may);
		net_free(n);
	}
}

/* 17.1.2.2: no E; F all the same. 18.1.1: no limit of 1300 bytes. RFC 3581: no rport.
 * RFC 5923: alias by TLS. */
static void test_client_timers(void **state)
{
	static const struct {
		enum sip_transport transport;
		const char *via;
	} rows[] = {
		{SIP_TCP, "\r\nVia: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK%.18s\r\n"},
		{SIP_TLS, "\r\nVia: SIP/2.0/TLS 192.0.2.1:5060;branch=z9hG4bK%.18s;alias\r\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net *n = net_new();
		struct sip_hop to = by(rows[i].transport, 5060, 7);
		struct told t;
		char *via;

		request(n, &to, &t);
		via = xasprintf(rows[i].via, strstr(net_text(n, 0), "z9hG4bK") + 7);
		assert_non_null(strstr(net_text(n, 0), via));
		xfree(via);
		assert_int_equal(sip_stack_deadline(n->stack), 33000);
		net_run(n, 31999);
		assert_int_equal(t.calls, 0);
		net_run(n, 1);
		assert_int_equal(n->n_sent, 1);
		assert_int_equal(t.end, SIP_TIMEOUT);
		assert_true(t.may_have_arrived);
		assert_int_equal(net_stats(n).bytes, 0);
		net_free(n);
	}
}

static void test_big(void **state)
{
	struct net *n = net_new();
	struct sip_hop to = by(SIP_TCP, 5060, 7);
	struct sip_spec big = spec;
	struct told t = {0};
	char body[20000];

	memset(body, 'x', sizeof body);
	big.body = slice_make(body, sizeof body);
	sip_stack_request(n->stack, &to, &big, 0, on_done, &t, n->now);
	assert_int_equal(n->n_sent, 1);
	assert_true(strlen(net_text(n, 0)) > sizeof body);
	net_free(n);
}

/* 17.1.2.2: K is 0: nothing lingers, and what comes after is stray. */
static void test_k_is_0(void **state)
{
	struct net *n = net_new();
	struct sip_hop to = by(SIP_TCP, 5060, 7);
	struct told t;

	request(n, &to, &t);
	respond(n, 0, "100 Trying");
	respond(n, 0, "200 OK");
	assert_int_equal(t.calls, 1);
	assert_int_equal(t.end, SIP_FINAL);
	assert_int_equal(net_stats(n).clients_active + net_stats(n).clients_lingering, 0);
	assert_int_equal(net_stats(n).bytes, 0);
	assert_int_equal(sip_stack_deadline(n->stack), UINT64_MAX);
	respond(n, 0, "200 OK");
	assert_int_equal(net_stats(n).stray_responses, 1);
	assert_int_equal(t.calls, 1);
	net_free(n);
}

/*
 * A connection ends: what was not flushed whole has certainly not been taken; what was answered
 * with a 1xx has; other connections and datagrams have nothing to do with it.
 */
static void test_closed(void **state)
{
	struct net *n = net_new();
	struct sip_hop seven = by(SIP_TLS, 5061, 7), eight = by(SIP_TLS, 5061, 8);
	struct told flushed, provisional, half, after, other, datagram;
	uint64_t mark;

	request(n, &seven, &flushed);
	mark = n->written;
	request(n, &seven, &provisional);
	request(n, &seven, &half);
	request(n, &seven, &after);
	request(n, &eight, &other);
	request(n, PEER, &datagram);
	respond(n, 1, "100 Trying");
	sip_stack_closed(n->stack, &seven, mark + 10, n->now);
	assert_int_equal(flushed.end, SIP_UNREACHABLE);
	assert_true(flushed.may_have_arrived);
	assert_true(provisional.may_have_arrived);
	assert_int_equal(half.end, SIP_UNREACHABLE);
	assert_false(half.may_have_arrived);
	assert_int_equal(after.calls, 1);
	assert_false(after.may_have_arrived);
	assert_int_equal(other.calls + datagram.calls, 0);
	assert_int_equal(net_stats(n).clients_active, 2);
	sip_stack_closed(n->stack, &seven, 0, n->now); /* nothing is known of it any more */
	respond(n, 4, "200 OK");
	sip_stack_closed(n->stack, &eight, UINT64_MAX, n->now);
	assert_int_equal(other.calls, 1);
	assert_int_equal(other.end, SIP_FINAL);
	net_free(n);
}

/* The last byte flushed is the last of the message: it may have arrived; one less, it has not. */
static void test_closed_at_the_mark(void **state)
{
	for (unsigned less = 0; less < 2; less++) {
		struct net *n = net_new();
		struct sip_hop to = by(SIP_TCP, 5060, 7);
		struct told t;

		request(n, &to, &t);
		sip_stack_closed(n->stack, &to, n->written - less, n->now);
		assert_int_equal(t.end, SIP_UNREACHABLE);
		assert_int_equal(t.may_have_arrived, !less);
		net_free(n);
	}
}

/* A connection that is gone before anything is sent: told later, not inside the call. */
static void test_not_sent(void **state)
{
	struct net *n = net_new();
	struct sip_hop to = by(SIP_TCP, 5060, 7);
	struct told t;

	n->gone = true;
	request(n, &to, &t);
	assert_int_equal(t.calls, 0);
	sip_stack_tick(n->stack, n->now);
	assert_int_equal(t.calls, 1);
	assert_int_equal(t.end, SIP_UNREACHABLE);
	assert_false(t.may_have_arrived);
	assert_int_equal(net_stats(n).bytes, 0);
	request(n, &to, &t); /* and one that is freed with the stack */
	net_free(n);
}

#define MESSAGE_BY(transport, via)                                                                 \
	"MESSAGE sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/" transport " " via                \
	"\r\n" DIALOG_LINES "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"

/* 17.2.2: J is 0. RFC 4320 4.1: the 100 comes when E would have reached T2, by connections too. */
static void test_server(void **state)
{
	struct net *n = net_new();
	struct sip_hop from = by(SIP_TCP, 40000, 7);

	net_rx_from(n, &from, MESSAGE_BY("TCP", "192.0.2.20;branch=z9hG4bK1"));
	net_run(n, 3499);
	assert_int_equal(n->n_sent, 0);
	net_run(n, 1);
	assert_int_equal(net_status(n, 0), 100);
	net_reply(n, 0, 200);
	assert_int_equal(net_status(n, 1), 200);
	assert_int_equal(n->sent[1].to.flow, 7);
	assert_int_equal(net_stats(n).servers_active + net_stats(n).servers_lingering, 0);
	assert_int_equal(net_stats(n).bytes, 0);
	assert_int_equal(sip_stack_deadline(n->stack), UINT64_MAX);
	n->answer = 480; /* inside request() */
	net_rx_from(n, &from, MESSAGE_BY("TCP", "192.0.2.20;branch=z9hG4bK2"));
	assert_int_equal(net_status(n, 2), 480);
	assert_int_equal(net_stats(n).bytes, 0);
	net_free(n);
}

/* The connection of a request ends before its answer: the answer goes there all the same. */
static void test_server_lives_on(void **state)
{
	struct net *n = net_new();
	struct sip_hop from = by(SIP_TCP, 40000, 7);

	net_rx_from(n, &from, MESSAGE_BY("TCP", "192.0.2.20;branch=z9hG4bK1"));
	sip_stack_closed(n->stack, &from, 0, n->now);
	net_reply(n, 0, 200);
	assert_int_equal(net_status(n, 0), 200);
	assert_int_equal(n->sent[0].to.flow, 7);
	net_free(n);
}

/* 18.2.2: on that connection, else to the source address and the port of sent-by. */
static void test_way_back(void **state)
{
	static const struct {
		const char *section, *via;
		enum sip_transport transport;
		unsigned port;
		const char *want;
	} rows[] = {
		{"port of sent-by", "192.0.2.20:5070;branch=z9hG4bK1", SIP_TCP, 5070,
			"192.0.2.20:5070;branch=z9hG4bK1"},
		{"TCP without a port", "192.0.2.20;branch=z9hG4bK1", SIP_TCP, 5060,
			"192.0.2.20;branch=z9hG4bK1"},
		{"TLS without a port", "192.0.2.20;branch=z9hG4bK1", SIP_TLS, 5061,
			"192.0.2.20;branch=z9hG4bK1"},
		{"received", "a.example;branch=z9hG4bK1", SIP_TLS, 5061,
			"a.example;branch=z9hG4bK1;received=192.0.2.20"},
		{"3581 4: rport is filled in, and is not for connections",
			"192.0.2.20:5070;rport;branch=z9hG4bK1", SIP_TCP, 5070,
			"192.0.2.20:5070;rport=40000;branch=z9hG4bK1;received=192.0.2.20"},
		{"maddr is not followed", "192.0.2.20;maddr=203.0.113.1;branch=z9hG4bK1", SIP_TCP,
			5060, "192.0.2.20;maddr=203.0.113.1;branch=z9hG4bK1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net *n = net_new();
		struct sip_hop from = by(rows[i].transport, 40000, 9);
		char *text = xasprintf("MESSAGE sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/%s "
				       "%s\r\n" DIALOG_LINES
				       "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
			sip_transport_name(rows[i].transport), rows[i].via);
		char address[INET6_ADDRSTRLEN];

		net_rx_from(n, &from, text);
		net_reply(n, 0, 200);
		if (n->sent[0].to.flow != 9 || sip_hop_port(&n->sent[0].to) != rows[i].port ||
			!strstr(net_text(n, 0), rows[i].want))
			fail_msg("%s: %s", rows[i].section, net_text(n, 0));
		assert_string_equal(sip_hop_address(&n->sent[0].to, address), "192.0.2.20");
		xfree(text);
		net_free(n);
	}
}

/* 18.3, 20.14: where messages end cannot be told any more: what is there is answered, by its way.
 */
static void test_framing_faults(void **state)
{
#define HEAD                                                                                       \
	"MESSAGE sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/TCP "                              \
	"192.0.2.20;branch=z9hG4bK1\r\n" DIALOG_LINES "CSeq: 1 MESSAGE\r\n"
	static const struct {
		const char *text;
		unsigned status;
		const char *reason, *want;
	} rows[] = {
		{HEAD "\r\n", 400, "Missing Content-Length",
			"SIP/2.0 400 Missing Content-Length\r\n"},
		{HEAD "Content-Length: x\r\n\r\n", 400, "Bad Content-Length",
			"SIP/2.0 400 Bad Content-Length\r\n"},
		{HEAD "Content-Length: 99999\r\n\r\n", 513, NULL,
			"SIP/2.0 513 Message Too Large\r\n"},
		{HEAD "Subject: and so on", 513, NULL, "SIP/2.0 513 Message Too Large\r\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net *n = net_new();
		struct sip_hop from = by(SIP_TCP, 40000, 7);
		char *copy = xstrdup(rows[i].text);

		sip_stack_refuse(
			n->stack, &from, copy, strlen(copy), rows[i].status, rows[i].reason);
		assert_int_equal(n->n_sent, 1);
		assert_int_equal(n->sent[0].to.flow, 7);
		assert_memory_equal(net_text(n, 0), rows[i].want, strlen(rows[i].want));
		assert_non_null(strstr(net_text(n, 0), "\r\nCSeq: 1 MESSAGE\r\n"));
		xfree(copy);
		net_free(n);
	}
}

/* 18.4: an ICMP error names one transaction, when enough of the datagram came back. */
static void test_undelivered(void **state)
{
	struct net *n = net_new();
	struct told a, b, again;
	struct sip_hop other = by(SIP_UDP, 5062, 0);
	struct slice bytes;
	size_t enough;

	request(n, PEER, &a);
	request(n, PEER, &b);
	bytes = slice_of(net_text(n, 1));
	sip_stack_undelivered(n->stack, &other, bytes, n->now); /* it did not go there */
	enough = (size_t)(strstr(bytes.p, "Max-Forwards") - bytes.p);
	for (size_t i = 0; i < enough; i++)
		sip_stack_undelivered(n->stack, PEER, slice_cut(bytes, i), n->now);
	assert_int_equal(a.calls + b.calls, 0);
	sip_stack_undelivered(n->stack, PEER, slice_cut(bytes, enough), n->now);
	assert_int_equal(a.calls, 0);
	assert_int_equal(b.end, SIP_UNREACHABLE);
	assert_false(b.may_have_arrived);
	sip_stack_undelivered(n->stack, PEER, slice_of(net_text(n, 1)), n->now);
	assert_int_equal(b.calls, 1);
	net_run(n, 600); /* sent twice: one of them may have arrived */
	sip_stack_undelivered(n->stack, PEER, slice_of(net_text(n, 0)), n->now);
	assert_true(a.may_have_arrived);
	n->n_sent = 0;
	request(n, PEER, &again); /* late news of what was answered */
	respond(n, 0, "200 OK");
	sip_stack_undelivered(n->stack, PEER, slice_of(net_text(n, 0)), n->now);
	assert_int_equal(again.calls, 1);
	assert_int_equal(again.end, SIP_FINAL);
	net_free(n);
}

/* RFC 6026 8.8: a response that does not arrive leaves its transaction where it is. */
static void test_response_undelivered(void **state)
{
	struct net *n = net_new();
	char *answer;

	net_rx(n, PEER, REQUEST("MESSAGE", "sip:j@example.com", "192.0.2.20;branch=z9hG4bK1", ""));
	net_reply(n, 0, 200);
	answer = xstrdup(net_text(n, 0));
	sip_stack_undelivered(n->stack, PEER, slice_of(answer), n->now);
	assert_int_equal(net_stats(n).servers_lingering, 1);
	net_rx(n, PEER, REQUEST("MESSAGE", "sip:j@example.com", "192.0.2.20;branch=z9hG4bK1", ""));
	assert_int_equal(n->n_requests, 1);
	assert_string_equal(net_text(n, 1), answer);
	xfree(answer);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_may_answer),
		cmocka_unit_test(test_client_timers),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_k_is_0),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_closed_at_the_mark),
		cmocka_unit_test(test_not_sent),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_server_lives_on),
		cmocka_unit_test(test_way_back),
		cmocka_unit_test(test_framing_faults),
		cmocka_unit_test(test_undelivered),
		cmocka_unit_test(test_response_undelivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
