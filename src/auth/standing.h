#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Whether an account of a directory may be used at all, by its attributes: a server enforces some of
 * it when somebody binds, none of it when his membership is read again. Pure.
 */
enum standing {
	STANDING_GOOD,
	STANDING_DISABLED,
	STANDING_LOCKED,
	STANDING_EXPIRED,
	STANDING_PASSWORD_EXPIRED,
	STANDING__N
};
const char *standing_name(enum standing s); /* "good", "disabled", ... */

/* Which attribute says what: the names to ask a server for, in this order. */
enum standing_attribute {
	STANDING_USER_ACCOUNT_CONTROL,          /* Active Directory */
	STANDING_USER_ACCOUNT_CONTROL_COMPUTED,
	STANDING_LOCKOUT_TIME,
	STANDING_ACCOUNT_EXPIRES,
	STANDING_PWD_ACCOUNT_LOCKED_TIME,       /* OpenLDAP's ppolicy */
	STANDING_NS_ACCOUNT_LOCK,               /* 389 Directory Server, FreeIPA */
	STANDING_SHADOW_EXPIRE,                 /* RFC 2307 */
	STANDING_ATTRIBUTES
};
extern const char *const standing_attributes[STANDING_ATTRIBUTES];

/*
 * v: a value of each, absent where there is none. What is there and cannot be read counts as
 * disabled. now_s: wall clock, seconds since 1970.
 *
 * lockoutTime and pwdAccountLockedTime stay after a lock has run out, until the account's next bind:
 * until then they count. After a bind with its password has worked, the server has judged them:
 * bound says so, and they do not count then (pwdAccountLockedTime 000001010000Z, locked for good,
 * always does).
 */
enum standing standing_judge(
	const struct slice v[STANDING_ATTRIBUTES], bool bound, uint64_t now_s);

/*
 * What Active Directory says of a bind that it refused, in the diagnostic message:
 * "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 533, v2580".
 * STANDING_GOOD: nothing but that the name or the password is wrong.
 */
enum standing standing_of_refusal(struct slice diagnostic);
