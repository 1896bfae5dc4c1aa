#include "edge/proof.h"

#include <stdlib.h>

#include "base/mem.h"
#include "edge/edge_priv.h"
#include "edge/verify.h"
#include "view/metrics.h"
#include "xmpp/jid.h"

/* Requests on one stream; and how many may be refused before we have enough of it. */
enum {
	PER_SECOND = 10,
	BURST = 300,
	STRANGER_BURST = 32, /* each may cost us a connection, and nothing has been proved yet */
	REFUSED_MAX = 1000,
};

struct proved {
	struct list node;
	enum negotiation_method method;
	char *local, *remote; /* canonical */
};

/* A key that is being verified. */
struct pending {
	struct list node;
	struct proofs *proofs;
	struct verify *verify;
	char *from, *to;      /* as they were asked, for the answer */
	char *local, *remote; /* canonical */
};

/* ---- the pairs ---- */

void proofs_init(struct proofs *p, struct stream *s)
{
	p->s = s;
	list_init(&p->proved);
	list_init(&p->pending);
}

static struct proved *find(const struct proofs *p, struct slice local, struct slice remote)
{
	list_each(&p->proved, it) {
		struct proved *pair = container_of(it, struct proved, node);

		if (slice_eqz(local, pair->local) && slice_eqz(remote, pair->remote))
			return pair;
	}
	return NULL;
}

void proofs_add(
	struct proofs *p, struct slice local, struct slice remote, enum negotiation_method method)
{
	struct proved *pair = find(p, local, remote);

	if (pair)
		return;
	pair = xzalloc(sizeof *pair);
	pair->method = method;
	pair->local = slice_dup(local);
	pair->remote = slice_dup(remote);
	list_append(&p->proved, &pair->node);
	p->n_proved++;
}

static void forget(struct proofs *p, struct proved *pair)
{
	list_remove(&pair->node);
	p->n_proved--;
	free(pair->local);
	free(pair->remote);
	free(pair);
}

/* ---- the keys ---- */

static void leave(struct pending *k)
{
	list_remove(&k->node);
	k->proofs->n_pending--;
}

static void pending_free(struct pending *k)
{
	verify_cancel(k->verify);
	free(k->from);
	free(k->to);
	free(k->local);
	free(k->remote);
	free(k);
}

void proofs_restarted(struct proofs *p)
{
	list_each_safe(&p->pending, it) {
		struct pending *k = container_of(it, struct pending, node);

		leave(k);
		pending_free(k);
	}
}

void proofs_done(struct proofs *p)
{
	proofs_restarted(p);
	list_each_safe(&p->proved, it)
		forget(p, container_of(it, struct proved, node));
}

static struct pending *find_pending(const struct proofs *p, struct slice local, struct slice remote)
{
	list_each(&p->pending, it) {
		struct pending *k = container_of(it, struct pending, node);

		if (slice_eqz(local, k->local) && slice_eqz(remote, k->remote))
			return k;
	}
	return NULL;
}

/* ---- answers: from and to as they were asked ---- */

static void answer(struct stream *s, struct slice from, struct slice to, const char *type,
	enum stanza_cond cond)
{
	struct xstream_db db = {.from = to, .to = from, .type = slice_of(type), .cond = cond};

	xstream_db_send(s->x, XSTREAM_DB_RESULT, &db);
}

static void note(struct proofs *p, struct slice from, struct slice to, enum attempt_result result,
	const char *what, const char *why)
{
	struct stream *s = p->s;

	attempt_note(s->attempt, ATTEMPT_DIALBACK, result, loop_now(s->edge->loop),
		"%.*s to %.*s: %s%s%s", SLARG(from), SLARG(to), what, why ? ", " : "",
		why ? why : "");
	if (!s->authenticated && !edge_may_log(s->edge))
		return; /* anybody may say so much */
	if (result == ATTEMPT_OK)
		log_info(&s->log, what, LF_S("from", from), LF_S("to", to), LF_Z("how", why));
	else
		log_warn(&s->log, what, LF_S("from", from), LF_S("to", to), LF_Z("reason", why));
}

/* Nobody waits for a time-out when there is nothing left to try. */
static bool nothing_left(const struct stream *s, enum edge_db r)
{
	const struct xstream_features *f = xstream_offer(s->x);

	if (s->authenticated || f->starttls || f->external)
		return false;
	/* A stranger's name on a partner's stream: the partner may still prove its own. */
	return r == EDGE_DB_NOT_ALLOWED || (r == EDGE_DB_NOT_PARTNER && !s->partner) ||
	       (r == EDGE_DB_PARTNER_DISABLED && !s->partner);
}

static void refuse(struct proofs *p, const struct xstream_db *db, enum edge_db r)
{
	struct stream *s = p->s;

	p->refused++;
	metric_add(M_DIALBACK_REFUSED, 1);
	note(p, db->from, db->to, ATTEMPT_WARN, "dialback-refused", edge_db_name(r));
	answer(s, db->from, db->to, "error", edge_db_cond(r));
	if (p->refused > REFUSED_MAX || nothing_left(s, r))
		stream_close(s, STREAM_POLICY_VIOLATION, "dialback is not accepted here",
			edge_db_name(r));
}

/* ---- judging ---- */

static bool certificate_is_for(const struct stream *s, struct slice remote)
{
	struct arena a = {0};
	const struct conn_tls_info *tls = s->secured ? conn_tls_info(s->conn) : NULL;
	const char *ascii = edge_ascii(&a, remote);
	bool is =
		tls && ascii && tls->chain == CERT_GOOD && cert_is_for(tls->peer, slice_of(ascii));

	arena_done(&a);
	return is;
}

static struct edge_claim_verdict judge(
	struct proofs *p, struct slice from, struct slice to, bool has_key)
{
	struct stream *s = p->s;
	struct edge *e = s->edge;
	const struct partner *partner = from.p ? snapshot_partner(e->snapshot, from) : NULL;
	struct edge_claim c = {
		.from = from,
		.to = to,
		.has_key = has_key,
		.partner = s->partner ? slice_of(s->partner->name) : SL_NONE,
		.encrypted = xstream_encrypted(s->x),
		.external = s->authenticated && !list_empty(&p->proved) &&
			    container_of(list_first(&p->proved), struct proved, node)->method ==
				    METHOD_SASL_OVER_TLS,
		.cert_good = from.p && certificate_is_for(s, from),
		.room = s->counted || !s->partner ||
			edge_may_connect(e, s->partner, partner) == EDGE_OK,
		.pairs = p->n_proved,
		.pending = p->n_pending,
	};

	return edge_judge_claim(e->snapshot, &c);
}

/* ---- a pair is proved ---- */

static enum negotiation_method method_here(const struct stream *s)
{
	return xstream_encrypted(s->x) ? METHOD_TLS_DIALBACK : METHOD_TCP_DIALBACK;
}

/* The peer may send stanzas as soon as it has read this: the pair is there before. */
static void believe(struct proofs *p, struct slice from, struct slice to, struct slice local,
	struct slice remote, enum negotiation_method method)
{
	struct stream *s = p->s;
	bool first = !s->authenticated;

	note(p, from, to, ATTEMPT_OK, "dialback-valid",
		method == METHOD_SASL_OVER_TLS ? "by the certificate" : "the key is right");
	answer(s, from, to, "valid", STANZA_OK);
	if (!xstream_db_valid(s->x, remote, local))
		return;
	proofs_add(p, local, remote, method);
	metric_add(M_DIALBACK_VALID, 1);
	if (first)
		return; /* XSTREAM_AUTHENTICATED follows */
	sight_paired(s, local, remote, method);
	if (method == METHOD_SASL_OVER_TLS)
		expiry_watch(s);
}

/* ---- requests and what the authority says ---- */

static void on_invalid(struct proofs *p, const struct pending *k)
{
	struct stream *s = p->s;

	metric_add(M_DIALBACK_INVALID, 1);
	note(p, slice_of(k->from), slice_of(k->to), ATTEMPT_FAIL, "dialback-invalid", NULL);
	answer(s, slice_of(k->from), slice_of(k->to), "invalid", STANZA_OK);
	/* XEP-0220 2.2.1; but not for the sake of one pair where others are in use (2.1.2). */
	if (list_empty(&p->proved))
		stream_close(s, STREAM_OK, NULL, "dialback-invalid");
}

static void on_valid(struct proofs *p, const struct pending *k)
{
	struct slice local = slice_of(k->local), remote = slice_of(k->remote);
	struct edge_claim_verdict v;

	/* The settings, and the room, may be others than when it was asked. */
	v = judge(p, remote, local, true);
	if (v.refusal == EDGE_DB_OK)
		believe(p, slice_of(k->from), slice_of(k->to), local, remote, method_here(p->s));
	else
		refuse(p, &(struct xstream_db){.from = slice_of(k->from), .to = slice_of(k->to)},
			v.refusal);
}

static void on_verified(
	void *arg, enum verify_result result, enum stanza_cond cond, const char *why)
{
	struct pending *k = arg;
	struct proofs *p = k->proofs;
	struct stream *s = p->s;

	k->verify = NULL;
	leave(k);
	if (result == VERIFY_VALID) {
		on_valid(p, k);
	} else if (result == VERIFY_INVALID) {
		on_invalid(p, k);
	} else {
		note(p, slice_of(k->from), slice_of(k->to), ATTEMPT_FAIL, "dialback-unverified",
			why);
		metric_add(M_DIALBACK_FAILED, 1);
		answer(s, slice_of(k->from), slice_of(k->to), "error", cond);
	}
	pending_free(k);
	stream_pump(s);
}

/* A stream whose header named nobody is of the first who asks to be believed. */
static void adopt(
	struct stream *s, const struct partner *partner, struct slice local, struct slice remote)
{
	if (s->partner)
		return;
	stream_set_pair(s, local, remote);
	stream_set_partner(s, partner_state_get(s->edge, partner));
}

static void begin(struct proofs *p, const struct xstream_db *db, const struct partner *partner,
	struct slice local, struct slice remote)
{
	struct pending *k = xzalloc(sizeof *k);
	struct stream *s = p->s;

	k->proofs = p;
	k->from = slice_dup(db->from);
	k->to = slice_dup(db->to);
	k->local = slice_dup(local);
	k->remote = slice_dup(remote);
	list_append(&p->pending, &k->node);
	p->n_pending++;
	if (s->authenticated || edge_may_log(s->edge))
		log_info(&s->log, "dialback-request", LF_S("from", remote), LF_S("to", local));
	k->verify = verify_new(s->edge, partner,
		&(struct verify_question){.local = local,
			.remote = remote,
			.id = xstream_id(s->x),
			.key = db->key,
			.source = conn_peer(s->conn)},
		on_verified, k);
}

static void decide(
	struct proofs *p, const struct xstream_db *db, struct slice local, struct slice remote)
{
	struct edge_claim_verdict v = judge(p, remote, local, db->key.n > 0);
	unsigned burst = p->s->authenticated ? BURST : STRANGER_BURST;

	if (!rate_take(&p->rate, PER_SECOND, burst, loop_now(p->s->edge->loop)))
		v.refusal = EDGE_DB_TOO_FAST;
	if (v.refusal != EDGE_DB_OK) {
		refuse(p, db, v.refusal);
		return;
	}
	adopt(p->s, v.partner, local, remote);
	if (v.proved)
		believe(p, db->from, db->to, local, remote, METHOD_SASL_OVER_TLS);
	else if (!find_pending(p, local, remote)) /* the same once more: one answer is enough */
		begin(p, db, v.partner, local, remote);
}

void proofs_asked(struct proofs *p, const struct xstream_db *db)
{
	struct arena a = {0};

	if (!db->type.p)
		decide(p, db, jid_only_domain(&a, db->to), jid_only_domain(&a, db->from));
	arena_done(&a);
}

/* ---- settings ---- */

static enum edge_refusal kept(
	const struct proofs *p, const struct proved *pair, const struct snapshot *snapshot)
{
	return edge_judge_kept(snapshot, slice_of(pair->local), slice_of(pair->remote),
		slice_of(p->s->partner->name), pair->method);
}

enum edge_refusal proofs_kept(const struct proofs *p, const struct snapshot *snapshot)
{
	enum edge_refusal why = EDGE_OK;

	list_each(&p->proved, it) {
		why = kept(p, container_of(it, struct proved, node), snapshot);
		if (why == EDGE_OK)
			break;
	}
	return why;
}

enum edge_refusal proofs_judge_again(struct proofs *p)
{
	struct stream *s = p->s;
	enum edge_refusal why = EDGE_OK;

	list_each_safe(&p->proved, it) {
		struct proved *pair = container_of(it, struct proved, node);
		enum edge_refusal r = kept(p, pair, s->edge->snapshot);

		if (r == EDGE_OK)
			continue;
		why = r;
		log_info(&s->log, "pair-dropped", LF_Z("from", pair->remote),
			LF_Z("to", pair->local), LF_Z("reason", edge_refusal_name(r)));
		xstream_pair_remove(s->x, slice_of(pair->remote), slice_of(pair->local));
		forget(p, pair);
	}
	return list_empty(&p->proved) ? why : EDGE_OK;
}
