#include "gateway/address.h"
#include "gateway/backlog.h"
#include "gateway/bodies.h"
#include "gateway/carriage.h"
#include "gateway/core.h"
#include "gateway/message.h"
#include "gateway/outgoing.h"
#include "gateway/pacer.h"
#include "gateway/pager.h"
#include "gateway/session.h"
#include "view/metrics.h"

/*
 * Messages of contacts, and our own, on their way to SIP users: who may send them, what they say,
 * and which carriage takes them (carriage.h).
 */
enum { DEADLINE_MS = 40000 }; /* of a message, from the arrival of its stanza */

/* ---- who may send ---- */

static bool from_federated(const struct gateway *g, struct slice domain)
{
	const struct partner *p = snapshot_partner(g->snapshot, domain);

	return p && p->type == PARTNER_FEDERATED;
}

/* Does the partner know its users well enough that we stand for them (RFC 3325 4)? */
static bool knows_its_users(const struct gateway *g, struct slice domain)
{
	const struct partner *p = snapshot_partner(g->snapshot, domain);

	return p && p->type != PARTNER_PUBLIC_UNVERIFIED;
}

/* Only a Federated partner's contact hears which rule it was. */
static bool permitted(struct gateway *g, const struct xml_elem *e, const struct jid *from,
	const struct jid *to, struct slice user, struct slice contact)
{
	struct permission p = gateway_permission(g, user, contact, PERMISSION_TO_USER);
	bool open = from_federated(g, from->domain);

	if (p.link == PERMISSION_GRANTED)
		return true;
	metric_add(M_DENIED, 1);
	metric_add(M_XMPP_ERRORS, 1);
	if (gateway_may_log(g))
		log_info(&g->log, "message-denied", LF_Z("direction", "to-sip"), LF_S("user", user),
			LF_S("contact", contact), LF_Z("link", permission_link_name(p.link)));
	gateway_bounce(g, e, from->domain, to->domain,
		open ? STANZA_FORBIDDEN : STANZA_SERVICE_UNAVAILABLE,
		open ? SL("this user does not use federation") : SL_NONE);
	return false;
}

static void bounce(struct gateway *g, const struct xml_elem *e, const struct jid *from,
	const struct jid *to, enum stanza_cond cond, const char *text)
{
	metric_add(M_XMPP_ERRORS, 1);
	gateway_bounce(g, e, from->domain, to->domain, cond, slice_of(text));
}

/* ---- what is sent ---- */

void tosip_address(
	struct gateway *g, struct outgoing *o, const struct jid *contact, const struct jid *user)
{
	struct arena *a = &g->scratch;
	struct buf b;

	o->user = jid_bare(a, user);
	o->contact = jid_bare(a, contact);
	o->deadline_ms = gateway_now(g) + DEADLINE_MS;
	buf_init(&b, 0);
	buf_chr(&b, '<');
	address_to_aor(&b, a, contact);
	o->aor = (uint32_t)b.n;
	buf_reset(&b);
	buf_chr(&b, '<');
	address_to_sip(&b, a, contact);
	buf_chr(&b, '>');
	o->from = arena_slice(a, buf_slice(&b));
	buf_reset(&b);
	address_to_sip(&b, a, user);
	o->uri = arena_slice(a, buf_slice(&b));
	buf_done(&b);
}

static void describe(struct gateway *g, struct outgoing *o, const struct xml_elem *e,
	const struct message_out *m, const struct jid *from)
{
	o->open = from_federated(g, from->domain);
	o->asserted = knows_its_users(g, from->domain);
	o->authorized = o->open || invites_has(g->invites, o->user, o->contact, gateway_wall(g));
	o->thread = m->thread;
	o->subject = m->subject;
	o->lang = m->lang;
	o->body = m->body;
	o->dated = m->dated;
	o->date_ms = m->date_ms;
	o->xmpp_from = xml_attr(e, SL("from"));
	o->xmpp_to = xml_attr(e, SL("to"));
	o->id = xml_attr(e, SL("id"));
}

/* ---- how it goes ---- */

static struct carriage_choice choose(struct gateway *g, const struct outgoing *o)
{
	const struct route *route = snapshot_route_of(g->snapshot, outgoing_user_domain(o));
	struct session *s = session_of(g, o->user, o->contact);
	struct carriage_facts f = {
		.standing = s && session_stands(s),
		.size = o->body.n + o->subject.n,
	};

	if (!route) /* whoever takes it says so */
		return (struct carriage_choice){CARRIAGE_PAGER, CARRIAGE_R_MODE};
	f.mode = route->message_mode;
	f.congestion_safe = route->congestion_safe;
	if (f.mode == ROUTE_AUTO) {
		f.refused = refusals_has(&g->refusals, o->user, gateway_now(g));
		f.pager_waiting = pager_has_of(g, o->uri, o->contact);
	}
	return carriage_of(&f);
}

enum sent { SENT, SENT_NO_ROOM, SENT_TOO_LONG };

static enum sent pass_on(struct gateway *g, const struct outgoing *o)
{
	switch (choose(g, o).carriage) {
	case CARRIAGE_PAGER:
		return pager_put(g, o) ? SENT : SENT_NO_ROOM;
	case CARRIAGE_SESSION:
		return session_put(g, o) ? SENT : SENT_NO_ROOM;
	case CARRIAGE_NONE:
		break;
	}
	return SENT_TOO_LONG;
}

void tosip_refused(struct gateway *g, struct backlog *b)
{
	const struct outgoing *o = backlog_head(b);
	enum carriage c = choose(g, o).carriage;

	if (c == CARRIAGE_PAGER && pager_take(g, b))
		return;
	if (c == CARRIAGE_PAGER)
		outgoing_fail(g, o, STANZA_RESOURCE_CONSTRAINT,
			SL("too many messages are waiting for this user"));
	else
		outgoing_fail(g, o, STANZA_POLICY_VIOLATION,
			slice_of(carriage_text(CARRIAGE_R_TOO_LONG)));
	backlog_drop(b, backlog_head(b));
}

/* ---- stanzas ---- */

/* A text, everything about it allowed. */
static void send_text(struct gateway *g, const struct xml_elem *e, const struct message_out *m,
	const struct jid *from, const struct jid *to)
{
	struct outgoing o = {.kind = OUTGOING_TEXT};

	metric_add(M_XMPP_MESSAGES_IN, 1);
	tosip_address(g, &o, from, to);
	bodies_note(g->bodies, BODIES_TO_SIP, o.contact, o.user, from->domain, m->subject, m->body);
	describe(g, &o, e, m, from);
	conversation_text_out(g, e, from, to, o.authorized, &o.beside);
	switch (pass_on(g, &o)) {
	case SENT:
		if (o.beside.leave)
			session_leave(g, o.user, o.contact);
		return;
	case SENT_NO_ROOM:
		bounce(g, e, from, to, STANZA_RESOURCE_CONSTRAINT,
			"too many messages are waiting for this user");
		return;
	case SENT_TOO_LONG:
		bounce(g, e, from, to, STANZA_POLICY_VIOLATION, carriage_text(CARRIAGE_R_TOO_LONG));
		return;
	}
}

void tosip_message(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to)
{
	struct arena *a = &g->scratch;
	struct message_out m;

	switch (message_out_read(&m, a, e)) {
	case MESSAGE_CONSUME:
		conversation_stanza(g, e, from, to);
		return;
	case MESSAGE_BOUNCE:
		bounce(g, e, from, to, m.cond, m.text);
		return;
	case MESSAGE_SEND:
		break;
	}
	if (g->draining || !g->snapshot) {
		bounce(g, e, from, to, STANZA_RESOURCE_CONSTRAINT,
			"the gateway is not taking messages now");
		return;
	}
	if (!permitted(g, e, from, to, jid_bare(a, to), jid_bare(a, from)))
		return;
	if (!to->local.p) {
		bounce(g, e, from, to, STANZA_SERVICE_UNAVAILABLE, "no user is named");
		return;
	}
	send_text(g, e, &m, from, to);
}

/* ---- of our own making ---- */

bool tosip_notice(
	struct gateway *g, const struct jid *contact, const struct jid *user, struct slice text)
{
	struct outgoing o = {.kind = OUTGOING_NOTICE, .body = text};

	tosip_address(g, &o, contact, user);
	return pass_on(g, &o) == SENT;
}

bool tosip_note(struct gateway *g, const struct jid *contact, const struct jid *user,
	enum conversation_note kind, struct slice content_type, struct slice body)
{
	struct outgoing o = {.kind = OUTGOING_NOTE,
		.note = (uint8_t)kind,
		.content_type = content_type,
		.body = body};

	tosip_address(g, &o, contact, user);
	return pager_put(g, &o);
}

/* ---- life ---- */

enum { REFUSALS_MAX = 65536 };

void tosip_init(struct gateway *g)
{
	backlogs_init(g);
	pacers_init(g);
	pager_init(g);
	refusals_init(&g->refusals, REFUSALS_MAX);
	session_init(g);
}

void tosip_done(struct gateway *g)
{
	session_done(g);
	pager_done(g);
	pacers_done(g);
	backlogs_done(g);
	refusals_done(&g->refusals);
}
