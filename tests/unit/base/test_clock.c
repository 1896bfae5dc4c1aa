#include "unit.h"

#include "base/clock.h"

static void iso(void **state)
{
	static const struct {
		uint64_t ms;
		const char *want;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{951782400007, "2000-02-29T00:00:00.007Z"},
		{1769860800999, "2026-01-31T12:00:00.999Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
		{253402300800000, "9999-12-31T23:59:59.999Z"},
		{UINT64_MAX, "9999-12-31T23:59:59.999Z"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char got[32];

		clock_iso(rows[i].ms, got);
		assert_string_equal(got, rows[i].want);
	}
}

static void monotonic(void **state)
{
	uint64_t ns = clock_mono_ns(), ms = clock_mono_ms();

	assert_true(clock_mono_ns() >= ns);
	assert_true(ms >= ns / 1000000 && ms <= ns / 1000000 + 60000);
	assert_true(clock_wall_ms() > 1600000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iso),
		cmocka_unit_test(monotonic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
