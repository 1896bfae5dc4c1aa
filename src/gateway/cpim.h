#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/* message/cpim (RFC 3862): a message in a wrapper with its own headers. Pure. */

enum {
	CPIM_ROUTES = 4,   /* IMDN-Record-Routes that are kept */
	CPIM_SUBJECTS = 4, /* Subjects in several languages (RFC 3862 4.5) that are kept */
};

struct cpim_subject {
	struct slice text, lang; /* decoded; absent */
};

struct cpim {
	struct slice from;     /* URI; absent. Says nothing about who sent it: SIP's From does */
	struct slice to;       /* URI of the first To; absent */
	struct slice datetime; /* as it stands there (RFC 3339); absent */
	struct slice subject;  /* decoded; the one without a language, else the first; absent */
	struct slice subject_lang;
	struct cpim_subject subjects[CPIM_SUBJECTS]; /* the first of them all, in order */
	unsigned n_subjects;
	struct slice content_type; /* of the inner part; absent: text/plain (RFC 2046) */
	struct slice disposition;  /* Content-Disposition of the inner part; absent */
	struct slice body;
	/*
	 * Headers in the namespace urn:ietf:params:imdn (RFC 5438 6), whatever prefix NS gave it
	 * before they came (RFC 3862 3.4); absent. The last one counts.
	 */
	struct slice imdn_id;             /* Message-ID */
	struct slice imdn_wish;           /* Disposition-Notification */
	struct slice original_to;         /* Original-To: URI */
	struct slice routes[CPIM_ROUTES]; /* IMDN-Record-Route, as they stand, in order */
	unsigned n_routes;                /* how many there were: may be more than were kept */
	bool requires; /* Require names what we do not know: cpim_read() says no, and only this */
};

/*
 * False: it cannot be read, or, ret->requires, something is required that we do not do (RFC 3862
 * 3.5); headers that are read here may be named. Lines may end in
 * LF alone. Header names are case-sensitive (2.2), MIME's of the inner part are not. Parts are
 * views of s, or in the arena.
 */
bool cpim_read(struct cpim *ret, struct arena *a, struct slice s);

/* Undoes the escapes of a header's value (2.3.1); a view of s when there are none. */
struct slice cpim_unescape(struct arena *a, struct slice s);

/* What to write; SL_NONE: left out. The caller's values have been read as what they are (URIs). */
struct cpim_out {
	struct slice from, to;      /* URI without brackets */
	struct slice subject;       /* text */
	uint64_t date_ms;           /* DateTime, wall clock; UINT64_MAX: none */
	struct slice imdn_id;       /* Message-ID; with it NS is written */
	const char *imdn_wish;      /* Disposition-Notification; NULL */
	const struct slice *routes; /* IMDN-Route, as they stand */
	unsigned n_routes;
	struct slice content_type;
	const char *disposition; /* NULL */
	struct slice body;
};
void cpim_write(struct buf *out, const struct cpim_out *c);

/* A text as the value of a header (2.3.1): backslash and controls escaped, all else as it is. */
void cpim_escape(struct buf *out, struct slice text);
