/* The chain of the audit log: what somebody does to the database behind our back is found. */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place.h"
#include "unit.h"

static const struct store_actor alice = {"alice", "uid 1000", "cli"};

static int setup(void **state)
{
	struct place *p = xzalloc(sizeof *p);

	place_make(p, "sqlite");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	place_remove(*state);
	free(*state);
	return 0;
}

static void sql(struct place *p, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(place_file(p, "managed.db"), &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void line(struct store *s, const char *key)
{
	struct store_audit_entry e = {
		.actor = alice, .verb = "add", .kind = "partner", .key = key, .after = "{}"};
	struct err why;

	if (store_audit_append(s, &e, &why) < 0)
		fail_msg("%s", why.text);
}

/* Lines 1 to 6, written by two runs of the program. */
static void six_lines(struct place *p)
{
	struct store *s = place_open(p);

	line(s, "a.example");
	line(s, "b.example");
	line(s, "c.example");
	store_close(s);
	s = place_open(p);
	line(s, "d.example");
	line(s, "e.example");
	line(s, "f.example");
	store_close(s);
}

static void see_problem(void *arg, const struct store_audit_problem *p)
{
	buf_printf(arg, "%s %llu; ", store_audit_fault_code(p->fault), (unsigned long long)p->id);
	assert_true(strlen(p->text) > 10);
}

static void finds_in(struct store *s, const struct store_audit_head *logged, const char *want)
{
	struct buf text = {0};
	uint64_t lines = 0;
	char *got;

	assert_int_equal(store_audit_verify(s, logged, &lines, see_problem, &text, NULL), 0);
	got = buf_dup(&text);
	assert_string_equal(got, want);
	free(got);
	buf_done(&text);
}

static void finds(struct place *p, const char *want)
{
	struct store *s = place_open(p);

	finds_in(s, NULL, want);
	store_close(s);
}

/* ---- what is done to it, and what is said ---- */

static const struct {
	const char *sql, *want;
} attacks[] = {
	{"SELECT 1", ""},
	/* changed */
	{"UPDATE audit SET who = 'bob' WHERE id = 3", "changed 3; "},
	{"UPDATE audit SET source = '', way = 'uid 1000cli' WHERE id = 3", "changed 3; "},
	{"UPDATE audit SET value_after = NULL WHERE id = 1", "changed 1; "},
	{"UPDATE audit SET value_before = '' WHERE id = 1", "changed 1; "},
	{"UPDATE audit SET result = 'refused' WHERE id = 6", "changed 6; "},
	{"UPDATE audit SET code = 'x' WHERE id = 6", "changed 6; "},
	{"UPDATE audit SET times = 9 WHERE id = 6", "changed 6; "},
	{"UPDATE audit SET at_ms = at_ms + 1 WHERE id = 2", "changed 2; "},
	{"UPDATE audit SET generation = 5 WHERE id = 2", "changed 2; "},
	{"UPDATE audit SET mac = (SELECT mac FROM audit WHERE id = 1) WHERE id = 2",
		"changed 2; order 3; "},
	{"UPDATE audit SET mac = NULL WHERE id = 2", "changed 2; order 3; "},
	{"UPDATE audit SET who = 'bob', mac = NULL, prev = NULL, seq = NULL",
		"changed 1; changed 2; changed 3; changed 4; changed 5; changed 6; changed 6; "},
	/* a line of somebody else's, in between and at the end */
	{"INSERT INTO audit (id, generation, at_ms, who, source, way, verb, kind, object, result, "
	 "seq, "
	 "prev, mac) SELECT 7, generation, at_ms, who, source, way, verb, kind, 'x', result, 7, "
	 "mac, "
	 "mac FROM audit WHERE id = 6",
		"changed 7; "},
	/* gaps */
	{"DELETE FROM audit WHERE id = 3", "gap 4; "},
	{"DELETE FROM audit WHERE id IN (1, 2)", "gap 3; "},
	{"DELETE FROM audit WHERE id = 3; UPDATE audit SET id = id - 1 WHERE id > 3",
		"order 3; order 4; order 5; truncated 6; "},
	/* another order */
	{"UPDATE audit SET id = 100 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3; "
	 "UPDATE audit SET id = 3 WHERE id = 100",
		"order 2; order 3; order 4; "},
	{"UPDATE audit SET id = 7 WHERE id = 2", "gap 3; order 7; "},
	/* the newest lines */
	{"DELETE FROM audit WHERE id = 6", "truncated 6; "},
	{"DELETE FROM audit WHERE id > 4; UPDATE sqlite_sequence SET seq = 4", "truncated 5; "},
	{"DELETE FROM audit", "truncated 1; "},
	/* the head itself */
	{"DELETE FROM meta WHERE name = 'audit_head'", "truncated 7; "},
	{"DELETE FROM audit WHERE id = 6; DELETE FROM meta WHERE name = 'audit_head'",
		"truncated 6; "},
};

static void tampering_shows(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		struct place p;

		place_make(&p, "sqlite");
		six_lines(&p);
		sql(&p, attacks[i].sql);
		print_message("%s\n", attacks[i].sql);
		finds(&p, attacks[i].want);
		place_remove(&p);
	}
}

/* Lines that are written afterwards do not heal it. */
static void it_goes_on_showing(void **state)
{
	struct store *s;

	six_lines(*state);
	sql(*state, "DELETE FROM audit WHERE id > 4");
	s = place_open(*state);
	line(s, "g.example");
	line(s, "h.example");
	finds_in(s, NULL, "gap 7; ");
	store_close(s);
	finds(*state, "gap 7; ");
	sql(*state, "DELETE FROM meta WHERE name = 'audit_head'");
	s = place_open(*state);
	line(s, "i.example");
	finds_in(s, NULL, "gap 7; order 9; ");
	store_close(s);
}

/* Who puts back the head of an earlier day with its lines is found by what was logged. */
static void a_logged_head(void **state)
{
	struct store_audit_head early, late, other;
	struct store *s = place_open(*state);

	line(s, "a.example");
	assert_int_equal(store_audit_head(s, &early, NULL), 0);
	assert_int_equal(early.id, 1);
	assert_int_equal(early.count, 1);
	assert_int_equal(strlen(early.mac), 64);
	sql(*state, "CREATE TABLE kept AS SELECT value FROM meta WHERE name = 'audit_head'");
	line(s, "b.example");
	assert_int_equal(store_audit_head(s, &late, NULL), 0);
	finds_in(s, &early, "");
	finds_in(s, &late, "");
	other = late;
	other.mac[0] = other.mac[0] == '0' ? '1' : '0';
	finds_in(s, &other, "changed 2; ");
	store_close(s);
	sql(*state, "DELETE FROM audit WHERE id = 2;"
		    "UPDATE meta SET value = (SELECT value FROM kept) WHERE name = 'audit_head'");
	s = place_open(*state);
	finds_in(s, NULL, ""); /* which is why it is logged */
	finds_in(s, &late, "truncated 2; ");
	store_close(s);
}

/* Lines of before there were MACs are taken over once, and how many they were is a line. */
static void lines_of_before(void **state)
{
	static const char strip[] = "UPDATE audit SET mac = NULL, prev = NULL, seq = NULL;"
				    "DELETE FROM meta WHERE name = 'audit_head'";
	struct buf text = {0};
	struct store *s;

	six_lines(*state);
	sql(*state, strip);
	s = place_open(*state);
	finds_in(s, NULL, "");
	store_dump(s, &text, NULL);
	buf_chr(&text, '\0');
	assert_non_null(strstr(buf_slice(&text).p, "{\\\"lines_before\\\": 6}"));
	buf_done(&text);
	store_close(s);
	sql(*state, "UPDATE audit SET who = 'bob' WHERE id = 2");
	finds(*state, "changed 2; ");
}

/* ---- lines ---- */

static void see_key(void *arg, const struct store_audit *a)
{
	buf_printf(arg, "%d %s %s %s x%d; ", (int)a->id, a->key, a->result, a->code, (int)a->times);
}

static void find(struct store *s, const struct store_audit_query *q, const char *want)
{
	struct buf text = {0};
	char *got;

	assert_int_equal(store_audit_find(s, q, see_key, &text, NULL), 0);
	got = buf_dup(&text);
	assert_string_equal(got, want);
	free(got);
	buf_done(&text);
}

static void lines_are_found(void **state)
{
	const struct store_audit_entry refused = {
		.actor = {"bob", "192.0.2.7", "panel"},
		.verb = "sign-in",
		.kind = "session",
		.key = "bob",
		.refused = "bad_credentials",
		.times = 17,
	};
	struct store *s = place_open(*state);

	line(s, "a.example");
	line(s, "b.example");
	assert_int_equal(store_audit_append(s, &refused, NULL), 0);
	line(s, "c.example");
	find(s, &(struct store_audit_query){.limit = 2},
		"4 c.example done  x1; 3 bob refused bad_credentials x17; ");
	find(s, &(struct store_audit_query){.limit = 2, .before_id = 3},
		"2 b.example done  x1; 1 a.example done  x1; ");
	find(s, &(struct store_audit_query){.limit = 9, .after_id = 3}, "4 c.example done  x1; ");
	find(s, &(struct store_audit_query){.limit = 9, .who = "bob"},
		"3 bob refused bad_credentials x17; ");
	find(s, &(struct store_audit_query){.limit = 9, .kind = "partner", .key = "a.example"},
		"1 a.example done  x1; ");
	find(s, &(struct store_audit_query){.limit = 9, .verb = "drop"}, "");
	find(s, &(struct store_audit_query){.limit = 9, .since_ms = UINT64_MAX}, "");
	find(s, &(struct store_audit_query){.limit = 0}, "");
	store_close(s);
}

/* ---- refusals ---- */

#define SET(name, value)                                                                           \
	{                                                                                          \
		SL(name), ASSIGN_SET, SL(value)                                                    \
	}

static void refusals_name_no_secret(void **state)
{
	const struct assign settings[] = {
		SET("keep_alive_interval", "5"),
		SET("dialback_passphrase", "correct horse battery"),
		SET("dialback_pasphrase", "wrong horse battery"),
	};
	const struct change set = {CHANGE_SET, OBJECT_GATEWAY, SL(""), settings, 3};
	const struct store_request r = {.actor = alice, .changes = &set, .n = 1};
	struct store *s = place_open(*state);
	struct err e = {0};
	char *dump;

	assert_int_equal(store_change(s, &r, NULL, NULL, &e), -1);
	assert_int_equal(store_refused(s, &r, e.code, NULL), 0);
	dump = store_text(s);
	assert_non_null(strstr(dump, "{\\\"keep_alive_interval\\\": \\\"5\\\"}"));
	assert_non_null(strstr(dump, "\"refused\""));
	assert_null(strstr(dump, "horse"));
	free(dump);
	finds_in(s, NULL, "");
	store_close(s);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tampering_shows),
		test(it_goes_on_showing),
		test(a_logged_head),
		test(lines_of_before),
		test(lines_are_found),
		test(refusals_name_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
