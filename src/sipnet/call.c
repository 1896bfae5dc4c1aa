#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "federation/route.h"
#include "sipnet/again.h"
#include "sipnet/credentials.h"
#include "sipnet/outcome.h"
#include "sipnet/sipnet_priv.h"
#include "view/metrics.h"

/* Requests of ours: where they go, and what happens when they do not arrive. */

enum {
	ALL_MS = 32000, /* 64*T1: what a request may take */
	LEAST_MS = 500, /* T1: with less left there is no point in trying elsewhere */
};

/* ---- the end ---- */

static void call_free(struct sipnet_call *c)
{
	list_remove(&c->node);
	free(c->again);
	free(c);
}

static void call_end(struct sipnet_call *c, const struct sip_result *r)
{
	sip_done *done = c->done;
	void *arg = c->arg;

	c->net->called -= !c->answered;
	call_free(c);
	if (done)
		done(arg, r);
}

/* Told at the end of the turn: nothing is told inside sipnet_request(). */
static void fail(struct sipnet_call *c, enum sip_end end)
{
	struct sipnet *n = c->net;

	c->end = (uint8_t)end;
	list_remove(&c->node);
	list_append(&n->failed, &c->node);
	loop_task_queue(n->loop, &n->tell);
}

/* Those that fail while these are told wait for the next turn. */
void sipnet_tell_failed(void *arg)
{
	struct sipnet *n = arg;
	struct list now_told, *l;

	list_init(&now_told);
	while ((l = list_pop(&n->failed)))
		list_append(&now_told, l);
	while ((l = list_first(&now_told))) {
		struct sipnet_call *c = container_of(l, struct sipnet_call, node);

		call_end(c, &(struct sip_result){.end = (enum sip_end)c->end});
	}
}

/* NULL: it has gone, or another one has taken its place. */
static struct target *target_of(const struct sipnet_call *c)
{
	struct target *t = sipnet_target(c->net, slice_of(c->route));

	return t && t->serial == c->serial ? t : NULL;
}

/* ---- sending ---- */

static void on_done(void *arg, const struct sip_result *r);

static unsigned time_left(const struct sipnet_call *c)
{
	uint64_t now = sipnet_now(c->net);

	return c->deadline > now ? (unsigned)(c->deadline - now) : 0;
}

/* e: NULL: by a connection that leads to none of the target's endpoints. */
static void send_to(struct sipnet_call *c, struct target *t, struct endpoint *e,
	const struct sip_hop *hop, const struct sip_spec *spec)
{
	struct sipnet *n = c->net;
	struct buf lines = {0};

	if (c->again) {
		if (e)
			credentials_put(c, e, &lines);
		spec = &c->again->spec;
	}
	c->endpoint = e ? e->id : 0;
	if (e) {
		e->requests++;
		e->under_way++;
	}
	t->under_way++;
	list_remove(&c->node);
	list_append(&n->calls, &c->node);
	c->client = sip_stack_request(n->stack, hop, spec, time_left(c), on_done, c, sipnet_now(n));
	sipnet_touched(n);
	credentials_wipe(&lines);
}

static bool hop_to(struct sipnet *n, struct endpoint *e, struct sip_hop *ret)
{
	return sipnet_hop_to(
		n, e->target->route, (enum sip_transport)e->at.transport, &e->at.addr, ret);
}

/* By the connection of its dialog; false: it cannot take it. */
static bool try_flow(struct sipnet_call *c, struct target *t, const struct sip_spec *spec)
{
	const struct flow *f = within_flow(c->net, t->route, c->flow);
	struct endpoint *e = f ? within_endpoint(t, f) : NULL;
	struct sip_hop hop;

	if (!f)
		return false;
	c->named = e ? e->id : 0; /* by another connection, should this one break */
	hop = flow_hop(f);
	send_to(c, t, e, &hop, spec);
	return true;
}

static struct endpoint *choose(const struct sipnet_call *c, const struct target *t)
{
	struct endpoint *e = c->named && !c->n_tried ? target_endpoint(t, c->named) : NULL;

	if (e && endpoint_takes(e, sipnet_now(c->net)))
		return e;
	return target_choose(t, c->tried, c->n_tried, rand_u64());
}

/* To the next endpoint that may be tried; false: there is none. */
static bool try_next(struct sipnet_call *c, struct target *t, const struct sip_spec *spec)
{
	while (c->n_tried < CALL_TRIES) {
		struct endpoint *e = choose(c, t);
		struct sip_hop hop;

		if (!e)
			return false;
		c->tried[c->n_tried++] = e->id;
		memset(c->fresh_login, 0, sizeof c->fresh_login);
		if (hop_to(c->net, e, &hop)) {
			send_to(c, t, e, &hop, spec);
			return true;
		}
		target_trouble(t, e, SIPNET_E_UNREACHABLE, "no socket or connection to be had");
		target_event(e, ENDPOINT_FAILED);
	}
	return false;
}

/* It ends without having been sent. */
static void fail_unsent(struct sipnet_call *c, struct target *t)
{
	credentials_end(c, t, NULL);
	fail(c, t->n ? SIP_ALL_DOWN : SIP_NO_TARGET);
}

static void set_out(struct sipnet_call *c, struct target *t, const struct sip_spec *spec)
{
	credentials_begin(c, t);
	if (try_flow(c, t, spec) || try_next(c, t, spec))
		return;
	if (t->n)
		target_trouble(t, NULL, SIPNET_E_ALL_DOWN, "all of them are dead or resting");
	fail_unsent(c, t);
}

/* ---- credentials ---- */

static void release_held(struct target *t)
{
	while (!list_empty(&t->held) && !credentials_hold(t)) {
		struct sipnet_call *c = container_of(list_pop(&t->held), struct sipnet_call, node);

		if (time_left(c) >= LEAST_MS)
			set_out(c, t, NULL);
		else
			fail_unsent(c, t);
	}
}

void sipnet_drop_held(struct sipnet *n, struct target *t)
{
	struct list *l;

	while ((l = list_pop(&t->held)))
		fail(container_of(l, struct sipnet_call, node), SIP_NO_TARGET);
}

/* The way that it went just now, or the nearest. */
static bool hop_again(const struct sipnet_call *c, struct endpoint *e, struct sip_hop *ret)
{
	const struct flow *f = c->n_tried ? NULL : within_flow(c->net, e->target->route, c->flow);

	if (!f)
		return hop_to(c->net, e, ret);
	*ret = flow_hop(f);
	return true;
}

/* RFC 3261 22.2; within a dialog others may have had the next number meanwhile. */
static uint32_t next_cseq(const struct sip_spec *s)
{
	return s->dialog ? sip_dialog_next_cseq(s->dialog, s->method) : s->cseq + 1;
}

/* It was asked for credentials, and has been sent again with them. */
static bool answered_challenge(
	struct sipnet_call *c, struct endpoint *e, const struct sip_result *r)
{
	struct sip_hop hop;

	if (r->end != SIP_FINAL || (r->status != 401 && r->status != 407) || !c->again)
		return false;
	if (!credentials_take(c, e, r) || time_left(c) < LEAST_MS || !hop_again(c, e, &hop))
		return false;
	c->again->spec.cseq = next_cseq(&c->again->spec);
	send_to(c, e->target, e, &hop, NULL);
	return true;
}

/* ---- what came of it ---- */

/*
 * RFC 3263 4.3: only what certainly has not been taken may go elsewhere. Within a dialog a 503 is
 * the word of those who know it; others would not.
 */
static bool may_go_on(const struct sipnet_call *c, const struct sip_result *r)
{
	if (!c->again || time_left(c) < LEAST_MS)
		return false;
	return r->end == SIP_FINAL ? r->status == 503 && !c->within
				   : r->end == SIP_UNREACHABLE && !r->may_have_arrived;
}

static bool went_on(
	struct sipnet_call *c, struct target *t, struct endpoint *e, const struct sip_result *r)
{
	if (c->cancelled)
		return false;
	if (e && answered_challenge(c, e, r))
		return true;
	if (!may_go_on(c, r) || !try_next(c, t, NULL))
		return false;
	t->failovers++;
	metric_add(M_SIP_FAILOVERS, 1);
	return true;
}

/* What one try met. True: it was not the last. */
static bool goes_on(struct sipnet_call *c, const struct sip_result *r)
{
	struct target *t = target_of(c);
	struct endpoint *e = t ? target_endpoint(t, c->endpoint) : NULL;

	if (!t)
		return false;
	outcome_note(t, e, r, sipnet_now(c->net));
	if (went_on(c, t, e, r))
		return true;
	outcome_count(t, r);
	credentials_end(c, t, r);
	release_held(t);
	return false;
}

/* The final answer to an INVITE; others may follow, until SIP_GONE. */
static void on_answer(struct sipnet_call *c, const struct sip_result *r)
{
	struct sip_client *answered = c->client;

	if (!c->answered && goes_on(c, r)) {
		sip_client_forget(answered);
		return;
	}
	c->net->called -= !c->answered;
	c->answered = true;
	if (c->done) {
		c->done(c->arg, r); /* and may have forgotten it */
		return;
	}
	sip_client_forget(answered);
	call_free(c);
}

static void on_done(void *arg, const struct sip_result *r)
{
	struct sipnet_call *c = arg;

	if (c->invite && r->end == SIP_FINAL) {
		on_answer(c, r);
		return;
	}
	if (r->end == SIP_PROVISIONAL) {
		if (c->done)
			c->done(c->arg, r);
		return;
	}
	c->client = NULL;
	if (c->answered || !goes_on(c, r))
		call_end(c, r);
}

/* ---- new ones ---- */

/* No route has more than half of what is under way when half of the memory is gone. */
static bool has_share(const struct sipnet *n, const struct target *t)
{
	return sipnet_has_room(n, 8) || t->under_way * 2 <= n->called ||
	       list_first(&n->targets) == n->targets.prev;
}

/* Is there anything that could make it go out a second time? */
static bool may_be_repeated(const struct target *t)
{
	return t->n > 1 || t->route->digest_user;
}

static void keep_copy(struct sipnet_call *c, const struct sip_spec *spec)
{
	struct sipnet *n = c->net;
	struct buf call_id = {0}, tag = {0};

	sipnet_id(n, &call_id);
	sipnet_id(n, &tag);
	c->again = again_new(spec, buf_slice(&call_id), buf_slice(&tag));
	buf_done(&call_id);
	buf_done(&tag);
}

static void begin(struct sipnet_call *c, struct target *t, const struct sip_spec *spec)
{
	if (may_be_repeated(t))
		keep_copy(c, spec);
	if (credentials_hold(t)) {
		list_append(&t->held, &c->node);
		return;
	}
	set_out(c, t, spec);
}

struct sipnet_call *sipnet_call_new(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg)
{
	struct sipnet_call *c = xzalloc(sizeof *c);

	c->net = n;
	c->invite = spec->method == SIP_INVITE;
	c->done = done;
	c->arg = arg;
	c->deadline = sipnet_now(n) + (timeout_ms && timeout_ms < ALL_MS ? timeout_ms : ALL_MS);
	memcpy(c->route, route->name, strlen(route->name) + 1);
	n->called++;
	return c;
}

void sipnet_call_begin(struct sipnet_call *c, const struct sip_spec *spec)
{
	struct sipnet *n = c->net;
	struct target *t = sipnet_target(n, slice_of(c->route));

	if (!t) {
		fail(c, SIP_NO_TARGET);
		return;
	}
	c->serial = t->serial;
	/* What belongs to a dialog is not new: see shed() in admit.c. */
	if (!sipnet_has_room(n, !c->within) || (!c->within && !has_share(n, t))) {
		metric_add(M_SIP_SHED_OUT, 1);
		fail(c, SIP_OVERLOADED);
		return;
	}
	t->requests_out++;
	begin(c, t, spec);
}

struct sipnet_call *sipnet_request(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg)
{
	struct sipnet_call *c = sipnet_call_new(n, route, spec, timeout_ms, done, arg);

	assert(!c->invite); /* it ends otherwise: sipnet_invite() */
	sipnet_call_begin(c, spec);
	return c;
}

struct sipnet_call *sipnet_invite(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg)
{
	struct sipnet_call *c = sipnet_call_new(n, route, spec, timeout_ms, done, arg);

	assert(c->invite && spec->call_id.p && spec->from_tag.p);
	sipnet_call_begin(c, spec);
	return c;
}

/* ---- their end before the end ---- */

void sipnet_cancel(struct sipnet_call *c)
{
	struct sipnet *n = c->net;

	assert(c->invite);
	if (c->answered || c->cancelled)
		return;
	c->cancelled = true;
	if (c->client) {
		n->cancelling = snapshot_route(n->snapshot, slice_of(c->route));
		sip_client_cancel(c->client, sipnet_now(n));
		n->cancelling = NULL;
		sipnet_touched(n);
	} else if (!c->end) {
		fail(c, SIP_GONE); /* it was held */
	}
}

/* Its answer is still to be acknowledged, if it is a refusal. */
static void forget_later(struct sipnet_call *c)
{
	c->done = NULL;
	if (c->again)
		c->again->spec.dialog = NULL;
	sipnet_cancel(c);
}

void sipnet_forget(struct sipnet_call *c)
{
	bool under_way = c->client && !c->answered;
	struct target *t = c->answered ? NULL : target_of(c);
	struct endpoint *e = t && under_way ? target_endpoint(t, c->endpoint) : NULL;

	if (c->invite && under_way) {
		forget_later(c);
		return;
	}
	if (c->client)
		sip_client_forget(c->client);
	if (t && under_way)
		t->under_way--;
	if (e)
		e->under_way--;
	c->net->called -= !c->answered;
	if (t)
		credentials_end(c, t, NULL);
	call_free(c);
	if (t)
		release_held(t);
}

void sipnet_free_calls(struct list *calls)
{
	struct list *l;

	while ((l = list_first(calls)))
		call_free(container_of(l, struct sipnet_call, node));
}

void sipnet_release(void *sipnet, struct target *t)
{
	(void)sipnet;
	t->proven = true; /* a wrong password is answered at once */
	release_held(t);
}
