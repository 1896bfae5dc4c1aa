/* Lines out of bytes, however they are cut; nothing of a line stays behind. */

#include <stdlib.h>

#include "base/lines.h"
#include "base/mem.h"
#include "unit.h"

static bool feed(struct lines *l, struct slice s)
{
	size_t room;
	char *p = lines_room(l, &room);

	if (!p || room < s.n)
		return false;
	slice_copy(p, s);
	lines_added(l, s.n);
	return true;
}

static void lines_come_one_by_one(void **state)
{
	struct lines l;
	struct slice s;

	lines_init(&l, 16);
	assert_false(lines_next(&l, &s));
	assert_true(feed(&l, SL("one\n\ntw")));
	assert_true(lines_next(&l, &s));
	assert_slice(s, "one");
	assert_true(lines_next(&l, &s));
	assert_slice(s, "");
	assert_false(lines_next(&l, &s));
	assert_true(feed(&l, SL("o\nthree\n")));
	assert_true(lines_next(&l, &s));
	assert_slice(s, "two");
	assert_true(lines_next(&l, &s));
	assert_slice(s, "three");
	assert_false(lines_next(&l, &s));
	lines_done(&l);
}

static void the_longest_line_just_fits(void **state)
{
	struct lines l;
	struct slice s;
	size_t room;

	lines_init(&l, 8);
	assert_true(feed(&l, SL("1234567\n")));
	assert_true(lines_next(&l, &s));
	assert_slice(s, "1234567");
	assert_true(feed(&l, SL("12345678")));
	assert_false(lines_next(&l, &s));
	assert_null(lines_room(&l, &room));
	lines_done(&l);
}

static void a_line_is_wiped(void **state)
{
	struct lines l;
	struct slice s;

	lines_init(&l, 32);
	assert_true(feed(&l, SL("hunter2\nx")));
	assert_true(lines_next(&l, &s));
	assert_false(lines_next(&l, &s));
	assert_true(feed(&l, SL("y\n")));
	assert_false(slice_contains(slice_make(l.p, l.n), SL("hunter2")));
	for (size_t i = l.n; i < 8; i++)
		assert_int_equal(l.p[i], 0);
	assert_true(lines_next(&l, &s));
	assert_slice(s, "xy");
	lines_done(&l);
}

/* Bytes and cuts at random: the same lines as by looking for their ends in the whole. */
static void any_cut_gives_the_same_lines(void **state)
{
	srand(4);
	for (int round = 0; round < 2000; round++) {
		char bytes[200];
		size_t n = (size_t)rand() % sizeof bytes, at = 0, told = 0;
		struct lines l;
		struct slice s;
		bool good = true;

		for (size_t i = 0; i < n; i++)
			bytes[i] = "\n\nabcdefgh{}\"\\\0\xff"[rand() % 16];
		lines_init(&l, 24);
		while (good && at < n) {
			size_t room, some;
			char *p = lines_room(&l, &room);

			good = p != NULL;
			if (!good)
				break;
			some = 1 + (size_t)rand() % (n - at);
			some = some < room ? some : room;
			memcpy(p, bytes + at, some);
			lines_added(&l, some);
			at += some;
			while (lines_next(&l, &s)) {
				assert_true(told + s.n < n);
				assert_memory_equal(s.p, bytes + told, s.n);
				assert_int_equal(bytes[told + s.n], '\n');
				told += s.n + 1;
			}
		}
		if (!good)
			assert_true(slice_find(slice_make(bytes + told, n - told), '\n') >= 24);
		lines_done(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_one_by_one),
		cmocka_unit_test(the_longest_line_just_fits),
		cmocka_unit_test(a_line_is_wiped),
		cmocka_unit_test(any_cut_gives_the_same_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
