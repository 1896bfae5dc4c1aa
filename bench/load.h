#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "hist.h"

/*
 * One direction of bridged messages, driven from one thread: UDP on the SIP side, one TLS stream on
 * the XMPP side. Every message carries its number and the time it was sent.
 */
struct load {
	int udp;                /* connected to entented */
	uint16_t udp_port;      /* ours */
	SSL *ssl;               /* the stream that is used */
	unsigned targets;       /* how many users each side has */
	uint64_t total;         /* messages to send */
	unsigned window;        /* at most so many under way (closed loop) */
	double rate;            /* messages a second (open loop); 0: closed loop */
	/* results */
	uint64_t sent, arrived, answered, refused;
	struct hist latency;
	double seconds;
	double ran; /* share of the time that the driver, which never waits, was running: 1 on a quiet machine */
};

void load_sip_to_xmpp(struct load *l);
void load_xmpp_to_sip(struct load *l);
