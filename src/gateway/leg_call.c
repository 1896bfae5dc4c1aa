#include "gateway/leg_priv.h"

#include <assert.h>
#include <stdlib.h>

#include "xmpp/sasl.h"

/* We call: our INVITE, its answers, and what forks bring. */

enum {
	FIRST_ANSWER_MS = 32000, /* 64*T1 */
	FIELDS = 7,              /* beside the owner's */
	FORKS = 64,              /* that are told they are not wanted */
};

/* What was said in the INVITE: for each answer that makes a dialog, and to say it once more. */
struct leg_invite {
	struct slice ruri, from, to, from_tag, call_id;
	uint32_t cseq;
	uint8_t n_fields;
	bool again; /* after a 422: not a third time */
	struct sip_out fields[LEG_FIELDS];
	size_t bytes;
	char text[];
};

/* ---- what is kept ---- */

static struct slice put(char **at, struct slice s)
{
	struct slice copy = {*at, s.n};

	if (!s.p)
		return SL_NONE;
	*at = slice_copy(*at, s);
	return copy;
}

static size_t text_of(const struct leg_spec *spec)
{
	size_t n = 2 * spec->ruri.n + 2 + spec->from.n;

	for (size_t i = 0; i < spec->n_fields; i++)
		n += spec->fields[i].name.n + spec->fields[i].value.n;
	return n;
}

static struct leg_invite *invite_new(
	const struct leg_spec *spec, struct slice from_tag, struct slice call_id)
{
	size_t bytes = sizeof(struct leg_invite) + text_of(spec) + from_tag.n + call_id.n;
	struct leg_invite *i = xzalloc(bytes);
	char *at = i->text;

	assert(spec->n_fields <= LEG_FIELDS);
	i->bytes = bytes;
	i->cseq = 1;
	/* "<ruri>" is To, what stands in it the Request-URI */
	i->to = slice_make(at, spec->ruri.n + 2);
	put(&at, SL("<"));
	i->ruri = put(&at, spec->ruri);
	put(&at, SL(">"));
	i->from = put(&at, spec->from);
	i->from_tag = put(&at, from_tag);
	i->call_id = put(&at, call_id);
	for (size_t f = 0; f < spec->n_fields; f++)
		i->fields[i->n_fields++] = (struct sip_out){
			put(&at, spec->fields[f].name), put(&at, spec->fields[f].value)};
	return i;
}

void leg_invite_free(struct leg_invite *i)
{
	free(i);
}

size_t leg_invite_bytes(const struct leg_invite *i)
{
	return i ? i->bytes : 0;
}

struct slice leg_invite_call_id(const struct leg_invite *i)
{
	return i ? i->call_id : SL_NONE;
}

/* As far as a dialog needs it. */
static struct sip_spec spec_of(const struct leg_invite *i)
{
	return (struct sip_spec){
		.method = SIP_INVITE,
		.ruri = i->ruri,
		.from = i->from,
		.to = i->to,
		.from_tag = i->from_tag,
		.call_id = i->call_id,
		.cseq = i->cseq,
	};
}

/* ---- sending ---- */

static void invite_done(void *arg, const struct sip_result *r);

/* Profile A6: never the same twice, a server that remembers it refuses the INVITE. */
static struct slice conversation_id(struct gateway *g)
{
	struct buf id = {0}, text = {0};
	struct slice s;

	g->ops->id(g->ops_arg, &id);
	base64_put(&text, buf_slice(&id));
	s = arena_slice(&g->scratch, buf_slice(&text));
	buf_done(&id);
	buf_done(&text);
	return s;
}

static void put_fields(struct leg *l, struct sip_spec *spec, struct sip_out *fields,
	const struct sip_timer_fields *timer, struct slice contact)
{
	const struct leg_invite *i = l->invite;
	size_t n = 0;

	fields[n++] = (struct sip_out){SL("Contact"), contact};
	fields[n++] = (struct sip_out){SL("Allow"), GATEWAY_ALLOW};
	fields[n++] = (struct sip_out){
		SL("Supported"), l->microsoft ? SL("ms-sender, timer") : SL("timer")};
	if (l->microsoft)
		fields[n++] =
			(struct sip_out){SL("Ms-Conversation-ID"), conversation_id(l->gateway)};
	for (size_t t = 0; t < timer->n; t++)
		fields[n++] = timer->v[t];
	for (size_t f = 0; f < i->n_fields; f++)
		fields[n++] = i->fields[f];
	assert(n <= FIELDS + LEG_FIELDS);
	spec->fields = fields;
	spec->n_fields = n;
}

static void send_invite(struct leg *l, const struct route *route)
{
	struct gateway *g = l->gateway;
	struct sip_spec spec = spec_of(l->invite);
	struct sip_out fields[FIELDS + LEG_FIELDS];
	struct slice contact = leg_contact(g, route, NULL);
	struct offer_place place = leg_place(contact, l->invite->call_id);
	struct leg_call *c = leg_call_new(l, NULL, NULL);
	struct sip_timer_fields timer;
	struct buf sdp = {0};

	sip_session_timer_ask(&l->timer, 0, true, &timer);
	put_fields(l, &spec, fields, &timer, contact);
	offer_write(&sdp, &place);
	spec.content_type = SL("application/sdp");
	spec.body = buf_slice(&sdp);
	c->invite = true;
	c->handle = g->ops->invite(g->ops_arg, route, &spec, FIRST_ANSWER_MS, invite_done, c);
	buf_done(&sdp);
}

struct leg *leg_invite(struct gateway *g, const struct leg_spec *spec)
{
	struct leg *l = leg_new(g, &spec->owner, spec->partner, spec->route);
	struct buf tag = {0}, call_id = {0};

	if (!l)
		return NULL;
	g->ops->id(g->ops_arg, &tag);
	if (spec->call_id.p)
		buf_slice_add(&call_id, spec->call_id);
	else
		g->ops->id(g->ops_arg, &call_id);
	l->calling = true;
	l->state = LEG_S_CALLING;
	l->invite = invite_new(spec, buf_slice(&tag), buf_slice(&call_id));
	leg_put(l, leg_early_id(l->invite->call_id, l->invite->from_tag));
	l->expires_ms = gateway_now(g) + spec->timeout_ms;
	leg_weigh(l);
	leg_arm(l);
	send_invite(l, spec->route);
	buf_done(&tag);
	buf_done(&call_id);
	return l;
}

void leg_call_cancel(struct leg *l)
{
	for (struct list *it = l->calls.next; it != &l->calls; it = it->next) {
		struct leg_call *c = container_of(it, struct leg_call, node);

		if (c->invite)
			l->gateway->ops->cancel(l->gateway->ops_arg, c->handle);
	}
}

void leg_call_ack(struct leg *l, uint32_t cseq)
{
	struct gateway *g = l->gateway;
	const struct route *route = leg_route(l);
	struct sip_spec spec;
	struct sip_out out;

	if (!route)
		return;
	sip_dialog_request(l->dialog, SIP_ACK, &spec, &out);
	if (cseq)
		spec.cseq = cseq;
	g->ops->ack(g->ops_arg, route, &l->way, out.value.p ? out.value : spec.ruri, &spec);
}

/* ---- answers ---- */

/* The dialog of a 2xx; false: it makes none. */
static bool begin_dialog(struct leg *l, const struct leg_invite *i, const struct sip_result *r)
{
	const struct sip_msg *m = r->response;
	struct sip_spec spec = spec_of(i);
	uint64_t now = gateway_now(l->gateway);

	if (sip_dialog_new_calling(&l->dialog, &spec, m) < 0)
		return false;
	sip_dialog_event(l->dialog, SIP_DIALOG_HEARD_2XX, now);
	l->calling = true;
	l->way.flow = r->flow;
	l->update = sip_msg_has(m, SIP_H_ALLOW, "UPDATE");
	sip_session_timer_heard(&l->timer, m, now);
	leg_put(l, sip_dialog_id(l->dialog));
	leg_weigh(l);
	return true;
}

/* Another branch of a fork, of which we need nothing: ACK and BYE (13.2.2.4). */
static void begin_stray(struct leg *l, const struct sip_result *r)
{
	const struct route *route = leg_route(l);
	struct leg *stray = route && l->forks < FORKS ? leg_new(l->gateway, &(struct leg_owner){0},
								l->partner->node.key, route)
						      : NULL;

	if (!stray)
		return; /* it is said again, and given up in the end */
	l->forks++;
	stray->state = LEG_S_CANCELLING;
	if (begin_dialog(stray, l->invite, r))
		leg_event(stray, LEG_EV_2XX, NULL);
	else
		leg_event(stray, LEG_EV_NO, NULL);
}

static void begin(struct leg *l, const struct sip_result *r)
{
	struct leg_news news = {.result = r, .response = r->response};
	struct sip_result refused = {.end = SIP_FINAL, .status = 500};

	if (!begin_dialog(l, l->invite, r)) {
		news.result = &refused;
		leg_event(l, LEG_EV_NO, &news);
	} else if (offer_answered(r->response, &news.accepts)) {
		leg_event(l, LEG_EV_2XX, &news);
	} else {
		refused.status = 488;
		news.result = &refused;
		leg_event(l, LEG_EV_BAD_2XX, &news);
	}
}

static void heard_2xx(struct leg *l, const struct sip_result *r)
{
	const struct sip_msg *m = r->response;
	struct leg *stray;

	if (l->dialog && sip_dialog_has(l->dialog, m)) {
		leg_call_ack(l, m->cseq); /* our ACK was lost */
		return;
	}
	stray = leg_find(l->gateway, sip_dialog_id_of(m));
	if (stray)
		leg_call_ack(stray, m->cseq);
	else if (!l->dialog && (l->state == LEG_S_CALLING || l->state == LEG_S_CANCELLING))
		begin(l, r);
	else
		begin_stray(l, r);
}

/* 422: once more, with the interval that they want (RFC 4028 7.4). */
static bool asked_again(struct leg *l, const struct sip_result *r)
{
	const struct route *route = leg_route(l);
	struct leg_invite *i = l->invite;

	if (r->status != 422 || l->state != LEG_S_CALLING || i->again || !route ||
		!sip_session_timer_too_brief(&l->timer, r->response))
		return false;
	i->again = true;
	i->cseq = r->response->cseq + 1;
	send_invite(l, route);
	return true;
}

static void heard_no(struct leg *l, const struct sip_result *r)
{
	if (!asked_again(l, r))
		leg_event(l, LEG_EV_NO, &(struct leg_news){.result = r});
}

static void invite_done(void *arg, const struct sip_result *r)
{
	struct leg_call *c = arg;
	struct leg *l = c->leg;
	bool open = c->invite;

	gateway_scratch(l->gateway);
	if (r->end == SIP_PROVISIONAL)
		return;
	c->invite = false;
	if (r->end != SIP_FINAL) {
		/* Cancelled before it was sent: nobody refused it. */
		if (open)
			leg_event(l, LEG_EV_NO, &(struct leg_news){.result = r});
		leg_call_end(c);
	} else if (r->status < 300) {
		heard_2xx(l, r);
	} else if (open) {
		heard_no(l, r);
	}
}
