#pragma once

#include <stdint.h>

/* Latencies: buckets of about 1.5 % width from 1 us to some minutes. */
enum { HIST_BUCKETS = 64 * 40 };
struct hist {
	uint64_t count, max_ns;
	uint64_t bucket[HIST_BUCKETS];
};

void hist_add(struct hist *h, uint64_t ns);
void hist_add_all(struct hist *h, const struct hist *more);
/* The latency that a share q (0..1) of all does not pass. */
uint64_t hist_quantile_ns(const struct hist *h, double q);
