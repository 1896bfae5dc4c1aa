#include "admin/openapi_schema.h"

#include <string.h>

#include "base/mem.h"
#include "federation/object.h"

/* Schemas of the managed objects, from the settings of each kind. */

/* "Partner", "NewPartner", "PartnerSettings" of "partner". */
void openapi_object_name(int kind, enum openapi_form form, struct buf *out)
{
	const char *name = object_classes[kind]->name;

	buf_str(out, form == OPENAPI_NEW ? "New" : "");
	buf_chr(out, (char)(name[0] - 'a' + 'A'));
	buf_str(out, name + 1);
	buf_str(out, form == OPENAPI_SETTINGS ? "Settings" : "");
}

/* A YAML text in single quotes. */
static void quoted(const char *s, struct buf *out)
{
	buf_chr(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_chr(out, '\'');
		buf_chr(out, *s);
	}
	buf_chr(out, '\'');
}

/* Quoted: to readers of YAML 1.1 "off" is no word. */
static void words(const struct setting *s, struct buf *out)
{
	buf_str(out, ", enum: [");
	for (size_t i = 0; s->words[i]; i++) {
		buf_str(out, i ? ", " : "");
		quoted(s->words[i], out);
	}
	buf_chr(out, ']');
}

static void default_value(const struct setting *s, struct buf *out)
{
	if (!s->deflt || setting_is_list(s))
		return;
	buf_str(out, ", default: ");
	if (s->type == SETTING_BOOL || s->type == SETTING_NUMBER)
		buf_str(out, s->deflt);
	else
		quoted(s->deflt, out);
}

static void range(const struct setting *s, struct buf *out)
{
	if (s->type == SETTING_NUMBER)
		buf_printf(out, ", minimum: %u, maximum: %u", s->min, s->max);
	if (s->type == SETTING_WORD)
		words(s, out);
}

static void help(const struct setting *s, struct buf *out)
{
	buf_str(out, ", description: ");
	quoted(s->help, out);
	buf_str(out, "}\n");
}

static bool has_unicode(const struct setting *s)
{
	return s->type == SETTING_DOMAIN || s->type == SETTING_DOMAINS;
}

/* As it is shown. */
static void shown_property(const struct setting *s, struct buf *out)
{
	const char *type = setting_json_type(s);
	const char *items = setting_is_list(s) ? ", items: {type: string}" : "";

	if (s->flags & SETTING_WRITE_ONLY) {
		buf_printf(out, "        %s_set: {type: boolean}\n", s->name);
		return;
	}
	buf_printf(out, "        %s: {type: ", s->name);
	buf_printf(
		out, s->flags & SETTING_NONE && !setting_is_list(s) ? "[%s, 'null']" : "%s", type);
	buf_str(out, items);
	range(s, out);
	help(s, out);
	if (has_unicode(s))
		buf_printf(out, "        %s_unicode: {type: %s%s}\n", s->name, type, items);
}

/* As it is given; null: its default. */
static void taken_property(const struct setting *s, struct buf *out)
{
	buf_printf(out, "        %s: {", s->name);
	if (setting_is_list(s)) {
		buf_printf(out,
			"oneOf: [{type: array, maxItems: %u, items: {type: string}}, "
			"{$ref: '#/components/schemas/ListChange'}, {type: 'null'}]",
			s->max);
	} else if (s->flags & SETTING_KEY) {
		buf_printf(out, "type: %s", setting_json_type(s));
	} else if (s->type == SETTING_WORD) {
		buf_str(out, "oneOf: [{type: string");
		words(s, out);
		buf_str(out, "}, {type: 'null'}]");
	} else {
		buf_printf(out, "type: [%s, 'null']", setting_json_type(s));
		range(s, out);
	}
	default_value(s, out);
	help(s, out);
}

static void required(const struct object_class *class, struct buf *out)
{
	for (size_t i = 0; i < class->n_settings; i++) {
		const struct setting *s = &class->settings[i];

		buf_printf(out, "%s%s%s", i ? ", " : "", s->name,
			s->flags & SETTING_WRITE_ONLY ? "_set" : "");
		if (has_unicode(s))
			buf_printf(out, ", %s_unicode", s->name);
	}
}

static void schema_begin(const struct object_class *class, enum openapi_form form, struct buf *out)
{
	buf_str(out, "    ");
	openapi_object_name((int)class->kind, form, out);
	buf_str(out, ":\n      type: object\n      additionalProperties: false\n");
}

static void shown_schema(const struct object_class *class, struct buf *out)
{
	schema_begin(class, OPENAPI_SHOWN, out);
	buf_str(out, "      title: ");
	quoted(class->title, out);
	buf_str(out, "\n      required: [");
	required(class, out);
	buf_str(out, "]\n      properties:\n");
	for (size_t i = 0; i < class->n_settings; i++)
		shown_property(&class->settings[i], out);
}

static void new_schema(const struct object_class *class, struct buf *out)
{
	const char *comma = "";

	schema_begin(class, OPENAPI_NEW, out);
	buf_str(out, "      required: [");
	for (size_t i = 0; i < class->n_settings; i++) {
		if (!(class->settings[i].flags & (SETTING_KEY | SETTING_REQUIRED)))
			continue;
		buf_printf(out, "%s%s", comma, class->settings[i].name);
		comma = ", ";
	}
	buf_str(out, "]\n      properties:\n");
	for (size_t i = 0; i < class->n_settings; i++)
		taken_property(&class->settings[i], out);
}

static void settings_schema(const struct object_class *class, struct buf *out)
{
	schema_begin(class, OPENAPI_SETTINGS, out);
	buf_str(out, "      properties:\n");
	for (size_t i = 0; i < class->n_settings; i++)
		if (!(class->settings[i].flags & SETTING_KEY))
			taken_property(&class->settings[i], out);
}

void openapi_object_schemas(const struct object_class *class, struct buf *out)
{
	shown_schema(class, out);
	if (!class->single)
		new_schema(class, out);
	settings_schema(class, out);
}
