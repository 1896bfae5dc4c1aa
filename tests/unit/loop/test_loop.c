#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "view/metrics.h"

/* What happened, in order: each callback adds its letter. */
static struct buf trace;

static void expect_trace(const char *expected)
{
	char *got = buf_dup(&trace);

	assert_string_equal(got, expected);
	free(got);
	buf_reset(&trace);
}

static void trace_add(const char *what)
{
	buf_str(&trace, what);
}

static void note(void *arg)
{
	trace_add(arg);
}

/* What is passed to callbacks as their argument. */
#define MARK(letter) ((char[]){letter})

static void fake_clock_runs_timers_in_order(void **state)
{
	struct loop *l = loop_new_fake("t", 1000);
	struct loop_timer a, b, c;

	loop_timer_init(&a, l, note, MARK("a"));
	loop_timer_init(&b, l, note, MARK("b"));
	loop_timer_init(&c, l, note, MARK("c"));
	loop_timer_in(&a, 300);
	loop_timer_in(&b, 100);
	loop_timer_in(&c, 200);
	loop_timer_stop(&c);
	loop_timer_at(&b, 1400);
	assert_false(loop_timer_armed(&c));
	loop_fake_advance(l, 299);
	expect_trace("");
	loop_fake_advance(l, 1);
	expect_trace("a");
	assert_int_equal(loop_now(l), 1300);
	loop_fake_advance(l, 1000);
	expect_trace("b");
	assert_int_equal(loop_now(l), 2300);
	loop_free(l);
}

static struct loop *the_loop;

static void stop_it(void *arg)
{
	note(arg);
	loop_stop(the_loop);
}

static void real_clock_runs_timers(void **state)
{
	struct loop_timer t, never;
	uint64_t start;

	the_loop = loop_new("t");
	start = loop_now(the_loop);
	loop_timer_init(&t, the_loop, stop_it, MARK("t"));
	loop_timer_init(&never, the_loop, note, MARK("never"));
	loop_timer_in(&t, 20);
	loop_timer_in(&never, 100000);
	loop_run(the_loop);
	expect_trace("t");
	assert_true(loop_now(the_loop) >= start + 20);
	loop_timer_stop(&never);
	loop_free(the_loop);
}

static struct loop_task again;

static void queue_again(void *arg)
{
	note(arg);
	loop_task_queue(the_loop, &again);
}

static void tasks_run_once_per_turn(void **state)
{
	struct loop_task t, stopped;

	the_loop = loop_new("t");
	loop_task_init(&t, note, MARK("t"));
	loop_task_init(&stopped, note, MARK("stopped"));
	loop_task_init(&again, queue_again, MARK("A"));
	loop_task_queue(the_loop, &t);
	loop_task_queue(the_loop, &stopped);
	loop_task_queue(the_loop, &again);
	loop_task_queue(the_loop, &t);
	loop_task_stop(&stopped);
	expect_trace("");
	loop_turn(the_loop, false);
	/* A queued itself: it runs when the next batch is taken, not before t is done. */
	assert_int_equal(trace.n >= 2, 1);
	assert_memory_equal(buf_slice(&trace).p, "tA", 2);
	assert_null(memchr(buf_slice(&trace).p + 1, 't', trace.n - 1));
	buf_reset(&trace);
	loop_turn(the_loop, true); /* does not block: a task waits */
	assert_true(trace.n >= 1);
	loop_task_stop(&again);
	buf_reset(&trace);
	loop_free(the_loop);
}

static void slow_tasks_take_turns(void **state)
{
	struct loop_task first, second, stopped, quick;

	the_loop = loop_new("t");
	loop_task_init(&first, note, MARK("1"));
	loop_task_init(&second, note, MARK("2"));
	loop_task_init(&stopped, note, MARK("s"));
	loop_task_init(&quick, note, MARK("q"));
	loop_task_queue_slow(the_loop, &first);
	loop_task_queue_slow(the_loop, &first);
	loop_task_queue_slow(the_loop, &stopped);
	loop_task_queue_slow(the_loop, &second);
	loop_task_stop(&stopped);
	loop_turn(the_loop, true); /* does not block: one waits */
	expect_trace("1");
	loop_task_queue(the_loop, &quick);
	loop_turn(the_loop, true);
	expect_trace("2q");
	loop_turn(the_loop, false);
	expect_trace("");
	loop_free(the_loop);
}

static void destroy(void *arg)
{
	trace_add("D");
}

static void die_then_work(void *arg)
{
	loop_dispose(the_loop, arg, destroy);
	trace_add("f");
}

static void disposed_after_the_tasks_of_the_turn(void **state)
{
	struct loop_timer t;
	struct loop_task task;

	the_loop = loop_new_fake("t", 0);
	loop_timer_init(&t, the_loop, die_then_work, MARK("x"));
	loop_task_init(&task, note, MARK("t"));
	loop_timer_in(&t, 5);
	loop_task_queue(the_loop, &task);
	loop_fake_advance(the_loop, 5);
	expect_trace("ftD");
	loop_free(the_loop);
}

static struct loop_poll *the_poll;
static int pair[2];

static void on_ready(void *arg, unsigned events)
{
	char c;

	if (events & LOOP_READ) {
		ssize_t n = read(pair[0], &c, 1);

		trace_add(n == 1 ? "r" : "e");
		if (n < 1)
			loop_poll_free(the_poll);
	}
	if (events & LOOP_WRITE) {
		trace_add("w");
		loop_poll_set(the_poll, LOOP_READ);
	}
}

static void polls_report_what_is_ready(void **state)
{
	struct loop *l = loop_new("t");

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	the_poll = loop_poll_new(l, pair[0], on_ready, NULL);
	loop_poll_set(the_poll, LOOP_READ | LOOP_WRITE);
	loop_turn(l, true);
	expect_trace("w");
	loop_turn(l, false);
	expect_trace("");
	assert_int_equal(write(pair[1], "x", 1), 1);
	loop_turn(l, true);
	expect_trace("r");
	close(pair[1]);
	loop_turn(l, true);
	expect_trace("e");
	loop_turn(l, false);
	expect_trace("");
	close(pair[0]);
	loop_free(l);
}

static void slow(void *arg)
{
	uint64_t end = clock_mono_ms() + 60;

	while (clock_mono_ms() < end)
		;
}

static void slow_handler_is_counted(void **state)
{
	struct loop *l = loop_new_fake("t", 0);
	struct loop_timer t;
	int64_t before = metric_get(M_SLOW_HANDLERS);

	loop_timer_init(&t, l, slow, NULL);
	loop_timer_in(&t, 1);
	loop_fake_advance(l, 1);
	assert_int_equal(metric_get(M_SLOW_HANDLERS), before + 1);
	loop_free(l);
}

static void on_signal(void *arg, int signum)
{
	assert_int_equal(signum, SIGUSR1);
	stop_it(arg);
}

static void signals_come_as_events(void **state)
{
	struct loop_signal *s;

	the_loop = loop_new("t");
	s = loop_signal_new(the_loop, SIGUSR1, on_signal, MARK("s"));
	raise(SIGUSR1);
	expect_trace("");
	loop_run(the_loop);
	expect_trace("s");
	loop_signal_free(s);
	loop_free(the_loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fake_clock_runs_timers_in_order),
		cmocka_unit_test(real_clock_runs_timers),
		cmocka_unit_test(tasks_run_once_per_turn),
		cmocka_unit_test(slow_tasks_take_turns),
		cmocka_unit_test(disposed_after_the_tasks_of_the_turn),
		cmocka_unit_test(polls_report_what_is_ready),
		cmocka_unit_test(slow_handler_is_counted),
		cmocka_unit_test(signals_come_as_events),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_done(&trace);
	return failed;
}
