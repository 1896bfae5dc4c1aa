#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "admin/session.h"
#include "base/mem.h"

enum { IDLE = 900000, LIFE = 43200000 };
static const struct session_limits limits = {IDLE, LIFE, 5, 3};
static unsigned gone;

static void on_gone(void *arg, struct session *s)
{
	gone++;
}

static struct session *begin(struct sessions *all, const char *name, uint64_t now, char id[65])
{
	static uint8_t count;
	uint8_t random[SESSION_RANDOM] = {0};

	random[0] = ++count;
	random[40] = count;
	return session_begin(all, slice_of(name), SL(""), SL("192.0.2.1"), random, now, id);
}

static int start(void **state)
{
	*state = sessions_new(limits);
	sessions_on_gone(*state, on_gone, NULL);
	gone = 0;
	return 0;
}

static int stop(void **state)
{
	sessions_free(*state);
	return 0;
}

static void it_is_found_by_its_id_alone(void **state)
{
	struct sessions *all = *state;
	char id[65], other[65];
	struct session *s = begin(all, "alice", 0, id);

	assert_int_equal(strlen(id), 64);
	assert_ptr_equal(session_find(all, slice_of(id), 1), s);
	assert_string_not_equal(s->hash, id);
	assert_null(session_find(all, slice_of(s->hash), 1));
	assert_ptr_equal(session_find_hash(all, slice_of(s->hash), 1), s);
	assert_null(session_find(all, slice_make(id, 63), 1));
	assert_null(session_find(all, SL_NONE, 1));
	begin(all, "alice", 0, other);
	assert_string_not_equal(id, other);
	assert_null(strstr(id, s->csrf));
}

static const struct {
	uint64_t used, at;
	bool there;
} ends[] = {
	{0, IDLE - 1, true},
	{0, IDLE, false},
	{IDLE - 1, IDLE, true},
	{IDLE - 1, 2 * IDLE - 1, false},
	{LIFE - 1, LIFE - 1, true},
	{LIFE - 1, LIFE, false},
};

static void it_ends_idle_and_for_good(void **state)
{
	char id[65];

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct sessions *all = sessions_new(limits);
		struct session *s = begin(all, "alice", 0, id);

		if (ends[i].used)
			session_touch(all, s, ends[i].used);
		assert_int_equal(!!session_find(all, slice_of(id), ends[i].at), ends[i].there);
		assert_int_equal(sessions_count(all), ends[i].there);
		sessions_free(all);
	}
}

static void to_be_found_is_no_activity(void **state)
{
	struct sessions *all = *state;
	char id[65];

	begin(all, "alice", 0, id);
	for (uint64_t now = 0; now < IDLE; now += IDLE / 10)
		assert_non_null(session_find(all, slice_of(id), now));
	assert_null(session_find(all, slice_of(id), IDLE));
	assert_int_equal(gone, 1);
}

/* One more than permitted: the one that was idle longest gives way, of the same name first. */
static void their_number_is_bounded(void **state)
{
	struct sessions *all = *state;
	char id[8][65];

	for (int i = 0; i < 3; i++)
		begin(all, "alice", (uint64_t)i, id[i]);
	session_touch(all, session_find(all, slice_of(id[0]), 5), 5);
	begin(all, "alice", 6, id[3]);
	assert_null(session_find(all, slice_of(id[1]), 7));
	assert_non_null(session_find(all, slice_of(id[0]), 7));
	begin(all, "bob", 8, id[4]);
	begin(all, "carol", 9, id[5]);
	assert_int_equal(sessions_count(all), 5);
	begin(all, "dave", 10, id[6]);
	assert_int_equal(sessions_count(all), 5);
	assert_null(session_find(all, slice_of(id[2]), 11));
	assert_non_null(session_find(all, slice_of(id[4]), 11));
	assert_int_equal(gone, 2);
}

static void all_of_a_name_end_but_one(void **state)
{
	struct sessions *all = *state;
	char id[4][65];
	struct session *kept = begin(all, "alice", 0, id[0]);

	begin(all, "alice", 0, id[1]);
	begin(all, "alice", 0, id[2])->of_directory = true;
	begin(all, "bob", 0, id[3]);
	sessions_end_of(all, SL("alice"), false, kept);
	assert_non_null(session_find(all, slice_of(id[0]), 1));
	assert_null(session_find(all, slice_of(id[1]), 1));
	assert_non_null(session_find(all, slice_of(id[2]), 1)); /* somebody of the directory */
	assert_non_null(session_find(all, slice_of(id[3]), 1));
}

static void roles_of_the_directory_are_copied(void **state)
{
	struct sessions *all = *state;
	char id[65], role[] = "viewer";
	struct session *s = begin(all, "alice", 0, id);

	session_set_roles(s, (const char *const[]){role, "helpdesk"}, 2);
	role[0] = 'x';
	assert_string_equal(s->roles[0], "viewer");
	assert_null(s->roles[2]);
	session_set_roles(s, NULL, 0);
	assert_null(s->roles[0]);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_found_by_its_id_alone),
		T(it_ends_idle_and_for_good),
		T(to_be_found_is_no_activity),
		T(their_number_is_bounded),
		T(all_of_a_name_end_but_one),
		T(roles_of_the_directory_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
