#pragma once

#include "sipnet/flow.h"

/* What a connection may take its time for (docs/decisions/0216). For flow.c only. */
struct flow_limit {
	const char *why, *text; /* as in flow_end() */
	uint64_t (*due)(const struct flow *f);
	bool orderly; /* it is closed, not ended at once */
};

/* When something is due next, a ping among it; UINT64_MAX: nothing is. */
uint64_t flow_due(const struct flow *f);
uint64_t flow_due_ping(const struct flow *f);
/* The limit that it is over; NULL: none. */
const struct flow_limit *flow_overdue(const struct flow *f, uint64_t now_ms);
