#include "auth/totp.h"
#include "unit.h"

#include "base/mem.h"
#include <stdio.h>

/* The secret of RFC 6238 appendix B. */
static const uint8_t secret[TOTP_SECRET] = "12345678901234567890";

/* RFC 6238 appendix B, the last six of its eight digits. */
static const struct {
	uint64_t secs;
	uint32_t code;
} vectors[] = {
	{59, 287082},
	{1111111109, 81804},
	{1111111111, 50471},
	{1234567890, 5924},
	{2000000000, 279037},
	{20000000000, 353130},
};

static void codes_are_those_of_the_rfc(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		assert_int_equal(totp_code(secret, vectors[i].secs / 30), vectors[i].code);
}

static struct slice code_at(uint64_t secs, char text[8])
{
	snprintf(text, 8, "%06u", totp_code(secret, secs / 30));
	return slice_of(text);
}

/* At 3000 s, step 100. */
static const struct {
	uint64_t of_secs, last;
	bool good;
} windows[] = {
	{3000, 0, true},
	{2999, 0, true},
	{2970, 0, true},
	{2969, 0, false},
	{3030, 0, true},
	{3059, 0, true},
	{3060, 0, false},
	{3000, 99, true},
	{3000, 100, false},
	{2970, 99, false},
	{3030, 100, true},
	{3030, 101, false},
};

static void a_code_is_good_once_and_near_its_time(void **state)
{
	char text[8];

	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		uint64_t last = windows[i].last;

		assert_int_equal(totp_check(secret, code_at(windows[i].of_secs, text), 3000, &last),
			windows[i].good);
		assert_int_equal(last, windows[i].good ? windows[i].of_secs / 30 : windows[i].last);
		assert_false(totp_check(secret, slice_of(text), 3000, &last));
	}
}

static void what_is_typed_is_read_strictly(void **state)
{
	static const struct {
		const char *typed;
		bool good;
	} rows[] = {{"287082", true}, {"287 082", true}, {" 287082 ", true}, {"28708", false},
		{"2870820", false}, {"", false}, {"28708x", false}, {"-287082", false}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t last = 0;

		assert_int_equal(
			totp_check(secret, slice_of(rows[i].typed), 59, &last), rows[i].good);
	}
}

static void the_uri_is_what_applications_read(void **state)
{
	struct buf uri = {0};
	char *text;

	totp_uri(secret, SL("a@b&c"), &uri);
	text = buf_dup(&uri);
	assert_string_equal(text, "otpauth://totp/Entente:a%40b%26c?secret="
				  "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Entente&"
				  "algorithm=SHA1&digits=6&period=30");
	xfree(text);
	buf_done(&uri);
}

static void recovery_codes_belong_to_a_name(void **state)
{
	char kept[3 * 64 + 1];

	recovery_hash(SL("alice"), SL("AAAA-BBBB-CCCC-DDDD"), kept);
	recovery_hash(SL("alice"), SL("1111-2222-3333-4444"), kept + 64);
	recovery_hash(SL("alice"), SL("EEEE-EEEE-EEEE-EEEE"), kept + 128);
	assert_int_equal(recovery_find(slice_of(kept), SL("alice"), SL("aaaabbbbccccdddd")), 0);
	assert_int_equal(recovery_find(slice_of(kept), SL("alice"), SL("1111 2222 3333 4444")), 1);
	assert_int_equal(recovery_find(slice_of(kept), SL("alice"), SL("EEEE-EEEE-EEEE-EEEE")), 2);
	assert_int_equal(recovery_find(slice_of(kept), SL("bob"), SL("AAAA-BBBB-CCCC-DDDD")), -1);
	assert_int_equal(recovery_find(slice_of(kept), SL("alice"), SL("")), -1);
	assert_int_equal(recovery_find(SL(""), SL("alice"), SL("AAAA-BBBB-CCCC-DDDD")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_the_rfc),
		cmocka_unit_test(a_code_is_good_once_and_near_its_time),
		cmocka_unit_test(what_is_typed_is_read_strictly),
		cmocka_unit_test(the_uri_is_what_applications_read),
		cmocka_unit_test(recovery_codes_belong_to_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
