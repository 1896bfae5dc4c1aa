#include <stdlib.h>

#include "base/mem.h"
#include "daemon/notify.h"
#include "daemon/service_priv.h"

/*
 * The orderly end: the gateway takes nothing new and finishes what is under way, for which it needs
 * the edge; then the edge writes what is queued and closes its streams; then the main loop ends. Each
 * step is bounded, and a second signal skips what is left.
 */
enum { GATEWAY_MS = 10000, EDGE_MS = 5000, LOOK_MS = 20 };

struct stop {
	struct service *service;
	/* on the gateway's loop */
	struct loop_call begin_gateway;
	struct loop_timer look;
	uint64_t until_ms;
	/* on the edge's loop */
	struct loop_call begin_edge;
	/* on the main loop */
	struct loop_call end;
};

static void on_end(struct loop_call *c)
{
	loop_stop(container_of(c, struct stop, end)->service->main);
}

static void on_edge_done(void *arg)
{
	struct stop *x = arg;

	x->end.fn = on_end;
	loop_post(x->service->main, &x->end);
}

static void on_edge(struct loop_call *c)
{
	struct stop *x = container_of(c, struct stop, begin_edge);

	edge_drain(x->service->edge, EDGE_MS, on_edge_done, x);
}

static bool gateway_is_idle(const struct service *s)
{
	return gateway_busy(s->gateway) == 0 && sipnet_busy(s->sipnet) == 0;
}

static void look(void *arg)
{
	struct stop *x = arg;
	struct service *s = x->service;

	if (!gateway_is_idle(s) && loop_now(s->gateway_runner.loop) < x->until_ms) {
		loop_timer_in(&x->look, LOOK_MS);
		return;
	}
	x->begin_edge.fn = on_edge;
	loop_post(s->edge_runner.loop, &x->begin_edge);
}

static void on_gateway(struct loop_call *c)
{
	struct stop *x = container_of(c, struct stop, begin_gateway);
	struct service *s = x->service;

	gateway_drain(s->gateway);
	sipnet_drain(s->sipnet);
	x->until_ms = loop_now(s->gateway_runner.loop) + GATEWAY_MS;
	loop_timer_init(&x->look, s->gateway_runner.loop, look, x);
	loop_timer_in(&x->look, 0);
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
