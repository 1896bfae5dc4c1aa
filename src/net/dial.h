#pragma once

#include "net/conn.h"

/*
 * Connects to the first of several addresses that answers; the others are given up. Private to
 * net/conn.
 *
 * Within a group the next address is tried 250 ms after the one before (RFC 8305), or as soon as
 * that has failed. A group is a DNS target: a later one has a lower priority, and only gets its
 * turn when the earlier ones have failed or have not answered for 5 s. An attempt gets 10 s.
 */
struct dial;

/* fd -1: none answered, why says it (of the last failure). Runs once, never inside dial_new(). */
typedef void dial_done(void *arg, int fd, const struct netaddr *peer, const char *why);

struct dial *dial_new(
	struct loop *l, const struct conn_target *targets, size_t n, dial_done *done, void *arg);
void dial_free(struct dial *d); /* NULL is fine */
