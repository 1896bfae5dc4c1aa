#include "edge/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "edge/edge_priv.h"
#include "edge/lookup.h"
#include "edge/outbound.h"
#include "xmpp/jid.h"

enum {
	ANSWER_MS = 30000, /* for one question, whatever it is asked on */
	LINGER_MS = 2000,  /* a connection without questions: there may be another one */
	TRIES_MAX = 2,
};

/* A connection that is made to ask one domain. */
struct verifier {
	struct stream s; /* first */
	struct lookup *lookup;
	struct negotiation negotiation;
	bool up; /* it may be asked */
	struct loop_timer linger_timer;
	/* Why it failed, when that is known before the stream's end says it. */
	enum link_reason fail;
};

/* A question. */
struct verify {
	struct list node; /* partner_state.verifies */
	struct edge *edge;
	struct partner_state *partner; /* a reference */
	char *local, *remote, *id, *key;
	uint8_t source[16]; /* netaddr_limit_key() */
	uint8_t source_n;
	struct stream *on; /* on which it is or will be asked; NULL: it has been answered */
	unsigned tries;
	bool told; /* the result is there, and the task will tell it */
	struct loop_timer timer;
	struct loop_task task; /* tells the result */
	enum verify_result result;
	enum stanza_cond cond;
	char why[200];
	verify_done *done;
	void *arg;
};

static struct verifier *of(struct stream *s)
{
	return container_of(s, struct verifier, s);
}

/* ---- the end of a question ---- */

static void verify_free(struct verify *v)
{
	list_remove(&v->node);
	loop_timer_stop(&v->timer);
	loop_task_stop(&v->task);
	partner_state_unref(v->edge, v->partner);
	if (v->key)
		mem_wipe(v->key, strlen(v->key));
	free(v->local);
	free(v->remote);
	free(v->id);
	free(v->key);
	free(v);
}

static void linger_if_idle(struct stream *s)
{
	if (!s || !s->verifies)
		return;
	list_each(&s->partner->verifies, it)
		if (container_of(it, struct verify, node)->on == s)
			return;
	loop_timer_in(&of(s)->linger_timer, LINGER_MS);
}

static void tell(void *arg)
{
	struct verify *v = arg;
	verify_done *done = v->done;
	void *done_arg = v->arg;
	enum verify_result result = v->result;
	enum stanza_cond cond = v->cond;
	char why[sizeof v->why];

	memcpy(why, v->why, sizeof why);
	verify_free(v);
	done(done_arg, result, cond, why);
}

/* It is told at the end of the turn: whoever asks may be in the middle of something. */
static void finish(
	struct verify *v, enum verify_result result, enum stanza_cond cond, const char *why)
{
	struct stream *on = v->on;

	v->on = NULL;
	v->told = true;
	v->result = result;
	v->cond = cond;
	snprintf(v->why, sizeof v->why, "%s", why);
	loop_timer_stop(&v->timer);
	loop_task_queue(v->edge->loop, &v->task);
	linger_if_idle(on);
}

void verify_cancel(struct verify *v)
{
	struct stream *on;

	if (!v)
		return;
	on = v->on;
	v->on = NULL;
	linger_if_idle(on);
	verify_free(v);
}

static void on_timer(void *arg)
{
	struct verify *v = arg;

	finish(v, VERIFY_ERROR, STANZA_REMOTE_SERVER_TIMEOUT,
		"the authoritative server did not answer in time");
}

/* ---- asking ---- */

static void send_question(struct verify *v)
{
	struct xstream_db db = {
		.from = slice_of(v->local),
		.to = slice_of(v->remote),
		.id = slice_of(v->id),
		.key = slice_of(v->key),
	};

	xstream_db_send(v->on->x, XSTREAM_DB_VERIFY, &db);
	attempt_note(v->on->attempt, ATTEMPT_VERIFY, ATTEMPT_OK, loop_now(v->edge->loop),
		"asked %s about a key", v->remote);
	stream_pump(v->on);
}

/* One that is there or being made for the same domain serves all questions. */
static struct stream *verifier_to(const struct verify *v)
{
	list_each(&v->partner->streams, it) {
		struct stream *s = container_of(it, struct stream, partner_node);

		if (s->verifies && !s->ended && !s->end.closing &&
			slice_eqz(slice_of(v->remote), s->remote))
			return s;
	}
	return NULL;
}

static struct stream *verifier_new(struct verify *v, const struct partner *partner);

static void ask(struct verify *v, const struct partner *partner)
{
	struct stream *s = v->tries ? NULL : outbound_to(v->edge, slice_of(v->remote));
	bool now;

	/* Its domain may have been another partner's, and the stream not have closed yet. */
	if (s && s->partner != v->partner)
		s = NULL;
	now = s != NULL;
	v->tries++;
	if (!s) {
		s = verifier_to(v);
		now = s && of(s)->up;
	}
	if (!s)
		s = verifier_new(v, partner);
	v->on = s;
	if (s->verifies)
		loop_timer_stop(&of(s)->linger_timer);
	if (now)
		send_question(v);
}

/* ---- room ---- */

static unsigned under_way(const struct partner_state *p)
{
	unsigned n = 0;

	list_each(&p->verifies, it)
		n += !container_of(it, struct verify, node)->told;
	return n;
}

static bool same_source(const struct verify *a, const struct verify *b)
{
	return a->source_n == b->source_n && memcmp(a->source, b->source, a->source_n) == 0;
}

/* How many of v's address, v among them, are under way. */
static unsigned of_its_source(const struct verify *v)
{
	unsigned n = 0;

	list_each(&v->partner->verifies, it) {
		const struct verify *other = container_of(it, struct verify, node);

		n += !other->told && same_source(other, v);
	}
	return n;
}

/* The oldest of the address that has most; v where its own has as many. */
static struct verify *who_makes_room(struct verify *v)
{
	struct verify *found = v;
	unsigned most = of_its_source(v);

	list_each(&v->partner->verifies, it) {
		struct verify *other = container_of(it, struct verify, node);
		unsigned n = other->told ? 0 : of_its_source(other);

		if (n > most) {
			most = n;
			found = other;
		}
	}
	return found;
}

static void make_room(struct verify *v)
{
	if (under_way(v->partner) > VERIFY_PARTNER_MAX)
		finish(who_makes_room(v), VERIFY_ERROR, STANZA_RESOURCE_CONSTRAINT,
			"too many keys of this partner are being verified");
}

static struct verify *make(
	struct edge *e, const struct partner *partner, const struct verify_question *q)
{
	struct verify *v = xzalloc(sizeof *v);
	uint8_t key[16];
	struct slice source = netaddr_limit_key(q->source, key);

	v->edge = e;
	v->partner = partner_state_get(e, partner);
	v->local = slice_dup(q->local);
	v->remote = slice_dup(q->remote);
	v->id = slice_dup(q->id);
	v->key = slice_dup(q->key);
	v->source_n = (uint8_t)source.n;
	memcpy(v->source, source.p, source.n);
	return v;
}

struct verify *verify_new(struct edge *e, const struct partner *partner,
	const struct verify_question *q, verify_done *done, void *arg)
{
	struct verify *v = make(e, partner, q);

	v->done = done;
	v->arg = arg;
	loop_timer_init(&v->timer, e->loop, on_timer, v);
	loop_task_init(&v->task, tell, v);
	list_append(&v->partner->verifies, &v->node);
	make_room(v);
	if (v->told)
		return v;
	loop_timer_in(&v->timer, ANSWER_MS);
	ask(v, partner);
	return v;
}

/* ---- answers ---- */

static bool same_domain(struct slice said, const char *domain)
{
	struct arena a = {0};
	bool same = slice_eqz(said, domain) || slice_eqz(jid_only_domain(&a, said), domain);

	arena_done(&a);
	return same;
}

static struct verify *who_asked(const struct stream *s, const struct xstream_db *db)
{
	list_each(&s->partner->verifies, it) {
		struct verify *v = container_of(it, struct verify, node);

		if (v->on == s && slice_eqz(db->id, v->id) && same_domain(db->from, v->remote) &&
			same_domain(db->to, v->local))
			return v;
	}
	return NULL;
}

void verify_answered(struct stream *s, const struct xstream_db *db)
{
	struct verify *v = db->type.p ? who_asked(s, db) : NULL;

	if (!v)
		return;
	if (slice_eq(db->type, SL("valid")))
		finish(v, VERIFY_VALID, STANZA_OK, "");
	else if (slice_eq(db->type, SL("invalid")))
		finish(v, VERIFY_INVALID, STANZA_OK, "");
	else /* XEP-0220 2.5 wants this condition, whatever the error was */
		finish(v, VERIFY_ERROR, STANZA_REMOTE_SERVER_NOT_FOUND,
			"the authoritative server answered with an error");
}

/* ---- the connection of its own ---- */

/* What the end of a stream means for the questions on it (XEP-0220 2.5). */
static enum stanza_cond cond_of(struct stream *s)
{
	const struct stream_end *e = &s->end;

	if (s->verifies && of(s)->fail == LINK_R_NO_SUCH_SERVER)
		return STANZA_REMOTE_SERVER_NOT_FOUND;
	if (e->reason == XSTREAM_R_PEER_ERROR && e->cond == STREAM_HOST_UNKNOWN)
		return STANZA_REMOTE_SERVER_NOT_FOUND;
	if (e->reason == XSTREAM_R_NO_METHOD)
		return STANZA_POLICY_VIOLATION;
	if (s->verifies && !of(s)->up)
		return STANZA_REMOTE_CONNECTION_FAILED;
	return STANZA_REMOTE_SERVER_TIMEOUT;
}

/* The questions on a stream are among those of its partner. */
static bool still_its(const struct verify *v, const struct partner *partner)
{
	return partner && slice_eqz(slice_of(partner->domain.a), v->partner->name);
}

void verify_stream_gone(struct stream *s)
{
	struct edge *e = s->edge;

	if (!s->partner)
		return;
	list_each_safe(&s->partner->verifies, it) {
		struct verify *v = container_of(it, struct verify, node);
		const struct partner *partner;

		if (v->on != s)
			continue;
		partner = snapshot_partner(e->snapshot, slice_of(v->remote));
		v->on = NULL;
		if (v->tries < TRIES_MAX && !s->verifies && still_its(v, partner))
			ask(v, partner);
		else
			finish(v, VERIFY_ERROR, cond_of(s), sight_end_word(&s->end));
	}
}

static void note(
	struct stream *s, enum attempt_step step, enum attempt_result result, const char *text)
{
	attempt_note(s->attempt, step, result, loop_now(s->edge->loop), "%s", text);
}

static void on_event(struct stream *s, struct xstream_event *ev)
{
	switch (ev->type) {
	case XSTREAM_NEED_DIALBACK:
		of(s)->up = true;
		s->partner->verify_floor = false;
		list_each(&s->partner->verifies, it) {
			struct verify *v = container_of(it, struct verify, node);

			if (v->on == s)
				send_question(v);
		}
		break;
	case XSTREAM_DB_VERIFY:
		verify_answered(s, &ev->db);
		break;
	case XSTREAM_CLOSING:
		verify_stream_gone(s);
		break;
	default:
		break;
	}
}

static bool always_ready(struct stream *s)
{
	return true;
}

static void on_flushed(struct stream *s, uint64_t offset)
{
}

/* New settings are a new chance. */
static bool has_floor(struct stream *s)
{
	const struct partner_state *p = s->partner;

	return (p->verify_floor && negotiation_eq(p->floor_under, of(s)->negotiation)) ||
	       outbound_tls_floor(s->edge, slice_of(s->remote));
}

/* As an outbound stream, but that no certificate of ours is shown to authenticate with. */
static void on_connected(struct stream *s)
{
	char peer[NETADDR_TEXT];
	struct edge_verdict v =
		edge_judge_pair(s->edge->snapshot, slice_of(s->local), slice_of(s->remote));
	struct xstream_cfg cfg = {
		.role = XSTREAM_INITIATOR,
		.local = slice_of(s->local),
		.remote = slice_of(s->remote),
		.policy = v.policy,
		.limits = {.stanza = s->edge->limits.stanza_bytes},
		.establish_ms = UINT32_MAX, /* each question has its own time */
		.close_ms = s->edge->limits.close_ms,
	};

	note(s, ATTEMPT_CONNECT, ATTEMPT_OK, netaddr_print(conn_peer(s->conn), peer));
	if (v.refusal != EDGE_OK) {
		stream_abort(s, edge_refusal_name(v.refusal));
		return;
	}
	cfg.policy.external = false;
	cfg.policy.floor = has_floor(s);
	stream_start(s, &cfg);
	stream_pump(s);
}

static void on_lookup(void *arg, enum link_reason fail, const char *why,
	const struct conn_target *targets, size_t n)
{
	struct verifier *r = arg;

	r->lookup = NULL;
	r->fail = fail;
	note(&r->s, ATTEMPT_DNS, fail == LINK_R_NONE ? ATTEMPT_OK : ATTEMPT_FAIL, why ? why : "");
	if (fail != LINK_R_NONE) {
		snprintf(r->s.end.text, sizeof r->s.end.text, "%s", why);
		stream_abort(&r->s, link_reason_name(fail));
		return;
	}
	r->s.conn = conn_connect(r->s.edge->loop, targets, n, &stream_conn_ops, &r->s);
}

static void on_ended(struct stream *s)
{
	/* No key is shown in clear the next time. */
	if (!of(s)->up && stream_failed_insecurely(s)) {
		s->partner->verify_floor = true;
		s->partner->floor_under = of(s)->negotiation;
	}
	lookup_cancel(of(s)->lookup);
	loop_timer_stop(&of(s)->linger_timer);
	verify_stream_gone(s);
}

static void destroy(struct stream *s)
{
	free(of(s));
}

static const struct stream_hooks hooks = {
	.ready = always_ready,
	.event = on_event,
	.connected = on_connected,
	.flushed = on_flushed,
	.ended = on_ended,
	.destroy = destroy,
};

static void lingered(void *arg)
{
	stream_close(arg, STREAM_OK, NULL, "verified");
}

static struct stream *verifier_new(struct verify *v, const struct partner *partner)
{
	struct edge *e = v->edge;
	struct verifier *r = xzalloc(sizeof *r);
	struct arena a = {0};

	r->s.verifies = true;
	r->negotiation = partner->negotiation;
	stream_init(&r->s, e, &hooks, false);
	stream_set_pair(&r->s, slice_of(v->local), slice_of(v->remote));
	stream_set_partner(&r->s, partner_state_get(e, partner));
	loop_timer_init(&r->linger_timer, e->loop, lingered, &r->s);
	r->lookup = lookup_new(e->loop, e->dns, edge_ascii(&a, slice_of(v->remote)),
		partner->proxy.host, partner->proxy.port, e->default_port, on_lookup, r);
	arena_done(&a);
	return &r->s;
}

/* ---- settings ---- */

bool verify_kept(struct stream *s, const struct snapshot *snapshot)
{
	const struct partner *p = snapshot_partner(snapshot, slice_of(s->remote));

	return p && p->enabled && negotiation_eq(p->negotiation, of(s)->negotiation) &&
	       snapshot_local(snapshot, slice_of(s->local));
}

void verify_judge_again(struct stream *s)
{
	if (!verify_kept(s, s->edge->snapshot))
		stream_close(s, STREAM_OK, NULL, edge_refusal_name(EDGE_SETTINGS_CHANGED));
}
