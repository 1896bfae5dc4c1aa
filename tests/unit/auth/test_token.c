#include "auth/token.h"
#include "unit.h"

#include "base/mem.h"
#include <stdio.h>

static void make(char text[TOKEN_TEXT + 1])
{
	uint8_t random[TOKEN_RANDOM];

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)(i * 91 + 5);
	token_make(random, text);
}

static void a_token_is_read_back(void **state)
{
	char text[TOKEN_TEXT + 1], id[TOKEN_ID + 1], hash[65], other[65];

	make(text);
	assert_int_equal(strlen(text), TOKEN_TEXT);
	assert_true(token_read(slice_of(text), id));
	assert_memory_equal(id, text + 4, TOKEN_ID);
	token_hash(slice_of(text), hash);
	assert_int_equal(strlen(hash), 64);
	text[30] = text[30] == 'x' ? 'y' : 'x';
	token_hash(slice_of(text), other);
	assert_string_not_equal(hash, other);
}

/* Whatever single character is wrong, it is seen without asking anybody. */
static void a_bad_copy_is_seen(void **state)
{
	char text[TOKEN_TEXT + 1], id[TOKEN_ID + 1];

	make(text);
	for (size_t i = 0; i < TOKEN_TEXT; i++) {
		char was = text[i];

		text[i] = was == '7' ? '8' : '7';
		assert_false(token_read(slice_of(text), id));
		text[i] = '\0';
		assert_false(token_read(slice_make(text, TOKEN_TEXT), id));
		text[i] = was;
	}
	assert_false(token_read(slice_make(text, TOKEN_TEXT - 1), id));
	assert_false(token_read(SL(""), id));
	assert_false(token_read(SL("ent_"), id));
	assert_true(token_read(slice_of(text), id));
}

static void a_token_ends(void **state)
{
	static const struct {
		uint64_t expires, revoked, now;
		enum token_state state;
	} rows[] = {
		{100, 0, 99, TOKEN_GOOD},
		{100, 0, 100, TOKEN_EXPIRED},
		{100, 0, 101, TOKEN_EXPIRED},
		{100, 50, 60, TOKEN_REVOKED},
		{100, 50, 101, TOKEN_REVOKED},
		{0, 0, 1, TOKEN_EXPIRED},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			token_judge(rows[i].expires, rows[i].revoked, rows[i].now), rows[i].state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_read_back),
		cmocka_unit_test(a_bad_copy_is_seen),
		cmocka_unit_test(a_token_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
