#include "edge/authority.h"

#include "edge/edge_priv.h"
#include "edge/probe_hooks.h"
#include "xmpp/jid.h"

/* Questions on one stream: of so many pairs at once nobody becomes a partner. */
enum { PER_SECOND = 20, BURST = 100 };

static enum edge_db judge(struct stream *s, struct rate *rate, const struct xstream_db *db)
{
	struct edge *e = s->edge;
	struct arena a = {0};
	enum edge_db r;

	if (!rate_take(rate, PER_SECOND, BURST, loop_now(e->loop)))
		return EDGE_DB_TOO_FAST;
	r = edge_judge_question(e->snapshot, jid_only_domain(&a, db->from),
		jid_only_domain(&a, db->to), db->id.n && db->key.n, xstream_encrypted(s->x));
	arena_done(&a);
	return r;
}

/* However the addresses are written here, keys are made from canonical ones. */
static bool is_ours(struct stream *s, const struct xstream_db *db)
{
	struct edge *e = s->edge;
	struct arena a = {0};
	struct slice receiving = jid_only_domain(&a, db->from);
	struct slice originating = jid_only_domain(&a, db->to);
	bool is = dialback_secrets_verify(
		&e->secrets, receiving, originating, db->id, db->key, loop_now(e->loop));

	probe_verified(e, receiving, originating, db->id, db->key, is);
	arena_done(&a);
	return is;
}

bool authority_asked(struct stream *s, struct rate *rate, const struct xstream_db *db)
{
	struct xstream_db answer = {.from = db->to, .to = db->from, .id = db->id};
	enum edge_db r;
	bool ours = false;

	if (db->type.p)
		return false;
	r = judge(s, rate, db);
	answer.type = SL("error");
	answer.cond = edge_db_cond(r);
	if (r == EDGE_DB_OK) {
		ours = is_ours(s, db);
		answer.type = ours ? SL("valid") : SL("invalid");
	}
	xstream_db_send(s->x, XSTREAM_DB_VERIFY, &answer);
	attempt_note(s->attempt, ATTEMPT_VERIFY, r == EDGE_DB_OK ? ATTEMPT_OK : ATTEMPT_WARN,
		loop_now(s->edge->loop), "asked about a key of %.*s: %.*s%s%s", SLARG(db->to),
		SLARG(answer.type), r == EDGE_DB_OK ? "" : ", ",
		r == EDGE_DB_OK ? "" : edge_db_name(r));
	/* One line for each that anybody asks, or too many ask, is too much. */
	if ((!s->authenticated || r == EDGE_DB_TOO_FAST) && !edge_may_log(s->edge))
		return ours;
	log_info(&s->log, "dialback-question", LF_S("from", db->from), LF_S("to", db->to),
		LF_S("answer", answer.type),
		LF_Z("reason", r == EDGE_DB_OK ? NULL : edge_db_name(r)));
	return ours;
}
