#include <stdlib.h>

#include "base/mem.h"
#include "edge/edge_priv.h"
#include "edge/probe.h"

/*
 * A test asked for by another thread. Two halves share one object: the asker's says stop, the
 * edge's makes the test and posts what it says. The last post is the end; after it nobody has it.
 */
struct edge_probe_ask {
	struct loop_call go;   /* to the edge, to begin; then to the asker, at the end */
	struct loop_call halt; /* to the edge */
	struct edge *edge;
	struct loop *asker;
	enum probe_kind kind;
	char *domain, *local;
	probe_on_step *on_step;
	edge_probe_done *done;
	void *arg;
	/* the edge's: */
	struct probe *probe; /* NULL: not begun, or over */
	bool stopped;
	bool refused;
	struct err err;
	/* the asker's: */
	bool stopping; /* halt is under way, or has been */
	bool halted, ended;
};

struct step_post {
	struct loop_call call;
	struct edge_probe_ask *ask;
	struct view_probe_step *step;
};

static void destroy(struct edge_probe_ask *a)
{
	free(a->domain);
	free(a->local);
	free(a);
}

/* ---- on the asker's loop ---- */

static void on_posted_step(struct loop_call *c)
{
	struct step_post *s = container_of(c, struct step_post, call);

	s->ask->on_step(s->ask->arg, s->step);
	free(s);
}

/* The object goes when the end has been told and no halt is on its way to the edge any more. */
static void on_halt_returned(struct loop_call *c)
{
	struct edge_probe_ask *a = container_of(c, struct edge_probe_ask, halt);

	a->halted = true;
	if (a->ended)
		destroy(a);
}

static void on_ended(struct loop_call *c)
{
	struct edge_probe_ask *a = container_of(c, struct edge_probe_ask, go);

	a->done(a->arg, a->refused ? &a->err : NULL);
	a->ended = true;
	if (!a->stopping || a->halted)
		destroy(a);
}

/* ---- on the edge's loop ---- */

static void on_step(void *arg, struct view_probe_step *step)
{
	struct edge_probe_ask *a = arg;
	struct step_post *s = xzalloc(sizeof *s);

	s->call.fn = on_posted_step;
	s->ask = a;
	s->step = step;
	loop_post(a->asker, &s->call);
}

static void finish(struct edge_probe_ask *a)
{
	a->probe = NULL;
	a->go.fn = on_ended;
	loop_post(a->asker, &a->go);
}

static void on_done(void *arg)
{
	finish(arg);
}

static void begin(struct loop_call *c)
{
	struct edge_probe_ask *a = container_of(c, struct edge_probe_ask, go);
	const struct probe_question q = {
		.kind = a->kind,
		.domain = slice_of(a->domain),
		.local = slice_of(a->local),
		.on_step = on_step,
		.on_done = on_done,
		.arg = a,
	};

	if (a->stopped) {
		finish(a);
		return;
	}
	a->refused = probe_new(&a->probe, a->edge, &q, &a->err) < 0;
	if (a->refused)
		finish(a);
}

static void halt(struct loop_call *c)
{
	struct edge_probe_ask *a = container_of(c, struct edge_probe_ask, halt);

	a->stopped = true;
	if (a->probe)
		probe_stop(a->probe);
	a->halt.fn = on_halt_returned;
	loop_post(a->asker, &a->halt);
}

/* ---- the asker's functions ---- */

struct edge_probe_ask *edge_probe_ask(struct edge *e, struct loop *asker, enum probe_kind kind,
	struct slice domain, struct slice local, probe_on_step *on_step_, edge_probe_done *done,
	void *arg)
{
	struct edge_probe_ask *a = xzalloc(sizeof *a);

	a->go.fn = begin;
	a->halt.fn = halt;
	a->edge = e;
	a->asker = asker;
	a->kind = kind;
	a->domain = slice_dup(domain);
	a->local = slice_dup(local);
	a->on_step = on_step_;
	a->done = done;
	a->arg = arg;
	loop_post(e->loop, &a->go);
	return a;
}

void edge_probe_stop(struct edge_probe_ask *a)
{
	if (a->stopping)
		return;
	a->stopping = true;
	loop_post(a->edge->loop, &a->halt);
}
