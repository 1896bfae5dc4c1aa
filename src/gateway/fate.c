#include "gateway/fate.h"

#include "gateway/answer.h"
#include "gateway/conversation.h"
#include "gateway/core.h"
#include "gateway/error.h"
#include "view/metrics.h"

enum {
	GUARD_MS = 21500, /* by then its fate is known (link/link.h: a second after the deadline) */
};

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

/* The first message of an INVITE has no transaction, but a place all the same. */
static void count(struct gateway *g, const struct pending *p, int n)
{
	bool over = p->state == PENDING_ANSWERED || p->state == PENDING_LATE;

	g->n_unanswered += (unsigned)(over ? 0 : n);
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

/* An error that comes after the 200: an IMDN if he asked for one, else a message of ours. */
static void report(struct gateway *g, const struct pending *p, bool doubt, struct slice why)
{
	bool told = conversation_failed(g, p->id, doubt);

	late_report(g, p->user, p->contact, p->wall_ms, doubt, why, told);
}

/* There is no way for it. */
static void refuse_link(struct gateway *g, struct pending *p, enum link_reason why)
{
	if (!p->txn) {
		report(g, p, false, slice_of(link_reason_text(why)));
		return;
	}
	conversation_answered(g, p->id, 500);
	answer_link(g, p->txn, why, p->full_jid);
}

static struct sip_server *take_txn(struct pending *p)
{
	struct sip_server *txn = p->txn;

	p->txn = NULL;
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
	struct sip_server *txn = take_txn(p);

	conversation_answered(g, p->id, 200);
	keep_for_late(g, p);
	answer(g, txn, 200, NULL);
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
		if (p->state != PENDING_ANSWERED)
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

/* ---- a stanza ---- */

struct pending *fate_new(struct gateway *g, struct sip_server *txn, const struct route *route,
	struct slice user, struct slice contact, bool full_jid)
{
	struct pending *p = pending_new(&g->pending, g, user, contact);

	p->state = PENDING_STORING;
	p->txn = txn;
	p->wall_ms = gateway_wall(g);
	p->full_jid = full_jid;
	p->error_wait_ms = (uint16_t)route->error_wait;
	count(g, p, 1);
	return p;
}

void fate_send(struct gateway *g, struct pending *p, struct link_down *d)
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
	static const char why[] = "The invitation could not be recorded";
	struct pending *p = arg;
	struct gateway *g = p->gateway;

	gateway_scratch(g);
	if (!e) {
		fate_send(g, p, p->stanza);
		return;
	}
	if (p->txn) {
		conversation_answered(g, p->id, 500);
		answer_later(g, p->txn, why);
	} else {
		report(g, p, false, slice_of(why));
	}
	finish(g, p);
}

void fate_invite(struct gateway *g, struct pending *p, struct link_down *d)
{
	p->stanza = d;
	go(g, p, PENDING_STORING, p->txn);
	invites_put(g->invites, p->user, p->contact, 0, SL("user"), invitation_stored, p);
}

/* ---- what comes back ---- */

static void written(struct gateway *g, struct pending *p)
{
	if (p->state == PENDING_ANSWERED) {
		finish(g, p);
	} else if (!p->txn) {
		keep_for_late(g, p); /* nobody waits */
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
		if (p->state != PENDING_ANSWERED)
			refuse_link(g, p, d->reason);
		finish(g, p);
	}
	link_down_free(d);
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
	if (!p->txn) {
		report(g, p, false, late_words(a, &s));
		if (p->state == PENDING_LATE)
			finish(g, p);
		else
			go(g, p, PENDING_ANSWERED, NULL);
		return;
	}
	error_stanza_to_sip(&out, a, &s, p->full_jid);
	conversation_answered(g, p->id, out.status);
	answer_error(g, take_txn(p), &out);
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
		answer(g, take_txn(p), 200, NULL);
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
