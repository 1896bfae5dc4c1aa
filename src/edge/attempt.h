#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "view/attempts.h"

/*
 * What happened, step by step, when a stream was made with a partner: the last ATTEMPTS_KEPT of
 * each partner, both directions, are kept for the administrator. Of the edge's loop; bounded in
 * number, steps and bytes. Never holds keys, secrets or stanzas.
 */
struct attempt;
struct attempts; /* of one partner, in its partner_state */

enum { ATTEMPTS_KEPT = 50, ATTEMPT_STEPS_MAX = 32, ATTEMPT_TEXT_MAX = 160 };

/* X(SUFFIX, name): stable names */
#define ATTEMPT_STEPS(X)                                                                           \
	X(DNS, "dns")                                                                              \
	X(CONNECT, "connect")                                                                      \
	X(HEADER, "header")                                                                        \
	X(FEATURES, "features")                                                                    \
	X(STARTTLS, "starttls")                                                                    \
	X(TLS, "tls")                                                                              \
	X(CERTIFICATE, "certificate")                                                              \
	X(SASL, "sasl")                                                                            \
	X(DIALBACK, "dialback")                                                                    \
	X(VERIFY, "verify")                                                                        \
	X(READY, "ready")                                                                          \
	X(END, "end")

/* clang-format off */
enum attempt_step {
#define X(suffix, name) ATTEMPT_##suffix,
	ATTEMPT_STEPS(X)
#undef X
	ATTEMPT_STEP__N
};
/* clang-format on */

enum attempt_result { ATTEMPT_OK, ATTEMPT_WARN, ATTEMPT_FAIL };

/*
 * A step was made (or failed) now. text, for people: cut at ATTEMPT_TEXT_MAX, unprintable bytes are
 * replaced. a NULL: nothing happens. Past ATTEMPT_STEPS_MAX only the last step is replaced.
 */
void attempt_note(struct attempt *a, enum attempt_step step, enum attempt_result result,
	uint64_t now_ms, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ---- for sight.c: the life of an attempt ---- */

/* Of a stream that begins now; stream: its id. One reference. */
struct attempt *attempt_new(bool inbound, const char *stream, uint64_t wall_ms, uint64_t now_ms);
struct attempt *attempt_unref(struct attempt *a); /* NULL is fine; returns NULL */

/* Who speaks with whom; texts are copied, NULL: not known. */
void attempt_pair(struct attempt *a, const char *local, const char *remote);
void attempt_peer(struct attempt *a, const char *address);

/* Authenticated; before that the stream's end is a failure. */
void attempt_authenticated(struct attempt *a);

/* The stream has ended; reason: a stable word, copied. failed: it was of no use. */
void attempt_over(struct attempt *a, bool failed, const char *reason);

/* Was such a step noted? */
bool attempt_has(const struct attempt *a, enum attempt_step step, enum attempt_result result);

/* ---- those of a partner ---- */

/*
 * Keeps a reference, and lets go of one when there are ATTEMPTS_KEPT: of the oldest inbound one
 * that was never authenticated when these are more than half (anybody can make them, by claiming to
 * be the partner), else of the oldest of all. *list is made when it is NULL. Twice the same:
 * nothing.
 */
void attempts_keep(struct attempts **list, struct attempt *a);
void attempts_free(struct attempts *list); /* NULL is fine */

/* A copy of one, behind what is in l. */
void attempt_view(const struct attempt *a, struct view_attempts *l);

/* Copies, youngest first, behind what is in l; list may be NULL. */
void attempts_view(const struct attempts *list, struct view_attempts *l);
