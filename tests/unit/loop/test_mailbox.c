#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "loop/worker.h"

enum { SENDERS = 4, MAILS = 20000 };

struct letter {
	struct mail mail;
	unsigned sender, number;
};

static struct loop *the_loop;
static unsigned next_of[SENDERS], received;
static struct mailbox *the_box;

static void on_mail(void *arg, struct mail *mail)
{
	struct letter *l = container_of(mail, struct letter, mail);

	assert_ptr_equal(arg, next_of);
	assert_int_equal(l->number, next_of[l->sender]);
	next_of[l->sender]++;
	free(l);
	if (++received == SENDERS * MAILS)
		loop_stop(the_loop);
}

static void *send_all(void *arg)
{
	unsigned sender = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < MAILS; i++) {
		struct letter *l = xzalloc(sizeof *l);

		l->sender = sender;
		l->number = i;
		mailbox_post(the_box, &l->mail);
	}
	return NULL;
}

static void many_senders_in_order_per_sender(void **state)
{
	pthread_t t[SENDERS];

	the_loop = loop_new("t");
	memset(next_of, 0, sizeof next_of);
	received = 0;
	the_box = mailbox_new(the_loop, on_mail, next_of);
	for (uintptr_t i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, send_all, (void *)i), 0);
	loop_run(the_loop);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(received, SENDERS * MAILS);
	mailbox_free(the_box);
	loop_free(the_loop);
}

/* ---- posts of a loop ---- */

static unsigned woken;

static void post_three(void *arg)
{
	static struct mail mails[3];

	for (int i = 0; i < 3; i++)
		mailbox_post(the_box, &mails[i]);
}

static void count_mail(void *arg, struct mail *mail)
{
	woken++;
}

static void posts_of_a_turn_wake_at_its_end(void **state)
{
	struct loop *from = loop_new("from"), *to = loop_new("to");
	struct loop_task t;

	woken = 0;
	the_box = mailbox_new(to, count_mail, NULL);
	loop_task_init(&t, post_three, NULL);
	loop_task_queue(from, &t);
	loop_turn(from, false);
	loop_turn(to, true); /* does not block */
	assert_int_equal(woken, 3);
	mailbox_free(the_box);
	loop_free(from);
	loop_free(to);
}

static void what_was_not_handled_is_handled_when_freed(void **state)
{
	the_loop = loop_new("t");
	memset(next_of, 0, sizeof next_of);
	received = 0;
	the_box = mailbox_new(the_loop, on_mail, next_of);
	send_all((void *)(uintptr_t)1);
	assert_int_equal(received, 0);
	mailbox_free(the_box);
	assert_int_equal(received, MAILS);
	loop_free(the_loop);
}

/* ---- calls and workers ---- */

struct sum {
	struct worker_job job;
	int a, b, result;
};

static struct sum *done_order[8];
static unsigned n_done;
static pthread_t loop_thread;

static void add(struct worker_job *j)
{
	struct sum *s = container_of(j, struct sum, job);

	assert_false(pthread_equal(pthread_self(), loop_thread));
	s->result = s->a + s->b;
}

static void added(struct worker_job *j)
{
	assert_true(pthread_equal(pthread_self(), loop_thread));
	done_order[n_done++] = container_of(j, struct sum, job);
	if (n_done == ARRAY_LEN(done_order))
		loop_stop(the_loop);
}

static void jobs_run_elsewhere_and_come_back_in_order(void **state)
{
	struct worker *w = worker_new("sums", 1);
	struct sum sums[ARRAY_LEN(done_order)] = {{.a = 0}};

	loop_thread = pthread_self();
	the_loop = loop_new("t");
	n_done = 0;
	for (int i = 0; i < (int)ARRAY_LEN(sums); i++) {
		sums[i] = (struct sum){.job = {.work = add, .done = added}, .a = i, .b = 100};
		worker_post(w, the_loop, &sums[i].job);
	}
	assert_int_equal(n_done, 0);
	loop_run(the_loop);
	for (int i = 0; i < (int)ARRAY_LEN(sums); i++) {
		assert_ptr_equal(done_order[i], &sums[i]);
		assert_int_equal(sums[i].result, 100 + i);
	}
	assert_int_equal(worker_backlog(w), 0);
	worker_free(w);
	loop_free(the_loop);
}

static void jobs_posted_are_finished_before_the_worker_ends(void **state)
{
	struct worker *w = worker_new("sums", 2);
	struct sum sums[ARRAY_LEN(done_order)] = {{.a = 0}};

	loop_thread = pthread_self();
	the_loop = loop_new("t");
	n_done = 0;
	for (int i = 0; i < (int)ARRAY_LEN(sums); i++) {
		sums[i] = (struct sum){.job = {.work = add, .done = added}, .a = i, .b = 1};
		worker_post(w, the_loop, &sums[i].job);
	}
	worker_free(w);
	for (int i = 0; i < (int)ARRAY_LEN(sums); i++)
		assert_int_equal(sums[i].result, i + 1);
	assert_int_equal(n_done, 0);
	loop_free(the_loop); /* its mailbox hands out what came */
	assert_int_equal(n_done, ARRAY_LEN(sums));
}

static void a_loop_has_a_helper(void **state)
{
	struct loop *fake = loop_new_fake("f", 0);

	the_loop = loop_new("t");
	assert_non_null(loop_helper(the_loop));
	assert_ptr_equal(loop_helper(the_loop), loop_helper(the_loop));
	assert_null(loop_helper(fake)); /* what happens there happens at once */
	loop_free(the_loop);
	loop_free(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_senders_in_order_per_sender),
		cmocka_unit_test(posts_of_a_turn_wake_at_its_end),
		cmocka_unit_test(what_was_not_handled_is_handled_when_freed),
		cmocka_unit_test(jobs_run_elsewhere_and_come_back_in_order),
		cmocka_unit_test(jobs_posted_are_finished_before_the_worker_ends),
		cmocka_unit_test(a_loop_has_a_helper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
