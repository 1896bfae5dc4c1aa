#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/slice.h"

/* An IPv4 or IPv6 address with a port. Plain data; zeroed it is no address. */
struct netaddr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
};

enum { NETADDR_TEXT = INET6_ADDRSTRLEN + 9 }; /* "[v6]:65535" */

/* A literal without port, an IPv6 one with or without brackets; -1 when it is none. */
int netaddr_parse_host(struct netaddr *ret, struct slice host, uint16_t port);

/* "192.0.2.1:5269", "[2001:db8::1]:5269"; no port: default_port (0: it must be given). */
int netaddr_parse(struct netaddr *ret, struct slice text, uint16_t default_port, struct err *e);

/* From the kernel; an IPv4-mapped IPv6 address becomes the IPv4 one. -1: another family. */
int netaddr_from(struct netaddr *ret, const struct sockaddr *sa);

/* Both return ret. */
const char *netaddr_print(const struct netaddr *a, char ret[static NETADDR_TEXT]);
const char *netaddr_print_host(
	const struct netaddr *a, char ret[static NETADDR_TEXT]); /* no port */

uint16_t netaddr_port(const struct netaddr *a);
void netaddr_set_port(struct netaddr *a, uint16_t port);
socklen_t netaddr_len(const struct netaddr *a);
bool netaddr_eq(const struct netaddr *a, const struct netaddr *b);      /* address and port */
bool netaddr_eq_host(const struct netaddr *a, const struct netaddr *b); /* address alone */

/* The 16 bytes of the IPv6 form, an IPv4 address mapped (for federation's network_has()). */
void netaddr_mapped(const struct netaddr *a, uint8_t ret[static 16]);

bool netaddr_is_loopback(const struct netaddr *a);
bool netaddr_is_link_local(const struct netaddr *a);
bool netaddr_is_any(const struct netaddr *a);

/*
 * What limits per address count by: the address of a host, or the /64 of an IPv6 one, since who has
 * one has all of it. Points into buf.
 */
struct slice netaddr_limit_key(const struct netaddr *a, uint8_t buf[static 16]);
