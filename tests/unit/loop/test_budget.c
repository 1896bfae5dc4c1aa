#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loop/budget.h"

static void takes_up_to_the_maximum(void **state)
{
	struct budget b;

	budget_init(&b, 2);
	assert_true(budget_take(&b));
	assert_true(budget_take(&b));
	assert_false(budget_take(&b));
	assert_int_equal(budget_used(&b), 2);
	budget_give(&b);
	assert_true(budget_take(&b));
	budget_max_set(&b, 1);
	budget_give(&b);
	assert_false(budget_take(&b));
	budget_give(&b);
	assert_true(budget_take(&b));
}

static void counts_per_key(void **state)
{
	struct budget_keys *b = calloc(1, sizeof *b);

	assert_true(budget_key_take(b, SL("10.0.0.1"), 1));
	assert_false(budget_key_take(b, SL("10.0.0.1"), 1));
	assert_true(budget_key_take(b, SL("10.0.0.2"), 1));
	budget_key_give(b, SL("10.0.0.1"));
	assert_true(budget_key_take(b, SL("10.0.0.1"), 1));
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_up_to_the_maximum),
		cmocka_unit_test(counts_per_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
