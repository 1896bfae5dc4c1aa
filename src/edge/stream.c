#include "edge/stream.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "edge/edge_priv.h"
#include "edge/keepalive.h"
#include "view/metrics.h"

/* From the end of the XMPP stream to that of the connection. */
enum { PEER_FIRST_MS = 1000, TCP_CLOSE_MS = 2000 };

enum {
	/* Of one stream and turn, so that no stream that has much to say holds up the others. */
	EVENTS_A_TURN = 64,
	/* Answers that a peer makes us write and does not read, beyond what the kernel takes. */
	UNREAD_MAX = 64 << 10,
};

static void finish(struct stream *s);

static uint64_t now(const struct stream *s)
{
	return loop_now(s->edge->loop);
}

/* ---- what is known of it ---- */

static void replace(char **to, struct slice value)
{
	free(*to);
	*to = value.p ? slice_dup(value) : NULL;
}

void stream_set_pair(struct stream *s, struct slice local, struct slice remote)
{
	replace(&s->local, local);
	replace(&s->remote, remote);
	log_set(&s->log, "local", local);
	log_set(&s->log, "remote", remote);
}

void stream_set_partner(struct stream *s, struct partner_state *p)
{
	list_remove(&s->partner_node);
	if (p)
		list_append(&p->streams, &s->partner_node);
	if (s->partner)
		partner_state_unref(s->edge, s->partner);
	s->partner = p;
	log_set(&s->log, "partner", p ? slice_of(p->name) : SL_NONE);
	sight_changed(s);
}

static void note_end(struct stream *s, const struct xstream_event *ev)
{
	size_t n = ev->text.n < sizeof s->end.text ? ev->text.n : sizeof s->end.text - 1;

	s->end.closing = true;
	s->end.reason = ev->reason;
	s->end.cond = ev->cond;
	s->end.sasl = ev->sasl_cond;
	s->end.by_us = ev->reason == XSTREAM_R_LOCAL || ev->reason == XSTREAM_R_LOCAL_ERROR;
	if (n)
		memcpy(s->end.text, ev->text.p, n);
	s->end.text[n] = 0;
}

static void log_closed(struct stream *s)
{
	const struct stream_end *e = &s->end;
	char peer[NETADDR_TEXT] = "";

	if (s->conn)
		netaddr_print(conn_peer(s->conn), peer);
	log_info(&s->log, "stream-closed", LF_Z("dir", s->inbound ? "in" : "out"),
		LF_Z("peer", peer[0] ? peer : NULL),
		LF_Z("reason", e->why ? e->why : xstream_reason_name(e->reason)),
		LF_Z("condition", e->cond ? stream_cond_name(e->cond) : NULL),
		LF_Z("sasl", e->sasl ? sasl_cond_name(e->sasl) : NULL),
		LF_Z("cert", s->secured ? cert_verdict_name(s->cert) : NULL),
		LF_Z("text", e->text[0] ? e->text : NULL), LF_U("in", s->stanzas_in),
		LF_U("out", s->stanzas_out));
}

/* ---- the engine's side ---- */

static void put_output(struct stream *s)
{
	struct slice out = xstream_output(s->x);

	if (!out.n)
		return;
	if (!s->conn_dead && !s->conn_closing) {
		uint64_t end = conn_write(s->conn, out);

		if (s->end.closing)
			s->end_offset = end;
	}
	xstream_sent(s->x, out.n);
	s->last_sent_ms = now(s);
}

static void set_timer(struct stream *s)
{
	uint64_t due = xstream_deadline(s->x);

	if (due == UINT64_MAX)
		loop_timer_stop(&s->timer);
	else if (!loop_timer_armed(&s->timer) || s->timer.wheel.due != due)
		loop_timer_at(&s->timer, due);
}

static void note(struct stream *s, enum attempt_step step, enum attempt_result r, const char *text)
{
	attempt_note(s->attempt, step, r, now(s), "%s", text);
}

static void start_tls(struct stream *s)
{
	struct edge *e = s->edge;
	struct arena a = {0};
	const char *local = edge_ascii(&a, slice_of(s->local));
	const char *remote = s->remote ? edge_ascii(&a, slice_of(s->remote)) : NULL;
	SSL_CTX *ctx = NULL;

	/* Who connects may have no certificate: dialback authenticates it (RFC 7590 3.4). */
	if (local)
		ctx = s->inbound ? tls_set_for(e->tls, slice_of(local))
				 : tls_set_client(e->tls, slice_of(local));
	put_output(s);
	if (ctx && !s->conn_dead) {
		s->handshake = true;
		note(s, ATTEMPT_STARTTLS, ATTEMPT_OK, "agreed");
		conn_tls_start(s->conn, s->inbound ? CONN_SERVER : CONN_CLIENT, e->tls, ctx,
			s->inbound ? SL_NONE : slice_of(remote));
		loop_timer_in(&s->idle_timer, e->limits.handshake_ms);
	} else {
		/* Certificates were taken away meanwhile. */
		note(s, ATTEMPT_STARTTLS, ATTEMPT_FAIL, "there is no certificate of ours");
		s->end.why = "no-certificate";
		xstream_tls_failed(s->x);
	}
	arena_done(&a);
}

/*
 * The peer has closed or failed while part of our output was still here. Nobody will read it, and
 * our end tag cannot stand in the middle of a stanza: what is not written stays unwritten.
 */
static bool must_drop(const struct stream *s)
{
	return !s->end.by_us && s->conn && conn_pending(s->conn) > 0 && s->stanzas_out > 0;
}

/*
 * Did the peer end in answer to our end tag? Its kernel must have had all of ours by then. Its end
 * tag says that it has read ours; so does the end of TCP, for a kernel that holds unread bytes when
 * a program closes sends a reset instead. A time-out says nothing.
 */
static bool was_answered(const struct stream *s)
{
	return s->end.reason == XSTREAM_R_LOCAL && !s->ticking && s->end_offset &&
	       conn_flushed(s->conn) >= s->end_offset && conn_unacked(s->conn) == 0;
}

static void on_closed_event(struct stream *s, const struct xstream_event *ev, bool dropped)
{
	if (s->conn_dead)
		return; /* finish() is under way */
	s->end.answered = was_answered(s);
	if (ev->abrupt || dropped) {
		finish(s);
		return;
	}
	put_output(s);
	s->conn_closing = true;
	/* Who closed the stream first closes the connection (RFC 6120 4.4). */
	conn_close(s->conn, s->end.by_us ? 0 : PEER_FIRST_MS, TCP_CLOSE_MS);
}

static void dispatch(struct stream *s, struct xstream_event *ev)
{
	switch (ev->type) {
	case XSTREAM_NEED_TLS:
		start_tls(s);
		break;
	case XSTREAM_CLOSING:
		note_end(s, ev);
		if (s->inbound) /* whoever limits our connections counts them until they are gone */
			edge_uncount_stream(s->edge, s);
		sight_changed(s);
		s->hooks->event(s, ev);
		break;
	case XSTREAM_CLOSED:
		on_closed_event(s, ev, must_drop(s));
		break;
	case XSTREAM_AUTHENTICATED:
		s->since_ms = clock_wall_ms();
		keepalive_begin(s);
		s->hooks->event(s, ev);
		if (!s->authenticated)
			break;
		sight_authenticated(s, ev);
		keepalive_watch(s);
		break;
	case XSTREAM_STANZA:
		if (keepalive_on_stanza(s, ev))
			arena_done(&ev->arena);
		else
			s->hooks->event(s, ev);
		break;
	default:
		s->hooks->event(s, ev);
	}
}

/* ---- fairness ---- */

void stream_hold(struct stream *s, enum stream_hold why)
{
	if (!s->held)
		conn_pause(s->conn);
	s->held |= why;
}

void stream_go_on(struct stream *s, enum stream_hold why)
{
	if (!(s->held & why))
		return;
	s->held &= ~(unsigned)why;
	if (!s->held && !s->ended)
		conn_resume(s->conn);
}

/* May one more event be taken in this turn? */
static bool has_turn(struct stream *s)
{
	if (s->turn_events >= EVENTS_A_TURN) {
		stream_hold(s, STREAM_HOLD_TURN);
		return false;
	}
	if (s->turn_events++ == 0)
		loop_task_queue(s->edge->loop, &s->turn_task);
	return true;
}

static void next_turn(void *arg)
{
	struct stream *s = arg;

	s->turn_events = 0;
	if (s->held & STREAM_HOLD_TURN)
		loop_task_queue_slow(s->edge->loop, &s->more_task);
}

static void go_on(void *arg)
{
	struct stream *s = arg;

	stream_go_on(s, STREAM_HOLD_TURN);
	stream_pump(s);
}

/*
 * A peer that makes us answer and reads nothing. The kernel holds megabytes for it by then, so this
 * is no slow line. What the link sends is bounded by write_ahead.
 */
static bool reads_nothing(const struct stream *s)
{
	const struct edge_limits *l = &s->edge->limits;
	size_t most = UNREAD_MAX + (s->inbound ? 0 : l->write_ahead + l->stanza_bytes);

	return s->conn && conn_pending(s->conn) > most;
}

/* ---- */

static void after_events(struct stream *s)
{
	if (s->ended)
		return;
	put_output(s);
	set_timer(s);
	if (reads_nothing(s))
		stream_abort(s, "reads-nothing");
}

void stream_pump(struct stream *s)
{
	struct xstream_event ev;

	if (s->pumping || s->ended || !s->x)
		return;
	s->pumping = true;
	while (!s->ended && s->hooks->ready(s) && has_turn(s) && xstream_event(s->x, &ev))
		dispatch(s, &ev);
	s->pumping = false;
	after_events(s);
}

/*
 * The connection is gone: what it still brought is taken now or never. Stanzas for which there is
 * no room are counted: their sender knows no more than that the stream broke.
 */
static void pump_rest(struct stream *s)
{
	struct xstream_event ev;
	unsigned dropped = 0;

	if (s->pumping || s->ended || !s->x)
		return;
	s->pumping = true;
	while (!s->ended) {
		bool room = s->hooks->ready(s);

		if (!xstream_event(s->x, &ev))
			break;
		if (room || ev.type != XSTREAM_STANZA) {
			dispatch(s, &ev);
			continue;
		}
		arena_done(&ev.arena);
		dropped++;
	}
	s->pumping = false;
	if (dropped) {
		metric_add(M_STANZAS_DROPPED, dropped);
		log_warn(&s->log, "stanzas-dropped", LF_U("stanzas", dropped),
			LF_Z("reason", "no-credit"));
	}
	after_events(s);
}

void stream_close(struct stream *s, enum stream_cond cond, const char *text, const char *why)
{
	if (s->ended)
		return;
	if (!s->end.why && !s->end.closing)
		s->end.why = why;
	if (!s->x) {
		finish(s);
		return;
	}
	/* The engine reckons from the time it was last told, which may be long ago. */
	xstream_tick(s->x, now(s));
	xstream_close(s->x, cond, text ? slice_of(text) : SL_NONE);
	stream_pump(s);
}

void stream_finish(struct stream *s, enum stream_cond cond, const char *text, const char *why)
{
	if (!stream_may_send(s)) {
		stream_close(s, cond, text, why);
		return;
	}
	put_output(s);
	stream_error_put(conn_out(s->conn), cond, text ? slice_of(text) : SL_NONE);
	conn_added(s->conn);
	stream_close(s, STREAM_OK, NULL, why);
}

void stream_abort(struct stream *s, const char *why)
{
	if (!s->ended && !s->end.why)
		s->end.why = why;
	finish(s);
}

/* ---- the connection's side ---- */

void stream_judge_certificate(struct stream *s)
{
	const struct conn_tls_info *tls = conn_tls_info(s->conn);
	struct arena a = {0};
	const char *remote = s->remote ? edge_ascii(&a, slice_of(s->remote)) : NULL;

	s->cert = tls->chain;
	if (s->cert == CERT_GOOD && !(remote && cert_is_for(tls->peer, slice_of(remote))))
		s->cert = CERT_WRONG_NAME;
	arena_done(&a);
}

static void on_connected(void *arg)
{
	struct stream *s = arg;

	s->hooks->connected(s);
}

static void on_secure(void *arg)
{
	struct stream *s = arg;

	s->handshake = false;
	s->secured = true;
	loop_timer_stop(&s->idle_timer);
	attempt_note(s->attempt, ATTEMPT_TLS, ATTEMPT_OK, now(s), "%s, %s",
		conn_tls_info(s->conn)->version, conn_tls_info(s->conn)->cipher);
	/* An acceptor judges again by the name that the header inside TLS gives. */
	stream_judge_certificate(s);
	if (!s->inbound)
		note(s, ATTEMPT_CERTIFICATE, s->cert == CERT_GOOD ? ATTEMPT_OK : ATTEMPT_WARN,
			cert_verdict_name(s->cert));
	xstream_tls_done(s->x, edge_judge_cert(s->cert));
	stream_pump(s);
}

static void on_data(void *arg, struct slice bytes)
{
	struct stream *s = arg;

	if (s->conn_closing)
		return;
	s->heard_ms = now(s);
	xstream_feed(s->x, bytes, now(s));
	stream_pump(s);
}

static void on_flushed(void *arg, uint64_t offset)
{
	struct stream *s = arg;

	s->hooks->flushed(s, offset);
}

/*
 * TLS 1.3: a server that refuses our certificate says so when the handshake is over on our side, by
 * an alert, which a reset of the connection may overtake.
 */
static bool no_word_since_handshake(const struct stream *s)
{
	return !s->inbound && s->secured && !s->authenticated && !xstream_id(s->x).n;
}

bool stream_failed_insecurely(const struct stream *s)
{
	const struct edge_failure f = {
		.reason = s->end.reason,
		.tls_failed = s->end.tls_failed,
		.tls_broken_off = s->handshake || (s->x && !xstream_encrypted(s->x) &&
							  xstream_offer(s->x)->starttls),
	};

	return edge_failed_insecurely(&f);
}

static void on_eof(void *arg, bool clean)
{
	struct stream *s = arg;

	if (s->conn_closing)
		return;
	s->saw_eof = true;
	s->end.tls_failed = no_word_since_handshake(s);
	xstream_eof(s->x, now(s));
	stream_pump(s);
}

/* It ended while the stream was in use. */
static void on_conn_lost(struct stream *s, enum conn_end end, const char *text)
{
	bool alert = end == CONN_END_TLS_FAILED || end == CONN_END_TLS_ALERT;

	s->saw_eof = true;
	s->end.connect_failed = end == CONN_END_CONNECT_FAILED;
	s->end.tls_failed = s->handshake || (alert && !s->authenticated) ||
			    (s->x && no_word_since_handshake(s));
	if (!s->end.why)
		s->end.why = conn_end_name(end);
	if (s->end.tls_failed)
		note(s, ATTEMPT_TLS, ATTEMPT_FAIL, text);
	if (s->end.connect_failed)
		note(s, ATTEMPT_CONNECT, ATTEMPT_FAIL, text);
	if (s->x && s->handshake)
		xstream_tls_failed(s->x);
	else if (s->x)
		xstream_eof(s->x, now(s));
	pump_rest(s);
	if (!s->end.text[0])
		snprintf(s->end.text, sizeof s->end.text, "%s", text);
}

static void on_conn_closed(void *arg, enum conn_end end, const char *text)
{
	struct stream *s = arg;

	s->conn_dead = true;
	if (!s->conn_closing)
		on_conn_lost(s, end, text);
	finish(s);
}

const struct conn_ops stream_conn_ops = {
	.connected = on_connected,
	.secure = on_secure,
	.data = on_data,
	.flushed = on_flushed,
	.eof = on_eof,
	.closed = on_conn_closed,
};

/* ---- time ---- */

static void on_timer(void *arg)
{
	struct stream *s = arg;

	s->ticking = true;
	xstream_tick(s->x, now(s));
	stream_pump(s);
	s->ticking = false;
}

static void on_idle_timer(void *arg)
{
	struct stream *s = arg;

	if (!s->handshake) {
		keepalive_tick(s);
		return;
	}
	s->end.why = "handshake-timeout";
	s->end.tls_failed = true;
	xstream_tls_failed(s->x);
	stream_pump(s);
}

/* ---- sending ---- */

bool stream_may_send(const struct stream *s)
{
	return s->x && !s->conn_dead && !s->conn_closing && !s->ended && xstream_may_send(s->x);
}

uint64_t stream_write(struct stream *s, const struct link_down *d)
{
	put_output(s);
	s->stanzas_out++;
	s->last_sent_ms = now(s);
	if (!d->quiet)
		s->last_stanza_ms = now(s);
	metric_add(M_STANZAS_OUT, 1);
	return conn_write(s->conn, d->xml);
}

/* ---- life ---- */

void stream_init(struct stream *s, struct edge *e, const struct stream_hooks *hooks, bool inbound)
{
	s->edge = e;
	s->hooks = hooks;
	s->inbound = inbound;
	s->since_ms = clock_wall_ms();
	s->begun_ms = s->heard_ms = now(s);
	snprintf(s->id, sizeof s->id, "%c%u", inbound ? 'i' : 'o', ++e->last_stream);
	log_init(&s->log, &e->log);
	log_setf(&s->log, "stream", "%s", s->id);
	loop_timer_init(&s->timer, e->loop, on_timer, s);
	loop_timer_init(&s->idle_timer, e->loop, on_idle_timer, s);
	loop_task_init(&s->turn_task, next_turn, s);
	loop_task_init(&s->more_task, go_on, s);
	list_append(&e->streams, &s->node);
	sight_began(s);
	metric_add(inbound ? M_STREAMS_IN : M_STREAMS_OUT, 1);
}

void stream_start(struct stream *s, struct xstream_cfg *cfg)
{
	cfg->parsers = s->edge->parsers;
	rand_bytes(cfg->seed, sizeof cfg->seed);
	s->x = xstream_new(cfg, now(s));
	mem_wipe(cfg->seed, sizeof cfg->seed);
	s->heard_ms = s->last_stanza_ms = s->last_sent_ms = now(s);
	sight_changed(s);
}

void stream_settings(struct stream *s)
{
	const struct gateway_settings *g = snapshot_gateway(s->edge->snapshot);

	/* Of a connection that only verifies, each question has its own time. */
	if (s->ended || s->end.closing || !s->x || s->verifies)
		return;
	if (s->authenticated) {
		keepalive_watch(s);
		return;
	}
	xstream_establish_by(s->x, s->begun_ms + g->stream_establishment_timeout * UINT64_C(1000));
	set_timer(s);
}

static void destroy(void *arg)
{
	struct stream *s = arg;

	xstream_free(s->x);
	sight_free(s);
	free(s->local);
	free(s->remote);
	log_done(&s->log);
	s->hooks->destroy(s);
}

static void finish(struct stream *s)
{
	struct edge *e = s->edge;

	if (s->ended)
		return;
	s->ended = true;
	loop_timer_stop(&s->timer);
	loop_timer_stop(&s->idle_timer);
	loop_task_stop(&s->turn_task);
	loop_task_stop(&s->more_task);
	sight_ended(s);
	list_remove(&s->node);
	metric_add(s->inbound ? M_STREAMS_IN : M_STREAMS_OUT, -1);
	if (!s->authenticated)
		metric_add(s->inbound ? M_STREAMS_IN_FAILED : M_STREAMS_OUT_FAILED, 1);
	edge_uncount_stream(e, s);
	if (!s->inbound || s->authenticated || edge_may_log(e))
		log_closed(s);
	s->hooks->ended(s);
	conn_free(s->conn);
	s->conn = NULL;
	stream_set_partner(s, NULL);
	loop_dispose(e->loop, s, destroy);
	edge_settled(e);
}
