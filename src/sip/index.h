#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * An intrusive hash table whose keys are 64-bit keyed hashes already (hash_bytes()), so that a node
 * costs 16 bytes and nothing is hashed twice. Several nodes may have one id; who needs more than 64
 * bits compares the rest himself, with sip_index_next(). It grows a few slots at a time: millions
 * of transactions must not stop the loop at once. For sip/ only.
 */
struct sip_index_node {
	struct sip_index_node *next;
	uint64_t id;
};

struct sip_index {
	struct sip_index_node **slots, **old; /* old: being emptied into slots */
	size_t mask, old_mask, moved;         /* moved: slots of old that are empty already */
	size_t count;
	size_t popped; /* where sip_index_pop() goes on */
};

void sip_index_done(struct sip_index *x); /* frees the slots, not the nodes */
void sip_index_put(struct sip_index *x, struct sip_index_node *n, uint64_t id);
void sip_index_remove(struct sip_index *x, struct sip_index_node *n);
struct sip_index_node *sip_index_get(const struct sip_index *x, uint64_t id);
struct sip_index_node *sip_index_next(const struct sip_index_node *n); /* the next of the same id */
/* Says that this id is asked for soon: what is not in the cache is on its way then. */
void sip_index_hint(const struct sip_index *x, uint64_t id);
/* Takes any node out; NULL when it is empty. */
struct sip_index_node *sip_index_pop(struct sip_index *x);
