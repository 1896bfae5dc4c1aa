#include "sipnet/sender_rate.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/rate.h"

enum { BESIDE = 8 }; /* places among which one is looked for: one cache line or two */

struct place {
	uint64_t key; /* 0: free */
	struct rate rate;
};

struct sender_rate {
	struct place v[SENDERS_PLACES];
};

struct sender_rate *sender_rate_new(void)
{
	return xzalloc(sizeof(struct sender_rate));
}

void sender_rate_free(struct sender_rate *s)
{
	free(s);
}

/* Its own place, or the one that it is given: that of the quietest. */
static struct place *place_of(struct sender_rate *s, uint64_t key)
{
	struct place *set = &s->v[key / BESIDE % (SENDERS_PLACES / BESIDE) * BESIDE];
	struct place *quietest = set;

	for (unsigned i = 0; i < BESIDE; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].rate.full_us < quietest->rate.full_us)
			quietest = &set[i];
	}
	*quietest = (struct place){.key = key};
	return quietest;
}

bool sender_rate_take(struct sender_rate *s, uint64_t key, unsigned per_second, uint64_t now_ms)
{
	return rate_take(&place_of(s, key | 1)->rate, per_second, per_second, now_ms);
}
