#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Timers whose terms differ: a binary heap with the places kept in its members, so that one can be
 * taken out of the middle. For sip/ only.
 */
struct sip_heap_node {
	uint64_t due;
	size_t place; /* 1 + index in the heap; 0: not in it */
};

struct sip_heap {
	struct sip_heap_node **v;
	size_t n, cap;
};

void sip_heap_done(struct sip_heap *h); /* frees the array, not the nodes */
/* Puts it in, or moves it to its new time. */
void sip_heap_set(struct sip_heap *h, struct sip_heap_node *node, uint64_t due);
void sip_heap_remove(
	struct sip_heap *h, struct sip_heap_node *node); /* also when it is not in it */

#ifdef __clang_analyzer__
/* It does not see that a node has left, and would take one that was freed for the next
 * (base/list.h). */
struct sip_heap_node *sip_heap_first(const struct sip_heap *h);
#else
static inline struct sip_heap_node *sip_heap_first(const struct sip_heap *h)
{
	return h->n ? h->v[0] : NULL;
}
#endif
