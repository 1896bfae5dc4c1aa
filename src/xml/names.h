#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

/* Namespaces in XML 1.0 for the reader: which prefix means what, here. */

struct xml_binding {
	struct slice prefix; /* empty: the default namespace */
	struct slice uri;    /* empty: undeclared (only the default can be) */
	struct slice here;   /* uri where the current element may keep it; p NULL: not made yet */
};

struct xml_names {
	struct xml_binding *v;
	size_t n, cap, max;
	size_t outer; /* the first so many were declared on the stream's root */
};

void xml_names_init(struct xml_names *s, size_t max);
void xml_names_done(struct xml_names *s);
void xml_names_reset(struct xml_names *s);

/*
 * Declares prefix as uri; both must live as long as the element. NULL when done, else what is
 * wrong. full is set when it is not an error but one too many.
 */
const char *xml_names_push(
	struct xml_names *s, struct slice prefix, struct slice uri, bool *ret_full);
void xml_names_pop(struct xml_names *s, size_t n);

/* What was declared so far belongs to the root and outlives the elements that use it. */
void xml_names_set_outer(struct xml_names *s);
/* A new first-level element begins: what it uses of the root's is copied into its own arena. */
void xml_names_begin(struct xml_names *s);

/*
 * The namespace of a prefix, kept in a (or static); SL_NONE with *ret_known: none; !*ret_known: it
 * is not declared.
 */
struct slice xml_names_get(
	struct xml_names *s, struct slice prefix, struct arena *a, bool *ret_known);

/* Splits "p:local"; false when it is no QName. ret_prefix is empty when there is no colon. */
bool xml_names_split(struct slice qname, struct slice *ret_prefix, struct slice *ret_local);
