#include "events.h"

#include "unit.h"

#include <stdlib.h>

#include "xml/pool.h"
#include "xml/writer.h"

static const char *const fault_names[XML_FAULT__N] = {
	[XML_FAULT_RESTRICTED] = "restricted",
	[XML_FAULT_NOT_WELL_FORMED] = "not-well-formed",
	[XML_FAULT_ENCODING] = "encoding",
	[XML_FAULT_STRAY_TEXT] = "stray-text",
	[XML_FAULT_LIMIT] = "limit",
};

static void print_open(struct buf *out, const struct xml_event *ev)
{
	buf_printf(out, "open {%.*s}%.*s", SLARG(ev->elem->ns), SLARG(ev->elem->name));
	for (unsigned i = 0; i < ev->elem->n_attrs; i++) {
		const struct xml_attr *at = &ev->elem->attrs[i];

		buf_printf(out, " %s%.*s='%.*s'", at->ns.n ? "xml:" : "", SLARG(at->name),
			SLARG(at->value));
	}
	buf_printf(out, "; default %.*s\n", SLARG(ev->default_ns));
}

void events_print(struct buf *out, struct xml_event *ev)
{
	switch (ev->type) {
	case XML_EVENT_OPEN:
		print_open(out, ev);
		break;
	case XML_EVENT_ELEMENT:
		buf_str(out, "element ");
		xml_put_elem(out, ev->elem, SL_NONE);
		buf_chr(out, '\n');
		arena_done(&ev->arena);
		break;
	case XML_EVENT_CLOSE:
		buf_str(out, "close\n");
		break;
	case XML_EVENT_FAULT:
		buf_printf(out, "fault %s: %s\n", fault_names[ev->fault], ev->why);
		break;
	}
}

size_t events_drain(struct xml_reader *r, struct buf *out)
{
	struct xml_event ev;
	size_t n = 0;

	for (; xml_reader_next(r, &ev); n++)
		events_print(out, &ev);
	return n;
}

char *events_of(const struct xml_limits *limits, struct slice doc)
{
	struct xml_reader *r = xml_reader_new(limits);
	struct buf out = {0};
	char *text;

	xml_reader_feed(r, doc);
	events_drain(r, &out);
	xml_reader_free(r);
	text = buf_dup(&out);
	buf_done(&out);
	return text;
}

/* Bytes of a stream that shares the parsers: the next after each byte of the document. */
static void neighbour_byte(struct xml_reader *r, size_t i)
{
	static const char stanza[] = "<iq id='1'><q xmlns='urn:n'>text</q></iq>";
	struct xml_event ev;

	xml_reader_feed(r, slice_make(&stanza[i % (sizeof stanza - 1)], 1));
	while (xml_reader_next(r, &ev)) {
		assert_int_equal(ev.type, XML_EVENT_ELEMENT);
		arena_done(&ev.arena);
	}
}

static struct xml_reader *neighbour(struct xml_pool *pool)
{
	static const struct xml_limits limits;
	struct xml_reader *r = xml_reader_new(&limits);
	struct xml_event ev;

	xml_reader_set_pool(r, pool);
	xml_reader_feed(r, SL(HEAD));
	assert_true(xml_reader_next(r, &ev) && ev.type == XML_EVENT_OPEN);
	return r;
}

char *events_bytewise(const struct xml_limits *limits, struct slice doc)
{
	struct xml_pool *pool = xml_pool_new(2);
	struct xml_reader *r = xml_reader_new(limits), *other = neighbour(pool);
	struct buf out = {0};
	char *text;

	xml_reader_set_pool(r, pool);
	for (size_t i = 0; i < doc.n; i++) {
		xml_reader_feed(r, slice_make(doc.p + i, 1));
		events_drain(r, &out);
		neighbour_byte(other, i);
	}
	xml_reader_free(r);
	xml_reader_free(other);
	xml_pool_free(pool);
	text = buf_dup(&out);
	buf_done(&out);
	return text;
}
