#pragma once

#include "base/hash.h"
#include "base/list.h"
#include "gateway/core.h"
#include "gateway/leg.h"
#include "gateway/leg_state.h"
#include "sipnet/sipnet.h"

/*
 * What the files of a leg share. Only for them.
 *
 *   leg_state   the machine: a table
 *   leg         life, index, bounds; what the machine says is done here
 *   leg_call    we call: INVITE, its answers, forks
 *   leg_called  they call: our 2xx until its ACK; re-INVITE
 *   leg_within  what is said within, in both directions
 *   leg_refresh session timers
 *   leg_fields  the fields and descriptions that we write
 */

/* The legs of one partner, or of one route, whose name it keeps for them. */
struct leg_share {
	struct table_node node;
	unsigned n;
	size_t bytes;
	char name[];
};

struct legs {
	struct list all;    /* leg.all */
	struct table table; /* leg.node, by leg.id */
	struct table partners, routes;
	unsigned n;
	size_t bytes;
	struct list left;   /* leg.late: left() is owed, at the end of the turn */
	struct list unsent; /* leg_call.late: so is done() */
	struct loop_task task;
};

/* A request of ours within, or our INVITE, until it can bring nothing more. */
struct leg_call {
	struct list node; /* leg.calls */
	struct list late; /* legs.unsent */
	struct leg *leg;
	struct sipnet_call *handle; /* NULL: it could not be sent */
	bool invite;                /* no final answer yet, and CANCEL would help */
	sip_done *done;             /* NULL: nobody asks */
	void *arg;
};

struct leg {
	struct list all;
	struct table_node node;
	uint64_t id; /* sip_dialog_id(); while there is no dialog: leg_early_id() */
	struct gateway *gateway;
	struct leg_owner owner; /* ops NULL: nobody */
	struct leg_share *partner, *route;
	struct sip_dialog
		*dialog; /* NULL: CALLING, CANCELLING, and what came of them without one */
	struct sipnet_way way;
	uint8_t state;         /* enum leg_state */
	bool calling;          /* as who called */
	bool microsoft;        /* of a route of such a kind */
	bool update;           /* they allow UPDATE */
	bool refreshing;       /* our UPDATE or re-INVITE has no final answer */
	bool offering;         /* and it is a re-INVITE: there is an offer of ours */
	bool gone;             /* it is disposed of */
	uint8_t n_lines, line; /* of the description, and which is ours */
	uint8_t forks;         /* calling: others that have accepted, too */
	struct sip_session_timer timer;
	uint64_t expires_ms; /* CALLING: when the owner wants to know */
	struct loop_timer due;
	struct list calls; /* leg_call.node */
	struct list late;  /* legs.left */
	/* calling: the INVITE, until its transaction is gone. called: our 2xx, until its ACK. */
	struct leg_invite *invite;
	struct leg_answer *answer;
	struct sip_server *txn; /* their INVITE: unanswered, or its 2xx without ACK */
	uint32_t txn_cseq;
	size_t bytes; /* counted in legs.bytes */
};

/* ---- leg.c ---- */

/* What the owner is told with an event. */
struct leg_news {
	const struct sip_result *result;
	const struct sip_msg *response;
	unsigned accepts;
	enum leg_end why;
};
/* The leg may be gone after it. */
void leg_event(struct leg *l, enum leg_event event, const struct leg_news *news);

/* NULL: there is no room. Not in the index yet. */
struct leg *leg_new(struct gateway *g, const struct leg_owner *owner, struct slice partner,
	const struct route *route);
/* Puts it into the index, under its dialog or what will be one. False: there is one like it. */
bool leg_put(struct leg *l, uint64_t id);
uint64_t leg_early_id(struct slice call_id, struct slice local_tag);
struct leg *leg_find(const struct gateway *g, uint64_t id);
/* Counts what it holds anew. */
void leg_weigh(struct leg *l);
/* Is there room for the route set and target that this request of theirs may bring? */
bool leg_fits(const struct leg *l, const struct sip_msg *m);
/* Sets its timer to what is due first. */
void leg_arm(struct leg *l);
/* May its owner say something in it, and the other side be refreshed? */
bool leg_is_standing(const struct leg *l);
/* The other side has no such dialog, or is silent. */
void leg_lost(struct leg *l);
/* Disposes of it when it is over and nothing is out. */
void leg_check(struct leg *l);

/* ---- leg_call.c ---- */

/* To a 2xx with this CSeq, again and again the same; 0: of the last INVITE. */
void leg_call_ack(struct leg *l, uint32_t cseq);
/* All INVITEs of ours that have no final answer. */
void leg_call_cancel(struct leg *l);
void leg_invite_free(struct leg_invite *i); /* NULL is fine */
size_t leg_invite_bytes(const struct leg_invite *i);
struct slice leg_invite_call_id(const struct leg_invite *i);

/* ---- leg_called.c ---- */
void leg_answer_send(struct leg *l);
void leg_answer_free(struct leg_answer *a);
size_t leg_answer_bytes(const struct leg_answer *a);
void leg_called_refuse(struct leg *l, unsigned status, struct slice reason, struct sip_out field);
/* Nothing of their INVITE is waited for any more. */
void leg_called_done(struct leg *l);
void leg_update(
	struct leg *l, struct sip_server *txn, const struct sip_msg *m, const struct route *route);
void leg_reinvite(
	struct leg *l, struct sip_server *txn, const struct sip_msg *m, const struct route *route);

/* ---- leg_within.c ---- */

struct leg_call *leg_call_new(struct leg *l, sip_done *done, void *arg);
/* It brings nothing more. */
void leg_call_end(struct leg_call *c);
/* A request of ours within. Never runs done() by itself: legs.unsent where there is no route. */
void leg_within(
	struct leg *l, const struct leg_request *r, unsigned timeout_ms, sip_done *done, void *arg);
/* False: there is no way to send it. */
bool leg_send_bye(struct leg *l);
/* done() for what could not be sent. */
void leg_calls_fail(struct legs *s);
void leg_reply(struct gateway *g, struct sip_server *txn, unsigned status, struct slice reason,
	struct sip_out field);

/* ---- leg_refresh.c ---- */
void leg_refresh(struct leg *l);

/* ---- leg_fields.c ---- */

/* "<sip:...>", in the scratch arena. */
struct slice leg_contact(
	struct gateway *g, const struct route *route, const struct sipnet_way *way);
/* What a description of ours says of where it is; contact: as above. */
struct offer_place leg_place(struct slice contact, struct slice call_id);
/* "sip:user@host" of an address of ours, in the scratch arena. */
struct slice leg_uri(struct gateway *g, const struct sip_uri *u);
