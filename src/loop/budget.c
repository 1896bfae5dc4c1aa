#include "loop/budget.h"

#include <assert.h>

#include "base/hash.h"

bool budget_take(struct budget *b)
{
	int64_t max = atomic_load_explicit(&b->max, memory_order_relaxed);

	if (atomic_fetch_add_explicit(&b->used, 1, memory_order_relaxed) < max)
		return true;
	atomic_fetch_sub_explicit(&b->used, 1, memory_order_relaxed);
	return false;
}

void budget_give(struct budget *b)
{
	int64_t before = atomic_fetch_sub_explicit(&b->used, 1, memory_order_relaxed);

	assert(before > 0);
}

static _Atomic uint32_t *count_of(struct budget_keys *b, struct slice key)
{
	return &b->used[hash_bytes(key) % BUDGET_KEYS];
}

bool budget_key_take(struct budget_keys *b, struct slice key, uint32_t max)
{
	_Atomic uint32_t *count = count_of(b, key);

	if (atomic_fetch_add_explicit(count, 1, memory_order_relaxed) < max)
		return true;
	atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
	return false;
}

void budget_key_give(struct budget_keys *b, struct slice key)
{
	uint32_t before = atomic_fetch_sub_explicit(count_of(b, key), 1, memory_order_relaxed);

	assert(before > 0);
}
