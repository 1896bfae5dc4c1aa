#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "edge/attempt.h"

static struct view_attempts *seen;

/* What is kept of a list, or of one. */
static const struct view_attempt *look(const struct attempts *l, const struct attempt *a)
{
	view_attempts_free(seen);
	seen = view_attempts_new();
	if (a)
		attempt_view(a, seen);
	else
		attempts_view(l, seen);
	return seen->v;
}

static int done(void **state)
{
	view_attempts_free(seen);
	seen = NULL;
	return 0;
}

static void steps_are_kept_with_their_times(void **state)
{
	struct attempt *a = attempt_new(false, "o1", 1000000, 500);
	const struct view_attempt *v;

	attempt_note(a, ATTEMPT_DNS, ATTEMPT_OK, 510, "%d addresses", 2);
	attempt_note(a, ATTEMPT_CONNECT, ATTEMPT_FAIL, 2500, "refused\n\033[2J");
	attempt_note(NULL, ATTEMPT_END, ATTEMPT_FAIL, 2501, "nobody keeps it");
	v = look(NULL, a);
	assert_int_equal(v->n_steps, 2);
	assert_string_equal(v->steps[0].step, "dns");
	assert_string_equal(v->steps[0].result, "ok");
	assert_int_equal(v->steps[0].ms, 10);
	assert_true(slice_eqz(v->steps[0].text, "2 addresses"));
	assert_string_equal(v->steps[1].result, "fail");
	assert_int_equal(v->steps[1].ms, 2000);
	assert_true(slice_eqz(v->steps[1].text, "refused??[2J"));
	assert_int_equal(v->began_ms, 1000000);
	assert_string_equal(v->outcome, "under-way");
	assert_true(attempt_has(a, ATTEMPT_DNS, ATTEMPT_OK));
	assert_false(attempt_has(a, ATTEMPT_DNS, ATTEMPT_FAIL));
	attempt_unref(a);
}

static void outcomes(void **state)
{
	struct attempt *a = attempt_new(true, "i1", 0, 0);

	attempt_over(a, true, "timeout");
	assert_string_equal(look(NULL, a)->outcome, "failed");
	assert_true(slice_eqz(seen->v->reason, "timeout"));
	attempt_over(a, false, "peer");
	assert_string_equal(look(NULL, a)->outcome, "ended");
	attempt_authenticated(a);
	assert_string_equal(look(NULL, a)->outcome, "authenticated");
	attempt_unref(a);
}

/* However many there are, the last one is told: it says how it ended. */
static void steps_are_bounded_and_the_last_is_the_latest(void **state)
{
	struct attempt *a = attempt_new(false, "o1", 0, 0);
	char text[3 * ATTEMPT_TEXT_MAX];
	const struct view_attempt *v;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	for (unsigned i = 0; i < 10 * ATTEMPT_STEPS_MAX; i++)
		attempt_note(a, ATTEMPT_DIALBACK, ATTEMPT_OK, i, "%s", text);
	attempt_note(a, ATTEMPT_END, ATTEMPT_FAIL, 9999, "the end");
	v = look(NULL, a);
	assert_int_equal(v->n_steps, ATTEMPT_STEPS_MAX);
	assert_int_equal(v->steps[0].text.n, ATTEMPT_TEXT_MAX);
	assert_int_equal(v->steps[ATTEMPT_STEPS_MAX - 2].ms, ATTEMPT_STEPS_MAX - 2);
	assert_true(slice_eqz(v->steps[ATTEMPT_STEPS_MAX - 1].text, "the end"));
	attempt_unref(a);
}

static void add(struct attempts **l, bool inbound, bool good, unsigned n)
{
	char id[16];
	struct attempt *a;

	snprintf(id, sizeof id, "%c%u", inbound ? 'i' : 'o', n);
	a = attempt_new(inbound, id, n, n);
	if (good)
		attempt_authenticated(a);
	attempt_over(a, !good, "x");
	attempts_keep(l, a);
	attempts_keep(l, a); /* twice is once */
	attempt_unref(a);
}

static void the_youngest_are_kept_and_come_first(void **state)
{
	struct attempts *l = NULL;

	for (unsigned i = 1; i <= 3 * ATTEMPTS_KEPT; i++)
		add(&l, false, false, i);
	look(l, NULL);
	assert_int_equal(seen->n, ATTEMPTS_KEPT);
	for (unsigned i = 0; i < ATTEMPTS_KEPT; i++)
		assert_int_equal(seen->v[i].began_ms, 3 * ATTEMPTS_KEPT - i);
	attempts_free(l);
	look(NULL, NULL);
	assert_int_equal(seen->n, 0);
}

/* Whoever claims to be the partner does not push out what the administrator looks for. */
static void strangers_push_out_one_another(void **state)
{
	struct attempts *l = NULL;
	unsigned ours = 0, good = 0;

	for (unsigned i = 1; i <= 10; i++) {
		add(&l, false, false, i);
		add(&l, true, true, i);
	}
	for (unsigned i = 1; i <= 1000; i++)
		add(&l, true, false, i);
	look(l, NULL);
	assert_int_equal(seen->n, ATTEMPTS_KEPT);
	for (size_t i = 0; i < seen->n; i++) {
		ours += seen->v[i].dir == VIEW_OUT;
		good += strcmp(seen->v[i].outcome, "authenticated") == 0;
	}
	assert_int_equal(ours, 10);
	assert_int_equal(good, 10);
	assert_true(slice_eqz(seen->v[0].stream, "i1000"));
	attempts_free(l);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, done)
	const struct CMUnitTest tests[] = {
		T(steps_are_kept_with_their_times),
		T(outcomes),
		T(steps_are_bounded_and_the_last_is_the_latest),
		T(the_youngest_are_kept_and_come_first),
		T(strangers_push_out_one_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
