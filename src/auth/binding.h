#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * Groups of a directory that are bound to roles. A group counts when it is under the base that was
 * set for groups, whatever else says its name or its SID: who may make groups elsewhere in the
 * directory makes no administrators. Pure.
 */
struct binding {
	const char *group; /* a DN or a SID as text; of a suggestion a plain name */
	const char *role;
	bool confirmed;    /* else it does nothing */
};

/* A group that somebody is in. */
struct binding_group {
	const char *dn;
	const char *sid; /* as text; "" when it has none */
};

/*
 * May the binding be confirmed as it stands? ERR_INVALID: "group_syntax" (neither DN nor SID),
 * "group_base_missing", "group_outside_base".
 */
int binding_check(const struct binding *b, const char *group_base, struct err *e);

/* Are they the same group, as far as their texts tell? */
bool binding_same_group(const char *a, const char *b);

/*
 * The roles of somebody in these groups: ret has room for n_bindings, gets each name once (borrowed
 * from the bindings) and how many is returned. A group's name that is no DN counts for nothing.
 */
size_t binding_roles(const struct binding *b, size_t n_bindings, const char *group_base,
	const struct binding_group *g, size_t n_groups, const char **ret);
