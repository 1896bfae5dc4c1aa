#include "sip/heap.h"

#include <stdlib.h>

#include "base/mem.h"

static void place(struct sip_heap *h, size_t i, struct sip_heap_node *node)
{
	h->v[i] = node;
	node->place = i + 1;
}

static void sift_up(struct sip_heap *h, size_t i)
{
	struct sip_heap_node *node = h->v[i];

	for (size_t up; i && h->v[up = (i - 1) / 2]->due > node->due; i = up)
		place(h, i, h->v[up]);
	place(h, i, node);
}

static void sift_down(struct sip_heap *h, size_t i)
{
	struct sip_heap_node *node = h->v[i];

	for (size_t down; (down = 2 * i + 1) < h->n; i = down) {
		if (down + 1 < h->n && h->v[down + 1]->due < h->v[down]->due)
			down++;
		if (h->v[down]->due >= node->due)
			break;
		place(h, i, h->v[down]);
	}
	place(h, i, node);
}

void sip_heap_done(struct sip_heap *h)
{
	free(h->v);
	*h = (struct sip_heap){0};
}

void sip_heap_set(struct sip_heap *h, struct sip_heap_node *node, uint64_t due)
{
	if (!node->place) {
		if (h->n == h->cap) {
			h->cap = h->cap ? h->cap * 2 : 64;
			h->v = xrealloc(h->v, h->cap * sizeof(struct sip_heap_node *));
		}
		place(h, h->n++, node);
	}
	node->due = due;
	sift_up(h, node->place - 1);
	sift_down(h, node->place - 1);
}

void sip_heap_remove(struct sip_heap *h, struct sip_heap_node *node)
{
	size_t i = node->place - 1;
	struct sip_heap_node *last;

	if (!node->place)
		return;
	node->place = 0;
	last = h->v[--h->n];
	if (last == node)
		return;
	place(h, i, last);
	sift_up(h, i);
	sift_down(h, last->place - 1);
}
