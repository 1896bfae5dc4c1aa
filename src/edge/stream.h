#pragma once

#include "base/log.h"
#include "edge/sight.h"
#include "loop/loop.h"
#include "net/conn.h"
#include "xmpp/stream.h"

/*
 * A connection and a stream engine joined: what both directions have in common. Private to the
 * edge. The owner embeds it as the first member and is told what happens by hooks, which run inside
 * the loop's callbacks; after ended() the stream is freed at the end of the turn, by destroy().
 */
struct edge;
struct link_down;
struct partner_state;
struct stream;

struct stream_hooks {
	/* May an event be taken from the engine now? False: stream_pump() is called later. */
	bool (*ready)(struct stream *s);
	/* All but NEED_TLS and CLOSED; CLOSING is the last. */
	void (*event)(struct stream *s, struct xstream_event *ev);
	void (*connected)(struct stream *s); /* outbound: calls stream_start() */
	void (*flushed)(struct stream *s, uint64_t offset);
	/* The connection is gone; s->end says how it ended. */
	void (*ended)(struct stream *s);
	void (*destroy)(struct stream *s);
};

/* How it came to an end; filled bit by bit. */
struct stream_end {
	bool closing; /* the engine said so: reason and cond hold */
	enum xstream_reason reason;
	enum stream_cond cond;
	enum sasl_cond sasl;
	char text[200];  /* what came with it, cut; "" */
	const char *why; /* a stable word of ours for the log; NULL: that of reason */
	bool by_us;      /* we began the close */
	bool answered;   /* ... and the peer ended after it had all of ours */
	bool tls_failed; /* in the handshake, or the peer refused what it had agreed to in it */
	bool connect_failed;
};

struct stream {
	struct edge *edge;
	const struct stream_hooks *hooks;
	struct list node; /* edge->streams */
	bool inbound;
	bool verifies; /* outbound, and only to ask about dialback keys (verify.c) */
	char id[16]; /* "o17" */
	struct log log;
	struct conn *conn;
	struct xstream *x;             /* NULL: not connected yet */
	struct loop_timer timer;       /* the engine's deadline */
	struct loop_timer idle_timer;  /* of the handshake; once authenticated: keepalive.h */
	struct loop_task turn_task;    /* the turn is over */
	struct loop_task more_task;    /* goes on with what the turn had no time for */
	unsigned turn_events;          /* taken in this turn */
	unsigned held;                 /* why nothing is read: enum stream_hold */
	struct partner_state *partner; /* NULL: not known yet; a reference */
	char *local, *remote;          /* canonical; NULL: not known yet */
	bool authenticated;
	bool counted; /* among the partner's and all connections */
	unsigned foreseen; /* foresee.c: why it would end, enum edge_refusal; else EDGE_OK */
	bool pumping;
	bool handshake, secured;
	bool conn_closing, conn_dead, ended;
	bool saw_eof, ticking;
	uint64_t end_offset; /* of our end tag, once the close has been written */
	enum cert_verdict cert;
	uint64_t cert_due_ms; /* expiry.c: when the peer's certificate ends; 0: not watched */
	struct stream_end end;
	struct list partner_node; /* partner->streams */
	uint64_t since_ms;        /* wall clock */
	/* Monotonic: begun; bytes came; we wrote; a stanza that counts for inactivity; keepalive.h */
	uint64_t begun_ms, heard_ms, last_sent_ms, last_stanza_ms, pinged_ms;
	uint64_t stanzas_in, stanzas_out;
	struct attempt *attempt; /* to be noted in; a reference */
	struct sight_stream sight;
};

/* s is zeroed but for what the owner has added. */
void stream_init(struct stream *s, struct edge *e, const struct stream_hooks *hooks, bool inbound);

/* The connection is there: makes the engine. cfg.seed and cfg.parsers are filled in here. */
void stream_start(struct stream *s, struct xstream_cfg *cfg);

extern const struct conn_ops stream_conn_ops; /* arg: the stream */

void stream_set_pair(struct stream *s, struct slice local, struct slice remote);
void stream_set_partner(struct stream *s, struct partner_state *p);

/* The verdict on the peer's certificate for s->remote, into s->cert. After the handshake. */
void stream_judge_certificate(struct stream *s);

/*
 * Takes what the engine has to say, writes what it wants written, sets its timer. So many events a
 * turn; the others follow in the next ones, and nothing is read meanwhile.
 */
void stream_pump(struct stream *s);

/* Nothing is read while somebody holds it. */
enum stream_hold { STREAM_HOLD_CREDIT = 1, STREAM_HOLD_TURN = 2 };
void stream_hold(struct stream *s, enum stream_hold why);
void stream_go_on(struct stream *s, enum stream_hold why);

/* The snapshot is new: its times are in force. */
void stream_settings(struct stream *s);

/* Ends in order, or with an error; why: the word for the log. */
void stream_close(struct stream *s, enum stream_cond cond, const char *text, const char *why);

/*
 * The same, but stanzas are still read, and the peer's end is waited for, so that both sides know
 * what the other has read.
 */
void stream_finish(struct stream *s, enum stream_cond cond, const char *text, const char *why);

/* An outbound one that was never up: edge_failed_insecurely() of its end. */
bool stream_failed_insecurely(const struct stream *s);

/* Drops the connection at once; ended() follows inside. */
void stream_abort(struct stream *s, const char *why);

/* Appends d's stanza; returns the offset of its end. stream_may_send() has said yes. */
uint64_t stream_write(struct stream *s, const struct link_down *d);
bool stream_may_send(const struct stream *s);
