#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "loop/wheel.h"

static void fires_in_order_of_due_times(void **state)
{
	static const uint64_t due[] = {70000, 1001, 5000, 1063, 1064, 4096000, 1000 + 64, 1002};
	struct wheel_node n[ARRAY_LEN(due)] = {0};
	struct wheel w;
	uint64_t last = 0;
	size_t fired = 0;

	wheel_init(&w, 1000);
	for (size_t i = 0; i < ARRAY_LEN(due); i++)
		wheel_add(&w, &n[i], due[i]);
	while (wheel_next(&w) != UINT64_MAX) {
		uint64_t at = wheel_next(&w);
		struct wheel_node *it = wheel_pop(&w, at);

		if (!it)
			continue; /* it only moved down a level */
		assert_int_equal(it->due, at);
		assert_true(it->due >= last);
		last = it->due;
		fired++;
	}
	assert_int_equal(fired, ARRAY_LEN(due));
}

static void never_fires_early_and_never_late(void **state)
{
	struct wheel w;
	struct wheel_node n = {0};

	for (uint64_t start = 0; start < 130; start += 13) {
		for (uint64_t in = 1; in < 300000; in = in * 3 + 1) {
			wheel_init(&w, start);
			wheel_add(&w, &n, start + in);
			assert_null(wheel_pop(&w, start + in - 1));
			assert_ptr_equal(wheel_pop(&w, start + in), &n);
			assert_null(wheel_pop(&w, start + in));
			assert_true(wheel_next(&w) == UINT64_MAX);
		}
	}
}

static void past_time_is_the_next_tick(void **state)
{
	struct wheel w;
	struct wheel_node n = {0};

	wheel_init(&w, 500);
	wheel_add(&w, &n, 3);
	assert_null(wheel_pop(&w, 500));
	assert_ptr_equal(wheel_pop(&w, 501), &n);
}

static void removed_is_not_fired(void **state)
{
	struct wheel w;
	struct wheel_node a = {0}, b = {0}, c = {0};

	wheel_init(&w, 0);
	wheel_add(&w, &a, 100);
	wheel_add(&w, &b, 100);
	wheel_add(&w, &c, 9000);
	wheel_remove(&w, &a);
	wheel_remove(&w, &c);
	assert_ptr_equal(wheel_pop(&w, 10000), &b);
	assert_null(wheel_pop(&w, 10000));
	assert_true(wheel_next(&w) == UINT64_MAX);
}

static void beyond_reach_does_not_fire_soon(void **state)
{
	struct wheel w;
	struct wheel_node n = {0};

	wheel_init(&w, 77);
	wheel_add(&w, &n, UINT64_MAX);
	assert_null(wheel_pop(&w, (uint64_t)1 << 40));
	wheel_remove(&w, &n);
}

/* Random adds, removes and steps against a plain array that is searched. */
static void agrees_with_a_plain_list(void **state)
{
	enum { N = 200 };
	struct wheel w;
	struct wheel_node n[N] = {0};
	uint64_t due[N] = {0}, now = 12345;

	srand(7);
	wheel_init(&w, now);
	for (int step = 0; step < 20000; step++) {
		int i = rand() % N;
		struct wheel_node *it;
		uint64_t first = UINT64_MAX;

		if (due[i]) {
			wheel_remove(&w, &n[i]);
			due[i] = 0;
		} else {
			due[i] = now + 1 + (uint64_t)(rand() % (1 << (rand() % 20)));
			wheel_add(&w, &n[i], due[i]);
		}
		now += (uint64_t)(rand() % 50);
		while ((it = wheel_pop(&w, now))) {
			assert_int_equal(it->due, due[it - n]);
			assert_true(it->due <= now);
			due[it - n] = 0;
		}
		for (int k = 0; k < N; k++)
			if (due[k] && due[k] < first)
				first = due[k];
		assert_true(first > now);
		assert_true(wheel_next(&w) <= first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_in_order_of_due_times),
		cmocka_unit_test(never_fires_early_and_never_late),
		cmocka_unit_test(past_time_is_the_next_tick),
		cmocka_unit_test(removed_is_not_fired),
		cmocka_unit_test(beyond_reach_does_not_fire_soon),
		cmocka_unit_test(agrees_with_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
