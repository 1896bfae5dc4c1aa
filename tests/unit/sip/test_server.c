#include "unit.h"

#include "net.h"

/* Server transactions and what is answered without one: RFC 3261 8.2, 9.2, 17.2, 18.2, RFC 3581,
 * RFC 4320. */

#define MESSAGE(branch, rest)                                                                      \
	REQUEST("MESSAGE", "sip:juliet@example.com", "192.0.2.20:5060;branch=" branch, rest)

/* The answer to MESSAGE(branch, ""), when it came from the host that Via names. */
#define ANSWER(status, via, tag, rest)                                                             \
	"SIP/2.0 " status "\r\nVia: SIP/2.0/UDP " via "\r\n"                                       \
	"From: <sip:romeo@example.net>;tag=r\r\nTo: <sip:juliet@example.com>;tag=" tag "\r\n"      \
	"Call-ID: c1\r\nCSeq: 1 MESSAGE\r\n" rest

static void test_answered(void **state)
{
	struct net *n = net_new();

	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	assert_int_equal(n->n_requests, 1);
	assert_int_equal(n->n_sent, 0);
	net_reply(n, 0, 200);
	assert_int_equal(n->n_sent, 1);
	assert_int_equal(sip_hop_port(&n->sent[0].to), 5060);
	assert_string_equal(
		net_tagless(n, 0), ANSWER("200 OK", "192.0.2.20:5060;branch=z9hG4bK1", "TAG",
					   "Server: Entente\r\nContent-Length: 0\r\n\r\n"));
	net_free(n);
}

/* 17.2.2, 8.2.6.2, 18.2.2: retransmissions get the same bytes and never reach the user. */
static void test_retransmissions(void **state)
{
	struct net *n = net_new();
	char *first;

	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	assert_int_equal(n->n_requests, 1);
	assert_int_equal(n->n_sent, 0); /* TRYING: discarded */
	net_reply(n, 0, 200);
	first = net_text(n, 0);
	net_run(n, 31000);
	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	assert_int_equal(n->n_requests, 1);
	assert_int_equal(n->n_sent, 2);
	assert_string_equal(net_text(n, 1), first);
	net_run(n, 1200); /* J, 64*T1 after the answer */
	assert_int_equal(net_stats(n).servers_lingering, 0);
	assert_int_equal(net_stats(n).bytes, 0);
	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	assert_int_equal(n->n_requests, 2);
	net_free(n);
}

/* An answer with fields and a body comes again whole. */
static void test_rich_answer_again(void **state)
{
	const struct sip_out field = {SL("Retry-After"), SL("7")};
	const struct sip_reply reply = {.status = 480,
		.reason = SL("Not Here"),
		.fields = &field,
		.n_fields = 1,
		.content_type = SL("text/plain"),
		.body = SL("later")};
	struct net *n = net_new();

	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	sip_server_reply(n->requests[0].txn, &reply, n->now);
	assert_string_equal(
		net_tagless(n, 0), ANSWER("480 Not Here", "192.0.2.20:5060;branch=z9hG4bK1", "TAG",
					   "Retry-After: 7\r\nServer: Entente\r\nContent-Type: "
					   "text/plain\r\nContent-Length: 5\r\n\r\nlater"));
	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	assert_string_equal(net_text(n, 1), net_text(n, 0));
	net_run(n, 33000);
	assert_int_equal(net_stats(n).bytes, 0);
	net_free(n);
}

/* RFC 4320 4.1: no provisional answer before 3.5 s, then 100, with Timestamp (8.2.6.1). */
static void test_100(void **state)
{
	struct net *n = net_new();

	net_rx(n, PEER, MESSAGE("z9hG4bK1", "Timestamp: 54\r\n"));
	net_run(n, 3499);
	assert_int_equal(n->n_sent, 0);
	net_run(n, 1);
	assert_int_equal(n->n_sent, 1);
	assert_string_equal(net_tagless(n, 0),
		ANSWER("100 Trying", "192.0.2.20:5060;branch=z9hG4bK1", "TAG",
			"Timestamp: 54 3.500\r\nServer: Entente\r\nContent-Length: 0\r\n\r\n"));
	net_run(n, 4000);
	net_rx(n, PEER, MESSAGE("z9hG4bK1", "Timestamp: 54\r\n")); /* PROCEEDING: the 100 again */
	assert_int_equal(n->n_sent, 2);
	assert_non_null(strstr(net_text(n, 1), "\r\nTimestamp: 54 7.500\r\n"));
	net_reply(n, 0, 200);
	assert_int_equal(net_status(n, 2), 200);
	assert_null(strstr(net_text(n, 2), "Timestamp"));
	net_free(n);
}

/* 8.2.6.1: no line where there was none; a delay that is there already is not ours. */
static void test_timestamp(void **state)
{
	static const struct {
		const char *sent, *got;
	} rows[] = {
		{"", ""},
		{"Timestamp: 54.5\r\n", "Timestamp: 54.5 3.500\r\n"},
		{"Timestamp: 54 1.25\r\n", "Timestamp: 54 1.25\r\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net *n = net_new();
		char *text = xasprintf(MESSAGE("z9hG4bK1", "%s"), rows[i].sent),
		     *want = xasprintf("\r\nCSeq: 1 MESSAGE\r\n%sServer: Entente\r\n", rows[i].got);

		net_rx(n, PEER, text);
		net_run(n, 3500);
		if (!strstr(net_text(n, 0), want))
			fail_msg("%s: %s", rows[i].sent, net_text(n, 0));
		xfree(text);
		xfree(want);
		net_free(n);
	}
}

/* RFC 5393 5.3.5: Max-Breadth is for proxies: a server takes no notice of it. */
static void test_max_breadth(void **state)
{
	static const char *const values[] = {"60", "1", "0", "none"};

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct net *n = net_new();
		char *text = xasprintf(MESSAGE("z9hG4bK1", "Max-Breadth: %s\r\n"), values[i]);

		net_rx(n, PEER, text);
		assert_int_equal(n->n_requests, 1);
		net_reply(n, 0, 200);
		assert_null(strstr(net_text(n, 0), "Max-Breadth"));
		xfree(text);
		net_free(n);
	}
}

/* RFC 3262 3: PRACK is no method of ours, inside a dialog or not. */
static void test_prack(void **state)
{
	struct net *n = net_new();

	net_rx(n, PEER,
		REQUEST("PRACK", "sip:j@example.com", "192.0.2.20;branch=z9hG4bK1",
			"RAck: 1 1 INVITE\r\n"));
	assert_int_equal(net_status(n, 0), 405);
	assert_non_null(strstr(net_text(n, 0), "\r\nAllow: MESSAGE, OPTIONS\r\n"));
	net_rx(n, PEER, MESSAGE("z9hG4bK2", "Require: 100rel\r\n"));
	assert_int_equal(net_status(n, 1), 420);
	assert_non_null(strstr(net_text(n, 1), "\r\nUnsupported: 100rel\r\n"));
	net_free(n);
}

/* RFC 4320 4.2: no 408, and nothing at all once the client has given up. */
static void test_late(void **state)
{
	struct net *n = net_new();

	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	net_reply(n, 0, 408);
	assert_int_equal(net_status(n, 0), 504);
	assert_non_null(strstr(net_text(n, 0), "SIP/2.0 504 Server Time-out\r\n"));

	net_rx(n, PEER, MESSAGE("z9hG4bK2", "X: merged no more, the first was refused\r\n"));
	net_run(n, 32000);
	assert_int_equal(net_status(n, 1), 100);
	assert_int_equal(n->n_sent, 2);
	net_rx(n, PEER, MESSAGE("z9hG4bK2", ""));
	assert_int_equal(n->n_sent, 2);
	assert_int_equal(n->n_requests, 2);
	net_reply(n, 1, 200);
	assert_int_equal(n->n_sent, 2);
	net_run(n, 40000);
	assert_int_equal(net_stats(n).servers_active + net_stats(n).servers_lingering, 0);
	assert_int_equal(net_stats(n).bytes, 0);
	net_free(n);
}

/* 17.2.3: what is one transaction and what is another. Each second message against the first. */
/* clang-format off */
static const struct {
	const char *section, *first, *second;
	bool same;
} matches[] = {
	{"branch", MESSAGE("z9hG4bK1", ""),
		REQUEST_ID("MESSAGE", "192.0.2.20:5060;branch=z9hG4bK2", "c2", 1, ""), false},
	{"sent-by", MESSAGE("z9hG4bK1", ""),
		REQUEST_ID("MESSAGE", "192.0.2.21:5060;branch=z9hG4bK1", "c2", 1, ""), false},
	{"sent-by port", MESSAGE("z9hG4bK1", ""),
		REQUEST_ID("MESSAGE", "192.0.2.20:5061;branch=z9hG4bK1", "c2", 1, ""), false},
	{"branch rules, whatever else differs", MESSAGE("z9hG4bK1", ""),
		REQUEST_ID("MESSAGE", "192.0.2.20:5060;branch=z9hG4bK1", "c2", 2, ""), true},
	{"cookie in any case", MESSAGE("Z9HG4BK1", ""), MESSAGE("Z9HG4BK1", "X: y\r\n"), true},
	{"2543: the same", MESSAGE("1", ""), MESSAGE("1", ""), true},
	{"2543: Call-ID", MESSAGE("1", ""),
		REQUEST_ID("MESSAGE", "192.0.2.20:5060;branch=1", "c2", 1, ""), false},
	{"2543: CSeq", MESSAGE("1", ""),
		REQUEST_ID("MESSAGE", "192.0.2.20:5060;branch=1", "c1", 2, ""), false},
	{"2543: no branch at all", REQUEST_ID("MESSAGE", "192.0.2.20:5060", "c1", 1, ""),
		REQUEST_ID("MESSAGE", "192.0.2.20:5060", "c1", 1, ""), true},
	{"4475 3.2.1: the cookie alone is none",
		REQUEST_ID("MESSAGE", "192.0.2.20:5060;branch=z9hG4bK", "c1", 1, ""),
		REQUEST_ID("MESSAGE", "192.0.2.20:5060;branch=z9hG4bK", "c2", 1, ""), false},
};
/* clang-format on */

static void test_matching(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(matches); i++) {
		struct net *n = net_new();

		net_rx(n, PEER, matches[i].first);
		net_reply(n, 0, 200);
		net_rx(n, PEER, matches[i].second);
		if (n->n_requests != (matches[i].same ? 1 : 2))
			fail_msg("%s", matches[i].section);
		assert_int_equal(n->n_sent, matches[i].same ? 2 : 1);
		net_free(n);
	}
}

/* 8.2.2.2: forked and come together again: 482, also after the first was taken; not after a
 * refusal. */
static void test_merged(void **state)
{
	static const unsigned first_status[] = {0, 200, 480};
	static const unsigned second[] = {482, 482, 0};

	for (size_t i = 0; i < ARRAY_LEN(second); i++) {
		struct net *n = net_new();

		net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
		if (first_status[i])
			net_reply(n, 0, first_status[i]);
		n->n_sent = 0;
		net_rx(n, PEER, MESSAGE("z9hG4bK2", ""));
		assert_int_equal(n->n_requests, second[i] ? 1 : 2);
		assert_int_equal(n->n_sent, second[i] ? 1 : 0);
		if (second[i])
			assert_int_equal(net_status(n, 0), second[i]);
		net_free(n);
	}
}

/* 18.2.1, 18.2.2, RFC 3581 4: where the response goes and what the first Via says then. */
/* clang-format off */
static const struct {
	const char *section, *source, *via;
	unsigned source_port;
	const char *to, *want;
	unsigned to_port;
} ways[] = {
	{"18.2.2 port of sent-by", "192.0.2.20", "192.0.2.20:5070;branch=z9hG4bK1", 40000,
		"192.0.2.20", "192.0.2.20:5070;branch=z9hG4bK1", 5070},
	{"18.2.2 no port: 5060", "192.0.2.20", "192.0.2.20;branch=z9hG4bK1", 40000, "192.0.2.20",
		"192.0.2.20;branch=z9hG4bK1", 5060},
	{"18.2.1 name", "192.0.2.20", "a.example;branch=z9hG4bK1", 40000, "192.0.2.20",
		"a.example;branch=z9hG4bK1;received=192.0.2.20", 5060},
	{"18.2.1 another address", "192.0.2.20", "10.0.0.1:5070;branch=z9hG4bK1", 40000,
		"192.0.2.20", "10.0.0.1:5070;branch=z9hG4bK1;received=192.0.2.20", 5070},
	{"18.2.1 forged received", "192.0.2.20", "10.0.0.1;received=203.0.113.1;branch=z9hG4bK1",
		40000, "192.0.2.20", "10.0.0.1;branch=z9hG4bK1;received=192.0.2.20", 5060},
	{"3581 4", "192.0.2.20", "10.0.0.1:5070;rport;branch=z9hG4bK1", 40000, "192.0.2.20",
		"10.0.0.1:5070;rport=40000;branch=z9hG4bK1;received=192.0.2.20", 40000},
	{"3581 4 received always", "192.0.2.20", "192.0.2.20:40000;rport;branch=z9hG4bK1", 40000,
		"192.0.2.20", "192.0.2.20:40000;rport=40000;branch=z9hG4bK1;received=192.0.2.20",
		40000},
	{"3581 forged rport", "192.0.2.20", "10.0.0.1;rport=53;branch=z9hG4bK1", 40000,
		"192.0.2.20", "10.0.0.1;rport=40000;branch=z9hG4bK1;received=192.0.2.20", 40000},
	{"maddr is not followed", "192.0.2.20", "192.0.2.20;maddr=203.0.113.1;branch=z9hG4bK1",
		40000, "192.0.2.20", "192.0.2.20;maddr=203.0.113.1;branch=z9hG4bK1", 5060},
	{"IPv6", "2001:db8::20", "[2001:DB8:0::20]:5070;branch=z9hG4bK1", 40000, "2001:db8::20",
		"[2001:DB8:0::20]:5070;branch=z9hG4bK1", 5070},
	{"5118 4.5 received without brackets", "2001:db8::20",
		"[2001:db8::21];rport;branch=z9hG4bK1", 40000, "2001:db8::20",
		"[2001:db8::21];rport=40000;branch=z9hG4bK1;received=2001:db8::20", 40000},
	{"several Vias in one field", "192.0.2.20",
		"a.example;branch=z9hG4bK1, SIP/2.0/TCP b.example;branch=x", 40000, "192.0.2.20",
		"a.example;branch=z9hG4bK1;received=192.0.2.20, SIP/2.0/TCP b.example;branch=x",
		5060},
};
/* clang-format on */

static void test_way_back(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct net *n = net_new();
		char *text = xasprintf("MESSAGE sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
				       "%s\r\n" DIALOG_LINES "CSeq: 1 MESSAGE\r\n\r\n",
			ways[i].via);
		char *want = xasprintf("\r\nVia: SIP/2.0/UDP %s\r\n", ways[i].want),
		     address[INET6_ADDRSTRLEN];
		struct sip_hop from;

		assert_int_equal(sip_hop_make(slice_of(ways[i].source),
					 (uint16_t)ways[i].source_port, SIP_UDP, &from),
			0);
		net_rx_from(n, &from, text);
		net_reply(n, 0, 200);
		net_rx_from(n, &from, text);
		for (unsigned k = 0; k < 2; k++) { /* the second time too */
			if (!strstr(net_text(n, k), want))
				fail_msg("%s: %s", ways[i].section, net_text(n, k));
			assert_string_equal(sip_hop_address(&n->sent[k].to, address), ways[i].to);
			assert_int_equal(sip_hop_port(&n->sent[k].to), ways[i].to_port);
		}
		xfree(text);
		xfree(want);
		net_free(n);
	}
}

/* What is refused, with which lines; nothing is kept of it and nobody is asked. */
/* clang-format off */
static const struct {
	const char *section, *text;
	unsigned status; /* 0: no answer */
	const char *line;
} refusals[] = {
	{"405", REQUEST("INVITE", "sip:juliet@example.com", "192.0.2.20;branch=z9hG4bK1", ""), 405,
		"\r\nAllow: MESSAGE, OPTIONS\r\n"},
	{"501", REQUEST("FOO", "sip:juliet@example.com", "192.0.2.20;branch=z9hG4bK1", ""), 501,
		"\r\nAllow: MESSAGE, OPTIONS\r\n"},
	{"416", REQUEST("MESSAGE", "urn:x", "192.0.2.20;branch=z9hG4bK1", ""), 416, ""},
	{"403", REQUEST("MESSAGE", "sips:juliet@example.com", "192.0.2.20;branch=z9hG4bK1", ""),
		403, ""},
	{"420", MESSAGE("z9hG4bK1", "Require: a, b\r\n"), 420, "\r\nUnsupported: a, b\r\n"},
	{"483", MESSAGE("z9hG4bK1", "Max-Forwards: 0\r\n"), 483, ""},
	{"400", MESSAGE("z9hG4bK1", "Content-Length: 9\r\n"), 400,
		"SIP/2.0 400 Bad Content-Length\r\n"},
	{"400 Via", MESSAGE("z9hG4bK1;;", ""), 400,
		"\r\nVia: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK1;;\r\n"},
	{"505",
		"MESSAGE sip:a@b.example SIP/7.0\r\nVia: SIP/7.0/UDP 192.0.2.20;branch=z9hG4bK1\r\n" DIALOG_LINES "CSeq: 1 MESSAGE\r\n\r\n",
		505, "SIP/2.0 505 Version Not Supported\r\n"},
	{"400 nothing but Via",
		"MESSAGE sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20\r\n\r\n", 400,
		"SIP/2.0 400 Missing From\r\nVia: SIP/2.0/UDP 192.0.2.20\r\nServer: Entente\r\n"},
	{"481 CANCEL of nothing",
		REQUEST("CANCEL", "sip:juliet@example.com", "192.0.2.20;branch=z9hG4bK1", ""), 481,
		""},
	{"ACK", REQUEST("ACK", "sip:juliet@example.com", "192.0.2.20;branch=z9hG4bK1", ""), 0,
		NULL},
	{"bad ACK",
		REQUEST("ACK", "sip:juliet@example.com", "192.0.2.20;branch=z9hG4bK1", "Content-Length: 9\r\n"),
		0, NULL},
	{"no Via", "MESSAGE sip:a@b.example SIP/2.0\r\n" DIALOG_LINES "\r\n", 0, NULL},
	{"rubbish", "\x16\x03\x01\x02", 0, NULL},
	{"keep-alive", "\r\n\r\n", 0, NULL},
	{"4475 3.3.10 response with two Vias",
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1\r\n" "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK2\r\n" DIALOG_LINES "CSeq: 1 MESSAGE\r\n\r\n",
		0, NULL},
};
/* clang-format on */

static void test_refusals(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct net *n = net_new();

		net_rx(n, PEER, refusals[i].text);
		assert_int_equal(n->n_requests, 0);
		assert_int_equal(net_stats(n).bytes, 0);
		if (n->n_sent != (refusals[i].status ? 1 : 0) ||
			(refusals[i].status && (net_status(n, 0) != refusals[i].status ||
						       !strstr(net_text(n, 0), refusals[i].line))))
			fail_msg("%s: %s", refusals[i].section,
				n->n_sent ? net_text(n, 0) : "nothing");
		net_rx(n, PEER, refusals[i].text); /* 8.2.7: the same again, tag and all */
		if (refusals[i].status)
			assert_string_equal(net_text(n, 1), net_text(n, 0));
		net_free(n);
	}
}

/* 11.2 */
static void test_options(void **state)
{
	struct net *n = net_new();

	net_rx(n, PEER,
		REQUEST("OPTIONS", "sip:example.com", "192.0.2.20;branch=z9hG4bK1",
			"Max-Forwards: 0\r\n"));
	assert_int_equal(n->n_requests, 0);
	assert_int_equal(n->n_admits, 1);
	assert_int_equal(net_status(n, 0), 200);
	assert_non_null(strstr(net_text(n, 0), "Server: Entente\r\nAllow: MESSAGE, "
					       "OPTIONS\r\nAccept: text/plain\r\nSupported: \r\n"));
	n->verdict = (struct sip_verdict){503, "Shutting down", 9}; /* who leaves says so */
	net_rx(n, PEER, REQUEST("OPTIONS", "sip:example.com", "192.0.2.20;branch=z9hG4bK2", ""));
	assert_non_null(strstr(net_text(n, 1), "SIP/2.0 503 Shutting down\r\n"));
	assert_non_null(strstr(net_text(n, 1), "\r\nRetry-After: 9\r\n"));
	assert_int_equal(net_stats(n).bytes, 0);
	net_free(n);
}

/* 11.2: a description for who takes one. */
static void test_options_description(void **state)
{
	static const struct {
		const char *accept, *sdp;
		bool gets;
	} rows[] = {
		{"Accept: application/sdp\r\n", "v=0\r\n", true},
		{"Accept: text/plain, APPLICATION/SDP;level=1\r\n", "v=0\r\n", true},
		{"Accept: application/sdp\r\n", NULL, false},
		{"Accept: text/plain\r\n", "v=0\r\n", false},
		{"", "v=0\r\n", true}, /* 20.1 */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net *n = net_new();
		char *text = xasprintf(
			REQUEST("OPTIONS", "sip:example.com", "192.0.2.20;branch=z9hG4bK1", "%s"),
			rows[i].accept);

		n->sdp = rows[i].sdp;
		net_rx(n, PEER, text);
		assert_int_equal(net_status(n, 0), 200);
		assert_non_null(strstr(net_text(n, 0), "\r\nAllow: MESSAGE, OPTIONS\r\n"));
		if (!strstr(net_text(n, 0), "\r\nContent-Type: application/sdp\r\n") ==
				rows[i].gets ||
			!strstr(net_text(n, 0), rows[i].gets ? "Content-Length: 5\r\n\r\nv=0\r\n"
							     : "Content-Length: 0\r\n\r\n"))
			fail_msg("%s: %s", rows[i].accept, net_text(n, 0));
		assert_int_equal(net_stats(n).bytes, 0);
		xfree(text);
		net_free(n);
	}
}

/* Those of a dialog are for who has it. */
static void test_options_within(void **state)
{
	static const enum sip_method allow[] = {SIP_MESSAGE, SIP_OPTIONS, SIP_M_OTHER};
	static const char *const supported[] = {NULL};
	static const struct sip_caps caps = {allow, supported, "text/plain", .dialogs = true};
	static const char within[] =
		"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bK1\r\nFrom: "
		"<sip:r@b>;tag=r\r\nTo: <sip:j@c>;tag=j\r\nCall-ID: c1\r\nCSeq: 1 OPTIONS\r\n\r\n";
	struct net *n = net_new_with(&caps, 10, 10);

	net_rx(n, PEER, within);
	assert_int_equal(n->n_requests, 1);
	net_reply(n, 0, 481);
	assert_int_equal(net_status(n, 0), 481);
	net_rx(n, PEER, REQUEST("OPTIONS", "sip:example.com", "192.0.2.20;branch=z9hG4bK2", ""));
	assert_int_equal(n->n_requests, 1);
	assert_int_equal(net_status(n, 1), 200);
	net_free(n);
	n = net_new();
	net_rx(n, PEER, within); /* nobody here has dialogs (12.2.2) */
	assert_int_equal(net_status(n, 0), 481);
	net_free(n);
}

/* COMPAT: BENOTIFY of Lync is never answered, whatever is wrong with it. */
static void test_benotify(void **state)
{
	static const char *const rest[] = {
		"", "Max-Forwards: 0\r\n", "Require: x\r\n", "Content-Length: 99\r\n"};
	struct net *n = net_new();

	for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
		char *text = xasprintf(REQUEST("BENOTIFY", "sip:juliet@example.com",
					       "192.0.2.20;branch=z9hG4bK%zu", "%s"),
			i, rest[i]);

		net_rx(n, PEER, text);
		sip_stack_refuse(n->stack, PEER, text, strlen(text), 403, "no");
		xfree(text);
	}
	assert_int_equal(n->n_sent, 0);
	assert_int_equal(n->n_requests + n->n_admits, 0);
	assert_int_equal(net_stats(n).dropped, 7);
	assert_int_equal(net_stats(n).bad, 1);
	assert_int_equal(net_stats(n).bytes, 0);
	net_free(n);
}

/* 9.2: a non-INVITE goes on; the CANCEL is answered. */
static void test_cancel(void **state)
{
	struct net *n = net_new();

	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	net_rx(n, PEER,
		REQUEST("CANCEL", "sip:juliet@example.com", "192.0.2.20:5060;branch=z9hG4bK1", ""));
	assert_int_equal(net_status(n, 0), 200);
	assert_non_null(strstr(net_text(n, 0), "\r\nCSeq: 1 CANCEL\r\n"));
	net_reply(n, 0, 202);
	assert_int_equal(net_status(n, 1), 202);
	net_free(n);
}

/* Over the limit: 500 with Retry-After, nothing kept; OPTIONS and retransmissions are answered. */
static void test_shed(void **state)
{
	struct net *n = net_new_sized(2, 2);
	size_t held;

	net_rx(n, PEER, REQUEST_ID("MESSAGE", "192.0.2.20;branch=z9hG4bK1", "c1", 1, ""));
	net_rx(n, PEER, REQUEST_ID("MESSAGE", "192.0.2.20;branch=z9hG4bK2", "c2", 1, ""));
	held = net_stats(n).bytes;
	net_rx(n, PEER, REQUEST_ID("MESSAGE", "192.0.2.20;branch=z9hG4bK3", "c3", 1, ""));
	assert_int_equal(n->n_requests, 2);
	assert_int_equal(net_status(n, 0), 500);
	assert_non_null(strstr(net_text(n, 0), "\r\nRetry-After: "));
	assert_int_equal(net_stats(n).bytes, held);
	assert_int_equal(net_stats(n).shed, 1);
	net_rx(n, PEER, REQUEST("OPTIONS", "sip:example.com", "192.0.2.20;branch=z9hG4bK4", ""));
	assert_int_equal(net_status(n, 1), 200);
	net_reply(n, 0, 200);
	net_rx(n, PEER, REQUEST_ID("MESSAGE", "192.0.2.20;branch=z9hG4bK1", "c1", 1, ""));
	assert_int_equal(net_status(n, 3), 200);
	net_run(n, 32200); /* J of the first gives room */
	net_rx(n, PEER, REQUEST_ID("MESSAGE", "192.0.2.20;branch=z9hG4bK5", "c5", 1, ""));
	assert_int_equal(n->n_requests, 3);
	net_free(n);
}

/* The owner's refusal keeps nothing. */
static void test_admit(void **state)
{
	struct net *n = net_new();

	n->verdict = (struct sip_verdict){403, "Not From There", 7};
	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	assert_int_equal(n->n_admits, 1);
	assert_int_equal(n->n_requests, 0);
	assert_non_null(strstr(net_text(n, 0), "SIP/2.0 403 Not From There\r\n"));
	assert_non_null(strstr(net_text(n, 0), "\r\nRetry-After: 7\r\n"));
	assert_int_equal(net_stats(n).bytes, 0);
	n->verdict = (struct sip_verdict){0};
	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	assert_int_equal(n->n_requests, 1);
	net_rx(n, PEER, MESSAGE("z9hG4bK1", "")); /* a retransmission is not asked about */
	assert_int_equal(n->n_admits, 2);
	net_free(n);
}

/* For those whom we do not serve. */
static void test_refuse(void **state)
{
	static const struct {
		const char *text;
		bool answered;
	} strangers[] = {
		{MESSAGE("z9hG4bK1", ""), true},
		{MESSAGE("z9hG4bK1", "Content-Length: 9\r\n"), true},
		{REQUEST("OPTIONS", "sip:example.com", "192.0.2.20;branch=z9hG4bK1", ""), true},
		{REQUEST("ACK", "sip:example.com", "192.0.2.20;branch=z9hG4bK1", ""), false},
		{"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example\r\n" DIALOG_LINES
		 "CSeq: 1 MESSAGE\r\n\r\n",
			false},
		{"rubbish\r\n\r\n", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		struct net *n = net_new();
		char *copy = xstrdup(strangers[i].text);

		sip_stack_refuse(n->stack, PEER, copy, strlen(copy), 403, "Unknown Source");
		assert_int_equal(n->n_sent, strangers[i].answered);
		if (strangers[i].answered)
			assert_non_null(strstr(net_text(n, 0), "SIP/2.0 403 Unknown Source\r\n"));
		assert_int_equal(n->n_requests, 0);
		xfree(copy);
		net_free(n);
	}
}

/* Answered from inside request(), and freed with transactions in every state. */
static void test_reply_inside(void **state)
{
	struct net *n = net_new();

	n->answer = 200;
	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	assert_int_equal(net_status(n, 0), 200);
	n->answer = 0;
	net_rx(n, PEER, REQUEST_ID("MESSAGE", "192.0.2.20;branch=z9hG4bK2", "c2", 1, ""));
	net_run(n, 5000);
	net_rx(n, PEER, REQUEST_ID("MESSAGE", "192.0.2.20;branch=z9hG4bK3", "c3", 1, ""));
	net_free(n);
}

/* What is promised of memory: a lingering transaction under 0.3 kB. */
static void test_memory(void **state)
{
	struct net *n = net_new();

	net_rx(n, PEER, MESSAGE("z9hG4bK1", ""));
	net_reply(n, 0, 200);
	assert_true(net_stats(n).bytes < 128);
	net_free(n);
}

/* Every message of a conversation cut at every byte, and with every byte changed: no harm, bounded.
 */
static void test_hostile(void **state)
{
	static const char text[] =
		MESSAGE("z9hG4bK1;rport", "Require: a\r\nTimestamp: 5\r\nContent-Length: 0\r\n");
	struct net *n = net_new_sized(50, 50);

	n->answer = 200;
	for (size_t i = 0; i < sizeof text; i++) {
		char *copy = xmalloc(i + 1);

		memcpy(copy, text, i);
		sip_stack_rx(n->stack, PEER, copy, i, NULL, n->now++);
		n->n_sent = n->n_requests = 0;
		xfree(copy);
	}
	for (size_t i = 0; i < sizeof text - 1; i++)
		for (unsigned c = 0; c < 256; c += 5) {
			char copy[sizeof text];

			memcpy(copy, text, sizeof text);
			copy[i] = (char)c;
			sip_stack_rx(n->stack, PEER, copy, sizeof text - 1, NULL, n->now++);
			n->n_sent = n->n_requests = 0;
		}
	assert_true(net_stats(n).servers_lingering <= 50);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_retransmissions),
		cmocka_unit_test(test_rich_answer_again),
		cmocka_unit_test(test_100),
		cmocka_unit_test(test_timestamp),
		cmocka_unit_test(test_max_breadth),
		cmocka_unit_test(test_prack),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_way_back),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_options_description),
		cmocka_unit_test(test_options_within),
		cmocka_unit_test(test_benotify),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_shed),
		cmocka_unit_test(test_admit),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_reply_inside),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
