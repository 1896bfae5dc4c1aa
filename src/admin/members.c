#include <jansson.h>
#include <string.h>

#include "admin/gate.h"
#include "base/mem.h"
#include "federation/setting.h"

/* Members of a JSON body that are no settings of federation/. */

static int bad_type(const char *name, const char *what, struct err *e)
{
	return err_code(e, ERR_INVALID, "json_type", name, "%s is not %s", name, what);
}

int member_text(json_t *o, const char *name, struct slice *ret, struct err *e)
{
	json_t *v = json_object_get(o, name);

	*ret = SL_NONE;
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
		return bad_type(name, "a text", e);
	*ret = slice_make(json_string_value(v), json_string_length(v));
	return 0;
}

int member_bool(json_t *o, const char *name, enum accounts_bool *ret, struct err *e)
{
	json_t *v = json_object_get(o, name);

	*ret = !v ? BOOL_STAYS : json_is_true(v) ? BOOL_YES : BOOL_NO;
	return !v || json_is_boolean(v) ? 0 : bad_type(name, "true or false", e);
}

int member_texts(
	json_t *o, const char *name, struct arena *a, const char *const **ret, struct err *e)
{
	json_t *v = json_object_get(o, name), *item;
	const char **list;
	size_t i;

	*ret = NULL;
	if (!v)
		return 0;
	if (!json_is_array(v))
		return bad_type(name, "a list of texts", e);
	list = arena_zalloc(a, (json_array_size(v) + 1) * sizeof *list);
	json_array_foreach(v, i, item) {
		if (!json_is_string(item))
			return bad_type(name, "a list of texts", e);
		list[i] = arena_dup(a, slice_of(json_string_value(item)));
	}
	*ret = list;
	return 0;
}

int members_only(json_t *o, const char *const *names, struct err *e)
{
	const char *name;
	json_t *v;

	json_object_foreach(o, name, v) {
		size_t i = 0;

		while (names[i] && strcmp(names[i], name) != 0)
			i++;
		if (!names[i])
			return err_code(e, ERR_INVALID, "unknown_setting", NULL,
				"there is no member '%.40s' here", name);
	}
	return 0;
}

void texts_json(const char *const *v, struct buf *out)
{
	buf_chr(out, '[');
	for (size_t i = 0; v[i]; i++) {
		buf_str(out, i ? ", " : "");
		json_quote(out, slice_of(v[i]));
	}
	buf_chr(out, ']');
}

void rights_json(right_set rights, struct buf *out)
{
	const char *comma = "";

	buf_chr(out, '[');
	for (enum right r = 0; r < RIGHT__N; r++) {
		if (!(rights & RIGHT_BIT(r)))
			continue;
		buf_printf(out, "%s\"%s\"", comma, right_name(r));
		comma = ", ";
	}
	buf_chr(out, ']');
}
