#pragma once

#include <stdint.h>

#include "base/err.h"
#include "net/address.h"

/*
 * One UDP socket: datagrams in by recvmmsg, out by sendmmsg once a loop turn, what the network says
 * about addresses that cannot be reached (IP_RECVERR), and what the kernel had to drop
 * (SO_RXQ_OVFL). Of one loop.
 */
struct loop;
struct udp;

struct udp_ops {
	/* p[0..n) is the callee's to change, for the call only. */
	void (*datagram)(void *arg, const struct netaddr *from, char *p, size_t n);
	/*
	 * A datagram of ours to this address did not arrive: ICMP said so, or it could not be sent
	 * at all. bytes: as much of its beginning as came back.
	 */
	void (*undelivered)(void *arg, const struct netaddr *to, struct slice bytes);
};

/* Callbacks run from the loop, never inside a function of this header. */
int udp_new(struct udp **ret, struct loop *loop, const struct netaddr *addr,
	const struct udp_ops *ops, void *arg, struct err *e);

/* What is queued goes out first. NULL is fine. */
void udp_free(struct udp *u);

/* Copied. Lost, and counted, when the queue is full: UDP may lose. */
void udp_send(struct udp *u, const struct netaddr *to, const void *p, size_t n);

/* Where it really listens. */
const struct netaddr *udp_address(const struct udp *u);

struct udp_stats {
	uint64_t received, sent, kernel_drops, send_errors;
	int receive_buffer; /* bytes, as the kernel gave them */
};
const struct udp_stats *udp_stats(const struct udp *u);
