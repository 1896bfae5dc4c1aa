#include "quiet.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSORS = 64, REMEMBERED = 1024 };
static const uint64_t STEP_NS = 500000, LATE_NS = 300000, AFTER_NS = 20000000;

/* The last disturbances of one processor. */
static struct watch {
	struct {
		_Atomic uint64_t from, to;
	} late[REMEMBERED];
	_Atomic unsigned n;
	int cpu;
} watches[PROCESSORS];

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec t = {
		.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
}

static void note(struct watch *w, uint64_t from, uint64_t to)
{
	unsigned i = atomic_load(&w->n) % REMEMBERED;

	atomic_store(&w->late[i].from, from);
	atomic_store(&w->late[i].to, to);
	atomic_fetch_add(&w->n, 1);
}

static void *watch(void *arg)
{
	struct watch *w = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	sched_setaffinity(0, sizeof set, &set);
	for (uint64_t due = wall_ns();; due += STEP_NS) {
		uint64_t now;

		sleep_until(due);
		now = wall_ns();
		if (now < due + LATE_NS)
			continue;
		note(w, due, now);
		due = now;
	}
	return NULL;
}

static bool start(struct watch *w)
{
	struct sched_param first = {.sched_priority = 1};
	pthread_attr_t a;
	pthread_t t;
	bool ok;

	pthread_attr_init(&a);
	pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&a, SCHED_FIFO);
	pthread_attr_setschedparam(&a, &first);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	ok = pthread_create(&t, &a, watch, w) == 0;
	pthread_attr_destroy(&a);
	return ok;
}

void quiet_before_others(pid_t pid)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/autogroup", (int)pid);
	f = fopen(path, "w");
	if (!f)
		return;
	fprintf(f, "-20");
	fclose(f);
}

void quiet_start(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	quiet_before_others(getpid());
	for (int i = 0; i < n && i < PROCESSORS; i++) {
		watches[i].cpu = i;
		if (!start(&watches[i])) {
			fprintf(stderr,
				"bench: without real-time priority nobody can tell whether the "
				"machine was quiet\n");
			return;
		}
	}
}

static bool was_late(const struct watch *w, uint64_t from, uint64_t to)
{
	unsigned n = atomic_load(&w->n);

	for (unsigned i = 0; i < n && i < REMEMBERED; i++) {
		unsigned at = (n - 1 - i) % REMEMBERED;

		if (atomic_load(&w->late[at].to) + AFTER_NS < from)
			return false; /* and so are all before it */
		if (atomic_load(&w->late[at].from) < to)
			return true;
	}
	return false;
}

bool quiet_between(uint64_t from_ns, uint64_t to_ns)
{
	for (int i = 0; i < PROCESSORS; i++)
		if (was_late(&watches[i], from_ns, to_ns))
			return false;
	return true;
}
