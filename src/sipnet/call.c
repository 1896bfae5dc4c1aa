#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "federation/route.h"
#include "sipnet/again.h"
#include "sipnet/credentials.h"
#include "sipnet/sipnet_priv.h"

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

	c->net->called--;
	call_free(c);
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

/* ---- what a target has been found to be ---- */

uint32_t sipnet_retry_after(const struct sip_msg *m)
{
	uint32_t s = 0;

	if (!m || sip_retry_after_parse(sip_msg_get(m, SIP_H_RETRY_AFTER), &s) < 0)
		return 0;
	return s;
}

static void note_busy(struct endpoint *e, const struct sip_result *r, uint64_t now)
{
	e->busy++;
	endpoint_rest(e, sipnet_retry_after(r->response), now);
	target_trouble(e->target, e, SIPNET_E_BUSY,
		endpoint_rests(e, now) ? "503 with Retry-After" : "503");
}

static void note_result(struct endpoint *e, const struct sip_result *r, uint64_t now)
{
	switch (r->end) {
	case SIP_FINAL:
		e->answered++;
		if (r->status == 503) /* alive perhaps, and of no use */
			note_busy(e, r, now);
		else
			target_event(e, ENDPOINT_ANSWERED);
		break;
	case SIP_TIMEOUT:
		e->timeouts++;
		target_trouble(e->target, e, SIPNET_E_TIMEOUT, "no final answer in time");
		target_event(e, ENDPOINT_FAILED);
		break;
	case SIP_UNREACHABLE:
		e->unreachable++;
		target_trouble(e->target, e, SIPNET_E_UNREACHABLE,
			r->may_have_arrived ? "lost after it was sent" : "not delivered");
		target_event(e, ENDPOINT_FAILED);
		break;
	case SIP_TOO_BIG:
	case SIP_OVERLOADED:
	case SIP_NO_TARGET:
	case SIP_ALL_DOWN:
	case SIP_PROVISIONAL:
	case SIP_GONE:
		break;
	}
}

static void count_end(struct target *t, const struct sip_result *r)
{
	if (r->end == SIP_FINAL)
		t->answered++;
	else if (r->end == SIP_TIMEOUT)
		t->timeouts++;
	else if (r->end == SIP_UNREACHABLE)
		t->unreachable++;
}

/* ---- sending ---- */

static void on_done(void *arg, const struct sip_result *r);

static unsigned time_left(const struct sipnet_call *c)
{
	uint64_t now = sipnet_now(c->net);

	return c->deadline > now ? (unsigned)(c->deadline - now) : 0;
}

static void send_to(struct sipnet_call *c, struct endpoint *e, const struct sip_hop *hop,
	const struct sip_spec *spec)
{
	struct sipnet *n = c->net;
	struct buf lines = {0};

	if (c->again) {
		credentials_put(c, e, &lines);
		spec = &c->again->spec;
	}
	c->endpoint = e->id;
	e->requests++;
	e->under_way++;
	e->target->under_way++;
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

/* To the next endpoint that may be tried; false: there is none. */
static bool try_next(struct sipnet_call *c, struct target *t, const struct sip_spec *spec)
{
	while (c->n_tried < CALL_TRIES) {
		struct endpoint *e = target_choose(t, c->tried, c->n_tried, rand_u64());
		struct sip_hop hop;

		if (!e)
			return false;
		c->tried[c->n_tried++] = e->id;
		memset(c->fresh_login, 0, sizeof c->fresh_login);
		if (hop_to(c->net, e, &hop)) {
			send_to(c, e, &hop, spec);
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
	if (try_next(c, t, spec))
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

/* It was asked for credentials, and has been sent again with them. */
static bool answered_challenge(
	struct sipnet_call *c, struct endpoint *e, const struct sip_result *r)
{
	struct sip_hop hop;

	if (r->end != SIP_FINAL || (r->status != 401 && r->status != 407) || !c->again)
		return false;
	if (!credentials_take(c, e, r) || time_left(c) < LEAST_MS || !hop_to(c->net, e, &hop))
		return false;
	c->again->spec.cseq++; /* RFC 3261 22.2 */
	send_to(c, e, &hop, NULL);
	return true;
}

/* ---- what came of it ---- */

/* RFC 3263 4.3: only what certainly has not been taken may go elsewhere. */
static bool may_go_on(const struct sipnet_call *c, const struct sip_result *r)
{
	if (!c->again || time_left(c) < LEAST_MS)
		return false;
	return r->end == SIP_FINAL ? r->status == 503
				   : r->end == SIP_UNREACHABLE && !r->may_have_arrived;
}

static bool went_on(
	struct sipnet_call *c, struct target *t, struct endpoint *e, const struct sip_result *r)
{
	if (e && answered_challenge(c, e, r))
		return true;
	if (!may_go_on(c, r) || !try_next(c, t, NULL))
		return false;
	t->failovers++;
	return true;
}

static void leave(struct target *t, struct endpoint *e, const struct sip_result *r, uint64_t now)
{
	t->under_way--;
	if (!e)
		return;
	e->under_way--;
	if (r->sent > 1)
		e->retransmissions += r->sent - 1;
	note_result(e, r, now);
}

static void on_done(void *arg, const struct sip_result *r)
{
	struct sipnet_call *c = arg;
	struct target *t = target_of(c);
	struct endpoint *e = t ? target_endpoint(t, c->endpoint) : NULL;

	c->client = NULL;
	if (t) {
		leave(t, e, r, sipnet_now(c->net));
		if (went_on(c, t, e, r))
			return;
		count_end(t, r);
		credentials_end(c, t, r);
		release_held(t);
	}
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

struct sipnet_call *sipnet_request(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg)
{
	struct target *t = sipnet_target(n, slice_of(route->name));
	struct sipnet_call *c = xzalloc(sizeof *c);

	assert(spec->method != SIP_INVITE); /* it ends otherwise: struct sip_result */
	c->net = n;
	c->done = done;
	c->arg = arg;
	c->deadline = sipnet_now(n) + (timeout_ms && timeout_ms < ALL_MS ? timeout_ms : ALL_MS);
	memcpy(c->route, route->name, strlen(route->name) + 1);
	n->called++;
	if (!t) {
		fail(c, SIP_NO_TARGET);
		return c;
	}
	c->serial = t->serial;
	t->requests_out++;
	if (!sipnet_has_room(n, 1) || !has_share(n, t))
		fail(c, SIP_OVERLOADED);
	else
		begin(c, t, spec);
	return c;
}

void sipnet_forget(struct sipnet_call *c)
{
	struct target *t = target_of(c);
	struct endpoint *e = t && c->client ? target_endpoint(t, c->endpoint) : NULL;

	if (c->client)
		sip_client_forget(c->client);
	if (t && c->client)
		t->under_way--;
	if (e)
		e->under_way--;
	c->net->called--;
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
