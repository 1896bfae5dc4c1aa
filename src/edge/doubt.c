#include "edge/doubt.h"

#include <stdlib.h>

#include "base/mem.h"

enum { FIRST_CAP = 64 };

void doubt_init(struct doubt *d, size_t max)
{
	*d = (struct doubt){.max = max};
}

void doubt_done(struct doubt *d)
{
	free(d->v);
	*d = (struct doubt){0};
}

static void grow(struct doubt *d)
{
	size_t cap = d->cap ? 2 * d->cap : FIRST_CAP;
	struct doubt_entry *v;

	if (cap > d->max)
		cap = d->max;
	v = xcalloc(cap, sizeof *v);
	for (size_t i = 0; i < d->n; i++)
		v[i] = d->v[(d->first + i) % d->cap];
	free(d->v);
	d->v = v;
	d->cap = cap;
	d->first = 0;
}

bool doubt_add(struct doubt *d, uint64_t fate_id, uint64_t wire, uint64_t now_ms)
{
	if (d->n == d->max)
		return false;
	if (d->n == d->cap)
		grow(d);
	d->v[(d->first + d->n++) % d->cap] = (struct doubt_entry){fate_id, wire, now_ms};
	return true;
}

void doubt_settle(struct doubt *d, uint64_t acked, uint64_t before, size_t room)
{
	while (d->n) {
		const struct doubt_entry *oldest = &d->v[d->first];

		if (oldest->wire > acked || (oldest->time_ms >= before && d->max - d->n >= room))
			break;
		d->first = (d->first + 1) % d->cap;
		d->n--;
	}
}

void doubt_take(struct doubt *d, uint64_t *ret)
{
	for (size_t i = 0; i < d->n; i++)
		ret[i] = d->v[(d->first + i) % d->cap].fate_id;
	d->n = 0;
	d->first = 0;
}
