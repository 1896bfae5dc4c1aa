#pragma once

#include "base/err.h"
#include "net/address.h"

/* A TCP socket that listens. Of one loop. */
struct loop;
struct listener;

/* fd is non-blocking and belongs to the callee. */
typedef void listener_accept(void *arg, int fd, const struct netaddr *peer);

/*
 * Binds and listens (IPv6 sockets do not take IPv4). accept() runs for each connection, never
 * before this has returned. Out of descriptors: stops accepting for a second, logs it.
 */
int listener_new(struct listener **ret, struct loop *loop, const struct netaddr *addr,
	listener_accept *accept, void *arg, struct err *e);

/* Where it really listens: with the port the kernel chose when 0 was asked for. */
struct netaddr listener_address(const struct listener *l);

/* NULL is fine. */
void listener_free(struct listener *l);
