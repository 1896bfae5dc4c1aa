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
 * - Over UDP and TCP the source address says whose a request is; over TLS the names in the peer's
 *   certificate (RFC 5922). What is no route's gets 403 for at most 10 requests a second, all such
 *   sources together, and silence beyond; its connection is closed.
 * - The host of From must be a local domain accepted on the route, else 403, counted. OPTIONS are
 *   answered whatever their From says.
 * - A Request-URI in one of our local domains is refused (403): it would come back to us.
 * What passes is in sip_check_request()'s sense servable, and is given to request() once; its
 * retransmissions are absorbed.
 *
 * Contract of callbacks: the ops run from the loop, never inside a function of this header. Inside
 * them, and inside done(), every function of this header that takes no ops may be called. The
 * done() of a request runs exactly once (of an INVITE: see sipnet_invite()), never inside the call
 * that started it, also for failures known at once; unless sipnet_forget() came first.
 */
struct loop;
struct dns;
struct log;
struct tls_set;
struct route; /* federation/route.h */
struct snapshot;
struct sipnet;
struct sipnet_call; /* a request of ours, until its done() */

/*
 * By which connection the requests of a dialog go: the one that its INVITE came by, or the answer
 * to ours (struct sip_result). Plain data; zeroed: by none. It is only a wish: sipnet_within().
 */
struct sipnet_way {
	uint32_t flow;
};

struct sipnet_ops {
	/*
	 * txn is the callee's until it has called sipnet_reply() once, which it must, at the latest
	 * 32 s later; that of an INVITE until invite() has said SIP_INVITE_GONE. m is valid for the
	 * call only; route, by which it came, is of the snapshot that is in force; way is for later
	 * requests of the dialog that this one makes or is of. Requests with a To tag come as they
	 * are, OPTIONS too: the callee knows its dialogs, and says 481.
	 */
	void (*request)(void *arg, struct sip_server *txn, const struct sip_msg *m,
		const struct route *route, const struct sipnet_way *way);
	/* What happens to an INVITE: see sip/stack.h. NULL where caps have none. */
	void (*invite)(void *arg, struct sip_server *txn, enum sip_invite_event event);
	/*
	 * An ACK to a 2xx of ours, of a route that may speak for its From. Its dialog is the
	 * callee's to find (sip_dialog_has()); again and again the same is no news. NULL: they are
	 * dropped.
	 */
	void (*ack)(void *arg, const struct sip_msg *m, const struct route *route);
	/*
	 * OPTIONS outside a dialog whose sender wants a session description, whatever his From: it
	 * is appended to sdp, or nothing is. Who has no Accept wants one where the route carries
	 * sessions; elsewhere he looks whether we are there. NULL: nobody gets one.
	 */
	void (*options)(void *arg, const struct sip_msg *m, const struct route *route,
		const struct sipnet_way *way, struct buf *sdp);
};

struct sipnet_config {
	/*
	 * "udp:127.0.0.1:5060", "tcp:[::1]:5060", "tls:0.0.0.0:5061"; port 0: any free one. At
	 * least one, at most 48. Connections are made whether we listen or not.
	 */
	const struct slice *listen;
	unsigned n_listen;
	struct tls_set *tls;   /* as for sipnet_set_tls() */
	const struct log *log; /* NULL: none above */
	char node, shard;      /* sip_stack_config */
	const struct sip_caps *caps;
	/*
	 * The name by which peers reach all our listeners, for sipnet_contact(); copied. NULL or
	 * "": what Via says, the address that a socket listens at or the name of this host.
	 */
	const char *contact_host;
	/*
	 * Bytes that transactions may take, those that only linger too; 0: 512 MiB. New requests
	 * from routes are refused over 7/8 of it, new ones to routes over 15/16; the rest is for
	 * what belongs to something that has begun.
	 */
	size_t transactions_memory;
	/* Of one address, that came to nothing, before it is slowed to a thirtieth of them a
	 * second; 0: 30. */
	unsigned vain_connections;
};

/* Binds. dns may be NULL when every next hop is an address (tests). ops, caps are borrowed for
 * good. */
int sipnet_new(struct sipnet **ret, struct loop *loop, struct dns *dns,
	const struct sipnet_config *config, const struct sipnet_ops *ops, void *arg, struct err *e);

/* No callback runs after it; calls under way are gone without done(). NULL is fine. */
void sipnet_free(struct sipnet *n);

/* Takes a reference. Without a snapshot every source is a stranger. */
void sipnet_set_snapshot(struct sipnet *n, struct snapshot *snapshot);

/*
 * Our certificates, and by whom those of peers are good; takes a reference. NULL: there is no TLS.
 * Connections stay, but for those whose peer is revoked now.
 */
void sipnet_set_tls(struct sipnet *n, struct tls_set *tls);

/*
 * No new requests are taken: 500 with Retry-After, and 503 for OPTIONS. Those under way go on. For
 * an orderly end.
 */
void sipnet_drain(struct sipnet *n);
/* Requests handed out and not answered, and calls without done() yet. */
unsigned sipnet_busy(const struct sipnet *n);

/*
 * The final answer to a request; see sip_server_reply(). The 2xx to an INVITE once more each time
 * that sip/dialog.h says so, until the ACK.
 */
void sipnet_reply(struct sipnet *n, struct sip_server *txn, const struct sip_reply *reply);
/* To an INVITE: 101 to 199. */
void sipnet_progress(struct sipnet *n, struct sip_server *txn, const struct sip_reply *reply);

/*
 * Sends a request, no INVITE, to the route's next hop; route is of the snapshot in force. While it
 * is certain that nobody has taken it, it goes on to the next target (docs/decisions/0221), and
 * where a server asks who we are, once more with the route's credentials (0222); all within
 * timeout_ms, which is as for sip_stack_request(). How it ended at last: struct sip_result.
 * SIP_NO_TARGET: there is no address; SIP_ALL_DOWN: all are dead or resting; SIP_OVERLOADED: there
 * is no memory for it. Of a 401 or 407 the response is given.
 */
struct sipnet_call *sipnet_request(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg);
/* done() will not run. An INVITE without final answer is cancelled by it; a 2xx that was faster is
 * then acknowledged by nobody: who wants to end what it began waits for it, with sipnet_cancel().
 */
void sipnet_forget(struct sipnet_call *c);

/*
 * An INVITE outside a dialog, sent as by sipnet_request(). spec.call_id and from_tag are the
 * caller's. timeout_ms is for the first answer of any kind. done() runs
 *   for each provisional answer: SIP_PROVISIONAL;
 *   for the final one: SIP_FINAL; a refusal is acknowledged already, a 2xx is the caller's to
 *     acknowledge, and comes again while it comes again, and from each branch of a fork;
 *   last, once: SIP_GONE after SIP_FINAL, or how it failed. Then the handle is gone.
 * A refusal that made it go elsewhere, or once more with credentials, is not told. CSeq of the
 * answer is that of what was sent last (sip_dialog_new_calling() reads it there).
 */
struct sipnet_call *sipnet_invite(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg);
/*
 * CANCEL (RFC 3261 9.1); done() tells what is answered: 487, or a 2xx that was faster. One that has
 * not been sent yet ends with SIP_GONE alone. After a final answer nothing happens.
 */
void sipnet_cancel(struct sipnet_call *c);

/*
 * A request within a dialog, as sip_dialog_request() makes it (an INVITE: done() as above). It goes
 *   by way's connection, while that is there, is the route's, and may carry requests in this
 *     direction: we made it, or they did and said so (RFC 5923 alias), or, of a Microsoft server,
 *     did it with a certificate;
 *   else to the address of the route that next names by address or by the name it was found under;
 *   else to the route's next hop.
 * Never to an address that is not the route's, whatever a Contact or Record-Route says. next: the
 * value of Route, of which the first counts, or the remote target; absent: the next hop. It goes
 * elsewhere only when it has certainly not been sent: not after a 503. Where a server asks who we
 * are, the next number comes from spec.dialog, which lives until done() or sipnet_forget().
 */
struct sipnet_call *sipnet_within(struct sipnet *n, const struct route *route,
	const struct sipnet_way *way, struct slice next, const struct sip_spec *spec,
	unsigned timeout_ms, sip_done *done, void *arg);
/*
 * ACK to a 2xx, the same way. Once for each 2xx that comes: the same spec is the same ACK (one
 * branch for each dialog and CSeq, unless spec has one).
 */
void sipnet_ack(struct sipnet *n, const struct route *route, const struct sipnet_way *way,
	struct slice next, const struct sip_spec *spec);

/*
 * Our Contact for this peer, "<sip:host:port;transport=tls>" (by UDP without transport): of the
 * listener that way came by, else of the one that would reach the route's next hop. False: we do
 * not listen for that transport, and the peer reaches us by connections of ours alone; it is
 * written all the same. way: NULL is fine. Appended.
 */
bool sipnet_contact(
	struct sipnet *n, const struct route *route, const struct sipnet_way *way, struct buf *out);

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
/* How a target stands. Only what is sent to it, and probes of it, change that. */
enum sipnet_target_state {
	SIPNET_UP,
	SIPNET_SUSPECT, /* a request failed there: others are taken first; it is being probed */
	SIPNET_DEAD,    /* a probe failed, too: probed again and again, until it answers */
	SIPNET_RESTING, /* it said 503 with Retry-After: not asked for anything until then */
	SIPNET_STATE__N
};
/* "up", "suspect", "dead", "resting" */
const char *sipnet_state_name(enum sipnet_target_state s);

enum { SIPNET_ADDRESS = 64 }; /* "[2001:db8::1]:5060" */
#define SIPNET_NEVER UINT64_MAX

/* One address to which requests of a route may go. Times are milliseconds from now or until now. */
struct sipnet_target_view {
	char address[SIPNET_ADDRESS];
	char host[272];            /* the name that has the address; of a literal: "" */
	const char *transport;     /* "udp", "tcp", "tls" */
	uint16_t priority, weight; /* of its SRV record; 0 where there was none */
	enum sipnet_target_state state;
	uint64_t state_ago; /* since when */
	uint64_t probe_ago; /* the last OPTIONS went out; SIPNET_NEVER */
	uint64_t probe_in;  /* the next will; SIPNET_NEVER: none is due */
	uint64_t rest_in;   /* RESTING: until it is asked again; else SIPNET_NEVER */
	unsigned under_way; /* requests without final answer */
	uint64_t requests;  /* sent to it, tries of one request counted each */
	uint64_t answered, timeouts, unreachable, busy; /* how they ended; busy: 503 */
	uint64_t retransmissions;
	uint64_t probes, probes_failed;
};

/* What went wrong with a request to a route, or with finding the way to it; the last 20. */
enum sipnet_error_code {
	SIPNET_E_TIMEOUT,     /* no answer in time */
	SIPNET_E_UNREACHABLE, /* refused by the network, or the connection ended */
	SIPNET_E_BUSY,        /* 503 */
	SIPNET_E_CREDENTIALS, /* digest_user or digest_password is wrong */
	SIPNET_E_CHALLENGE,   /* it asks for credentials in a way that cannot be answered */
	SIPNET_E_RESOLVE,     /* DNS gives no address */
	SIPNET_E_PROBE,       /* an OPTIONS was not answered */
	SIPNET_E_ALL_DOWN,    /* all its targets are dead or resting: nothing was sent */
	SIPNET_E_CONNECTION,  /* a connection could not be made or was ended: text says why */
	SIPNET_E_CERTIFICATE, /* its peer's certificate is not good, or not of its names */
	SIPNET_E__N
};
/* "timeout", "unreachable", ... : stable, for the API */
const char *sipnet_error_name(enum sipnet_error_code c);

enum { SIPNET_ERRORS = 20, SIPNET_ERROR_TEXT = 160 };
struct sipnet_error_view {
	enum sipnet_error_code code;
	uint64_t ago;                 /* ms, of the last one */
	unsigned times;               /* alike, one after the other */
	char target[SIPNET_ADDRESS];  /* "": of no target */
	char text[SIPNET_ERROR_TEXT]; /* for people; "": nothing to add */
};

struct sipnet_route_view {
	struct slice name;
	struct slice next_hop;       /* as configured */
	char target[SIPNET_ADDRESS]; /* the address a request would go to now; "": none */
	uint64_t requests_in, requests_out, forged_from;
	uint64_t answered, timeouts, unreachable;
	uint64_t failovers;        /* requests that went on to another target */
	uint64_t retransmissions;  /* of requests to it */
	uint64_t over_rate;        /* its requests refused by receive_rate */
	uint64_t over_sender_rate; /* and by sender_rate */
	uint64_t challenged;       /* requests that were asked for credentials */
	uint64_t digest_wait_in;   /* wrong password: ms until it is tried again; SIPNET_NEVER */
	uint64_t resolved_ago; /* the addresses are of that age; SIPNET_NEVER: none, or literal */
	unsigned n_targets, n_errors;
	const struct sipnet_target_view *targets; /* in the order of preference */
	const struct sipnet_error_view *errors;   /* the latest first */
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
