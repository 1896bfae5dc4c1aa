#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * XML parsers that nobody needs at the moment. One takes 10 kB, and a stream on which nothing
 * happens has no use for it: between two first-level elements any parser can take the place of any
 * other, for all that is open is the root, whose namespaces are the reader's. So as many are needed
 * as streams are in the middle of an element. Of one thread.
 */
struct xml_pool;
struct XML_ParserStruct;

/* The root's name that the pool's parsers have open: what practically everybody writes. */
#define XML_POOL_ROOT "stream:stream"

struct xml_pool *xml_pool_new(unsigned max); /* keeps at most so many */
void xml_pool_free(struct xml_pool *p);      /* NULL is fine */
unsigned xml_pool_count(const struct xml_pool *p);

/* For xml/reader. given: bytes it has been given; false: there are enough, it stays the caller's.
 */
bool xml_pool_put(struct xml_pool *p, struct XML_ParserStruct *expat, size_t given);
struct XML_ParserStruct *xml_pool_take(struct xml_pool *p, size_t *ret_given); /* NULL: none */
