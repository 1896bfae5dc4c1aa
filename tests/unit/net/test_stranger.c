#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/stranger.h"

/* Connections by name: "a1" is one of address a. */
enum { MAX = 64 };

static struct strangers *table;
static struct stranger all[128][MAX]; /* by address and number */
static uint64_t now;

static const struct stranger_limits limits = {
	.all = 6, .per_address = 4, .rate = 10, .burst = 5, .vain = 3, .vain_rate = 1};

static int setup(void **state)
{
	memset(all, 0, sizeof all);
	now = 1000000;
	table = strangers_new(&limits);
	return 0;
}

static struct slice address(char a)
{
	static char key[16];

	memset(key, a, sizeof key);
	return slice_make(key, sizeof key);
}

static int teardown(void **state)
{
	for (size_t a = 0; a < 128; a++)
		for (size_t i = 0; i < MAX; i++)
			stranger_leave(table, &all[a][i], now);
	assert_int_equal(strangers_count(table), 0);
	strangers_free(table);
	return 0;
}

static const char *name_of(const struct stranger *s)
{
	static char name[8];

	for (size_t a = 0; a < 128; a++)
		for (size_t i = 0; i < MAX; i++)
			if (s == &all[a][i])
				snprintf(name, sizeof name, "%c%zu", (char)a, i);
	return name;
}

/* Lets name come if it may, after whoever has to make room; says what became of it. */
static const char *come(const char *name)
{
	static char text[64];
	struct stranger *drop = NULL;
	enum stranger_answer answer = strangers_ask(table, address(name[0]), now, &drop);

	snprintf(text, sizeof text, "%s", stranger_answer_name(answer));
	if (answer != STRANGER_OK) {
		assert_null(drop);
		return text;
	}
	if (drop) {
		snprintf(text, sizeof text, "for %s", name_of(drop));
		stranger_leave(table, drop, now);
	}
	stranger_enter(table, &all[(int)name[0]][name[1] - '0'], address(name[0]), now);
	return text;
}

static void leave(const char *name)
{
	stranger_leave(table, &all[(int)name[0]][name[1] - '0'], now);
}

struct step {
	const char *who; /* "-a1" leaves; "!a1" has come to nothing; "+500" lets ms pass */
	const char *outcome;
};

static void play(const struct step *steps)
{
	for (const struct step *s = steps; s->who; s++) {
		if (s->who[0] == '-')
			leave(s->who + 1);
		else if (s->who[0] == '!')
			strangers_in_vain(table, address(s->who[1]), now);
		else if (s->who[0] == '+')
			now += strtoul(s->who + 1, NULL, 10);
		else if (strcmp(come(s->who), s->outcome) != 0)
			fail_msg("step %zu, %s: not %s", (size_t)(s - steps), s->who, s->outcome);
	}
}

#define PLAY(...) play((const struct step[]){__VA_ARGS__, {NULL, NULL}})

/* clang-format off */
static void an_address_has_its_places(void **state)
{
	PLAY({"a1", "ok"}, {"a2", "ok"}, {"a3", "ok"}, {"a4", "ok"},
	     {"a5", "address-connections"},
	     {"b1", "ok"},
	     {"-a2", NULL}, {"+1000", NULL}, {"a5", "ok"});
}

static void the_busiest_address_makes_room(void **state)
{
	PLAY({"a1", "ok"}, {"a2", "ok"}, {"a3", "ok"}, {"b1", "ok"}, {"b2", "ok"}, {"c1", "ok"},
	     {"d1", "for a1"},  /* a had three */
	     {"d2", "for b1"},  /* a and b have two: b came to it first */
	     {"c2", "for a2"},  /* only a and d have two, c one */
	     {"e1", "for d1"});
}

static void who_is_among_the_busiest_waits_itself(void **state)
{
	PLAY({"a1", "ok"}, {"a2", "ok"}, {"a3", "ok"}, {"b1", "ok"}, {"b2", "ok"}, {"b3", "ok"},
	     {"a4", "unauthenticated-connections"},
	     {"b4", "unauthenticated-connections"},
	     {"c1", "for a1"},
	     {"+1000", NULL},
	     {"a1", "for b1"}); /* a has two now */
}

/* Everybody holds one: the oldest has had most time. */
static void among_equals_the_oldest_goes(void **state)
{
	PLAY({"a1", "ok"}, {"b1", "ok"}, {"c1", "ok"}, {"d1", "ok"}, {"e1", "ok"}, {"f1", "ok"},
	     {"g1", "for a1"}, {"h1", "for b1"},
	     {"h2", "unauthenticated-connections"});
}

static void so_many_at_once_then_so_many_a_second(void **state)
{
	PLAY({"a1", "ok"}, {"-a1", NULL}, {"a1", "ok"}, {"-a1", NULL}, {"a1", "ok"}, {"-a1", NULL},
	     {"a1", "ok"}, {"-a1", NULL}, {"a1", "ok"}, {"-a1", NULL},
	     {"a1", "connection-rate"},
	     {"b1", "ok"},              /* each address for itself */
	     {"+99", NULL}, {"a1", "connection-rate"},
	     {"+1", NULL}, {"a1", "ok"}, {"-a1", NULL}, {"a1", "connection-rate"},
	     {"+500", NULL}, {"a1", "ok"}, {"a2", "ok"}, {"a3", "ok"}, {"a4", "ok"}, {"-a1", NULL},
	     {"a1", "ok"}, {"-a1", NULL}, {"a1", "connection-rate"});
}

/* Who is refused for the rate is not let in for having asked often. */
static void asking_does_not_refill(void **state)
{
	PLAY({"a1", "ok"}, {"a2", "ok"}, {"a3", "ok"}, {"a4", "ok"}, {"a5", "address-connections"},
	     {"a5", "connection-rate"}, {"a5", "connection-rate"}, {"+100", NULL},
	     {"a5", "address-connections"}, {"a5", "connection-rate"});
}

/* Each that comes to nothing is owed; what came of others of the address does not count. */
static void who_comes_to_nothing_is_slowed(void **state)
{
	PLAY({"!a1", NULL}, {"!a1", NULL}, {"a1", "ok"}, {"-a1", NULL}, {"+1000", NULL},
	     {"!a1", NULL}, {"!a1", NULL}, {"a1", "vain-connections"},
	     {"b1", "ok"},              /* each address for itself */
	     {"+999", NULL}, {"a1", "vain-connections"},
	     {"+1", NULL}, {"a1", "ok"}, {"-a1", NULL}, {"!a1", NULL},
	     {"a1", "vain-connections"}, {"+1000", NULL}, {"a1", "ok"}, {"a2", "ok"}, {"a3", "ok"});
}

/* Those that were under way together may be more than there are; the debt is bounded. */
static void what_is_owed_is_bounded(void **state)
{
	for (int i = 0; i < 100; i++)
		strangers_in_vain(table, address('a'), now);
	PLAY({"+3000", NULL}, {"a1", "vain-connections"}, {"+1000", NULL}, {"a1", "ok"},
	     {"-a1", NULL}, {"+60000", NULL}, {"b1", "ok"});
	assert_int_equal(strangers_addresses(table), 1); /* a is forgotten: it owes nothing */
}

static void without_a_limit_nothing_is_owed(void **state)
{
	static const struct stranger_limits none = {
		.all = 6, .per_address = 4, .rate = 10, .burst = 5};
	struct stranger *drop;
	struct strangers *t = strangers_new(&none);

	for (int i = 0; i < 100; i++)
		strangers_in_vain(t, address('a'), now);
	assert_int_equal(strangers_ask(t, address('a'), now, &drop), STRANGER_OK);
	strangers_free(t);
}
/* clang-format on */

static void leaving_twice_is_nothing(void **state)
{
	PLAY({"a1", "ok"}, {"-a1", NULL}, {"-a1", NULL}, {"-b1", NULL});
	assert_int_equal(strangers_count(table), 0);
}

/*
 * 16 addresses with as many silent connections as they may have, in a table of the real size: a
 * newcomer gets in, and is still there after the 16 have tried again.
 */
static void sixteen_silent_addresses_keep_nobody_out(void **state)
{
	static const struct stranger_limits real = {
		.all = 1024, .per_address = 64, .rate = 1000, .burst = 2000};
	struct strangers *t = strangers_new(&real);
	struct stranger silent[1024] = {0}, again[16] = {0}, honest = {0}, *drop;

	for (int i = 0; i < 1024; i++) {
		struct slice a = address((char)('A' + i % 16));

		assert_int_equal(strangers_ask(t, a, now, &drop), STRANGER_OK);
		assert_null(drop);
		stranger_enter(t, &silent[i], a, now);
	}
	assert_int_equal(strangers_ask(t, address('z'), now, &drop), STRANGER_OK);
	assert_non_null(drop);
	stranger_leave(t, drop, now);
	stranger_enter(t, &honest, address('z'), now);
	for (int i = 0; i < 16; i++) {
		struct slice a = address((char)('A' + i));

		if (strangers_ask(t, a, now, &drop) != STRANGER_OK)
			continue;
		assert_ptr_not_equal(drop, &honest);
		stranger_leave(t, drop, now);
		stranger_enter(t, &again[i], a, now);
	}
	assert_non_null(honest.address);
	stranger_leave(t, &honest, now);
	for (int i = 0; i < 1024; i++)
		stranger_leave(t, &silent[i], now);
	for (int i = 0; i < 16; i++)
		stranger_leave(t, &again[i], now);
	strangers_free(t);
}

/* A million addresses do not make a million entries: a table for each would be their weapon. */
static void addresses_are_forgotten(void **state)
{
	struct stranger *drop;

	for (uint32_t i = 0; i < 20000; i++) {
		strangers_ask(table, slice_make(&i, sizeof i), now, &drop);
		assert_in_range(strangers_addresses(table), 1, 4098);
	}
	now += 1000;
	strangers_ask(table, address('a'), now, &drop);
	assert_int_equal(strangers_addresses(table), 1);
}

static void the_bucket(void **state)
{
	struct rate r = {0};

	assert_true(rate_is_full(&r, 0));
	for (int i = 0; i < 3; i++)
		assert_true(rate_take(&r, 2, 3, 5000));
	assert_false(rate_take(&r, 2, 3, 5000));
	assert_false(rate_take(&r, 2, 3, 5499));
	assert_true(rate_take(&r, 2, 3, 5500));
	assert_false(rate_is_full(&r, 6999));
	assert_true(rate_is_full(&r, 7000));
	assert_true(rate_take(&r, 1, 1, 7000));
	assert_false(rate_take(&r, 1, 1, 7999));
	assert_true(rate_take(&r, 1, 1, 8000));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_address_has_its_places),
		T(the_busiest_address_makes_room),
		T(who_is_among_the_busiest_waits_itself),
		T(among_equals_the_oldest_goes),
		T(so_many_at_once_then_so_many_a_second),
		T(asking_does_not_refill),
		T(who_comes_to_nothing_is_slowed),
		T(what_is_owed_is_bounded),
		T(without_a_limit_nothing_is_owed),
		T(leaving_twice_is_nothing),
		T(sixteen_silent_addresses_keep_nobody_out),
		T(addresses_are_forgotten),
		T(the_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
