#pragma once

#include <netinet/in.h>
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
	/*
	 * SRV answers lead to the domain itself, below which all share the same server, and A
	 * questions for pN.bench are answered with bench_dns_address(N).
	 */
	bool numbered;
};

void bench_dns_start(struct bench_dns *d);

struct in_addr bench_dns_address(unsigned n); /* 127.1.x.y */
