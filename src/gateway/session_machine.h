#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The course of one conversation of a SIP user and a contact as a session (lync-sip-profile 5.2 to
 * 5.7, RFC 3261 13 to 15), in either role, as a table: what happens in, what is to be done out. Who
 * has one keeps the dialogs, the texts and the timers; the machine says when they are used, and
 * that each text is delivered once or its sender is told. Pure.
 *
 *          more          2xx             more             2xx
 *    IDLE ------> INVITING ----> UP <-----------> SENDING ----> UP
 *      ^  \ INVITE               ^ ACK     | the dialog is dead
 *      |   `------> ANSWERED ----'         `---> IDLE
 *      `--- the end ---- LEAVING <---- leave, idle limit
 *
 * Events are of the current dialog and of the last INVITE that was not given up; whoever feeds them
 * knows which these are. Of others come only STRAY and the answer to the MESSAGE under way.
 */
enum session_state {
	SESSION_IDLE,     /* there is no dialog */
	SESSION_INVITING, /* our INVITE has no final answer; texts wait */
	SESSION_ANSWERED, /* our 200 has no ACK */
	SESSION_UP,
	SESSION_SENDING, /* a MESSAGE of ours has no final answer in this dialog */
	SESSION_LEAVING, /* our BYE has no final answer */
	SESSION_STATE__N
};

enum session_event {
	SESSION_EV_TEXT,       /* of the contact */
	SESSION_EV_MORE,       /* (fed inside) a text waits, and none is under way */
	SESSION_EV_INVITE,     /* of the user, in no dialog */
	SESSION_EV_ACCEPTED,   /* 2xx to our INVITE */
	SESSION_EV_REFUSED,    /* 300 to 699 */
	SESSION_EV_UNANSWERED, /* 408, or nothing */
	SESSION_EV_STRAY,      /* 2xx of another leg of a fork, or to an INVITE that was given up */
	SESSION_EV_ACK,
	SESSION_EV_NO_ACK,     /* 64*T1 after our 200 (RFC 3261 13.3.1.4, 14.2) */
	SESSION_EV_SENT,       /* 2xx to the MESSAGE */
	SESSION_EV_FAILED,     /* another answer that says no; the dialog goes on */
	SESSION_EV_DEAD,       /* 481, 480, 404, 410: the user's side has no such dialog */
	SESSION_EV_DEAD_AGAIN, /* (made inside, too) the same, of what is not sent once more, or was
				*/
	SESSION_EV_SILENT,     /* 408, or nothing */
	SESSION_EV_BYE,        /* of the user */
	SESSION_EV_LEAVE,      /* of the contact: gone */
	SESSION_EV_LIMIT,      /* nothing was said for the idle limit (5.7) */
	SESSION_EV_LEFT,       /* a BYE of ours has its answer, or never gets one */
	SESSION_EV_STOP,       /* we end, and wait for nobody; what is under way is unknown */
	SESSION_EVENT__N
};

enum session_action {
	SESSION_QUEUE = 1 << 0,         /* keep the text, behind the others */
	SESSION_INVITE = 1 << 1,        /* a new Call-ID, a new Ms-Conversation-ID */
	SESSION_CANCEL = 1 << 2,        /* our INVITE (RFC 3261 9.1) */
	SESSION_ACCEPT = 1 << 3,        /* 200: the dialog of this INVITE is the current one now */
	SESSION_REPLACE = 1 << 4,       /* BYE in the one that was, without waiting */
	SESSION_ACK = 1 << 5,           /* its dialog is the current one now */
	SESSION_DROP_LEG = 1 << 6,      /* ACK, and BYE in that leg: nobody needs it (13.2.2.4) */
	SESSION_SEND = 1 << 7,          /* the first text that waits is under way */
	SESSION_DONE = 1 << 8,          /* the text under way has arrived */
	SESSION_FAIL = 1 << 9,          /* it has not: its sender is told why */
	SESSION_FAIL_UNKNOWN = 1 << 10, /* it may have: remote-server-timeout */
	SESSION_AGAIN = 1 << 11,        /* it has not: it waits again, before the others */
	SESSION_FAIL_ALL = 1 << 12,     /* those that wait: their senders are told */
	SESSION_BYE = 1 << 13,
	SESSION_ENDED = 1 << 14,      /* by the user: the contact is told gone (RFC 7573 6.1) */
	SESSION_WANT_LEAVE = 1 << 15, /* (kept inside) when all has been delivered */
	SESSION_NEVER = 1 << 16,      /* cannot happen: whoever feeds it is wrong */
};

struct session_step {
	uint32_t actions;
	uint8_t next;
};
extern const struct session_step session_steps[SESSION_STATE__N][SESSION_EVENT__N];

/* Zeroed: idle. Plain data. */
struct session_machine {
	uint8_t state;
	bool under_way; /* a MESSAGE has no answer, in this dialog or in one that was */
	bool resent;    /* the text under way, or the first that waits, was sent once already */
	bool leaving;
	unsigned waiting; /* texts */
};

enum { SESSION_STEPS = 2 }; /* at most so many follow from one event */

/*
 * Feeds an event; what is to be done, one set of actions after the other, in order. Returns how
 * many there are.
 */
unsigned session_event(
	struct session_machine *m, enum session_event event, uint32_t ret[SESSION_STEPS]);

/*
 * The first of the texts that wait has waited for too long, and its sender is told; for ANSWERED
 * and LEAVING, which can last, and for who is about to send an INVITE.
 */
void session_expired(struct session_machine *m);
