#include "net/rate.h"

bool rate_take(struct rate *r, unsigned per_second, unsigned burst, uint64_t now_ms)
{
	uint64_t now = now_ms * 1000, each = UINT64_C(1000000) / per_second;
	uint64_t full = r->full_us > now ? r->full_us : now;

	if (full + each > now + each * burst)
		return false;
	r->full_us = full + each;
	return true;
}

bool rate_is_full(const struct rate *r, uint64_t now_ms)
{
	return r->full_us <= now_ms * 1000;
}
