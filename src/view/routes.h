#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/*
 * What the gateway says about SIP routes when it is asked: a copy, made on its loop, that then
 * belongs to whoever asked and may be read on any thread. Texts are printable UTF-8, SL_NONE where
 * there is nothing to say, and in the arena of the list. Times are wall clock; 0: never, or none.
 */

/* One address to which requests of a route may go. */
struct view_route_target {
	struct slice address, host; /* host: the name it is of */
	const char *transport;      /* "udp", "tcp", "tls" */
	const char *state;          /* "up", "suspect", "dead", "resting" */
	uint16_t priority, weight;
	uint64_t since_ms, last_probe_ms, next_probe_ms, rest_until_ms;
	uint64_t under_way, requests, answered, timeouts, unreachable, busy;
	uint64_t retransmissions, probes, probes_failed;
};

struct view_route_error {
	const char *code; /* stable */
	struct slice target, text;
	uint64_t at_ms;
	unsigned times;
};

struct view_route_connection {
	struct slice peer;
	const char *direction; /* "in", "out" */
	const char *state;
	const char *transport;
	struct slice tls, cipher; /* SL_NONE: in clear */
	struct slice names;       /* that its certificate proved */
	struct slice subject;
	struct slice own; /* name of our certificate that was shown */
	uint64_t since_ms, expires_ms;
	uint64_t bytes_in, bytes_out, messages_in, messages_out;
};

struct view_route {
	struct slice name, next_hop;
	const char *transport; /* as configured */
	/*
	 * "up": a target is; "suspect": none is, and one failed but once; "down": all are dead or
	 * resting; "unresolved": there is no address.
	 */
	const char *state;
	struct slice target; /* to which a request would go now */
	uint64_t resolved_ms, digest_wait_ms;
	uint64_t requests_in, requests_out, answered, timeouts, unreachable, failovers;
	uint64_t retransmissions, challenged, forged_from, over_rate, over_sender_rate;
	/* in force; 0: no limit */
	uint32_t receive_rate, sender_rate, send_rate;
	uint32_t sessions; /* of users and contacts that are up; the gateway's to say */
	struct view_route_target *targets;
	struct view_route_error *errors; /* youngest first */
	struct view_route_connection *connections;
	size_t n_targets, n_errors, n_connections;
};

struct view_routes {
	struct arena arena;
	struct view_route *v; /* in the order of their names */
	size_t n;
};

/* "up", ... from what its targets are. */
struct view_route_facts {
	unsigned targets, up, suspect;
};
const char *view_route_state(const struct view_route_facts *f);

struct view_routes *view_routes_new(size_t n); /* with n zeroed rows */
void view_routes_free(struct view_routes *l);  /* NULL is fine */

/* A question to the gateway, as view/ask.h has them to the edge. */
struct view_routes_ask {
	struct view_routes *routes;              /* the answer, the asker's */
	void (*done)(struct view_routes_ask *a); /* runs once, on the asker's loop */
};
