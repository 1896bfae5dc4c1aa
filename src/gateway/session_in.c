#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/address.h"
#include "gateway/answer.h"
#include "gateway/callid.h"
#include "gateway/session_priv.h"
#include "view/metrics.h"

/* What the user opens and says in a session, and what is said to him beside texts. */

/* ---- an INVITE ---- */

/* An INVITE of a user. */
struct opening {
	struct sip_server *txn;
	const struct sip_msg *m;
	const struct route *route;
	const struct sipnet_way *way;
	struct toxmpp_dialog dialog;
};

/* The device that its Contact names (profile A2), where that is an address of the user himself. */
static struct slice contact_device(struct arena *a, const struct sip_msg *m, const struct jid *user)
{
	struct sip_addr contact;
	struct jid j;

	if (sip_addr_parse(sip_msg_get(m, SIP_H_CONTACT), &contact) < 0 ||
		address_uri_to_jid(&j, a, &contact.uri, SL_NONE, NULL) < 0 ||
		!jid_eq_bare(&j, user))
		return SL_NONE;
	return j.resource;
}

/* Which endpoint of his it is (A1): no more than that. */
static struct slice endpoint(struct arena *a, const struct sip_addr *addr, const struct jid *user)
{
	struct slice epid;
	struct jid j;

	if (!sip_param_get(addr->params, "epid", &epid) || !epid.n ||
		jid_make(&j, a, user->local, user->domain, epid, NULL) < 0)
		return SL_NONE;
	return j.resource;
}

void session_set_device(struct session *s, const struct sip_msg *m, struct slice named)
{
	struct arena *a = &s->gateway->scratch;
	struct jid user = session_jid(s->user, NULL);
	struct slice device = named;

	if (!device.p)
		device = contact_device(a, m, &user);
	if (!device.p)
		device = endpoint(a, m->request ? &m->from : &m->to, &user);
	free(s->device);
	s->device = device.p ? slice_dup(device) : NULL;
}

/* Everything that can be said against it. On yes the session has a leg that waits for its answer.
 */
static bool take(struct gateway *g, const struct opening *i, const struct offer *offer,
	struct session **ret, struct message_refusal *no)
{
	struct session *s = session_of(g, i->dialog.user, i->dialog.contact);
	bool fresh = !s;
	struct leg *leg;

	if (fresh && !session_may_grow(g)) {
		answer_make_later(no, NULL);
		return false;
	}
	if (fresh)
		s = session_new(g, i->dialog.user, i->dialog.contact);
	if (!leg_heard(&leg, g,
		    &(struct leg_invited){.owner = {&session_leg_ops, s},
			    .txn = i->txn,
			    .invite = i->m,
			    .offer = offer,
			    .route = i->route,
			    .way = i->way,
			    .partner = i->dialog.pair.to.domain},
		    no)) {
		if (fresh)
			session_settle(s);
		return false;
	}
	s->heard = leg;
	*ret = s;
	return true;
}

/* Who says it again does so at once; later he means it, after an error for example. */
enum { FIRST_AGAIN_MS = 10000 };

static uint64_t text_hash(struct slice body)
{
	return hash_bytes(slice_trim(body));
}

static void note_dialog(struct session *s, const struct opening *i, const struct offer *offer)
{
	struct arena *a = &s->gateway->scratch;

	s->accepts = (uint8_t)offer->accepts;
	session_set_device(s, i->m, i->dialog.pair.from.resource);
	session_set_thread(s, callid_to_thread(a, i->m->call_id));
	s->take_first = offer->first.n > 0;
	s->first_until = s->take_first ? gateway_now(s->gateway) + FIRST_AGAIN_MS : 0;
	s->first = text_hash(offer->first);
	session_said(s);
}

void session_invited(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way)
{
	struct opening i = {.txn = txn, .m = m, .route = route, .way = way};
	struct arena *a = gateway_scratch(g);
	struct message_refusal no = {0};
	struct session *s;
	struct offer offer;

	if (!toxmpp_judge(g, m, route, &i.dialog, &no) || !offer_read(&offer, a, m, &no) ||
		!take(g, &i, &offer, &s, &no)) {
		metric_add(M_SESSIONS_REFUSED_BY_US, 1);
		answer_refusal(g, txn, &no);
		return;
	}
	metric_add(M_SESSIONS_BY_USER, 1);
	note_dialog(s, &i, &offer);
	session_dialog(s, &i.dialog);
	session_feed(s, SESSION_EV_INVITE, NULL);
	if (offer.first.n > 0)
		toxmpp_first(g, &i.dialog, route, offer.first);
}

/* ---- within ---- */

void session_dialog(const struct session *s, struct toxmpp_dialog *ret)
{
	*ret = (struct toxmpp_dialog){
		.pair = {.from = session_jid(s->user, s->device),
			.to = session_jid(s->contact, NULL)},
		.user = s->user,
		.contact = s->contact,
		.thread = s->thread ? slice_of(s->thread) : SL_NONE,
	};
}

static void info_in(struct session *s, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct toxmpp_dialog *d)
{
	struct gateway *g = s->gateway;
	struct conversation_in c = {
		.pair = &d->pair,
		.user = d->user,
		.contact = d->contact,
		.route = route,
		.session = true,
	};

	g->ops->reply(g->ops_arg, txn, &(struct sip_reply){.status = 200});
	conversation_info(g, &c, sip_msg_get(m, SIP_H_CONTENT_TYPE), m->body);
}

/* The text that came with the INVITE, once more (profile 5.2). */
static bool is_first(struct session *s, struct slice body)
{
	bool again = gateway_now(s->gateway) < s->first_until && text_hash(body) == s->first;

	s->first_until = 0;
	return again;
}

void session_heard(struct session *s, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route)
{
	struct gateway *g = s->gateway;
	struct toxmpp_dialog d;

	gateway_scratch(g);
	session_said(s);
	session_dialog(s, &d);
	if (m->method == SIP_INFO) {
		info_in(s, txn, m, route, &d);
		return;
	}
	toxmpp_within(g, txn, m, route, &d, is_first, s);
}

/* ---- what is said beside texts ---- */

struct said {
	struct list node;
	struct gateway *gateway;
	enum conversation_note kind;
	unsigned dialog; /* session.dialogs */
	struct slice user, contact;
	char text[];
};

/* The other side does not know the dialog any more (RFC 3261 12.2.1.2). */
static void note_lost(struct gateway *g, const struct said *n)
{
	struct session *s = session_of(g, n->user, n->contact);

	if (!s || s->dialogs != n->dialog || s->machine.state != SESSION_UP)
		return;
	leg_forget(s->leg);
	s->leg = NULL;
	session_feed(s, SESSION_EV_BYE, NULL);
}

static void note_done(void *arg, const struct sip_result *r)
{
	struct said *n = arg;
	struct gateway *g = n->gateway;

	gateway_scratch(g);
	conversation_noted(g, n->user, n->contact, n->kind, error_end_status(r));
	if (r->end == SIP_FINAL && r->status == 481)
		note_lost(g, n);
	list_remove(&n->node);
	free(n);
}

static void info_out(struct session *s, const struct session_note *what)
{
	struct gateway *g = s->gateway;
	struct slice text = s->node.key;
	struct said *n = xzalloc(sizeof *n + text.n);

	n->gateway = g;
	n->kind = what->kind;
	n->dialog = s->dialogs;
	memcpy(n->text, text.p, text.n);
	n->user = slice_make(n->text, s->user.n);
	n->contact = slice_make(n->text + s->user.n + 1, s->contact.n);
	list_append(&g->session_notes, &n->node);
	session_said(s);
	leg_send(s->leg,
		&(struct leg_request){
			.method = SIP_INFO, .content_type = what->content_type, .body = what->body},
		0, note_done, n);
}

bool session_note(
	struct gateway *g, struct slice user, struct slice contact, const struct session_note *n)
{
	struct session *s = session_of(g, user, contact);
	struct outgoing o = {
		.kind = OUTGOING_NOTE,
		.note = (uint8_t)n->kind,
		.content_type = n->content_type,
		.body = n->body,
	};
	struct jid from, to;

	if (!s || !session_is_up(s))
		return false;
	if (n->method == SIP_INFO) {
		info_out(s, n);
		return true;
	}
	from = session_jid(contact, NULL);
	to = session_jid(user, NULL);
	tosip_address(g, &o, &from, &to);
	return session_put(g, &o);
}

void session_notes_done(struct gateway *g)
{
	struct list *l;

	while ((l = list_pop(&g->session_notes)))
		free(container_of(l, struct said, node));
}
