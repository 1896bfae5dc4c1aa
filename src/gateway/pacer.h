#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

/*
 * The rates of routes (route_send_rate(), GCRA): who wants to send a request that says something,
 * or begins something, asks first, and may have to wait for his turn. At most a quarter of a
 * second's requests go at once.
 */
struct gateway;
struct pacer;
struct route;

/* Who waits. Zeroed: he does not. */
struct pacer_turn {
	struct list node;
	struct pacer *pacer;
	void (*fn)(void *arg); /* it is his turn: he asks again; from the loop */
	void *arg;
};

enum pacer_answer {
	PACER_GO,
	PACER_WAIT,    /* fn will run */
	PACER_TOO_LATE /* his turn would come after the deadline; he does not wait */
};
enum pacer_answer pacer_ask(
	struct gateway *g, const struct route *route, struct pacer_turn *t, uint64_t deadline_ms);

static inline bool pacer_waits(const struct pacer_turn *t)
{
	return list_linked(&t->node);
}
void pacer_leave(struct pacer_turn *t); /* he does not want it any more, or did not wait */

void pacers_init(struct gateway *g);
void pacers_done(struct gateway *g);
