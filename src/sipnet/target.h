#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/list.h"
#include "federation/snapshot.h"
#include "loop/loop.h"
#include "net/address.h"
#include "net/dns.h"
#include "net/rate.h"
#include "sipnet/endpoint.h"
#include "sipnet/find.h"
#include "sipnet/sender_rate.h"
#include "sipnet/trouble.h"

/*
 * A route in use: where its requests go now, where its requests may come from,
 * how much it may do, and what has happened on it. Of one loop.
 *
 * Where it goes is found at once, again every minute, and every five seconds
 * while nothing is found; the last good answer is kept meanwhile. An endpoint
 * that is still named keeps its state.
 */
struct target_ops {
	/* Sends it an OPTIONS; target_probed() tells how that ended, also inside this
	 * call. */
	void (*probe)(void *arg, struct endpoint *e);
	/* Ends that: target_probed() must not come. */
	void (*forget)(void *arg, struct sip_client *probe);
	/* What is held has waited long enough. */
	void (*release)(void *arg, struct target *t);
};

struct target {
	struct list node;
	struct table_node by_name; /* the owner's; unlinked before its route changes */
	const struct route *route; /* of the snapshot in force */
	struct loop *loop;
	struct dns *dns;
	const struct target_ops *ops;
	void *arg;

	struct endpoint *v[FIND_MAX];
	unsigned n;
	uint32_t serial; /* no other target has it */
	uint32_t last_id;
	struct find find;
	struct loop_timer refresh, probes;
	uint64_t found_at; /* 0: nothing was asked for */

	uint64_t requests_in, requests_out, forged_from, answered, timeouts, unreachable;
	uint64_t failovers, over_rate, over_sender_rate, challenged;
	unsigned under_way; /* requests to it */
	struct rate received;
	struct sender_rate *by_sender; /* NULL: not needed yet */
	struct trouble trouble;

	/*
	 * Credentials (call.c). Until a server has taken them once, one request tries
	 * them and the others are held: wrong ones are then wrong once, not a
	 * thousand times.
	 */
	bool proven;
	struct sipnet_call *proving;
	struct list held;
	struct loop_timer hold; /* until they go all the same */
	uint64_t login_wait;    /* they were wrong: not tried again until then; 0 */
	unsigned login_failed;  /* times, one after the other */
};

/* dns: NULL where every next hop is an address. */
struct target *target_new(struct loop *loop, struct dns *dns, const struct target_ops *ops,
	void *arg, const struct route *r);
/* No call of it is under way or held any more. */
void target_free(struct target *t);

/* The same next hop in a new snapshot: keeps all, but tries new credentials
 * anew. */
void target_set_route(struct target *t, const struct route *r);

/* ---- where requests go ---- */

/* NULL: it is gone. */
struct endpoint *target_endpoint(const struct target *t, uint32_t id);

/*
 * The one to take now, of those not in tried[0..n): those that are up by
 * priority and weight, then the suspect ones, then, unless others have been
 * tried, the dead. NULL: none.
 */
struct endpoint *target_choose(
	const struct target *t, const uint32_t *tried, unsigned n_tried, uint64_t random);

/* What a request met there. */
void target_event(struct endpoint *e, enum endpoint_event event);

/* failed: what to tell people; NULL: it is alive. after_s: of a 503, else 0. */
void target_probed(struct endpoint *e, const char *failed, uint32_t after_s);

/* Notes an error; e: NULL for none. */
void target_trouble(
	struct target *t, const struct endpoint *e, enum sipnet_error_code code, const char *text);

/* ---- where they come from ---- */

/* Does it go in clear? An address proves nothing for a route that goes by TLS. */
bool target_is_clear(const struct target *t);
/* May requests from this address be the route's? */
bool target_has_source(const struct target *t, const struct netaddr *from);

/* Counts a request against receive_rate and, by the hash of its sender,
 * sender_rate. False: too many in this second. */
bool target_take(struct target *t, uint64_t now_ms);
bool target_take_of(struct target *t, uint64_t sender, uint64_t now_ms);
