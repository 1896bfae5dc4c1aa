#include "base/rand.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rand_bytes(void *p, size_t n)
{
	char *at = p;

	while (n) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0) {
			if (errno != EINTR)
				abort();
			continue;
		}
		at += got;
		n -= (size_t)got;
	}
}

uint64_t rand_u64(void)
{
	uint64_t v;

	rand_bytes(&v, sizeof v);
	return v;
}

uint64_t rand_below(uint64_t below)
{
	uint64_t limit, v;

	assert(below);
	limit = UINT64_MAX - UINT64_MAX % below;
	do
		v = rand_u64();
	while (v >= limit);
	return v % below;
}
