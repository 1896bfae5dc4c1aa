#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "gateway/outgoing.h"

/*
 * Messages that go one after the other by one way: the first may be under way, the others wait
 * behind it. Bounded by number and bytes, and so are all of them together, of which a partner may
 * hold as much as is still free: one alone half of it all, two a third each, and for any other
 * there is always something left. So none can shut the others out with messages to users who do not
 * answer.
 */
struct backlog {
	struct gateway *gateway;
	struct list queue; /* outgoing.node */
	unsigned n;
	size_t bytes;
};

void backlog_init(struct backlog *b, struct gateway *g);
/* What is in it is freed, and nobody is told. */
void backlog_done(struct backlog *b);

/* Copies the message to the end. False: no room. */
bool backlog_put(struct backlog *b, const struct outgoing *spec);
/* The first of `from` becomes the last of `to`. False: no room there, and it stays. */
bool backlog_move(struct backlog *from, struct backlog *to);

struct outgoing *backlog_head(const struct backlog *b); /* there is one (asserted) */
/* The second of them, or NULL. */
struct outgoing *backlog_next(const struct backlog *b, const struct outgoing *o);
void backlog_drop(struct backlog *b, struct outgoing *o);           /* frees it */
bool backlog_has_of(const struct backlog *b, struct slice contact); /* bare */

/* For all of them together. */
void backlogs_init(struct gateway *g);
void backlogs_done(struct gateway *g); /* when all are done */
