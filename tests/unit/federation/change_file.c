#include "change_file.h"

#include "base/mem.h"
#include "federation/config.h"
#include "unit.h"

static const char *member(json_t *json, const char *name)
{
	const char *s = json_string_value(json_object_get(json, name));

	if (!s)
		fail_msg("no string '%s' in %s", name, json_dumps(json, 0));
	return s;
}

/* A long value, or many domains. */
static struct slice made(json_t *json, struct arena *a)
{
	json_int_t domains = json_integer_value(json_object_get(json, "domains"));
	json_int_t times = json_integer_value(json_object_get(json, "times"));
	const char *then = json_string_value(json_object_get(json, "then"));
	struct buf text = {0};
	struct slice ret;

	for (json_int_t i = 0; i < domains; i++)
		buf_printf(&text, "d%d.xmpp.lab,", (int)i);
	for (json_int_t i = 0; i < times; i++)
		buf_str(&text, member(json, "repeat"));
	buf_str(&text, then ? then : "");
	assert_true(text.n > 0);
	ret = arena_slice(a, buf_slice(&text));
	buf_done(&text);
	return ret;
}

static struct slice list(json_t *json, struct arena *a)
{
	struct buf text = {0};
	struct slice ret;
	json_t *item;
	size_t i;

	json_array_foreach(json, i, item)
		buf_printf(&text, "%s%s", i ? "," : "", json_string_value(item));
	ret = arena_slice(a, buf_slice(&text));
	buf_done(&text);
	return ret;
}

static struct slice value(json_t *json, struct arena *a)
{
	switch (json_typeof(json)) {
	case JSON_STRING:
		return slice_make(json_string_value(json), json_string_length(json));
	case JSON_INTEGER:
		return slice_of(arena_printf(a, "%lld", (long long)json_integer_value(json)));
	case JSON_TRUE:
		return SL("true");
	case JSON_FALSE:
		return SL("false");
	case JSON_NULL:
		return SL_NONE;
	case JSON_ARRAY:
		return list(json, a);
	case JSON_OBJECT:
		return made(json, a);
	default:
		fail_msg("a value of no known type");
	}
	return SL_NONE;
}

static bool among(const char *key, const char *const *names)
{
	for (; names && *names; names++)
		if (strcmp(*names, key) == 0)
			return true;
	return false;
}

static void add_assigns(
	struct assign *assigns, size_t *n, json_t *settings, enum assign_how how, struct arena *a)
{
	const char *name;
	json_t *v;

	json_object_foreach(settings, name, v)
		assigns[(*n)++] = (struct assign){slice_of(name), how, value(v, a)};
}

static enum change_verb verb_of(const char *name)
{
	for (enum change_verb v = CHANGE_ADD; v <= CHANGE_REMOVE; v++)
		if (strcmp(change_verb_name(v), name) == 0)
			return v;
	fail_msg("no verb '%s'", name);
	return CHANGE_ADD;
}

struct change change_read(json_t *json, const char *const *also, struct arena *a)
{
	static const char *const known[] = {"verb", "kind", "key", "set", "add", "remove", NULL};
	const struct object_class *class = object_class_find(slice_of(member(json, "kind")));
	struct assign *assigns = arena_alloc(a, 32 * sizeof *assigns);
	struct change ch = {.verb = verb_of(member(json, "verb")), .assigns = assigns};
	const char *key;
	json_t *v;

	json_object_foreach(json, key, v)
		if (!among(key, known) && !among(key, also))
			fail_msg("unknown key '%s'", key);
	assert_non_null(class);
	ch.kind = class->kind;
	ch.key = value(json_object_get(json, "key"), a);
	add_assigns(assigns, &ch.n, json_object_get(json, "set"), ASSIGN_SET, a);
	add_assigns(assigns, &ch.n, json_object_get(json, "add"), ASSIGN_ADD, a);
	add_assigns(assigns, &ch.n, json_object_get(json, "remove"), ASSIGN_REMOVE, a);
	return ch;
}

json_t *change_file_load(const char *name)
{
	char *path = xasprintf("%s/%s", TEST_DATA, name);
	json_error_t e;
	json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &e);

	if (!file)
		fail_msg("%s:%d: %s", path, e.line, e.text);
	xfree(path);
	return file;
}

void change_file_setup(json_t *file, struct config *c)
{
	json_t *json;
	size_t i;

	json_array_foreach(json_object_get(file, "setup"), i, json) {
		struct arena a = {0};
		struct change ch = change_read(json, NULL, &a);
		struct plan plan = {0};
		struct err e;

		if (config_apply(c, &ch, 1, &plan, &e) < 0)
			fail_msg("setup %zu: %s %s", i, e.code, e.text);
		plan_done(&plan);
		arena_done(&a);
	}
}
