#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * What keeps a stream open and what ends one in which nothing happens: white space, pings
 * (XEP-0199 4.3), KeepAliveInterval, EnableKeepAlive, StreamInactivityTimeout. Private to the edge.
 *
 * A stream carries stanzas one way only, so an outbound stream is asked by a ping on itself, and
 * the answer comes by an inbound stream of the pair: it lives as long as something comes on its own
 * connection or on an inbound stream of its pair. An inbound stream is asked by a ping on the
 * pair's outbound stream, which is opened for it if need be, and lives as long as something comes
 * on itself (docs/decisions/0110).
 */
struct edge;
struct stream;
struct xstream_event;

/* ---- the decision, pure. Times in ms of one clock ---- */

enum { KEEPALIVE_ANSWER_MS = 30000 };

struct keepalive {
	uint64_t heard_ms;  /* something came */
	uint64_t sent_ms;   /* we wrote something */
	uint64_t stanza_ms; /* a stanza that is neither ping nor answer to one, either way */
	uint64_t pinged_ms; /* the ping that has not been answered; 0: none */
	uint64_t interval_ms, inactivity_ms;
	bool pings; /* EnableKeepAlive */
};

enum keepalive_step {
	KEEPALIVE_WAIT,
	KEEPALIVE_SPACE,    /* write white space */
	KEEPALIVE_PING,     /* ask, and set pinged_ms */
	KEEPALIVE_DEAD,     /* not answered: the end */
	KEEPALIVE_INACTIVE, /* no stanzas for too long: the end */
};

/* What is to be done now. *ret_next_ms: when to ask again; set with KEEPALIVE_WAIT only. */
enum keepalive_step keepalive_judge(
	const struct keepalive *k, uint64_t now_ms, uint64_t *ret_next_ms);

/* ---- the streams ---- */

/*
 * s is about to carry its first stanza. A stream that is opened for a ping or its answer is as idle
 * as the other streams of its pair are: else the two directions would reopen each other for ever.
 */
void keepalive_begin(struct stream *s);

/* s is authenticated, or the settings have changed: watches it by s->idle_timer from now on. */
void keepalive_watch(struct stream *s);
void keepalive_tick(struct stream *s); /* that timer */

/*
 * A stanza came on s. True: it answers a ping of ours and goes no further. Notes for
 * StreamInactivityTimeout what is neither ping nor answer.
 */
bool keepalive_on_stanza(struct stream *s, const struct xstream_event *ev);
