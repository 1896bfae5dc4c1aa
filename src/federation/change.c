#include "federation/change.h"

#include <string.h>

#include "base/mem.h"

const char *change_verb_name(enum change_verb v)
{
	static const char *const names[] = {
		[CHANGE_ADD] = "add",
		[CHANGE_SET] = "set",
		[CHANGE_REMOVE] = "remove",
	};

	return names[v];
}

static void item_done(struct plan_item *i)
{
	for (size_t f = 0; f < i->n_fields; f++) {
		xfree(i->fields[f].before);
		xfree(i->fields[f].after);
	}
	xfree(i->fields);
	object_unref(i->before);
	object_unref(i->after);
}

void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		item_done(&p->v[i]);
	xfree(p->v);
	notes_done(&p->warnings);
	*p = (struct plan){0};
}

static const struct object *either(const struct plan_item *i)
{
	return i->after ? i->after : i->before;
}

const struct object_class *plan_item_class(const struct plan_item *i)
{
	return either(i)->class;
}

const char *plan_item_key(const struct plan_item *i)
{
	return object_key(either(i));
}

static void json_pair(struct buf *ret, const char *before, const char *name, const char *value)
{
	buf_printf(ret, "%s\"%s\": ", before, name);
	json_quote(ret, slice_of(value));
}

static void json_fields(const struct plan_item *i, struct buf *ret)
{
	for (size_t f = 0; f < i->n_fields; f++) {
		json_pair(ret, f ? ", {" : "{", "name", i->fields[f].setting->name);
		json_pair(ret, ", ", "before", i->fields[f].before);
		json_pair(ret, ", ", "after", i->fields[f].after);
		buf_chr(ret, '}');
	}
}

static void json_item(const struct plan_item *i, struct buf *ret)
{
	json_pair(ret, "{", "verb", change_verb_name(i->verb));
	json_pair(ret, ", ", "kind", plan_item_class(i)->name);
	json_pair(ret, ", ", "key", plan_item_key(i));
	buf_str(ret, ", \"fields\": [");
	json_fields(i, ret);
	buf_str(ret, "]}");
}

static void json_warnings(const struct notes *n, struct buf *ret)
{
	for (size_t i = 0; i < n->n; i++) {
		json_pair(ret, i ? ", {" : "{", "code", n->v[i].code);
		json_pair(ret, ", ", "kind", n->v[i].kind);
		json_pair(ret, ", ", "key", n->v[i].key);
		json_pair(ret, ", ", "field", n->v[i].field);
		json_pair(ret, ", ", "text", n->v[i].text);
		buf_chr(ret, '}');
	}
}

void plan_changes_json(const struct plan *p, struct buf *ret)
{
	buf_chr(ret, '[');
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			buf_str(ret, ", ");
		json_item(&p->v[i], ret);
	}
	buf_chr(ret, ']');
}

void plan_json(const struct plan *p, struct buf *ret)
{
	buf_printf(ret, "{\"generation\": %llu, \"changes\": ", (unsigned long long)p->generation);
	plan_changes_json(p, ret);
	buf_str(ret, ", \"warnings\": [");
	json_warnings(&p->warnings, ret);
	buf_str(ret, "]}");
}
