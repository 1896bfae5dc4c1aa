#pragma once

#include <pthread.h>

#include "edge/edge.h"
#include "link/link.h"
#include "loop/loop.h"

/*
 * The XMPP edge alone, in this process: the edge on a loop and a thread of its own, and at the other
 * end of the link a double that stands where the gateway does. The double's loop is the caller's to
 * run. What is measured is the edge's thread; the double's work is the driver's.
 *
 * Local domain sip.bench; partners xmpp.bench and p0.xmpp.bench ... p(n-1).xmpp.bench: TLS and SASL
 * required, no dialback, limits that never bind.
 */
struct edge_side_config {
	const char *dir;   /* holds ca.pem, cert.pem, key.pem */
	uint16_t dns_port; /* of a name server on 127.0.0.1 */
	unsigned partners;
	const struct link_gateway_ops *ops; /* run on the double's loop */
	void *arg;
};

struct edge_side {
	struct loop *edge_loop, *loop; /* the edge's, and the double's */
	struct link *link;
	struct edge *edge;
	struct tls_set *tls;
	pthread_t thread;
	uint16_t port;
};

/* Exits with a message on failure. The edge's thread asks for processor 0. */
void edge_side_start(struct edge_side *s, const struct edge_side_config *c);
/* From the double's thread; its loop is gone afterwards. */
void edge_side_stop(struct edge_side *s);
uint64_t edge_side_cpu_ns(const struct edge_side *s); /* of the edge's thread */

/* A message from a user of sip.bench to one of `domain`, down the link; false: no credit. */
bool edge_side_send(struct edge_side *s, const char *domain, const char *xml, size_t n);
