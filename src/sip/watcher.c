#include "sip/watcher.h"

#include <assert.h>

#define NEVER_DUE UINT64_MAX

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void stop_timers(struct watcher *w)
{
	w->n_at = w->expires_at = w->renew_at = w->retry_at = NEVER_DUE;
}

void watcher_init(struct watcher *w, uint32_t expires_s, bool plain)
{
	*w = (struct watcher){.state = WATCHER_OFF, .asks = expires_s, .plain = plain};
	stop_timers(w);
}

void watcher_resume(struct watcher *w, bool active, uint64_t renew_at, uint64_t expires_at)
{
	w->state = active ? WATCHER_ACTIVE : WATCHER_PENDING;
	w->told = active;
	w->life = w->asks;
	w->renew_at = renew_at;
	w->expires_at = expires_at;
}

/* ---- what was said, as an event ---- */

/* RFC 8048 5.2.2 and RFC 6665 4.1.2.2; what neither names is a failure that passes. */
static const struct {
	uint16_t status;
	uint8_t event;
} answers[] = {
	{403, WATCHER_EV_FORBIDDEN},
	{404, WATCHER_EV_UNKNOWN},
	{405, WATCHER_EV_OVER},
	{410, WATCHER_EV_UNKNOWN},
	{416, WATCHER_EV_UNKNOWN},
	{420, WATCHER_EV_PLAIN},
	{423, WATCHER_EV_BRIEF},
	{480, WATCHER_EV_OVER},
	{481, WATCHER_EV_NO_DIALOG},
	{482, WATCHER_EV_OVER},
	{483, WATCHER_EV_OVER},
	{484, WATCHER_EV_UNKNOWN},
	{485, WATCHER_EV_UNKNOWN},
	{489, WATCHER_EV_FORBIDDEN},
	{501, WATCHER_EV_OVER},
	{603, WATCHER_EV_FORBIDDEN},
	{604, WATCHER_EV_UNKNOWN},
};

enum watcher_event watcher_answer(unsigned status)
{
	if (status >= 200 && status < 300)
		return WATCHER_EV_OK;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		if (answers[i].status == status)
			return answers[i].event;
	return WATCHER_EV_FAILED;
}

/* 4.1.3 */
static enum watcher_event ended(const struct subscription_state *s)
{
	switch (s->reason) {
	case SUBSCRIPTION_DEACTIVATED:
	case SUBSCRIPTION_TIMEOUT:
		return WATCHER_EV_AGAIN;
	case SUBSCRIPTION_PROBATION:
	case SUBSCRIPTION_GIVEUP:
		return WATCHER_EV_LATER;
	case SUBSCRIPTION_REJECTED:
		return WATCHER_EV_REJECTED;
	case SUBSCRIPTION_NORESOURCE:
	case SUBSCRIPTION_INVARIANT:
		return WATCHER_EV_NORESOURCE;
	default:
		return s->has_retry_after ? WATCHER_EV_LATER : WATCHER_EV_AGAIN;
	}
}

enum watcher_event watcher_notify(
	const struct subscription_state *s, struct watcher_facts *ret_facts)
{
	ret_facts->has_expires = s->has_expires;
	ret_facts->expires = s->expires;
	ret_facts->has_retry_after = s->has_retry_after;
	ret_facts->retry_after = s->retry_after;
	if (s->value == SUBSCRIPTION_TERMINATED)
		return ended(s);
	return s->value == SUBSCRIPTION_ACTIVE ? WATCHER_EV_ACTIVE : WATCHER_EV_PENDING;
}

/* ---- times ---- */

static uint64_t retry_after_ms(const struct watcher_facts *f)
{
	uint32_t s = f->has_retry_after ? f->retry_after : 0;

	return 1000 * earlier(s, WATCHER_RETRY_AFTER_MAX_S);
}

/* Twice as long each time, and up to half of it more, so that many do not come at once. */
static uint64_t rest_ms(const struct watcher *w, uint32_t random)
{
	uint64_t ms = WATCHER_RETRY_MAX_MS;

	if (w->tries < 7)
		ms = earlier(ms, (uint64_t)WATCHER_RETRY_MS << w->tries);
	return ms + ms / 2 * (random % 1024) / 1024;
}

static void rest(struct watcher *w, const struct watcher_facts *f, uint64_t now)
{
	uint64_t said = retry_after_ms(f);

	w->retry_at = now + (said ? said : rest_ms(w, f->random));
	w->not_before = now + said;
	if (w->tries < UINT8_MAX)
		w->tries++;
}

/*
 * Whether it was tried a moment ago decides, not what the other side says: one that ends each
 * subscription as soon as it stands would make us run in circles.
 */
static unsigned rest_soon(struct watcher *w, const struct watcher_facts *f, uint64_t now)
{
	if (now - w->asked_at < WATCHER_CALM_MS) {
		rest(w, f, now);
		return WATCHER_LOST;
	}
	w->tries = 0;
	w->not_before = 0;
	w->retry_at = now;
	return 0;
}

/* Its life begins anew (4.1.2.2). Nobody may lengthen what we asked for (4.2.1.1). */
static void keep(
	struct watcher *w, enum watcher_event event, const struct watcher_facts *f, uint64_t now)
{
	uint64_t ms;

	if (f->has_expires || event == WATCHER_EV_OK)
		w->life = f->has_expires && f->expires < w->asks ? f->expires : w->asks;
	else if (w->expires_at != NEVER_DUE)
		return; /* a NOTIFY that says nothing of it changes nothing */
	if (w->state != WATCHER_PENDING && w->state != WATCHER_ACTIVE)
		return;
	ms = (uint64_t)w->life * 1000;
	w->expires_at = now + ms;
	w->renew_at = now + later(ms / 100 * (80 + f->random % 11), WATCHER_RENEW_MIN_MS);
	if (w->under_way)
		w->renew_at = NEVER_DUE;
}

static void hold(struct watcher *w, const struct watcher_facts *f, uint64_t now)
{
	uint64_t said = retry_after_ms(f);

	w->renew_at = now + later(said, rest_ms(w, f->random));
	if (w->tries < UINT8_MAX)
		w->tries++;
}

static void sooner(struct watcher *w, uint64_t now)
{
	uint64_t at = later(later(now, w->not_before), w->asked_at + WATCHER_RETRY_MS);

	w->retry_at = earlier(w->retry_at, at);
}

/* ---- one step ---- */

static bool is_answer(enum watcher_event event)
{
	return event >= WATCHER_EV_OK && event <= WATCHER_EV_FAILED;
}

static bool is_notify(enum watcher_event event)
{
	return event >= WATCHER_EV_ACTIVE && event <= WATCHER_EV_NORESOURCE;
}

/* 423 and 420 that cannot be heeded, or were before, are failures as others are. */
static enum watcher_event understood(
	struct watcher *w, enum watcher_event event, const struct watcher_facts *f)
{
	if (event == WATCHER_EV_PLAIN && w->plain)
		return WATCHER_EV_FAILED;
	if (event == WATCHER_EV_PLAIN)
		w->plain = true;
	if (event != WATCHER_EV_BRIEF)
		return event;
	if (w->raised || f->min_expires <= w->asks || f->min_expires > WATCHER_EXPIRES_MAX_S)
		return WATCHER_EV_FAILED;
	w->raised = true;
	w->asks = f->min_expires;
	return event;
}

static void begin_request(struct watcher *w, unsigned actions, uint64_t now)
{
	w->under_way = true;
	w->n_at = now + WATCHER_N_MS;
	w->renew_at = NEVER_DUE;
	if (actions & (WATCHER_SUBSCRIBE | WATCHER_POLL)) {
		w->asked_at = now;
		w->told = false;
		w->life = w->asks;
		w->retry_at = w->expires_at = NEVER_DUE;
	}
	if (actions & WATCHER_UNSUBSCRIBE)
		w->expires_at = NEVER_DUE;
}

/* What the actions that are kept inside do, and what they add. */
static unsigned keep_time(struct watcher *w, unsigned actions, enum watcher_event event,
	const struct watcher_facts *f, uint64_t now)
{
	unsigned more = 0;

	if (actions & WATCHER_KEEP)
		keep(w, event, f, now);
	if (actions & WATCHER_HOLD)
		hold(w, f, now);
	if (actions & WATCHER_REST)
		rest(w, f, now);
	if (actions & WATCHER_SOON)
		more = rest_soon(w, f, now);
	if (actions & WATCHER_SOONER)
		sooner(w, now);
	return more;
}

static void enter(struct watcher *w, enum watcher_state state)
{
	if (state == w->state)
		return;
	w->state = state;
	if (state == WATCHER_OFF || state == WATCHER_RESTING) {
		w->under_way = false;
		stop_timers(w);
	}
}

/* What an answer or a NOTIFY means for what is waited for. */
static void hear(struct watcher *w, enum watcher_event event)
{
	if (is_answer(event)) {
		w->under_way = false;
		if (event == WATCHER_EV_OK)
			w->raised = false;
		else
			w->n_at = NEVER_DUE; /* none follows a refusal (4.1.2.1) */
	}
	if (is_notify(event))
		w->n_at = NEVER_DUE;
}

/* Of a subscription that has lasted, the failures of before are forgotten. */
static void forget_failures(struct watcher *w, enum watcher_event event, uint64_t now)
{
	if (event == WATCHER_EV_OK && now - w->asked_at >= WATCHER_CALM_MS)
		w->tries = 0;
}

unsigned watcher_event(struct watcher *w, enum watcher_event event,
	const struct watcher_facts *facts, uint64_t now_ms)
{
	const struct watcher_step *s;
	unsigned actions;

	assert(event < WATCHER_EVENT__N);
	if (is_answer(event) && !w->under_way)
		return 0;
	event = understood(w, event, facts);
	s = &watcher_steps[w->state][event];
	actions = s->actions;
	assert(!(actions & WATCHER_NEVER));
	if (!(actions & WATCHER_481))
		hear(w, event);
	forget_failures(w, event, now_ms);
	enter(w, s->next);
	actions |= keep_time(w, actions, event, facts, now_ms);
	if (actions & (WATCHER_SUBSCRIBE | WATCHER_POLL | WATCHER_RENEW | WATCHER_UNSUBSCRIBE))
		begin_request(w, actions, now_ms);
	if (actions & WATCHER_GRANTED) {
		actions &= w->told ? ~(unsigned)WATCHER_GRANTED : ~0u;
		w->told = true;
	}
	return actions & (WATCHER_KEEP - 1);
}

uint64_t watcher_deadline(const struct watcher *w)
{
	return earlier(earlier(w->n_at, w->expires_at), earlier(w->renew_at, w->retry_at));
}

unsigned watcher_tick(struct watcher *w, uint32_t random, uint64_t now_ms)
{
	struct watcher_facts facts = {.random = random};
	enum watcher_event event;

	if (w->n_at <= now_ms) {
		w->n_at = NEVER_DUE;
		event = WATCHER_EV_TIMER_N;
	} else if (w->expires_at <= now_ms) {
		w->expires_at = NEVER_DUE;
		event = WATCHER_EV_EXPIRED;
	} else if (w->renew_at <= now_ms) {
		w->renew_at = NEVER_DUE;
		event = WATCHER_EV_REFRESH;
	} else if (w->retry_at <= now_ms) {
		w->retry_at = NEVER_DUE;
		event = WATCHER_EV_RETRY;
	} else {
		return 0;
	}
	return watcher_event(w, event, &facts, now_ms);
}
