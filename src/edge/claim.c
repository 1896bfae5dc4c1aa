#include <string.h>

#include "base/mem.h"
#include "edge/outbound.h"
#include "xmpp/jid.h"

/*
 * A pair claims the use of a stream by server dialback, as the initiating server (XEP-0220 2.1.1):
 * the stream's own pair when nothing better is left, and further pairs that join it (2.6).
 */

/* After a false key the peer must close (2.2.1): what would be written now would be in doubt. */
enum { QUIET_MS = 1000 };

static void note(const struct pair *p, enum attempt_result result, const char *what)
{
	attempt_note(p->out->s.attempt, ATTEMPT_DIALBACK, result, loop_now(p->edge->loop),
		"%s to %s: %s", p->local, p->remote, what);
}

static void refused(struct pair *p, enum link_reason reason)
{
	struct outbound *o = p->out;
	struct pair_end end = {.reason = reason, .failed = true, .hopeless = true};

	p->alone = p->alone || o->own != p;
	outbound_leave(p, &end);
	if (list_empty(&o->pairs))
		stream_close(&o->s, STREAM_OK, NULL, link_reason_name(reason));
	else if (reason == LINK_R_DIALBACK_INVALID)
		o->quiet_until_ms = loop_now(o->s.edge->loop) + QUIET_MS;
}

/* It is the request's own time that is over, not the stream's: others may be using that. */
static void on_answer_timer(void *arg)
{
	struct pair *p = arg;

	note(p, ATTEMPT_FAIL, "not answered in time");
	log_warn(&p->out->s.log, "dialback-refused", LF_Z("from", p->local), LF_Z("to", p->remote),
		LF_Z("reason", "no-answer"));
	refused(p, LINK_R_DIALBACK_FAILED);
}

static void send_key(const struct pair *p)
{
	struct stream *s = &p->out->s;
	char key[DIALBACK_KEY_SIZE];
	struct xstream_db db = {.from = slice_of(p->local), .to = slice_of(p->remote)};

	dialback_key(&p->edge->secrets.now, db.to, db.from, xstream_id(s->x), key);
	db.key = slice_of(key);
	xstream_db_send(s->x, XSTREAM_DB_RESULT, &db);
	mem_wipe(key, sizeof key);
}

void claim_begin(struct pair *p)
{
	struct stream *s = &p->out->s;
	const struct gateway_settings *g = snapshot_gateway(p->edge->snapshot);

	/* A stream without an id cannot be named in a verification. */
	if (!p->edge->secrets.has || !xstream_id(s->x).n) {
		note(p, ATTEMPT_FAIL,
			p->edge->secrets.has ? "the peer's stream has no id"
					     : "there is no DialbackPassphrase");
		refused(p, LINK_R_DIALBACK_FAILED);
		return;
	}
	p->state = PAIR_ASKED;
	p->method = xstream_encrypted(s->x) ? METHOD_TLS_DIALBACK : METHOD_TCP_DIALBACK;
	loop_timer_init(&p->answer_timer, p->edge->loop, on_answer_timer, p);
	loop_timer_in(&p->answer_timer, g->stream_establishment_timeout * UINT64_C(1000));
	send_key(p);
	note(p, ATTEMPT_OK, "key sent");
	log_info(&s->log, "dialback-asked", LF_Z("from", p->local), LF_Z("to", p->remote));
	stream_pump(s);
}

/* ---- answers ---- */

/* As the peer wrote it: perhaps not in canonical form. */
static bool names(struct slice said, const char *domain)
{
	struct arena a = {0};
	struct jid j;
	bool same;

	if (slice_eqz(said, domain))
		return true;
	same = said.n && jid_parse(&j, &a, said, NULL) >= 0 && !j.local.p && !j.resource.p &&
	       slice_eqz(j.domain, domain);
	arena_done(&a);
	return same;
}

static struct pair *who_asked(const struct outbound *o, const struct xstream_db *db)
{
	list_each(&o->pairs, it) {
		struct pair *p = container_of(it, struct pair, on_stream);

		if (p->state == PAIR_ASKED && names(db->from, p->remote) && names(db->to, p->local))
			return p;
	}
	return NULL;
}

static void accepted(struct pair *p)
{
	struct outbound *o = p->out;
	bool first = !o->s.authenticated;

	loop_timer_stop(&p->answer_timer);
	note(p, ATTEMPT_OK, "valid");
	if (!xstream_db_valid(o->s.x, slice_of(p->remote), slice_of(p->local)))
		return; /* it closes, which p will be told */
	if (first)
		return; /* XSTREAM_AUTHENTICATED follows */
	p->state = PAIR_VALID;
	sight_paired(&o->s, slice_of(p->local), slice_of(p->remote), p->method);
	log_info(&o->s.log, "pair-joined", LF_Z("from", p->local), LF_Z("to", p->remote),
		LF_Z("method", negotiation_method_name(p->method)));
	outbound_fill(o);
}

void claim_answered(struct outbound *o, const struct xstream_db *db)
{
	struct pair *p = db->type.p ? who_asked(o, db) : NULL;

	if (!p) {
		log_debug(
			&o->s.log, "dialback-unasked", LF_S("from", db->from), LF_S("to", db->to));
		return;
	}
	if (slice_eq(db->type, SL("valid"))) {
		accepted(p);
		return;
	}
	note(p, ATTEMPT_FAIL, db->cond ? stanza_cond_name(db->cond) : "invalid");
	log_warn(&o->s.log, "dialback-refused", LF_Z("from", p->local), LF_Z("to", p->remote),
		LF_S("reason", db->type),
		LF_Z("condition", db->cond ? stanza_cond_name(db->cond) : NULL));
	refused(p, slice_eq(db->type, SL("invalid")) ? LINK_R_DIALBACK_INVALID
						     : LINK_R_DIALBACK_FAILED);
}

/* ---- joining ---- */

/* Does the partner's negotiation leave dialback in this stream's channel, and may it be tried? */
static bool channel_allowed(const struct outbound *o, const struct pair *p)
{
	struct edge_verdict v =
		edge_judge_pair(p->edge->snapshot, slice_of(p->local), slice_of(p->remote));
	struct xneg_view view = {
		.policy = &v.policy,
		.initiator = true,
		.phase = xstream_encrypted(o->s.x) ? XPHASE_DONE : XPHASE_CLEAR,
	};

	v.policy.floor = pair_floor(p);
	return v.refusal == EDGE_OK && xneg_judge(&view).dialback;
}

/* Has the peer said, or shown, that it knows dialback? */
static bool knows_dialback(const struct outbound *o)
{
	return xstream_offer(o->s.x)->dialback || o->method != METHOD_SASL_OVER_TLS;
}

bool claim_may_join_if_found(const struct outbound *o, const struct pair *p)
{
	if (!outbound_up(o) || o->s.partner != p->partner || p->alone || !channel_allowed(o, p) ||
		!knows_dialback(o))
		return false;
	/* Another of our domains may always join; another of theirs where errors are understood. */
	return strcmp(o->s.remote, p->remote) == 0 || xstream_offer(o->s.x)->dialback_errors;
}

static bool found_there(const struct outbound *o, const struct pair *p)
{
	for (size_t i = 0; i < p->n_addrs; i++)
		if (netaddr_eq(&p->addrs[i], conn_peer(o->s.conn)))
			return true;
	return false;
}

bool claim_may_join(const struct outbound *o, const struct pair *p)
{
	return claim_may_join_if_found(o, p) &&
	       (strcmp(o->s.remote, p->remote) == 0 || found_there(o, p));
}

void claim_join(struct outbound *o, struct pair *p)
{
	p->out = o;
	list_append(&o->pairs, &p->on_stream);
	claim_begin(p);
}
