#include "gateway/address.h"
#include "gateway/bodies.h"
#include "gateway/conversation.h"
#include "gateway/core.h"
#include "gateway/error.h"
#include "gateway/message.h"
#include "gateway/sender.h"
#include "view/metrics.h"

enum {
	DEADLINE_MS = 20000, /* of a stanza, from the arrival of its request */
	GUARD_MS = 21500, /* by then its fate is known (link/link.h: a second after the deadline) */
};
#define RETRY_AFTER "10" /* seconds; what a sender is told who came at a bad moment */

/* ---- answers ---- */

static void reply(struct gateway *g, struct sip_server *txn, unsigned status, struct slice reason,
	struct sip_out field)
{
	struct sip_reply r = {.status = error_wire(status), .reason = reason};

	if (r.status == 405)
		field = (struct sip_out){SL("Allow"), SL("MESSAGE, OPTIONS")};
	if (field.name.p) {
		r.fields = &field;
		r.n_fields = 1;
	}
	g->ops->reply(g->ops_arg, txn, &r);
	metric_add(status < 300 ? M_XMPP_DELIVERED : M_SIP_ERRORS, 1);
}

static void reply_plain(
	struct gateway *g, struct sip_server *txn, unsigned status, const char *reason)
{
	reply(g, txn, status, slice_of(reason), (struct sip_out){0});
}

/* Overload: never 503 (design section 9). */
static void reply_later(struct gateway *g, struct sip_server *txn, const char *reason)
{
	reply(g, txn, 500, slice_of(reason), (struct sip_out){SL("Retry-After"), SL(RETRY_AFTER)});
}

static void reply_error(struct gateway *g, struct sip_server *txn, const struct error_sip *e)
{
	struct sip_out field = {0};
	struct buf b;

	buf_init(&b, 0);
	if (e->contact.p && e->status / 100 == 3) {
		buf_printf(&b, "<%.*s>", SLARG(e->contact));
		field = (struct sip_out){SL("Contact"), buf_slice(&b)};
	}
	reply(g, txn, e->status, e->reason, field);
	buf_done(&b);
}

static void reply_link(struct gateway *g, struct sip_server *txn, enum link_reason why, bool full)
{
	struct error_sip e;

	if (why == LINK_R_QUEUE_FULL || why == LINK_R_SHUTDOWN) {
		reply_later(g, txn, link_reason_text(why));
		return;
	}
	error_link_to_sip(&e, why, full);
	reply_error(g, txn, &e);
}

/* ---- the states of a pending request ---- */

static struct list *list_of(struct gateway *g, enum pending_state s)
{
	switch (s) {
	case PENDING_STORING:
		return &g->storing;
	case PENDING_WINDOW:
		return &g->window;
	case PENDING_LATE:
		return &g->late;
	case PENDING_SENT:
	case PENDING_ANSWERED:
		break;
	}
	return &g->sent;
}

static void count(struct gateway *g, const struct pending *p, int n)
{
	g->n_unanswered += (unsigned)(p->txn ? n : 0);
	g->n_window += (unsigned)(p->state == PENDING_WINDOW ? n : 0);
	g->n_late += (unsigned)(p->state == PENDING_LATE ? n : 0);
}

static void go(struct gateway *g, struct pending *p, enum pending_state s, struct sip_server *txn)
{
	struct list *l = list_of(g, s);

	count(g, p, -1);
	/* SENT to ANSWERED keeps its place: the list is ordered by arrival. */
	if (l != list_of(g, p->state) || !list_linked(&p->node)) {
		list_remove(&p->node);
		list_append(l, &p->node);
	}
	p->state = (uint8_t)s;
	p->txn = txn;
	count(g, p, 1);
}

static void finish(struct gateway *g, struct pending *p)
{
	count(g, p, -1);
	link_down_free(p->stanza);
	pending_free(&g->pending, p);
}

/* The final response to p, for which there is no way. */
static void refuse_link(struct gateway *g, struct pending *p, enum link_reason why)
{
	conversation_answered(g, p->id, 500);
	reply_link(g, p->txn, why, p->full_jid);
}

static struct sip_server *take_txn(struct gateway *g, struct pending *p)
{
	struct sip_server *txn = p->txn;

	count(g, p, -1);
	p->txn = NULL;
	count(g, p, 1);
	return txn;
}

/* Arms t for the oldest of l; both lists are in the order of their times. */
static void arm(struct loop_timer *t, const struct list *l)
{
	if (!list_empty(l) && !loop_timer_armed(t))
		loop_timer_at(t, container_of(l->next, struct pending, node)->until_ms);
}

/* The oldest of l, when its time is over. */
static struct pending *overdue(const struct gateway *g, const struct list *l)
{
	struct pending *p = list_empty(l) ? NULL : container_of(l->next, struct pending, node);

	return p && p->until_ms <= gateway_now(g) ? p : NULL;
}

static void keep_for_late(struct gateway *g, struct pending *p)
{
	p->until_ms = gateway_now(g) + g->limits.late_ms;
	go(g, p, PENDING_LATE, NULL);
	if (g->n_late > g->limits.late)
		finish(g, container_of(g->late.next, struct pending, node));
	arm(&g->forget, &g->late);
}

static void answer_good(struct gateway *g, struct pending *p)
{
	struct sip_server *txn = take_txn(g, p);

	conversation_answered(g, p->id, 200);
	keep_for_late(g, p);
	reply_plain(g, txn, 200, NULL);
}

static void window_over(void *arg)
{
	struct pending *p = arg;

	answer_good(p->gateway, p);
}

/* The edge owes a fate that never came: a bug, but the sender is told all the same. */
static void guard_fires(void *arg)
{
	struct gateway *g = arg;
	struct pending *p;

	while ((p = overdue(g, &g->sent))) {
		log_error(&g->log, "fate-missing", LF_U("fate", p->id));
		if (p->txn)
			refuse_link(g, p, LINK_R_DEADLINE);
		finish(g, p);
	}
	arm(&g->guard, &g->sent);
}

static void forget_fires(void *arg)
{
	struct gateway *g = arg;
	struct pending *p;

	while ((p = overdue(g, &g->late)))
		finish(g, p);
	arm(&g->forget, &g->late);
}

/* ---- a request ---- */

struct incoming {
	struct sip_server *txn;
	struct message_pair pair;
	struct message_in in;
	struct slice user, contact; /* bare */
	bool invites;
	struct conversation_in beside;
};

/* What a user is told; which setting it was is for administrators, in the log. */
static void reply_denied(struct gateway *g, struct sip_server *txn, enum permission_link l)
{
	if (l == PERMISSION_NOT_PARTNER)
		reply_plain(g, txn, 404, "Not the domain of an XMPP partner");
	else if (l == PERMISSION_NOT_INVITED)
		reply_plain(g, txn, 403, "Add the contact first");
	else
		reply_plain(g, txn, 403, "Federation is not enabled");
}

static bool permitted(struct gateway *g, struct incoming *i)
{
	struct permission p = gateway_permission(g, i->user, i->contact, PERMISSION_TO_CONTACT);

	if (p.link == PERMISSION_GRANTED) {
		i->invites = p.invites;
		return true;
	}
	metric_add(M_DENIED, 1);
	if (gateway_may_log(g))
		log_info(&g->log, "message-denied", LF_Z("direction", "to-xmpp"),
			LF_S("user", i->user), LF_S("contact", i->contact),
			LF_Z("link", permission_link_name(p.link)));
	reply_denied(g, i->txn, p.link);
	return false;
}

/* Everything that can be judged from the request alone. False: it has been answered. */
static bool accept_request(struct gateway *g, struct incoming *i, const struct sip_msg *m,
	const struct route *route)
{
	struct arena *a = gateway_scratch(g);
	struct message_refusal no = {0};
	struct sender sender;

	if (g->draining || !g->snapshot || g->n_unanswered >= g->limits.pending) {
		reply_later(g, i->txn, NULL);
		return false;
	}
	if (!sender_read(&sender, m, route, &no) ||
		!message_pair_read(&i->pair, a, m, &sender.addr, &no)) {
		reply(g, i->txn, no.status, no.reason, no.field);
		return false;
	}
	i->user = jid_bare(a, &i->pair.from);
	i->contact = jid_bare(a, &i->pair.to);
	if (!permitted(g, i))
		return false;
	if (!message_in_read(&i->in, a, m, gateway_wall(g), &no)) {
		reply(g, i->txn, no.status, no.reason, no.field);
		return false;
	}
	return true;
}

static struct link_down *make_stanza(
	struct gateway *g, struct incoming *i, const struct pending *p)
{
	uint64_t life = i->in.lifetime_ms < DEADLINE_MS ? i->in.lifetime_ms : DEADLINE_MS;
	char id[STANZA_ID_MAX];
	struct link_down *d;

	conversation_text_in(g, &i->beside, &i->in, p->id);
	buf_reset(&g->xml);
	message_in_write(&g->xml, &i->pair, &i->in, stanza_id_write(id, g->node, g->shard, p->id));
	d = link_down_new(i->pair.from.domain, i->pair.to.domain, buf_slice(&g->xml));
	d->fate_id = p->id;
	d->deadline_ms = gateway_now(g) + life;
	return d;
}

static void send_stanza(struct gateway *g, struct pending *p, struct link_down *d)
{
	p->stanza = NULL;
	if (g->ops->send(g->ops_arg, d)) {
		p->until_ms = gateway_now(g) + GUARD_MS;
		go(g, p, PENDING_SENT, p->txn);
		arm(&g->guard, &g->sent);
		return;
	}
	refuse_link(g, p, d->reason);
	link_down_free(d);
	finish(g, p);
}

static void invitation_stored(void *arg, const struct err *e)
{
	struct pending *p = arg;
	struct gateway *g = p->gateway;

	if (e) {
		conversation_answered(g, p->id, 500);
		reply_later(g, p->txn, "The invitation could not be recorded");
		finish(g, p);
		return;
	}
	send_stanza(g, p, p->stanza);
}

/* Typing, or what became of a message: the answer waits for nothing. */
static void take_note(struct gateway *g, const struct incoming *i)
{
	/* What only an invitation would allow makes none. */
	if (!i->invites)
		conversation_note_in(g, &i->beside, &i->in);
	g->ops->reply(g->ops_arg, i->txn, &(struct sip_reply){.status = 200});
}

void toxmpp_request(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route)
{
	struct incoming i = {.txn = txn};
	struct pending *p;

	if (!accept_request(g, &i, m, route))
		return;
	i.beside = (struct conversation_in){
		.pair = &i.pair,
		.user = i.user,
		.contact = i.contact,
		.route = route,
		.accept = sip_msg_get(m, SIP_H_ACCEPT),
	};
	if (i.in.kind != MESSAGE_TEXT) {
		take_note(g, &i);
		return;
	}
	metric_add(M_SIP_MESSAGES_IN, 1);
	p = pending_new(&g->pending, g, i.user, i.contact);
	p->state = PENDING_STORING;
	p->txn = txn;
	p->wall_ms = gateway_wall(g);
	p->full_jid = i.pair.to.resource.p != NULL;
	p->error_wait_ms = (uint16_t)route->error_wait;
	count(g, p, 1);
	bodies_note(g->bodies, BODIES_TO_XMPP, i.user, i.contact, i.pair.to.domain, i.in.subject,
		i.in.body);
	if (!i.invites) {
		send_stanza(g, p, make_stanza(g, &i, p));
		return;
	}
	p->stanza = make_stanza(g, &i, p);
	go(g, p, PENDING_STORING, txn);
	invites_put(g->invites, i.user, i.contact, 0, SL("user"), invitation_stored, p);
}

/* ---- what comes back ---- */

static void written(struct gateway *g, struct pending *p)
{
	if (p->state == PENDING_ANSWERED) {
		finish(g, p);
	} else if (p->error_wait_ms == 0) {
		answer_good(g, p);
	} else {
		go(g, p, PENDING_WINDOW, p->txn);
		loop_timer_init(&p->window, g->loop, window_over, p);
		loop_timer_in(&p->window, p->error_wait_ms);
	}
}

void toxmpp_fate(struct gateway *g, struct link_down *d)
{
	struct pending *p = pending_find(&g->pending, d->fate_id);

	if (!p || (p->state != PENDING_SENT && p->state != PENDING_ANSWERED)) {
		log_error(&g->log, "fate-unexpected", LF_U("fate", d->fate_id));
	} else if (d->fate == LINK_WRITTEN) {
		written(g, p);
	} else {
		if (p->txn)
			refuse_link(g, p, d->reason);
		finish(g, p);
	}
	link_down_free(d);
}

/* An error that comes after the 200: an IMDN if he asked for one, else a message of ours. */
static void report(struct gateway *g, const struct pending *p, bool doubt, struct slice why)
{
	bool told = conversation_failed(g, p->id, doubt);

	late_report(g, p->user, p->contact, p->wall_ms, doubt, why, told);
}

static void lost_one(struct gateway *g, struct pending *p, enum link_reason reason)
{
	if (p->state == PENDING_WINDOW) {
		refuse_link(g, p, reason);
	} else if (p->state == PENDING_LATE) {
		report(g, p, true, slice_of(link_reason_text(reason)));
	} else {
		return; /* its own fate is still to come */
	}
	finish(g, p);
}

void toxmpp_lost(struct gateway *g, enum link_reason reason, const uint64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pending *p = pending_find(&g->pending, ids[i]);

		gateway_scratch(g);
		if (p)
			lost_one(g, p, reason);
		else
			metric_add(M_LATE_LOSSES_FORGOTTEN, 1);
	}
}

/* The contact himself, or his server for him, speaks to the user himself. */
static bool is_about(
	struct arena *a, const struct pending *p, const struct jid *from, const struct jid *to)
{
	struct slice contact_domain = slice_from(p->contact, slice_find(p->contact, '@') + 1);

	if (!slice_eq(jid_bare(a, to), p->user))
		return false;
	if (from->local.p)
		return slice_eq(jid_bare(a, from), p->contact);
	return slice_eq(from->domain, contact_domain) || slice_eq(from->domain, p->contact);
}

static struct slice late_words(struct arena *a, const struct stanza_error *s)
{
	struct slice text = error_reason(a, s->text);

	if (!text.p)
		return slice_of(stanza_cond_name(s->cond));
	return slice_of(arena_printf(a, "%.*s (%s)", SLARG(text), stanza_cond_name(s->cond)));
}

void toxmpp_error(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to)
{
	struct arena *a = &g->scratch;
	struct stanza_error s;
	struct error_sip out;
	struct slice id = xml_attr(e, SL("id"));
	struct pending *p = pending_find(&g->pending, stanza_id_read(id, g->node, g->shard));

	if (conversation_is_note(g, id))
		return; /* whoever typed need not know */
	if (!p)
		metric_add(M_LATE_ERRORS_FORGOTTEN, 1);
	if (!p || p->state == PENDING_STORING || p->state == PENDING_ANSWERED ||
		!is_about(a, p, from, to) || !stanza_error_read(e, a, &s)) {
		log_debug(&g->log, "error-unmatched", LF_S("partner", from->domain));
		return;
	}
	if (p->state == PENDING_LATE) {
		report(g, p, false, late_words(a, &s));
		finish(g, p);
		return;
	}
	error_stanza_to_sip(&out, a, &s, p->full_jid);
	conversation_answered(g, p->id, out.status);
	reply_error(g, take_txn(g, p), &out);
	if (p->state == PENDING_WINDOW)
		finish(g, p);
	else
		go(g, p, PENDING_ANSWERED, NULL);
}

void toxmpp_confirmed(struct gateway *g, uint64_t fate_id)
{
	struct pending *p = pending_find(&g->pending, fate_id);

	if (!p || !p->txn || p->state == PENDING_STORING)
		return;
	if (p->state == PENDING_WINDOW) {
		loop_timer_stop(&p->window);
		answer_good(g, p);
	} else {
		conversation_answered(g, fate_id, 200);
		reply_plain(g, take_txn(g, p), 200, NULL);
		go(g, p, PENDING_ANSWERED, NULL);
	}
}

/* ---- life ---- */

void toxmpp_init(struct gateway *g, uint64_t seed)
{
	pending_init(&g->pending, seed);
	list_init(&g->storing);
	list_init(&g->sent);
	list_init(&g->window);
	list_init(&g->late);
	loop_timer_init(&g->guard, g->loop, guard_fires, g);
	loop_timer_init(&g->forget, g->loop, forget_fires, g);
}

static void drop(void *arg, struct pending *p)
{
	finish(arg, p);
}

void toxmpp_done(struct gateway *g)
{
	loop_timer_stop(&g->guard);
	loop_timer_stop(&g->forget);
	pending_each(&g->pending, drop, g);
	pending_done(&g->pending);
}
