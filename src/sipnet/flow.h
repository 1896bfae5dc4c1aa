#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/list.h"
#include "loop/loop.h"
#include "net/conn.h"
#include "net/stranger.h"
#include "sip/sip.h"

/*
 * One connection that carries SIP, in clear or inside TLS: whole messages both ways, keep-alives
 * (RFC 5626 4.4.1, both roles), and the time limits of a peer that stalls. Who the peer is and what
 * it may do is decided by the owner (flows.c). Of one loop; what is public here is for sipnet/
 * only.
 *
 *   CONNECTING --connected--> SECURING --secure, owner agrees--> OPEN --peer's end--> HALF
 *                   \__________ (TCP: owner agrees) ____________/
 *   any --flow_close()--> CLOSING --all is out--> ENDED        any --fault, flow_end()--> ENDED
 *
 * What is sent before OPEN waits. In HALF nothing more comes in; answers to what came still go out.
 */
enum flow_state {
	FLOW_CONNECTING,
	FLOW_SECURING,
	FLOW_OPEN,
	FLOW_HALF,
	FLOW_CLOSING,
	FLOW_ENDED,
	FLOW__N
};
const char *flow_state_name(enum flow_state s);

enum {
	FLOW_CONNECT_MS = 5000,
	FLOW_SECURE_MS = 10000,     /* the handshake of who connects to us */
	FLOW_SECURE_OURS_MS = 5000, /* ours: a request waits for it */
	FLOW_FIRST_MS = 10000,      /* a stranger's first message, from the beginning */
	FLOW_MESSAGE_MS = 30000,    /* a message that has begun is whole */
	FLOW_READ_MS = 30000,       /* the peer reads something of what waits for it */
	FLOW_HALF_MS = 32000,       /* answers after the peer's end (64*T1) */
	FLOW_PING_MS = 95000,       /* RFC 5626 4.4.1: without traffic, then up to a quarter more */
	FLOW_PONG_MS = 10000,       /* RFC 5626 4.4.1: for who has answered a ping before */
	FLOW_IDLE_OURS_MS = 600000, /* without a message on one that we made */
	FLOW_IDLE_MS = 3600000,     /* without a byte on one that they made */
	FLOW_OUT_PAUSE = 256 * 1024, /* bytes not taken yet: nothing more is read of the peer */
	FLOW_OUT_MAX = 4 << 20,      /* it is ended */
	FLOW_OUT_BUSY = 64 * 1024,   /* a new request goes rather by another one */
	FLOW_OUT_FULL = 512 * 1024,  /* no new request is put behind so much */
	FLOW_STALL_MS = 1000,        /* ... nor behind what has not been taken for so long */
	FLOW_CROWDED = 16 * 1024,    /* what one may hold where there is no room any more */
	FLOW_TURN = 16,              /* messages taken in a turn of the loop: others come first */
};

struct flow;

/* What the connections of one peer hold together: messages that are not whole, output not taken. */
struct flow_room {
	size_t held, max;
};

struct flow_ops {
	/*
	 * TCP: connected; TLS: secure, see flow_tls(). NULL: it is open; else why it is ended, a
	 * word as in closed().
	 */
	const char *(*opened)(void *arg, struct flow *f);
	/* A whole message, the callee's to change. */
	void (*message)(void *arg, struct flow *f, char *p, size_t n);
	/* What is there of a message after which the next cannot be found; it closes after this. */
	void (*broken)(void *arg, struct flow *f, char *p, size_t n, enum sip_frame_fault fault);
	/* Nothing comes in any more: HALF, CLOSING or ENDED. Once, before ended(). */
	void (*deaf)(void *arg, struct flow *f);
	/* It is over, see f->end and f->end_text; flow_free() is called in it. */
	void (*ended)(void *arg, struct flow *f);
};

struct flow {
	/* ---- the owner's ---- */
	struct table_node by_number;
	struct list node;   /* of all */
	struct list usable; /* of those that requests of a route may go out on */
	struct flow_group *group;
	struct flow_room *room; /* see flow_set_room(); NULL: nobody counts */
	struct stranger stranger;
	struct netaddr alias; /* RFC 5923: it is also the way to there; zeroed: to nowhere */
	struct buf names;     /* cert_sip_names() of a peer whose certificate is good */
	uint64_t judged;      /* by the flows' trust of that number */
	uint64_t expires_ms;  /* the peer's certificate, on the loop's scale; 0: none */
	unsigned asked;       /* requests that came by it and have no final answer yet */
	bool proven;          /* it is no stranger's */
	bool listed;          /* ... by its address: asked for among those */
	bool of_use;          /* it has carried a request that was let through, or one of ours */
	const char *stranger_reason; /* what a stranger is told */

	/* ---- read by the owner ---- */
	uint32_t number;
	uint8_t transport; /* SIP_TCP, SIP_TLS */
	uint8_t socket;    /* sip_hop.socket */
	bool ours;         /* we connected */
	enum flow_state state;
	struct conn *conn;
	struct netaddr peer;
	uint64_t since_ms, last_in_ms, last_message_ms;
	uint64_t messages_in, messages_out;
	const char *end;    /* ENDED: a stable word: "eof", "connect-failed", "slow-reader", ... */
	char end_text[120]; /* for people; may be "" */

	/* ---- its own ---- */
	struct loop *loop;
	const struct flow_ops *ops;
	void *arg;
	struct buf wait; /* output before OPEN */
	uint64_t written;
	struct buf in; /* a message that is not whole; while behind, whole ones before it */
	size_t holds;  /* as counted in its room */
	struct sip_frame frame;
	struct loop_timer timer;
	struct loop_task end_task, more_task;
	uint64_t state_ms, partial_ms, ping_ms, taken_ms; /* since when; 0: not */
	uint64_t last_out_ms, taken;
	unsigned ping_spread;
	bool paused; /* nothing is read while so much output waits */
	bool behind; /* nor while there is more to take than a turn allows: more_task goes on */
	bool is_deaf, freed;
	bool knows_pong, unsure_pong, secure;
	struct tls_set *set; /* of the handshake */
	SSL_CTX *ctx;
	char *sni;
};

/*
 * set and ctx: as for conn_tls_start(). fd is the flow's; one of TCP that was accepted is OPEN at
 * once, without opened().
 */
struct flow_start {
	struct loop *loop;
	const struct flow_ops *ops;
	void *arg;
	uint32_t number;
	uint8_t socket;
	struct tls_set *set; /* NULL: TCP */
	SSL_CTX *ctx;
	struct slice sni; /* connecting */
};
struct flow *flow_accept(const struct flow_start *start, int fd, const struct netaddr *peer);
/* from: our address; zeroed: any. */
struct flow *flow_connect(
	const struct flow_start *start, const struct netaddr *from, const struct netaddr *peer);

/* No callback any more. At any time. */
void flow_free(struct flow *f);

/*
 * The place of its last byte in the output; SIP_NOT_SENT: it is over. Never calls back; a peer that
 * has left over FLOW_OUT_MAX bytes unread is ended afterwards.
 */
uint64_t flow_send(struct flow *f, struct slice bytes);

/* How much of the output the kernel has taken; in HALF and CLOSING it goes on taking, so: all. */
uint64_t flow_flushed(const struct flow *f);
/* Output that is still ours. */
size_t flow_pending(const struct flow *f);

/* May a new request be put behind what waits? */
bool flow_takes_more(const struct flow *f);

/* What it holds is counted there from now on; NULL: nowhere. */
void flow_set_room(struct flow *f, struct flow_room *room);
static inline bool flow_room_full(const struct flow_room *r)
{
	return r && r->held > r->max;
}

/* Sends what there is, then ends. why: a stable word. deaf() and ended() follow, never inside. */
void flow_close(struct flow *f, const char *why);
/* Ends it at once. Likewise. */
void flow_end(struct flow *f, const char *why, const char *text);

/* Can it be written to? */
static inline bool flow_is_up(const struct flow *f)
{
	return f->state <= FLOW_HALF;
}

/* NULL: not TLS, or not secure yet. */
const struct conn_tls_info *flow_tls(const struct flow *f);
