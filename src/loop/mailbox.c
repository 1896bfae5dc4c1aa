#include "loop/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "loop/loop_priv.h"

/* Mails handled before the loop gets to look at its descriptors again. */
enum { BATCH = 256 };

/*
 * Senders push on a stack; the receiver takes the whole stack at once and turns it round. Only who
 * finds the stack empty wakes the receiver: it has taken all that was there, or is about to.
 */
struct mailbox {
	_Atomic(struct mail *) pushed;
	struct mail *taken; /* oldest first; the receiver's own */
	struct loop_poll *poll; /* of fd; NULL: async wakes */
	int fd;
	uv_async_t async;
	struct loop *loop;
	mailbox_handler *handler;
	void *arg;
};

static void take(struct mailbox *mb)
{
	struct mail *m = atomic_exchange_explicit(&mb->pushed, NULL, memory_order_acquire);
	struct mail *oldest = NULL;

	while (m) {
		struct mail *next = atomic_load_explicit(&m->next, memory_order_relaxed);

		atomic_store_explicit(&m->next, oldest, memory_order_relaxed);
		oldest = m;
		m = next;
	}
	mb->taken = oldest;
}

/* Handles at most n; false when nothing is left. */
static bool handle(struct mailbox *mb, int n)
{
	while (n-- > 0) {
		struct mail *m;

		if (!mb->taken)
			take(mb);
		m = mb->taken;
		if (!m)
			return false;
		mb->taken = atomic_load_explicit(&m->next, memory_order_relaxed);
		mb->handler(mb->arg, m);
	}
	return true;
}

static void wake(struct mailbox *mb)
{
	static const uint64_t one = 1;

	if (!mb->poll)
		uv_async_send(&mb->async);
	else if (write(mb->fd, &one, sizeof one) < 0)
		assert(errno == EAGAIN); /* woken often enough already */
}

static void on_async(uv_async_t *async)
{
	struct mailbox *mb = async->data;
	uint64_t entered = loop_enter();

	if (handle(mb, BATCH))
		wake(mb);
	loop_leave(mb->loop, entered, "mail");
}

static void on_fd(void *arg, unsigned events)
{
	struct mailbox *mb = arg;
	uint64_t wakes;

	(void)events;
	if (read(mb->fd, &wakes, sizeof wakes) < 0)
		return;
	if (handle(mb, BATCH))
		wake(mb);
}

static struct mailbox *new_mailbox(struct loop *loop, mailbox_handler *handler, void *arg)
{
	struct mailbox *mb = xzalloc(sizeof *mb);

	mb->loop = loop;
	mb->handler = handler;
	mb->arg = arg;
	return mb;
}

struct mailbox *mailbox_new(struct loop *loop, mailbox_handler *handler, void *arg)
{
	struct mailbox *mb = new_mailbox(loop, handler, arg);

	mb->async.data = mb;
	uv_async_init(&loop->uv, &mb->async, on_async);
	return mb;
}

struct mailbox *mailbox_new_patient(struct loop *loop, mailbox_handler *handler, void *arg)
{
	struct mailbox *mb = new_mailbox(loop, handler, arg);

	mb->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert(mb->fd >= 0);
	mb->poll = loop_poll_new(loop, mb->fd, on_fd, mb);
	loop_poll_set(mb->poll, LOOP_READ);
	return mb;
}

void mailbox_post(struct mailbox *mb, struct mail *mail)
{
	struct mail *top = atomic_load_explicit(&mb->pushed, memory_order_relaxed);

	do
		atomic_store_explicit(&mail->next, top, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&mb->pushed, &top, mail, memory_order_release, memory_order_relaxed));
	if (!top)
		wake(mb);
}

static void on_closed(uv_handle_t *async)
{
	free(async->data);
}

void mailbox_free(struct mailbox *mb)
{
	if (!mb)
		return;
	while (handle(mb, BATCH))
		;
	if (!mb->poll) {
		uv_close((uv_handle_t *)&mb->async, on_closed);
		return;
	}
	loop_poll_free(mb->poll);
	close(mb->fd);
	free(mb);
}
