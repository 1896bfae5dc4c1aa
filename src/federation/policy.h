#pragma once

#include <stdbool.h>

#include "federation/object.h"

/*
 * An external access policy. identity is "global" (always there), "domain:NAME" for the users of
 * one local domain, or "tag:NAME", which is in force for the users it is granted to. The narrowest
 * one decides alone: user over domain over global, also where a wider one says more or less.
 */
struct policy {
	struct object object;
	char *identity; /* the key; the domain in A-labels */
	char *description;
	bool enable_federation_access;
	bool enable_xmpp_access;
	bool write_invites; /* writing to a PublicUnverified contact is the invitation */
};

/* A tag policy given to one user. */
struct grant {
	struct object object;
	char *user;   /* the key; see federation/address.h */
	char *policy; /* "tag:NAME" */
};

extern const struct object_class policy_class;
extern const struct object_class grant_class;

static inline const struct policy *policy_of(const struct object *o)
{
	return (const struct policy *)o;
}

static inline const struct grant *grant_of(const struct object *o)
{
	return (const struct grant *)o;
}
