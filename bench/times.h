#pragma once

#include <sys/types.h>

#include "good_peers.h"

/*
 * Two kinds of time, A and B, that follow each other several times within one run, so that what
 * else the machine does falls on both alike: what do the messages of partners that behave feel of
 * B? With quiet_start(), messages in whose time the machine was not quiet are left out of both.
 */
enum { TIME_A, TIME_B, TIMES, TIMES_ROUNDS_MAX = 64 };

struct times {
	/* the caller's */
	const char *name[TIMES];
	unsigned rounds, seconds; /* of each kind in each round, after a second to settle */
	double rate;              /* messages a second either way */
	/* results */
	struct hist round[TIMES_ROUNDS_MAX][TIMES][GOOD_WAYS];
	double ns[TIMES], cpu_ns[TIMES], waited_ns[TIMES], disturbed[TIMES];
};

/* Plays one time of one round, which is already arranged; pid: entented's. */
void times_play(struct times *t, struct good_peers *g, pid_t pid, unsigned round, int which);

/* Into the object that is begun. cpu_share: of one processor; waited_share: wished for one, in
 * vain. */
void times_report(const struct times *t, const struct good_peers *g);

/* A number of rounds that there is room for. */
unsigned times_rounds(unsigned wanted);
