#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Slow-down of guessing passwords, instead of locking people out. Failures are counted for a name
 * and for an address; after some free ones each costs twice the wait of the one before, up to 15
 * minutes. An attempt made while one has to wait is refused and not counted, so nobody waits longer
 * for having tried. A failure is forgotten after each 15 minutes of rest.
 *
 * Somebody else's failures at a name do not slow an address down from which that name has signed in
 * before. Whether a name exists makes no difference here.
 *
 * The table is bounded; when it is full, what has the fewest failures goes, the oldest first.
 */
struct throttle;

enum {
	THROTTLE_FREE_NAME = 4,
	THROTTLE_FREE_ADDRESS = 10, /* an office behind one address */
	THROTTLE_MAX_SECS = 900,
};

struct throttle *throttle_new(size_t entries);
void throttle_free(struct throttle *t); /* NULL is fine */

/*
 * Seconds this has to wait; 0: go on. An address is a text; IPv6 ones count by their /64
 * (throttle_address()).
 */
unsigned throttle_wait(
	struct throttle *t, struct slice name, struct slice address, uint64_t now_ms);

/*
 * An attempt begins, and counts as failed until throttle_passed(): many at once are not many free
 * ones.
 */
void throttle_began(struct throttle *t, struct slice name, struct slice address, uint64_t now_ms);

/* It was right. The name is free again; the address has one failure less. */
void throttle_passed(struct throttle *t, struct slice name, struct slice address, uint64_t now_ms);

/* It came to nothing for another reason, like a daemon that is busy: it does not count. */
void throttle_undo(struct throttle *t, struct slice name, struct slice address, uint64_t now_ms);

/* What an address counts as: itself, or the network of an IPv6 one ("2001:db8:0:1::/64"). */
struct slice throttle_address(struct slice address, char ret[64]);

size_t throttle_count(const struct throttle *t); /* entries, for tests */
