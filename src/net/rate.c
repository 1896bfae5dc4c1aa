#include "net/rate.h"

/* What it takes until a token is back. */
static uint64_t each_us(unsigned per_second)
{
	return UINT64_C(1000000) / per_second;
}

/* When the bucket would be full with one token less. */
static uint64_t full_with_one_less(const struct rate *r, unsigned per_second, uint64_t now_us)
{
	return (r->full_us > now_us ? r->full_us : now_us) + each_us(per_second);
}

bool rate_has(const struct rate *r, unsigned per_second, unsigned burst, uint64_t now_ms)
{
	uint64_t now = now_ms * 1000;

	return full_with_one_less(r, per_second, now) <= now + each_us(per_second) * burst;
}

bool rate_take(struct rate *r, unsigned per_second, unsigned burst, uint64_t now_ms)
{
	if (!rate_has(r, per_second, burst, now_ms))
		return false;
	r->full_us = full_with_one_less(r, per_second, now_ms * 1000);
	return true;
}

void rate_owe(struct rate *r, unsigned per_second, unsigned burst, uint64_t now_ms)
{
	uint64_t now = now_ms * 1000, most = now + 2 * each_us(per_second) * burst;
	uint64_t full = full_with_one_less(r, per_second, now);

	r->full_us = full < most ? full : most;
}

bool rate_is_full(const struct rate *r, uint64_t now_ms)
{
	return r->full_us <= now_ms * 1000;
}
