#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "federation/permission.h"
#include "federation/snapshot.h"
#include "gateway/conversation.h"
#include "gateway/cseq.h"
#include "gateway/gateway.h"
#include "gateway/message.h"
#include "gateway/pending.h"
#include "gateway/refusals.h"
#include "loop/loop.h"
#include "xmpp/jid.h"
#include "xmpp/stanza.h"

/* What the files of this folder share. Not for other folders. */

struct backlog;
struct invites;
struct outgoing;
struct session;

/* What gateway_caps says, in the same order. */
#define GATEWAY_ALLOW SL("INVITE, ACK, BYE, CANCEL, MESSAGE, INFO, OPTIONS, UPDATE, REFER")

struct gateway {
	struct loop *loop;
	struct log log;
	char node, shard;
	struct gateway_limits limits;
	const struct gateway_ops *ops;
	void *ops_arg;
	struct link *link;
	struct sipnet *sipnet;
	struct snapshot *snapshot; /* NULL: everything is refused */
	bool draining;

	/* For one event only: reset when it begins. */
	struct arena scratch;
	struct buf xml, uri, callid, wrapped;

	/* Stanzas without a fate id that found no credit; sent before any other. */
	struct link_down *held, **held_end;
	unsigned n_held;
	struct loop_timer held_timer;

	/* toxmpp */
	struct pending_table pending;
	struct list storing, sent, window, late; /* pending.node, oldest first */
	unsigned n_unanswered, n_window, n_late;
	struct loop_timer guard, forget; /* for the oldest of sent, of late */

	/* tosip: pager, pacer, backlog, session */
	struct table targets;
	struct table pacers;
	struct table stakes; /* of partners in what is queued */
	struct cseq_table cseq;
	unsigned n_queued;
	size_t queued_bytes;
	struct refusals refusals;
	struct table sessions;
	struct list sessions_used; /* session.used, the least recent first */
	struct legs *legs;
	struct list session_notes; /* what was said beside texts and has no answer yet */

	/* late */
	struct table late_pairs;
	struct list late_due; /* late_pair.node, the next to be due first */
	struct loop_timer late_timer;

	struct conversations *conversations; /* conversation_priv.h */
	struct invites *invites;
	struct bodies *bodies; /* NULL: texts of messages are written nowhere */

	/* gateway_may_log() */
	uint64_t log_second;
	unsigned log_lines;
};

static inline uint64_t gateway_now(const struct gateway *g)
{
	return loop_now(g->loop);
}

static inline uint64_t gateway_wall(const struct gateway *g)
{
	return g->ops->wall_ms(g->ops_arg);
}

/*
 * Lines that each message may cause: at most 50 a second, so that nobody can flood the log. What is
 * not logged is counted all the same, by the metric of its kind.
 */
bool gateway_may_log(struct gateway *g);

/* Begins an event: the scratch arena is empty. */
struct arena *gateway_scratch(struct gateway *g);

/* For tables of a user and a contact: "user/contact", for bare addresses have no slash; in there.
 */
struct slice gateway_pair_key(struct gateway *g, struct slice user, struct slice contact);

/*
 * Sends a stanza whose fate nobody asks for; xml is complete. Without credit it waits a while: it
 * is mostly an error that somebody must be told.
 */
void gateway_send_xml(
	struct gateway *g, struct slice from_domain, struct slice to_domain, struct slice xml);

/* The same for the answer to a ping, which keeps no stream from being inactive. */
void gateway_send_quiet(
	struct gateway *g, struct slice from_domain, struct slice to_domain, struct slice xml);

/* The same for what is worth nothing later: without credit it is dropped. */
void gateway_send_fleeting(
	struct gateway *g, struct slice from_domain, struct slice to_domain, struct slice xml);

/* An error in answer to e, whose addresses have these domains. Nothing when e may not be answered.
 */
void gateway_bounce(struct gateway *g, const struct xml_elem *e, struct slice from_domain,
	struct slice to_domain, enum stanza_cond cond, struct slice text);

/* federation/permission.h, with the invitations at hand. */
struct permission gateway_permission(struct gateway *g, struct slice user, struct slice contact,
	enum permission_direction direction);

/* ---- toxmpp.c, fate.c: SIP to XMPP ---- */
void toxmpp_init(struct gateway *g, uint64_t seed);
void toxmpp_done(struct gateway *g);
void toxmpp_request(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route);

/* Who speaks to whom in a session; it says that of what is said within. */
struct toxmpp_dialog {
	struct message_pair pair;   /* from: the user, with his device */
	struct slice user, contact; /* bare */
	struct slice thread;        /* SL_NONE: none */
};
/* Of an INVITE. False: it is refused so; the session has nothing to do with it. */
bool toxmpp_judge(struct gateway *g, const struct sip_msg *m, const struct route *route,
	struct toxmpp_dialog *ret, struct message_refusal *refusal);
/* The text that came with it: of errors he hears as of those after a 200. */
void toxmpp_first(struct gateway *g, const struct toxmpp_dialog *d, const struct route *route,
	struct slice text);
/* A MESSAGE within. again(arg, body) says whether the text was passed on already. */
void toxmpp_within(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct toxmpp_dialog *d,
	bool (*again)(struct session *s, struct slice body), struct session *s);

void toxmpp_fate(struct gateway *g, struct link_down *d); /* takes d */
void toxmpp_lost(struct gateway *g, enum link_reason reason, const uint64_t *ids, size_t n);
/* The contact's client says that it has this message: its answer waits for nothing any more. */
void toxmpp_confirmed(struct gateway *g, uint64_t fate_id);
/* A message of type error. from, to: whom it names, canonical. */
void toxmpp_error(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to);

/* ---- tosip.c: XMPP to SIP ---- */
void tosip_init(struct gateway *g);
void tosip_done(struct gateway *g);
/* A message that is no error. */
void tosip_message(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to);
/* Between whom, by when: views of the scratch arena. */
void tosip_address(
	struct gateway *g, struct outgoing *o, const struct jid *contact, const struct jid *user);
/* A text of our own making, about which nobody is told anything. False: no room. */
bool tosip_notice(
	struct gateway *g, const struct jid *contact, const struct jid *user, struct slice text);
/* Typing or a receipt as a MESSAGE of its own; how it ends: conversation_noted(). False: no room.
 */
bool tosip_note(struct gateway *g, const struct jid *contact, const struct jid *user,
	enum conversation_note kind, struct slice content_type, struct slice body);
/* The user's side takes no sessions: the first of b goes by another way, or its sender is told. */
void tosip_refused(struct gateway *g, struct backlog *b);

/* ---- late.c: errors known only after the 200 ---- */
void late_init(struct gateway *g);
void late_done(struct gateway *g);
/*
 * A message of user to contact (bare addresses) that came at wall_ms was not delivered, or, doubt,
 * may not have been. why: one line for the user, who hears it unless he was told otherwise.
 */
void late_report(struct gateway *g, struct slice user, struct slice contact, uint64_t wall_ms,
	bool doubt, struct slice why, bool told);

/* ---- service.c: iq and presence ---- */
void service_iq(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to);
void service_presence(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to);

/* ---- invites.c ---- */
struct invites *invites_new(
	struct gateway *g, struct memory *memory, struct worker *worker, struct err *e);
void invites_free(struct invites *i);
/* Drops, also from the store, what was given to another partner than `now` has (allow_rejudge()).
 */
void invites_rejudge(struct invites *i, const struct snapshot *before, const struct snapshot *now);
bool invites_has(
	const struct invites *i, struct slice user, struct slice contact, uint64_t wall_ms);
void invites_put(struct invites *i, struct slice user, struct slice contact, uint64_t expires_ms,
	struct slice by, gateway_stored *done, void *arg);
void invites_remove(struct invites *i, struct slice user, struct slice contact,
	gateway_stored *done, void *arg);
void invites_each(const struct invites *i, uint64_t wall_ms,
	void (*fn)(void *arg, struct slice user, struct slice contact, uint64_t expires_ms),
	void *arg);
size_t invites_count(const struct invites *i);
unsigned invites_busy(const struct invites *i);
