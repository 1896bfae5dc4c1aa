#include "auth/password.h"
#include "unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include <stdio.h>

/* clang-format off */
static const struct {
	const char *password, *name, *why; /* why NULL: it is good */
} checked[] = {
	{"", "alice", "empty"},
	{"tiny", "alice", "shorter"},
	{"elevenchars", "alice", "shorter"},
	{"twelve chars", "alice", NULL},
	{"tr\xc3\xa9s-long-mot", "alice", NULL},
	{"\xe6\xad\xa3\xe7\xa2\xba\xe9\xa6\xac\xe9\x9b\xbb\xe6\xb1\xa0", "alice", "shorter"}, /* 5 characters */
	{"aaaaaaaaaaaaaaa", "alice", "over and over"},
	{"abababababababab", "alice", "over and over"},
	{"abcdabcdabcda", "alice", "over and over"},
	{"abcdeabcdeabcde", "alice", NULL},
	{"abcdefghijklmn", "alice", "row"},
	{"123456789012", "alice", "row"},
	{"210987654321", "alice", "row"},
	{"alicealicealice", "alice", "little more"},
	{"Alice12Alice", "alice", "little more"},
	{"alexander-the-1st", "alexander-the", "little more"},
	{"Password1234", "alice", "tried first"},
	{"passw0rd!2026", "alice", "tried first"},
	{"administrator", "alice", "tried first"},
	{"Entente-2026", "alice", "tried first"},
	{"my Entente-2026", "alice", NULL},
	{"tab\tis\tno\tgood", "alice", "characters"},
	{"bad \xff utf8 bytes", "alice", "characters"},
};
/* clang-format on */

static int judge(struct slice typed, struct slice name, struct err *e)
{
	struct arena a = {0};
	struct slice prepared;
	int r = password_prepare(&prepared, &a, typed, e);

	if (r == 0)
		r = password_check(prepared, name, e);
	arena_done(&a);
	return r;
}

static void a_password_is_refused_for_a_reason(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(checked); i++) {
		struct err e = {0};
		int r = judge(slice_of(checked[i].password), slice_of(checked[i].name), &e);

		if ((r == 0) != !checked[i].why ||
			(checked[i].why && !strstr(e.text, checked[i].why)))
			fail_msg("%s: %d %s", checked[i].password, r, e.text);
		if (r == 0)
			continue;
		assert_string_equal(e.code, "password_weak");
		assert_string_equal(e.field, "new_password");
		if (*checked[i].password)
			assert_null(strstr(e.text, checked[i].password));
	}
}

static void length_is_counted_in_characters(void **state)
{
	struct buf text = {0};
	struct err e;

	for (int i = 0; i < 256; i++)
		buf_str(&text, i % 7 ? "\xe9\xa6\xac" : "\xe9\x9b\xbb");
	assert_int_equal(judge(buf_slice(&text), SL("alice"), &e), 0);
	buf_chr(&text, 'x');
	assert_int_equal(judge(buf_slice(&text), SL("alice"), &e), -1);
	for (int i = 0; i < 1000; i++)
		buf_chr(&text, 'x');
	assert_int_equal(judge(buf_slice(&text), SL("alice"), &e), -1);
	buf_done(&text);
}

/* The same word from two keyboards: composed or not. */
static void one_form_for_all_keyboards(void **state)
{
	struct arena a = {0};
	struct slice one, two;

	assert_int_equal(password_prepare(&one, &a, SL("caf\xc3\xa9"), NULL), 0);
	assert_int_equal(password_prepare(&two, &a, SL("cafe\xcc\x81"), NULL), 0);
	assert_true(slice_eq(one, two));
	arena_done(&a);
}

static void groups_are_made_and_read(void **state)
{
	uint8_t random[ONE_TIME_BYTES];
	char text[ONE_TIME_TEXT], plain[ONE_TIME_TEXT], typed[2 * ONE_TIME_TEXT];

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)(i * 37 + 11);
	password_groups(random, sizeof random, text);
	assert_int_equal(strlen(text), ONE_TIME_TEXT - 1);
	assert_int_equal(text[4], '-');
	assert_int_equal(password_ungroup(slice_of(text), plain), 26);
	snprintf(typed, sizeof typed, " %s ", plain);
	ascii_lower(typed, strlen(typed));
	assert_int_equal(password_ungroup(slice_of(typed), text), 26);
	assert_string_equal(text, plain);
	password_ungroup(SL("o-i-l"), text);
	assert_string_equal(text, "011");
	password_groups(random, RECOVERY_BYTES, text);
	assert_int_equal(strlen(text), RECOVERY_TEXT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_refused_for_a_reason),
		cmocka_unit_test(length_is_counted_in_characters),
		cmocka_unit_test(one_form_for_all_keyboards),
		cmocka_unit_test(groups_are_made_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
