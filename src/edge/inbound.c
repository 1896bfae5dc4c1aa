#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "edge/authority.h"
#include "edge/edge_priv.h"
#include "edge/probe_hooks.h"
#include "edge/proof.h"
#include "view/metrics.h"
#include "xmpp/stanza.h"

enum { VAIN_BEFORE_MS = 60000 };

/* A stream that a partner, or a stranger, has opened to us. */
struct inbound {
	struct stream s; /* first */
	struct stranger stranger;
	struct negotiation negotiation; /* under which it is made; judge_unfinished() */
	struct proofs proofs;
	struct rate questions; /* to the authoritative server that we are */
	struct loop_timer header_timer;
	bool verified; /* it has asked about a key that is ours */
	bool credit;   /* one is held for the stanza that comes next */
	bool refusing; /* without credit for too long: stanzas are refused */
	struct list starved_node;
	struct loop_timer starve_timer;
};

static struct inbound *of(struct stream *s)
{
	return container_of(s, struct inbound, s);
}

/* No stranger any more, or gone. */
static void leave_strangers(struct inbound *in)
{
	struct edge *e = in->s.edge;

	stranger_leave(e->strangers, &in->stranger, loop_now(e->loop));
}

/*
 * It has brought no stanza and no question that only a server of a partner can ask, and was no
 * stream that waits for work either: what it has cost is all there was to it.
 */
static bool was_in_vain(const struct inbound *in)
{
	const struct stream *s = &in->s;

	return !s->stanzas_in && !in->verified &&
	       loop_now(s->edge->loop) - s->begun_ms < VAIN_BEFORE_MS;
}

static void count_in_vain(struct inbound *in)
{
	struct edge *e = in->s.edge;
	uint8_t key[16];

	if (was_in_vain(in) && !e->draining)
		strangers_in_vain(e->strangers, netaddr_limit_key(conn_peer(in->s.conn), key),
			loop_now(e->loop));
}

/* ---- credit ---- */

static void starve(struct inbound *in)
{
	struct edge *e = in->s.edge;

	stream_hold(&in->s, STREAM_HOLD_CREDIT);
	list_append(&e->starved, &in->starved_node);
	loop_timer_in(&in->starve_timer, e->limits.starve_ms);
}

static void go_on(struct inbound *in)
{
	list_remove(&in->starved_node);
	loop_timer_stop(&in->starve_timer);
	stream_go_on(&in->s, STREAM_HOLD_CREDIT);
	stream_pump(&in->s);
}

static void starved_too_long(void *arg)
{
	struct inbound *in = arg;

	in->refusing = true;
	log_warn(&in->s.log, "stanzas-refused", LF_Z("reason", "no-credit"));
	go_on(in);
}

void inbound_credit(struct edge *e)
{
	struct list waiting = {0}, *it;

	if (list_empty(&e->starved))
		return;
	/* Those that starve again meanwhile are not asked twice. */
	list_insert_before(&e->starved, &waiting);
	list_remove(&e->starved);
	list_init(&e->starved);
	while ((it = list_first(&waiting)))
		go_on(container_of(it, struct inbound, starved_node));
}

/* A stanza is not taken from the engine before there is room for it in the link. */
static bool ready(struct stream *s)
{
	struct inbound *in = of(s);

	if (!s->authenticated || in->credit || s->end.closing)
		return true;
	if (list_linked(&in->starved_node))
		return false;
	in->credit = link_credit(s->edge->link, s->partner->share);
	if (in->credit)
		in->refusing = false;
	else if (!in->refusing)
		starve(in);
	return in->credit || in->refusing;
}

/* ---- stanzas ---- */

static void deliver(struct inbound *in, struct xstream_event *ev)
{
	struct link_up *up = link_up_new(in->s.partner->share);

	in->credit = false;
	up->arena = ev->arena;
	up->stanza = ev->elem;
	up->from_domain = ev->from;
	up->to_domain = ev->to;
	up->arrived_ms = loop_now(in->s.edge->loop);
	link_deliver(in->s.edge->link, up);
}

/* Answers by the stream of the opposite direction: this one is theirs. */
static void bounce(struct inbound *in, struct xstream_event *ev)
{
	struct edge *e = in->s.edge;
	struct buf b = {0};

	if (stanza_error_put(&b, ev->elem, STANZA_RESOURCE_CONSTRAINT, SL_NONE)) {
		struct link_down *d = link_down_new(ev->to, ev->from, buf_slice(&b));

		d->internal = true;
		d->deadline_ms = loop_now(e->loop) + 20000;
		pair_send(e, d);
	}
	buf_done(&b);
	arena_done(&ev->arena);
}

static void on_stanza(struct inbound *in, struct xstream_event *ev)
{
	struct stream *s = &in->s;

	s->stanzas_in++;
	metric_add(M_STANZAS_IN, 1);
	if (probe_took_stanza(s->edge, ev)) {
		arena_done(&ev->arena);
		return;
	}
	/* While it closes, credit is taken when a stanza comes. */
	if (!in->credit && link_credit(s->edge->link, s->partner->share))
		in->credit = true;
	if (in->credit)
		deliver(in, ev);
	else
		bounce(in, ev);
}

/* ---- what is noted for the administrator ---- */

static void note(
	struct stream *s, enum attempt_step step, enum attempt_result result, const char *text)
{
	attempt_note(s->attempt, step, result, loop_now(s->edge->loop), "%s", text);
}

static void note_header(struct stream *s, const struct xstream_event *ev)
{
	attempt_note(s->attempt, ATTEMPT_HEADER, ATTEMPT_OK, loop_now(s->edge->loop),
		"from %s to %s, version %u.%u", s->remote ? s->remote : "nobody in particular",
		s->local, ev->version_major, ev->version_minor);
	if (s->secured)
		note(s, ATTEMPT_CERTIFICATE, s->cert == CERT_GOOD ? ATTEMPT_OK : ATTEMPT_WARN,
			cert_verdict_name(s->cert));
}

static void note_features(struct stream *s)
{
	const struct xstream_features *f = xstream_offer(s->x);

	attempt_note(s->attempt, ATTEMPT_FEATURES, ATTEMPT_OK, loop_now(s->edge->loop),
		"offered:%s%s%s%s", f->starttls ? " STARTTLS" : "",
		f->starttls_required ? " (required)" : "", f->external ? " EXTERNAL" : "",
		f->dialback ? " dialback" : "");
}

/* ---- negotiation ---- */

static void refuse(struct inbound *in, enum edge_refusal r)
{
	note(&in->s, ATTEMPT_HEADER, ATTEMPT_FAIL, edge_refusal_text(r));
	in->s.end.why = edge_refusal_name(r);
	xstream_refuse(in->s.x, edge_refusal_cond(r), slice_of(edge_refusal_text(r)));
}

static void on_header(struct inbound *in, const struct xstream_event *ev)
{
	struct stream *s = &in->s;
	struct edge *e = s->edge;
	struct edge_verdict v;
	struct partner_state *p = NULL;

	if (s->authenticated)
		return;
	loop_timer_stop(&in->header_timer);
	proofs_restarted(&in->proofs);
	stream_set_pair(s, ev->to, ev->from);
	v = edge_judge_header(e->snapshot, slice_of(s->remote), slice_of(s->local), s->secured,
		edge_has_certificate(e, slice_of(s->local)));
	if (v.partner)
		p = partner_state_get(e, v.partner);
	stream_set_partner(s, p);
	if (v.partner)
		in->negotiation = v.partner->negotiation;
	/* Where dialback is possible it may come to verify keys only, and has room. */
	if (v.refusal == EDGE_OK && p && !v.policy.dialback_tls && !v.policy.dialback_clear)
		v.refusal = edge_may_connect(e, p, v.partner);
	if (s->secured)
		stream_judge_certificate(s);
	note_header(s, ev);
	if (v.refusal != EDGE_OK) {
		refuse(in, v.refusal);
		return;
	}
	xstream_accept(s->x, &v.policy, s->secured ? edge_judge_cert(s->cert) : XCERT_NONE);
	note_features(s);
}

static enum negotiation_method method_of(const struct stream *s, const struct xstream_event *ev)
{
	if (ev->method == XSTREAM_EXTERNAL)
		return METHOD_SASL_OVER_TLS;
	return s->secured ? METHOD_TLS_DIALBACK : METHOD_TCP_DIALBACK;
}

static void log_authenticated(const struct stream *s, enum negotiation_method method)
{
	const struct conn_tls_info *tls = s->secured ? conn_tls_info(s->conn) : NULL;
	char peer[NETADDR_TEXT];

	log_info(&s->log, "stream-authenticated", LF_Z("dir", "in"),
		LF_Z("peer", netaddr_print(conn_peer(s->conn), peer)),
		LF_Z("method", negotiation_method_name(method)),
		LF_Z("tls", tls ? tls->version : NULL), LF_Z("cipher", tls ? tls->cipher : NULL),
		LF_Z("cert", tls ? cert_verdict_name(s->cert) : NULL));
}

static void on_authenticated(struct inbound *in, const struct xstream_event *ev)
{
	struct stream *s = &in->s;
	enum negotiation_method method = method_of(s, ev);
	enum edge_refusal r;

	/* Of the partner's domains it may be another one than the header's. */
	stream_set_pair(s, ev->to, ev->from);
	r = edge_count_stream(s->edge, s);
	if (r != EDGE_OK) {
		stream_close(s, edge_refusal_cond(r), edge_refusal_text(r), edge_refusal_name(r));
		return;
	}
	s->authenticated = true;
	leave_strangers(in);
	proofs_add(&in->proofs, ev->to, ev->from, method);
	if (method == METHOD_SASL_OVER_TLS) {
		proofs_restarted(&in->proofs); /* keys are for the id before the restart */
		note(s, ATTEMPT_SASL, ATTEMPT_OK, "EXTERNAL accepted");
		expiry_watch(s);
	}
	note(s, ATTEMPT_READY, ATTEMPT_OK, negotiation_method_name(method));
	log_authenticated(s, method);
}

/* Nothing was left to authenticate with, because of the certificate. */
static void name_reason(struct stream *s, const struct xstream_event *ev)
{
	if (s->end.why || s->authenticated || !s->secured || s->cert == CERT_GOOD ||
		ev->cond != STREAM_POLICY_VIOLATION)
		return;
	s->end.why = "certificate-refused";
}

/* On a stream whose header named nobody the first request says under whose settings it is made. */
static void on_request(struct inbound *in, const struct xstream_db *db)
{
	struct stream *s = &in->s;
	bool known = s->partner != NULL;
	const struct partner *p;

	proofs_asked(&in->proofs, db);
	if (known || !s->partner)
		return;
	p = snapshot_partner(s->edge->snapshot, slice_of(s->remote));
	if (p)
		in->negotiation = p->negotiation;
}

static void on_event(struct stream *s, struct xstream_event *ev)
{
	struct inbound *in = of(s);

	switch (ev->type) {
	case XSTREAM_HEADER:
		on_header(in, ev);
		break;
	case XSTREAM_AUTHENTICATED:
		on_authenticated(in, ev);
		break;
	case XSTREAM_AUTH_FAILED:
		note(s, ATTEMPT_SASL, ATTEMPT_FAIL, sasl_cond_name(ev->sasl_cond));
		break;
	case XSTREAM_STANZA:
		on_stanza(in, ev);
		break;
	case XSTREAM_DB_RESULT:
		on_request(in, &ev->db);
		break;
	case XSTREAM_DB_VERIFY:
		in->verified |= authority_asked(s, &in->questions, &ev->db);
		break;
	case XSTREAM_CLOSING:
		name_reason(s, ev);
		break;
	default:
		break;
	}
}

/* ---- settings ---- */

/* One that is being negotiated: what was said so far was under the settings before. */
static enum edge_refusal judge_unfinished(
	const struct inbound *in, const struct snapshot *snapshot)
{
	const struct stream *s = &in->s;
	const struct partner *p = snapshot_partner(snapshot, slice_of(s->remote));

	if (!snapshot_local(snapshot, slice_of(s->local)))
		return EDGE_HOST_GONE;
	if (!p)
		return EDGE_NO_LONGER_PARTNER;
	if (!p->enabled)
		return EDGE_PARTNER_DISABLED;
	if (!negotiation_eq(p->negotiation, in->negotiation) ||
		!slice_eqz(slice_of(p->domain.a), s->partner->name))
		return EDGE_SETTINGS_CHANGED;
	return EDGE_OK;
}

enum edge_refusal inbound_kept(struct stream *s, const struct snapshot *snapshot)
{
	const struct inbound *in = of(s);

	if (!s->remote || !s->partner)
		return EDGE_OK;
	return s->authenticated ? proofs_kept(&in->proofs, snapshot)
				: judge_unfinished(in, snapshot);
}

void inbound_judge_again(struct stream *s)
{
	struct inbound *in = of(s);
	enum edge_refusal r;

	if (!s->remote || !s->partner)
		return; /* its header will be judged by the new settings */
	r = s->authenticated ? proofs_judge_again(&in->proofs)
			     : judge_unfinished(in, s->edge->snapshot);
	if (r != EDGE_OK)
		stream_close(s, edge_refusal_cond(r), edge_refusal_text(r), edge_refusal_name(r));
}

/* ---- life ---- */

static void no_header(void *arg)
{
	struct inbound *in = arg;

	stream_close(&in->s, edge_refusal_cond(EDGE_NO_HEADER), edge_refusal_text(EDGE_NO_HEADER),
		edge_refusal_name(EDGE_NO_HEADER));
}

static void on_flushed(struct stream *s, uint64_t offset)
{
}

static void on_ended(struct stream *s)
{
	struct inbound *in = of(s);

	list_remove(&in->starved_node);
	loop_timer_stop(&in->starve_timer);
	loop_timer_stop(&in->header_timer);
	leave_strangers(in);
	count_in_vain(in);
	proofs_done(&in->proofs);
	if (in->credit)
		link_credit_return(s->edge->link, s->partner->share);
	in->credit = false;
}

static void destroy(struct stream *s)
{
	free(of(s));
}

static const struct stream_hooks hooks = {
	.ready = ready,
	.event = on_event,
	.flushed = on_flushed,
	.ended = on_ended,
	.destroy = destroy,
};

void inbound_evict(struct stranger *st)
{
	struct inbound *in = container_of(st, struct inbound, stranger);

	stream_abort(&in->s, "evicted");
}

void inbound_new(struct edge *e, int fd, const struct netaddr *peer)
{
	const struct gateway_settings *g = snapshot_gateway(e->snapshot);
	struct inbound *in = xzalloc(sizeof *in);
	uint8_t key[16];
	struct xstream_cfg cfg = {
		.role = XSTREAM_RECIPIENT,
		.local = SL(""),
		.limits = {.stanza = e->limits.stanza_bytes},
		.establish_ms = g->stream_establishment_timeout * 1000,
		.close_ms = e->limits.close_ms,
	};

	stranger_enter(
		e->strangers, &in->stranger, netaddr_limit_key(peer, key), loop_now(e->loop));
	stream_init(&in->s, e, &hooks, true);
	proofs_init(&in->proofs, &in->s);
	loop_timer_init(&in->header_timer, e->loop, no_header, in);
	loop_timer_init(&in->starve_timer, e->loop, starved_too_long, in);
	loop_timer_in(&in->header_timer, e->limits.preauth_ms);
	in->s.conn = conn_accept(e->loop, fd, peer, &stream_conn_ops, &in->s);
	stream_start(&in->s, &cfg);
	stream_pump(&in->s);
}
