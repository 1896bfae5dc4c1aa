#include "loop/pieces.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

void pieces_of(uint64_t ns)
{
	/* sched_setattr(2), which the C library does not have. */
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} a = {.size = sizeof a, .nice = getpriority(PRIO_PROCESS, 0), .runtime = ns};

	if (syscall(SYS_sched_setattr, 0, &a, 0) < 0)
		log_debug(NULL, "no-short-pieces", LF_Z("error", strerror(errno)));
}
