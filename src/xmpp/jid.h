#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * An XMPP address (RFC 7622), always in its canonical form: localpart by UsernameCaseMapped, domain
 * of U-labels, lower case and NFC, resourcepart by OpaqueString. An absent part is SL_NONE; domain
 * is never absent. The parts are views: of what was parsed where nothing had to change, else of the
 * arena; both must outlive the jid.
 */
struct jid {
	struct slice local, domain, resource;
};

enum { JID_PART_MAX = 1023, JID_MAX = 3071 };

/*
 * On failure -1, *ret is untouched and e (NULL is fine) is ERR_INVALID with one of the codes
 *   empty-part       a localpart, domain or resourcepart of no bytes
 *   too-long         a part over 1023 bytes in its canonical form, the whole over 3071, or a domain
 *                    over what DNS takes
 *   bad-utf8
 *   disallowed-char  what PRECIS or RFC 7622 3.3.1 excludes, or a right-to-left rule broken
 *   space-at-edge    \20 first or last in the localpart (XEP-0106)
 *   bad-domain       neither a domain name nor an IP address
 * On the wire every one of them is jid-malformed (RFC 6120 8.3.3.8). e->field is the part: "local",
 * "domain", "resource".
 */
int jid_parse(struct jid *ret, struct arena *a, struct slice s, struct err *e);

/*
 * The same from parts that are already apart; local and resource may be SL_NONE. Unlike jid_parse()
 * it does not look for separators: "a@b" as localpart is a disallowed-char, not two parts.
 */
int jid_make(struct jid *ret, struct arena *a, struct slice local, struct slice domain,
	struct slice resource, struct err *e);

/* s if it is a domain and nothing else, canonical, in the arena; else SL_NONE. */
struct slice jid_only_domain(struct arena *a, struct slice s);

/* A copy whose parts are all in the arena. */
struct jid jid_copy(struct arena *a, const struct jid *j);

void jid_print(struct buf *out, const struct jid *j);      /* local@domain/resource */
void jid_print_bare(struct buf *out, const struct jid *j); /* local@domain */
struct slice jid_full(struct arena *a, const struct jid *j);
struct slice jid_bare(struct arena *a, const struct jid *j);

bool jid_eq(const struct jid *x, const struct jid *y);
bool jid_eq_bare(const struct jid *x, const struct jid *y);

/*
 * The domain for DNS, TLS and SIP: A-labels; an IPv6 address in its brackets. A jid always has one.
 */
struct slice jid_domain_ascii(struct arena *a, const struct jid *j);

/*
 * JID escaping (XEP-0106) of a foreign user name, percent-decoding already done. Escape appends
 * what can be passed to jid_make() as localpart, unescape what it stood for; the second undoes the
 * first. They map bytes only: UTF-8, PRECIS and the rule about \20 are jid_make()'s.
 */
void jid_escape(struct buf *out, struct slice user);
void jid_unescape(struct buf *out, struct slice local);
