#include "net/srv.h"

#include <stdlib.h>

static int by_priority_then_weight(const void *a, const void *b)
{
	const struct srv *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	/* Weight 0 first: it gets its small chance only where the running sum is 0 (RFC 2782). */
	return (x->weight > y->weight) - (x->weight < y->weight);
}

/* Brings the one that the random number picks to the front of v[0 .. n). */
static void pick(struct srv *v, size_t n, uint64_t random)
{
	uint64_t total = 0, sum = 0, at;
	size_t i;
	struct srv chosen;

	for (i = 0; i < n; i++)
		total += v[i].weight;
	at = random % (total + 1);
	for (i = 0; i < n - 1; i++) {
		sum += v[i].weight;
		if (sum >= at)
			break;
	}
	chosen = v[i];
	for (; i > 0; i--)
		v[i] = v[i - 1];
	v[0] = chosen;
}

void srv_order(struct srv *v, size_t n, const uint64_t *random)
{
	size_t end;

	qsort(v, n, sizeof *v, by_priority_then_weight);
	for (size_t i = 0; i < n; i++) {
		for (end = i + 1; end < n && v[end].priority == v[i].priority; end++)
			;
		pick(v + i, end - i, random[i]);
	}
}
