#include "federation/setting.h"
#include "store/accounts_priv.h"
#include "store/directory.h"

enum { ACCOUNTS_MAX = 1000, OWN_ROLES_MAX = 64, TOKENS_MAX = 1000, DESCRIPTION_MAX = 1024 };

/* ---- what the audit log says ---- */

static void roles_json(const char *const *roles, struct buf *out)
{
	buf_chr(out, '[');
	for (size_t i = 0; roles[i]; i++) {
		buf_str(out, i ? ", " : "");
		json_quote(out, slice_of(roles[i]));
	}
	buf_chr(out, ']');
}

static const char *account_json(struct arena *m, const struct account *a)
{
	struct buf out = {0};
	const char *ret;

	if (!a)
		return NULL;
	buf_str(&out, "{\"description\": ");
	json_quote(&out, slice_of(a->description));
	buf_str(&out, ", \"roles\": ");
	roles_json(a->roles, &out);
	buf_printf(&out, ", \"enabled\": %s, \"totp\": %s, \"one_time_password\": %s}",
		a->enabled ? "true" : "false", a->totp ? "true" : "false",
		a->one_time_until_ms ? "true" : "false");
	ret = arena_dup(m, buf_slice(&out));
	buf_done(&out);
	return ret;
}

static const char *role_json(struct arena *m, const struct account_role *r)
{
	struct buf out = {0};
	const char *ret;

	if (!r)
		return NULL;
	buf_str(&out, "{\"title\": ");
	json_quote(&out, slice_of(r->title));
	buf_str(&out, ", \"rights\": \"");
	rights_text(r->rights, ',', &out);
	buf_printf(&out, "\", \"requires_totp\": %s}", r->requires_totp ? "true" : "false");
	ret = arena_dup(m, buf_slice(&out));
	buf_done(&out);
	return ret;
}

static const char *token_json(struct arena *m, const struct account_token *t)
{
	struct buf out = {0};
	const char *ret;

	buf_str(&out, "{\"name\": ");
	json_quote(&out, slice_of(t->name));
	buf_str(&out, ", \"owner\": ");
	json_quote(&out, slice_of(t->owner));
	buf_str(&out, ", \"rights\": \"");
	rights_text(t->rights, ',', &out);
	buf_printf(&out, "\", \"revoked\": %s}", t->revoked_ms ? "true" : "false");
	ret = arena_dup(m, buf_slice(&out));
	buf_done(&out);
	return ret;
}

static int audit(struct accounts_edit *x, const char *verb, const char *kind, const char *before,
	const char *after, struct err *e)
{
	struct store_audit_entry line = {
		.actor = x->change->actor,
		.verb = verb,
		.kind = kind,
		.key = x->change->key,
		.before = before,
		.after = after,
	};

	return store_audit_append(x->store, &line, e);
}

/* ---- accounts ---- */

static int no_such(struct err *e, const char *what, const char *key)
{
	return err_code(e, ERR_NOT_FOUND, "not_found", NULL, "there is no %s '%.100s'", what, key);
}

static int too_many(struct err *e, const char *what, int max)
{
	return err_code(
		e, ERR_LIMIT, "too_many", NULL, "there are %d %s already; remove some", max, what);
}

static int check_text(const char *s, size_t max, const char *field, struct err *e)
{
	if (!s || strlen(s) <= max)
		return 0;
	return err_code(
		e, ERR_INVALID, "too_long", field, "%s is longer than %zu bytes", field, max);
}

static const struct account *find(struct accounts_edit *x, struct err *e)
{
	const struct account *a = account_find(x->now, slice_of(x->change->key));

	if (!a)
		no_such(e, "administrator", x->change->key);
	return a;
}

/* He who changes an account has all it can do, before and after: else he could become it. */
static int check_reach(struct accounts_edit *x, const struct account *before,
	const struct account *after, struct err *e)
{
	right_set all = before ? account_grant(x->now, before->roles).rights : 0;

	if (after)
		all |= account_grant(x->now, after->roles).rights;
	return account_check_rights(x->change->own, all, e);
}

/* By their own names, each once. */
static int check_roles(
	struct accounts_edit *x, const char *const *typed, const char *const **ret, struct err *e)
{
	const char **v = arena_zalloc(&x->arena, (ROLES_MAX + 1) * sizeof *v), *name;
	size_t n = 0, k;

	for (; *typed; typed++) {
		name = account_role_name(x->now, slice_of(*typed));
		if (!name)
			return err_code(e, ERR_INVALID, "role_unknown", "roles",
				"there is no role '%.60s'", *typed);
		for (k = 0; k < n && strcmp(v[k], name) != 0; k++)
			;
		if (k == ROLES_MAX)
			return too_many(e, "roles of one administrator", ROLES_MAX);
		v[k] = name;
		n += k == n;
	}
	if (!n)
		return err_code(e, ERR_INVALID, "required", "roles",
			"an administrator has one role at least");
	*ret = v;
	return 0;
}

static int fill(struct accounts_edit *x, struct account *a, struct err *e)
{
	const struct accounts_change *c = x->change;

	if (check_text(c->description, DESCRIPTION_MAX, "description", e) < 0)
		return -1;
	if (c->roles && check_roles(x, c->roles, &a->roles, e) < 0)
		return -1;
	if (c->description)
		a->description = c->description;
	if (c->enabled != BOOL_STAYS)
		a->enabled = c->enabled == BOOL_YES;
	return 0;
}

/* Whatever was signed in with before is not good any more. */
static void next_epoch(struct accounts_edit *x, struct account *a)
{
	a->epoch = x->change->now_ms > a->epoch ? x->change->now_ms : a->epoch + 1;
}

static int step_account_add(struct accounts_edit *x, struct err *e)
{
	const struct accounts_change *c = x->change;
	struct account a = {
		.name = c->key,
		.description = "",
		.roles = (const char *const[]){NULL},
		.enabled = true,
		.password = c->password,
		.one_time_until_ms = c->one_time_until_ms,
		.recovery = "",
		.epoch = c->now_ms,
		.created_ms = c->now_ms,
	};

	if (account_check_name(slice_of(c->key), e) < 0)
		return -1;
	if (account_find(x->now, slice_of(c->key)))
		return err_code(e, ERR_CONFLICT, "exists", "name",
			"there is an administrator '%s' already", c->key);
	if (x->now->n_accounts >= ACCOUNTS_MAX)
		return too_many(e, "administrators", ACCOUNTS_MAX);
	if (!c->roles)
		return err_code(e, ERR_INVALID, "required", "roles",
			"roles is missing: an administrator has one at least");
	if (fill(x, &a, e) < 0 || check_reach(x, NULL, &a, e) < 0 || account_put(x, &a, e) < 0)
		return -1;
	return audit(x, "add", "administrator", NULL, account_json(&x->arena, &a), e);
}

/* Writes what became of an account, with its line. */
static int account_written(struct accounts_edit *x, const char *verb, const struct account *before,
	const struct account *after, struct err *e)
{
	if (account_put(x, after, e) < 0)
		return -1;
	return audit(x, verb, "administrator", account_json(&x->arena, before),
		account_json(&x->arena, after), e);
}

static int step_account_set(struct accounts_edit *x, struct err *e)
{
	const struct account *before = find(x, e);
	struct account a;

	if (!before)
		return -1;
	a = *before;
	if (fill(x, &a, e) < 0 || check_reach(x, before, &a, e) < 0)
		return -1;
	if (before->enabled && !a.enabled)
		next_epoch(x, &a);
	return account_written(x, "set", before, &a, e);
}

static int revoke(struct accounts_edit *x, const struct account_token *t, struct err *e)
{
	struct account_token revoked = *t;

	if (t->revoked_ms)
		return 0;
	revoked.revoked_ms = x->change->now_ms;
	return account_token_put(x, &revoked, e);
}

static int step_account_remove(struct accounts_edit *x, struct err *e)
{
	const struct account *before = find(x, e);

	if (!before || check_reach(x, before, NULL, e) < 0 ||
		store_run(x->store, STMT_ACCOUNT_DROP, &before->name, 1, e) < 0)
		return -1;
	for (size_t i = 0; i < x->now->n_tokens; i++) {
		const struct account_token *t = &x->now->tokens[i];

		if (!t->of_socket && strcmp(t->owner, before->name) == 0 && revoke(x, t, e) < 0)
			return -1;
	}
	return audit(x, "remove", "administrator", account_json(&x->arena, before), NULL, e);
}

static void drop_totp(struct account *a)
{
	a->totp = NULL;
	a->recovery = "";
}

static int step_account_reset(struct accounts_edit *x, struct err *e)
{
	const struct account *before = find(x, e);
	struct account a;

	if (!before || check_reach(x, before, NULL, e) < 0)
		return -1;
	a = *before;
	a.password = x->change->password;
	a.one_time_until_ms = x->change->one_time_until_ms;
	if (x->change->drop_totp)
		drop_totp(&a);
	next_epoch(x, &a);
	return account_written(x, "reset", before, &a, e);
}

/* ---- one's own account ---- */

static int bad_credentials(struct err *e)
{
	return err_code(
		e, ERR_DENIED, "bad_credentials", NULL, "the name or the password is not right");
}

/* Of himself: it has to be what he signed in to. */
static const struct account *own_account(struct accounts_edit *x, struct err *e)
{
	const struct account *a = account_find(x->now, slice_of(x->change->key));

	if (a && a->enabled && (!x->change->epoch || a->epoch == x->change->epoch))
		return a;
	bad_credentials(e);
	return NULL;
}

static int step_account_password(struct accounts_edit *x, struct err *e)
{
	const struct account *before = own_account(x, e);
	struct account a;

	if (!before)
		return -1;
	a = *before;
	a.password = x->change->password;
	a.one_time_until_ms = 0;
	next_epoch(x, &a);
	return account_written(x, "password", before, &a, e);
}

static int totp_bad(struct err *e)
{
	return err_code(e, ERR_DENIED, "totp_bad", "code",
		"the code is not right, too old, or was used before; wait for the next one");
}

static char *secret_name(struct accounts_edit *x)
{
	return arena_printf(&x->arena, "totp.%s", x->change->key);
}

static const char *sealed_secret(struct accounts_edit *x)
{
	struct buf sealed = {0};
	const char *ret;

	seal_close(x->store->seal, secret_name(x), slice_make(x->change->totp_secret, TOTP_SECRET),
		&sealed);
	ret = arena_dup(&x->arena, buf_slice(&sealed));
	buf_done(&sealed);
	return ret;
}

static int step_account_totp(struct accounts_edit *x, struct err *e)
{
	const struct account *before = own_account(x, e);
	struct account a;

	if (!before)
		return -1;
	if (before->totp)
		return err_code(e, ERR_CONFLICT, "totp_on", NULL,
			"there is a second factor already; remove it first");
	a = *before;
	a.totp_last = 0;
	if (!totp_check(x->change->totp_secret, x->change->code, x->change->now_ms / 1000,
		    &a.totp_last))
		return totp_bad(e);
	a.totp = sealed_secret(x);
	a.recovery = x->change->recovery;
	return account_written(x, "totp-on", before, &a, e);
}

static int step_account_no_totp(struct accounts_edit *x, struct err *e)
{
	const struct account *before = own_account(x, e);
	struct account a;

	if (!before)
		return -1;
	if (!before->totp)
		return err_code(e, ERR_CONFLICT, "totp_off", NULL, "there is no second factor");
	a = *before;
	drop_totp(&a);
	return account_written(x, "totp-off", before, &a, e);
}

static int unseal(
	struct accounts_edit *x, const char *sealed, uint8_t ret[TOTP_SECRET], struct err *e)
{
	struct buf plain = {0};
	int rc = seal_break(x->store->seal, secret_name(x), slice_of(sealed), &plain, e);

	if (rc == 0 && plain.n == TOTP_SECRET)
		memcpy(ret, buf_slice(&plain).p, TOTP_SECRET);
	else if (rc == 0)
		rc = err_set(e, ERR_INTERNAL, "the second factor of %s is damaged", x->change->key);
	if (plain.n)
		mem_wipe(plain.p + plain.off, plain.n);
	buf_done(&plain);
	return rc;
}

/* A recovery code is good once: its hash goes. */
static bool use_recovery(struct accounts_edit *x, struct account *a)
{
	struct slice kept = slice_of(a->recovery);
	int at = recovery_find(kept, slice_of(a->name), x->change->code);

	if (at < 0)
		return false;
	a->recovery = arena_printf(
		&x->arena, "%.*s%s", at * 64, a->recovery, a->recovery + (size_t)(at + 1) * 64);
	return true;
}

static int use_code(struct accounts_edit *x, struct account *a, struct err *e)
{
	uint8_t secret[TOTP_SECRET];
	bool good;

	if (!x->change->code.n)
		return err_code(e, ERR_DENIED, "totp_required", "code",
			"a code of the second factor is needed as well");
	if (unseal(x, a->totp, secret, e) < 0)
		return -1;
	good = totp_check(secret, x->change->code, x->change->now_ms / 1000, &a->totp_last) ||
	       use_recovery(x, a);
	mem_wipe(secret, sizeof secret);
	return good ? 0 : totp_bad(e);
}

static int use_one_time(struct accounts_edit *x, const struct account *a, struct err *e)
{
	if (!a->one_time_until_ms)
		return 0;
	if (a->one_time_until_ms <= x->change->now_ms)
		return bad_credentials(e);
	if (x->change->password)
		return 0;
	return err_code(e, ERR_DENIED, "password_must_change", "new_password",
		"this password is good once, for setting another one: send it as new_password");
}

static int step_sign_in(struct accounts_edit *x, struct err *e)
{
	const struct account *before = own_account(x, e);
	struct account a;

	if (!before)
		return -1;
	a = *before;
	if ((a.totp && use_code(x, &a, e) < 0) || use_one_time(x, &a, e) < 0)
		return -1;
	if (x->change->password) {
		a.password = x->change->password;
		a.one_time_until_ms = 0;
		next_epoch(x, &a);
	}
	a.last_sign_in_ms = x->change->now_ms;
	if (account_put(x, &a, e) < 0)
		return -1;
	return audit(x, "sign-in", "session", NULL,
		x->change->password ? "{\"new_password\": true}" : NULL, e);
}

/* ---- roles ---- */

static int role_fill(struct accounts_edit *x, struct account_role *r, struct err *e)
{
	const struct accounts_change *c = x->change;

	if (check_text(c->title, TITLE_BYTES_MAX, "title", e) < 0)
		return -1;
	if (c->title)
		r->title = c->title;
	if (c->rights)
		r->rights = *c->rights;
	if (c->requires_totp != BOOL_STAYS)
		r->requires_totp = c->requires_totp == BOOL_YES;
	if (!r->rights)
		return err_code(e, ERR_INVALID, "required", "rights",
			"rights is missing: a role has one at least");
	return 0;
}

static int step_role_add(struct accounts_edit *x, struct err *e)
{
	struct account_role r = {.name = x->change->key, .title = ""};

	if (role_check_name(slice_of(r.name), e) < 0)
		return -1;
	if (account_role_find(x->now, slice_of(r.name)))
		return err_code(
			e, ERR_CONFLICT, "exists", "name", "there is a role '%s' already", r.name);
	if (x->now->n_roles >= OWN_ROLES_MAX)
		return too_many(e, "roles", OWN_ROLES_MAX);
	if (role_fill(x, &r, e) < 0 || account_check_rights(x->change->own, r.rights, e) < 0 ||
		account_role_put(x, &r, e) < 0)
		return -1;
	return audit(x, "add", "role", NULL, role_json(&x->arena, &r), e);
}

/* Of a built-in role only this is the installation's. */
static int set_builtin(struct accounts_edit *x, const struct role *builtin, struct err *e)
{
	const struct account_role *kept = account_role_find(x->now, slice_of(builtin->name));
	struct account_role before = {
		builtin->name, builtin->title, builtin->rights, kept && kept->requires_totp};
	struct account_role after = before, row = {builtin->name, "", 0, false};

	if (x->change->title || x->change->rights)
		return role_check_name(slice_of(builtin->name), e);
	if (x->change->requires_totp != BOOL_STAYS)
		after.requires_totp = x->change->requires_totp == BOOL_YES;
	row.requires_totp = after.requires_totp;
	if (account_check_rights(x->change->own, builtin->rights, e) < 0 ||
		account_role_put(x, &row, e) < 0)
		return -1;
	return audit(
		x, "set", "role", role_json(&x->arena, &before), role_json(&x->arena, &after), e);
}

static const struct account_role *find_role(struct accounts_edit *x, struct err *e)
{
	const struct account_role *r = account_role_find(x->now, slice_of(x->change->key));

	if (!r)
		no_such(e, "role", x->change->key);
	return r;
}

static int step_role_set(struct accounts_edit *x, struct err *e)
{
	const struct role *builtin = role_find(slice_of(x->change->key));
	const struct account_role *before;
	struct account_role r;

	if (builtin)
		return set_builtin(x, builtin, e);
	before = find_role(x, e);
	if (!before)
		return -1;
	r = *before;
	if (role_fill(x, &r, e) < 0 ||
		account_check_rights(x->change->own, before->rights | r.rights, e) < 0 ||
		account_role_put(x, &r, e) < 0)
		return -1;
	return audit(x, "set", "role", role_json(&x->arena, before), role_json(&x->arena, &r), e);
}

static int check_unused(struct accounts_edit *x, struct err *e)
{
	for (size_t i = 0; i < x->now->n_accounts; i++) {
		const struct account *a = &x->now->accounts[i];

		for (const char *const *r = a->roles; *r; r++)
			if (strcmp(*r, x->change->key) == 0)
				return err_code(e, ERR_CONFLICT, "role_in_use", NULL,
					"administrator %s has this role; give another one first",
					a->name);
	}
	return 0;
}

/* A binding that is left would give a later role of this name to its group. */
static int check_unbound(struct accounts_edit *x, struct err *e)
{
	AUTO(store_directory_free) struct store_directory *d = NULL;

	if (store_directory_load(x->store, &d, e) < 0)
		return -1;
	for (size_t i = 0; i < d->n_bindings; i++) {
		const struct binding *b = &d->bindings[i].binding;

		if (strcmp(b->role, x->change->key) == 0)
			return err_code(e, ERR_CONFLICT, "role_in_use", NULL,
				"the directory's group %.120s has this role; remove the binding "
				"first",
				b->group);
	}
	return 0;
}

static int step_role_remove(struct accounts_edit *x, struct err *e)
{
	const struct account_role *before;

	if (role_find(slice_of(x->change->key)))
		return role_check_name(slice_of(x->change->key), e);
	before = find_role(x, e);
	if (!before || account_check_rights(x->change->own, before->rights, e) < 0 ||
		check_unused(x, e) < 0 || check_unbound(x, e) < 0 ||
		store_run(x->store, STMT_ACCOUNT_ROLE_DROP, &before->name, 1, e) < 0)
		return -1;
	return audit(x, "remove", "role", role_json(&x->arena, before), NULL, e);
}

/* ---- tokens ---- */

static int check_token(struct accounts_edit *x, const struct account_token *t, struct err *e)
{
	const struct account *owner = account_find(x->now, slice_of(t->owner));

	if (!*t->name || check_text(t->name, NAME_CHARS_MAX, "name", e) < 0)
		return err_code(e, ERR_INVALID, "bad_name", "name",
			"a token has a name, 1 to %d bytes: what it is for", NAME_CHARS_MAX);
	if (!t->rights)
		return err_code(e, ERR_INVALID, "required", "rights",
			"rights is missing: a token has one at least");
	if (!t->of_socket && (!owner || !owner->enabled))
		return err_code(e, ERR_DENIED, "token_needs_account", NULL,
			"a token belongs to a local account, whose rights bound it at each "
			"request");
	return account_check_rights(x->change->own, t->rights, e);
}

/* Dead ones stay, to be seen; a table of nothing else would be full for ever. */
static int make_room(struct accounts_edit *x, struct err *e)
{
	const struct account_token *oldest = NULL;

	if (x->now->n_tokens < TOKENS_MAX)
		return 0;
	for (size_t i = 0; i < x->now->n_tokens; i++) {
		const struct account_token *t = &x->now->tokens[i];

		if ((t->revoked_ms || t->expires_ms <= x->change->now_ms) &&
			(!oldest || t->created_ms < oldest->created_ms))
			oldest = t;
	}
	if (!oldest)
		return too_many(e, "tokens", TOKENS_MAX);
	return store_run(x->store, STMT_TOKEN_DROP, &oldest->id, 1, e);
}

static int step_token_add(struct accounts_edit *x, struct err *e)
{
	const struct accounts_change *c = x->change;
	struct account_token t = {
		.id = c->key,
		.name = c->token_name,
		.owner = c->owner,
		.of_socket = c->of_socket,
		.rights = c->rights ? *c->rights : 0,
		.created_ms = c->now_ms,
		.expires_ms = c->expires_ms,
		.hash = c->token_hash,
	};

	if (check_token(x, &t, e) < 0 || make_room(x, e) < 0 || account_token_put(x, &t, e) < 0)
		return -1;
	return audit(x, "add", "token", NULL, token_json(&x->arena, &t), e);
}

static const struct account_token *find_token(struct accounts_edit *x, struct err *e)
{
	const struct account_token *t = account_token_find(x->now, slice_of(x->change->key));

	if (!t)
		no_such(e, "token", x->change->key);
	return t;
}

/* Whoever may revoke may revoke any: less is always allowed. */
static int step_token_revoke(struct accounts_edit *x, struct err *e)
{
	const struct account_token *t = find_token(x, e);
	struct account_token after;

	if (!t)
		return -1;
	if (t->revoked_ms)
		return err_code(
			e, ERR_CONFLICT, "token_revoked", NULL, "the token is revoked already");
	after = *t;
	after.revoked_ms = x->change->now_ms;
	if (revoke(x, t, e) < 0)
		return -1;
	return audit(
		x, "revoke", "token", token_json(&x->arena, t), token_json(&x->arena, &after), e);
}

static int step_token_used(struct accounts_edit *x, struct err *e)
{
	const struct account_token *t = find_token(x, e);
	struct account_token used;

	if (!t)
		return -1;
	used = *t;
	used.last_used_ms = x->change->now_ms;
	return account_token_put(x, &used, e);
}

accounts_step *const accounts_steps[ACCOUNTS_VERB__N] = {
	[ACCOUNT_ADD] = step_account_add,
	[ACCOUNT_SET] = step_account_set,
	[ACCOUNT_REMOVE] = step_account_remove,
	[ACCOUNT_RESET] = step_account_reset,
	[ACCOUNT_PASSWORD] = step_account_password,
	[ACCOUNT_TOTP] = step_account_totp,
	[ACCOUNT_NO_TOTP] = step_account_no_totp,
	[ACCOUNT_SIGN_IN] = step_sign_in,
	[ROLE_ADD] = step_role_add,
	[ROLE_SET] = step_role_set,
	[ROLE_REMOVE] = step_role_remove,
	[TOKEN_ADD] = step_token_add,
	[TOKEN_REVOKE] = step_token_revoke,
	[TOKEN_USED] = step_token_used,
};
