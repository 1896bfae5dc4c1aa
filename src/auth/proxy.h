#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Whose address counts when a request may have come through proxies. A header field says what its
 * sender wants it to say; it is believed only as far as proxies that are trusted wrote it. Pure.
 */

enum { PROXY_ADDRESS_TEXT = 46 }; /* INET6_ADDRSTRLEN */

/* A network; an IPv4 one is mapped, ::ffff:a.b.c.d and 96 + bits. */
struct proxy_network {
	uint8_t addr[16];
	uint8_t bits;
};

struct proxy_networks {
	struct proxy_network *v; /* the caller's */
	size_t n;
};

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. Bits beyond the prefix must be 0. */
int proxy_network_parse(struct proxy_network *ret, struct slice text, struct err *e);

struct proxy_request {
	struct slice peer; /* the other end of the connection, a literal address */
	struct slice
		forwarded; /* Forwarded (RFC 7239), several lines joined by ","; absent: none */
	struct slice forwarded_for; /* X-Forwarded-For, likewise */
};

/*
 * The address of the client, as text without port: the peer, unless it is trusted; then the
 * right-most address that is not, of the one field that is there. Where both fields are there and
 * differ, one of them may be the client's own: then neither is believed and it is the peer. An
 * entry that is no address (RFC 7239 6.2, 6.3: "unknown", "_hidden") ends the search at the proxy
 * that wrote it.
 */
void proxy_client(const struct proxy_networks *trusted, const struct proxy_request *q,
	char ret[static PROXY_ADDRESS_TEXT]);

bool proxy_trusted(const struct proxy_networks *trusted, struct slice address);
