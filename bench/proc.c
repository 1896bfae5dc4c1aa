#include "proc.h"

#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t bench_thread_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

struct spent {
	uint64_t ran_ns, waited_ns;
};

static struct spent task_spent(pid_t pid, const char *task)
{
	char path[300];
	struct spent s = {0};
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, task);
	f = fopen(path, "r");
	if (!f)
		return s;
	if (fscanf(f, "%" SCNu64 " %" SCNu64, &s.ran_ns, &s.waited_ns) != 2)
		s = (struct spent){0};
	fclose(f);
	return s;
}

/* Threads that ended meanwhile are missing; entented's live as long as it does. */
static struct spent spent(pid_t pid)
{
	char path[64];
	struct spent sum = {0};
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	d = opendir(path);
	if (!d)
		return sum;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		struct spent one = {0};

		if (e->d_name[0] != '.')
			one = task_spent(pid, e->d_name);
		sum.ran_ns += one.ran_ns;
		sum.waited_ns += one.waited_ns;
	}
	closedir(d);
	return sum;
}

uint64_t proc_cpu_ns(pid_t pid)
{
	return spent(pid).ran_ns;
}

uint64_t proc_waited_ns(pid_t pid)
{
	return spent(pid).waited_ns;
}

uint64_t proc_pss_bytes(pid_t pid)
{
	char path[64], line[256];
	uint64_t kb = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "Pss: %" SCNu64, &kb) == 1)
			break;
	fclose(f);
	return kb * 1024;
}

/* The columns of /proc/net/udp: the port in hexadecimal digits behind the first colon, drops last. */
uint64_t proc_udp_drops(uint16_t port)
{
	char line[512];
	uint64_t sum = 0;
	FILE *f = fopen("/proc/net/udp", "r");

	while (f && fgets(line, sizeof line, f)) {
		unsigned long drops = 0;
		unsigned own = 0;

		line[strcspn(line, "\n")] = '\0';
		while (*line && line[strlen(line) - 1] == ' ')
			line[strlen(line) - 1] = '\0';
		if (sscanf(line, " %*d: %*x:%x", &own) == 1 && own == port && strrchr(line, ' ') &&
			sscanf(strrchr(line, ' '), "%lu", &drops) == 1)
			sum += drops;
	}
	if (f)
		fclose(f);
	return sum;
}

void proc_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof set, &set) < 0)
		fprintf(stderr, "bench: processor %d cannot be had, the figures will be noisier\n", cpu);
}
