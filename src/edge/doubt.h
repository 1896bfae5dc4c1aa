#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The stanzas of a stream that the kernel has taken and of which nobody can say yet whether the
 * partner has read them. XMPP without XEP-0198 has no acknowledgement; what there is:
 * - a byte the partner's kernel has not acknowledged has not been read;
 * - one that was acknowledged may lie in the partner's receive buffer when its process dies.
 *
 * What was written long enough ago and acknowledged counts as read. Pure. A ring that grows up to a
 * bound; the oldest leave it.
 */
struct doubt_entry {
	uint64_t fate_id;
	uint64_t wire; /* the connection's bytes_out when it had been written */
	uint64_t time_ms;
};

struct doubt {
	struct doubt_entry *v;
	size_t cap, first, n, max;
};

void doubt_init(struct doubt *d, size_t max);
void doubt_done(struct doubt *d);

/* False: it is full of what is certainly unread or too young: settle first, or stop writing. */
bool doubt_add(struct doubt *d, uint64_t fate_id, uint64_t wire, uint64_t now_ms);

/*
 * Drops what counts as read: acknowledged (wire <= acked) and written before `before`. With a room
 * other than 0 also younger ones that are acknowledged, oldest first, until there is room for that
 * many.
 */
void doubt_settle(struct doubt *d, uint64_t acked, uint64_t before, size_t room);

/* The ids still in doubt, oldest first; ret holds d->n. Empties it. */
void doubt_take(struct doubt *d, uint64_t *ret);
