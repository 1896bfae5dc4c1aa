#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sip/subscription.h"

/*
 * The course of a subscription of ours (RFC 6665 4.1, RFC 3856), as a table: what happens in, what
 * is to be done out. Who has one keeps the dialog and sends; the machine says what and when, and
 * what of it concerns the one who wants to know. Pure: times and random numbers are passed in.
 * Nobody calls it yet: presence will.
 *
 *            watch          NOTIFY pending          NOTIFY active
 *       OFF -------> ASKING --------------> PENDING -------------> ACTIVE
 *        ^             | \ failed, timer N     | ended               | ended, expired
 *        |     unwatch |  `------> RESTING <---'---------------------'
 *        |             v              | retry: ASKING
 *        |<------- DOOMED             v
 *        |            \ NOTIFY                 unwatch
 *        |<-- LINGER <-- LEAVING <------------------------- PENDING, ACTIVE
 *        `-- CLOSING <--'   (2xx first: LINGER; the last NOTIFY first: CLOSING)
 *
 * Which NOTIFY is whose: one that the current SUBSCRIBE or its dialog brought, by Call-ID, From tag
 * and event; the first one makes the dialog, whatever a 2xx said before (4.4.1), the 2xx need not
 * have come. A NOTIFY of any other leg of a fork gets 481 and is not fed (RFC 3856 6.9). A 2xx that
 * carries its first NOTIFY inside (lync-sip-profile 6.1) is fed as WATCHER_EV_OK and then as that
 * NOTIFY, whose answer is left out.
 */
enum watcher_state {
	WATCHER_OFF,     /* nothing is wanted, or it was refused for good */
	WATCHER_ASKING,  /* a SUBSCRIBE has gone out, no NOTIFY has come */
	WATCHER_PENDING, /* the other side has not decided */
	WATCHER_ACTIVE,
	WATCHER_RESTING, /* there is no dialog; it is tried again later */
	WATCHER_DOOMED,  /* as ASKING, but nobody wants it any more */
	WATCHER_LEAVING, /* our SUBSCRIBE with Expires: 0 has neither answer nor NOTIFY */
	WATCHER_CLOSING, /* its NOTIFY has come, its answer has not */
	WATCHER_LINGER,  /* its answer has come, its NOTIFY has not */
	WATCHER_POLLING, /* a SUBSCRIBE with Expires: 0 outside a dialog (4.4.3) */
	WATCHER_STATE__N
};

enum watcher_event {
	/* what is wanted */
	WATCHER_EV_WATCH,
	WATCHER_EV_UNWATCH,
	WATCHER_EV_POLL, /* of a watcher of its own: one poll, then OFF */

	/* answers to the SUBSCRIBE under way: watcher_answer() */
	WATCHER_EV_OK,        /* 2xx; 202 is one of them (8.3.1) */
	WATCHER_EV_BRIEF,     /* 423 */
	WATCHER_EV_PLAIN,     /* 420 */
	WATCHER_EV_FORBIDDEN, /* 403, 489, 603: cancelled for good (RFC 8048 5.2.2) */
	WATCHER_EV_UNKNOWN,   /* 404, 410, 416, 484, 485, 604: nobody is there */
	WATCHER_EV_OVER,      /* 405, 480, 482, 483, 501: the usage has ended (4.1.2.2) */
	WATCHER_EV_NO_DIALOG, /* 481 */
	WATCHER_EV_FAILED,    /* all else, and no answer: what there was stays (4.1.2.2) */

	/* a NOTIFY: watcher_notify() */
	WATCHER_EV_ACTIVE,
	WATCHER_EV_PENDING,
	WATCHER_EV_AGAIN,      /* deactivated, timeout, no reason without retry-after */
	WATCHER_EV_LATER,      /* probation, giveup, no reason with retry-after */
	WATCHER_EV_REJECTED,   /* rejected */
	WATCHER_EV_NORESOURCE, /* noresource, invariant */

	/* timers, fed by watcher_tick() */
	WATCHER_EV_TIMER_N, /* 64*T1 after a SUBSCRIBE, and no NOTIFY (4.1.2.4) */
	WATCHER_EV_EXPIRED,
	WATCHER_EV_REFRESH, /* 80 to 90 % of its life are over */
	WATCHER_EV_RETRY,
	WATCHER_EVENT__N
};

enum watcher_action {
	WATCHER_DROP = 1 << 0, /* forget the dialog and a request of ours in it */
	WATCHER_200 = 1 << 1,  /* to the NOTIFY */
	WATCHER_481 = 1 << 2,
	WATCHER_LOST = 1 << 3,         /* what was known is known no more */
	WATCHER_GRANTED = 1 << 4,      /* the other side lets us see; told once in a dialog */
	WATCHER_STATE = 1 << 5,        /* what the body says; no body: nothing is known */
	WATCHER_DENIED = 1 << 6,       /* for good */
	WATCHER_NOBODY = 1 << 7,       /* there is no such user, and never was one for us */
	WATCHER_LEFT = 1 << 8,         /* it is over, as it was wanted */
	WATCHER_NO_ANSWER = 1 << 9,    /* the poll told nothing */
	WATCHER_SUBSCRIBE = 1 << 10,   /* outside a dialog, new Call-ID and tag; watcher.asks */
	WATCHER_POLL = 1 << 11,        /* the same, with Expires: 0 */
	WATCHER_RENEW = 1 << 12,       /* in the dialog; watcher.asks */
	WATCHER_UNSUBSCRIBE = 1 << 13, /* in the dialog, Expires: 0 */

	/* kept inside */
	WATCHER_KEEP = 1 << 14,   /* the life of it begins anew */
	WATCHER_HOLD = 1 << 15,   /* renew once more, in a while */
	WATCHER_REST = 1 << 16,   /* again, each time after twice as long */
	WATCHER_SOON = 1 << 17,   /* again at once, unless that was done a moment ago */
	WATCHER_SOONER = 1 << 18, /* do not wait for longer than need be */
	WATCHER_NEVER = 1 << 19,  /* nothing feeds this */
};

struct watcher_step {
	uint32_t actions;
	uint8_t next;
};
extern const struct watcher_step watcher_steps[WATCHER_STATE__N][WATCHER_EVENT__N];

enum {
	WATCHER_N_MS = 32000,     /* 64*T1 */
	WATCHER_RETRY_MS = 30000, /* the first rest; then twice that, up to */
	WATCHER_RETRY_MAX_MS = 3600000,
	WATCHER_CALM_MS = 60000,      /* a subscription that lasted is renewed at once */
	WATCHER_RENEW_MIN_MS = 10000, /* not more often, whatever the other side grants */
	WATCHER_EXPIRES_MAX_S = 2592000,
	WATCHER_RETRY_AFTER_MAX_S = 86400, /* ours: a day is as good as never */
};

/* Plain data, no destructor. */
struct watcher {
	uint8_t state;
	bool under_way; /* a SUBSCRIBE of ours has no answer */
	bool told;      /* GRANTED has been told of this dialog */
	bool raised;    /* 423 was heeded since the last success */
	bool plain;     /* 420 was heard: no Proxy-Require any more (profile 6.1) */
	uint8_t tries;
	uint32_t asks;                                 /* seconds: Expires of the next SUBSCRIBE */
	uint32_t life;                                 /* what was granted last */
	uint64_t n_at, expires_at, renew_at, retry_at; /* UINT64_MAX: does not run */
	uint64_t asked_at, not_before;
};

void watcher_init(struct watcher *w, uint32_t expires_s, bool plain);

/*
 * A dialog of before a restart: it is renewed at renew_at, which paces many, and is at its end at
 * expires_at. What was known of the other side is not known.
 */
void watcher_resume(struct watcher *w, bool active, uint64_t renew_at, uint64_t expires_at);

/* What an event brings besides. */
struct watcher_facts {
	bool has_expires, has_retry_after;
	uint32_t expires;     /* of the 2xx, or of Subscription-State */
	uint32_t min_expires; /* of 423 */
	uint32_t retry_after; /* seconds */
	uint32_t random;      /* any number */
};

/* status 0: no answer came. */
enum watcher_event watcher_answer(unsigned status);
/* Fills what it says of expires and retry-after; random is the caller's. */
enum watcher_event watcher_notify(
	const struct subscription_state *s, struct watcher_facts *ret_facts);

/*
 * What follows: actions, without those kept inside, to be done in the order of their bits. An
 * answer when no SUBSCRIBE is under way is stale and means nothing.
 */
unsigned watcher_event(struct watcher *w, enum watcher_event event,
	const struct watcher_facts *facts, uint64_t now_ms);

uint64_t watcher_deadline(const struct watcher *w); /* UINT64_MAX: nothing waits */
/* One timer that is due; call again while the deadline is not over now. */
unsigned watcher_tick(struct watcher *w, uint32_t random, uint64_t now_ms);
