#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/events_priv.h"
#include "base/mem.h"

/*
 * What changes at the edge. Streams say themselves that they have changed; a partner changes when
 * one of its streams does, so only those partners are asked about. One question at a time.
 */
enum { LOOK_MS = 500, SOON_MS = 5 };

static void ask(struct edge_events *x, struct view_ask *a)
{
	x->asking = true;
	x->admin->asked++;
	x->admin->hooks->ask(x->admin->hooks_arg, x->admin->loop, a);
}

static void note_partner(struct edge_events *x, struct slice domain)
{
	if (!domain.n)
		return;
	for (size_t i = 0; i < x->n; i++)
		if (slice_eqz(domain, x->domain[i]))
			return;
	if (x->n == x->cap) {
		x->cap = x->cap ? 2 * x->cap : 16;
		x->domain = xrealloc(x->domain, x->cap * sizeof *x->domain);
	}
	x->domain[x->n++] = slice_dup(domain);
}

static void forget_partners(struct edge_events *x)
{
	while (x->n)
		free(x->domain[--x->n]);
}

static void tell_stream(struct edge_events *x, const struct view_stream *s)
{
	struct buf json = {0};

	buf_printf(&json, "{\"event\": \"%s\", \"stream\": ",
		s->state == VIEW_CLOSED ? "closed" : "changed");
	stream_json(s, &json);
	buf_chr(&json, '}');
	events_tell(x->events, TOPIC_STREAM, buf_slice(&json));
	buf_done(&json);
}

/* The next partner, or later the streams again. */
static void go_on(struct edge_events *x, bool more)
{
	struct slice domain;

	if (!x->wanted || x->admin->ending) {
		forget_partners(x);
		return;
	}
	if (!x->n) {
		loop_timer_in(&x->timer, more ? SOON_MS : LOOK_MS);
		return;
	}
	domain = slice_of(x->domain[x->n - 1]);
	x->partner = (struct view_ask){
		.what = VIEW_ASK_PARTNERS, .key = domain, .done = x->partner.done};
	ask(x, &x->partner);
}

static void on_changes(struct view_ask *a)
{
	struct edge_events *x = container_of(a, struct edge_events, changes);
	const struct view_streams *l = a->streams;
	bool more = l->more, news = x->caught_up;

	x->asking = false;
	x->admin->asked--;
	for (size_t i = 0; news && i < l->n; i++) {
		tell_stream(x, &l->v[i]);
		if (events_wanted(x->events, TOPIC_PARTNER_STATE))
			note_partner(x, l->v[i].partner);
	}
	a->since = l->upto;
	x->caught_up = x->caught_up || !more;
	view_ask_done(a);
	a->streams = NULL;
	go_on(x, more);
}

static void on_partner(struct view_ask *a)
{
	struct edge_events *x = container_of(a, struct edge_events, partner);
	struct buf json = {0};

	x->asking = false;
	x->admin->asked--;
	if (a->found && a->partners->n) {
		partner_state_json(&a->partners->v[0], &json);
		events_tell(x->events, TOPIC_PARTNER_STATE, buf_slice(&json));
	}
	view_ask_done(a);
	buf_done(&json);
	if (x->n)
		free(x->domain[--x->n]);
	go_on(x, false);
}

static void on_look(void *arg)
{
	struct edge_events *x = arg;

	if (!x->asking && !x->admin->ending)
		ask(x, &x->changes);
}

void edge_events_init(struct edge_events *x, struct events *e)
{
	x->events = e;
	x->admin = e->admin;
	x->changes.what = VIEW_ASK_CHANGES;
	x->changes.done = on_changes;
	x->partner.done = on_partner;
	loop_timer_init(&x->timer, e->admin->loop, on_look, x);
}

void edge_events_start(struct edge_events *x)
{
	if (x->wanted || !x->admin->hooks->ask)
		return;
	x->wanted = true;
	x->caught_up = false;
	x->changes.since = 0;
	if (!x->asking)
		on_look(x);
}

void edge_events_stop(struct edge_events *x)
{
	x->wanted = false;
	loop_timer_stop(&x->timer);
}

void edge_events_done(struct edge_events *x)
{
	edge_events_stop(x);
	forget_partners(x);
	free(x->domain);
}
