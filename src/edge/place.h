#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a pair does that has stanzas and no stream, when connections are limited
 * (docs/decisions/0071). Pure.
 */
enum place {
	PLACE_OWN,       /* opens a stream */
	PLACE_JOIN,      /* goes on one of its partner's streams, by dialback (XEP-0220 2.6) */
	PLACE_MAKE_ROOM, /* has the longest idle stream closed in order, and waits for its place */
	PLACE_WAIT,      /* until a place becomes free, or the stanzas' deadlines come */
};

struct place_facts {
	bool limit;    /* a limit is reached, of all connections or of the partner's */
	bool may_join; /* there is a stream that it may join */
	size_t ending; /* streams under that limit that are closing: places that will be free */
	size_t ahead;  /* pairs that have waited for those longer */
	bool idle;     /* a stream under that limit is idle: place_longest_idle() */
};
enum place place_choose(const struct place_facts *f);

/* A stream that counts under the limit. */
struct place_stream {
	uint64_t last_ms; /* when its last stanza came or went */
	bool busy;        /* something waits to be written, or it is still being made */
	bool ending;
};

/* So long without a stanza makes a stream idle: two pairs with one place do not fight for it. */
enum { PLACE_IDLE_MS = 1000 };

/*
 * Which of them to close; n: none. any: one of them has to go, the limit has been lowered: busy
 * ones after all that are not.
 */
size_t place_longest_idle(const struct place_stream *v, size_t n, uint64_t now_ms, bool any);

/* What one limit's streams look like, found out at most once a round; private to places.c. */
struct partner_state;
struct stream;
struct place_scope {
	const struct partner_state *partner; /* NULL: of all */
	uint64_t round;
	size_t ahead, ending;
	struct stream *idle;
};
