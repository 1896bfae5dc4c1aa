#include "sip/notifier.h"

#include <assert.h>

#define NEVER_DUE UINT64_MAX

#define E(event) NOTIFIER_EV_##event
#define S(state) NOTIFIER_##state
#define DO(actions, state)                                                                         \
	{                                                                                          \
		actions, S(state), 0                                                               \
	}
/* The last NOTIFY, with its reason (RFC 6665 4.2.2). */
#define END(actions, reason)                                                                       \
	{                                                                                          \
		(actions) | SAY, S(ENDING), SUBSCRIPTION_##reason                                  \
	}
#define BUG(state)                                                                                 \
	{                                                                                          \
		NOTIFIER_NEVER, S(state), 0                                                        \
	}

enum {
	NOTHING = 0,
	SAY = NOTIFIER_SAY,
	PACED = NOTIFIER_PACED,
	HOLD = NOTIFIER_HOLD,
	REQUEST = NOTIFIER_REQUEST,
	PROBE = NOTIFIER_PROBE,
	GOODBYE = NOTIFIER_GOODBYE,
	FORGET = NOTIFIER_FORGET,
	GONE = NOTIFIER_NO_DIALOG,
};

/* clang-format off */
const struct notifier_step notifier_steps[NOTIFIER_STATE__N][NOTIFIER_EVENT__N] = {
	[S(OFF)] = {
		[E(ASK)]      = DO(REQUEST | SAY, PENDING), /* RFC 8048 5.3.1; 4.2.1.2 */
		[E(KNOWN)]    = DO(SAY, ACTIVE),
		[E(END)]      = DO(GONE, OFF),
		[E(POLL)]     = DO(PROBE, FETCHING), /* RFC 8048 7.2 */
		[E(READ)]     = END(NOTHING, TIMEOUT), /* 4.4.3 */
		[E(GRANT)]    = DO(NOTHING, OFF),
		[E(DENY)]     = DO(NOTHING, OFF),
		[E(CHANGE)]   = DO(NOTHING, OFF),
		[E(WITHDRAW)] = DO(NOTHING, OFF),
		[E(TAKEN)]    = BUG(OFF),
		[E(GONE)]     = BUG(OFF),
		[E(FAILED)]   = BUG(OFF),
		[E(PACE)]     = BUG(OFF),
		[E(EXPIRED)]  = BUG(OFF),
		[E(WAITED)]   = BUG(OFF),
	},
	[S(PENDING)] = {
		/* again: an XMPP server that has lost it is told anew; others drop it (RFC 6121 A.3.1) */
		[E(ASK)]      = DO(REQUEST | SAY, PENDING),
		[E(KNOWN)]    = DO(SAY, ACTIVE),
		[E(END)]      = END(NOTHING, TIMEOUT), /* 4.2.1.4 */
		[E(POLL)]     = BUG(PENDING),
		[E(READ)]     = BUG(PENDING),
		[E(GRANT)]    = DO(SAY, ACTIVE), /* RFC 8048 5.3.1 */
		[E(DENY)]     = END(NOTHING, REJECTED), /* RFC 8048 5.3.1 */
		[E(CHANGE)]   = DO(NOTHING, PENDING), /* he may not see it yet */
		[E(WITHDRAW)] = END(NOTHING, NO_REASON),
		[E(TAKEN)]    = DO(NOTHING, PENDING),
		[E(GONE)]     = DO(FORGET, OFF), /* 4.2.2 */
		[E(FAILED)]   = DO(HOLD, PENDING),
		[E(PACE)]     = DO(SAY, PENDING),
		[E(EXPIRED)]  = END(NOTHING, TIMEOUT), /* 4.2.1.4 */
		[E(WAITED)]   = BUG(PENDING),
	},
	[S(ACTIVE)] = {
		[E(ASK)]      = DO(REQUEST | SAY, PENDING), /* what was granted is known no more */
		[E(KNOWN)]    = DO(SAY, ACTIVE), /* RFC 8048 5.3.2 */
		[E(END)]      = END(GOODBYE, TIMEOUT), /* RFC 8048 5.3.3 */
		[E(POLL)]     = BUG(ACTIVE),
		[E(READ)]     = BUG(ACTIVE),
		[E(GRANT)]    = DO(NOTHING, ACTIVE),
		[E(DENY)]     = END(NOTHING, REJECTED),
		[E(CHANGE)]   = DO(PACED, ACTIVE), /* RFC 3856 6.10 */
		[E(WITHDRAW)] = END(NOTHING, NO_REASON),
		[E(TAKEN)]    = DO(NOTHING, ACTIVE),
		[E(GONE)]     = DO(GOODBYE | FORGET, OFF), /* 4.2.2 */
		[E(FAILED)]   = DO(HOLD, ACTIVE),
		[E(PACE)]     = DO(SAY, ACTIVE),
		[E(EXPIRED)]  = END(GOODBYE, TIMEOUT),
		[E(WAITED)]   = BUG(ACTIVE),
	},
	[S(FETCHING)] = {
		[E(ASK)]      = DO(GONE, FETCHING), /* a poll has no dialog to go on in */
		[E(KNOWN)]    = DO(GONE, FETCHING),
		[E(END)]      = DO(GONE, FETCHING),
		[E(POLL)]     = BUG(FETCHING),
		[E(READ)]     = BUG(FETCHING),
		[E(GRANT)]    = DO(NOTHING, FETCHING),
		[E(DENY)]     = END(NOTHING, REJECTED),
		[E(CHANGE)]   = END(NOTHING, TIMEOUT), /* RFC 8048 7.2 */
		[E(WITHDRAW)] = END(NOTHING, NO_REASON),
		[E(TAKEN)]    = BUG(FETCHING),
		[E(GONE)]     = BUG(FETCHING),
		[E(FAILED)]   = BUG(FETCHING),
		[E(PACE)]     = BUG(FETCHING),
		[E(EXPIRED)]  = BUG(FETCHING),
		[E(WAITED)]   = END(NOTHING, TIMEOUT),
	},
	[S(ENDING)] = {
		[E(ASK)]      = DO(GONE, ENDING),
		[E(KNOWN)]    = DO(GONE, ENDING),
		[E(END)]      = DO(GONE, ENDING),
		[E(POLL)]     = BUG(ENDING),
		[E(READ)]     = BUG(ENDING),
		[E(GRANT)]    = DO(NOTHING, ENDING),
		[E(DENY)]     = DO(NOTHING, ENDING),
		[E(CHANGE)]   = DO(NOTHING, ENDING),
		[E(WITHDRAW)] = DO(NOTHING, ENDING),
		[E(TAKEN)]    = DO(FORGET, OFF),
		[E(GONE)]     = DO(FORGET, OFF),
		[E(FAILED)]   = DO(FORGET, OFF),
		[E(PACE)]     = BUG(ENDING),
		[E(EXPIRED)]  = BUG(ENDING),
		[E(WAITED)]   = BUG(ENDING),
	},
};
/* clang-format on */

static void stop_timers(struct notifier *n)
{
	n->expires_at = n->waited_at = n->pace_at = NEVER_DUE;
}

void notifier_init(struct notifier *n)
{
	*n = (struct notifier){.state = NOTIFIER_OFF};
	stop_timers(n);
}

enum notifier_event notifier_answer(unsigned status)
{
	static const uint16_t gone[] = {0, 404, 405, 408, 410, 416, 489, 501, 604};

	if (status >= 200 && status < 300)
		return NOTIFIER_EV_TAKEN;
	if (status >= 480 && status <= 485)
		return NOTIFIER_EV_GONE;
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		if (gone[i] == status)
			return NOTIFIER_EV_GONE;
	return NOTIFIER_EV_FAILED;
}

/* ---- what a NOTIFY says ---- */

struct subscription_state notifier_says(const struct notifier *n, uint64_t now_ms)
{
	struct subscription_state s = {.value = SUBSCRIPTION_TERMINATED};

	if (n->state == NOTIFIER_ENDING) {
		s.reason = n->reason;
		s.retry_after = n->retry_after;
		s.has_retry_after = n->retry_after > 0;
		return s;
	}
	assert(n->state == NOTIFIER_PENDING || n->state == NOTIFIER_ACTIVE);
	s.value = n->state == NOTIFIER_ACTIVE ? SUBSCRIPTION_ACTIVE : SUBSCRIPTION_PENDING;
	s.has_expires = true;
	if (n->expires_at > now_ms)
		s.expires = (uint32_t)((n->expires_at - now_ms) / 1000);
	return s;
}

enum notifier_body notifier_body(const struct notifier *n)
{
	if (n->state == NOTIFIER_ENDING)
		return n->last;
	return n->state == NOTIFIER_ACTIVE ? NOTIFIER_STATE_BODY : NOTIFIER_NO_BODY;
}

/* ---- one step ---- */

static bool is_answer(enum notifier_event event)
{
	return event >= NOTIFIER_EV_TAKEN && event <= NOTIFIER_EV_FAILED;
}

/* Goes now, or is owed. */
static unsigned say(struct notifier *n, uint64_t now)
{
	n->pace_at = NEVER_DUE; /* whatever has changed is told by this one */
	if (n->under_way) {
		n->owed = true;
		return 0;
	}
	n->owed = false;
	n->under_way = true;
	n->said_at = now;
	return NOTIFIER_NOTIFY;
}

/* Changes between two are one. */
static unsigned say_paced(struct notifier *n, uint64_t now)
{
	if (n->owed || n->pace_at != NEVER_DUE)
		return 0; /* one goes anyway */
	if (n->said_at + NOTIFIER_PACE_MS <= now)
		return say(n, now);
	n->pace_at = n->said_at + NOTIFIER_PACE_MS;
	return 0;
}

static void hold(struct notifier *n, const struct notifier_facts *f, uint64_t now)
{
	uint64_t ms = (uint64_t)f->retry_after * 1000;

	n->pace_at = now + (ms > NOTIFIER_HOLD_MS ? ms : NOTIFIER_HOLD_MS);
}

/* What the last NOTIFY says is settled when it is decided, for it may have to wait. */
static void settle(struct notifier *n, const struct notifier_step *s, enum notifier_event event,
	const struct notifier_facts *f)
{
	bool withdrawn = event == NOTIFIER_EV_WITHDRAW;

	n->reason = withdrawn ? f->reason : s->reason;
	n->retry_after = withdrawn ? f->retry_after : 0;
	n->last = NOTIFIER_NO_BODY;
	if (n->reason == SUBSCRIPTION_TIMEOUT && n->polled)
		n->last = NOTIFIER_STATE_BODY;
	else if (n->reason == SUBSCRIPTION_TIMEOUT && n->state == NOTIFIER_ACTIVE)
		n->last = NOTIFIER_CLOSED_BODY;
	stop_timers(n);
}

static void enter(struct notifier *n, const struct notifier_step *s, enum notifier_event event,
	const struct notifier_facts *f, uint64_t now)
{
	if (event == NOTIFIER_EV_POLL || event == NOTIFIER_EV_READ)
		n->polled = n->state == NOTIFIER_OFF;
	if (s->next == NOTIFIER_ENDING && n->state != NOTIFIER_ENDING)
		settle(n, s, event, f);
	if (s->next == NOTIFIER_OFF)
		notifier_init(n);
	n->state = s->next;
	if (event == NOTIFIER_EV_POLL)
		n->waited_at = now + NOTIFIER_WAIT_MS;
	if ((event == NOTIFIER_EV_ASK || event == NOTIFIER_EV_KNOWN) &&
		!(s->actions & NOTIFIER_NO_DIALOG))
		n->expires_at = now + (uint64_t)f->expires * 1000;
}

unsigned notifier_event(struct notifier *n, enum notifier_event event,
	const struct notifier_facts *facts, uint64_t now_ms)
{
	const struct notifier_step *s;
	unsigned actions;

	assert(event < NOTIFIER_EVENT__N);
	if (is_answer(event) && !n->under_way)
		return 0;
	if (is_answer(event))
		n->under_way = false;
	if (n->owed && event != NOTIFIER_EV_GONE && is_answer(event))
		return say(n, now_ms);
	s = &notifier_steps[n->state][event];
	actions = s->actions;
	assert(!(actions & NOTIFIER_NEVER));
	enter(n, s, event, facts, now_ms);
	if (event == NOTIFIER_EV_KNOWN && !facts->state_known && n->state == NOTIFIER_ACTIVE)
		actions |= NOTIFIER_PROBE; /* RFC 8048 5.3.2 */
	if (actions & NOTIFIER_SAY)
		actions |= say(n, now_ms);
	if (actions & NOTIFIER_PACED)
		actions |= say_paced(n, now_ms);
	if (actions & NOTIFIER_HOLD)
		hold(n, facts, now_ms);
	return actions & (NOTIFIER_SAY - 1);
}

uint64_t notifier_deadline(const struct notifier *n)
{
	uint64_t at = n->expires_at < n->waited_at ? n->expires_at : n->waited_at;

	return at < n->pace_at ? at : n->pace_at;
}

unsigned notifier_tick(struct notifier *n, uint64_t now_ms)
{
	static const struct notifier_facts none = {0};
	enum notifier_event event;

	if (n->expires_at <= now_ms) {
		n->expires_at = NEVER_DUE;
		event = NOTIFIER_EV_EXPIRED;
	} else if (n->waited_at <= now_ms) {
		n->waited_at = NEVER_DUE;
		event = NOTIFIER_EV_WAITED;
	} else if (n->pace_at <= now_ms) {
		n->pace_at = NEVER_DUE;
		event = NOTIFIER_EV_PACE;
	} else {
		return 0;
	}
	return notifier_event(n, event, &none, now_ms);
}
