#include "gateway/leg_priv.h"

#include <assert.h>
#include <stdlib.h>

enum { MOVE_SMALL = 512 }; /* bytes of addresses that always fit */

/* ---- shares ---- */

static struct leg_share *share_of(struct table *t, struct slice name)
{
	struct table_node *n = table_get(t, name);
	struct leg_share *s;

	if (n)
		return container_of(n, struct leg_share, node);
	s = xzalloc(sizeof *s + name.n + 1);
	slice_copy(s->name, name);
	table_put(t, &s->node, slice_make(s->name, name.n));
	return s;
}

static void share_free_empty(struct table *t, struct leg_share *s)
{
	if (s->n)
		return;
	table_remove(t, &s->node);
	free(s);
}

static struct slice partner_name(const struct gateway *g, struct slice domain)
{
	const struct partner *p = g->snapshot ? snapshot_partner(g->snapshot, domain) : NULL;

	return p ? slice_of(p->domain.a) : domain;
}

/*
 * A partner may hold as many as are still free: one alone half of them all, two a third each, and
 * for any other there is always something left. A route where there are others may hold half of
 * what is free: it cannot take from them what is there for a partner.
 */
static bool share_may_grow(
	const struct gateway *g, const struct leg_share *share, unsigned times, size_t bytes)
{
	const struct legs *s = g->legs;

	return times * share->n + s->n < g->limits.legs &&
	       times * share->bytes + s->bytes + bytes < g->limits.legs_bytes;
}

static bool is_only_route(const struct gateway *g)
{
	const struct object *const *routes;

	return !g->snapshot || snapshot_list(g->snapshot, OBJECT_ROUTE, &routes) < 2;
}

static bool has_room(const struct gateway *g, const struct leg_share *partner,
	const struct leg_share *route, size_t bytes)
{
	return share_may_grow(g, partner, 1, bytes) &&
	       (is_only_route(g) || share_may_grow(g, route, 2, bytes));
}

/* ---- life ---- */

static void fires(void *arg);

struct leg *leg_new(struct gateway *g, const struct leg_owner *owner, struct slice partner,
	const struct route *route)
{
	struct legs *s = g->legs;
	struct leg_share *p = share_of(&s->partners, partner_name(g, partner));
	struct leg_share *r = share_of(&s->routes, slice_of(route->name));
	struct leg *l;

	if (!has_room(g, p, r, 0)) {
		share_free_empty(&s->partners, p);
		share_free_empty(&s->routes, r);
		return NULL;
	}
	l = xzalloc(sizeof *l);
	l->gateway = g;
	l->owner = *owner;
	l->partner = p;
	l->route = r;
	l->partner->n++;
	l->route->n++;
	s->n++;
	list_append(&s->all, &l->all);
	l->microsoft = route->kind != ROUTE_GENERIC;
	l->n_lines = 1;
	l->expires_ms = UINT64_MAX;
	sip_session_timer_init(&l->timer);
	list_init(&l->calls);
	loop_timer_init(&l->due, g->loop, fires, l);
	return l;
}

static void take_out(struct leg *l)
{
	if (l->node.key.p)
		table_remove(&l->gateway->legs->table, &l->node);
	l->node.key = SL_NONE;
}

static void destroy(void *object)
{
	struct leg *l = object;

	sip_dialog_free(l->dialog);
	leg_invite_free(l->invite);
	leg_answer_free(l->answer);
	free(l);
}

static void count_bytes(struct leg *l, size_t now)
{
	l->gateway->legs->bytes += now - l->bytes;
	l->partner->bytes += now - l->bytes;
	l->route->bytes += now - l->bytes;
	l->bytes = now;
}

/* Nothing here knows it any more. */
static void let_go(struct leg *l)
{
	struct legs *s = l->gateway->legs;

	take_out(l);
	loop_timer_stop(&l->due);
	list_remove(&l->all);
	list_remove(&l->late);
	s->n--;
	count_bytes(l, 0);
	l->partner->n--;
	l->route->n--;
	share_free_empty(&s->partners, l->partner);
	share_free_empty(&s->routes, l->route);
}

void leg_check(struct leg *l)
{
	if (l->state != LEG_S_OVER || !list_empty(&l->calls) || l->gone)
		return;
	l->gone = true;
	let_go(l);
	loop_dispose(l->gateway->loop, l, destroy);
}

void leg_weigh(struct leg *l)
{
	size_t now = sizeof *l + (l->dialog ? sip_dialog_bytes(l->dialog) : 0) +
		     leg_invite_bytes(l->invite) + leg_answer_bytes(l->answer);

	count_bytes(l, now);
}

/* A peer that may not begin any more dialogs may not make those he has larger, either. */
bool leg_fits(const struct leg *l, const struct sip_msg *m)
{
	size_t n = sip_msg_get(m, SIP_H_CONTACT).n;

	for (uint16_t i = m->first[SIP_H_RECORD_ROUTE]; i; i = m->fields[i - 1].next)
		n += m->fields[i - 1].value.n;
	return n < MOVE_SMALL || has_room(l->gateway, l->partner, l->route, 2 * n);
}

const struct route *leg_route(const struct leg *l)
{
	const struct gateway *g = l->gateway;

	return g->snapshot ? snapshot_route(g->snapshot, l->route->node.key) : NULL;
}

/* ---- index ---- */

bool leg_put(struct leg *l, uint64_t id)
{
	struct table *t = &l->gateway->legs->table;

	take_out(l);
	l->id = id;
	if (table_get(t, slice_make(&l->id, sizeof l->id)))
		return false;
	table_put(t, &l->node, slice_make(&l->id, sizeof l->id));
	return true;
}

/* Apart from all that sip_dialog_id() gives, which begins with a number. */
uint64_t leg_early_id(struct slice call_id, struct slice local_tag)
{
	struct buf b = {0};
	uint64_t id;

	buf_printf(&b, "early %zu ", call_id.n);
	buf_slice_add(&b, call_id);
	buf_slice_add(&b, local_tag);
	id = hash_bytes(buf_slice(&b));
	buf_done(&b);
	return id;
}

struct leg *leg_find(const struct gateway *g, uint64_t id)
{
	struct table_node *n = table_get(&g->legs->table, slice_make(&id, sizeof id));

	return n ? container_of(n, struct leg, node) : NULL;
}

/* ---- what the machine says ---- */

static void tell_later(struct leg *l)
{
	struct legs *s = l->gateway->legs;

	if (!list_linked(&l->late))
		list_append(&s->left, &l->late);
	loop_task_queue(l->gateway->loop, &s->task);
}

static void bye(struct leg *l)
{
	if (sip_dialog_state(l->dialog) != SIP_DIALOG_ENDED)
		sip_dialog_event(l->dialog, SIP_DIALOG_LEAVE, gateway_now(l->gateway));
	assert(sip_dialog_state(l->dialog) == SIP_DIALOG_ENDED);
	if (!leg_send_bye(l))
		tell_later(l);
}

static void refuse(struct leg *l)
{
	leg_called_refuse(l, 480, SL("The contact has left"), (struct sip_out){0});
	if (l->state == LEG_S_BYE)
		tell_later(l);
}

/* It waits for nothing any more but answers to what is under way. */
static void over(struct leg *l)
{
	take_out(l);
	loop_timer_stop(&l->due);
	leg_called_done(l);
	leg_call_cancel(l);
}

static void act(struct leg *l, unsigned actions)
{
	if (actions & LEG_DO_ACK)
		leg_call_ack(l, 0);
	if (actions & LEG_DO_CANCEL)
		leg_call_cancel(l);
	if (actions & LEG_DO_REFUSE)
		refuse(l);
	if (actions & LEG_DO_BYE)
		bye(l);
}

enum { LAST = LEG_TELL_REFUSED | LEG_TELL_ENDED | LEG_TELL_LEFT };

/* The owner may do anything in there; after the last he is forgotten. */
static void tell(struct leg *l, unsigned actions, const struct leg_news *n)
{
	const struct leg_ops *ops = l->owner.ops;
	void *arg = l->owner.arg;

	if (actions & LAST)
		l->owner.ops = NULL;
	if (!ops)
		return;
	if (actions & LEG_TELL_UP)
		ops->up(arg, n->accepts, n->response);
	if (actions & LEG_TELL_REFUSED)
		ops->refused(arg, n->result);
	if (actions & LEG_TELL_ACKED)
		ops->acked(arg);
	if (actions & LEG_TELL_UNACKED)
		ops->unacked(arg);
	if (actions & LEG_TELL_ENDED)
		ops->ended(arg, n->why);
	if (actions & LEG_TELL_LEFT)
		ops->left(arg);
}

/* The leg is there until the end of the turn, whatever the owner does. */
void leg_event(struct leg *l, enum leg_event event, const struct leg_news *news)
{
	static const struct leg_news nothing;
	const struct leg_step *step = &leg_steps[l->state][event];

	assert(!(step->actions & LEG_CANNOT_HAPPEN));
	l->state = step->next;
	act(l, step->actions);
	if (l->state == LEG_S_OVER)
		over(l);
	else
		leg_arm(l);
	tell(l, step->actions, news ? news : &nothing);
	leg_check(l);
}

/* ---- time ---- */

bool leg_is_standing(const struct leg *l)
{
	return l->state == LEG_S_UP || l->state == LEG_S_REASKED || l->state == LEG_S_UNACKED;
}

void leg_arm(struct leg *l)
{
	uint64_t due = l->state == LEG_S_CALLING ? l->expires_ms : UINT64_MAX, other;

	if (l->dialog) {
		other = sip_dialog_deadline(l->dialog);
		due = other < due ? other : due;
	}
	if (leg_is_standing(l)) {
		other = sip_session_timer_deadline(&l->timer);
		due = other < due ? other : due;
	}
	if (due == UINT64_MAX)
		loop_timer_stop(&l->due);
	else
		loop_timer_at(&l->due, due);
}

static void dialog_tick(struct leg *l, uint64_t now)
{
	unsigned actions = sip_dialog_tick(l->dialog, now);

	if (actions & SIP_DIALOG_SEND_2XX)
		leg_answer_send(l);
	if (actions & SIP_DIALOG_SEND_BYE)
		leg_event(l, LEG_EV_NO_ACK, NULL);
}

static void session_tick(struct leg *l, uint64_t now)
{
	switch (sip_session_timer_tick(&l->timer, now)) {
	case SIP_TIMER_REFRESH:
		leg_refresh(l);
		break;
	case SIP_TIMER_DEAD:
		leg_lost(l);
		break;
	case SIP_TIMER_NOTHING:
		break;
	}
}

static void fires(void *arg)
{
	struct leg *l = arg;
	uint64_t now = gateway_now(l->gateway);

	gateway_scratch(l->gateway);
	if (l->state == LEG_S_CALLING && l->expires_ms <= now) {
		leg_event(l, LEG_EV_EXPIRED,
			&(struct leg_news){.result = &(struct sip_result){.end = SIP_TIMEOUT}});
		return;
	}
	if (l->dialog)
		dialog_tick(l, now);
	if (leg_is_standing(l))
		session_tick(l, now);
	if (l->state != LEG_S_OVER)
		leg_arm(l);
}

void leg_lost(struct leg *l)
{
	if (l->dialog && sip_dialog_state(l->dialog) != SIP_DIALOG_ENDED)
		sip_dialog_event(l->dialog, SIP_DIALOG_LOST, gateway_now(l->gateway));
	leg_event(l, LEG_EV_LOST, &(struct leg_news){.why = LEG_LOST});
}

/* ---- what the owner says ---- */

void leg_bye(struct leg *l)
{
	if (l->dialog && leg_is_standing(l))
		sip_dialog_event(l->dialog, SIP_DIALOG_LEAVE, gateway_now(l->gateway));
	leg_event(l, LEG_EV_LEAVE, NULL);
}

void leg_forget(struct leg *l)
{
	l->owner.ops = NULL;
	leg_event(l, LEG_EV_FORGET, NULL);
}

struct slice leg_call_id(const struct leg *l)
{
	return l->dialog ? sip_dialog_call_id(l->dialog) : leg_invite_call_id(l->invite);
}

size_t leg_bytes(const struct leg *l)
{
	return l->bytes;
}

/* ---- all of them ---- */

static void later(void *arg)
{
	struct legs *s = arg;
	struct list now, *n;

	list_init(&now);
	while ((n = list_pop(&s->left)))
		list_append(&now, n);
	while ((n = list_pop(&now)))
		leg_event(container_of(n, struct leg, late), LEG_EV_LEFT, NULL);
	leg_calls_fail(s);
}

void legs_init(struct gateway *g)
{
	struct legs *s = xzalloc(sizeof *s);

	g->legs = s;
	list_init(&s->all);
	table_init(&s->table);
	table_init(&s->partners);
	table_init(&s->routes);
	list_init(&s->left);
	list_init(&s->unsent);
	loop_task_init(&s->task, later, s);
}

void legs_done(struct gateway *g)
{
	struct legs *s = g->legs;
	struct list *n;

	while ((n = list_first(&s->all))) {
		struct leg *l = container_of(n, struct leg, all);
		struct list *c;

		while ((c = list_pop(&l->calls)))
			free(container_of(c, struct leg_call, node));
		let_go(l);
		destroy(l);
	}
	loop_task_stop(&s->task);
	table_done(&s->table);
	table_done(&s->partners);
	table_done(&s->routes);
	free(s);
	g->legs = NULL;
}

void legs_view(const struct gateway *g, struct legs_view *ret)
{
	*ret = (struct legs_view){.legs = g->legs->n, .bytes = g->legs->bytes};
}
