#include "edge/outbound.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/metrics.h"

enum {
	SETTLE_MS = 1000,
	/* A stream that ended in an error sooner than this was no success. */
	SHORT_LIFE_MS = 5000,
};

static struct outbound *of(struct stream *s)
{
	return container_of(s, struct outbound, s);
}

static uint64_t now(const struct outbound *o)
{
	return loop_now(o->s.edge->loop);
}

/* ---- why it failed ---- */

/* An end of a stream as the link tells it, and whether it is the target's or the pair's fault. */
/* clang-format off */
static const struct {
	enum link_reason reason;
	bool target_fault, hopeless;
} causes[XSTREAM_R__N] = {
	[XSTREAM_R_NONE]        = {LINK_R_STREAM_LOST, true, false},
	[XSTREAM_R_LOCAL]       = {LINK_R_STREAM_LOST, false, false},
	[XSTREAM_R_LOCAL_ERROR] = {LINK_R_STREAM_ERROR, false, true},
	[XSTREAM_R_PEER]        = {LINK_R_STREAM_LOST, false, false},
	[XSTREAM_R_PEER_ERROR]  = {LINK_R_STREAM_ERROR, false, true}, /* but see passes() */
	[XSTREAM_R_TLS_REFUSED] = {LINK_R_TLS_FAILED, true, true},
	[XSTREAM_R_TLS_FAILED]  = {LINK_R_TLS_FAILED, true, true},
	[XSTREAM_R_NO_METHOD]   = {LINK_R_AUTH_FAILED, false, true},
	[XSTREAM_R_BAD_CERT]    = {LINK_R_AUTH_FAILED, false, true},
	[XSTREAM_R_SASL]        = {LINK_R_AUTH_FAILED, false, true},
	[XSTREAM_R_TIMEOUT]     = {LINK_R_CONNECT_FAILED, true, false},
	[XSTREAM_R_LOST]        = {LINK_R_STREAM_LOST, true, false},
};
/* clang-format on */

/* A stream error before authentication that may be over in a moment. */
static bool passes(enum stream_cond cond)
{
	return cond == STREAM_SYSTEM_SHUTDOWN || cond == STREAM_RESOURCE_CONSTRAINT ||
	       cond == STREAM_RESET || cond == STREAM_CONNECTION_TIMEOUT ||
	       cond == STREAM_INTERNAL_SERVER_ERROR;
}

static struct pair_end judge_end(struct outbound *o)
{
	const struct stream_end *e = &o->s.end;
	struct pair_end end = {
		.reason = causes[e->reason].reason,
		.target_fault = causes[e->reason].target_fault,
		.hopeless = causes[e->reason].hopeless,
		.failed = true,
	};

	if (o->fail != LINK_R_NONE) {
		end.reason = o->fail;
		end.target_fault = o->fail == LINK_R_NO_SUCH_SERVER || o->fail == LINK_R_DNS_FAILED;
		end.hopeless = o->fail != LINK_R_DNS_FAILED;
	} else if (e->connect_failed) {
		end.reason = LINK_R_CONNECT_FAILED;
		end.target_fault = true;
	} else if (e->tls_failed) {
		end.reason = LINK_R_TLS_FAILED;
		end.target_fault = false; /* it may be our certificate that they refuse */
		end.hopeless = true;
	} else if (e->reason == XSTREAM_R_PEER_ERROR) {
		end.hopeless = !passes(e->cond);
	}
	if (o->restart)
		end.failed = end.hopeless = false;
	if (o->s.authenticated) {
		/* Was up: it is a failure only when it did not last. */
		end.hopeless = false;
		end.target_fault = false;
		end.failed = e->reason != XSTREAM_R_LOCAL && now(o) < o->up_ms + SHORT_LIFE_MS;
	}
	return end;
}

/* ---- doubt ---- */

static uint64_t acknowledged(const struct outbound *o)
{
	return conn_bytes_out(o->s.conn) - conn_unacked(o->s.conn);
}

/* What was written so long ago, and acknowledged, counts as read. */
static void settle(struct outbound *o, uint64_t doubt_ms)
{
	doubt_settle(&o->doubt, acknowledged(o), now(o) > doubt_ms ? now(o) - doubt_ms : 0, 0);
}

static void tell_lost(struct outbound *o, enum link_reason reason)
{
	struct edge *e = o->s.edge;
	const struct edge_limits *l = &e->limits;
	struct link_lost *lost;

	settle(o, conn_saw_end(o->s.conn) ? l->doubt_clean_ms : l->doubt_ms);
	/* The peer has read our end tag, and so all that was before it (RFC 6120 10.1). */
	if (o->s.end.answered || !o->doubt.n)
		return;
	lost = link_lost_new(reason, o->doubt.n);
	doubt_take(&o->doubt, lost->fate_ids);
	metric_add(M_FATE_UNKNOWN, (int64_t)lost->n);
	log_info(&o->s.log, "stanzas-unknown", LF_U("stanzas", lost->n),
		LF_Z("reason", link_reason_name(reason)));
	link_lost(e->link, lost);
}

/* ---- writing ---- */

bool outbound_up(const struct outbound *o)
{
	return o->s.authenticated && stream_may_send(&o->s);
}

/* Room for one more that may come to be in doubt. */
static bool has_room(struct outbound *o)
{
	const struct edge_limits *l = &o->s.edge->limits;

	if (conn_pending(o->s.conn) >= l->write_ahead)
		return false;
	if (o->doubt.n + o->inflight.n < o->doubt.max)
		return true;
	doubt_settle(&o->doubt, acknowledged(o), 0, o->inflight.n + o->doubt.max / 8);
	return o->doubt.n + o->inflight.n < o->doubt.max;
}

bool outbound_write(struct outbound *o, struct link_down *d)
{
	if (!has_room(o))
		return false;
	d->end_offset = stream_write(&o->s, d->xml);
	queue_append(&o->inflight, d);
	return true;
}

static void written(struct outbound *o, struct link_down *d)
{
	if (d->fate_id) {
		bool added = doubt_add(&o->doubt, d->fate_id, conn_bytes_out(o->s.conn), now(o));

		assert(added); /* has_room() saw to it */
	}
	edge_fate(o->s.edge, d, LINK_WRITTEN, LINK_R_NONE);
}

/* The pair is told how it ended, once; it may open another stream from then on. */
static void leave_pair(struct outbound *o)
{
	struct pair_end end = judge_end(o);
	struct pair *p = o->pair;

	end.unwritten = o->inflight;
	o->inflight = (struct queue){0};
	o->pair = NULL;
	if (p)
		pair_ended(p, &end);
}

/* A stream that ends and has nothing left to write is not waited for. */
static void leave_when_written(struct outbound *o)
{
	if (o->s.end.closing && !o->inflight.n)
		leave_pair(o);
}

static void on_flushed(struct stream *s, uint64_t offset)
{
	struct outbound *o = of(s);

	while (o->inflight.first && o->inflight.first->end_offset <= offset)
		written(o, queue_pop(&o->inflight));
	leave_when_written(o);
	if (o->pair && outbound_up(o))
		pair_ready(o->pair);
}

/*
 * A stanza in the buffer whose deadline has passed must not be written any more, and the bytes of
 * one cannot be taken out of a half-written record: the peer has taken nothing for so long that the
 * stream counts as broken (RFC 6120 4.6.2).
 */
static void watch_inflight(struct outbound *o)
{
	for (const struct link_down *d = o->inflight.first; d; d = d->next) {
		if (d->deadline_ms < now(o)) {
			o->s.end.reason = XSTREAM_R_LOST;
			stream_abort(&o->s, "stalled");
			return;
		}
	}
}

static void on_settle_timer(void *arg)
{
	struct outbound *o = arg;

	settle(o, o->s.edge->limits.doubt_ms);
	watch_inflight(o);
	if (o->pair &&
		outbound_up(o)) /* there may be room again for what may come to be in doubt */
		pair_ready(o->pair);
	if (!o->s.ended)
		loop_timer_in(&o->settle_timer, SETTLE_MS);
}

/* ---- negotiation ---- */

static void give_up(struct outbound *o, enum link_reason reason, const char *why)
{
	o->fail = reason;
	stream_close(&o->s, STREAM_OK, NULL, why);
}

static void on_authenticated(struct outbound *o, const struct xstream_event *ev)
{
	struct stream *s = &o->s;
	const struct conn_tls_info *tls = conn_tls_info(s->conn);
	enum edge_refusal r = edge_count_stream(s->edge, s);

	if (r != EDGE_OK) {
		give_up(o, LINK_R_CONNECTION_LIMIT, edge_refusal_name(r));
		return;
	}
	s->authenticated = true;
	o->up_ms = now(o);
	o->method = ev->method;
	loop_timer_stop(&o->attempt_timer);
	loop_timer_in(&o->settle_timer, SETTLE_MS);
	loop_timer_in(&s->idle_timer, 1000);
	log_info(&s->log, "stream-authenticated", LF_Z("dir", "out"),
		LF_Z("method", negotiation_method_name(METHOD_SASL_OVER_TLS)),
		LF_Z("tls", tls->version), LF_Z("cipher", tls->cipher),
		LF_Z("cert", cert_verdict_name(s->cert)));
	if (o->pair)
		pair_ready(o->pair);
}

static void on_event(struct stream *s, struct xstream_event *ev)
{
	struct outbound *o = of(s);

	switch (ev->type) {
	case XSTREAM_NEED_DIALBACK:
		give_up(o, LINK_R_AUTH_FAILED, xstream_reason_name(XSTREAM_R_NO_METHOD));
		break;
	case XSTREAM_AUTHENTICATED:
		on_authenticated(o, ev);
		break;
	case XSTREAM_AUTH_FAILED:
		log_info(&s->log, "sasl-refused", LF_Z("condition", sasl_cond_name(ev->sasl_cond)),
			LF_S("text", ev->text));
		break;
	case XSTREAM_CLOSING:
		leave_when_written(o);
		break;
	default:
		break;
	}
}

void outbound_restart(struct outbound *o)
{
	o->restart = true;
	stream_abort(&o->s, edge_refusal_name(EDGE_SETTINGS_CHANGED));
}

static bool always_ready(struct stream *s)
{
	return true;
}

static void on_connected(struct stream *s)
{
	struct outbound *o = of(s);
	const struct gateway_settings *g = snapshot_gateway(s->edge->snapshot);
	struct edge_verdict v =
		edge_judge_pair(s->edge->snapshot, slice_of(s->local), slice_of(s->remote));
	uint64_t until = o->started_ms + g->stream_establishment_timeout * UINT64_C(1000);
	struct xstream_cfg cfg = {
		.role = XSTREAM_INITIATOR,
		.local = slice_of(s->local),
		.remote = slice_of(s->remote),
		.policy = v.policy,
		.limits = {.stanza = s->edge->limits.stanza_bytes},
		.establish_ms = (uint32_t)(until > now(o) ? until - now(o) : 1),
		.close_ms = s->edge->limits.close_ms,
	};

	assert(v.refusal ==
		EDGE_OK); /* edge_set_snapshot() ends attempts that are no longer allowed */
	stream_start(s, &cfg);
	stream_pump(s);
}

/* ---- finding and connecting ---- */

static void on_lookup(void *arg, enum link_reason fail, const char *why,
	const struct conn_target *targets, size_t n)
{
	struct outbound *o = arg;

	o->lookup = NULL;
	if (fail != LINK_R_NONE) {
		o->fail = fail;
		snprintf(o->s.end.text, sizeof o->s.end.text, "%s", why);
		stream_abort(&o->s, link_reason_name(fail));
		return;
	}
	o->s.conn = conn_connect(o->s.edge->loop, targets, n, &stream_conn_ops, &o->s);
}

static void attempt_timed_out(void *arg)
{
	struct outbound *o = arg;

	o->s.end.reason = XSTREAM_R_TIMEOUT;
	stream_abort(&o->s, "establishment-timeout");
}

static void on_ended(struct stream *s)
{
	struct outbound *o = of(s);

	lookup_cancel(o->lookup);
	o->lookup = NULL;
	loop_timer_stop(&o->attempt_timer);
	loop_timer_stop(&o->settle_timer);
	if (s->conn)
		tell_lost(o, judge_end(o).reason);
	leave_pair(o);
}

static void destroy(struct stream *s)
{
	struct outbound *o = of(s);

	doubt_done(&o->doubt);
	free(o);
}

static const struct stream_hooks hooks = {
	.ready = always_ready,
	.event = on_event,
	.connected = on_connected,
	.flushed = on_flushed,
	.ended = on_ended,
	.destroy = destroy,
};

struct outbound *outbound_new(struct pair *p)
{
	struct edge *e = p->edge;
	struct outbound *o = xzalloc(sizeof *o);
	const struct partner *partner = snapshot_partner(e->snapshot, slice_of(p->remote));
	const struct gateway_settings *g = snapshot_gateway(e->snapshot);
	struct arena a = {0};

	stream_init(&o->s, e, &hooks, false);
	stream_set_pair(&o->s, slice_of(p->local), slice_of(p->remote));
	stream_set_partner(&o->s, partner_state_get(e, partner));
	o->pair = p;
	o->started_ms = now(o);
	doubt_init(&o->doubt, e->limits.doubt_stanzas);
	loop_timer_init(&o->attempt_timer, e->loop, attempt_timed_out, o);
	loop_timer_in(&o->attempt_timer, g->stream_establishment_timeout * UINT64_C(1000));
	loop_timer_init(&o->settle_timer, e->loop, on_settle_timer, o);
	o->lookup = lookup_new(e->loop, e->dns, edge_ascii(&a, slice_of(p->remote)),
		partner->proxy.host, partner->proxy.port, e->default_port, on_lookup, o);
	arena_done(&a);
	log_debug(&o->s.log, "stream-opening", LF_Z("dir", "out"));
	return o;
}
