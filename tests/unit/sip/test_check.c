#include "unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sip/sip.h"

static const enum sip_method allow[] = {SIP_MESSAGE, SIP_OPTIONS, SIP_M_OTHER};
static const char *const supported[] = {"path", "gruu", NULL};
static const struct sip_caps caps = {allow, supported, "text/plain, message/cpim"};

#define ALLOW "Allow: MESSAGE, OPTIONS\r\n"

/* method, Request-URI, To, further lines and body; what is answered, and with which lines. */
/* clang-format off */
static const struct {
	const char *section, *method, *ruri, *to, *rest;
	unsigned status;
	const char *reason, *extra;
} cases[] = {
	{"served", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>", "\r\n", 0, NULL, ""},
	{"served", "OPTIONS", "sip:example.com", "<sip:example.com>", "\r\n", 0, NULL, ""},
	{"3428 5 im", "MESSAGE", "im:j@example.com", "<im:j@example.com>", "\r\n", 0, NULL, ""},
	{"8.2.1", "INVITE", "sip:j@example.com", "<sip:j@example.com>", "\r\n", 405,
		"Method Not Allowed", ALLOW},
	{"8.2.1", "REGISTER", "sip:example.com", "<sip:j@example.com>", "\r\n", 405,
		"Method Not Allowed", ALLOW},
	{"8.2.1 before the dialog", "BYE", "sip:j@example.com", "<sip:j@example.com>;tag=x", "\r\n",
		405, "Method Not Allowed", ALLOW},
	{"21.5.2", "RE%47IST%45R", "sip:example.com", "<sip:j@example.com>", "\r\n", 501,
		"Not Implemented", ALLOW},
	{"7.1 case", "message", "sip:example.com", "<sip:j@example.com>", "\r\n", 501,
		"Not Implemented", ALLOW},
	{"9.2", "CANCEL", "sip:j@example.com", "<sip:j@example.com>", "\r\n", 481,
		"Call/Transaction Does Not Exist", ""},
	{"8.2.2.1", "MESSAGE", "nobodyKnows:x", "<sip:j@example.com>", "\r\n", 416,
		"Unsupported URI Scheme", ""},
	{"8.2.2.1", "MESSAGE", "tel:+12015550123", "<sip:j@example.com>", "\r\n", 416,
		"Unsupported URI Scheme", ""},
	{"7247 8", "MESSAGE", "sips:j@example.com", "<sip:j@example.com>", "\r\n", 403,
		"SIPS Is Not Translated", ""},
	{"7247 8", "MESSAGE", "sip:j@example.com", "<sips:j@example.com>", "\r\n", 403,
		"SIPS Is Not Translated", ""},
	{"16.3", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>", "Max-Forwards: 0\r\n\r\n",
		483, "Too Many Hops", ""},
	{"11.1, 4475 3.3.11", "OPTIONS", "sip:j@example.com", "<sip:j@example.com>",
		"Max-Forwards: 0\r\n\r\n", 0, NULL, ""},
	{"8.2.2.3", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>",
		"Require: gruu, nothingSupportsThis,path\r\nRequire: timer\r\n\r\n", 420,
		"Bad Extension", "Unsupported: nothingSupportsThis, timer\r\n"},
	{"8.2.2.3 all known", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>",
		"Require: GRUU\r\n\r\n", 0, NULL, ""},
	{"8.2.2.3 no tokens", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>",
		"Require: a b\r\n\r\n", 400, "Bad Require", ""},
	{"20.29 for proxies", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>",
		"Proxy-Require: x\r\n\r\n", 0, NULL, ""},
	{"12.2.2", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>;tag=x", "\r\n", 481,
		"Call/Transaction Does Not Exist", ""},
	{"20.15", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>", "\r\nhello", 400,
		"Missing Content-Type", ""},
	{"20.15", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>", "c: text\r\n\r\nhello",
		400, "Bad Content-Type", ""},
	{"20.15", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>", "c: a/b\r\n\r\nhello", 0,
		NULL, ""},
	{"8.2.3", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>",
		"c: a/b\r\ne: gzip\r\n\r\nhello", 415, "Unsupported Media Type",
		"Accept-Encoding: identity\r\n"},
	{"8.2.3", "MESSAGE", "sip:j@example.com", "<sip:j@example.com>",
		"c: a/b\r\ne: identity\r\n\r\nhello", 0, NULL, ""},

	/* the order: method, URI, hops, Require, dialog, body */
	{"order", "INVITE", "urn:x", "<sip:j@example.com>;tag=x",
		"Max-Forwards: 0\r\nRequire: x\r\n\r\nb", 405, "Method Not Allowed", ALLOW},
	{"order", "MESSAGE", "urn:x", "<sip:j@example.com>;tag=x",
		"Max-Forwards: 0\r\nRequire: x\r\n\r\nb", 416, "Unsupported URI Scheme", ""},
	{"order", "MESSAGE", "sip:a@b.example", "<sip:j@example.com>;tag=x",
		"Max-Forwards: 0\r\nRequire: x\r\n\r\nb", 483, "Too Many Hops", ""},
	{"order", "MESSAGE", "sip:a@b.example", "<sip:j@example.com>;tag=x", "Require: x\r\n\r\nb",
		420, "Bad Extension", "Unsupported: x\r\n"},
	{"order", "MESSAGE", "sip:a@b.example", "<sip:j@example.com>;tag=x", "\r\nb", 481,
		"Call/Transaction Does Not Exist", ""},
};
/* clang-format on */

static void test_check(void **state)
{
	static struct sip_msg m;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text = {0}, extra = {0};
		const char *reason = NULL;
		unsigned status;

		buf_printf(&text,
			"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"
			"From: <sip:r@example.net>;tag=a\r\nTo: %s\r\nCall-ID: c\r\nCSeq: 1 "
			"%s\r\n%s",
			cases[i].method, cases[i].ruri, cases[i].to, cases[i].method,
			cases[i].rest);
		if (sip_msg_parse(&m, text.p, text.n) != SIP_GOOD)
			fail_msg("%s: %s", cases[i].section, m.bad);
		status = sip_check_request(&m, &caps, &reason, &extra);
		if (status != cases[i].status)
			fail_msg("%s: %s: %u", cases[i].section, cases[i].method, status);
		if (status)
			assert_string_equal(reason, cases[i].reason);
		assert_slice(buf_slice(&extra), cases[i].extra);
		buf_done(&text);
		buf_done(&extra);
	}
}

/* Who keeps dialogs is asked himself. */
static void test_dialogs(void **state)
{
	static char text[] = "MESSAGE sip:j@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example\r\n"
			     "From: <sip:r@example.net>;tag=a\r\nTo: "
			     "<sip:j@example.com>;tag=x\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\n\r\n";
	static struct sip_msg m;
	struct sip_caps keeper = caps;
	struct buf extra = {0};
	const char *reason = NULL;

	assert_int_equal(sip_msg_parse(&m, text, sizeof text - 1), SIP_GOOD);
	assert_int_equal(sip_check_request(&m, &caps, &reason, &extra), 481);
	keeper.dialogs = true;
	assert_int_equal(sip_check_request(&m, &keeper, &reason, &extra), 0);
	buf_done(&extra);
}

/* COMPAT: what Lync requires, and what of it asks nothing of us. */
static void test_microsoft(void **state)
{
	static const struct {
		const char *require;
		unsigned status;
	} rows[] = {
		{"gruu-10", 0},
		{"ms-sender", 0},
		{"MS-Safe-Transfer", 0},
		{"ms-something-of-tomorrow", 0},
		{"com.microsoft.rtc-multiparty", 0}, /* who has the session says 488 */
		{"ms-benotify", 420},
		{"MS-Benotify", 420},
		{"ms-piggyback-first-notify", 420},
		{"adhoclist", 420},
		{"100rel", 420},
		{"gruu-10, 100rel", 420},
	};
	static struct sip_msg m;
	struct sip_caps bearing = caps;

	bearing.microsoft = true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = {0}, extra = {0};
		const char *reason = NULL;

		buf_printf(&text,
			"MESSAGE sip:j@example.com SIP/2.0\r\nVia: SIP/2.0/TLS a.example\r\nFrom: "
			"<sip:r@example.net>;tag=a\r\nTo: <sip:j@example.com>\r\nCall-ID: c\r\n"
			"CSeq: 1 MESSAGE\r\nRequire: %s\r\n\r\n",
			rows[i].require);
		assert_int_equal(sip_msg_parse(&m, text.p, text.n), SIP_GOOD);
		if (sip_check_request(&m, &bearing, &reason, &extra) != rows[i].status)
			fail_msg("%s", rows[i].require);
		buf_reset(&extra);
		if (sip_check_request(&m, &caps, &reason, &extra) != 420)
			fail_msg("%s, of others", rows[i].require);
		buf_done(&text);
		buf_done(&extra);
	}
}

static void test_caps(void **state)
{
	struct buf b = {0};

	sip_caps_write(&b, &caps); /* 11.2 */
	assert_slice(buf_slice(&b),
		ALLOW "Accept: text/plain, message/cpim\r\nSupported: path, gruu\r\n");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_dialogs),
		cmocka_unit_test(test_microsoft),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
