#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * When a target that failed may be tried again: after 1, 2, 4 ... 60 s, each made longer or shorter
 * by up to half at random, so that many servers do not come back all at once. Pure. Zeroed: never
 * failed.
 */
struct backoff {
	unsigned failures;
	uint64_t next_ms; /* 0: at once */
};

/* random: even over all of uint64_t. */
void backoff_failed(struct backoff *b, uint64_t now_ms, uint64_t random);
void backoff_reset(struct backoff *b);
