#include "admin/pieces.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "loop/loop.h"

enum {
	FRAME = 24,        /* of a chunk, at most */
	NOISE_MAX = 65536, /* from a client that has nothing more to say */
};

struct pieces {
	struct loop *loop;
	int fd;
	struct pieces_options o;
	struct loop_poll *poll;
	struct loop_task task; /* sends what was put in this turn */
	struct buf out;
	size_t noise;
	bool ended, lost;
};

static void over(struct pieces *p)
{
	loop_task_stop(&p->task);
	loop_poll_free(p->poll);
	p->poll = NULL;
	p->o.over(p->o.arg, !p->lost);
}

/* Also for an error of the socket. Returns false when it is lost. */
static bool send_some(struct pieces *p)
{
	while (p->out.n && !p->lost) {
		struct slice s = buf_slice(&p->out);
		ssize_t n = send(p->fd, s.p, s.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			buf_take(&p->out, (size_t)n);
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		else if (n == 0 || errno != EINTR)
			p->lost = true;
	}
	return !p->lost;
}

static void on_task(void *arg)
{
	struct pieces *p = arg;

	if (!send_some(p) || (!p->out.n && (p->ended || p->o.head_only)))
		over(p);
	else
		loop_poll_set(p->poll, p->out.n ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void throw_away_input(struct pieces *p)
{
	char noise[4096];
	ssize_t n = recv(p->fd, noise, sizeof noise, MSG_DONTWAIT);

	if (n > 0)
		p->noise += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		p->lost = true;
	if (p->noise > NOISE_MAX)
		p->lost = true;
}

static void on_ready(void *arg, unsigned events)
{
	struct pieces *p = arg;

	if (events & LOOP_READ)
		throw_away_input(p);
	on_task(p);
}

struct pieces *pieces_new(struct loop *l, int fd, const struct pieces_options *o)
{
	struct pieces *p = xzalloc(sizeof *p);

	p->loop = l;
	p->fd = fd;
	p->o = *o;
	p->lost = fd < 0;
	loop_task_init(&p->task, on_task, p);
	loop_task_queue(l, &p->task);
	buf_slice_add(&p->out, o->head);
	p->o.head = SL_NONE;
	if (fd >= 0) {
		p->poll = loop_poll_new(l, fd, on_ready, p);
		loop_poll_set(p->poll, LOOP_READ);
	}
	return p;
}

size_t pieces_room(const struct pieces *p)
{
	size_t held = p->out.n + FRAME;

	return p->lost || held > PIECES_MAX ? 0 : PIECES_MAX - held;
}

void pieces_put(struct pieces *p, struct slice bytes)
{
	assert(!p->ended);
	if (p->lost || p->o.head_only || !bytes.n)
		return;
	loop_task_queue(p->loop, &p->task);
	if (bytes.n > pieces_room(p)) {
		p->lost = true;
		return;
	}
	if (p->o.chunked)
		buf_printf(&p->out, "%zx\r\n", bytes.n);
	buf_slice_add(&p->out, bytes);
	if (p->o.chunked)
		buf_str(&p->out, "\r\n");
}

void pieces_end(struct pieces *p)
{
	assert(!p->ended);
	p->ended = true;
	if (p->o.chunked && !p->o.head_only)
		buf_str(&p->out, "0\r\n\r\n");
	loop_task_queue(p->loop, &p->task);
}

void pieces_free(struct pieces *p)
{
	if (!p)
		return;
	loop_task_stop(&p->task);
	loop_poll_free(p->poll);
	if (p->fd >= 0)
		close(p->fd);
	buf_done(&p->out);
	free(p);
}
