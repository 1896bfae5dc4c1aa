#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "auth/password.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "federation/setting.h"

/* /api/v1/administrators: the local accounts. */

enum { ONE_TIME_HOURS = 24 };

static void account_json(const struct account *a, const char *one_time, struct buf *out)
{
	buf_str(out, "{\"name\": ");
	json_quote(out, slice_of(a->name));
	json_text(out, "description", slice_of(a->description));
	buf_str(out, ", \"roles\": ");
	texts_json(a->roles, out);
	buf_printf(out, ", \"enabled\": %s, \"source\": \"local\", \"totp\": %s",
		a->enabled ? "true" : "false", a->totp ? "true" : "false");
	json_when(out, "last_sign_in", a->last_sign_in_ms);
	json_when(out, "created", a->created_ms);
	if (one_time)
		json_text(out, "one_time_password", slice_of(one_time));
	json_when(out, "one_time_expires", a->one_time_until_ms);
	buf_chr(out, '}');
}

void accounts_list(struct api_call *c)
{
	const struct accounts_view *v = gate_accounts(c->admin);
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < v->n_accounts; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		account_json(&v->accounts[i], NULL, &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

static void answer_item(struct api_call *c, unsigned status, struct slice key, const char *one_time)
{
	const struct account *a = account_find(gate_accounts(c->admin), key);
	struct buf json = {0};
	struct err e;

	if (!a) {
		err_code(&e, ERR_NOT_FOUND, "not_found", NULL, "there is no administrator '%.*s'",
			SLARG(slice_cut(key, 100)));
		call_problem(c, &e, NULL);
		return;
	}
	buf_str(&json, "{\"item\": ");
	account_json(a, one_time, &json);
	buf_chr(&json, '}');
	call_answer(c, status, &json);
}

void account_get(struct api_call *c)
{
	answer_item(c, 200, c->param, NULL);
}

/* ---- changes ---- */

static void item_done(struct accounts_job *j)
{
	bool added = j->change.verb == ACCOUNT_ADD;

	if (j->result < 0) {
		call_problem(j->call, &j->err, NULL);
		return;
	}
	if (j->change.verb != ACCOUNT_ADD && j->change.verb != ACCOUNT_SET)
		sessions_end_of(j->admin->gate->sessions, slice_of(j->change.key), false, NULL);
	if (j->change.enabled == BOOL_NO)
		sessions_end_of(j->admin->gate->sessions, slice_of(j->change.key), false, NULL);
	answer_item(j->call, added ? 201 : 200, slice_of(j->change.key), j->arg);
}

static void removed_done(struct accounts_job *j)
{
	if (j->result == 0)
		sessions_end_of(j->admin->gate->sessions, slice_of(j->change.key), false, NULL);
	accounts_job_answer(j);
}

static void run(struct accounts_job *j, int r, struct err *e)
{
	struct api_call *c = j->call;

	if (r == 0 && accounts_job_run(j, e) == 0)
		return;
	accounts_job_free(j);
	call_problem(c, e, NULL);
}

/* Shown in the answer, and kept as a hash like any other. */
static void give_one_time(struct accounts_job *j)
{
	char *text = arena_alloc(&j->arena, ONE_TIME_TEXT), *plain;
	uint8_t random[ONE_TIME_BYTES];

	rand_bytes(random, sizeof random);
	password_groups(random, sizeof random, text);
	mem_wipe(random, sizeof random);
	plain = arena_alloc(&j->arena, ONE_TIME_TEXT);
	j->password = slice_make(plain, password_ungroup(slice_of(text), plain));
	j->change.one_time_until_ms = j->change.now_ms + ONE_TIME_HOURS * 3600000ull;
	j->arg = text;
}

static int read_settings(struct accounts_job *j, json_t *body, struct err *e)
{
	struct slice description;

	if (member_text(body, "description", &description, e) < 0 ||
		member_texts(body, "roles", &j->arena, &j->change.roles, e) < 0 ||
		member_bool(body, "enabled", &j->change.enabled, e) < 0)
		return -1;
	if (description.p)
		j->change.description = arena_dup(&j->arena, description);
	return 0;
}

static int read_add(struct accounts_job *j, json_t *body, struct err *e)
{
	static const char *const members[] = {"name", "description", "roles", "enabled", NULL};
	struct slice name;

	if (members_only(body, members, e) < 0 || member_text(body, "name", &name, e) < 0)
		return -1;
	if (!name.p)
		return err_code(e, ERR_INVALID, "required", "name", "name is missing");
	j->change.key = arena_dup(&j->arena, name);
	give_one_time(j);
	return read_settings(j, body, e);
}

static int read_set(struct accounts_job *j, json_t *body, struct err *e)
{
	static const char *const members[] = {"description", "roles", "enabled", NULL};

	return members_only(body, members, e) < 0 ? -1 : read_settings(j, body, e);
}

/* {"totp": true}: the second factor goes as well. */
static int read_reset(struct accounts_job *j, json_t *body, struct err *e)
{
	static const char *const members[] = {"totp", NULL};
	enum accounts_bool totp = BOOL_STAYS;

	if (members_only(body, members, e) < 0 || member_bool(body, "totp", &totp, e) < 0)
		return -1;
	j->change.drop_totp = totp == BOOL_YES;
	give_one_time(j);
	return 0;
}

/* As a body says; the answer is the account as it is then. */
static void change(
	struct accounts_job *j, int (*read)(struct accounts_job *j, json_t *body, struct err *e))
{
	json_t *body = NULL;
	struct err e;
	int r = change_body(j->call, &body, &e);

	j->done = item_done;
	if (r == 0)
		r = read(j, body, &e);
	json_decref(body);
	run(j, r, &e);
}

void account_add(struct api_call *c)
{
	change(accounts_job_new(c, ACCOUNT_ADD, SL("")), read_add);
}

void account_set(struct api_call *c)
{
	change(accounts_job_new(c, ACCOUNT_SET, c->param), read_set);
}

void account_reset(struct api_call *c)
{
	change(accounts_job_new(c, ACCOUNT_RESET, c->param), read_reset);
}

void account_remove(struct api_call *c)
{
	struct accounts_job *j = accounts_job_new(c, ACCOUNT_REMOVE, c->param);
	struct err e;

	j->done = removed_done;
	run(j, 0, &e);
}
