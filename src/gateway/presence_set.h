#pragma once

#include <stdbool.h>

#include "gateway/presence_map.h"

/*
 * What is known of one contact: his resources, as his server has sent them to one user, and the
 * document that tells a SIP watcher all of it (RFC 8048 6.2: whole each time, the most available
 * first, for Lync looks at the first alone). Pure. Nobody calls it yet: presence will.
 */

/*
 * Of more, the least available are not kept. Ours: nobody has more clients, and each is some 50
 * bytes and its status.
 */
enum { PRESENCE_RESOURCES_MAX = 8 };

struct presence_held; /* one resource */

/* Zeroed: nothing is known. */
struct presence_set {
	struct presence_held *held[PRESENCE_RESOURCES_MAX]; /* the most available first */
	unsigned n;
	bool known;        /* he has said something; without resources: he is not there */
	struct slice gone; /* the resource that left last, when there is none; owned; SL_NONE */
};

void presence_set_done(struct presence_set *s); /* and it is as zeroed */

/*
 * A stanza of one resource, of AVAILABLE or UNAVAILABLE; UNAVAILABLE of the bare address (resource
 * SL_NONE) is all of them. Is there anything to tell that was not told before?
 */
bool presence_set_hear(struct presence_set *s, struct slice resource, const struct presence *p);

/* Nothing is known any more: his server cannot be reached, or may not tell. */
void presence_set_forget(struct presence_set *s);

/*
 * The document; false: nothing is known, so there is none (RFC 8048 5.3.2). Nobody there: one
 * closed tuple. bare: his address. Slices are of the set, or in the arena. at_most: how many
 * resources; 0: all.
 */
bool presence_set_tell(const struct presence_set *s, struct pidf *ret, struct arena *a,
	const struct jid *bare, unsigned at_most);

/* The one that says that he is not there, whatever is known (RFC 8048 5.3.3). */
void presence_set_tell_closed(
	const struct presence_set *s, struct pidf *ret, struct arena *a, const struct jid *bare);

/* Content-Language of it: that of the stanza of the most available; SL_NONE. */
struct slice presence_set_lang(const struct presence_set *s);
