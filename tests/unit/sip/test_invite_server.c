#include "unit.h"

#include "net.h"

/* Server transactions of INVITE: RFC 3261 9.2, 13.3.1.4, 17.2.1, 17.2.3, RFC 6026. */

#define URI                  "sip:juliet@example.com"
#define VIA(branch)          "192.0.2.20:5060;branch=" branch
#define INVITE(branch, rest) REQUEST("INVITE", URI, VIA(branch), rest)
#define CANCEL(branch)       REQUEST("CANCEL", URI, VIA(branch), "")

#define RESPONSE(status, to, rest)                                                                 \
	"SIP/2.0 " status "\r\nVia: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK1\r\n"               \
	"From: <sip:romeo@example.net>;tag=r\r\nTo: <sip:juliet@example.com>" to "\r\n"            \
	"Call-ID: c1\r\nCSeq: 1 INVITE\r\n" rest "Server: Entente\r\nContent-Length: 0\r\n\r\n"

static void progress(struct net *n, unsigned status)
{
	sip_server_progress(n->requests[0].txn, &(struct sip_reply){.status = status});
}

/* The To tag of what was sent as number i. */
static char *tag_of(struct net *n, unsigned i)
{
	const char *tag = strstr(net_text(n, i), "com>;tag=");

	assert_non_null(tag);
	return xasprintf("%.18s", tag + 9);
}

static void rx_ack(struct net *n, const char *via, const char *to_tag)
{
	char *text = xasprintf("ACK " URI " SIP/2.0\r\nVia: SIP/2.0/UDP %s\r\nFrom: "
			       "<sip:romeo@example.net>;tag=r\r\nTo: "
			       "<sip:juliet@example.com>;tag=%s\r\nCall-ID: c1\r\nCSeq: 1 "
			       "ACK\r\n\r\n",
		via, to_tag);

	net_rx(n, PEER, text);
	xfree(text);
}

static void expect_nothing_held(struct net *n)
{
	assert_int_equal(net_stats(n).bytes, 0);
	assert_int_equal(net_stats(n).servers_active + net_stats(n).servers_lingering, 0);
	assert_int_equal(sip_stack_deadline(n->stack), UINT64_MAX);
}

/* 17.2.1: 100 after 200 ms, without a To tag, with Timestamp and how long it took (8.2.6.1). */
static void test_100(void **state)
{
	struct net *n = net_new_calls();

	net_rx(n, PEER, INVITE("z9hG4bK1", "Timestamp: 54\r\n"));
	assert_int_equal(n->n_requests, 1);
	net_run(n, 199);
	assert_int_equal(n->n_sent, 0);
	net_run(n, 1);
	assert_int_equal(n->n_sent, 1);
	assert_string_equal(net_text(n, 0), RESPONSE("100 Trying", "", "Timestamp: 54 0.200\r\n"));
	net_run(n, 50);
	net_rx(n, PEER, INVITE("z9hG4bK1", "Timestamp: 54\r\n"));
	assert_string_equal(net_text(n, 1), net_text(n, 0)); /* the most recent one as it was */
	net_run(n, 60000);
	assert_int_equal(n->n_sent, 2);
	assert_int_equal(n->n_requests, 1);
	net_free(n);
}

/* 17.2.1: the last provisional answer comes again with each INVITE; no 100 when there was another.
 */
static void test_progress(void **state)
{
	struct net *n = net_new_calls();

	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	progress(n, 180);
	assert_string_equal(net_tagless(n, 0), RESPONSE("180 Ringing", ";tag=TAG", ""));
	progress(n, 183);
	net_run(n, 1000);
	assert_int_equal(n->n_sent, 2);
	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	assert_string_equal(net_text(n, 2), net_text(n, 1));
	net_free(n);
}

/* 17.2.1: G doubles up to T2, H ends it after 64*T1, and our user is told. */
static void test_refused_without_ack(void **state)
{
	static const unsigned at[] = {
		0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
	struct net *n = net_new_calls();

	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	net_reply(n, 0, 486);
	net_run(n, 31999);
	net_expect_told(n, "");
	net_run(n, 1);
	net_expect_told(n, "no-ack gone ");
	assert_int_equal(n->n_sent, ARRAY_LEN(at));
	assert_int_equal(net_stats(n).tx_retrans, ARRAY_LEN(at) - 1);
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		assert_int_equal(n->sent[i].at - 1000, at[i]);
		assert_string_equal(net_text(n, (unsigned)i), net_text(n, 0));
	}
	expect_nothing_held(n);
	net_free(n);
}

/* 17.2.1: the ACK stops it; I is T4; what comes again meanwhile is absorbed. */
static void test_refused_and_acked(void **state)
{
	struct net *n = net_new_calls();
	char *tag;

	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	net_reply(n, 0, 486);
	tag = tag_of(n, 0);
	net_rx(n, PEER, INVITE("z9hG4bK1", "")); /* COMPLETED: the answer again */
	assert_string_equal(net_text(n, 1), net_text(n, 0));
	net_run(n, 400);
	rx_ack(n, VIA("z9hG4bK1"), tag);
	net_expect_told(n, "");
	net_run(n, 4999);
	rx_ack(n, VIA("z9hG4bK1"), tag);
	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	net_rx(n, PEER, CANCEL("z9hG4bK1"));
	assert_int_equal(n->n_sent, 3); /* the 200 to the CANCEL */
	assert_int_equal(net_stats(n).servers_lingering, 1);
	net_run(n, 1);
	net_expect_told(n, "gone ");
	assert_int_equal(n->n_requests, 1);
	expect_nothing_held(n);
	rx_ack(n, VIA("z9hG4bK1"), tag); /* nothing knows it any more */
	net_expect_told(n, "ack-of-nothing ");
	xfree(tag);
	net_free(n);
}

/* By a connection: no G; H all the same; I is 0. */
static void test_reliable(void **state)
{
	struct net *n = net_new_calls();
	struct sip_hop tcp;

	sip_hop_make(SL("192.0.2.20"), 40000, SIP_TCP, &tcp);
	tcp.flow = 3;
	net_rx_from(n, &tcp, INVITE("z9hG4bK1", ""));
	net_reply(n, 0, 603);
	net_run(n, 31999);
	assert_int_equal(n->n_sent, 1);
	assert_int_equal(n->sent[0].to.flow, 3);
	net_run(n, 1);
	net_expect_told(n, "no-ack gone ");

	net_rx_from(n, &tcp, INVITE("z9hG4bK2", ""));
	net_reply(n, 1, 603);
	net_rx_from(n, &tcp, REQUEST("ACK", URI, VIA("z9hG4bK2"), ""));
	net_expect_told(n, "gone ");
	expect_nothing_held(n);
	net_free(n);
}

/* RFC 6026 7.1: a 2xx is not sent again by itself, INVITEs are absorbed, ACKs are our user's. */
static void test_accepted(void **state)
{
	struct net *n = net_new_calls();

	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	net_reply(n, 0, 200);
	assert_string_equal(net_tagless(n, 0), RESPONSE("200 OK", ";tag=TAG", ""));
	net_run(n, 20000);
	assert_int_equal(n->n_sent, 1);
	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	assert_int_equal(n->n_sent, 1);
	net_reply(n, 0, 200);
	assert_int_equal(n->n_sent, 2);
	assert_string_equal(net_text(n, 1), net_text(n, 0));
	net_reply(n, 0, 486); /* too late for this */
	progress(n, 180);
	assert_int_equal(n->n_sent, 2);
	net_rx(n, PEER, REQUEST("ACK", URI, VIA("z9hG4bK1"), "")); /* one with the same branch */
	net_expect_told(n, "ack ");
	net_rx(n, PEER,
		REQUEST("ACK", URI, VIA("z9hG4bK9"), "")); /* 17.1.1.3: one as it should be */
	net_expect_told(n, "ack-of-nothing ");
	net_run(n, 11999); /* L is 64*T1 since the first 2xx */
	net_expect_told(n, "");
	net_run(n, 1);
	net_expect_told(n, "gone ");
	assert_int_equal(n->n_requests, 1);
	expect_nothing_held(n);
	net_free(n);
}

/* 17.2.3: ACK of a sender of RFC 2543, who has no branch: by what it has of the INVITE. */
static void test_ack_2543(void **state)
{
	static const struct {
		const char *what;
		unsigned status;
		bool right_tag;
		const char *told;
	} rows[] = {
		{"of a refusal", 486, true, ""},
		{"of a refusal, another's tag", 486, false, "ack-of-nothing "},
		{"RFC 6026 6: of a 2xx", 200, true, "ack "},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net *n = net_new_calls();
		char *tag;

		net_rx(n, PEER, INVITE("1", ""));
		net_reply(n, 0, rows[i].status);
		tag = tag_of(n, 0);
		rx_ack(n, VIA("1"), rows[i].right_tag ? tag : "a0aaaaaaaaaaaaaaaa");
		net_expect_told(n, rows[i].told);
		net_run(n, 600);
		assert_int_equal(n->n_sent, rows[i].status == 486 && !rows[i].right_tag ? 2 : 1);
		xfree(tag);
		net_free(n);
	}
}

/* 9.2: 200 to the CANCEL, 487 to the INVITE, with one To tag; what our user says then is in vain.
 */
static void test_cancel(void **state)
{
	struct net *n = net_new_calls();
	char *a, *b;

	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	progress(n, 180);
	net_rx(n, PEER, CANCEL("z9hG4bK1"));
	assert_int_equal(n->n_sent, 3);
	assert_int_equal(net_status(n, 1), 200);
	assert_non_null(strstr(net_text(n, 1), "\r\nCSeq: 1 CANCEL\r\n"));
	assert_string_equal(net_tagless(n, 2), RESPONSE("487 Request Terminated", ";tag=TAG", ""));
	a = tag_of(n, 1);
	b = tag_of(n, 2);
	assert_string_equal(a, b);
	net_expect_told(n, "cancelled ");
	net_reply(n, 0, 200);
	progress(n, 180);
	assert_int_equal(n->n_sent, 3);
	net_rx(n, PEER, CANCEL("z9hG4bK1")); /* again: answered again */
	assert_int_equal(n->n_sent, 4);
	net_expect_told(n, "");
	net_run(n, 100);
	rx_ack(n, VIA("z9hG4bK1"), b);
	net_run(n, 5000);
	net_expect_told(n, "gone ");
	xfree(a);
	xfree(b);
	net_free(n);
}

/* 9.2: a final answer was sent: the CANCEL is answered with 200 and has no effect. */
static void test_cancel_too_late(void **state)
{
	static const unsigned status[] = {200, 486};

	for (size_t i = 0; i < ARRAY_LEN(status); i++) {
		struct net *n = net_new_calls();

		net_rx(n, PEER, INVITE("z9hG4bK1", ""));
		net_reply(n, 0, status[i]);
		net_rx(n, PEER, CANCEL("z9hG4bK1"));
		assert_int_equal(n->n_sent, 2);
		assert_int_equal(net_status(n, 1), 200);
		net_expect_told(n, "");
		net_free(n);
	}
}

/* 22.1: from another address it is of nothing; the port says nothing. */
static void test_cancel_of_another(void **state)
{
	struct net *n = net_new_calls();
	struct sip_hop other, same;

	sip_hop_make(SL("192.0.2.66"), 5060, SIP_UDP, &other);
	sip_hop_make(SL("192.0.2.20"), 40000, SIP_UDP, &same);
	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	net_rx_from(n, &other, CANCEL("z9hG4bK1"));
	assert_int_equal(n->n_sent, 1);
	assert_int_equal(net_status(n, 0), 481);
	net_expect_told(n, "");
	net_rx_from(n, &same, CANCEL("z9hG4bK1"));
	assert_int_equal(net_status(n, 1), 200);
	assert_int_equal(net_status(n, 2), 487);
	net_expect_told(n, "cancelled ");
	net_free(n);
}

/* RFC 6026 8.8, 18.4: an answer that does not arrive changes nothing. */
static void test_network(void **state)
{
	struct net *n = net_new_calls();
	char *answer;

	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	net_reply(n, 0, 200);
	answer = xstrdup(net_text(n, 0));
	sip_stack_undelivered(n->stack, PEER, slice_of(answer), n->now);
	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	assert_int_equal(n->n_requests, 1);
	net_expect_told(n, "");
	xfree(answer);
	net_free(n);
}

/* 8.2.2.2: forked and come together again; not after a refusal. */
static void test_merged(void **state)
{
	struct net *n = net_new_calls();

	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	net_rx(n, PEER, INVITE("z9hG4bK2", ""));
	assert_int_equal(net_status(n, 0), 482);
	assert_int_equal(n->n_requests, 1);
	net_reply(n, 0, 486);
	net_rx(n, PEER, INVITE("z9hG4bK3", ""));
	assert_int_equal(n->n_requests, 2);
	net_free(n);
}

/* RFC 3262 3: we never say 100rel: whoever requires it is told; PRACK is no method of ours. */
static void test_100rel(void **state)
{
	struct net *n = net_new_calls();

	net_rx(n, PEER, INVITE("z9hG4bK1", "Require: 100rel\r\n"));
	assert_int_equal(net_status(n, 0), 420);
	assert_non_null(strstr(net_text(n, 0), "\r\nUnsupported: 100rel\r\n"));
	net_rx(n, PEER, INVITE("z9hG4bK2", "Supported: 100rel\r\n"));
	progress(n, 180);
	assert_null(strstr(net_text(n, 1), "100rel"));
	assert_null(strstr(net_text(n, 1), "RSeq"));
	net_rx(n, PEER, REQUEST("PRACK", URI, VIA("z9hG4bK3"), "RAck: 1 1 INVITE\r\n"));
	assert_int_equal(net_status(n, 2), 405);
	assert_null(strstr(net_text(n, 2), "PRACK\r\nAccept"));
	assert_non_null(strstr(net_text(n, 2), "\r\nAllow: INVITE, ACK, BYE, CANCEL, MESSAGE\r\n"));
	net_free(n);
}

/* The To tag before any answer; our user's own. */
static void test_user(void **state)
{
	struct net *n = net_new_calls();
	struct buf tag = {0};
	char *sent;

	net_rx(n, PEER, INVITE("z9hG4bK1", ""));
	sip_server_tag(n->requests[0].txn, &tag);
	assert_null(sip_server_user(n->requests[0].txn));
	sip_server_set_user(n->requests[0].txn, &tag);
	assert_ptr_equal(sip_server_user(n->requests[0].txn), &tag);
	progress(n, 180);
	sent = tag_of(n, 0);
	assert_slice(buf_slice(&tag), sent);
	xfree(sent);
	buf_done(&tag);
	net_free(n);
}

/* Refused inside request(); freed in every state; what is not answered is not known. */
static void test_ends(void **state)
{
	struct net *n = net_new_calls();

	n->answer = 480;
	net_rx(n, PEER, REQUEST_ID("INVITE", VIA("z9hG4bK1"), "c1", 1, ""));
	assert_int_equal(net_status(n, 0), 480);
	n->answer = 200;
	net_rx(n, PEER, REQUEST_ID("INVITE", VIA("z9hG4bK2"), "c2", 1, ""));
	n->answer = 0;
	net_rx(n, PEER, REQUEST_ID("INVITE", VIA("z9hG4bK3"), "c3", 1, ""));
	net_rx(n, PEER, REQUEST_ID("ACK", VIA("z9hG4bK3"), "c3", 1, "")); /* of nothing */
	net_rx(n, PEER, REQUEST_ID("ACK", VIA("z9hG4bK1"), "c1", 1, ""));
	net_expect_told(n, "");
	assert_int_equal(net_stats(n).servers_active, 1);
	assert_int_equal(net_stats(n).servers_lingering, 2);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_100),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_refused_without_ack),
		cmocka_unit_test(test_refused_and_acked),
		cmocka_unit_test(test_reliable),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_ack_2543),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_too_late),
		cmocka_unit_test(test_cancel_of_another),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_100rel),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
