#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "auth/right.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * The roles every installation has. They cannot be changed or removed; roles of an installation's
 * own making are a name and a set of rights (store/accounts.h). A role is also known by the names
 * that its predecessor's administrators use.
 */
struct role {
	const char *name;  /* "server-operator" */
	const char *title; /* one sentence */
	const char *const *aliases; /* ends with NULL */
	right_set rights;
};

extern const struct role builtin_roles[];
extern const size_t builtin_roles_n;

/* By name or alias, in any case; NULL: there is none. */
const struct role *role_find(struct slice name);

/* ---- names, shared by roles and administrators ---- */

enum { NAME_CHARS_MAX = 64, TITLE_BYTES_MAX = 400, ROLES_MAX = 64 };

/*
 * A name of a role of one's own: small letters, digits and '-', a letter first, none that a
 * built-in role or an alias has. ERR_INVALID: bad_name, ERR_CONFLICT: role_builtin.
 */
int role_check_name(struct slice name, struct err *e);

/* Rights as texts, with a ',' between; -1, right_unknown: one of them is none. */
int rights_read(struct slice text, right_set *ret, struct err *e);
void rights_text(right_set rights, char sep, struct buf *ret);
