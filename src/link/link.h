#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "loop/mailbox.h"

/*
 * What joins the gateway and the edge. Stanzas with a deadline and a fate id go down (gateway to
 * edge), fates and stanzas come up. Each end lives on its own loop; an end's functions are called
 * on its loop, and its callbacks run on it, never before the function that caused them has
 * returned. Nothing here blocks. The carrier (link/local: mailboxes in one process; later a stream
 * between machines) is behind `struct link`, so that neither end can tell.
 *
 * Contract of a stanza that went down with a fate id other than 0: exactly one of LINK_REFUSED,
 * LINK_UNSENT, LINK_WRITTEN comes back, at the latest a second after its deadline. After
 * LINK_WRITTEN, LINK_UNKNOWN may follow once: the stream broke and nobody can say whether the
 * partner read it. A stanza is never written after its deadline and never written twice.
 */

enum link_fate_kind {
	LINK_REFUSED, /* policy or address: it can never be sent this way */
	LINK_UNSENT,  /* not one byte was written, and none will be */
	LINK_WRITTEN, /* the kernel took its last byte */
	LINK_UNKNOWN, /* the stream was lost after or while it was written */
};

/* Why; each has one stanza error condition (link_reason_condition) and a stable name. */
enum link_reason {
	LINK_R_NONE,
	LINK_R_NOT_PARTNER,    /* the domain is on no enabled partner's list */
	LINK_R_NOT_LOCAL,      /* the sender's domain is not one of ours */
	LINK_R_NO_SUCH_SERVER, /* DNS says: there is no such domain or service */
	LINK_R_DNS_FAILED,     /* DNS did not answer, or its answer is bogus */
	LINK_R_CONNECT_FAILED, /* no address took the connection */
	LINK_R_TLS_FAILED,
	LINK_R_AUTH_FAILED,      /* certificate or SASL: ours refused, or theirs not good */
	LINK_R_DIALBACK_INVALID, /* the partner found our dialback key to be false */
	LINK_R_DIALBACK_FAILED,  /* it could not, or would not, find out (XEP-0220 2.1.1) */
	LINK_R_STREAM_ERROR,     /* the partner closed with a stream error */
	LINK_R_BACK_OFF,         /* the partner is in back-off beyond the deadline */
	LINK_R_DEADLINE,         /* the deadline passed in the queue */
	LINK_R_QUEUE_FULL,
	LINK_R_TOO_BIG,          /* more than the partner takes */
	LINK_R_CONNECTION_LIMIT, /* no connection became free for it in time */
	LINK_R_STREAM_LOST,
	LINK_R_SHUTDOWN,
	LINK_R__N
};

const char *link_fate_name(enum link_fate_kind kind);
const char *link_reason_name(enum link_reason r);
/* The defined condition of RFC 6120 8.3.3 a sender is told: "remote-server-timeout". */
const char *link_reason_condition(enum link_reason r);
/* Words for a person: "the partner's server could not be reached". */
const char *link_reason_text(enum link_reason r);

/* What travels by mailbox between the two ends of link/local; nobody else looks into it. */
struct link_mail {
	struct mail mail;
	enum {
		LINK_MAIL_DOWN,
		LINK_MAIL_FATE,
		LINK_MAIL_LOST,
		LINK_MAIL_UP,
		LINK_MAIL_CREDIT
	} kind;
};

/*
 * A stanza on its way down. Made by the gateway with link_down_new(), which makes room for the
 * serialised stanza behind it; travels to the edge, and comes back as the carrier of its fate, so
 * no second allocation and no second queue is needed. domains are as on the wire (U-labels), in the
 * same block.
 */
struct link_down {
	struct link_mail head;
	uint64_t fate_id;     /* 0: nobody asks (an error stanza, a late answer) */
	uint64_t deadline_ms; /* monotonic; 0 is not allowed */
	struct slice from_domain, to_domain;
	struct slice xml; /* one complete stanza whose default namespace is jabber:server */
	/* Filled by the edge before it comes back: */
	enum link_fate_kind fate;
	enum link_reason reason;
	/* For the edge's queue while it owns the stanza: */
	struct link_down *next;
	uint64_t end_offset;
	bool quiet;    /* a ping, or the answer to one: keeps no stream from being inactive */
	bool internal; /* made by the edge itself: holds no credit, nobody is told */
	size_t block;  /* bytes allocated in all; what queue limits count */
};

/* Copies what it is given. from_domain and to_domain at most 1023 bytes each. */
struct link_down *link_down_new(struct slice from_domain, struct slice to_domain, struct slice xml);
void link_down_free(struct link_down *d);

/* A stanza on its way up: authenticated, its from and to checked by the edge (RFC 6120 8.1). */
struct xml_elem;
struct link_share;
struct link_up {
	struct link_mail head;
	struct arena arena; /* holds all below; freed by link_up_done() */
	const struct xml_elem *stanza;
	struct slice from_domain, to_domain; /* the authenticated pair */
	uint64_t arrived_ms;                 /* monotonic */
	struct link_share *share;            /* whose credit it holds; the edge's and the link's */
};

/* Stanzas whose fate became unknown after LINK_WRITTEN was told. */
struct link_lost {
	struct link_mail head;
	enum link_reason reason;
	size_t n;
	uint64_t fate_ids[];
};

struct link;

/* ---- the gateway's end ---- */
struct link_gateway_ops {
	/* d belongs to the callee now (link_down_free). Never called with fate_id 0: those are
	 * freed. */
	void (*fate)(void *arg, struct link_down *d);
	void (*lost)(void *arg, enum link_reason reason, const uint64_t *fate_ids, size_t n);
	/* up belongs to the callee, who calls link_up_done() when it has been dealt with. */
	void (*stanza)(void *arg, struct link_up *up);
};

/*
 * True: d is the link's until its fate comes. False: no credit is left; d->fate and d->reason are
 * set as for LINK_UNSENT / LINK_R_QUEUE_FULL, nothing was sent, and d is still the caller's.
 */
bool link_send(struct link *l, struct link_down *d);

/*
 * Credits towards the edge that nobody holds. Any thread. The edge lets each partner have at most
 * this many stanzas waiting (and its own bound): with n partners that take nothing, each comes to
 * hold 1/(n+1) of all, and as much stays free for the others.
 */
unsigned link_down_room(const struct link *l);

/* Frees up and gives its credit back to the edge. */
void link_up_done(struct link *l, struct link_up *up);

/* ---- the edge's end ---- */
struct link_edge_ops {
	/* d belongs to the callee until it calls link_fate(). */
	void (*send)(void *arg, struct link_down *d);
	/* Credits came back after link_credit() had said no to somebody. */
	void (*credit)(void *arg);
};

/* Reports d->fate and d->reason; d is gone. */
void link_fate(struct link *l, struct link_down *d);

/* For n fate ids; the caller fills them in. */
struct link_lost *link_lost_new(enum link_reason reason, size_t n);
/* lost is gone. */
void link_lost(struct link *l, struct link_lost *lost);

/* The part of the credits that one partner may hold at once, so that none can take them all. */
struct link_share *link_share_new(unsigned max);
void link_share_unref(struct link_share *s); /* stanzas that still hold a credit of it keep it */

/* May a stanza be delivered now? Takes one credit when it says yes. */
bool link_credit(struct link *l, struct link_share *s);

/* Gives back a credit that no stanza came for. */
void link_credit_return(struct link *l, struct link_share *s);

/* Zeroed but for the share, whose credit it holds. */
struct link_up *link_up_new(struct link_share *s);
/* Hands up, which holds a credit. */
void link_deliver(struct link *l, struct link_up *up);

/* ---- link/local: both ends in one process ---- */
struct loop;
struct link_limits {
	unsigned down; /* credits: stanzas between link_send() and their fate */
	unsigned up;   /* credits: stanzas between link_credit() and link_up_done() */
};

/* Made before either loop runs. Both loops outlive the link. */
struct link *link_local_new(struct link_limits limits);
void link_local_gateway(
	struct link *l, struct loop *loop, const struct link_gateway_ops *ops, void *arg);
void link_local_edge(struct link *l, struct loop *loop, const struct link_edge_ops *ops, void *arg);
/* The edge is being freed: what still comes down has the fate LINK_UNSENT, LINK_R_SHUTDOWN. */
void link_local_edge_gone(struct link *l);
/* After both loops have stopped and both ends are freed; what is still on its way is dropped. */
void link_local_free(struct link *l);
