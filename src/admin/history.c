/* What was done, by whom, and the settings of before: read from the store by its worker. */

#include <jansson.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "base/clock.h"
#include "base/mem.h"
#include "federation/setting.h"
#include "store/store.h"

/* WAITING_MAX: less than of changes, which those who only look do not keep out. */
enum { WAITING_MAX = 32, ROWS = 100, ROWS_MAX = 1000, KEY_MAX = 200 };

/* ---- lines about what is no change of the store ---- */

static const char *verb_of(struct slice method)
{
	static const char *const verbs[][2] = {
		{"POST", "add"}, {"PATCH", "set"}, {"PUT", "set"}, {"DELETE", "remove"}};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (slice_eqz(method, verbs[i][0]))
			return verbs[i][1];
	return "ask";
}

static const char *kind_of(const struct api_route *r)
{
	return r->kind >= 0 ? object_classes[r->kind]->name : r->id;
}

void call_audit(const struct api_call *c, const char *verb, const char *kind, struct slice key,
	const char *refused)
{
	char *text = slice_dup(key.p ? slice_cut(key, KEY_MAX) : SL(""));
	const struct store_audit_entry line = {
		.actor = {c->who.name, c->who.from, c->who.way},
		.verb = verb ? verb : verb_of(http_method(c->req)),
		.kind = kind ? kind : kind_of(c->route),
		.key = text,
		.refused = refused,
	};

	if (refused)
		failures_note(c->admin->gate->refusals, &line);
	else
		accounts_audit(c->admin, &line);
	free(text);
}

/* ---- looking ---- */

/* A look into the store. */
struct look {
	struct worker_job job;
	struct api_call *call;
	struct store *store;
	int (*read)(struct look *l, struct err *e); /* in the worker: fills json */
	struct arena arena;
	struct store_audit_query query;
	struct store_audit_head head;
	bool has_head;
	uint64_t from, to; /* generations */
	struct buf json;
	size_t n; /* rows in it */
	int result;
	struct err err;
};

static void look_free(struct look *l)
{
	arena_done(&l->arena);
	buf_done(&l->json);
	free(l);
}

static void work(struct worker_job *job)
{
	struct look *l = container_of(job, struct look, job);

	l->result = l->read(l, &l->err);
}

static void done(struct worker_job *job)
{
	struct look *l = container_of(job, struct look, job);

	if (l->result < 0)
		call_problem(l->call, &l->err, NULL);
	else
		call_answer(l->call, 200, &l->json);
	look_free(l);
}

static struct look *look_new(struct api_call *c, int (*read)(struct look *l, struct err *e))
{
	struct look *l = xzalloc(sizeof *l);

	l->job.work = work;
	l->job.done = done;
	l->call = c;
	l->store = c->admin->store;
	l->read = read;
	return l;
}

static void refuse(struct look *l, const struct err *e)
{
	call_problem(l->call, e, NULL);
	look_free(l);
}

static void start(struct look *l)
{
	struct admin *a = l->call->admin;
	struct err e;

	if (!a->ending && worker_backlog(a->worker) < WAITING_MAX) {
		worker_post(a->worker, a->loop, &l->job);
		return;
	}
	err_code(&e, ERR_UNAVAILABLE, "busy", NULL, "too much is waiting; try again");
	refuse(l, &e);
}

/* ---- what the request asks for ---- */

static int bad_query(const char *name, struct slice is, const char *right, struct err *e)
{
	return err_code(e, ERR_PROTO, "bad_query", name, "%s is '%.*s'; %s", name,
		SLARG(slice_cut(is, 40)), right);
}

static int query_number(const struct api_call *c, const char *name, uint64_t otherwise,
	uint64_t max, uint64_t *ret, struct err *e)
{
	struct slice s = http_query(c->req, name);

	*ret = otherwise;
	if (!s.p)
		return 0;
	if (slice_u64(s, max, ret) < 0)
		return bad_query(name, s, "write a number", e);
	return 0;
}

static const char *query_text(struct look *l, const char *name)
{
	struct slice s = http_query(l->call->req, name);

	return s.n ? arena_dup(&l->arena, s) : NULL;
}

/* "2026-11-22", "2026-11-22T10:00:00Z": as the answers have it; of UTC. */
static int query_since(const struct api_call *c, uint64_t *ret, struct err *e)
{
	struct slice s = http_query(c->req, "since");

	*ret = 0;
	if (!s.p || clock_iso_read(s, ret) == 0)
		return 0;
	return bad_query("since", s, "write a time like 2026-11-22T10:00:00Z, or a day", e);
}

static int key_number(const struct api_call *c, uint64_t *ret, struct err *e)
{
	if (slice_u64(c->param, INT64_MAX, ret) == 0 && *ret > 0)
		return 0;
	return err_code(e, ERR_NOT_FOUND, "generation_unknown", NULL,
		"'%.*s' is no generation; write its number", SLARG(slice_cut(c->param, 40)));
}

static int query_rows(const struct api_call *c, size_t *ret, struct err *e)
{
	uint64_t rows;

	if (query_number(c, "limit", ROWS, ROWS_MAX, &rows, e) < 0)
		return -1;
	*ret = rows;
	return 0;
}

/* ---- the audit log ---- */

/* It was an object when it was written. Whatever is there now: one JSON value goes out. */
static void json_object_text(struct buf *out, const char *name, const char *text)
{
	json_t *j = *text ? json_loads(text, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
	char *clean = j ? json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	buf_printf(out, ", \"%s\": %s", name, clean ? clean : "null");
	free(clean);
	json_decref(j);
}

static void audit_row(void *arg, const struct store_audit *a)
{
	struct look *l = arg;
	struct buf *out = &l->json;

	buf_printf(out, "%s{\"id\": %llu", l->n++ ? ",\n" : "\n", (unsigned long long)a->id);
	json_when(out, "at", a->at_ms);
	json_text(out, "who", slice_of(a->who));
	json_text(out, "from", slice_of(a->from));
	json_text(out, "way", slice_of(a->way));
	json_text(out, "verb", slice_of(a->verb));
	json_text(out, "kind", slice_of(a->kind));
	json_text(out, "key", slice_of(a->key));
	json_number(out, "generation", a->generation);
	json_object_text(out, "before", a->before);
	json_object_text(out, "after", a->after);
	json_text(out, "result", slice_of(a->result));
	json_text(out, "code", *a->code ? slice_of(a->code) : SL_NONE);
	json_number(out, "times", a->times);
	buf_chr(out, '}');
}

static int read_audit(struct look *l, struct err *e)
{
	buf_str(&l->json, "{\"items\": [");
	if (store_audit_find(l->store, &l->query, audit_row, l, e) < 0)
		return -1;
	buf_str(&l->json, "]}");
	return 0;
}

static int audit_query(struct look *l, struct err *e)
{
	struct api_call *c = l->call;
	struct store_audit_query *q = &l->query;

	q->who = query_text(l, "who");
	q->kind = query_text(l, "kind");
	q->key = query_text(l, "key");
	q->verb = query_text(l, "verb");
	return query_number(c, "after", 0, INT64_MAX, &q->after_id, e) < 0 ||
			       query_number(c, "before", 0, INT64_MAX, &q->before_id, e) < 0 ||
			       query_since(c, &q->since_ms, e) < 0 ||
			       query_rows(c, &q->limit, e) < 0
		       ? -1
		       : 0;
}

void audit_list(struct api_call *c)
{
	struct look *l = look_new(c, read_audit);
	struct err e;

	if (audit_query(l, &e) < 0)
		refuse(l, &e);
	else
		start(l);
}

static void problem_row(void *arg, const struct store_audit_problem *p)
{
	struct look *l = arg;

	buf_printf(&l->json, "%s{\"code\": \"%s\", \"id\": %llu, \"text\": ", l->n++ ? ",\n" : "\n",
		store_audit_fault_code(p->fault), (unsigned long long)p->id);
	json_quote(&l->json, slice_of(p->text));
	buf_chr(&l->json, '}');
}

static int read_verify(struct look *l, struct err *e)
{
	struct buf problems = {0};
	struct store_audit_head head;
	uint64_t lines;
	int rc;

	rc = store_audit_verify(l->store, l->has_head ? &l->head : NULL, &lines, problem_row, l, e);
	problems = l->json;
	l->json = (struct buf){0};
	if (rc == 0 && store_audit_head(l->store, &head, NULL) < 0)
		head = (struct store_audit_head){0};
	if (rc == 0)
		buf_printf(&l->json,
			"{\"ok\": %s, \"lines\": %llu, \"head\": {\"id\": %llu, \"mac\": \"%s\", "
			"\"count\": %llu}, \"problems\": [%.*s]}",
			l->n ? "false" : "true", (unsigned long long)lines,
			(unsigned long long)head.id, head.mac, (unsigned long long)head.count,
			SLARG(buf_slice(&problems)));
	buf_done(&problems);
	return rc;
}

/* "?head=17:MAC": as an event audit-head has it in the log. */
static int query_head(struct look *l, struct err *e)
{
	struct slice s = http_query(l->call->req, "head"), mac;
	size_t colon = slice_find(s, ':');

	if (!s.p)
		return 0;
	mac = colon < s.n ? slice_from(s, colon + 1) : SL("");
	if (slice_u64(slice_cut(s, colon), INT64_MAX, &l->head.id) < 0 ||
		mac.n != sizeof l->head.mac - 1)
		return bad_query("head", s, "write ID:MAC as an event audit-head has them", e);
	memcpy(l->head.mac, mac.p, mac.n);
	l->has_head = true;
	return 0;
}

void audit_verify(struct api_call *c)
{
	struct look *l = look_new(c, read_verify);
	struct err e;

	if (query_head(l, &e) < 0)
		refuse(l, &e);
	else
		start(l);
}

/* ---- generations ---- */

static void generation_members(struct buf *out, const struct store_generation *g)
{
	buf_printf(out, "\"generation\": %llu", (unsigned long long)g->generation);
	json_when(out, "at", g->at_ms);
	json_text(out, "who", slice_of(g->who));
	json_text(out, "from", slice_of(g->from));
	json_text(out, "way", slice_of(g->way));
	json_text(out, "summary", slice_of(g->summary));
}

static void generation_row(void *arg, const struct store_generation *g)
{
	struct look *l = arg;

	buf_str(&l->json, l->n++ ? ",\n{" : "\n{");
	generation_members(&l->json, g);
	buf_chr(&l->json, '}');
}

static int read_generations(struct look *l, struct err *e)
{
	buf_str(&l->json, "{\"items\": [");
	if (store_generation_list(
		    l->store, l->query.before_id, l->query.limit, generation_row, l, e) < 0)
		return -1;
	buf_str(&l->json, "]}");
	return 0;
}

void generations_list(struct api_call *c)
{
	struct look *l = look_new(c, read_generations);
	struct err e;

	if (query_number(c, "before", 0, INT64_MAX, &l->query.before_id, &e) < 0 ||
		query_rows(c, &l->query.limit, &e) < 0)
		refuse(l, &e);
	else
		start(l);
}

static void changes_member(struct buf *out, const struct plan *p)
{
	buf_str(out, ", \"changes\": ");
	plan_changes_json(p, out);
}

static void one_generation(void *arg, const struct store_generation *g)
{
	struct look *l = arg;

	buf_chr(&l->json, '{');
	generation_members(&l->json, g);
}

/* What it changed is not known any more when the one before it is not kept. */
static int read_generation(struct look *l, struct err *e)
{
	struct plan plan = {0};

	if (store_generation_one(l->store, l->from, one_generation, l, e) < 0)
		return -1;
	if (store_generation_diff(l->store, l->from - 1, l->from, &plan, e) == 0)
		changes_member(&l->json, &plan);
	else if (e->kind == ERR_NOT_FOUND)
		buf_str(&l->json, ", \"changes\": null");
	else
		return -1;
	buf_chr(&l->json, '}');
	plan_done(&plan);
	return 0;
}

void generation_show(struct api_call *c)
{
	struct look *l = look_new(c, read_generation);
	struct err e;

	if (key_number(c, &l->from, &e) < 0)
		refuse(l, &e);
	else
		start(l);
}

static int read_diff(struct look *l, struct err *e)
{
	struct plan plan = {0};

	if (store_generation_diff(l->store, l->from, l->to, &plan, e) < 0)
		return -1;
	buf_printf(&l->json, "{\"from\": %llu, \"to\": %llu", (unsigned long long)l->from,
		(unsigned long long)l->to);
	changes_member(&l->json, &plan);
	buf_chr(&l->json, '}');
	plan_done(&plan);
	return 0;
}

void generation_diff(struct api_call *c)
{
	struct look *l = look_new(c, read_diff);
	uint64_t in_force = snapshot_generation(c->admin->snapshot);
	struct err e;

	if (key_number(c, &l->from, &e) < 0 ||
		query_number(c, "against", in_force, INT64_MAX, &l->to, &e) < 0)
		refuse(l, &e);
	else
		start(l);
}

void generation_restore(struct api_call *c)
{
	uint64_t generation;
	struct err e;

	if (key_number(c, &generation, &e) < 0)
		call_problem(c, &e, NULL);
	else
		change_restore(c, generation);
}

/* ---- the settings as a whole ---- */

void export_get(struct api_call *c)
{
	const struct snapshot *s = c->admin->snapshot;
	struct buf json = {0};

	config_json(snapshot_config(s), snapshot_generation(s), &json);
	call_answer_at(c, 200, snapshot_generation(s), &json);
}
