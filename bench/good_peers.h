#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "hist.h"
#include "pki.h"
#include "told.h"
#include "xmpp_end.h"

/*
 * Partners that behave, p0.bench and the following, each with a stream either way, and the SIP end of
 * the bridge. Messages go both ways at an even rate and are timed until entented has written them:
 *
 * down  SIP to XMPP: from the request to its 200, which entented sends when the stanza is written
 * up    XMPP to SIP: from the stanza to the request
 *
 * Both ends of that time are datagrams that the kernel stamps on arrival, so it does not count how long
 * this process takes to look at them.
 */
enum { GOOD_DOWN, GOOD_UP, GOOD_WAYS };
extern const char *const good_ways[GOOD_WAYS];

/* A message arrives, or its sender is told that it does not (refused); else it is missing. */
struct good_count {
	uint64_t sent, done, refused, twice;
	struct told told;
};

struct good_note; /* of one message */

struct good_peers {
	struct good_peer {
		struct xmpp_end end;
		char domain[32];
		SSL *out, *in; /* entented's stream to it, and its own */
		char got[1 << 15]; /* of what entented writes: the stanza that is not whole */
		size_t got_n;
	} *peers;
	unsigned n;
	int udp, epoll;
	uint16_t udp_port;
	struct good_note *notes[GOOD_WAYS];
	uint64_t room;
	uint64_t disturbed; /* messages not timed, for the machine was not quiet (quiet.h) */
	struct good_count count[GOOD_WAYS];
};

/* messages: of one way, at most. xmpp_listen: where all partners listen, each at its address. */
void good_peers_init(struct good_peers *g, const struct pki *pki, unsigned n, uint16_t xmpp_listen,
	uint64_t messages);
void good_peers_connect(struct good_peers *g, uint16_t sip_port, uint16_t xmpp_port);
/*
 * Plays for so long; what was sent after the first settle_ns is added to latency[way], also when it
 * arrives later. NULL: nowhere.
 */
void good_peers_play(struct good_peers *g, double rate, uint64_t ns, uint64_t settle_ns,
	struct hist *const latency[GOOD_WAYS]);
