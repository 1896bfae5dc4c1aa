#include "unit.h"

#include <stdlib.h>

#include "sipnet/sender_rate.h"

static uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 31) * UINT64_C(0x7fb5d329728ea185);
	return n ^ n >> 27;
}

static void test_each_for_itself(void **state)
{
	struct sender_rate *s = sender_rate_new();

	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(sender_rate_take(s, 7, 5, 1000), i < 5);
	for (unsigned i = 0; i < 5; i++)
		assert_true(sender_rate_take(s, 8 << 8, 5, 1000));
	/* a token comes back every 200 ms */
	assert_false(sender_rate_take(s, 7, 5, 1199));
	assert_true(sender_rate_take(s, 7, 5, 1200));
	assert_false(sender_rate_take(s, 7, 5, 1201));
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(sender_rate_take(s, 7, 5, 9000), i < 5);
	sender_rate_free(s);
	sender_rate_free(NULL);
}

/*
 * A flood from a million names: nobody gets much more than his rate, who was loud before is still
 * held to his, and memory is what it was.
 */
static void test_flood(void **state)
{
	struct sender_rate *s = sender_rate_new();
	unsigned loud = 0;

	for (uint64_t now = 1000; now < 11000; now += 10) {
		for (unsigned i = 0; i < 1000; i++)
			sender_rate_take(s, mix(now * 1000 + i), 10, now);
		for (unsigned i = 0; i < 10; i++)
			loud += sender_rate_take(s, 77, 10, now);
	}
	assert_in_range(loud, 100, 130); /* ten seconds of 1000 a second offered, 10 allowed */
	sender_rate_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_for_itself),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
