#pragma once

#include "edge/backoff.h"
#include "edge/doubt.h"
#include "edge/edge_priv.h"
#include "edge/lookup.h"
#include "edge/queue.h"

/*
 * Outbound: pairs with their queues (pair.c) and the streams that empty them (outbound.c). Private
 *to the edge.
 *
 *	pair  --->  outbound: look up, connect, negotiate, write  --->  gone
 *	  ^             |
 *	  +-- ready, room, detached, ended
 */
struct outbound;

/* A partner's domain as a place to connect to: what fails here fails for all our domains. */
struct target {
	struct table_node node;
	struct backoff backoff;
	char key[]; /* the domain, canonical */
};

/* A domain of ours and one of a partner's. Lives until the edge ends or the settings drop it. */
struct pair {
	struct table_node node; /* key: local NUL remote */
	struct edge *edge;
	struct partner_state *partner; /* a reference */
	struct target *target;
	char *local, *remote; /* canonical, as the stanzas have them */
	struct queue queue;
	struct outbound *out;          /* the stream in use or being made; NULL: none */
	struct backoff backoff;        /* what failed for this pair alone */
	struct loop_timer sweep_timer; /* deadlines of the queue */
	struct loop_timer retry_timer;
	struct negotiation negotiation; /* under which the stream was begun */
	enum link_reason refused;       /* the settings no longer allow it; LINK_R_NONE: they do */
	enum link_reason last_fail;
	char key[];
};

struct outbound {
	struct stream s;   /* first */
	struct pair *pair; /* NULL: left, it only ends */
	struct lookup *lookup;
	struct loop_timer attempt_timer;
	uint64_t started_ms, up_ms;
	enum xstream_method method;
	struct queue inflight; /* in the connection's buffer, not flushed */
	struct doubt doubt;
	struct loop_timer settle_timer;
	bool restart; /* the settings have changed: the next attempt is made at once */
	enum link_reason
		fail; /* why it failed, when that is known before the stream's end says it */
};

/* ---- outbound.c ---- */
/* Begins an attempt for p. */
struct outbound *outbound_new(struct pair *p);
bool outbound_up(const struct outbound *o);

/* An authenticated outbound stream to this domain (canonical), for a dialback verification; NULL. */
struct stream *outbound_to(struct edge *e, struct slice remote);

/* Drops an attempt that began under other settings. */
void outbound_restart(struct outbound *o);

/* Takes one stanza of the pair's if there is room; false: not now (it stays the caller's). */
bool outbound_write(struct outbound *o, struct link_down *d);

/* ---- pair.c, called by the stream ---- */
/* Authenticated, or there is room again: writes what waits. */
void pair_ready(struct pair *p);
/*
 * The attempt has failed, or the stream is ending and takes no more stanzas. What it could not
 * write (order kept) waits for the next stream.
 */
struct pair_end {
	enum link_reason reason;
	bool failed;       /* counts for the back-off; else that begins anew */
	bool target_fault; /* ... of the target, not of this pair alone */
	bool hopeless;     /* another attempt soon would not help: what waits is told at once */
	struct queue unwritten;
};
void pair_ended(struct pair *p, struct pair_end *end);
