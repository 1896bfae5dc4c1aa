#include "xml/elem.h"

#include <assert.h>

bool xml_is(const struct xml_elem *e, struct slice ns, struct slice name)
{
	return e && slice_eq(e->name, name) && slice_eq(e->ns, ns);
}

static struct xml_elem *elem_from(struct xml_node *n)
{
	while (n && n->is_text)
		n = n->next;
	return (struct xml_elem *)n;
}

struct xml_elem *xml_first(const struct xml_elem *e)
{
	return e ? elem_from(e->first) : NULL;
}

struct xml_elem *xml_next(const struct xml_elem *e)
{
	return elem_from(e->node.next);
}

struct xml_elem *xml_child(const struct xml_elem *e, struct slice ns, struct slice name)
{
	xml_each(e, c)
		if (xml_is(c, ns, name))
			return c;
	return NULL;
}

struct xml_elem *xml_same(const struct xml_elem *e)
{
	for (struct xml_elem *c = xml_next(e); c; c = xml_next(c))
		if (xml_is(c, e->ns, e->name))
			return c;
	return NULL;
}

struct xml_elem *xml_child_ns(const struct xml_elem *e, struct slice ns)
{
	xml_each(e, c)
		if (slice_eq(c->ns, ns))
			return c;
	return NULL;
}

/* Absent and empty namespaces are the same thing to a name. */
static struct xml_attr *find_attr(const struct xml_elem *e, struct slice ns, struct slice name)
{
	for (unsigned i = 0; i < e->n_attrs; i++)
		if (slice_eq(e->attrs[i].name, name) && slice_eq(e->attrs[i].ns, ns))
			return &e->attrs[i];
	return NULL;
}

struct slice xml_attr_ns(const struct xml_elem *e, struct slice ns, struct slice name)
{
	const struct xml_attr *at = e ? find_attr(e, ns, name) : NULL;

	return at ? at->value : SL_NONE;
}

struct slice xml_attr(const struct xml_elem *e, struct slice name)
{
	return xml_attr_ns(e, SL_NONE, name);
}

struct slice xml_lang(const struct xml_elem *e)
{
	for (; e; e = e->parent) {
		struct slice lang = xml_attr_ns(e, SL(XML_NS_XML), SL("lang"));

		if (lang.p)
			return lang;
	}
	return SL_NONE;
}

static struct slice join_text(const struct xml_elem *e, size_t n, struct arena *a)
{
	char *p = arena_alloc(a, n + 1), *at = p;

	for (const struct xml_node *c = e->first; c; c = c->next) {
		const struct xml_text *t = xml_node_text(c);

		if (!t || !t->text.n)
			continue;
		memcpy(at, t->text.p, t->text.n);
		at += t->text.n;
	}
	*at = '\0';
	return slice_make(p, n);
}

struct slice xml_text(const struct xml_elem *e, struct arena *a)
{
	struct slice one = SL("");
	size_t n = 0, runs = 0;

	if (!e)
		return SL_NONE;
	for (const struct xml_node *c = e->first; c; c = c->next) {
		const struct xml_text *t = xml_node_text(c);

		if (!t || !t->text.n)
			continue;
		one = t->text;
		n += one.n;
		runs++;
	}
	return runs < 2 ? one : join_text(e, n, a);
}

struct slice xml_child_text(
	const struct xml_elem *e, struct slice ns, struct slice name, struct arena *a)
{
	return xml_text(xml_child(e, ns, name), a);
}

struct xml_elem *xml_elem_new(struct arena *a, struct slice ns, struct slice name)
{
	struct xml_elem *e = arena_zalloc(a, sizeof *e);

	e->ns = ns;
	e->name = name;
	return e;
}

static void append_node(struct xml_elem *parent, struct xml_node *n)
{
	n->next = NULL;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
}

void xml_append(struct xml_elem *parent, struct xml_elem *c)
{
	assert(!c->parent);
	c->parent = parent;
	append_node(parent, &c->node);
}

struct xml_elem *xml_elem_add(
	struct arena *a, struct xml_elem *parent, struct slice ns, struct slice name)
{
	struct xml_elem *e = xml_elem_new(a, ns, name);

	xml_append(parent, e);
	return e;
}

void xml_add_text(struct arena *a, struct xml_elem *e, struct slice text)
{
	struct xml_text *t;

	if (!text.n)
		return;
	t = arena_zalloc(a, sizeof *t);
	t->node.is_text = true;
	t->text = text;
	append_node(e, &t->node);
}

struct xml_elem *xml_elem_add_text(struct arena *a, struct xml_elem *parent, struct slice ns,
	struct slice name, struct slice text)
{
	struct xml_elem *e = xml_elem_add(a, parent, ns, name);

	xml_add_text(a, e, text);
	return e;
}

static void remove_attr(struct xml_elem *e, struct xml_attr *at)
{
	size_t i = (size_t)(at - e->attrs);

	memmove(at, at + 1, (e->n_attrs - i - 1) * sizeof *at);
	e->n_attrs--;
}

static struct xml_attr *new_attr(struct arena *a, struct xml_elem *e)
{
	if (e->n_attrs == e->cap_attrs) {
		unsigned cap = e->cap_attrs ? e->cap_attrs * 2 : 4;
		struct xml_attr *more = arena_alloc(a, cap * sizeof *more);

		if (e->n_attrs)
			memcpy(more, e->attrs, e->n_attrs * sizeof *more);
		e->attrs = more;
		e->cap_attrs = cap;
	}
	return &e->attrs[e->n_attrs++];
}

void xml_set_attr_ns(
	struct arena *a, struct xml_elem *e, struct slice ns, struct slice name, struct slice value)
{
	struct xml_attr *at = find_attr(e, ns, name);

	if (at && !value.p)
		remove_attr(e, at);
	else if (at)
		at->value = value;
	else if (value.p)
		*new_attr(a, e) = (struct xml_attr){ns, name, value};
}

void xml_set_attr(struct arena *a, struct xml_elem *e, struct slice name, struct slice value)
{
	xml_set_attr_ns(a, e, SL_NONE, name, value);
}

static void copy_attrs(struct arena *a, struct xml_elem *to, const struct xml_elem *from)
{
	if (!from->n_attrs)
		return;
	to->attrs = arena_alloc(a, from->n_attrs * sizeof *to->attrs);
	to->n_attrs = to->cap_attrs = from->n_attrs;
	for (unsigned i = 0; i < from->n_attrs; i++) {
		const struct xml_attr *at = &from->attrs[i];

		to->attrs[i] = (struct xml_attr){arena_slice(a, at->ns), arena_slice(a, at->name),
			arena_slice(a, at->value)};
	}
}

/* As deep as the tree: what was read is bounded by the reader's limit. */
struct xml_elem *xml_copy(struct arena *a, const struct xml_elem *e)
{
	struct xml_elem *to = xml_elem_new(a, arena_slice(a, e->ns), arena_slice(a, e->name));

	copy_attrs(a, to, e);
	for (struct xml_node *n = e->first; n; n = n->next) {
		const struct xml_text *t = xml_node_text(n);

		if (t)
			xml_add_text(a, to, arena_slice(a, t->text));
		else
			xml_append(to, xml_copy(a, xml_node_elem(n)));
	}
	return to;
}
