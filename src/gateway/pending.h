#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/slice.h"
#include "loop/loop.h"

/*
 * SIP requests whose message went to XMPP, from arrival until nothing more can be heard of them. A
 * record is found by its fate id: the place in the table and how often it was used, so that a stale
 * id finds nothing and no hash is needed.
 *
 *   STORING --> SENT --> WINDOW --> LATE     WINDOW, LATE: the stanza was written
 *       |         |\        |
 *       |         | `-> ANSWERED             an error came before the fate did
 *       `---------+---------+-----> (gone)   answered with an error
 */
enum pending_state {
	PENDING_STORING,  /* the invitation it makes is being written */
	PENDING_SENT,     /* no fate yet */
	PENDING_ANSWERED, /* no fate yet, but the sender has his answer */
	PENDING_WINDOW,   /* written; an error stanza may still become the answer */
	PENDING_LATE,     /* answered 200 */
};

struct sip_server;
struct link_down;

struct pending {
	struct list node; /* in the list of its state, by time */
	struct loop_timer window;
	struct gateway *gateway;
	uint64_t id;
	uint64_t until_ms;        /* monotonic: when the state is given up */
	uint64_t wall_ms;         /* when the message came, for late errors */
	struct sip_server *txn;   /* NULL once answered; of the first message of an INVITE always */
	struct link_down *stanza; /* STORING: not sent yet */
	uint32_t slot;
	uint16_t error_wait_ms;
	uint8_t state;
	bool full_jid;              /* the stanza went to a full JID */
	struct slice user, contact; /* bare addresses */
	char *spill;                /* where they are when they do not fit */
	char room[120];
};

struct pending_table {
	struct pending **chunks;
	unsigned n_chunks;
	struct list unused;
	uint64_t lap; /* put into the ids; never 0 */
	unsigned used;
};

void pending_init(struct pending_table *t, uint64_t seed);
void pending_done(struct pending_table *t);

/* A record with copies of the addresses; its id is new. */
struct pending *pending_new(
	struct pending_table *t, struct gateway *g, struct slice user, struct slice contact);
struct pending *pending_find(const struct pending_table *t, uint64_t id); /* NULL: gone */
/* Takes it out of its list and stops its timer. */
void pending_free(struct pending_table *t, struct pending *p);

/* Calls fn for all that are in use; fn may free the one it is given. */
void pending_each(struct pending_table *t, void (*fn)(void *arg, struct pending *p), void *arg);

/* ---- stanza ids: node, shard, the fate id in base 32 ---- */
enum { STANZA_ID_MAX = 15 };
struct slice stanza_id_write(char ret[STANZA_ID_MAX], char node, char shard, uint64_t fate_id);
/* 0: it is none of this node's and shard's. */
uint64_t stanza_id_read(struct slice id, char node, char shard);
