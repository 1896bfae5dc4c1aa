#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "edge/edge_priv.h"
#include "view/ask.h"

/*
 * Questions from another thread. A list of all streams is made bit by bit, so that the streams
 * themselves do not wait for it.
 */
enum {
	ROWS_A_TURN = 256,
	WATCHED_MS = 10000, /* who watches asks again sooner */
};

struct asking {
	struct loop_call call;
	struct edge *edge;
	struct loop *asker;
	struct view_ask *ask;
	struct loop_task task; /* the rest of the streams */
	struct sight_cursor cursor;
	struct partner_state *only; /* of this partner, a reference; NULL: of all */
};

static void answered(struct loop_call *c)
{
	struct asking *q = container_of(c, struct asking, call);

	q->ask->done(q->ask);
	free(q);
}

static void answer(struct asking *q)
{
	q->call.fn = answered;
	loop_post(q->asker, &q->call);
}

/* ---- all streams, or those of a partner ---- */

static void more_streams(void *arg)
{
	struct asking *q = arg;
	struct edge *e = q->edge;

	for (int n = 0; n < ROWS_A_TURN && q->cursor.next != &e->streams; n++) {
		struct stream *s = container_of(q->cursor.next, struct stream, node);

		q->cursor.next = q->cursor.next->next;
		if (!q->only || s->partner == q->only)
			view_stream_row(q->ask->streams, s, false);
	}
	if (q->cursor.next != &e->streams) {
		loop_task_queue(e->loop, &q->task);
		return;
	}
	list_remove(&q->cursor.node);
	if (q->only)
		partner_state_unref(e, q->only);
	answer(q);
}

static const struct partner *partner_asked(struct asking *q)
{
	return q->edge->snapshot ? snapshot_partner(q->edge->snapshot, q->ask->key) : NULL;
}

static struct partner_state *state_of(struct edge *e, const struct partner *p)
{
	struct table_node *n = table_get(&e->partners, slice_of(p->domain.a));

	return n ? container_of(n, struct partner_state, node) : NULL;
}

static void all_streams(struct asking *q)
{
	struct edge *e = q->edge;
	const struct partner *p = q->ask->key.p ? partner_asked(q) : NULL;

	q->ask->found = p || !q->ask->key.p;
	if (q->ask->found)
		q->ask->streams = view_streams_new();
	q->only = p ? state_of(e, p) : NULL;
	if (!q->ask->found || (p && !q->only)) {
		answer(q); /* no such partner, or it has never had a stream */
		return;
	}
	if (q->only)
		q->only->refs++;
	view_pairs(e, q->only, q->ask->streams);
	q->cursor.next = e->streams.next;
	list_append(&e->sight.cursors, &q->cursor.node);
	loop_task_init(&q->task, more_streams, q);
	loop_task_queue(e->loop, &q->task);
}

/* ---- one stream ---- */

static struct stream *find_stream(struct edge *e, struct slice id)
{
	list_each(&e->streams, it) {
		struct stream *s = container_of(it, struct stream, node);

		if (slice_eqz(id, s->id))
			return s;
	}
	return NULL;
}

static void one_stream(struct asking *q)
{
	struct stream *s = find_stream(q->edge, q->ask->key);
	struct view_streams *waiting = view_streams_new();

	q->ask->found = s != NULL;
	if (s) {
		view_pairs(q->edge, NULL, waiting);
		q->ask->streams = view_streams_new();
		view_stream_row(q->ask->streams, s, true);
	}
	view_streams_free(waiting);
	answer(q);
}

/* In order: what is under way is still written and read. */
static void close_stream(struct asking *q)
{
	struct stream *s = find_stream(q->edge, q->ask->key);

	q->ask->found = s != NULL;
	if (s)
		stream_close(s, STREAM_OK, NULL, sight_closed_by_hand);
	answer(q);
}

/* ---- changes ---- */

/* The first in the order of changes that is not known yet; the head of the list: none. */
static struct list *changed_after(struct sight_edge *e, uint64_t since)
{
	struct list *at = &e->changed;

	while (at->prev != &e->changed &&
		container_of(at->prev, struct sight_stream, node)->change > since)
		at = at->prev;
	return at;
}

static struct list *gone_after(struct sight_edge *e, uint64_t since)
{
	struct list *at = &e->gone;

	while (at->prev != &e->gone &&
		container_of(at->prev, struct sight_gone, node)->change > since)
		at = at->prev;
	return at;
}

/* Both lists are in the order of changes: they are joined, so that upto holds for both. */
static void add_changes(struct sight_edge *e, uint64_t since, struct view_streams *l)
{
	struct list *c = changed_after(e, since), *g = gone_after(e, since);

	while ((c != &e->changed || g != &e->gone) && l->n < VIEW_CHANGES_MAX) {
		struct sight_stream *s =
			c != &e->changed ? container_of(c, struct sight_stream, node) : NULL;
		struct sight_gone *x =
			g != &e->gone ? container_of(g, struct sight_gone, node) : NULL;

		if (s && (!x || s->change < x->change)) {
			view_stream_row(l, container_of(s, struct stream, sight), false);
			l->upto = s->change;
			c = c->next;
		} else {
			assert(x); /* one of the lists has more */
			view_stream_copy(l, &x->row->v[0]);
			l->upto = x->change;
			g = g->next;
		}
	}
	l->more = c != &e->changed || g != &e->gone;
}

static void changes(struct asking *q)
{
	struct edge *e = q->edge;
	struct view_streams *l = view_streams_new();
	uint64_t now = loop_now(e->loop);

	/* Nobody watched: what ended then is not remembered, and what is left of it is old. */
	if (now > e->sight.watched_until_ms)
		sight_forget_gone(&e->sight);
	e->sight.watched_until_ms = now + WATCHED_MS;
	l->upto = q->ask->since;
	l->missed = q->ask->since && q->ask->since < e->sight.forgotten;
	add_changes(&e->sight, q->ask->since, l);
	q->ask->found = true;
	q->ask->streams = l;
	answer(q);
}

/* ---- partners ---- */

static void partners(struct asking *q)
{
	const struct partner *p = q->ask->key.p ? partner_asked(q) : NULL;

	q->ask->found = p || !q->ask->key.p;
	if (q->ask->found) {
		q->ask->partners = view_partners_new();
		if (q->edge->snapshot)
			view_partner_rows(q->edge, p, q->ask->partners);
	}
	answer(q);
}

static void attempts(struct asking *q)
{
	const struct partner *p = partner_asked(q);
	const struct partner_state *state = p ? state_of(q->edge, p) : NULL;

	q->ask->found = p != NULL;
	if (p)
		q->ask->attempts = view_attempts_new();
	if (state)
		attempts_view(state->sight.attempts, q->ask->attempts);
	answer(q);
}

/* ---- what other settings would do ---- */

static void judge(struct asking *q)
{
	q->ask->found = true;
	q->ask->streams = view_streams_new();
	edge_foresee(q->edge, q->ask->snapshot, q->ask->streams);
	answer(q);
}

/* ---- the way in ---- */

typedef void question(struct asking *q);

static void look(struct loop_call *c)
{
	static question *const by_what[] = {
		[VIEW_ASK_STREAMS] = all_streams,
		[VIEW_ASK_STREAM] = one_stream,
		[VIEW_ASK_CHANGES] = changes,
		[VIEW_ASK_CLOSE] = close_stream,
		[VIEW_ASK_PARTNERS] = partners,
		[VIEW_ASK_ATTEMPTS] = attempts,
		[VIEW_ASK_JUDGE] = judge,
	};
	struct asking *q = container_of(c, struct asking, call);

	by_what[q->ask->what](q);
}

void edge_ask(struct edge *e, struct loop *asker, struct view_ask *ask)
{
	struct asking *q = xzalloc(sizeof *q);

	q->call.fn = look;
	q->edge = e;
	q->asker = asker;
	q->ask = ask;
	loop_post(e->loop, &q->call);
}
