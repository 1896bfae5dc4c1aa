#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

/*
 * What three parsers make of the same bytes, in words that can be compared: ours, libsofia-sip-ua's
 * and libosip2's. Each is asked as a server asks it that is about to look at a request: does it
 * take the message, and what do the fields say that decide where it and its answer go.
 *
 * Texts are made comparable where the libraries keep them in different forms, and only there: hosts
 * without brackets, escapes of users resolved, numbers without leading zeros.
 */
enum parser { OURS, SOFIA, OSIP, PARSER__N };
const char *parser_name(enum parser p);

/* ASPECT(id, name) */
#define ASPECTS(ASPECT)                                                                            \
	ASPECT(METHOD, "method")                                                                   \
	ASPECT(RURI_SCHEME, "scheme of Request-URI")                                               \
	ASPECT(RURI_USER, "user of Request-URI")                                                   \
	ASPECT(RURI_HOST, "host of Request-URI")                                                   \
	ASPECT(RURI_PORT, "port of Request-URI")                                                   \
	ASPECT(STATUS, "status")                                                                   \
	ASPECT(VIA_TRANSPORT, "transport of Via")                                                  \
	ASPECT(VIA_HOST, "host of Via")                                                            \
	ASPECT(VIA_PORT, "port of Via")                                                            \
	ASPECT(VIA_BRANCH, "branch of Via")                                                        \
	ASPECT(VIA_RECEIVED, "received of Via")                                                    \
	ASPECT(FROM_SCHEME, "scheme of From")                                                      \
	ASPECT(FROM_USER, "user of From")                                                          \
	ASPECT(FROM_HOST, "host of From")                                                          \
	ASPECT(FROM_PORT, "port of From")                                                          \
	ASPECT(FROM_TAG, "tag of From")                                                            \
	ASPECT(TO_SCHEME, "scheme of To")                                                          \
	ASPECT(TO_USER, "user of To")                                                              \
	ASPECT(TO_HOST, "host of To")                                                              \
	ASPECT(TO_PORT, "port of To")                                                              \
	ASPECT(TO_TAG, "tag of To")                                                                \
	ASPECT(CALL_ID, "Call-ID")                                                                 \
	ASPECT(CSEQ, "number of CSeq")                                                             \
	ASPECT(CSEQ_METHOD, "method of CSeq")                                                      \
	ASPECT(MAX_FORWARDS, "Max-Forwards")                                                       \
	ASPECT(CONTENT_TYPE, "Content-Type")                                                       \
	ASPECT(BODY, "length of the body")

enum aspect {
#define ASPECT_ENUM(id, name) A_##id,
	ASPECTS(ASPECT_ENUM)
#undef ASPECT_ENUM
		ASPECT__N
};
const char *aspect_name(enum aspect a);

struct reading {
	bool taken;
	const char *why; /* not taken: what the parser says of it; static; NULL: nothing */
	struct slice value[ASPECT__N]; /* absent: it is not there, or the parser does not say */
	bool silent[ASPECT__N];        /* this parser has no word for it: not compared */
	struct arena arena;            /* holds the texts */
};

/* p[0..n) is not changed. A reading is emptied before it is filled. */
void read_ours(struct reading *r, const char *p, size_t n);
void read_sofia(struct reading *r, const char *p, size_t n);
void read_osip(struct reading *r, const char *p, size_t n);

/* ---- for those three ---- */

void reading_begin(struct reading *r);
void reading_put(struct reading *r, enum aspect a, struct slice s);
void reading_put_number(struct reading *r, enum aspect a, struct slice digits);
void reading_put_host(struct reading *r, enum aspect a, struct slice host);
void reading_put_user(struct reading *r, enum aspect a, struct slice escaped);
