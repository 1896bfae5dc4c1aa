#include "gateway/leg_priv.h"

#include <assert.h>
#include <stdlib.h>

/* They call: our 2xx until its ACK, of the first INVITE and of later ones. */

/* A 2xx as it is said, and said again. The names are static, the values in text. */
struct leg_answer {
	struct slice body;
	size_t bytes;
	unsigned n;
	struct sip_out fields[]; /* the first: Supported */
};

enum {
	FIELDS = 48, /* 32 Record-Routes, ours, and the timer's */
};

/* ---- what is kept ---- */

static struct leg_answer *answer_new(const struct sip_out *fields, unsigned n, struct slice body)
{
	size_t bytes = sizeof(struct leg_answer) + n * sizeof *fields + body.n;
	struct leg_answer *a;
	char *at;

	for (unsigned i = 0; i < n; i++)
		bytes += fields[i].value.n;
	a = xmalloc(bytes);
	a->bytes = bytes;
	a->n = n;
	at = (char *)(a->fields + n);
	for (unsigned i = 0; i < n; i++) {
		a->fields[i] = (struct sip_out){fields[i].name, slice_make(at, fields[i].value.n)};
		at = slice_copy(at, fields[i].value);
	}
	a->body = slice_make(at, body.n);
	slice_copy(at, body);
	return a;
}

void leg_answer_free(struct leg_answer *a)
{
	free(a);
}

size_t leg_answer_bytes(const struct leg_answer *a)
{
	return a ? a->bytes : 0;
}

void leg_answer_send(struct leg *l)
{
	struct gateway *g = l->gateway;
	struct sip_reply r = {.status = 200, .content_type = SL("application/sdp")};

	if (!l->txn || !l->answer)
		return;
	r.fields = l->answer->fields;
	r.n_fields = l->answer->n;
	r.body = l->answer->body;
	g->ops->reply(g->ops_arg, l->txn, &r);
}

/* Makes the answer to txn, and agrees on the timer that it names. */
static void make_answer(struct leg *l, struct sip_server *txn, const struct sip_msg *m,
	const struct offer *offer, const struct route *route)
{
	struct gateway *g = l->gateway;
	struct slice contact = leg_contact(g, route, &l->way);
	struct offer_place place = leg_place(contact, m->call_id);
	struct sip_out fields[FIELDS];
	struct sip_timer_fields timer;
	struct buf sdp = {0};
	size_t n = 0;

	fields[n++] = (struct sip_out){SL("Supported"), SL("timer")};
	fields[n++] = (struct sip_out){SL("Contact"), contact};
	fields[n++] = (struct sip_out){SL("Allow"), GATEWAY_ALLOW};
	sip_session_timer_said(&l->timer, m, gateway_now(g), &timer);
	for (size_t i = 0; i < timer.n; i++)
		fields[n++] = timer.v[i];
	n += sip_dialog_echo(m, fields + n, FIELDS - n);
	offer_answer(&sdp, offer, &place, leg_uri(g, &m->to.uri));
	leg_called_done(l);
	l->answer = answer_new(fields, (unsigned)n, buf_slice(&sdp));
	l->txn = txn;
	l->txn_cseq = m->cseq;
	sip_server_set_user(txn, l);
	buf_done(&sdp);
	leg_weigh(l);
}

void leg_called_done(struct leg *l)
{
	if (l->txn)
		sip_server_set_user(l->txn, NULL);
	l->txn = NULL;
	leg_answer_free(l->answer);
	l->answer = NULL;
	leg_weigh(l);
}

/* ---- an INVITE outside of dialogs ---- */

static bool refuse(
	struct message_refusal *r, unsigned status, struct slice reason, struct sip_out field)
{
	*r = (struct message_refusal){.status = status, .reason = reason, .field = field};
	return false;
}

static bool refuse_full(struct message_refusal *r)
{
	return refuse(
		r, 500, SL("Too Many Sessions"), (struct sip_out){SL("Retry-After"), SL("10")});
}

/* RFC 4028 8.1, 9. */
static bool judge_timer(struct gateway *g, const struct sip_msg *m, struct message_refusal *refusal)
{
	struct sip_timer_fields fields = {0};
	const char *reason = NULL;
	unsigned status = sip_session_timer_judge(m, &fields, &reason);
	struct sip_out field = {0};

	if (!status)
		return true;
	if (fields.n)
		field = (struct sip_out){
			fields.v[0].name, arena_slice(&g->scratch, fields.v[0].value)};
	return refuse(refusal, status, slice_of(reason), field);
}

/* It was in nobody's hands. */
static void drop(struct leg *l)
{
	l->state = LEG_S_OVER;
	leg_check(l);
}

static bool make_dialog(struct leg *l, struct sip_server *txn, const struct sip_msg *m,
	struct message_refusal *refusal)
{
	struct buf tag = {0};
	const char *reason = NULL;
	unsigned status;

	sip_server_tag(txn, &tag);
	status = sip_dialog_new_called(&l->dialog, m, buf_slice(&tag), &reason);
	buf_done(&tag);
	if (status)
		return refuse(refusal, status, slice_of(reason), (struct sip_out){0});
	/* The same INVITE, when its transaction is long over. */
	if (!leg_put(l, sip_dialog_id(l->dialog)))
		return refuse(refusal, 482, SL_NONE, (struct sip_out){0});
	return true;
}

bool leg_heard(struct leg **ret, struct gateway *g, const struct leg_invited *i,
	struct message_refusal *refusal)
{
	struct leg *l;

	if (!judge_timer(g, i->invite, refusal))
		return false;
	l = leg_new(g, &i->owner, i->partner, i->route);
	if (!l)
		return refuse_full(refusal);
	if (!make_dialog(l, i->txn, i->invite, refusal)) {
		drop(l);
		return false;
	}
	l->state = LEG_S_HEARD;
	l->way = *i->way;
	l->update = sip_msg_has(i->invite, SIP_H_ALLOW, "UPDATE");
	l->line = (uint8_t)i->offer->media;
	l->n_lines = (uint8_t)i->offer->sdp->n_media;
	make_answer(l, i->txn, i->invite, i->offer, i->route);
	*ret = l;
	return true;
}

void leg_answer(struct leg *l, bool first)
{
	assert(l->state == LEG_S_HEARD);
	if (first)
		l->answer->fields[0].value = SL("timer, ms-text-format");
	sip_dialog_event(l->dialog, SIP_DIALOG_SAID_2XX, gateway_now(l->gateway));
	leg_answer_send(l);
	leg_event(l, LEG_EV_SAID_2XX, NULL);
}

void leg_called_refuse(struct leg *l, unsigned status, struct slice reason, struct sip_out field)
{
	leg_reply(l->gateway, l->txn, status, reason, field);
	leg_called_done(l);
	sip_dialog_event(l->dialog, SIP_DIALOG_REFUSED, gateway_now(l->gateway));
}

void leg_refuse(struct leg *l, const struct message_refusal *refusal)
{
	assert(l->state == LEG_S_HEARD);
	l->owner.ops = NULL;
	leg_called_refuse(l, refusal->status, refusal->reason, refusal->field);
	leg_event(l, LEG_EV_SAID_NO, NULL);
}

/* ---- a later one (14.2; profile 5.5) ---- */

static bool judge_again(
	struct leg *l, struct offer *offer, const struct sip_msg *m, struct message_refusal *no)
{
	struct gateway *g = l->gateway;

	if (!leg_is_standing(l))
		return refuse(no, 480, SL("The contact has left"), (struct sip_out){0});
	if (!offer_again(offer, &g->scratch, m, l->n_lines, l->line, no) || !judge_timer(g, m, no))
		return false;
	if (!leg_fits(l, m))
		return refuse_full(no);
	if (sip_dialog_refresh(l->dialog, m) < 0)
		return refuse(no, 400, SL("Bad Contact"), (struct sip_out){0});
	leg_weigh(l);
	return true;
}

void leg_reinvite(
	struct leg *l, struct sip_server *txn, const struct sip_msg *m, const struct route *route)
{
	uint64_t now = gateway_now(l->gateway);
	struct message_refusal no = {0};
	struct offer offer;

	if (!judge_again(l, &offer, m, &no)) {
		leg_reply(l->gateway, txn, no.status, no.reason, no.field);
		sip_dialog_event(l->dialog, SIP_DIALOG_REFUSED, now);
		leg_event(l, LEG_EV_SAID_NO, NULL);
		return;
	}
	if (offer.sdp)
		l->n_lines = (uint8_t)offer.sdp->n_media;
	make_answer(l, txn, m, &offer, route);
	sip_dialog_event(l->dialog, SIP_DIALOG_SAID_2XX, now);
	leg_answer_send(l);
	leg_event(l, LEG_EV_SAID_2XX, NULL);
}

/* UPDATE (RFC 3311 5.2): as a re-INVITE, but nothing waits for anything. */
void leg_update(
	struct leg *l, struct sip_server *txn, const struct sip_msg *m, const struct route *route)
{
	struct gateway *g = l->gateway;
	struct message_refusal no = {0};
	struct sip_out fields[6];
	struct sip_reply r = {.status = 200, .fields = fields};
	struct sip_timer_fields timer;
	struct offer_place place;
	struct buf sdp = {0};
	struct offer offer;

	if (m->body.n && l->offering)
		refuse(&no, 491, SL_NONE, (struct sip_out){0});
	if (no.status || !judge_again(l, &offer, m, &no)) {
		leg_reply(g, txn, no.status, no.reason, no.field);
		return;
	}
	fields[r.n_fields++] = (struct sip_out){SL("Contact"), leg_contact(g, route, &l->way)};
	fields[r.n_fields++] = (struct sip_out){SL("Allow"), GATEWAY_ALLOW};
	fields[r.n_fields++] = (struct sip_out){SL("Supported"), SL("timer")};
	place = leg_place(fields[0].value, m->call_id);
	sip_session_timer_said(&l->timer, m, gateway_now(g), &timer);
	for (size_t i = 0; i < timer.n; i++)
		fields[r.n_fields++] = timer.v[i];
	if (offer.sdp) {
		l->n_lines = (uint8_t)offer.sdp->n_media;
		offer_answer(&sdp, &offer, &place, leg_uri(g, &m->to.uri));
		r.content_type = SL("application/sdp");
		r.body = buf_slice(&sdp);
	}
	g->ops->reply(g->ops_arg, txn, &r);
	buf_done(&sdp);
	leg_arm(l);
}

/* ---- ACK, CANCEL ---- */

void legs_ack(struct gateway *g, const struct sip_msg *m, const struct route *route)
{
	struct leg *l = leg_find(g, sip_dialog_id_of(m));

	gateway_scratch(g);
	if (!l || leg_route(l) != route || !l->answer || l->state == LEG_S_HEARD ||
		m->cseq != l->txn_cseq)
		return;
	leg_called_done(l);
	sip_dialog_event(l->dialog, SIP_DIALOG_ACK, gateway_now(g));
	leg_event(l, LEG_EV_ACK, NULL);
}

void legs_invite(struct gateway *g, struct sip_server *txn, enum sip_invite_event event)
{
	struct leg *l = sip_server_user(txn);

	if (!l || l->txn != txn)
		return;
	if (event == SIP_INVITE_GONE)
		l->txn = NULL; /* the 2xx cannot be said again */
	if (event != SIP_INVITE_CANCELLED || l->state != LEG_S_HEARD)
		return;
	gateway_scratch(g);
	leg_called_done(l);
	sip_dialog_event(l->dialog, SIP_DIALOG_REFUSED, gateway_now(g));
	leg_event(l, LEG_EV_CANCEL, &(struct leg_news){.why = LEG_CANCELLED});
}
