#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "sip/heap.h"
#include "sip/index.h"
#include "sip/invite.h"
#include "sip/stack.h"
#include "sip/trans.h"

/* What stack.c, server.c, client.c and ident.c share. For sip/ only. */

enum { SIP_ID_LEN = 2 + 16 }; /* node, shard, 80 random bits in base 32 */

/*
 * What tells one transaction from another, as 128 bits of keyed hash: the secret is the process's,
 * so nobody can make two that collide, however long a branch he writes.
 */
struct sip_ident {
	uint64_t a, b;
};

/* One datagram on its way through. */
struct sip_rx {
	struct sip_stack *stack;
	struct sip_msg *m;
	const struct sip_hop *from;
	struct sip_hop back; /* where responses go */
	void *ctx;
	uint64_t now;
	struct sip_ident id;
	uint64_t merge_id;
	struct sip_seen seen;
	char received[INET6_ADDRSTRLEN];
	char to_tag[SIP_ID_LEN];
};

struct sip_server_sent;
struct sip_server_pending;
struct sip_server_invite;

/* A lingering transaction of a plain answer is this and nothing else: about 0.1 kB. */
struct sip_server {
	struct sip_index_node by_id;
	struct sip_index_node by_merge; /* what requests are merged by (8.2.2.2) */
	struct list link;               /* in the queue of its state, by due */
	struct sip_stack *stack;
	uint64_t b; /* the other half of its identity */
	uint64_t due;
	union {
		struct sip_server_pending *pending; /* until answered */
		struct sip_server_sent *sent;       /* COMPLETED; NULL: nothing but the status */
		struct sip_server_invite *invite;   /* is_invite */
	};
	uint16_t status;
	uint8_t state;
	bool merged_by; /* by_merge is in its index */
	bool reliable;  /* it came by a connection */
	bool is_invite;
};

struct sip_client {
	struct sip_index_node by_branch;
	struct sip_heap_node timer; /* the earlier of E and F */
	struct list link;           /* COMPLETED, or failed before it began */
	struct list on_flow;        /* sip_flow.clients */
	struct sip_stack *stack;
	sip_done *done; /* NULL: forgotten, or told */
	void *arg;
	struct sip_hop to;
	char *bytes; /* of the request, while it may be sent again */
	size_t n;
	uint64_t due_e, due_f; /* COMPLETED: due_f is K's. INVITE: A; B, D, M or CANCEL_LATE */
	unsigned interval;
	unsigned times; /* sent */
	uint64_t mark;  /* of the last byte, see sip_stack_ops.send */
	uint8_t state, method;
	uint8_t failed;              /* enum sip_end, for those that never began */
	bool may_have_arrived;       /* what is told at SIP_CLIENT_NETWORK */
	bool cancel_owed, cancelled; /* INVITE */
};

/* The requests that wait for an answer to what was sent by one connection. */
struct sip_flow {
	struct sip_index_node by_number;
	struct list clients;
};

struct sip_stack {
	const struct sip_stack_ops *ops;
	void *arg;
	struct sip_stack_config config;
	struct slice *sent_by;
	struct buf lines;   /* "Server: ...\r\n", and behind it the caps of OPTIONS */
	size_t server_line; /* how much of it is the first */
	struct buf out, extra, scratch, body;
	uint8_t salt[16], pool[500];
	size_t pool_used;

	struct sip_index servers, merges, clients, flows;
	/* Queues of constant terms, so each is in order of due. */
	struct list trying, proceeding, late, completed; /* servers */
	struct list absorbing, failed;                   /* clients */
	struct sip_heap timers;                          /* clients */
	struct sip_heap invites;                         /* servers of INVITE */
	unsigned n_servers, n_clients, n_absorbing, n_completed;
	struct sip_stack_stats stats;
	struct sip_msg msg; /* the datagram in hand */
	struct sip_msg own; /* an INVITE of ours, read again */
	uint32_t rx_flow;   /* by which the response in hand came */
};

/* ident.c */
void sip_ident_of(
	struct sip_stack *s, const struct sip_msg *m, struct slice method, struct sip_ident *ret);
/* The INVITE that an ACK of RFC 2543 is for, when it had no To tag itself (17.2.3). */
void sip_ident_acked(struct sip_stack *s, const struct sip_msg *ack, struct sip_ident *ret);
uint64_t sip_ident_merge(struct sip_stack *s, const struct sip_msg *m);
void sip_ident_tag(struct sip_stack *s, const struct sip_ident *id, char ret[static SIP_ID_LEN]);
void sip_ident_random(struct sip_stack *s, char ret[static SIP_ID_LEN]);
uint64_t sip_ident_branch(struct sip_stack *s, struct slice branch);
/* The branch of an ACK to a 2xx, without its cookie. */
void sip_ident_ack(struct sip_stack *s, const struct sip_spec *spec, char ret[static SIP_ID_LEN]);

/* stack.c */
uint64_t sip_stack_send(struct sip_stack *s, const struct sip_hop *to, struct slice bytes);
/* A response that leaves nothing behind. extra: complete lines. */
void sip_stack_answer(struct sip_rx *rx, unsigned status, const char *reason, struct slice extra);
struct slice sip_stack_server_line(const struct sip_stack *s);

/* server.c */
struct sip_server *sip_server_find(struct sip_stack *s, const struct sip_ident *id);
bool sip_server_merges(struct sip_stack *s, uint64_t merge_id);
void sip_server_start(struct sip_rx *rx);
void sip_server_again(struct sip_server *t, struct sip_rx *rx);
void sip_server_free(struct sip_server *t);
/* What was refused may be tried again on another way; only what was taken is a copy. */
void sip_server_unmerge(struct sip_server *t);
/* Runs what is due; returns when the next is. */
uint64_t sip_server_deadline(const struct sip_stack *s);
void sip_server_tick(struct sip_stack *s, uint64_t now);
void sip_server_free_all(struct sip_stack *s);

/* server_invite.c */
void sip_server_invite_start(struct sip_server *t, struct sip_rx *rx);
void sip_server_invite_again(struct sip_server *t, uint64_t now);
void sip_server_invite_reply(struct sip_server *t, const struct sip_reply *reply, uint64_t now);
bool sip_server_invite_is_from(const struct sip_server *t, const struct sip_hop *from);
const struct sip_hop *sip_server_invite_back(const struct sip_server *t);
void sip_server_invite_cancel(struct sip_server *t, uint64_t now);
/* False: no INVITE of ours is acknowledged by it. */
bool sip_server_invite_ack(struct sip_rx *rx);
uint64_t sip_server_invite_deadline(const struct sip_stack *s);
void sip_server_invite_tick(struct sip_stack *s, uint64_t now);
void sip_server_invite_free(struct sip_server *t); /* what is its alone */

/* flow.c */
void sip_flow_join(struct sip_client *c); /* nothing, when its hop has no number */
void sip_flow_free_all(struct sip_stack *s);

/* client_invite.c */
void sip_client_invite_response(struct sip_client *c, const struct sip_msg *m, uint64_t now);
void sip_client_invite_timer(struct sip_client *c, uint64_t now);
void sip_client_invite_lost(struct sip_client *c, uint64_t now);

/* client.c */
void sip_client_free(struct sip_client *c);
void sip_client_send(struct sip_client *c);
void sip_client_keep(struct sip_client *c, struct slice bytes); /* in place of what it had */
void sip_client_set_timer(struct sip_client *c);                /* at the earlier of E and F */
/* The CANCEL in out, as a transaction of its own with the branch of its INVITE (9.1). */
void sip_client_begin_cancel(const struct sip_client *invite, uint64_t now);
void sip_client_tell(struct sip_client *c, const struct sip_result *r);
/* What was sent last cannot arrive. */
void sip_client_lost(struct sip_client *c, bool may_have_arrived, uint64_t now);
/* By the branch of its Via and its method; NULL. */
struct sip_client *sip_client_find(
	struct sip_stack *s, struct slice branch, enum sip_method method);
/* False: it answers nothing of ours. */
bool sip_client_response(
	struct sip_stack *s, const struct sip_msg *m, const struct sip_hop *from, uint64_t now);
uint64_t sip_client_deadline(const struct sip_stack *s);
void sip_client_tick(struct sip_stack *s, uint64_t now);
void sip_client_free_all(struct sip_stack *s);
