#pragma once

#include "sipnet/login.h"
#include "sipnet/sipnet.h"
#include "sipnet/target.h"

/*
 * A request of ours on its way: to one endpoint after the other while it is
 * certain that none has taken it, and once more where a server asks who we are.
 * All of it within one time.
 *
 *     held --> under way --> told
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
	uint64_t deadline;
	sip_done *done;
	void *arg;
};

/* A target's op: what is held goes out, whatever has become of the one that
 * tries. */
void sipnet_release(void *sipnet, struct target *t);
/* Ends all that is held for this target: it goes. */
void sipnet_drop_held(struct sipnet *n, struct target *t);
