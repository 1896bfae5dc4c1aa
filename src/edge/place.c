#include "edge/place.h"

enum place place_choose(const struct place_facts *f)
{
	if (!f->limit)
		return PLACE_OWN;
	if (f->may_join)
		return PLACE_JOIN;
	if (f->ending > f->ahead)
		return PLACE_WAIT;
	return f->idle ? PLACE_MAKE_ROOM : PLACE_WAIT;
}

static bool may_close(const struct place_stream *s, uint64_t now_ms, bool any)
{
	if (s->ending)
		return false;
	return any || (!s->busy && s->last_ms + PLACE_IDLE_MS <= now_ms);
}

static bool before(const struct place_stream *a, const struct place_stream *b)
{
	return a->busy != b->busy ? b->busy : a->last_ms < b->last_ms;
}

size_t place_longest_idle(const struct place_stream *v, size_t n, uint64_t now_ms, bool any)
{
	size_t found = n;

	for (size_t i = 0; i < n; i++)
		if (may_close(&v[i], now_ms, any) && (found == n || before(&v[i], &v[found])))
			found = i;
	return found;
}
