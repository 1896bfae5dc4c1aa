#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "federation/partner.h"

/*
 * Who may see whom: what one SIP user and one XMPP contact have agreed on, in both directions, as
 * two tables (RFC 6121 3 and appendix A, RFC 8048 5). We stand for the user as his server would;
 * what he says, he says with SIP. One row of memory is one of these. Beside them the rules of
 * partner types (design section 7) as a third table. Pure. Nobody calls it yet: presence will.
 *
 * Out is the user's subscription to the contact, in is the contact's to the user; both together are
 * the nine states of RFC 6121 A.1.
 */
enum roster_out { ROSTER_OUT_NONE, ROSTER_OUT_ASKED, ROSTER_OUT_TO, ROSTER_OUT__N };
enum roster_in {
	ROSTER_IN_NONE,
	ROSTER_IN_ASKED,
	ROSTER_IN_FROM,
	ROSTER_IN_LEAVING, /* none; the contact is told when the SIP side has let go */
	ROSTER_IN__N
};

enum roster_event {
	/* stanzas of the contact that roster_judge() lets pass */
	ROSTER_EV_SUBSCRIBE,
	ROSTER_EV_REFUSED, /* a subscribe or a probe that it does not */
	ROSTER_EV_UNSUBSCRIBE,
	ROSTER_EV_SUBSCRIBED,
	ROSTER_EV_UNSUBSCRIBED,
	ROSTER_EV_PROBE,
	ROSTER_EV_STATE,   /* available or unavailable */
	ROSTER_EV_INITIAL, /* available, and nothing was known of him: he has come online */
	ROSTER_EV_FAILED,  /* an error to our subscribe that is for good */

	/* what came of watching the user: WATCHER_* of sip/watcher.h */
	ROSTER_EV_GRANTED,
	ROSTER_EV_DENIED,
	ROSTER_EV_NOBODY,
	ROSTER_EV_LEFT,

	/* what the user's watching the contact asks for: NOTIFIER_* of sip/notifier.h */
	ROSTER_EV_REQUEST,
	ROSTER_EV_FETCH,
	ROSTER_EV_GOODBYE,

	/* of the administration */
	ROSTER_EV_REVOKE,  /* it is over: blocked, partner or user deleted, another type */
	ROSTER_EV_SUSPEND, /* the partner is disabled: nothing passes, all is kept */
	ROSTER_EV_RESUME,
	ROSTER_EVENT__N
};

enum roster_action {
	ROSTER_STORE = 1 << 0, /* before anybody is told: the row has changed */

	/* to the watcher of the user */
	ROSTER_WATCH = 1 << 1,
	ROSTER_UNWATCH = 1 << 2,
	ROSTER_POLL = 1 << 3, /* with a watcher of its own */

	/* to the notifiers of the user */
	ROSTER_GRANT = 1 << 4,
	ROSTER_DENY = 1 << 5,
	ROSTER_CHANGE = 1 << 6,
	ROSTER_WITHDRAW = 1 << 7,   /* REVOKE: rejected; SUSPEND: probation */
	ROSTER_NORESOURCE = 1 << 8, /* withdrawn: there is no such contact */

	/* presence stanzas from the user to the contact */
	ROSTER_SEND_SUBSCRIBE = 1 << 9,
	ROSTER_SEND_UNSUBSCRIBE = 1 << 10,
	ROSTER_SEND_SUBSCRIBED = 1 << 11,
	ROSTER_SEND_UNSUBSCRIBED = 1 << 12,
	ROSTER_SEND_PROBE = 1 << 13,
	ROSTER_SEND_STATE = 1 << 14, /* what is known of the user's resources; nothing if nothing */
	ROSTER_SEND_GOODBYE = 1 << 15, /* unavailable (RFC 8048 5.3.3) */
	ROSTER_FORGET_STATE = 1 << 16, /* unavailable, for each resource that was announced */
};

struct roster_step {
	uint32_t actions;
	uint8_t next;
};
extern const struct roster_step roster_out_steps[ROSTER_OUT__N][ROSTER_EVENT__N];
extern const struct roster_step roster_in_steps[ROSTER_IN__N][ROSTER_EVENT__N];

struct roster_pair {
	uint8_t out, in;
	bool invited; /* the user has asked for the contact once, or written to him (WriteInvites)
		       */
};

/* Both tables at once: the actions of both, to be done in the order of their bits. */
uint32_t roster_event(struct roster_pair *p, enum roster_event event);

/* "none + pending out", as RFC 6121 A.1 names them; LEAVING is none. */
const char *roster_state_name(const struct roster_pair *p);

/* ---- partner types ---- */

enum roster_direction { ROSTER_TO_USER, ROSTER_TO_CONTACT };
enum roster_kind {
	ROSTER_SUBSCRIBING, /* subscribe; SUBSCRIBE with a time */
	ROSTER_PROBING,     /* probe; SUBSCRIBE for once */
	ROSTER_PRESENCE,    /* available, unavailable, also directed */
	ROSTER_NOTE,        /* the text in it */
	ROSTER_MESSAGE,
	ROSTER_KIND__N
};

enum roster_verdict {
	ROSTER_PASS,
	ROSTER_INVITE, /* passes, and is the invitation: stored before it goes */
	ROSTER_REFUSE, /* "unsubscribed" (RFC 6121 3.1.4, 4.3.2); 403; an error */
	ROSTER_DROP,   /* without a word */
};

/*
 * May it pass between partners of this type (design section 7, facts 2)? All else that the
 * permission chain asks was asked before. write_invites is the user's policy's.
 */
enum roster_verdict roster_judge(enum partner_type type, enum roster_kind kind,
	enum roster_direction direction, bool invited, bool write_invites);
