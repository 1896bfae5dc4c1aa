#include "unit.h"

#include <stdio.h>

#include "events.h"
#include "xml/pool.h"

static const struct xml_limits normal;

static struct xml_reader *opened(struct xml_pool *pool, const char *head)
{
	struct xml_reader *r = xml_reader_new(&normal);
	struct xml_event ev;

	xml_reader_set_pool(r, pool);
	xml_reader_feed(r, slice_of(head));
	assert_true(xml_reader_next(r, &ev));
	assert_int_equal(ev.type, XML_EVENT_OPEN);
	assert_false(xml_reader_next(r, &ev));
	return r;
}

static void reads(struct xml_reader *r, const char *bytes, const char *want)
{
	struct buf out = {0};

	xml_reader_feed(r, slice_of(bytes));
	events_drain(r, &out);
	buf_chr(&out, '\0');
	assert_string_equal(buf_slice(&out).p, want);
	buf_done(&out);
}

/* As many parsers as streams that are in the middle of something. */
static void idle_streams_hold_none(void **state)
{
	struct xml_pool *pool = xml_pool_new(8);
	struct xml_reader *a = opened(pool, HEAD), *b;

	assert_int_equal(xml_pool_count(pool), 1);
	b = opened(pool, HEAD); /* a document begins with a parser of its own */
	assert_int_equal(xml_pool_count(pool), 2);
	reads(a, "<iq", "");
	assert_int_equal(xml_pool_count(pool), 1);
	reads(b, "<x/>", "element <x xmlns='jabber:server'/>\n");
	assert_int_equal(xml_pool_count(pool), 1);
	reads(a, "/>", "element <iq xmlns='jabber:server'/>\n");
	assert_int_equal(xml_pool_count(pool), 2);
	reads(a, " ", ""); /* white space between stanzas holds nothing either */
	assert_int_equal(xml_pool_count(pool), 2);
	reads(b, "</stream:stream>", "close\n");
	reads(a, "<stream:x/></stream:stream>",
		"element <x xmlns='http://etherx.jabber.org/streams'/>\nclose\n");
	xml_reader_free(a);
	xml_reader_free(b);
	xml_pool_free(pool);
	(void)state;
}

static void another_root_is_not_shared(void **state)
{
	struct xml_pool *pool = xml_pool_new(8);
	struct xml_reader *usual = opened(pool, HEAD);
	struct xml_reader *own = opened(pool,
		"<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams'>");

	assert_int_equal(xml_pool_count(pool), 1);
	reads(own, "<iq/>", "element <iq xmlns='jabber:server'/>\n");
	assert_int_equal(xml_pool_count(pool), 1);
	reads(own, "</s:stream>", "close\n");
	reads(usual, "</stream:stream>", "close\n");
	xml_reader_free(usual);
	xml_reader_free(own);
	xml_pool_free(pool);
	(void)state;
}

static void a_pool_is_bounded(void **state)
{
	struct xml_pool *pool = xml_pool_new(1);
	struct xml_reader *a = opened(pool, HEAD), *b = opened(pool, HEAD);

	assert_int_equal(xml_pool_count(pool), 1);
	reads(a, "<a/>", "element <a xmlns='jabber:server'/>\n");
	reads(b, "<b", "");
	reads(a, "<a/>", "element <a xmlns='jabber:server'/>\n");
	reads(b, "/>", "element <b xmlns='jabber:server'/>\n");
	assert_int_equal(xml_pool_count(pool), 1);
	xml_reader_free(a);
	xml_reader_free(b);
	xml_pool_free(pool);
	(void)state;
}

/* What one stream has done to a parser must not be seen by the next: a broken one is not lent. */
static void a_fault_takes_its_parser_along(void **state)
{
	struct xml_pool *pool = xml_pool_new(8);
	struct xml_reader *good = opened(pool, HEAD), *bad = opened(pool, HEAD);

	assert_int_equal(xml_pool_count(pool), 2);
	reads(bad, "<a></b>", "fault not-well-formed: mismatched tag\n");
	assert_int_equal(xml_pool_count(pool), 1);
	reads(good, "<a/>", "element <a xmlns='jabber:server'/>\n");
	xml_reader_free(good);
	xml_reader_free(bad);
	xml_pool_free(pool);
	(void)state;
}

/* None has parsed without end, however many streams have used it. */
static void a_worn_parser_is_not_lent(void **state)
{
	static char space[1024];
	struct xml_pool *pool = xml_pool_new(8);
	struct xml_reader *a = opened(pool, HEAD), *b = opened(pool, HEAD);
	unsigned kib = 0;

	memset(space, ' ', sizeof space - 1);
	for (; xml_pool_count(pool) == 2 && kib < 1024; kib++)
		reads(kib % 2 ? a : b, space, "");
	assert_int_equal(kib, 257); /* the header and 256 KiB less a byte each */
	reads(a, "<b/>", "element <b xmlns='jabber:server'/>\n");
	reads(a, "</stream:stream>", "close\n");
	xml_reader_free(a);
	xml_reader_free(b);
	xml_pool_free(pool);
	(void)state;
}

/* A new document in the middle: after TLS and after SASL. */
static void a_restart_begins_afresh(void **state)
{
	struct xml_pool *pool = xml_pool_new(8);
	struct xml_reader *r = opened(pool, HEAD);

	reads(r, "<starttls", "");
	xml_reader_restart(r, XML_REST_DROP);
	reads(r, HEAD "<auth/>",
		"open {http://etherx.jabber.org/streams}stream from='a.lab' to='b.lab' "
		"version='1.0'; default jabber:server\nelement <auth xmlns='jabber:server'/>\n");
	xml_reader_restart(r, XML_REST_KEEP);
	reads(r, "<stream:stream xmlns:stream='urn:s'><x/>",
		"open {urn:s}stream; default \nelement <x/>\n");
	xml_reader_free(r);
	xml_pool_free(pool);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_streams_hold_none),
		cmocka_unit_test(another_root_is_not_shared),
		cmocka_unit_test(a_pool_is_bounded),
		cmocka_unit_test(a_fault_takes_its_parser_along),
		cmocka_unit_test(a_worn_parser_is_not_lent),
		cmocka_unit_test(a_restart_begins_afresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
