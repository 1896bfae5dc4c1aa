#include "gateway/session_machine.h"

#include <assert.h>

#define QUEUE   SESSION_QUEUE
#define INVITE  SESSION_INVITE
#define CANCEL  SESSION_CANCEL
#define ACCEPT  SESSION_ACCEPT
#define REPLACE SESSION_REPLACE
#define ACK     SESSION_ACK
#define DROP    SESSION_DROP_LEG
#define SEND    SESSION_SEND
#define DONE    SESSION_DONE
#define FAIL    SESSION_FAIL
#define UNKNOWN SESSION_FAIL_UNKNOWN
#define AGAIN   SESSION_AGAIN
#define ALL     SESSION_FAIL_ALL
#define BYE     SESSION_BYE
#define ENDED   SESSION_ENDED
#define WANT    SESSION_WANT_LEAVE
#define NEVER   SESSION_NEVER

/* clang-format off */
const struct session_step session_steps[SESSION_STATE__N][SESSION_EVENT__N] = {
	[SESSION_IDLE] = {
		[SESSION_EV_TEXT]       = {QUEUE,            SESSION_IDLE},
		[SESSION_EV_MORE]       = {INVITE,           SESSION_INVITING},
		[SESSION_EV_INVITE]     = {ACCEPT,           SESSION_ANSWERED},
		[SESSION_EV_ACCEPTED]   = {NEVER,            SESSION_IDLE},
		[SESSION_EV_REFUSED]    = {NEVER,            SESSION_IDLE},
		[SESSION_EV_UNANSWERED] = {NEVER,            SESSION_IDLE},
		[SESSION_EV_STRAY]      = {DROP,             SESSION_IDLE},
		[SESSION_EV_ACK]        = {NEVER,            SESSION_IDLE},
		[SESSION_EV_NO_ACK]     = {NEVER,            SESSION_IDLE},
		/* of a dialog that has ended meanwhile */
		[SESSION_EV_SENT]       = {DONE,             SESSION_IDLE},
		[SESSION_EV_FAILED]     = {FAIL,             SESSION_IDLE},
		[SESSION_EV_DEAD]       = {AGAIN,            SESSION_IDLE},
		[SESSION_EV_DEAD_AGAIN] = {FAIL,             SESSION_IDLE},
		[SESSION_EV_SILENT]     = {UNKNOWN,          SESSION_IDLE},
		[SESSION_EV_BYE]        = {NEVER,            SESSION_IDLE},
		[SESSION_EV_LEAVE]      = {0,                SESSION_IDLE},
		[SESSION_EV_LIMIT]      = {0,                SESSION_IDLE},
		[SESSION_EV_LEFT]       = {0,                SESSION_IDLE},
		[SESSION_EV_STOP]       = {ALL,              SESSION_IDLE},
	},
	[SESSION_INVITING] = {
		[SESSION_EV_TEXT]       = {QUEUE,            SESSION_INVITING},
		[SESSION_EV_MORE]       = {NEVER,            SESSION_INVITING},
		/* glare: theirs may carry a text; ours has none yet, what waits goes by theirs */
		[SESSION_EV_INVITE]     = {ACCEPT | CANCEL,  SESSION_ANSWERED},
		[SESSION_EV_ACCEPTED]   = {ACK,              SESSION_UP},
		[SESSION_EV_REFUSED]    = {ALL,              SESSION_IDLE},
		[SESSION_EV_UNANSWERED] = {ALL,              SESSION_IDLE},
		[SESSION_EV_STRAY]      = {DROP,             SESSION_INVITING},
		[SESSION_EV_ACK]        = {NEVER,            SESSION_INVITING},
		[SESSION_EV_NO_ACK]     = {NEVER,            SESSION_INVITING},
		/* none is under way where another is waited with */
		[SESSION_EV_SENT]       = {NEVER,            SESSION_INVITING},
		[SESSION_EV_FAILED]     = {NEVER,            SESSION_INVITING},
		[SESSION_EV_DEAD]       = {NEVER,            SESSION_INVITING},
		[SESSION_EV_DEAD_AGAIN] = {NEVER,            SESSION_INVITING},
		[SESSION_EV_SILENT]     = {NEVER,            SESSION_INVITING},
		[SESSION_EV_BYE]        = {NEVER,            SESSION_INVITING},
		[SESSION_EV_LEAVE]      = {WANT,             SESSION_INVITING},
		[SESSION_EV_LIMIT]      = {0,                SESSION_INVITING},
		[SESSION_EV_LEFT]       = {0,                SESSION_INVITING},
		[SESSION_EV_STOP]       = {CANCEL | ALL,     SESSION_IDLE},
	},
	[SESSION_ANSWERED] = {
		[SESSION_EV_TEXT]       = {QUEUE,            SESSION_ANSWERED},
		[SESSION_EV_MORE]       = {NEVER,            SESSION_ANSWERED},
		[SESSION_EV_INVITE]     = {ACCEPT | REPLACE, SESSION_ANSWERED},
		[SESSION_EV_ACCEPTED]   = {NEVER,            SESSION_ANSWERED},
		[SESSION_EV_REFUSED]    = {NEVER,            SESSION_ANSWERED},
		[SESSION_EV_UNANSWERED] = {NEVER,            SESSION_ANSWERED},
		[SESSION_EV_STRAY]      = {DROP,             SESSION_ANSWERED},
		[SESSION_EV_ACK]        = {0,                SESSION_UP},
		[SESSION_EV_NO_ACK]     = {BYE,              SESSION_LEAVING},
		[SESSION_EV_SENT]       = {DONE,             SESSION_ANSWERED},
		[SESSION_EV_FAILED]     = {FAIL,             SESSION_ANSWERED},
		[SESSION_EV_DEAD]       = {AGAIN,            SESSION_ANSWERED},
		[SESSION_EV_DEAD_AGAIN] = {FAIL,             SESSION_ANSWERED},
		[SESSION_EV_SILENT]     = {UNKNOWN,          SESSION_ANSWERED},
		[SESSION_EV_BYE]        = {ENDED,            SESSION_IDLE},
		[SESSION_EV_LEAVE]      = {WANT,             SESSION_ANSWERED},
		[SESSION_EV_LIMIT]      = {0,                SESSION_ANSWERED},
		[SESSION_EV_LEFT]       = {0,                SESSION_ANSWERED},
		[SESSION_EV_STOP]       = {BYE | ALL,        SESSION_LEAVING},
	},
	[SESSION_UP] = {
		[SESSION_EV_TEXT]       = {QUEUE,            SESSION_UP},
		[SESSION_EV_MORE]       = {SEND,             SESSION_SENDING},
		/* another endpoint of his, or one that forgot us: what he opens last is what he sees */
		[SESSION_EV_INVITE]     = {ACCEPT | REPLACE, SESSION_ANSWERED},
		[SESSION_EV_ACCEPTED]   = {NEVER,            SESSION_UP},
		[SESSION_EV_REFUSED]    = {NEVER,            SESSION_UP},
		[SESSION_EV_UNANSWERED] = {NEVER,            SESSION_UP},
		[SESSION_EV_STRAY]      = {DROP,             SESSION_UP},
		[SESSION_EV_ACK]        = {0,                SESSION_UP},
		[SESSION_EV_NO_ACK]     = {BYE,              SESSION_LEAVING},
		/* of the dialog that was replaced */
		[SESSION_EV_SENT]       = {DONE,             SESSION_UP},
		[SESSION_EV_FAILED]     = {FAIL,             SESSION_UP},
		[SESSION_EV_DEAD]       = {AGAIN,            SESSION_UP},
		[SESSION_EV_DEAD_AGAIN] = {FAIL,             SESSION_UP},
		[SESSION_EV_SILENT]     = {UNKNOWN,          SESSION_UP},
		[SESSION_EV_BYE]        = {ENDED,            SESSION_IDLE},
		[SESSION_EV_LEAVE]      = {BYE,              SESSION_LEAVING},
		[SESSION_EV_LIMIT]      = {BYE,              SESSION_LEAVING},
		[SESSION_EV_LEFT]       = {0,                SESSION_UP},
		[SESSION_EV_STOP]       = {BYE | ALL,        SESSION_LEAVING},
	},
	[SESSION_SENDING] = {
		[SESSION_EV_TEXT]       = {QUEUE,            SESSION_SENDING},
		[SESSION_EV_MORE]       = {NEVER,            SESSION_SENDING},
		[SESSION_EV_INVITE]     = {ACCEPT | REPLACE, SESSION_ANSWERED},
		[SESSION_EV_ACCEPTED]   = {NEVER,            SESSION_SENDING},
		[SESSION_EV_REFUSED]    = {NEVER,            SESSION_SENDING},
		[SESSION_EV_UNANSWERED] = {NEVER,            SESSION_SENDING},
		[SESSION_EV_STRAY]      = {DROP,             SESSION_SENDING},
		[SESSION_EV_ACK]        = {0,                SESSION_SENDING},
		[SESSION_EV_NO_ACK]     = {BYE,              SESSION_LEAVING},
		[SESSION_EV_SENT]       = {DONE,             SESSION_UP},
		[SESSION_EV_FAILED]     = {FAIL,             SESSION_UP},
		/* there is nothing to say BYE in */
		[SESSION_EV_DEAD]       = {AGAIN,            SESSION_IDLE},
		[SESSION_EV_DEAD_AGAIN] = {FAIL,             SESSION_IDLE},
		/* whether there is, is not known: BYE, but nobody waits for its answer */
		[SESSION_EV_SILENT]     = {UNKNOWN | BYE,    SESSION_IDLE},
		[SESSION_EV_BYE]        = {ENDED,            SESSION_IDLE},
		[SESSION_EV_LEAVE]      = {WANT,             SESSION_SENDING},
		[SESSION_EV_LIMIT]      = {0,                SESSION_SENDING},
		[SESSION_EV_LEFT]       = {0,                SESSION_SENDING},
		[SESSION_EV_STOP]       = {BYE | ALL,        SESSION_LEAVING},
	},
	[SESSION_LEAVING] = {
		/* he begins anew when this one is over */
		[SESSION_EV_TEXT]       = {QUEUE,            SESSION_LEAVING},
		[SESSION_EV_MORE]       = {NEVER,            SESSION_LEAVING},
		[SESSION_EV_INVITE]     = {ACCEPT,           SESSION_ANSWERED},
		[SESSION_EV_ACCEPTED]   = {NEVER,            SESSION_LEAVING},
		[SESSION_EV_REFUSED]    = {NEVER,            SESSION_LEAVING},
		[SESSION_EV_UNANSWERED] = {NEVER,            SESSION_LEAVING},
		[SESSION_EV_STRAY]      = {DROP,             SESSION_LEAVING},
		[SESSION_EV_ACK]        = {0,                SESSION_LEAVING},
		[SESSION_EV_NO_ACK]     = {0,                SESSION_LEAVING},
		[SESSION_EV_SENT]       = {DONE,             SESSION_LEAVING},
		[SESSION_EV_FAILED]     = {FAIL,             SESSION_LEAVING},
		[SESSION_EV_DEAD]       = {AGAIN,            SESSION_LEAVING},
		[SESSION_EV_DEAD_AGAIN] = {FAIL,             SESSION_LEAVING},
		[SESSION_EV_SILENT]     = {UNKNOWN,          SESSION_LEAVING},
		/* both say it at once */
		[SESSION_EV_BYE]        = {0,                SESSION_LEAVING},
		[SESSION_EV_LEAVE]      = {0,                SESSION_LEAVING},
		[SESSION_EV_LIMIT]      = {0,                SESSION_LEAVING},
		[SESSION_EV_LEFT]       = {0,                SESSION_IDLE},
		[SESSION_EV_STOP]       = {ALL,              SESSION_LEAVING},
	},
};
/* clang-format on */

/* What the actions do to what is waiting and under way. */
static void keep_count(struct session_machine *m, uint32_t actions)
{
	if (actions & QUEUE) {
		m->waiting++;
		m->leaving = false; /* he goes on after all */
	}
	if (actions & SEND) {
		m->waiting--;
		m->under_way = true;
	}
	if (actions & (DONE | FAIL | UNKNOWN | AGAIN)) {
		m->under_way = false;
		m->resent = actions & AGAIN;
	}
	if (actions & AGAIN)
		m->waiting++;
	if (actions & ALL) {
		m->waiting = 0;
		m->resent = false;
	}
	if (actions & WANT)
		m->leaving = true;
}

static uint32_t step(struct session_machine *m, enum session_event event)
{
	const struct session_step *s = &session_steps[m->state][event];
	uint32_t actions = s->actions;

	assert(!(actions & NEVER));
	if (event == SESSION_EV_STOP && m->under_way)
		actions |= UNKNOWN;
	m->state = s->next;
	keep_count(m, actions);
	if (m->state == SESSION_IDLE || m->state == SESSION_LEAVING)
		m->leaving = false;
	return actions & ~(uint32_t)WANT;
}

/* Does something follow by itself? */
static bool follows(const struct session_machine *m, enum session_event *ret)
{
	if (m->under_way)
		return false;
	*ret = m->waiting ? SESSION_EV_MORE : SESSION_EV_LEAVE;
	return m->waiting ? m->state == SESSION_IDLE || m->state == SESSION_UP
			  : m->state == SESSION_UP && m->leaving;
}

/* An answer to a MESSAGE when none is under way: it was given up, and its sender has been told. */
static bool is_stale(const struct session_machine *m, enum session_event event)
{
	return event >= SESSION_EV_SENT && event <= SESSION_EV_SILENT && !m->under_way;
}

unsigned session_event(
	struct session_machine *m, enum session_event event, uint32_t ret[SESSION_STEPS])
{
	unsigned n = 0;

	assert(event < SESSION_EVENT__N);
	if (is_stale(m, event))
		return 0;
	if (event == SESSION_EV_DEAD && m->resent)
		event = SESSION_EV_DEAD_AGAIN;
	do {
		uint32_t actions = step(m, event);

		assert(n < SESSION_STEPS);
		if (actions)
			ret[n++] = actions;
	} while (follows(m, &event));
	return n;
}

void session_expired(struct session_machine *m)
{
	assert(m->waiting > 0 && m->state != SESSION_IDLE && m->state != SESSION_UP);
	m->waiting--;
	if (!m->under_way)
		m->resent = false;
}
