#include "unit.h"

#include <unistr.h>

#include "base/mem.h"
#include "text/utf8.h"

/* Every character there is, there and back; every other number is refused by the decoder's input. */
static void every_character(void **state)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char p[UTF8_MAX];
		struct slice rest;
		uint32_t got = 0;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		rest = slice_make(p, utf8_put(p, c));
		if (!utf8_valid(rest) || !utf8_next(&rest, &got) || got != c || rest.n != 0)
			fail_msg("U+%04X", c);
	}
}

static void same_as_libunistring(const uint8_t *p, size_t n)
{
	const uint8_t *bad = u8_check(p, n);

	if (utf8_prefix(slice_make(p, n)) != (bad ? (size_t)(bad - p) : n))
		fail_msg("%02x %02x %02x %02x (%zu)", p[0], p[1], p[2], p[3], n);
}

/* All sequences of up to two bytes, and of four with the bytes at which a rule changes. */
static void every_boundary(void **state)
{
	static const uint8_t at[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
		0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
	uint8_t p[4] = {0};

	for (unsigned i = 0; i < 0x10000; i++) {
		p[0] = (uint8_t)(i >> 8);
		p[1] = (uint8_t)i;
		same_as_libunistring(p, 1);
		same_as_libunistring(p, 2);
		for (size_t k = 0; k < ARRAY_LEN(at); k++) {
			p[2] = at[k];
			same_as_libunistring(p, 3);
			for (size_t m = 0; m < ARRAY_LEN(at) && p[0] >= 0xe0; m++) {
				p[3] = at[m];
				same_as_libunistring(p, 4);
			}
		}
	}
}

/* One bad byte, or one character, at any place of a long ASCII text. */
static void any_place(void **state)
{
	char text[40];

	for (size_t n = 0; n <= sizeof text; n++) {
		memset(text, 'a', sizeof text);
		assert_int_equal(utf8_prefix(slice_make(text, n)), n);
		assert_true(utf8_ascii(slice_make(text, n)));
		for (size_t i = 0; i < n; i++) {
			text[i] = (char)0xff;
			assert_int_equal(utf8_prefix(slice_make(text, n)), i);
			assert_false(utf8_ascii(slice_make(text, n)));
			text[i] = (char)0xc3;
			if (i + 1 < n) {
				text[i + 1] = (char)0xbc;
				assert_true(utf8_valid(slice_make(text, n)));
				text[i + 1] = 'a';
			}
			assert_int_equal(utf8_prefix(slice_make(text, n)), i);
			text[i] = 'a';
		}
	}
	assert_true(utf8_valid(SL_NONE));
	assert_true(utf8_ascii(SL_NONE));
	assert_true(utf8_valid(SL("a\0b")));
}

static void next_stops_where_it_is_bad(void **state)
{
	struct slice rest = SL("a\xc0\xaf"), before;
	uint32_t c = 7;

	assert_true(utf8_next(&rest, &c));
	assert_int_equal(c, 'a');
	before = rest;
	assert_false(utf8_next(&rest, &c));
	assert_ptr_equal(rest.p, before.p);
	assert_int_equal(c, 'a');
	rest = SL_NONE;
	assert_false(utf8_next(&rest, &c));
}

static void cut(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *want;
	} rows[] = {
		{"", 3, ""},
		{"abc", 2, "ab"},
		{"abc", 3, "abc"},
		{"abc", 9, "abc"},
		{"a\xc3\xbc", 2, "a"},
		{"a\xc3\xbc", 3, "a\xc3\xbc"},
		{"\xf0\x9f\x98\x80x", 3, ""},
		{"\xf0\x9f\x98\x80x", 4, "\xf0\x9f\x98\x80"},
		{"\xf0\x9f\x98\x80x", 0, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_slice(utf8_cut(slice_of(rows[i].in), rows[i].n), rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character),
		cmocka_unit_test(every_boundary),
		cmocka_unit_test(any_place),
		cmocka_unit_test(next_stops_where_it_is_bad),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
