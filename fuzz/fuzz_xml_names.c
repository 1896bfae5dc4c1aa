#include "fuzz.h"

#include <expat.h>

#include "base/buf.h"
#include "xml/reader.h"

/*
 * Our reader does namespaces itself; expat can do them too, differently. What we read expat reads
 * as well, with the same names and values.
 */

/* "{ns}name " for every element, in document order. */
static void walk(struct buf *out, const struct xml_elem *e)
{
	buf_printf(out, "{%.*s}%.*s", SLARG(e->ns), SLARG(e->name));
	for (unsigned i = 0; i < e->n_attrs; i++)
		buf_printf(out, " {%.*s}%.*s=%.*s", SLARG(e->attrs[i].ns), SLARG(e->attrs[i].name),
			SLARG(e->attrs[i].value));
	buf_chr(out, '\n');
	xml_each(e, c)
		walk(out, c);
}

/* How many bytes the document had that was read to its end without a fault; 0: there was none. */
static size_t ours(struct buf *out, struct slice in)
{
	static const struct xml_limits limits = {.stanza = 1 << 20, .elems = 1 << 20};
	struct xml_reader *r = xml_reader_new(&limits);
	bool closed = false;
	struct xml_event ev;
	size_t at;

	for (at = 0; at < in.n && !closed; at++) {
		xml_reader_feed(r, slice_make(in.p + at, 1));
		while (xml_reader_next(r, &ev)) {
			closed = ev.type == XML_EVENT_CLOSE;
			if (ev.elem)
				walk(out, ev.elem);
			if (ev.type == XML_EVENT_ELEMENT)
				arena_done(&ev.arena);
		}
	}
	xml_reader_free(r);
	return closed ? at : 0;
}

static void put_name(struct buf *out, const char *name)
{
	const char *bar = strrchr(name, '\n');

	if (bar)
		buf_printf(out, "{%.*s}%s", (int)(bar - name), name, bar + 1);
	else
		buf_printf(out, "{}%s", name);
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
	put_name(arg, name);
	for (; *atts; atts += 2) {
		buf_chr(arg, ' ');
		put_name(arg, atts[0]);
		buf_printf(arg, "=%s", atts[1]);
	}
	buf_chr(arg, '\n');
}

static bool theirs(struct buf *out, struct slice in)
{
	XML_Parser p = XML_ParserCreateNS("UTF-8", '\n');
	bool ok;

	XML_SetUserData(p, out);
	XML_SetElementHandler(p, on_start, NULL);
	ok = XML_Parse(p, in.p, (int)in.n, XML_TRUE) == XML_STATUS_OK;
	XML_ParserFree(p);
	return ok;
}

/* We refuse more (comments, limits, text outside of stanzas), never less. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf a = {0}, b = {0};
	size_t whole = ours(&a, slice_make(p, n));

	if (whole) {
		assert(theirs(&b, slice_make(p, whole)));
		assert(slice_eq(buf_slice(&a), buf_slice(&b)));
	}
	buf_done(&a);
	buf_done(&b);
	return 0;
}
