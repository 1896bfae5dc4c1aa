#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sip/sip.h"

/* ---- addresses (RFC 3261 20.10, 25.1) ---- */

/* clang-format off */
static const struct {
	const char *section, *text;
	const char *display, *uri, *tag, *params; /* params: all of them as they stand there */
} addrs[] = {
	{"20.20", "\"A. G. Bell\" <sip:agb@bell.example> ;tag=a48s", "\"A. G. Bell\"",
		"sip:agb@bell.example", "a48s", ";tag=a48s"},
	{"20.20", "sip:+12125551212@server.example;tag=887s", NULL,
		"sip:+12125551212@server.example", "887s", ";tag=887s"},
	{"20.20", "Anonymous <sip:c8oqz84zk7z@privacy.example>;tag=hyh8", "Anonymous",
		"sip:c8oqz84zk7z@privacy.example", "hyh8", ";tag=hyh8"},
	{"20.10 brackets keep parameters in the URI", "<sip:a@b.example;gr=x>;tag=1", NULL,
		"sip:a@b.example;gr=x", "1", ";tag=1"},
	{"20.10 without brackets they are the field's", "sip:a@b.example;gr=x;tag=1", NULL,
		"sip:a@b.example", "1", ";gr=x;tag=1"},
	{"25.1 several tokens", "a b c <sip:a@b.example>", "a b c", "sip:a@b.example", NULL, ""},
	{"4475 3.1.1.6 no space before <", "caller<sip:caller@example.com>;tag=323", "caller",
		"sip:caller@example.com", "323", ";tag=323"},
	{"25.1 quotes hide everything", "\"<sip:x@y>;tag=9, \\\"\" <sip:a@b.example>",
		"\"<sip:x@y>;tag=9, \\\"\"", "sip:a@b.example", NULL, ""},
	{"25.1 empty quotes", "\"\" <sip:a@b.example>", "\"\"", "sip:a@b.example", NULL, ""},
	{"25.1 SWS", "  \"x\"  <sip:a@b.example>  ;  tag  =  1  ;  q", "\"x\"", "sip:a@b.example",
		"1", ";  tag  =  1  ;  q"},
	{"25.1 quoted value", "<sip:a@b.example>;x=\"a;tag=2\";tag=1", NULL, "sip:a@b.example", "1",
		";x=\"a;tag=2\";tag=1"},
	{"names in any case", "<sip:a@b.example>;TAG=1", NULL, "sip:a@b.example", "1", ";TAG=1"},
	{"4475 3.1.2.15 let through", "Bell, Alexander <sip:a@b.example>;tag=43", "Bell, Alexander",
		"sip:a@b.example", "43", ";tag=43"},
	{"COMPAT letters without quotes", "J\xc3\xbcrgen <sip:a@b.example>", "J\xc3\xbcrgen",
		"sip:a@b.example", NULL, ""},
	{"5118", "<sip:a@[2001:db8::1]:5060;lr>", NULL, "sip:a@[2001:db8::1]:5060;lr", NULL, ""},
	{"other scheme", "<http://www.example.com>;tag=3", NULL, "http://www.example.com", "3",
		";tag=3"},
	{"other scheme, bare", "isbn:2983792873", NULL, "isbn:2983792873", NULL, ""},
};
/* clang-format on */

static void test_addr(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(addrs); i++) {
		struct sip_addr a;

		if (sip_addr_parse(slice_of(addrs[i].text), &a) < 0)
			fail_msg("%s: %s", addrs[i].section, addrs[i].text);
		assert_slice(a.display.p ? a.display : SL("-"),
			addrs[i].display ? addrs[i].display : "-");
		assert_slice(a.uri.text, addrs[i].uri);
		assert_slice(a.tag.p ? a.tag : SL("-"), addrs[i].tag ? addrs[i].tag : "-");
		assert_slice(a.params, addrs[i].params);
		assert_int_equal(a.bracketed, strchr(addrs[i].text, '<') != NULL);
	}
}

static void test_addr_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"*",
		"<>",
		"<sip:a@b.example",
		"sip:a@b.example>",
		"\"x <sip:a@b.example>",
		"\"x\" sip:a@b.example",
		"< sip:a@b.example>",
		"<sip:a@b.example >",
		"x",
		"<sip:a@b.example>x",
		"<sip:a@b.example>;",
		"<sip:a@b.example>;;tag=1",
		"<sip:a@b.example>;tag=",
		"<sip:a@b.example>;tag=1;tag=2",
		"<sip:a@b.example>;tag=\"x\"",
		"<sip:a@b.example>;tag",
		"<sip:a@b.example>;x=\"y",
		"<sip:a@b.example>, <sip:c@d.example>",
		"sip:a@b.example, sip:c@d.example",
		"sip:a@b.example?x=y",
		"<sip:a@b.example> <sip:c@d.example>",
		"a@b.example",
		"<a@b.example>",
		"x\\ <sip:a@b.example>",
		"<<sip:a@b.example>>",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sip_addr a = {.bracketed = true, .display = SL("mine")};

		if (sip_addr_parse(slice_of(bad[i]), &a) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_slice(a.display, "mine");
	}
}

static void test_too_many_params(void **state)
{
	struct buf b = {0};
	struct sip_addr a;

	buf_str(&b, "<sip:a@b.example>");
	for (int i = 0; i < SIP_MAX_PARAMS; i++)
		buf_printf(&b, ";p%d=v", i);
	assert_int_equal(sip_addr_parse(buf_slice(&b), &a), 0);
	buf_str(&b, ";one=more");
	assert_int_equal(sip_addr_parse(buf_slice(&b), &a), -1);
	buf_done(&b);
}

/* ---- Via (20.42, RFC 3581) ---- */

/* clang-format off */
static const struct {
	const char *section, *text;
	enum sip_transport transport;
	const char *host, *sent_by, *branch, *received;
	unsigned port;
	bool rport;
	unsigned rport_value;
	const char *rest;
} vias[] = {
	{"20.42", "SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7", SIP_UDP,
		"erlang.bell-telephone.com", "erlang.bell-telephone.com:5060", "z9hG4bK87asdks7",
		NULL, 5060, false, 0, ""},
	{"20.42", "SIP/2.0/UDP 192.0.2.1:5060 ;received=192.0.2.207;branch=z9hG4bK77asjd", SIP_UDP,
		"192.0.2.1", "192.0.2.1:5060", "z9hG4bK77asjd", "192.0.2.207", 5060, false, 0, ""},
	{"20.42 white space",
		"SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 " ";branch=z9hG4bKa7c6a8dlze.1",
		SIP_UDP, "first.example.com", "first.example.com: 4000", "z9hG4bKa7c6a8dlze.1",
		NULL, 4000, false, 0, ""},
	{"25.1 list", "SIP/2.0/TCP a.example;branch=1 , SIP/2.0/UDP b.example;branch=2", SIP_TCP,
		"a.example", "a.example", "1", NULL, 0, false, 0,
		" SIP/2.0/UDP b.example;branch=2"},
	{"3581 3", "SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff", SIP_UDP, "10.1.1.1",
		"10.1.1.1:4540", "z9hG4bKkjshdyff", NULL, 4540, true, 0, ""},
	{"3581 4", "SIP/2.0/UDP 10.1.1.1:4540;received=192.0.2.1;rport=9988;branch=x", SIP_UDP,
		"10.1.1.1", "10.1.1.1:4540", "x", "192.0.2.1", 4540, true, 9988, ""},
	{"5118 4.5", "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9", SIP_UDP,
		"2001:db8::9:1", "[2001:db8::9:1]", "z9", "[2001:db8::9:255]", 0, false, 0, ""},
	{"5118 4.5", "SIP/2.0/UDP [2001:db8::9:1]:6050;received=2001:db8::9:255;branch=z9", SIP_UDP,
		"2001:db8::9:1", "[2001:db8::9:1]:6050", "z9", "2001:db8::9:255", 6050, false, 0,
		""},
	{"4475 3.1.1.10", "SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en",
		SIP_TRANSPORT_OTHER, "t4.example.com", "t4.example.com", "z9hG4bKasd0f3en", NULL, 0,
		false, 0, ""},
	{"4475 3.1.2.16", "SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw", SIP_UDP, "c.example.com",
		"c.example.com", "z9hG4bKkdjuw", NULL, 0, false, 0, ""},
	{"2543", "sip/2.0/tls iftgw.example.com", SIP_TLS, "iftgw.example.com", "iftgw.example.com",
		NULL, NULL, 0, false, 0, ""},
};
/* clang-format on */

static void test_via(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(vias); i++) {
		struct slice rest = slice_of(vias[i].text);
		struct sip_via v;

		if (sip_via_next(&rest, &v) < 0)
			fail_msg("%s: %s", vias[i].section, vias[i].text);
		assert_int_equal(v.transport, vias[i].transport);
		assert_slice(v.host, vias[i].host);
		assert_slice(v.sent_by, vias[i].sent_by);
		assert_slice(
			v.branch.p ? v.branch : SL("-"), vias[i].branch ? vias[i].branch : "-");
		assert_slice(v.received.p ? v.received : SL("-"),
			vias[i].received ? vias[i].received : "-");
		assert_int_equal(v.port, vias[i].port);
		assert_int_equal(v.rport, vias[i].rport);
		assert_int_equal(v.rport_value, vias[i].rport_value);
		assert_slice(rest, vias[i].rest);
		assert_int_equal(v.text.p - vias[i].text, 0);
	}
}

static void test_via_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"SIP/2.0/UDP",
		"SIP/2.0/UDP ",
		"SIP/2.0 a.example",
		"HTTP/1.1/TCP a.example",
		"SIP/2.0/UDPa.example",
		"SIP/2.0/UDP a..example",
		"SIP/2.0/UDP 2001:db8::1",
		"SIP/2.0/UDP a.example:0",
		"SIP/2.0/UDP a.example:70000",
		"SIP/2.0/UDP a.example:",
		"SIP/2.0/UDP a.example;branch",
		"SIP/2.0/UDP a.example;branch=",
		"SIP/2.0/UDP a.example;;x",
		"SIP/2.0/UDP a.example;branch=1;branch=2",
		"SIP/2.0/UDP a.example;received=x y",
		"SIP/2.0/UDP a.example;received=192.0.2.999",
		"SIP/2.0/UDP a.example;rport=0",
		"SIP/2.0/UDP a.example;rport=x",
		"SIP/2.0/UDP a.example;rport;rport",
		"SIP/2.0/UDP a.example x",
		"SIP/2.0/UDP a.example;",
		", SIP/2.0/UDP a.example",
		"SIP/2.0/UDP [::1",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct slice rest = slice_of(bad[i]);
		struct sip_via v;

		if (sip_via_next(&rest, &v) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_slice(rest, bad[i]);
	}
}

/* ---- lists and parameters ---- */

/* clang-format off */
static const struct {
	const char *list;
	const char *items; /* joined by | */
	int end;
} lists[] = {
	{"a", "a", 0},
	{"a,b , c", "a|b|c", 0},
	{"", "", 0},
	{" , ,, ", "", 0},
	{",a,,b,", "a|b", 0},
	{"\"a,b\",c", "\"a,b\"|c", 0},
	{"\"a\\\",b\",c", "\"a\\\",b\"|c", 0},
	{"<sip:a,b@c>;x,d", "<sip:a,b@c>;x|d", 0},
	{"a,\"b", "a", -1},
	{"a,<b", "a", -1},
	{"399 h \"x, y\", 307 h \"z\"", "399 h \"x, y\"|307 h \"z\"", 0},
};
/* clang-format on */

static void test_list(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct slice rest = slice_of(lists[i].list), item;
		struct buf b = {0};
		int more;

		while ((more = sip_list_next(&rest, &item)) > 0) {
			if (b.n)
				buf_chr(&b, '|');
			buf_slice_add(&b, item);
		}
		assert_int_equal(more, lists[i].end);
		assert_slice(buf_slice(&b), lists[i].items);
		buf_done(&b);
	}
}

static void test_params(void **state)
{
	struct slice rest = SL(" ;a ; b = c;D=\"e\\\";f\" ;g=[::1]"), value;
	struct sip_param p;

	assert_int_equal(sip_param_next(&rest, &p), 1);
	assert_slice(p.name, "a");
	assert_null(p.value.p);
	assert_int_equal(sip_param_next(&rest, &p), 1);
	assert_slice(p.value, "c");
	assert_int_equal(sip_param_next(&rest, &p), 1);
	assert_slice(p.value, "\"e\\\";f\"");
	assert_int_equal(sip_param_next(&rest, &p), 1);
	assert_slice(p.value, "[::1]");
	assert_int_equal(sip_param_next(&rest, &p), 0);

	assert_true(sip_param_get(SL(";x=1;charset=\"utf-8\""), "Charset", &value));
	assert_slice(value, "\"utf-8\"");
	assert_false(sip_param_get(SL(";x=charset"), "charset", &value));
	assert_true(sip_params_ok(SL("")));
	assert_true(sip_params_ok(SL(";a;b=c")));
	assert_false(sip_params_ok(SL(";a;")));
	assert_false(sip_params_ok(SL("a")));
	assert_false(sip_params_ok(SL(";a=\"x")));
}

static void test_quotes(void **state)
{
	struct buf b = {0};

	sip_unquote(&b, SL("\"a\\\"b\\\\c\""));
	assert_slice(buf_slice(&b), "a\"b\\c");
	buf_reset(&b);
	sip_unquote(&b, SL("plain"));
	assert_slice(buf_slice(&b), "plain");
	buf_reset(&b);
	sip_unquote(&b, SL("\"open"));
	assert_slice(buf_slice(&b), "\"open");
	buf_reset(&b);
	sip_quote(&b, slice_make("a\"b\\c\r\nd\0e", 10));
	assert_slice(buf_slice(&b), "\"a\\\"b\\\\c  d e\"");
	buf_done(&b);
}

/* ---- the rest ---- */

static void test_tokens(void **state)
{
	assert_true(sip_is_token(SL("a-.!%*_+`'~9")));
	assert_false(sip_is_token(SL("")));
	assert_false(sip_is_token(SL("a b")));
	assert_false(sip_is_token(SL("a/b")));
	assert_true(sip_is_call_id(SL("9E97FB43-85F4-4A00-8751-1124FD4C7B2E")));
	assert_true(sip_is_call_id(
		SL("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"))); /* 4475 3.1.1.2 */
	assert_false(sip_is_call_id(SL("")));
	assert_false(sip_is_call_id(SL("a@")));
	assert_false(sip_is_call_id(SL("@a")));
	assert_false(sip_is_call_id(SL("a@b@c")));
	assert_false(sip_is_call_id(SL("a b")));
	assert_false(sip_is_call_id(SL("a;b")));
	assert_false(sip_is_call_id(SL("\xc3\xa9")));
}

static void test_media(void **state)
{
	struct sip_media m;
	struct slice value;

	assert_int_equal(sip_media_parse(SL("Text / PLAIN ; charset=\"UTF-8\" ; x"), &m), 0);
	assert_true(sip_media_is(&m, "text", "plain"));
	assert_false(sip_media_is(&m, "text", "html"));
	assert_true(sip_param_get(m.params, "charset", &value));
	assert_slice(value, "\"UTF-8\"");
	assert_int_equal(sip_media_parse(SL("text"), &m), -1);
	assert_int_equal(sip_media_parse(SL("text/"), &m), -1);
	assert_int_equal(sip_media_parse(SL("/plain"), &m), -1);
	assert_int_equal(sip_media_parse(SL("text/plain; charset"), &m), 0);
	assert_int_equal(sip_media_parse(SL("text/plain;"), &m), -1);
	assert_int_equal(sip_media_parse(SL("text/plain charset"), &m), -1);
}

static void test_date(void **state)
{
	static const char *const bad[] = {
		"",
		"Sat, 13 Nov 2010 23:29:00 EST",
		"Sat, 13 Nov 2010 23:29:00 UTC",
		"13 Nov 2010 23:29:00 GMT",
		"Sat, 3 Nov 2010 23:29:00 GMT",
		"Sat, 32 Nov 2010 23:29:00 GMT",
		"Sat, 13 Nvo 2010 23:29:00 GMT",
		"Sat, 13 Nov 2010 24:29:00 GMT",
		"Sat, 13 Nov 2010 23:60:00 GMT",
		"Xxx, 13 Nov 2010 23:29:00 GMT",
		"Sat, 13 Nov 2010 23:29:61 GMT",
		"Sat, 13 Nov 1969 23:29:00 GMT",
		"Sat, -1 Nov 2010 23:29:00 GMT",
		"Sat, 13 Nov 2010 23:29:00 GMT+1",
	};
	struct buf b = {0};
	uint64_t t = 7;

	assert_int_equal(sip_date_parse(SL(" Sat, 13 Nov 2010 23:29:00 GMT "), &t), 0);
	assert_int_equal(t, 1289690940);
	sip_date_write(&b, t);
	assert_slice(buf_slice(&b), "Sat, 13 Nov 2010 23:29:00 GMT");
	buf_reset(&b);
	sip_date_write(&b, 0);
	assert_slice(buf_slice(&b), "Thu, 01 Jan 1970 00:00:00 GMT");
	buf_done(&b);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (sip_date_parse(slice_of(bad[i]), &t) == 0)
			fail_msg("accepted: %s", bad[i]);
}

static void test_numbers(void **state)
{
	uint32_t v = 0;

	assert_int_equal(sip_seconds_parse(SL("3600"), &v), 0);
	assert_int_equal(v, 3600);
	assert_int_equal(sip_seconds_parse(SL("99999999999999999999999999"), &v), 0);
	assert_int_equal(v, UINT32_MAX);
	assert_int_equal(sip_seconds_parse(SL("-1"), &v), -1);
	assert_int_equal(sip_seconds_parse(SL(""), &v), -1);
	assert_int_equal(sip_seconds_parse(SL("1x"), &v), -1);
	assert_int_equal(sip_retry_after_parse(SL("18000;duration=3600"), &v), 0);
	assert_int_equal(v, 18000);
	assert_int_equal(sip_retry_after_parse(SL("120 (I'm in a meeting)"), &v), 0);
	assert_int_equal(v, 120);
	assert_int_equal(sip_retry_after_parse(SL("soon"), &v), -1);
	assert_int_equal(sip_retry_after_parse(SL("12x"), &v), -1);
}

static void test_warning(void **state)
{
	struct sip_warning w;

	assert_int_equal(sip_warning_parse(SL("370 devnull \"Choose a bigger pipe\""), &w), 0);
	assert_int_equal(w.code, 370);
	assert_slice(w.agent, "devnull");
	assert_slice(w.text, "\"Choose a bigger pipe\"");
	assert_int_equal(sip_warning_parse(SL("1812 overture \"In Progress\""), &w), -1);
	assert_int_equal(sip_warning_parse(SL("370 devnull pipe"), &w), -1);
	assert_int_equal(sip_warning_parse(SL("370 devnull \"pipe"), &w), -1);
	assert_int_equal(sip_warning_parse(SL("370 devnull"), &w), -1);
	assert_int_equal(sip_warning_parse(SL("37"), &w), -1);
}

/* Every prefix of every text above is read without harm: ASan watches the exact end. */
static void truncate_each(const char *text)
{
	for (size_t n = 0; n <= strlen(text); n++) {
		char *copy = xmalloc(n ? n : 1);
		struct slice s = slice_make(copy, n), rest = s, item;
		struct sip_addr a;
		struct sip_via v;
		struct sip_media m;
		struct sip_warning w;
		struct sip_uri u;
		uint64_t t;

		memcpy(copy, text, n);
		sip_addr_parse(s, &a);
		sip_via_next(&rest, &v);
		sip_media_parse(s, &m);
		sip_warning_parse(s, &w);
		sip_uri_parse(s, &u);
		sip_date_parse(s, &t);
		sip_params_ok(s);
		rest = s;
		while (sip_list_next(&rest, &item) > 0)
			;
		xfree(copy);
	}
}

static void test_truncated(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(addrs); i++)
		truncate_each(addrs[i].text);
	for (size_t i = 0; i < ARRAY_LEN(vias); i++)
		truncate_each(vias[i].text);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		truncate_each(lists[i].list);
	truncate_each("Sat, 13 Nov 2010 23:29:00 GMT");
	truncate_each("370 devnull \"Choose a bigger pipe\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addr),
		cmocka_unit_test(test_addr_refuses),
		cmocka_unit_test(test_too_many_params),
		cmocka_unit_test(test_via),
		cmocka_unit_test(test_via_refuses),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
