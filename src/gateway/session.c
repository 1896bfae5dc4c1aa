#include "gateway/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/callid.h"
#include "gateway/carriage.h"
#include "gateway/session_priv.h"
#include "view/metrics.h"

/* The table of sessions, their times, and what feeds their machines. */

enum { THREAD_MAX = 255 };

/* ---- the table ---- */

struct session *session_of(struct gateway *g, struct slice user, struct slice contact)
{
	struct table_node *n = g->sessions.count
				       ? table_get(&g->sessions, gateway_pair_key(g, user, contact))
				       : NULL;

	return n ? container_of(n, struct session, node) : NULL;
}

static void timer_fires(void *arg);
static void turn_comes(void *arg);

struct session *session_new(struct gateway *g, struct slice user, struct slice contact)
{
	struct slice key = gateway_pair_key(g, user, contact);
	struct session *s = xzalloc(sizeof *s + key.n);

	assert(key.p);
	s->gateway = g;
	backlog_init(&s->texts, g);
	s->turn.fn = turn_comes;
	s->turn.arg = s;
	loop_timer_init(&s->timer, g->loop, timer_fires, s);
	memcpy(s->text, key.p, key.n);
	s->user = slice_make(s->text, user.n);
	s->contact = slice_make(s->text + user.n + 1, contact.n);
	table_put(&g->sessions, &s->node, slice_make(s->text, key.n));
	session_said(s);
	metric_add(M_SESSIONS, 1);
	return s;
}

static void session_free(struct session *s)
{
	struct gateway *g = s->gateway;

	pacer_leave(&s->turn);
	loop_timer_stop(&s->timer);
	backlog_done(&s->texts);
	table_remove(&g->sessions, &s->node);
	list_remove(&s->used);
	metric_add(M_SESSIONS, -1);
	free(s->device);
	free(s->thread);
	free(s);
}

static bool is_idle(const struct session *s)
{
	return s->machine.state == SESSION_UP && !s->machine.under_way && !s->machine.waiting;
}

bool session_may_grow(struct gateway *g)
{
	unsigned looked = 0;

	if (g->sessions.count < g->limits.sessions)
		return true;
	list_each(&g->sessions_used, it) {
		struct session *s = container_of(it, struct session, used);

		if (is_idle(s)) {
			session_feed(s, SESSION_EV_LIMIT, NULL);
			break;
		}
		if (++looked == 64)
			break;
	}
	return false;
}

void session_said(struct session *s)
{
	s->said_ms = gateway_now(s->gateway);
	list_remove(&s->used);
	list_append(&s->gateway->sessions_used, &s->used);
}

void session_set_thread(struct session *s, struct slice thread)
{
	if (!thread.n || thread.n > THREAD_MAX)
		return;
	free(s->thread);
	s->thread = slice_dup(thread);
}

struct jid session_jid(struct slice bare, const char *device)
{
	size_t at = slice_find(bare, '@');
	struct jid j = {.domain = bare};

	if (at < bare.n) {
		j.local = slice_cut(bare, at);
		j.domain = slice_from(bare, at + 1);
	}
	if (device)
		j.resource = slice_of(device);
	return j;
}

const struct route *session_route(const struct session *s)
{
	const struct gateway *g = s->gateway;
	struct jid user = session_jid(s->user, NULL);

	return g->snapshot ? snapshot_route_of(g->snapshot, user.domain) : NULL;
}

bool session_stands(const struct session *s)
{
	switch (s->machine.state) {
	case SESSION_INVITING:
	case SESSION_ANSWERED:
	case SESSION_UP:
	case SESSION_SENDING:
		return true;
	default: /* for the sake of order */
		return s->machine.waiting || s->machine.under_way;
	}
}

/* ---- times ---- */

static struct outgoing *first_waiting(const struct session *s)
{
	struct outgoing *head = s->machine.waiting ? backlog_head(&s->texts) : NULL;

	return head && s->machine.under_way ? backlog_next(&s->texts, head) : head;
}

/*
 * An INVITE and a text have their times elsewhere. Where a text waits for what can take long, its
 * deadline counts; a session in which nothing is to be done ends in time.
 */
static void set_timer(struct session *s)
{
	const struct outgoing *o = first_waiting(s);

	loop_timer_stop(&s->timer);
	if ((s->machine.state == SESSION_ANSWERED || s->machine.state == SESSION_LEAVING) && o)
		loop_timer_at(&s->timer, o->deadline_ms);
	else if (s->machine.state == SESSION_UP)
		loop_timer_at(&s->timer, s->said_ms + s->gateway->limits.session_idle_ms);
}

void session_expire(struct session *s)
{
	struct outgoing *o;

	while ((o = first_waiting(s)) && !outgoing_left(s->gateway, o)) {
		outgoing_fail(s->gateway, o, STANZA_REMOTE_SERVER_TIMEOUT,
			SL("earlier messages took too long"));
		backlog_drop(&s->texts, o);
		session_expired(&s->machine);
	}
}

static void timer_fires(void *arg)
{
	struct session *s = arg;

	gateway_scratch(s->gateway);
	if (s->machine.state != SESSION_UP)
		session_expire(s);
	else if (s->said_ms + s->gateway->limits.session_idle_ms <= gateway_now(s->gateway)) {
		session_feed(s, SESSION_EV_LIMIT, NULL);
		return;
	}
	set_timer(s);
}

/* ---- events ---- */

bool session_is_up(const struct session *s)
{
	return s->machine.state == SESSION_UP || s->machine.state == SESSION_SENDING;
}

/* What goes beside the first text depends on what the user's side takes: before it is sent. */
static void tell_up(struct session *s)
{
	const struct route *route = session_route(s);
	struct conversation_session c = {
		.keyboard = route && route->kind != ROUTE_GENERIC,
		.composing = s->accepts & OFFER_COMPOSING,
		.cpim = s->accepts & OFFER_CPIM,
		.thread = s->thread ? slice_of(s->thread) : SL_NONE,
	};

	if (!session_is_up(s) || !s->fresh)
		return;
	s->fresh = false;
	s->told_up = true;
	s->by_user = false; /* one that was never up, or had ended already */
	refusals_drop(&s->gateway->refusals, s->user);
	conversation_up(s->gateway, s->user, s->contact, &c);
}

/* One that was replaced is still up for the two, until the other is, or is not. */
static void tell_down(struct session *s)
{
	if (!s->told_up || session_is_up(s) || s->machine.state == SESSION_ANSWERED)
		return;
	s->told_up = false;
	conversation_down(s->gateway, s->user, s->contact, s->by_user);
	s->by_user = false;
}

void session_settle(struct session *s)
{
	if (s->machine.state == SESSION_IDLE && s->leg) {
		leg_forget(s->leg);
		s->leg = NULL;
	}
	tell_down(s);
	if (s->gateway->draining && is_idle(s)) {
		session_feed(s, SESSION_EV_LEAVE, NULL);
		return;
	}
	assert(s->texts.n == s->machine.waiting + s->machine.under_way);
	if (s->machine.state == SESSION_IDLE && !s->texts.n && !s->asked)
		session_free(s);
	else
		set_timer(s);
}

void session_feed(struct session *s, enum session_event event, const struct session_why *why)
{
	uint32_t actions[SESSION_STEPS];
	struct session_why own;
	bool more;

	do {
		unsigned n = session_event(&s->machine, event, actions);

		more = false;
		tell_up(s);
		for (unsigned i = 0; i < n; i++) {
			struct session_why next;

			if (session_act(s, actions[i], why, &event, &next)) {
				assert(i + 1 == n);
				own = next;
				why = &own;
				more = true;
			}
		}
	} while (more);
	session_settle(s);
}

/* ---- what a leg says ---- */

static void leg_is_up(void *arg, unsigned accepts, const struct sip_msg *response)
{
	struct session *s = arg;
	struct arena *a = gateway_scratch(s->gateway);

	s->accepts = (uint8_t)accepts;
	session_set_device(s, response, SL_NONE);
	if (!s->thread)
		session_set_thread(s, callid_to_thread(a, leg_call_id(s->leg)));
	metric_add(M_SESSIONS_BY_CONTACT, 1);
	session_said(s);
	session_feed(s, SESSION_EV_ACCEPTED, NULL);
}

static void leg_refused(void *arg, const struct sip_result *r)
{
	struct session *s = arg;
	struct gateway *g = s->gateway;
	const struct route *route = session_route(s);
	struct session_why why = {.result = r};

	gateway_scratch(g);
	s->leg = NULL;
	metric_add(M_SESSIONS_REFUSED_BY_USER, 1);
	log_debug(&g->log, "session-refused", LF_S("user", s->user),
		LF_U("status", error_end_status(r)));
	if (r->end == SIP_FINAL && carriage_refuses(r->status) && route &&
		route->message_mode == ROUTE_AUTO) {
		refusals_put(&g->refusals, s->user, gateway_now(g));
		why.refused = true;
	}
	session_feed(s, r->end == SIP_FINAL ? SESSION_EV_REFUSED : SESSION_EV_UNANSWERED, &why);
}

static void leg_acked(void *arg)
{
	struct session *s = arg;

	gateway_scratch(s->gateway);
	session_feed(s, SESSION_EV_ACK, NULL);
}

static void leg_unacked(void *arg)
{
	struct session *s = arg;

	gateway_scratch(s->gateway);
	session_feed(s, SESSION_EV_NO_ACK, NULL);
}

static void leg_request(
	void *arg, struct sip_server *txn, const struct sip_msg *m, const struct route *route)
{
	session_heard(arg, txn, m, route);
}

/* It is gone, and with it what we were waiting for, if we were leaving. */
static void leg_ended(void *arg, enum leg_end why)
{
	struct session *s = arg;

	enum session_event event =
		s->machine.state == SESSION_LEAVING ? SESSION_EV_LEFT : SESSION_EV_BYE;

	gateway_scratch(s->gateway);
	s->leg = NULL;
	s->by_user = why == LEG_BYE;
	session_feed(s, event, NULL);
}

static void leg_left(void *arg)
{
	struct session *s = arg;

	gateway_scratch(s->gateway);
	s->leg = NULL;
	session_feed(s, SESSION_EV_LEFT, NULL);
}

const struct leg_ops session_leg_ops = {
	.up = leg_is_up,
	.refused = leg_refused,
	.acked = leg_acked,
	.unacked = leg_unacked,
	.request = leg_request,
	.ended = leg_ended,
	.left = leg_left,
};

/* A turn in the route's rate: of an INVITE, or of the text that is under way. */
static void turn_comes(void *arg)
{
	struct session *s = arg;
	enum session_event event;
	struct session_why why;

	if (session_act(s, s->machine.state == SESSION_INVITING ? SESSION_INVITE : SESSION_SEND,
		    NULL, &event, &why))
		session_feed(s, event, &why);
	else
		session_settle(s);
}

/* ---- what others ask for ---- */

bool session_put(struct gateway *g, const struct outgoing *o)
{
	struct session *s = session_of(g, o->user, o->contact);

	if (!s && !session_may_grow(g))
		return false;
	if (!s)
		s = session_new(g, o->user, o->contact);
	if (!backlog_put(&s->texts, o)) {
		if (s->machine.state == SESSION_IDLE && !s->texts.n)
			session_free(s);
		return false;
	}
	session_set_thread(s, o->thread);
	session_said(s);
	if (o->kind == OUTGOING_TEXT)
		metric_add(M_SESSION_TEXTS_OUT, 1);
	session_feed(s, SESSION_EV_TEXT, NULL);
	return true;
}

void session_leave(struct gateway *g, struct slice user, struct slice contact)
{
	struct session *s = session_of(g, user, contact);

	if (s)
		session_feed(s, SESSION_EV_LEAVE, NULL);
}

void session_drain(struct gateway *g)
{
	table_each(&g->sessions, it)
		session_feed(container_of(it, struct session, node), SESSION_EV_LEAVE, NULL);
}

void session_stop(struct gateway *g)
{
	table_each(&g->sessions, it)
		session_feed(container_of(it, struct session, node), SESSION_EV_STOP, NULL);
}

unsigned session_count(const struct gateway *g)
{
	return (unsigned)g->sessions.count;
}

void session_each_up(
	const struct gateway *g, void (*fn)(void *arg, const struct route *route), void *arg)
{
	table_each(&g->sessions, it) {
		const struct session *s = container_of(it, struct session, node);
		const struct route *route = session_is_up(s) ? session_route(s) : NULL;

		if (route)
			fn(arg, route);
	}
}

/* ---- life ---- */

void session_init(struct gateway *g)
{
	table_init(&g->sessions);
	list_init(&g->sessions_used);
	list_init(&g->session_notes);
}

void session_done(struct gateway *g)
{
	table_each(&g->sessions, it)
		session_free(container_of(it, struct session, node));
	session_notes_done(g);
	table_done(&g->sessions);
}
