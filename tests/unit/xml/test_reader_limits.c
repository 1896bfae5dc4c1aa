#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "events.h"

static void repeat(struct buf *b, const char *s, size_t n)
{
	while (n--)
		buf_str(b, s);
}

/* How it ends: the last line of the transcript, the same however it is fed; caller frees. */
static char *last_line(const struct xml_limits *lim, const struct buf *doc)
{
	char *once = events_of(lim, buf_slice(doc)),
	     *bytewise = events_bytewise(lim, buf_slice(doc));
	char *line;

	assert_string_equal(once, bytewise);
	line = once + strlen(once) - 1;
	*line = '\0';
	line = strrchr(once, '\n');
	line = xstrdup(line ? line + 1 : once);
	free(once);
	free(bytewise);
	return line;
}

#define OK_END "element <end xmlns='jabber:server'/>"

/* A document that is just within a limit, then one just beyond it. */
struct edge {
	const char *name;
	struct xml_limits lim;
	void (*make)(struct buf *b, size_t n);
	size_t most;
	const char *fault;
};

static void stanza_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a>");
	repeat(b, "x", n - 7);
	buf_str(b, "</a><end/>");
}

/* Many small tokens instead of a text. */
static void stanza_of_elements(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a>");
	repeat(b, "<b/>", (n - 7) / 4);
	repeat(b, "x", (n - 7) % 4);
	buf_str(b, "</a><end/>");
}

static void header_of(struct buf *b, size_t n)
{
	size_t fixed = sizeof HEAD - 1 + sizeof " x=''" - 1;

	buf_str(b, HEAD);
	b->n--;
	buf_str(b, " x='");
	repeat(b, "y", n - fixed);
	buf_str(b, "'><end/>");
}

static void header_after_space(struct buf *b, size_t n)
{
	repeat(b, " ", n - 3);
	buf_str(b, "<s><end xmlns='jabber:server'/>");
}

static void tag_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a><b c='");
	repeat(b, "x", n - sizeof "<b c=''/>" + 1);
	buf_str(b, "'/></a><end/>");
}

static void first_level_tag_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<b c='");
	repeat(b, "x", n - sizeof "<b c=''/>" + 1);
	buf_str(b, "'/><end/>");
}

static void text_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a><b>");
	repeat(b, "\n", n / 2);
	repeat(b, "x", n - n / 2);
	buf_str(b, "</b>y</a><end/>");
}

static void depth_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD);
	repeat(b, "<a>", n);
	repeat(b, "</a>", n);
	buf_str(b, "<end/>");
}

static void elems_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a/><a>");
	repeat(b, "<b/>", n - 1);
	buf_str(b, "</a><end/>");
}

static void attrs_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, " a%zu=''", i);
	buf_str(b, "/><end/>");
}

/* The header declares two. */
static void decls_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a><b xmlns:gone='u'/>");
	for (size_t i = 2; i < n; i++)
		buf_printf(b, "<b xmlns:p%zu='u'>", i);
	repeat(b, "</b>", n - 2);
	buf_str(b, "</a><end/>");
}

static void element_name_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<stream:");
	repeat(b, "x", n - 7);
	buf_str(b, "/><end/>");
}

static void attr_name_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a ");
	repeat(b, "x", n);
	buf_str(b, "=''/><end/>");
}

static void uri_of(struct buf *b, size_t n)
{
	buf_str(b, HEAD "<a xmlns='");
	repeat(b, "x", n);
	buf_str(b, "'/><end/>");
}

/* clang-format off */
static const struct edge edges[] = {
	{"stanza, one text", {.stanza = 10000, .tag = 400}, stanza_of, 10000,
		"a stanza is too long"},
	{"stanza, many elements", {.stanza = 10000, .tag = 400}, stanza_of_elements, 10000,
		"a stanza is too long"},
	{"stanza, one tag", {.stanza = 10000}, first_level_tag_of, 10000, "a stanza is too long"},
	{"stanza by default", {0}, stanza_of, 262144, "a stanza is too long"},
	{"header", {.header = 1000}, header_of, 1000, "the stream header is too long"},
	{"header by default", {0}, header_of, 8192, "the stream header is too long"},
	{"header after white space", {.header = 1000}, header_after_space, 1000,
		"the stream header is too long"},
	{"tag", {.tag = 1000}, tag_of, 1000, "a tag is too long"},
	{"tag by default", {0}, tag_of, 16384, "a tag is too long"},
	{"tag of a stanza by default", {0}, first_level_tag_of, 16384, "a tag is too long"},
	{"text", {.text = 500}, text_of, 500, "a text is too long"},
	{"depth", {.depth = 5}, depth_of, 5, "elements are nested too deeply"},
	{"depth by default", {0}, depth_of, 32, "elements are nested too deeply"},
	{"elements", {.elems = 7}, elems_of, 7, "too many elements"},
	{"elements by default", {0}, elems_of, 16384, "too many elements"},
	{"attributes", {.attrs = 6}, attrs_of, 6, "too many attributes"},
	{"attributes by default", {0}, attrs_of, 64, "too many attributes"},
	{"declarations", {.ns_decls = 9}, decls_of, 9, "too many namespace declarations"},
	{"element name", {.name = 40}, element_name_of, 40, "a name is too long"},
	{"attribute name", {.name = 40}, attr_name_of, 40, "a name is too long"},
	{"namespace name", {.uri = 40}, uri_of, 40, "a namespace name is too long"},
};
/* clang-format on */

static void check_edge(const struct edge *e, size_t n, const char *want)
{
	struct buf doc = {0};
	char *got;

	e->make(&doc, n);
	got = last_line(&e->lim, &doc);
	if (strcmp(got, want) != 0)
		fail_msg("%s, %zu: %s, wanted %s", e->name, n, got, want);
	free(got);
	buf_done(&doc);
}

static void limits_are_exact(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		char *fault = xasprintf("fault limit: %s", edges[i].fault);

		check_edge(&edges[i], edges[i].most, OK_END);
		check_edge(&edges[i], edges[i].most + 1, fault);
		free(fault);
	}
	(void)state;
}

/* An error behind a limit is never what is reported, and one before it always is. */
static void what_comes_first_counts(void **state)
{
	static const struct xml_limits lim = {.stanza = 10000};
	struct buf doc = {0};
	char *got;

	buf_str(&doc, HEAD "<a>");
	repeat(&doc, "x", 9997);
	buf_str(&doc, "<<");
	got = last_line(&lim, &doc);
	assert_string_equal(got, "fault limit: a stanza is too long");
	free(got);
	doc.n -= 3;
	buf_str(&doc, "\x01");
	got = last_line(&lim, &doc);
	assert_string_equal(got, "fault not-well-formed: not well-formed (invalid token)");
	free(got);
	buf_done(&doc);
	(void)state;
}

static char *with_budget(size_t budget, const char *doc, size_t chunk)
{
	static const struct xml_limits lim;
	struct xml_reader *r = xml_reader_new(&lim);
	struct buf out = {0};
	char *got;

	xml_reader_budget(r, budget, "too much before authentication");
	for (struct slice rest = slice_of(doc); rest.n; rest = slice_from(rest, chunk)) {
		xml_reader_feed(r, slice_cut(rest, chunk));
		events_drain(r, &out);
	}
	got = buf_dup(&out);
	buf_done(&out);
	xml_reader_free(r);
	return got;
}

static void a_budget_bounds_what_is_parsed(void **state)
{
	const char *doc = "<s><a/><bb/><ccc/>";

	for (size_t chunk = 1; chunk <= strlen(doc); chunk++) {
		char *all = with_budget(18, doc, chunk), *less = with_budget(17, doc, chunk);

		assert_string_equal(all, "open {}s; default \nelement <a/>\nelement <bb/>\n"
					 "element <ccc/>\n");
		assert_string_equal(less, "open {}s; default \nelement <a/>\nelement <bb/>\n"
					  "fault limit: too much before authentication\n");
		free(all);
		free(less);
	}
	(void)state;
}

/* Bytes that expat had and a restart took back are parsed, and counted, once. */
static void a_budget_survives_a_restart(void **state)
{
	static const struct xml_limits lim;
	struct xml_reader *r = xml_reader_new(&lim);
	struct buf out = {0};
	struct xml_event ev;

	xml_reader_budget(r, 7 + 7, "too much");
	xml_reader_feed(r, SL("<s><a/><t><b/><c/>"));
	assert_true(xml_reader_next(r, &ev));
	assert_true(xml_reader_next(r, &ev));
	arena_done(&ev.arena);
	xml_reader_restart(r, XML_REST_KEEP);
	events_drain(r, &out);
	buf_chr(&out, '\0');
	assert_string_equal(
		out.p + out.off, "open {}t; default \nelement <b/>\nfault limit: too much\n");
	buf_done(&out);
	xml_reader_free(r);
	(void)state;
}

/*
 * expat never forgets a name. Two million bytes of names that are all new, on one stream, with
 * stanzas that lie across every place where it is made to.
 */
static void months_of_new_names(void **state)
{
	static const struct xml_limits lim;
	struct xml_reader *r = xml_reader_new(&lim);
	struct buf chunk = {0};
	struct xml_event ev;
	size_t seen = 0;

	xml_reader_feed(r, SL(HEAD));
	assert_true(xml_reader_next(r, &ev));
	for (size_t i = 0; i < 40000; i++) {
		buf_reset(&chunk);
		buf_printf(&chunk, "<n%zu a%zu='1'><stream:m%zu/></n%zu> <iq", i, i, i, i);
		xml_reader_feed(r, buf_slice(&chunk));
		while (xml_reader_next(r, &ev)) {
			char want[32];

			assert_int_equal(ev.type, XML_EVENT_ELEMENT);
			snprintf(want, sizeof want, "n%zu", seen / 2);
			assert_true(slice_eqz(ev.elem->name, seen % 2 ? "iq" : want));
			assert_true(slice_eq(ev.elem->ns, SL("jabber:server")));
			if (seen++ % 2 == 0)
				assert_true(slice_eq(xml_first(ev.elem)->ns,
					SL("http://etherx.jabber.org/streams")));
			arena_done(&ev.arena);
		}
		xml_reader_feed(r, SL("/>"));
	}
	assert_true(xml_reader_next(r, &ev));
	arena_done(&ev.arena);
	assert_int_equal(seen + 1, 80000);
	xml_reader_feed(r, SL("</stream:stream>"));
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_CLOSE);
	buf_done(&chunk);
	xml_reader_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(what_comes_first_counts),
		cmocka_unit_test(a_budget_bounds_what_is_parsed),
		cmocka_unit_test(a_budget_survives_a_restart),
		cmocka_unit_test(months_of_new_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
