#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "edge/outbound.h"
#include "view/metrics.h"

enum { DOMAIN_MAX = 1023 };

static uint64_t now(const struct pair *p)
{
	return loop_now(p->edge->loop);
}

/* ---- what it holds ---- */

static void hold(struct pair *p, const struct link_down *d)
{
	p->partner->stanzas++;
	p->partner->stanza_bytes += d->block;
	p->edge->stanza_bytes += d->block;
}

void pair_fate(struct pair *p, struct link_down *d, enum link_fate_kind fate, enum link_reason r)
{
	p->partner->stanzas--;
	p->partner->stanza_bytes -= d->block;
	p->edge->stanza_bytes -= d->block;
	edge_fate(p->edge, d, fate, r);
}

/* Another partner has its domain now, and what it holds. */
static void move(struct pair *p, const struct partner *to)
{
	size_t stanzas = p->queue.n + p->inflight.n, bytes = p->queue.bytes + p->inflight.bytes;

	p->partner->stanzas -= stanzas;
	p->partner->stanza_bytes -= bytes;
	partner_state_unref(p->edge, p->partner);
	p->partner = partner_state_get(p->edge, to);
	p->partner->stanzas += stanzas;
	p->partner->stanza_bytes += bytes;
}

bool pair_pressed(const struct pair *p)
{
	return p->partner->stanzas > link_down_room(p->edge->link);
}

/* Every partner may have as much as is left, so that none takes what others need. */
static bool has_share(const struct pair *p, const struct link_down *d)
{
	const struct edge *e = p->edge;
	size_t most = e->limits.all_bytes,
	       left = most > e->stanza_bytes ? most - e->stanza_bytes : 0;

	return !pair_pressed(p) && p->partner->stanza_bytes + d->block <= left;
}

/* ---- fates ---- */

static void tell_all(struct pair *p, struct queue *q, enum link_fate_kind fate, enum link_reason r)
{
	struct link_down *d;

	while ((d = queue_pop(q)))
		pair_fate(p, d, fate, r);
}

static void drop_queue(struct pair *p, enum link_fate_kind fate, enum link_reason r)
{
	metric_add(M_QUEUED, -(int64_t)p->queue.n);
	tell_all(p, &p->queue, fate, r);
}

/* Those whose deadline is before `time`. */
static void drop_expired(struct pair *p, uint64_t time, enum link_reason r)
{
	struct queue expired = {0};

	queue_take_expired(&p->queue, time, &expired);
	metric_add(M_QUEUED, -(int64_t)expired.n);
	tell_all(p, &expired, LINK_UNSENT, r);
}

static void watch(struct pair *p, uint64_t deadline)
{
	struct loop_timer *t = &p->deadline_timer;

	if (deadline != UINT64_MAX && (!loop_timer_armed(t) || deadline + 1 < t->wheel.due))
		loop_timer_at(t, deadline + 1);
}

void pair_watch(struct pair *p, const struct link_down *d)
{
	watch(p, d->deadline_ms);
}

static bool inflight_expired(struct pair *p)
{
	if (queue_earliest(&p->inflight) >= now(p))
		return false;
	for (const struct link_down *d = p->inflight.first; d; d = d->next)
		if (d->deadline_ms < now(p))
			return true;
	return false;
}

static void on_deadline_timer(void *arg)
{
	struct pair *p = arg;
	bool waits = list_linked(&p->place);

	drop_expired(p, now(p), waits ? LINK_R_CONNECTION_LIMIT : LINK_R_DEADLINE);
	if (inflight_expired(p))
		outbound_stalled(p->out);
	watch(p, queue_earliest(&p->queue));
	watch(p, queue_earliest(&p->inflight));
	if (!p->queue.n) {
		place_forget(p);
		edge_settled(p->edge);
	}
}

/* ---- pairs and targets ---- */

static struct target *target_get(struct edge *e, struct slice domain)
{
	struct table_node *n = table_get(&e->targets, domain);
	struct target *t;

	if (n)
		return container_of(n, struct target, node);
	t = xzalloc(sizeof *t + domain.n);
	memcpy(t->key, domain.p, domain.n);
	table_put(&e->targets, &t->node, slice_make(t->key, domain.n));
	return t;
}

/* local NUL remote; buf holds 2 * DOMAIN_MAX + 1. */
static struct slice pair_key(char *buf, struct slice local, struct slice remote)
{
	memcpy(buf, local.p, local.n);
	buf[local.n] = 0;
	memcpy(buf + local.n + 1, remote.p, remote.n);
	return slice_make(buf, local.n + 1 + remote.n);
}

static void on_retry_timer(void *arg);

static struct pair *pair_new(struct edge *e, struct slice key, struct slice local,
	struct slice remote, const struct partner *partner)
{
	struct pair *p = xzalloc(sizeof *p + key.n);

	p->edge = e;
	p->local = slice_dup(local);
	p->remote = slice_dup(remote);
	p->partner = partner_state_get(e, partner);
	p->negotiation = partner->negotiation;
	p->way = outbound_way(partner);
	p->target = target_get(e, remote);
	loop_timer_init(&p->deadline_timer, e->loop, on_deadline_timer, p);
	loop_timer_init(&p->retry_timer, e->loop, on_retry_timer, p);
	memcpy(p->key, key.p, key.n);
	table_put(&e->pairs, &p->node, slice_make(p->key, key.n));
	return p;
}

static void pair_free(struct pair *p)
{
	assert(!p->queue.n && !p->out);
	place_forget(p);
	table_remove(&p->edge->pairs, &p->node);
	loop_timer_stop(&p->deadline_timer);
	loop_timer_stop(&p->retry_timer);
	partner_state_unref(p->edge, p->partner);
	free(p->local);
	free(p->remote);
	free(p->addrs);
	free(p);
}

static enum link_reason link_reason_of(enum edge_refusal r)
{
	switch (r) {
	case EDGE_OK:
		return LINK_R_NONE;
	case EDGE_HOST_GONE:
		return LINK_R_NOT_LOCAL;
	default:
		return LINK_R_NOT_PARTNER;
	}
}

/* The pair of a stanza, made when the settings allow it; NULL: they do not, *ret_why says why. */
static struct pair *pair_for(struct edge *e, const struct link_down *d, enum link_reason *ret_why)
{
	char buf[2 * DOMAIN_MAX + 1];
	struct slice key = pair_key(buf, d->from_domain, d->to_domain);
	struct table_node *n = table_get(&e->pairs, key);
	struct edge_verdict v;

	if (n) {
		struct pair *p = container_of(n, struct pair, node);

		*ret_why = p->refused;
		return p->refused == LINK_R_NONE ? p : NULL;
	}
	v = edge_judge_pair(e->snapshot, d->from_domain, d->to_domain);
	*ret_why = link_reason_of(v.refusal);
	if (v.refusal != EDGE_OK)
		return NULL;
	return pair_new(e, key, d->from_domain, d->to_domain, v.partner);
}

/* ---- connecting ---- */

static void connect_or_wait(struct pair *p)
{
	if (p->out || !p->queue.n)
		return;
	if (now(p) < pair_next_try(p))
		loop_timer_at(&p->retry_timer, pair_next_try(p));
	else
		place_want(p);
}

static void on_retry_timer(void *arg)
{
	connect_or_wait(arg);
}

bool pair_up(const struct pair *p)
{
	return p->state == PAIR_VALID && outbound_up(p->out);
}

/* False: no room. */
static bool write_first(struct pair *p, size_t *ret_bytes)
{
	struct link_down *d = p->queue.first;

	if (d->deadline_ms < now(p)) {
		pair_fate(p, queue_pop(&p->queue), LINK_UNSENT, LINK_R_DEADLINE);
		return true;
	}
	queue_pop(&p->queue);
	if (!outbound_write(p, d)) {
		struct queue back = {0};

		queue_append(&back, d);
		queue_prepend(&p->queue, &back);
		return false;
	}
	*ret_bytes += d->xml.n;
	return true;
}

void pair_write(struct pair *p, size_t bytes)
{
	size_t written = 0;

	if (!p->queue.n || !pair_up(p))
		return;
	while (p->queue.n && written < bytes && write_first(p, &written))
		metric_add(M_QUEUED, -1);
	if (!p->queue.n)
		edge_settled(p->edge);
}

void pair_secured(struct pair *p)
{
	p->backoff.tls_floor = p->target->backoff.tls_floor = false;
}

/* What was wrong is over. */
static void note_success(struct pair *p)
{
	backoff_reset(&p->backoff);
	backoff_reset(&p->target->backoff);
	p->last_fail = LINK_R_NONE;
}

static void note_failure(struct pair *p, const struct pair_end *end)
{
	backoff_failed(end->target_fault ? &p->target->backoff : &p->backoff, now(p), rand_u64());
	if (end->insecure)
		p->backoff.tls_floor = p->target->backoff.tls_floor = true;
	p->last_fail = end->reason;
	log_warn(&p->edge->log, "outbound-failed", LF_Z("partner", p->partner->name),
		LF_Z("local", p->local), LF_Z("remote", p->remote),
		LF_Z("reason", link_reason_name(end->reason)), LF_U("queued", p->queue.n),
		LF_U("retry_ms", pair_next_try(p) - now(p)));
}

void pair_ended(struct pair *p, struct pair_end *end)
{
	metric_add(M_QUEUED, (int64_t)end->unwritten.n);
	queue_prepend(&p->queue, &end->unwritten);
	watch(p, queue_earliest(&p->queue));
	drop_expired(p, now(p), LINK_R_DEADLINE);
	if (end->failed && !p->edge->draining && p->refused == LINK_R_NONE)
		note_failure(p, end);
	else if (end->worked)
		note_success(p);
	if (p->refused != LINK_R_NONE)
		drop_queue(p, LINK_REFUSED, p->refused);
	else if (p->edge->draining)
		drop_queue(p, LINK_UNSENT, LINK_R_SHUTDOWN);
	else if (end->failed && end->hopeless)
		drop_queue(p, LINK_UNSENT, end->reason);
	else if (end->failed)
		drop_expired(p, pair_next_try(p), end->reason);
	connect_or_wait(p);
}

/* ---- what comes down ---- */

static void refuse(struct edge *e, struct link_down *d, enum link_reason r)
{
	edge_fate(e, d, LINK_REFUSED, r);
}

static void enqueue(struct pair *p, struct link_down *d)
{
	const struct edge_limits *l = &p->edge->limits;

	if (!p->out && d->deadline_ms < pair_next_try(p)) {
		pair_fate(p, d, LINK_UNSENT, LINK_R_BACK_OFF);
		return;
	}
	if (!has_share(p, d) || !queue_push(&p->queue, d, l->pair_stanzas, l->pair_bytes)) {
		pair_fate(p, d, LINK_UNSENT, LINK_R_QUEUE_FULL);
		return;
	}
	metric_add(M_QUEUED, 1);
	pair_watch(p, d);
	connect_or_wait(p);
}

static void send_or_queue(struct pair *p, struct link_down *d)
{
	hold(p, d);
	if (p->queue.n || !pair_up(p) || !outbound_write(p, d))
		enqueue(p, d);
}

void pair_send(struct edge *e, struct link_down *d)
{
	enum link_reason why;
	struct pair *p = pair_for(e, d, &why);

	if (!p)
		refuse(e, d, why);
	else if (d->xml.n > e->limits.stanza_bytes)
		refuse(e, d, LINK_R_TOO_BIG);
	else if (e->draining && (d->fate_id || !pair_up(p)))
		edge_fate(e, d, LINK_UNSENT, LINK_R_SHUTDOWN); /* answers still go out */
	else if (d->deadline_ms < loop_now(e->loop))
		edge_fate(e, d, LINK_UNSENT, LINK_R_DEADLINE);
	else
		send_or_queue(p, d);
}

/* ---- settings, drain, end ---- */

/* New settings are a new chance. */
static void forgive_pair(struct pair *p)
{
	backoff_reset(&p->backoff);
	p->last_fail = LINK_R_NONE;
	p->alone = false;
	lookup_cancel(p->lookup); /* it asks by the proxy there was */
	p->lookup = NULL;
	p->addrs_until_ms = 0;
	loop_timer_stop(&p->retry_timer);
}

static void forgive(struct pair *p)
{
	forgive_pair(p);
	backoff_reset(&p->target->backoff);
}

/* The pair is not allowed any more. If it comes back, that is by other settings. */
static void dismiss(struct pair *p, enum edge_refusal why)
{
	/* When only our domain has gone, the partner's server is what it was to our others. */
	if (why == EDGE_HOST_GONE)
		forgive_pair(p);
	else
		forgive(p);
	place_forget(p);
	drop_queue(p, LINK_REFUSED, p->refused);
	if (p->out)
		outbound_retire(p, why == EDGE_NOT_PARTNER ? EDGE_NO_LONGER_PARTNER : why);
	if (!p->out)
		pair_free(p);
}

static enum edge_refusal judge_method(
	const struct pair *p, const struct snapshot *s, const char *partner)
{
	return edge_judge_kept(
		s, slice_of(p->local), slice_of(p->remote), slice_of(partner), p->method);
}

/* It is on a stream, and the settings that made that possible have changed. */
static void judge_its_stream(struct pair *p, const char *partner)
{
	enum edge_refusal kept;

	if (!p->out->s.authenticated) {
		outbound_restart(p->out);
		return;
	}
	if (p->state == PAIR_LEAVING)
		return;
	kept = judge_method(p, p->edge->snapshot, partner);
	if (kept != EDGE_OK)
		outbound_retire(p, kept);
}

static bool has_moved(const struct pair *p, const struct partner *now)
{
	return strcmp(p->partner->name, now->domain.a) != 0;
}

/* By other settings than those that made its stream possible. */
static bool has_changed(const struct pair *p, const struct partner *now)
{
	return !negotiation_eq(p->negotiation, now->negotiation) || p->way != outbound_way(now);
}

enum edge_refusal pair_kept(const struct pair *p, const struct snapshot *s)
{
	struct edge_verdict v = edge_judge_pair(s, slice_of(p->local), slice_of(p->remote));

	if (v.refusal != EDGE_OK)
		return v.refusal == EDGE_NOT_PARTNER ? EDGE_NO_LONGER_PARTNER : v.refusal;
	if (!has_moved(p, v.partner) && !has_changed(p, v.partner))
		return EDGE_OK;
	if (!p->out->s.authenticated)
		return EDGE_SETTINGS_CHANGED;
	return judge_method(p, s, p->partner->name);
}

static void judge_pair(struct pair *p)
{
	struct edge *e = p->edge;
	struct edge_verdict v =
		edge_judge_pair(e->snapshot, slice_of(p->local), slice_of(p->remote));
	char *before;
	bool moved;

	p->refused = link_reason_of(v.refusal);
	if (v.refusal != EDGE_OK) {
		dismiss(p, v.refusal);
		return;
	}
	moved = has_moved(p, v.partner);
	if (!moved && !has_changed(p, v.partner))
		return;
	before = xstrdup(p->partner->name);
	if (moved)
		move(p, v.partner);
	p->negotiation = v.partner->negotiation;
	p->way = outbound_way(v.partner);
	forgive(p);
	if (p->out)
		judge_its_stream(p, before);
	free(before);
}

static void judge_streams(struct edge *e)
{
	list_each_safe(&e->streams, it) {
		struct stream *s = container_of(it, struct stream, node);

		if (!s->inbound && !s->verifies)
			outbound_judge(outbound_of(s));
	}
}

void pair_judge_all(struct edge *e)
{
	table_each(&e->pairs, it)
		judge_pair(container_of(it, struct pair, node));
	judge_streams(e);
	table_each(&e->pairs, it)
		connect_or_wait(container_of(it, struct pair, node));
}

void pair_drain_all(struct edge *e)
{
	table_each(&e->pairs, it) {
		struct pair *p = container_of(it, struct pair, node);

		place_forget(p);
		if (!p->out || !pair_up(p))
			drop_queue(p, LINK_UNSENT, LINK_R_SHUTDOWN);
		if (p->out && !p->out->s.authenticated)
			stream_abort(&p->out->s, edge_refusal_name(EDGE_SHUTDOWN));
	}
}

size_t pair_waiting(const struct edge *e)
{
	size_t n = 0;

	table_each(&e->pairs, it) {
		const struct pair *p = container_of(it, struct pair, node);

		n += p->queue.n + p->inflight.n;
	}
	return n;
}

void pair_free_all(struct edge *e)
{
	table_each(&e->pairs, it) {
		struct pair *p = container_of(it, struct pair, node);

		drop_queue(p, LINK_UNSENT, LINK_R_SHUTDOWN);
		pair_free(p);
	}
	assert(e->stanza_bytes == 0 && list_empty(&e->places));
	table_each(&e->targets, t) {
		table_remove(&e->targets, t);
		free(container_of(t, struct target, node));
	}
	table_done(&e->pairs);
	table_done(&e->targets);
}
