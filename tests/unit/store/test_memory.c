/* The memory half, on each backend. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place.h"
#include "store/ram.h"
#include "unit.h"

struct world {
	struct place place;
	struct memory *memory;
};

static int setup(void **state, const char *backend)
{
	struct world *w = xzalloc(sizeof *w);

	place_make(&w->place, backend);
	assert_int_equal(memory_open(&w->memory, &w->place.options, NULL), 0);
	*state = w;
	return 0;
}

static int setup_sqlite(void **state)
{
	return setup(state, "sqlite");
}

static int setup_ram(void **state)
{
	return setup(state, "ram");
}

static int teardown(void **state)
{
	struct world *w = *state;

	memory_close(w->memory);
	place_remove(&w->place);
	xfree(w);
	return 0;
}

static void add_row(void *arg, const struct memory_allow *a)
{
	buf_printf(arg, "%s>%s %llu %s %llu '%s' %llu\n", a->user, a->contact,
		(unsigned long long)a->expires_ms, a->created_by, (unsigned long long)a->created_ms,
		a->owner, (unsigned long long)a->lease_until_ms);
}

static void holds(struct memory *m, const char *want)
{
	struct buf text = {0};
	char *got;

	assert_int_equal(memory_load(m, add_row, &text, NULL), 0);
	got = buf_dup(&text);
	assert_string_equal(got, want);
	free(got);
	buf_done(&text);
}

#define PUT(user, contact, expires)                                                                \
	{                                                                                          \
		MEMORY_PUT_ALLOW,                                                                  \
		{                                                                                  \
			user, contact, expires, "root", 1700000000000, "", 0                       \
		}                                                                                  \
	}
#define DROP(who, whom)                                                                            \
	{                                                                                          \
		MEMORY_REMOVE_ALLOW,                                                               \
		{                                                                                  \
			.user = (who), .contact = (whom)                                           \
		}                                                                                  \
	}

static void puts_and_removes(void **state)
{
	/* clang-format off */
	static const struct memory_write first[] = {
		PUT("b@sip.lab", "j@xmpp.lab", 0), PUT("a@sip.lab", "k@xmpp.lab", 5),
		PUT("a@sip.lab", "j@xmpp.lab", 6),
		{MEMORY_PUT_ALLOW, {"ü@sip.lab", "o\\27hara'; --@xmpp.lab", UINT32_MAX + 1ull, "user", 1,
			"n1", 9}},
	};
	/* clang-format on */
	/* clang-format off */
	static const struct memory_write second[] = {
		PUT("b@sip.lab", "j@xmpp.lab", 7), DROP("a@sip.lab", "k@xmpp.lab"),
		DROP("nobody@sip.lab", "k@xmpp.lab"),
	};
	/* clang-format on */
	struct memory *m = ((struct world *)*state)->memory;

	holds(m, "");
	assert_int_equal(memory_write(m, first, ARRAY_LEN(first), NULL), 0);
	holds(m, "a@sip.lab>j@xmpp.lab 6 root 1700000000000 '' 0\n"
		 "a@sip.lab>k@xmpp.lab 5 root 1700000000000 '' 0\n"
		 "b@sip.lab>j@xmpp.lab 0 root 1700000000000 '' 0\n"
		 "ü@sip.lab>o\\27hara'; --@xmpp.lab 4294967296 user 1 'n1' 9\n");
	assert_int_equal(memory_write(m, second, ARRAY_LEN(second), NULL), 0);
	holds(m, "a@sip.lab>j@xmpp.lab 6 root 1700000000000 '' 0\n"
		 "b@sip.lab>j@xmpp.lab 7 root 1700000000000 '' 0\n"
		 "ü@sip.lab>o\\27hara'; --@xmpp.lab 4294967296 user 1 'n1' 9\n");
	assert_int_equal(memory_write(m, NULL, 0, NULL), 0);
}

/* In order: the last word on a pair is what stays. */
static void in_order(void **state)
{
	/* clang-format off */
	static const struct memory_write writes[] = {
		PUT("a@sip.lab", "j@xmpp.lab", 1), DROP("a@sip.lab", "j@xmpp.lab"),
		PUT("a@sip.lab", "j@xmpp.lab", 2), PUT("b@sip.lab", "j@xmpp.lab", 3),
		DROP("b@sip.lab", "j@xmpp.lab"),
	};
	/* clang-format on */
	struct memory *m = ((struct world *)*state)->memory;

	assert_int_equal(memory_write(m, writes, ARRAY_LEN(writes), NULL), 0);
	holds(m, "a@sip.lab>j@xmpp.lab 2 root 1700000000000 '' 0\n");
}

static void a_batch_is_one(void **state)
{
	static const struct memory_write before[] = {PUT("a@sip.lab", "j@xmpp.lab", 1)};
	/* clang-format off */
	static const struct memory_write writes[] = {
		DROP("a@sip.lab", "j@xmpp.lab"), PUT("b@sip.lab", "j@xmpp.lab", 2),
		PUT("c@sip.lab", "j@xmpp.lab", 3),
	};
	/* clang-format on */
	struct memory *m = ((struct world *)*state)->memory;
	struct err e = {0};
	long n = 0;

	assert_int_equal(memory_write(m, before, 1, NULL), 0);
	for (;; n++) {
		int rc;

		ram_fail_after(n);
		rc = memory_write(m, writes, ARRAY_LEN(writes), &e);
		ram_fail_after(-1);
		if (rc == 0)
			break;
		assert_int_equal(e.kind, ERR_UNAVAILABLE);
		holds(m, "a@sip.lab>j@xmpp.lab 1 root 1700000000000 '' 0\n");
	}
	assert_int_equal(n, 5); /* begin, three rows, commit */
}

static void many_at_once(void **state)
{
	enum { N = 20000 };
	struct memory *m = ((struct world *)*state)->memory;
	struct memory_write *writes = xcalloc(N, sizeof *writes);
	char(*users)[32] = xcalloc(N, sizeof *users);
	struct buf text = {0};

	for (int i = 0; i < N; i++) {
		snprintf(users[i], sizeof users[i], "u%05d@sip.lab", i);
		writes[i] = (struct memory_write)PUT(users[i], "j@xmpp.lab", 0);
	}
	assert_int_equal(memory_write(m, writes, N, NULL), 0);
	assert_int_equal(memory_load(m, add_row, &text, NULL), 0);
	assert_true(slice_starts(buf_slice(&text), SL("u00000@sip.lab>j@xmpp.lab")));
	assert_true(slice_contains(buf_slice(&text), SL("\nu19999@sip.lab>j@xmpp.lab")));
	buf_done(&text);
	xfree(users);
	xfree(writes);
}

static void survives(void **state)
{
	static const struct memory_write writes[] = {PUT("a@sip.lab", "j@xmpp.lab", 1)};
	struct world *w = *state;

	assert_int_equal(memory_write(w->memory, writes, 1, NULL), 0);
	memory_close(w->memory);
	w->memory = NULL;
	assert_int_equal(memory_open(&w->memory, &w->place.options, NULL), 0);
	holds(w->memory, "a@sip.lab>j@xmpp.lab 1 root 1700000000000 '' 0\n");
}

/* The halves are two files: one can be lost without the other. */
static void apart_from_the_managed_half(void **state)
{
	struct world *w = *state;
	struct store *s = place_open(&w->place);
	uint64_t before = place_hash(&w->place);
	static const struct memory_write writes[] = {PUT("a@sip.lab", "j@xmpp.lab", 1)};

	assert_int_equal(memory_write(w->memory, writes, 1, NULL), 0);
	assert_true(place_hash(&w->place) == before);
	store_close(s);
}

#define on_both(f)                                                                                 \
	cmocka_unit_test_setup_teardown(f, setup_sqlite, teardown),                                \
		cmocka_unit_test_setup_teardown(f, setup_ram, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_both(puts_and_removes),
		on_both(in_order),
		cmocka_unit_test_setup_teardown(a_batch_is_one, setup_ram, teardown),
		cmocka_unit_test_setup_teardown(many_at_once, setup_sqlite, teardown),
		cmocka_unit_test_setup_teardown(survives, setup_sqlite, teardown),
		cmocka_unit_test_setup_teardown(
			apart_from_the_managed_half, setup_sqlite, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
