#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sip/sip.h"

static const struct sip_stamp stamp = {
	.transport = SIP_UDP,
	.sent_by = {"192.0.2.1:5060", 14},
	.branch = {"z9hG4bKa0x", 10},
	.from_tag = {"a0tag", 5},
	.call_id = {"a0call", 6},
};

static void test_request(void **state)
{
	const struct sip_out fields[] = {
		{SL("Subject"), SL("Balcony")}, {SL("Content-Language"), SL("en")}};
	const struct sip_spec spec = {
		.method = SIP_MESSAGE,
		.ruri = SL("sip:romeo@example.net"),
		.from = SL("<sip:juliet@example.com;gr=x>"),
		.to = SL("<sip:romeo@example.net>"),
		.fields = fields,
		.n_fields = 2,
		.content_type = SL("text/plain"),
		.body = SL("Art thou not Romeo, and a Montague?"),
	};
	struct buf b = {0};

	sip_write_request(&b, &spec, &stamp);
	assert_slice(buf_slice(&b), "MESSAGE sip:romeo@example.net SIP/2.0\r\n"
				    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa0x;rport\r\n"
				    "Max-Forwards: 70\r\n"
				    "From: <sip:juliet@example.com;gr=x>;tag=a0tag\r\n"
				    "To: <sip:romeo@example.net>\r\n"
				    "Call-ID: a0call\r\n"
				    "CSeq: 1 MESSAGE\r\n"
				    "Subject: Balcony\r\n"
				    "Content-Language: en\r\n"
				    "Content-Type: text/plain\r\n"
				    "Content-Length: 35\r\n"
				    "\r\n"
				    "Art thou not Romeo, and a Montague?");
	buf_done(&b);
}

static void test_request_given(void **state)
{
	const struct sip_spec spec = {
		.method = SIP_OPTIONS,
		.ruri = SL("sip:example.net"),
		.from = SL("<sip:a.example>"),
		.to = SL("<sip:example.net>"),
		.from_tag = SL("f"),
		.to_tag = SL("t"),
		.call_id = SL("c@d"),
		.cseq = 4294967295u,
		.max_forwards = 1,
	};
	struct sip_stamp s = stamp;
	struct buf b = {0};

	s.transport = SIP_TLS;
	s.user_agent = SL("Entente");
	sip_write_request(&b, &spec, &s);
	assert_slice(buf_slice(&b), "OPTIONS sip:example.net SIP/2.0\r\n"
				    "Via: SIP/2.0/TLS 192.0.2.1:5060;branch=z9hG4bKa0x;alias\r\n"
				    "Max-Forwards: 1\r\n"
				    "From: <sip:a.example>;tag=f\r\n"
				    "To: <sip:example.net>;tag=t\r\n"
				    "Call-ID: c@d\r\n"
				    "CSeq: 4294967295 OPTIONS\r\n"
				    "User-Agent: Entente\r\n"
				    "Content-Length: 0\r\n"
				    "\r\n");
	buf_done(&b);
}

/* However line breaks come in, as many lines go out as there should be, and it reads back. */
static void test_no_injection(void **state)
{
	static struct sip_msg m;
	const struct slice evil = SL("x\r\nEvil: 1\r\n\r\nINVITE\0\ny");
	const struct sip_out fields[] = {{SL("Subject"), evil}};
	const struct sip_spec spec = {
		.method = SIP_MESSAGE,
		.ruri = SL("sip:a@b.example\r\nEvil: 2"),
		.from = SL("\"\r\nEvil: 3\" <sip:c@d.example>"),
		.to = SL("<sip:a@b.example>\nEvil: 4"),
		.from_tag = SL("t\rEvil: 5"),
		.fields = fields,
		.n_fields = 1,
		.content_type = SL("text/plain\r\n\r\nx"),
		.body = SL("\r\nEvil: but bodies may\r\n"),
	};
	struct buf b = {0};
	struct slice rest, line;
	unsigned lines = 0;

	sip_write_request(&b, &spec, &stamp);
	rest = slice_cut(buf_slice(&b), b.n - spec.body.n);
	while (slice_split(&rest, '\n', &line)) {
		assert_false(slice_starts(line, SL("Evil")));
		lines++;
	}
	assert_int_equal(lines, 12);
	sip_msg_parse(&m, b.p, b.n);
	assert_int_equal(m.n_fields, 9);
	assert_int_equal(m.body.n, spec.body.n);
	buf_done(&b);
}

static const char request[] = "MESSAGE sip:juliet@example.com SIP/2.0\r\n"
			      "v : SIP/2.0/UDP 10.1.1.1:4540;received=9.9.9.9;rport ; "
			      "branch=z9hG4bK1;x , SIP/2.0/TCP b.example\r\n"
			      "Via: SIP/2.0/UDP c.example\r\n"
			      "f: \"a, \\\" b\"\r\n <sip:r@example.net>;tag=a\r\n"
			      "To: sip:juliet@example.com;x\r\n"
			      "i: c1\r\n"
			      "CSeq:  7   MESSAGE\r\n"
			      "Subject: not repeated\r\n"
			      "\r\n";

static void test_response(void **state)
{
	static struct sip_msg m;
	const struct sip_seen seen = {SL("192.0.2.1"), 9988, SL("a0t")};
	const struct sip_out fields[] = {{SL("Warning"), SL("399 x \"why\"")}};
	const struct sip_reply reply = {
		.status = 404,
		.fields = fields,
		.n_fields = 1,
		.content_type = SL("text/plain"),
		.body = SL("no"),
	};
	struct buf echo = {0}, b = {0};
	char copy[sizeof request];

	memcpy(copy, request, sizeof request);
	assert_int_equal(sip_msg_parse(&m, copy, sizeof request - 1), SIP_GOOD);
	sip_write_echo(&echo, &m, &seen);
	sip_write_reply(&b, &reply, buf_slice(&echo), SL("Server: Entente\r\n"));
	assert_slice(
		buf_slice(&b), /* 8.2.6.2; RFC 3581 4; the folded line break is three spaces now */
		"SIP/2.0 404 Not Found\r\n"
		"Via: SIP/2.0/UDP 10.1.1.1:4540;rport=9988 ; branch=z9hG4bK1;x;received=192.0.2.1 "
		", SIP/2.0/TCP b.example\r\n"
		"Via: SIP/2.0/UDP c.example\r\n"
		"From: \"a, \\\" b\"   <sip:r@example.net>;tag=a\r\n"
		"To: sip:juliet@example.com;x;tag=a0t\r\n"
		"Call-ID: c1\r\n"
		"CSeq: 7   MESSAGE\r\n"
		"Warning: 399 x \"why\"\r\n"
		"Server: Entente\r\n"
		"Content-Type: text/plain\r\n"
		"Content-Length: 2\r\n"
		"\r\n"
		"no");
	buf_done(&echo);
	buf_done(&b);
}

/* With nothing seen, the lines are those that came. */
static void test_echo_unchanged(void **state)
{
	static struct sip_msg m;
	const struct sip_seen seen = {0};
	struct buf echo = {0};
	char copy[sizeof request];

	memcpy(copy, request, sizeof request);
	assert_int_equal(sip_msg_parse(&m, copy, sizeof request - 1), SIP_GOOD);
	sip_write_echo(&echo, &m, &seen);
	assert_true(slice_starts(
		buf_slice(&echo), SL("Via: SIP/2.0/UDP 10.1.1.1:4540;received=9.9.9.9;rport ; "
				     "branch=z9hG4bK1;x , SIP/2.0/TCP b.example\r\n")));
	assert_true(slice_contains(buf_slice(&echo), SL("\r\nTo: sip:juliet@example.com;x\r\n")));
	buf_done(&echo);
}

static void test_reasons(void **state)
{
	assert_string_equal(sip_reason(200), "OK");
	assert_string_equal(sip_reason(504), "Server Time-out");
	assert_string_equal(sip_reason(499), "Bad Request");
	assert_string_equal(sip_reason(699), "Declined");
}

static void test_field(void **state)
{
	struct buf b = {0};

	sip_write_field(&b, "Subject", SL("a\r\n b"));
	assert_slice(buf_slice(&b), "Subject: a   b\r\n");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_request_given),
		cmocka_unit_test(test_no_injection),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_echo_unchanged),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
