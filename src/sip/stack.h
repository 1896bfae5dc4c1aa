#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "sip/check.h"
#include "sip/message.h"
#include "sip/write.h"

/*
 * Transactions, both roles: non-INVITE (RFC 3261 17.1.2, 17.2.2, RFC 4320) and INVITE (17.1.1,
 * 17.2.1, RFC 6026) with CANCEL (9) and ACK, their matching (17.1.3, 17.2.3), and the way of
 * responses (18.2.2, RFC 3581). What a user agent does with an INVITE beyond its transaction is in
 * dialog.h.
 *
 * Contract of calls: the ops run inside sip_stack_rx(), sip_stack_tick(), sip_stack_request(),
 * sip_server_reply(), sip_stack_closed() and sip_stack_undelivered() as said with each. send() may
 * run inside any of them and must not call back into the stack. request(), invite(), ack() and
 * done() run only inside rx, tick, closed and undelivered; they may call sip_server_reply() and
 * what is beside it, sip_stack_request(), sip_stack_ack(), sip_client_forget() and
 * sip_client_cancel(), nothing else of the stack. done() never runs inside the sip_stack_request()
 * that it belongs to, also for failures known at once. Times are monotonic milliseconds and never
 * go back.
 */
struct sip_stack;
struct sip_server; /* a request we answer */
struct sip_client; /* a request we sent */

/* Where something came from or goes to: an address, and by which socket or connection of ours. */
struct sip_hop {
	uint8_t transport; /* enum sip_transport */
	uint8_t socket;    /* chosen by who makes hops; given back in send() */
	/*
	 * 0: a datagram, or any connection; else the number of one connection, chosen by who makes
	 * hops, which no other gets within a day. The address is then where a connection is made to
	 * when that one is gone: for a response the source with the port of sent-by (18.2.2).
	 */
	uint32_t flow;
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
};

bool sip_hop_equal(const struct sip_hop *a, const struct sip_hop *b);
bool sip_hop_same_host(const struct sip_hop *a, const struct sip_hop *b);
/* A connection keeps order and loses nothing while it is there (17.1.1.1): all but datagrams. */
static inline bool sip_hop_reliable(const struct sip_hop *h)
{
	return h->transport != SIP_UDP;
}
/* "192.0.2.1", "2001:db8::1"; ret holds INET6_ADDRSTRLEN. Returns it. */
const char *sip_hop_address(const struct sip_hop *h, char ret[static INET6_ADDRSTRLEN]);
uint16_t sip_hop_port(const struct sip_hop *h);
void sip_hop_set_port(struct sip_hop *h, uint16_t port);
uint16_t sip_hop_default_port(const struct sip_hop *h); /* of its transport (19.1.2) */
/* From an address literal (no brackets); -1. */
int sip_hop_make(struct slice address, uint16_t port, enum sip_transport t, struct sip_hop *ret);

/* What the owner says to a request before a transaction is made for it. status 0: go on. */
struct sip_verdict {
	unsigned status;
	const char *reason;   /* NULL: the standard words */
	unsigned retry_after; /* seconds, as Retry-After; 0: none */
};

#define SIP_NOT_SENT UINT64_MAX

/* Runs inside rx and tick only; sip_server_reply() and the others of INVITE may be called in it. */
enum sip_invite_event {
	SIP_INVITE_CANCELLED, /* by CANCEL (9.2): 487 is sent already, replies are in vain */
	SIP_INVITE_NO_ACK,    /* a refusal was not acknowledged in time (timer H); GONE follows */
	SIP_INVITE_GONE,      /* exactly once, and last: the handle is gone when it returns */
};

struct sip_stack_ops {
	/*
	 * Bytes to the wire; valid for the call only. A datagram may be lost. Returned is the place
	 * of the last byte in the output of that connection, counted from its beginning; 0 for
	 * datagrams. SIP_NOT_SENT: that connection is gone and no other is made; the request fails
	 * as one that nobody has taken. It means nothing for a response.
	 */
	uint64_t (*send)(void *arg, const struct sip_hop *to, struct slice bytes);
	/*
	 * A new request, well-formed and allowed by sip_check_request(), no retransmission.
	 * Refusals here are answered without keeping anything. ctx is what sip_stack_rx() was
	 * given. OPTIONS are asked about too: 200 is their answer when nothing is said against,
	 * unless they are of a dialog and caps have dialogs: then they are served.
	 */
	struct sip_verdict (*admit)(
		void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx);
	/*
	 * A request to serve; OPTIONS outside a dialog are answered before they get here. m is
	 * valid for the call only. The handle is the callee's until it has called
	 * sip_server_reply() once; it must do so, now or later, whatever else happens. That of an
	 * INVITE is its until SIP_INVITE_GONE.
	 */
	void (*request)(void *arg, struct sip_server *txn, const struct sip_msg *m,
		const struct sip_hop *from, void *ctx);
	/* n random bytes for tags, branches, Call-IDs. Asked in larger lots, not for each. */
	void (*random)(void *arg, void *p, size_t n);
	/* What happens to an INVITE that request() was given. NULL where caps have no INVITE. */
	void (*invite)(void *arg, struct sip_server *txn, enum sip_invite_event event);
	/*
	 * An ACK to a 2xx: one that is no transaction's (13.3.1.4), with txn NULL; or of RFC 2543,
	 * which is its INVITE's. Well-formed, from whomever: what it belongs to tells its dialog.
	 * NULL: they are dropped.
	 */
	void (*ack)(void *arg, struct sip_server *txn, const struct sip_msg *m,
		const struct sip_hop *from, void *ctx);
	/*
	 * OPTIONS outside a dialog, admitted, whose sender takes application/sdp or has no Accept
	 * (11.2, 20.1): a description is appended to sdp, or nothing. NULL: nothing.
	 */
	void (*options)(void *arg, const struct sip_msg *m, const struct sip_hop *from, void *ctx,
		struct buf *sdp);
};

struct sip_stack_config {
	char node, shard; /* the first two characters of every identifier made here; alphanumeric */
	const struct sip_caps *caps;
	/* Sent-by of each socket: "192.0.2.1:5060"; index is sip_hop.socket. Copied. */
	const struct slice *sent_by;
	unsigned n_sockets;
	const char *server;   /* User-Agent of requests and Server of responses; NULL: none */
	unsigned max_servers; /* transactions held, lingering ones too; over it: 500 with
				 Retry-After */
	unsigned max_clients;
};

struct sip_stack *sip_stack_new(
	const struct sip_stack_config *config, const struct sip_stack_ops *ops, void *arg);
/* Frees all transactions; no callback runs. Handles still out are gone. NULL is fine. */
void sip_stack_free(struct sip_stack *s);

/*
 * One datagram, or one message of a stream as sip_frame_look() found it. It is changed (folded
 * lines, see sip_msg_parse()).
 */
void sip_stack_rx(struct sip_stack *s, const struct sip_hop *from, char *p, size_t n, void *ctx,
	uint64_t now_ms);

/* Answers a request of somebody we do not serve, keeping nothing; ACKs, responses and rubbish are
 * dropped. */
void sip_stack_refuse(struct sip_stack *s, const struct sip_hop *from, char *p, size_t n,
	unsigned status, const char *reason);

/* When sip_stack_tick() is due; UINT64_MAX: nothing is waiting. In the past: at once. */
uint64_t sip_stack_deadline(const struct sip_stack *s);
void sip_stack_tick(struct sip_stack *s, uint64_t now_ms);

/*
 * The connection hop->flow has ended, with the first flushed bytes of its output given to the
 * network. Its client transactions without a final response end with SIP_UNREACHABLE: those that
 * were not flushed whole have certainly not been taken. Server transactions live on: their answers
 * go to a hop whose flow is gone. Once for each connection by which a request was sent.
 */
void sip_stack_closed(
	struct sip_stack *s, const struct sip_hop *hop, uint64_t flushed, uint64_t now_ms);

/*
 * A datagram to this hop did not arrive (ICMP, or the socket refused it; RFC 3261 18.4). bytes: as
 * much of its beginning as came back. The client transaction that sent it fails, which is found by
 * the branch of the first Via; no other. Of a response, or with too little to tell: nothing
 * happens.
 */
void sip_stack_undelivered(
	struct sip_stack *s, const struct sip_hop *hop, struct slice bytes, uint64_t now_ms);

/*
 * The final answer. The handle is gone. 408 becomes 504 (RFC 4320 4.2). When the client has
 * given up already (64*T1), nothing is sent.
 */
void sip_server_reply(struct sip_server *txn, const struct sip_reply *reply, uint64_t now_ms);

/*
 * To an INVITE. sip_server_reply() sends its final response; refusals are sent again until the ACK
 * (timers G, H), a 2xx is not: our user says it again, the same way, until he has the ACK (RFC 3261
 * 13.3.1.4, sip/dialog.h), and each time it is sent (RFC 6026 7.1). After a CANCEL, or after a
 * refusal, what is replied has no effect. 100 is sent by itself after 200 ms.
 */
void sip_server_progress(struct sip_server *txn, const struct sip_reply *reply); /* 101 to 199 */
/* The To tag its responses get, when the request has none; for dialogs. Appended. */
void sip_server_tag(const struct sip_server *txn, struct buf *out);
/* Where its responses go; of an INVITE also after the final one. */
const struct sip_hop *sip_server_back(const struct sip_server *txn);
/* An INVITE: our user, or a CANCEL, has given it its final response. */
bool sip_server_answered(const struct sip_server *txn);
/* Our user's own; NULL at first. INVITE only. */
void sip_server_set_user(struct sip_server *txn, void *user);
void *sip_server_user(const struct sip_server *txn);

/* How a request of ours ended. */
enum sip_end {
	SIP_FINAL,       /* a final response: status, response */
	SIP_TIMEOUT,     /* no final response in time (timer F); it may have arrived */
	SIP_UNREACHABLE, /* the network refused it */
	SIP_TOO_BIG,     /* over 1300 bytes by UDP (18.1.1), or spec.max_size: nothing was sent */
	SIP_OVERLOADED,  /* max_clients: nothing was sent */
	SIP_NO_TARGET,   /* (sipnet) the next hop has no address: nothing was sent */
	SIP_ALL_DOWN,    /* (sipnet) all its targets are dead or resting: nothing was sent */
	/* INVITE only: */
	SIP_PROVISIONAL, /* 100 to 199: status, response; more follows */
	SIP_GONE,        /* after FINAL: there will be no other 2xx */
};
struct sip_result {
	enum sip_end end;
	unsigned status;                /* FINAL, PROVISIONAL */
	const struct sip_msg *response; /* FINAL, PROVISIONAL; valid for the call only */
	bool may_have_arrived;          /* false: certain that it was not taken */
	unsigned sent;                  /* how often it went out */
	uint32_t flow; /* FINAL, PROVISIONAL: the connection it came by; 0: a datagram */
};
typedef void sip_done(void *arg, const struct sip_result *r);

/*
 * Sends a request and calls done() exactly once, unless sip_client_forget() comes first.
 * timeout_ms: at most 32000 (64*T1); 0: that. The handle is gone when done() returns.
 *
 * An INVITE: done() runs with each provisional response, with the final one (a refusal is
 * acknowledged already; a 2xx is our user's to acknowledge, with sip_stack_ack(), and comes each
 * time it comes: again, or from another branch of a fork, RFC 6026 7.2), and last with something
 * else, exactly once: then the handle is gone. timeout_ms is for the first response of any kind
 * (timer B); how long it may ring is our user's to say, with sip_client_cancel().
 */
struct sip_client *sip_stack_request(struct sip_stack *s, const struct sip_hop *to,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg,
	uint64_t now_ms);

/* done() will not run; answers are absorbed. An INVITE: only after its final response. */
void sip_client_forget(struct sip_client *c);

/*
 * An INVITE is not wanted any more (RFC 3261 9.1): CANCEL is sent, at once or after the first
 * provisional response. done() will run with what is answered (487, or a 2xx that was faster), or
 * with SIP_TIMEOUT 64*T1 after the CANCEL. Nothing happens after a final response.
 */
void sip_client_cancel(struct sip_client *c, uint64_t now_ms);

/*
 * ACK to a 2xx (13.2.2.4): spec is of method ACK, with the CSeq of the INVITE. No answer comes. The
 * same again for each 2xx that comes again: without spec.branch it has one that is always the same
 * for its tags, Call-ID and CSeq.
 */
void sip_stack_ack(struct sip_stack *s, const struct sip_hop *to, const struct sip_spec *spec);

/* A new identifier of ours (node, shard, random): for Call-IDs. Appended. */
void sip_stack_id(struct sip_stack *s, struct buf *out);

/* Counters since the start, and what is held now. */
struct sip_stack_stats {
	uint64_t rx, tx, rx_retrans, tx_retrans, bad, dropped, refused, shed, stray_responses;
	unsigned servers_active, servers_lingering, clients_active, clients_lingering;
	size_t bytes; /* held for transactions */
};
void sip_stack_stats(const struct sip_stack *s, struct sip_stack_stats *ret);
