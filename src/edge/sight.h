#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"
#include "edge/attempt.h"
#include "federation/negotiation.h"
#include "view/streams.h"

/*
 * What is kept of streams and partners for the administrator, and read by view.c: nothing here
 * decides anything. Private to the edge, of its loop; the calls stand in stream.c and edge.c, for
 * further pairs in claim.c and proof.c.
 */
struct edge;
struct stream;
struct partner;
struct partner_state;
struct stream_end;
struct view_sum;
struct xstream_event;

/* ---- a stream ---- */

/* A domain pair that was authenticated on it. */
struct sight_pair {
	struct sight_pair *next;
	enum negotiation_method method;
	uint64_t since_ms; /* wall clock */
	char *local, *remote;
};

struct sight_stream {
	struct list node;            /* edge->sight.changed, once its partner is known */
	uint64_t change;             /* number of its last change */
	uint64_t began_ms, state_ms; /* wall clock: begun; in its state since */
	enum view_stream_state state;
	unsigned n_pairs;
	struct sight_pair *pairs; /* youngest first; at most SIGHT_PAIRS */
	uint64_t queued;          /* scratch of view.c */
};

enum { SIGHT_PAIRS = 64 };

void sight_began(struct stream *s);
/* Its domains, its partner or its state may be others now. */
void sight_changed(struct stream *s);
/* (remote, local) was authenticated on it; also for each further pair. Twice the same: nothing. */
void sight_paired(
	struct stream *s, struct slice local, struct slice remote, enum negotiation_method method);
void sight_authenticated(struct stream *s, const struct xstream_event *ev);
/* It has ended; while it is still in edge->streams, s->end holds. */
void sight_ended(struct stream *s);
void sight_free(struct stream *s);

enum view_stream_state sight_state(const struct stream *s);
extern const char sight_closed_by_hand[];
const char *sight_end_word(const struct stream_end *e); /* stable, as in the log */

/* ---- a partner, since the start ---- */
struct sight_partner {
	struct attempts *attempts;
	uint64_t stanzas_in, stanzas_out, failures; /* of streams that have ended */
	uint64_t last_in_ms, last_out_ms; /* wall clock: last authenticated, ended since */
	bool in_failed;                   /* the inbound stream that ended last */
	char error[64];                   /* a stable word; "": none */
	char error_text[ATTEMPT_TEXT_MAX + 1];
	uint64_t error_ms;
	struct view_sum *sum; /* of view.c, while it adds up */
};
void sight_partner_done(struct sight_partner *p);

/* ---- the edge ---- */

/* A stream that has ended, for those who watch. */
struct sight_gone {
	struct list node;
	uint64_t change;
	struct view_streams *row; /* one */
};

/* Where a list of streams that is made bit by bit goes on. */
struct sight_cursor {
	struct list node;
	struct list *next; /* in edge->streams */
};

enum { SIGHT_GONE_KEPT = 1024 };

struct sight_edge {
	struct list changed; /* of struct sight_stream, in the order of their changes */
	uint64_t change;
	uint64_t watched_until_ms; /* somebody asks for changes; monotonic */
	struct list gone;          /* of struct sight_gone, oldest first */
	unsigned n_gone;
	uint64_t forgotten; /* the last change of those gone that was dropped; 0: none */
	struct list cursors;
};
void sight_init(struct sight_edge *e);
void sight_done(struct sight_edge *e);
void sight_forget_gone(struct sight_edge *e);

/* ---- view.c ---- */

/* Its row, behind what is in l. whole: with what takes long to find out, or is long. */
void view_stream_row(struct view_streams *l, const struct stream *s, bool whole);

/*
 * Counts what waits for each stream, which view_stream_row() shows, and adds rows for the pairs
 * that have no stream. partner NULL: of all.
 */
void view_pairs(struct edge *e, const struct partner_state *partner, struct view_streams *l);

/* Rows of all partners of the settings in force, or of one of them. */
void view_partner_rows(struct edge *e, const struct partner *one, struct view_partners *l);
