#include "hist.h"

/* 64 linear steps per power of two, from 64 ns on. */
static unsigned index_of(uint64_t ns)
{
	unsigned shift = 0;

	while (ns >> shift >= 128)
		shift++;
	if (shift * 64 + 128 >= HIST_BUCKETS)
		return HIST_BUCKETS - 1;
	return ns < 64 ? (unsigned)ns : shift * 64 + (unsigned)(ns >> shift);
}

static uint64_t top_of(unsigned i)
{
	unsigned shift = i < 128 ? 0 : i / 64 - 1;

	return (((uint64_t)i - shift * 64 + 1) << shift) - 1;
}

void hist_add(struct hist *h, uint64_t ns)
{
	h->count++;
	h->bucket[index_of(ns)]++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

uint64_t hist_quantile_ns(const struct hist *h, double q)
{
	uint64_t want = (uint64_t)(q * (double)h->count), seen = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen > want)
			return top_of(i) < h->max_ns ? top_of(i) : h->max_ns;
	}
	return h->max_ns;
}

void hist_add_all(struct hist *h, const struct hist *more)
{
	h->count += more->count;
	h->max_ns = more->max_ns > h->max_ns ? more->max_ns : h->max_ns;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] += more->bucket[i];
}
