#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "sip/sip.h"
#include "xml/elem.h"

/*
 * Who is typing: chat states of XMPP (XEP-0085), isComposing of SIP (RFC 3994) and what user agents
 * of Lync and Skype for Business say with INFO (KeyboardActivity). Three parts: reading and writing
 * the documents, and a machine that joins both sides of one conversation. Pure: the time is passed
 * in. gateway/conversation.h has one for each user and contact.
 */

/* ---- documents ---- */

#define NS_CHATSTATES  "http://jabber.org/protocol/chatstates"
#define NS_ISCOMPOSING "urn:ietf:params:xml:ns:im-iscomposing"

#define COMPOSING_TYPE "application/im-iscomposing+xml"
#define KEYBOARD_TYPE  "application/xml"

enum chatstate {
	CHATSTATE_NONE,
	CHATSTATE_ACTIVE,
	CHATSTATE_COMPOSING,
	CHATSTATE_PAUSED,
	CHATSTATE_INACTIVE,
	CHATSTATE_GONE,
	CHATSTATE__N
};

/* NONE: it has none, or more than one (XEP-0085 5.3 forbids that, so it says nothing). */
enum chatstate chatstate_read(const struct xml_elem *message);
const char *chatstate_name(enum chatstate s); /* "composing"; asserts that it is one */
/* "<composing xmlns='...'/>" */
void chatstate_write(struct buf *out, enum chatstate s);

enum {
	COMPOSING_REFRESH_S = 120,      /* RFC 3994 3.3: where the document says nothing */
	COMPOSING_REFRESH_MAX_S = 3600, /* ours: nobody types for longer */
};

struct composing_doc {
	bool active;             /* an unknown state is idle (3.5) */
	unsigned refresh_s;      /* 1 to COMPOSING_REFRESH_MAX_S */
	struct slice media_type; /* of what is being written; SL_NONE: not said */
};

/* False: not an isComposing document with a state (section 6). Views are in a. */
bool composing_read(struct composing_doc *ret, struct arena *a, struct slice body);
/* refresh_s 0: not said. */
void composing_write(struct buf *out, bool active, unsigned refresh_s);

/* Does a list of types, as a=accept-types or Accept have it, allow isComposing (RFC 4975 8.6)? */
bool composing_accepted(struct slice accept_types);

/* OTHER: ConversationInfo, an unknown status, what cannot be read; answered 200 all the same. */
enum keyboard { KEYBOARD_OTHER, KEYBOARD_TYPE_KEYS, KEYBOARD_IDLE };
enum keyboard keyboard_read(struct arena *a, struct slice body);
void keyboard_write(struct buf *out, bool typing);

/* ---- the machine ---- */

/* How the SIP side learns of it. */
enum composing_carriage {
	COMPOSING_NOT,      /* not at all: neither form is accepted */
	COMPOSING_PAGER,    /* isComposing in a MESSAGE outside a dialog */
	COMPOSING_SESSION,  /* isComposing in the session */
	COMPOSING_KEYBOARD, /* INFO in the dialog */
};

/*
 * What the contact has been told of the SIP user.
 *
 *           typing                        a message without a state
 *     QUIET ------> TYPING    QUIET, TYPING ----------------------> MUTE
 *           <------                         <----------------------
 *       idle, content, time-out                a message with one
 */
enum heard_state { HEARD_QUIET, HEARD_TYPING, HEARD_MUTE, HEARD_STATE__N };
enum heard_event {
	HEARD_EV_TYPING,     /* isComposing active, KeyboardActivity type */
	HEARD_EV_IDLE,       /* isComposing idle or unknown, KeyboardActivity idle */
	HEARD_EV_CONTENT,    /* a message of the SIP user */
	HEARD_EV_TIMEOUT,    /* no refresh (RFC 3994 3.3) */
	HEARD_EV_UNDERSTOOD, /* the contact sent a chat state: he knows them */
	HEARD_EV_UNKNOWN_TO, /* the contact sent a message without one: he does not (XEP-0085 5.1)
			      */
	HEARD_EV_END,        /* the SIP side has ended the session (RFC 7573 6.1) */
	HEARD_EVENT__N
};

/*
 * What the SIP user has been told of the contact.
 *
 *            up          composing
 *     DOWN -----> IDLE ------------> ACTIVE      415: -> OFF
 *          <-----      <------------
 *           down        stopped, content, time-out
 */
enum said_state { SAID_DOWN, SAID_IDLE, SAID_ACTIVE, SAID_OFF, SAID_STATE__N };
enum said_event {
	SAID_EV_UP,        /* the dialog stands; pager: the SIP user has written (RFC 3994 7) */
	SAID_EV_DOWN,      /* it has ended */
	SAID_EV_COMPOSING, /* not within COMPOSING_AGAIN_MS of the last that was said */
	SAID_EV_SOON,      /* within: the machine tells the two apart itself */
	SAID_EV_STOPPED,   /* paused, active, inactive */
	SAID_EV_GONE,
	SAID_EV_CONTENT, /* a message of the contact, with whatever state */
	SAID_EV_TIMEOUT, /* COMPOSING_REFRESH_S without a word */
	SAID_EV_REFUSED, /* 415 to what was said (RFC 3994 4) */
	SAID_EVENT__N
};

enum {
	COMPOSING_AGAIN_MS = 10000, /* profile 5.4 */
	COMPOSING_OFTEN = 10,       /* nobody begins more often within that time: left out */
};

enum composing_action {
	COMPOSING_TELL_TYPING = 1 << 0,  /* to the contact: composing */
	COMPOSING_TELL_STOPPED = 1 << 1, /* to the contact: composing_stopped() */
	COMPOSING_TELL_GONE = 1 << 2,    /* to the contact: gone */
	COMPOSING_SAY_ACTIVE = 1 << 3,   /* to the SIP user, in the carriage's form */
	COMPOSING_SAY_IDLE = 1 << 4,
	COMPOSING_END = 1 << 5,  /* end the session, once what waits in it has been delivered */
	COMPOSING_WAIT = 1 << 6, /* (kept inside) the timer begins anew */
	COMPOSING_STOP = 1 << 7, /* (kept inside) the timer stops */
};

struct composing_step {
	uint8_t actions, next;
};
extern const struct composing_step composing_heard_steps[HEARD_STATE__N][HEARD_EVENT__N];
extern const struct composing_step composing_said_steps[SAID_STATE__N][SAID_EVENT__N];

/* How often one side was told that the other began. */
struct composing_often {
	uint64_t until;
	uint8_t n;
	bool left_out; /* the last time: its end is nothing to tell, either */
};

/* One conversation. Plain data, no destructor. */
struct composing {
	uint8_t carriage, heard, said;
	struct composing_often told, spoken;
	uint64_t heard_until; /* UINT64_MAX: no timer runs */
	uint64_t said_until, quiet_until;
};

void composing_init(struct composing *c, enum composing_carriage carriage);

/*
 * What follows: actions, without those kept inside. refresh_s counts for HEARD_EV_TYPING alone; of
 * KeyboardActivity, which has none: COMPOSING_REFRESH_S.
 */
unsigned composing_heard(
	struct composing *c, enum heard_event event, unsigned refresh_s, uint64_t now_ms);
unsigned composing_said(struct composing *c, enum said_event event, uint64_t now_ms);

/*
 * A message of the contact, of either kind: has_body and the state in it. What it says of the
 * contact's client goes into the other half by itself. Not for messages of type error.
 */
unsigned composing_stanza(
	struct composing *c, enum chatstate state, bool has_body, uint64_t now_ms);

uint64_t composing_deadline(const struct composing *c); /* UINT64_MAX: nothing waits */
unsigned composing_tick(struct composing *c, uint64_t now_ms);

/* What "stopped" is for the contact: paused of Lync (profile 5.4), else active (RFC 7573 table 3).
 */
enum chatstate composing_stopped(const struct composing *c);
/* The state to put beside a text of the SIP user (XEP-0085 5.1): active, or NONE. */
enum chatstate composing_beside_text(const struct composing *c);

/* The message that tells the SIP user: its method, its type, and its body, appended to out. */
struct composing_form {
	enum sip_method method; /* INFO, MESSAGE */
	const char *type;
};
struct composing_form composing_form(const struct composing *c, bool active, struct buf *out);
