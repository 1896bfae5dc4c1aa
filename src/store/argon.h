#pragma once

#include <stdbool.h>

#include "base/slice.h"

/*
 * Passwords as they are kept: Argon2id (RFC 9106) with a salt of its own, three passes over 64 MiB.
 * Both functions take a tenth of a second and that memory: they are for a worker.
 */
enum { ARGON_TEXT = 128 }; /* room for a hash */

/* false: out of memory. */
bool argon_make(struct slice password, char ret[ARGON_TEXT]);

/* Is it the password of this hash? Takes the same time when it is not. */
bool argon_is(const char *hash, struct slice password);

/* A hash that nobody knows the password of: what an unknown name costs. */
const char *argon_nobody(void);
