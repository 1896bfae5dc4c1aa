#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Was the machine ours? On each processor a thread of real-time priority wakes every half
 * millisecond: nothing of this machine comes before it, so where it comes late, a host has given
 * the processor to somebody else, or an interrupt took long. Such times say nothing about what is
 * measured.
 */
void quiet_start(void); /* without the permission it says so, and everything counts as quiet */

/*
 * Lets a process that leads a session, with what it starts, go before the other programs of the
 * machine, where the kernel groups processes by session; elsewhere it changes nothing.
 * quiet_start() does so for the calling one.
 */
void quiet_before_others(pid_t pid);

/* Of the wall clock, as the kernel's stamps. What comes soon after a disturbance is disturbed too.
 */
bool quiet_between(uint64_t from_ns, uint64_t to_ns);
