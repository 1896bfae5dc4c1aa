#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "loop/mailbox.h"
#include "loop/wheel.h"

/*
 * One thread's event loop, on libuv. Every object has one owning loop, and all functions here are
 * for that loop's thread unless they say otherwise.
 *
 * A turn: timers that are due, descriptors that are ready, mails that came, one slow task; then the
 * end of the turn: tasks queued meanwhile, then objects disposed of. So an object may dispose of
 * itself inside its own callback, and many small writes of one turn go out as one.
 *
 * A callback that runs for more than 50 ms is logged (handler-slow) and counted (SLOW_HANDLERS).
 */
struct loop;
struct uv_loop_s;

/* name appears in logs; borrowed for good. */
struct loop *loop_new(const char *name);

/*
 * For tests: time stands still except for loop_fake_advance(); descriptors and mailboxes are real.
 */
struct loop *loop_new_fake(const char *name, uint64_t start_ms);

/* Advances the time to that of each due timer in turn, runs it and the end of its turn. */
void loop_fake_advance(struct loop *l, uint64_t ms);

/* All timers, polls, mailboxes and signals on it have been stopped or freed. NULL is fine. */
void loop_free(struct loop *l);

/* Runs until loop_stop(). */
void loop_run(struct loop *l);

/* One turn; wait: blocks for the first event. For tests and for draining at the end. */
void loop_turn(struct loop *l, bool wait);

/* Any thread, and signal-safe: loop_run() returns after the turn in hand. */
void loop_stop(struct loop *l);

/* For libraries that bring their own libuv code (libwebsockets). */
struct uv_loop_s *loop_uv(struct loop *l);

/* Monotonic milliseconds, the same scale as clock_mono_ms(), read once per turn. */
uint64_t loop_now(const struct loop *l);

/* Reads the clock again, after something long. */
void loop_now_update(struct loop *l);

/* ---- timers: intrusive, on one wheel per loop; setting and stopping is constant time ---- */
struct loop_timer {
	struct wheel_node wheel;
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
};

void loop_timer_init(struct loop_timer *t, struct loop *l, void (*fn)(void *arg), void *arg);
/* At due_ms (a past time: within the next millisecond), once. Setting it again moves it. */
void loop_timer_at(struct loop_timer *t, uint64_t due_ms);
void loop_timer_in(struct loop_timer *t, uint64_t ms);
/* Also on a zeroed or fired timer. */
void loop_timer_stop(struct loop_timer *t);

static inline bool loop_timer_armed(const struct loop_timer *t)
{
	return list_linked(&t->wheel.node);
}

/* ---- tasks: what is to be done once at the end of the turn ---- */
struct loop_task {
	struct list node;
	void (*fn)(void *arg);
	void *arg;
};

void loop_task_init(struct loop_task *t, void (*fn)(void *arg), void *arg);
/*
 * Runs it once at the end of this turn, however often it is queued before. Queued while tasks run:
 * at the end of the next turn, which then does not block.
 */
void loop_task_queue(struct loop *l, struct loop_task *t);
/*
 * The same for what takes long and can wait: one such task a turn, in the order they came, so that
 * between any two of them the loop sees to what is ready. It does not block while some wait.
 */
void loop_task_queue_slow(struct loop *l, struct loop_task *t);
/* Also when it is not queued. */
void loop_task_stop(struct loop_task *t);

/* Calls destroy(object) after the tasks of this turn. */
void loop_dispose(struct loop *l, void *object, void (*destroy)(void *object));

/* ---- calls from other threads ---- */
struct loop_call {
	struct mail mail;
	void (*fn)(struct loop_call *c); /* runs once on the loop's thread; c is its own then */
};

/* Any thread. c is in an object that lives until fn runs. Calls of one sender run in order. */
void loop_post(struct loop *l, struct loop_call *c);

/*
 * Threads of this loop for work that would hold it up. Made when first asked for, and there until
 * loop_free(), which waits for their jobs. NULL: a loop whose time stands still has none; its owner
 * does the work on the spot.
 */
struct worker *loop_helper(struct loop *l);

/* ---- descriptors ---- */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_poll;

/*
 * fn runs with the events that are ready, level-triggered; an error on the descriptor is reported
 * as both, so that the read or write that follows finds it. Reports nothing before loop_poll_set().
 * The descriptor stays the caller's, and may be closed as soon as loop_poll_free() has returned.
 */
struct loop_poll *loop_poll_new(
	struct loop *l, int fd, void (*fn)(void *arg, unsigned events), void *arg);
void loop_poll_set(struct loop_poll *p, unsigned events);
/* fn does not run after it. NULL is fine. */
void loop_poll_free(struct loop_poll *p);

/* ---- signals ---- */
struct loop_signal;
struct loop_signal *loop_signal_new(
	struct loop *l, int signum, void (*fn)(void *arg, int signum), void *arg);
void loop_signal_free(struct loop_signal *s);
