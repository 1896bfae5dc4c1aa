#pragma once

/* Private to federation/: whose is this domain? Partners' and local ones, in both forms. */

#include "base/hash.h"
#include "federation/config.h"
#include "federation/policy.h"
#include "federation/route.h"
#include "federation/value.h"

struct domain_entry;

struct domain_key {
	struct table_node node;
	struct domain_entry *entry;
};

struct domain_entry {
	struct domain_key a, u;
	const struct object *owner; /* a partner or a local domain */
	const struct domain_name *name;
	const struct route *route; /* local ones, in a snapshot */
	const struct policy
		*policy; /* local ones, in a snapshot: the domain's, or the global one */
};

struct domain_index {
	struct table table;
	struct domain_entry *v;
	size_t n, cap;
};

/* Room for all domains of c. */
void domain_index_init(struct domain_index *ix, const struct config *c);
void domain_index_done(struct domain_index *ix);

/* NULL when it was not there and now is; else the entry that has the domain already. */
const struct domain_entry *domain_index_add(
	struct domain_index *ix, const struct object *owner, const struct domain_name *name);

/* Lower-case, either form. */
struct domain_entry *domain_index_get(const struct domain_index *ix, struct slice domain);
