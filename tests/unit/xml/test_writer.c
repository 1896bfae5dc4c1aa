#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "events.h"
#include "xml/writer.h"

#define FFFD "\xef\xbf\xbd"

/* clang-format off */
static const struct {
	const char *name, *in, *text, *value, *dropped;
	bool legal;
} escapes[] = {
	{"nothing to do", "plain", "plain", "plain", "plain", true},
	{"empty", "", "", "", "", true},
	{"markup", "<a>&b</a>", "&lt;a&gt;&amp;b&lt;/a&gt;", "&lt;a&gt;&amp;b&lt;/a&gt;",
		"&lt;a&gt;&amp;b&lt;/a&gt;", true},
	{"]]>", "]]>", "]]&gt;", "]]&gt;", "]]&gt;", true},
	{"quotes", "'\"", "'\"", "&apos;&quot;", "'\"", true},
	{"white space", "\t\n ", "\t\n ", "&#9;&#10; ", "\t\n ", true},
	{"carriage return", "a\r\nb", "a&#13;\nb", "a&#13;&#10;b", "a&#13;\nb", true},
	{"UTF-8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		true},
	{"DEL and C1 are characters", "\x7f\xc2\x80", "\x7f\xc2\x80", "\x7f\xc2\x80",
		"\x7f\xc2\x80", true},
	{"U+FFFD", FFFD, FFFD, FFFD, FFFD, true},
	{"controls", "a\x01" "b\x1f", "a" FFFD "b" FFFD, "a" FFFD "b" FFFD, "ab", false},
	{"U+FFFE, U+FFFF", "\xef\xbf\xbe\xef\xbf\xbf", FFFD FFFD FFFD FFFD FFFD FFFD,
		FFFD FFFD FFFD FFFD FFFD FFFD, "", false},
	{"surrogate", "\xed\xa0\x80", FFFD FFFD FFFD, FFFD FFFD FFFD, "", false},
	{"overlong", "\xc0\xaf<", FFFD FFFD "&lt;", FFFD FFFD "&lt;", "&lt;", false},
	{"cut short", "x\xe2\x82", "x" FFFD FFFD, "x" FFFD FFFD, "x", false},
	{"beyond U+10FFFF", "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, FFFD FFFD FFFD FFFD, "",
		false},
};
/* clang-format on */

static void check(const char *name, struct buf *b, const char *want)
{
	char *got = buf_dup(b);

	if (strcmp(got, want) != 0)
		fail_msg("%s: '%s', wanted '%s'", name, got, want);
	free(got);
	buf_reset(b);
}

static void escapes_and_illegal_characters(void **state)
{
	struct buf b = {0};

	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		struct slice in = slice_of(escapes[i].in);

		xml_put_text(&b, in, XML_BAD_REPLACE);
		check(escapes[i].name, &b, escapes[i].text);
		xml_put_value(&b, in, XML_BAD_REPLACE);
		check(escapes[i].name, &b, escapes[i].value);
		xml_put_text(&b, in, XML_BAD_DROP);
		check(escapes[i].name, &b, escapes[i].dropped);
		assert_int_equal(xml_legal(in), escapes[i].legal);
	}
	xml_put_text(&b, slice_make("a\0b", 3), XML_BAD_DROP);
	check("NUL", &b, "ab");
	buf_done(&b);
	(void)state;
}

static void attributes(void **state)
{
	struct buf b = {0};

	xml_put_attr(&b, "to", SL("a'b"));
	xml_put_attr(&b, "from", SL_NONE);
	xml_put_attr(&b, "id", SL(""));
	check("attributes", &b, " to='a&apos;b' id=''");
	buf_done(&b);
	(void)state;
}

/* clang-format off */
static const char *const whole[] = {
	"<a/>",
	"<a>t</a>",
	"<a xmlns='urn:x'><b xmlns='jabber:server'><c/></b><d/></a>",
	"<a><b xmlns='urn:b'><c xmlns='urn:c'/><d/></b><e/></a>",
	"<a xmlns=''><b/><c xmlns='jabber:server'/></a>",
	"<a xml:lang='de' b='1'>x<b/>y<b/>z</a>",
	"<a xmlns:ns0='u' ns0:x='1' y='2' xmlns:ns2='v' ns2:x=''><b xmlns:ns0='v' ns0:z=''/></a>",
	"<a b='&lt;&gt;&amp;&apos;&quot;&#9;&#10;&#13;'>&lt;&gt;&amp;'\"\t\n&#13;</a>",
	"<xml:a/>",
};
/* clang-format on */

/* What is read and written in the same default namespace is the same again. */
static void read_and_written_is_the_same(void **state)
{
	static const struct xml_limits lim;
	struct buf b = {0};

	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		struct xml_reader *r = xml_reader_new(&lim);
		struct xml_event ev;

		xml_reader_feed(r, SL(HEAD));
		xml_reader_feed(r, slice_of(whole[i]));
		assert_true(xml_reader_next(r, &ev));
		assert_true(xml_reader_next(r, &ev));
		xml_put_elem(&b, ev.elem, SL("jabber:server"));
		check(whole[i], &b, whole[i]);
		arena_done(&ev.arena);
		xml_reader_free(r);
	}
	buf_done(&b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_and_illegal_characters),
		cmocka_unit_test(attributes),
		cmocka_unit_test(read_and_written_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
