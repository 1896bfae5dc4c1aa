#include "xml/document.h"

#include "xml/reader.h"

static const struct xml_limits limits = {
	.stanza = XML_DOCUMENT_MAX,
	.header = 8192,
	.depth = 8,
	.elems = 256,
	.attrs = 32,
	.ns_decls = 16,
};

/* One event of the document; false: it is over, and *root NULL unless it ended well. */
static bool take(struct xml_event *ev, struct arena *a, struct xml_elem **root)
{
	switch (ev->type) {
	case XML_EVENT_OPEN:
		*root = xml_copy(a, ev->elem);
		return true;
	case XML_EVENT_ELEMENT:
		xml_append(*root, xml_copy(a, ev->elem));
		arena_done(&ev->arena);
		return true;
	case XML_EVENT_CLOSE:
		return false;
	case XML_EVENT_FAULT:
		break;
	}
	*root = NULL;
	return false;
}

struct xml_elem *xml_document_read(struct arena *a, struct slice bytes)
{
	struct xml_elem *root = NULL;
	struct xml_reader *r;
	struct xml_event ev;
	bool more = true;

	if (bytes.n > XML_DOCUMENT_MAX)
		return NULL;
	r = xml_reader_new(&limits);
	xml_reader_feed(r, bytes);
	while (more && xml_reader_next(r, &ev))
		more = take(&ev, a, &root);
	xml_reader_free(r);
	return more ? NULL : root;
}
