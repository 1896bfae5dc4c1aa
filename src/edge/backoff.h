#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * When a target that failed may be tried again: after 1, 2, 4 ... 60 s, each made longer or shorter
 * by up to half at random, so that many servers do not come back all at once. Pure. Zeroed: never
 * failed. A streak of failures ends with a success, or when somebody has changed the settings.
 */
struct backoff {
	unsigned failures;
	uint64_t next_ms; /* 0: at once */
	bool tls_floor;   /* one of the streak was for a security reason: nothing in clear meanwhile
			   */
};

/* random: even over all of uint64_t. */
void backoff_failed(struct backoff *b, uint64_t now_ms, uint64_t random);
void backoff_reset(struct backoff *b);
