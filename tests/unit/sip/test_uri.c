#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sip/sip.h"

struct parse_case {
	const char *section, *text;
	enum sip_scheme scheme;
	const char *user, *password, *host;
	unsigned port;
	const char *params, *headers;
};

#define SIPS_ SIP_SCHEME_SIPS
#define SIP_  SIP_SCHEME_SIP
#define TEL_  SIP_SCHEME_TEL
#define IM_   SIP_SCHEME_IM
#define PRES_ SIP_SCHEME_PRES

/* clang-format off */
static const struct parse_case good[] = {
	{"3261 19.1.3", "sip:alice@atlanta.com", SIP_, "alice", NULL, "atlanta.com", 0, NULL, NULL},
	{"3261 19.1.3", "sip:alice:secretword@atlanta.com;transport=tcp", SIP_, "alice",
		"secretword", "atlanta.com", 0, "transport=tcp", NULL},
	{"3261 19.1.3", "sips:alice@atlanta.com?subject=project%20x&priority=urgent", SIPS_,
		"alice", NULL, "atlanta.com", 0, NULL, "subject=project%20x&priority=urgent"},
	{"3261 19.1.3", "sip:+1-212-555-1212:1234@gateway.com;user=phone", SIP_, "+1-212-555-1212",
		"1234", "gateway.com", 0, "user=phone", NULL},
	{"3261 19.1.3", "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", SIP_, NULL, NULL,
		"atlanta.com", 0, "method=REGISTER", "to=alice%40atlanta.com"},
	{"3261 19.1.3", "sip:alice;day=tuesday@atlanta.com", SIP_, "alice;day=tuesday", NULL,
		"atlanta.com", 0, NULL, NULL},
	{"3261 25.1 empty password", "sip:a:@h.example", SIP_, "a", "", "h.example", 0, NULL, NULL},
	{"3261 25.1 port", "sip:a@192.0.2.1:65535", SIP_, "a", NULL, "192.0.2.1", 65535, NULL,
		NULL},
	{"5954 4.1 IPv6", "sip:a@[2001:db8::1]:5070;lr", SIP_, "a", NULL, "2001:db8::1", 5070, "lr",
		NULL},
	{"5118 4.10 extra colon", "sip:a@[2001:db8:::192.0.2.1]", SIP_, "a", NULL,
		"2001:db8:::192.0.2.1", 0, NULL, NULL},
	{"3261 25.1 last dot", "sip:a@example.com.", SIP_, "a", NULL, "example.com.", 0, NULL,
		NULL},
	{"COMPAT underscore", "sip:a@sip_front_1", SIP_, "a", NULL, "sip_front_1", 0, NULL, NULL},
	{"4475 3.1.1.2",
		"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
		":&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
		SIP_, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
		"&it+has=1,weird!*pas$wo~d_too.(doesn't-it)", "example.com", 0, NULL, NULL},
	{"4475 3.1.1.3", "sip:sips%3Auser%40example.com@example.net", SIP_,
		"sips%3Auser%40example.com", NULL, "example.net", 0, NULL, NULL},
	{"4475 3.1.1.4", "sip:%00@host5.example.com", SIP_, "%00", NULL, "host5.example.com", 0,
		NULL, NULL},
	{"4475 3.1.1.9", "sip:user;par=u%40example.net@example.com", SIP_,
		"user;par=u%40example.net", NULL, "example.com", 0, NULL, NULL},
	{"5627 gr", "sip:a@b.example;gr=urn:uuid:f81d4fae-7dec", SIP_, "a", NULL, "b.example", 0,
		"gr=urn:uuid:f81d4fae-7dec", NULL},
	{"empty parameter value", "sip:a@b.example;x=;lr", SIP_, "a", NULL, "b.example", 0, "x=;lr",
		NULL},
	{"scheme in any case", "SiP:a@b.example", SIP_, "a", NULL, "b.example", 0, NULL, NULL},
	{"3966 3", "tel:+1-201-555-0123", TEL_, "+1-201-555-0123", NULL, NULL, 0, NULL, NULL},
	{"3966 3", "tel:7042;phone-context=example.com", TEL_, "7042", NULL, NULL, 0,
		"phone-context=example.com", NULL},
	{"3860", "im:romeo@example.net", IM_, "romeo", NULL, "example.net", 0, NULL, NULL},
	{"3860 characters", "im:a{b|c}^`#@example.net", IM_, "a{b|c}^`#", NULL, "example.net", 0,
		NULL, NULL},
	{"3859", "pres:romeo@example.net?x=y", PRES_, "romeo", NULL, "example.net", 0, NULL, "x=y"},
	{"4475 3.3.2", "nobodyKnowsThisScheme:totallyopaquecontent", SIP_SCHEME_OTHER, NULL, NULL,
		NULL, 0, NULL, NULL},
	{"4475 3.3.3", "soap.beep://192.0.2.103:3002", SIP_SCHEME_OTHER, NULL, NULL, NULL, 0, NULL,
		NULL},
};
/* clang-format on */

static void expect_opt(struct slice got, const char *want)
{
	if (want)
		assert_slice(got, want);
	else
		assert_null(got.p);
}

static void test_parse(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const struct parse_case *c = &good[i];
		struct sip_uri u;

		if (sip_uri_parse(slice_of(c->text), &u) < 0)
			fail_msg("%s: %s", c->section, c->text);
		assert_int_equal(u.scheme, c->scheme);
		expect_opt(u.user, c->user);
		expect_opt(u.password, c->password);
		expect_opt(u.host, c->host);
		assert_int_equal(u.port, c->port);
		expect_opt(u.params, c->params);
		expect_opt(u.headers, c->headers);
	}
}

/* clang-format off */
static const char *const bad[] = {
	"", "sip", "sip:", ":a@b", "1sip:a@b", "sip:@b.example", "sip:a@", "sip:a b@c.example",
	"sip:a@b.example ", " sip:a@b.example", "sip:a@b@c.example", "sip:a@b.example:",
	"sip:a@b.example:0", "sip:a@b.example:65536", "sip:a@b.example:5x", "sip:a@.example",
	"sip:a@b..example", "sip:a@-b.example", "sip:a@b-.example", "sip:a@192.0.2.256",
	"sip:a@192.0.2", "sip:a@2001:db8::1", "sip:a@[2001:db8::1", "sip:a@[2001:db8::g]",
	"sip:a@[192.0.2.1]", "sip:a@[::1]x", "sip:a@b.example;", "sip:a@b.example;;lr",
	"sip:a@b.example;=x", "sip:a@b.example;a=b=c", "sip:a@b.example?", "sip:a@b.example?x",
	"sip:a@b.example?x=y&", "sip:a%4@b.example", "sip:a%zz@b.example", "sip:a%@b.example",
	"sip:a\"b@c.example", "sip:<a@b.example>", "sip:a@b.example;x=\"y\"",
	"sip:\xc3\xa9@b.example", "sip:a\r\n@b.example", "tel:", "tel:+", "tel:abc-xyz", "tel:1;",
	"im:example.com", "im:a:b@c.example", "im:a@c.example:1", "im:a@c.example;x", "urn:",
	"urn:a b", "urn:a<b", "a_b:c",
};
/* clang-format on */

static void test_parse_refuses(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sip_uri u = {.port = 77};

		if (sip_uri_parse(slice_of(bad[i]), &u) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(u.port, 77);
	}
}

static void test_print_is_the_text(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct buf b = {0};
		struct sip_uri u;

		assert_int_equal(sip_uri_parse(slice_of(good[i].text), &u), 0);
		sip_uri_print(&b, &u);
		/* but for the scheme, which comes out in lower case */
		assert_true(slice_ieq(buf_slice(&b), slice_of(good[i].text)));
		buf_done(&b);
	}
}

/* clang-format off */
static const struct {
	const char *section, *a, *b;
	bool equal, same_key;
} pairs[] = {
	/* RFC 3261 19.1.4, the document's own lists */
	{"equal", "sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp",
		true, true},
	{"equal", "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true, true},
	{"equal", "sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true, true},
	{"equal", "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
		"sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true, true},
	{"equal", "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		"sip:alice@atlanta.com?priority=urgent&subject=project%20x", true, true},
	{"users", "SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP",
		false, false},
	{"ports", "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false, false},
	{"transports", "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false, true},
	{"port and transport", "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false,
		false},
	{"header", "sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false,
		true},
	{"no look-up", "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false, false},
	{"not transitive", "sip:carol@chicago.com;security=on",
		"sip:carol@chicago.com;security=off", false, true},

	/* the rules one by one */
	{"scheme", "sip:a@b.example", "sips:a@b.example", false, false},
	{"reserved escape", "sip:a%3Bb@c.example", "sip:a;b@c.example", false, false},
	{"reserved escape, hex case", "sip:a%3Bb@c.example", "sip:a%3bb@c.example", true, true},
	{"mark escape", "sip:a%2Db%27@c.example", "sip:a-b'@c.example", true, true},
	{"not recursive", "sip:%2541@c.example", "sip:A@c.example", false, false},
	{"not recursive", "sip:%2541@c.example", "sip:%41@c.example", false, false},
	{"no user", "sip:c.example", "sip:a@c.example", false, false},
	{"password", "sip:a:x@c.example", "sip:a@c.example", false, true},
	{"password", "sip:a:x@c.example", "sip:a:X@c.example", false, true},
	{"user parameter", "sip:1@c.example;user=phone", "sip:1@c.example", false, true},
	{"ttl", "sip:1@c.example;ttl=1", "sip:1@c.example", false, true},
	{"method", "sip:1@c.example;method=INVITE", "sip:1@c.example", false, true},
	{"maddr", "sip:1@c.example", "sip:1@c.example;maddr=192.0.2.1", false, true},
	{"last dot", "sip:1@c.example.", "sip:1@c.example", true, true},
	{"IPv6 by value", "sip:1@[2001:DB8:0::1]", "sip:1@[2001:db8::1]", true, false},
	{"5627 gr", "sip:1@c.example;gr=a", "sip:1@c.example;gr=b", false, false},
	{"3966 4", "tel:+1-201-555-0123", "tel:+12015550123", true, true},
	{"3966 4", "tel:7042;phone-context=a.example", "tel:7042;phone-context=b.example", false,
		true},
	{"3966 4", "tel:7042;phone-context=a.example", "tel:7042", false, true},
	{"3860", "im:a%62@C.example", "im:ab@c.example", true, true},
	{"3860 other scheme", "im:ab@c.example", "pres:ab@c.example", false, false},
	{"other", "URN:x", "urn:x", true, true},
	{"other", "urn:x", "urn:X", false, false},
};
/* clang-format on */

static void test_equal(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct sip_uri a, b;

		assert_int_equal(sip_uri_parse(slice_of(pairs[i].a), &a), 0);
		assert_int_equal(sip_uri_parse(slice_of(pairs[i].b), &b), 0);
		if (sip_uri_equal(&a, &b) != pairs[i].equal ||
			sip_uri_equal(&b, &a) != pairs[i].equal)
			fail_msg("%s: %s | %s", pairs[i].section, pairs[i].a, pairs[i].b);
		assert_true(sip_uri_equal(&a, &a));
	}
}

static void test_key(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf x = {0}, y = {0};
		struct sip_uri a, b;

		assert_int_equal(sip_uri_parse(slice_of(pairs[i].a), &a), 0);
		assert_int_equal(sip_uri_parse(slice_of(pairs[i].b), &b), 0);
		sip_uri_key(&x, &a);
		sip_uri_key(&y, &b);
		if (slice_eq(buf_slice(&x), buf_slice(&y)) != pairs[i].same_key)
			fail_msg("%s: %s | %s", pairs[i].section, pairs[i].a, pairs[i].b);
		buf_done(&x);
		buf_done(&y);
	}
}

static void test_param(void **state)
{
	struct slice value = SL_NONE;
	struct sip_uri u;

	assert_int_equal(sip_uri_parse(SL("sip:a@b.example;lr;GR=x%20y;e="), &u), 0);
	assert_true(sip_uri_param(&u, "gr", &value));
	assert_slice(value, "x%20y");
	assert_true(sip_uri_param(&u, "lr", &value));
	assert_int_equal(value.n, 0);
	assert_true(sip_uri_param(&u, "e", &value));
	assert_false(sip_uri_param(&u, "r", &value));
	assert_false(sip_uri_param(&u, "grx", &value));
}

/* RFC 3261 25.1: every byte against the class written out by hand. */
static void test_escape_sets(void **state)
{
	static const char *const raw[SIP_ESC__N] = {
		[SIP_ESC_USER] = "-_.!~*'()&=+$,;?/",
		[SIP_ESC_PASSWORD] = "-_.!~*'()&=+$,",
		[SIP_ESC_PARAM] = "-_.!~*'()[]/:&+$",
		[SIP_ESC_HEADER] = "-_.!~*'()[]/?:+$",
	};

	for (unsigned set = 0; set < SIP_ESC__N; set++)
		for (unsigned c = 0; c < 256; c++) {
			char byte = (char)c, want[4] = {byte, 0};
			struct buf out = {0}, back = {0};

			if (!ascii_alnum(byte) && (!c || !strchr(raw[set], (int)c)))
				snprintf(want, sizeof want, "%%%02X", c);
			sip_escape(&out, (enum sip_escape)set, slice_make(&byte, 1));
			assert_slice(buf_slice(&out), want);
			assert_int_equal(sip_unescape(&back, buf_slice(&out)), 0);
			assert_int_equal(back.n, 1);
			assert_int_equal(buf_slice(&back).p[0], byte);
			buf_done(&out);
			buf_done(&back);
		}
}

static void test_unescape(void **state)
{
	static const char *const broken[] = {"%", "a%4", "%g0", "%0g", "a%", "%%41"};
	struct buf out = {0};

	assert_int_equal(sip_unescape(&out, SL("%41b%2f%25%c3%A9")), 0);
	assert_slice(buf_slice(&out), "Ab/%\xc3\xa9");
	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		assert_int_equal(sip_unescape(&out, slice_of(broken[i])), -1);
	buf_done(&out);
}

static void test_hosts(void **state)
{
	static const struct {
		const char *text;
		enum sip_host_kind kind;
	} hosts[] = {
		{"example.com",        SIP_HOST_NAME},
		{"a",                  SIP_HOST_NAME},
		{"a-b.c9",             SIP_HOST_NAME},
		{"3com.example",       SIP_HOST_NAME},
		{"192.0.2.1",          SIP_HOST_IPV4},
		{"0.0.0.0",            SIP_HOST_IPV4},
		{"192.0.2.1.",         SIP_HOST_NONE},
		{"1.2.3.4.5",          SIP_HOST_NONE},
		{"1.2.3",              SIP_HOST_NONE},
		{"[::1]",              SIP_HOST_IPV6},
		{"::1",                SIP_HOST_IPV6},
		{"[::ffff:192.0.2.1]", SIP_HOST_IPV6},
		{"",                   SIP_HOST_NONE},
		{".",                  SIP_HOST_NONE},
		{"a..b",               SIP_HOST_NONE},
		{"[]",                 SIP_HOST_NONE},
		{"fe80::1%eth0",       SIP_HOST_NONE},
		{"a b",                SIP_HOST_NONE},
		{"[::1",               SIP_HOST_NONE},
		{"1234:5678",          SIP_HOST_NONE},
	};

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (sip_host_kind(slice_of(hosts[i].text)) != hosts[i].kind)
			fail_msg("%s", hosts[i].text);
	assert_true(sip_host_equal(SL("A.example."), SL("a.EXAMPLE")));
	assert_true(sip_host_equal(SL("[2001:db8::1]"), SL("2001:DB8:0:0::1")));
	assert_false(sip_host_equal(SL("[2001:db8::1]"), SL("2001:db8::2")));
	assert_false(sip_host_equal(SL("a.example"), SL("b.example")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_print_is_the_text),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_param),
		cmocka_unit_test(test_escape_sets),
		cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
