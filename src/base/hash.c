#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

static uint64_t key0, key1;

void hash_seed(const uint8_t seed[16])
{
	memcpy(&key0, seed, 8);
	memcpy(&key1, seed + 8, 8);
}

static inline uint64_t rotl(uint64_t x, int b)
{
	return (x << b) | (x >> (64 - b));
}

#define SIP_ROUND(v0, v1, v2, v3)                                                                  \
	do {                                                                                       \
		v0 += v1, v1 = rotl(v1, 13), v1 ^= v0, v0 = rotl(v0, 32);                          \
		v2 += v3, v3 = rotl(v3, 16), v3 ^= v2;                                             \
		v0 += v3, v3 = rotl(v3, 21), v3 ^= v0;                                             \
		v2 += v1, v1 = rotl(v1, 17), v1 ^= v2, v2 = rotl(v2, 32);                          \
	} while (0)

uint64_t hash_bytes(struct slice s)
{
	uint64_t v0 = key0 ^ 0x736f6d6570736575ull, v1 = key1 ^ 0x646f72616e646f6dull;
	uint64_t v2 = key0 ^ 0x6c7967656e657261ull, v3 = key1 ^ 0x7465646279746573ull;
	uint64_t m = 0;
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&m, s.p + i, 8);
		v3 ^= m;
		SIP_ROUND(v0, v1, v2, v3);
		v0 ^= m;
	}
	m = 0;
	if (s.n > i)
		memcpy(&m, s.p + i, s.n - i);
	m |= (uint64_t)s.n << 56;
	v3 ^= m;
	SIP_ROUND(v0, v1, v2, v3);
	v0 ^= m;
	v2 ^= 0xff;
	SIP_ROUND(v0, v1, v2, v3);
	SIP_ROUND(v0, v1, v2, v3);
	SIP_ROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

void table_init(struct table *t)
{
	*t = (struct table){0};
}

void table_done(struct table *t)
{
	free(t->slots);
	table_init(t);
}

struct table_node *table_after(const struct table *t, const struct table_node *n)
{
	size_t i = n ? (n->hash & t->mask) + 1 : 0;

	if (n && n->next)
		return n->next;
	for (; t->slots && i <= t->mask; i++)
		if (t->slots[i])
			return t->slots[i];
	return NULL;
}

static void grow(struct table *t)
{
	size_t size = t->slots ? (t->mask + 1) * 2 : 16;
	struct table_node **slots = xcalloc(size, sizeof *slots);

	table_each(t, n) {
		n->next = slots[n->hash & (size - 1)];
		slots[n->hash & (size - 1)] = n;
	}
	free(t->slots);
	t->slots = slots;
	t->mask = size - 1;
}

void table_put(struct table *t, struct table_node *n, struct slice key)
{
	assert(!table_get(t, key));
	if (!t->slots || t->count > t->mask)
		grow(t);
	n->key = key;
	n->hash = hash_bytes(key);
	n->next = t->slots[n->hash & t->mask];
	t->slots[n->hash & t->mask] = n;
	t->count++;
}

struct table_node *table_get(const struct table *t, struct slice key)
{
	uint64_t h;

	if (!t->slots)
		return NULL;
	h = hash_bytes(key);
	for (struct table_node *n = t->slots[h & t->mask]; n; n = n->next)
		if (n->hash == h && slice_eq(n->key, key))
			return n;
	return NULL;
}

void table_remove(struct table *t, struct table_node *n)
{
	struct table_node **at;

	assert(t->slots);
	for (at = &t->slots[n->hash & t->mask]; *at != n; at = &(*at)->next)
		assert(*at);
	*at = n->next;
	n->next = NULL;
	t->count--;
}
