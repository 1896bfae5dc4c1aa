#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "store/seal.h"
#include "unit.h"

static char *sealed(const struct seal *s, const char *name, struct slice value)
{
	struct buf text = {0};
	char *ret;

	seal_close(s, name, value, &text);
	ret = buf_dup(&text);
	buf_done(&text);
	return ret;
}

static void opens_again(void **state)
{
	struct place p;
	struct seal *a, *b;
	struct buf value = {0};
	char *text;

	place_make(&p, "sqlite");
	assert_int_equal(seal_open(&a, p.key, true, NULL), 0);
	assert_int_equal(seal_open(&b, p.key, false, NULL), 0);
	text = sealed(a, "name", slice_make("a\0b", 3));
	assert_int_equal(seal_break(b, "name", slice_of(text), &value, NULL), 0);
	assert_true(slice_eq(buf_slice(&value), slice_make("a\0b", 3)));
	seal_free(a);
	seal_free(b);
	buf_done(&value);
	free(text);
	place_remove(&p);
}

static void never_twice_the_same(void **state)
{
	struct seal *s = seal_new();
	char *a = sealed(s, "name", SL("value")), *b = sealed(s, "name", SL("value"));

	assert_string_not_equal(a, b);
	free(a);
	free(b);
	seal_free(s);
}

static void not_opened(const struct seal *s, const char *name, struct slice text)
{
	struct buf value = {0};
	struct err e;

	assert_int_equal(seal_break(s, name, text, &value, &e), -1);
	assert_string_equal(e.code, "key_file");
	assert_int_equal(value.n, 0);
}

static void any_change_is_seen(void **state)
{
	struct seal *s = seal_new(), *other = seal_new();
	char *text = sealed(s, "name", SL("value"));
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		text[i] = was == '0' ? '1' : '0';
		not_opened(s, "name", slice_of(text));
		text[i] = was;
		not_opened(s, "name", slice_make(text, i));
	}
	not_opened(other, "name", slice_of(text));
	not_opened(s, "nam", slice_of(text));
	not_opened(s, "namevalue", slice_of(text));
	not_opened(s, "other", slice_of(text));
	not_opened(s, "name", SL("not hexadecimal"));
	free(text);
	seal_free(s);
	seal_free(other);
}

static void an_empty_value(void **state)
{
	struct seal *s = seal_new();
	struct buf value = {0};
	char *text = sealed(s, "name", SL(""));

	assert_int_equal(seal_break(s, "name", slice_of(text), &value, NULL), 0);
	assert_int_equal(value.n, 0);
	free(text);
	seal_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_again),
		cmocka_unit_test(never_twice_the_same),
		cmocka_unit_test(any_change_is_seen),
		cmocka_unit_test(an_empty_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
