#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link/link.h"

/* Stanzas in order, bounded by number and bytes. Pure. A zeroed queue is empty. */
struct queue {
	struct link_down *first, *last;
	size_t n, bytes;
	/* Nearly always the deadlines come in order too; then nobody searches. */
	bool disordered;
	uint64_t earliest; /* disordered: no deadline is before it */
};

/* False: one of the limits would be passed; d stays the caller's. */
bool queue_push(struct queue *q, struct link_down *d, size_t max_n, size_t max_bytes);

/* Without a limit. */
void queue_append(struct queue *q, struct link_down *d);
struct link_down *queue_pop(struct queue *q); /* NULL: empty */

/* Puts all of *front before what is in *q; *front is empty afterwards. */
void queue_prepend(struct queue *q, struct queue *front);

/* When to look for expired ones: never after the first deadline. Empty: UINT64_MAX. */
uint64_t queue_earliest(const struct queue *q);

/* Moves those whose deadline is before `time` from *q to the end of *ret; order is kept. */
void queue_take_expired(struct queue *q, uint64_t time, struct queue *ret);
