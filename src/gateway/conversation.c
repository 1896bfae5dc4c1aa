#include "gateway/conversation_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/core.h"
#include "gateway/session.h"
#include "xml/writer.h"

/*
 * Stanzas that tell typing and receipts have this id, behind node and shard: an error about one is
 * about no message.
 */
#define NOTE_ID "-note"

/* ---- records ---- */

static void use(struct conversation *c)
{
	if (c->up)
		return;
	list_remove(&c->used);
	list_append(&c->gateway->conversations->used, &c->used);
}

static struct conversation *find(struct gateway *g, struct slice key)
{
	struct table_node *n = table_get(&g->conversations->table, key);

	return n ? container_of(n, struct conversation, node) : NULL;
}

struct conversation *conversation_find(struct gateway *g, struct slice user, struct slice contact)
{
	struct conversation *c;

	if (g->conversations->table.count == 0)
		return NULL;
	c = find(g, gateway_pair_key(g, user, contact));
	if (c)
		use(c);
	return c;
}

static void drop(struct conversation *c)
{
	struct conversations *all = c->gateway->conversations;

	memo_owner_done(&all->memos, &c->memos);
	loop_timer_stop(&c->timer);
	table_remove(&all->table, &c->node);
	list_remove(&c->used);
	free(c->thread);
	free(c);
}

static void time_over(void *arg);

struct conversation *conversation_make(struct gateway *g, struct slice user, struct slice contact)
{
	struct conversations *all = g->conversations;
	struct slice key = gateway_pair_key(g, user, contact);
	struct conversation *c = find(g, key);
	struct list *first;

	if (!c) {
		if (all->table.count >= all->max && (first = list_first(&all->used)))
			drop(container_of(first, struct conversation, used));
		c = xzalloc(sizeof *c + key.n);
		c->gateway = g;
		slice_copy(c->text, key);
		c->user = slice_make(c->text, user.n);
		c->contact = slice_make(c->text + user.n + 1, contact.n);
		loop_timer_init(&c->timer, g->loop, time_over, c);
		composing_init(&c->composing, COMPOSING_NOT);
		memo_owner_init(&c->memos);
		table_put(&all->table, &c->node, slice_make(c->text, key.n));
	}
	use(c);
	return c;
}

void conversation_learn(struct conversation *c, unsigned takes)
{
	c->takes |= (uint8_t)takes;
	if (!c->up && c->takes & TAKES_COMPOSING && c->composing.carriage == COMPOSING_NOT)
		c->composing.carriage = COMPOSING_PAGER;
}

/* ---- what is sent ---- */

struct slice conversation_domain(struct slice address)
{
	size_t at = slice_find(address, '@');
	struct slice domain = at < address.n ? slice_from(address, at + 1) : address;

	return slice_cut(domain, slice_find(domain, '/'));
}

void conversation_open(struct conversation *c, struct slice to, bool chat)
{
	struct gateway *g = c->gateway;

	buf_reset(&g->xml);
	buf_str(&g->xml, "<message");
	xml_put_attr(&g->xml, "from", c->user);
	xml_put_attr(&g->xml, "to", to);
	buf_printf(&g->xml, " id='%c%c" NOTE_ID "'", g->node, g->shard);
	buf_str(&g->xml, chat ? " type='chat'>" : ">");
}

void conversation_send(struct conversation *c)
{
	struct gateway *g = c->gateway;

	buf_str(&g->xml, "</message>");
	gateway_send_xml(g, conversation_domain(c->user), conversation_domain(c->contact),
		buf_slice(&g->xml));
}

bool conversation_is_note(const struct gateway *g, struct slice id)
{
	return id.n == sizeof NOTE_ID + 1 && id.p[0] == g->node && id.p[1] == g->shard &&
	       slice_eqz(slice_from(id, 2), NOTE_ID);
}

/* Rights may have gone since he typed. */
static bool may_hear(const struct conversation *c)
{
	return gateway_permission(c->gateway, c->user, c->contact, PERMISSION_TO_CONTACT).link ==
	       PERMISSION_GRANTED;
}

/* XEP-0085 5.4: nothing but the state and the thread. */
static void tell(struct conversation *c, enum chatstate state)
{
	struct buf *out = &c->gateway->xml;

	if (!may_hear(c))
		return;
	conversation_open(c, c->contact, true);
	if (c->thread) {
		buf_str(out, "<thread>");
		xml_put_text(out, slice_of(c->thread), XML_BAD_REPLACE);
		buf_str(out, "</thread>");
	}
	chatstate_write(out, state);
	buf_str(out, "</message>");
	gateway_send_fleeting(c->gateway, conversation_domain(c->user),
		conversation_domain(c->contact), buf_slice(out));
}

void conversation_say(struct conversation *c, enum conversation_note kind, struct slice user,
	bool in_session, enum sip_method method, struct slice content_type, struct slice body)
{
	struct gateway *g = c->gateway;
	struct jid to, from;

	if (c->up && in_session) {
		session_note(g, c->user, c->contact,
			&(struct session_note){.kind = kind,
				.method = method,
				.content_type = content_type,
				.body = body});
		return;
	}
	if (jid_parse(&to, &g->scratch, user, NULL) == 0 &&
		jid_parse(&from, &g->scratch, c->contact, NULL) == 0)
		tosip_note(g, &from, &to, kind, content_type, body);
}

static void say(struct conversation *c, bool active)
{
	struct buf body = {0};
	struct composing_form form;

	if (c->gateway->draining)
		return;
	form = composing_form(&c->composing, active, &body);
	conversation_say(c, CONVERSATION_TYPING, c->user, true, form.method, slice_of(form.type),
		buf_slice(&body));
	buf_done(&body);
}

/* ---- typing ---- */

static void perform(struct conversation *c, unsigned actions)
{
	uint64_t deadline;

	if (actions & COMPOSING_TELL_TYPING)
		tell(c, CHATSTATE_COMPOSING);
	if (actions & COMPOSING_TELL_STOPPED)
		tell(c, composing_stopped(&c->composing));
	if (actions & COMPOSING_TELL_GONE)
		tell(c, CHATSTATE_GONE);
	if (actions & (COMPOSING_SAY_ACTIVE | COMPOSING_SAY_IDLE))
		say(c, actions & COMPOSING_SAY_ACTIVE);
	if (actions & COMPOSING_END)
		session_leave(c->gateway, c->user, c->contact);
	deadline = composing_deadline(&c->composing);
	if (deadline == UINT64_MAX)
		loop_timer_stop(&c->timer);
	else
		loop_timer_at(&c->timer, deadline);
}

static void time_over(void *arg)
{
	struct conversation *c = arg;

	gateway_scratch(c->gateway);
	perform(c, composing_tick(&c->composing, gateway_now(c->gateway)));
}

static void heard(struct conversation *c, enum heard_event event, unsigned refresh_s)
{
	perform(c, composing_heard(&c->composing, event, refresh_s, gateway_now(c->gateway)));
}

static void said(struct conversation *c, enum said_event event)
{
	perform(c, composing_said(&c->composing, event, gateway_now(c->gateway)));
}

/* ---- XMPP to SIP ---- */

void conversation_stanza(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to)
{
	struct slice user = jid_bare(&g->scratch, to), contact = jid_bare(&g->scratch, from);
	struct conversation *c;
	enum chatstate state;

	if (g->draining || !g->snapshot)
		return;
	/* Without a record nobody has written or asked for anything. */
	c = conversation_find(g, user, contact);
	if (!c ||
		gateway_permission(g, user, contact, PERMISSION_TO_USER).link != PERMISSION_GRANTED)
		return;
	conversation_receipts(c, e);
	state = chatstate_read(e);
	if (state != CHATSTATE_NONE)
		perform(c, composing_stanza(&c->composing, state, false, gateway_now(g)));
}

bool conversation_text_state(struct conversation *c, const struct xml_elem *e)
{
	uint64_t now = gateway_now(c->gateway);
	enum chatstate state = chatstate_read(e);
	unsigned actions;

	/* He has seen no state of ours, so that he has none says nothing (XEP-0085 5.1). */
	if (state == CHATSTATE_NONE && !c->up)
		actions = composing_said(&c->composing, SAID_EV_CONTENT, now);
	else
		actions = composing_stanza(&c->composing, state, true, now);
	perform(c, actions & ~(unsigned)COMPOSING_END);
	return actions & COMPOSING_END;
}

void conversation_noted(struct gateway *g, struct slice user, struct slice contact,
	enum conversation_note kind, unsigned status)
{
	struct conversation *c = status == 415 ? conversation_find(g, user, contact) : NULL;

	if (!c)
		return;
	if (kind == CONVERSATION_RECEIPT) {
		c->takes &= (uint8_t)~TAKES_CPIM;
		return;
	}
	c->takes &= (uint8_t)~TAKES_COMPOSING;
	said(c, SAID_EV_REFUSED); /* RFC 3994 4 */
}

/* ---- SIP to XMPP ---- */

void conversation_text_came(struct conversation *c, bool session)
{
	heard(c, HEARD_EV_CONTENT, 0);
	if (!session && !c->up && c->takes & TAKES_COMPOSING)
		said(c, SAID_EV_UP); /* now typing is about an answer (RFC 3994 7) */
}

enum chatstate conversation_beside(const struct conversation *c)
{
	return composing_beside_text(&c->composing);
}

static void typing_came(
	struct gateway *g, const struct conversation_in *in, bool active, unsigned refresh_s)
{
	struct conversation *c = conversation_make(g, in->user, in->contact);

	heard(c, active ? HEARD_EV_TYPING : HEARD_EV_IDLE, refresh_s);
}

void conversation_note_in(
	struct gateway *g, const struct conversation_in *in, const struct message_in *m)
{
	if (m->kind == MESSAGE_TYPING) {
		conversation_learn(conversation_make(g, in->user, in->contact), TAKES_COMPOSING);
		typing_came(g, in, m->typing.active, m->typing.refresh_s);
	} else if (m->kind == MESSAGE_IMDN) {
		conversation_imdn(g, in, &m->imdn);
	}
}

void conversation_info(struct gateway *g, const struct conversation_in *in,
	struct slice content_type, struct slice body)
{
	struct sip_media type;
	struct composing_doc doc;
	enum keyboard k;

	if (sip_media_parse(content_type, &type) < 0 ||
		gateway_permission(g, in->user, in->contact, PERMISSION_TO_CONTACT).link !=
			PERMISSION_GRANTED)
		return;
	if (sip_media_is(&type, "application", "im-iscomposing+xml")) {
		if (composing_read(&doc, &g->scratch, body))
			typing_came(g, in, doc.active, doc.refresh_s);
	} else if (sip_media_is(&type, "application", "xml")) {
		k = keyboard_read(&g->scratch, body);
		if (k != KEYBOARD_OTHER)
			typing_came(g, in, k == KEYBOARD_TYPE_KEYS, COMPOSING_REFRESH_S);
	}
}

/* ---- sessions ---- */

void conversation_up(struct gateway *g, struct slice user, struct slice contact,
	const struct conversation_session *s)
{
	struct conversation *c = conversation_make(g, user, contact);

	if (c->composing.said != SAID_DOWN)
		said(c, SAID_EV_DOWN); /* what was before knows nothing of this dialog */
	list_remove(&c->used);
	c->up = true;
	c->takes = (uint8_t)((s->composing ? TAKES_COMPOSING : 0) | (s->cpim ? TAKES_CPIM : 0));
	c->composing.carriage = s->keyboard    ? COMPOSING_KEYBOARD
				: s->composing ? COMPOSING_SESSION
					       : COMPOSING_NOT;
	free(c->thread);
	c->thread = slice_dup(s->thread);
	said(c, SAID_EV_UP);
}

void conversation_down(struct gateway *g, struct slice user, struct slice contact, bool by_user)
{
	struct conversation *c = conversation_find(g, user, contact);

	if (!c || !c->up)
		return;
	if (by_user)
		heard(c, HEARD_EV_END, 0);
	said(c, SAID_EV_DOWN);
	c->up = false;
	c->composing.carriage = c->takes & TAKES_COMPOSING ? COMPOSING_PAGER : COMPOSING_NOT;
	free(c->thread);
	c->thread = NULL;
	use(c);
}

/* ---- life ---- */

void conversation_init(struct gateway *g)
{
	struct conversations *all = g->conversations = xzalloc(sizeof *all);

	table_init(&all->table);
	list_init(&all->used);
	all->max = g->limits.conversations;
	memos_init(&all->memos, g->limits.memos);
}

void conversation_done(struct gateway *g)
{
	struct conversations *all = g->conversations;

	if (!all)
		return;
	table_each(&all->table, it)
		drop(container_of(it, struct conversation, node));
	table_done(&all->table);
	memos_done(&all->memos);
	free(all);
	g->conversations = NULL;
}

unsigned conversation_count(const struct gateway *g)
{
	return (unsigned)g->conversations->table.count;
}
