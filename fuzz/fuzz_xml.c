#include "fuzz.h"

#include "base/buf.h"
#include "xml/pool.h"
#include "xml/reader.h"
#include "xml/writer.h"

static const struct xml_limits limits = {.stanza = 10000, .header = 400, .tag = 300, .depth = 5};

/* Written, read and written again it is the same: what we send, others can read. */
static void check_round_trip(const struct xml_elem *e)
{
	struct xml_limits wide = {.attrs = 256, .ns_decls = 256};
	struct xml_reader *r = xml_reader_new(&wide);
	struct buf first = {0}, second = {0};
	struct xml_event ev;

	xml_put_elem(&first, e, SL_NONE);
	xml_reader_feed(r, SL("<s>"));
	xml_reader_feed(r, buf_slice(&first));
	assert(xml_reader_next(r, &ev) && xml_reader_next(r, &ev) && ev.type == XML_EVENT_ELEMENT);
	xml_put_elem(&second, ev.elem, SL_NONE);
	assert(slice_eq(buf_slice(&first), buf_slice(&second)));
	arena_done(&ev.arena);
	xml_reader_free(r);
	buf_done(&first);
	buf_done(&second);
}

/* What was read: all but the fault in words, the fault by itself. */
struct seen {
	struct buf events;
	enum xml_fault fault;
};

static void print(struct seen *to, struct xml_event *ev)
{
	struct buf *out = &to->events;

	if (ev->type == XML_EVENT_FAULT)
		to->fault = ev->fault;
	buf_printf(out, "%d %zu %.*s ", ev->type, ev->size, SLARG(ev->default_ns));
	if (ev->elem)
		xml_put_elem(out, ev->elem, SL_NONE);
	if (ev->type == XML_EVENT_ELEMENT) {
		check_round_trip(ev->elem);
		arena_done(&ev->arena);
	}
}

static void read_all(struct seen *to, struct slice in, size_t piece, struct xml_pool *pool)
{
	struct xml_reader *r = xml_reader_new(&limits);
	struct xml_event ev;

	xml_reader_set_pool(r, pool);
	for (; in.n; in = slice_from(in, piece)) {
		xml_reader_feed(r, slice_cut(in, piece));
		while (xml_reader_next(r, &ev))
			print(to, &ev);
	}
	xml_reader_free(r);
}

/*
 * All at once, and byte by byte with a parser that is given back in between: the same events. Only the fault may differ: expat reads a text to its
 * end before it hands it out, and may find it broken where a shorter piece was just in a wrong place.
 */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_make(p, n);
	struct seen once = {0}, bytewise = {0};
	struct xml_pool *pool = xml_pool_new(1);

	read_all(&once, in, n, NULL);
	read_all(&bytewise, in, 1, pool);
	xml_pool_free(pool);
	assert(slice_eq(buf_slice(&once.events), buf_slice(&bytewise.events)));
	assert(once.fault == bytewise.fault || bytewise.fault == XML_FAULT_STRAY_TEXT);
	buf_done(&once.events);
	buf_done(&bytewise.events);
	return 0;
}
