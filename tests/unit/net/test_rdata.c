#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "net/rdata.h"

#define BYTES(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

/* clang-format off */
static const struct {
	const char *what;
	struct slice wire;
	const char *want; /* NULL: broken */
} names[] = {
	{"the root", BYTES("\0"), ""},
	{"two labels", BYTES("\1a\2bc\0"), "a.bc"},
	{"what follows is not looked at", BYTES("\1a\0xyz"), "a"},
	{"nothing", BYTES(""), NULL},
	{"no end", BYTES("\1a"), NULL},
	{"a label that goes on behind the end", BYTES("\5ab\0"), NULL},
	{"compressed", BYTES("\300\14"), NULL},
	{"a dot in a label", BYTES("\3a.b\0"), NULL},
	{"a space in a label", BYTES("\3a b\0"), NULL},
	{"a NUL in a label", BYTES("\3a\0b\0"), NULL},
};

static const struct {
	const char *what;
	struct slice wire;
	bool fine;
	struct naptr want;
} naptrs[] = {
	{"RFC 3263 4.1", BYTES("\0\62\0\12\1s\10SIPS+D2T\0\5_sips\4_tcp\1a\0"), true,
		{50, 10, "s", "SIPS+D2T", false, "_sips._tcp.a"}},
	{"numbers are of 16 bits", BYTES("\377\376\1\0\0\0\0\0"), true, {65534, 256, "", "", false, ""}},
	{"RFC 3403 4.1 a regular expression", BYTES("\0\1\0\1\1u\7E2U+sip\5!x!y!\0"), true,
		{1, 1, "u", "E2U+sip", true, ""}},
	{"flags that nobody knows", BYTES("\0\1\0\1\10abcdefgh\1x\0\0"), true,
		{1, 1, "?", "x", false, ""}},
	{"a NUL in a service", BYTES("\0\1\0\1\1s\3S\0P\0\0"), true, {1, 1, "s", "?", false, ""}},
	{"nothing", BYTES(""), false, {0}},
	{"no strings", BYTES("\0\1\0\1"), false, {0}},
	{"a string that goes on behind the end", BYTES("\0\1\0\1\1s\11SIPS+D2T"), false, {0}},
	{"no replacement", BYTES("\0\1\0\1\1s\1x\0"), false, {0}},
	{"a broken replacement", BYTES("\0\1\0\1\1s\1x\0\3ab"), false, {0}},
};
/* clang-format on */

static void test_names(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char got[SRV_TARGET_MAX + 1];
		bool fine = rdata_name(names[i].wire, got);

		if (fine != (names[i].want != NULL) || (fine && strcmp(got, names[i].want) != 0))
			fail_msg("%s: %s", names[i].what, fine ? got : "broken");
	}
}

/* 253 characters are a name, 254 are none. */
static void test_longest_name(void **state)
{
	char got[SRV_TARGET_MAX + 1], wire[260];
	size_t n = 0;

	for (int label = 0; label < 4; label++) {
		wire[n++] = label < 3 ? 63 : 61;
		memset(wire + n, 'a', 63);
		n += label < 3 ? 63 : 61;
	}
	wire[n++] = 0;
	assert_true(rdata_name(slice_make(wire, n), got));
	assert_int_equal(strlen(got), 253);
	wire[192] = 62;
	wire[n - 1] = 'a';
	wire[n++] = 0;
	assert_false(rdata_name(slice_make(wire, n), got));
}

static void test_srv(void **state)
{
	struct srv s;

	assert_true(rdata_srv((struct slice)BYTES("\0\12\1\0\23\304\1a\3net\0"), &s));
	assert_int_equal(s.priority, 10);
	assert_int_equal(s.weight, 256);
	assert_int_equal(s.port, 5060);
	assert_string_equal(s.target, "a.net");
	assert_false(rdata_srv((struct slice)BYTES("\0\12\1\0\23\304"), &s));
	assert_false(rdata_srv((struct slice)BYTES("\0\12\1\0\23\304\1a"), &s));
}

static void test_naptr(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(naptrs); i++) {
		const struct naptr *want = &naptrs[i].want;
		struct naptr got;
		bool fine = rdata_naptr(naptrs[i].wire, &got);

		if (fine != naptrs[i].fine)
			fail_msg("%s: %d", naptrs[i].what, fine);
		if (fine && (got.order != want->order || got.preference != want->preference ||
				    strcmp(got.flags, want->flags) != 0 ||
				    strcmp(got.service, want->service) != 0 ||
				    got.has_regexp != want->has_regexp ||
				    strcmp(got.replacement, want->replacement) != 0))
			fail_msg("%s: %u %u %s %s %d %s", naptrs[i].what, got.order, got.preference,
				got.flags, got.service, got.has_regexp, got.replacement);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_srv),
		cmocka_unit_test(test_naptr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
