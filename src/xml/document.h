#pragma once

#include "base/arena.h"
#include "base/slice.h"
#include "xml/elem.h"

/*
 * A small document that came whole, as the bodies of SIP messages do: read with the reader of
 * streams, so with its rules (UTF-8, no DTD, no processing instructions, no comments; design
 * section 10). Pure.
 */
enum { XML_DOCUMENT_MAX = 16384 }; /* bytes */

/*
 * The root with all that is in it, in a; what follows it is not looked at. NULL: it is not
 * well-formed or not whole, it is not allowed, or it passes a limit: XML_DOCUMENT_MAX, 8 levels,
 * 256 elements, 32 attributes.
 */
struct xml_elem *xml_document_read(struct arena *a, struct slice bytes);
