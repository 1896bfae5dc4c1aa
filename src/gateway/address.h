#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "xmpp/jid.h"

/*
 * SIP, im and pres URIs to XMPP addresses and back (RFC 7247 section 6). Where its lists of characters
 * are shorter than what its section 6.2 demands, the whole of XEP-0106 and the whole of RFC 3261's
 * grammar are applied, so that every user name survives the way there and back. Pure.
 *
 * Domains: A-labels in URIs, U-labels in JIDs. Device: the parameter gr (RFC 5627), or opaque of a
 * draft-10 GRUU as Microsoft's user agents write it, is the resourcepart, case kept; "gr" without a
 * value marks a temporary GRUU and is no resource. Passwords, ports, headers and all other parameters
 * are dropped.
 */

/* A URI taken apart; parts still escaped, absent ones SL_NONE. Views of the text. */
struct address_parts {
	struct slice scheme;
	struct slice user;   /* without password */
	struct slice host;   /* an IPv6 address keeps its brackets */
	struct slice params; /* ";a=b;c", with its first semicolon */
};

/*
 * Splits at the first "@", since ";" and "?" may stand in a user name. On failure -1, e->code is
 * "bad-uri".
 */
int address_split(struct address_parts *ret, struct slice uri, struct err *e);

/* The value of a URI parameter, undecoded; p NULL: not there; n 0: without value or empty. */
struct slice address_param(struct slice params, const char *name);

/*
 * On failure -1, *ret is untouched and e->code is one of jid_parse()'s or
 *   unsupported-scheme  neither sip, sips, im nor pres
 *   bad-uri             no host
 *   bad-percent-escape  "%" without two hexadecimal digits
 * Whether a sips URI may be translated is not decided here (RFC 7247 section 8: it may not).
 */
int address_to_jid(struct jid *ret, struct arena *a, struct slice uri, struct err *e);

/* The same from parts; device, when it is not SL_NONE, is an escaped gr found outside the URI. */
int address_parts_to_jid(struct jid *ret, struct arena *a, const struct address_parts *p,
	struct slice device, struct err *e);

/*
 * Appends "sip:user@domain;gr=resource". A jid is canonical (jid.h), so this cannot fail. What needs
 * memory for a moment takes it from the arena.
 */
void address_to_sip(struct buf *out, struct arena *a, const struct jid *j);

/* The same without the resource: the address of record. */
void address_to_aor(struct buf *out, struct arena *a, const struct jid *j);

/* "xmpp:user@domain/res" (RFC 5122), "sip:..." and "im:..." as addresses inside <gone/> and Contact. */
int address_xmpp_uri_to_jid(struct jid *ret, struct arena *a, struct slice uri, struct err *e);
void address_to_xmpp_uri(struct buf *out, const struct jid *j);

/* Undoes %hh; what is not an escape is -1, "bad-percent-escape". The result may be a view of s. */
int address_unpercent(struct slice *ret, struct arena *a, struct slice s, struct err *e);
