#include "gateway/pending.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CHUNK_BITS = 8, CHUNK = 1 << CHUNK_BITS, SLOT_BITS = 24, SLOT_MASK = (1 << SLOT_BITS) - 1 };

static uint64_t next_lap(struct pending_table *t)
{
	t->lap = (t->lap + 1) & (UINT64_MAX >> SLOT_BITS);
	return t->lap ? t->lap : (t->lap = 1);
}

void pending_init(struct pending_table *t, uint64_t seed)
{
	*t = (struct pending_table){.lap = seed & (UINT64_MAX >> SLOT_BITS)};
	list_init(&t->unused);
}

void pending_done(struct pending_table *t)
{
	assert(t->used == 0);
	for (unsigned i = 0; i < t->n_chunks; i++)
		free(t->chunks[i]);
	free(t->chunks);
}

static void add_chunk(struct pending_table *t)
{
	struct pending *chunk = xcalloc(CHUNK, sizeof *chunk);

	assert(t->n_chunks < 1u << (SLOT_BITS - CHUNK_BITS));
	t->chunks = xrealloc(t->chunks, (t->n_chunks + 1) * sizeof(struct pending *));
	t->chunks[t->n_chunks] = chunk;
	for (unsigned i = 0; i < CHUNK; i++) {
		chunk[i].slot = t->n_chunks << CHUNK_BITS | i;
		list_append(&t->unused, &chunk[i].node);
	}
	t->n_chunks++;
}

static void keep_addresses(struct pending *p, struct slice user, struct slice contact)
{
	char *at = p->room;

	if (user.n + contact.n > sizeof p->room)
		at = p->spill = xmalloc(user.n + contact.n);
	memcpy(at, user.p, user.n);
	memcpy(at + user.n, contact.p, contact.n);
	p->user = slice_make(at, user.n);
	p->contact = slice_make(at + user.n, contact.n);
}

struct pending *pending_new(
	struct pending_table *t, struct gateway *g, struct slice user, struct slice contact)
{
	struct pending *p;
	struct list *unused;

	if (list_empty(&t->unused))
		add_chunk(t);
	/* The one freed last is still in the cache, and its id is new all the same. */
	unused = list_pop(&t->unused);
	assert(unused);
	p = container_of(unused, struct pending, node);
	memset(&p->window, 0, sizeof p->window);
	p->gateway = g;
	p->id = next_lap(t) << SLOT_BITS | p->slot;
	p->txn = NULL;
	p->stanza = NULL;
	p->spill = NULL;
	keep_addresses(p, user, contact);
	t->used++;
	return p;
}

struct pending *pending_find(const struct pending_table *t, uint64_t id)
{
	uint32_t slot = id & SLOT_MASK;
	struct pending *p;

	if (slot >> CHUNK_BITS >= t->n_chunks)
		return NULL;
	p = &t->chunks[slot >> CHUNK_BITS][slot & (CHUNK - 1)];
	return id && p->id == id ? p : NULL;
}

void pending_free(struct pending_table *t, struct pending *p)
{
	list_remove(&p->node);
	loop_timer_stop(&p->window);
	free(p->spill);
	p->id = 0;
	list_prepend(&t->unused, &p->node);
	t->used--;
}

void pending_each(struct pending_table *t, void (*fn)(void *arg, struct pending *p), void *arg)
{
	for (unsigned i = 0; i < t->n_chunks << CHUNK_BITS; i++) {
		struct pending *p = &t->chunks[i >> CHUNK_BITS][i & (CHUNK - 1)];

		if (p->id)
			fn(arg, p);
	}
}

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

struct slice stanza_id_write(char ret[STANZA_ID_MAX], char node, char shard, uint64_t fate_id)
{
	size_t n = 2;
	unsigned shift = 60;

	ret[0] = node;
	ret[1] = shard;
	while (shift && !(fate_id >> shift & 31))
		shift -= 5;
	for (;; shift -= 5) {
		ret[n++] = digits[fate_id >> shift & 31];
		if (!shift)
			return slice_make(ret, n);
	}
}

uint64_t stanza_id_read(struct slice id, char node, char shard)
{
	uint64_t v = 0;

	if (id.n < 3 || id.n > STANZA_ID_MAX || id.p[0] != node || id.p[1] != shard ||
		id.p[2] == '0')
		return 0; /* no zeros in front: one id, one way to write it */
	for (size_t i = 2; i < id.n; i++) {
		const char *d = id.p[i] ? strchr(digits, id.p[i]) : NULL;

		if (!d || v >> 59)
			return 0;
		v = v << 5 | (uint64_t)(d - digits);
	}
	return v;
}
