#include "loop/wheel.h"

#include <assert.h>

enum { BITS = 6 };
#define SPAN ((uint64_t)1 << (BITS * WHEEL_LEVELS))

void wheel_init(struct wheel *w, uint64_t now)
{
	*w = (struct wheel){.now = now};
	for (int level = 0; level < WHEEL_LEVELS; level++)
		for (int i = 0; i < WHEEL_SLOTS; i++)
			list_init(&w->slot[level][i]);
}

static int level_of(uint64_t now, uint64_t due)
{
	uint64_t differ = now ^ due;
	int level;

	if (differ < WHEEL_SLOTS)
		return 0;
	level = (63 - __builtin_clzll(differ)) / BITS;
	return level < WHEEL_LEVELS ? level : WHEEL_LEVELS - 1;
}

static void place(struct wheel *w, struct wheel_node *n)
{
	int level = level_of(w->now, n->due);
	unsigned i = (n->due >> (BITS * level)) % WHEEL_SLOTS;

	list_append(&w->slot[level][i], &n->node);
	w->used[level] |= (uint64_t)1 << i;
}

void wheel_add(struct wheel *w, struct wheel_node *n, uint64_t due)
{
	assert(!list_linked(&n->node));
	n->due = due > w->now ? due : w->now + 1;
	/* What is farther away than the wheel reaches (a century) is as good as its end. */
	if ((n->due ^ w->now) >= SPAN)
		n->due = w->now | (SPAN - 1);
	place(w, n);
}

void wheel_remove(struct wheel *w, struct wheel_node *n)
{
	struct list *head = n->node.next == n->node.prev ? n->node.next : NULL;

	list_remove(&n->node);
	if (head) { /* it was alone: its neighbour on both sides is the slot itself */
		ptrdiff_t i = head - &w->slot[0][0];

		w->used[i / WHEEL_SLOTS] &= ~((uint64_t)1 << (i % WHEEL_SLOTS));
	}
}

/* The first slot in use: its level, or -1. */
static int first_slot(const struct wheel *w, unsigned *ret_i, uint64_t *ret_start)
{
	for (int level = 0; level < WHEEL_LEVELS; level++) {
		if (!w->used[level])
			continue;
		*ret_i = (unsigned)__builtin_ctzll(w->used[level]);
		*ret_start = (w->now >> (BITS * (level + 1)) << (BITS * (level + 1))) |
			     (uint64_t)*ret_i << (BITS * level);
		return level;
	}
	return -1;
}

static void cascade(struct wheel *w, int level, unsigned i)
{
	struct list *slot = &w->slot[level][i], *it;

	w->used[level] &= ~((uint64_t)1 << i);
	while ((it = list_pop(slot)))
		place(w, container_of(it, struct wheel_node, node));
}

struct wheel_node *wheel_pop(struct wheel *w, uint64_t now)
{
	unsigned i;
	uint64_t start;
	int level;

	while ((level = first_slot(w, &i, &start)) >= 0 && start <= now) {
		struct wheel_node *n;

		w->now = start;
		if (level > 0) {
			cascade(w, level, i);
			continue;
		}
		n = container_of(list_first(&w->slot[0][i]), struct wheel_node, node);
		wheel_remove(w, n);
		return n;
	}
	if (now > w->now)
		w->now = now;
	return NULL;
}

uint64_t wheel_next(const struct wheel *w)
{
	unsigned i;
	uint64_t start;

	return first_slot(w, &i, &start) < 0 ? UINT64_MAX : start;
}
