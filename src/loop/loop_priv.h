#pragma once

#include <uv.h>

#include "loop/loop.h"
#include "loop/wheel.h"

struct disposal {
	void *object;
	void (*destroy)(void *object);
};

struct loop {
	uv_loop_t uv;
	const char *name;
	bool fake;
	uint64_t fake_now;
	bool running;
	_Atomic bool stop;
	uv_async_t wake; /* also keeps uv_run() from returning for want of handles */
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t idle;     /* active while tasks wait: the poll does not block */
	uv_timer_t timer;   /* wakes the poll for the wheel's next timer */
	uint64_t timer_due; /* what it is set to; UINT64_MAX: stopped */
	struct wheel wheel;
	struct list tasks;
	struct list slow_tasks;
	struct worker *helper;
	struct disposal *disposals;
	size_t n_disposals, cap_disposals;
	struct mailbox *calls;
	/* To be woken at the end of the turn, for what this loop's thread has posted. */
	struct mailbox **wakes;
	size_t n_wakes, cap_wakes;
};

/* False: the calling thread is in no loop's turn. */
bool loop_wakes_later(struct mailbox *mb);
/* mailbox.c: unless the receiver has taken everything meanwhile. */
void mailbox_wake(struct mailbox *mb);

/* Around every callback: what names the kind in the log line. */
uint64_t loop_enter(void);
void loop_leave(struct loop *l, uint64_t entered_ns, const char *what);
