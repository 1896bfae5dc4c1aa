#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/clock.h"
#include "base/mem.h"
#include "edge/outbound.h"

/* ---- a stream ---- */

static struct slice text_of(struct view_streams *l, const char *s)
{
	return view_text(l, slice_of(s));
}

/* A time of the loop as people read it; 0 stays 0. */
static uint64_t wall(const struct edge *e, uint64_t loop_ms)
{
	return loop_ms ? clock_wall_ms() + loop_ms - loop_now(e->loop) : 0;
}

/* What a peer said. */
static struct slice clean_of(struct view_streams *l, const char *s)
{
	char text[256];

	if (!s || !*s)
		return SL_NONE;
	clean_text(text, sizeof text, slice_of(s));
	return text_of(l, text);
}

static void add_connection(struct view_streams *l, struct view_stream *v, const struct stream *s)
{
	const struct conn_tls_info *tls;
	char peer[NETADDR_TEXT];

	v->bytes_in = conn_bytes_in(s->conn);
	v->bytes_out = conn_bytes_out(s->conn);
	if (conn_peer(s->conn)->sa.sa_family)
		v->peer = text_of(l, netaddr_print(conn_peer(s->conn), peer));
	if (!s->secured)
		return;
	tls = conn_tls_info(s->conn);
	v->tls = text_of(l, tls->version);
	v->cipher = text_of(l, tls->cipher);
	v->verdict = text_of(l, s->cert == CERT_GOOD ? "valid" : cert_verdict_name(s->cert));
	v->expires = tls->expires;
}

static void add_pairs(struct view_streams *l, struct view_stream *v, const struct stream *s)
{
	struct view_pair *to = arena_alloc(&l->arena, s->sight.n_pairs * sizeof *to);

	v->pairs = to;
	for (const struct sight_pair *p = s->sight.pairs; p; p = p->next) {
		struct slice local = slice_of(p->local), remote = slice_of(p->remote);

		if (!xstream_pair_has(s->x, remote, local))
			continue; /* the settings took it away */
		to[v->n_pairs++] = (struct view_pair){text_of(l, p->local), text_of(l, p->remote),
			negotiation_method_name(p->method), p->since_ms};
	}
}

void view_stream_row(struct view_streams *l, const struct stream *s, bool whole)
{
	struct view_stream *v = view_streams_add(l);

	v->id = text_of(l, s->id);
	v->dir = s->inbound ? VIEW_IN : VIEW_OUT;
	v->state = sight_state(s);
	v->partner = text_of(l, s->partner ? s->partner->name : NULL);
	v->local = text_of(l, s->local);
	v->remote = text_of(l, s->remote);
	v->began_ms = s->sight.began_ms;
	v->since_ms = s->sight.state_ms;
	v->stanzas_in = s->stanzas_in;
	v->stanzas_out = s->stanzas_out;
	v->queued = s->sight.queued;
	if (s->stanzas_in + s->stanzas_out)
		v->stanza_ms = wall(s->edge, s->last_stanza_ms);
	if (s->end.closing || s->end.why)
		v->error = text_of(l, sight_end_word(&s->end));
	v->error_text = clean_of(l, s->end.text);
	if (s->x && s->sight.pairs) {
		add_pairs(l, v, s);
		v->method = slice_of(negotiation_method_name(s->sight.pairs->method));
	}
	if (s->conn)
		add_connection(l, v, s);
	(void)whole;
}

/* ---- a pair that waits for its stream, or whose last one failed ---- */

static uint64_t next_try(const struct pair *p)
{
	uint64_t pair = p->backoff.next_ms, target = p->target->backoff.next_ms;
	uint64_t next = pair > target ? pair : target;

	return next > loop_now(p->edge->loop) ? next : 0;
}

static void add_waiting(struct view_streams *l, const struct pair *p)
{
	uint64_t next = next_try(p);
	struct view_stream *v;

	if (!p->queue.n && !next && p->last_fail == LINK_R_NONE)
		return;
	v = view_streams_add(l);
	v->dir = VIEW_OUT;
	v->state = VIEW_WAITING;
	v->partner = text_of(l, p->partner->name);
	v->local = text_of(l, p->local);
	v->remote = text_of(l, p->remote);
	v->queued = p->queue.n;
	v->retry_ms = wall(p->edge, next);
	if (p->last_fail != LINK_R_NONE)
		v->error = text_of(l, link_reason_name(p->last_fail));
}

/* ---- all of them ---- */

/* What waits in the pairs of each stream, and rows for pairs that have none. */
static void look_at_pairs(struct edge *e, struct view_streams *l)
{
	table_each(&e->pairs, it) {
		const struct pair *p = container_of(it, struct pair, node);

		if (p->out)
			p->out->s.sight.queued = 0;
	}
	table_each(&e->pairs, it) {
		const struct pair *p = container_of(it, struct pair, node);

		if (p->out)
			p->out->s.sight.queued += p->queue.n;
		else
			add_waiting(l, p);
	}
}

struct view_streams *edge_view(struct edge *e)
{
	struct view_streams *l = view_streams_new();

	look_at_pairs(e, l);
	list_each(&e->streams, it)
		view_stream_row(l, container_of(it, struct stream, node), false);
	return l;
}

/* ---- asked from another thread ---- */

struct question {
	struct loop_call call;
	struct edge *edge;
	struct loop *asker;
	edge_view_done *done;
	void *arg;
	struct view_streams *streams;
};

static void answer(struct loop_call *c)
{
	struct question *q = container_of(c, struct question, call);

	q->done(q->arg, q->streams);
	free(q);
}

static void look(struct loop_call *c)
{
	struct question *q = container_of(c, struct question, call);

	q->streams = edge_view(q->edge);
	q->call.fn = answer;
	loop_post(q->asker, &q->call);
}

void edge_view_ask(struct edge *e, struct loop *asker, edge_view_done *done, void *arg)
{
	struct question *q = xzalloc(sizeof *q);

	q->call.fn = look;
	q->edge = e;
	q->asker = asker;
	q->done = done;
	q->arg = arg;
	loop_post(e->loop, &q->call);
}
