#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A name server for one zone on a thread of its own: answers SRV questions for
 * _xmpp-server._tcp.DOMAIN with HOST:port and A questions for any name with 127.0.0.1, all else with
 * an empty answer. Enough for a resolver that does not validate.
 */
struct bench_dns {
	int fd;
	uint16_t port;      /* of the server; filled by bench_dns_start */
	uint16_t xmpp_port; /* what SRV answers say */
	bool literal;       /* ... with the address itself as target, for who cannot look it up */
};

void bench_dns_start(struct bench_dns *d);
