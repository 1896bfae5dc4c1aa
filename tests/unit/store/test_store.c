/* What any backend must do: the whole suite runs on each. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "change_file.h"
#include "place.h"
#include "store/ram.h"
#include "unit.h"

#define SET(name, value)                                                                           \
	{                                                                                          \
		SL(name), ASSIGN_SET, SL(value)                                                    \
	}

struct world {
	struct place place;
	struct store *store;
};

static const struct store_actor alice = {"alice", "uid 1000", "cli"};

static int setup(void **state, const char *backend)
{
	struct world *w = xzalloc(sizeof *w);

	place_make(&w->place, backend);
	w->store = place_open(&w->place);
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

	store_close(w->store);
	place_remove(&w->place);
	xfree(w);
	return 0;
}

static uint64_t generation(struct store *s)
{
	struct snapshot *snapshot = store_snapshot(s);
	uint64_t g = snapshot_generation(snapshot);

	snapshot_unref(snapshot);
	return g;
}

static int change(struct store *s, const struct change *changes, size_t n, struct err *e)
{
	struct store_request r = {.actor = alice, .changes = changes, .n = n};

	return store_change(s, &r, NULL, NULL, e);
}

static void add_partner(struct store *s, const char *domain)
{
	struct change ch = {CHANGE_ADD, OBJECT_PARTNER, slice_of(domain), NULL, 0};
	struct err e;

	if (change(s, &ch, 1, &e) < 0)
		fail_msg("%s", e.text);
}

/* ---- */

static void starts_with_defaults(void **state)
{
	struct world *w = *state;
	struct snapshot *s = store_snapshot(w->store);
	const struct object *const *v;

	assert_int_equal(snapshot_generation(s), 1);
	assert_int_equal(snapshot_list(s, OBJECT_PARTNER, &v), 0);
	assert_int_equal(snapshot_gateway(s)->connection_limit, 1000);
	assert_int_equal(strlen(snapshot_gateway(s)->dialback_passphrase), 64);
	assert_int_equal(strspn(snapshot_gateway(s)->dialback_passphrase, "0123456789abcdef"), 64);
	snapshot_unref(s);
}

static void a_change_is_a_generation(void **state)
{
	const struct assign settings[] = {
		SET("type", "Federated"), SET("domains", "müller.example")};
	const struct change add = {CHANGE_ADD, OBJECT_PARTNER, SL("xmpp.lab"), settings, 2};
	struct store_request r = {.actor = alice, .changes = &add, .n = 1};
	struct world *w = *state;
	struct snapshot *before = store_snapshot(w->store), *after, *now;
	struct plan plan = {0};

	assert_int_equal(store_change(w->store, &r, &plan, &after, NULL), 0);
	assert_int_equal(snapshot_generation(after), 2);
	assert_int_equal(plan.generation, 1);
	assert_int_equal(plan.n, 1);
	assert_non_null(snapshot_partner(after, SL("müller.example")));
	assert_null(snapshot_partner(before, SL("xmpp.lab")));
	now = store_snapshot(w->store);
	assert_ptr_equal(now, after);
	plan_done(&plan);
	snapshot_unref(before);
	snapshot_unref(after);
	snapshot_unref(now);
}

/* The file of bad inputs: the dump and the bytes on disk are what they were. */
static void refused_leaves_all_as_it_was(void **state)
{
	static const char *const also[] = {"id", "code", "field", "error", NULL};
	json_t *file = change_file_load("bad-settings.json"), *json;
	struct world *w = *state;
	char *before, *after;
	uint64_t bytes, g;
	size_t i;

	json_array_foreach(json_object_get(file, "setup"), i, json) {
		struct arena a = {0};
		struct change ch = change_read(json, NULL, &a);

		assert_int_equal(change(w->store, &ch, 1, NULL), 0);
		arena_done(&a);
	}
	before = store_text(w->store);
	bytes = place_hash(&w->place);
	g = generation(w->store);
	json_array_foreach(json_object_get(file, "cases"), i, json) {
		struct arena a = {0};
		struct change ch = change_read(json, also, &a);
		struct err e = {0};

		assert_int_equal(change(w->store, &ch, 1, &e), -1);
		assert_string_equal(e.code, json_string_value(json_object_get(json, "code")));
		if (place_hash(&w->place) != bytes)
			fail_msg("%s wrote", json_string_value(json_object_get(json, "id")));
		arena_done(&a);
	}
	after = store_text(w->store);
	assert_string_equal(before, after);
	assert_int_equal(generation(w->store), g);
	free(before);
	free(after);
	json_decref(file);
}

/* Good changes before the bad one in a list are not done either. */
static void all_or_nothing(void **state)
{
	const struct change changes[] = {
		{CHANGE_ADD, OBJECT_PARTNER, SL("a.example"), NULL, 0},
		{CHANGE_ADD, OBJECT_PARTNER, SL("b.example"), NULL, 0},
		{CHANGE_REMOVE, OBJECT_PARTNER, SL("c.example"), NULL, 0},
	};
	struct world *w = *state;
	char *before = store_text(w->store), *after;
	uint64_t bytes = place_hash(&w->place);

	assert_int_equal(change(w->store, changes, 3, NULL), -1);
	after = store_text(w->store);
	assert_string_equal(before, after);
	assert_true(place_hash(&w->place) == bytes);
	assert_int_equal(change(w->store, changes, 2, NULL), 0);
	assert_int_equal(generation(w->store), 2); /* one change, one generation */
	free(before);
	free(after);
}

static void changed_meanwhile(void **state)
{
	const struct change add = {CHANGE_ADD, OBJECT_PARTNER, SL("b.example"), NULL, 0};
	struct store_request r = {.actor = alice, .changes = &add, .n = 1, .if_generation = 1};
	struct world *w = *state;
	struct snapshot *s = NULL;
	struct plan plan = {0};
	uint64_t bytes;
	struct err e;

	add_partner(w->store, "a.example");
	bytes = place_hash(&w->place);
	assert_int_equal(store_change(w->store, &r, &plan, &s, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_string_equal(e.code, "changed_meanwhile");
	assert_null(s);
	assert_int_equal(plan.n, 0);
	assert_true(place_hash(&w->place) == bytes);
	r.if_generation = 2;
	assert_int_equal(store_change(w->store, &r, NULL, NULL, &e), 0);
	assert_int_equal(generation(w->store), 3);
}

static void dry_run_only_plans(void **state)
{
	const struct assign settings[] = {SET("tls", "Optional")};
	const struct change add = {CHANGE_ADD, OBJECT_PARTNER, SL("b.example"), settings, 1};
	struct store_request r = {.actor = alice, .changes = &add, .n = 1, .dry_run = true};
	struct world *w = *state;
	char *before = store_text(w->store), *after;
	uint64_t bytes = place_hash(&w->place);
	struct plan plan = {0};
	struct snapshot *s;

	assert_int_equal(store_change(w->store, &r, &plan, &s, NULL), 0);
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.generation, 1);
	assert_int_equal(plan.v[0].verb, CHANGE_ADD);
	assert_int_equal(plan.warnings.n, 3); /* row 3 of the matrix */
	/* What would be, to be asked. */
	assert_int_equal(snapshot_generation(s), 2);
	assert_non_null(snapshot_partner(s, SL("b.example")));
	assert_int_equal(generation(w->store), 1);
	after = store_text(w->store);
	assert_string_equal(before, after);
	assert_true(place_hash(&w->place) == bytes);
	snapshot_unref(s);
	plan_done(&plan);
	free(before);
	free(after);
}

static void no_difference_no_write(void **state)
{
	const struct assign settings[] = {SET("enabled", "yes")};
	const struct change same = {CHANGE_SET, OBJECT_PARTNER, SL("a.example"), settings, 1};
	struct store_request r = {.actor = alice, .changes = &same, .n = 1};
	struct world *w = *state;
	struct plan plan = {0};
	uint64_t bytes;

	add_partner(w->store, "a.example");
	bytes = place_hash(&w->place);
	assert_int_equal(store_change(w->store, &r, &plan, NULL, NULL), 0);
	assert_int_equal(plan.n, 0);
	assert_int_equal(generation(w->store), 2);
	assert_true(place_hash(&w->place) == bytes);
	plan_done(&plan);
}

/* ---- audit ---- */

struct audit_seen {
	size_t n;
	char text[8][1024];
};

static void see_audit(void *arg, const struct store_audit *a)
{
	struct audit_seen *seen = arg;

	assert_true(seen->n < ARRAY_LEN(seen->text));
	assert_true(a->at_ms > 1700000000000);
	snprintf(seen->text[seen->n++], sizeof seen->text[0],
		"%d %d %s|%s|%s %s %s %s %s > %s = %s", (int)a->id, (int)a->generation, a->who,
		a->from, a->way, a->verb, a->kind, a->key, a->before, a->after, a->result);
}

static void changes_are_audited(void **state)
{
	static const char *const want[] = {
		"1 2 alice|uid 1000|cli add domain sip.lab  > "
		"{\"domain\": \"sip.lab\", \"description\": null, \"route\": null} = done",
		"2 2 alice|uid 1000|cli add domain sip2.lab  > "
		"{\"domain\": \"sip2.lab\", \"description\": null, \"route\": null} = done",
		"3 3 alice|uid 1000|cli set domain sip.lab "
		"{\"domain\": \"sip.lab\", \"description\": null, \"route\": null} > "
		"{\"domain\": \"sip.lab\", \"description\": \"a\\nb\", \"route\": null} = done",
		"4 4 alice|uid 1000|cli remove domain sip.lab "
		"{\"domain\": \"sip.lab\", \"description\": \"a\\nb\", \"route\": null} >  = done",
	};
	const struct assign settings[] = {SET("description", "a\nb")};
	const struct change changes[] = {
		{CHANGE_ADD, OBJECT_DOMAIN, SL("sip.lab"), NULL, 0},
		{CHANGE_ADD, OBJECT_DOMAIN, SL("sip2.lab"), NULL, 0},
		{CHANGE_SET, OBJECT_DOMAIN, SL("sip.lab"), settings, 1},
		{CHANGE_REMOVE, OBJECT_DOMAIN, SL("sip.lab"), NULL, 0},
	};
	struct world *w = *state;
	struct audit_seen seen = {0}, some = {0};

	assert_int_equal(change(w->store, changes, 2, NULL), 0);
	assert_int_equal(change(w->store, changes + 2, 1, NULL), 0);
	assert_int_equal(change(w->store, changes + 3, 1, NULL), 0);
	assert_int_equal(change(w->store, changes + 3, 1, NULL), -1); /* refused: no line */
	assert_int_equal(store_audit_list(w->store, 0, 100, see_audit, &seen, NULL), 0);
	assert_int_equal(seen.n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(seen.text[i], want[i]);
	assert_int_equal(store_audit_list(w->store, 1, 2, see_audit, &some, NULL), 0);
	assert_int_equal(some.n, 2);
	assert_string_equal(some.text[0], want[1]);
	assert_string_equal(some.text[1], want[2]);
}

/* ---- secrets ---- */

static char *passphrase(struct store *s)
{
	struct snapshot *snapshot = store_snapshot(s);
	char *ret = xstrdup(snapshot_gateway(snapshot)->dialback_passphrase);

	snapshot_unref(snapshot);
	return ret;
}

static void a_passphrase_is_sealed(void **state)
{
	const struct assign given[] = {SET("dialback_passphrase", "correct horse battery")};
	const struct change set = {CHANGE_SET, OBJECT_GATEWAY, SL(""), given, 1};
	struct world *w = *state;
	struct audit_seen seen = {0};
	char *dump, *now;

	assert_int_equal(change(w->store, &set, 1, NULL), 0);
	now = passphrase(w->store);
	dump = store_text(w->store);
	assert_string_equal(now, "correct horse battery");
	assert_null(strstr(dump, "horse"));
	assert_int_equal(store_audit_list(w->store, 0, 100, see_audit, &seen, NULL), 0);
	assert_int_equal(seen.n, 1);
	assert_non_null(strstr(seen.text[0], "set gateway global"));
	free(now);
	free(dump);
}

/* "none" means a new one, never none at all; and each is another. */
static void an_emptied_passphrase_is_made_anew(void **state)
{
	const struct assign empty[] = {SET("dialback_passphrase", "")};
	const struct change set = {CHANGE_SET, OBJECT_GATEWAY, SL(""), empty, 1};
	struct store_request dry = {.actor = alice, .changes = &set, .n = 1, .dry_run = true};
	struct world *w = *state;
	char *first = passphrase(w->store), *second, *third;
	struct plan plan = {0};

	assert_int_equal(store_change(w->store, &dry, &plan, NULL, NULL), 0);
	assert_int_equal(plan.n, 1);
	assert_string_equal(plan.v[0].fields[0].after, "(secret)");
	plan_done(&plan);
	second = passphrase(w->store);
	assert_string_equal(first, second);
	assert_int_equal(change(w->store, &set, 1, NULL), 0);
	third = passphrase(w->store);
	assert_int_equal(strlen(third), 64);
	assert_string_not_equal(first, third);
	free(first);
	free(second);
	free(third);
}

/* ---- secrets of routes: one each, sealed under its name ---- */

static char *password(struct store *s, const char *route)
{
	struct snapshot *snapshot = store_snapshot(s);
	const struct route *r = snapshot_route(snapshot, slice_of(route));
	char *ret = r && r->digest_password ? xstrdup(r->digest_password) : NULL;

	snapshot_unref(snapshot);
	return ret;
}

static void password_is(struct store *s, const char *route, const char *want)
{
	char *got = password(s, route);

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
}

static void passwords_of_routes_are_sealed(void **state)
{
	const struct assign one[] = {
		SET("next_hop", "sip:127.0.0.1"), SET("digest_password", "open sesame")};
	const struct assign two[] = {
		SET("next_hop", "sip:127.0.0.2"), SET("digest_password", "shut barley")};
	const struct change add[] = {{CHANGE_ADD, OBJECT_ROUTE, SL("one"), one, 2},
		{CHANGE_ADD, OBJECT_ROUTE, SL("two"), two, 2}};
	struct world *w = *state;
	struct audit_seen seen = {0};
	char *dump;

	assert_int_equal(change(w->store, add, 2, NULL), 0);
	password_is(w->store, "one", "open sesame");
	password_is(w->store, "two", "shut barley");
	dump = store_text(w->store);
	assert_null(strstr(dump, "sesame"));
	assert_null(strstr(dump, "barley"));
	assert_non_null(strstr(dump, "route.digest_password one"));
	assert_int_equal(store_audit_list(w->store, 0, 100, see_audit, &seen, NULL), 0);
	for (size_t i = 0; i < seen.n; i++) {
		assert_null(strstr(seen.text[i], "sesame"));
		assert_null(strstr(seen.text[i], "barley"));
	}
	free(dump);
}

/* It goes with its route: another one of that name has none; and null or the default takes it away.
 */
static void passwords_go_with_their_routes(void **state)
{
	const struct assign with[] = {
		SET("next_hop", "sip:127.0.0.1"), SET("digest_password", "open sesame")};
	const struct assign without[] = {SET("next_hop", "sip:127.0.0.1")};
	const struct assign other[] = {SET("description", "as before")};
	const struct assign back[] = {{SL("digest_password"), ASSIGN_DEFAULT, SL_NONE}};
	const struct {
		struct change change;
		const char *password;
	} turns[] = {
		{{CHANGE_ADD, OBJECT_ROUTE, SL("one"), with, 2}, "open sesame"},
		{{CHANGE_SET, OBJECT_ROUTE, SL("one"), other, 1}, "open sesame"},
		{{CHANGE_REMOVE, OBJECT_ROUTE, SL("one"), NULL, 0}, NULL},
		{{CHANGE_ADD, OBJECT_ROUTE, SL("one"), without, 1}, NULL},
		{{CHANGE_SET, OBJECT_ROUTE, SL("one"), with + 1, 1}, "open sesame"},
		{{CHANGE_SET, OBJECT_ROUTE, SL("one"), back, 1}, NULL},
	};
	struct world *w = *state;
	char *dump;

	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		assert_int_equal(change(w->store, &turns[i].change, 1, NULL), 0);
		password_is(w->store, "one", turns[i].password);
		dump = store_text(w->store);
		assert_true(!turns[i].password == !strstr(dump, "route.digest_password one"));
		free(dump);
	}
}

/* History has no passwords: going back leaves them, and is not refused for one that is left over.
 */
static void going_back_leaves_passwords(void **state)
{
	const struct assign hop[] = {SET("next_hop", "sip:127.0.0.1")};
	const struct assign login[] = {
		SET("digest_user", "gw"), SET("digest_password", "open sesame")};
	const struct change add = {CHANGE_ADD, OBJECT_ROUTE, SL("one"), hop, 1};
	const struct change set = {CHANGE_SET, OBJECT_ROUTE, SL("one"), login, 2};
	struct store_request back = {.actor = alice};
	struct world *w = *state;
	uint64_t before;

	assert_int_equal(change(w->store, &add, 1, NULL), 0);
	before = generation(w->store);
	assert_int_equal(change(w->store, &set, 1, NULL), 0);
	back.restore = before;
	assert_int_equal(store_change(w->store, &back, NULL, NULL, NULL), 0);
	password_is(w->store, "one", "open sesame");
	back.restore = before + 1;
	assert_int_equal(store_change(w->store, &back, NULL, NULL, NULL), 0);
	password_is(w->store, "one", "open sesame");
	assert_int_equal(generation(w->store), before + 3);
}

#define on_both(f)                                                                                 \
	cmocka_unit_test_setup_teardown(f, setup_sqlite, teardown),                                \
		cmocka_unit_test_setup_teardown(f, setup_ram, teardown)

/* ---- faults: the ram backend fails at its n-th operation, for every n ---- */

static void any_operation_may_fail(void **state)
{
	const struct assign secret[] = {SET("dialback_passphrase", "correct horse battery")};
	const struct change changes[] = {
		{CHANGE_ADD, OBJECT_PARTNER, SL("b.example"), NULL, 0},
		{CHANGE_REMOVE, OBJECT_PARTNER, SL("a.example"), NULL, 0},
		{CHANGE_SET, OBJECT_GATEWAY, SL(""), secret, 1},
	};
	struct world *w = *state;
	struct err e = {0};
	char *before;
	long n = 0;

	add_partner(w->store, "a.example");
	before = store_text(w->store);
	for (;; n++) {
		char *after;
		int rc;

		ram_fail_after(n);
		rc = change(w->store, changes, 3, &e);
		ram_fail_after(-1);
		if (rc == 0)
			break;
		assert_int_equal(e.kind, ERR_UNAVAILABLE);
		assert_int_equal(generation(w->store), 2);
		after = store_text(w->store);
		assert_string_equal(before, after);
		free(after);
	}
	/*
	 * begin, generation, 3 objects, 3 audit lines (head, last, line, head), secret, its row of
	 * history and 3 steps, generation, commit
	 */
	assert_int_equal(n, 24);
	assert_int_equal(generation(w->store), 3);
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_both(starts_with_defaults),
		on_both(a_change_is_a_generation),
		on_both(refused_leaves_all_as_it_was),
		on_both(all_or_nothing),
		on_both(changed_meanwhile),
		on_both(dry_run_only_plans),
		on_both(no_difference_no_write),
		on_both(changes_are_audited),
		on_both(a_passphrase_is_sealed),
		on_both(an_emptied_passphrase_is_made_anew),
		on_both(passwords_of_routes_are_sealed),
		on_both(passwords_go_with_their_routes),
		on_both(going_back_leaves_passwords),
		cmocka_unit_test_setup_teardown(any_operation_may_fail, setup_ram, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
