#include "xml/builder.h"

#include <stdlib.h>

#include "base/mem.h"

enum { KEEP = 32768 }; /* storage for text that is kept when it is empty */

/* An attribute of the start tag at hand; its strings are expat's. */
struct xml_raw_attr {
	struct slice prefix, local, value;
};

static void fault(struct xml_builder *b, enum xml_fault fault, const char *why)
{
	b->fault = fault;
	b->why = why;
}

void xml_builder_init(struct xml_builder *b, const struct xml_limits *lim)
{
	*b = (struct xml_builder){.lim = lim};
	xml_names_init(&b->names, lim->ns_decls);
	b->declared = xcalloc(lim->depth, sizeof *b->declared);
}

void xml_builder_done(struct xml_builder *b)
{
	xml_names_done(&b->names);
	arena_done(&b->arena);
	buf_done(&b->text);
	free(b->declared);
	free(b->raw);
}

void xml_builder_reset(struct xml_builder *b)
{
	xml_names_reset(&b->names);
	arena_done(&b->arena);
	buf_reset(&b->text);
	b->cur = NULL;
	b->depth = 0;
	b->fault = XML_FAULT_NONE;
}

void xml_builder_rest(struct xml_builder *b)
{
	buf_done(&b->text);
	free(b->raw);
	b->raw = NULL;
	b->cap_raw = 0;
}

/* ---- start tags ---- */

/*
 * Splits the attributes into declarations, which take effect, and the others, which go to b->raw.
 * Strings a declaration needs are kept in a.
 */
static bool declare(struct xml_builder *b, struct slice prefix, struct slice uri, struct arena *a)
{
	const char *wrong;
	bool full;

	if (uri.n > b->lim->uri) {
		fault(b, XML_FAULT_LIMIT, "a namespace name is too long");
		return false;
	}
	prefix = prefix.n ? arena_slice(a, prefix) : SL("");
	wrong = xml_names_push(&b->names, prefix, arena_slice(a, uri), &full);
	if (wrong)
		fault(b, XML_FAULT_NOT_WELL_FORMED, wrong);
	else if (full)
		fault(b, XML_FAULT_LIMIT, "too many namespace declarations");
	return !wrong && !full;
}

/* At most to the limit of attributes, which the caller has checked. */
static void grow_raw(struct xml_builder *b)
{
	b->cap_raw = b->cap_raw ? 2 * b->cap_raw : 8;
	b->raw = xrealloc(b->raw, b->cap_raw * sizeof *b->raw);
}

static bool take_attr(struct xml_builder *b, const char *name, const char *value, struct arena *a,
	unsigned *n_raw, unsigned *n_decl)
{
	struct slice qname = slice_of(name), prefix, local;

	if (qname.n > b->lim->name) {
		fault(b, XML_FAULT_LIMIT, "a name is too long");
		return false;
	}
	if (!xml_names_split(qname, &prefix, &local)) {
		fault(b, XML_FAULT_NOT_WELL_FORMED, "an attribute's name has a colon out of place");
		return false;
	}
	if (slice_eq(prefix, SL("xmlns")) || slice_eq(qname, SL("xmlns"))) {
		++*n_decl;
		return declare(b, prefix.n ? local : SL(""), slice_of(value), a);
	}
	if (*n_raw == b->cap_raw)
		grow_raw(b);
	b->raw[(*n_raw)++] = (struct xml_raw_attr){prefix, local, slice_of(value)};
	return true;
}

static bool take_attrs(struct xml_builder *b, const char **atts, struct arena *a, unsigned *ret_raw,
	unsigned *ret_decl)
{
	unsigned n_raw = 0, n_decl = 0;

	for (unsigned i = 0; atts[2 * i]; i++) {
		if (i == b->lim->attrs) {
			fault(b, XML_FAULT_LIMIT, "too many attributes");
			return false;
		}
		if (!take_attr(b, atts[2 * i], atts[2 * i + 1], a, &n_raw, &n_decl))
			return false;
	}
	*ret_raw = n_raw;
	*ret_decl = n_decl;
	return true;
}

static struct slice put(char **at, struct slice s)
{
	char *p = *at;

	memcpy(p, s.p, s.n);
	*at += s.n;
	return slice_make(p, s.n);
}

static bool has_attr(const struct xml_elem *e, struct slice ns, struct slice name)
{
	for (unsigned i = 0; i < e->n_attrs; i++)
		if (slice_eq(e->attrs[i].ns, ns) && slice_eq(e->attrs[i].name, name))
			return true;
	return false;
}

/* expat has seen to it that no two attributes are written alike; two prefixes may mean the same. */
static bool put_attr(struct xml_builder *b, struct xml_elem *e, const struct xml_raw_attr *raw,
	char **at, struct arena *a)
{
	struct slice ns = SL_NONE;
	bool known = true;

	if (raw->prefix.n) {
		ns = xml_names_get(&b->names, raw->prefix, a, &known);
		if (!known) {
			fault(b, XML_FAULT_NOT_WELL_FORMED,
				"an attribute's prefix is not declared");
			return false;
		}
		if (has_attr(e, ns, raw->local)) {
			fault(b, XML_FAULT_NOT_WELL_FORMED, "an attribute is there twice");
			return false;
		}
	}
	e->attrs[e->n_attrs++] = (struct xml_attr){ns, put(at, raw->local), put(at, raw->value)};
	return true;
}

/* The element with its attributes and their strings: one piece of memory. */
static struct xml_elem *make_elem(
	struct xml_builder *b, struct slice local, struct slice ns, unsigned n_raw, struct arena *a)
{
	unsigned cap = n_raw + (b->depth == 0); /* room for the stream's xml:lang on a stanza */
	size_t bytes = sizeof(struct xml_elem) + cap * sizeof(struct xml_attr) + local.n;
	struct xml_elem *e;
	char *at;

	for (unsigned i = 0; i < n_raw; i++)
		bytes += b->raw[i].local.n + b->raw[i].value.n;
	e = arena_alloc(a, bytes);
	*e = (struct xml_elem){.ns = ns, .attrs = (struct xml_attr *)(e + 1), .cap_attrs = cap};
	at = (char *)(e->attrs + cap);
	e->name = put(&at, local);
	for (unsigned i = 0; i < n_raw; i++)
		if (!put_attr(b, e, &b->raw[i], &at, a))
			return NULL;
	return e;
}

/* NULL: a fault is set. */
static struct xml_elem *start_tag(struct xml_builder *b, const char *name, const char **atts,
	struct arena *a, unsigned *ret_decl)
{
	struct slice prefix, local, ns;
	unsigned n_raw;
	bool known;

	if (strlen(name) > b->lim->name) {
		fault(b, XML_FAULT_LIMIT, "a name is too long");
		return NULL;
	}
	if (!xml_names_split(slice_of(name), &prefix, &local)) {
		fault(b, XML_FAULT_NOT_WELL_FORMED, "an element's name has a colon out of place");
		return NULL;
	}
	if (!take_attrs(b, atts, a, &n_raw, ret_decl))
		return NULL;
	ns = xml_names_get(&b->names, prefix, a, &known);
	if (!known || slice_eq(prefix, SL("xmlns"))) {
		fault(b, XML_FAULT_NOT_WELL_FORMED, "an element's prefix is not declared");
		return NULL;
	}
	return make_elem(b, local, ns, n_raw, a);
}

struct xml_elem *xml_builder_root(struct xml_builder *b, const char *name, const char **atts,
	struct arena *doc, struct slice *ret_default_ns)
{
	unsigned n_decl;
	struct xml_elem *root = start_tag(b, name, atts, doc, &n_decl);
	bool known;

	if (!root)
		return NULL;
	*ret_default_ns = xml_names_get(&b->names, SL(""), doc, &known);
	xml_names_set_outer(&b->names);
	return root;
}

/* ---- elements and text ---- */

/* One long text must not be paid for ever after. */
static void empty(struct buf *text)
{
	if (text->cap > KEEP)
		buf_done(text);
	else
		buf_reset(text);
}

static void flush_text(struct xml_builder *b)
{
	struct slice text = buf_slice(&b->text);
	struct xml_text *t;
	char *bytes;

	if (!text.n)
		return;
	t = arena_alloc(&b->arena, sizeof *t + text.n);
	bytes = (char *)(t + 1);
	*t = (struct xml_text){.node.is_text = true, .text = put(&bytes, text)};
	if (b->cur->last)
		b->cur->last->next = &t->node;
	else
		b->cur->first = &t->node;
	b->cur->last = &t->node;
	empty(&b->text);
}

static bool room_for_elem(struct xml_builder *b)
{
	if (b->depth == b->lim->depth)
		fault(b, XML_FAULT_LIMIT, "elements are nested too deeply");
	else if (b->elems == b->lim->elems)
		fault(b, XML_FAULT_LIMIT, "too many elements");
	else
		return true;
	return false;
}

bool xml_builder_start(struct xml_builder *b, const char *name, const char **atts)
{
	struct xml_elem *e;
	unsigned n_decl;

	if (!b->cur) {
		b->elems = 0;
		xml_names_begin(&b->names);
	}
	flush_text(b);
	if (!room_for_elem(b))
		return false;
	e = start_tag(b, name, atts, &b->arena, &n_decl);
	if (!e)
		return false;
	if (b->cur)
		xml_append(b->cur, e);
	b->cur = e;
	b->declared[b->depth++] = n_decl;
	b->elems++;
	return true;
}

bool xml_builder_text(struct xml_builder *b, struct slice text)
{
	if (b->text.n + text.n > b->lim->text) {
		fault(b, XML_FAULT_LIMIT, "a text is too long");
		return false;
	}
	buf_slice_add(&b->text, text);
	return true;
}

struct xml_elem *xml_builder_end(struct xml_builder *b)
{
	struct xml_elem *e = b->cur;

	flush_text(b);
	xml_names_pop(&b->names, b->declared[--b->depth]);
	b->cur = e->parent;
	return b->cur ? NULL : e;
}
