#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * What a caller may do. Every route of the API names one right (admin/route.h), so that no handler
 * can forget to ask. RIGHT(id, name, help)
 */
#define RIGHTS(RIGHT)                                                                              \
	RIGHT(STATUS_READ, "status.read", "See whether the service runs, and its counters")        \
	RIGHT(CONFIG_CHANGE, "config.change",                                                      \
		"Send several changes as one; each needs the right to its kind as well")           \
	RIGHT(GATEWAY_READ, "gateway.read", "See the gateway settings")                            \
	RIGHT(GATEWAY_WRITE, "gateway.write", "Change the gateway settings")                       \
	RIGHT(ACCESS_READ, "access.read", "See the federation switch")                             \
	RIGHT(ACCESS_WRITE, "access.write", "Turn federation on and off")                          \
	RIGHT(ROUTE_READ, "route.read", "See SIP routes")                                          \
	RIGHT(ROUTE_WRITE, "route.write", "Add, change and remove SIP routes")                     \
	RIGHT(DOMAIN_READ, "domain.read", "See local domains")                                     \
	RIGHT(DOMAIN_WRITE, "domain.write", "Add, change and remove local domains")                \
	RIGHT(PARTNER_READ, "partner.read", "See partners")                                        \
	RIGHT(PARTNER_WRITE, "partner.write", "Add, change and remove partners")                   \
	RIGHT(POLICY_READ, "policy.read", "See external access policies")                          \
	RIGHT(POLICY_WRITE, "policy.write", "Add, change and remove external access policies")     \
	RIGHT(GRANT_READ, "grant.read", "See which users have a policy of their own")              \
	RIGHT(GRANT_WRITE, "grant.write", "Grant policies to users")                               \
	RIGHT(ALLOW_READ, "allow.read", "See which users have invited which contacts")             \
	RIGHT(ALLOW_WRITE, "allow.write", "Invite contacts on behalf of users")                    \
	RIGHT(STREAM_READ, "stream.read",                                                          \
		"See the streams with partners, how partners are, and what was tried with them")   \
	RIGHT(STREAM_CLOSE, "stream.close", "Close streams")                                       \
	RIGHT(CERTIFICATE_READ, "certificate.read", "See our own certificates")                    \
	RIGHT(CERTIFICATE_RELOAD, "certificate.reload", "Have the certificate files read again")   \
	RIGHT(TEST_RUN, "test.run", "Test partners, which connects to them, and our own domains")  \
	RIGHT(BODIES_WRITE, "bodies.write", "Turn the logging of message texts on and off")        \
	RIGHT(ADMIN_READ, "admin.read", "See the administrators")                                  \
	RIGHT(ADMIN_WRITE, "admin.write", "Add, change and remove administrators")                 \
	RIGHT(ROLE_READ, "role.read", "See the roles and what they may do")                        \
	RIGHT(ROLE_WRITE, "role.write", "Add, change and remove roles of one's own making")        \
	RIGHT(TOKEN_READ, "token.read", "See which API tokens there are")                          \
	RIGHT(TOKEN_WRITE, "token.write", "Make and revoke API tokens")                            \
	RIGHT(DIRECTORY_READ, "directory.read", "See how the directory signs administrators in")   \
	RIGHT(DIRECTORY_WRITE, "directory.write",                                                  \
		"Change the directory and which of its groups have which role, and test it")       \
	RIGHT(AUDIT_READ, "audit.read", "See who changed what, and verify that nothing is missing") \
	RIGHT(GENERATION_READ, "generation.read", "See earlier generations of the settings")       \
	RIGHT(GENERATION_RESTORE, "generation.restore",                                            \
		"Return to an earlier generation; needs the right to each kind that changes too")  \
	RIGHT(EXPORT_READ, "export.read", "Export the settings as a whole")

enum right {
#define RIGHT(id, ...) RIGHT_##id,
	RIGHTS(RIGHT)
#undef RIGHT
		RIGHT__N
};

/* A set of them: RIGHT_BIT() of each. */
typedef uint64_t right_set;
#define RIGHT_BIT(r) ((right_set)1 << (r))
#define RIGHTS_ALL (RIGHT_BIT(RIGHT__N) - 1)

/* "partner.read". */
const char *right_name(enum right r);
const char *right_help(enum right r);

/* By name; false: there is none. */
bool right_find(struct slice name, enum right *ret);
