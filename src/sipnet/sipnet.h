#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "sip/sip.h"

/*
 * SIP on the network: sockets, trusted routes, next hops; the transactions are sip/stack's. Lives
 * on one loop (the gateway's); all functions are for that loop's thread.
 *
 * Who may say what (routes come from the snapshot):
 * - A source address that is no route's gets 403 for at most 10 requests a second, all such sources
 *   together, and silence beyond.
 * - The host of From must be a local domain accepted on the route, else 403, counted. OPTIONS are
 *   answered whatever their From says.
 * - A Request-URI in one of our local domains is refused (403): it would come back to us.
 * What passes is in sip_check_request()'s sense servable, and is given to request() once; its
 * retransmissions are absorbed.
 *
 * Contract of callbacks: request() runs from the loop, never inside a function of this header.
 * Inside it sipnet_reply() and sipnet_request() may be called. The done() of a request runs exactly
 * once, never inside the sipnet_request() that started it, also for failures known at once; unless
 * sipnet_forget() came first.
 */
struct loop;
struct dns;
struct route; /* federation/route.h */
struct snapshot;
struct sipnet;
struct sipnet_call; /* a request of ours, until its done() */

struct sipnet_ops {
	/*
	 * txn is the callee's until it has called sipnet_reply() once, which it must, at the latest
	 * 32 s later. m is valid for the call only; route, by which it came, is of the snapshot
	 * that is in force.
	 */
	void (*request)(void *arg, struct sip_server *txn, const struct sip_msg *m,
		const struct route *route);
};

struct sipnet_config {
	/* "udp:127.0.0.1:5060", "udp:[::1]:5060"; port 0: any free one. At least one, at most 16.
	 */
	const struct slice *listen;
	unsigned n_listen;
	char node, shard; /* sip_stack_config */
	const struct sip_caps *caps;
	unsigned max_servers; /* server transactions held, about 0.2 kB each; 0: 4,000,000 */
	unsigned max_clients; /* those whose answers are still absorbed, too; 0: 500,000 */
};

/* Binds. dns may be NULL when every next hop is an address (tests). ops, caps are borrowed for
 * good. */
int sipnet_new(struct sipnet **ret, struct loop *loop, struct dns *dns,
	const struct sipnet_config *config, const struct sipnet_ops *ops, void *arg, struct err *e);

/* No callback runs after it; calls under way are gone without done(). NULL is fine. */
void sipnet_free(struct sipnet *n);

/* Takes a reference. Without a snapshot every source is a stranger. */
void sipnet_set_snapshot(struct sipnet *n, struct snapshot *snapshot);

/* No new requests are taken: 500 with Retry-After. Those under way go on. For an orderly end. */
void sipnet_drain(struct sipnet *n);
/* Requests handed out and not answered, and calls without done() yet. */
unsigned sipnet_busy(const struct sipnet *n);

/* The final answer to a request; see sip_server_reply(). */
void sipnet_reply(struct sipnet *n, struct sip_server *txn, const struct sip_reply *reply);

/*
 * Sends a request to the route's next hop; route is of the snapshot in force. How it ended: struct
 * sip_result, SIP_NO_TARGET when the next hop has no address. timeout_ms as for
 * sip_stack_request().
 */
struct sipnet_call *sipnet_request(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg);
void sipnet_forget(struct sipnet_call *c); /* done() will not run */

/* A new Call-ID or tag of ours. */
void sipnet_id(struct sipnet *n, struct buf *out);

/* The port a listener got; for tests and the log. index as in config.listen. */
uint16_t sipnet_port(const struct sipnet *n, unsigned index);

/* ---- what is seen from outside ---- */
struct sipnet_listener_view {
	struct slice address; /* "udp:127.0.0.1:5060" */
	uint64_t received, sent, kernel_drops, send_errors;
	int receive_buffer; /* bytes the kernel gave */
};
struct sipnet_route_view {
	struct slice name;
	struct slice next_hop; /* as configured */
	char target[64];       /* the address in use, "192.0.2.1:5060"; "": none */
	uint64_t requests_in, requests_out, forged_from;
	uint64_t answered, timeouts, unreachable;
};
struct sipnet_view {
	struct sip_stack_stats stack;
	uint64_t unlisted, unlisted_answered;
	unsigned n_listeners, n_routes;
	const struct sipnet_listener_view *listeners;
	const struct sipnet_route_view *routes;
};
/* Filled; the arrays and slices live until the next call of a function of this header. */
void sipnet_view(struct sipnet *n, struct sipnet_view *ret);
