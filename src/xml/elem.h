#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

/*
 * An XML element and what is in it: plain data in one arena, so that a stanza is freed in one go
 * and can travel to another thread together with its arena. Names are (namespace, local name)
 * pairs; prefixes are not kept, and namespace declarations are not attributes: the writer makes its
 * own. Namespace and attribute values are never SL_NONE except where said. Texts are UTF-8.
 */

#define XML_NS_XML "http://www.w3.org/XML/1998/namespace"

struct xml_attr {
	struct slice ns; /* SL_NONE: no prefix, so no namespace */
	struct slice name;
	struct slice value;
};

/* A child: an element or a run of text. In what was read, two runs never follow each other. */
struct xml_node {
	struct xml_node *next;
	bool is_text;
};

struct xml_text {
	struct xml_node node;
	struct slice text; /* never empty in what was read */
};

struct xml_elem {
	struct xml_node node;
	struct slice ns; /* SL_NONE: in no namespace (xmlns='') */
	struct slice name;
	struct xml_attr *attrs; /* in document order */
	unsigned n_attrs, cap_attrs;
	struct xml_node *first, *last;
	struct xml_elem *parent; /* NULL for a root */
};

static inline struct xml_elem *xml_node_elem(struct xml_node *n)
{
	return n && !n->is_text ? (struct xml_elem *)n : NULL;
}

static inline const struct xml_text *xml_node_text(const struct xml_node *n)
{
	return n && n->is_text ? (const struct xml_text *)n : NULL;
}

/* ---- reading ---- */

bool xml_is(const struct xml_elem *e, struct slice ns, struct slice name); /* NULL: false */

/* The first or the next child element of any name; NULL when there is none. */
struct xml_elem *xml_first(const struct xml_elem *e);
struct xml_elem *xml_next(const struct xml_elem *e);
#define xml_each(parent, it) for (struct xml_elem *it = xml_first(parent); it; it = xml_next(it))

/* The first child element of that name, or NULL (also for e == NULL, so lookups chain). */
struct xml_elem *xml_child(const struct xml_elem *e, struct slice ns, struct slice name);
/* The next sibling of the same namespace and name. */
struct xml_elem *xml_same(const struct xml_elem *e);
/* The first child element in that namespace. */
struct xml_elem *xml_child_ns(const struct xml_elem *e, struct slice ns);

/* The value of an attribute without namespace, or SL_NONE. NULL element: SL_NONE. */
struct slice xml_attr(const struct xml_elem *e, struct slice name);
struct slice xml_attr_ns(const struct xml_elem *e, struct slice ns, struct slice name);

/* xml:lang of the element itself or the nearest ancestor; SL_NONE when none says. */
struct slice xml_lang(const struct xml_elem *e);

/*
 * The character data directly in e (that of child elements is not part of it). Empty (not SL_NONE)
 * when there is none; SL_NONE for NULL. A single run is returned as it stands; only text broken by
 * child elements is joined, in a.
 */
struct slice xml_text(const struct xml_elem *e, struct arena *a);

/* Text of a child: xml_text(xml_child(e, ns, name), a). */
struct slice xml_child_text(
	const struct xml_elem *e, struct slice ns, struct slice name, struct arena *a);

/* ---- making; all slices are borrowed and must live as long as the element ---- */

struct xml_elem *xml_elem_new(struct arena *a, struct slice ns, struct slice name);

/* A new last child. */
struct xml_elem *xml_elem_add(
	struct arena *a, struct xml_elem *parent, struct slice ns, struct slice name);
/* The same with text in it (none when text is SL_NONE or empty). */
struct xml_elem *xml_elem_add_text(struct arena *a, struct xml_elem *parent, struct slice ns,
	struct slice name, struct slice text);
void xml_add_text(struct arena *a, struct xml_elem *e, struct slice text);

/* Appends c, which is in no tree. */
void xml_append(struct xml_elem *parent, struct xml_elem *c);

/* Adds or replaces. Value SL_NONE removes the attribute. */
void xml_set_attr(struct arena *a, struct xml_elem *e, struct slice name, struct slice value);
void xml_set_attr_ns(struct arena *a, struct xml_elem *e, struct slice ns, struct slice name,
	struct slice value);

/* A copy, all of it, in a; its parent is NULL. */
struct xml_elem *xml_copy(struct arena *a, const struct xml_elem *e);
