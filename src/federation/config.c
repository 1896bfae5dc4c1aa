#include "federation/config.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "federation/config_priv.h"
#include "federation/policy.h"

/* Objects of a kind, ordered by key. */
struct set {
	const struct object **v;
	size_t n, cap;
};

struct config {
	struct set sets[OBJECT__N];
};

static const struct setting *key_setting(const struct object_class *class)
{
	assert(!class->single && class->settings[0].flags & SETTING_KEY);
	return &class->settings[0];
}

/* ---- sets ---- */

/* Where the key is, or where it would be. */
static bool set_find(const struct set *s, struct slice key, size_t *ret)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = slice_cmp(slice_of(object_key(s->v[mid])), key);

		if (cmp == 0) {
			*ret = mid;
			return true;
		}
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = low;
	return false;
}

static void set_insert(struct set *s, size_t at, const struct object *o)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 8;
		s->v = xrealloc(s->v, s->cap * sizeof *s->v);
	}
	memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof *s->v);
	s->v[at] = o;
	s->n++;
}

void config_put(struct config *c, const struct object *o)
{
	struct set *s = &c->sets[o->class->kind];
	size_t at;

	if (set_find(s, slice_of(object_key(o)), &at)) {
		object_unref(s->v[at]);
		s->v[at] = o;
	} else {
		set_insert(s, at, o);
	}
}

void config_remove(struct config *c, enum object_kind kind, struct slice key)
{
	struct set *s = &c->sets[kind];
	size_t at;

	if (!set_find(s, key, &at))
		return;
	object_unref(s->v[at]);
	memmove(s->v + at, s->v + at + 1, (--s->n - at) * sizeof *s->v);
}

/* ---- whole ---- */

static const struct object *global_policy(void)
{
	struct object *o = object_new(&policy_class);

	object_set(o, SL("identity"), SL("global"), NULL);
	return o;
}

struct config *config_new(void)
{
	struct config *c = xzalloc(sizeof *c);

	for (size_t k = 0; k < OBJECT__N; k++)
		if (object_classes[k]->single)
			config_put(c, object_new(object_classes[k]));
	config_put(c, global_policy());
	return c;
}

struct config *config_copy(const struct config *c)
{
	struct config *copy = xzalloc(sizeof *copy);

	for (size_t k = 0; k < OBJECT__N; k++) {
		const struct set *from = &c->sets[k];
		struct set *to = &copy->sets[k];

		to->v = from->n ? xcalloc(from->n, sizeof *to->v) : NULL;
		to->n = to->cap = from->n;
		for (size_t i = 0; i < from->n; i++)
			to->v[i] = object_ref(from->v[i]);
	}
	return copy;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t k = 0; k < OBJECT__N; k++) {
		for (size_t i = 0; i < c->sets[k].n; i++)
			object_unref(c->sets[k].v[i]);
		xfree(c->sets[k].v);
	}
	xfree(c);
}

const struct object *config_get(const struct config *c, enum object_kind kind, struct slice key)
{
	size_t at;

	return set_find(&c->sets[kind], key, &at) ? c->sets[kind].v[at] : NULL;
}

/* An object that has only its key, which is read as a person types it. */
static int probe_new(struct object **ret, enum object_kind kind, struct slice key, struct err *e)
{
	const struct object_class *class = object_classes[kind];
	struct object *o = object_new(class);

	if (!class->single && setting_parse(key_setting(class), o, key, e) < 0) {
		object_unref(o);
		return -1;
	}
	*ret = o;
	return 0;
}

const struct object *config_find(const struct config *c, enum object_kind kind, struct slice key)
{
	const struct object *found;
	struct object *probe;

	if (probe_new(&probe, kind, key, NULL) < 0)
		return NULL;
	found = config_get(c, kind, slice_of(object_key(probe)));
	object_unref(probe);
	return found;
}

size_t config_list(const struct config *c, enum object_kind kind, const struct object *const **ret)
{
	*ret = c->sets[kind].v;
	return c->sets[kind].n;
}

/* ---- one change ---- */

static int assign_key(
	const struct setting *s, const struct object *o, struct slice typed, struct err *e)
{
	AUTO(object_unref) struct object *probe = object_new(o->class);

	if (setting_parse(s, probe, typed, e) < 0)
		return -1;
	if (strcmp(object_key(probe), object_key(o)) != 0)
		return err_code(e, ERR_INVALID, "key_fixed", s->name,
			"%s: is fixed at %s; to rename, remove the %s and add it anew", s->name,
			object_key(o), o->class->title);
	return 0;
}

static int assign_default(const struct setting *s, struct object *o, struct err *e)
{
	if (s->deflt)
		return setting_parse(s, o, slice_of(s->deflt), e);
	return setting_parse(s, o, SL(""), e);
}

static int assign(struct object *o, const struct assign *a, struct err *e)
{
	const struct setting *s = setting_find(o->class->settings, o->class->n_settings, a->name);

	if (!s)
		return object_no_setting(o->class, a->name, e);
	if (s->flags & SETTING_KEY)
		return assign_key(s, o, a->value, e);
	switch (a->how) {
	case ASSIGN_SET:
		return setting_parse(s, o, a->value, e);
	case ASSIGN_ADD:
		return setting_add(s, o, a->value, e);
	case ASSIGN_REMOVE:
		return setting_remove(s, o, a->value, e);
	case ASSIGN_DEFAULT:
		return assign_default(s, o, e);
	}
	return -1;
}

static int assign_all(struct object *o, const struct change *ch, struct err *e)
{
	for (size_t i = 0; i < ch->n; i++)
		if (assign(o, &ch->assigns[i], e) < 0)
			return -1;
	return 0;
}

/* The object that shall be instead of `old` (NULL: there is none); *ret NULL: none. */
static int outcome(const struct object **ret, const struct change *ch, const struct object *probe,
	const struct object *old, struct err *e)
{
	bool global = ch->kind == OBJECT_POLICY && strcmp(object_key(probe), "global") == 0;
	const struct object_class *class = probe->class;
	struct object *o;

	if (class->single && ch->verb != CHANGE_SET)
		return err_code(e, ERR_INVALID, "single", NULL,
			"there is always one %s; its settings can be set", class->title);
	if (ch->verb == CHANGE_ADD && old)
		return err_code(e, ERR_CONFLICT, "exists", class->settings[0].name,
			"%s %s exists already; set its settings, or remove it first", class->title,
			object_key(old));
	if (ch->verb != CHANGE_ADD && !old)
		return err_code(e, ERR_NOT_FOUND, "not_found", class->settings[0].name,
			"there is no %s %s", class->title, object_key(probe));
	if (ch->verb == CHANGE_REMOVE) {
		*ret = global ? global_policy()
			      : NULL; /* the global policy goes back to its defaults */
		return 0;
	}
	o = object_copy(old ? old : probe);
	if (assign_all(o, ch, e) < 0) {
		object_unref(o);
		return -1;
	}
	*ret = o;
	return 0;
}

/* Applies ch to c; *ret_key is an object with the key it was about, for the caller to free. */
static int apply_one(
	struct config *c, const struct change *ch, struct object **ret_key, struct err *e)
{
	const struct object *old, *after = NULL;
	struct object *probe;

	if (probe_new(&probe, ch->kind, ch->key, e) < 0)
		return -1;
	old = config_get(c, ch->kind, slice_of(object_key(probe)));
	if (outcome(&after, ch, probe, old, e) < 0) {
		object_unref(probe);
		return -1;
	}
	if (after)
		config_put(c, after);
	else
		config_remove(c, ch->kind, slice_of(object_key(probe)));
	*ret_key = probe;
	return 0;
}

/* ---- plans ---- */

static char *text_of(const struct object *o, const struct setting *s, bool shown)
{
	struct buf text = {0};
	char *ret;

	if (o && shown)
		object_text(o, s, &text);
	else if (o)
		setting_format(s, o, &text);
	ret = buf_dup(&text);
	if (s->flags & SETTING_WRITE_ONLY && text.n)
		mem_wipe(text.p, text.n);
	buf_done(&text);
	return ret;
}

static bool differs(const struct object *a, const struct object *b, const struct setting *s)
{
	char *x = text_of(a, s, false), *y = text_of(b, s, false);
	bool differ = strcmp(x, y) != 0;

	mem_wipe(x, strlen(x));
	mem_wipe(y, strlen(y));
	xfree(x);
	xfree(y);
	return differ;
}

static void plan_fields(struct plan_item *i)
{
	const struct object_class *class = plan_item_class(i);

	i->fields = xcalloc(class->n_settings, sizeof *i->fields);
	for (size_t n = 0; n < class->n_settings; n++) {
		const struct setting *s = &class->settings[n];

		if (differs(i->before, i->after, s))
			i->fields[i->n_fields++] = (struct plan_field){
				s, text_of(i->before, s, true), text_of(i->after, s, true)};
	}
}

static bool planned(const struct plan *p, const struct object *before, const struct object *after)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].before == before && p->v[i].after == after)
			return true;
	return false;
}

static void plan_add(struct plan *p, const struct object *before, const struct object *after)
{
	struct plan_item *i;

	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 4;
		p->v = xrealloc(p->v, p->cap * sizeof *p->v);
	}
	i = &p->v[p->n++];
	*i = (struct plan_item){
		.verb = !before ? CHANGE_ADD
			: after ? CHANGE_SET
				: CHANGE_REMOVE,
		.before = before ? object_ref(before) : NULL,
		.after = after ? object_ref(after) : NULL,
	};
	plan_fields(i);
}

/* What became of the object with this key; the same object, if it ends as it was. */
static void plan_key(
	struct plan *p, const struct config *old, struct config *c, const struct object *key)
{
	enum object_kind kind = key->class->kind;
	const struct object *before = config_get(old, kind, slice_of(object_key(key)));
	const struct object *after = config_get(c, kind, slice_of(object_key(key)));

	if (before == after || planned(p, before, after))
		return;
	if (before && after && object_equal(before, after))
		config_put(c, object_ref(before));
	else
		plan_add(p, before, after);
}

static int apply_all(struct config *c, const struct config *old, const struct change *changes,
	size_t n, struct plan *plan, struct err *e)
{
	struct object **keys = xcalloc(n + 1, sizeof *keys);
	size_t done = 0;

	while (done < n && apply_one(c, &changes[done], &keys[done], e) == 0)
		done++;
	for (size_t i = 0; i < done; i++) {
		if (done == n)
			plan_key(plan, old, c, keys[i]);
		object_unref(keys[i]);
	}
	xfree(keys);
	return done == n ? 0 : -1;
}

int config_apply(
	struct config *c, const struct change *changes, size_t n, struct plan *plan, struct err *e)
{
	struct config *next = config_copy(c), old = *c;

	assert(!plan->n && !plan->warnings.n);
	if (apply_all(next, c, changes, n, plan, e) < 0 ||
		config_check_changed(next, c, &plan->warnings, e) < 0) {
		config_free(next);
		plan_done(plan);
		return -1;
	}
	*c = *next;
	*next = old;
	config_free(next);
	return 0;
}

/* ---- from one to another ---- */

static void diff_pair(struct plan *p, const struct object *before, const struct object *after)
{
	if (before != after && !(before && after && object_equal(before, after)))
		plan_add(p, before, after);
}

/* Both are ordered by key. */
static void diff_sets(const struct set *from, const struct set *to, struct plan *p)
{
	size_t a = 0, b = 0;

	while (a < from->n || b < to->n) {
		int cmp = a == from->n ? 1 : b == to->n ? -1
			: strcmp(object_key(from->v[a]), object_key(to->v[b]));

		diff_pair(p, cmp <= 0 ? from->v[a] : NULL, cmp >= 0 ? to->v[b] : NULL);
		a += cmp <= 0;
		b += cmp >= 0;
	}
}

void config_diff(const struct config *from, const struct config *to, struct plan *plan)
{
	assert(!plan->n && !plan->warnings.n);
	for (size_t k = 0; k < OBJECT__N; k++)
		diff_sets(&from->sets[k], &to->sets[k], plan);
}

/* ---- export ---- */

/* What every installation has is set; all else is added. */
static bool is_always_there(const struct object *o)
{
	return o->class->single ||
	       (o->class->kind == OBJECT_POLICY && strcmp(object_key(o), "global") == 0);
}

static void json_change(const struct object *o, struct buf *ret)
{
	const char *between = "";

	buf_printf(ret, "{\"verb\": \"%s\", \"kind\": \"%s\", \"key\": ",
		change_verb_name(is_always_there(o) ? CHANGE_SET : CHANGE_ADD), o->class->name);
	json_quote(ret, slice_of(object_key(o)));
	buf_str(ret, ", \"settings\": {");
	for (size_t i = 0; i < o->class->n_settings; i++) {
		const struct setting *s = &o->class->settings[i];

		if (s->flags & (SETTING_KEY | SETTING_WRITE_ONLY))
			continue;
		buf_printf(ret, "%s\"%s\": ", between, s->name);
		setting_json(s, o, false, ret);
		between = ", ";
	}
	buf_str(ret, "}}");
}

void config_json(const struct config *c, uint64_t generation, struct buf *ret)
{
	const char *between = "\n";

	buf_printf(ret,
		"{\"format\": \"entente-config\", \"version\": 1, \"generation\": %llu, "
		"\"changes\": [",
		(unsigned long long)generation);
	for (size_t k = 0; k < OBJECT__N; k++)
		for (size_t i = 0; i < c->sets[k].n; i++) {
			buf_str(ret, between);
			json_change(c->sets[k].v[i], ret);
			between = ",\n";
		}
	buf_str(ret, "]}");
}
