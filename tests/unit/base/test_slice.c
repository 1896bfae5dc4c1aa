#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"

static void compare(void **state)
{
	assert_true(slice_eq(SL("ab"), SL("ab")));
	assert_false(slice_eq(SL("ab"), SL("aB")));
	assert_false(slice_eq(SL("ab"), SL("abc")));
	assert_true(slice_eq(SL(""), SL_NONE));
	assert_false(slice_eq(SL("a\0b"), SL("a\0c")));
	assert_true(slice_ieq(SL("aZ[\xc3\xbc"), SL("Az[\xc3\xbc")));
	assert_false(slice_ieq(SL("["), SL("{"))); /* 0x20 apart, but no letters */
	assert_false(slice_ieq(SL("@"), SL("`")));
	assert_false(slice_ieq(SL("\xc3\xbc"), SL("\xc3\x9c")));
	assert_true(slice_starts(SL("abc"), SL("ab")));
	assert_true(slice_starts(SL("abc"), SL_NONE));
	assert_false(slice_starts(SL("a"), SL("ab")));
	assert_true(slice_istarts(SL("ABc"), SL("ab")));
	assert_true(slice_istarts(SL_NONE, SL("")));
	assert_true(slice_ends(SL("abc"), SL("bc")));
	assert_false(slice_ends(SL("c"), SL("bc")));
	assert_true(slice_cmp(SL("a"), SL("ab")) < 0);
	assert_true(slice_cmp(SL("b"), SL("ab")) > 0);
	assert_true(slice_cmp(SL("\xff"), SL("a")) > 0);
	assert_int_equal(slice_cmp(SL_NONE, SL("")), 0);
}

static void find_and_cut(void **state)
{
	assert_int_equal(slice_find(SL("abcb"), 'b'), 1);
	assert_int_equal(slice_rfind(SL("abcb"), 'b'), 3);
	assert_int_equal(slice_find(SL("abc"), 'x'), 3);
	assert_int_equal(slice_rfind(SL_NONE, 'x'), 0);
	assert_int_equal(slice_find(slice_make("abx", 2), 'x'), 2);
	assert_true(slice_contains(SL("abc"), SL("bc")));
	assert_true(slice_contains(SL(""), SL("")));
	assert_false(slice_contains(SL("ab"), SL("abc")));
	assert_false(slice_contains(SL_NONE, SL("a")));
	assert_slice(slice_from(SL("abc"), 1), "bc");
	assert_slice(slice_from(SL("abc"), 9), "");
	assert_slice(slice_from(SL_NONE, 9), NULL);
	assert_slice(slice_cut(SL("abc"), 2), "ab");
	assert_slice(slice_cut(SL("abc"), 9), "abc");
	assert_slice(slice_trim(SL(" \t\r\na b\n ")), "a b");
	assert_slice(slice_trim(SL("  ")), "");
	assert_slice(slice_trim(SL_NONE), NULL);
}

static void split(void **state)
{
	struct slice rest = SL(",a,,b,"), part;
	static const char *const want[] = {"", "a", "", "b", ""};
	size_t n = 0;

	while (slice_split(&rest, ',', &part))
		assert_slice(part, want[n++]);
	assert_int_equal(n, ARRAY_LEN(want));
	rest = SL("");
	assert_true(slice_split(&rest, ',', &part));
	assert_slice(part, "");
	assert_false(slice_split(&rest, ',', &part));
	rest = SL_NONE;
	assert_false(slice_split(&rest, ',', &part));
}

static void numbers(void **state)
{
	static const struct {
		const char *in;
		uint64_t max;
		int rc;
		uint64_t want;
	} rows[] = {
		{"0", 0, 0, 0},
		{"1", 0, -1, 0},
		{"5", 5, 0, 5},
		{"7", 5, -1, 0}, /* a digit that alone is over the maximum */
		{"9", 8, -1, 0},
		{"10", 9, -1, 0},
		{"10", 10, 0, 10},
		{"0000000000000000000000001", 1, 0, 1},
		{"65535", 65535, 0, 65535},
		{"65536", 65535, -1, 0},
		{"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, -1, 0},
		{"99999999999999999999", UINT64_MAX, -1, 0},
		{"", 9, -1, 0},
		{"-1", 9, -1, 0},
		{"+1", 9, -1, 0},
		{" 1", 9, -1, 0},
		{"1 ", 9, -1, 0},
		{"0x1", 99, -1, 0},
		{"/", 99, -1, 0},
		{":", 99, -1, 0},
		{"\xb2", 99, -1, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t got = 4711;

		assert_int_equal(slice_u64(slice_of(rows[i].in), rows[i].max, &got), rows[i].rc);
		assert_int_equal(got, rows[i].rc < 0 ? 4711 : rows[i].want);
	}
}

/* Every number up to 300 against every maximum up to 300. */
static void numbers_against_maxima(void **state)
{
	for (unsigned max = 0; max <= 300; max++) {
		for (unsigned v = 0; v <= 300; v++) {
			AUTO(xfree) char *s = xasprintf("%u", v);
			uint64_t got = 0;
			int rc = slice_u64(slice_of(s), max, &got);

			assert_int_equal(rc, v <= max ? 0 : -1);
			assert_int_equal(got, rc == 0 ? v : 0);
		}
	}
}

static void copies(void **state)
{
	AUTO(xfree) char *a = slice_dup(SL("a\0b")), *b = slice_dup(SL_NONE), *c = slice_dup(SL(""));
	char low[] = "AZ@[az\xc3\x9c";

	assert_memory_equal(a, "a\0b", 4);
	assert_null(b);
	assert_string_equal(c, "");
	ascii_lower(low, sizeof low - 1);
	assert_string_equal(low, "az@[az\xc3\x9c");
	assert_slice(slice_of(NULL), NULL);
}

static void hex(void **state)
{
	for (int c = -128; c < 128; c++) {
		const char *digits = "0123456789abcdef", *at = c > 0 ? strchr(digits, c | 0x20) : NULL;
		int want = c >= '0' && c <= '9' ? c - '0' : c > '9' && at ? (int)(at - digits) : -1;

		assert_int_equal(ascii_hex((char)c), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare),
		cmocka_unit_test(find_and_cut),
		cmocka_unit_test(split),
		cmocka_unit_test(numbers),
		cmocka_unit_test(numbers_against_maxima),
		cmocka_unit_test(copies),
		cmocka_unit_test(hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
