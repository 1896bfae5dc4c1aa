#pragma once

#include "sipnet/flow.h"

/* What flow.c and flow_in.c know of each other. */

static inline uint64_t flow_now(const struct flow *f)
{
	return loop_now(f->loop);
}

/* ---- flow.c ---- */
void flow_count(struct flow *f);                   /* what it holds has changed */
void flow_arm_by(struct flow *f, uint64_t due);    /* the timer fires then at the latest */
void flow_put(struct flow *f, struct slice bytes); /* into the output */
void flow_mind_input(struct flow *f);              /* paused or behind has changed */

/* ---- flow_in.c ---- */
void flow_data(struct flow *f, struct slice bytes); /* the callee's to change */
void flow_take_more(void *flow);                    /* f->more_task */
/* Nothing will come any more: takes the rest of what has come whole. */
void flow_catch_up(struct flow *f);
