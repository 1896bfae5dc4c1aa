#include "edge/backoff.h"

enum { FIRST_MS = 1000, MAX_MS = 60000 };

void backoff_failed(struct backoff *b, uint64_t now_ms, uint64_t random)
{
	uint64_t ms = b->failures < 6 ? (uint64_t)FIRST_MS << b->failures : MAX_MS;

	b->failures++;
	b->next_ms = now_ms + ms / 2 + random % (ms + 1);
}

void backoff_reset(struct backoff *b)
{
	*b = (struct backoff){0};
}
