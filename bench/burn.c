#include "burn.h"

#include <stdint.h>
#include <sys/resource.h>

#include "proc.h"
#include "storm.h"

static const uint64_t BURST_NS = 1300000;

static void play(void *arg)
{
	struct burn *b = arg;
	uint64_t due = 0;

	proc_pin(0);
	setpriority(PRIO_PROCESS, 0, 0);
	for (;;) {
		uint64_t begin;

		storm_pace(&due, &b->active, b->bursts);
		begin = bench_thread_ns();
		while (bench_thread_ns() < begin + BURST_NS)
			;
	}
}

struct burn *burn_start(unsigned bursts)
{
	struct burn *b = storm_room(sizeof *b);

	b->bursts = bursts;
	b->pid = storm_fork(play, b);
	return b;
}
