#include <jansson.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/mem.h"
#include "federation/setting.h"

/* The managed objects, all kinds alike: what differs is in their classes (federation/object.h). */

static const struct object_class *class_of(const struct api_call *c)
{
	return object_classes[c->route->kind];
}

static uint64_t begin_json(const struct api_call *c, struct buf *out)
{
	uint64_t generation = snapshot_generation(c->admin->snapshot);

	buf_printf(out, "{\"generation\": %llu", (unsigned long long)generation);
	return generation;
}

/* ---- a list: of one snapshot, and so many objects a turn that nobody else waits for it ---- */

enum { OBJECTS_A_TURN = 250 };

struct listing {
	struct api_call *call;
	struct admin *admin;
	struct snapshot *snapshot;
	const struct object *const *v;
	size_t n, at;
	uint64_t generation;
	struct buf json;
	struct loop_task task;
};

static void listing_end(struct listing *l)
{
	buf_str(&l->json, "]}");
	call_answer_at(l->call, 200, l->generation, &l->json);
	l->admin->asked--;
	snapshot_unref(l->snapshot);
	free(l);
}

static void listing_turn(void *arg)
{
	struct listing *l = arg;

	for (unsigned i = 0; i < OBJECTS_A_TURN && l->at < l->n; i++, l->at++) {
		buf_str(&l->json, l->at ? ",\n" : "\n");
		object_json(l->v[l->at], true, &l->json);
	}
	if (l->at < l->n)
		loop_task_queue(l->admin->loop, &l->task);
	else
		listing_end(l);
}

void object_list(struct api_call *c)
{
	struct listing *l = xzalloc(sizeof *l);

	l->call = c;
	l->admin = c->admin;
	l->admin->asked++;
	l->snapshot = snapshot_ref(c->admin->snapshot);
	l->n = snapshot_list(l->snapshot, class_of(c)->kind, &l->v);
	l->generation = begin_json(c, &l->json);
	buf_str(&l->json, ", \"items\": [");
	loop_task_init(&l->task, listing_turn, l);
	listing_turn(l);
}

static void warnings_json(const struct object *o, struct buf *out)
{
	struct notes warnings = {0};

	object_check(o, &warnings, NULL);
	buf_str(out, ", \"warnings\": [");
	for (size_t i = 0; i < warnings.n; i++) {
		buf_printf(out, "%s{\"code\": \"%s\", \"field\": \"%s\", \"text\": ", i ? ", " : "",
			warnings.v[i].code, warnings.v[i].field);
		json_quote(out, slice_of(warnings.v[i].text));
		buf_chr(out, '}');
	}
	buf_chr(out, ']');
	notes_done(&warnings);
}

void object_get(struct api_call *c)
{
	const struct object_class *class = class_of(c);
	struct slice key = class->single ? SL("global") : c->param;
	const struct object *o = snapshot_find(c->admin->snapshot, class->kind, key);
	struct negotiation_verdict verdict;
	struct buf json = {0};
	uint64_t generation;
	struct err e;

	if (!o) {
		err_code(&e, ERR_NOT_FOUND, "not_found", class->settings[0].name,
			"there is no %s '%.*s'", class->title, SLARG(slice_cut(key, 255)));
		call_problem(c, &e, NULL);
		return;
	}
	generation = begin_json(c, &json);
	buf_str(&json, ", \"item\": ");
	object_json(o, true, &json);
	if (class->kind == OBJECT_PARTNER) {
		verdict = negotiation_judge(partner_of(o)->negotiation);
		buf_str(&json, ", \"negotiation\": ");
		negotiation_json(&verdict, &json);
	}
	warnings_json(o, &json);
	buf_chr(&json, '}');
	call_answer_at(c, 200, generation, &json);
}

/* ---- changes ---- */

static struct change *only_change(
	struct change_list *l, const struct api_call *c, enum change_verb verb)
{
	l->v = arena_zalloc(&l->arena, sizeof *l->v);
	l->n = 1;
	l->v->verb = verb;
	l->v->kind = class_of(c)->kind;
	l->v->key = arena_slice(&l->arena, c->param);
	return l->v;
}

static void refused(struct api_call *c, struct change_list *l, const struct err *e)
{
	change_list_done(l);
	call_problem(c, e, NULL);
}

/* Takes the key setting out of the settings: the change names it apart. */
static int take_key(json_t *settings, const struct object_class *class, struct change_list *l,
	struct slice *ret, struct err *e)
{
	const struct setting *key = &class->settings[0];
	const char *name;
	json_t *v;

	json_object_foreach(settings, name, v) {
		if (setting_find(class->settings, class->n_settings, slice_of(name)) != key)
			continue;
		if (!json_is_string(v))
			return err_code(
				e, ERR_INVALID, "json_type", key->name, "%s is no text", name);
		*ret = arena_slice(&l->arena, slice_of(json_string_value(v)));
		json_object_del(settings, name);
		return 0;
	}
	return err_code(e, ERR_INVALID, "required", key->name, "%s is missing: it names the %s",
		key->name, class->title);
}

void object_add(struct api_call *c)
{
	struct change_list l = {0};
	struct change *ch = only_change(&l, c, CHANGE_ADD);
	json_t *body = NULL;
	struct err e;
	int r = change_body(c, &body, &e);

	if (r == 0)
		r = take_key(body, class_of(c), &l, &ch->key, &e);
	if (r == 0)
		r = change_settings(body, &l, ch, &e);
	json_decref(body);
	if (r < 0)
		refused(c, &l, &e);
	else
		change_run(c, &l, true);
}

void object_set_some(struct api_call *c)
{
	struct change_list l = {0};
	struct change *ch = only_change(&l, c, CHANGE_SET);
	json_t *body = NULL;
	struct err e;
	int r = change_body(c, &body, &e);

	if (r == 0)
		r = change_settings(body, &l, ch, &e);
	json_decref(body);
	if (r < 0)
		refused(c, &l, &e);
	else
		change_run(c, &l, false);
}

void object_remove(struct api_call *c)
{
	struct change_list l = {0};

	only_change(&l, c, CHANGE_REMOVE);
	change_run(c, &l, false);
}

/* ---- several at once ---- */

static int word_verb(const char *s, enum change_verb *ret, struct err *e)
{
	static const enum change_verb verb[] = {CHANGE_ADD, CHANGE_SET, CHANGE_REMOVE};

	for (size_t i = 0; s && i < ARRAY_LEN(verb); i++) {
		if (strcmp(s, change_verb_name(verb[i])) == 0) {
			*ret = verb[i];
			return 0;
		}
	}
	return err_code(
		e, ERR_INVALID, "not_one_of", "verb", "verb is not one of add, set, remove");
}

static int read_change(json_t *j, struct change_list *l, struct change *ch, struct err *e)
{
	const char *kind = json_string_value(json_object_get(j, "kind"));
	const char *key = json_string_value(json_object_get(j, "key"));
	json_t *settings = json_object_get(j, "settings");
	const struct object_class *class = kind ? object_class_find(slice_of(kind)) : NULL;

	if (word_verb(json_string_value(json_object_get(j, "verb")), &ch->verb, e) < 0)
		return -1;
	if (!class)
		return err_code(e, ERR_INVALID, "not_one_of", "kind",
			"kind is not one of partner, domain, route, policy, grant, gateway, "
			"access");
	if (settings && !json_is_object(settings))
		return err_code(e, ERR_INVALID, "json_type", "settings", "settings is no object");
	ch->kind = class->kind;
	ch->key = arena_slice(&l->arena, slice_of(key ? key : ""));
	return settings ? change_settings(settings, l, ch, e) : 0;
}

static int read_changes(json_t *body, struct change_list *l, struct err *e)
{
	json_t *v = json_object_get(body, "changes"), *item;
	size_t i;

	if (!json_is_array(v) || json_array_size(v) == 0)
		return err_code(e, ERR_INVALID, "required", "changes",
			"changes is missing: a list of objects with verb, kind, key and settings");
	l->n = json_array_size(v);
	l->v = arena_zalloc(&l->arena, l->n * sizeof *l->v);
	json_array_foreach(v, i, item)
		if (read_change(item, l, &l->v[i], e) < 0)
			return err_in(e, "change %zu", i + 1);
	return 0;
}

void changes_post(struct api_call *c)
{
	struct change_list l = {0};
	json_t *body = NULL;
	struct err e;
	int r = change_body(c, &body, &e);

	if (r == 0)
		r = read_changes(body, &l, &e);
	json_decref(body);
	if (r < 0) {
		refused(c, &l, &e);
		return;
	}
	for (size_t i = 0; i < l.n; i++) {
		if (!call_may(c, object_right(l.v[i].kind, true))) {
			change_list_done(&l);
			return;
		}
	}
	change_run(c, &l, false);
}
