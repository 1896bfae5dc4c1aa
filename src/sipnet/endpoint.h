#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/address.h"
#include "sipnet/login.h"
#include "sipnet/sipnet.h"

/*
 * One address to which requests of a route may go, and how it stands. Knows no
 * clock and no randomness: both are passed in.
 *
 *            request failed             probe failed
 *     UP ------------------> SUSPECT ----------------> DEAD
 *      ^    probe at once       |                       |  probe after 1, 2, 4 ... 60 s
 *      `------------------------+-----------------------'
 *                        an answer, but 503
 *
 * Beside that it rests while a 503 with Retry-After says so (RFC 3261 21.5.4).
 */
struct sip_client;
struct target;

enum endpoint_event {
	ENDPOINT_ANSWERED, /* whatever it said, but 503 */
	ENDPOINT_FAILED,   /* a request found no way, or no answer in time */
	ENDPOINT_PROBE_FAILED,
	ENDPOINT_EVENT__N
};

enum {
	ENDPOINT_REST_MAX = 60000,  /* ms: who says longer is asked again after it */
	ENDPOINT_PROBE_MAX = 60000, /* between two probes */
	ENDPOINT_TRIALS = 4, /* requests under way to a dead one; those over it fail at once */
};

/* Found by DNS, or given. */
struct found {
	struct netaddr addr;
	uint8_t transport; /* enum sip_transport */
	uint8_t record;    /* those of one SRV record have the same */
	uint16_t priority, weight;
	char host[SIP_LOCATE_NAME + 16]; /* "": a literal */
};

struct endpoint {
	struct target *target;
	uint32_t id; /* no other of its target ever has it */
	struct found at;
	enum sipnet_target_state state; /* UP, SUSPECT, DEAD */
	uint64_t since;
	uint64_t rest_until; /* 0: does not rest */
	uint64_t probe_due;  /* UINT64_MAX: none */
	uint64_t probed;     /* when the last one went out; 0: never */
	unsigned failed;     /* probes, one after the other */
	unsigned under_way;
	struct sip_client *probe; /* under way */
	struct login login[LOGIN__N];
	uint64_t requests, answered, timeouts, unreachable, busy, retransmissions;
	uint64_t probes, probes_failed;
};

struct endpoint *endpoint_new(
	struct target *t, uint32_t id, const struct found *f, uint64_t now_ms);
void endpoint_free(struct endpoint *e);

/* random: for the jitter of the next probe. True: a probe has become due, or
 * none is any more. */
bool endpoint_event(
	struct endpoint *e, enum endpoint_event event, uint64_t now_ms, uint64_t random);

/* It said 503; after_s: its Retry-After, 0: none, and then it does not rest. */
void endpoint_rest(struct endpoint *e, uint32_t after_s, uint64_t now_ms);
bool endpoint_rests(const struct endpoint *e, uint64_t now_ms);

/* How it is shown: its state, or SIPNET_RESTING. */
enum sipnet_target_state endpoint_state(const struct endpoint *e, uint64_t now_ms);

/* A dead one takes a few requests, so that one that answers no OPTIONS is found
 * alive again. */
bool endpoint_takes(const struct endpoint *e, uint64_t now_ms);
