#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sip/sip.h"

static struct sip_msg m;

/* Parses a copy of exactly n bytes, so that ASan sees a step beyond. The caller frees *ret_copy. */
static enum sip_parsed parse(const void *p, size_t n, char **ret_copy)
{
	*ret_copy = xmalloc(n ? n : 1);
	memcpy(*ret_copy, p, n);
	return sip_msg_parse(&m, *ret_copy, n);
}

#define START "MESSAGE sip:juliet@example.com SIP/2.0\r\n"
#define VIA   "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
#define FROM  "From: <sip:romeo@example.net>;tag=a\r\n"
#define TO    "To: <sip:juliet@example.com>\r\n"
#define ID    "Call-ID: c1\r\n"
#define CSEQ  "CSeq: 1 MESSAGE\r\n"
#define REST  FROM TO ID CSEQ
#define HEAD  START VIA REST

static void test_whole(void **state)
{
	static const char text[] = "MESSAGE sip:juliet@example.com;x=y SIP/2.0\r\n"
				   "v: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport, "
				   "SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK0\r\n"
				   "Via: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK00\r\n"
				   "max-FORWARDS: 069\r\n"
				   "f: \"R\" <sip:romeo@example.net;gr=x>;tag=a\r\n"
				   "t: sip:juliet@example.com\r\n"
				   "i: c1@h\r\n"
				   "CSeq: 0007 MESSAGE\r\n"
				   "s: A subject\r\n"
				   " that goes on\r\n"
				   "\tand on\r\n"
				   "X-Unknown: one\r\n"
				   "X-Unknown: two, three\r\n"
				   "k: timer,,  gruu\r\n"
				   "Supported:\r\n"
				   "Supported: path\r\n"
				   "c: text/plain\r\n"
				   "l: 3\r\n"
				   "\r\n"
				   "abcdef";
	struct sip_items it;
	struct slice item;
	char *copy;

	assert_int_equal(parse(text, sizeof text - 1, &copy), SIP_GOOD);
	assert_true(m.request);
	assert_int_equal(m.method, SIP_MESSAGE);
	assert_slice(m.ruri_text, "sip:juliet@example.com;x=y");
	assert_slice(m.ruri.host, "example.com");
	assert_slice(m.via.branch, "z9hG4bK1");
	assert_true(m.via.rport);
	assert_int_equal(m.max_forwards, 69);
	assert_slice(m.from.uri.text, "sip:romeo@example.net;gr=x");
	assert_slice(m.from.tag, "a");
	assert_null(m.to.tag.p);
	assert_slice(m.call_id, "c1@h");
	assert_int_equal(m.cseq, 7);
	assert_slice(sip_msg_get(&m, SIP_H_SUBJECT), "A subject   that goes on  \tand on");
	assert_slice(sip_msg_get_name(&m, "x-unknown"), "one");
	assert_null(sip_msg_get_name(&m, "X-Missing").p);
	assert_null(sip_msg_get(&m, SIP_H_DATE).p);
	assert_slice(m.body, "abc"); /* 18.3: the rest of the datagram is cut */
	assert_true(sip_msg_has(&m, SIP_H_SUPPORTED, "GRUU"));
	assert_true(sip_msg_has(&m, SIP_H_SUPPORTED, "path"));
	assert_false(sip_msg_has(&m, SIP_H_SUPPORTED, "pat"));
	assert_int_equal(m.n_fields, 15);

	it = sip_msg_items(&m, SIP_H_VIA);
	assert_int_equal(sip_items_next(&it, &item), 1);
	assert_int_equal(sip_items_next(&it, &item), 1);
	assert_slice(item, "SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK0");
	assert_int_equal(sip_items_next(&it, &item), 1);
	assert_slice(item, "SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK00");
	assert_int_equal(sip_items_next(&it, &item), 0);
	assert_int_equal(sip_items_next(&it, &item), 0);
	xfree(copy);
}

/* clang-format off */
static const struct {
	const char *section, *text;
	enum sip_parsed parsed;
	unsigned status;
	const char *bad;
} verdicts[] = {
	{"7.5 empty lines before", "\r\n\r\n" HEAD "\r\n", SIP_GOOD, 0, NULL},
	{"7.5 nothing else", "\r\n\r\n", SIP_DROP, 0, "keep-alive"},
	{"5626 4.4.1 pong", "\r\n", SIP_DROP, 0, "keep-alive"},
	{"nothing", "", SIP_DROP, 0, "keep-alive"},
	{"no line", "MESSAGE sip:a@b.example SIP/2.0", SIP_DROP, 0, "no line"},
	{"LF alone",
		"MESSAGE sip:a@b.example SIP/2.0\nVia: SIP/2.0/UDP a.example;branch=1\n" FROM TO ID CSEQ "\n",
		SIP_GOOD, 0, NULL},
	{"CR in a line", START VIA "Subject: a\rb\r\n" REST "\r\n", SIP_BAD, 400, "Bad Line Break"},
	{"CR in the start line", "MESSAGE sip:a@b.example\r SIP/2.0\r\n" VIA REST "\r\n", SIP_BAD,
		400, "Bad Line Break"},

	/* start lines (7.1, 7.2, 25.1) */
	{"7.1 version in any case", "MESSAGE sip:a@b.example sip/2.0\r\n" VIA REST "\r\n", SIP_GOOD,
		0, NULL},
	{"7.1 other version", "MESSAGE sip:a@b.example SIP/3.0\r\n" VIA REST "\r\n", SIP_BAD, 505,
		"Version Not Supported"},
	{"no version", "MESSAGE sip:a@b.example\r\n" VIA REST "\r\n", SIP_BAD, 400,
		"Bad Request-Line"},
	{"other protocol", "GET / HTTP/1.1\r\n" VIA REST "\r\n", SIP_BAD, 400, "Bad Request-Line"},
	{"other protocol", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", SIP_DROP, 400, "Missing Via"},
	{"one word", "MESSAGE\r\n" VIA REST "\r\n", SIP_BAD, 400, "Bad Request-Line"},
	{"method is no token", "MESS(AGE sip:a@b.example SIP/2.0\r\n" VIA REST "\r\n", SIP_BAD, 400,
		"Bad Request-Line"},
	{"4475 3.1.2.9 two spaces", "MESSAGE  sip:a@b.example SIP/2.0\r\n" VIA REST "\r\n", SIP_BAD,
		400, "Bad Request-URI"},
	{"4475 3.1.2.10 space at the end", "MESSAGE sip:a@b.example SIP/2.0 \r\n" VIA REST "\r\n",
		SIP_BAD, 400, "Bad Request-Line"},
	{"4475 3.1.2.8 space inside", "MESSAGE sip:a@b.example; lr SIP/2.0\r\n" VIA REST "\r\n",
		SIP_BAD, 400, "Bad Request-URI"},
	{"4475 3.1.2.7 brackets", "MESSAGE <sip:a@b.example> SIP/2.0\r\n" VIA REST "\r\n", SIP_BAD,
		400, "Bad Request-URI"},
	{"19.1.1 headers", "MESSAGE sip:a@b.example?x=y SIP/2.0\r\n" VIA REST "\r\n", SIP_BAD, 400,
		"Header Fields in Request-URI"},
	{"other scheme is well-formed", "MESSAGE urn:x SIP/2.0\r\n" VIA REST "\r\n", SIP_GOOD, 0,
		NULL},
	{"7.1 methods are case-sensitive",
		"message sip:a@b.example SIP/2.0\r\n" VIA FROM TO ID "CSeq: 1 message\r\n\r\n",
		SIP_GOOD, 0, NULL},

	/* what every message has (8.1.1) */
	{"8.1.1 no Via", START REST "\r\n", SIP_DROP, 0, "Missing Via"},
	{"Via without host", START "Via: SIP/2.0/UDP ;branch=1\r\n" REST "\r\n", SIP_DROP, 0,
		"Bad Via"},
	{"4475 3.1.2.1 Via params", START "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n" REST "\r\n",
		SIP_BAD, 400, "Bad Via"},
	{"8.1.1 no From", START VIA TO ID CSEQ "\r\n", SIP_BAD, 400, "Missing From"},
	{"8.1.1 no To", START VIA FROM ID CSEQ "\r\n", SIP_BAD, 400, "Missing To"},
	{"8.1.1 no Call-ID", START VIA FROM TO CSEQ "\r\n", SIP_BAD, 400, "Missing Call-ID"},
	{"8.1.1 no CSeq", START VIA FROM TO ID "\r\n", SIP_BAD, 400, "Missing CSeq"},
	{"2543 no Max-Forwards", HEAD "\r\n", SIP_GOOD, 0, NULL},
	{"two From", HEAD FROM "\r\n", SIP_BAD, 400, "Multiple From"},
	{"two To", HEAD TO "\r\n", SIP_BAD, 400, "Multiple To"},
	{"two Call-ID", HEAD ID "\r\n", SIP_BAD, 400, "Multiple Call-ID"},
	{"two CSeq, compact or not", HEAD CSEQ "\r\n", SIP_BAD, 400, "Multiple CSeq"},
	{"two Max-Forwards", HEAD "Max-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n", SIP_BAD, 400,
		"Multiple Max-Forwards"},
	{"bad From", START VIA "From: romeo\r\n" TO ID CSEQ "\r\n", SIP_BAD, 400, "Bad From"},
	{"bad To", START VIA FROM "To: \"x <sip:a@b.example>\r\n" ID CSEQ "\r\n", SIP_BAD, 400,
		"Bad To"},
	{"empty Call-ID", START VIA FROM TO "Call-ID:\r\n" CSEQ "\r\n", SIP_BAD, 400,
		"Bad Call-ID"},
	{"Call-ID in two words", START VIA FROM TO "Call-ID: a b\r\n" CSEQ "\r\n", SIP_BAD, 400,
		"Bad Call-ID"},
	{"CSeq method", START VIA FROM TO ID "CSeq: 1 INVITE\r\n\r\n", SIP_BAD, 400,
		"CSeq Method Mismatch"},
	{"CSeq without number", START VIA FROM TO ID "CSeq: MESSAGE\r\n\r\n", SIP_BAD, 400,
		"Bad CSeq"},
	{"CSeq without method", START VIA FROM TO ID "CSeq: 1\r\n\r\n", SIP_BAD, 400, "Bad CSeq"},
	{"CSeq run together", START VIA FROM TO ID "CSeq: 1MESSAGE\r\n\r\n", SIP_BAD, 400,
		"Bad CSeq"},
	{"CSeq 2^32-1", START VIA FROM TO ID "CSeq: 4294967295 MESSAGE\r\n\r\n", SIP_GOOD, 0, NULL},
	{"20.16 CSeq 2^32", START VIA FROM TO ID "CSeq: 4294967296 MESSAGE\r\n\r\n", SIP_BAD, 400,
		"Bad CSeq"},
	{"CSeq negative", START VIA FROM TO ID "CSeq: -1 MESSAGE\r\n\r\n", SIP_BAD, 400,
		"Bad CSeq"},
	{"20.22 Max-Forwards 256", HEAD "Max-Forwards: 256\r\n\r\n", SIP_BAD, 400,
		"Bad Max-Forwards"},
	{"Max-Forwards no number", HEAD "Max-Forwards: x\r\n\r\n", SIP_BAD, 400,
		"Bad Max-Forwards"},
	{"Max-Forwards 0", HEAD "Max-Forwards: 0\r\n\r\n", SIP_GOOD, 0, NULL},

	/* header fields (7.3) */
	{"no colon", HEAD "Subject\r\n\r\n", SIP_BAD, 400, "Bad Header Field"},
	{"no name", HEAD ": x\r\n\r\n", SIP_BAD, 400, "Bad Header Field"},
	{"name is no token", HEAD "Sub ject: x\r\n\r\n", SIP_BAD, 400, "Bad Header Field"},
	{"7.3.1 space before the colon", HEAD "Subject  : x\r\n\r\n", SIP_GOOD, 0, NULL},
	{"continues nothing", START " x\r\n" VIA REST "\r\n", SIP_BAD, 400, "Bad Header Field"},
	{"no empty line", HEAD, SIP_BAD, 400, "Missing Empty Line"},
	{"cut in a field", HEAD "Subj", SIP_BAD, 400, "Missing Empty Line"},

	/* Content-Length (18.3, 20.14) */
	{"18.3 absent: to the end", HEAD "\r\nabc", SIP_GOOD, 0, NULL},
	{"18.3 shorter: cut", HEAD "Content-Length: 1\r\n\r\nabc", SIP_GOOD, 0, NULL},
	{"18.3 longer", HEAD "Content-Length: 4\r\n\r\nabc", SIP_BAD, 400, "Bad Content-Length"},
	{"4475 3.1.2.3 negative", HEAD "Content-Length: -1\r\n\r\nabc", SIP_BAD, 400,
		"Bad Content-Length"},
	{"word", HEAD "Content-Length: five\r\n\r\nabcde", SIP_BAD, 400, "Bad Content-Length"},
	{"empty", HEAD "Content-Length:\r\n\r\n", SIP_BAD, 400, "Bad Content-Length"},
	{"overflow", HEAD "Content-Length: 18446744073709551617\r\n\r\na", SIP_BAD, 400,
		"Bad Content-Length"},
	{"4475 3.3.9 two", HEAD "Content-Length: 0\r\nl: 0\r\n\r\n", SIP_BAD, 400,
		"Multiple Content-Length"},
	{"7.3.1 two Content-Type", HEAD "Content-Type: text/plain\r\nc: text/html\r\n\r\na", SIP_BAD,
		400, "Multiple Content-Type"},

	/* what cannot be answered */
	{"bad ACK", "ACK sip:a@b.example SIP/2.0\r\n" VIA FROM TO ID "\r\n", SIP_DROP, 400,
		"Missing CSeq"},
	{"response", "SIP/2.0 200 OK\r\n" VIA REST "\r\n", SIP_GOOD, 0, NULL},
	{"4475 3.1.1.13 no reason", "SIP/2.0 200 \r\n" VIA REST "\r\n", SIP_GOOD, 0, NULL},
	{"of a response, whose body we do not read",
		"SIP/2.0 200 OK\r\n" VIA REST "c: text/plain\r\nc: text/html\r\n\r\na", SIP_GOOD, 0,
		NULL},
	{"no space behind the code", "SIP/2.0 200\r\n" VIA REST "\r\n", SIP_GOOD, 0, NULL},
	{"bad response", "SIP/2.0 200 OK\r\n" VIA FROM TO ID "\r\n", SIP_DROP, 400, "Missing CSeq"},
	{"4475 3.1.2.19 code", "SIP/2.0 4294967301 x\r\n" VIA REST "\r\n", SIP_DROP, 400,
		"Bad Status-Line"},
	{"code 700", "SIP/2.0 700 x\r\n" VIA REST "\r\n", SIP_DROP, 400, "Bad Status-Line"},
	{"code 099", "SIP/2.0 099 x\r\n" VIA REST "\r\n", SIP_DROP, 400, "Bad Status-Line"},
	{"version of a response", "SIP/3.0 200 OK\r\n" VIA REST "\r\n", SIP_DROP, 400,
		"Bad Status-Line"},
	{"response cut short", "SIP/2.0 20\r\n" VIA REST "\r\n", SIP_DROP, 400, "Bad Status-Line"},
};
/* clang-format on */

static void test_verdicts(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		char *copy;
		enum sip_parsed got = parse(verdicts[i].text, strlen(verdicts[i].text), &copy);

		if (got != verdicts[i].parsed || m.bad_status != verdicts[i].status ||
			!slice_eq(slice_of(m.bad), slice_of(verdicts[i].bad)))
			fail_msg("%s: %d %u %s", verdicts[i].section, got, m.bad_status, m.bad);
		xfree(copy);
	}
}

/* What a refusal needs is there even when much is broken. */
static void test_bad_is_answerable(void **state)
{
	static const char text[] =
		START "Via: SIP/2.0/UDP 192.0.2.1:5071;branch=z9hG4bK1;;\r\n"
		      "From: nobody\r\n" TO ID "CSeq: x\r\nContent-Length: 99\r\n\r\n";
	char *copy;

	assert_int_equal(parse(text, sizeof text - 1, &copy), SIP_BAD);
	assert_slice(m.via.host, "192.0.2.1");
	assert_int_equal(m.via.port, 5071);
	assert_slice(sip_msg_get(&m, SIP_H_FROM), "nobody");
	assert_slice(sip_msg_get(&m, SIP_H_CSEQ), "x");
	assert_slice(m.call_id, "c1");
	assert_slice(m.body, "");
	xfree(copy);
}

static void test_names(void **state)
{
#define EXPECT_METHOD(id, name) assert_int_equal(sip_method_find(SL(name)), SIP_##id);
	SIP_METHODS(EXPECT_METHOD)
#define EXPECT_HEADER(id, name, compact)                                                           \
	assert_int_equal(sip_header_find(SL(name)), SIP_H_##id);                                   \
	assert_string_equal(sip_header_name(SIP_H_##id), name);                                    \
	if (compact) {                                                                             \
		assert_int_equal(sip_header_find(slice_make((char[]){compact}, 1)), SIP_H_##id);   \
		assert_int_equal(sip_header_find(slice_make((char[]){(char)(compact - 32)}, 1)),   \
			SIP_H_##id);                                                               \
	}
	SIP_HEADERS(EXPECT_HEADER)
	assert_int_equal(sip_header_find(SL("vIA")), SIP_H_VIA);
	assert_int_equal(sip_header_find(SL("call-id")), SIP_H_CALL_ID);
	assert_int_equal(sip_header_find(SL("")), SIP_H_OTHER);
	assert_int_equal(sip_header_find(SL("z")), SIP_H_OTHER);
	assert_int_equal(sip_header_find(SL("-")), SIP_H_OTHER);
	assert_int_equal(sip_header_find(SL("\xff")), SIP_H_OTHER);
	assert_int_equal(sip_header_find(SL("Viaa")), SIP_H_OTHER);
	assert_int_equal(sip_header_find(SL("C%6Fntact")), SIP_H_OTHER);
	assert_int_equal(sip_method_find(SL("INV")), SIP_M_OTHER);
	assert_int_equal(sip_method_find(SL("")), SIP_M_OTHER);
}

static void test_limits(void **state)
{
	struct buf b = {0};
	char *copy;

	buf_str(&b, HEAD);
	for (int i = 0; i < SIP_MAX_HEADERS - 5; i++)
		buf_printf(&b, "X-%d: y\r\n", i);
	buf_str(&b, "\r\n");
	assert_int_equal(parse(buf_slice(&b).p, b.n, &copy), SIP_GOOD);
	assert_int_equal(m.n_fields, SIP_MAX_HEADERS);
	xfree(copy);

	buf_reset(&b);
	buf_str(&b, HEAD);
	for (int i = 0; i < SIP_MAX_HEADERS; i++)
		buf_str(&b, "X: y\r\n");
	buf_str(&b, "\r\n");
	assert_int_equal(parse(buf_slice(&b).p, b.n, &copy), SIP_BAD);
	assert_string_equal(m.bad, "Too Many Header Fields");
	assert_int_equal(m.n_fields, SIP_MAX_HEADERS);
	xfree(copy);

	buf_reset(&b); /* one field of 60 kB is fine, and too much is not even looked at */
	buf_str(&b, HEAD "Subject: ");
	while (b.n < 60000)
		buf_chr(&b, 'x');
	buf_str(&b, "\r\n\r\n");
	assert_int_equal(parse(buf_slice(&b).p, b.n, &copy), SIP_GOOD);
	assert_true(sip_msg_get(&m, SIP_H_SUBJECT).n > 59000);
	xfree(copy);
	while (b.n <= SIP_MAX_MESSAGE)
		buf_chr(&b, 'x');
	assert_int_equal(parse(buf_slice(&b).p, b.n, &copy), SIP_DROP);
	assert_string_equal(m.bad, "too long");
	xfree(copy);
	buf_done(&b);
}

/* Every prefix, and every byte changed into each of some others: read without harm, fields in
 * bounds. */
static void check_bounds(const char *copy, size_t n)
{
	for (unsigned i = 0; i < m.n_fields; i++) {
		const struct sip_field *f = &m.fields[i];

		assert_true(f->name.p >= copy && f->name.p + f->name.n <= copy + n);
		assert_true(f->value.p >= copy && f->value.p + f->value.n <= copy + n);
		assert_null(memchr(f->value.p, '\r', f->value.n));
		assert_null(memchr(f->value.p, '\n', f->value.n));
	}
	assert_true(m.body.n == 0 || (m.body.p >= copy && m.body.p + m.body.n <= copy + n));
}

static const char sample[] =
	"MESSAGE sip:j%20@example.com;x=y SIP/2.0\r\n"
	"Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP a.example\r\n"
	"Max-Forwards: 70\r\nFrom: \"a \\\" b\" <sip:r@example.net;gr=x>;tag=a\r\n"
	"t: sip:j@example.com ; x\r\nCall-ID: c1\r\nCSeq: 1\r\n MESSAGE\r\nl: 3\r\nc: "
	"a/b\r\n\r\nabc";

static void test_truncated(void **state)
{
	for (size_t n = 0; n < sizeof sample - 1; n++) {
		char *copy;

		assert_int_not_equal(parse(sample, n, &copy), SIP_GOOD);
		check_bounds(copy, n);
		xfree(copy);
	}
}

static void test_mutated(void **state)
{
	static const char bytes[] = "\0\r\n\t \"<>,;:@%[]/=\\\x7f\xff"
				    "a0";

	for (size_t i = 0; i < sizeof sample - 1; i++)
		for (size_t k = 0; k < sizeof bytes - 1; k++) {
			char text[sizeof sample], *copy;

			memcpy(text, sample, sizeof sample);
			text[i] = bytes[k];
			parse(text, sizeof text - 1, &copy);
			check_bounds(copy, sizeof text - 1);
			xfree(copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_bad_is_answerable),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_mutated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
