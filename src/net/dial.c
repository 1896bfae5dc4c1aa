#include "net/dial.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop.h"

enum { STAGGER_MS = 250, GROUP_MS = 5000, ATTEMPT_MS = 10000 };

struct attempt {
	struct dial *dial;
	struct conn_target target;
	int fd; /* -1: not begun, or failed */
	struct loop_poll *poll;
	struct loop_timer timeout;
};

struct dial {
	struct loop *loop;
	dial_done *done;
	void *arg;
	struct loop_timer next_timer;
	size_t n, next; /* attempts[next ...] have not begun */
	size_t open;    /* begun, not failed */
	int last_error;
	struct attempt attempts[];
};

static void begin_next(void *arg);

static void drop(struct attempt *a)
{
	if (a->fd < 0)
		return;
	loop_timer_stop(&a->timeout);
	loop_poll_free(a->poll);
	close(a->fd);
	a->fd = -1;
	a->dial->open--;
}

/* One has failed: the next begins at once, and when there is none and none is open, all have. */
static void failed(struct attempt *a, int error)
{
	struct dial *d = a->dial;

	drop(a);
	d->last_error = error;
	if (d->next < d->n &&
		(d->open == 0 || d->attempts[d->next].target.group == a->target.group))
		loop_timer_in(&d->next_timer, 0);
	else if (d->next == d->n && d->open == 0)
		d->done(d->arg, -1, NULL, strerror(error));
}

static void timed_out(void *arg)
{
	failed(arg, ETIMEDOUT);
}

static void on_ready(void *arg, unsigned events)
{
	struct attempt *a = arg;
	struct dial *d = a->dial;
	struct netaddr peer = a->target.addr;
	int error = 0, fd = a->fd;
	socklen_t len = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		failed(a, error);
		return;
	}
	loop_timer_stop(&a->timeout);
	loop_poll_free(a->poll);
	a->fd = -1;
	d->open--;
	d->done(d->arg, fd, &peer, NULL);
}

/* The port is chosen by the kernel with connect(): by then it knows what is free for that peer. */
static int bind_to(int fd, const struct netaddr *from)
{
	static const int on = 1;

	if (from->sa.sa_family == AF_UNSPEC)
		return 0;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	return bind(fd, &from->sa, netaddr_len(from));
}

static int begin(struct attempt *a)
{
	struct dial *d = a->dial;
	const struct netaddr *to = &a->target.addr;

	a->fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return errno;
	if (bind_to(a->fd, &a->target.from) < 0 ||
		(connect(a->fd, &to->sa, netaddr_len(to)) < 0 && errno != EINPROGRESS)) {
		int error = errno;

		close(a->fd);
		a->fd = -1;
		return error;
	}
	d->open++;
	a->poll = loop_poll_new(d->loop, a->fd, on_ready, a);
	loop_poll_set(a->poll, LOOP_WRITE);
	loop_timer_in(&a->timeout, ATTEMPT_MS);
	return 0;
}

static void begin_next(void *arg)
{
	struct dial *d = arg;

	while (d->next < d->n) {
		struct attempt *a = &d->attempts[d->next++];
		int error = begin(a);

		if (!error) {
			if (d->next < d->n)
				loop_timer_in(&d->next_timer,
					d->attempts[d->next].target.group == a->target.group
						? STAGGER_MS
						: GROUP_MS);
			return;
		}
		d->last_error = error;
	}
	if (d->open == 0)
		d->done(d->arg, -1, NULL, strerror(d->last_error));
}

struct dial *dial_new(
	struct loop *l, const struct conn_target *targets, size_t n, dial_done *done, void *arg)
{
	struct dial *d = xzalloc(sizeof *d + n * sizeof d->attempts[0]);

	d->loop = l;
	d->done = done;
	d->arg = arg;
	d->n = n;
	d->last_error = EADDRNOTAVAIL;
	for (size_t i = 0; i < n; i++) {
		d->attempts[i] = (struct attempt){.dial = d, .target = targets[i], .fd = -1};
		loop_timer_init(&d->attempts[i].timeout, l, timed_out, &d->attempts[i]);
	}
	loop_timer_init(&d->next_timer, l, begin_next, d);
	loop_timer_in(&d->next_timer, 0);
	return d;
}

void dial_free(struct dial *d)
{
	if (!d)
		return;
	loop_timer_stop(&d->next_timer);
	for (size_t i = 0; i < d->n; i++)
		drop(&d->attempts[i]);
	free(d);
}
