#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "link/link.h"
#include "sip/sip.h"

/*
 * Translates between SIP users and XMPP contacts: addresses, errors and pager messages, and the
 * answer rule (ARCHITECTURE.md): a SIP sender gets his final response when the fate of his message
 * is known, an XMPP sender an error when the final response says no. Of one loop; every function is
 * for that loop's thread.
 *
 *   toxmpp   SIP to XMPP: pending requests, the error window, late errors
 *   tosip    XMPP to SIP: one MESSAGE per target URI at a time, the rest in a bounded queue
 *   iq       what is asked of our domains themselves
 *   invites  who has invited whom, kept in the store's memory half
 */
struct buf;
struct gateway;
struct loop;
struct memory;
struct route;
struct sipnet;
struct sipnet_call;
struct sipnet_ops;
struct sipnet_way;
struct snapshot;
struct view_routes;
struct worker;

/*
 * Zero means the default in brackets.
 *
 * late and late_ms follow from what the edge may still report. When a stream breaks, that is up to
 * edge_limits.doubt_stanzas (262144) stanzas, the last ones written on it: late holds as many.
 * Their age is at most that of a byte the partner's kernel never acknowledged, which ours gives up
 * after 60 s: late_ms is a quarter more. Streams share the table, so at over 3500 messages a second
 * (late in late_ms) the oldest leave early, and with several streams full of doubt some of the
 * reports find nothing: they are counted (entente_late_errors_forgotten_total), as is an error
 * stanza that comes later than that. A record takes about 300 bytes.
 */
struct gateway_limits {
	unsigned pending;         /* SIP requests without final response [100000] */
	unsigned late;            /* answered ones of which an error may still come [262144] */
	uint32_t late_ms;         /* how long they are remembered [75000] */
	unsigned target_msgs;     /* messages waiting for one target URI, or in a session [256] */
	size_t target_bytes;      /* [256 KiB] */
	unsigned queued_msgs;     /* waiting everywhere together [100000] */
	size_t queued_bytes;      /* [128 MiB] */
	unsigned late_pairs;      /* pairs whose late errors are held together [16384] */
	unsigned sessions;        /* of a user and a contact [100000] */
	uint32_t session_idle_ms; /* after which a session in which nothing is said ends [600000] */
	unsigned legs;            /* dialogs, those that linger too (leg.h) [131072] */
	size_t legs_bytes;        /* they take together [512 MiB] */
	unsigned conversations;   /* pairs whose typing and receipts are remembered [65536] */
	unsigned memos;           /* messages of which a receipt may come [65536] */
};

struct gateway_config {
	char node, shard; /* begin every stanza id made here; alphanumeric */
	uint64_t seed;    /* random: where fate ids begin, so that no two runs share them */
	struct gateway_limits limits;
	struct memory
		*memory; /* invitations are loaded from it and written to it; NULL: RAM only */
	struct worker *worker; /* with one thread; writes memory. NULL exactly when memory is */
	/*
	 * The texts of messages, while the settings say so (bodies.h); NULL: they are written
	 * nowhere. body_worker: with one thread of its own.
	 */
	const char *body_file;
	unsigned body_keep_days;
	struct worker *body_worker;
};

/*
 * What the gateway asks of its neighbours; gateway_connect() is the real thing, tests have doubles.
 * Contracts as in link/link.h and sipnet/sipnet.h: nothing here calls back before it has returned.
 */
struct gateway_ops {
	bool (*send)(void *arg, struct link_down *d);
	void (*up_done)(void *arg, struct link_up *up);
	void (*reply)(void *arg, struct sip_server *txn, const struct sip_reply *reply);
	void (*request)(void *arg, const struct route *route, const struct sip_spec *spec,
		unsigned timeout_ms, sip_done *done, void *done_arg);
	uint64_t (*wall_ms)(void *arg); /* time of the day */

	/* Of dialogs, as in sipnet/sipnet.h: sipnet_invite(), _cancel(), _within(), _ack(),
	 * _contact(), _id(). */
	struct sipnet_call *(*invite)(void *arg, const struct route *route,
		const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *done_arg);
	void (*cancel)(void *arg, struct sipnet_call *invite);
	struct sipnet_call *(*within)(void *arg, const struct route *route,
		const struct sipnet_way *way, struct slice next, const struct sip_spec *spec,
		unsigned timeout_ms, sip_done *done, void *done_arg);
	void (*ack)(void *arg, const struct route *route, const struct sipnet_way *way,
		struct slice next, const struct sip_spec *spec);
	void (*contact)(void *arg, const struct route *route, const struct sipnet_way *way,
		struct buf *out);
	void (*id)(void *arg, struct buf *out);
};

/* config is copied; memory, worker and log are borrowed for good. Fails when memory cannot be read.
 */
int gateway_new(struct gateway **ret, struct loop *loop, const struct gateway_config *config,
	const struct log *log, struct err *e);

/*
 * After the link's and SIP's callbacks have ended (link: its loop has stopped; sipnet: freed) and
 * when gateway_writes() is 0; the worker outlives it. NULL is fine.
 */
void gateway_free(struct gateway *g);

/* Becomes the gateway's end of the link, and takes what comes from sipnet, which was made with
 * gateway_sipnet_ops and g as arg. Both outlive their last callback. */
void gateway_connect(struct gateway *g, struct link *link, struct sipnet *sipnet);
extern const struct sipnet_ops gateway_sipnet_ops;
extern const struct sip_caps gateway_caps; /* for sipnet_config */

/* Instead of gateway_connect(). */
void gateway_set_ops(struct gateway *g, const struct gateway_ops *ops, void *arg);

/* The events, for those who have their own way to them. See struct sipnet_ops, link_gateway_ops. */
void gateway_request(void *gateway, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way);
void gateway_invite(void *gateway, struct sip_server *txn, enum sip_invite_event event);
void gateway_ack(void *gateway, const struct sip_msg *m, const struct route *route);
void gateway_options(void *gateway, const struct sip_msg *m, const struct route *route,
	const struct sipnet_way *way, struct buf *sdp);
extern const struct link_gateway_ops gateway_link_ops;

/*
 * The settings in force from now on; takes a reference. Without any, everything is refused. sipnet
 * gets the same snapshot in the same event, for routes that the two exchange are of it.
 */
void gateway_set_snapshot(struct gateway *g, struct snapshot *s);

/*
 * New messages are refused from now on: 500 with Retry-After, resource-constraint. What is under
 * way goes on; busy: messages whose sender has no answer yet, and writes under way.
 */
void gateway_drain(struct gateway *g);
unsigned gateway_busy(const struct gateway *g);
/* After it, when not all has ended in time: XMPP senders whose messages have no answer are told so.
 */
void gateway_stop(struct gateway *g);
/* The changes of the allow list that are not stored yet, and the texts that are not written yet. */
unsigned gateway_writes(const struct gateway *g);

/* ---- invitations ---- */

/* Runs once, from the loop, never before the function it belongs to has returned. e NULL: it is
 * stored. */
typedef void gateway_stored(void *arg, const struct err *e);

/*
 * user may get messages of contact although the partner is PublicUnverified (canonical bare
 * addresses). expires_ms: wall clock, 0 never; by: who says so, at most 255 bytes are kept.
 */
void gateway_allow_put(struct gateway *g, struct slice user, struct slice contact,
	uint64_t expires_ms, struct slice by, gateway_stored *done, void *arg);
/* Not there: e is ERR_NOT_FOUND. */
void gateway_allow_remove(struct gateway *g, struct slice user, struct slice contact,
	gateway_stored *done, void *arg);
/* Those in force. */
void gateway_allow_each(struct gateway *g,
	void (*fn)(void *arg, struct slice user, struct slice contact, uint64_t expires_ms),
	void *arg);

/* ---- what is seen from outside ---- */
struct gateway_view {
	uint64_t generation; /* 0: no snapshot yet */
	unsigned pending;    /* SIP requests without final response */
	unsigned window;     /* of these: written, waiting for an error stanza */
	unsigned late;       /* answered ones still remembered */
	unsigned late_pairs;
	unsigned sessions; /* those that are being opened, or end, too */
	unsigned targets;  /* target URIs with messages */
	unsigned queued;   /* messages for SIP, those under way included */
	size_t queued_bytes;
	size_t invitations;
	bool draining;
};
void gateway_view(const struct gateway *g, struct gateway_view *ret);
/* How many sessions are up by each route. */
void gateway_view_routes(const struct gateway *g, struct view_routes *routes);
