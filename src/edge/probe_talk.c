#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "edge/outbound.h"
#include "edge/probe_priv.h"

/*
 * A stream of the test's own, made as an ordinary one is: with the same engine, under the policy
 * that the settings give. It is not among the edge's streams, counts for no limit and carries
 * nothing but one ping.
 *
 *	connect, header, features, starttls, tls, [header, features,] external | dialback, ping, end
 */
enum stage {
	AT_CONNECT,
	AT_HEADER,
	AT_FEATURES,
	AT_STARTTLS,
	AT_TLS,
	AT_TLS_HEADER,
	AT_TLS_FEATURES,
	AT_EXTERNAL,
	AT_DIALBACK,
	AT_PING,
	AT_END,
	AT__N
};

enum { RAW_MAX = 512, END_MS = 2000 };

struct probe_talk {
	struct probe *probe;
	struct conn *conn;
	struct xstream *x;
	struct loop_timer timer; /* of the stage */
	enum stage stage;
	struct xstream_policy policy;
	char raw[RAW_MAX]; /* what came first */
	size_t n_raw;
	enum xstream_cert cert;
	enum probe_step cert_fault; /* what is wrong with it */
	bool conn_closing, told;
	bool authenticated;
	enum negotiation_method method;
	struct probe_dialback dialback;
	char key[DIALBACK_KEY_SIZE];
	uint64_t stage_ms; /* begun */
	char ping[40];     /* its id */
};

static void pump(struct probe_talk *t);

/* Where a fault belongs that comes at a stage, and what silence is called there. */
/* clang-format off */
static const struct {
	enum probe_step step;
	enum probe_code silence;
	const char *text;
} stages[AT__N] = {
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

static void enter(struct probe_talk *t, enum stage stage)
{
	t->stage = stage;
	t->stage_ms = probe_now(t->probe);
	loop_timer_in(&t->timer, stage == AT_END ? END_MS : probe_config(t->probe->edge)->step_ms);
}

static unsigned long long stage_took(const struct probe_talk *t)
{
	return probe_now(t->probe) - t->stage_ms;
}

/* ---- the end ---- */

static void over(struct probe_talk *t)
{
	if (t->told)
		return;
	t->told = true;
	loop_timer_stop(&t->timer);
	probe_next(t->probe);
}

/* What was not reached has its own step that failed, mostly. */
static void say_method(struct probe_talk *t)
{
	struct probe *p = t->probe;
	struct negotiation_verdict v = negotiation_judge(p->negotiation);
	struct buf allowed = {0};
	enum probe_code code = PC_METHOD_NONE;

	if (!probe_went_well(p, PROBE_STEP_FEATURES) || probe_was_said(p, PROBE_STEP_METHOD))
		return;
	if (!t->authenticated && probe_last_fault(p) < PROBE_STEP__N) {
		probe_block(p, PROBE_STEP_METHOD, probe_last_fault(p));
		return;
	}
	for (size_t i = 0; i < v.n_methods; i++)
		buf_printf(&allowed, "%s%s", i ? ", " : "", negotiation_method_name(v.methods[i]));
	if (t->authenticated)
		code = t->method == v.methods[0] ? PC_OK : PC_METHOD_LESS;
	probe_say(p, PROBE_STEP_METHOD, code, "%s; allowed: %.*s",
		t->authenticated ? negotiation_method_name(t->method) : "none",
		SLARG(buf_slice(&allowed)));
	buf_done(&allowed);
}

/* Dialback was not even tried. */
static void say_no_dialback(struct probe_talk *t)
{
	struct probe *p = t->probe;

	if (probe_was_said(p, PROBE_STEP_DIALBACK) || !probe_went_well(p, PROBE_STEP_FEATURES))
		return;
	if (!p->negotiation.dialback)
		probe_say(p, PROBE_STEP_DIALBACK, PC_NOT_IN_SETTINGS, "%s", "");
	else
		probe_block(p, PROBE_STEP_DIALBACK, probe_last_fault(p));
}

/* All has been said: the stream ends in order, which is not waited for long. */
static void end(struct probe_talk *t)
{
	if (t->stage == AT_END)
		return;
	say_no_dialback(t);
	say_method(t);
	enter(t, AT_END);
	if (t->x && t->conn && !t->conn_closing) {
		xstream_close(t->x, STREAM_OK, SL_NONE);
		pump(t);
	} else if (!t->conn) {
		over(t);
	}
}

/* ---- evidence ---- */

static void put_word(struct buf *out, bool there, const char *word)
{
	if (there)
		buf_printf(out, "%s%s", out->n ? ", " : "", word);
}

static void say_features(struct probe_talk *t)
{
	const struct xstream_features *f = xstream_offer(t->x);
	struct buf text = {0};

	put_word(&text, f->starttls, f->starttls_required ? "STARTTLS (required)" : "STARTTLS");
	put_word(&text, f->external, "EXTERNAL");
	put_word(&text, f->mechanisms && !f->external, "other mechanisms than EXTERNAL");
	put_word(&text, f->dialback, f->dialback_errors ? "dialback (errors)" : "dialback");
	probe_say(t->probe, PROBE_STEP_FEATURES, PC_OK, "in %s: %.*s",
		xstream_encrypted(t->x) ? "TLS" : "clear",
		SLARG(text.n ? buf_slice(&text) : SL("nothing")));
	buf_done(&text);
}

static void say_header(struct probe_talk *t)
{
	bool old = !slice_contains(slice_make(t->raw, t->n_raw), SL("version="));

	probe_say(t->probe, PROBE_STEP_HEADER, old ? PC_HEADER_OLD : PC_OK,
		"after %llu ms, stream id %.*s", stage_took(t), SLARG(xstream_id(t->x)));
}

/* ---- authentication ---- */

static bool sasl_allowed(const struct probe_talk *t)
{
	return negotiation_allows(t->probe->negotiation, METHOD_SASL_OVER_TLS);
}

/* EXTERNAL was not even tried. */
static void say_no_external(struct probe_talk *t)
{
	struct probe *p = t->probe;

	if (probe_was_said(p, PROBE_STEP_EXTERNAL) || !xstream_encrypted(t->x))
		return;
	if (!sasl_allowed(t)) {
		probe_say(p, PROBE_STEP_EXTERNAL, PC_NOT_IN_SETTINGS, "%s", "");
		return;
	}
	if (t->cert != XCERT_GOOD)
		probe_block(p, PROBE_STEP_EXTERNAL, t->cert_fault);
	else if (!t->policy.external || t->policy.bare)
		probe_block(p, PROBE_STEP_EXTERNAL, PROBE_STEP_SETTINGS);
	else
		probe_say_mild(p, t->policy.dialback_tls, PROBE_STEP_EXTERNAL,
			PC_EXTERNAL_NOT_OFFERED, "the features inside TLS do not name it");
}

static void on_auth_failed(struct probe_talk *t, const struct xstream_event *ev)
{
	probe_say_mild(t->probe, t->policy.dialback_tls, PROBE_STEP_EXTERNAL, PC_EXTERNAL_REFUSED,
		"%s%s%.*s", sasl_cond_name(ev->sasl_cond), ev->text.n ? ": " : "", SLARG(ev->text));
}

static void send_key(struct probe_talk *t)
{
	struct probe *p = t->probe;
	struct edge *e = p->edge;
	struct xstream_db db = {.from = p->local, .to = p->domain};

	say_no_external(t);
	if (!e->secrets.has) {
		probe_say(p, PROBE_STEP_DIALBACK, PC_NO_PASSPHRASE, "there is no key to give");
		end(t);
		return;
	}
	dialback_key(&e->secrets.now, p->domain, p->local, xstream_id(t->x), t->key);
	db.key = slice_of(t->key);
	xstream_db_send(t->x, XSTREAM_DB_RESULT, &db);
	enter(t, AT_DIALBACK);
}

void probe_talk_verified(struct probe_talk *t, struct slice id, struct slice key, bool valid)
{
	if (t->stage != AT_DIALBACK || !slice_eq(id, xstream_id(t->x)))
		return;
	t->dialback.asked = true;
	t->dialback.same_key = slice_eqz(slice_trim(key), t->key);
	t->dialback.valid = valid;
}

static const char *asked_text(const struct probe_talk *t)
{
	if (!t->dialback.asked)
		return "our listener was not asked";
	if (!t->dialback.same_key)
		return "our listener was asked about another key";
	return t->dialback.valid ? "our listener was asked and said valid"
				 : "our listener was asked and said invalid";
}

static void on_result(struct probe_talk *t, const struct xstream_db *db)
{
	struct probe *p = t->probe;

	if (t->stage != AT_DIALBACK || !db->type.p)
		return;
	if (slice_eqz(db->type, "valid") && xstream_db_valid(t->x, p->domain, p->local)) {
		probe_say(p, PROBE_STEP_DIALBACK, PC_OK, "valid after %llu ms; %s", stage_took(t),
			asked_text(t));
		return;
	}
	if (slice_eqz(db->type, "error"))
		probe_say(p, PROBE_STEP_DIALBACK, probe_judge_no_result(&t->dialback, db->cond),
			"error %s; %s", stanza_cond_name(db->cond), asked_text(t));
	else
		probe_say(p, PROBE_STEP_DIALBACK, probe_judge_invalid(&t->dialback), "%.*s; %s",
			SLARG(db->type), asked_text(t));
	end(t);
}

/* ---- ping ---- */

static void send_ping(struct probe_talk *t)
{
	struct probe *p = t->probe;
	struct buf b = {0};

	snprintf(t->ping, sizeof t->ping, "test-%016llx", (unsigned long long)rand_u64());
	buf_printf(&b,
		"<iq type='get' id='%s' from='%.*s' to='%.*s'><ping xmlns='urn:xmpp:ping'/></iq>",
		t->ping, SLARG(p->local), SLARG(p->domain));
	conn_write(t->conn, buf_slice(&b));
	buf_done(&b);
	enter(t, AT_PING);
}

bool probe_talk_stanza(struct probe_talk *t, const struct xstream_event *ev)
{
	struct slice type = xml_attr(ev->elem, SL("type"));

	if (t->stage != AT_PING || !slice_eqz(xml_attr(ev->elem, SL("id")), t->ping) ||
		!(slice_eqz(type, "result") || slice_eqz(type, "error")))
		return false;
	probe_say(t->probe, PROBE_STEP_PING, PC_OK, "%s after %llu ms, on a stream of theirs",
		slice_eqz(type, "result") ? "answered"
					  : "answered by an error, so it passes both "
					    "ways,",
		stage_took(t));
	end(t);
	return true;
}

static void on_authenticated(struct probe_talk *t, const struct xstream_event *ev)
{
	struct probe *p = t->probe;
	bool dialback = ev->method == XSTREAM_DIALBACK;

	t->authenticated = true;
	t->method = !dialback                 ? METHOD_SASL_OVER_TLS
		    : xstream_encrypted(t->x) ? METHOD_TLS_DIALBACK
					      : METHOD_TCP_DIALBACK;
	if (!dialback) {
		probe_say(p, PROBE_STEP_EXTERNAL, PC_OK, "accepted");
		probe_say(p, PROBE_STEP_DIALBACK,
			p->negotiation.dialback ? PC_NOT_NEEDED : PC_NOT_IN_SETTINGS,
			"authenticated by EXTERNAL");
	}
	say_method(t);
	send_ping(t);
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

static void skip_tls(struct probe_talk *t, bool because_of_starttls)
{
	static const enum probe_step rest[] = {PROBE_STEP_TLS, PROBE_STEP_CHAIN, PROBE_STEP_NAME,
		PROBE_STEP_EXPIRY, PROBE_STEP_PURPOSE, PROBE_STEP_EXTERNAL};

	for (size_t i = 0; i < ARRAY_LEN(rest); i++)
		if (because_of_starttls)
			probe_block(t->probe, rest[i], PROBE_STEP_STARTTLS);
		else
			probe_say(t->probe, rest[i], PC_NOT_IN_SETTINGS, "%s", "");
}

/* What the features in clear mean for TLS. */
static void judge_starttls(struct probe_talk *t)
{
	const struct xstream_features *f = xstream_offer(t->x);
	struct probe *p = t->probe;
	bool floor = t->policy.floor && t->policy.tls != XTLS_REQUIRED;
	bool clear = t->policy.dialback_clear && t->policy.tls != XTLS_REQUIRED && !floor;

	if (t->policy.tls == XTLS_OFF && f->starttls_required) {
		probe_say(p, PROBE_STEP_STARTTLS, PC_STARTTLS_WANTED, "TLS is required there");
	} else if (t->policy.tls == XTLS_OFF) {
		probe_say(p, PROBE_STEP_STARTTLS, PC_NOT_IN_SETTINGS, "TLS NotSupported");
		skip_tls(t, false);
	} else if (!f->starttls) {
		probe_say(p, PROBE_STEP_STARTTLS,
			clear ? PC_STARTTLS_NOT_OFFERED : PC_STARTTLS_MISSING,
			floor ? "not offered, and TLS has failed there: nothing is sent in clear "
				"before it works again"
			      : "not offered");
		if (clear)
			skip_tls(t, true);
	}
}

static void note_clear(struct probe_talk *t)
{
	if (t->stage == AT_HEADER && beyond_header(t)) {
		say_header(t);
		enter(t, AT_FEATURES);
	}
	if (t->stage == AT_FEATURES && beyond_features(t)) {
		say_features(t);
		judge_starttls(t);
		enter(t, AT_STARTTLS);
	}
}

static void note_secure(struct probe_talk *t)
{
	if (t->stage == AT_TLS_HEADER && beyond_header(t))
		enter(t, AT_TLS_FEATURES);
	if (t->stage == AT_TLS_FEATURES && beyond_features(t)) {
		say_features(t);
		enter(t, AT_EXTERNAL);
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
	enter(t, AT_TLS);
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
		stage_took(t));
	probe_say_cert(p, &cert, now);
	judge_cert(t, i, now);
	enter(t, AT_TLS_HEADER);
	xstream_tls_done(t->x, t->cert);
	pump(t);
}

/* ---- the stream's end ---- */

/* The peer's word when it ended the stream, before it knew us. */
static enum probe_code error_code(enum stream_cond cond)
{
	switch (cond) {
	case STREAM_HOST_UNKNOWN:
	case STREAM_HOST_GONE:
		return PC_HOST_UNKNOWN;
	case STREAM_POLICY_VIOLATION:
	case STREAM_NOT_AUTHORIZED:
		return PC_NOT_LISTED_THERE;
	default:
		return PC_STREAM_ERROR;
	}
}

/* A stream error as a reason why a key was not accepted. */
static enum stanza_cond dialback_cond(enum stream_cond cond)
{
	return cond == STREAM_REMOTE_CONNECTION_FAILED || cond == STREAM_CONNECTION_TIMEOUT
		       ? STANZA_REMOTE_SERVER_TIMEOUT
		       : STANZA_POLICY_VIOLATION;
}

static void on_peer_error(struct probe_talk *t, const struct xstream_event *ev)
{
	struct probe *p = t->probe;
	enum probe_step step = stages[t->stage].step;
	enum probe_code code = error_code(ev->cond);

	switch (t->stage) {
	case AT_HEADER:
	case AT_FEATURES:
		step = PROBE_STEP_HEADER;
		break;
	case AT_TLS_HEADER:
	case AT_TLS_FEATURES:
		/* In place of features: it does not want our certificate. */
		if (sasl_allowed(t) && code == PC_NOT_LISTED_THERE) {
			step = PROBE_STEP_EXTERNAL;
			code = PC_EXTERNAL_REFUSED;
		}
		break;
	case AT_EXTERNAL:
		code = PC_EXTERNAL_REFUSED;
		break;
	case AT_DIALBACK:
		code = probe_judge_no_result(&t->dialback, dialback_cond(ev->cond));
		break;
	case AT_PING:
		code = PC_PING_CUT;
		break;
	default:
		break;
	}
	probe_say(p, step, code, "stream error %s%s%.*s", stream_cond_name(ev->cond),
		ev->text.n ? ": " : "", SLARG(ev->text));
}

/* We ended it: what came was no XMPP, or bad. */
static void on_our_error(struct probe_talk *t, const struct xstream_event *ev)
{
	struct slice raw = slice_make(t->raw, t->n_raw);

	if (t->stage == AT_HEADER)
		probe_say(t->probe, PROBE_STEP_HEADER, probe_judge_bytes(raw),
			"%.*s; it begins: %.*s",
			SLARG(ev->text.n ? ev->text : slice_of(stream_cond_name(ev->cond))),
			SLARG(slice_cut(raw, 100)));
	else
		probe_say(t->probe, stages[t->stage].step, PC_HEADER_BAD, "we said: %s%s%.*s",
			stream_cond_name(ev->cond), ev->text.n ? ": " : "", SLARG(ev->text));
}

static void on_silent_end(struct probe_talk *t)
{
	enum probe_code code = PC_CLOSED;

	if (t->stage == AT_DIALBACK)
		code = probe_judge_no_result(&t->dialback, STANZA_OK);
	else if (t->stage == AT_PING)
		code = PC_PING_CUT;
	else if (t->stage == AT_EXTERNAL)
		code = PC_EXTERNAL_REFUSED;
	/* Not XMPP and ended at once: what it said tells more. */
	if (t->stage == AT_HEADER && t->n_raw)
		probe_say(t->probe, PROBE_STEP_HEADER,
			probe_judge_bytes(slice_make(t->raw, t->n_raw)), "it said: %.*s",
			SLARG(slice_make(t->raw, t->n_raw < 100 ? t->n_raw : 100)));
	else
		probe_say(t->probe, stages[t->stage].step, code, "closed after %llu ms",
			stage_took(t));
}

/* It ended with what the features say: they have not been noted yet. */
static void note_last_features(struct probe_talk *t, enum xstream_reason reason)
{
	if (t->stage == AT_HEADER)
		say_header(t);
	if (t->stage <= AT_FEATURES) {
		say_features(t);
		judge_starttls(t);
	} else if (reason == XSTREAM_R_NO_METHOD) {
		say_features(t);
	}
}

static void on_closing(struct probe_talk *t, const struct xstream_event *ev)
{
	if (t->stage == AT_END)
		return;
	switch (ev->reason) {
	case XSTREAM_R_PEER_ERROR:
		on_peer_error(t, ev);
		break;
	case XSTREAM_R_LOCAL_ERROR:
		on_our_error(t, ev);
		break;
	case XSTREAM_R_TLS_REFUSED:
		note_last_features(t, ev->reason);
		if (probe_last_fault(t->probe) != PROBE_STEP_STARTTLS) /* it was offered */
			probe_say(t->probe, PROBE_STEP_STARTTLS, PC_STARTTLS_REFUSED, "<failure/>");
		break;
	case XSTREAM_R_PEER:
	case XSTREAM_R_LOST:
		on_silent_end(t);
		break;
	case XSTREAM_R_NO_METHOD:
	case XSTREAM_R_BAD_CERT:
		note_last_features(t, ev->reason);
		say_no_external(t);
		break;
	default:
		break;
	}
	say_no_dialback(t);
	say_method(t);
	enter(t, AT_END);
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
		send_key(t);
		break;
	case XSTREAM_AUTHENTICATED:
		on_authenticated(t, ev);
		break;
	case XSTREAM_AUTH_FAILED:
		on_auth_failed(t, ev);
		break;
	case XSTREAM_DB_RESULT:
		on_result(t, &ev->db);
		break;
	case XSTREAM_CLOSING:
		on_closing(t, ev);
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

static void pump(struct probe_talk *t)
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
		conn_close(t->conn, 0, END_MS);
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
		.close_ms = END_MS,
	};

	rand_bytes(cfg.seed, sizeof cfg.seed);
	t->x = xstream_new(&cfg, probe_now(p));
	enter(t, AT_HEADER);
	pump(t);
}

static void on_data(void *arg, struct slice bytes)
{
	struct probe_talk *t = arg;
	size_t n = bytes.n < RAW_MAX - t->n_raw ? bytes.n : RAW_MAX - t->n_raw;

	if (t->conn_closing)
		return;
	if (t->stage <= AT_HEADER && n) {
		memcpy(t->raw + t->n_raw, bytes.p, n);
		t->n_raw += n;
	}
	xstream_feed(t->x, bytes, probe_now(t->probe));
	pump(t);
}

static void on_eof(void *arg, bool clean)
{
	struct probe_talk *t = arg;

	if (t->conn_closing)
		return;
	xstream_eof(t->x, probe_now(t->probe));
	pump(t);
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
		say_no_dialback(t);
		say_method(t);
		enter(t, AT_END);
	} else if (!t->conn_closing) {
		xstream_eof(t->x, probe_now(t->probe));
		pump(t);
	}
	t->conn = NULL;
	conn_free(c);
	if (t->stage != AT_END)
		end(t);
	over(t);
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
	enum probe_code code = stages[t->stage].silence;

	if (t->stage == AT_END) {
		over(t);
		return;
	}
	if (t->stage == AT_DIALBACK)
		code = probe_judge_no_result(&t->dialback, STANZA_OK);
	if (t->stage == AT_HEADER && t->n_raw)
		code = PC_HEADER_BAD;
	probe_say(t->probe, stages[t->stage].step, code, "%s%s%s within %llu ms",
		t->stage == AT_DIALBACK ? asked_text(t) : "", t->stage == AT_DIALBACK ? ", " : "",
		t->n_raw && t->stage == AT_HEADER ? "no whole header" : stages[t->stage].text,
		stage_took(t));
	end(t);
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
	enter(t, AT_CONNECT);
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
