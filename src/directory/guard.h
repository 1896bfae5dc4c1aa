#pragma once

#include <stdint.h>

#include "base/list.h"

/*
 * An end to calls that have none: libldap waits for a TLS handshake, and inside TLS for the rest of
 * a record, as long as the server likes. A thread watches and shuts the socket down when the time
 * of the call is over; the call fails then as when the server had hung up. Any thread, one at a
 * time for each guard.
 */
struct guard {
	struct list node;
	int fd; /* our own descriptor of the socket; -1: there is none yet */
	uint64_t due_ms;
};

/* Starts the thread, once. -1: it cannot be started. */
int guard_start(void);

void guard_init(struct guard *g);
void guard_done(struct guard *g);

/* The socket to shut down; it is duplicated. */
void guard_socket(struct guard *g, int fd);

/* due_ms: monotonic. Until guard_disarm(). */
void guard_arm(struct guard *g, uint64_t due_ms);
void guard_disarm(struct guard *g);
