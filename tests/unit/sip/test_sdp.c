#include "unit.h"

#include "base/mem.h"
#include "sip/sip.h"

#define HEAD "v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=-\r\n"
#define CONN "c=IN IP4 192.0.2.1\r\n"
#define TIME "t=0 0\r\n"

static struct sdp d;

/* clang-format off */
static const struct {
	const char *section, *text; /* RFC 8866 where no other is named */
	unsigned line;              /* of the fault */
	const char *bad;            /* NULL: fine */
} verdicts[] = {
	{"5", HEAD CONN TIME "m=message 5061 sip null\r\n", 0, NULL},
	{"5", HEAD TIME, 0, NULL},
	{"5: LF alone", "v=0\no=- 7 8 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=message 1 sip *\n", 0, NULL},
	{"5: the last line does not end", HEAD CONN "t=0 0", 0, NULL},
	{"5: an empty line at the end", HEAD TIME "\r\n", 0, NULL},
	{"5: and within", HEAD "\r\n" TIME, 4, "not a letter and '='"},
	{"5: nothing", "", 0, "there is no v="},
	{"5: nothing but a line end", "\r\n", 0, "there is no v="},
	{"5: space before =", "v =0\r\n", 1, "not a letter and '='"},
	{"5: unknown letter", HEAD TIME "y=1\r\n", 5, "a letter that nobody knows"},
	{"5: letters have a case", HEAD TIME "A=x\r\n", 5, "a letter that nobody knows"},
	{"9: byte-string", HEAD TIME "i=a\rb\r\n", 5, "a byte that cannot stand in a line"},
	{"5.1", "v=1\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=-\r\n" TIME, 1, "v= is not 0"},
	{"5.1: first", "o=- 7 8 IN IP4 192.0.2.1\r\nv=0\r\ns=-\r\n" TIME, 1, "the first line is not v="},
	{"5.1: once", HEAD "v=0\r\n" TIME, 4, "a line that may be there once"},
	{"5.2", "v=0\r\ns=-\r\n" TIME, 0, "there is no o="},
	{"5.2: before the media", "v=0\r\ns=-\r\n" CONN TIME "m=message 1 sip *\r\n", 5, "there is no o="},
	{"5.2: numbers", "v=0\r\no=- x 8 IN IP4 192.0.2.1\r\ns=-\r\n" TIME, 2, "o= is not a name and two numbers"},
	{"5.2: short", "v=0\r\no=- 7 8\r\ns=-\r\n" TIME, 2, "not a network, a kind of address and an address"},
	{"5.2: long", "v=0\r\no=- 7 8 IN IP4 192.0.2.1 x\r\ns=-\r\n" TIME, 2, "not a network, a kind of address and an address"},
	{"5.2: long numbers", "v=0\r\no=a 99999999999999999999999 18446744073709551616 IN IP4 h\r\ns=-\r\n" TIME, 0, NULL},
	{"5.2: twice", HEAD "o=- 7 8 IN IP4 192.0.2.1\r\n" TIME, 4, "a line that may be there once"},
	{"5.3", "v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\n" TIME, 0, "there is no s="},
	{"5.3: empty, COMPAT", "v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=\r\n" TIME, 0, NULL},
	{"5.4 to 5.6, 5.8, 5.12", HEAD "i=x\r\nu=http://a.example/\r\ne=a@b.example\r\ne=c@b.example\r\np=+1 2\r\nb=AS:64\r\nk=prompt\r\n" TIME, 0, NULL},
	{"5.4: once", HEAD "i=x\r\ni=y\r\n" TIME, 5, "a line that may be there once"},
	{"5.4: once in each", HEAD CONN "i=x\r\n" TIME "m=message 1 sip *\r\ni=y\r\nm=message 1 sip *\r\ni=z\r\n", 0, NULL},
	{"5.7: of each medium", HEAD TIME "m=message 1 sip *\r\n" CONN "m=message 2 sip *\r\n" CONN, 0, NULL},
	{"5.7: of one of two", HEAD TIME "m=message 1 sip *\r\n" CONN "m=message 2 sip *\r\n", 0, "a medium without c="},
	{"RFC 3264 6: refused ones need none", HEAD TIME "m=message 0 sip *\r\n", 0, NULL},
	{"5.7: IPv6", HEAD "c=IN IP6 2001:db8::1\r\n" TIME, 0, NULL},
	{"5.7: no brackets", HEAD "c=IN IP6 [2001:db8::1]\r\n" TIME, 4, "an address that is none, or not of the kind named before it"},
	{"5.7: not its kind", HEAD "c=IN IP4 2001:db8::1\r\n" TIME, 4, "an address that is none, or not of the kind named before it"},
	{"5.7: not its kind", HEAD "c=IN IP6 192.0.2.1\r\n" TIME, 4, "an address that is none, or not of the kind named before it"},
	{"5.7: none", HEAD "c=IN IP4 192.0.2.256\r\n" TIME, 4, "an address that is none, or not of the kind named before it"},
	{"5.7: a group", HEAD "c=IN IP4 233.252.0.1/127/3\r\n" TIME, 0, NULL},
	{"5.7: a name", HEAD "c=IN IP4 h.example\r\n" TIME, 0, NULL},
	{"5.7: another network", HEAD "c=ATM NSAP 47.0091.8100.0000\r\n" TIME, 0, NULL},
	{"5.9", HEAD CONN, 0, "there is no t="},
	{"5.9: several, with repeats", HEAD TIME "r=7d 1h 0\r\n" TIME "z=1 0\r\n", 0, NULL},
	{"5.9: numbers", HEAD "t=0 x\r\n", 4, "t= is not two numbers"},
	{"5.9: two", HEAD "t=0\r\n", 4, "t= is not two numbers"},
	{"5.9: of the session", HEAD TIME CONN "m=message 1 sip *\r\nt=0 0\r\n", 7, "a line of the session within a medium"},
	{"5: any order, COMPAT", HEAD "a=x\r\nt=0 0\r\nb=AS:1\r\nc=IN IP4 192.0.2.1\r\nm=message 1 sip *\r\na=y\r\nc=IN IP4 192.0.2.1\r\n", 0, NULL},
	{"5.13", HEAD TIME "a=\r\n", 5, "a= without a name"},
	{"5.13", HEAD TIME "a=:x\r\n", 5, "a= without a name"},
	{"5.13: token", HEAD TIME "a=a b:x\r\n", 5, "a= without a name"},
	{"5.13: nobody knows it", HEAD TIME "a=x-{mine}:\r\n", 0, NULL},
	{"5.14", HEAD CONN TIME "m=message\r\n", 6, "m= is not a kind, a port and a protocol"},
	{"5.14", HEAD CONN TIME "m=message 1\r\n", 6, "m= is not a kind, a port and a protocol"},
	{"5.14", HEAD CONN TIME "m=message 1 sip\r\n", 6, "m= without a format"},
	{"5.14", HEAD CONN TIME "m=message 1 sip \r\n", 6, "m= without a format"},
	{"5.14: proto", HEAD CONN TIME "m=message 1 TCP/TLS/MSRP *\r\n", 0, NULL},
	{"5.14: proto", HEAD CONN TIME "m=message 1 TCP//MSRP *\r\n", 6, "m= is not a kind, a port and a protocol"},
	{"5.14: proto", HEAD CONN TIME "m=message 1 MSRP/ *\r\n", 6, "m= is not a kind, a port and a protocol"},
	{"5.14: port", HEAD CONN TIME "m=message 65535 sip *\r\n", 0, NULL},
	{"5.14: port", HEAD CONN TIME "m=message 65536 sip *\r\n", 6, "m= with a port that is none"},
	{"5.14: port", HEAD CONN TIME "m=message -1 sip *\r\n", 6, "m= with a port that is none"},
	{"5.14: port", HEAD CONN TIME "m=message x sip *\r\n", 6, "m= with a port that is none"},
	{"5.14: ports", HEAD CONN TIME "m=video 49170/2 RTP/AVP 31\r\n", 0, NULL},
	{"5.14: ports", HEAD CONN TIME "m=video 49170/0 RTP/AVP 31\r\n", 6, "m= with a port that is none"},
	{"5.14: ports", HEAD CONN TIME "m=video 49170/ RTP/AVP 31\r\n", 6, "m= with a port that is none"},
};
/* clang-format on */

static void test_verdicts(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		int rc = sdp_parse(&d, slice_of(verdicts[i].text));

		if (!rc != !verdicts[i].bad || d.bad_line != verdicts[i].line ||
			!slice_eq(slice_of(d.bad), slice_of(verdicts[i].bad)))
			fail_msg("%s, row %zu: line %u: %s", verdicts[i].section, i, d.bad_line,
				d.bad ? d.bad : "fine");
	}
}

/* What a Lync client offers, with a second medium. */
static void test_meanings(void **state)
{
	static const char text[] =
		"v=0\r\no=alice 11 12 IN IP4 192.0.2.9\r\ns=session\r\nc=IN IP4 192.0.2.1\r\n"
		"b=CT:99980\r\nt=0 0\r\na=recvonly\r\na=of-all:1\r\n"
		"m=message 5061 sip sip:alice@a.example\r\n"
		"a=accept-types:text/plain multipart/alternative application/ms-imdn+xml\r\n"
		"a=inactive\r\n"
		"m=audio 0 RTP/AVP 0 8\r\nc=IN IP6 2001:db8::7/3\r\na=sendonly:\r\n"
		"m=message 7394/2 TCP/MSRP *\r\nc=IN IP4 233.252.0.1/9\r\nc=IN IP4 "
		"233.252.0.2/9\r\n"
		"a=path:msrp://h.example:7394/2s9;tcp msrp://i.example:1/x;tcp\r\n"
		"a=path:again\r\n";
	struct slice rest, word;

	assert_int_equal(sdp_parse(&d, SL("") /* what was there before is gone */), -1);
	assert_int_equal(sdp_parse(&d, slice_of(text)), 0);
	assert_slice(d.user, "alice");
	assert_slice(d.id, "11");
	assert_slice(d.version, "12");
	assert_slice(d.name, "session");
	assert_int_equal(d.n_media, 3);
	assert_int_equal(d.n_attrs, 7);
	assert_int_equal(d.n_session_attrs, 2);
	assert_slice(sdp_attr(&d, NULL, "of-all"), "1");
	assert_slice(sdp_attr(&d, NULL, "recvonly"), "");
	assert_slice(sdp_attr(&d, NULL, "inactive"), NULL);
	assert_slice(sdp_attr(&d, &d.media[0], "of-all"), NULL);

	assert_slice(d.media[0].type, "message");
	assert_int_equal(d.media[0].port, 5061);
	assert_slice(d.media[0].proto, "sip");
	assert_slice(d.media[0].formats, "sip:alice@a.example");
	assert_int_equal(d.media[0].conn.kind, SIP_HOST_IPV4);
	assert_slice(d.media[0].conn.host, "192.0.2.1");
	assert_slice(sdp_attr(&d, &d.media[0], "accept-types"),
		"text/plain multipart/alternative application/ms-imdn+xml");
	assert_slice(sdp_attr(&d, &d.media[0], "Accept-Types"), NULL);

	assert_int_equal(d.media[1].port, 0);
	assert_slice(d.media[1].formats, "0 8");
	assert_int_equal(d.media[1].conn.kind, SIP_HOST_IPV6);
	assert_slice(d.media[1].conn.host, "2001:db8::7");

	assert_int_equal(d.media[2].port, 7394);
	assert_slice(d.media[2].conn.host, "233.252.0.1");
	rest = sdp_attr(&d, &d.media[2], "path");
	assert_true(sdp_word(&rest, &word));
	assert_slice(word, "msrp://h.example:7394/2s9;tcp");
	assert_true(sdp_word(&rest, &word));
	assert_slice(word, "msrp://i.example:1/x;tcp");
	assert_false(sdp_word(&rest, &word));

	assert_int_equal(sdp_direction(&d, &d.media[0]), SDP_INACTIVE);
	assert_int_equal(sdp_direction(&d, &d.media[1]), SDP_SENDONLY);
	assert_int_equal(sdp_direction(&d, &d.media[2]), SDP_RECVONLY); /* of the session */
	assert_int_equal(sdp_parse(&d, SL(HEAD CONN TIME "m=message 1 sip *\r\n")), 0);
	assert_int_equal(sdp_direction(&d, &d.media[0]), SDP_SENDRECV);
	assert_int_equal(d.media[0].n_attrs, 0);
	assert_int_equal(sdp_parse(&d, SL(HEAD "c=X Y z\r\n" TIME "m=message 1 sip *\r\n")), 0);
	assert_int_equal(d.media[0].conn.kind, SIP_HOST_NONE);
	assert_slice(d.media[0].conn.host, "z");
}

/* RFC 4975 8.6 */
static void test_accepts(void **state)
{
	static const struct {
		const char *list, *type, *subtype;
		bool accepts;
	} rows[] = {
		{"text/plain text/html", "text", "html", true},
		{"text/plain  text/html ", "text", "html", true},
		{"TEXT/Plain", "text", "plain", true},
		{"text/plain;charset=utf-8", "text", "plain", true},
		{"text/plain", "text", "html", false},
		{"text/plain-x", "text", "plain", false},
		{"text", "text", "plain", false},
		{"text/", "text", "plain", false},
		{"text/*", "text", "html", true},
		{"text/*", "image", "gif", false},
		{"message/cpim *", "image", "gif", true},
		{"*/*", "image", "gif", false},
		{"", "text", "plain", false},
		{NULL, "text", "plain", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (sdp_accepts(slice_of(rows[i].list), rows[i].type, rows[i].subtype) !=
			rows[i].accepts)
			fail_msg("row %zu", i);
}

/* One too many of each that is counted. */
static void test_limits(void **state)
{
	struct buf b = {0};
	int rc;

	buf_str(&b, HEAD CONN TIME);
	for (unsigned i = 0; i < SDP_MAX_MEDIA; i++)
		buf_str(&b, "m=message 1 sip *\r\n");
	assert_int_equal(sdp_parse(&d, buf_slice(&b)), 0);
	assert_int_equal(d.n_media, SDP_MAX_MEDIA);
	buf_str(&b, "m=message 1 sip *\r\n");
	rc = sdp_parse(&d, buf_slice(&b));
	assert_int_equal(rc, -1);
	assert_string_equal(d.bad, "too many media");
	assert_int_equal(d.bad_line, 5 + SDP_MAX_MEDIA + 1);

	buf_reset(&b);
	buf_str(&b, HEAD CONN TIME);
	for (unsigned i = 0; i < SDP_MAX_ATTRS; i++)
		buf_str(&b, i == 9 ? "m=message 1 sip *\r\na=x\r\n" : "a=x\r\n");
	assert_int_equal(sdp_parse(&d, buf_slice(&b)), 0);
	assert_int_equal(d.n_session_attrs, 9);
	assert_int_equal(d.media[0].n_attrs, SDP_MAX_ATTRS - 9);
	buf_str(&b, "a=x\r\n");
	assert_int_equal(sdp_parse(&d, buf_slice(&b)), -1);
	assert_string_equal(d.bad, "too many attributes");
	buf_done(&b);
}

static void test_write(void **state)
{
	static const struct sdp_attr attrs[] = {
		{{"accept-types", 12}, {"text/plain text/html", 20}},
		{{"inactive", 8}, {NULL, 0}},
		{{"x", 1}, {"a\r\nb\0c", 6}},
	};
	struct sdp_out_media media[2] = {
		{.type = SL("message"),
			.port = 5061,
			.proto = SL("sip"),
			.formats = SL("sip:a@b.example"),
			.attrs = attrs,
			.n_attrs = ARRAY_LEN(attrs)},
	};
	struct sdp_out o = {.id = 3, .version = 4, .address = SL("192.0.2.1"), .media = media};
	struct buf b = {0};

	sdp_write(&b, &o);
	assert_slice(buf_slice(&b), "v=0\r\no=- 3 4 IN IP4 192.0.2.1\r\ns=-\r\n"
				    "c=IN IP4 192.0.2.1\r\nt=0 0\r\n");

	buf_reset(&b);
	assert_int_equal(sdp_parse(&d, SL(HEAD CONN TIME "m=audio 9 RTP/AVP 0 8\r\n")), 0);
	media[1] = sdp_refused(&d.media[0]); /* RFC 3264 6 */
	o.n_media = 2;
	o.address = SL("2001:db8::1");
	o.name = SL("session\n");
	sdp_write(&b, &o);
	assert_slice(buf_slice(&b), "v=0\r\no=- 3 4 IN IP6 2001:db8::1\r\ns=session \r\n"
				    "c=IN IP6 2001:db8::1\r\nt=0 0\r\n"
				    "m=message 5061 sip sip:a@b.example\r\n"
				    "a=accept-types:text/plain text/html\r\n"
				    "a=inactive\r\na=x:a  b c\r\n"
				    "m=audio 0 RTP/AVP 0 8\r\n");
	assert_int_equal(sdp_parse(&d, buf_slice(&b)), 0);
	assert_int_equal(d.n_media, 2);
	assert_int_equal(d.media[0].n_attrs, 3);
	buf_done(&b);
}

/* Each of the rows cut at every byte, in memory of just that size. */
static void test_truncated(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		for (size_t n = 0; n < strlen(verdicts[i].text); n++) {
			char *copy = xmalloc(n ? n : 1);

			memcpy(copy, verdicts[i].text, n);
			if (sdp_parse(&d, slice_make(copy, n)) == 0)
				sdp_attr(&d, NULL, "x");
			xfree(copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_accepts),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
