#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/address.h"
#include "gateway/session_priv.h"
#include "view/metrics.h"

/* What the machine of a session asks for, done. */

/* ---- what follows at once ---- */

struct follow {
	bool yes;
	enum session_event event;
	struct session_why why;
};

static void follow(
	struct follow *f, enum session_event event, enum stanza_cond cond, const char *text)
{
	*f = (struct follow){true, event, {.cond = cond, .text = text}};
}

/* ---- texts ---- */

static void text_done(void *arg, const struct sip_result *r);

static void text_send(struct session *s, const struct route *route)
{
	struct gateway *g = s->gateway;
	const struct outgoing *o = backlog_head(&s->texts);
	struct slice asserted = outgoing_asserted(o, route, &g->scratch);
	struct outgoing_words words;
	struct leg_request r = {.method = SIP_MESSAGE, .fields = words.fields};

	outgoing_say(g, o, &words);
	if (asserted.p)
		words.fields[words.n_fields++] =
			(struct sip_out){SL("P-Asserted-Identity"), asserted};
	r.n_fields = words.n_fields;
	/* profile 5.3: the charset always */
	r.content_type = slice_eqz(words.content_type, "text/plain")
				 ? SL("text/plain;charset=UTF-8")
				 : words.content_type;
	r.body = words.body;
	session_said(s);
	s->asked = true;
	leg_send(s->leg, &r, outgoing_left(g, o), text_done, s);
}

/* Typing and receipts are of one dialog: they never go in another. */
static enum session_event is_dead(const struct session *s)
{
	return backlog_head(&s->texts)->kind == OUTGOING_NOTE ? SESSION_EV_DEAD_AGAIN
							      : SESSION_EV_DEAD;
}

/* The head is under way: now, or when its turn in the rate comes. */
static void text_go(struct session *s, struct follow *f)
{
	struct gateway *g = s->gateway;
	const struct outgoing *o = backlog_head(&s->texts);
	const struct route *route = session_route(s);

	if (s->machine.state != SESSION_SENDING) { /* its dialog ended while it waited */
		follow(f, is_dead(s), STANZA_REMOTE_SERVER_TIMEOUT, "the session ended");
	} else if (!outgoing_left(g, o)) {
		follow(f, SESSION_EV_FAILED, STANZA_REMOTE_SERVER_TIMEOUT,
			"earlier messages took too long");
	} else if (!route) {
		follow(f, SESSION_EV_FAILED, STANZA_SERVICE_UNAVAILABLE,
			"this user cannot be reached by SIP");
	} else if (leg_route(s->leg) != route) { /* his domain has moved */
		leg_bye(s->leg);
		follow(f, is_dead(s), STANZA_REMOTE_SERVER_TIMEOUT, "the session ended");
	} else {
		enum pacer_answer answer = pacer_ask(g, route, &s->turn, o->deadline_ms);

		if (answer == PACER_GO)
			text_send(s, route);
		else if (answer == PACER_TOO_LATE)
			follow(f, SESSION_EV_FAILED, STANZA_RESOURCE_CONSTRAINT,
				"too many messages to this user's server");
	}
}

/*
 * profile 5.3, design section 9: 481, 480, 404, 410 say that there is no such dialog, 408 and
 * silence nothing. What nobody can have taken goes on in another dialog as well.
 */
static enum session_event outcome(const struct sip_result *r)
{
	if (r->end == SIP_UNREACHABLE)
		return r->may_have_arrived ? SESSION_EV_SILENT : SESSION_EV_DEAD;
	if (r->end == SIP_TIMEOUT)
		return SESSION_EV_SILENT;
	if (r->end == SIP_NO_TARGET) /* its route has gone, or the way to it */
		return SESSION_EV_DEAD;
	if (r->end != SIP_FINAL)
		return SESSION_EV_FAILED;
	switch (r->status) {
	case 404:
	case 410:
	case 480:
	case 481:
		return SESSION_EV_DEAD;
	case 408:
		return SESSION_EV_SILENT;
	default:
		return r->status < 300 ? SESSION_EV_SENT : SESSION_EV_FAILED;
	}
}

/* Its wrapper is not taken: the same text without it, in the next dialog if this one has ended. */
static void text_unwrapped(struct session *s)
{
	static const struct session_why why = {
		.cond = STANZA_NOT_ACCEPTABLE, .text = "its type is not taken"};
	const struct route *route = session_route(s);

	if (!route || !outgoing_left(s->gateway, backlog_head(&s->texts)))
		session_feed(s, SESSION_EV_FAILED, &why);
	else if (s->machine.state == SESSION_SENDING)
		text_send(s, route);
	else
		session_feed(s, is_dead(s), &why);
}

/* Of one that was sent in s->leg, or in a dialog that was: the text is the same. */
static void text_done(void *arg, const struct sip_result *r)
{
	struct session *s = arg;
	enum session_event event = outcome(r);
	struct session_why why = {.told = true};

	gateway_scratch(s->gateway);
	s->asked = false;
	if (!s->machine.under_way) { /* its sender was told already */
		session_settle(s);
		return;
	}
	if (event == SESSION_EV_DEAD)
		event = is_dead(s);
	if (event == SESSION_EV_DEAD && !s->machine.resent) {
		why.told = false;
	} else if (!outgoing_ended(s->gateway, backlog_head(&s->texts), r)) {
		text_unwrapped(s);
		return;
	}
	session_feed(s, event, &why);
}

/* The text under way is over. */
static void text_over(struct session *s, const struct session_why *why)
{
	/* We end; it may still wait for its turn. */
	static const struct session_why unsent = {.cond = STANZA_RESOURCE_CONSTRAINT,
						.text = "the gateway is ending"},
					asked = {.cond = STANZA_REMOTE_SERVER_TIMEOUT,
						.text = "the gateway is ending; the message may "
							"have arrived"};
	struct outgoing *o = backlog_head(&s->texts);

	pacer_leave(&s->turn);
	if (!why)
		why = s->asked ? &asked : &unsent;
	if (!why->told)
		outgoing_fail(s->gateway, o, why->cond, slice_of(why->text));
	backlog_drop(&s->texts, o);
}

static void text_fail(struct session *s, struct outgoing *o, const struct session_why *why)
{
	struct gateway *g = s->gateway;

	if (why && why->result)
		outgoing_denied(g, o, why->result);
	else
		outgoing_fail(g, o, why ? why->cond : STANZA_RESOURCE_CONSTRAINT,
			slice_of(why ? why->text : "the gateway is ending"));
	backlog_drop(&s->texts, o);
}

/* All that wait; one that is under way is the first, and stays. */
static void texts_fail(struct session *s, const struct session_why *why)
{
	struct outgoing *head = s->texts.n ? backlog_head(&s->texts) : NULL;

	if (s->machine.under_way) {
		while (s->texts.n > 1)
			text_fail(s, backlog_next(&s->texts, head), why);
	} else {
		while (s->texts.n) {
			if (why && why->refused)
				tosip_refused(s->gateway, &s->texts);
			else
				text_fail(s, backlog_head(&s->texts), why);
		}
	}
}

/* ---- our INVITE ---- */

/* Whatever device the contact named: the session is with the user, and his side knows where he is.
 */
static struct slice user_aor(const struct session *s, struct arena *a)
{
	struct jid user = session_jid(s->user, NULL);
	struct slice ret;
	struct buf b;

	buf_init(&b, 0);
	address_to_aor(&b, a, &user);
	ret = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return ret;
}

static bool invite_send(struct session *s, const struct route *route)
{
	struct gateway *g = s->gateway;
	struct arena *a = &g->scratch;
	const struct outgoing *o = backlog_head(&s->texts);
	struct sip_out field = {SL("P-Asserted-Identity"), outgoing_asserted(o, route, a)};
	struct leg_spec spec = {
		.owner = {&session_leg_ops, s},
		.route = route,
		.partner = outgoing_contact_domain(o),
		.ruri = user_aor(s, a),
		.from = outgoing_aor(o, a),
		.fields = &field,
		.n_fields = field.value.p ? 1 : 0,
		.timeout_ms = (unsigned)(o->deadline_ms - gateway_now(g)),
	};

	s->leg = leg_invite(g, &spec);
	s->fresh = true;
	s->dialogs++;
	s->first_until = 0;
	return s->leg != NULL;
}

/* No session is opened to say that somebody types. */
static void drop_notes(struct session *s)
{
	while (s->machine.waiting && backlog_head(&s->texts)->kind == OUTGOING_NOTE) {
		struct outgoing *o = backlog_head(&s->texts);

		outgoing_fail(s->gateway, o, STANZA_REMOTE_SERVER_TIMEOUT, SL_NONE);
		backlog_drop(&s->texts, o);
		session_expired(&s->machine);
	}
}

/* Those that wait want a session: now, or when the turn of the INVITE comes. */
static void invite_go(struct session *s, struct follow *f)
{
	struct gateway *g = s->gateway;
	const struct route *route = session_route(s);
	enum pacer_answer answer;

	if (s->leg) /* dead */
		leg_forget(s->leg);
	s->leg = NULL;
	session_expire(s);
	drop_notes(s);
	if (!s->machine.waiting) {
		follow(f, SESSION_EV_UNANSWERED, STANZA_REMOTE_SERVER_TIMEOUT, "");
		return;
	}
	if (!route) {
		follow(f, SESSION_EV_REFUSED, STANZA_SERVICE_UNAVAILABLE,
			"this user cannot be reached by SIP");
		return;
	}
	if (route->message_mode == ROUTE_PAGER) { /* he opened the one that was */
		follow(f, SESSION_EV_REFUSED, STANZA_POLICY_VIOLATION, "");
		f->why.refused = true;
		return;
	}
	answer = pacer_ask(g, route, &s->turn, backlog_head(&s->texts)->deadline_ms);
	if (answer == PACER_TOO_LATE)
		follow(f, SESSION_EV_REFUSED, STANZA_RESOURCE_CONSTRAINT,
			"too many messages to this user's server");
	else if (answer == PACER_GO && !invite_send(s, route))
		follow(f, SESSION_EV_REFUSED, STANZA_RESOURCE_CONSTRAINT,
			"too many sessions are open");
}

/* ---- the dialog ---- */

static void leave(struct session *s)
{
	if (!s->leg)
		return;
	leg_bye(s->leg);
	if (s->machine.state == SESSION_LEAVING)
		return;
	leg_forget(s->leg); /* nobody waits for its answer */
	s->leg = NULL;
}

/*
 * Theirs is the one from now on; ours, if we were calling, is given up. A text under way that waits
 * for its turn learns of it when that comes.
 */
static void take_theirs(struct session *s, uint32_t actions)
{
	if (actions & SESSION_CANCEL)
		pacer_leave(&s->turn);
	if (s->leg && actions & SESSION_REPLACE)
		leg_bye(s->leg);
	if (s->leg)
		leg_forget(s->leg);
	s->leg = s->heard;
	s->heard = NULL;
	s->fresh = true;
	s->dialogs++;
	leg_answer(s->leg, s->take_first);
}

static void cancel(struct session *s)
{
	pacer_leave(&s->turn);
	if (s->leg)
		leg_forget(s->leg);
	s->leg = NULL;
}

bool session_act(struct session *s, uint32_t actions, const struct session_why *why,
	enum session_event *ret, struct session_why *ret_why)
{
	struct follow f = {0};

	assert(!(actions & (SESSION_NEVER | SESSION_DROP_LEG))); /* a leg drops forks itself */
	if (actions & SESSION_ACCEPT)
		take_theirs(s, actions);
	else if (actions & SESSION_CANCEL)
		cancel(s);
	if (actions & (SESSION_DONE | SESSION_FAIL | SESSION_FAIL_UNKNOWN))
		text_over(s, why);
	if (actions & SESSION_FAIL_ALL)
		texts_fail(s, why);
	if (actions & SESSION_BYE)
		leave(s);
	if (actions & SESSION_INVITE)
		invite_go(s, &f);
	if (actions & SESSION_SEND)
		text_go(s, &f);
	if (!f.yes)
		return false;
	*ret = f.event;
	*ret_why = f.why;
	return true;
}
