#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "edge/probe_talk.h"

/* How a test's stream is authenticated, and the ping after that. */

bool talk_sasl_allowed(const struct probe_talk *t)
{
	return negotiation_allows(t->probe->negotiation, METHOD_SASL_OVER_TLS);
}

/* EXTERNAL was not even tried. */
void talk_say_no_external(struct probe_talk *t)
{
	struct probe *p = t->probe;

	if (probe_was_said(p, PROBE_STEP_EXTERNAL) || !xstream_encrypted(t->x))
		return;
	if (!talk_sasl_allowed(t)) {
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

void talk_auth_failed(struct probe_talk *t, const struct xstream_event *ev)
{
	probe_say_mild(t->probe, t->policy.dialback_tls, PROBE_STEP_EXTERNAL, PC_EXTERNAL_REFUSED,
		"%s%s%.*s", sasl_cond_name(ev->sasl_cond), ev->text.n ? ": " : "", SLARG(ev->text));
}

void talk_send_key(struct probe_talk *t)
{
	struct probe *p = t->probe;
	struct edge *e = p->edge;
	struct xstream_db db = {.from = p->local, .to = p->domain};

	talk_say_no_external(t);
	if (!e->secrets.has) {
		probe_say(p, PROBE_STEP_DIALBACK, PC_NO_PASSPHRASE, "there is no key to give");
		talk_end(t);
		return;
	}
	dialback_key(&e->secrets.now, p->domain, p->local, xstream_id(t->x), t->key);
	db.key = slice_of(t->key);
	xstream_db_send(t->x, XSTREAM_DB_RESULT, &db);
	talk_enter(t, AT_DIALBACK);
}

void probe_talk_verified(struct probe_talk *t, struct slice id, struct slice key, bool valid)
{
	if (t->stage != AT_DIALBACK || !slice_eq(id, xstream_id(t->x)))
		return;
	t->dialback.asked = true;
	t->dialback.same_key = slice_eqz(slice_trim(key), t->key);
	t->dialback.valid = valid;
}

const char *talk_asked_text(const struct probe_talk *t)
{
	if (!t->dialback.asked)
		return "our listener was not asked";
	if (!t->dialback.same_key)
		return "our listener was asked about another key";
	return t->dialback.valid ? "our listener was asked and said valid"
				 : "our listener was asked and said invalid";
}

void talk_result(struct probe_talk *t, const struct xstream_db *db)
{
	struct probe *p = t->probe;

	if (t->stage != AT_DIALBACK || !db->type.p)
		return;
	if (slice_eqz(db->type, "valid") && xstream_db_valid(t->x, p->domain, p->local)) {
		probe_say(p, PROBE_STEP_DIALBACK, PC_OK, "valid after %llu ms; %s", talk_took(t),
			talk_asked_text(t));
		return;
	}
	if (slice_eqz(db->type, "error"))
		probe_say(p, PROBE_STEP_DIALBACK, probe_judge_no_result(&t->dialback, db->cond),
			"error %s; %s", stanza_cond_name(db->cond), talk_asked_text(t));
	else
		probe_say(p, PROBE_STEP_DIALBACK, probe_judge_invalid(&t->dialback), "%.*s; %s",
			SLARG(db->type), talk_asked_text(t));
	talk_end(t);
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
	talk_enter(t, AT_PING);
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
		talk_took(t));
	talk_end(t);
	return true;
}

void talk_authenticated(struct probe_talk *t, const struct xstream_event *ev)
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
	talk_say_method(t);
	send_ping(t);
}
