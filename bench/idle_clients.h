#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Clients of the panel's HTTPS, in a process of its own with lower priority: those that wait for
 * events and read them, and those that never get to the end of their request, a byte a second, and
 * come again when they are dropped. Spread over addresses of loopback.
 */
struct idle_options {
	uint16_t port;     /* of the panel, at 127.0.0.1 */
	unsigned events;   /* who wait */
	unsigned loris;    /* who are slow */
	const char *token; /* of the API */
};

/* Shared with the process. */
struct idle_clients {
	pid_t pid;
	_Atomic int active;               /* all are there, or none */
	_Atomic unsigned waiting, slow;   /* that are there: waiting for events, slow */
	_Atomic uint64_t events, dropped; /* told; slow ones dropped so far */
};

struct idle_clients *idle_clients_start(const struct idle_options *o);
void idle_clients_stop(struct idle_clients *c);
