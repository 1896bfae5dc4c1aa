#include "store/generation.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"
#include "store/store_priv.h"

/*
 * A step is one object of one generation; its number is the generation's times STEPS and its place
 * in it, so that the order of numbers is the order of history.
 */
enum { STEPS_SHIFT = 24, SUMMARY_MAX = 200 };

struct number {
	char text[24];
};

static struct number number(uint64_t n)
{
	struct number r;

	snprintf(r.text, sizeof r.text, "%llu", (unsigned long long)n);
	return r;
}

static uint64_t first_step(uint64_t generation)
{
	return generation << STEPS_SHIFT;
}

/* ---- objects as they are kept: the text form of each setting by its name ---- */

static bool is_kept(const struct setting *s)
{
	return !(s->flags & (SETTING_WRITE_ONLY | SETTING_KEY));
}

static char *object_texts(const struct object *o)
{
	const char *between = "";
	struct buf out = {0};
	char *ret;

	if (!o)
		return NULL;
	buf_chr(&out, '{');
	for (size_t i = 0; i < o->class->n_settings; i++) {
		struct buf text = {0};

		if (!is_kept(&o->class->settings[i]))
			continue;
		setting_format(&o->class->settings[i], o, &text);
		buf_printf(&out, "%s\"%s\": ", between, o->class->settings[i].name);
		json_quote(&out, text.n ? buf_slice(&text) : SL(""));
		buf_done(&text);
		between = ", ";
	}
	buf_chr(&out, '}');
	ret = buf_dup(&out);
	buf_done(&out);
	return ret;
}

static int bad_step(const char *kind, const char *key, struct err *e)
{
	return err_code(e, ERR_INVALID, "store_damaged", "store",
		"what is kept of the history of %s %s cannot be read", kind, key);
}

/* A setting that the text does not have, as it is younger, stays at its default. */
static int read_texts(struct object *o, const json_t *texts, struct err *e)
{
	for (size_t i = 0; i < o->class->n_settings; i++) {
		const struct setting *s = &o->class->settings[i];
		const char *text = json_string_value(json_object_get(texts, s->name));

		if (is_kept(s) && text && setting_parse(s, o, slice_of(text), e) < 0)
			return err_in(e, "the history of %s %s", o->class->title, object_key(o));
	}
	return 0;
}

/* The object that texts describe; of the one in force (may be NULL) it has the secrets. */
static int object_of(struct object **ret, const struct object_class *class, const char *key,
	const char *texts, const struct object *in_force, struct err *e)
{
	json_t *json = json_loads(texts, 0, NULL);
	struct object *o = in_force ? object_copy(in_force) : object_new(class);
	int rc = json ? 0 : bad_step(class->name, key, e);

	if (rc == 0 && !class->single && !in_force)
		rc = setting_parse(&class->settings[0], o, slice_of(key), e);
	if (rc == 0)
		rc = read_texts(o, json, e);
	json_decref(json);
	if (rc < 0)
		object_unref(o);
	else
		*ret = o;
	return rc;
}

/* ---- writing ---- */

static int write_step(struct store *s, const struct plan_item *i, uint64_t n, struct err *e)
{
	char *before = object_texts(i->before), *after = object_texts(i->after);
	struct number at = number(n);
	/* clang-format off */
	const char *const args[] = {
		at.text, plan_item_class(i)->name, plan_item_key(i), before, after,
	};
	/* clang-format on */
	int rc = store_run(s, STMT_STEP_PUT, args, ARRAY_LEN(args), e);

	xfree(before);
	xfree(after);
	return rc;
}

static void summary_item(const struct plan_item *i, struct buf *out)
{
	buf_printf(out, "%s %s %s", change_verb_name(i->verb), plan_item_class(i)->name,
		plan_item_key(i));
	for (size_t f = 0; i->verb == CHANGE_SET && f < i->n_fields; f++)
		buf_printf(out, "%s%s", f ? ", " : ": ", i->fields[f].setting->name);
}

static void summarize(const struct plan *p, uint64_t restored, char ret[SUMMARY_MAX + 1])
{
	struct buf out = {0};
	struct slice text;

	if (restored)
		buf_printf(&out, "back to generation %llu: ", (unsigned long long)restored);
	if (p->n > 1)
		buf_printf(&out, "%zu changes: ", p->n);
	for (size_t i = 0; i < p->n && out.n < SUMMARY_MAX; i++) {
		buf_str(&out, i ? "; " : "");
		summary_item(&p->v[i], &out);
	}
	text = buf_slice(&out);
	if (text.n > SUMMARY_MAX)
		snprintf(ret, SUMMARY_MAX + 1, "%.*s...", SUMMARY_MAX - 3, text.p);
	else
		snprintf(ret, SUMMARY_MAX + 1, "%.*s", SLARG(text));
	buf_done(&out);
}

static int write_row(struct store *s, const struct store_actor *who, uint64_t generation,
	const char *summary, struct err *e)
{
	struct number n = number(generation), at = number(clock_wall_ms());
	const char *const args[] = {n.text, at.text, who->who, who->from, who->way, summary};

	return store_run(s, STMT_GENERATION_PUT, args, ARRAY_LEN(args), e);
}

/* The oldest row that stays has no use for its steps: it is the one that is reckoned back to. */
static int forget_old(struct store *s, uint64_t generation, struct err *e)
{
	struct number row, step;

	if (generation <= STORE_GENERATIONS_KEPT)
		return 0;
	row = number(generation - STORE_GENERATIONS_KEPT);
	step = number(first_step(generation - STORE_GENERATIONS_KEPT + 1));
	if (store_run(s, STMT_GENERATION_FORGET, (const char *const[]){row.text}, 1, e) < 0)
		return -1;
	return store_run(s, STMT_STEP_FORGET, (const char *const[]){step.text}, 1, e);
}

int generation_write(struct store *s, const struct store_actor *who, uint64_t generation,
	const struct plan *p, uint64_t restored, struct err *e)
{
	char summary[SUMMARY_MAX + 1];

	summarize(p, restored, summary);
	if (write_row(s, who, generation, summary, e) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		if (write_step(s, &p->v[i], first_step(generation) + i + 1, e) < 0)
			return -1;
	return forget_old(s, generation, e);
}

/* ---- reading ---- */

struct reader {
	store_generation_fn *fn;
	void *arg;
	uint64_t only; /* 0: all */
	bool seen;
};

static int generation_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct reader *r = arg;
	struct store_generation g = {
		.generation = strtoull(column[0], NULL, 10),
		.at_ms = strtoull(column[1], NULL, 10),
		.who = column[2],
		.from = column[3],
		.way = column[4],
		.summary = column[5],
	};

	if (r->only && g.generation != r->only)
		return 0;
	r->seen = true;
	if (r->fn)
		r->fn(r->arg, &g);
	return 0;
}

static int list_rows(
	struct store *s, uint64_t before, size_t limit, struct reader *r, struct err *e)
{
	struct number under = number(before ? before : INT64_MAX), most = number(limit);

	return s->backend->ops->run(s->backend, STMT_GENERATION_BEFORE,
		(const char *const[]){under.text, most.text}, 2, generation_row, r, e);
}

int store_generation_list(struct store *s, uint64_t before, size_t limit, store_generation_fn *fn,
	void *arg, struct err *e)
{
	struct reader r = {fn, arg, 0, false};

	return list_rows(s, before, limit, &r, e);
}

int store_generation_one(
	struct store *s, uint64_t generation, store_generation_fn *fn, void *arg, struct err *e)
{
	struct reader r = {fn, arg, generation, false};

	if (generation && generation < INT64_MAX && list_rows(s, generation + 1, 1, &r, e) < 0)
		return -1;
	if (r.seen)
		return 0;
	return err_code(e, ERR_NOT_FOUND, "generation_unknown", NULL,
		"generation %llu is not kept: the last %d are, as far as there are any",
		(unsigned long long)generation, STORE_GENERATIONS_KEPT);
}

int generation_begin(struct store *s, uint64_t generation, struct err *e)
{
	static const struct store_actor us = {"entented", "", "start"};
	struct reader r = {.only = generation};

	if (list_rows(s, 0, 1, &r, e) < 0)
		return -1;
	if (r.seen)
		return 0;
	return write_row(s, &us, generation,
		generation == 1 ? "the defaults" : "as the settings were when this was first kept",
		e);
}

/* ---- back in time ---- */

struct going_back {
	struct config *c;
	const struct config *now;
	uint64_t to; /* steps of later generations are undone */
};

/* Youngest first: each puts back what was before it. -1 without a word: far enough. */
static int undo_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct going_back *b = arg;
	const struct object_class *class = object_class_find(slice_of(column[1]));
	struct object *o;

	if (strtoull(column[0], NULL, 10) >> STEPS_SHIFT <= b->to)
		return -1;
	if (!class)
		return bad_step(column[1], column[2], e);
	if (!column[3]) {
		config_remove(b->c, class->kind, slice_of(column[2]));
		return 0;
	}
	if (object_of(&o, class, column[2], column[3],
		    config_find(b->now, class->kind, slice_of(column[2])), e) < 0)
		return -1;
	config_put(b->c, o);
	return 0;
}

int store_generation_config(
	struct store *s, uint64_t generation, struct config **ret, struct err *e)
{
	AUTO(config_free) struct config *c = config_copy(s->config);
	struct going_back b = {c, s->config, generation};
	struct number all = number(INT64_MAX);
	struct err why = {0};

	if (store_generation_one(s, generation, NULL, NULL, e) < 0)
		return -1;
	if (s->backend->ops->run(s->backend, STMT_STEP_BEFORE,
		    (const char *const[]){all.text, all.text}, 2, undo_row, &b, &why) < 0 &&
		why.kind != ERR_NONE) {
		*e = why;
		return -1;
	}
	*ret = c;
	c = NULL;
	return 0;
}

int store_generation_diff(
	struct store *s, uint64_t from, uint64_t to, struct plan *plan, struct err *e)
{
	AUTO(config_free) struct config *a = NULL, *b = NULL;

	if (store_generation_config(s, from, &a, e) < 0 ||
		store_generation_config(s, to, &b, e) < 0)
		return -1;
	config_diff(a, b, plan);
	plan->generation = from;
	return 0;
}

/* ---- going back as changes ---- */

/* Left as it is: to log bodies is confirmed each time (store.h). */
static bool is_restored(const struct setting *s)
{
	return is_kept(s) && strcmp(s->name, "enable_logging_all_message_bodies") != 0;
}

static struct slice text_of(const struct setting *s, const struct object *o, struct arena *a)
{
	struct buf text = {0};
	struct slice ret;

	setting_format(s, o, &text);
	ret = arena_slice(a, text.n ? buf_slice(&text) : SL(""));
	buf_done(&text);
	return ret;
}

static void change_to(const struct plan_item *i, struct arena *a, struct change *ret)
{
	const struct object_class *class = plan_item_class(i);
	struct assign *v = arena_alloc(a, class->n_settings * sizeof *v);

	*ret = (struct change){
		i->verb, class->kind, arena_slice(a, slice_of(plan_item_key(i))), v, 0};
	for (size_t n = 0; i->after && n < class->n_settings; n++) {
		const struct setting *s = &class->settings[n];

		if (is_restored(s))
			v[ret->n++] = (struct assign){
				slice_of(s->name), ASSIGN_SET, text_of(s, i->after, a)};
	}
}

int generation_changes(struct store *s, uint64_t generation, struct arena *a, struct change **ret,
	size_t *ret_n, struct err *e)
{
	AUTO(config_free) struct config *then = NULL;
	struct plan plan = {0};

	if (store_generation_config(s, generation, &then, e) < 0)
		return -1;
	config_diff(s->config, then, &plan);
	*ret = arena_zalloc(a, (plan.n + 1) * sizeof **ret);
	for (size_t i = 0; i < plan.n; i++)
		change_to(&plan.v[i], a, &(*ret)[i]);
	*ret_n = plan.n;
	plan_done(&plan);
	return 0;
}
