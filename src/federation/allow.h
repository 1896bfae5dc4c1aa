#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * The invitations in force: (user, contact) pairs of canonical bare addresses with an expiry. The
 * gateway loop owns one, fills it from the store's memory half and asks it for every message to or
 * from a PublicUnverified partner. Times are wall-clock ms, for they outlive the process.
 */
struct allow_set;

struct allow_set *allow_new(void);
void allow_free(struct allow_set *s);

/* New, or with a new expiry; expires_ms 0: never. An address over 3071 bytes is refused: false. */
bool allow_put(struct allow_set *s, struct slice user, struct slice contact, uint64_t expires_ms);
bool allow_remove(struct allow_set *s, struct slice user, struct slice contact); /* was it there? */

/* Is there one that has not expired? */
bool allow_has(const struct allow_set *s, struct slice user, struct slice contact, uint64_t now_ms);

size_t allow_count(const struct allow_set *s); /* expired ones included */

/* Calls fn for each; fn must not change the set. */
typedef void allow_each_fn(void *arg, struct slice user, struct slice contact, uint64_t expires_ms);
void allow_each(const struct allow_set *s, allow_each_fn *fn, void *arg);

/*
 * Drops those that were given to another partner than the one their contact belongs to in `now`:
 * his partner was deleted, or his domain moved (before NULL: only what belongs to no partner). A
 * partner that is disabled or of another type keeps his; the permission chain judges them anew.
 * Calls fn (may be NULL) for each first. Returns how many.
 */
struct snapshot;
size_t allow_rejudge(struct allow_set *s, const struct snapshot *before, const struct snapshot *now,
	allow_each_fn *fn, void *arg);

/* Drops those that expired before now_ms; calls fn (may be NULL) for each first. How many. */
size_t allow_expire(struct allow_set *s, uint64_t now_ms, allow_each_fn *fn, void *arg);
