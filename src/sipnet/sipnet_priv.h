#pragma once

#include "loop/loop.h"
#include "sipnet/sipnet.h"
#include "sipnet/target.h"
#include "sipnet/udp.h"

/* What the files of sipnet share. */

enum { LISTEN_MAX = 16 };

struct sender {
	struct udp *udp;
	struct sipnet *net;
	uint8_t index;
	char name[NETADDR_TEXT + 8]; /* "udp:127.0.0.1:5060" */
	char sent_by[300];           /* of our Via */
};

/* A request of ours. Those that fail before anything was sent wait in `failed` for the turn's end.
 */
struct sipnet_call {
	struct list node;
	struct sipnet *net;
	struct sip_client *client; /* NULL: failed at once */
	char route[65];            /* routes come and go meanwhile */
	struct netaddr to;
	sip_done *done;
	void *arg;
};

struct sipnet {
	struct loop *loop;
	struct dns *dns;
	struct sip_stack *stack;
	const struct sipnet_ops *ops;
	void *arg;
	struct snapshot *snapshot;
	struct sender sender[LISTEN_MAX];
	unsigned n_senders;
	struct list targets;
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
struct sip_hop sipnet_hop(const struct sender *s, const struct netaddr *a);
bool sipnet_address(const struct sip_hop *h, struct netaddr *ret);

/* admit.c: two of the stack's ops. ctx is where the second finds the target that the first saw. */
struct sip_verdict sipnet_admit(
	void *sipnet, const struct sip_msg *m, const struct sip_hop *from, void *ctx);
/* Have transactions left so many sixteenths of their memory? */
bool sipnet_has_room(const struct sipnet *n, unsigned sixteenths);
void sipnet_take(void *sipnet, struct sip_server *txn, const struct sip_msg *m,
	const struct sip_hop *from, void *ctx);

/* routes.c */
struct target *sipnet_target(const struct sipnet *n, struct slice route);
bool sipnet_is_listed(const struct sipnet *n, const struct netaddr *from);
/*
 * The route by which a request of this source and From domain comes; NULL: none. *ret_source: the
 * first that has the source at all.
 */
struct target *sipnet_target_for(const struct sipnet *n, const struct netaddr *from,
	struct slice domain, struct target **ret_source);
void sipnet_free_targets(struct list *targets);

/* call.c */
/* A loop_task: tells the calls that failed before anything was sent. */
void sipnet_tell_failed(void *sipnet);
void sipnet_free_calls(struct list *calls);
