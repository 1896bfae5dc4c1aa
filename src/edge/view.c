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

static struct slice taken(struct view_streams *l, struct buf *b)
{
	struct slice s = view_text(l, buf_slice(b));

	buf_reset(b);
	return s;
}

static const struct view_peer_cert *peer_cert(struct view_streams *l, X509 *x)
{
	struct view_peer_cert *c;
	char digest[CERT_FINGERPRINT + 1];
	struct buf b = {0};

	if (!x)
		return NULL;
	c = arena_zalloc(&l->arena, sizeof *c);
	cert_subject(x, &b);
	c->subject = taken(l, &b);
	cert_issuer(x, &b);
	c->issuer = taken(l, &b);
	cert_names(x, &b);
	c->names = taken(l, &b);
	cert_fingerprint(x, digest);
	c->fingerprint = text_of(l, digest);
	c->not_after = cert_not_after(x);
	buf_done(&b);
	return c;
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
	v->change = s->sight.change;
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
	if (s->secured && whole)
		v->cert = peer_cert(l, conn_tls_info(s->conn)->peer);
}

/* ---- a pair that waits for its stream, or whose last one failed ---- */

static uint64_t next_try(const struct pair *p)
{
	uint64_t next = pair_next_try(p);

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

/* What waits in the pairs of each stream, and rows for the pairs that have none. */
void view_pairs(struct edge *e, const struct partner_state *partner, struct view_streams *l)
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
		else if (!partner || p->partner == partner)
			add_waiting(l, p);
	}
}

struct view_streams *edge_view(struct edge *e)
{
	struct view_streams *l = view_streams_new();

	view_pairs(e, NULL, l);
	list_each(&e->streams, it)
		view_stream_row(l, container_of(it, struct stream, node), false);
	return l;
}

/* ---- partners ---- */

/* What the streams and pairs of a partner add up to. */
struct view_sum {
	const struct partner *settings;
	unsigned up[2]; /* by direction */
	bool was_up[2], failing;
	struct view_partner row;
	struct view_partners *list; /* holds the texts */
};

static void add_up_stream(struct view_sum *sum, const struct stream *s)
{
	enum view_dir d = s->inbound ? VIEW_IN : VIEW_OUT;
	uint64_t *last = s->inbound ? &sum->row.last_in_ms : &sum->row.last_out_ms;

	sum->row.stanzas_in += s->stanzas_in;
	sum->row.stanzas_out += s->stanzas_out;
	if (!s->authenticated)
		return;
	sum->was_up[d] = true;
	sum->up[d] += sight_state(s) == VIEW_UP;
	if (s->since_ms > *last)
		*last = s->since_ms;
}

static void add_up_pair(struct view_sum *sum, const struct pair *p)
{
	uint64_t next = wall(p->edge, next_try(p));

	sum->row.queued += p->queue.n;
	sum->row.queued_bytes += p->queue.bytes;
	if (p->last_fail == LINK_R_NONE)
		return;
	sum->failing = true;
	if (next && (!sum->row.retry_ms || next < sum->row.retry_ms))
		sum->row.retry_ms = next;
}

static void add_past(struct view_sum *sum, const struct sight_partner *p)
{
	struct view_partner *v = &sum->row;
	struct arena *a = &sum->list->arena;

	v->stanzas_in += p->stanzas_in;
	v->stanzas_out += p->stanzas_out;
	v->failures = p->failures;
	sum->was_up[VIEW_IN] |= p->last_in_ms > 0;
	sum->was_up[VIEW_OUT] |= p->last_out_ms > 0;
	if (p->last_in_ms > v->last_in_ms)
		v->last_in_ms = p->last_in_ms;
	if (p->last_out_ms > v->last_out_ms)
		v->last_out_ms = p->last_out_ms;
	v->last_error_ms = p->error_ms;
	if (p->error[0])
		v->last_error = arena_slice(a, slice_of(p->error));
	if (p->error_text[0])
		v->last_error_text = arena_slice(a, slice_of(p->error_text));
}

static void judge_health(struct view_sum *sum, bool in_failed)
{
	struct view_facts in = {.enabled = sum->settings->enabled,
		.up = sum->up[VIEW_IN],
		.was_up = sum->was_up[VIEW_IN],
		.last_failed = in_failed};
	struct view_facts out = {.enabled = sum->settings->enabled,
		.up = sum->up[VIEW_OUT],
		.was_up = sum->was_up[VIEW_OUT],
		.last_failed = sum->failing};

	sum->row.in = view_health_of(&in);
	sum->row.out = view_health_of(&out);
	sum->row.health = view_health_both(sum->row.in, sum->row.out);
	sum->row.streams_in = sum->up[VIEW_IN];
	sum->row.streams_out = sum->up[VIEW_OUT];
}

static void finish_row(struct edge *e, struct view_sum *sum, struct view_partners *l)
{
	struct slice name = slice_of(sum->settings->domain.a);
	struct table_node *n = table_get(&e->partners, name);
	struct partner_state *p = n ? container_of(n, struct partner_state, node) : NULL;

	sum->row.domain = arena_slice(&l->arena, name);
	if (p)
		add_past(sum, &p->sight);
	judge_health(sum, p && p->sight.in_failed);
	*view_partners_add(l) = sum->row;
}

/* The sums lie beside the partners while they are made: partner_state.sight.sum. */
static struct view_sum *sum_of(struct partner_state *p)
{
	return p ? p->sight.sum : NULL;
}

static void add_up(struct edge *e)
{
	struct view_sum *sum;

	list_each(&e->streams, it) {
		const struct stream *s = container_of(it, struct stream, node);

		if ((sum = sum_of(s->partner)))
			add_up_stream(sum, s);
	}
	table_each(&e->pairs, it) {
		const struct pair *p = container_of(it, struct pair, node);

		if ((sum = sum_of(p->partner)))
			add_up_pair(sum, p);
	}
}

static void set_sum(struct edge *e, const struct partner *p, struct view_sum *sum)
{
	struct table_node *n = table_get(&e->partners, slice_of(p->domain.a));

	if (n)
		container_of(n, struct partner_state, node)->sight.sum = sum;
}

void view_partner_rows(struct edge *e, const struct partner *one, struct view_partners *l)
{
	const struct object *const *v;
	size_t n = snapshot_list(e->snapshot, OBJECT_PARTNER, &v);
	struct view_sum *sums = xcalloc(n + 1, sizeof *sums);

	for (size_t i = 0; i < n; i++) {
		sums[i].settings = partner_of(v[i]);
		sums[i].list = l;
		set_sum(e, sums[i].settings, &sums[i]);
	}
	add_up(e);
	for (size_t i = 0; i < n; i++) {
		set_sum(e, sums[i].settings, NULL);
		if (!one || one == sums[i].settings)
			finish_row(e, &sums[i], l);
	}
	free(sums);
}
