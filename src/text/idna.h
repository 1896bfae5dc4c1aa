#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * Domain names in their two forms: A-labels for DNS, TLS and SIP ("xn--bcher-kva.example"),
 * U-labels for XMPP addresses and for people ("bücher.example"). IDNA2008 (RFC 5890 to 5893).
 *
 * Every function here checks the whole name: labels of 1 to 63 bytes as A-labels, 253 in all, no
 * empty label, ASCII labels of letters, digits and inner hyphens only, an A-label that is the one
 * its U-label gives. One dot at the end is taken off. An IPv4 address passes as it is; a name whose
 * last label is all digits and that is none does not. A name without a dot passes: whether it will
 * do is for the caller.
 *
 * The result is a view of the input when nothing had to change, else it is in the arena. On failure
 * -1, *ret is untouched and e (NULL is fine) says what is wrong, with one of the codes
 *   bad-utf8, bad-domain, too-long, empty-part
 */
enum {
	IDNA_LABEL_MAX = 63,
	IDNA_NAME_MAX = 253,   /* bytes as A-labels */
	IDNA_UNICODE_MAX = 1023, /* bytes as U-labels (RFC 7622 3.2) */
};

/* Lower-case A-labels and LDH labels. domain: either form or mixed, any case or width. */
int idna_to_ascii(struct slice *ret, struct arena *a, struct slice domain, struct err *e);

/*
 * U-labels and LDH labels; lower case, NFC (RFC 7622 3.2). domain: either form or mixed, any case
 * or width.
 */
int idna_to_unicode(struct slice *ret, struct arena *a, struct slice domain, struct err *e);

/*
 * What a person typed, as A-labels: white space around it dropped, then mapped as UTS 46 says
 * (non-transitional): U+3002, U+FF0E and U+FF61 are dots, full-width and upper-case letters their
 * plain ones, and whatever else people's keyboards make of a name. The text of e is for that
 * person.
 */
int idna_admin(struct slice *ret, struct arena *a, struct slice typed, struct err *e);

/*
 * A name of lower-case LDH labels, none of which is an A-label and whose last is no number: both of
 * its forms are the name itself. Most names are; it costs one pass and no allocation to know.
 */
bool idna_plain(struct slice domain);
