#include "loop/loop.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/loop_priv.h"
#include "loop/pieces.h"
#include "loop/worker.h"
#include "view/metrics.h"

enum { SLOW_MS = 50, HELPERS = 2, PIECE_NS = 200000 };

uint64_t loop_enter(void)
{
	return clock_mono_ns();
}

void loop_leave(struct loop *l, uint64_t entered_ns, const char *what)
{
	uint64_t ms = (clock_mono_ns() - entered_ns) / 1000000;

	if (ms <= SLOW_MS)
		return;
	metric_add(M_SLOW_HANDLERS, 1);
	log_warn(NULL, "handler-slow", LF_Z("loop", l->name), LF_Z("what", what), LF_U("ms", ms));
}

uint64_t loop_now(const struct loop *l)
{
	return l->fake ? l->fake_now : uv_now(&l->uv);
}

void loop_now_update(struct loop *l)
{
	uv_update_time(&l->uv);
}

struct uv_loop_s *loop_uv(struct loop *l)
{
	return &l->uv;
}

/* ---- timers ---- */

void loop_timer_init(struct loop_timer *t, struct loop *l, void (*fn)(void *arg), void *arg)
{
	*t = (struct loop_timer){.loop = l, .fn = fn, .arg = arg};
}

void loop_timer_at(struct loop_timer *t, uint64_t due_ms)
{
	loop_timer_stop(t);
	wheel_add(&t->loop->wheel, &t->wheel, due_ms);
}

void loop_timer_in(struct loop_timer *t, uint64_t ms)
{
	loop_timer_at(t, loop_now(t->loop) + ms);
}

void loop_timer_stop(struct loop_timer *t)
{
	if (loop_timer_armed(t))
		wheel_remove(&t->loop->wheel, &t->wheel);
}

static void run_timers(struct loop *l, uint64_t now)
{
	struct wheel_node *n;

	while ((n = wheel_pop(&l->wheel, now))) {
		struct loop_timer *t = container_of(n, struct loop_timer, wheel);
		uint64_t entered = loop_enter();

		t->fn(t->arg);
		loop_leave(l, entered, "timer");
	}
}

static void on_wheel_due(uv_timer_t *timer)
{
	struct loop *l = timer->data;

	l->timer_due = UINT64_MAX; /* it only ended the poll: on_prepare runs the wheel */
}

static void set_wheel_timer(struct loop *l)
{
	uint64_t due = wheel_next(&l->wheel), now = uv_now(&l->uv);

	if (due == l->timer_due || l->fake)
		return;
	l->timer_due = due;
	if (due == UINT64_MAX)
		uv_timer_stop(&l->timer);
	else
		uv_timer_start(&l->timer, on_wheel_due, due > now ? due - now : 0, 0);
}

/* ---- tasks and disposals: the end of the turn ---- */

void loop_task_init(struct loop_task *t, void (*fn)(void *arg), void *arg)
{
	*t = (struct loop_task){.fn = fn, .arg = arg};
}

void loop_task_queue(struct loop *l, struct loop_task *t)
{
	if (!list_linked(&t->node))
		list_append(&l->tasks, &t->node);
}

void loop_task_queue_slow(struct loop *l, struct loop_task *t)
{
	if (!list_linked(&t->node))
		list_append(&l->slow_tasks, &t->node);
}

void loop_task_stop(struct loop_task *t)
{
	list_remove(&t->node);
}

static void run_slow_task(struct loop *l)
{
	struct list *it = list_pop(&l->slow_tasks);
	struct loop_task *t;
	uint64_t entered;

	if (!it)
		return;
	t = container_of(it, struct loop_task, node);
	entered = loop_enter();
	t->fn(t->arg);
	loop_leave(l, entered, "slow-task");
}

static void run_tasks(struct loop *l)
{
	struct list now = {0}, *it;

	if (list_empty(&l->tasks))
		return;
	/* Those queued from here on belong to the next turn: a task may queue itself again. */
	list_insert_before(&l->tasks, &now);
	list_remove(&l->tasks);
	while ((it = list_pop(&now))) {
		struct loop_task *t = container_of(it, struct loop_task, node);
		uint64_t entered = loop_enter();

		t->fn(t->arg);
		loop_leave(l, entered, "task");
	}
}

void loop_dispose(struct loop *l, void *object, void (*destroy)(void *object))
{
	if (l->n_disposals == l->cap_disposals) {
		l->cap_disposals = l->cap_disposals ? 2 * l->cap_disposals : 16;
		l->disposals = xrealloc(l->disposals, l->cap_disposals * sizeof *l->disposals);
	}
	l->disposals[l->n_disposals++] = (struct disposal){object, destroy};
}

static void run_disposals(struct loop *l)
{
	/* By index: destroying one object may dispose of another. */
	for (size_t i = 0; i < l->n_disposals; i++) {
		struct disposal d = l->disposals[i];

		d.destroy(d.object);
	}
	l->n_disposals = 0;
}

/* ---- posts of this turn: each receiver is woken once for all that was posted to it ---- */

static _Thread_local struct loop *running;

bool loop_wakes_later(struct mailbox *mb)
{
	struct loop *l = running;

	if (!l)
		return false;
	for (size_t i = 0; i < l->n_wakes; i++)
		if (l->wakes[i] == mb)
			return true;
	if (l->n_wakes == l->cap_wakes) {
		l->cap_wakes = l->cap_wakes ? 2 * l->cap_wakes : 4;
		l->wakes = xrealloc(l->wakes, l->cap_wakes * sizeof(struct mailbox *));
	}
	l->wakes[l->n_wakes++] = mb;
	return true;
}

static void run_wakes(struct loop *l)
{
	for (size_t i = 0; i < l->n_wakes; i++)
		mailbox_wake(l->wakes[i]);
	l->n_wakes = 0;
}

static void end_turn(struct loop *l)
{
	run_tasks(l);
	run_disposals(l);
	run_wakes(l);
}

static void run(struct loop *l, uv_run_mode mode)
{
	struct loop *outer = running;

	running = l;
	uv_run(&l->uv, mode);
	run_wakes(l);
	running = outer;
}

static void on_idle(uv_idle_t *idle)
{
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct loop *l = prepare->data;

	if (!l->fake)
		run_timers(l, loop_now(l));
	run_slow_task(l);
	end_turn(l);
	set_wheel_timer(l);
	if (list_empty(&l->tasks) && list_empty(&l->slow_tasks))
		uv_idle_stop(&l->idle);
	else
		uv_idle_start(&l->idle, on_idle);
}

static void on_check(uv_check_t *check)
{
	end_turn(check->data);
}

void loop_fake_advance(struct loop *l, uint64_t ms)
{
	uint64_t until = l->fake_now + ms, next;

	assert(l->fake);
	while ((next = wheel_next(&l->wheel)) <= until) {
		l->fake_now = next > l->fake_now ? next : l->fake_now;
		run_timers(l, l->fake_now);
		end_turn(l);
	}
	l->fake_now = until;
	run_timers(l, until);
}

/* ---- calls from other threads ---- */

static void on_call(void *arg, struct mail *mail)
{
	struct loop_call *c = container_of(mail, struct loop_call, mail);

	c->fn(c);
}

void loop_post(struct loop *l, struct loop_call *c)
{
	mailbox_post(l->calls, &c->mail);
}

struct worker *loop_helper(struct loop *l)
{
	if (!l->helper && !l->fake)
		l->helper = worker_new("helper", HELPERS);
	return l->helper;
}

/* ---- the loop itself ---- */

static void on_wake(uv_async_t *wake)
{
	uv_stop(wake->loop);
}

static struct loop *new_loop(const char *name, bool fake, uint64_t start_ms)
{
	struct loop *l = xzalloc(sizeof *l);

	l->name = name;
	l->fake = fake;
	l->fake_now = start_ms;
	uv_loop_init(&l->uv);
	uv_async_init(&l->uv, &l->wake, on_wake);
	uv_prepare_init(&l->uv, &l->prepare);
	uv_check_init(&l->uv, &l->check);
	uv_idle_init(&l->uv, &l->idle);
	uv_timer_init(&l->uv, &l->timer);
	l->prepare.data = l->check.data = l->idle.data = l->timer.data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_check_start(&l->check, on_check);
	l->timer_due = UINT64_MAX;
	wheel_init(&l->wheel, loop_now(l));
	list_init(&l->tasks);
	list_init(&l->slow_tasks);
	l->calls = mailbox_new(l, on_call, l);
	return l;
}

struct loop *loop_new(const char *name)
{
	return new_loop(name, false, 0);
}

struct loop *loop_new_fake(const char *name, uint64_t start_ms)
{
	return new_loop(name, true, start_ms);
}

void loop_run(struct loop *l)
{
	/*
	 * It works a little at a time and has to be quick about it; its share of the processor is
	 * that of others.
	 */
	pieces_of(PIECE_NS);
	while (!atomic_load(&l->stop))
		run(l, UV_RUN_DEFAULT);
	atomic_store(&l->stop, false);
}

void loop_turn(struct loop *l, bool wait)
{
	run(l, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	uv_async_send(&l->wake);
}

void loop_free(struct loop *l)
{
	int still_open;

	if (!l)
		return;
	worker_free(l->helper);
	mailbox_free(l->calls);
	end_turn(l);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->check, NULL);
	uv_close((uv_handle_t *)&l->idle, NULL);
	uv_close((uv_handle_t *)&l->timer, NULL);
	/* Closing handles end in these turns; one left open is a bug of its owner. */
	for (int i = 0; i < 3; i++)
		uv_run(&l->uv, UV_RUN_NOWAIT);
	still_open = uv_loop_close(&l->uv);
	assert(!still_open);
	free(l->disposals);
	free(l->wakes);
	free(l);
}
