#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Process-wide limits that all loops share: connections, handshakes, per-address counts. Any
 * thread. */
struct budget {
	_Atomic int64_t used;
	_Atomic int64_t max;
};

static inline void budget_init(struct budget *b, int64_t max)
{
	atomic_init(&b->used, 0);
	atomic_init(&b->max, max);
}

/* A lower maximum takes nothing back: it refuses until enough has been given back. */
static inline void budget_max_set(struct budget *b, int64_t max)
{
	atomic_store_explicit(&b->max, max, memory_order_relaxed);
}

bool budget_take(struct budget *b);
void budget_give(struct budget *b);

static inline int64_t budget_used(const struct budget *b)
{
	return atomic_load_explicit(&b->used, memory_order_relaxed);
}

/*
 * Counts per address (or any key), in a table of fixed size: two keys may share a count, so a limit
 * is never exceeded, and is at worst reached early, with a probability of keys in use / 4096.
 */
enum { BUDGET_KEYS = 4096 };
struct budget_keys {
	_Atomic uint32_t used[BUDGET_KEYS];
};

bool budget_key_take(struct budget_keys *b, struct slice key, uint32_t max);
void budget_key_give(struct budget_keys *b, struct slice key);
