#include "unit.h"

#include <stdlib.h>

#include "events.h"
#include "xml/writer.h"

#define NS SL("jabber:server")

static struct xml_elem *read_elem(const char *text, struct arena *ret)
{
	static const struct xml_limits lim;
	struct xml_reader *r = xml_reader_new(&lim);
	struct xml_event ev;

	xml_reader_feed(r, SL(HEAD));
	xml_reader_feed(r, slice_of(text));
	assert_true(xml_reader_next(r, &ev));
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_ELEMENT);
	xml_reader_free(r);
	*ret = ev.arena;
	return ev.elem;
}

static void assert_written(const struct xml_elem *e, const char *want)
{
	struct buf b = {0};
	char *got;

	xml_put_elem(&b, e, NS);
	got = buf_dup(&b);
	assert_string_equal(got, want);
	free(got);
	buf_done(&b);
}

static void looking_up_children(void **state)
{
	struct arena a;
	struct xml_elem *e = read_elem("<m>x<b n='1'/><b xmlns='urn:o'/>y<b n='2'/><c/></m>", &a);
	struct xml_elem *b = xml_child(e, NS, SL("b"));
	unsigned n = 0;

	assert_true(xml_is(e, NS, SL("m")));
	assert_false(xml_is(e, SL("urn:o"), SL("m")));
	assert_false(xml_is(NULL, NS, SL("m")));
	assert_slice(xml_attr(b, SL("n")), "1");
	assert_slice(xml_attr(xml_same(b), SL("n")), "2");
	assert_null(xml_same(xml_same(b)));
	assert_ptr_equal(xml_child_ns(e, SL("urn:o")), xml_next(b));
	assert_null(xml_child(e, NS, SL("d")));
	assert_null(xml_child(xml_child(e, NS, SL("d")), NS, SL("x")));
	assert_null(xml_attr(NULL, SL("n")).p);
	xml_each(e, c) {
		assert_ptr_equal(c->parent, e);
		n++;
	}
	assert_int_equal(n, 4);
	arena_done(&a);
	(void)state;
}

static void texts(void **state)
{
	struct arena a;
	struct xml_elem *e = read_elem("<m><one>t</one><two>x<i>y</i>z</two><none/></m>", &a);

	assert_slice(xml_child_text(e, NS, SL("one"), &a), "t");
	assert_slice(xml_child_text(e, NS, SL("two"), &a), "xz");
	assert_slice(xml_child_text(e, NS, SL("none"), &a), "");
	assert_null(xml_child_text(e, NS, SL("absent"), &a).p);
	arena_done(&a);
	(void)state;
}

static void languages(void **state)
{
	struct arena a;
	struct xml_elem *e = read_elem("<m><a xml:lang='de'><b/></a><c lang='x'/></m>", &a);

	assert_null(xml_lang(e).p);
	assert_slice(xml_lang(xml_first(xml_first(e))), "de");
	assert_null(xml_lang(xml_child(e, NS, SL("c"))).p);
	arena_done(&a);
	(void)state;
}

static void attributes(void **state)
{
	struct arena a;
	struct xml_elem *e = read_elem("<m to='1' from='2'/>", &a);

	xml_set_attr_ns(&a, e, SL(XML_NS_XML), SL("lang"), SL("en"));
	assert_written(e, "<m to='1' from='2' xml:lang='en'/>");
	xml_set_attr(&a, e, SL("to"), SL("3"));
	xml_set_attr(&a, e, SL("id"), SL("4"));
	assert_written(e, "<m to='3' from='2' xml:lang='en' id='4'/>");
	xml_set_attr(&a, e, SL("from"), SL_NONE);
	xml_set_attr(&a, e, SL("absent"), SL_NONE);
	assert_written(e, "<m to='3' xml:lang='en' id='4'/>");
	arena_done(&a);
	(void)state;
}

/* The stream's language is added to most stanzas: that must not move their attributes. */
static void a_stanza_has_room_for_its_language(void **state)
{
	struct arena a;
	struct xml_elem *e = read_elem("<m to='1' from='2'/>", &a);
	struct xml_attr *before = e->attrs;

	xml_set_attr_ns(&a, e, SL(XML_NS_XML), SL("lang"), SL("en"));
	assert_ptr_equal(e->attrs, before);
	assert_int_equal(e->n_attrs, 3);
	arena_done(&a);
	(void)state;
}

static void building(void **state)
{
	struct arena a = {0};
	struct xml_elem *e = xml_elem_new(&a, NS, SL("message")), *html;

	xml_set_attr(&a, e, SL("to"), SL("a@b"));
	xml_elem_add_text(&a, e, NS, SL("body"), SL("1 < 2"));
	xml_elem_add_text(&a, e, NS, SL("subject"), SL(""));
	html = xml_elem_add(&a, e, SL("urn:html"), SL("html"));
	xml_add_text(&a, html, SL("x"));
	xml_elem_add(&a, html, SL("urn:html"), SL("br"));
	xml_add_text(&a, html, SL("y"));
	assert_written(e, "<message to='a@b'><body>1 &lt; 2</body><subject/>"
			  "<html xmlns='urn:html'>x<br/>y</html></message>");
	arena_done(&a);
	(void)state;
}

static void a_copy_stands_alone(void **state)
{
	static const char text[] = "<m to='1'>x<b xmlns='urn:b' xml:lang='de'>y<c/></b>z</m>";
	struct arena a, b = {0};
	struct xml_elem *e = read_elem(text, &a), *copy = xml_copy(&b, e);

	arena_done(&a);
	assert_written(copy, text);
	assert_null(copy->parent);
	arena_done(&b);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looking_up_children),
		cmocka_unit_test(texts),
		cmocka_unit_test(languages),
		cmocka_unit_test(attributes),
		cmocka_unit_test(a_stanza_has_room_for_its_language),
		cmocka_unit_test(building),
		cmocka_unit_test(a_copy_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
