/* Every input of bad-settings.json is refused with its code and field, and nothing is different. */

#include <stdlib.h>

#include "change_file.h"
#include "federation/config.h"
#include "unit.h"

static enum err_kind kind_of(json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "error"));

	for (enum err_kind k = 0; name && k < ERR__N; k++)
		if (strcmp(err_kind_name(k), name) == 0)
			return k;
	return ERR_INVALID;
}

static char *dump(const struct config *c)
{
	struct buf text = {0};
	char *ret;

	config_json(c, 1, &text);
	ret = buf_dup(&text);
	buf_done(&text);
	return ret;
}

static bool refused(json_t *json, struct config *c)
{
	static const char *const also[] = {"id", "code", "field", "error", NULL};
	const char *id = json_string_value(json_object_get(json, "id"));
	const char *code = json_string_value(json_object_get(json, "code"));
	const char *field = json_string_value(json_object_get(json, "field"));
	struct arena a = {0};
	struct change ch = change_read(json, also, &a);
	struct plan plan = {0};
	struct err e = {0};
	bool good;

	good = config_apply(c, &ch, 1, &plan, &e) < 0 && strcmp(e.code, code) == 0 &&
	       strcmp(e.field, field) == 0 && e.kind == kind_of(json) && strlen(e.text) > 10 &&
	       !plan.n;
	if (!good)
		print_error("%s: got %s, field '%s', %s; want %s, field '%s'\n    %s\n", id, e.code,
			e.field, err_kind_name(e.kind), code, field, e.text);
	plan_done(&plan);
	arena_done(&a);
	return good;
}

static void all_refused(void **state)
{
	json_t *file = change_file_load("bad-settings.json"), *json;
	struct config *c = config_new();
	char *before, *after;
	size_t i, bad = 0;

	change_file_setup(file, c);
	before = dump(c);
	json_array_foreach(json_object_get(file, "cases"), i, json)
		bad += !refused(json, c);
	assert_true(i >= 60);
	assert_int_equal(bad, 0);
	after = dump(c);
	assert_string_equal(before, after);
	free(before);
	free(after);
	config_free(c);
	json_decref(file);
}

/* A list of changes is one: a bad one at the end undoes the good ones before it. */
static void good_then_bad(void **state)
{
	const struct change changes[] = {
		{CHANGE_ADD, OBJECT_PARTNER, SL("a.example"), NULL, 0},
		{CHANGE_ADD, OBJECT_PARTNER, SL("*.example"), NULL, 0},
	};
	struct config *c = config_new();
	struct plan plan = {0};
	struct err e;

	assert_int_equal(config_apply(c, changes, 2, &plan, &e), -1);
	assert_string_equal(e.code, "domain_wildcard");
	assert_null(config_find(c, OBJECT_PARTNER, SL("a.example")));
	assert_int_equal(config_apply(c, changes, 1, &plan, &e), 0);
	assert_non_null(config_find(c, OBJECT_PARTNER, SL("a.example")));
	plan_done(&plan);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_refused),
		cmocka_unit_test(good_then_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
