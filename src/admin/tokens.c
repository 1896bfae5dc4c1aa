#include <jansson.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "federation/setting.h"

/* /api/v1/tokens. */

static const uint64_t day_ms = 24 * 3600 * 1000;

static void token_json(const struct account_token *t, struct buf *out)
{
	buf_printf(out, "{\"id\": \"%s\"", t->id);
	json_text(out, "name", slice_of(t->name));
	json_text(out, "owner", slice_of(t->owner));
	buf_str(out, ", \"rights\": ");
	rights_json(t->rights, out);
	json_when(out, "created", t->created_ms);
	json_when(out, "expires", t->expires_ms);
	json_when(out, "last_used", t->last_used_ms);
	json_when(out, "revoked", t->revoked_ms);
	buf_chr(out, '}');
}

void tokens_list(struct api_call *c)
{
	const struct accounts_view *v = gate_accounts(c->admin);
	struct buf json = {0};

	buf_str(&json, "{\"items\": [");
	for (size_t i = 0; i < v->n_tokens; i++) {
		buf_str(&json, i ? ",\n" : "\n");
		token_json(&v->tokens[i], &json);
	}
	buf_str(&json, "]}");
	call_answer(c, 200, &json);
}

/* ---- a new one ---- */

static void add_done(struct accounts_job *j)
{
	const struct account_token *t =
		account_token_find(gate_accounts(j->admin), slice_of(j->change.key));
	struct buf json = {0};

	if (j->result < 0) {
		call_problem(j->call, &j->err, NULL);
		return;
	}
	buf_printf(&json, "{\"token\": \"%s\", \"item\": ", (const char *)j->arg);
	if (t)
		token_json(t, &json);
	else
		buf_str(&json, "null");
	buf_chr(&json, '}');
	call_answer(j->call, 201, &json);
}

/* Rights by their names, or those of roles. */
static int read_scope(struct accounts_job *j, json_t *body, struct err *e)
{
	const struct accounts_view *v = gate_accounts(j->admin);
	const char *const *roles;
	right_set *all;

	if (read_rights(body, &j->arena, &j->change.rights, e) < 0 ||
		member_texts(body, "roles", &j->arena, &roles, e) < 0)
		return -1;
	if (!roles)
		return 0;
	if (j->change.rights)
		return err_code(e, ERR_INVALID, "rights_or_roles", "roles",
			"a token takes rights or roles, not both");
	for (const char *const *r = roles; *r; r++)
		if (!account_role_name(v, slice_of(*r)))
			return err_code(e, ERR_INVALID, "role_unknown", "roles",
				"there is no role '%.60s'", *r);
	all = arena_zalloc(&j->arena, sizeof *all);
	*all = account_grant(v, roles).rights;
	j->change.rights = all;
	return 0;
}

static int read_expiry(struct accounts_job *j, json_t *body, struct err *e)
{
	uint64_t now = j->change.now_ms;
	struct slice text;

	j->change.expires_ms = now + TOKEN_DAYS * day_ms;
	if (member_text(body, "expires", &text, e) < 0)
		return -1;
	if (!text.p)
		return 0;
	if (time_read(text.p, &j->change.expires_ms, e) < 0)
		return -1;
	if (j->change.expires_ms > now + TOKEN_DAYS_MAX * day_ms)
		return err_code(e, ERR_INVALID, "out_of_range", "expires",
			"a token is good for %d days at most", TOKEN_DAYS_MAX);
	return 0;
}

static int read_token(struct accounts_job *j, json_t *body, struct err *e)
{
	static const char *const members[] = {"name", "rights", "roles", "expires", NULL};
	struct slice name;

	if (members_only(body, members, e) < 0 || member_text(body, "name", &name, e) < 0 ||
		read_scope(j, body, e) < 0 || read_expiry(j, body, e) < 0)
		return -1;
	j->change.token_name = arena_dup(&j->arena, name.p ? name : SL(""));
	return 0;
}

static void make(struct accounts_job *j)
{
	char *text = arena_alloc(&j->arena, TOKEN_TEXT + 1);
	char *id = arena_alloc(&j->arena, TOKEN_ID + 1), *hash = arena_alloc(&j->arena, 65);
	uint8_t random[TOKEN_RANDOM];
	bool good;

	rand_bytes(random, sizeof random);
	token_make(random, text);
	mem_wipe(random, sizeof random);
	good = token_read(slice_of(text), id);
	id[good ? TOKEN_ID : 0] = '\0';
	token_hash(slice_of(text), hash);
	j->change.key = id;
	j->change.token_hash = hash;
	j->change.owner = j->change.actor.who;
	j->change.of_socket = j->call->who.kind == CALLER_SOCKET;
	j->arg = text;
}

/* A token that makes tokens would never end; the directory's people have no account to bound one.
 */
static int check_maker(const struct api_call *c, struct err *e)
{
	const struct session *s = gate_session(c);

	if (c->who.kind == CALLER_TOKEN)
		return err_code(e, ERR_DENIED, "token_by_token", NULL,
			"a token cannot make tokens; sign in");
	if (s && s->of_directory)
		return err_code(e, ERR_DENIED, "token_needs_account", NULL,
			"a token belongs to a local account, whose rights bound it at each "
			"request");
	return 0;
}

void token_add(struct api_call *c)
{
	struct accounts_job *j = accounts_job_new(c, TOKEN_ADD, SL(""));
	json_t *body = NULL;
	struct err e;

	j->done = add_done;
	if (check_maker(c, &e) < 0) {
		call_audit(c, "add", "token", SL_NONE, e.code);
		accounts_job_free(j);
		call_problem(c, &e, NULL);
	} else if (change_body(c, &body, &e) < 0 || read_token(j, body, &e) < 0) {
		accounts_job_free(j);
		call_problem(c, &e, NULL);
	} else {
		make(j);
		if (accounts_job_run(j, &e) < 0) {
			accounts_job_free(j);
			call_problem(c, &e, NULL);
		}
	}
	json_decref(body);
}

void token_revoke(struct api_call *c)
{
	struct accounts_job *j = accounts_job_new(c, TOKEN_REVOKE, c->param);
	struct err e;

	if (accounts_job_run(j, &e) == 0)
		return;
	accounts_job_free(j);
	call_problem(c, &e, NULL);
}
