#include "edge/outbound.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "edge/verify.h"
#include "view/metrics.h"

enum {
	SETTLE_MS = 1000,
	/* A stream that ended in an error sooner than this was no success. */
	SHORT_LIFE_MS = 5000,
	/* What all pairs of a stream write in one turn, so that others have theirs. */
	TURN_BYTES = 64 << 10,
};

static uint64_t now(const struct outbound *o)
{
	return loop_now(o->s.edge->loop);
}

/* ---- why it failed ---- */

/*
 * An end of a stream as the link tells it; whether it is the target's or the pair's fault; whether
 * another attempt soon would not help.
 */
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

static struct pair_end judge_failure(const struct outbound *o)
{
	const struct stream_end *e = &o->s.end;
	struct pair_end end = {
		.reason = causes[e->reason].reason,
		.target_fault = causes[e->reason].target_fault,
		.hopeless = causes[e->reason].hopeless,
		.insecure = stream_failed_insecurely(&o->s),
		.failed = true,
	};

	if (o->fail != LINK_R_NONE) {
		end.reason = o->fail;
		end.target_fault = o->fail == LINK_R_NO_SUCH_SERVER || o->fail == LINK_R_DNS_FAILED;
		end.hopeless = o->fail != LINK_R_DNS_FAILED;
	} else if (o->timed_out || e->connect_failed) {
		end.reason = LINK_R_CONNECT_FAILED;
		end.target_fault = true;
		end.hopeless = false;
	} else if (e->tls_failed) {
		end.reason = LINK_R_TLS_FAILED;
		end.target_fault = false; /* it may be our certificate that they refuse */
		end.hopeless = true;
	} else if (e->reason == XSTREAM_R_PEER_ERROR) {
		end.hopeless = !passes(e->cond);
	}
	return end;
}

/*
 * Without an answer to our key the end of the stream is one (XEP-0220 2.1.1). What the peer said
 * instead is more exact.
 */
static void judge_unanswered(const struct outbound *o, struct pair_end *end)
{
	bool said = o->s.end.reason == XSTREAM_R_PEER_ERROR;

	end->reason = said ? LINK_R_STREAM_ERROR : LINK_R_DIALBACK_FAILED;
	end->failed = true;
	end->target_fault = false;
	end->hopeless = !said || !passes(o->s.end.cond);
}

/* How the stream's end concerns this pair. */
static struct pair_end judge_end(const struct outbound *o, const struct pair *p)
{
	bool ours = o->s.end.reason == XSTREAM_R_LOCAL && !o->timed_out;
	struct pair_end end = judge_failure(o);

	if (o->s.authenticated) {
		/* Was up: it is a failure only when it did not last. */
		end.hopeless = end.target_fault = end.insecure = false;
		end.failed = !ours && now(o) < o->up_ms + SHORT_LIFE_MS;
		end.worked = !end.failed;
	}
	if (o->restart)
		end.failed = end.hopeless = end.insecure = false;
	else if (p->state == PAIR_ASKED && !(o->s.authenticated && ours))
		judge_unanswered(o, &end);
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
static bool has_room(struct outbound *o, const struct pair *p)
{
	size_t ahead = o->s.edge->limits.write_ahead;

	/* Who takes nothing does not hold more of the link's credits than its share. */
	if (ahead > TURN_BYTES && pair_pressed(p))
		ahead = TURN_BYTES;
	if (conn_pending(o->s.conn) >= ahead || now(o) < o->quiet_until_ms)
		return false;
	if (o->doubt.n + o->inflight < o->doubt.max)
		return true;
	doubt_settle(&o->doubt, acknowledged(o), 0, o->inflight + o->doubt.max / 8);
	return o->doubt.n + o->inflight < o->doubt.max;
}

bool outbound_write(struct pair *p, struct link_down *d)
{
	struct outbound *o = p->out;

	assert(p->state == PAIR_VALID);
	if (!has_room(o, p))
		return false;
	d->end_offset = stream_write(&o->s, d);
	queue_append(&p->inflight, d);
	o->inflight++;
	pair_watch(p, d);
	return true;
}

void outbound_fill(struct outbound *o)
{
	size_t n = 0;

	list_each(&o->pairs, it)
		n++;
	for (size_t i = 0; i < n && outbound_up(o); i++) {
		struct list *first = list_pop(&o->pairs);

		list_append(&o->pairs, first); /* the next turn begins with another */
		pair_write(container_of(first, struct pair, on_stream), TURN_BYTES / n);
	}
}

static void written(struct outbound *o, struct pair *p)
{
	struct link_down *d = queue_pop(&p->inflight);

	o->inflight--;
	if (d->fate_id) {
		bool added = doubt_add(&o->doubt, d->fate_id, conn_bytes_out(o->s.conn), now(o));

		assert(added); /* has_room() saw to it */
	}
	pair_fate(p, d, LINK_WRITTEN, LINK_R_NONE);
}

/* ---- pairs come and go ---- */

static void join(struct outbound *o, struct pair *p, enum pair_state state)
{
	p->out = o;
	p->state = state;
	list_append(&o->pairs, &p->on_stream);
}

void outbound_leave(struct pair *p, struct pair_end *end)
{
	struct outbound *o = p->out;

	o->inflight -= p->inflight.n;
	end->unwritten = p->inflight;
	p->inflight = (struct queue){0};
	list_remove(&p->on_stream);
	loop_timer_stop(&p->answer_timer);
	if (o->own == p)
		o->own = NULL;
	p->out = NULL;
	p->state = PAIR_OFF;
	pair_ended(p, end);
}

/* Those that have nothing left to write are not kept by a stream that ends, or that they leave. */
static void leave_when_written(struct outbound *o)
{
	list_each_safe(&o->pairs, it) {
		struct pair *p = container_of(it, struct pair, on_stream);
		struct pair_end end;

		if (p->inflight.n || (!o->s.end.closing && p->state != PAIR_LEAVING))
			continue;
		end = o->s.end.closing ? judge_end(o, p) : (struct pair_end){0};
		outbound_leave(p, &end);
	}
}

static void leave_all(struct outbound *o)
{
	struct list *it;

	while ((it = list_first(&o->pairs))) {
		struct pair *p = container_of(it, struct pair, on_stream);
		struct pair_end end = judge_end(o, p);

		outbound_leave(p, &end);
	}
}

void outbound_retire(struct pair *p, enum edge_refusal why)
{
	struct outbound *o = p->out;
	bool last = true;

	list_each(&o->pairs, it)
		if (container_of(it, struct pair, on_stream) != p)
			last = false;
	if (last) {
		stream_finish(&o->s, edge_refusal_cond(why), edge_refusal_text(why),
			edge_refusal_name(why));
		return;
	}
	xstream_pair_remove(o->s.x, slice_of(p->remote), slice_of(p->local));
	p->state = PAIR_LEAVING;
	loop_timer_stop(&p->answer_timer);
	leave_when_written(o);
}

/* ---- what the connection has taken ---- */

static void on_flushed(struct stream *s, uint64_t offset)
{
	struct outbound *o = outbound_of(s);

	list_each(&o->pairs, it) {
		struct pair *p = container_of(it, struct pair, on_stream);

		while (p->inflight.first && p->inflight.first->end_offset <= offset)
			written(o, p);
	}
	leave_when_written(o);
	outbound_fill(o);
}

/*
 * A stanza in the buffer whose deadline has passed must not be written any more, and the bytes of
 * one cannot be taken out of a half-written record: the peer has taken nothing for so long that the
 * stream counts as broken (RFC 6120 4.6.2).
 */
void outbound_stalled(struct outbound *o)
{
	o->s.end.reason = XSTREAM_R_LOST;
	stream_abort(&o->s, "stalled");
}

static void on_settle_timer(void *arg)
{
	struct outbound *o = arg;

	settle(o, o->s.edge->limits.doubt_ms);
	outbound_fill(o); /* there may be room again for what may come to be in doubt */
	if (!o->s.ended)
		loop_timer_in(&o->settle_timer, SETTLE_MS);
}

/* ---- negotiation ---- */

static enum negotiation_method method_of(const struct outbound *o, enum xstream_method m)
{
	if (m == XSTREAM_EXTERNAL)
		return METHOD_SASL_OVER_TLS;
	return xstream_encrypted(o->s.x) ? METHOD_TLS_DIALBACK : METHOD_TCP_DIALBACK;
}

static void on_authenticated(struct outbound *o, const struct xstream_event *ev)
{
	struct stream *s = &o->s;
	struct pair *p = o->own;
	bool tls = s->secured;

	s->authenticated = true;
	o->up_ms = now(o);
	loop_timer_in(&o->settle_timer, SETTLE_MS);
	assert(p); /* nobody joins a stream before it is up */
	p->state = PAIR_VALID;
	p->method = o->method = method_of(o, ev->method);
	if (tls)
		pair_secured(p);
	if (p->method == METHOD_SASL_OVER_TLS) {
		attempt_note(s->attempt, ATTEMPT_SASL, ATTEMPT_OK, now(o), "EXTERNAL accepted");
		expiry_watch(s);
	}
	attempt_note(s->attempt, ATTEMPT_READY, ATTEMPT_OK, now(o), "%s",
		negotiation_method_name(p->method));
	log_info(&s->log, "stream-authenticated", LF_Z("dir", "out"),
		LF_Z("method", negotiation_method_name(p->method)),
		LF_Z("tls", tls ? conn_tls_info(s->conn)->version : NULL),
		LF_Z("cipher", tls ? conn_tls_info(s->conn)->cipher : NULL),
		LF_Z("cert", tls ? cert_verdict_name(s->cert) : NULL));
	outbound_fill(o);
	place_changed(s->edge);
}

static void on_event(struct stream *s, struct xstream_event *ev)
{
	struct outbound *o = outbound_of(s);

	switch (ev->type) {
	case XSTREAM_NEED_DIALBACK:
		claim_begin(o->own);
		break;
	case XSTREAM_AUTHENTICATED:
		on_authenticated(o, ev);
		break;
	case XSTREAM_AUTH_FAILED:
		attempt_note(s->attempt, ATTEMPT_SASL, ATTEMPT_FAIL, now(o),
			"EXTERNAL refused: %s %.*s", sasl_cond_name(ev->sasl_cond), (int)ev->text.n,
			ev->text.n ? ev->text.p : "");
		log_info(&s->log, "sasl-refused", LF_Z("condition", sasl_cond_name(ev->sasl_cond)),
			LF_S("text", ev->text));
		break;
	case XSTREAM_DB_RESULT:
		claim_answered(o, &ev->db);
		break;
	case XSTREAM_DB_VERIFY:
		verify_answered(s, &ev->db);
		break;
	case XSTREAM_CLOSING:
		verify_stream_gone(s);
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

bool outbound_tls_floor(const struct edge *e, struct slice remote)
{
	struct table_node *n = table_get(&e->targets, remote);

	return n && container_of(n, struct target, node)->backoff.tls_floor;
}

static uint64_t establish_by(const struct outbound *o)
{
	const struct gateway_settings *g = snapshot_gateway(o->s.edge->snapshot);

	return o->s.begun_ms + g->stream_establishment_timeout * UINT64_C(1000);
}

static void on_connected(struct stream *s)
{
	struct outbound *o = outbound_of(s);
	uint64_t until = establish_by(o);
	char peer[NETADDR_TEXT];
	struct edge_verdict v =
		edge_judge_pair(s->edge->snapshot, slice_of(s->local), slice_of(s->remote));
	struct xstream_cfg cfg = {
		.role = XSTREAM_INITIATOR,
		.local = slice_of(s->local),
		.remote = slice_of(s->remote),
		.policy = v.policy,
		.limits = {.stanza = s->edge->limits.stanza_bytes},
		.establish_ms = until > now(o) ? (uint32_t)(until - now(o)) : 1,
		.close_ms = s->edge->limits.close_ms,
	};

	attempt_note(s->attempt, ATTEMPT_CONNECT, ATTEMPT_OK, now(o), "%s",
		netaddr_print(conn_peer(s->conn), peer));
	assert(v.refusal == EDGE_OK); /* else edge_set_snapshot() has ended the attempt */
	cfg.policy.bare = !edge_has_certificate(s->edge, slice_of(s->local));
	if (pair_floor(o->own)) {
		attempt_note(s->attempt, ATTEMPT_STARTTLS, ATTEMPT_WARN, now(o),
			"TLS is insisted on: it failed the last time");
		cfg.policy.floor = true;
	}
	loop_timer_stop(&o->attempt_timer); /* the engine watches over it from now on */
	stream_start(s, &cfg);
	stream_pump(s);
}

/* ---- finding and connecting ---- */

static void on_lookup(void *arg, enum link_reason fail, const char *why,
	const struct conn_target *targets, size_t n)
{
	struct outbound *o = arg;
	bool secure = lookup_secure(o->lookup);

	o->lookup = NULL;
	if (fail != LINK_R_NONE) {
		attempt_note(o->s.attempt, ATTEMPT_DNS, ATTEMPT_FAIL, now(o), "%s", why);
		o->fail = fail;
		snprintf(o->s.end.text, sizeof o->s.end.text, "%s", why);
		stream_abort(&o->s, link_reason_name(fail));
		return;
	}
	attempt_note(o->s.attempt, ATTEMPT_DNS, ATTEMPT_OK, now(o), "%zu address%s%s%s", n,
		n == 1 ? "" : "es", o->way ? " of the proxy" : "",
		secure ? ", DNSSEC secure" : ", not signed");
	o->s.conn = conn_connect(o->s.edge->loop, targets, n, &stream_conn_ops, &o->s);
}

static void attempt_timed_out(void *arg)
{
	struct outbound *o = arg;

	o->timed_out = true;
	stream_abort(&o->s, "establishment-timeout");
}

static void on_ended(struct stream *s)
{
	struct outbound *o = outbound_of(s);

	lookup_cancel(o->lookup);
	o->lookup = NULL;
	loop_timer_stop(&o->attempt_timer);
	loop_timer_stop(&o->settle_timer);
	if (s->conn)
		tell_lost(o, judge_failure(o).reason);
	verify_stream_gone(s);
	leave_all(o);
}

static void destroy(struct stream *s)
{
	struct outbound *o = outbound_of(s);

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

static void look_up(struct outbound *o, const struct partner *partner)
{
	struct edge *e = o->s.edge;
	struct arena a = {0};

	o->way = outbound_way(partner);
	o->lookup = lookup_new(e->loop, e->dns, edge_ascii(&a, slice_of(o->s.remote)),
		partner->proxy.host, partner->proxy.port, e->default_port, on_lookup, o);
	arena_done(&a);
}

struct outbound *outbound_new(struct pair *p)
{
	struct edge *e = p->edge;
	struct outbound *o = xzalloc(sizeof *o);
	const struct partner *partner = snapshot_partner(e->snapshot, slice_of(p->remote));
	enum edge_refusal counted;

	stream_init(&o->s, e, &hooks, false);
	stream_set_pair(&o->s, slice_of(p->local), slice_of(p->remote));
	stream_set_partner(&o->s, partner_state_get(e, partner));
	list_init(&o->pairs);
	join(o, p, PAIR_MAKING);
	o->own = p;
	counted = edge_count_stream(e, &o->s);
	assert(counted == EDGE_OK); /* place_want() has asked */
	doubt_init(&o->doubt, e->limits.doubt_stanzas);
	loop_timer_init(&o->attempt_timer, e->loop, attempt_timed_out, o);
	loop_timer_at(&o->attempt_timer, establish_by(o));
	loop_timer_init(&o->settle_timer, e->loop, on_settle_timer, o);
	look_up(o, partner);
	log_debug(&o->s.log, "stream-opening", LF_Z("dir", "out"));
	return o;
}

struct stream *outbound_to(struct edge *e, struct slice remote)
{
	list_each(&e->streams, it) {
		struct stream *s = container_of(it, struct stream, node);

		if (!s->inbound && !s->verifies && slice_eqz(remote, s->remote) &&
			outbound_up(outbound_of(s)))
			return s;
	}
	return NULL;
}

/* ---- settings ---- */

uint64_t outbound_way(const struct partner *partner)
{
	const struct host_port *proxy = &partner->proxy;

	return proxy->host ? hash_bytes(slice_of(proxy->host)) + proxy->port : 0;
}

/* Its server is elsewhere by a snapshot. */
static bool goes_elsewhere(const struct outbound *o, const struct snapshot *snapshot)
{
	const struct partner *partner = snapshot_partner(snapshot, slice_of(o->s.remote));

	return partner && outbound_way(partner) != o->way;
}

enum edge_refusal outbound_kept(const struct outbound *o, const struct snapshot *snapshot)
{
	enum edge_refusal why = EDGE_OK;
	size_t staying = 0;

	if (list_empty(&o->pairs))
		return EDGE_OK;
	list_each(&o->pairs, it) {
		const struct pair *p = container_of(it, struct pair, on_stream);
		enum edge_refusal r = p->state == PAIR_LEAVING ? EDGE_OK : pair_kept(p, snapshot);

		staying += r == EDGE_OK && p->state != PAIR_LEAVING;
		why = r == EDGE_OK ? why : r;
	}
	if (!staying && why != EDGE_OK)
		return why;
	return goes_elsewhere(o, snapshot) ? EDGE_SETTINGS_CHANGED : EDGE_OK;
}

void outbound_judge(struct outbound *o)
{
	struct edge *e = o->s.edge;

	if (o->s.end.closing || o->s.ended || list_empty(&o->pairs))
		return;
	if (!o->s.x)
		loop_timer_at(&o->attempt_timer, establish_by(o));
	if (!goes_elsewhere(o, e->snapshot))
		return;
	if (o->s.authenticated)
		stream_close(&o->s, STREAM_OK, NULL, edge_refusal_name(EDGE_SETTINGS_CHANGED));
	else
		outbound_restart(o);
}
