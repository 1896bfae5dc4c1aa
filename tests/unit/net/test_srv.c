#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/srv.h"

static struct srv rec(uint16_t priority, uint16_t weight, const char *target)
{
	struct srv s = {.priority = priority, .weight = weight, .port = 5269};

	snprintf(s.target, sizeof s.target, "%s", target);
	return s;
}

static void lower_priority_first(void **state)
{
	struct srv v[] = {rec(30, 9, "c"), rec(10, 0, "a"), rec(20, 5, "b")};
	static const uint64_t random[3] = {5, 6, 7};

	srv_order(v, 3, random);
	assert_string_equal(v[0].target, "a");
	assert_string_equal(v[1].target, "b");
	assert_string_equal(v[2].target, "c");
}

/* RFC 2782: the running sum that is first at or above the random number; weight 0 stands first. */
static void picks_by_the_running_sum(void **state)
{
	static const struct {
		uint64_t random;
		const char *first;
	} cases[] = {{0, "zero"}, {1, "ten"}, {10, "ten"}, {11, "ninety"}, {100, "ninety"},
		{101, "zero"}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srv v[] = {rec(1, 90, "ninety"), rec(1, 0, "zero"), rec(1, 10, "ten")};
		uint64_t random[3] = {cases[i].random, 0, 0};

		srv_order(v, 3, random);
		assert_string_equal(v[0].target, cases[i].first);
	}
}

static void weights_are_shares(void **state)
{
	int first[2] = {0};

	srand(3);
	for (int i = 0; i < 20000; i++) {
		struct srv v[] = {rec(1, 30, "a"), rec(1, 10, "b")};
		uint64_t random[2] = {(uint64_t)rand(), (uint64_t)rand()};

		srv_order(v, 2, random);
		first[v[0].target[0] == 'b']++;
	}
	assert_in_range(first[0], 14000, 16000);
	assert_in_range(first[1], 4000, 6000);
}

static void keeps_every_record_once(void **state)
{
	struct srv v[32];
	uint64_t random[32];
	bool seen[32] = {0};

	srand(4);
	for (int i = 0; i < 32; i++) {
		char name[8];

		snprintf(name, sizeof name, "%d", i);
		v[i] = rec((uint16_t)(i % 3), (uint16_t)(i % 5), name);
		random[i] = (uint64_t)rand();
	}
	srv_order(v, 32, random);
	for (int i = 0; i < 32; i++) {
		assert_false(seen[atoi(v[i].target)]);
		seen[atoi(v[i].target)] = true;
		assert_true(i == 0 || v[i - 1].priority <= v[i].priority);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower_priority_first),
		cmocka_unit_test(picks_by_the_running_sum),
		cmocka_unit_test(weights_are_shares),
		cmocka_unit_test(keeps_every_record_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
