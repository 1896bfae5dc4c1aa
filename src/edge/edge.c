#include "edge/edge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "edge/edge_priv.h"
#include "edge/probe_hooks.h"
#include "edge/verify.h"
#include "text/idna.h"
#include "view/metrics.h"
#include "xml/pool.h"

enum {
	VAIN_SECONDS = 30, /* in which what an address may do in vain comes back */
	DEFAULT_PORT = 5269,
	STRANGER_LINES = 10,
	IDLE_PARSERS = 64,
	ANSWERS_MS = 500, /* in a drain, for the answers to what the partners sent last */
};

/* ---- small things all parts use ---- */

void edge_limits_fill(struct edge_limits *l)
{
	static const struct edge_limits defaults = {
		.pair_stanzas = 4096,
		.pair_bytes = 4 << 20,
		.all_bytes = 64 << 20,
		.write_ahead = 256 << 10,
		.stanza_bytes = 262144,
		.address_connections = 64,
		.unauthenticated = 1024,
		.connection_rate = 50,
		.vain_connections = 30,
		.partner_credits = 4096,
		.preauth_ms = 10000,
		.handshake_ms = 10000,
		.close_ms = 5000,
		.starve_ms = 5000,
		.doubt_ms = 10000,
		.doubt_clean_ms = 2000,
		.doubt_stanzas = 262144,
	};

#define FILL(field)                                                                                \
	if (!l->field)                                                                             \
	l->field = defaults.field
	FILL(pair_stanzas);
	FILL(pair_bytes);
	FILL(all_bytes);
	FILL(write_ahead);
	FILL(stanza_bytes);
	FILL(address_connections);
	FILL(unauthenticated);
	FILL(connection_rate);
	FILL(vain_connections);
	FILL(partner_credits);
	FILL(preauth_ms);
	FILL(handshake_ms);
	FILL(close_ms);
	FILL(starve_ms);
	FILL(doubt_ms);
	FILL(doubt_clean_ms);
	FILL(doubt_stanzas);
#undef FILL
}

const char *edge_ascii(struct arena *a, struct slice domain)
{
	struct slice ascii;

	if (!domain.p || idna_to_ascii(&ascii, a, domain, NULL) < 0)
		return NULL;
	return arena_dup(a, ascii);
}

bool edge_has_certificate(const struct edge *e, struct slice domain)
{
	struct arena a = {0};
	const char *ascii = edge_ascii(&a, domain);
	bool has = ascii && tls_set_for(e->tls, slice_of(ascii));

	arena_done(&a);
	return has;
}

bool edge_may_log(struct edge *e)
{
	uint64_t second = loop_now(e->loop) / 1000;
	struct log_limit *l = &e->stranger_lines;

	if (second != l->second) {
		if (l->dropped)
			log_warn(&e->log, "lines-left-out", LF_U("lines", l->dropped));
		*l = (struct log_limit){.second = second};
	}
	if (l->n++ < STRANGER_LINES)
		return true;
	l->dropped++;
	return false;
}

void edge_fate(struct edge *e, struct link_down *d, enum link_fate_kind fate, enum link_reason r)
{
	static const enum metric counters[] = {
		[LINK_REFUSED] = M_FATE_REFUSED,
		[LINK_UNSENT] = M_FATE_UNSENT,
		[LINK_WRITTEN] = M_FATE_WRITTEN,
	};

	d->fate = fate;
	d->reason = r;
	metric_add(counters[fate], 1);
	link_fate(e->link, d);
}

/* ---- partners ---- */

struct partner_state *partner_state_get(struct edge *e, const struct partner *p)
{
	struct slice name = slice_of(p->domain.a);
	struct table_node *n = table_get(&e->partners, name);
	struct partner_state *s;

	if (n) {
		s = container_of(n, struct partner_state, node);
	} else {
		s = xzalloc(sizeof *s);
		s->name = slice_dup(name);
		list_init(&s->streams);
		s->share = link_share_new(e->limits.partner_credits);
		list_init(&s->verifies);
		table_put(&e->partners, &s->node, slice_of(s->name));
	}
	s->refs++;
	return s;
}

/* What happened is remembered as long as it is a partner. */
static bool forgettable(const struct edge *e, const struct partner_state *s)
{
	const struct partner *p = snapshot_partner(e->snapshot, slice_of(s->name));

	return !s->refs && !(p && slice_eqz(slice_of(p->domain.a), s->name));
}

static void partner_state_free(struct edge *e, struct partner_state *s)
{
	table_remove(&e->partners, &s->node);
	link_share_unref(s->share);
	sight_partner_done(&s->sight);
	free(s->name);
	free(s);
}

unsigned edge_partner_limit(const struct snapshot *s, const struct partner *settings)
{
	if (settings && settings->connection_limit)
		return settings->connection_limit;
	return snapshot_gateway(s)->partner_connection_limit;
}

void partner_state_unref(struct edge *e, struct partner_state *s)
{
	s->refs--;
	if (forgettable(e, s))
		partner_state_free(e, s);
}

static void forget_partners(struct edge *e, bool all)
{
	table_each(&e->partners, it) {
		struct partner_state *s = container_of(it, struct partner_state, node);

		if (all || forgettable(e, s))
			partner_state_free(e, s);
	}
}

enum edge_refusal edge_may_connect(
	const struct edge *e, const struct partner_state *state, const struct partner *settings)
{
	if (e->connections >= snapshot_gateway(e->snapshot)->connection_limit)
		return EDGE_CONNECTION_LIMIT;
	if (state->connections >= edge_partner_limit(e->snapshot, settings))
		return EDGE_PARTNER_LIMIT;
	return EDGE_OK;
}

enum edge_refusal edge_count_stream(struct edge *e, struct stream *s)
{
	enum edge_refusal r;

	if (s->counted)
		return EDGE_OK;
	r = edge_may_connect(e, s->partner, snapshot_partner(e->snapshot, slice_of(s->remote)));
	if (r != EDGE_OK)
		return r;
	if (s->inbound && !rate_take(&s->partner->arrivals, e->limits.connection_rate,
				  2 * e->limits.connection_rate, loop_now(e->loop)))
		return EDGE_PARTNER_RATE;
	s->counted = true;
	e->connections++;
	s->partner->connections++;
	return EDGE_OK;
}

void edge_uncount_stream(struct edge *e, struct stream *s)
{
	if (!s->counted)
		return;
	s->counted = false;
	e->connections--;
	s->partner->connections--;
	place_changed(e);
}

/* ---- the link ---- */

static void on_send(void *arg, struct link_down *d)
{
	struct edge *e = arg;

	if (e->snapshot)
		pair_send(e, d);
	else
		queue_append(&e->held, d);
}

static void on_credit(void *arg)
{
	inbound_credit(arg);
}

static const struct link_edge_ops link_ops = {on_send, on_credit};

/* ---- settings ---- */

void edge_set_snapshot(struct edge *e, struct snapshot *s)
{
	struct snapshot *old = e->snapshot;
	struct link_down *d;

	e->snapshot = snapshot_ref(s);
	snapshot_unref(old);
	dialback_secrets_set(&e->secrets, slice_of(snapshot_gateway(s)->dialback_passphrase),
		loop_now(e->loop));
	metric_set(M_GENERATION, (int64_t)snapshot_generation(s));
	pair_judge_all(e);
	list_each_safe(&e->streams, it) {
		struct stream *st = container_of(it, struct stream, node);

		if (st->inbound)
			inbound_judge_again(st);
		else if (st->verifies)
			verify_judge_again(st);
		stream_settings(st);
	}
	forget_partners(e, false);
	place_limits_changed(e);
	while ((d = queue_pop(&e->held)))
		pair_send(e, d);
}

void edge_set_tls(struct edge *e, struct tls_set *tls)
{
	struct tls_set *old = e->tls;

	e->tls = tls_set_ref(tls);
	tls_set_unref(old);
	expiry_trust_changed(&e->expiry);
}

/* ---- drain ---- */

static void drain_over(struct edge *e)
{
	void (*done)(void *arg) = e->drained;

	loop_timer_stop(&e->drain_timer);
	loop_timer_stop(&e->answers_timer);
	e->drained = NULL;
	if (done)
		done(e->drained_arg);
}

/* Returns how many there were. */
static size_t finish_streams(struct edge *e, bool inbound)
{
	size_t n = 0;

	list_each_safe(&e->streams, it) {
		struct stream *s = container_of(it, struct stream, node);

		if (s->inbound != inbound || s->end.closing)
			continue;
		stream_finish(s, STREAM_SYSTEM_SHUTDOWN, NULL, edge_refusal_name(EDGE_SHUTDOWN));
		n++;
	}
	return n;
}

/*
 * Outbound streams with nothing left to write are closed, later than the inbound ones: what still
 * came on those is answered. When all are gone the drain is over.
 */
static void drain_step(void *arg)
{
	struct edge *e = arg;

	if (!loop_timer_armed(&e->answers_timer) && pair_waiting(e) == 0)
		finish_streams(e, false);
	if (list_empty(&e->streams))
		drain_over(e);
}

void edge_settled(struct edge *e)
{
	if (e->draining && e->drained)
		loop_task_queue(e->loop, &e->drain_task);
}

static void answers_over(void *arg)
{
	edge_settled(arg);
}

static void drain_timed_out(void *arg)
{
	struct edge *e = arg;
	struct list *it;

	while ((it = list_first(&e->streams)))
		stream_abort(container_of(it, struct stream, node), "shutdown-timeout");
	drain_over(e);
}

void edge_drain(struct edge *e, unsigned ms, void (*done)(void *arg), void *arg)
{
	e->draining = true;
	e->drained = done;
	e->drained_arg = arg;
	probes_stop(e);
	for (size_t i = 0; i < e->n_listeners; i++) {
		listener_free(e->listeners[i]);
		e->listeners[i] = NULL;
	}
	pair_drain_all(e);
	if (finish_streams(e, true) > 0)
		loop_timer_in(&e->answers_timer, ANSWERS_MS);
	loop_timer_in(&e->drain_timer, ms);
	loop_task_queue(e->loop, &e->drain_task);
}

/* ---- life ---- */

static int listen_all(struct edge *e, const struct edge_config *config, struct err *err)
{
	e->listeners = xcalloc(config->n_listen, sizeof *e->listeners);
	e->listen = xcalloc(config->n_listen, sizeof *e->listen);
	for (size_t i = 0; i < config->n_listen; i++) {
		if (listener_new(&e->listeners[i], e->loop, &config->listen[i], edge_accept, e,
			    err) < 0)
			return -1;
		e->listen[i] = listener_address(e->listeners[i]);
		e->n_listeners++;
	}
	return 0;
}

int edge_new(struct edge **ret, struct loop *loop, const struct edge_config *config,
	struct link *link, const struct log *log, struct err *err)
{
	struct edge *e = xzalloc(sizeof *e);

	e->loop = loop;
	e->link = link;
	log_init(&e->log, log);
	e->limits = config->limits;
	edge_limits_fill(&e->limits);
	e->default_port = config->default_port ? config->default_port : DEFAULT_PORT;
	e->tls = tls_set_ref(config->tls);
	expiry_init(&e->expiry, e);
	list_init(&e->streams);
	sight_init(&e->sight);
	list_init(&e->starved);
	table_init(&e->partners);
	table_init(&e->pairs);
	table_init(&e->targets);
	place_init(e);
	e->probes = probes_new(&config->probe);
	e->parsers = xml_pool_new(IDLE_PARSERS);
	e->strangers = strangers_new(&(struct stranger_limits){
		.all = e->limits.unauthenticated,
		.per_address = e->limits.address_connections,
		.rate = e->limits.connection_rate,
		.burst = 2 * e->limits.connection_rate,
		.vain = e->limits.vain_connections,
		.vain_rate = (e->limits.vain_connections + VAIN_SECONDS - 1) / VAIN_SECONDS,
	});
	loop_timer_init(&e->drain_timer, loop, drain_timed_out, e);
	loop_timer_init(&e->answers_timer, loop, answers_over, e);
	loop_task_init(&e->drain_task, drain_step, e);
	if (dns_new(&e->dns, loop, &config->dns, &e->log, err) < 0 ||
		listen_all(e, config, err) < 0) {
		edge_free(e);
		return -1;
	}
	link_local_edge(link, loop, &link_ops, e);
	*ret = e;
	return 0;
}

static void destroy(void *arg)
{
	struct edge *e = arg;

	log_done(&e->log);
	xml_pool_free(e->parsers);
	free(e);
}

void edge_free(struct edge *e)
{
	struct link_down *d;
	struct list *it;

	if (!e)
		return;
	e->draining = true;
	e->drained = NULL;
	probes_free(e);
	for (size_t i = 0; i < e->n_listeners; i++)
		listener_free(e->listeners[i]);
	free(e->listeners);
	free(e->listen);
	while ((it = list_first(&e->streams)))
		stream_abort(
			container_of(it, struct stream, node), edge_refusal_name(EDGE_SHUTDOWN));
	pair_free_all(e);
	place_done(e);
	while ((d = queue_pop(&e->held)))
		edge_fate(e, d, LINK_UNSENT, LINK_R_SHUTDOWN);
	link_local_edge_gone(e->link);
	expiry_done(&e->expiry);
	forget_partners(e, true);
	sight_done(&e->sight);
	table_done(&e->partners);
	strangers_free(e->strangers);
	loop_timer_stop(&e->drain_timer);
	loop_timer_stop(&e->answers_timer);
	loop_task_stop(&e->drain_task);
	dns_free(e->dns);
	tls_set_unref(e->tls);
	snapshot_unref(e->snapshot);
	dialback_secrets_wipe(&e->secrets);
	/* Streams that ended in this turn are freed at its end, and look at the edge's log then. */
	loop_dispose(e->loop, e, destroy);
}

struct netaddr edge_address(const struct edge *e, size_t i)
{
	return e->listen[i];
}
