#pragma once

#include "base/log.h"
#include "federation/route.h"
#include "sipnet/flow.h"

/*
 * All connections of a sipnet: by number, and by the route they belong to. For sipnet/ only.
 *
 * Whose they are: over TLS that of every route of which the peer's certificate, judged good, has a
 * name (RFC 5922); over TCP that of every route whose source the address is. A connection that is
 * nobody's is a stranger's: few at a time, one message, one answer, closed.
 * Requests of ours go out on a connection that we made for that route and address, or on one they
 * made that says in its Via that it is also the way to that address (RFC 5923 alias); the latter
 * only from the host that the address is of.
 */
enum {
	FLOWS_ALL = 20000,      /* connections */
	FLOWS_OURS = 256,       /* of a route that we have made */
	FLOWS_OURS_ADDRESS = 4, /* ... to one address: another one while all have much to send */
	FLOWS_THEIRS = 16384,   /* of a route that they have made */
	FLOWS_ENDED = 1024,     /* remembered for answers that are still to come */
	FLOWS_HELD = 128 << 20, /* bytes that the connections of a route hold */
	FLOWS_KEPT = 2000,      /* of all: kept for those that we make */
};

struct sipnet;
struct sender;
struct tls_set;

/* The connections of a route, while there are any. */
struct flow_group {
	struct table_node by_name;
	char name[65];
	struct list usable; /* for our requests; ours first */
	unsigned ours, theirs;
	struct flow_room room;
};

/* A connection has ended before all that came by it was answered (18.2.2). */
struct flow_ended {
	uint32_t number;
	char route[65];
};

struct flows {
	struct table by_number;
	struct table groups;
	struct list all; /* judged by an older trust first */
	unsigned n;
	uint32_t last;
	struct strangers *strangers;
	struct strangers *listed; /* rates of the addresses that routes have as sources */
	struct tls_set *tls;      /* NULL: none */
	uint64_t trust;           /* how often tls was set */
	size_t held_max;          /* FLOWS_HELD */
	struct loop_task judge;
	struct flow_ended ended[FLOWS_ENDED]; /* by number */
	struct sipnet_connection_view *view;
	uint64_t lines_second;
	unsigned lines;
};

/* ---- flows.c ---- */
void flows_init(struct sipnet *n, unsigned vain); /* sipnet_config.vain_connections */
void flows_done(struct sipnet *n);                /* no callback runs for them */
struct flow *flows_get(const struct sipnet *n, uint32_t number);
struct sip_hop flow_hop(const struct flow *f);
uint32_t flows_number(struct sipnet *n);
void flows_add(struct sipnet *n, struct flow *f);
/* Those of its address: where it is asked for, and noted what comes to nothing. */
struct strangers *flows_gate(const struct flows *all, bool listed);
/* Gone for good. */
void flows_remove(struct sipnet *n, struct flow *f);
/*
 * Makes it a connection of this route; false: that has as many as it may have, or, for one that
 * they made, those hold too much.
 */
bool flows_join(struct sipnet *n, struct flow *f, const char *route);
/* Would flows_join() say true to a new one of theirs? */
bool flows_have_place(const struct sipnet *n, const char *route);
/* Our requests to this route may take it from now on. */
void flows_usable(struct flow *f);
/* One to take for a request; NULL: there is none, and none may be opened now. */
struct flow *flows_take(
	struct sipnet *n, const struct route *r, const struct sender *s, const struct netaddr *to);
/* Settings or certificates are new: those that are nobody's any more are closed. */
void flows_rejudge(struct sipnet *n);
size_t flows_pending(const struct sipnet *n); /* output that the kernel has not taken */

/* ---- peers.c: who the other end is ---- */
/* Has the peer's certificate one of the names that the route wants? */
bool peer_has_name(const struct flow *f, const struct route *r);
/* Ours for connections to this route, and whom we ask for; *ret_sni may be empty. */
SSL_CTX *peer_context(const struct sipnet *n, const struct route *r, struct slice *ret_sni);
/* Ours for those who come; NULL: we have none. */
SSL_CTX *peer_server_context(const struct sipnet *n);
/*
 * The handshake is over: NULL, or a word for why the peer is not who it should be, with
 * f->end_text. Theirs: who is nobody's becomes a stranger.
 */
const char *peer_judge(struct sipnet *n, struct flow *f);

/* ---- streams.c: what happens on them ---- */
extern const struct flow_ops stream_ops; /* arg: the sipnet */
void streams_accept(void *sender, int fd, const struct netaddr *peer);
uint64_t streams_send(struct sipnet *n, const struct sip_hop *to, struct slice bytes);
