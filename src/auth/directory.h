#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * How administrators sign in by a directory: the settings, and the rules for them. Pure. Strings are
 * whoever's made the struct, and never NULL.
 */
struct directory_settings {
	bool enabled;
	/* "ldaps://dc1.example ldap://dc2.example", in the order to try; ldap:// means StartTLS */
	const char *servers;
	const char *ca_file; /* "": the system's authorities */
	const char *bind_dn; /* who searches; "": nobody in particular */
	const char *bind_password;
	const char *user_base;
	const char *user_filter; /* "": DIRECTORY_FILTER */
	const char *group_base;
	unsigned timeout; /* seconds for one operation */
};

/* X(name, default, help): those that are a text, in the order they are shown. */
#define DIRECTORY_TEXTS(X)                                                                         \
	X(servers, "", "LDAP servers in the order to try: ldaps://HOST, or ldap://HOST for StartTLS")  \
	X(ca_file, "", "PEM file of the authorities of their certificates; empty: the system's")    \
	X(bind_dn, "", "Account that may read users and groups; empty: nobody in particular")        \
	X(bind_password, "", "Its password; kept sealed and never shown")                             \
	X(user_base, "", "Entry under which users are looked for")                                    \
	X(user_filter, "", "Filter that finds a user, each %s the name he typed; empty: by account")   \
	X(group_base, "", "Entry under which groups count")

#define DIRECTORY_FILTER "(|(sAMAccountName=%s)(userPrincipalName=%s)(uid=%s))"

enum { DIRECTORY_TIMEOUT = 5, DIRECTORY_TIMEOUT_MAX = 10, DIRECTORY_TEXT_MAX = 4096 };

extern const struct directory_settings directory_defaults;

/*
 * Are they right as a whole? ERR_INVALID with the field and one of: server_syntax,
 * too_many_servers, required, dn_syntax, filter_syntax, path_syntax, bad_text, out_of_range. What is
 * not set is missed only when the directory is enabled.
 */
int directory_check(const struct directory_settings *d, struct err *e);

/*
 * The next server of the list; false: there is none. Any white space, ',' and ';' stand between
 * them.
 */
bool directory_server(struct slice *rest, struct slice *ret);

/*
 * Would the password of bind_dn go to somebody else than before? Then it has to be given again: who
 * may set servers but not read the password would have it sent to a server of his own.
 */
bool directory_trusts_others(
	const struct directory_settings *before, const struct directory_settings *after);
