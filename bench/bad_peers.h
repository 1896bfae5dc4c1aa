#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "pki.h"

/*
 * Partners that mean harm or are in need of help, in a process of its own with lower priority:
 *
 * slow     reads its stream with a tiny window, 64 bytes a second
 * dead     half of them listen and never accept, the others do not even answer a SYN any more
 * hostile  tears streams in the middle; on connections of its own, again and again: garbage, broken
 *          XML, floods of headers, ClientHellos that nobody follows up, handshakes that are cut,
 *          streams that are authenticated and dropped
 * huge     sends stanzas of 200 kB; takes streams for a thousand domains below its own
 *
 * All are also sent messages, from a SIP user agent of this process.
 */
enum bad_kind { BAD_SLOW, BAD_DEAD, BAD_HOSTILE, BAD_HUGE, BAD_KINDS };

struct bad_options {
	unsigned first;   /* partner p<first>.bench and the following */
	unsigned n[BAD_KINDS];
	unsigned storms;  /* connections a second of each that is hostile */
	unsigned huge;    /* stanzas a second of each that is huge */
	unsigned sip;     /* messages a second to all of them */
	uint16_t xmpp_listen;                /* of all partners, each at its address */
	uint16_t xmpp_port, sip_port;        /* entented's */
};

/* Shared with the process. */
struct bad_peers {
	pid_t pid;
	_Atomic int active; /* they rest unless it is set; streams stay */
	_Atomic uint64_t connections, handshakes, authenticated, taken, huge_bytes, sip_sent;
};

struct bad_peers *bad_peers_start(const struct bad_options *o, const struct pki *pki);
void bad_peers_stop(struct bad_peers *b);
