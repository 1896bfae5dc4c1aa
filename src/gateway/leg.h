#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "gateway/message.h"
#include "gateway/offer.h"
#include "sip/sip.h"

/*
 * The signalling of one session: one dialog from its INVITE to its end, in either role (RFC 3261 12
 * to 15, RFC 6026, RFC 3311, RFC 4028; lync-sip-profile 3, 5.2, 5.5 to 5.7). What is said within,
 * and for whom, is its owner's business: gateway/session. MESSAGE is one carriage on it; MSRP would
 * be another.
 *
 *   leg_invite() -> CALLING --2xx--> UP <--ACK-- UNACKED <--leg_answer()-- HEARD <- leg_heard()
 *                      |             |  leg_bye()    |  leg_bye()            |
 *                      | CANCEL      `-> LEAVING     `-> ACK -> LEAVING      | CANCEL, leg_refuse()
 *                      v                   | answer                          v
 *                   refused               left          BYE: ended         ended
 *
 * Done inside, unseen by the owner: ACK, the same again when a 2xx comes again; ACK and BYE for all
 * 2xx but the first (13.2.2.4) and for what comes after a CANCEL; our 2xx again until its ACK; what
 * is asked within the dialog besides MESSAGE and INFO: re-INVITE and UPDATE 200 with the same SDP,
 * 488 for another, 491 and 500 where they cross (14.2), OPTIONS 200, REFER 603, BYE 200, requests
 * out of order 500; where the other side moves to (Contact, connection); session timers in both
 * roles.
 *
 * Contract of callbacks: they run from the loop, never inside a function of this header, and for
 * failures known at once as well. Inside them all functions here may be called. One of those marked
 * "last" comes exactly once, unless leg_forget() came first: then the handle is gone.
 */
struct gateway;
struct leg;
struct route;
struct sipnet_way;

enum leg_end {
	LEG_BYE,       /* the other side's BYE */
	LEG_CANCELLED, /* its CANCEL, before leg_answer() */
	LEG_LOST,      /* it does not know the dialog any more, or has been silent for too long */
};

struct leg_ops {
	/* Our INVITE was accepted and the ACK is sent. accepts: enum offer_accepts of the answer.
	 */
	void (*up)(void *arg, unsigned accepts, const struct sip_msg *response);
	/*
	 * Last: it was not. SIP_FINAL: 300 to 699, or a 2xx whose answer takes no message session
	 * (status 488, no response); SIP_TIMEOUT: nothing final within its time.
	 */
	void (*refused)(void *arg, const struct sip_result *r);
	/* Our 200 has its ACK, or will not get one: BYE is sent, left() follows. */
	void (*acked)(void *arg);
	void (*unacked)(void *arg);
	/*
	 * A MESSAGE or INFO within, in order: to be answered with gateway_ops.reply(), once, at the
	 * latest after 32 s, whatever becomes of the leg. m, route: for the call only.
	 */
	void (*request)(void *arg, struct sip_server *txn, const struct sip_msg *m,
		const struct route *route);
	/* Last: not by us. Answers to what leg_send() has sent may still come. */
	void (*ended)(void *arg, enum leg_end why);
	/* Last: what leg_bye() began is over. */
	void (*left)(void *arg);
};

struct leg_owner {
	const struct leg_ops *ops;
	void *arg;
};

/* ---- we call ---- */
struct leg_spec {
	struct leg_owner owner;
	const struct route *route; /* of the snapshot in force */
	struct slice partner;      /* the contact's domain: who it counts for */
	struct slice ruri;         /* of the user: "sip:romeo@example.net" */
	struct slice from;         /* of the contact: "<sip:juliet@example.com;gr=balcony>" */
	struct slice call_id;      /* absent: a new one */
	/* P-Asserted-Identity, Subject; not Contact, Supported, Allow, Session-Expires. */
	const struct sip_out *fields;
	size_t n_fields;     /* at most LEG_FIELDS */
	unsigned timeout_ms; /* for the final answer; then CANCEL, and refused() with SIP_TIMEOUT */
};
enum { LEG_FIELDS = 4 };

/* All is copied. NULL: there is no room for another leg (500 and Retry-After, resource-constraint).
 */
struct leg *leg_invite(struct gateway *g, const struct leg_spec *spec);

/* ---- they call ---- */

/* An INVITE outside of dialogs that offer_read() liked. */
struct leg_invited {
	struct leg_owner owner;
	struct sip_server *txn;
	const struct sip_msg *invite;
	const struct offer *offer;
	const struct route *route; /* of the snapshot in force */
	const struct sipnet_way *way;
	struct slice partner; /* the contact's domain: who it counts for */
};

/*
 * False: refused with what *refusal says, and txn is still the caller's: 400 no good Contact or
 * Record-Route, 422 a session interval too short, 500 no room. True: leg_answer() or leg_refuse()
 * is owed, within 180 s.
 */
bool leg_heard(struct leg **ret, struct gateway *g, const struct leg_invited *i,
	struct message_refusal *refusal);

/* 200. first: the embedded message was taken over (profile 5.2). */
void leg_answer(struct leg *l, bool first);

/* Another final answer; the handle is gone. */
void leg_refuse(struct leg *l, const struct message_refusal *refusal);

/* ---- within ---- */
struct leg_request {
	enum sip_method method; /* MESSAGE, INFO */
	struct slice content_type, body;
	const struct sip_out *fields; /* Content-Language, Date, P-Asserted-Identity */
	size_t n_fields;              /* at most LEG_FIELDS */
};

/*
 * Between up() or acked() and the end; one after the other is the caller's business. done() runs
 * exactly once, never inside this call, also when the leg has ended or was forgotten meanwhile;
 * done NULL: nobody asks. A 481 ends no leg by itself: the owner knows what follows, and forgets
 * it.
 */
void leg_send(
	struct leg *l, const struct leg_request *r, unsigned timeout_ms, sip_done *done, void *arg);

/* ---- the end ---- */

/*
 * We leave, in any state: CANCEL, a refusal (480), or BYE, after the ACK if that is still to come
 * (15). left() follows, or another "last" one if that was faster. A second time: nothing.
 */
void leg_bye(struct leg *l);

/*
 * No callback any more; the handle is gone. What was begun is brought to its end: behind leg_bye()
 * its BYE. Without leg_bye() nothing is sent, as for a dialog that the other side has forgotten;
 * an INVITE without final answer is left as by leg_bye().
 */
void leg_forget(struct leg *l);

/* ---- what it is ---- */
struct slice leg_call_id(const struct leg *l); /* lives as long as the leg */
/* By which it goes, of the settings in force; NULL: they have none of that name any more. */
const struct route *leg_route(const struct leg *l);
size_t leg_bytes(const struct leg *l); /* memory it takes, about */

/* ---- all of them ---- */
struct legs_view {
	unsigned legs; /* those that linger after their end, too */
	size_t bytes;
};
void legs_view(const struct gateway *g, struct legs_view *ret);

/* For gateway.c: what has a To tag, and what the transaction layer says of INVITEs and ACKs. */
void legs_init(struct gateway *g);
void legs_done(struct gateway *g);
void legs_request(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way);
void legs_ack(struct gateway *g, const struct sip_msg *m, const struct route *route);
void legs_invite(struct gateway *g, struct sip_server *txn, enum sip_invite_event event);
/* What a session would be offered with; appended. */
void legs_describe(struct gateway *g, const struct sip_msg *options, const struct route *route,
	const struct sipnet_way *way, struct buf *sdp);
