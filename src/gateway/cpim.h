#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/*
 * message/cpim (RFC 3862): a message in a wrapper with its own headers. Reading only, so far. Pure.
 */
struct cpim {
	struct slice from;     /* URI; absent. Says nothing about who sent it: SIP's From does */
	struct slice to;       /* URI of the first To; absent */
	struct slice datetime; /* as it stands there (RFC 3339); absent */
	struct slice subject;  /* decoded; the one without a language, else the first; absent */
	struct slice subject_lang;
	struct slice content_type; /* of the inner part; absent: text/plain (RFC 2046) */
	struct slice body;
};

/*
 * False: it cannot be read, or it requires something we do not do (RFC 3862 3.5). Lines may end in
 * LF alone. Header names are case-sensitive (2.2), MIME's of the inner part are not. Parts are
 * views of s, or in the arena.
 */
bool cpim_read(struct cpim *ret, struct arena *a, struct slice s);

/* Undoes the escapes of a header's value (2.3.1); a view of s when there are none. */
struct slice cpim_unescape(struct arena *a, struct slice s);
