#pragma once

#include "edge/backoff.h"
#include "edge/doubt.h"
#include "edge/edge_priv.h"
#include "edge/lookup.h"
#include "edge/queue.h"

/*
 * Outbound. Private to the edge, of its loop.
 *
 *	pair.c      a pair of domains: its queue, the fates of its stanzas, when to try
 *	places.c    which stream a pair gets: one of its own, a place on another's, or a wait
 *	outbound.c  a stream: look up, connect, negotiate, write, end
 *	claim.c     a pair proves by dialback that it may use a stream
 *
 * A stream is made for one pair, whose domains its header names; at a limit of connections further
 * pairs of the same partner may join it (XEP-0220 2.6).
 */
struct outbound;

/* A partner's domain as a place to connect to: what fails here fails for all our domains. */
struct target {
	struct table_node node;
	struct backoff backoff;
	char key[]; /* the domain, canonical */
};

/* What a pair is to its stream. */
enum pair_state {
	PAIR_OFF,     /* it has none */
	PAIR_MAKING,  /* the stream is being made for it */
	PAIR_ASKED,   /* its dialback key is sent, the answer is awaited */
	PAIR_VALID,   /* its stanzas may be written */
	PAIR_LEAVING, /* what is in the connection's buffer is still written, then it leaves */
};

/* A domain of ours and one of a partner's. Lives until the edge ends or the settings drop it. */
struct pair {
	struct table_node node; /* key: local NUL remote */
	struct edge *edge;
	struct partner_state *partner; /* a reference */
	struct target *target;
	char *local, *remote; /* canonical, as the stanzas have them */
	struct queue queue;
	struct backoff backoff; /* what failed for this pair alone */
	struct loop_timer deadline_timer;
	struct loop_timer retry_timer;
	struct negotiation negotiation; /* of the settings in force */
	uint64_t way;                   /* ... outbound_way() */
	enum link_reason refused;       /* the settings no longer allow it; LINK_R_NONE: they do */
	enum link_reason last_fail;

	struct outbound *out; /* the stream in use or being made; NULL: none */
	struct list on_stream;
	enum pair_state state;
	enum negotiation_method method; /* PAIR_ASKED, PAIR_VALID: how */
	struct queue inflight;          /* in the connection's buffer, not flushed */
	struct loop_timer answer_timer; /* PAIR_ASKED */

	struct list place; /* waits for one, in edge.places */
	bool alone;        /* was refused on another's stream: not asked there again */
	struct lookup *lookup;
	struct netaddr *addrs; /* what the remote domain resolved to, for joining a stream */
	size_t n_addrs;
	uint64_t addrs_until_ms; /* 0: not looked up */
	char key[];
};

/* Nothing is done in clear for it (docs/decisions/0072). */
static inline bool pair_floor(const struct pair *p)
{
	return p->backoff.tls_floor || p->target->backoff.tls_floor;
}

/* No attempt is made for it before. */
static inline uint64_t pair_next_try(const struct pair *p)
{
	uint64_t pair = p->backoff.next_ms, target = p->target->backoff.next_ms;

	return pair > target ? pair : target;
}

struct outbound {
	struct stream s;   /* first */
	struct list pairs; /* those that use it; none: it only ends */
	struct pair *own;  /* whose domains the header names; NULL: it has left */
	struct lookup *lookup;
	struct loop_timer attempt_timer; /* until it is connected */
	uint64_t up_ms;
	uint64_t quiet_until_ms;        /* nothing is written before: the peer is about to close */
	uint64_t way;                   /* by which it was looked up: outbound_way() */
	enum negotiation_method method; /* how it was authenticated first */
	size_t inflight;                /* stanzas of all pairs in the connection's buffer */
	struct doubt doubt;
	struct loop_timer settle_timer;
	bool restart;          /* the settings have changed: the next attempt is made at once */
	bool timed_out;        /* StreamEstablishmentTimeout, before it was connected */
	enum link_reason fail; /* why it failed, when that is known before its end says it */
};

static inline struct outbound *outbound_of(struct stream *s)
{
	assert(!s->inbound && !s->verifies);
	return container_of(s, struct outbound, s);
}

/* ---- outbound.c ---- */
/* How the partner's servers are found: another proxy is another way. */
uint64_t outbound_way(const struct partner *partner);

/* Begins an attempt for p, which counts as a connection from now on. */
struct outbound *outbound_new(struct pair *p);
bool outbound_up(const struct outbound *o);

/* An authenticated outbound stream to this domain (canonical), for a dialback verification; NULL.
 */
struct stream *outbound_to(struct edge *e, struct slice remote);

/*
 * Has this domain (canonical) failed for a security reason since it last worked? Nothing is then
 * tried with it in clear.
 */
bool outbound_tls_floor(const struct edge *e, struct slice remote);

/* Drops an attempt that began under other settings. */
void outbound_restart(struct outbound *o);

/* The peer has taken nothing for so long that a stanza in the buffer ran out of time. */
void outbound_stalled(struct outbound *o);

/* Writes one stanza of p, which is PAIR_VALID, if there is room; false: not now, it stays p's. */
bool outbound_write(struct pair *p, struct link_down *d);

/* Lets the pairs write what waits, in turns. */
void outbound_fill(struct outbound *o);

/* p is told how it ended, once, and may open or join another stream from then on. */
struct pair_end;
void outbound_leave(struct pair *p, struct pair_end *end);

/* p takes no more stanzas to this stream, and leaves it when its last one is written. */
void outbound_retire(struct pair *p, enum edge_refusal why);

/* New settings: is the stream as they want it? Else it is closed in order or begun again. */
void outbound_judge(struct outbound *o);
/*
 * Why its pairs and its server would end it under a snapshot; EDGE_OK: they would not. pair_kept():
 * of one pair, which is on a stream.
 */
enum edge_refusal outbound_kept(const struct outbound *o, const struct snapshot *snapshot);
enum edge_refusal pair_kept(const struct pair *p, const struct snapshot *s);

/* ---- claim.c ---- */
/* Sends p's dialback key on its stream and waits for the answer, for a time of its own. */
void claim_begin(struct pair *p);
/* A db:result came. One that answers no request on this stream is ignored (XEP-0220 3.1). */
void claim_answered(struct outbound *o, const struct xstream_db *db);
/* A waiting pair joins the stream of others. claim_may_join() has said yes. */
void claim_join(struct outbound *o, struct pair *p);
/* Of one partner, up, and allowed there by the partner's settings and XEP-0220 2.6. */
bool claim_may_join(const struct outbound *o, const struct pair *p);
/* The same, but for knowing whether p's domain is to be found where o is connected to. */
bool claim_may_join_if_found(const struct outbound *o, const struct pair *p);

/* ---- places.c ---- */
/* p has stanzas and no stream: it gets one now or later. */
void place_want(struct pair *p);
/* It does not want one any more. */
void place_forget(struct pair *p);

/* ---- pair.c, called by the others ---- */
bool pair_up(const struct pair *p);
/* Writes what waits, at most about so many bytes. */
void pair_write(struct pair *p, size_t bytes);
/* d has this fate; it is no longer p's. */
void pair_fate(struct pair *p, struct link_down *d, enum link_fate_kind fate, enum link_reason r);
/* Looks at d's deadline when it comes. */
void pair_watch(struct pair *p, const struct link_down *d);
/* It is up: what was wrong with TLS is over. */
void pair_secured(struct pair *p);
/* The partner holds more than its share of the link's credits. */
bool pair_pressed(const struct pair *p);
/*
 * The attempt has failed, or the stream is ending and takes no more stanzas. What it could not
 * write (order kept) waits for the next stream.
 */
struct pair_end {
	enum link_reason reason;
	bool failed;       /* counts for the back-off */
	bool worked;       /* the back-off begins anew */
	bool target_fault; /* ... of the target, not of this pair alone */
	bool hopeless;     /* another attempt soon would not help: what waits is told at once */
	bool insecure;     /* ... for a security reason: nothing weaker is tried meanwhile */
	struct queue unwritten;
};
void pair_ended(struct pair *p, struct pair_end *end);
