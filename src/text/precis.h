#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * PRECIS (RFC 8264): the canonical form of a name made of Unicode, and which characters it may
 * have. Both functions enforce their profile until the result is stable. The result is a view of
 * the input when nothing had to change (found without allocation for ASCII), else it is in the
 * arena. On failure -1, *ret is untouched and e (NULL is fine) has one of the codes
 *   bad-utf8, disallowed-char, bad-bidi, empty-part
 * No limit on length is theirs: the caller bounds what it passes.
 */

/* UsernameCaseMapped (RFC 8265 3.3): localparts, user names. */
int precis_username(struct slice *ret, struct arena *a, struct slice s, struct err *e);

/* OpaqueString (RFC 8265 4.2): resourceparts, passwords. */
int precis_opaque(struct slice *ret, struct arena *a, struct slice s, struct err *e);
