#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "auth/right.h"
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
