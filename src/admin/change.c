#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/plan.h"
#include "base/log.h"
#include "base/mem.h"
#include "federation/setting.h"
#include "store/store.h"

enum { BACKLOG_MAX = 64 };

/* ---- JSON to assigns ---- */

void change_list_done(struct change_list *l)
{
	arena_done(&l->arena);
	*l = (struct change_list){0};
}

static bool is_json(struct slice type)
{
	type = slice_trim(slice_cut(type, slice_find(type, ';')));
	return slice_ieq(type, SL("application/json")) ||
	       slice_ieq(type, SL("application/merge-patch+json"));
}

int change_body(struct api_call *c, json_t **ret, struct err *e)
{
	struct slice body = http_body(c->req);
	json_error_t why;
	json_t *j;

	if (!is_json(http_header(c->req, "content-type")))
		return err_code(e, ERR_PROTO, "unsupported_media_type", NULL,
			"the body is not announced as JSON; send Content-Type: application/json");
	j = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &why);
	if (!j)
		return err_code(e, ERR_PROTO, "bad_json", NULL,
			"line %d, column %d of the body: %s", why.line, why.column, why.text);
	if (!json_is_object(j)) {
		json_decref(j);
		return err_code(e, ERR_PROTO, "bad_json", NULL, "the body is no JSON object");
	}
	*ret = j;
	return 0;
}

/* The text form of a scalar, in the arena; absent when v is none. */
static struct slice scalar_text(const json_t *v, struct arena *a)
{
	if (json_is_string(v))
		return arena_slice(a, slice_make(json_string_value(v), json_string_length(v)));
	if (json_is_boolean(v))
		return json_is_true(v) ? SL("true") : SL("false");
	if (json_is_integer(v))
		return slice_of(arena_printf(a, "%lld", (long long)json_integer_value(v)));
	return SL_NONE;
}

static int bad_type(const char *name, struct err *e)
{
	return err_code(e, ERR_INVALID, "json_type", name,
		"%s is neither text, a number, true, false, null nor a list of texts", name);
}

/* A list as its text form, the items joined by ','. */
static int list_text(
	const char *name, const json_t *v, struct arena *a, struct slice *ret, struct err *e)
{
	struct buf out = {0};
	const json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach(v, i, item) {
		if (!json_is_string(item)) {
			r = bad_type(name, e);
			break;
		}
		buf_printf(&out, "%s%s", i ? "," : "", json_string_value(item));
	}
	*ret = arena_slice(a, buf_slice(&out));
	buf_done(&out);
	return r;
}

static int value_text(
	const char *name, const json_t *v, struct arena *a, struct slice *ret, struct err *e)
{
	if (json_is_array(v))
		return list_text(name, v, a, ret, e);
	*ret = scalar_text(v, a);
	return ret->p ? 0 : bad_type(name, e);
}

struct filling {
	struct change_list *list;
	struct assign *v;
	size_t n;
};

static int assign_add(
	struct filling *f, const char *name, enum assign_how how, const json_t *v, struct err *e)
{
	struct arena *a = &f->list->arena;
	struct assign as = {.name = arena_slice(a, slice_of(name)), .how = how};

	if (how != ASSIGN_DEFAULT && value_text(name, v, a, &as.value, e) < 0)
		return -1;
	f->v[f->n++] = as;
	return 0;
}

/* {"add": [...], "remove": [...]} in place of a list: the rest of it stays. */
static int assign_parts(struct filling *f, const char *name, json_t *v, struct err *e)
{
	const char *word;
	json_t *part;

	json_object_foreach(v, word, part) {
		bool add = strcmp(word, "add") == 0;

		if (!add && strcmp(word, "remove") != 0)
			return err_code(e, ERR_INVALID, "json_type", name,
				"%s has '%.40s'; a list is changed by 'add' and 'remove'", name,
				word);
		if (assign_add(f, name, add ? ASSIGN_ADD : ASSIGN_REMOVE, part, e) < 0)
			return -1;
	}
	return 0;
}

int change_settings(json_t *settings, struct change_list *l, struct change *ch, struct err *e)
{
	/* A list may be added to and removed from at once, so a member is two assigns at most. */
	size_t most = 2 * json_object_size(settings);
	struct filling f = {.list = l, .v = arena_alloc(&l->arena, most * sizeof(struct assign))};
	const char *name;
	json_t *v;
	int r = 0;

	json_object_foreach(settings, name, v) {
		if (json_is_object(v))
			r = assign_parts(&f, name, v, e);
		else
			r = assign_add(
				&f, name, json_is_null(v) ? ASSIGN_DEFAULT : ASSIGN_SET, v, e);
		if (r < 0)
			return -1;
	}
	ch->assigns = f.v;
	ch->n = f.n;
	return 0;
}

/* ---- refusals and their ways out ---- */

static void way_out(const struct negotiation *n, struct buf *out)
{
	struct negotiation_verdict v = negotiation_judge(*n);

	buf_printf(out,
		"{\"settings\": {\"tls_negotiation\": \"%s\", \"sasl_negotiation\": \"%s\", "
		"\"support_dialback_negotiation\": %s}, \"methods\": [",
		negotiation_level_words[n->tls], negotiation_level_words[n->sasl],
		n->dialback ? "true" : "false");
	for (size_t i = 0; i < v.n_methods; i++)
		buf_printf(out, "%s\"%s\"", i ? ", " : "", negotiation_method_name(v.methods[i]));
	buf_str(out, "]}");
}

/* The negotiation that a change asks for, whether it is accepted or not. */
static struct negotiation asked_for(const struct snapshot *s, const struct change *ch)
{
	const struct object *old = snapshot_find(s, OBJECT_PARTNER, ch->key);
	AUTO(object_unref) struct object *o = old ? object_copy(old) : object_new(&partner_class);
	const struct setting *st;

	for (size_t i = 0; i < ch->n; i++) {
		const struct assign *as = &ch->assigns[i];

		st = setting_find(partner_class.settings, partner_class.n_settings, as->name);
		if (st && as->how == ASSIGN_DEFAULT)
			object_set(o, as->name, slice_of(st->deflt), NULL);
		else if (st && as->how == ASSIGN_SET)
			object_set(o, as->name, as->value, NULL);
	}
	return partner_of(o)->negotiation;
}

/* The refused change among several is the first one whose negotiation is refused with this code. */
static void ways_out(
	const struct snapshot *s, const struct change_list *l, const struct err *e, struct buf *out)
{
	struct negotiation_verdict v;
	size_t i = 0;

	for (; i < l->n; i++) {
		if (l->v[i].kind != OBJECT_PARTNER || l->v[i].verb == CHANGE_REMOVE)
			continue;
		v = negotiation_judge(asked_for(s, &l->v[i]));
		if (v.refused && strcmp(negotiation_refusal_code(v.refused), e->code) == 0)
			break;
	}
	if (i == l->n)
		return;
	buf_chr(out, '[');
	for (size_t k = 0; k < v.n_ways_out; k++) {
		buf_str(out, k ? ", " : "");
		way_out(&v.ways_out[k], out);
	}
	buf_chr(out, ']');
}

/* ---- the worker ---- */

struct change_job {
	struct worker_job job;
	struct api_call *call;
	struct store *store;
	struct change_list list;
	struct store_request request;
	bool created;
	/* what came of it */
	int result;
	struct err err;
	struct plan plan;
	struct snapshot *snapshot;
	struct view_streams *streams; /* that it ends */
};

static void job_free(struct change_job *j)
{
	change_list_done(&j->list);
	plan_done(&j->plan);
	snapshot_unref(j->snapshot);
	view_streams_free(j->streams);
	free(j);
}

/* The disk and a bug are no refusals; and who only asks what would be has done nothing. */
static bool is_refusal(const struct change_job *j)
{
	return j->result < 0 && !j->request.dry_run && j->err.kind != ERR_UNAVAILABLE &&
	       j->err.kind != ERR_INTERNAL;
}

static void work(struct worker_job *job)
{
	struct change_job *j = container_of(job, struct change_job, job);
	struct err why;

	j->result = store_change(j->store, &j->request, &j->plan, &j->snapshot, &j->err);
	if (is_refusal(j) && store_refused(j->store, &j->request, j->err.code, &why) < 0)
		log_error(NULL, "audit-failed", LF_Z("why", why.text));
}

static void answer_done(struct change_job *j)
{
	uint64_t generation =
		j->request.dry_run ? j->plan.generation : snapshot_generation(j->snapshot);
	struct buf json = {0};

	buf_printf(&json, "{\"dry_run\": %s, \"generation\": %llu, \"plan\": ",
		j->request.dry_run ? "true" : "false", (unsigned long long)generation);
	plan_whole_json(&j->plan, j->streams, &json);
	buf_chr(&json, '}');
	call_answer_at(j->call, j->created && !j->request.dry_run ? 201 : 200, generation, &json);
	job_free(j);
}

static void answer_refused(struct change_job *j)
{
	struct buf ways = {0};

	if (is_refusal(j))
		events_tell(j->call->admin->events, TOPIC_AUDIT, SL("{}"));
	ways_out(j->call->admin->snapshot, &j->list, &j->err, &ways);
	call_problem(j->call, &j->err, &ways);
	buf_done(&ways);
	job_free(j);
}

static void in_force(void *arg)
{
	struct change_job *j = arg;

	j->call->admin->asked--;
	events_settings(j->call->admin->events, j->snapshot);
	answer_done(j);
}

static void foreseen(void *arg, struct view_streams *l)
{
	struct change_job *j = arg;
	struct admin *a = j->call->admin;

	j->streams = l;
	if (j->request.dry_run) {
		answer_done(j);
		return;
	}
	a->asked++;
	a->hooks->publish(a->hooks_arg, j->snapshot, in_force, j);
}

/*
 * The administrator hears of a change when it is in force everywhere, and which streams it ends,
 * which the edge says before it does so.
 */
static void done(struct worker_job *job)
{
	struct change_job *j = container_of(job, struct change_job, job);
	struct admin *a = j->call->admin;

	if (j->result < 0) {
		answer_refused(j);
	} else if (snapshot_generation(j->snapshot) == snapshot_generation(a->snapshot)) {
		answer_done(j);
	} else {
		if (!j->request.dry_run) {
			snapshot_unref(a->snapshot);
			a->snapshot = snapshot_ref(j->snapshot);
		}
		plan_foresee(a, j->snapshot, foreseen, j);
	}
}

/* The kinds he may change, and one bit of none: 0 would mean all. */
static unsigned own_kinds(const struct api_call *c)
{
	unsigned kinds = 1u << OBJECT__N;

	for (size_t k = 0; k < OBJECT__N; k++)
		if (c->rights & RIGHT_BIT(object_right((enum object_kind)k, true)))
			kinds |= 1u << k;
	return kinds;
}

static struct change_job *job_new(struct api_call *c, struct change_list *l, bool created)
{
	struct change_job *j = xzalloc(sizeof *j);

	j->job.work = work;
	j->job.done = done;
	j->call = c;
	j->store = c->admin->store;
	j->list = *l;
	*l = (struct change_list){0};
	j->created = created;
	j->request = (struct store_request){
		.actor = {c->who.name, c->who.from, c->who.way},
		.changes = j->list.v,
		.n = j->list.n,
		.kinds = own_kinds(c),
		.may_log_bodies = c->rights & RIGHT_BIT(RIGHT_BODIES_WRITE),
		.confirmed_bodies = slice_eqz(http_query(c->req, "confirm"), "log-bodies"),
	};
	return j;
}

static void run(struct api_call *c, struct change_list *l, bool created, uint64_t restore)
{
	struct admin *a = c->admin;
	uint64_t generation;
	struct change_job *j;
	struct err e;
	bool dry_run;

	if (!call_dry_run(c, &dry_run) || !call_if_match(c, &generation)) {
		change_list_done(l);
		return;
	}
	if (a->ending || worker_backlog(a->worker) >= BACKLOG_MAX) {
		err_code(&e, ERR_UNAVAILABLE, "busy", NULL,
			"too many changes are waiting; try again");
		call_problem(c, &e, NULL);
		change_list_done(l);
		return;
	}
	j = job_new(c, l, created);
	j->request.dry_run = dry_run;
	j->request.if_generation = generation;
	j->request.restore = restore;
	worker_post(a->worker, a->loop, &j->job);
}

void change_run(struct api_call *c, struct change_list *l, bool created)
{
	run(c, l, created, 0);
}

void change_restore(struct api_call *c, uint64_t generation)
{
	struct change_list none = {0};

	run(c, &none, false, generation);
}
