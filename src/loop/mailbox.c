#include "loop/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop_priv.h"

/* Mails handled before the loop gets to look at its descriptors again. */
enum { BATCH = 64 };

/*
 * Senders push on a stack; the receiver takes the whole stack at once and turns it round. Only who
 * finds the stack empty wakes the receiver: it has taken all that was there, or is about to. A
 * sender that is a loop does so at the end of its turn, if nobody has taken it by then.
 *
 * Woken by an eventfd: libuv's own wake lets a receiver spin that finds its sender in the middle of
 * it, and a sender that has to wait for a processor may not run before the spinning ends.
 */
struct mailbox {
	_Atomic(struct mail *) pushed;
	struct mail *taken; /* oldest first; the receiver's own */
	struct loop_poll *poll;
	int fd;
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

static void wake(const struct mailbox *mb)
{
	static const uint64_t one = 1;

	if (write(mb->fd, &one, sizeof one) < 0)
		assert(errno == EAGAIN); /* woken often enough already */
}

void mailbox_wake(struct mailbox *mb)
{
	if (atomic_load_explicit(&mb->pushed, memory_order_relaxed))
		wake(mb);
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

struct mailbox *mailbox_new(struct loop *loop, mailbox_handler *handler, void *arg)
{
	struct mailbox *mb = xzalloc(sizeof *mb);

	mb->handler = handler;
	mb->arg = arg;
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
	if (!top && !loop_wakes_later(mb))
		wake(mb);
}

void mailbox_free(struct mailbox *mb)
{
	if (!mb)
		return;
	while (handle(mb, BATCH))
		;
	loop_poll_free(mb->poll);
	close(mb->fd);
	free(mb);
}
