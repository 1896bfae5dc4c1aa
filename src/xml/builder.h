#pragma once

#include "base/buf.h"
#include "xml/names.h"
#include "xml/reader.h"

/*
 * The reader's inside: makes elements out of what expat calls out. Every function that says false
 * or NULL for a fault has set fault and why.
 */
struct xml_raw_attr;

struct xml_builder {
	const struct xml_limits *lim;
	struct xml_names names;
	struct arena arena;   /* of the first-level element at hand */
	struct xml_elem *cur; /* the element that is open; NULL between first-level elements */
	unsigned depth, elems;
	unsigned *declared; /* per depth: how many namespaces */
	struct buf text;    /* the run of text at hand */
	struct xml_raw_attr *raw;
	unsigned cap_raw;
	enum xml_fault fault;
	const char *why;
};

void xml_builder_init(struct xml_builder *b, const struct xml_limits *lim);
void xml_builder_done(struct xml_builder *b);
void xml_builder_reset(struct xml_builder *b); /* another document begins */
/* Between two first-level elements: gives back what only one in hand needs. */
void xml_builder_rest(struct xml_builder *b);

/* The root from its start tag, in doc, which outlives every element under it. */
struct xml_elem *xml_builder_root(struct xml_builder *b, const char *name, const char **atts,
	struct arena *doc, struct slice *ret_default_ns);

bool xml_builder_start(struct xml_builder *b, const char *name, const char **atts);
bool xml_builder_text(struct xml_builder *b, struct slice text);

/* An end tag. The first-level element when this was its own, else NULL. */
struct xml_elem *xml_builder_end(struct xml_builder *b);
