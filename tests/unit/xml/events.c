#include "events.h"

#include <stdlib.h>

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

char *events_bytewise(const struct xml_limits *limits, struct slice doc)
{
	struct xml_reader *r = xml_reader_new(limits);
	struct buf out = {0};
	char *text;

	for (size_t i = 0; i < doc.n; i++) {
		xml_reader_feed(r, slice_make(doc.p + i, 1));
		events_drain(r, &out);
	}
	xml_reader_free(r);
	text = buf_dup(&out);
	buf_done(&out);
	return text;
}
