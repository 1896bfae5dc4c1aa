#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * What settings hold beside numbers, words and text. All are owned by the object they are part of
 * and never change once the object is in a config or a snapshot.
 */

/* A domain: a is A-labels (the key, DNS, TLS, SIP), u the U-labels of people and JIDs. */
struct domain_name {
	char *a, *u; /* NULL: none */
};

struct domain_list {
	struct domain_name *v;
	size_t n;
};

/* host is a name in A-labels or an IP address without brackets; NULL: none. port 0: not given. */
struct host_port {
	char *host;
	uint16_t port;
};

/* A network in the form that sockets speak: an IPv4 one is mapped, ::ffff:a.b.c.d and 96 + bits. */
enum { NETWORK_MAPPED_BITS = 96 };

struct network {
	uint8_t addr[16];
	uint8_t bits; /* 0..128 */
};

struct network_list {
	struct network *v;
	size_t n;
};

bool network_is_ipv4(const struct network *n);

/* addr: 16 bytes, IPv4 mapped as above. */
bool network_has(const struct network *n, const uint8_t addr[16]);
bool network_list_has(const struct network_list *l, const uint8_t addr[16]);

/* domain in A-labels or U-labels, lower case. */
bool domain_is(const struct domain_name *d, struct slice domain);
const struct domain_name *domain_list_find(const struct domain_list *l, struct slice domain);
