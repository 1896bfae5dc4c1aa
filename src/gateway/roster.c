#include "gateway/roster.h"

#include <assert.h>

#define E(event)   ROSTER_EV_##event
#define OUT(state) ROSTER_OUT_##state
#define IN(state)  ROSTER_IN_##state

enum {
	NOTHING = 0,
	STORE = ROSTER_STORE,
	WATCH = ROSTER_WATCH,
	UNWATCH = ROSTER_UNWATCH,
	POLL = ROSTER_POLL,
	GRANT = ROSTER_GRANT,
	DENY = ROSTER_DENY,
	CHANGE = ROSTER_CHANGE,
	WITHDRAW = ROSTER_WITHDRAW,
	NOBODY = ROSTER_NORESOURCE,
	SUBSCRIBE = ROSTER_SEND_SUBSCRIBE,
	UNSUBSCRIBE = ROSTER_SEND_UNSUBSCRIBE,
	SUBSCRIBED = ROSTER_SEND_SUBSCRIBED,
	UNSUBSCRIBED = ROSTER_SEND_UNSUBSCRIBED,
	PROBE = ROSTER_SEND_PROBE,
	STATE = ROSTER_SEND_STATE,
	GOODBYE = ROSTER_SEND_GOODBYE,
	FORGET = ROSTER_FORGET_STATE,
};

/* clang-format off */
const struct roster_step roster_out_steps[ROSTER_OUT__N][ROSTER_EVENT__N] = {
	[OUT(NONE)] = {
		[E(SUBSCRIBE)]    = {NOTHING, OUT(NONE)},
		[E(REFUSED)]      = {NOTHING, OUT(NONE)},
		[E(UNSUBSCRIBE)]  = {NOTHING, OUT(NONE)},
		[E(SUBSCRIBED)]   = {NOTHING, OUT(NONE)}, /* A.3.3: nobody asked */
		[E(UNSUBSCRIBED)] = {DENY, OUT(NONE)}, /* 4.3.2: the answer to a poll's probe */
		[E(PROBE)]        = {NOTHING, OUT(NONE)},
		[E(STATE)]        = {CHANGE, OUT(NONE)}, /* likewise, or directed: who may see decides the notifier */
		[E(INITIAL)]      = {CHANGE, OUT(NONE)},
		[E(FAILED)]       = {NOTHING, OUT(NONE)},
		[E(GRANTED)]      = {NOTHING, OUT(NONE)},
		[E(DENIED)]       = {NOTHING, OUT(NONE)},
		[E(NOBODY)]       = {NOTHING, OUT(NONE)},
		[E(LEFT)]         = {NOTHING, OUT(NONE)},
		[E(REQUEST)]      = {STORE | SUBSCRIBE, OUT(ASKED)}, /* A.2.1; RFC 8048 5.3.1 */
		[E(FETCH)]        = {PROBE, OUT(NONE)}, /* RFC 8048 7.2 */
		[E(GOODBYE)]      = {NOTHING, OUT(NONE)},
		[E(REVOKE)]       = {WITHDRAW, OUT(NONE)},
		[E(SUSPEND)]      = {WITHDRAW, OUT(NONE)},
		[E(RESUME)]       = {NOTHING, OUT(NONE)},
	},
	[OUT(ASKED)] = {
		[E(SUBSCRIBE)]    = {NOTHING, OUT(ASKED)},
		[E(REFUSED)]      = {NOTHING, OUT(ASKED)},
		[E(UNSUBSCRIBE)]  = {NOTHING, OUT(ASKED)},
		[E(SUBSCRIBED)]   = {STORE | GRANT, OUT(TO)}, /* A.3.3; RFC 8048 5.3.1 */
		[E(UNSUBSCRIBED)] = {STORE | DENY, OUT(NONE)}, /* A.3.4 */
		[E(PROBE)]        = {NOTHING, OUT(ASKED)},
		[E(STATE)]        = {CHANGE, OUT(ASKED)},
		[E(INITIAL)]      = {CHANGE, OUT(ASKED)},
		[E(FAILED)]       = {STORE | NOBODY, OUT(NONE)},
		[E(GRANTED)]      = {NOTHING, OUT(ASKED)},
		[E(DENIED)]       = {NOTHING, OUT(ASKED)},
		[E(NOBODY)]       = {NOTHING, OUT(ASKED)},
		[E(LEFT)]         = {NOTHING, OUT(ASKED)},
		[E(REQUEST)]      = {SUBSCRIBE, OUT(ASKED)}, /* A.2.1: it goes each time */
		[E(FETCH)]        = {PROBE, OUT(ASKED)},
		[E(GOODBYE)]      = {NOTHING, OUT(ASKED)}, /* what was asked stays asked */
		[E(REVOKE)]       = {STORE | WITHDRAW | UNSUBSCRIBE, OUT(NONE)}, /* A.2.2 */
		[E(SUSPEND)]      = {WITHDRAW, OUT(ASKED)},
		[E(RESUME)]       = {NOTHING, OUT(ASKED)}, /* his user agent comes again */
	},
	[OUT(TO)] = {
		[E(SUBSCRIBE)]    = {NOTHING, OUT(TO)},
		[E(REFUSED)]      = {NOTHING, OUT(TO)},
		[E(UNSUBSCRIBE)]  = {NOTHING, OUT(TO)},
		[E(SUBSCRIBED)]   = {NOTHING, OUT(TO)}, /* A.3.3 */
		[E(UNSUBSCRIBED)] = {STORE | DENY, OUT(NONE)}, /* A.3.4 */
		[E(PROBE)]        = {NOTHING, OUT(TO)},
		[E(STATE)]        = {CHANGE, OUT(TO)},
		[E(INITIAL)]      = {CHANGE, OUT(TO)},
		[E(FAILED)]       = {NOTHING, OUT(TO)}, /* it is none to what is granted */
		[E(GRANTED)]      = {NOTHING, OUT(TO)},
		[E(DENIED)]       = {NOTHING, OUT(TO)},
		[E(NOBODY)]       = {NOTHING, OUT(TO)},
		[E(LEFT)]         = {NOTHING, OUT(TO)},
		[E(REQUEST)]      = {GRANT, OUT(TO)},
		[E(FETCH)]        = {PROBE, OUT(TO)},
		/* RFC 8048 5.3.3: no unsubscribe; the contact's server keeps it, and so do we */
		[E(GOODBYE)]      = {GOODBYE, OUT(TO)},
		[E(REVOKE)]       = {STORE | WITHDRAW | UNSUBSCRIBE, OUT(NONE)},
		[E(SUSPEND)]      = {WITHDRAW, OUT(TO)},
		[E(RESUME)]       = {NOTHING, OUT(TO)},
	},
};

const struct roster_step roster_in_steps[ROSTER_IN__N][ROSTER_EVENT__N] = {
	[IN(NONE)] = {
		[E(SUBSCRIBE)]    = {STORE | WATCH, IN(ASKED)}, /* A.3.1; RFC 8048 5.2.1 */
		[E(REFUSED)]      = {UNSUBSCRIBED, IN(NONE)}, /* 3.1.4, 4.3.2 */
		[E(UNSUBSCRIBE)]  = {NOTHING, IN(NONE)}, /* A.3.2 */
		[E(SUBSCRIBED)]   = {NOTHING, IN(NONE)},
		[E(UNSUBSCRIBED)] = {NOTHING, IN(NONE)},
		[E(PROBE)]        = {POLL, IN(NONE)}, /* RFC 8048 7.1: the user's side decides */
		[E(STATE)]        = {NOTHING, IN(NONE)},
		[E(INITIAL)]      = {NOTHING, IN(NONE)},
		[E(FAILED)]       = {NOTHING, IN(NONE)},
		[E(GRANTED)]      = {UNWATCH, IN(NONE)}, /* of what nobody wants any more */
		[E(DENIED)]       = {NOTHING, IN(NONE)},
		[E(NOBODY)]       = {NOTHING, IN(NONE)},
		[E(LEFT)]         = {NOTHING, IN(NONE)},
		[E(REQUEST)]      = {NOTHING, IN(NONE)},
		[E(FETCH)]        = {NOTHING, IN(NONE)},
		[E(GOODBYE)]      = {NOTHING, IN(NONE)},
		[E(REVOKE)]       = {NOTHING, IN(NONE)},
		[E(SUSPEND)]      = {NOTHING, IN(NONE)},
		[E(RESUME)]       = {NOTHING, IN(NONE)},
	},
	[IN(ASKED)] = {
		[E(SUBSCRIBE)]    = {WATCH, IN(ASKED)}, /* A.3.1 */
		[E(REFUSED)]      = {STORE | UNWATCH | UNSUBSCRIBED, IN(NONE)},
		[E(UNSUBSCRIBE)]  = {STORE | UNWATCH, IN(LEAVING)}, /* A.3.2; RFC 8048 5.2.3 */
		[E(SUBSCRIBED)]   = {NOTHING, IN(ASKED)},
		[E(UNSUBSCRIBED)] = {NOTHING, IN(ASKED)},
		[E(PROBE)]        = {WATCH, IN(ASKED)},
		[E(STATE)]        = {NOTHING, IN(ASKED)},
		[E(INITIAL)]      = {WATCH, IN(ASKED)}, /* RFC 8048 5.2.2 */
		[E(FAILED)]       = {NOTHING, IN(ASKED)},
		[E(GRANTED)]      = {STORE | SUBSCRIBED, IN(FROM)}, /* A.2.3; RFC 8048 5.2.1 */
		[E(DENIED)]       = {STORE | UNSUBSCRIBED, IN(NONE)}, /* A.2.4; RFC 8048 5.2.2 */
		[E(NOBODY)]       = {STORE | UNSUBSCRIBED, IN(NONE)},
		[E(LEFT)]         = {NOTHING, IN(ASKED)},
		[E(REQUEST)]      = {NOTHING, IN(ASKED)},
		[E(FETCH)]        = {NOTHING, IN(ASKED)},
		[E(GOODBYE)]      = {NOTHING, IN(ASKED)},
		[E(REVOKE)]       = {STORE | UNWATCH | UNSUBSCRIBED, IN(NONE)}, /* A.2.4 */
		[E(SUSPEND)]      = {UNWATCH, IN(ASKED)},
		[E(RESUME)]       = {WATCH, IN(ASKED)},
	},
	[IN(FROM)] = {
		[E(SUBSCRIBE)]    = {WATCH | SUBSCRIBED | STATE, IN(FROM)}, /* A.3.1 note 2 */
		[E(REFUSED)]      = {STORE | UNWATCH | UNSUBSCRIBED | FORGET, IN(NONE)},
		[E(UNSUBSCRIBE)]  = {STORE | UNWATCH, IN(LEAVING)},
		[E(SUBSCRIBED)]   = {NOTHING, IN(FROM)},
		[E(UNSUBSCRIBED)] = {NOTHING, IN(FROM)}, /* RFC 8048 5.2.3: of the other direction */
		[E(PROBE)]        = {WATCH | STATE, IN(FROM)}, /* 4.3.2 */
		[E(STATE)]        = {NOTHING, IN(FROM)},
		[E(INITIAL)]      = {WATCH, IN(FROM)}, /* RFC 8048 5.2.2 */
		[E(FAILED)]       = {NOTHING, IN(FROM)},
		[E(GRANTED)]      = {NOTHING, IN(FROM)}, /* A.2.3: it does not go again */
		[E(DENIED)]       = {STORE | UNSUBSCRIBED | FORGET, IN(NONE)},
		/* RFC 8048 5.2.2: only a refusal takes it away; he may be back */
		[E(NOBODY)]       = {FORGET, IN(FROM)},
		[E(LEFT)]         = {NOTHING, IN(FROM)},
		[E(REQUEST)]      = {NOTHING, IN(FROM)},
		[E(FETCH)]        = {NOTHING, IN(FROM)},
		[E(GOODBYE)]      = {NOTHING, IN(FROM)},
		[E(REVOKE)]       = {STORE | UNWATCH | UNSUBSCRIBED | FORGET, IN(NONE)},
		[E(SUSPEND)]      = {UNWATCH | FORGET, IN(FROM)},
		[E(RESUME)]       = {WATCH, IN(FROM)},
	},
	[IN(LEAVING)] = {
		[E(SUBSCRIBE)]    = {STORE | WATCH, IN(ASKED)},
		[E(REFUSED)]      = {UNSUBSCRIBED, IN(NONE)},
		[E(UNSUBSCRIBE)]  = {NOTHING, IN(LEAVING)},
		[E(SUBSCRIBED)]   = {NOTHING, IN(LEAVING)},
		[E(UNSUBSCRIBED)] = {NOTHING, IN(LEAVING)},
		[E(PROBE)]        = {NOTHING, IN(LEAVING)},
		[E(STATE)]        = {NOTHING, IN(LEAVING)},
		[E(INITIAL)]      = {NOTHING, IN(LEAVING)},
		[E(FAILED)]       = {NOTHING, IN(LEAVING)},
		[E(GRANTED)]      = {NOTHING, IN(LEAVING)},
		[E(DENIED)]       = {UNSUBSCRIBED | FORGET, IN(NONE)},
		[E(NOBODY)]       = {UNSUBSCRIBED | FORGET, IN(NONE)},
		[E(LEFT)]         = {UNSUBSCRIBED | FORGET, IN(NONE)}, /* RFC 8048 5.2.3 */
		[E(REQUEST)]      = {NOTHING, IN(LEAVING)},
		[E(FETCH)]        = {NOTHING, IN(LEAVING)},
		[E(GOODBYE)]      = {NOTHING, IN(LEAVING)},
		[E(REVOKE)]       = {UNSUBSCRIBED | FORGET, IN(NONE)},
		[E(SUSPEND)]      = {NOTHING, IN(LEAVING)},
		[E(RESUME)]       = {NOTHING, IN(LEAVING)},
	},
};
/* clang-format on */

uint32_t roster_event(struct roster_pair *p, enum roster_event event)
{
	const struct roster_step *out, *in;

	assert(event < ROSTER_EVENT__N);
	out = &roster_out_steps[p->out][event];
	in = &roster_in_steps[p->in][event];
	if (event == ROSTER_EV_REQUEST)
		p->invited = true; /* to ask for somebody is to invite him (design section 7) */
	if (event == ROSTER_EV_REVOKE)
		p->invited = false;
	p->out = out->next;
	p->in = in->next;
	return out->actions | in->actions;
}

const char *roster_state_name(const struct roster_pair *p)
{
	static const char *const names[ROSTER_OUT__N][ROSTER_IN__N] = {
		[ROSTER_OUT_NONE] = {"none", "none + pending in", "from", "none"},
		[ROSTER_OUT_ASKED] = {"none + pending out", "none + pending out+in",
			"from + pending out", "none + pending out"},
		[ROSTER_OUT_TO] = {"to", "to + pending in", "both", "to"},
	};

	return names[p->out][p->in];
}

/* ---- partner types ---- */

/* A partner of type PublicUnverified whom the user has not invited. */
static enum roster_verdict judge_stranger(
	enum roster_kind kind, enum roster_direction direction, bool write_invites)
{
	static const uint8_t to_user[ROSTER_KIND__N] = {
		[ROSTER_SUBSCRIBING] = ROSTER_REFUSE,
		[ROSTER_PROBING] = ROSTER_REFUSE,
		[ROSTER_PRESENCE] = ROSTER_DROP,
		[ROSTER_NOTE] = ROSTER_DROP,
		[ROSTER_MESSAGE] = ROSTER_REFUSE,
	};
	static const uint8_t to_contact[ROSTER_KIND__N] = {
		[ROSTER_SUBSCRIBING] = ROSTER_INVITE,
		[ROSTER_PROBING] = ROSTER_REFUSE, /* nothing of the contact's reaches the user */
		[ROSTER_PRESENCE] = ROSTER_DROP,
		[ROSTER_NOTE] = ROSTER_DROP,
		[ROSTER_MESSAGE] = ROSTER_REFUSE,
	};

	if (direction == ROSTER_TO_USER)
		return to_user[kind];
	if (kind == ROSTER_MESSAGE && write_invites)
		return ROSTER_INVITE;
	return to_contact[kind];
}

enum roster_verdict roster_judge(enum partner_type type, enum roster_kind kind,
	enum roster_direction direction, bool invited, bool write_invites)
{
	assert(kind < ROSTER_KIND__N);
	if (type == PARTNER_PUBLIC_UNVERIFIED && !invited)
		return judge_stranger(kind, direction, write_invites);
	/* facts 2: the local user's note is for trusted deployments alone */
	if (kind == ROSTER_NOTE && direction == ROSTER_TO_CONTACT && type != PARTNER_FEDERATED)
		return ROSTER_DROP;
	return ROSTER_PASS;
}
