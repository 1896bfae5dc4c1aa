#pragma once

#include "base/buf.h"
#include "base/slice.h"

/*
 * An HTML body as SIP user agents send it, as plain text and as XHTML-IM (RFC 7572 7, XEP-0071).
 * The XHTML is built anew from a fixed list: paragraphs, line breaks, lists, quotations, emphasis
 * and links to http, https, mailto, xmpp, sip, sips, im and tel. Nothing else of the source
 * survives: no style, no class, no event, no picture (it would tell its server who reads when), no
 * script. It is well-formed whatever comes in, and at most 16 elements deep, for a
 * partner's reader has limits. Time and memory are linear in the size of the
 * source. Pure.
 */

/*
 * Appends to text what a reader without HTML sees, and to xhtml a whole
 * <html xmlns='http://jabber.org/protocol/xhtml-im'> element. html is UTF-8.
 */
void html_read(struct buf *text, struct buf *xhtml, struct slice html);
