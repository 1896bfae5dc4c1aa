#include "edge/probe_talk.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "edge/outbound.h"

/* clang-format off */
const struct talk_stage talk_stages[AT__N] = {
	[AT_CONNECT]      = {PROBE_STEP_HEADER,   PC_TCP_TIMEOUT,      "no connection this time"},
	[AT_HEADER]       = {PROBE_STEP_HEADER,   PC_HEADER_TIMEOUT,   "not a byte came"},
	[AT_FEATURES]     = {PROBE_STEP_FEATURES, PC_FEATURES_TIMEOUT, "a header and nothing more"},
	[AT_STARTTLS]     = {PROBE_STEP_STARTTLS, PC_STARTTLS_REFUSED, "no answer to <starttls/>"},
	[AT_TLS]          = {PROBE_STEP_TLS,      PC_TLS_TIMEOUT,      "the handshake stands still"},
	[AT_TLS_HEADER]   = {PROBE_STEP_FEATURES, PC_FEATURES_TIMEOUT, "no header inside TLS"},
	[AT_TLS_FEATURES] = {PROBE_STEP_FEATURES, PC_FEATURES_TIMEOUT, "no features inside TLS"},
	[AT_EXTERNAL]     = {PROBE_STEP_EXTERNAL, PC_EXTERNAL_TIMEOUT, "no answer to <auth/>"},
	[AT_DIALBACK]     = {PROBE_STEP_DIALBACK, PC_DIALBACK_UNREACHABLE, "no result came"},
	[AT_PING]         = {PROBE_STEP_PING,     PC_PING_NO_ANSWER,   "no answer to the ping"},
};
/* clang-format on */

void talk_enter(struct probe_talk *t, enum stage stage)
{
	t->stage = stage;
	t->stage_ms = probe_now(t->probe);
	loop_timer_in(
		&t->timer, stage == AT_END ? TALK_END_MS : probe_config(t->probe->edge)->step_ms);
}

unsigned long long talk_took(const struct probe_talk *t)
{
	return probe_now(t->probe) - t->stage_ms;
}

/* ---- where the stream is ---- */

/* The engine has no event for what an initiator reads on the way; its state tells. */
static bool beyond_header(const struct probe_talk *t)
{
	return strcmp(xstream_state_name(t->x), "opening") != 0;
}

static bool beyond_features(const struct probe_talk *t)
{
	return beyond_header(t) && strcmp(xstream_state_name(t->x), "features") != 0;
}

static bool is_ending(const struct probe_talk *t)
{
	return t->stage == AT_END || slice_starts(slice_of(xstream_state_name(t->x)), SL("clos"));
}

static void note_clear(struct probe_talk *t)
{
	if (t->stage == AT_HEADER && beyond_header(t)) {
		talk_say_header(t);
		talk_enter(t, AT_FEATURES);
	}
	if (t->stage == AT_FEATURES && beyond_features(t)) {
		talk_say_features(t);
		talk_judge_starttls(t);
		talk_enter(t, AT_STARTTLS);
	}
}

static void note_secure(struct probe_talk *t)
{
	if (t->stage == AT_TLS_HEADER && beyond_header(t))
		talk_enter(t, AT_TLS_FEATURES);
	if (t->stage == AT_TLS_FEATURES && beyond_features(t)) {
		talk_say_features(t);
		talk_enter(t, AT_EXTERNAL);
	}
}

static void note_stage(struct probe_talk *t)
{
	if (!is_ending(t) && t->stage <= AT_STARTTLS)
		note_clear(t);
	else if (!is_ending(t))
		note_secure(t);
}

/* ---- TLS ---- */

static void start_tls(struct probe_talk *t)
{
	struct probe *p = t->probe;
	struct slice out = xstream_output(t->x);

	conn_write(t->conn, out);
	xstream_sent(t->x, out.n);
	probe_say(p, PROBE_STEP_STARTTLS, PC_OK, "proceed");
	talk_enter(t, AT_TLS);
	conn_tls_start(t->conn, CONN_CLIENT, p->tls,
		tls_set_client(p->tls, slice_of(p->local_ascii)), slice_of(p->domain_ascii));
}

static void judge_cert(struct probe_talk *t, const struct conn_tls_info *i, int64_t now)
{
	enum cert_verdict v = i->chain;

	t->cert_fault = PROBE_STEP_CHAIN;
	if (v == CERT_EXPIRED && (now < cert_not_before(i->peer) || now > cert_not_after(i->peer)))
		t->cert_fault = PROBE_STEP_EXPIRY;
	if (v == CERT_GOOD && !cert_is_for(i->peer, slice_of(t->probe->domain_ascii))) {
		v = CERT_WRONG_NAME;
		t->cert_fault = PROBE_STEP_NAME;
	}
	t->cert = edge_judge_cert(v);
}

static void on_secure(void *arg)
{
	struct probe_talk *t = arg;
	struct probe *p = t->probe;
	const struct conn_tls_info *i = conn_tls_info(t->conn);
	const struct probe_cert cert = {
		.leaf = i->peer,
		.shown = i->shown,
		.verdict = i->chain,
		.code = i->chain_code,
		.trust = tls_set_trust(p->tls),
		.mild = t->policy.dialback_tls,
	};
	int64_t now = (int64_t)(clock_wall_ms() / 1000);

	probe_say(p, PROBE_STEP_TLS, PC_OK, "%s, %s, in %llu ms", i->version, i->cipher,
		talk_took(t));
	probe_say_cert(p, &cert, now);
	judge_cert(t, i, now);
	talk_enter(t, AT_TLS_HEADER);
	xstream_tls_done(t->x, t->cert);
	talk_pump(t);
}

/* ---- engine and connection ---- */

static void dispatch(struct probe_talk *t, struct xstream_event *ev)
{
	switch (ev->type) {
	case XSTREAM_NEED_TLS:
		start_tls(t);
		break;
	case XSTREAM_NEED_DIALBACK:
		note_stage(t);
		talk_send_key(t);
		break;
	case XSTREAM_AUTHENTICATED:
		talk_authenticated(t, ev);
		break;
	case XSTREAM_AUTH_FAILED:
		talk_auth_failed(t, ev);
		break;
	case XSTREAM_DB_RESULT:
		talk_result(t, &ev->db);
		break;
	case XSTREAM_CLOSING:
		talk_closing(t, ev);
		break;
	case XSTREAM_CLOSED:
		t->conn_closing = true;
		break;
	case XSTREAM_STANZA:
		arena_done(&ev->arena);
		break;
	default:
		break;
	}
}

static void write_output(struct probe_talk *t)
{
	struct slice out = xstream_output(t->x);

	if (out.n && t->conn)
		conn_write(t->conn, out);
	xstream_sent(t->x, out.n);
}

void talk_pump(struct probe_talk *t)
{
	struct xstream_event ev;
	bool was_closing = t->conn_closing;

	while (xstream_event(t->x, &ev)) {
		dispatch(t, &ev);
		note_stage(t);
	}
	note_stage(t);
	if (was_closing || !t->conn)
		return;
	write_output(t);
	if (t->conn_closing)
		conn_close(t->conn, 0, TALK_END_MS);
}

static void on_connected(void *arg)
{
	struct probe_talk *t = arg;
	struct probe *p = t->probe;
	struct xstream_cfg cfg = {
		.role = XSTREAM_INITIATOR,
		.local = p->local,
		.remote = p->domain,
		.policy = t->policy,
		.establish_ms = probe_config(p->edge)->whole_ms,
		.close_ms = TALK_END_MS,
	};

	rand_bytes(cfg.seed, sizeof cfg.seed);
	t->x = xstream_new(&cfg, probe_now(p));
	talk_enter(t, AT_HEADER);
	talk_pump(t);
}

static void on_data(void *arg, struct slice bytes)
{
	struct probe_talk *t = arg;
	size_t n = bytes.n < TALK_RAW_MAX - t->n_raw ? bytes.n : TALK_RAW_MAX - t->n_raw;

	if (t->conn_closing)
		return;
	if (t->stage <= AT_HEADER && n) {
		memcpy(t->raw + t->n_raw, bytes.p, n);
		t->n_raw += n;
	}
	xstream_feed(t->x, bytes, probe_now(t->probe));
	talk_pump(t);
}

static void on_eof(void *arg, bool clean)
{
	struct probe_talk *t = arg;

	if (t->conn_closing)
		return;
	xstream_eof(t->x, probe_now(t->probe));
	talk_pump(t);
}

/* After the handshake, too: by TLS 1.3 a server refuses our certificate when it is over for us. */
static bool tls_failed(const struct probe_talk *t, enum conn_end why)
{
	return t->stage == AT_TLS ||
	       (t->stage == AT_TLS_HEADER &&
		       (why == CONN_END_TLS_ALERT || why == CONN_END_TLS_FAILED));
}

static void on_closed(void *arg, enum conn_end why, const char *text)
{
	struct probe_talk *t = arg;
	struct conn *c = t->conn;

	if (t->stage == AT_CONNECT) {
		probe_say(t->probe, PROBE_STEP_HEADER, PC_CLOSED, "connecting again: %s", text);
	} else if (tls_failed(t, why)) {
		probe_say(t->probe, PROBE_STEP_TLS, probe_judge_tls(why, text), "%s", text);
		talk_say_no_dialback(t);
		talk_say_method(t);
		talk_enter(t, AT_END);
	} else if (!t->conn_closing) {
		xstream_eof(t->x, probe_now(t->probe));
		talk_pump(t);
	}
	t->conn = NULL;
	conn_free(c);
	if (t->stage != AT_END)
		talk_end(t);
	talk_over(t);
}

static void on_flushed(void *arg, uint64_t offset)
{
}

static const struct conn_ops ops = {
	.connected = on_connected,
	.secure = on_secure,
	.data = on_data,
	.flushed = on_flushed,
	.eof = on_eof,
	.closed = on_closed,
};

static void on_silence(void *arg)
{
	struct probe_talk *t = arg;
	enum probe_code code = talk_stages[t->stage].silence;

	if (t->stage == AT_END) {
		talk_over(t);
		return;
	}
	if (t->stage == AT_DIALBACK)
		code = probe_judge_no_result(&t->dialback, STANZA_OK);
	if (t->stage == AT_HEADER && t->n_raw)
		code = PC_HEADER_BAD;
	probe_say(t->probe, talk_stages[t->stage].step, code, "%s%s%s within %llu ms",
		t->stage == AT_DIALBACK ? talk_asked_text(t) : "",
		t->stage == AT_DIALBACK ? ", " : "",
		t->n_raw && t->stage == AT_HEADER ? "no whole header" : talk_stages[t->stage].text,
		talk_took(t));
	talk_end(t);
}

/* ---- life ---- */

static const struct probe_place *first_that_works(const struct probe *p)
{
	for (size_t i = 0; i < p->n_places; i++)
		if (p->places[i].works)
			return &p->places[i];
	return NULL;
}

void probe_talk_new(struct probe *p)
{
	struct edge_verdict v = edge_judge_pair(p->edge->snapshot, p->local, p->domain);
	const struct probe_place *place = first_that_works(p);
	struct probe_talk *t;

	if (v.refusal != EDGE_OK) { /* the settings have changed meanwhile */
		probe_next(p);
		return;
	}
	t = p->talk = xzalloc(sizeof *t);
	t->probe = p;
	t->policy = v.policy;
	t->policy.bare = !tls_set_for(p->tls, slice_of(p->local_ascii));
	t->policy.floor = outbound_tls_floor(p->edge, p->domain);
	loop_timer_init(&t->timer, p->edge->loop, on_silence, t);
	talk_enter(t, AT_CONNECT);
	t->conn = conn_connect(p->edge->loop, &(struct conn_target){place->addr, 0}, 1, &ops, t);
}

void probe_talk_free(struct probe_talk *t)
{
	if (!t)
		return;
	loop_timer_stop(&t->timer);
	conn_free(t->conn);
	xstream_free(t->x);
	free(t);
}
