#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "script.h"
#include "xmpp/sasl.h"

/* clang-format off */
#define OPT {.tls = XTLS_OPTIONAL, .external = true, .dialback_tls = true, .dialback_clear = true}
#define REQ {.tls = XTLS_REQUIRED, .external = true}
#define NOS {.tls = XTLS_REQUIRED, .dialback_tls = true}

#define AUTH(data) "<auth xmlns='" SASL_NS "' mechanism='EXTERNAL'>" data "</auth>"
#define RESP(data) "<response xmlns='" SASL_NS "'>" data "</response>"
#define DOMAIN	   "eG1wcC5sYWI=" /* xmpp.lab */

static const struct {
	const char *name;
	struct xstream_policy policy;
	bool tls;
	enum xstream_cert cert;
	const char *from, *in, *want;
} rows[] = {
	/* 6.3.10, 6.4.2 */
	{"empty", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("="), "success"},
	{"the domain", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH(DOMAIN), "success"},
	{"none: a challenge", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH(""), "challenge"},
	{"the domain in capitals and with a dot", REQ, true, XCERT_GOOD, "xmpp.lab",
		AUTH("WE1QUC5sYWIu"), "success"},
	{"an internationalised domain by its A-label", REQ, true, XCERT_GOOD, "b\xc3\xbc" "cher.lab",
		AUTH("eG4tLWJjaGVyLWt2YS5sYWI="), "success"},
	/* 6.3.8, 6.5.6 */
	{"another domain", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("ZXZpbC5sYWI="), "invalid-authzid"},
	{"a user", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("YUB4bXBwLmxhYg=="), "invalid-authzid"},
	{"a resource", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("eG1wcC5sYWIvcg=="), "invalid-authzid"},
	{"a NUL inside", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("eG1wcC5sYWIAeA=="), "invalid-authzid"},
	{"not UTF-8", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("/w=="), "invalid-authzid"},
	{"the header did not say who", REQ, true, XCERT_GOOD, NULL, AUTH(DOMAIN), "invalid-authzid"},
	{"nobody said who", REQ, true, XCERT_GOOD, NULL, AUTH("="), "not-authorized"},
	/* 6.5.5, 6.3.5 */
	{"not base64", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("x!=="), "incorrect-encoding"},
	{"no padding", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("eG1wcC5sYWI"), "incorrect-encoding"},
	{"unused bits set", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("eG1wcC5sYWJ="), "incorrect-encoding"},
	{"padding inside", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("eA==eA=="), "incorrect-encoding"},
	{"only padding", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("===="), "incorrect-encoding"},
	{"white space around", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("\n" DOMAIN "\n"),
		"incorrect-encoding"},
	/* 6.5.7 */
	{"another mechanism", REQ, true, XCERT_GOOD, "xmpp.lab",
		"<auth xmlns='" SASL_NS "' mechanism='PLAIN'>=</auth>", "invalid-mechanism"},
	{"no mechanism", REQ, true, XCERT_GOOD, "xmpp.lab", "<auth xmlns='" SASL_NS "'>=</auth>",
		"invalid-mechanism"},
	{"mechanisms are written in capitals", REQ, true, XCERT_GOOD, "xmpp.lab",
		"<auth xmlns='" SASL_NS "' mechanism='external'>=</auth>", "invalid-mechanism"},
	{"the settings have no SASL", NOS, true, XCERT_GOOD, "xmpp.lab", AUTH("="),
		"invalid-mechanism"},
	/* 6.5.8 */
	{"elements inside", REQ, true, XCERT_GOOD, "xmpp.lab", AUTH("<x/>"), "malformed-request"},
	/* 6.5.4 */
	{"EXTERNAL in clear", OPT, false, XCERT_NONE, "xmpp.lab", AUTH("="), "encryption-required"},
	{"anything before TLS that is required", REQ, false, XCERT_NONE, "xmpp.lab",
		"<auth xmlns='" SASL_NS "' mechanism='PLAIN'>=</auth>", "encryption-required"},
	{"another in clear where TLS is optional", OPT, false, XCERT_NONE, "xmpp.lab",
		"<auth xmlns='" SASL_NS "' mechanism='PLAIN'>=</auth>", "invalid-mechanism"},
	/* 6.5.10 */
	{"a certificate that is not good", OPT, true, XCERT_BAD, "xmpp.lab", AUTH(DOMAIN),
		"not-authorized"},
	{"no certificate", OPT, true, XCERT_NONE, "xmpp.lab", AUTH(DOMAIN), "not-authorized"},
	{"and nothing about encodings to who may not anyway", OPT, true, XCERT_BAD, "xmpp.lab",
		AUTH("!"), "not-authorized"},
	/* responses to our challenge */
	{"response: the domain", REQ, true, XCERT_GOOD, "xmpp.lab", RESP(DOMAIN), "success"},
	{"response: empty", REQ, true, XCERT_GOOD, "xmpp.lab", RESP("="), "success"},
	{"response: nothing", REQ, true, XCERT_GOOD, "xmpp.lab", RESP(""), "success"},
	{"response: not base64", REQ, true, XCERT_GOOD, "xmpp.lab", RESP("!"), "incorrect-encoding"},
	{"response: another domain", REQ, true, XCERT_GOOD, "xmpp.lab", RESP("ZXZpbC5sYWI="),
		"invalid-authzid"},
	{"response: elements inside", REQ, true, XCERT_GOOD, "xmpp.lab", RESP("<x/>"),
		"malformed-request"},
};
/* clang-format on */

static struct xml_elem *read_elem(const char *text, struct arena *ret)
{
	static const struct xml_limits lim;
	struct xml_reader *r = xml_reader_new(&lim);
	struct xml_event ev;

	xml_reader_feed(r, SL(THEIR_HEAD));
	xml_reader_feed(r, slice_of(text));
	assert_true(xml_reader_next(r, &ev) && xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_ELEMENT);
	xml_reader_free(r);
	*ret = ev.arena;
	return ev.elem;
}

static void verdicts(void **state)
{
	static const char *const names[] = {"success", "challenge", "failure"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sasl_ctx ctx = {
			&rows[i].policy, rows[i].tls, rows[i].cert, slice_of(rows[i].from)};
		enum sasl_cond cond = SASL_OK;
		enum sasl_verdict v;
		const char *got;
		struct arena a;
		struct xml_elem *e = read_elem(rows[i].in, &a);

		v = slice_eqz(e->name, "auth") ? sasl_on_auth(&ctx, e, &a, &cond)
					       : sasl_on_response(&ctx, e, &a, &cond);
		got = v == SASL_FAILURE ? sasl_cond_name(cond) : names[v];
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s, wanted %s", rows[i].name, got, rows[i].want);
		arena_done(&a);
	}
	(void)state;
}

/* RFC 4648 section 10 */
static void base64(void **state)
{
	/* clang-format off */
	static const char *const pairs[][2] = {{"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
		{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
		{"\xfb\xff\xfe", "+//+"}};
	/* clang-format on */
	struct buf b = {0};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct slice back;

		base64_put(&b, slice_of(pairs[i][0]));
		assert_slice(buf_slice(&b), pairs[i][1]);
		assert_true(base64_decode(buf_slice(&b), &a, &back));
		assert_slice(back, pairs[i][0]);
		buf_reset(&b);
	}
	buf_done(&b);
	arena_done(&a);
	(void)state;
}

static void requests(void **state)
{
	struct buf b = {0};

	sasl_put_auth(&b, SL("sip.lab"));
	sasl_put_auth(&b, SL(""));
	sasl_put_response(&b, SL("sip.lab"));
	assert_slice(buf_slice(&b), AUTH_OURS AUTH("=") RESP("c2lwLmxhYg=="));
	buf_done(&b);
	(void)state;
}

static void reading_failures(void **state)
{
	struct slice text;
	struct arena a;
	struct xml_elem *e = read_elem(SASL_FAIL("credentials-expired"), &a);

	assert_int_equal(sasl_read_failure(e, &a, &text), SASL_CREDENTIALS_EXPIRED);
	assert_null(text.p);
	arena_done(&a);
	e = read_elem("<failure xmlns='" SASL_NS "'><text>why</text></failure>", &a);
	assert_int_equal(sasl_read_failure(e, &a, &text), SASL_NOT_AUTHORIZED);
	assert_slice(text, "why");
	arena_done(&a);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(base64),
		cmocka_unit_test(requests),
		cmocka_unit_test(reading_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
