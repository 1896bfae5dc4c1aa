#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/right.h"
#include "auth/role.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * Who may administer: local accounts, roles of one's own, tokens; and the rules about who may
 * change them. store/accounts.h keeps them. Strings are whoever's made the struct; lists of names
 * end with NULL.
 */
struct account {
	const char *name; /* as signed in with: small letters, as account_check_name() wants it */
	const char *description;
	const char *const *roles;
	bool enabled;
	const char *password;       /* a hash of store/argon.h; never NULL */
	uint64_t one_time_until_ms; /* wall clock; 0: the password is one of his own */
	const char *totp;           /* sealed secret; NULL: no second factor */
	uint64_t totp_last;         /* step of the last code used */
	const char *recovery;       /* hashes, auth/totp.h; "" when there is none */
	/*
	 * Rises whenever what was signed in with is not good any more: a new password, the end of
	 * the second factor, being disabled. Sessions of an older one have ended.
	 */
	uint64_t epoch;
	uint64_t created_ms, last_sign_in_ms; /* 0: never */
};

/* A role of one's own; or, of a built-in one, only that it requires the second factor. */
struct account_role {
	const char *name, *title;
	right_set rights;
	bool requires_totp;
};

struct account_token {
	const char *id, *name;
	const char *owner; /* an account, or somebody of the unix socket */
	bool of_socket;
	right_set rights;
	uint64_t created_ms, expires_ms, last_used_ms, revoked_ms; /* the last two: 0 for never */
	const char *hash;                                          /* token_hash() */
};

/* All of it, each list ordered by its first member. */
struct accounts_view {
	const struct account *accounts;
	size_t n_accounts;
	const struct account_role *roles;
	size_t n_roles;
	const struct account_token *tokens;
	size_t n_tokens;
};

const struct account *account_find(const struct accounts_view *v, struct slice name);
const struct account_role *account_role_find(const struct accounts_view *v, struct slice name);
const struct account_token *account_token_find(const struct accounts_view *v, struct slice id);

/* What roles give; names that are no role (any more) give nothing. */
struct account_grant {
	right_set rights;
	bool requires_totp;
};
struct account_grant account_grant(const struct accounts_view *v, const char *const *roles);

/*
 * The canonical name of a role, by name or alias; NULL: there is none. Borrowed of v or of the
 * built-in table.
 */
const char *account_role_name(const struct accounts_view *v, struct slice name);

/* 1 to 64 of the characters a-z 0-9 . _ - @, the first a letter or digit. bad_name. */
int account_check_name(struct slice name, struct err *e);

/*
 * Could somebody who has only a local account still turn everything right? An enabled account with
 * the role administrator, whose one-time password, if that is what it has, is still good. Asked of
 * what would be after a change: when it is not so, but was before, ERR_CONFLICT last_administrator.
 */
int account_check_last(const struct accounts_view *before, const struct accounts_view *after,
	uint64_t now_ms, struct err *e);

/*
 * Nobody gives, takes or changes rights that he has not: -1, ERR_DENIED, rights_exceeded with the
 * first right in `wanted` that `own` lacks.
 */
int account_check_rights(right_set own, right_set wanted, struct err *e);
