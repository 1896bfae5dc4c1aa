#include "storm.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

enum { STACK = 256 << 10, NICE = 10 };

void *storm_room(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("bench: memory");
		exit(1);
	}
	return p;
}

pid_t storm_fork(void (*play)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setpriority(PRIO_PROCESS, 0, NICE);
	play(arg);
	_exit(0);
}

void storm_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void storm_count(_Atomic uint64_t *n, uint64_t more)
{
	atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

static void rest_while_told(const _Atomic int *active)
{
	while (!atomic_load(active))
		usleep(20000);
}

void storm_pace(uint64_t *due, const _Atomic int *active, unsigned per_second)
{
	uint64_t now = bench_now_ns();

	while (!per_second)
		pause();
	if (*due + 100000000 < now)
		*due = now;
	else if (*due > now)
		usleep((useconds_t)((*due - now) / 1000));
	*due += 1000000000u / per_second;
	rest_while_told(active);
}

void storm_thread(void *(*run)(void *), void *arg)
{
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, STACK);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&t, &a, run, arg) != 0)
		fprintf(stderr, "bench: a thread is missing\n");
}

void storm_reset(int fd)
{
	static const struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

bool storm_write(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

void storm_say(int fd, const char *text)
{
	storm_write(fd, text, strlen(text));
}

bool storm_hear(int fd, const char *needle)
{
	char got[8192];
	size_t n = 0;

	while (n < sizeof got) {
		ssize_t k = recv(fd, got + n, sizeof got - n, 0);

		if (k <= 0)
			return false;
		n += (size_t)k;
		if (memmem(got, n, needle, strlen(needle)))
			return true;
	}
	return false;
}
