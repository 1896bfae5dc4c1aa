#include "gateway/composing.h"

#include <assert.h>

/*
 * Cells by hand, from RFC 3994 3.2, 3.3, XEP-0085 5.1 and 5.3, RFC 7573 6 and 6.1. A state is never
 * told twice in a row (XEP-0085 5.3): what changes nothing only begins the timer anew.
 */
#define TELL_TYPING  (COMPOSING_TELL_TYPING | COMPOSING_WAIT)
#define TELL_STOPPED (COMPOSING_TELL_STOPPED | COMPOSING_STOP)
#define TELL_GONE    (COMPOSING_TELL_GONE | COMPOSING_STOP)
#define SAY_ACTIVE   (COMPOSING_SAY_ACTIVE | COMPOSING_WAIT)
#define SAY_IDLE     (COMPOSING_SAY_IDLE | COMPOSING_STOP)
#define WAIT         COMPOSING_WAIT
#define STOP         COMPOSING_STOP
#define END          COMPOSING_END

/* clang-format off */
const struct composing_step composing_heard_steps[HEARD_STATE__N][HEARD_EVENT__N] = {
	[HEARD_QUIET] = {
		[HEARD_EV_TYPING]     = {TELL_TYPING,  HEARD_TYPING},
		[HEARD_EV_IDLE]       = {0,            HEARD_QUIET},
		[HEARD_EV_CONTENT]    = {0,            HEARD_QUIET},
		[HEARD_EV_TIMEOUT]    = {0,            HEARD_QUIET},
		[HEARD_EV_UNDERSTOOD] = {0,            HEARD_QUIET},
		[HEARD_EV_UNKNOWN_TO] = {0,            HEARD_MUTE},
		[HEARD_EV_END]        = {TELL_GONE,    HEARD_QUIET},
	},
	[HEARD_TYPING] = {
		[HEARD_EV_TYPING]     = {WAIT,         HEARD_TYPING},
		[HEARD_EV_IDLE]       = {TELL_STOPPED, HEARD_QUIET},
		/* the text carries active: nothing more is to be told */
		[HEARD_EV_CONTENT]    = {STOP,         HEARD_QUIET},
		[HEARD_EV_TIMEOUT]    = {TELL_STOPPED, HEARD_QUIET},
		[HEARD_EV_UNDERSTOOD] = {0,            HEARD_TYPING},
		[HEARD_EV_UNKNOWN_TO] = {STOP,         HEARD_MUTE},
		[HEARD_EV_END]        = {TELL_GONE,    HEARD_QUIET},
	},
	[HEARD_MUTE] = {
		[HEARD_EV_TYPING]     = {0,            HEARD_MUTE},
		[HEARD_EV_IDLE]       = {0,            HEARD_MUTE},
		[HEARD_EV_CONTENT]    = {0,            HEARD_MUTE},
		[HEARD_EV_TIMEOUT]    = {0,            HEARD_MUTE},
		[HEARD_EV_UNDERSTOOD] = {0,            HEARD_QUIET},
		[HEARD_EV_UNKNOWN_TO] = {0,            HEARD_MUTE},
		[HEARD_EV_END]        = {0,            HEARD_MUTE},
	},
};

const struct composing_step composing_said_steps[SAID_STATE__N][SAID_EVENT__N] = {
	[SAID_DOWN] = {
		[SAID_EV_UP]        = {0,          SAID_IDLE},
		[SAID_EV_DOWN]      = {0,          SAID_DOWN},
		/* never before the dialog stands (profile 5.4), and not later either: it would be old */
		[SAID_EV_COMPOSING] = {0,          SAID_DOWN},
		[SAID_EV_SOON]      = {0,          SAID_DOWN},
		[SAID_EV_STOPPED]   = {0,          SAID_DOWN},
		[SAID_EV_GONE]      = {END,        SAID_DOWN},
		[SAID_EV_CONTENT]   = {0,          SAID_DOWN},
		[SAID_EV_TIMEOUT]   = {0,          SAID_DOWN},
		[SAID_EV_REFUSED]   = {0,          SAID_OFF},
	},
	[SAID_IDLE] = {
		[SAID_EV_UP]        = {0,          SAID_IDLE},
		[SAID_EV_DOWN]      = {0,          SAID_DOWN},
		[SAID_EV_COMPOSING] = {SAY_ACTIVE, SAID_ACTIVE},
		/* stopped and begun again within seconds is news, unlike the same once more */
		[SAID_EV_SOON]      = {SAY_ACTIVE, SAID_ACTIVE},
		[SAID_EV_STOPPED]   = {0,          SAID_IDLE},
		[SAID_EV_GONE]      = {END,        SAID_IDLE},
		[SAID_EV_CONTENT]   = {0,          SAID_IDLE},
		[SAID_EV_TIMEOUT]   = {0,          SAID_IDLE},
		[SAID_EV_REFUSED]   = {0,          SAID_OFF},
	},
	[SAID_ACTIVE] = {
		[SAID_EV_UP]        = {0,          SAID_ACTIVE},
		[SAID_EV_DOWN]      = {STOP,       SAID_DOWN},
		[SAID_EV_COMPOSING] = {SAY_ACTIVE, SAID_ACTIVE},
		[SAID_EV_SOON]      = {WAIT,       SAID_ACTIVE},
		[SAID_EV_STOPPED]   = {SAY_IDLE,   SAID_IDLE},
		/* the BYE says it all (RFC 7573 table 4: gone is no isComposing) */
		[SAID_EV_GONE]      = {END | STOP, SAID_IDLE},
		/* content ends typing at the receiver (RFC 3994 3.3) */
		[SAID_EV_CONTENT]   = {STOP,       SAID_IDLE},
		[SAID_EV_TIMEOUT]   = {SAY_IDLE,   SAID_IDLE},
		[SAID_EV_REFUSED]   = {STOP,       SAID_OFF},
	},
	[SAID_OFF] = {
		[SAID_EV_UP]        = {0,          SAID_OFF},
		/* what comes next is another session, whose peer may accept it */
		[SAID_EV_DOWN]      = {0,          SAID_DOWN},
		[SAID_EV_COMPOSING] = {0,          SAID_OFF},
		[SAID_EV_SOON]      = {0,          SAID_OFF},
		[SAID_EV_STOPPED]   = {0,          SAID_OFF},
		[SAID_EV_GONE]      = {END,        SAID_OFF},
		[SAID_EV_CONTENT]   = {0,          SAID_OFF},
		[SAID_EV_TIMEOUT]   = {0,          SAID_OFF},
		[SAID_EV_REFUSED]   = {0,          SAID_OFF},
	},
};
/* clang-format on */

/* What a caller has to do; the rest of the bits is ours. */
static unsigned outward(unsigned actions)
{
	return actions & ~(unsigned)(COMPOSING_WAIT | COMPOSING_STOP);
}

static void set_timer(uint64_t *until, unsigned actions, uint64_t now_ms, uint64_t wait_ms)
{
	if (actions & COMPOSING_WAIT)
		*until = now_ms + wait_ms;
	else if (actions & COMPOSING_STOP)
		*until = UINT64_MAX;
}

void composing_init(struct composing *c, enum composing_carriage carriage)
{
	*c = (struct composing){
		.carriage = carriage,
		.heard = HEARD_QUIET,
		.said = SAID_DOWN,
		.heard_until = UINT64_MAX,
		.said_until = UINT64_MAX,
	};
}

/*
 * Who begins and stops again and again makes a message of each, which no rate holds up and nobody
 * reads. One that began and is told so is told the end, whatever else there was.
 */
static unsigned not_too_often(
	struct composing_often *o, unsigned actions, unsigned begin, unsigned end, uint64_t now_ms)
{
	if (actions & begin) {
		if (o->until <= now_ms)
			*o = (struct composing_often){.until = now_ms + COMPOSING_AGAIN_MS};
		o->left_out = o->n == COMPOSING_OFTEN;
		o->n += !o->left_out;
		return o->left_out ? actions & ~begin : actions;
	}
	if (actions & end && o->left_out) {
		o->left_out = false;
		return actions & ~end;
	}
	return actions;
}

unsigned composing_heard(
	struct composing *c, enum heard_event event, unsigned refresh_s, uint64_t now_ms)
{
	const struct composing_step *step;

	assert(event < HEARD_EVENT__N);
	step = &composing_heard_steps[c->heard][event];
	c->heard = step->next;
	set_timer(&c->heard_until, step->actions, now_ms, (uint64_t)refresh_s * 1000);
	return not_too_often(&c->told, outward(step->actions), COMPOSING_TELL_TYPING,
		COMPOSING_TELL_STOPPED, now_ms);
}

/* Without a carriage nothing is said, without a session none is ended. */
static unsigned carried(const struct composing *c, unsigned actions)
{
	if (c->carriage == COMPOSING_NOT)
		actions &= ~(unsigned)(COMPOSING_SAY_ACTIVE | COMPOSING_SAY_IDLE);
	if (c->carriage == COMPOSING_PAGER)
		actions &= ~(unsigned)COMPOSING_END;
	return actions;
}

unsigned composing_said(struct composing *c, enum said_event event, uint64_t now_ms)
{
	const struct composing_step *step;

	assert(event < SAID_EVENT__N);
	if (event == SAID_EV_COMPOSING && now_ms < c->quiet_until)
		event = SAID_EV_SOON;
	step = &composing_said_steps[c->said][event];
	c->said = step->next;
	set_timer(&c->said_until, step->actions, now_ms, COMPOSING_REFRESH_S * 1000);
	if (step->actions & COMPOSING_SAY_ACTIVE)
		c->quiet_until = now_ms + COMPOSING_AGAIN_MS;
	return not_too_often(&c->spoken, carried(c, outward(step->actions)), COMPOSING_SAY_ACTIVE,
		COMPOSING_SAY_IDLE, now_ms);
}

static enum said_event event_of(enum chatstate state)
{
	switch (state) {
	case CHATSTATE_COMPOSING:
		return SAID_EV_COMPOSING;
	case CHATSTATE_GONE:
		return SAID_EV_GONE;
	default:
		return SAID_EV_STOPPED;
	}
}

unsigned composing_stanza(struct composing *c, enum chatstate state, bool has_body, uint64_t now_ms)
{
	unsigned actions = 0;

	if (state != CHATSTATE_NONE)
		actions |= composing_heard(c, HEARD_EV_UNDERSTOOD, 0, now_ms);
	else if (has_body)
		actions |= composing_heard(c, HEARD_EV_UNKNOWN_TO, 0, now_ms);
	if (has_body)
		actions |= composing_said(c, SAID_EV_CONTENT, now_ms);
	/* beside a text only gone says more than the text does */
	if (state != CHATSTATE_NONE && (!has_body || state == CHATSTATE_GONE))
		actions |= composing_said(c, event_of(state), now_ms);
	return actions;
}

uint64_t composing_deadline(const struct composing *c)
{
	return c->heard_until < c->said_until ? c->heard_until : c->said_until;
}

unsigned composing_tick(struct composing *c, uint64_t now_ms)
{
	unsigned actions = 0;

	if (c->heard_until <= now_ms)
		actions |= composing_heard(c, HEARD_EV_TIMEOUT, 0, now_ms);
	if (c->said_until <= now_ms)
		actions |= composing_said(c, SAID_EV_TIMEOUT, now_ms);
	return actions;
}

enum chatstate composing_stopped(const struct composing *c)
{
	return c->carriage == COMPOSING_KEYBOARD ? CHATSTATE_PAUSED : CHATSTATE_ACTIVE;
}

enum chatstate composing_beside_text(const struct composing *c)
{
	return c->heard == HEARD_MUTE ? CHATSTATE_NONE : CHATSTATE_ACTIVE;
}

struct composing_form composing_form(const struct composing *c, bool active, struct buf *out)
{
	assert(c->carriage != COMPOSING_NOT);
	if (c->carriage == COMPOSING_KEYBOARD) {
		keyboard_write(out, active);
		return (struct composing_form){SIP_INFO, KEYBOARD_TYPE};
	}
	composing_write(out, active, COMPOSING_REFRESH_S);
	return (struct composing_form){SIP_MESSAGE, COMPOSING_TYPE};
}
