#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"

/*
 * Messages that go in at one end and come out at another, driven and timed from one thread. Every
 * message carries its number and the time it was sent. The ends are functions: put() takes one
 * message (a stanza) to send, turn() moves what can be moved and calls flow_arrived() with the body of
 * each message that came out.
 */
struct flow {
	bool (*put)(void *arg, const char *stanza, size_t n); /* false: no room now */
	void (*turn)(void *arg);
	void *arg;
	const char *from, *to; /* domains */
	unsigned users;        /* of each side */
	uint64_t total;
	unsigned window; /* at most so many under way (closed loop) */
	double rate;     /* messages a second (open loop); 0: closed loop */
	/* results */
	uint64_t sent, arrived, out_of_order;
	struct hist latency;
	double seconds;
	double ran; /* share of the time that the driver, which never waits, was running: 1 on a quiet machine */
};

void flow_run(struct flow *f);
void flow_arrived(struct flow *f, const char *body);
