#include "unit.h"

#include <stdlib.h>

#include "base/buf.h"

static void append_and_take(void **state)
{
	struct buf b = {0};

	assert_slice(buf_slice(&b), "");
	buf_str(&b, "hello");
	buf_chr(&b, ' ');
	buf_u64(&b, 0);
	buf_u64(&b, UINT64_MAX);
	assert_slice(buf_slice(&b), "hello 018446744073709551615");
	buf_take(&b, 6);
	assert_slice(buf_slice(&b), "018446744073709551615");
	buf_take(&b, 1000);
	assert_slice(buf_slice(&b), "");
	buf_add(&b, NULL, 0);
	buf_slice_add(&b, SL_NONE);
	assert_int_equal(b.n, 0);
	buf_done(&b);
	buf_str(&b, "again");
	assert_slice(buf_slice(&b), "again");
	buf_done(&b);
}

static void the_maximum_is_sharp(void **state)
{
	struct buf b;

	buf_init(&b, 5);
	buf_str(&b, "12345");
	assert_false(b.over);
	buf_chr(&b, '6');
	assert_true(b.over);
	assert_slice(buf_slice(&b), "12345");
	buf_take(&b, 5);
	buf_chr(&b, 'x');
	assert_int_equal(b.n, 0); /* over stays */
	assert_null(buf_room(&b, 1));
	buf_reset(&b);
	buf_str(&b, "12345");
	assert_false(b.over);
	assert_null(buf_room(&b, SIZE_MAX));
	assert_true(b.over);
	buf_done(&b);
	assert_int_equal(b.max, 5);
}

static void max_below_what_is_held(void **state)
{
	struct buf b = {0};

	buf_str(&b, "123456");
	b.max = 3;
	buf_chr(&b, 'x');
	assert_true(b.over);
	assert_slice(buf_slice(&b), "123456");
	buf_done(&b);
}

static void printf_of_any_length(void **state)
{
	for (int n = 250; n < 262; n++) {
		struct buf b;

		buf_init(&b, (size_t)n);
		buf_printf(&b, "%0*d", n, 1);
		assert_false(b.over); /* exactly full */
		assert_int_equal(b.n, n);
		assert_int_equal(buf_slice(&b).p[n - 1], '1');
		buf_reset(&b);
		buf_printf(&b, "%0*d", n + 1, 1);
		assert_true(b.over);
		assert_int_equal(b.n, 0);
		buf_done(&b);
	}
}

/* A queue that is never empty: bytes stay in order and memory stays bounded. */
static void queue_that_is_never_empty(void **state)
{
	struct buf b = {0};
	unsigned char in = 0, out = 0;

	for (int i = 0; i < 4000; i++)
		buf_chr(&b, (char)in++);
	for (int i = 0; i < 300000; i++) {
		buf_chr(&b, (char)in++);
		assert_int_equal((unsigned char)buf_slice(&b).p[0], out);
		out++;
		buf_take(&b, 1);
	}
	assert_int_equal(b.n, 4000);
	assert_true(b.cap <= 4 * 4096);
	buf_done(&b);
}

/* ... and an append costs what it adds: storage moves seldom. */
static void storage_moves_seldom(void **state)
{
	struct buf b = {0};
	unsigned moved = 0;

	for (int i = 0; i < 4000; i++)
		buf_chr(&b, 'x');
	for (int i = 0; i < 100000; i++) {
		size_t off = b.off;
		const char *p = b.p;

		buf_chr(&b, 'x');
		moved += b.p != p || b.off != off;
		buf_take(&b, 1);
	}
	assert_true(moved < 100);
	buf_done(&b);
}

static void room_is_claimed_afterwards(void **state)
{
	struct buf b = {0};
	char *p = buf_room(&b, 1000);

	memset(p, 'a', 1000);
	assert_int_equal(b.n, 0);
	buf_added(&b, 3);
	assert_slice(buf_slice(&b), "aaa");
	assert_non_null(buf_room(&b, 0));
	buf_done(&b);
	assert_non_null(buf_room(&b, 0));
	buf_done(&b);
}

static void dup_ends_with_nul(void **state)
{
	struct buf b = {0};
	char *s = buf_dup(&b);

	assert_string_equal(s, "");
	free(s);
	buf_str(&b, "xab");
	buf_take(&b, 1);
	s = buf_dup(&b);
	assert_string_equal(s, "ab");
	free(s);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(append_and_take),
		cmocka_unit_test(the_maximum_is_sharp),
		cmocka_unit_test(max_below_what_is_held),
		cmocka_unit_test(printf_of_any_length),
		cmocka_unit_test(queue_that_is_never_empty),
		cmocka_unit_test(storage_moves_seldom),
		cmocka_unit_test(room_is_claimed_afterwards),
		cmocka_unit_test(dup_ends_with_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
