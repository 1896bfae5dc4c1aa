#include "net/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"

enum {
	/* A small one costs whole seconds of SYN retries in a storm of reconnecting partners. */
	BACKLOG = 1024,
	ACCEPT_BATCH = 4, /* a turn: the streams there are come first */
	PAUSE_MS = 1000,
};

struct listener {
	int fd;
	struct loop *loop;
	struct loop_poll *poll;
	struct loop_timer pause;
	listener_accept *accept;
	void *arg;
	struct netaddr addr;
};

static void paused_enough(void *arg)
{
	struct listener *l = arg;

	loop_poll_set(l->poll, LOOP_READ);
}

static void out_of_descriptors(struct listener *l)
{
	log_error(
		NULL, "accept-failed", LF_Z("error", strerror(errno)), LF_U("pause_ms", PAUSE_MS));
	loop_poll_set(l->poll, 0);
	loop_timer_in(&l->pause, PAUSE_MS);
}

static void on_ready(void *arg, unsigned events)
{
	struct listener *l = arg;

	for (int i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof from;
		struct netaddr peer;
		int fd = accept4(
			l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
				errno == ENOBUFS)
				out_of_descriptors(l);
			else if (errno == ECONNABORTED || errno == EINTR)
				continue;
			return;
		}
		if (netaddr_from(&peer, (struct sockaddr *)&from) < 0)
			close(fd);
		else
			l->accept(l->arg, fd, &peer);
	}
}

static int open_socket(const struct netaddr *addr)
{
	static const int on = 1;
	int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
		(addr->sa.sa_family != AF_INET6 ||
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
		bind(fd, &addr->sa, netaddr_len(addr)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

int listener_new(struct listener **ret, struct loop *loop, const struct netaddr *addr,
	listener_accept *accept, void *arg, struct err *e)
{
	char text[NETADDR_TEXT];
	int fd = open_socket(addr);
	struct sockaddr_storage bound;
	socklen_t len = sizeof bound;
	struct listener *l;

	if (fd < 0)
		return err_set(e, errno == EADDRINUSE ? ERR_CONFLICT : ERR_UNAVAILABLE,
			"cannot listen on %s: %s", netaddr_print(addr, text), strerror(errno));
	l = xzalloc(sizeof *l);
	l->fd = fd;
	l->loop = loop;
	l->accept = accept;
	l->arg = arg;
	l->addr = *addr;
	if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
		netaddr_from(&l->addr, (struct sockaddr *)&bound);
	loop_timer_init(&l->pause, loop, paused_enough, l);
	l->poll = loop_poll_new(loop, fd, on_ready, l);
	loop_poll_set(l->poll, LOOP_READ);
	*ret = l;
	return 0;
}

struct netaddr listener_address(const struct listener *l)
{
	return l->addr;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	loop_timer_stop(&l->pause);
	loop_poll_free(l->poll);
	close(l->fd);
	free(l);
}
