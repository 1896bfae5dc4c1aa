#include "admin/openapi_schema.h"

#include <stddef.h>

/* How SIP routes are. */

/* clang-format off */
#define DIRECTION WORDS("in, out")
#define TRANSPORT WORDS("udp, tcp, tls")
#define LIMIT "type: [integer, 'null'], minimum: 1"

const struct openapi_schema openapi_routes[] = {
	{"RouteState", NULL, OBJECT(
		{"name", TEXT},
		{"state", WORDS("up, suspect, down, unresolved") ABOUT("up: a target is; suspect: none is, "
			"and what was tried last failed; down: no target answers; unresolved: there is no address.")},
		{"next_hop", TEXT ABOUT("As configured, without its port.")},
		{"transport", WORDS("udp, tcp, tls, auto")},
		{"target", TEXT_OR_NULL ABOUT("Where a request would go now.")},
		{"resolved", TIME ABOUT("The age of the addresses; null: there are none, or it is one itself.")},
		{"credentials_refused_until", TIME ABOUT("The password was refused: it is not sent again before.")},
		{"receive_rate", LIMIT ABOUT("In force; null: no limit.")},
		{"sender_rate", LIMIT},
		{"send_rate", LIMIT},
		{"requests_in", COUNT ABOUT("Since the start, as the others.")},
		{"requests_out", COUNT},
		{"answered", COUNT},
		{"timeouts", COUNT},
		{"unreachable", COUNT},
		{"failovers", COUNT ABOUT("Requests that went on to another target.")},
		{"retransmissions", COUNT},
		{"challenged", COUNT ABOUT("Requests that were asked for credentials.")},
		{"forged_from", COUNT ABOUT("Its requests refused for their From.")},
		{"over_rate", COUNT ABOUT("Its requests refused by receive_rate.")},
		{"over_sender_rate", COUNT},
		{"sessions", COUNT ABOUT("Of users and contacts, that are up now.")},
		{"last_error", TEXT_OR_NULL ABOUT("A stable word.")},
		{"last_error_at", TIME},
		{"targets", LIST(REF("RouteTarget")) ABOUT("In the order of preference.")},
		{"connections", LIST(REF("RouteConnection"))},
		{"errors", LIST(REF("RouteError")) ABOUT("The last 20, youngest first.")})},
	{"RouteTarget", NULL, OBJECT(
		{"state", WORDS("up, suspect, dead, resting") ABOUT("resting: it said 503 with Retry-After.")},
		{"address", TEXT},
		{"host", TEXT_OR_NULL ABOUT("The name that has the address.")},
		{"transport", TRANSPORT},
		{"priority", COUNT},
		{"weight", COUNT},
		{"since", TIME},
		{"last_probe", TIME},
		{"next_probe", TIME},
		{"rests_until", TIME},
		{"under_way", COUNT ABOUT("Requests without a final answer.")},
		{"requests", COUNT},
		{"answered", COUNT},
		{"timeouts", COUNT},
		{"unreachable", COUNT},
		{"busy", COUNT ABOUT("Answers 503.")},
		{"retransmissions", COUNT},
		{"probes", COUNT},
		{"probes_failed", COUNT})},
	{"RouteConnection", NULL, OBJECT(
		{"direction", DIRECTION},
		{"state", TEXT},
		{"transport", TRANSPORT},
		{"peer", TEXT_OR_NULL},
		{"tls", TEXT_OR_NULL},
		{"cipher", TEXT_OR_NULL},
		{"names", TEXT_OR_NULL ABOUT("Of the peer, proved by its certificate.")},
		{"subject", TEXT_OR_NULL},
		{"own_certificate", TEXT_OR_NULL},
		{"since", TIME},
		{"certificate_expires", TIME},
		{"bytes_in", COUNT},
		{"bytes_out", COUNT},
		{"messages_in", COUNT},
		{"messages_out", COUNT})},
	{"RouteError", NULL, OBJECT(
		{"code", TEXT ABOUT("A stable word.")},
		{"at", TIME},
		{"times", COUNT ABOUT("As often, one after the other.")},
		{"target", TEXT_OR_NULL},
		{"text", TEXT_OR_NULL})},
	{0},
};
/* clang-format on */
