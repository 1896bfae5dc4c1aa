#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clean.h"
#include "base/mem.h"

/* clang-format off */
static const struct {
	struct slice in;
	const char *out;
} rows[] = {
	{SL(""), ""},
	{SL("plain"), "plain"},
	{SL("gr\303\274n \342\202\254 \360\237\230\200"), "gr\303\274n \342\202\254 \360\237\230\200"},
	{SL("\033[2J"), "?[2J"},                  /* a terminal's escape */
	{SL("a\r\nb\tc\0d"), "a??b?c?d"},
	{SL("\177"), "?"},                        /* DEL */
	{SL("\302\233x"), "?x"},                  /* U+009B, the other escape */
	{SL("\302\240x"), "\302\240x"},           /* U+00A0 is a space */
	{SL("a\342\200\256b"), "a?b"},            /* U+202E turns the text round */
	{SL("a\342\201\246b"), "a?b"},            /* U+2066 */
	{SL("a\342\200\250b"), "a?b"},            /* U+2028 */
	{SL("a\342\200\216b\342\200\217"), "a?b?"}, /* U+200E, U+200F */
	{SL("a\330\234b"), "a?b"},                /* U+061C */
	{SL("\357\273\277a"), "?a"},              /* U+FEFF */
	{SL("\377\376a"), "??a"},                 /* no UTF-8 */
	{SL("\303"), "?"},                        /* cut short */
	{SL("\355\240\200"), "???"},              /* a surrogate */
};
/* clang-format on */

static void what_acts_on_a_reader_is_replaced(void **state)
{
	char to[64];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(clean_text(to, sizeof to, rows[i].in), strlen(rows[i].out));
		assert_string_equal(to, rows[i].out);
	}
}

static void it_is_cut_between_characters(void **state)
{
	char to[4];

	assert_int_equal(clean_text(to, sizeof to, SL("ab\303\274")), 2);
	assert_string_equal(to, "ab");
	assert_int_equal(clean_text(to, sizeof to, SL("a\303\274b")), 3);
	assert_string_equal(to, "a\303\274");
	assert_int_equal(clean_text(to, 1, SL("abc")), 0);
	assert_string_equal(to, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_acts_on_a_reader_is_replaced),
		cmocka_unit_test(it_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
