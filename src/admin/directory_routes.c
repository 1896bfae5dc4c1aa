#include <jansson.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/directory_priv.h"
#include "admin/gate.h"
#include "base/mem.h"
#include "federation/setting.h"

/* /api/v1/directory: settings, bindings of groups to roles, and a test. */

enum { BACKLOG_MAX = 64 };

/* ---- looking ---- */

void directory_get(struct api_call *c)
{
	struct buf json = {0};

	directory_settings_json(&c->admin->directory->now->settings, &json);
	call_answer(c, 200, &json);
}

void directory_bindings_list(struct api_call *c)
{
	const struct store_directory *now = c->admin->directory->now;
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < now->n_bindings; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		directory_binding_json(&now->bindings[i], &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

/* ---- changing ---- */

struct directory_job {
	struct worker_job job;
	struct admin *admin;
	struct api_call *call;
	struct arena arena;
	struct store_directory_change change;
	struct slice password; /* wiped */
	int result;
	struct err err;
	struct store_directory *after;
};

static struct directory_job *job_new(struct api_call *c, enum store_directory_verb verb)
{
	struct directory_job *j = xzalloc(sizeof *j);

	j->admin = c->admin;
	j->call = c;
	j->change.verb = verb;
	j->change.actor = (struct store_actor){arena_dup(&j->arena, slice_of(c->who.name)),
		arena_dup(&j->arena, slice_of(c->who.from)), c->who.way};
	return j;
}

static void job_free(struct directory_job *j)
{
	if (j->password.n)
		mem_wipe((char *)(uintptr_t)j->password.p, j->password.n);
	arena_done(&j->arena);
	free(j);
}

/* The disk and a bug refuse nobody. */
static void note_refusal(const struct directory_job *j, const struct err *e)
{
	bool whole = j->change.verb == DIRECTORY_SET;

	if (e->kind != ERR_UNAVAILABLE && e->kind != ERR_INTERNAL)
		call_audit(j->call, NULL, whole ? "directory" : "directory-binding",
			whole ? SL("global") : j->call->param, e->code);
}

static void job_refuse(struct directory_job *j, const struct err *e)
{
	call_problem(j->call, e, NULL);
	job_free(j);
}

static void work(struct worker_job *job)
{
	struct directory_job *j = container_of(job, struct directory_job, job);

	j->result = store_directory_change(j->admin->store, &j->change, &j->after, &j->err);
}

static void answer_binding(struct directory_job *j)
{
	const struct store_directory *now = j->admin->directory->now;
	struct buf json = {0};

	for (size_t i = 0; i < now->n_bindings; i++)
		if (now->bindings[i].id == j->change.id)
			directory_binding_json(&now->bindings[i], &json);
	call_answer(j->call, j->change.verb == BINDING_ADD ? 201 : 200, &json);
}

static void done(struct worker_job *job)
{
	struct directory_job *j = container_of(job, struct directory_job, job);

	if (j->result < 0) {
		note_refusal(j, &j->err);
		job_refuse(j, &j->err);
		return;
	}
	directory_set_now(j->admin->directory, j->after);
	events_tell(j->admin->events, TOPIC_AUDIT, SL("{}"));
	if (j->change.verb == DIRECTORY_SET)
		directory_get(j->call);
	else if (j->change.verb == BINDING_REMOVE)
		call_answer_nothing(j->call);
	else
		answer_binding(j);
	job_free(j);
}

/*
 * Who says which servers are believed, or which group has a role, could sign in with every role
 * that a group has: so he has to have all that already.
 */
static int check_reach(struct directory_job *j, const char *role, struct err *e)
{
	const struct store_directory *now = j->admin->directory->now;
	const struct accounts_view *v = gate_accounts(j->admin);
	right_set all = 0;

	if (role)
		all |= account_grant(v, (const char *const[]){role, NULL}).rights;
	for (size_t i = 0; i < now->n_bindings; i++) {
		const struct store_binding *b = &now->bindings[i];

		if (j->change.verb == DIRECTORY_SET ? b->binding.confirmed : b->id == j->change.id)
			all |= account_grant(v, (const char *const[]){b->binding.role, NULL})
				       .rights;
	}
	return account_check_rights(j->call->rights, all, e);
}

static void run(struct directory_job *j)
{
	struct admin *a = j->admin;
	struct err e;

	if (check_reach(j, j->change.role, &e) < 0) {
		note_refusal(j, &e);
		job_refuse(j, &e);
	} else if (a->ending || worker_backlog(a->worker) >= BACKLOG_MAX) {
		err_code(&e, ERR_UNAVAILABLE, "busy", NULL, "too much is waiting; try again");
		job_refuse(j, &e);
	} else {
		j->job.work = work;
		j->job.done = done;
		worker_post(a->worker, a->loop, &j->job);
	}
}

/* ---- JSON in ---- */

static enum directory_bool truth(enum accounts_bool b)
{
	return b == BOOL_STAYS ? DIRECTORY_STAYS : b == BOOL_YES ? DIRECTORY_YES : DIRECTORY_NO;
}

/* null: empty. */
static int read_text(
	struct directory_job *j, json_t *body, const char *name, const char **ret, struct err *e)
{
	struct slice text;

	if (member_text(body, name, &text, e) < 0)
		return -1;
	if (text.p || json_is_null(json_object_get(body, name)))
		*ret = arena_dup(&j->arena, text.p ? text : SL(""));
	return 0;
}

/* A list, or one text with all of them. */
static int read_servers(struct directory_job *j, json_t *body, struct err *e)
{
	json_t *v = json_object_get(body, "servers");
	const char *const *list;
	struct buf out = {0};

	if (!v || json_is_null(v) || json_is_string(v))
		return read_text(j, body, "servers", &j->change.servers, e);
	if (member_texts(body, "servers", &j->arena, &list, e) < 0)
		return -1;
	for (size_t i = 0; list[i]; i++)
		buf_printf(&out, "%s%s", i ? " " : "", list[i]);
	j->change.servers = arena_dup(&j->arena, buf_slice(&out));
	buf_done(&out);
	return 0;
}

static int read_timeout(struct directory_job *j, json_t *body, struct err *e)
{
	json_t *v = json_object_get(body, "timeout");
	uint64_t n;

	if (!v)
		return 0;
	if (json_is_null(v))
		n = DIRECTORY_TIMEOUT;
	else if (json_is_integer(v))
		n = (uint64_t)json_integer_value(v);
	else if (!json_is_string(v) || slice_u64(slice_of(json_string_value(v)), 1000, &n) < 0)
		n = 0;
	if (n < 1 || n > DIRECTORY_TIMEOUT_MAX)
		return err_code(e, ERR_INVALID, "out_of_range", "timeout",
			"timeout is 1 to %d seconds", DIRECTORY_TIMEOUT_MAX);
	j->change.timeout = (unsigned)n;
	return 0;
}

static int read_settings(struct directory_job *j, json_t *body, struct err *e)
{
	static const char *const members[] = {
#define X(name, deflt, help) #name,
		DIRECTORY_TEXTS(X)
#undef X
			"enabled",
		"timeout", NULL};
	struct store_directory_change *c = &j->change;
	enum accounts_bool enabled;

	if (members_only(body, members, e) < 0 || member_bool(body, "enabled", &enabled, e) < 0 ||
		read_servers(j, body, e) < 0 || read_timeout(j, body, e) < 0 ||
		read_text(j, body, "ca_file", &c->ca_file, e) < 0 ||
		read_text(j, body, "bind_dn", &c->bind_dn, e) < 0 ||
		read_text(j, body, "bind_password", &c->bind_password, e) < 0 ||
		read_text(j, body, "user_base", &c->user_base, e) < 0 ||
		read_text(j, body, "user_filter", &c->user_filter, e) < 0 ||
		read_text(j, body, "group_base", &c->group_base, e) < 0)
		return -1;
	c->enabled = truth(enabled);
	j->password = slice_of(c->bind_password);
	return 0;
}

void directory_set_some(struct api_call *c)
{
	struct directory_job *j = job_new(c, DIRECTORY_SET);
	json_t *body = NULL;
	struct err e;

	if (change_body(c, &body, &e) < 0 || read_settings(j, body, &e) < 0)
		job_refuse(j, &e);
	else
		run(j);
	json_decref(body);
}

static int read_role(struct directory_job *j, json_t *body, struct err *e)
{
	const char *name;

	if (read_text(j, body, "role", &j->change.role, e) < 0)
		return -1;
	if (!j->change.role)
		return 0;
	name = account_role_name(gate_accounts(j->admin), slice_of(j->change.role));
	if (!name)
		return err_code(e, ERR_INVALID, "role_unknown", "role", "there is no role '%.60s'",
			j->change.role);
	j->change.role = arena_dup(&j->arena, slice_of(name));
	return 0;
}

static int read_binding(struct directory_job *j, json_t *body, struct err *e)
{
	static const char *const members[] = {"group", "role", "confirmed", NULL};
	struct store_directory_change *c = &j->change;
	enum accounts_bool confirmed;

	if (members_only(body, members, e) < 0 || read_text(j, body, "group", &c->group, e) < 0 ||
		read_role(j, body, e) < 0 || member_bool(body, "confirmed", &confirmed, e) < 0)
		return -1;
	c->confirmed = truth(confirmed);
	if (c->verb == BINDING_ADD && (!c->group || !c->role))
		return err_code(e, ERR_INVALID, "required", c->group ? "role" : "group",
			"a binding has a group and a role");
	/* Whoever writes it down means it; what is only suggested is not written by anybody. */
	if (c->verb == BINDING_ADD && c->confirmed == DIRECTORY_STAYS)
		c->confirmed = DIRECTORY_YES;
	return 0;
}

static void change_binding(struct directory_job *j)
{
	json_t *body = NULL;
	struct err e;

	if (change_body(j->call, &body, &e) < 0 || read_binding(j, body, &e) < 0)
		job_refuse(j, &e);
	else
		run(j);
	json_decref(body);
}

/* No number: there is none of that name, which the store says. */
static uint64_t key_of(const struct api_call *c)
{
	uint64_t id = 0;

	return slice_u64(c->param, UINT32_MAX, &id) == 0 ? id : 0;
}

void directory_binding_add(struct api_call *c)
{
	change_binding(job_new(c, BINDING_ADD));
}

void directory_binding_set(struct api_call *c)
{
	struct directory_job *j = job_new(c, BINDING_SET);

	j->change.id = key_of(c);
	change_binding(j);
}

void directory_binding_remove(struct api_call *c)
{
	struct directory_job *j = job_new(c, BINDING_REMOVE);

	j->change.id = key_of(c);
	run(j);
}

/* ---- a test ---- */

struct directory_test {
	struct api_call *call;
	struct admin *admin;
	struct directory_question *question; /* NULL: over */
	bool named;
	unsigned passed, failed;
};

static void test_gone(void *arg)
{
	struct directory_test *t = arg;

	if (t->question)
		directory_process_forget(t->question);
	t->admin->asked--;
	call_stream_end(t->call);
	free(t);
}

static void put_step(struct directory_test *t, const char *step, bool pass, const char *code,
	const char *evidence, const char *remedy)
{
	struct buf line = {0};

	t->passed += pass;
	t->failed += !pass;
	buf_printf(&line, "{\"step\": \"%s\", \"result\": \"%s\"", step, pass ? "pass" : "fail");
	json_text(&line, "code", slice_of(code));
	json_text(&line, "evidence", slice_of(evidence));
	json_text(&line, "remedy", slice_of(remedy));
	buf_chr(&line, '}');
	call_stream_put(t->call, buf_slice(&line));
	buf_done(&line);
}

static const char *text(json_t *line, const char *name)
{
	const char *s = json_string_value(json_object_get(line, name));

	return s ? s : "";
}

/* Of the steps that there are; from the process only a word is taken. */
static const char *step_name(const char *said)
{
	static const char *const names[] = {
		"connect", "tls", "bind", "base", "user", "account", "groups"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], said) == 0)
			return names[i];
	return "process";
}

static void on_step(void *arg, json_t *line)
{
	put_step(arg, step_name(text(line, "step")), strcmp(text(line, "result"), "pass") == 0,
		text(line, "code"), text(line, "evidence"), text(line, "remedy"));
}

static void put_roles(struct directory_test *t, const struct directory_result *r)
{
	struct buf roles = {0};
	char *listed;

	for (size_t i = 0; i < r->n_roles; i++)
		buf_printf(&roles, "%s%s", i ? ", " : "", r->roles[i]);
	listed = buf_dup(&roles);
	buf_done(&roles);
	if (r->reason == DIRECTORY_OK)
		put_step(t, "roles", true, "ok", listed, "");
	else if (r->reason == DIRECTORY_NO_ROLE)
		put_step(t, "roles", false, "no_role", r->err.text,
			"Bind one of the groups to a role, and confirm it; only groups under "
			"group_base count.");
	free(listed);
}

static void put_end(struct directory_test *t, const struct directory_result *r)
{
	bool good = !t->failed && (!t->named || r->reason == DIRECTORY_OK);
	const char *reason = t->named ? directory_reason_name(r->reason)
			     : good   ? "ok"
				      : "unavailable";
	struct buf line = {0};

	buf_printf(&line, "{\"end\": true, \"result\": \"%s\", \"pass\": %u, \"fail\": %u",
		good ? "pass" : "fail", t->passed, t->failed);
	json_text(&line, "reason", slice_of(reason));
	json_text(&line, "dn", slice_of(r->dn));
	json_text(&line, "name", slice_of(r->name));
	json_text(&line, "display", slice_of(r->display));
	buf_str(&line, ", \"roles\": [");
	for (size_t i = 0; i < r->n_roles; i++) {
		buf_str(&line, i ? ", " : "");
		json_quote(&line, slice_of(r->roles[i]));
	}
	buf_str(&line, "]}");
	call_stream_put(t->call, buf_slice(&line));
	buf_done(&line);
}

static void on_result(void *arg, json_t *line, const struct err *e)
{
	struct directory_test *t = arg;
	struct directory_result r;
	struct arena arena = {0};

	t->question = NULL;
	directory_result_read(t->admin->directory, line, e, &arena, &r);
	if (!line)
		put_step(t, "process", false, e->code, e->text, "");
	if (t->named)
		put_roles(t, &r);
	put_end(t, &r);
	arena_done(&arena);
	t->admin->asked--;
	call_stream_end(t->call);
	free(t);
}

static void start_test(struct api_call *c, struct slice name)
{
	struct directory_test *t = xzalloc(sizeof *t);
	const struct directory_answer call = {on_step, on_result, t};

	t->call = c;
	t->admin = c->admin;
	t->named = name.n;
	t->admin->asked++;
	call_stream_begin(c, test_gone, t);
	t->question = directory_ask_process(
		c->admin->directory, DIRECTORY_ASK_TEST, name, SL(""), SL(""), &call);
}

/* Also while the directory is not enabled: so it is found out before. */
static int check_test(struct api_call *c, json_t *body, struct slice *ret_name, struct err *e)
{
	static const char *const members[] = {"name", NULL};
	struct directory *d = c->admin->directory;

	if (members_only(body, members, e) < 0 || member_text(body, "name", ret_name, e) < 0)
		return -1;
	if (!ret_name->p)
		*ret_name = SL("");
	if (ret_name->n > DIRECTORY_NAME_MAX)
		return err_code(e, ERR_INVALID, "bad_name", "name", "the name is too long");
	if (!*d->now->settings.servers)
		return err_code(e, ERR_CONFLICT, "directory_off", "servers",
			"the directory has no server; set one first");
	if (c->admin->ending || directory_process_under_way(d->process) >= DIRECTORY_ASKS_MAX)
		return err_code(
			e, ERR_UNAVAILABLE, "busy", NULL, "too much is under way; try again");
	return 0;
}

void directory_test_post(struct api_call *c)
{
	json_t *body = NULL;
	struct slice name;
	struct err e;

	if (change_body(c, &body, &e) < 0 || check_test(c, body, &name, &e) < 0)
		call_problem(c, &e, NULL);
	else
		start_test(c, name);
	json_decref(body);
}
