#include "gateway/leg_priv.h"

/*
 * We are the ones who refresh a session (RFC 4028 7.2, 10): by UPDATE, or by a re-INVITE with the
 * same description where the other side does not know that.
 */

enum { REFRESH_MS = 32000 };

static void agree(struct leg *l, const struct sip_result *r)
{
	sip_dialog_refresh(l->dialog, r->response);
	sip_session_timer_heard(&l->timer, r->response, gateway_now(l->gateway));
	leg_weigh(l);
}

/* 10, RFC 3261 12.2.1.2: there is no session on the other side. */
static bool is_lost(const struct sip_result *r)
{
	return r->end == SIP_TIMEOUT ||
	       (r->end == SIP_FINAL && (r->status == 481 || r->status == 408));
}

static bool has_no_update(const struct sip_result *r)
{
	return r->end == SIP_FINAL && (r->status == 405 || r->status == 501);
}

static bool is_too_brief(struct leg *l, const struct sip_result *r)
{
	return r->end == SIP_FINAL && r->status == 422 &&
	       sip_session_timer_too_brief(&l->timer, r->response);
}

/* A refresh has its final answer, which is no 2xx, or none. */
static void refused(struct leg *l, const struct sip_result *r)
{
	bool update = l->update;

	if (is_lost(r)) {
		leg_lost(l);
		return;
	}
	if (has_no_update(r))
		l->update = false;
	if (is_too_brief(l, r) || l->update != update) {
		leg_refresh(l);
		return;
	}
	sip_session_timer_failed(&l->timer, gateway_now(l->gateway));
	leg_arm(l);
}

static void update_done(void *arg, const struct sip_result *r)
{
	struct leg *l = arg;

	gateway_scratch(l->gateway);
	l->refreshing = false;
	if (!leg_is_standing(l))
		return;
	if (r->end == SIP_FINAL && r->status < 300) {
		agree(l, r);
		leg_arm(l);
	} else {
		refused(l, r);
	}
}

static void send_update(struct leg *l, const struct route *route)
{
	struct sip_out fields[LEG_FIELDS];
	struct leg_request req = {.method = SIP_UPDATE, .fields = fields};
	struct sip_timer_fields timer;

	fields[req.n_fields++] =
		(struct sip_out){SL("Contact"), leg_contact(l->gateway, route, &l->way)};
	fields[req.n_fields++] = (struct sip_out){SL("Supported"), SL("timer")};
	sip_session_timer_ask(&l->timer, 0, false, &timer);
	for (size_t i = 0; i < timer.n && req.n_fields < LEG_FIELDS; i++)
		fields[req.n_fields++] = timer.v[i];
	leg_within(l, &req, REFRESH_MS, update_done, l);
}

/* ---- re-INVITE ---- */

/* Its 2xx is acknowledged each time it comes, also when the session has ended meanwhile. */
static void invite_accepted(struct leg *l, const struct sip_result *r, bool first)
{
	if (first && leg_is_standing(l)) {
		sip_dialog_event(l->dialog, SIP_DIALOG_HEARD_2XX, gateway_now(l->gateway));
		agree(l, r);
		leg_arm(l);
	}
	leg_call_ack(l, r->response->cseq);
}

static void invite_refused(struct leg *l, const struct sip_result *r)
{
	sip_dialog_event(l->dialog, SIP_DIALOG_REFUSED, gateway_now(l->gateway));
	if (leg_is_standing(l))
		refused(l, r);
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
	if (open)
		l->refreshing = l->offering = false;
	if (r->end == SIP_FINAL && r->status < 300)
		invite_accepted(l, r, open);
	else if (open)
		invite_refused(l, r);
	if (r->end != SIP_FINAL)
		leg_call_end(c);
}

static void send_invite(struct leg *l, const struct route *route)
{
	struct gateway *g = l->gateway;
	struct leg_call *c = leg_call_new(l, NULL, NULL);
	struct slice contact = leg_contact(g, route, &l->way);
	struct offer_place place = leg_place(contact, leg_call_id(l));
	struct sip_timer_fields timer;
	struct sip_out fields[7];
	struct sip_spec spec;
	struct buf sdp = {0};
	struct slice next;

	sip_dialog_request(l->dialog, SIP_INVITE, &spec, fields);
	next = spec.n_fields ? fields[0].value : spec.ruri;
	spec.fields = fields;
	fields[spec.n_fields++] = (struct sip_out){SL("Contact"), contact};
	fields[spec.n_fields++] = (struct sip_out){SL("Allow"), GATEWAY_ALLOW};
	fields[spec.n_fields++] = (struct sip_out){SL("Supported"), SL("timer")};
	sip_session_timer_ask(&l->timer, 0, false, &timer);
	for (size_t i = 0; i < timer.n; i++)
		fields[spec.n_fields++] = timer.v[i];
	offer_write(&sdp, &place);
	spec.content_type = SL("application/sdp");
	spec.body = buf_slice(&sdp);
	l->offering = c->invite = true;
	c->handle =
		g->ops->within(g->ops_arg, route, &l->way, next, &spec, REFRESH_MS, invite_done, c);
	buf_done(&sdp);
}

void leg_refresh(struct leg *l)
{
	const struct route *route = leg_route(l);

	if (l->refreshing)
		return;
	/* More lines than one would have to be repeated, and nobody has kept them. */
	if (!route || (!l->update && l->n_lines > 1)) {
		sip_session_timer_failed(&l->timer, gateway_now(l->gateway));
		return;
	}
	l->refreshing = true;
	if (l->update)
		send_update(l, route);
	else
		send_invite(l, route);
}
