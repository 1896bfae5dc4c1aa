#pragma once

#include <stdbool.h>

#include "base/slice.h"

/*
 * The texts of messages, written to a file of their own while the settings say so
 * (enable_logging_all_message_bodies). The gateway never waits for it: a worker writes; what finds
 * too much waiting is left out, and a line says how many that were. Nothing of it goes to the log.
 */
struct bodies;
struct gateway;
struct worker;

/* w: one thread, which outlives it. path is copied. */
struct bodies *bodies_new(
	struct gateway *g, struct worker *w, const char *path, unsigned keep_days);
/* When bodies_busy() is 0. NULL is fine. */
void bodies_free(struct bodies *b);

/* Whether texts are written from now on. */
void bodies_set(struct bodies *b, bool on);

enum bodies_direction { BODIES_TO_XMPP, BODIES_TO_SIP };

/* A message that is being passed on; bare addresses; partner: its contact's domain. NULL is fine.
 */
void bodies_note(struct bodies *b, enum bodies_direction direction, struct slice from,
	struct slice to, struct slice partner, struct slice subject, struct slice body);

/* No more is taken; what waits is written. Jobs that the worker still has. NULL: 0. */
void bodies_stop(struct bodies *b);
unsigned bodies_busy(const struct bodies *b);
