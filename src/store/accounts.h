#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "auth/account.h"
#include "auth/totp.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/audit.h"

/*
 * Who may administer: accounts, roles of one's own, API tokens. They lie beside the settings and
 * are of no generation: a return to an earlier one brings nobody back. Every change is one
 * transaction with its line in the audit log, and is judged against what is in the store at that
 * moment.
 *
 * What is kept of secrets: of passwords a hash (store/argon.h), of tokens and recovery codes a
 * hash, of the second factor the secret, sealed.
 */
struct store;

/* What there was at one moment; immutable, counted, for any thread. */
struct accounts;
const struct accounts_view *accounts_view(const struct accounts *a);
struct accounts *accounts_ref(struct accounts *a);
void accounts_unref(struct accounts *a); /* NULL is fine */
DEFINE_AUTO(struct accounts *, accounts_unref)

/* As it is in the store now; a reference for the caller. */
int store_accounts(struct store *s, struct accounts **ret, struct err *e);

enum accounts_verb {
	ACCOUNT_ADD,      /* description, roles, enabled, password, one_time_until_ms */
	ACCOUNT_SET,      /* description, roles, enabled: those given */
	ACCOUNT_REMOVE,   /* and revokes its tokens */
	ACCOUNT_RESET,    /* password, one_time_until_ms, drop_totp */
	ACCOUNT_PASSWORD, /* password: his own */
	ACCOUNT_TOTP,     /* totp_secret, recovery, code: of the new secret */
	ACCOUNT_NO_TOTP,
	/*
	 * The password was right: code, and password where a new one is set. Refused with
	 * bad_credentials (it is disabled, gone, of another epoch, or its one-time password is too
	 * old), totp_required, totp_bad, password_must_change.
	 */
	ACCOUNT_SIGN_IN,
	ROLE_ADD, /* title, rights, requires_totp */
	ROLE_SET, /* those given; of a built-in one only requires_totp */
	ROLE_REMOVE,
	TOKEN_ADD, /* token_name, owner, rights, expires_ms, token_hash */
	TOKEN_REVOKE,
	TOKEN_USED, /* now; no line in the audit log */
	ACCOUNTS_VERB__N
};

enum accounts_bool { BOOL_STAYS, BOOL_NO, BOOL_YES };

/* Strings are borrowed; NULL: not given. */
struct accounts_change {
	enum accounts_verb verb;
	struct store_actor actor;
	right_set own;     /* of the actor: nobody gives, takes or changes what he has not */
	bool may_lock_out; /* by the unix socket, where the way back is */
	uint64_t now_ms;
	const char *key; /* name of the account or role, id of the token */
	uint64_t epoch;  /* of the account; 0: whatever it is. Another one: bad_credentials */

	const char *description, *title;
	const char *const *roles; /* ends with NULL; names or aliases */
	enum accounts_bool enabled, requires_totp;
	const char *password; /* a hash */
	uint64_t one_time_until_ms;
	bool drop_totp;
	const uint8_t *totp_secret;
	const char *recovery; /* hashes */
	struct slice code;
	const right_set *rights;
	const char *token_name, *owner, *token_hash;
	bool of_socket;
	uint64_t expires_ms;
};

/*
 * Makes the change. *ret (may be NULL) is a reference to what there is after it. On failure nothing
 * has changed; codes besides those above: not_found, exists, bad_name, rights_exceeded,
 * last_administrator, role_unknown, role_builtin, role_in_use, too_many, totp_on, totp_off, and
 * what the disk says.
 */
int store_accounts_change(
	struct store *s, const struct accounts_change *c, struct accounts **ret, struct err *e);
