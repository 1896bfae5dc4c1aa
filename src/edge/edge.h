#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "edge/probe.h"
#include "net/dns.h"
#include "net/tls.h"
#include "view/streams.h"

/*
 * The XMPP proxy: streams to and from the partners. Of one loop; every function is for that loop's
 * thread except where said.
 *
 * Down: a stanza from the link is routed by its domain pair. The pair has one outbound stream, its
 * own or at a limit of connections another pair's of the same partner; while there is none,
 * stanzas wait in a bounded queue, each until its own deadline, and one attempt is made for all of
 * them. Up: what comes on an authenticated stream from a domain of an
 * enabled partner to one of ours is handed to the link. Everything else is refused here, with the
 * error its specification names.
 */
struct edge;
struct link;
struct loop;
struct snapshot;

/* Zero means the default in brackets. */
struct edge_limits {
	size_t pair_stanzas; /* waiting for a pair's stream [4096] */
	size_t pair_bytes;   /* [4 MiB] */
	size_t all_bytes;    /* to all partners; each may have as much as is left [64 MiB] */
	size_t write_ahead;  /* bytes in a connection's buffer before stanzas wait [256 KiB] */
	size_t stanza_bytes; /* of one stanza, either way [262144] */
	unsigned address_connections; /* inbound from one address, not authenticated yet [64] */
	unsigned unauthenticated;     /* the same from all together [1024] */
	unsigned connection_rate;     /* of one address and second; twice as many at once [50] */
	unsigned vain_connections;    /* of one address, that came to nothing, before it is slowed [30] */
	unsigned partner_credits; /* stanzas of one partner that the gateway has in hand [4096] */
	unsigned preauth_ms;      /* a peer's first header after connecting [10000] */
	unsigned handshake_ms;    /* a TLS handshake [10000] */
	unsigned close_ms;        /* an orderly close [5000] */
	unsigned starve_ms; /* without credit from the gateway before stanzas are refused [5000] */
	unsigned doubt_ms;  /* a stanza written this long ago has been read by the peer [10000] */
	unsigned doubt_clean_ms; /* the same where the peer had read all its kernel had [2000] */
	unsigned doubt_stanzas;  /* written stanzas remembered per stream [262144] */
};

struct edge_config {
	const struct netaddr *listen;
	size_t n_listen;
	struct tls_set *tls; /* takes a reference */
	struct dns_config dns;
	struct edge_limits limits;
	struct probe_config probe;
	uint16_t default_port; /* where there is no SRV record; 0: 5269 */
};

/*
 * Binds, and becomes the edge's end of the link. Takes no stanza and no stream before it has a
 * snapshot: what comes down waits, connections are not accepted.
 */
int edge_new(struct edge **ret, struct loop *loop, const struct edge_config *config,
	struct link *link, const struct log *log, struct err *e);

/*
 * The settings in force from now on; takes a reference. Streams that they no longer allow are
 * closed with policy-violation, streams to and from domains that are no longer ours with host-gone;
 * stanzas waiting for them are refused. All others stay.
 */
void edge_set_snapshot(struct edge *e, struct snapshot *s);

/*
 * Certificates and trust for handshakes from now on; takes a reference. Streams stay, but those
 * whose peer was authenticated by a certificate that is revoked now: they are closed with reset.
 */
void edge_set_tls(struct edge *e, struct tls_set *tls);

/*
 * Ends in order: no connection is accepted, no attempt begun; inbound streams get system-shutdown
 * and are still read until the peer ends; what is queued on authenticated streams goes out, for
 * half a second also errors in answer to what came in, then system-shutdown and the end of each
 * stream. done() runs once, from the loop, when every stanza has its fate and every stream is gone,
 * at the latest after ms.
 */
void edge_drain(struct edge *e, unsigned ms, void (*done)(void *arg), void *arg);

/* Drops what is still there. NULL is fine. */
void edge_free(struct edge *e);

/* The streams, and the pairs that wait for one. The caller frees it. */
struct view_streams *edge_view(struct edge *e);

/*
 * Any thread: answers the question (view/ask.h) on asker's loop. Both loops must be running until
 * then.
 */
struct view_ask;
void edge_ask(struct edge *e, struct loop *asker, struct view_ask *ask);

/* Where listener i really listens. */
struct netaddr edge_address(const struct edge *e, size_t i);
