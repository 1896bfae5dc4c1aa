#pragma once

#include <stdint.h>

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
	RIGHT(TEST_RUN, "test.run", "Test partners, which connects to them, and our own domains")

enum right {
#define RIGHT(id, ...) RIGHT_##id,
	RIGHTS(RIGHT)
#undef RIGHT
		RIGHT__N
};

/* A set of them: bits 1 << RIGHT_... */
typedef uint32_t right_set;
#define RIGHTS_ALL ((right_set)((1u << RIGHT__N) - 1))

/* "partner.read". */
const char *right_name(enum right r);
const char *right_help(enum right r);
