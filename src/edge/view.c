#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "edge/outbound.h"

static enum view_stream_state state_of(const struct stream *s)
{
	if (s->end.closing || s->conn_closing)
		return VIEW_CLOSING;
	if (s->authenticated)
		return VIEW_UP;
	return s->x ? VIEW_NEGOTIATING : VIEW_CONNECTING;
}

static struct slice text_of(struct view_streams *l, const char *s)
{
	return view_text(l, slice_of(s));
}

static void add_stream(struct view_streams *l, const struct stream *s)
{
	struct view_stream *v = view_streams_add(l);
	char peer[NETADDR_TEXT];

	v->id = text_of(l, s->id);
	v->dir = s->inbound ? VIEW_IN : VIEW_OUT;
	v->state = state_of(s);
	v->partner = text_of(l, s->partner ? s->partner->name : NULL);
	v->local = text_of(l, s->local);
	v->remote = text_of(l, s->remote);
	v->since_ms = s->since_ms;
	v->stanzas_in = s->stanzas_in;
	v->stanzas_out = s->stanzas_out;
	if (s->authenticated)
		v->method = text_of(l, negotiation_method_name(METHOD_SASL_OVER_TLS));
	if (s->end.why)
		v->error = text_of(l, s->end.why);
	if (!s->conn)
		return;
	v->bytes_in = conn_bytes_in(s->conn);
	v->bytes_out = conn_bytes_out(s->conn);
	if (conn_peer(s->conn)->sa.sa_family)
		v->peer = text_of(l, netaddr_print(conn_peer(s->conn), peer));
	if (s->secured) {
		v->tls = text_of(l, conn_tls_info(s->conn)->version);
		v->cipher = text_of(l, conn_tls_info(s->conn)->cipher);
		v->verdict =
			text_of(l, s->cert == CERT_GOOD ? "valid" : cert_verdict_name(s->cert));
	}
}

/* A pair whose stream is to be made, or that failed the last time. */
static void add_waiting(struct view_streams *l, const struct pair *p)
{
	uint64_t now = loop_now(p->edge->loop), next = p->backoff.next_ms;
	struct view_stream *v;

	if (p->target->backoff.next_ms > next)
		next = p->target->backoff.next_ms;
	if (!p->queue.n && next <= now && p->last_fail == LINK_R_NONE)
		return;
	v = view_streams_add(l);
	v->dir = VIEW_OUT;
	v->state = VIEW_WAITING;
	v->partner = text_of(l, p->partner->name);
	v->local = text_of(l, p->local);
	v->remote = text_of(l, p->remote);
	v->queued = p->queue.n;
	if (next > now)
		v->retry_ms = clock_wall_ms() + (next - now);
	if (p->last_fail != LINK_R_NONE)
		v->error = text_of(l, link_reason_name(p->last_fail));
}

struct view_streams *edge_view(struct edge *e)
{
	struct view_streams *l = view_streams_new();

	list_each(&e->streams, it)
		add_stream(l, container_of(it, struct stream, node));
	table_each(&e->pairs, it) {
		const struct pair *p = container_of(it, struct pair, node);

		if (p->out) {
			for (size_t i = 0; i < l->n; i++)
				if (slice_eqz(l->v[i].id, p->out->s.id))
					l->v[i].queued = p->queue.n;
		} else {
			add_waiting(l, p);
		}
	}
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
