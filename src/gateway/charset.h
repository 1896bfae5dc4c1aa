#pragma once

#include "base/arena.h"
#include "base/slice.h"

/*
 * From the octets of a SIP body to UTF-8 text. Results are views of the input where nothing had to
 * change, else in the arena. Characters that XML excludes are the writer's to replace. Pure.
 */
enum charset_verdict {
	CHARSET_GOOD,
	CHARSET_UNKNOWN, /* a charset we do not read: 415 */
	CHARSET_BAD,     /* the octets are not what the charset says: 400 */
};

/*
 * charset: the parameter's value without quotes, SL_NONE for none, which means UTF-8 (RFC 3261
 * 7.4.1). Read are utf-8, us-ascii and iso-8859-1; us-ascii with other octets is read as UTF-8 when
 * it is that.
 */
enum charset_verdict charset_decode(
	struct slice *ret, struct arena *a, struct slice charset, struct slice octets);

/* CRLF and CR alone become LF, the line end of XML; a view of s when there is none. */
struct slice charset_lines(struct arena *a, struct slice s);
