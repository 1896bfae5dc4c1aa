#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/http_priv.h"
#include "base/mem.h"

/*
 * HTTP/1.1 inside TLS: the clear text goes to libwebsockets by a pair of sockets, so that it has
 * one kind of connection only and TLS is that of net/. Neither side lets more than a little wait.
 */
enum { WAITING_MAX = 64 * 1024 };

static const char forwarded_line[] = "\nforwarded:";

struct bridge {
	struct wire *wire;
	struct http1_conn *conn; /* the library's end; NULL: it has closed it */
	int fd;
	struct loop_poll *poll;
	struct buf in;      /* for the library */
	unsigned forwarded; /* lines so far */
	size_t matched;     /* bytes of one that has begun */
	bool ended;
};

static void set_interest(struct bridge *b)
{
	bool reads = !b->ended && wire_pending(b->wire) < WAITING_MAX;

	loop_poll_set(b->poll, (reads ? LOOP_READ : 0u) | (b->in.n && !b->ended ? LOOP_WRITE : 0u));
	wire_pause(b->wire, b->in.n >= WAITING_MAX);
}

/* The library has closed its end: what it said still goes out. */
static void end(struct bridge *b)
{
	b->ended = true;
	buf_reset(&b->in);
	wire_end(b->wire);
}

static void to_library(struct bridge *b)
{
	while (b->in.n) {
		struct slice s = buf_slice(&b->in);
		ssize_t n = send(b->fd, s.p, s.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			buf_reset(
				&b->in); /* it does not read any more; it may still say something */
		if (n <= 0)
			return;
		buf_take(&b->in, (size_t)n);
	}
	buf_done(&b->in);
}

static void from_library(struct bridge *b)
{
	char bytes[16 * 1024];
	ssize_t n;

	while (wire_pending(b->wire) < WAITING_MAX) {
		n = recv(b->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n > 0)
			wire_write(b->wire, slice_make(bytes, (size_t)n));
		else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			end(b);
			return;
		} else {
			return;
		}
	}
}

static void on_ready(void *arg, unsigned events)
{
	struct bridge *b = arg;

	if (events & LOOP_WRITE)
		to_library(b);
	if ((events & LOOP_READ) && !b->ended)
		from_library(b);
	set_interest(b);
}

static void count_forwarded(struct bridge *b, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		char c = ascii_lower1(bytes.p[i]);

		if (c != forwarded_line[b->matched])
			b->matched = 0;
		if (c == forwarded_line[b->matched])
			b->matched++;
		if (b->matched == sizeof forwarded_line - 1) {
			b->forwarded++;
			b->matched = 0;
		}
	}
}

unsigned bridge_forwarded_lines(const struct wire *w)
{
	const struct bridge *b = wire_carried(w);

	return b->forwarded;
}

static void on_data(void *arg, struct slice bytes)
{
	struct bridge *b = arg;

	if (b->ended)
		return;
	count_forwarded(b, bytes);
	buf_slice_add(&b->in, bytes);
	to_library(b);
	set_interest(b);
}

static void on_flushed(void *arg)
{
	set_interest(arg);
}

static void bridge_free(void *arg)
{
	struct bridge *b = arg;

	if (b->conn)
		http1_leave(b->conn);
	loop_poll_free(b->poll);
	close(b->fd);
	buf_done(&b->in);
	free(b);
}

void *bridge_new(struct wire *w)
{
	struct bridge *b;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return NULL;
	b = xzalloc(sizeof *b);
	b->wire = w;
	b->fd = pair[0];
	b->poll = loop_poll_new(wire_http(w)->loop, b->fd, on_ready, b);
	http1_join(w, pair[1], &b->conn);
	if (!b->conn) {
		bridge_free(b);
		return NULL;
	}
	set_interest(b);
	return b;
}

const struct wire_ops bridge_ops = {
	.data = on_data,
	.flushed = on_flushed,
	.free = bridge_free,
};
