#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * An intrusive hash table from byte strings to objects. Keys a peer chooses are hashed with SipHash
 * under a secret of the process, so that nobody can choose collisions.
 * The key is owned by the object and must not change while it is in the table.
 */
struct table_node {
	struct table_node *next;
	struct slice key;
	uint64_t hash;
};

struct table {
	struct table_node **slots;
	size_t mask, count;
};

void table_init(struct table *t);
void table_done(struct table *t); /* frees the slots, not the objects */

/* Equal keys: the caller has looked before (asserted). */
void table_put(struct table *t, struct table_node *n, struct slice key);
struct table_node *table_get(const struct table *t, struct slice key);
void table_remove(struct table *t, struct table_node *n);

/* Any order; the table must not be changed meanwhile except by removing `it`. */
#define table_each(t, it)                                                                          \
	for (struct table_node *it = table_after((t), NULL), *it##_next;                           \
		it && (it##_next = table_after((t), it), true); it = it##_next)

/* The node that comes after n in that order; NULL: the first, and behind the last. */
struct table_node *table_after(const struct table *t, const struct table_node *n);

/* SipHash-1-3 under the process's secret. */
uint64_t hash_bytes(struct slice s);

/*
 * Sets the secret (16 bytes); a process calls it once before any table is made. Unset: zero, for
 * tests.
 */
void hash_seed(const uint8_t seed[16]);
