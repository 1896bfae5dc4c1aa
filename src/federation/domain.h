#pragma once

#include "federation/object.h"
#include "federation/value.h"

/* A SIP domain we speak for. Never a partner's. */
struct local_domain {
	struct object object;
	struct domain_name domain; /* the key */
	char *description;
	char *route; /* name of the SIP route to its users; NULL: nothing is delivered */
};

extern const struct object_class local_domain_class;

static inline const struct local_domain *local_domain_of(const struct object *o)
{
	return (const struct local_domain *)o;
}
