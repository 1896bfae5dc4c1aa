#pragma once

#include <stdatomic.h>
#include <sys/types.h>

/*
 * A control: a process that has nothing to do with entented and has its processor in bursts as long
 * as a handshake takes. What the partners feel of it nobody but the machine could spare them.
 */
struct burn {
	pid_t pid; /* storm_end() ends it */
	_Atomic int active;
	unsigned bursts; /* a second */
};

struct burn *burn_start(unsigned bursts);
