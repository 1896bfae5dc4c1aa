#include <jansson.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "base/mem.h"
#include "federation/setting.h"

/* /api/v1/roles and /api/v1/rights. */

static void role_json(const struct account_role *r, const struct role *builtin, struct buf *out)
{
	static const char *const none[] = {NULL};

	buf_str(out, "{\"name\": ");
	json_quote(out, slice_of(r->name));
	json_text(out, "title", slice_of(r->title));
	buf_printf(out, ", \"builtin\": %s, \"rights\": ", builtin ? "true" : "false");
	rights_json(r->rights, out);
	buf_str(out, ", \"aliases\": ");
	texts_json(builtin ? builtin->aliases : none, out);
	buf_printf(out, ", \"requires_totp\": %s}", r->requires_totp ? "true" : "false");
}

/* A built-in role with what the installation has set for it. */
static struct account_role of_builtin(const struct accounts_view *v, const struct role *b)
{
	const struct account_role *kept = account_role_find(v, slice_of(b->name));

	return (struct account_role){b->name, b->title, b->rights, kept && kept->requires_totp};
}

static bool find(const struct accounts_view *v, struct slice name, struct account_role *ret,
	const struct role **ret_builtin)
{
	const struct account_role *own;

	*ret_builtin = role_find(name);
	if (*ret_builtin) {
		*ret = of_builtin(v, *ret_builtin);
		return true;
	}
	own = account_role_find(v, name);
	if (own)
		*ret = *own;
	return own;
}

void roles_list(struct api_call *c)
{
	const struct accounts_view *v = gate_accounts(c->admin);
	struct account_role r;
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < builtin_roles_n; i++) {
		r = of_builtin(v, &builtin_roles[i]);
		buf_str(&json, i ? ",\n" : "\n");
		role_json(&r, &builtin_roles[i], &json);
	}
	for (size_t i = 0; i < v->n_roles; i++) {
		if (role_find(slice_of(v->roles[i].name)))
			continue;
		buf_str(&json, ",\n");
		role_json(&v->roles[i], NULL, &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

static void answer_item(struct api_call *c, unsigned status, struct slice name)
{
	const struct role *builtin;
	struct account_role r;
	struct buf json = {0};
	struct err e;

	if (!find(gate_accounts(c->admin), name, &r, &builtin)) {
		err_code(&e, ERR_NOT_FOUND, "not_found", NULL, "there is no role '%.*s'",
			SLARG(slice_cut(name, 100)));
		call_problem(c, &e, NULL);
		return;
	}
	buf_str(&json, "{\"item\": ");
	role_json(&r, builtin, &json);
	buf_chr(&json, '}');
	call_answer(c, status, &json);
}

void role_get(struct api_call *c)
{
	answer_item(c, 200, c->param);
}

void rights_list(struct api_call *c)
{
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (enum right r = 0; r < RIGHT__N; r++) {
		buf_printf(&json, "%s{\"name\": \"%s\"", r ? ",\n" : "\n", right_name(r));
		json_text(&json, "help", slice_of(right_help(r)));
		buf_chr(&json, '}');
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

/* ---- changes ---- */

static void item_done(struct accounts_job *j)
{
	if (j->result < 0)
		call_problem(j->call, &j->err, NULL);
	else
		answer_item(
			j->call, j->change.verb == ROLE_ADD ? 201 : 200, slice_of(j->change.key));
}

int read_rights(json_t *body, struct arena *a, const right_set **ret, struct err *e)
{
	const char *const *names;
	right_set *all;
	enum right r;

	if (member_texts(body, "rights", a, &names, e) < 0)
		return -1;
	if (!names)
		return 0;
	all = arena_zalloc(a, sizeof *all);
	for (; *names; names++) {
		if (!right_find(slice_of(*names), &r))
			return err_code(e, ERR_INVALID, "right_unknown", "rights",
				"there is no right '%.60s'", *names);
		*all |= RIGHT_BIT(r);
	}
	*ret = all;
	return 0;
}

static int read_settings(struct accounts_job *j, json_t *body, struct err *e)
{
	static const char *const members[] = {"name", "title", "rights", "requires_totp", NULL};
	struct slice title;

	if (members_only(body, members, e) < 0 || member_text(body, "title", &title, e) < 0 ||
		read_rights(body, &j->arena, &j->change.rights, e) < 0 ||
		member_bool(body, "requires_totp", &j->change.requires_totp, e) < 0)
		return -1;
	if (title.p)
		j->change.title = arena_dup(&j->arena, title);
	return 0;
}

static int read_name(struct accounts_job *j, json_t *body, struct err *e)
{
	struct slice name;

	if (member_text(body, "name", &name, e) < 0)
		return -1;
	if (j->change.verb == ROLE_ADD && !name.p)
		return err_code(e, ERR_INVALID, "required", "name", "name is missing");
	if (j->change.verb != ROLE_ADD && name.p)
		return err_code(e, ERR_INVALID, "key_fixed", "name",
			"a role keeps its name; make another one");
	if (name.p)
		j->change.key = arena_dup(&j->arena, name);
	return 0;
}

static void change(struct api_call *c, enum accounts_verb verb)
{
	struct accounts_job *j = accounts_job_new(c, verb, c->param);
	json_t *body = NULL;
	struct err e;

	j->done = item_done;
	if (change_body(c, &body, &e) < 0 || read_name(j, body, &e) < 0 ||
		read_settings(j, body, &e) < 0 || accounts_job_run(j, &e) < 0) {
		accounts_job_free(j);
		call_problem(c, &e, NULL);
	}
	json_decref(body);
}

void role_add(struct api_call *c)
{
	change(c, ROLE_ADD);
}

void role_set(struct api_call *c)
{
	change(c, ROLE_SET);
}

void role_remove(struct api_call *c)
{
	struct accounts_job *j = accounts_job_new(c, ROLE_REMOVE, c->param);
	struct err e;

	if (accounts_job_run(j, &e) == 0)
		return;
	accounts_job_free(j);
	call_problem(c, &e, NULL);
}
