#include <stdlib.h>

#include "base/mem.h"
#include "loop/loop_priv.h"

struct loop_poll {
	uv_poll_t uv;
	struct loop *loop;
	void (*fn)(void *arg, unsigned events);
	void *arg;
	unsigned wanted;
	bool closed;
};

static void on_poll(uv_poll_t *uv, int status, int events);

static void arm(struct loop_poll *p)
{
	int events = (p->wanted & LOOP_READ ? UV_READABLE : 0) |
		     (p->wanted & LOOP_WRITE ? UV_WRITABLE : 0);

	if (events)
		uv_poll_start(&p->uv, events, on_poll);
	else
		uv_poll_stop(&p->uv);
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct loop_poll *p = uv->data;
	uint64_t entered = loop_enter();
	struct loop *l = p->loop;

	if (status < 0) {
		/* libuv has stopped the handle; who still wants events gets them again. */
		p->fn(p->arg, LOOP_READ | LOOP_WRITE);
		if (!p->closed)
			arm(p);
	} else {
		p->fn(p->arg, (events & UV_READABLE ? LOOP_READ : 0u) |
				      (events & UV_WRITABLE ? LOOP_WRITE : 0u));
	}
	loop_leave(l, entered, "poll");
}

struct loop_poll *loop_poll_new(
	struct loop *l, int fd, void (*fn)(void *arg, unsigned events), void *arg)
{
	struct loop_poll *p = xzalloc(sizeof *p);

	p->loop = l;
	p->fn = fn;
	p->arg = arg;
	p->uv.data = p;
	if (uv_poll_init(&l->uv, &p->uv, fd) != 0) {
		free(p);
		return NULL;
	}
	return p;
}

void loop_poll_set(struct loop_poll *p, unsigned events)
{
	if (p->wanted == events)
		return;
	p->wanted = events;
	arm(p);
}

static void on_closed(uv_handle_t *uv)
{
	free(uv->data);
}

void loop_poll_free(struct loop_poll *p)
{
	if (!p)
		return;
	p->closed = true;
	uv_close((uv_handle_t *)&p->uv, on_closed);
}

struct loop_signal {
	uv_signal_t uv;
	void (*fn)(void *arg, int signum);
	void *arg;
};

static void on_signal(uv_signal_t *uv, int signum)
{
	struct loop_signal *s = uv->data;

	s->fn(s->arg, signum);
}

struct loop_signal *loop_signal_new(
	struct loop *l, int signum, void (*fn)(void *arg, int signum), void *arg)
{
	struct loop_signal *s = xzalloc(sizeof *s);

	s->fn = fn;
	s->arg = arg;
	s->uv.data = s;
	uv_signal_init(&l->uv, &s->uv);
	uv_signal_start(&s->uv, on_signal, signum);
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (s)
		uv_close((uv_handle_t *)&s->uv, on_closed);
}
