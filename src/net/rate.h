#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A token bucket: so many a second, and after a rest so many at once. Pure. Zeroed: full.
 */
struct rate {
	uint64_t full_us; /* when it is full again */
};

/* Takes one token if there is one. per_second and burst: at least 1. */
bool rate_take(struct rate *r, unsigned per_second, unsigned burst, uint64_t now_ms);

/* Is there one to take? */
bool rate_has(const struct rate *r, unsigned per_second, unsigned burst, uint64_t now_ms);

/* Takes one also when there is none: it is owed, up to as many again as there are at most. */
void rate_owe(struct rate *r, unsigned per_second, unsigned burst, uint64_t now_ms);

/* Nothing has been taken that is not back. */
bool rate_is_full(const struct rate *r, uint64_t now_ms);
