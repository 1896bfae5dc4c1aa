#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "edge/outbound.h"

enum {
	LOOK_MS = 250,         /* how often those who wait look for an idle stream */
	FOUND_FOR_MS = 300000, /* an address is looked up again after so long, for joining */
};

/* ---- the streams under a limit ---- */

static bool outbound_busy(const struct outbound *o)
{
	if (!o->s.authenticated || o->inflight)
		return true;
	list_each(&o->pairs, it)
		if (container_of(it, struct pair, on_stream)->queue.n)
			return true;
	return false;
}

static struct place_stream seen(const struct stream *s)
{
	return (struct place_stream){
		.last_ms = s->x ? s->last_stanza_ms : s->begun_ms,
		.busy = !s->inbound && outbound_busy(container_of(s, struct outbound, s)),
		.ending = s->end.closing || s->foreseen != EDGE_OK,
	};
}

struct under {
	struct place_stream *seen;
	struct stream **stream;
	size_t n;
};

static void add(struct under *u, struct stream *s)
{
	if (!s->counted)
		return;
	u->seen[u->n] = seen(s);
	u->stream[u->n++] = s;
}

/* partner NULL: those of all. */
static struct under look(struct edge *e, const struct partner_state *partner)
{
	size_t most = partner ? partner->connections : e->connections;
	struct under u = {
		xcalloc(most + 1, sizeof *u.seen), xcalloc(most + 1, sizeof *u.stream), 0};

	if (partner)
		list_each(&partner->streams, it)
			add(&u, container_of(it, struct stream, partner_node));
	else
		list_each(&e->streams, it)
			add(&u, container_of(it, struct stream, node));
	assert(u.n <= most);
	return u;
}

static void under_done(struct under *u)
{
	free(u->seen);
	free(u->stream);
}

/* ---- one who waits ---- */

static void look_over(struct edge *e, struct place_scope *scope)
{
	struct under u = look(e, scope->partner);
	size_t idle = place_longest_idle(u.seen, u.n, loop_now(e->loop), false);

	scope->ending = 0;
	for (size_t i = 0; i < u.n; i++)
		scope->ending += u.seen[i].ending;
	scope->idle = idle < u.n ? u.stream[idle] : NULL;
	under_done(&u);
}

static struct place_scope *scope_of(struct edge *e, struct pair *p, enum edge_refusal limit)
{
	bool all = limit == EDGE_CONNECTION_LIMIT;
	struct place_scope *scope = all ? &e->place : &p->partner->place;

	if (scope->round == e->place_round)
		return scope;
	*scope = (struct place_scope){.round = e->place_round, .partner = all ? NULL : p->partner};
	look_over(e, scope);
	return scope;
}

static void on_found(void *arg, enum link_reason fail, const char *why,
	const struct conn_target *targets, size_t n)
{
	struct pair *p = arg;

	p->lookup = NULL;
	p->addrs = xrealloc(p->addrs, (n + 1) * sizeof *p->addrs);
	p->n_addrs = n;
	for (size_t i = 0; i < n; i++)
		p->addrs[i] = targets[i].addr;
	p->addrs_until_ms = loop_now(p->edge->loop) + FOUND_FOR_MS;
	place_changed(p->edge);
}

/* Is its domain where the partner's other one is? */
static void find(struct pair *p)
{
	struct edge *e = p->edge;
	const struct partner *partner = snapshot_partner(e->snapshot, slice_of(p->remote));
	struct arena a = {0};

	if (p->lookup || loop_now(e->loop) < p->addrs_until_ms)
		return;
	p->lookup = lookup_new(e->loop, e->dns, edge_ascii(&a, slice_of(p->remote)),
		partner->proxy.host, partner->proxy.port, e->default_port, on_found, p);
	arena_done(&a);
}

static struct outbound *stream_to_join(struct pair *p)
{
	list_each(&p->partner->streams, it) {
		struct stream *s = container_of(it, struct stream, partner_node);
		struct outbound *o = s->inbound || s->verifies ? NULL : outbound_of(s);

		if (!o)
			continue;
		if (claim_may_join(o, p))
			return o;
		if (claim_may_join_if_found(o, p))
			find(p);
	}
	return NULL;
}

static enum edge_refusal limit_for(const struct pair *p)
{
	return edge_may_connect(
		p->edge, p->partner, snapshot_partner(p->edge->snapshot, slice_of(p->remote)));
}

static void open_own(struct pair *p)
{
	place_forget(p);
	outbound_new(p);
}

static void make_room(struct pair *p, struct place_scope *scope)
{
	stream_close(scope->idle, STREAM_OK, NULL, "makes-room");
	if (limit_for(p) == EDGE_OK)
		open_own(p);
	else
		scope->ahead++;
	look_over(p->edge, scope);
}

static void give_turn(struct pair *p)
{
	struct edge *e = p->edge;
	enum edge_refusal limit = limit_for(p);
	struct outbound *join = limit == EDGE_OK ? NULL : stream_to_join(p);
	struct place_scope *scope = limit == EDGE_OK || join ? NULL : scope_of(e, p, limit);
	struct place_facts facts = {
		.limit = limit != EDGE_OK,
		.may_join = join != NULL,
		.ending = scope ? scope->ending : 0,
		.ahead = scope ? scope->ahead : 0,
		.idle = scope && scope->idle,
	};

	switch (place_choose(&facts)) {
	case PLACE_OWN:
		open_own(p);
		break;
	case PLACE_JOIN:
		place_forget(p);
		claim_join(join, p);
		break;
	case PLACE_MAKE_ROOM:
		assert(scope); /* there is a limit, and nothing to join */
		make_room(p, scope);
		break;
	case PLACE_WAIT:
		assert(scope);
		scope->ahead++;
		break;
	}
}

/* ---- all who wait ---- */

static void round_of_turns(void *arg)
{
	struct edge *e = arg;

	e->place_round++;
	list_each_safe(&e->places, it)
		give_turn(container_of(it, struct pair, place));
	if (!list_empty(&e->places))
		loop_timer_in(&e->place_timer, LOOK_MS);
}

void place_want(struct pair *p)
{
	if (p->out || list_linked(&p->place))
		return;
	if (limit_for(p) == EDGE_OK) {
		open_own(p);
		return;
	}
	p->last_fail = LINK_R_CONNECTION_LIMIT;
	log_info(&p->edge->log, "waits-for-connection", LF_Z("partner", p->partner->name),
		LF_Z("local", p->local), LF_Z("remote", p->remote),
		LF_Z("reason", edge_refusal_name(limit_for(p))));
	list_append(&p->edge->places, &p->place);
	place_changed(p->edge);
}

void place_forget(struct pair *p)
{
	list_remove(&p->place);
	lookup_cancel(p->lookup);
	p->lookup = NULL;
}

void place_changed(struct edge *e)
{
	if (!list_empty(&e->places))
		loop_task_queue(e->loop, &e->place_task);
}

/* ---- a limit is lowered ---- */

static void close_for_limit(struct stream *s)
{
	const char *why = edge_refusal_name(EDGE_CONNECTION_LIMIT);

	if (!s->inbound && !s->authenticated)
		outbound_restart(outbound_of(s)); /* its pair waits for a place */
	else
		stream_close(s, STREAM_OK, NULL, why);
}

static void note_for_limit(struct stream *s)
{
	s->foreseen = EDGE_CONNECTION_LIMIT;
}

static void end_surplus(struct edge *e, const struct partner_state *partner, size_t limit,
	void (*end)(struct stream *s))
{
	struct under u = look(e, partner);
	size_t staying = 0;

	for (size_t i = 0; i < u.n; i++)
		staying += !u.seen[i].ending;
	for (; staying > limit; staying--) {
		size_t i = place_longest_idle(u.seen, u.n, loop_now(e->loop), true);

		u.seen[i].ending = true;
		end(u.stream[i]);
	}
	under_done(&u);
}

static void end_all_surplus(
	struct edge *e, const struct snapshot *snapshot, void (*end)(struct stream *s))
{
	table_each(&e->partners, it) {
		struct partner_state *s = container_of(it, struct partner_state, node);
		const struct partner *p = snapshot_partner(snapshot, slice_of(s->name));

		s->refs++; /* its last stream may go */
		end_surplus(e, s, edge_partner_limit(snapshot, p), end);
		partner_state_unref(e, s);
	}
	end_surplus(e, NULL, snapshot_gateway(snapshot)->connection_limit, end);
}

void place_limits_changed(struct edge *e)
{
	end_all_surplus(e, e->snapshot, close_for_limit);
	place_changed(e);
}

void place_foresee(struct edge *e, const struct snapshot *snapshot)
{
	end_all_surplus(e, snapshot, note_for_limit);
}

/* ---- life ---- */

static void on_timer(void *arg)
{
	place_changed(arg);
}

void place_init(struct edge *e)
{
	list_init(&e->places);
	loop_task_init(&e->place_task, round_of_turns, e);
	loop_timer_init(&e->place_timer, e->loop, on_timer, e);
}

void place_done(struct edge *e)
{
	loop_task_stop(&e->place_task);
	loop_timer_stop(&e->place_timer);
}
