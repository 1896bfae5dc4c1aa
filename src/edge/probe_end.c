#include "edge/probe_talk.h"

/* How a test's stream ends, and what that means. */

void talk_over(struct probe_talk *t)
{
	if (t->told)
		return;
	t->told = true;
	loop_timer_stop(&t->timer);
	probe_next(t->probe);
}

/* What was not reached has its own step that failed, mostly. */
void talk_say_method(struct probe_talk *t)
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
void talk_say_no_dialback(struct probe_talk *t)
{
	struct probe *p = t->probe;

	if (probe_was_said(p, PROBE_STEP_DIALBACK) || !probe_went_well(p, PROBE_STEP_FEATURES))
		return;
	if (!p->negotiation.dialback)
		probe_say(p, PROBE_STEP_DIALBACK, PC_NOT_IN_SETTINGS, "%s", "");
	else
		probe_block(p, PROBE_STEP_DIALBACK, probe_last_fault(p));
}

void talk_end(struct probe_talk *t)
{
	if (t->stage == AT_END)
		return;
	talk_say_no_dialback(t);
	talk_say_method(t);
	talk_enter(t, AT_END);
	if (t->x && t->conn && !t->conn_closing) {
		xstream_close(t->x, STREAM_OK, SL_NONE);
		talk_pump(t);
	} else if (!t->conn) {
		talk_over(t);
	}
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
	enum probe_step step = talk_stages[t->stage].step;
	enum probe_code code = error_code(ev->cond);

	switch (t->stage) {
	case AT_HEADER:
	case AT_FEATURES:
		step = PROBE_STEP_HEADER;
		break;
	case AT_TLS_HEADER:
	case AT_TLS_FEATURES:
		/* In place of features: it does not want our certificate. */
		if (talk_sasl_allowed(t) && code == PC_NOT_LISTED_THERE) {
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
		probe_say(t->probe, talk_stages[t->stage].step, PC_HEADER_BAD, "we said: %s%s%.*s",
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
		probe_say(t->probe, talk_stages[t->stage].step, code, "closed after %llu ms",
			talk_took(t));
}

/* It ended with what the features say: they have not been noted yet. */
static void note_last_features(struct probe_talk *t, enum xstream_reason reason)
{
	if (t->stage == AT_HEADER)
		talk_say_header(t);
	if (t->stage <= AT_FEATURES) {
		talk_say_features(t);
		talk_judge_starttls(t);
	} else if (reason == XSTREAM_R_NO_METHOD) {
		talk_say_features(t);
	}
}

void talk_closing(struct probe_talk *t, const struct xstream_event *ev)
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
		talk_say_no_external(t);
		break;
	default:
		break;
	}
	talk_say_no_dialback(t);
	talk_say_method(t);
	talk_enter(t, AT_END);
}
