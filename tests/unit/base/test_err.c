#include "unit.h"

#include "base/err.h"

static void says_and_returns(void **state)
{
	struct err e = {0};

	assert_int_equal(err_set(&e, ERR_TIMEOUT, "after %d s", 5), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_string_equal(e.text, "after 5 s");
	assert_string_equal(e.code, "");
	assert_int_equal(err_code(&e, ERR_INVALID, "bad-port", "port", "%d is no port", 70000), -1);
	assert_string_equal(e.code, "bad-port");
	assert_string_equal(e.field, "port");
	assert_int_equal(err_in(&e, "route %s", "sbc1"), -1);
	assert_string_equal(e.text, "route sbc1: 70000 is no port");
	assert_string_equal(e.code, "bad-port");
	err_set(&e, ERR_INVALID, "x");
	assert_string_equal(e.field, ""); /* nothing is left from before */
}

static void nobody_listens(void **state)
{
	assert_int_equal(err_set(NULL, ERR_INVALID, "%s", "x"), -1);
	assert_int_equal(err_code(NULL, ERR_INVALID, NULL, NULL, "x"), -1);
	assert_int_equal(err_in(NULL, "x"), -1);
}

static void own_text_as_argument(void **state)
{
	struct err e;

	err_code(&e, ERR_INVALID, "code", "field", "text");
	err_code(&e, e.kind, e.code, e.field, "%s: %s", e.field, e.text);
	assert_string_equal(e.text, "field: text");
	assert_string_equal(e.code, "code");
}

/* What is too long ends between two characters, for JSON takes nothing else. */
static void cut_between_characters(void **state)
{
	char many[1000];
	struct err e;

	for (size_t shift = 0; shift < 4; shift++) {
		size_t n = shift;
		struct slice rest;

		memset(many, 'x', shift);
		for (; n + 3 < sizeof many; n += 3)
			memcpy(many + n, "\xe2\x82\xac", 3);
		many[n] = '\0';
		err_set(&e, ERR_INVALID, "%s", many);
		err_in(&e, "%s", many);
		rest = slice_of(e.text);
		assert_in_range(rest.n, sizeof e.text - 4, sizeof e.text - 1);
		while (rest.n) {
			assert_int_not_equal(slice_char(rest), 0);
			rest = slice_from(rest, slice_char(rest));
		}
	}
}

static void bytes_that_are_no_characters(void **state)
{
	struct err e;

	err_set(&e, ERR_INVALID, "a%sb", "\xff\xc3");
	assert_string_equal(e.text, "a??b");
}

static void kinds_have_names(void **state)
{
	for (int k = 0; k < ERR__N; k++)
		assert_non_null(err_kind_name((enum err_kind)k));
	assert_string_equal(err_kind_name(ERR_NOT_FOUND), "not-found");
	assert_string_equal(err_kind_name(ERR__N), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_and_returns),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(own_text_as_argument),
		cmocka_unit_test(cut_between_characters),
		cmocka_unit_test(bytes_that_are_no_characters),
		cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
