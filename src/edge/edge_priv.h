#pragma once

#include "base/hash.h"
#include "edge/dialback.h"
#include "edge/edge.h"
#include "edge/expiry.h"
#include "edge/judge.h"
#include "edge/place.h"
#include "edge/queue.h"
#include "edge/stream.h"
#include "federation/snapshot.h"
#include "link/link.h"
#include "loop/loop.h"
#include "net/listener.h"
#include "net/stranger.h"

/* What the edge knows of a partner beyond its settings, by primary domain; lives while it is
 * used, and as long as the settings have the partner. */
struct partner_state {
	struct table_node node;
	char *name;           /* primary domain, A-labels */
	unsigned refs;        /* streams and pairs */
	struct list streams;  /* by partner_node */
	struct rate arrivals; /* inbound streams that were authenticated */
	unsigned connections; /* ours from the attempt, theirs once authenticated */
	struct link_share *share;
	struct sight_partner sight;
	size_t stanzas, stanza_bytes; /* on their way to it, without a fate yet */
	struct place_scope place;
	struct list verifies; /* verify.c */
	bool verify_floor; /* TLS has failed when keys were to be verified: nothing in clear */
	struct negotiation floor_under; /* ... while these are in force */
};

/* At most so many log lines a second about strangers; the rest is counted. */
struct log_limit {
	uint64_t second;
	unsigned n, dropped;
};

struct edge {
	struct loop *loop;
	struct link *link;
	struct log log;
	struct edge_limits limits;
	uint16_t default_port;
	struct tls_set *tls;
	struct dns *dns;
	struct listener **listeners;
	size_t n_listeners;
	struct netaddr *listen;
	struct snapshot *snapshot; /* NULL: none yet */
	struct queue held;         /* what came before there was one */

	unsigned last_stream;
	struct list streams;
	unsigned connections; /* all partners' */
	struct dialback_secrets secrets;
	struct probes *probes; /* probe_hooks.h */
	struct table partners;
	struct table pairs; /* outbound.h */
	struct table targets;
	size_t stanza_bytes; /* on their way to all partners, without a fate yet */
	struct list places;  /* pairs that wait for a connection, in the order they came */
	struct loop_task place_task;
	struct loop_timer place_timer;
	uint64_t place_round;
	struct place_scope place;
	struct sight_edge sight;
	struct list starved; /* inbound streams that wait for credit */
	struct expiry expiry;
	struct strangers *strangers;
	struct xml_pool *parsers; /* of all streams */
	struct log_limit stranger_lines;

	bool draining;
	struct loop_timer drain_timer;
	struct loop_timer answers_timer; /* until then answers to what came in may still go out */
	struct loop_task drain_task;
	void (*drained)(void *arg);
	void *drained_arg;
};

struct partner_state *partner_state_get(struct edge *e, const struct partner *p); /* a reference */
void partner_state_unref(struct edge *e, struct partner_state *p);

/* How many streams it may have. settings NULL: no partner any more. */
unsigned edge_partner_limit(const struct snapshot *s, const struct partner *settings);

/* May one more stream of this partner be opened? */
enum edge_refusal edge_may_connect(
	const struct edge *e, const struct partner_state *state, const struct partner *settings);

/*
 * The same for s, a stream of theirs that is authenticated now, or one of ours that is begun; counts
 * it when it says EDGE_OK: ours until it is gone, theirs until it begins to close.
 */
enum edge_refusal edge_count_stream(struct edge *e, struct stream *s);
void edge_uncount_stream(struct edge *e, struct stream *s);

/* A line about a stranger may be logged now. */
bool edge_may_log(struct edge *e);

/* Tells a stanza's fate; d is gone. */
void edge_fate(struct edge *e, struct link_down *d, enum link_fate_kind fate, enum link_reason r);

/* A stream or a pair has come to rest: a drain may be over. */
void edge_settled(struct edge *e);

/* Domain in A-labels, as a string in a; NULL when it is none. */
const char *edge_ascii(struct arena *a, struct slice domain);

/* Have we a certificate for this domain of ours? */
bool edge_has_certificate(const struct edge *e, struct slice domain);

/* The default of every limit that is 0. */
void edge_limits_fill(struct edge_limits *l);

/* ---- accept.c ---- */
void edge_accept(void *arg, int fd, const struct netaddr *peer);

/* ---- inbound.c ---- */
void inbound_new(struct edge *e, int fd, const struct netaddr *peer); /* strangers_ask() said yes */
void inbound_evict(struct stranger *st); /* it makes room for another: it is gone */
void inbound_credit(struct edge *e); /* credits came back */
void inbound_judge_again(struct stream *s);
/* Why that would end it under a snapshot; EDGE_OK: it would not. */
enum edge_refusal inbound_kept(struct stream *s, const struct snapshot *snapshot);

/*
 * foresee.c: the streams that edge_set_snapshot() would end, each with the word why as its error;
 * by the same functions, in one go, and nothing is different after it.
 */
struct view_streams;
void edge_foresee(struct edge *e, const struct snapshot *snapshot, struct view_streams *ret);

/* places.c: notes in stream.foreseen which streams its limits would end, beside those foreseen. */
void place_foresee(struct edge *e, const struct snapshot *snapshot);

/* ---- outbound.c, pair.c ---- */
void pair_send(struct edge *e, struct link_down *d);
void pair_judge_all(struct edge *e);
void pair_drain_all(struct edge *e);
void pair_free_all(struct edge *e);
size_t pair_waiting(const struct edge *e); /* stanzas without a fate */

/* ---- places.c ---- */
void place_init(struct edge *e);
void place_done(struct edge *e);
/* A connection has gone, or a stream is up: who waits for one may have a turn. */
void place_changed(struct edge *e);
/* New settings: closes what is above the limits, longest idle first. */
void place_limits_changed(struct edge *e);
