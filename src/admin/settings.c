#include "admin/admin_priv.h"
#include "base/mem.h"
#include "federation/object.h"

/*
 * The settings of every kind of object as their tables have them: forms are drawn from this, so
 * that no client keeps a second list of names, ranges and defaults.
 */

static const char *const type_names[SETTING_TYPE__N] = {
	[SETTING_BOOL] = "bool",
	[SETTING_NUMBER] = "number",
	[SETTING_WORD] = "word",
	[SETTING_TEXT] = "text",
	[SETTING_NAME] = "name",
	[SETTING_DOMAIN] = "domain",
	[SETTING_DOMAINS] = "domains",
	[SETTING_HOST] = "host",
	[SETTING_NEXT_HOP] = "next_hop",
	[SETTING_NETWORKS] = "networks",
	[SETTING_POLICY] = "policy",
	[SETTING_USER] = "user",
	[SETTING_SECRET] = "secret",
};

static void member(struct buf *out, const char *name, const char *text)
{
	json_text(out, name, text ? slice_of(text) : SL_NONE);
}

static void flag(struct buf *out, const char *name, bool on)
{
	buf_printf(out, ", \"%s\": %s", name, on ? "true" : "false");
}

static void words(const struct setting *s, struct buf *out)
{
	if (!s->words)
		return;
	buf_str(out, ", \"words\": [");
	for (size_t i = 0; s->words[i]; i++) {
		buf_str(out, i ? ", " : "");
		json_quote(out, slice_of(s->words[i]));
	}
	buf_chr(out, ']');
}

static void one_setting(const struct setting *s, struct buf *out)
{
	struct buf range = {0};

	setting_range(s, &range);
	buf_printf(out, "{\"name\": \"%s\", \"type\": \"%s\"", s->name, type_names[s->type]);
	flag(out, "key", s->flags & SETTING_KEY);
	flag(out, "required", s->flags & (SETTING_KEY | SETTING_REQUIRED));
	flag(out, "none", s->flags & SETTING_NONE);
	flag(out, "write_only", s->flags & SETTING_WRITE_ONLY);
	json_number(out, "min", s->min);
	json_number(out, "max", s->max);
	words(s, out);
	member(out, "default", s->deflt);
	member(out, "unit", s->unit);
	member(out, "help", s->help);
	json_text(out, "range", buf_slice(&range));
	buf_chr(out, '}');
	buf_done(&range);
}

static void one_kind(const struct object_class *class, struct buf *out)
{
	buf_printf(out, "{\"kind\": \"%s\", \"path\": \"%s\"", class->name,
		class->single ? class->name : class->plural);
	member(out, "title", class->title);
	flag(out, "single", class->single);
	buf_str(out, ", \"settings\": [");
	for (size_t i = 0; i < class->n_settings; i++) {
		buf_str(out, i ? ",\n" : "\n");
		one_setting(&class->settings[i], out);
	}
	buf_str(out, "]}");
}

void settings_get(struct api_call *c)
{
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < OBJECT__N; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		one_kind(object_classes[i], &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}
