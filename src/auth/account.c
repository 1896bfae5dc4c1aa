#include "auth/account.h"

#include "base/mem.h"

static const char administrator[] = "administrator";

const struct account *account_find(const struct accounts_view *v, struct slice name)
{
	for (size_t i = 0; i < v->n_accounts; i++)
		if (slice_eqz(name, v->accounts[i].name))
			return &v->accounts[i];
	return NULL;
}

const struct account_role *account_role_find(const struct accounts_view *v, struct slice name)
{
	for (size_t i = 0; i < v->n_roles; i++)
		if (slice_eqz(name, v->roles[i].name))
			return &v->roles[i];
	return NULL;
}

const struct account_token *account_token_find(const struct accounts_view *v, struct slice id)
{
	for (size_t i = 0; i < v->n_tokens; i++)
		if (slice_eqz(id, v->tokens[i].id))
			return &v->tokens[i];
	return NULL;
}

struct account_grant account_grant(const struct accounts_view *v, const char *const *roles)
{
	struct account_grant g = {0};

	for (; *roles; roles++) {
		const struct role *builtin = role_find(slice_of(*roles));
		const struct account_role *own =
			account_role_find(v, slice_of(builtin ? builtin->name : *roles));

		g.rights |= builtin ? builtin->rights : own ? own->rights : 0;
		g.requires_totp |= own && own->requires_totp;
	}
	return g;
}

const char *account_role_name(const struct accounts_view *v, struct slice name)
{
	const struct role *builtin = role_find(name);
	const struct account_role *own = builtin ? NULL : account_role_find(v, name);

	return builtin ? builtin->name : own ? own->name : NULL;
}

static bool may_stand_in_a_name(char c, size_t at)
{
	return (c >= 'a' && c <= 'z') || ascii_digit(c) ||
	       (at && (c == '.' || c == '_' || c == '-' || c == '@'));
}

int account_check_name(struct slice name, struct err *e)
{
	bool good = name.n > 0 && name.n <= NAME_CHARS_MAX;

	for (size_t i = 0; good && i < name.n; i++)
		good = may_stand_in_a_name(name.p[i], i);
	if (good)
		return 0;
	return err_code(e, ERR_INVALID, "bad_name", "name",
		"an administrator's name is made of small letters, digits and . _ - @, at most %d, "
		"a letter or digit first",
		NAME_CHARS_MAX);
}

static bool could_sign_in(const struct account *a, uint64_t now_ms)
{
	return a->enabled && (!a->one_time_until_ms || a->one_time_until_ms > now_ms);
}

static bool has_administrator(const struct accounts_view *v, uint64_t now_ms)
{
	for (size_t i = 0; i < v->n_accounts; i++)
		for (const char *const *r = v->accounts[i].roles; *r; r++)
			if (could_sign_in(&v->accounts[i], now_ms) &&
				strcmp(*r, administrator) == 0)
				return true;
	return false;
}

int account_check_last(const struct accounts_view *before, const struct accounts_view *after,
	uint64_t now_ms, struct err *e)
{
	if (has_administrator(after, now_ms) || !has_administrator(before, now_ms))
		return 0;
	return err_code(e, ERR_CONFLICT, "last_administrator", NULL,
		"this is the last enabled administrator with the role administrator; make another "
		"one first, or do it in the shell of the server");
}

int account_check_rights(right_set own, right_set wanted, struct err *e)
{
	for (enum right r = 0; r < RIGHT__N; r++)
		if (wanted & ~own & RIGHT_BIT(r))
			return err_code(e, ERR_DENIED, "rights_exceeded", "rights",
				"this is about the right %s, which you do not have yourself",
				right_name(r));
	return 0;
}
