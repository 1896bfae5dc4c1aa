#pragma once

#include <stdint.h>

#include "base/slice.h"

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
