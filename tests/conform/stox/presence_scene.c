#include "presence_scene.h"

#include <string.h>

#include "base/mem.h"
#include "xml/document.h"

#define USER    "romeo@example.net"
#define CONTACT "juliet@example.com"

void scene_init(struct scene *s, struct vector *v)
{
	*s = (struct scene){.v = v, .now = 1000000};
	watcher_init(&s->watcher, 3600, false);
	notifier_init(&s->notifier);
}

void scene_done(struct scene *s)
{
	presence_set_done(&s->contact);
}

void scene_clear(struct scene *s)
{
	s->n_stanzas = s->n_sent = 0;
	s->response = 0;
}

/* ---- what leaves ---- */

static void leave(struct scene *s, struct slice stanza)
{
	struct slice copy = arena_slice(&s->v->arena, stanza);

	if (s->n_stanzas == SCENE_MAX)
		fail(s->v, "too many stanzas");
	else
		s->stanzas[s->n_stanzas++] = xml_document_read(&s->v->arena, copy);
}

static void leave_type(struct scene *s, enum presence_type type)
{
	struct buf b = {0};

	presence_write_type(&b, SL(USER), SL(CONTACT), type);
	leave(s, buf_slice(&b));
	buf_done(&b);
}

static void leave_state(struct scene *s, struct slice resource, const struct presence *p)
{
	struct buf b = {0};

	presence_write(&b, slice_of(arena_printf(&s->v->arena, USER "/%.*s", SLARG(resource))),
		SL(CONTACT), p);
	leave(s, buf_slice(&b));
	buf_done(&b);
}

static struct sent *put_sent(struct scene *s, const char *method, bool within, uint32_t expires)
{
	static struct sent nowhere;
	struct sent *sent = s->n_sent < SCENE_MAX ? &s->sent[s->n_sent++] : &nowhere;

	*sent = (struct sent){.method = method, .within = within, .expires = expires, .at = s->now};
	return sent;
}

/* ---- the user's presence, to the contact ---- */

static void forget_state(struct scene *s)
{
	static const struct presence unavailable = {.type = PRESENCE_UNAVAILABLE};

	for (unsigned i = 0; i < s->n_announced; i++)
		leave_state(s, s->announced[i], &unavailable);
	s->n_announced = 0;
}

static void announce(struct scene *s, const struct presence_heard *h, unsigned n)
{
	static const struct presence unavailable = {.type = PRESENCE_UNAVAILABLE};
	struct slice before[SCENE_MAX];
	unsigned n_before = s->n_announced;

	memcpy(before, s->announced, sizeof before);
	s->n_announced = 0;
	for (unsigned i = 0; i < n && i < SCENE_MAX; i++) {
		if (!h[i].unsaid)
			leave_state(s, h[i].resource, &h[i].presence);
		if (!h[i].unsaid && h[i].presence.type == PRESENCE_AVAILABLE)
			s->announced[s->n_announced++] = h[i].resource;
	}
	for (unsigned i = 0; i < n_before; i++)
		if (presence_vanished(h, n, before[i]))
			leave_state(s, before[i], &unavailable);
}

static void hear_body(struct scene *s, const struct scene_notify *n)
{
	const struct presence_heard *h;
	unsigned n_heard;
	struct pidf p;

	if (!n || !n->body.p)
		return;
	if (pidf_read_as(&p, &s->v->arena, SL(PIDF_TYPE), n->body) != PIDF_GOOD) {
		fail(s->v, "the document cannot be read");
		return;
	}
	n_heard = presence_hear(&h, &s->v->arena, &p, true, n->lang);
	announce(s, h, n_heard);
}

/* ---- the machines, joined ---- */

static void roster_does(struct scene *s, enum roster_event event);

static void watcher_does(struct scene *s, unsigned actions, const struct scene_notify *n)
{
	static const struct {
		unsigned action;
		enum roster_event event;
	} told[] = {
		{WATCHER_GRANTED, ROSTER_EV_GRANTED},
		{WATCHER_DENIED, ROSTER_EV_DENIED},
		{WATCHER_NOBODY, ROSTER_EV_NOBODY},
		{WATCHER_LEFT, ROSTER_EV_LEFT},
	};

	if (actions & (WATCHER_200 | WATCHER_481))
		s->response = actions & WATCHER_200 ? 200 : 481;
	if (actions & WATCHER_LOST)
		forget_state(s);
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (actions & told[i].action)
			roster_does(s, told[i].event);
	if (actions & WATCHER_STATE)
		hear_body(s, n);
	if (actions & (WATCHER_SUBSCRIBE | WATCHER_RENEW))
		put_sent(s, "SUBSCRIBE", actions & WATCHER_RENEW, s->watcher.asks);
	if (actions & (WATCHER_POLL | WATCHER_UNSUBSCRIBE))
		put_sent(s, "SUBSCRIBE", actions & WATCHER_UNSUBSCRIBE, 0);
}

static void watcher_feed(struct scene *s, enum watcher_event event,
	const struct watcher_facts *facts, const struct scene_notify *n)
{
	static const struct watcher_facts none = {0};

	watcher_does(s, watcher_event(&s->watcher, event, facts ? facts : &none, s->now), n);
}

static void say(struct scene *s)
{
	struct subscription_state state = notifier_says(&s->notifier, s->now);
	struct sent *sent = put_sent(s, "NOTIFY", true, 0);
	struct jid bare = {SL("juliet"), SL("example.com"), SL_NONE};
	struct pidf *p = arena_zalloc(&s->v->arena, sizeof *p);
	struct buf b = {0};

	subscription_state_write(&b, &state);
	sent->state = arena_slice(&s->v->arena, buf_slice(&b));
	buf_done(&b);
	sent->lang = presence_set_lang(&s->contact);
	if (notifier_body(&s->notifier) == NOTIFIER_STATE_BODY &&
		presence_set_tell(&s->contact, p, &s->v->arena, &bare, 0))
		sent->pidf = p;
	if (notifier_body(&s->notifier) == NOTIFIER_CLOSED_BODY) {
		presence_set_tell_closed(&s->contact, p, &s->v->arena, &bare);
		sent->pidf = p;
	}
}

static void notifier_does(struct scene *s, unsigned actions)
{
	if (actions & NOTIFIER_NOTIFY)
		say(s);
	if (actions & NOTIFIER_REQUEST)
		roster_does(s, ROSTER_EV_REQUEST);
	if (actions & NOTIFIER_PROBE)
		roster_does(s, ROSTER_EV_FETCH);
	if (actions & NOTIFIER_GOODBYE)
		roster_does(s, ROSTER_EV_GOODBYE);
}

static void notifier_feed(struct scene *s, enum notifier_event event)
{
	struct notifier_facts facts = {.expires = 3600, .state_known = s->contact.known};

	notifier_does(s, notifier_event(&s->notifier, event, &facts, s->now));
}

static void roster_sends(struct scene *s, uint32_t actions)
{
	static const struct {
		uint32_t action;
		enum presence_type type;
	} stanzas[] = {
		{ROSTER_SEND_SUBSCRIBE, PRESENCE_SUBSCRIBE},
		{ROSTER_SEND_UNSUBSCRIBE, PRESENCE_UNSUBSCRIBE},
		{ROSTER_SEND_SUBSCRIBED, PRESENCE_SUBSCRIBED},
		{ROSTER_SEND_UNSUBSCRIBED, PRESENCE_UNSUBSCRIBED},
		{ROSTER_SEND_PROBE, PRESENCE_PROBE},
		{ROSTER_SEND_GOODBYE, PRESENCE_UNAVAILABLE},
	};

	for (size_t i = 0; i < ARRAY_LEN(stanzas); i++)
		if (actions & stanzas[i].action)
			leave_type(s, stanzas[i].type);
	if (actions & ROSTER_FORGET_STATE)
		forget_state(s);
}

static void roster_does(struct scene *s, enum roster_event event)
{
	uint32_t actions = roster_event(&s->pair, event);

	if (actions & ROSTER_WATCH)
		watcher_feed(s, WATCHER_EV_WATCH, NULL, NULL);
	if (actions & ROSTER_UNWATCH)
		watcher_feed(s, WATCHER_EV_UNWATCH, NULL, NULL);
	if (actions & ROSTER_POLL)
		watcher_feed(s, WATCHER_EV_POLL, NULL, NULL);
	if (actions & ROSTER_GRANT)
		notifier_feed(s, NOTIFIER_EV_GRANT);
	if (actions & ROSTER_DENY)
		notifier_feed(s, NOTIFIER_EV_DENY);
	if (actions & ROSTER_CHANGE)
		notifier_feed(s, NOTIFIER_EV_CHANGE);
	roster_sends(s, actions);
}

/* ---- what comes ---- */

void scene_notify(struct scene *s, const struct scene_notify *n)
{
	struct watcher_facts facts = {0};
	struct subscription_state state;

	if (subscription_state_read(&state, slice_of(n->state)) < 0)
		fail(s->v, "Subscription-State cannot be read");
	else
		watcher_feed(s, watcher_notify(&state, &facts), &facts, n);
}

void scene_answer(struct scene *s, unsigned status, const struct watcher_facts *facts)
{
	watcher_feed(s, watcher_answer(status), facts, NULL);
}

void scene_subscribe(struct scene *s, enum notifier_event event)
{
	notifier_feed(s, event);
}

void scene_taken(struct scene *s)
{
	notifier_feed(s, NOTIFIER_EV_TAKEN);
}

void scene_stanza(struct scene *s, const struct xml_elem *stanza)
{
	static const enum roster_event events[PRESENCE_TYPE__N] = {
		[PRESENCE_AVAILABLE] = ROSTER_EV_STATE,
		[PRESENCE_UNAVAILABLE] = ROSTER_EV_STATE,
		[PRESENCE_SUBSCRIBE] = ROSTER_EV_SUBSCRIBE,
		[PRESENCE_SUBSCRIBED] = ROSTER_EV_SUBSCRIBED,
		[PRESENCE_UNSUBSCRIBE] = ROSTER_EV_UNSUBSCRIBE,
		[PRESENCE_UNSUBSCRIBED] = ROSTER_EV_UNSUBSCRIBED,
		[PRESENCE_PROBE] = ROSTER_EV_PROBE,
		[PRESENCE_ERROR] = ROSTER_EV_FAILED,
	};
	enum roster_event event;
	struct presence p;
	struct jid from;

	if (!presence_read(&p, &s->v->arena, stanza) ||
		jid_parse(&from, &s->v->arena, xml_attr(stanza, SL("from")), NULL) < 0) {
		fail(s->v, "the stanza cannot be read");
		return;
	}
	event = events[p.type];
	if (event == ROSTER_EV_STATE) {
		if (!s->contact.n && p.type == PRESENCE_AVAILABLE)
			event = ROSTER_EV_INITIAL;
		if (!presence_set_hear(&s->contact, from.resource, &p))
			return;
	}
	roster_does(s, event);
}

void scene_until(struct scene *s, uint64_t then_ms)
{
	while (watcher_deadline(&s->watcher) <= then_ms ||
		notifier_deadline(&s->notifier) <= then_ms) {
		uint64_t w = watcher_deadline(&s->watcher), n = notifier_deadline(&s->notifier);

		s->now = w < n ? w : n;
		watcher_does(s, watcher_tick(&s->watcher, 0, s->now), NULL);
		notifier_does(s, notifier_tick(&s->notifier, s->now));
	}
	s->now = then_ms;
}

/* ---- states ---- */

static void ask_us(struct scene *s)
{
	scene_subscribe(s, NOTIFIER_EV_ASK);
	scene_taken(s);
}

bool scene_state(struct scene *s, const char *name)
{
	static const struct watcher_facts hour = {.has_expires = true, .expires = 3600};
	static const struct scene_notify active = {.state = "active;expires=3600"};
	bool watching = true;

	if (strncmp(name, "sip-", 4) == 0) {
		ask_us(s);
		if (strcmp(name, "sip-pending") != 0) {
			roster_does(s, ROSTER_EV_SUBSCRIBED);
			scene_taken(s);
		}
		watching = false;
	}
	if (watching)
		roster_does(s, ROSTER_EV_SUBSCRIBE);
	if (strcmp(name, "subscribed") == 0 || strcmp(name, "unsubscribe-sent") == 0) {
		scene_answer(s, 200, &hour);
		scene_notify(s, &active);
	}
	s->now += 600000;
	if (strcmp(name, "unsubscribe-sent") == 0)
		roster_does(s, ROSTER_EV_UNSUBSCRIBE);
	if (strcmp(name, "subscribe-sent") == 0)
		s->now -= 600000; /* no time for timer N */
	scene_clear(s);
	return strcmp(name, "subscribe-sent") == 0 || strcmp(name, "subscribed") == 0 ||
	       strcmp(name, "unsubscribe-sent") == 0 || strcmp(name, "sip-pending") == 0 ||
	       strcmp(name, "sip-active") == 0 || strcmp(name, "sip-subscription-active") == 0;
}
