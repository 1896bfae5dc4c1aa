#include "gateway/pacer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/core.h"

enum { BURST_US = 250000 };

/* A request may go when now >= next_us - BURST_US. */
struct pacer {
	struct table_node node;
	struct gateway *gateway;
	uint32_t rate;
	uint64_t next_us;
	struct list queue; /* pacer_turn.node */
	unsigned n;
	struct loop_timer timer;
	char name[];
};

static void arm(struct pacer *p)
{
	if (p->n)
		loop_timer_at(&p->timer, (p->next_us - BURST_US) / 1000 + 1);
}

void pacer_leave(struct pacer_turn *t)
{
	if (!pacer_waits(t))
		return;
	list_remove(&t->node);
	t->pacer->n--;
}

static void pacer_fires(void *arg)
{
	struct pacer *p = arg;
	unsigned n = p->n;

	while (n-- && p->n && p->next_us <= gateway_now(p->gateway) * 1000 + BURST_US) {
		struct pacer_turn *t = container_of(p->queue.next, struct pacer_turn, node);

		pacer_leave(t);
		gateway_scratch(p->gateway);
		t->fn(t->arg);
	}
	arm(p);
}

static struct pacer *pacer_of(struct gateway *g, const struct route *r)
{
	struct slice name = slice_of(r->name);
	struct table_node *n = table_get(&g->pacers, name);
	struct pacer *p;

	assert(name.p);
	if (n) {
		p = container_of(n, struct pacer, node);
	} else {
		p = xzalloc(sizeof *p + name.n);
		memcpy(p->name, name.p, name.n);
		p->gateway = g;
		list_init(&p->queue);
		loop_timer_init(&p->timer, g->loop, pacer_fires, p);
		table_put(&g->pacers, &p->node, slice_make(p->name, name.n));
	}
	p->rate = route_send_rate(r); /* it may have changed */
	return p;
}

static bool take(struct pacer *p, uint64_t now_ms)
{
	uint64_t now = now_ms * 1000;

	if (p->next_us < now)
		p->next_us = now;
	if (p->next_us > now + BURST_US)
		return false;
	p->next_us += 1000000 / p->rate;
	return true;
}

enum pacer_answer pacer_ask(
	struct gateway *g, const struct route *route, struct pacer_turn *t, uint64_t deadline_ms)
{
	uint64_t now = gateway_now(g);
	struct pacer *p;

	if (!route_send_rate(route))
		return PACER_GO;
	p = pacer_of(g, route);
	if (take(p, now))
		return PACER_GO;
	if (now + (uint64_t)(p->n + 1) * 1000 / p->rate > deadline_ms)
		return PACER_TOO_LATE;
	list_append(&p->queue, &t->node);
	t->pacer = p;
	p->n++;
	arm(p);
	return PACER_WAIT;
}

void pacers_init(struct gateway *g)
{
	table_init(&g->pacers);
}

void pacers_done(struct gateway *g)
{
	table_each(&g->pacers, it) {
		struct pacer *p = container_of(it, struct pacer, node);

		loop_timer_stop(&p->timer);
		table_remove(&g->pacers, it);
		free(p);
	}
	table_done(&g->pacers);
}
