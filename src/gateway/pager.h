#pragma once

#include <stdbool.h>

#include "base/slice.h"

/*
 * Texts as MESSAGEs of their own (RFC 3428, RFC 7572). A target is a Request-URI: one MESSAGE of
 * ours at a time is under way to it (RFC 3428 8), the others wait behind it. A route with a rate
 * makes targets wait for their turn.
 */
struct backlog;
struct gateway;
struct outgoing;

void pager_init(struct gateway *g);
void pager_done(struct gateway *g);

/* To o->uri. False: no room. */
bool pager_put(struct gateway *g, const struct outgoing *o);
/* The first of b goes this way after all. False: no room, and it stays. */
bool pager_take(struct gateway *g, struct backlog *b);
/* Do texts of this contact (bare) wait for the target? */
bool pager_has_of(const struct gateway *g, struct slice uri, struct slice contact);
/* It ends now: who waits for a text is told. */
void pager_stop(struct gateway *g);
unsigned pager_targets(const struct gateway *g);
