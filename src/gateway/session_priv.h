#pragma once

#include "gateway/backlog.h"
#include "gateway/core.h"
#include "gateway/leg.h"
#include "gateway/pacer.h"
#include "gateway/session.h"
#include "gateway/session_machine.h"

/* What the files of sessions share: session.c and session_act.c have the course, session_in.c what
 * the user says. */

struct session {
	struct table_node node; /* user/contact: bare addresses have no slash */
	struct list used;
	struct gateway *gateway;
	struct backlog texts; /* while one is under way, it is the first of them */
	struct session_machine machine;
	struct leg *leg;        /* of the dialog that counts, or of our INVITE */
	struct leg *heard;      /* of the INVITE that is being taken */
	struct pacer_turn turn; /* of the INVITE, or of the text under way */
	struct loop_timer
		timer;    /* UP: the idle limit; where texts can wait for long, their deadline */
	uint64_t said_ms; /* when something was said last */
	uint64_t first;   /* hash of the text that came with the INVITE */
	uint64_t first_until; /* as the first text of the dialog it may come again; 0: no */
	unsigned dialogs;     /* how many it has had */
	uint8_t accepts;      /* OFFER_* */
	bool take_first;      /* that text was taken over */
	bool asked;           /* a MESSAGE of ours has no final answer: there is one until it has */
	bool fresh;           /* conversation_up() is owed for this dialog */
	bool told_up;         /* conversation_down() is owed */
	bool by_user;         /* the dialog that ended was ended by him */
	struct slice user, contact;
	char *device; /* of his dialog: the resource; NULL: none */
	char *thread; /* NULL: none yet */
	char text[];  /* user, contact */
};

/* Why texts fail. */
struct session_why {
	const struct sip_result *result; /* of the INVITE; NULL: cond, text */
	enum stanza_cond cond;
	const char *text;
	bool told;    /* the sender knows already, or needs not to know */
	bool refused; /* the user's side takes no sessions: tosip_refused() */
};

/* An event, and all that follows from it. s may be gone after it. */
void session_feed(struct session *s, enum session_event event, const struct session_why *why);

/* What the machine asks for. *ret, *ret_why: what follows from it at once; true: something does. */
bool session_act(struct session *s, uint32_t actions, const struct session_why *why,
	enum session_event *ret, struct session_why *ret_why);
/* The texts that wait and are too old leave. */
void session_expire(struct session *s);

extern const struct leg_ops session_leg_ops;

bool session_is_up(const struct session *s);
/* After what happened outside of a feed: timers; one with nothing in it is gone. */
void session_settle(struct session *s);

/* Of the two; there is none yet (asserted), and may_grow has said yes. */
struct session *session_new(struct gateway *g, struct slice user, struct slice contact);
/* Is there room for one more? Where not, the one that was idle longest ends. */
bool session_may_grow(struct gateway *g);
/* Something is being said. */
void session_said(struct session *s);
void session_set_thread(struct session *s, struct slice thread);
const struct route *session_route(const struct session *s); /* NULL: none any more */
/* Of a bare address; views. device NULL: none. */
struct jid session_jid(struct slice bare, const char *device);

/* ---- session_in.c ---- */
void session_dialog(const struct session *s, struct toxmpp_dialog *ret); /* views */
/* The device of his dialog, of its INVITE or of a 2xx to ours; named: what From says. */
void session_set_device(struct session *s, const struct sip_msg *m, struct slice named);
void session_notes_done(struct gateway *g);
void session_heard(struct session *s, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route);
