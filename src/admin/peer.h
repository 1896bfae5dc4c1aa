#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Who is at the other end of the unix socket, by the kernel's word. */
struct peer {
	uid_t uid;
	pid_t pid;
	char name[64]; /* of the user; "uid 1000" when it has none */
};

/*
 * Root, this process's own user, and processes with the group (as their own or a supplementary one)
 * are let in: 0; everybody else is refused: ERR_DENIED, code not_allowed, with *ret filled for the
 * log. group (gid_t)-1: no group.
 */
int peer_of(int fd, gid_t group, struct peer *ret, struct err *e);

/* The group of this name, (gid_t)-1 when there is none (also for ""). */
gid_t peer_group(const char *name);
