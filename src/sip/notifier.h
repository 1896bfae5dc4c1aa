#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sip/subscription.h"

/*
 * The course of a subscription of theirs (RFC 6665 4.2, RFC 3856), as a table: what happens in,
 * what is to be done out. Who has one keeps the dialog, answers the SUBSCRIBE before it feeds it,
 * and writes what is said; the machine says when a NOTIFY goes, what its Subscription-State is, and
 * what the presentity is told. Pure. Nobody calls it yet: presence will.
 *
 *          SUBSCRIBE           granted
 *     OFF ----------> PENDING --------> ACTIVE
 *      |  \ known as granted -------------^ |
 *      |                  | denied, expired, end, withdrawn
 *      |  poll            v                 v
 *      `------> FETCHING ----------------> ENDING ----> OFF   (the last NOTIFY has its answer)
 *
 * One NOTIFY is under way at a time, so that none overtakes another, and changes of the state go at
 * most once in NOTIFIER_PACE_MS (RFC 3856 6.10); the last of them always goes. What a SUBSCRIBE
 * asks for and what changes the subscription itself does not wait for the pace (RFC 6665 4.2.1.2).
 */
enum notifier_state {
	NOTIFIER_OFF,
	NOTIFIER_PENDING, /* the presentity has not decided */
	NOTIFIER_ACTIVE,
	NOTIFIER_FETCHING, /* polled; what is known is asked for */
	NOTIFIER_ENDING,   /* the last NOTIFY has no answer, or waits for that of another */
	NOTIFIER_STATE__N
};

enum notifier_event {
	/* a SUBSCRIBE that was answered with a 2xx */
	NOTIFIER_EV_ASK,   /* first or again, Expires over 0; whether he may see is not known */
	NOTIFIER_EV_KNOWN, /* the same, and he may */
	NOTIFIER_EV_END,   /* in the dialog, Expires: 0 */
	NOTIFIER_EV_POLL,  /* outside a dialog, Expires: 0, and the state is not known */
	NOTIFIER_EV_READ,  /* the same, and it is */

	/* of the presentity */
	NOTIFIER_EV_GRANT,
	NOTIFIER_EV_DENY,
	NOTIFIER_EV_CHANGE,   /* there is another state */
	NOTIFIER_EV_WITHDRAW, /* he may see no more, and not by the presentity's word */

	/* answers to the NOTIFY under way: notifier_answer() */
	NOTIFIER_EV_TAKEN,  /* 2xx */
	NOTIFIER_EV_GONE,   /* 404 405 410 416 480-485 489 501 604, and none (4.2.2) */
	NOTIFIER_EV_FAILED, /* another; the subscription stays */

	/* timers, fed by notifier_tick() */
	NOTIFIER_EV_PACE, /* what has changed may be said now */
	NOTIFIER_EV_EXPIRED,
	NOTIFIER_EV_WAITED, /* for an answer to what a poll asked */
	NOTIFIER_EVENT__N
};

enum notifier_action {
	NOTIFIER_NOTIFY = 1 << 0,    /* notifier_says() and notifier_body() tell what */
	NOTIFIER_REQUEST = 1 << 1,   /* ask the presentity (RFC 8048 5.3.1) */
	NOTIFIER_PROBE = 1 << 2,     /* ask for its state (RFC 8048 7.2) */
	NOTIFIER_GOODBYE = 1 << 3,   /* the watcher is gone (RFC 8048 5.3.3) */
	NOTIFIER_FORGET = 1 << 4,    /* the dialog is over */
	NOTIFIER_NO_DIALOG = 1 << 5, /* the SUBSCRIBE gets 481 instead of its 2xx */

	/* kept inside */
	NOTIFIER_SAY = 1 << 6,   /* now, or when the NOTIFY under way has its answer */
	NOTIFIER_PACED = 1 << 7, /* when the pace allows it */
	NOTIFIER_HOLD = 1 << 8,  /* once more, in a while */
	NOTIFIER_NEVER = 1 << 9, /* nothing feeds this */
};

struct notifier_step {
	uint16_t actions;
	uint8_t next;
	uint8_t reason; /* enum subscription_reason: of going to ENDING */
};
extern const struct notifier_step notifier_steps[NOTIFIER_STATE__N][NOTIFIER_EVENT__N];

enum {
	NOTIFIER_PACE_MS = 5000,  /* RFC 3856 6.10 */
	NOTIFIER_WAIT_MS = 5000,  /* ours: a watcher waits 64*T1 for the answer to a poll */
	NOTIFIER_HOLD_MS = 30000, /* ours: after a NOTIFY that failed for now */
};

/*
 * What a NOTIFY tells. While he may not see, nothing; the last one after he could, that nobody is
 * there (RFC 8048 5.3.3); where nothing is known, STATE is no body, too (RFC 8048 5.3.2).
 */
enum notifier_body { NOTIFIER_NO_BODY, NOTIFIER_STATE_BODY, NOTIFIER_CLOSED_BODY };

/* Plain data, no destructor. */
struct notifier {
	uint8_t state;
	uint8_t reason;
	bool under_way;                          /* a NOTIFY has no answer */
	bool owed;                               /* another is to go at once after it */
	bool polled;                             /* it began with a poll */
	uint8_t last;                            /* enum notifier_body: of the last NOTIFY */
	uint32_t retry_after;                    /* of WITHDRAW; 0: none */
	uint64_t expires_at, waited_at, pace_at; /* UINT64_MAX: does not run */
	uint64_t said_at;                        /* when the last NOTIFY went */
};

void notifier_init(struct notifier *n);

/* What an event brings besides. */
struct notifier_facts {
	uint32_t expires;                /* granted: of ASK and KNOWN */
	enum subscription_reason reason; /* of WITHDRAW; else of no meaning */
	uint32_t retry_after;            /* of WITHDRAW, and of FAILED; 0: none */
	bool state_known;                /* of KNOWN */
};

/* status 0: no answer came. */
enum notifier_event notifier_answer(unsigned status);

/*
 * What follows: actions, without those kept inside. An answer when no NOTIFY is under way is stale
 * and means nothing.
 */
unsigned notifier_event(struct notifier *n, enum notifier_event event,
	const struct notifier_facts *facts, uint64_t now_ms);

/* Of the NOTIFY that goes now: notifier_says() and notifier_body(). */
struct subscription_state notifier_says(const struct notifier *n, uint64_t now_ms);
enum notifier_body notifier_body(const struct notifier *n);

uint64_t notifier_deadline(const struct notifier *n); /* UINT64_MAX: nothing waits */
/* One timer that is due; call again while the deadline is not over now. */
unsigned notifier_tick(struct notifier *n, uint64_t now_ms);
