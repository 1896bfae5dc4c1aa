#include "auth/throttle.h"
#include "unit.h"

#include "base/mem.h"
#include <stdio.h>

enum { MINUTE = 60 * 1000 };

static const struct slice alice = {"alice", 5}, here = {"192.0.2.1", 9}, there = {"192.0.2.2", 9};

static unsigned wait_after(struct throttle *t, struct slice name, struct slice address, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		throttle_began(t, name, address, 0);
	return throttle_wait(t, name, address, 0);
}

/* Failures at one name from many addresses, and at many names from one address. */
static const struct {
	unsigned failures, of_name, of_address;
} grows[] = {
	{0, 0, 0},
	{4, 0, 0},
	{5, 1, 0},
	{6, 2, 0},
	{7, 4, 0},
	{10, 32, 0},
	{11, 64, 1},
	{12, 128, 2},
	{13, 256, 4},
	{14, 512, 8},
	{15, 900, 16},
	{20, 900, 512},
	{21, 900, 900},
	{40, 900, 900},
};

static void the_wait_grows_to_15_minutes(void **state)
{
	char text[24];

	for (size_t i = 0; i < ARRAY_LEN(grows); i++) {
		struct throttle *names = throttle_new(100), *addresses = throttle_new(100);

		for (unsigned k = 0; k < grows[i].failures; k++) {
			struct slice other = slice_of(text);

			snprintf(text, sizeof text, "x%u", k);
			other = slice_of(text);
			throttle_began(names, alice, other, 0);
			throttle_began(addresses, other, here, 0);
		}
		assert_int_equal(throttle_wait(names, alice, there, 0), grows[i].of_name);
		assert_int_equal(throttle_wait(addresses, alice, here, 0), grows[i].of_address);
		throttle_free(names);
		throttle_free(addresses);
	}
}

static void it_is_forgotten_with_rest(void **state)
{
	struct throttle *t = throttle_new(100);

	assert_int_equal(wait_after(t, alice, here, 8), 8);
	assert_int_equal(throttle_wait(t, alice, here, 7001), 1);
	assert_int_equal(throttle_wait(t, alice, here, 8000), 0);
	/* one more after a rest of 15 minutes costs the same again, not double */
	throttle_began(t, alice, here, 8000 + 15 * MINUTE);
	assert_int_equal(throttle_wait(t, alice, here, 8000 + 15 * MINUTE), 8);
	/* and nothing after a day */
	throttle_began(t, alice, here, 24 * 60 * MINUTE);
	assert_int_equal(throttle_wait(t, alice, here, 24 * 60 * MINUTE), 0);
	throttle_free(t);
}

static void a_right_one_frees_the_name(void **state)
{
	struct throttle *t = throttle_new(100);

	assert_int_equal(wait_after(t, alice, here, 6), 2);
	throttle_passed(t, alice, here, 2000);
	assert_int_equal(throttle_wait(t, alice, here, 2000), 0);
	/* what others fail at does not slow him where he has signed in from */
	for (int i = 0; i < 20; i++)
		throttle_began(t, alice, there, 2000);
	assert_int_equal(throttle_wait(t, alice, there, 2000), 900);
	assert_int_equal(throttle_wait(t, alice, here, 2000), 0);
	/* his own failures there do, as those of an address */
	assert_int_equal(wait_after(t, alice, here, 20) > 0, 1);
	throttle_free(t);
}

static void names_are_the_same_in_any_case(void **state)
{
	struct throttle *t = throttle_new(100);

	wait_after(t, alice, here, 6);
	assert_int_equal(throttle_wait(t, SL("ALICE"), there, 0), 2);
	assert_int_equal(throttle_wait(t, SL("alice2"), there, 0), 0);
	throttle_free(t);
}

static void what_was_no_attempt_does_not_count(void **state)
{
	struct throttle *t = throttle_new(100);

	for (int i = 0; i < 50; i++) {
		throttle_began(t, alice, here, 0);
		throttle_undo(t, alice, here, 0);
	}
	assert_int_equal(throttle_wait(t, alice, here, 0), 0);
	throttle_free(t);
}

static void the_table_is_bounded_and_keeps_the_worst(void **state)
{
	struct throttle *t = throttle_new(16);
	char name[16], address[24];

	wait_after(t, alice, here, 14);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		snprintf(address, sizeof address, "198.51.100.%d", i % 250);
		throttle_began(t, slice_of(name), slice_of(address), 1);
		assert_true(throttle_count(t) <= 16);
	}
	assert_true(throttle_wait(t, alice, there, 1) > 500);
	throttle_free(t);
}

static void ipv6_counts_by_network(void **state)
{
	static const struct {
		const char *address, *counts_as;
	} rows[] = {
		{"192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::1", "2001:db8:1:2::/64"},
		{"::1", "::/64"},
		{"::ffff:192.0.2.7", "::ffff:192.0.2.7"},
		{"what", "what"},
		{"", ""},
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		throttle_address(slice_of(rows[i].address), text);
		assert_string_equal(text, rows[i].counts_as);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_grows_to_15_minutes),
		cmocka_unit_test(it_is_forgotten_with_rest),
		cmocka_unit_test(a_right_one_frees_the_name),
		cmocka_unit_test(names_are_the_same_in_any_case),
		cmocka_unit_test(what_was_no_attempt_does_not_count),
		cmocka_unit_test(the_table_is_bounded_and_keeps_the_worst),
		cmocka_unit_test(ipv6_counts_by_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
