#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"

static int freed;

static void thing_free(char *p)
{
	freed++;
	free(p);
}
DEFINE_AUTO(char *, thing_free)

static void scopes_free(void **state)
{
	{
		AUTO(thing_free) char *p = xstrdup("x");
		AUTO(thing_free) char *none = NULL;
		AUTO(xfree) char *q = xasprintf("%d%s", 1, "2");

		assert_string_equal(p, "x");
		assert_null(none);
		assert_string_equal(q, "12");
	}
	assert_int_equal(freed, 1);
}

static void zero_bytes_are_memory(void **state)
{
	void *p = xrealloc(xmalloc(0), 0);

	assert_non_null(p);
	free(p);
	p = xcalloc(0, 8);
	assert_non_null(p);
	free(p);
	p = xzalloc(100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(((char *)p)[i], 0);
	free(p);
}

static void secrets(void **state)
{
	char a[] = "secret";

	assert_int_equal(mem_equal_ct("abc", "abc", 3), 1);
	assert_int_equal(mem_equal_ct("abc", "abd", 3), 0);
	assert_int_equal(mem_equal_ct("abc", "abd", 2), 1);
	assert_int_equal(mem_equal_ct("x", "y", 0), 1);
	mem_wipe(a, sizeof a);
	for (size_t i = 0; i < sizeof a; i++)
		assert_int_equal(a[i], 0);
}

/* Of 40,000 draws below 5 each value comes 8,000 times, give or take what chance never does. */
static void random_numbers_are_even(void **state)
{
	unsigned count[5] = {0};
	unsigned char bytes[64] = {0}, zero[64] = {0};

	for (int i = 0; i < 40000; i++)
		count[rand_below(5)]++;
	for (int i = 0; i < 5; i++)
		assert_in_range(count[i], 7000, 9000);
	assert_int_equal(rand_below(1), 0);
	rand_bytes(bytes, sizeof bytes);
	assert_memory_not_equal(bytes, zero, sizeof bytes);
	assert_int_not_equal(rand_u64(), rand_u64());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_free),
		cmocka_unit_test(zero_bytes_are_memory),
		cmocka_unit_test(secrets),
		cmocka_unit_test(random_numbers_are_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
