#include <stdlib.h>

#include "base/mem.h"
#include "daemon/notify.h"
#include "daemon/service_priv.h"

/*
 * The orderly end: the gateway takes nothing new, finishes what is under way, for which it needs
 * the edge, and closes its sessions; contacts whose messages have no answer by then are told so;
 * then the edge writes what is queued and closes its streams; the gateway answers those whose
 * stanzas could not be written; then the main loop ends. Each step is bounded, and a second signal
 * skips what is left.
 */
enum { GATEWAY_MS = 10000, EDGE_MS = 5000, ANSWERS_MS = 1000, LOOK_MS = 20 };

struct stop {
	struct service *service;
	/* on the gateway's loop */
	struct loop_call begin_gateway, begin_answers;
	struct loop_timer look;
	uint64_t until_ms;
	void (*then)(struct stop *x); /* when the gateway is idle, or until_ms is over */
	/* on the edge's loop */
	struct loop_call begin_edge;
	/* on the main loop */
	struct loop_call end;
};

static bool gateway_is_idle(const struct service *s)
{
	return gateway_busy(s->gateway) == 0 && sipnet_busy(s->sipnet) == 0;
}

static void look(void *arg)
{
	struct stop *x = arg;
	struct service *s = x->service;

	if (!gateway_is_idle(s) && loop_now(s->gateway_runner.loop) < x->until_ms)
		loop_timer_in(&x->look, LOOK_MS);
	else
		x->then(x);
}

static void await_gateway(struct stop *x, unsigned ms, void (*then)(struct stop *x))
{
	x->until_ms = loop_now(x->service->gateway_runner.loop) + ms;
	x->then = then;
	loop_timer_in(&x->look, 0);
}

static void on_end(struct loop_call *c)
{
	loop_stop(container_of(c, struct stop, end)->service->main);
}

static void end(struct stop *x)
{
	x->end.fn = on_end;
	loop_post(x->service->main, &x->end);
}

static void on_answers(struct loop_call *c)
{
	await_gateway(container_of(c, struct stop, begin_answers), ANSWERS_MS, end);
}

static void on_edge_done(void *arg)
{
	struct stop *x = arg;

	x->begin_answers.fn = on_answers;
	loop_post(x->service->gateway_runner.loop, &x->begin_answers);
}

static void on_edge(struct loop_call *c)
{
	struct stop *x = container_of(c, struct stop, begin_edge);

	edge_drain(x->service->edge, EDGE_MS, on_edge_done, x);
}

static void drain_edge(struct stop *x)
{
	gateway_stop(x->service->gateway);
	x->begin_edge.fn = on_edge;
	loop_post(x->service->edge_runner.loop, &x->begin_edge);
}

static void on_gateway(struct loop_call *c)
{
	struct stop *x = container_of(c, struct stop, begin_gateway);
	struct service *s = x->service;

	gateway_drain(s->gateway);
	sipnet_drain(s->sipnet);
	loop_timer_init(&x->look, s->gateway_runner.loop, look, x);
	await_gateway(x, GATEWAY_MS, drain_edge);
}

void service_stop(struct service *s)
{
	struct stop *x;

	if (s->stop || !service_serves(s)) {
		loop_stop(s->main);
		return;
	}
	log_info(&s->log, "stopping");
	notify("STOPPING=1");
	if (s->admin)
		admin_set_state(s->admin, "draining");
	x = s->stop = xzalloc(sizeof *x);
	x->service = s;
	x->begin_gateway.fn = on_gateway;
	loop_post(s->gateway_runner.loop, &x->begin_gateway);
}

void service_stop_end(struct service *s)
{
	if (s->stop)
		loop_timer_stop(&s->stop->look);
}

void service_stop_free(struct service *s)
{
	free(s->stop);
	s->stop = NULL;
}
