#include "gateway/leg_priv.h"

#include <assert.h>
#include <stdlib.h>

/* What is said within a dialog, in both directions. */

enum { BYE_MS = 32000 };

/* ---- ours ---- */

struct leg_call *leg_call_new(struct leg *l, sip_done *done, void *arg)
{
	struct leg_call *c = xzalloc(sizeof *c);

	c->leg = l;
	c->done = done;
	c->arg = arg;
	list_append(&l->calls, &c->node);
	return c;
}

void leg_call_end(struct leg_call *c)
{
	struct leg *l = c->leg;

	list_remove(&c->node);
	list_remove(&c->late);
	free(c);
	leg_check(l);
}

static void call_done(void *arg, const struct sip_result *r)
{
	struct leg_call *c = arg;

	if (c->done)
		c->done(c->arg, r);
	leg_call_end(c);
}

static void fail_later(struct leg_call *c)
{
	struct gateway *g = c->leg->gateway;

	list_append(&g->legs->unsent, &c->late);
	loop_task_queue(g->loop, &g->legs->task);
}

void leg_calls_fail(struct legs *s)
{
	const struct sip_result r = {.end = SIP_NO_TARGET};
	struct list now, *n;

	list_init(&now);
	while ((n = list_pop(&s->unsent)))
		list_append(&now, n);
	while ((n = list_pop(&now)))
		call_done(container_of(n, struct leg_call, late), &r);
}

void leg_within(
	struct leg *l, const struct leg_request *r, unsigned timeout_ms, sip_done *done, void *arg)
{
	struct gateway *g = l->gateway;
	const struct route *route = leg_route(l);
	struct leg_call *c = leg_call_new(l, done, arg);
	struct sip_out fields[1 + LEG_FIELDS];
	struct sip_spec spec;
	struct slice next;

	assert(r->n_fields <= LEG_FIELDS);
	if (!route) {
		fail_later(c);
		return;
	}
	sip_dialog_request(l->dialog, r->method, &spec, fields);
	next = spec.n_fields ? fields[0].value : spec.ruri;
	spec.fields = fields;
	for (size_t i = 0; i < r->n_fields; i++)
		fields[spec.n_fields++] = r->fields[i];
	spec.content_type = r->content_type;
	spec.body = r->body;
	c->handle =
		g->ops->within(g->ops_arg, route, &l->way, next, &spec, timeout_ms, call_done, c);
}

void leg_send(
	struct leg *l, const struct leg_request *r, unsigned timeout_ms, sip_done *done, void *arg)
{
	assert(leg_is_standing(l));
	leg_within(l, r, timeout_ms, done, arg);
}

static void bye_done(void *arg, const struct sip_result *r)
{
	leg_event(arg, LEG_EV_LEFT, NULL);
}

bool leg_send_bye(struct leg *l)
{
	if (!leg_route(l))
		return false;
	leg_within(l, &(struct leg_request){.method = SIP_BYE}, BYE_MS, bye_done, l);
	return true;
}

/* ---- theirs ---- */

void leg_reply(struct gateway *g, struct sip_server *txn, unsigned status, struct slice reason,
	struct sip_out field)
{
	struct sip_reply r = {.status = status, .reason = reason};

	if (field.name.p) {
		r.fields = &field;
		r.n_fields = 1;
	}
	g->ops->reply(g->ops_arg, txn, &r);
}

static void reply_status(struct gateway *g, struct sip_server *txn, unsigned status)
{
	leg_reply(g, txn, status, SL_NONE, (struct sip_out){0});
}

/* 14.2: random, up to 10 s. */
static void reply_later(
	struct gateway *g, struct sip_server *txn, const struct sip_msg *m, const char *reason)
{
	struct slice seconds =
		slice_of(arena_printf(&g->scratch, "%u", (unsigned)(hash_bytes(m->via.text) % 11)));

	leg_reply(g, txn, 500, slice_of(reason), (struct sip_out){SL("Retry-After"), seconds});
}

static bool wants_description(const struct sip_msg *m)
{
	return !m->first[SIP_H_ACCEPT] || sip_msg_has(m, SIP_H_ACCEPT, "application/sdp");
}

/* 11.2, and the description of this session (profile 5.5). */
static void take_options(
	struct leg *l, struct sip_server *txn, const struct sip_msg *m, const struct route *route)
{
	struct gateway *g = l->gateway;
	const struct sip_out fields[] = {
		{SL("Allow"), GATEWAY_ALLOW},
		{SL("Accept"), slice_of(gateway_caps.accept)},
		{SL("Supported"), SL("timer")},
		{SL("Contact"), leg_contact(g, route, &l->way)},
	};
	struct sip_reply r = {.status = 200, .fields = fields, .n_fields = ARRAY_LEN(fields)};
	struct offer_place place = leg_place(fields[3].value, m->call_id);
	struct buf sdp = {0};

	if (wants_description(m)) {
		offer_answer(&sdp, &(struct offer){0}, &place, leg_uri(g, &m->to.uri));
		r.content_type = SL("application/sdp");
		r.body = buf_slice(&sdp);
	}
	g->ops->reply(g->ops_arg, txn, &r);
	buf_done(&sdp);
}

void legs_describe(struct gateway *g, const struct sip_msg *options, const struct route *route,
	const struct sipnet_way *way, struct buf *sdp)
{
	struct slice contact;
	struct offer_place place;

	gateway_scratch(g);
	contact = leg_contact(g, route, way);
	place = leg_place(contact, options->call_id);
	offer_write(sdp, &place);
}

static void take_bye(struct leg *l, struct sip_server *txn)
{
	struct gateway *g = l->gateway;

	reply_status(g, txn, 200);
	if (sip_dialog_state(l->dialog) != SIP_DIALOG_ENDED)
		sip_dialog_event(l->dialog, SIP_DIALOG_BYE, gateway_now(g));
	leg_event(l, LEG_EV_BYE, &(struct leg_news){.why = LEG_BYE});
}

static void take_text(
	struct leg *l, struct sip_server *txn, const struct sip_msg *m, const struct route *route)
{
	if (l->owner.ops)
		l->owner.ops->request(l->owner.arg, txn, m, route);
	else
		reply_status(l->gateway, txn, 481);
}

static void serve(
	struct leg *l, struct sip_server *txn, const struct sip_msg *m, const struct route *route)
{
	if (m->method != SIP_INVITE && m->method != SIP_UPDATE && leg_fits(l, m)) {
		sip_dialog_reroute(l->dialog, m);
		leg_weigh(l);
	}
	switch (m->method) {
	case SIP_MESSAGE:
	case SIP_INFO:
		take_text(l, txn, m, route);
		break;
	case SIP_BYE:
		take_bye(l, txn);
		break;
	case SIP_INVITE:
		leg_reinvite(l, txn, m, route);
		break;
	case SIP_UPDATE:
		leg_update(l, txn, m, route);
		break;
	case SIP_OPTIONS:
		take_options(l, txn, m, route);
		break;
	case SIP_REFER:
		reply_status(l->gateway, txn, 603);
		break;
	default:
		leg_reply(l->gateway, txn, 405, SL_NONE,
			(struct sip_out){SL("Allow"), GATEWAY_ALLOW});
		break;
	}
}

/* Judged by its dialog (12.2.2), and answered when that says no. */
static bool is_taken(struct leg *l, struct sip_server *txn, const struct sip_msg *m)
{
	const char *reason = NULL;
	unsigned status = sip_dialog_take(l->dialog, m, &reason);

	if (!status)
		return true;
	if (status == 500 && m->method == SIP_INVITE)
		reply_later(l->gateway, txn, m, reason);
	else
		leg_reply(l->gateway, txn, status, slice_of(reason), (struct sip_out){0});
	return false;
}

void legs_request(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way)
{
	struct leg *l = leg_find(g, sip_dialog_id_of(m));

	gateway_scratch(g);
	if (l && l->dialog && sip_dialog_has(l->dialog, m) && leg_route(l) == route) {
		if (way->flow)
			l->way = *way;
		/* Both say BYE at once: it is known what is meant (15.1.2). */
		if (m->method == SIP_BYE && l->state == LEG_S_BYE)
			take_bye(l, txn);
		else if (is_taken(l, txn, m))
			serve(l, txn, m, route);
	} else if (leg_find(g, leg_early_id(m->call_id, m->to.tag))) {
		/* By another connection it was faster than the 2xx to our INVITE. */
		reply_later(g, txn, m, "The Dialog Is Not Known Yet");
	} else {
		reply_status(g, txn, 481);
	}
}
