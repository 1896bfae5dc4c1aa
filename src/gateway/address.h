#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "sip/sip.h"
#include "xmpp/jid.h"

/*
 * SIP, im and pres URIs to XMPP addresses and back (RFC 7247 section 6). Where its lists of
 * characters are shorter than what its section 6.2 demands, the whole of XEP-0106 and the whole of
 * RFC 3261's grammar are applied, so that every user name survives the way there and back. Pure.
 *
 * Domains: A-labels in URIs, U-labels in JIDs. Device: the parameter gr (RFC 5627), or opaque of a
 * draft-10 GRUU as Microsoft's user agents write it, is the resourcepart, case kept; "gr" without a
 * value marks a temporary GRUU and is no resource. Passwords, ports, headers and all other
 * parameters are dropped.
 *
 * On failure functions give -1, leave *ret untouched, and e->code is one of jid_parse()'s or
 *   unsupported-scheme  neither sip, sips, im nor pres
 *   bad-percent-escape  "%" without two hexadecimal digits
 *   bad-uri             not a URI
 * Whether a sips URI may be translated is not decided here (RFC 7247 section 8: it may not).
 */

int address_to_jid(struct jid *ret, struct arena *a, struct slice uri, struct err *e);

/* device, when it is not SL_NONE, is a gr, still escaped, found outside the URI. */
int address_uri_to_jid(struct jid *ret, struct arena *a, const struct sip_uri *u,
	struct slice device, struct err *e);

/*
 * Appends "sip:user@domain;gr=resource". A jid is canonical (jid.h), so this cannot fail. What
 * needs memory for a moment takes it from the arena.
 */
void address_to_sip(struct buf *out, struct arena *a, const struct jid *j);

/* The same without the resource: the address of record. */
void address_to_aor(struct buf *out, struct arena *a, const struct jid *j);

/*
 * Addresses inside <gone/> and <redirect/>, which are URIs (RFC 6120 8.3.3.5): xmpp URIs (RFC 5122)
 * and those above.
 */
int address_xmpp_uri_to_jid(struct jid *ret, struct arena *a, struct slice uri, struct err *e);
void address_to_xmpp_uri(struct buf *out, const struct jid *j);
