#include "directory/guard.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static struct list armed;

static uint64_t end_overdue(uint64_t now_ms)
{
	uint64_t next_ms = now_ms + 3600 * 1000;

	for (struct list *l = armed.next; l != &armed; l = l->next) {
		struct guard *g = container_of(l, struct guard, node);

		if (g->due_ms > now_ms) {
			next_ms = g->due_ms < next_ms ? g->due_ms : next_ms;
		} else {
			if (g->fd >= 0)
				shutdown(g->fd, SHUT_RDWR);
			g->due_ms = UINT64_MAX; /* once; a socket that comes later is shut then */
		}
	}
	return next_ms;
}

static void *watch(void *arg)
{
	pthread_mutex_lock(&lock);
	for (;;) {
		uint64_t next_ms = end_overdue(clock_mono_ms());
		struct timespec t = {(time_t)(next_ms / 1000), (long)(next_ms % 1000) * 1000000};

		pthread_cond_timedwait(&changed, &lock, &t);
	}
	return NULL;
}

int guard_start(void)
{
	pthread_condattr_t mono;
	pthread_t t;

	list_init(&armed);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &mono);
	if (pthread_create(&t, NULL, watch, NULL) != 0)
		return -1;
	pthread_detach(t);
	return 0;
}

void guard_init(struct guard *g)
{
	*g = (struct guard){.fd = -1};
}

void guard_done(struct guard *g)
{
	guard_disarm(g);
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

void guard_socket(struct guard *g, int fd)
{
	pthread_mutex_lock(&lock);
	if (g->fd >= 0)
		close(g->fd);
	g->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (g->due_ms == UINT64_MAX && g->fd >= 0)
		shutdown(g->fd, SHUT_RDWR);
	pthread_mutex_unlock(&lock);
}

void guard_arm(struct guard *g, uint64_t due_ms)
{
	pthread_mutex_lock(&lock);
	g->due_ms = due_ms;
	list_remove(&g->node);
	list_append(&armed, &g->node);
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

void guard_disarm(struct guard *g)
{
	pthread_mutex_lock(&lock);
	list_remove(&g->node);
	g->due_ms = 0;
	pthread_mutex_unlock(&lock);
}
