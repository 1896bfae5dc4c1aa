#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "hostile.h"
#include "pki.h"

/*
 * SIP peers that mean harm, in a process of its own with lower priority, each at an address of
 * 127/8 of its own:
 *
 * routes     a listed one by TCP and one by TLS, see hostile.h, which come with connections again
 * and again strangers  the same by TCP and TLS, of no route flood      datagrams from 10,000 source
 * addresses: OPTIONS, MESSAGE, rubbish mute       a route whose server takes connections and reads
 * nothing; an XMPP partner of this process writes to its users
 */
#define BAD_TCP_ADDRESS  "127.9.1.1"
#define BAD_TLS_ADDRESS  "127.9.1.2"
#define BAD_MUTE_ADDRESS "127.9.1.3"
#define BAD_TLS_NAME     "hostile.bench"
#define BAD_MUTE_DOMAIN  "mute.bench"
enum { BAD_PORT = 15270 }; /* where the next hops are; only the mute one listens */

struct bad_routes_options {
	unsigned light, heavy; /* connections a second of each kind and transport */
	unsigned pipelined;    /* requests of a pipeline */
	unsigned flood;        /* datagrams a second */
	unsigned sources;      /* addresses of the flood */
	unsigned messages;     /* a second to the mute one */
	unsigned partner;      /* p<partner>.bench is the one that writes to it */
	uint16_t xmpp_listen;  /* of all partners, each at its address */
	uint16_t udp_port, tcp_port, tls_port, xmpp_port; /* entented's */
};

/* Shared with the process. */
struct bad_routes {
	pid_t pid;
	_Atomic int active; /* they rest unless it is set; connections stay */
	struct hostile_count kinds[HOSTILE_KINDS][BY__N];
	_Atomic uint64_t datagrams, to_mute, mute_connections;
	_Atomic uint64_t datagrams_answered[LINE_STATUSES];
};

struct bad_routes *bad_routes_start(const struct bad_routes_options *o, const struct pki *pki);
void bad_routes_stop(struct bad_routes *b);
/* Into the object that is begun: all that was done, and what was answered. */
void bad_routes_report(const struct bad_routes *b);
