#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * The texts of a directory: filters, distinguished names, security identifiers. Pure.
 */

enum { DN_MAX = 4096, FILTER_MAX = 1024 };

/* ---- filters (RFC 4515) ---- */

/* Appends a value so that a filter takes it as it is, whatever bytes it has (RFC 4515 3). */
void filter_escape(struct buf *out, struct slice value);

/*
 * A template of a filter: "(|(uid=%s)(mail=%s))", each %s a place for a name. Refused (code
 * "filter_syntax"): parentheses that do not match, no %s, another %, over FILTER_MAX bytes.
 */
int filter_check(struct slice pattern, struct err *e);

/* Appends the template, which filter_check() takes, with the escaped name in its places. */
void filter_make(struct buf *out, struct slice pattern, struct slice name);

/* ---- distinguished names (RFC 4514) ---- */

/* Appends an attribute's value so that it can stand in a DN (RFC 4514 2.4). */
void dn_escape(struct buf *out, struct slice value);

/*
 * Appends the form in which DNs are compared byte by byte: types in lower case by their short names
 * (an OID of RFC 4514 3 as well), parts of an RDN in order, values folded (text/fold.h) with runs of
 * spaces as one and none at the ends, what is special in it as \XX. Values are compared without
 * their case also where the schema would tell them apart: groups differ in more than that. Refused
 * (code "dn_syntax", nothing appended): what is no DN, over DN_MAX bytes, or empty.
 */
int dn_canonical(struct buf *out, struct slice dn, struct err *e);

/* Both in canonical form: is dn the base, or below it? Nothing is under an empty base. */
bool dn_under(struct slice dn, struct slice base);

/* ---- security identifiers: objectSid ---- */

enum { SID_TEXT_MAX = 192 };

/* "S-1-5-21-..."; -1: the bytes are no SID. */
int sid_text(struct buf *out, struct slice bytes);

/* Appends the bytes; -1: the text is no SID. */
int sid_bytes(struct buf *out, struct slice text);

/* Does it look like one: "S-1-..." in any case? */
bool sid_like(struct slice text);

/* ---- the root DSE ---- */

/* Is this one of supportedCapabilities that says Active Directory? */
bool capability_is_active_directory(struct slice oid);
