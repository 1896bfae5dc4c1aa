#pragma once

#include <stdint.h>

#include "base/list.h"

/*
 * A hierarchical timing wheel with a tick of 1 ms: pure, the time is passed in. Adding and removing
 * are constant time; a timer moves down at most WHEEL_LEVELS - 1 times before it is due.
 *
 * A timer sits on the level of the highest group of six bits in which its due time differs from the
 * wheel's time, in the slot that these six bits name. So on each level only slots after the wheel's
 * own hold something, and whatever is on a lower level is due before all that is on a higher one.
 */
enum { WHEEL_LEVELS = 7, WHEEL_SLOTS = 64 };

struct wheel {
	uint64_t now;
	uint64_t used[WHEEL_LEVELS]; /* a bit for each slot that is not empty */
	struct list slot[WHEEL_LEVELS][WHEEL_SLOTS];
};

struct wheel_node {
	struct list node;
	uint64_t due;
};

void wheel_init(struct wheel *w, uint64_t now);

/* A time not after the wheel's is taken as the next tick; n is in no wheel. */
void wheel_add(struct wheel *w, struct wheel_node *n, uint64_t due);

/* n is in this wheel. */
void wheel_remove(struct wheel *w, struct wheel_node *n);

/*
 * Takes out the next timer that is due at `now`, in order of due times, and sets the wheel's time
 * to when it was due; NULL when there is none, and the wheel's time is `now` then.
 */
struct wheel_node *wheel_pop(struct wheel *w, uint64_t now);

/* When to look again: never after the first due time, perhaps before it. UINT64_MAX: empty. */
uint64_t wheel_next(const struct wheel *w);
