#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "events.h"
#include "xml/writer.h"

#define OPENED                                                                                     \
	"open {http://etherx.jabber.org/streams}stream from='a.lab' to='b.lab' version='1.0'; "    \
	"default jabber:server\n"

static const struct xml_limits normal;

/*
 * Documents and what must come of them. A document begins with HEAD unless it is a whole one; the
 * opening event is then left out of want as well.
 */
struct doc {
	const char *name;
	const char *in;
	const char *want;
};

/* clang-format off */
static const struct doc stanzas[] = {
	{"nothing after the header", "", ""},
	{"empty stanza", "<iq/>", "element <iq xmlns='jabber:server'/>\n"},
	{"message",
		"<message from='a@a.lab/x' to='b@b.lab' id='1' "
		"type='chat'><body>hi</body></message>",
		"element <message xmlns='jabber:server' from='a@a.lab/x' to='b@b.lab' id='1' "
		"type='chat'><body>hi</body></message>\n"},
	{"two stanzas", "<iq id='1'/><iq id='2'></iq>",
		"element <iq xmlns='jabber:server' id='1'/>\nelement <iq xmlns='jabber:server' "
		"id='2'/>\n"},
	{"white space between (11.7)", " <iq/>\r\n\t<iq/>",
		"element <iq xmlns='jabber:server'/>\nelement <iq "
		"xmlns='jabber:server'/>\n"},
	{"white space inside is text", "<a> <b/>\n</a>",
		"element <a xmlns='jabber:server'> <b/>\n</a>\n"},
	{"carriage returns are normalised", "<a>1\r\n2\r3</a>",
		"element <a xmlns='jabber:server'>1\n2\n3</a>\n"},
	{"mixed content in order", "<a>1<b>2</b>3<c/>4</a>",
		"element <a xmlns='jabber:server'>1<b>2</b>3<c/>4</a>\n"},
	{"predefined entities and character references (11.1)",
		"<a q='&lt;&#x27;&quot;&amp;'>&lt;&gt;&amp;&apos;&quot;&#65;&#x1F600;</a>",
		"element <a xmlns='jabber:server' "
		"q='&lt;&apos;&quot;&amp;'>&lt;&gt;&amp;'\"A\xf0\x9f\x98\x80</a>\n"},
	{"CDATA is text", "<a>x<![CDATA[<b>&amp;]]]]>y</a>",
		"element <a xmlns='jabber:server'>x&lt;b&gt;&amp;amp;]]y</a>\n"},
	{"UTF-8 of every length", "<a b='\xc3\xa4'>\xc3\xa4\xe2\x82\xac\xf0\x90\x8d\x88</a>",
		"element <a xmlns='jabber:server' "
		"b='\xc3\xa4'>\xc3\xa4\xe2\x82\xac\xf0\x90\x8d\x88</a>\n"},
	{"U+FEFF inside is data (11.6)", "<a>\xef\xbb\xbfx</a>",
		"element <a xmlns='jabber:server'>\xef\xbb\xbfx</a>\n"},
	{"another default namespace", "<a xmlns='urn:x'><b/><c xmlns=''/></a>",
		"element <a xmlns='urn:x'><b/><c xmlns=''/></a>\n"},
	{"a prefix for the content namespace", "<p:a xmlns:p='jabber:server'><p:b/></p:a>",
		"element <a xmlns='jabber:server'><b/></a>\n"},
	{"a prefix of the stream's root", "<stream:error><stream:x/></stream:error>",
		"element <error xmlns='http://etherx.jabber.org/streams'><x/></error>\n"},
	{"a prefix declared again", "<p:a xmlns:p='urn:1'><p:b xmlns:p='urn:2'/><p:c/></p:a>",
		"element <a xmlns='urn:1'><b xmlns='urn:2'/><c/></a>\n"},
	{"a declaration ends with its element", "<a><b xmlns='urn:1'/><c/></a>",
		"element <a xmlns='jabber:server'><b xmlns='urn:1'/><c/></a>\n"},
	{"attributes in namespaces", "<a xmlns:p='urn:p' p:x='1' x='2' xml:lang='de'/>",
		"element <a xmlns='jabber:server' xmlns:ns0='urn:p' ns0:x='1' x='2' "
		"xml:lang='de'/>\n"},
	{"the prefix xml needs no declaration",
		"<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
		"element <a xmlns='jabber:server'/>\n"},
	{"names beyond ASCII", "<\xc3\xa4\xc3\xb6 \xc3\xbc='1'/>",
		"element <\xc3\xa4\xc3\xb6 xmlns='jabber:server' \xc3\xbc='1'/>\n"},
	{"the end", "<iq/></stream:stream>", "element <iq xmlns='jabber:server'/>\nclose\n"},
	{"nothing is read after the end", "</stream:stream><iq/>rubbish", "close\n"},
	{"comment (11.1)", "<a><!-- no --></a>", "fault restricted: a comment\n"},
	{"comment between stanzas", "<iq/><!---->",
		"element <iq xmlns='jabber:server'/>\nfault restricted: a comment\n"},
	{"processing instruction", "<a><?php x?></a>",
		"fault restricted: a processing instruction\n"},
	{"entity that is not predefined", "<a>&nbsp;</a>",
		"fault restricted: an entity that is not predefined\n"},
	{"the same in an attribute", "<a b='&nbsp;'/>",
		"fault restricted: an entity that is not predefined\n"},
	{"DTD inside", "<!DOCTYPE a><a/>", "fault restricted: a document type declaration\n"},
	{"DTD inside a stanza", "<a><!ENTITY x 'y'></a>",
		"fault restricted: a document type declaration\n"},
	{"text between stanzas", "<iq/>x",
		"element <iq xmlns='jabber:server'/>\nfault stray-text: text outside of any "
		"stanza\n"},
	{"text after white space", " \n&#120;",
		"fault stray-text: text outside of any stanza\n"},
	{"end tag does not match", "<a><b></a></b>", "fault not-well-formed: mismatched tag\n"},
	{"attribute twice", "<a b='1' b='2'/>", "fault not-well-formed: duplicate attribute\n"},
	{"attribute without quotes", "<a b=1/>",
		"fault not-well-formed: not well-formed (invalid token)\n"},
	{"a bare ampersand", "<a>1 & 2</a>",
		"fault not-well-formed: not well-formed (invalid token)\n"},
	{"]]> in text", "<a>]]></a>", "fault not-well-formed: not well-formed (invalid token)\n"},
	{"control character", "<a>\x01</a>",
		"fault not-well-formed: not well-formed (invalid token)\n"},
	{"control character by reference", "<a>&#1;</a>",
		"fault not-well-formed: reference to invalid character number\n"},
	{"U+FFFE", "<a>\xef\xbf\xbe</a>",
		"fault not-well-formed: not well-formed (invalid token)\n"},
	{"XML declaration inside", "<?xml version='1.0'?>",
		"fault not-well-formed: XML or text declaration not at start of entity\n"},
	{"element prefix not declared (11.3)", "<p:a/>",
		"fault not-well-formed: an element's prefix is not declared\n"},
	{"attribute prefix not declared", "<a p:b='1'/>",
		"fault not-well-formed: an attribute's prefix is not declared\n"},
	{"prefix out of its scope", "<a><b xmlns:p='urn:p'/><p:c/></a>",
		"fault not-well-formed: an element's prefix is not declared\n"},
	{"two prefixes, one namespace, one attribute",
		"<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>",
		"fault not-well-formed: an attribute is there twice\n"},
	{"two colons", "<stream:a:b/>",
		"fault not-well-formed: an element's name has a colon out of place\n"},
	{"colon first", "<:a/>",
		"fault not-well-formed: an element's name has a colon out of place\n"},
	{"colon last", "<stream:/>",
		"fault not-well-formed: an element's name has a colon out of place\n"},
	{"digit after the colon", "<stream:1/>",
		"fault not-well-formed: an element's name has a colon out of place\n"},
	{"combining character after the colon", "<stream:\xcc\x80/>",
		"fault not-well-formed: an element's name has a colon out of place\n"},
	{"colon in an attribute", "<a b:c:d='1'/>",
		"fault not-well-formed: an attribute's name has a colon out of place\n"},
	{"empty declaration of a prefix", "<a xmlns:p=''/>",
		"fault not-well-formed: a prefix is declared as no namespace\n"},
	{"declaring xmlns", "<a xmlns:xmlns='urn:x'/>",
		"fault not-well-formed: xmlns must not be declared\n"},
	{"the namespace of xmlns", "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
		"fault not-well-formed: xmlns must not be declared\n"},
	{"xml as another namespace", "<a xmlns:xml='urn:x'/>",
		"fault not-well-formed: the prefix xml and its namespace belong to each other\n"},
	{"another prefix for xml's namespace",
		"<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
		"fault not-well-formed: the prefix xml and its namespace belong to each other\n"},
	{"element with the prefix xmlns", "<xmlns:a/>",
		"fault not-well-formed: an element's prefix is not declared\n"},
	{"UTF-8 cut short", "<a>\xc3(</a>", "fault encoding: not UTF-8\n"},
	{"a stray continuation byte", "<a>\x80</a>", "fault encoding: not UTF-8\n"},
	{"an overlong form", "<a>\xc0\xaf</a>", "fault encoding: not UTF-8\n"},
	{"a surrogate", "<a>\xed\xa0\x80</a>", "fault encoding: not UTF-8\n"},
	{"beyond U+10FFFF", "<a>\xf4\x90\x80\x80</a>", "fault encoding: not UTF-8\n"},
	{"bad UTF-8 in an attribute", "<a b='\xe4'/>", "fault encoding: not UTF-8\n"},
	{"bad UTF-8 in a name", "<\xff/>", "fault encoding: not UTF-8\n"},
	{"a character no name may have", "<\xe2\x98\x83/>",
		"fault not-well-formed: not well-formed (invalid token)\n"},
};
/* clang-format on */

/* Whole documents: the header is what they are about. */
/* clang-format off */
static const struct doc headers[] = {
	{"no XML declaration", "<s/>", "open {}s; default \nclose\n"},
	{"the stream namespace as default", "<stream xmlns='http://etherx.jabber.org/streams'>",
		"open {http://etherx.jabber.org/streams}stream; default "
		"http://etherx.jabber.org/streams\n"},
	{"any prefix for the stream namespace (4.8.5)",
		"<x:stream xmlns:x='http://etherx.jabber.org/streams' xmlns='jabber:server' "
		"id='1'>",
		"open {http://etherx.jabber.org/streams}stream id='1'; default jabber:server\n"},
	{"UTF-8 declared, any case", "<?xml version='1.0' encoding='utf-8'?><s>",
		"open {}s; default \n"},
	{"standalone is ignored (11.5)", "<?xml version='1.0' standalone='no'?><s>",
		"open {}s; default \n"},
	{"white space before the root", "\n\n<s>", "open {}s; default \n"},
	{"another encoding declared (11.6)", "<?xml version='1.0' encoding='ISO-8859-1'?><s>",
		"fault encoding: the XML declaration names an encoding other than UTF-8\n"},
	{"a byte order mark (11.6)", "\xef\xbb\xbf<s>",
		"fault not-well-formed: text before the stream header\n"},
	{"DTD (11.1)", "<!DOCTYPE s [<!ENTITY x 'y'>]><s>",
		"fault restricted: a document type declaration\n"},
	{"DTD after the declaration", "<?xml version='1.0'?><!DOCTYPE s><s>",
		"fault restricted: a document type declaration\n"},
	{"comment before the root", "<!-- --><s>", "fault restricted: a comment\n"},
	{"processing instruction before the root", "<?x y?><s>",
		"fault restricted: a processing instruction\n"},
	{"text before the root", "GET / HTTP/1.1\r\n", "fault not-well-formed: syntax error\n"},
	{"a TLS record", "\x16\x03\x01\x02",
		"fault not-well-formed: not well-formed (invalid token)\n"},
	{"prefix of the root not declared", "<stream:stream xmlns='jabber:server'>",
		"fault not-well-formed: an element's prefix is not declared\n"},
};
/* clang-format on */

static void check_splits(const char *name, struct slice doc, const char *want)
{
	for (size_t at = 0; at <= doc.n; at++) {
		struct xml_reader *r = xml_reader_new(&normal);
		struct buf out = {0};
		char *got;

		xml_reader_feed(r, slice_cut(doc, at));
		events_drain(r, &out);
		xml_reader_feed(r, slice_from(doc, at));
		events_drain(r, &out);
		got = buf_dup(&out);
		if (strcmp(got, want) != 0)
			fail_msg("%s, split at %zu:\n%s\nwanted:\n%s", name, at, got, want);
		free(got);
		buf_done(&out);
		xml_reader_free(r);
	}
}

static void check_doc(const char *name, struct slice doc, const char *want)
{
	char *once = events_of(&normal, doc), *bytewise = events_bytewise(&normal, doc);

	if (strcmp(once, want) != 0)
		fail_msg("%s:\n%s\nwanted:\n%s", name, once, want);
	if (strcmp(bytewise, want) != 0)
		fail_msg("%s, byte by byte:\n%s\nwanted:\n%s", name, bytewise, want);
	check_splits(name, doc, want);
	free(once);
	free(bytewise);
}

/* Every document of the corpus, at once, byte by byte, and split at every byte: the same events. */
static void splits_make_no_difference(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(stanzas); i++) {
		char *doc = xasprintf(HEAD "%s", stanzas[i].in);
		char *want = xasprintf(OPENED "%s", stanzas[i].want);

		check_doc(stanzas[i].name, slice_of(doc), want);
		free(doc);
		free(want);
	}
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		check_doc(headers[i].name, slice_of(headers[i].in), headers[i].want);
	(void)state;
}

/* UTF-16 has bytes 0, which a C string has not. */
static void utf16_is_no_encoding_of_a_stream(void **state)
{
	static const char be[] = "\xfe\xff\0<\0s\0>", le[] = "\xff\xfe<\0s\0>\0",
			  bare[] = "<\0s\0>\0";
	const char *want = "fault encoding: not UTF-8\n";

	check_doc("UTF-16BE", slice_make(be, sizeof be - 1), want);
	check_doc("UTF-16LE", slice_make(le, sizeof le - 1), want);
	check_doc("UTF-16LE without a mark", slice_make(bare, sizeof bare - 1), want);
	(void)state;
}

static void sizes_are_bytes_on_the_wire(void **state)
{
	static const char *const parts[] = {HEAD, "\n<iq/>", "<a b='&lt;'>\r\n</a>", " <c></c >"};
	static const size_t sizes[] = {
		sizeof HEAD - 1 - sizeof "<?xml version='1.0'?>" + 1, 5, 18, 8};
	struct xml_reader *r = xml_reader_new(&normal);

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct xml_event ev;

		xml_reader_feed(r, slice_of(parts[i]));
		assert_true(xml_reader_next(r, &ev));
		assert_int_equal(ev.size, sizes[i]);
		if (ev.type == XML_EVENT_ELEMENT)
			arena_done(&ev.arena);
	}
	xml_reader_free(r);
	(void)state;
}

/*
 * Design section 14: expat's reparse deferral holds back a complete stanza that came in two reads.
 * Here each event must be there as soon as its last byte is, wherever it was split before.
 */
static void nothing_is_held_back(void **state)
{
	static const char doc[] =
		HEAD "<message><body>one</body></message><iq a='1'/>\n"
		     "<presence xmlns:p='urn:p'><p:x>t</p:x></presence></stream:stream>";
	static const char *const ends[] = {
		"version='1.0'>", "</message>", "<iq a='1'/>", "</presence>", "</stream:stream>"};

	for (size_t e = 0; e < ARRAY_LEN(ends); e++) {
		size_t end = (size_t)(strstr(doc, ends[e]) - doc) + strlen(ends[e]);

		for (size_t at = 0; at <= end; at++) {
			struct xml_reader *r = xml_reader_new(&normal);
			struct buf out = {0};
			size_t n;

			xml_reader_feed(r, slice_make(doc, at));
			n = events_drain(r, &out);
			xml_reader_feed(r, slice_make(doc + at, end - at));
			n += events_drain(r, &out);
			assert_int_equal(n, e + 1);
			buf_done(&out);
			xml_reader_free(r);
		}
	}
	(void)state;
}

/* A long tag that comes slowly is what deferral was made for. */
static void a_slow_long_tag_is_not_held_back(void **state)
{
	struct xml_reader *r = xml_reader_new(&normal);
	struct buf tag = {0}, out = {0};
	size_t events = 0;

	xml_reader_feed(r, SL(HEAD));
	events_drain(r, &out);
	buf_str(&tag, "<iq a='");
	for (size_t i = 0; i < 16000; i++)
		buf_chr(&tag, 'x');
	buf_str(&tag, "'/>");
	for (size_t i = 0; i < tag.n; i += 100) {
		assert_int_equal(events, 0);
		xml_reader_feed(r, slice_cut(slice_from(buf_slice(&tag), i), 100));
		events = events_drain(r, &out);
	}
	assert_int_equal(events, 1);
	buf_done(&tag);
	buf_done(&out);
	xml_reader_free(r);
	(void)state;
}

/* What follows an element is not parsed before it is asked for. */
static void one_element_at_a_time(void **state)
{
	struct xml_reader *r = xml_reader_new(&normal);
	struct xml_event ev;

	xml_reader_feed(r, SL(HEAD "<iq/><<<"));
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_OPEN);
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_ELEMENT);
	arena_done(&ev.arena);
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_FAULT);
	assert_false(xml_reader_next(r, &ev));
	xml_reader_free(r);
	(void)state;
}

/* An element is whole without its reader: it may go to another thread, and the stream may end. */
static void an_element_outlives_its_reader(void **state)
{
	struct xml_reader *r = xml_reader_new(&normal);
	struct xml_event ev, root;
	struct buf out = {0};

	xml_reader_feed(r, SL(HEAD "<a x='1'>t<stream:b/></a>"));
	assert_true(xml_reader_next(r, &root));
	assert_true(xml_reader_next(r, &ev));
	xml_reader_free(r);
	xml_put_elem(&out, ev.elem, SL("jabber:server"));
	buf_chr(&out, '\0');
	assert_string_equal(
		out.p + out.off, "<a x='1'>t<b xmlns='http://etherx.jabber.org/streams'/></a>");
	buf_done(&out);
	arena_done(&ev.arena);
	(void)state;
}

static void open_then(struct xml_reader *r, const char *rest, struct xml_event *ev)
{
	xml_reader_feed(r, SL(HEAD));
	xml_reader_feed(r, slice_of(rest));
	assert_true(xml_reader_next(r, ev));
	assert_true(xml_reader_next(r, ev));
	assert_int_equal(ev->type, XML_EVENT_ELEMENT);
	arena_done(&ev->arena);
}

/* RFC 6120 5.4.3.3: what came in clear is forgotten, also half an element. */
static void restart_drops_clear_bytes(void **state)
{
	struct xml_reader *r = xml_reader_new(&normal);
	struct buf out = {0};
	struct xml_event ev;

	open_then(r, "<proceed/><iq id='evil'/><mess", &ev);
	xml_reader_restart(r, XML_REST_DROP);
	assert_int_equal(events_drain(r, &out), 0);
	xml_reader_feed(r, SL(HEAD "<iq id='good'/>"));
	events_drain(r, &out);
	buf_chr(&out, '\0');
	assert_string_equal(
		out.p + out.off, OPENED "element <iq xmlns='jabber:server' id='good'/>\n");
	buf_done(&out);
	xml_reader_free(r);
	(void)state;
}

/* After SASL what follows is the new stream's, however it was split. */
static void restart_keeps_what_follows(void **state)
{
	static const char rest[] = "<success/>" HEAD "<iq id='1'/>";

	for (size_t at = sizeof "<success/>" - 1; at < sizeof rest; at++) {
		struct xml_reader *r = xml_reader_new(&normal);
		char *first = slice_dup(slice_make(rest, at));
		struct buf out = {0};
		struct xml_event ev;

		open_then(r, first, &ev);
		xml_reader_restart(r, XML_REST_KEEP);
		events_drain(r, &out);
		xml_reader_feed(r, slice_of(rest + at));
		events_drain(r, &out);
		buf_chr(&out, '\0');
		assert_string_equal(
			out.p + out.off, OPENED "element <iq xmlns='jabber:server' id='1'/>\n");
		buf_done(&out);
		free(first);
		xml_reader_free(r);
	}
	(void)state;
}

/* A prefix of the first document means nothing in the second. */
static void restart_forgets_namespaces(void **state)
{
	struct xml_reader *r = xml_reader_new(&normal);
	struct buf out = {0};
	struct xml_event ev;

	open_then(r, "<iq/>", &ev);
	xml_reader_restart(r, XML_REST_KEEP);
	xml_reader_feed(r, SL("<s><stream:x/>"));
	events_drain(r, &out);
	buf_chr(&out, '\0');
	assert_string_equal(out.p + out.off,
		"open {}s; default \n"
		"fault not-well-formed: an element's prefix is not declared\n");
	buf_done(&out);
	xml_reader_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_make_no_difference),
		cmocka_unit_test(utf16_is_no_encoding_of_a_stream),
		cmocka_unit_test(sizes_are_bytes_on_the_wire),
		cmocka_unit_test(nothing_is_held_back),
		cmocka_unit_test(a_slow_long_tag_is_not_held_back),
		cmocka_unit_test(one_element_at_a_time),
		cmocka_unit_test(an_element_outlives_its_reader),
		cmocka_unit_test(restart_drops_clear_bytes),
		cmocka_unit_test(restart_keeps_what_follows),
		cmocka_unit_test(restart_forgets_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
