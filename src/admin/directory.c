#include "admin/directory.h"

#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/directory_priv.h"
#include "admin/gate.h"
#include "base/clock.h"
#include "base/mem.h"
#include "federation/setting.h"
#include "text/precis.h"
#include "text/utf8.h"

enum { REREAD_SECS = 300, QUESTION_MAX = 48 * 1024, ROOM_MS = 200 };

static const char *const reasons[DIRECTORY__N] = {
	[DIRECTORY_OK] = "ok",
	[DIRECTORY_OFF] = "off",
	[DIRECTORY_UNAVAILABLE] = "unavailable",
	[DIRECTORY_BUSY] = "busy",
	[DIRECTORY_BAD_NAME] = "bad_name",
	[DIRECTORY_BAD_PASSWORD] = "bad_password",
	[DIRECTORY_NOT_FOUND] = "not_found",
	[DIRECTORY_AMBIGUOUS] = "ambiguous",
	[DIRECTORY_DISABLED] = "disabled",
	[DIRECTORY_LOCKED] = "locked",
	[DIRECTORY_EXPIRED] = "expired",
	[DIRECTORY_PASSWORD_EXPIRED] = "password_expired",
	[DIRECTORY_NO_ROLE] = "no_role",
};

const char *directory_reason_name(enum directory_reason r)
{
	return reasons[r];
}

bool directory_enabled(const struct directory *d)
{
	return d && d->now->settings.enabled;
}

/* ---- a question ---- */

static void member(struct buf *out, const char *name, struct slice value)
{
	buf_printf(out, "\"%s\": ", name);
	json_quote(out, value);
	buf_str(out, ", ");
}

static void servers(struct buf *out, const char *list)
{
	struct slice rest = slice_of(list), s;
	bool more = false;

	buf_str(out, "\"servers\": [");
	for (; directory_server(&rest, &s); more = true) {
		buf_str(out, more ? ", " : "");
		json_quote(out, s);
	}
	buf_str(out, "], ");
}

struct directory_question *directory_ask_process(struct directory *d, enum directory_op op,
	struct slice name, struct slice password, struct slice dn, const struct directory_answer *a)
{
	static const char *const ops[] = {"sign_in", "refresh", "test"};
	const struct directory_settings *s = &d->now->settings;
	struct buf out = {0};

	buf_room(&out, QUESTION_MAX); /* it has not to grow: no copy of a secret stays behind */
	member(&out, "op", slice_of(ops[op]));
	servers(&out, s->servers);
	member(&out, "ca_file", slice_of(s->ca_file));
	member(&out, "bind_dn", slice_of(s->bind_dn));
	member(&out, "bind_password", slice_of(s->bind_password));
	member(&out, "user_base", slice_of(s->user_base));
	member(&out, "user_filter", slice_of(*s->user_filter ? s->user_filter : DIRECTORY_FILTER));
	member(&out, "group_base", slice_of(s->group_base));
	member(&out, "name", name);
	member(&out, "password", password);
	member(&out, "dn", dn);
	buf_printf(&out, "\"timeout\": %u}", s->timeout);
	return directory_process_ask(d->process, &out, a);
}

/* ---- an answer ---- */

static const char *text(json_t *line, const char *name)
{
	const char *s = json_string_value(json_object_get(line, name));

	return s ? s : "";
}

/* Names of roles that there are, each once, by their own name. */
static void read_roles(
	struct directory *d, json_t *line, struct arena *m, struct directory_result *r)
{
	const struct store_directory *now = d->now;
	json_t *list = json_object_get(line, "groups"), *one;
	struct binding_group *g = arena_alloc(m, json_array_size(list) * sizeof *g);
	struct binding *b = arena_alloc(m, now->n_bindings * sizeof *b);
	const char **roles = arena_alloc(m, now->n_bindings * sizeof *roles), *name;
	size_t n = 0, i;

	json_array_foreach(list, i, one)
		g[n++] = (struct binding_group){text(one, "dn"), text(one, "sid")};
	for (i = 0; i < now->n_bindings; i++)
		b[i] = now->bindings[i].binding;
	n = binding_roles(b, now->n_bindings, now->settings.group_base, g, n, roles);
	for (i = 0; i < n; i++) {
		name = account_role_name(gate_accounts(d->admin), slice_of(roles[i]));
		if (name)
			roles[r->n_roles++] = arena_dup(m, slice_of(name));
	}
	r->roles = roles;
}

static enum directory_reason reason_of(json_t *line)
{
	const char *said = text(line, "reason");

	for (enum directory_reason r = 0; r < DIRECTORY__N; r++)
		if (strcmp(reasons[r], said) == 0)
			return r;
	return DIRECTORY_UNAVAILABLE;
}

static void explain(struct directory_result *r, json_t *line)
{
	if (r->reason == DIRECTORY_UNAVAILABLE)
		err_code(&r->err, ERR_UNAVAILABLE, text(line, "code"), NULL, "%s",
			text(line, "text"));
	else if (r->reason == DIRECTORY_NO_ROLE)
		err_code(&r->err, ERR_DENIED, "no_role", NULL,
			"%s is in no group that is bound to a role", r->dn);
	else
		err_code(&r->err, ERR_DENIED, reasons[r->reason], NULL, "the directory says: %s",
			reasons[r->reason]);
}

void directory_result_read(struct directory *d, json_t *line, const struct err *why,
	struct arena *arena, struct directory_result *ret)
{
	*ret = (struct directory_result){
		.reason = line ? reason_of(line) : DIRECTORY_UNAVAILABLE,
		.dn = text(line, "dn"),
		.name = text(line, "name"),
		.display = text(line, "display"),
	};
	if (!line) {
		ret->err = *why;
		return;
	}
	if (ret->reason == DIRECTORY_OK) {
		read_roles(d, line, arena, ret);
		if (!ret->n_roles)
			ret->reason = DIRECTORY_NO_ROLE;
	}
	if (ret->reason != DIRECTORY_OK)
		explain(ret, line);
}

/* ---- sign-in ---- */

struct directory_ask {
	struct directory *directory;
	struct directory_question *question; /* NULL: refused without asking */
	struct loop_task refuse;
	enum directory_reason reason;
	unsigned of; /* the settings */
	char *name;
	directory_done *done;
	void *arg;
};

static void ask_free(struct directory_ask *a)
{
	loop_task_stop(&a->refuse);
	xfree(a->name);
	xfree(a);
}

static void ask_done(struct directory_ask *a, struct directory_result *r)
{
	directory_done *done = a->done;
	void *arg = a->arg;
	char *name = a->name;

	a->name = NULL;
	ask_free(a);
	if (!*r->name)
		r->name = name;
	done(arg, r);
	xfree(name);
}

static void on_refused(void *arg)
{
	struct directory_ask *a = arg;
	struct directory_result r = {.reason = a->reason, .dn = "", .name = "", .display = ""};

	err_code(&r.err, a->reason == DIRECTORY_BUSY ? ERR_LIMIT : ERR_DENIED, reasons[a->reason],
		NULL, "refused before the directory was asked: %s", reasons[a->reason]);
	ask_done(a, &r);
}

static void on_answer(void *arg, json_t *line, const struct err *e)
{
	struct directory_ask *a = arg;
	struct directory_result r;
	struct arena arena = {0};

	directory_result_read(a->directory, line, e, &arena, &r);
	/* A server that is not believed any more may have kept its answer for so long. */
	if (r.reason == DIRECTORY_OK && a->of != a->directory->settings_no) {
		r.reason = DIRECTORY_UNAVAILABLE;
		err_code(&r.err, ERR_UNAVAILABLE, "directory_changed", NULL,
			"the directory was set meanwhile; try again");
	}
	ask_done(a, &r);
	arena_done(&arena);
}

/*
 * Nothing that cannot be seen: directories leave it out when they compare (RFC 4518 2.2), so one
 * person would have many names, and some of them would look like somebody else's.
 */
static bool name_good(struct slice s)
{
	struct arena a = {0};
	struct slice shown;
	bool good = s.n && s.n <= DIRECTORY_NAME_MAX && precis_opaque(&shown, &a, s, NULL) == 0;

	arena_done(&a);
	return good;
}

/* An empty password is a bind as nobody, which servers grant (RFC 4513 5.1.2). */
static bool password_good(struct slice s)
{
	return s.n && s.n <= DIRECTORY_PASSWORD_MAX && slice_find(s, '\0') == s.n && utf8_valid(s);
}

static enum directory_reason worth_asking(
	const struct directory *d, struct slice name, struct slice password)
{
	if (!directory_enabled(d))
		return DIRECTORY_OFF;
	if (!name_good(name))
		return DIRECTORY_BAD_NAME;
	if (!password_good(password))
		return DIRECTORY_BAD_PASSWORD;
	return directory_process_under_way(d->process) >= DIRECTORY_ASKS_MAX ? DIRECTORY_BUSY
									     : DIRECTORY_OK;
}

struct directory_ask *directory_sign_in(struct directory *d, struct slice name,
	struct slice password, directory_done *done, void *arg)
{
	struct directory_ask *a = xzalloc(sizeof *a);
	const struct directory_answer call = {.answer = on_answer, .arg = a};

	a->directory = d;
	a->name = slice_dup(name.p ? name : SL(""));
	a->done = done;
	a->arg = arg;
	a->of = d->settings_no;
	a->reason = worth_asking(d, name, password);
	loop_task_init(&a->refuse, on_refused, a);
	if (a->reason == DIRECTORY_OK)
		a->question = directory_ask_process(
			d, DIRECTORY_ASK_SIGN_IN, name, password, SL(""), &call);
	else
		loop_task_queue(d->loop, &a->refuse);
	return a;
}

void directory_cancel(struct directory_ask *a)
{
	if (!a)
		return;
	if (a->question)
		directory_process_forget(a->question);
	ask_free(a);
}

/* ---- watches ---- */

struct directory_watch {
	struct list node;
	struct directory *directory;
	struct directory_question *question; /* NULL: none is under way */
	struct loop_timer timer;             /* the next one */
	char *dn;
	char **roles;
	size_t n_roles;
	uint64_t answered_ms; /* wall clock */
	bool over;            /* the last call was made */
	directory_changed *changed;
	void *arg;
};

static void set_roles(struct directory_watch *w, const char *const *roles, size_t n)
{
	for (size_t i = 0; i < w->n_roles; i++)
		xfree(w->roles[i]);
	xfree(w->roles);
	w->roles = xcalloc(n + 1, sizeof *w->roles);
	w->n_roles = n;
	for (size_t i = 0; i < n; i++)
		w->roles[i] = xstrdup(roles[i]);
}

static bool same_roles(const struct directory_watch *w, const struct directory_result *r)
{
	if (w->n_roles != r->n_roles)
		return false;
	for (size_t i = 0; i < r->n_roles; i++)
		if (strcmp(w->roles[i], r->roles[i]) != 0)
			return false;
	return true;
}

static void end_watch(struct directory_watch *w, const struct directory_result *r)
{
	w->over = true;
	loop_timer_stop(&w->timer);
	w->changed(w->arg, r);
}

/* Nobody answered: the roles hold for two intervals, which is how long a removal may take. */
static void not_answered(struct directory_watch *w, const struct directory_result *r)
{
	uint64_t interval = w->directory->reread_ms, now = clock_wall_ms();
	uint64_t age = now > w->answered_ms ? now - w->answered_ms : 0;

	if (age >= 2 * interval)
		end_watch(w, r);
	else if (2 * interval - age < interval / 10)
		loop_timer_in(&w->timer, 2 * interval - age);
	else
		loop_timer_in(&w->timer, interval / 10);
}

static void on_reread(void *arg, json_t *line, const struct err *e)
{
	struct directory_watch *w = arg;
	struct directory_result r;
	struct arena arena = {0};

	w->question = NULL;
	directory_result_read(w->directory, line, e, &arena, &r);
	if (r.reason == DIRECTORY_UNAVAILABLE) {
		not_answered(w, &r);
	} else if (r.reason != DIRECTORY_OK) {
		end_watch(w, &r);
	} else {
		w->answered_ms = clock_wall_ms();
		loop_timer_in(&w->timer, w->directory->reread_ms);
		if (!same_roles(w, &r)) {
			set_roles(w, r.roles, r.n_roles);
			w->changed(w->arg, &r); /* w may be gone */
		}
	}
	arena_done(&arena);
}

/* Whoever signs in again and again does not keep his roles by that. */
static void wait_for_room(struct directory_watch *w)
{
	struct directory_result busy = {
		.reason = DIRECTORY_BUSY, .dn = w->dn, .name = "", .display = ""};
	uint64_t now = clock_wall_ms();

	if (now < w->answered_ms + 2 * w->directory->reread_ms) {
		loop_timer_in(&w->timer, ROOM_MS);
		return;
	}
	err_code(&busy.err, ERR_UNAVAILABLE, "busy", NULL, "too many questions are under way");
	end_watch(w, &busy);
}

static void on_time(void *arg)
{
	struct directory_watch *w = arg;
	struct directory *d = w->directory;
	const struct directory_answer call = {.answer = on_reread, .arg = w};
	struct directory_result off = {
		.reason = DIRECTORY_OFF, .dn = w->dn, .name = "", .display = ""};

	if (w->question || w->over)
		return;
	if (!directory_enabled(d)) {
		err_code(
			&off.err, ERR_DENIED, "off", NULL, "the directory is not enabled any more");
		end_watch(w, &off);
	} else if (directory_process_under_way(d->process) >= DIRECTORY_ASKS_MAX) {
		wait_for_room(w);
	} else {
		w->question = directory_ask_process(
			d, DIRECTORY_ASK_REFRESH, SL(""), SL(""), slice_of(w->dn), &call);
	}
}

struct directory_watch *directory_watch(struct directory *d, const char *dn,
	const char *const *roles, size_t n_roles, uint64_t answered_ms, directory_changed *changed,
	void *arg)
{
	struct directory_watch *w = xzalloc(sizeof *w);

	w->directory = d;
	w->dn = xstrdup(dn);
	set_roles(w, roles, n_roles);
	w->changed = changed;
	w->arg = arg;
	w->answered_ms = answered_ms ? answered_ms : clock_wall_ms();
	loop_timer_init(&w->timer, d->loop, on_time, w);
	loop_timer_in(&w->timer, answered_ms ? 0 : d->reread_ms);
	list_append(&d->watches, &w->node);
	return w;
}

uint64_t directory_watch_answered(const struct directory_watch *w)
{
	return w->answered_ms;
}

void directory_unwatch(struct directory_watch *w)
{
	if (!w)
		return;
	if (w->question)
		directory_process_forget(w->question);
	loop_timer_stop(&w->timer);
	list_remove(&w->node);
	set_roles(w, NULL, 0);
	xfree(w->roles);
	xfree(w->dn);
	xfree(w);
}

/* ---- the whole ---- */

/* What is under way was asked with the old settings: its answer would say what was. */
void directory_set_now(struct directory *d, struct store_directory *now)
{
	store_directory_free(d->now);
	d->now = now;
	d->settings_no++;
	for (struct list *l = d->watches.next; l != &d->watches; l = l->next) {
		struct directory_watch *w = container_of(l, struct directory_watch, node);

		if (w->question)
			directory_process_forget(w->question);
		w->question = NULL;
		if (!w->over)
			loop_timer_in(&w->timer, 0);
	}
}

int directory_new(
	struct directory **ret, struct admin *a, const struct directory_options *o, struct err *e)
{
	struct directory *d = xzalloc(sizeof *d);

	list_init(&d->watches);
	d->admin = a;
	d->loop = a->loop;
	if (store_directory_load(a->store, &d->now, e) < 0) {
		xfree(d);
		return -1;
	}
	d->reread_ms = 1000 * (uint64_t)(o->reread_secs ? o->reread_secs : REREAD_SECS);
	d->process = directory_process_new(a->loop, o->program);
	*ret = d;
	return 0;
}

void directory_stop(struct directory *d)
{
	if (d)
		directory_process_stop(d->process);
}

void directory_free(struct directory *d)
{
	if (!d)
		return;
	while (!list_empty(&d->watches))
		directory_unwatch(container_of(d->watches.next, struct directory_watch, node));
	directory_process_free(d->process);
	store_directory_free(d->now);
	xfree(d);
}
