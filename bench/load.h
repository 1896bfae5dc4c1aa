#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "hist.h"
#include "sip_side.h"
#include "xmpp_end.h"

/*
 * One direction of bridged messages, driven from one thread: the SIP side, and one TLS stream on
 * the XMPP side. Every message carries its number and the time it was sent.
 */
struct load {
	struct sip_side *sip;
	SSL *ssl;         /* the stream that is used */
	unsigned targets; /* how many users each side has */
	uint64_t total;   /* messages to send */
	unsigned window;  /* at most so many under way (closed loop) */
	double rate;      /* messages a second (open loop); 0: closed loop */
	bool resend;      /* sip_to_xmpp: the driver has the timers of a client over UDP */
	/* results */
	uint64_t sent, arrived, answered, refused;
	uint64_t twice;            /* arrived again */
	uint64_t resent, given_up; /* resend: sent again; without an answer after 32 s */
	struct hist latency;
	double seconds;
	double offered_seconds; /* until the last one was sent for the first time */
	double ran; /* share of the time that the driver, which never waits, was running: 1 on a
		       quiet machine */
};

/*
 * Wakes entented with a message to the partner, so that it opens its stream, which is down's from
 * then on; up's is the one that the partner opens. Exits with a message when that is not taken.
 */
void load_open_streams(
	struct load *down, struct load *up, struct xmpp_end *end, uint16_t xmpp_port);

void load_sip_to_xmpp(struct load *l);
void load_xmpp_to_sip(struct load *l);
