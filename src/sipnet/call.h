#pragma once

#include "sipnet/login.h"
#include "sipnet/sipnet.h"
#include "sipnet/target.h"

/*
 * A request of ours on its way: to one endpoint after the other while it is
 * certain that none has taken it, and once more where a server asks who we are.
 * All of it within one time. Within a dialog it goes the dialog's way first
 * (within.c).
 *
 *     held --> under way --> told [--> answered, INVITE: until there can be no other 2xx]
 *      |        |   ^
 *      |        `---'  another endpoint, or with credentials
 *      `--> failed ----> told at the end of the turn
 */
enum { CALL_TRIES = 4 }; /* endpoints */

struct again; /* a copy of the request */

struct sipnet_call {
	struct list node; /* in calls, failed, or the target's held */
	struct sipnet *net;
	struct sip_client *client; /* under way; NULL: it is not */
	struct again *again;       /* NULL: it is sent once */
	char route[65];            /* routes come and go meanwhile */
	uint32_t serial;           /* of its target */
	uint32_t endpoint;         /* where it is under way */
	uint32_t tried[CALL_TRIES];
	uint8_t n_tried;
	uint8_t asked; /* times, for credentials */
	uint8_t end;   /* enum sip_end, of one that failed at once */
	bool sent_login[LOGIN__N], fresh_login[LOGIN__N];
	bool invite, cancelled;
	bool answered;  /* INVITE: it counts for nothing any more */
	bool within;    /* a dialog */
	uint32_t flow;  /* by which it goes first; 0: none */
	uint32_t named; /* the endpoint that it goes to then; 0: none */
	uint64_t deadline;
	sip_done *done; /* NULL: an INVITE that is forgotten, not answered yet */
	void *arg;
};

/* A new one; it must be sent, or made to fail, then. */
struct sipnet_call *sipnet_call_new(struct sipnet *n, const struct route *route,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg);
void sipnet_call_begin(struct sipnet_call *c, const struct sip_spec *spec);

/* ---- within.c: the way of a dialog ---- */

/* The connection, if a request of this route may go out on it now; NULL. */
struct flow *within_flow(const struct sipnet *n, const struct route *r, uint32_t flow);
/* The endpoint that such a connection leads to; NULL: it is none of the route's any more. */
struct endpoint *within_endpoint(const struct target *t, const struct flow *f);
/* The endpoint that a Route or a remote target names; NULL. */
struct endpoint *within_named(const struct target *t, struct slice next);

/* A target's op: what is held goes out, whatever has become of the one that
 * tries. */
void sipnet_release(void *sipnet, struct target *t);
/* Ends all that is held for this target: it goes. */
void sipnet_drop_held(struct sipnet *n, struct target *t);
