#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "xml/elem.h"

/*
 * XML out, appended to a buf. The caller writes markup with buf_str() and content with these; that
 *is the fast way for messages: buf_str(b, "<message"); xml_put_attr(b, "to", to); buf_str(b,
 *"><body>"); xml_put_text(b, body, XML_BAD_REPLACE); buf_str(b, "</body></message>"); Whatever goes
 *in, what comes out is well-formed: bytes that are no UTF-8 and characters that XML 1.0 does not
 *allow (controls, surrogates, U+FFFE, U+FFFF) are dropped or replaced by U+FFFD. A text may be
 *written into any place of an element, an attribute value between either quote.
 */
enum xml_bad { XML_BAD_DROP, XML_BAD_REPLACE };

void xml_put_text(struct buf *b, struct slice text, enum xml_bad bad);
/* Also quotes, tab, CR and LF, which a reader would turn into spaces. */
void xml_put_value(struct buf *b, struct slice value, enum xml_bad bad);

/* " name='value'", bad characters replaced; nothing at all when value is SL_NONE. */
void xml_put_attr(struct buf *b, const char *name, struct slice value);

/* Is every character allowed in XML 1.0, and all of it UTF-8? */
bool xml_legal(struct slice text);

/*
 * A whole element. default_ns is the default namespace in force where it is written (SL_NONE:
 * none); xmlns is declared only where it changes. Attributes in a namespace get a prefix of ours
 * (ns0, ...), those in XML_NS_XML the prefix xml. Elements in the stream or the dialback namespace
 * are not special here: the stream engine writes those.
 */
void xml_put_elem(struct buf *b, const struct xml_elem *e, struct slice default_ns);
