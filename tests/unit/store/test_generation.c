/* Generations: listed, compared, returned to; on each backend. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place.h"
#include "unit.h"

static const struct store_actor alice = {"alice", "uid 1000", "cli"};

struct world {
	struct place place;
	struct store *store;
};

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
	free(w);
	return 0;
}

#define SET(name, value)                                                                           \
	{                                                                                          \
		SL(name), ASSIGN_SET, SL(value)                                                    \
	}

static void done(struct world *w, const struct change *c, size_t n)
{
	struct store_request r = {.actor = alice, .changes = c, .n = n};
	struct err e;

	if (store_change(w->store, &r, NULL, NULL, &e) < 0)
		fail_msg("%s: %s", e.code, e.text);
}

/*
 * 2: a.example and b.example with a route; 3: a described; 4: b gone, a new one; 5: gateway and
 * passphrase.
 */
static void four_changes(struct world *w)
{
	const struct assign described[] = {SET("description", "one \"two\"\n三"),
		SET("additional_domains", "x.example,y.example")};
	const struct assign hop[] = {SET("next_hop", "sip:192.0.2.1")};
	const struct assign gateway[] = {SET("keep_alive_interval", "77"),
		SET("dialback_passphrase", "correct horse battery")};
	const struct change c[] = {
		{CHANGE_ADD, OBJECT_PARTNER, SL("a.example"), NULL, 0},
		{CHANGE_ADD, OBJECT_PARTNER, SL("b.example"), NULL, 0},
		{CHANGE_ADD, OBJECT_ROUTE, SL("main"), hop, 1},
		{CHANGE_SET, OBJECT_PARTNER, SL("a.example"), described, 2},
		{CHANGE_REMOVE, OBJECT_PARTNER, SL("b.example"), NULL, 0},
		{CHANGE_ADD, OBJECT_PARTNER, SL("c.example"), NULL, 0},
		{CHANGE_SET, OBJECT_GATEWAY, SL(""), gateway, 2},
	};

	done(w, c, 3);
	done(w, c + 3, 1);
	done(w, c + 4, 2);
	done(w, c + 6, 1);
}

static char *export_of(const struct config *c)
{
	struct buf text = {0};
	char *ret;

	config_json(c, 1, &text);
	ret = buf_dup(&text);
	buf_done(&text);
	return ret;
}

static char *export_now(struct world *w)
{
	struct snapshot *s = store_snapshot(w->store);
	char *ret = export_of(snapshot_config(s));

	snapshot_unref(s);
	return ret;
}

/* ---- list ---- */

static void see(void *arg, const struct store_generation *g)
{
	assert_true(g->at_ms > 1700000000000);
	buf_printf(arg, "%d %s %s: %s\n", (int)g->generation, g->who, g->way, g->summary);
}

static void lists(void **state)
{
	struct world *w = *state;
	struct buf text = {0};
	char *got;

	four_changes(w);
	assert_int_equal(store_generation_list(w->store, 0, 100, see, &text, NULL), 0);
	buf_str(&text, "--\n");
	assert_int_equal(store_generation_list(w->store, 4, 1, see, &text, NULL), 0);
	buf_str(&text, "--\n");
	assert_int_equal(store_generation_one(w->store, 2, see, &text, NULL), 0);
	got = buf_dup(&text);
	assert_string_equal(got,
		"5 alice cli: set gateway global: keep_alive_interval, dialback_passphrase\n"
		"4 alice cli: 2 changes: remove partner b.example; add partner c.example\n"
		"3 alice cli: set partner a.example: additional_domains, description\n"
		"2 alice cli: 3 changes: add partner a.example; add partner b.example; add route "
		"main\n"
		"1 entented start: the defaults\n"
		"--\n"
		"3 alice cli: set partner a.example: additional_domains, description\n"
		"--\n"
		"2 alice cli: 3 changes: add partner a.example; add partner b.example; add route "
		"main\n");
	free(got);
	buf_done(&text);
}

static void unknown(void **state)
{
	static const uint64_t none[] = {0, 6, 1000000, UINT64_MAX};
	struct world *w = *state;
	struct config *c = NULL;
	struct err e;

	four_changes(w);
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		assert_int_equal(store_generation_config(w->store, none[i], &c, &e), -1);
		assert_int_equal(e.kind, ERR_NOT_FOUND);
		assert_string_equal(e.code, "generation_unknown");
		assert_null(c);
	}
}

/* ---- compare ---- */

static void compares(void **state)
{
	struct world *w = *state;
	struct plan plan = {0}, back = {0}, none = {0};

	four_changes(w);
	assert_int_equal(store_generation_diff(w->store, 2, 4, &plan, NULL), 0);
	assert_int_equal(plan.n, 3);
	assert_string_equal(plan_item_key(&plan.v[0]), "a.example");
	assert_int_equal(plan.v[0].n_fields, 2);
	assert_string_equal(plan.v[0].fields[1].before, "");
	assert_string_equal(plan.v[0].fields[1].after, "one \"two\"\n三");
	assert_int_equal(plan.v[1].verb, CHANGE_REMOVE);
	assert_int_equal(plan.v[2].verb, CHANGE_ADD);
	assert_int_equal(store_generation_diff(w->store, 4, 2, &back, NULL), 0);
	assert_int_equal(back.n, 3);
	assert_int_equal(back.v[1].verb, CHANGE_ADD);
	assert_int_equal(store_generation_diff(w->store, 3, 3, &none, NULL), 0);
	assert_int_equal(none.n, 0);
	plan_done(&plan);
	plan_done(&back);
}

/* ---- return ---- */

static void each_is_returned_to(void **state)
{
	struct store_request back = {.actor = alice};
	struct world *w = *state;
	char *was[6], *passphrase, *now;
	struct snapshot *s;

	four_changes(w);
	for (uint64_t g = 1; g <= 5; g++) {
		struct config *c;

		assert_int_equal(store_generation_config(w->store, g, &c, NULL), 0);
		was[g] = export_of(c);
		config_free(c);
	}
	for (uint64_t g = 1; g <= 5; g++) {
		back.restore = g;
		assert_int_equal(store_change(w->store, &back, NULL, NULL, NULL), 0);
		now = export_now(w);
		assert_string_equal(now, was[g]);
		free(now);
	}
	s = store_snapshot(w->store);
	passphrase = snapshot_gateway(s)->dialback_passphrase;
	assert_string_equal(passphrase, "correct horse battery");
	assert_int_equal(snapshot_generation(s), 10);
	snapshot_unref(s);
	for (uint64_t g = 1; g <= 5; g++)
		free(was[g]);
}

static void a_restore_is_a_change(void **state)
{
	struct store_request back = {.actor = alice, .restore = 4, .dry_run = true};
	struct world *w = *state;
	struct buf text = {0};
	struct plan plan = {0};
	struct snapshot *s;
	struct err e;
	char *got, *before, *after;

	four_changes(w);
	before = store_text(w->store);
	assert_int_equal(store_change(w->store, &back, &plan, &s, NULL), 0);
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.v[0].n_fields, 1); /* not the passphrase */
	assert_int_equal(snapshot_gateway(s)->keep_alive_interval, 300);
	after = store_text(w->store);
	assert_string_equal(before, after);
	plan_done(&plan);
	snapshot_unref(s);

	back.dry_run = false;
	back.if_generation = 4;
	assert_int_equal(store_change(w->store, &back, NULL, NULL, &e), -1);
	assert_string_equal(e.code, "changed_meanwhile");
	back.if_generation = 5;
	back.kinds = 1u << OBJECT_PARTNER;
	assert_int_equal(store_change(w->store, &back, NULL, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_string_equal(e.code, "not_allowed");
	back.kinds |= 1u << OBJECT_GATEWAY;
	assert_int_equal(store_change(w->store, &back, NULL, NULL, &e), 0);
	assert_int_equal(store_generation_one(w->store, 6, see, &text, NULL), 0);
	got = buf_dup(&text);
	assert_string_equal(got,
		"6 alice cli: back to generation 4: set gateway global: keep_alive_interval\n");
	free(got);
	free(before);
	free(after);
	buf_done(&text);
}

/* It was right then; with what came since it is not. */
static void a_restore_is_validated(void **state)
{
	struct world *w = *state;
	struct store_request back = {.actor = alice, .restore = 1};

	four_changes(w);
	assert_int_equal(store_change(w->store, &back, NULL, NULL, NULL), 0);
	back.restore = 77;
	assert_int_equal(store_change(w->store, &back, NULL, NULL, NULL), -1);
}

static void survives_a_restart(void **state)
{
	struct world *w = *state;
	struct config *c;
	char *was, *is;

	four_changes(w);
	assert_int_equal(store_generation_config(w->store, 3, &c, NULL), 0);
	was = export_of(c);
	config_free(c);
	store_close(w->store);
	w->store = place_open(&w->place);
	assert_int_equal(store_generation_config(w->store, 3, &c, NULL), 0);
	is = export_of(c);
	config_free(c);
	assert_string_equal(was, is);
	free(was);
	free(is);
}

static void only_so_many_are_kept(void **state)
{
	enum { MORE = 7 };
	struct world *w = *state;
	struct store_generation_count {
		size_t n;
	} count = {0};
	struct buf text = {0};
	struct config *c;
	struct err e;
	char value[16];

	for (int i = 0; i < STORE_GENERATIONS_KEPT + MORE; i++) {
		struct assign a = {SL("keep_alive_interval"), ASSIGN_SET, {value, 0}};
		struct change set = {CHANGE_SET, OBJECT_GATEWAY, SL(""), &a, 1};

		a.value.n = (size_t)snprintf(value, sizeof value, "%d", 1000 + i);
		done(w, &set, 1);
	}
	assert_int_equal(store_generation_list(w->store, 0, 5000, see, &text, NULL), 0);
	for (size_t i = 0; i < text.n; i++)
		count.n += buf_slice(&text).p[i] == '\n';
	buf_done(&text);
	assert_int_equal(count.n, STORE_GENERATIONS_KEPT);
	assert_int_equal(store_generation_config(w->store, MORE + 1, &c, &e), -1);
	assert_string_equal(e.code, "generation_unknown");
	/* The oldest one that is kept is whole. */
	assert_int_equal(store_generation_config(w->store, MORE + 2, &c, NULL), 0);
	assert_int_equal(gateway_of(config_find(c, OBJECT_GATEWAY, SL("")))->keep_alive_interval,
		1000 + MORE);
	config_free(c);
}

/* ---- bodies ---- */

static void bodies_ask_for_more(void **state)
{
	const struct assign on[] = {SET("enable_logging_all_message_bodies", "true")};
	const struct assign off[] = {SET("enable_logging_all_message_bodies", "false")};
	const struct change turn[] = {
		{CHANGE_SET, OBJECT_GATEWAY, SL(""), on, 1},
		{CHANGE_SET, OBJECT_GATEWAY, SL(""), off, 1},
	};
	struct store_request r = {.actor = alice, .changes = turn, .n = 1};
	struct world *w = *state;
	struct plan plan = {0};
	struct err e;

	assert_int_equal(store_change(w->store, &r, NULL, NULL, &e), -1);
	assert_string_equal(e.code, "not_allowed");
	assert_int_equal(e.kind, ERR_DENIED);
	r.may_log_bodies = true;
	assert_int_equal(store_change(w->store, &r, NULL, NULL, &e), -1);
	assert_string_equal(e.code, "confirmation_required");
	assert_string_equal(e.field, "enable_logging_all_message_bodies");
	r.dry_run = true; /* which says what it would do */
	assert_int_equal(store_change(w->store, &r, &plan, NULL, &e), 0);
	assert_string_equal(plan.warnings.v[0].code, "bodies_logged");
	plan_done(&plan);
	r.dry_run = false;
	r.confirmed_bodies = true;
	assert_int_equal(store_change(w->store, &r, NULL, NULL, &e), 0);

	/* Going back neither turns it off nor on. */
	r = (struct store_request){.actor = alice, .restore = 1};
	assert_int_equal(store_change(w->store, &r, NULL, NULL, &e), 0);
	r = (struct store_request){.actor = alice, .changes = turn + 1, .n = 1};
	assert_int_equal(store_change(w->store, &r, NULL, NULL, &e), -1);
	assert_string_equal(e.code, "not_allowed");
	r.may_log_bodies = true;
	assert_int_equal(store_change(w->store, &r, NULL, NULL, &e), 0); /* off: at once */
	r = (struct store_request){.actor = alice, .restore = 2};
	assert_int_equal(store_change(w->store, &r, NULL, NULL, &e), 0);
}

#define on_both(f)                                                                                 \
	cmocka_unit_test_setup_teardown(f, setup_sqlite, teardown),                                \
		cmocka_unit_test_setup_teardown(f, setup_ram, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_both(lists),
		on_both(unknown),
		on_both(compares),
		on_both(each_is_returned_to),
		on_both(a_restore_is_a_change),
		on_both(a_restore_is_validated),
		on_both(bodies_ask_for_more),
		cmocka_unit_test_setup_teardown(survives_a_restart, setup_sqlite, teardown),
		cmocka_unit_test_setup_teardown(only_so_many_are_kept, setup_ram, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
