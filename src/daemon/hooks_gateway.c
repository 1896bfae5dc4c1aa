#include <stdlib.h>

#include "base/mem.h"
#include "daemon/service_priv.h"
#include "sipnet/route_test.h"
#include "sipnet/sight.h"
#include "view/routes.h"

/* What the administration asks of SIP: to the gateway's loop, and back. */
struct looking {
	struct loop_call call;
	struct service *service;
	struct loop *asker;
	struct view_routes_ask *ask;
};

static void on_back(struct loop_call *c)
{
	struct looking *l = container_of(c, struct looking, call);
	struct view_routes_ask *a = l->ask;

	free(l);
	a->done(a);
}

static void on_gateway(struct loop_call *c)
{
	struct looking *l = container_of(c, struct looking, call);

	l->ask->routes = sipnet_sight(l->service->sipnet);
	gateway_view_routes(l->service->gateway, l->ask->routes);
	l->call.fn = on_back;
	loop_post(l->asker, &l->call);
}

void service_ask_routes(void *arg, struct loop *asker, struct view_routes_ask *a)
{
	struct service *s = arg;
	struct looking *l = xzalloc(sizeof *l);

	l->call.fn = on_gateway;
	l->service = s;
	l->asker = asker;
	l->ask = a;
	loop_post(s->gateway_runner.loop, &l->call);
}

/* ---- tests of routes ---- */

/*
 * Two halves share one object: the asker's says stop, the gateway's makes the test and posts what
 * it says. The last post is the end; after it, and after a stop has come back, nobody has it.
 */
struct testing {
	struct loop_call go;   /* to the gateway, to begin; then to the asker, at the end */
	struct loop_call halt; /* to the gateway and back */
	struct service *service;
	struct loop *asker;
	struct admin_probe probe;
	char *name;
	/* the gateway's: */
	struct route_test *test; /* NULL: not begun, or over */
	bool stopped, refused;
	struct err err;
	/* the asker's: */
	bool stopping, halted, ended;
};

struct step_post {
	struct loop_call call;
	struct testing *testing;
	struct view_probe_step *step;
};

static void testing_free(struct testing *t)
{
	xfree(t->name);
	xfree(t);
}

static void on_posted_step(struct loop_call *c)
{
	struct step_post *s = container_of(c, struct step_post, call);

	s->testing->probe.step(s->testing->probe.arg, s->step);
	xfree(s);
}

static void on_halt_returned(struct loop_call *c)
{
	struct testing *t = container_of(c, struct testing, halt);

	t->halted = true;
	if (t->ended)
		testing_free(t);
}

static void on_test_ended(struct loop_call *c)
{
	struct testing *t = container_of(c, struct testing, go);

	t->probe.done(t->probe.arg, t->refused ? &t->err : NULL);
	t->ended = true;
	if (!t->stopping || t->halted)
		testing_free(t);
}

static void on_step(void *arg, struct view_probe_step *step)
{
	struct testing *t = arg;
	struct step_post *s = xzalloc(sizeof *s);

	s->call.fn = on_posted_step;
	s->testing = t;
	s->step = step;
	loop_post(t->asker, &s->call);
}

static void on_test_done(void *arg)
{
	struct testing *t = arg;

	t->test = NULL;
	t->go.fn = on_test_ended;
	loop_post(t->asker, &t->go);
}

static void on_begin(struct loop_call *c)
{
	struct testing *t = container_of(c, struct testing, go);

	if (!t->stopped)
		t->refused = route_test_new(&t->test, t->service->sipnet, slice_of(t->name),
				     on_step, on_test_done, t, &t->err) < 0;
	if (t->stopped || t->refused)
		on_test_done(t);
}

static void on_halt(struct loop_call *c)
{
	struct testing *t = container_of(c, struct testing, halt);

	t->stopped = true;
	if (t->test)
		route_test_stop(t->test);
	t->halt.fn = on_halt_returned;
	loop_post(t->asker, &t->halt);
}

void *service_probe_route(void *arg, struct loop *asker, const struct admin_probe *p)
{
	struct service *s = arg;
	struct testing *t = xzalloc(sizeof *t);

	t->go.fn = on_begin;
	t->halt.fn = on_halt;
	t->service = s;
	t->asker = asker;
	t->probe = *p;
	t->name = slice_dup(p->domain);
	loop_post(s->gateway_runner.loop, &t->go);
	return t;
}

void service_probe_route_end(void *arg, void *test)
{
	struct testing *t = test;

	if (t->stopping)
		return;
	t->stopping = true;
	loop_post(t->service->gateway_runner.loop, &t->halt);
}
