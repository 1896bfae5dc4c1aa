#pragma once

#include "gateway/pending.h"
#include "link/link.h"

/*
 * What becomes of the stanzas that requests of SIP users were made into, and what their senders
 * hear of it: the answer rule (ARCHITECTURE.md). pending.h has the states; core.h what comes back
 * (toxmpp_fate() and the others).
 */
struct gateway;
struct route;
struct sip_server;

/*
 * A record for a stanza that is about to be made. txn NULL: nobody waits for its answer (the text
 * that came with an INVITE): of its errors he hears as of those after a 200.
 */
struct pending *fate_new(struct gateway *g, struct sip_server *txn, const struct route *route,
	struct slice user, struct slice contact, bool full_jid);

/* It goes; takes d. */
void fate_send(struct gateway *g, struct pending *p, struct link_down *d);
/* It goes when the invitation that it makes has been stored; takes d. */
void fate_invite(struct gateway *g, struct pending *p, struct link_down *d);
