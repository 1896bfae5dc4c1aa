#include "unit.h"

#include "base/arena.h"

static void empty_struct_is_an_arena(void **state)
{
	struct arena a = {0};

	assert_int_equal(arena_bytes(&a), 0);
	memset(arena_alloc(&a, 100), 1, 100);
	assert_true(arena_bytes(&a) >= 2048);
	arena_done(&a);
	assert_int_equal(arena_bytes(&a), 0);
	arena_done(&a);
	arena_reset(&a);
}

static void nothing_is_still_something(void **state)
{
	struct arena a = {0};
	size_t held;

	assert_non_null(arena_alloc(&a, 0));
	held = arena_bytes(&a);
	for (int i = 0; i < 10; i++)
		assert_non_null(arena_alloc(&a, 0));
	assert_int_equal(arena_bytes(&a), held);
	assert_slice(arena_slice(&a, SL("")), "");
	assert_slice(arena_slice(&a, SL_NONE), NULL);
	arena_done(&a);
}

static void aligned_and_apart(void **state)
{
	for (size_t first = 0; first < 200; first += 7) {
		struct arena a;
		unsigned char *p[100];

		arena_init(&a, first);
		for (size_t i = 0; i < 100; i++) {
			p[i] = arena_alloc(&a, i * 3);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			memset(p[i], (int)i, i * 3);
		}
		for (size_t i = 0; i < 100; i++)
			for (size_t k = 0; k < i * 3; k++)
				assert_int_equal(p[i][k], i);
		arena_done(&a);
	}
}

static void first_chunk_is_as_asked(void **state)
{
	struct arena a;
	char *p;

	arena_init(&a, 200000);
	p = arena_alloc(&a, 1);
	assert_ptr_equal(arena_alloc(&a, 190000), p + 16);
	arena_done(&a);
}

static void reset_keeps_one_ordinary_chunk(void **state)
{
	struct arena a = {0};
	size_t held;

	for (int i = 0; i < 1000; i++)
		arena_alloc(&a, 1000);
	arena_reset(&a);
	held = arena_bytes(&a);
	assert_in_range(held, 1, 65536 + 64);
	arena_alloc(&a, 1000);
	assert_int_equal(arena_bytes(&a), held);
	arena_done(&a);
}

static void reset_lets_go_of_the_large(void **state)
{
	struct arena a = {0};

	arena_alloc(&a, 10);
	arena_alloc(&a, 10000000);
	arena_reset(&a);
	assert_in_range(arena_bytes(&a), 1, 65536 + 64);
	memset(arena_alloc(&a, 1000), 2, 1000);
	arena_done(&a);
}

static void copies(void **state)
{
	struct arena a = {0};
	char big[5000];

	memset(big, 'x', sizeof big);
	assert_string_equal(arena_dup(&a, SL("ab")), "ab");
	assert_string_equal(arena_dup(&a, SL_NONE), "");
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	assert_int_equal(strlen(arena_printf(&a, "%.*s", (int)sizeof big, big)), sizeof big);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(((char *)arena_zalloc(&a, 64))[i], 0);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_struct_is_an_arena),
		cmocka_unit_test(nothing_is_still_something),
		cmocka_unit_test(aligned_and_apart),
		cmocka_unit_test(first_chunk_is_as_asked),
		cmocka_unit_test(reset_keeps_one_ordinary_chunk),
		cmocka_unit_test(reset_lets_go_of_the_large),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
