#include <assert.h>

#include "link/link.h"

static const char *const fate_names[] = {
	[LINK_REFUSED] = "refused",
	[LINK_UNSENT] = "unsent",
	[LINK_WRITTEN] = "written",
	[LINK_UNKNOWN] = "unknown",
};

/*
 * Conditions: RFC 6120 10.4.3 and 8.3.3.16, .17 for what could not be reached or negotiated; a
 * limit of ours is resource-constraint.
 */
/* clang-format off */
static const struct {
	const char *name, *condition, *text;
} reasons[LINK_R__N] = {
	[LINK_R_NONE] = {"none", "undefined-condition", "no reason is known"},
	[LINK_R_NOT_PARTNER] = {"not-partner", "remote-server-not-found",
		"the domain is not one that messages may be sent to"},
	[LINK_R_NOT_LOCAL] = {"not-local", "forbidden", "the sender's domain is not served here"},
	[LINK_R_NO_SUCH_SERVER] = {"no-such-server", "remote-server-not-found",
		"the domain has no XMPP server"},
	[LINK_R_DNS_FAILED] = {"dns-failed", "remote-server-timeout",
		"the partner's server could not be looked up"},
	[LINK_R_CONNECT_FAILED] = {"connect-failed", "remote-server-timeout",
		"the partner's server could not be reached"},
	[LINK_R_TLS_FAILED] = {"tls-failed", "remote-server-timeout",
		"no secure connection to the partner's server could be made"},
	[LINK_R_AUTH_FAILED] = {"auth-failed", "remote-server-timeout",
		"the two servers could not authenticate each other"},
	[LINK_R_DIALBACK_INVALID] = {"dialback-invalid", "internal-server-error",
		"the partner's server does not believe that this server speaks for its domain"},
	[LINK_R_DIALBACK_FAILED] = {"dialback-failed", "remote-server-timeout",
		"the partner's server could not verify this server's domain"},
	[LINK_R_STREAM_ERROR] = {"stream-error", "remote-server-timeout",
		"the partner's server ended the connection with an error"},
	[LINK_R_BACK_OFF] = {"back-off", "remote-server-timeout",
		"the partner's server could not be reached a moment ago"},
	[LINK_R_DEADLINE] = {"deadline", "remote-server-timeout",
		"the partner's server was not ready in time"},
	[LINK_R_QUEUE_FULL] = {"queue-full", "resource-constraint",
		"too many messages are waiting for the partner's server"},
	[LINK_R_TOO_BIG] = {"too-big", "policy-violation",
		"the message is bigger than the partner's server takes"},
	[LINK_R_CONNECTION_LIMIT] = {"connection-limit", "resource-constraint",
		"too many connections are open"},
	[LINK_R_STREAM_LOST] = {"stream-lost", "remote-server-timeout",
		"the connection to the partner's server was lost"},
	[LINK_R_SHUTDOWN] = {"shutdown", "service-unavailable", "the gateway is being stopped"},
};
/* clang-format on */

const char *link_fate_name(enum link_fate_kind kind)
{
	assert(kind <= LINK_UNKNOWN);
	return fate_names[kind];
}

const char *link_reason_name(enum link_reason r)
{
	assert(r < LINK_R__N);
	return reasons[r].name;
}

const char *link_reason_condition(enum link_reason r)
{
	assert(r < LINK_R__N);
	return reasons[r].condition;
}

const char *link_reason_text(enum link_reason r)
{
	assert(r < LINK_R__N);
	return reasons[r].text;
}
