#include "sip/watcher.h"

#define E(event) WATCHER_EV_##event
#define BUG(state)                                                                                 \
	{                                                                                          \
		WATCHER_NEVER, WATCHER_##state                                                     \
	}
/* An answer when none is waited for never gets here. */
#define STALE BUG
#define DO(actions, state)                                                                         \
	{                                                                                          \
		actions, WATCHER_##state                                                           \
	}

enum {
	NOTHING = 0,
	SUB = WATCHER_SUBSCRIBE,
	POLL = WATCHER_POLL,
	RENEW = WATCHER_RENEW,
	UNSUB = WATCHER_UNSUBSCRIBE,
	DROP = WATCHER_DROP,
	OK = WATCHER_200,
	GONE = WATCHER_481,
	GRANTED = WATCHER_GRANTED,
	STATE = WATCHER_STATE,
	LOST = WATCHER_LOST,
	DENIED = WATCHER_DENIED,
	NOBODY = WATCHER_NOBODY,
	LEFT = WATCHER_LEFT,
	SILENT = WATCHER_NO_ANSWER,
	KEEP = WATCHER_KEEP,
	HOLD = WATCHER_HOLD,
	REST = WATCHER_REST,
	SOON = WATCHER_SOON,
	SOONER = WATCHER_SOONER,
};

/* clang-format off */
const struct watcher_step watcher_steps[WATCHER_STATE__N][WATCHER_EVENT__N] = {
	[WATCHER_OFF] = {
		[E(WATCH)]      = DO(SUB, ASKING),
		[E(UNWATCH)]    = DO(LEFT, OFF),
		[E(POLL)]       = DO(POLL, POLLING),
		[E(OK)]         = STALE(OFF),
		[E(BRIEF)]      = STALE(OFF),
		[E(PLAIN)]      = STALE(OFF),
		[E(FORBIDDEN)]  = STALE(OFF),
		[E(UNKNOWN)]    = STALE(OFF),
		[E(OVER)]       = STALE(OFF),
		[E(NO_DIALOG)]  = STALE(OFF),
		[E(FAILED)]     = STALE(OFF),
		/* 4.1.3 */
		[E(ACTIVE)]     = DO(GONE, OFF),
		[E(PENDING)]    = DO(GONE, OFF),
		[E(AGAIN)]      = DO(GONE, OFF),
		[E(LATER)]      = DO(GONE, OFF),
		[E(REJECTED)]   = DO(GONE, OFF),
		[E(NORESOURCE)] = DO(GONE, OFF),
		[E(TIMER_N)]    = BUG(OFF),
		[E(EXPIRED)]    = BUG(OFF),
		[E(REFRESH)]    = BUG(OFF),
		[E(RETRY)]      = BUG(OFF),
	},
	[WATCHER_ASKING] = {
		[E(WATCH)]      = DO(NOTHING, ASKING),
		[E(UNWATCH)]    = DO(NOTHING, DOOMED), /* SUBSCRIBE cannot be cancelled */
		[E(POLL)]       = DO(NOTHING, ASKING),
		[E(OK)]         = DO(KEEP, ASKING), /* RFC 8048 5.2.1: it changes nothing yet */
		[E(BRIEF)]      = DO(SUB, ASKING),
		[E(PLAIN)]      = DO(SUB, ASKING), /* profile 6.1 */
		[E(FORBIDDEN)]  = DO(DROP | LOST | DENIED, OFF), /* RFC 8048 5.2.2 */
		[E(UNKNOWN)]    = DO(DROP | LOST | NOBODY, OFF),
		[E(OVER)]       = DO(DROP | LOST | REST, RESTING),
		[E(NO_DIALOG)]  = DO(DROP | LOST | REST, RESTING),
		[E(FAILED)]     = DO(DROP | LOST | REST, RESTING),
		[E(ACTIVE)]     = DO(OK | GRANTED | STATE | KEEP, ACTIVE), /* 4.1.2.4: also before the 2xx */
		[E(PENDING)]    = DO(OK | LOST | KEEP, PENDING), /* RFC 8048 5.2.1: nobody is told */
		[E(AGAIN)]      = DO(DROP | OK | SOON, RESTING), /* 4.1.3 */
		[E(LATER)]      = DO(DROP | OK | LOST | REST, RESTING),
		[E(REJECTED)]   = DO(DROP | OK | LOST | DENIED, OFF), /* 202, then no (8.3.1) */
		[E(NORESOURCE)] = DO(DROP | OK | LOST | NOBODY, OFF),
		[E(TIMER_N)]    = DO(DROP | LOST | REST, RESTING), /* 4.1.2.4 */
		[E(EXPIRED)]    = BUG(ASKING),
		[E(REFRESH)]    = BUG(ASKING),
		[E(RETRY)]      = BUG(ASKING),
	},
	[WATCHER_PENDING] = {
		[E(WATCH)]      = DO(NOTHING, PENDING),
		[E(UNWATCH)]    = DO(UNSUB, LEAVING), /* 4.1.2.3 */
		[E(POLL)]       = DO(NOTHING, PENDING),
		[E(OK)]         = DO(KEEP, PENDING),
		[E(BRIEF)]      = DO(RENEW, PENDING),
		[E(PLAIN)]      = DO(RENEW, PENDING),
		[E(FORBIDDEN)]  = DO(DROP | LOST | DENIED, OFF),
		[E(UNKNOWN)]    = DO(DROP | LOST | REST, RESTING), /* 4.1.2.2 */
		[E(OVER)]       = DO(DROP | LOST | REST, RESTING), /* 4.1.2.2 */
		[E(NO_DIALOG)]  = DO(DROP | SOON, RESTING), /* 4.1.2.2: a new one at once */
		[E(FAILED)]     = DO(HOLD, PENDING), /* 4.1.2.2: it stays as long as it lasts */
		[E(ACTIVE)]     = DO(OK | GRANTED | STATE | KEEP, ACTIVE),
		[E(PENDING)]    = DO(OK | KEEP, PENDING),
		[E(AGAIN)]      = DO(DROP | OK | SOON, RESTING),
		[E(LATER)]      = DO(DROP | OK | LOST | REST, RESTING),
		[E(REJECTED)]   = DO(DROP | OK | LOST | DENIED, OFF),
		[E(NORESOURCE)] = DO(DROP | OK | LOST, OFF),
		[E(TIMER_N)]    = DO(DROP | SOON, RESTING), /* 4.1.2.2 */
		[E(EXPIRED)]    = DO(DROP | LOST | SOON, RESTING),
		[E(REFRESH)]    = DO(RENEW, PENDING),
		[E(RETRY)]      = BUG(PENDING),
	},
	[WATCHER_ACTIVE] = {
		[E(WATCH)]      = DO(NOTHING, ACTIVE),
		[E(UNWATCH)]    = DO(UNSUB, LEAVING),
		[E(POLL)]       = DO(NOTHING, ACTIVE),
		[E(OK)]         = DO(KEEP, ACTIVE),
		[E(BRIEF)]      = DO(RENEW, ACTIVE), /* RFC 8048 5.2.2: it passes */
		[E(PLAIN)]      = DO(RENEW, ACTIVE),
		[E(FORBIDDEN)]  = DO(DROP | LOST | DENIED, OFF), /* RFC 8048 5.2.2 */
		[E(UNKNOWN)]    = DO(DROP | LOST | REST, RESTING),
		[E(OVER)]       = DO(DROP | LOST | REST, RESTING),
		[E(NO_DIALOG)]  = DO(DROP | SOON, RESTING),
		[E(FAILED)]     = DO(HOLD, ACTIVE),
		[E(ACTIVE)]     = DO(OK | STATE | KEEP, ACTIVE),
		/* not in 4.1.2's figure: what he may not see now, he does not */
		[E(PENDING)]    = DO(OK | LOST | KEEP, PENDING),
		[E(AGAIN)]      = DO(DROP | OK | SOON, RESTING),
		[E(LATER)]      = DO(DROP | OK | LOST | REST, RESTING),
		[E(REJECTED)]   = DO(DROP | OK | LOST | DENIED, OFF),
		[E(NORESOURCE)] = DO(DROP | OK | LOST, OFF),
		[E(TIMER_N)]    = DO(DROP | SOON, RESTING),
		[E(EXPIRED)]    = DO(DROP | LOST | SOON, RESTING),
		[E(REFRESH)]    = DO(RENEW, ACTIVE),
		[E(RETRY)]      = BUG(ACTIVE),
	},
	[WATCHER_RESTING] = {
		[E(WATCH)]      = DO(SOONER, RESTING), /* RFC 8048 5.2.2: the user has come online */
		[E(UNWATCH)]    = DO(LOST | LEFT, OFF),
		[E(POLL)]       = DO(NOTHING, RESTING),
		[E(OK)]         = STALE(RESTING),
		[E(BRIEF)]      = STALE(RESTING),
		[E(PLAIN)]      = STALE(RESTING),
		[E(FORBIDDEN)]  = STALE(RESTING),
		[E(UNKNOWN)]    = STALE(RESTING),
		[E(OVER)]       = STALE(RESTING),
		[E(NO_DIALOG)]  = STALE(RESTING),
		[E(FAILED)]     = STALE(RESTING),
		[E(ACTIVE)]     = DO(GONE, RESTING), /* 4.1.2.4: after timer N */
		[E(PENDING)]    = DO(GONE, RESTING),
		[E(AGAIN)]      = DO(GONE, RESTING),
		[E(LATER)]      = DO(GONE, RESTING),
		[E(REJECTED)]   = DO(GONE, RESTING),
		[E(NORESOURCE)] = DO(GONE, RESTING),
		[E(TIMER_N)]    = BUG(RESTING),
		[E(EXPIRED)]    = BUG(RESTING),
		[E(REFRESH)]    = BUG(RESTING),
		[E(RETRY)]      = DO(SUB, ASKING),
	},
	[WATCHER_DOOMED] = {
		[E(WATCH)]      = DO(NOTHING, ASKING), /* he wants it after all */
		[E(UNWATCH)]    = DO(NOTHING, DOOMED),
		[E(POLL)]       = DO(NOTHING, DOOMED),
		[E(OK)]         = DO(NOTHING, DOOMED), /* its NOTIFY makes the dialog to end */
		[E(BRIEF)]      = DO(DROP | LOST | LEFT, OFF),
		[E(PLAIN)]      = DO(DROP | LOST | LEFT, OFF),
		[E(FORBIDDEN)]  = DO(DROP | LOST | LEFT, OFF),
		[E(UNKNOWN)]    = DO(DROP | LOST | LEFT, OFF),
		[E(OVER)]       = DO(DROP | LOST | LEFT, OFF),
		[E(NO_DIALOG)]  = DO(DROP | LOST | LEFT, OFF),
		[E(FAILED)]     = DO(DROP | LOST | LEFT, OFF),
		[E(ACTIVE)]     = DO(UNSUB | OK, LEAVING),
		[E(PENDING)]    = DO(UNSUB | OK, LEAVING),
		[E(AGAIN)]      = DO(DROP | OK | LOST | LEFT, OFF),
		[E(LATER)]      = DO(DROP | OK | LOST | LEFT, OFF),
		[E(REJECTED)]   = DO(DROP | OK | LOST | LEFT, OFF),
		[E(NORESOURCE)] = DO(DROP | OK | LOST | LEFT, OFF),
		[E(TIMER_N)]    = DO(DROP | LOST | LEFT, OFF),
		[E(EXPIRED)]    = BUG(DOOMED),
		[E(REFRESH)]    = BUG(DOOMED),
		[E(RETRY)]      = BUG(DOOMED),
	},
	[WATCHER_LEAVING] = {
		[E(WATCH)]      = DO(SUB | DROP, ASKING), /* a new one; the old one ends by itself */
		[E(UNWATCH)]    = DO(NOTHING, LEAVING),
		[E(POLL)]       = DO(NOTHING, LEAVING),
		[E(OK)]         = DO(LOST | LEFT, LINGER), /* RFC 8048 5.2.3 */
		[E(BRIEF)]      = DO(DROP | LOST | LEFT, OFF),
		[E(PLAIN)]      = DO(DROP | LOST | LEFT, OFF),
		[E(FORBIDDEN)]  = DO(DROP | LOST | LEFT, OFF),
		[E(UNKNOWN)]    = DO(DROP | LOST | LEFT, OFF),
		[E(OVER)]       = DO(DROP | LOST | LEFT, OFF),
		[E(NO_DIALOG)]  = DO(DROP | LOST | LEFT, OFF),
		[E(FAILED)]     = DO(DROP | LOST | LEFT, OFF),
		[E(ACTIVE)]     = DO(OK, LEAVING), /* it crossed ours */
		[E(PENDING)]    = DO(OK, LEAVING),
		[E(AGAIN)]      = DO(OK | LOST, CLOSING), /* 4.1.2.3 */
		[E(LATER)]      = DO(OK | LOST, CLOSING),
		[E(REJECTED)]   = DO(OK | LOST, CLOSING),
		[E(NORESOURCE)] = DO(OK | LOST, CLOSING),
		[E(TIMER_N)]    = DO(DROP | LOST | LEFT, OFF),
		[E(EXPIRED)]    = BUG(LEAVING),
		[E(REFRESH)]    = BUG(LEAVING),
		[E(RETRY)]      = BUG(LEAVING),
	},
	[WATCHER_CLOSING] = {
		[E(WATCH)]      = DO(SUB | DROP, ASKING),
		[E(UNWATCH)]    = DO(NOTHING, CLOSING),
		[E(POLL)]       = DO(NOTHING, CLOSING),
		[E(OK)]         = DO(DROP | LEFT, OFF),
		[E(BRIEF)]      = DO(DROP | LEFT, OFF),
		[E(PLAIN)]      = DO(DROP | LEFT, OFF),
		[E(FORBIDDEN)]  = DO(DROP | LEFT, OFF),
		[E(UNKNOWN)]    = DO(DROP | LEFT, OFF),
		[E(OVER)]       = DO(DROP | LEFT, OFF),
		[E(NO_DIALOG)]  = DO(DROP | LEFT, OFF),
		[E(FAILED)]     = DO(DROP | LEFT, OFF),
		[E(ACTIVE)]     = DO(GONE, CLOSING), /* 4.1.3: the subscription has ended */
		[E(PENDING)]    = DO(GONE, CLOSING),
		[E(AGAIN)]      = DO(GONE, CLOSING),
		[E(LATER)]      = DO(GONE, CLOSING),
		[E(REJECTED)]   = DO(GONE, CLOSING),
		[E(NORESOURCE)] = DO(GONE, CLOSING),
		[E(TIMER_N)]    = BUG(CLOSING),
		[E(EXPIRED)]    = BUG(CLOSING),
		[E(REFRESH)]    = BUG(CLOSING),
		[E(RETRY)]      = BUG(CLOSING),
	},
	[WATCHER_LINGER] = {
		[E(WATCH)]      = DO(SUB | DROP, ASKING),
		[E(UNWATCH)]    = DO(LEFT, LINGER),
		[E(POLL)]       = DO(NOTHING, LINGER),
		[E(OK)]         = STALE(LINGER),
		[E(BRIEF)]      = STALE(LINGER),
		[E(PLAIN)]      = STALE(LINGER),
		[E(FORBIDDEN)]  = STALE(LINGER),
		[E(UNKNOWN)]    = STALE(LINGER),
		[E(OVER)]       = STALE(LINGER),
		[E(NO_DIALOG)]  = STALE(LINGER),
		[E(FAILED)]     = STALE(LINGER),
		[E(ACTIVE)]     = DO(OK, LINGER),
		[E(PENDING)]    = DO(OK, LINGER),
		[E(AGAIN)]      = DO(DROP | OK, OFF),
		[E(LATER)]      = DO(DROP | OK, OFF),
		[E(REJECTED)]   = DO(DROP | OK, OFF),
		[E(NORESOURCE)] = DO(DROP | OK, OFF),
		[E(TIMER_N)]    = DO(DROP, OFF),
		[E(EXPIRED)]    = BUG(LINGER),
		[E(REFRESH)]    = BUG(LINGER),
		[E(RETRY)]      = BUG(LINGER),
	},
	[WATCHER_POLLING] = {
		[E(WATCH)]      = DO(SUB | DROP, ASKING),
		[E(UNWATCH)]    = DO(DROP | LEFT, OFF),
		[E(POLL)]       = DO(NOTHING, POLLING),
		[E(OK)]         = DO(NOTHING, POLLING), /* 4.4.3: its NOTIFY follows */
		[E(BRIEF)]      = DO(DROP | SILENT, OFF),
		[E(PLAIN)]      = DO(POLL, POLLING),
		[E(FORBIDDEN)]  = DO(DROP | SILENT, OFF),
		[E(UNKNOWN)]    = DO(DROP | SILENT, OFF),
		[E(OVER)]       = DO(DROP | SILENT, OFF),
		[E(NO_DIALOG)]  = DO(DROP | SILENT, OFF),
		[E(FAILED)]     = DO(DROP | SILENT, OFF),
		/* COMPAT: it should say terminated; what it tells is told all the same */
		[E(ACTIVE)]     = DO(DROP | OK | STATE, OFF),
		[E(PENDING)]    = DO(DROP | OK | SILENT, OFF),
		[E(AGAIN)]      = DO(DROP | OK | STATE, OFF), /* 4.4.3: timeout */
		[E(LATER)]      = DO(DROP | OK | SILENT, OFF),
		[E(REJECTED)]   = DO(DROP | OK | SILENT, OFF),
		[E(NORESOURCE)] = DO(DROP | OK | SILENT, OFF),
		[E(TIMER_N)]    = DO(DROP | SILENT, OFF),
		[E(EXPIRED)]    = BUG(POLLING),
		[E(REFRESH)]    = BUG(POLLING),
		[E(RETRY)]      = BUG(POLLING),
	},
};
/* clang-format on */
