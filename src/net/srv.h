#pragma once

#include <stddef.h>
#include <stdint.h>

/* SRV records and their order (RFC 2782). Pure. */
enum { SRV_TARGET_MAX = 253 };

struct srv {
	uint16_t priority, weight, port;
	char target[SRV_TARGET_MAX +
		    1]; /* as in DNS, no dot at the end; "": the root, no service */
};

/*
 * Puts them in the order in which they are to be tried: by priority, and within one by weighted
 * choice. random: n numbers, even over all of uint64_t.
 */
void srv_order(struct srv *v, size_t n, const uint64_t *random);
