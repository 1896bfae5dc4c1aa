#pragma once

#include "admin/events.h"
#include "base/list.h"
#include "loop/loop.h"
#include "view/ask.h"

/* Asking the edge what has changed, for as long as somebody wants to know (events_edge.c). */
struct edge_events {
	struct events *events;
	struct admin *admin;
	struct view_ask changes; /* since the last answer */
	struct view_ask partner; /* one of those whose streams have changed */
	bool wanted, asking;
	bool caught_up; /* what was there when somebody began to look is no news */
	char **domain;  /* of partners still to be asked about */
	size_t n, cap;
	struct loop_timer timer;
};

struct events {
	struct admin *admin;
	struct list clients;
	struct loop_timer timer; /* runs while there are clients */
	uint64_t certificates; /* a hash of ours, as last told; 0: not looked at yet */
	unsigned ticks;
	bool bodies; /* message texts are logged, as last told */
	struct edge_events edge;
};

bool events_wanted(const struct events *e, enum topic t);

void edge_events_init(struct edge_events *x, struct events *e);
void edge_events_start(struct edge_events *x); /* also when it runs */
void edge_events_stop(struct edge_events *x);
void edge_events_done(struct edge_events *x);
