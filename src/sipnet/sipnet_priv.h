#pragma once

#include "base/log.h"
#include "loop/loop.h"
#include "sipnet/call.h"
#include "sipnet/flows.h"
#include "sipnet/sipnet.h"
#include "sipnet/target.h"
#include "sipnet/udp.h"

/* What the files of sipnet share. */

enum { LISTEN_MAX = 48, SENDERS_MAX = LISTEN_MAX + 2 };

#define SIPNET_AGENT "Entente" /* in User-Agent and Server of all we send */

/* A socket of ours: hop.socket is its index. */
struct sender {
	enum sip_transport transport;
	struct udp *udp;           /* UDP */
	struct listener *listener; /* TCP, TLS */
	bool silent;               /* TCP, TLS: what our Via says where none listens */
	struct netaddr addr;
	struct sipnet *net;
	uint8_t index;
	char name[NETADDR_TEXT + 8]; /* "udp:127.0.0.1:5060" */
	char sent_by[300];           /* of our Via */
};

struct sipnet {
	struct loop *loop;
	struct dns *dns;
	struct sip_stack *stack;
	const struct sipnet_ops *ops;
	void *arg;
	struct snapshot *snapshot;
	struct log log;
	struct sender sender[SENDERS_MAX];
	unsigned n_listeners, n_senders; /* those that listen come first */
	struct flows flows;
	const struct route *cancelling; /* whose INVITE is; else NULL */
	char *contact_host;             /* NULL: what Via says */
	struct list targets;
	struct table targets_by_name;
	struct list calls, failed;
	struct loop_task tell, turn;
	struct loop_timer timer;
	size_t budget; /* bytes for transactions */
	bool draining;
	unsigned asked;  /* requests handed out and not answered */
	unsigned called; /* calls without done() */
	uint64_t strangers_second;
	unsigned strangers;
	uint64_t unlisted, unlisted_answered;
	struct sip_stack_stats counted; /* what the metrics have already */
	struct sipnet_listener_view *listener_view;
	struct sipnet_route_view *route_view;
	struct route_test *testing; /* NULL: no route is being tested */
	struct sipnet_target_view *target_view;
	struct sipnet_error_view *error_view;
};

static inline uint64_t sipnet_now(const struct sipnet *n)
{
	return loop_now(n->loop);
}

/* sipnet.c */
/* The stack was called: when it is due next, and what it counted, is seen to at the end of the
 * turn. */
void sipnet_touched(struct sipnet *n);
void sipnet_count(struct sipnet *n);
/*
 * A message has come. False: from nobody we know, who may have been told so (403) in these words.
 */
bool sipnet_receive(
	struct sipnet *n, const struct sip_hop *from, char *p, size_t len, const char *stranger);
/* One more stranger spoke: may he be answered? */
bool sipnet_stranger(struct sipnet *n);
extern const struct udp_ops sipnet_udp_ops; /* arg: the sender */

/* senders.c */
int sipnet_listen(struct sipnet *n, struct slice text, struct err *e);
void sipnet_add_silent(struct sipnet *n);
void sipnet_close_senders(struct sipnet *n);
struct sip_hop sipnet_hop(const struct sender *s, const struct netaddr *a);
/* By which an address is reached; NULL: by none, which is never so for TCP and TLS. */
const struct sender *sipnet_sender_for(
	const struct sipnet *n, enum sip_transport t, const struct netaddr *to);
/* The address that its connections are made from, without port; zeroed: the kernel's choice. */
struct netaddr sipnet_source(const struct sender *s);
/*
 * The hop for a request of route r to this address, which is to be sent before anything else is
 * done. TCP, TLS: a connection that is there, or one that begins now, in which what is sent waits;
 * that is over after FLOW_CONNECT_MS and FLOW_SECURE_OURS_MS at most. Failing, it ends as any other
 * connection does: by sip_stack_closed(). False: none may be opened now, or there is no socket.
 */
bool sipnet_hop_to(struct sipnet *n, const struct route *r, enum sip_transport t,
	const struct netaddr *to, struct sip_hop *ret);

/* peers.c */
bool sipnet_route_speaks(const struct route *r, enum sip_transport t);
/* TLS: may what comes by this connection be of this route? Of anything else: false. */
bool sipnet_flow_is_of(const struct sipnet *n, const struct sip_hop *from, const struct route *r);
/* A request that came by a connection was let through: RFC 5923, alias. */
void sipnet_flow_admitted(struct sipnet *n, const struct sip_hop *from, const struct sip_msg *m);
void sipnet_flow_asked(struct sipnet *n, const struct sip_hop *from); /* it was handed out */
void sipnet_flow_answered(struct sipnet *n, uint32_t flow);           /* what was handed out */
bool sipnet_address(const struct sip_hop *h, struct netaddr *ret);

/* admit.c: two of the stack's ops. ctx is where the second finds the target that the first saw. */
struct sip_verdict sipnet_admit(
	void *sipnet, const struct sip_msg *m, const struct sip_hop *from, void *ctx);
/* Have transactions left so many sixteenths of their memory? */
bool sipnet_has_room(const struct sipnet *n, unsigned sixteenths);
void sipnet_take(void *sipnet, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx);
/* Others of them. */
void sipnet_invite_event(void *sipnet, struct sip_server *txn, enum sip_invite_event event);
void sipnet_take_ack(void *sipnet, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx);
void sipnet_describe(void *sipnet, const struct sip_msg *m, const struct sip_hop *from, void *ctx,
	struct buf *sdp);

/* routes.c */
struct target *sipnet_target(const struct sipnet *n, struct slice route);
/* The first route whose requests may come by this hop; NULL: it is a stranger's. */
const char *sipnet_route_at(const struct sipnet *n, const struct sip_hop *from);
/*
 * The route by which a request of this source and sender comes; NULL: none. *ret_source: the
 * first that has the source at all.
 */
struct target *sipnet_target_for(const struct sipnet *n, const struct sip_hop *from,
	const struct sip_msg *m, struct target **ret_source);
/* A local domain that uses this route, which is of s; SL_NONE: none does. */
struct slice sipnet_domain_of(const struct snapshot *s, const struct route *r);
/* Those of a list that is no longer n->targets, or of all when n ends: before its stack does. */
void sipnet_free_targets(struct sipnet *n, struct list *targets);
/* Hosts in SIP may have capitals and a dot at the end; the snapshot's keys have not. */
struct slice sipnet_plain_host(struct slice host, char *buf, size_t size);

/* probe.c: a target's ops */
void sipnet_probe(void *sipnet, struct endpoint *e);
void sipnet_forget_probe(void *sipnet, struct sip_client *probe);

/* call.c */
/* A loop_task: tells the calls that failed before anything was sent. */
void sipnet_tell_failed(void *sipnet);
void sipnet_free_calls(struct list *calls);
/* outcome.c */
/* Of a response, in seconds; 0: it says nothing. NULL is fine. */
uint32_t sipnet_retry_after(const struct sip_msg *m);
