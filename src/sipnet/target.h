#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "federation/snapshot.h"
#include "loop/loop.h"
#include "net/address.h"
#include "net/dns.h"

/*
 * Where a route's requests go and where its requests may come from: the next hop of the
 * configuration as addresses. A name is asked for at once, again every minute, and every five
 * seconds while it has no address (RFC 3263: with a port A and AAAA, else SRV first). The last good
 * answer is kept while DNS fails. Of one loop.
 */
enum { TARGET_ADDRS = 16 };

struct target {
	struct list node;
	const struct route *route; /* of the snapshot in force */
	struct netaddr addr[TARGET_ADDRS];
	unsigned n, at; /* at: the one in use */
	uint64_t requests_in, requests_out, forged_from, answered, timeouts, unreachable;
	uint64_t taken_second, taken; /* receive_rate */

	struct dns *dns;
	struct dns_query *query;
	struct loop_timer refresh;
	struct srv srv[DNS_SRV_MAX];
	size_t n_srv, srv_at;
	struct netaddr next[TARGET_ADDRS];
	unsigned n_next;
};

struct target *target_new(struct loop *loop, struct dns *dns, const struct route *r);
void target_free(struct target *t);

/* The same next hop in a new snapshot: keeps the addresses. */
void target_set_route(struct target *t, const struct route *r);

/* NULL: none is known. */
const struct netaddr *target_addr(const struct target *t);

/* This address does not answer: the next one is used from now on. */
void target_failed(struct target *t, const struct netaddr *a);

/* May requests from this address be the route's? */
bool target_has_source(const struct target *t, const struct netaddr *from);

/* Counts a request against receive_rate; false: too many in this second. */
bool target_take(struct target *t, uint64_t now_ms);
