#include "sip/index.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum { FIRST_SIZE = 256, MOVE_STEP = 8 };

static struct sip_index_node **slot_of(const struct sip_index *x, uint64_t id)
{
	if (x->old && (id & x->old_mask) >= x->moved)
		return &x->old[id & x->old_mask];
	return &x->slots[id & x->mask];
}

static void link_in(struct sip_index_node **slot, struct sip_index_node *n)
{
	n->next = *slot;
	*slot = n;
}

/* Empties some slots of the old array; all of it is done long before the new one is full. */
static void move_some(struct sip_index *x)
{
	for (int i = 0; i < MOVE_STEP && x->old; i++) {
		struct sip_index_node *n = x->old[x->moved], *next;

		for (; n; n = next) {
			next = n->next;
			link_in(&x->slots[n->id & x->mask], n);
		}
		if (x->moved++ == x->old_mask) {
			free(x->old);
			x->old = NULL;
		}
	}
}

static void grow(struct sip_index *x)
{
	size_t size = x->slots ? (x->mask + 1) * 2 : FIRST_SIZE;

	assert(!x->old);
	x->old = x->slots;
	x->old_mask = x->mask;
	x->moved = 0;
	x->slots = xcalloc(size, sizeof(struct sip_index_node *));
	x->mask = size - 1;
}

void sip_index_done(struct sip_index *x)
{
	free(x->slots);
	free(x->old);
	*x = (struct sip_index){0};
}

void sip_index_put(struct sip_index *x, struct sip_index_node *n, uint64_t id)
{
	if (!x->slots || x->count > x->mask)
		grow(x);
	move_some(x);
	n->id = id;
	link_in(slot_of(x, id), n);
	x->count++;
}

void sip_index_remove(struct sip_index *x, struct sip_index_node *n)
{
	struct sip_index_node **at = slot_of(x, n->id);

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	x->count--;
}

static struct sip_index_node *find(struct sip_index_node *n, uint64_t id)
{
	while (n && n->id != id)
		n = n->next;
	return n;
}

struct sip_index_node *sip_index_get(const struct sip_index *x, uint64_t id)
{
	return x->slots ? find(*slot_of(x, id), id) : NULL;
}

void sip_index_hint(const struct sip_index *x, uint64_t id)
{
	if (x->slots)
		__builtin_prefetch(slot_of(x, id));
}

struct sip_index_node *sip_index_next(const struct sip_index_node *n)
{
	return find(n->next, n->id);
}

struct sip_index_node *sip_index_pop(struct sip_index *x)
{
	while (x->old)
		move_some(x);
	/* Whoever empties a table of a million must not begin at its front for each. */
	for (size_t left = x->slots ? x->mask + 1 : 0; x->count && left; left--) {
		struct sip_index_node *n = x->slots[x->popped & x->mask];

		if (n) {
			sip_index_remove(x, n);
			return n;
		}
		x->popped++;
	}
	return NULL;
}
