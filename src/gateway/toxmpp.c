#include "gateway/answer.h"
#include "gateway/bodies.h"
#include "gateway/conversation.h"
#include "gateway/core.h"
#include "gateway/fate.h"
#include "gateway/message.h"
#include "gateway/sender.h"
#include "view/metrics.h"

/* Messages of SIP users on their way to contacts: who may send them, and what stanza they are. */

enum { DEADLINE_MS = 20000 }; /* of a stanza, from the arrival of its request */

/* ---- who may send ---- */

/* What a user is told; which setting it was is for administrators, in the log. */
static void denial(struct message_refusal *ret, enum permission_link l)
{
	static const struct message_refusal unknown = {404, SL("Not the domain of an XMPP partner"),
						    {SL_NONE, SL_NONE}},
					    uninvited = {403, SL("Add the contact first"),
						    {SL_NONE, SL_NONE}},
					    off = {403, SL("Federation is not enabled"),
						    {SL_NONE, SL_NONE}};

	*ret = l == PERMISSION_NOT_PARTNER   ? unknown
	       : l == PERMISSION_NOT_INVITED ? uninvited
					     : off;
}

/* ret_invites: it is to become an invitation first. */
static bool permitted(struct gateway *g, struct slice user, struct slice contact, bool *ret_invites,
	struct message_refusal *refusal)
{
	struct permission p = gateway_permission(g, user, contact, PERMISSION_TO_CONTACT);

	if (p.link == PERMISSION_GRANTED) {
		*ret_invites = p.invites;
		return true;
	}
	metric_add(M_DENIED, 1);
	if (gateway_may_log(g))
		log_info(&g->log, "message-denied", LF_Z("direction", "to-xmpp"),
			LF_S("user", user), LF_S("contact", contact),
			LF_Z("link", permission_link_name(p.link)));
	denial(refusal, p.link);
	return false;
}

static bool is_open(const struct gateway *g, struct message_refusal *refusal)
{
	if (!g->draining && g->snapshot && g->n_unanswered < g->limits.pending)
		return true;
	answer_make_later(refusal, NULL);
	return false;
}

/* Whom a request outside of dialogs names. */
static bool read_addresses(struct gateway *g, const struct sip_msg *m, const struct route *route,
	struct toxmpp_dialog *ret, struct message_refusal *refusal)
{
	struct arena *a = &g->scratch;
	struct sender sender;

	*ret = (struct toxmpp_dialog){0};
	if (!sender_read(&sender, m, route, refusal) ||
		!message_pair_read(&ret->pair, a, m, &sender.addr, refusal))
		return false;
	ret->user = jid_bare(a, &ret->pair.from);
	ret->contact = jid_bare(a, &ret->pair.to);
	return true;
}

bool toxmpp_judge(struct gateway *g, const struct sip_msg *m, const struct route *route,
	struct toxmpp_dialog *ret, struct message_refusal *refusal)
{
	bool invites;

	return is_open(g, refusal) && read_addresses(g, m, route, ret, refusal) &&
	       permitted(g, ret->user, ret->contact, &invites, refusal);
}

/* ---- what it becomes ---- */

struct incoming {
	struct sip_server *txn; /* NULL: nobody waits for an answer */
	const struct toxmpp_dialog *who;
	const struct route *route;
	bool invites;
	struct message_in in;
	struct conversation_in beside;
};

static struct link_down *make_stanza(struct gateway *g, struct incoming *i, const struct pending *p)
{
	uint64_t life = i->in.lifetime_ms < DEADLINE_MS ? i->in.lifetime_ms : DEADLINE_MS;
	const struct message_pair *pair = &i->who->pair;
	char id[STANZA_ID_MAX];
	struct link_down *d;

	conversation_text_in(g, &i->beside, &i->in, p->id);
	buf_reset(&g->xml);
	message_in_write(&g->xml, pair, &i->in, stanza_id_write(id, g->node, g->shard, p->id));
	d = link_down_new(pair->from.domain, pair->to.domain, buf_slice(&g->xml));
	d->fate_id = p->id;
	d->deadline_ms = gateway_now(g) + life;
	return d;
}

static void pass_on(struct gateway *g, struct incoming *i)
{
	const struct toxmpp_dialog *w = i->who;
	struct pending *p;

	metric_add(M_SIP_MESSAGES_IN, 1);
	p = fate_new(g, i->txn, i->route, w->user, w->contact, w->pair.to.resource.p != NULL);
	bodies_note(g->bodies, BODIES_TO_XMPP, w->user, w->contact, w->pair.to.domain,
		i->in.subject, i->in.body);
	if (i->invites)
		fate_invite(g, p, make_stanza(g, i, p));
	else
		fate_send(g, p, make_stanza(g, i, p));
}

/* Typing, or what became of a message: the answer waits for nothing. */
static void take_note(struct gateway *g, const struct incoming *i)
{
	/* What only an invitation would allow makes none. */
	if (!i->invites)
		conversation_note_in(g, &i->beside, &i->in);
	g->ops->reply(g->ops_arg, i->txn, &(struct sip_reply){.status = 200});
}

static void describe(struct incoming *i, bool session, struct slice accept)
{
	i->beside = (struct conversation_in){
		.pair = &i->who->pair,
		.user = i->who->user,
		.contact = i->who->contact,
		.route = i->route,
		.session = session,
		.accept = accept,
	};
	if (i->who->thread.p)
		i->in.thread = i->who->thread;
}

/* ---- requests ---- */

void toxmpp_request(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route)
{
	struct arena *a = gateway_scratch(g);
	struct message_refusal no = {0};
	struct toxmpp_dialog who;
	struct incoming i = {.txn = txn, .who = &who, .route = route};

	if (!is_open(g, &no) || !read_addresses(g, m, route, &who, &no) ||
		!permitted(g, who.user, who.contact, &i.invites, &no) ||
		!message_in_read(&i.in, a, m, gateway_wall(g), &no)) {
		answer_refusal(g, txn, &no);
		return;
	}
	describe(&i, false, sip_msg_get(m, SIP_H_ACCEPT));
	if (i.in.kind == MESSAGE_TEXT)
		pass_on(g, &i);
	else
		take_note(g, &i);
}

void toxmpp_within(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct toxmpp_dialog *d,
	bool (*again)(struct session *s, struct slice body), struct session *s)
{
	struct message_refusal no = {0};
	struct incoming i = {.txn = txn, .who = d, .route = route};

	if (!is_open(g, &no) || !permitted(g, d->user, d->contact, &i.invites, &no) ||
		!message_in_read(&i.in, &g->scratch, m, gateway_wall(g), &no)) {
		answer_refusal(g, txn, &no);
		return;
	}
	describe(&i, true, sip_msg_get(m, SIP_H_ACCEPT));
	if (i.in.kind != MESSAGE_TEXT) {
		take_note(g, &i);
		return;
	}
	metric_add(M_SESSION_TEXTS_IN, 1);
	if (again(s, i.in.body))
		answer(g, txn, 200, NULL);
	else
		pass_on(g, &i);
}

void toxmpp_first(struct gateway *g, const struct toxmpp_dialog *d, const struct route *route,
	struct slice text)
{
	struct incoming i = {.who = d,
		.route = route,
		.in = {.kind = MESSAGE_TEXT, .body = text, .lifetime_ms = UINT64_MAX}};
	struct message_refusal no;

	if (!permitted(g, d->user, d->contact, &i.invites, &no))
		return; /* judged in this very event */
	describe(&i, true, SL_NONE);
	metric_add(M_SESSION_TEXTS_IN, 1);
	pass_on(g, &i);
}
