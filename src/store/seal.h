#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"

/*
 * Secrets in the store are sealed with a key that lies outside it (libsodium secretbox under a key
 * derived from the key file). The name is sealed in with the value, so that rows cannot be swapped.
 */
struct seal;

/*
 * Reads the key file. create: makes it, mode 0600, when it is not there. ERR_INVALID: it is
 * missing, is no key file, is not ours, or others may read it.
 */
int seal_open(struct seal **ret, const char *key_file, bool create, struct err *e);

/* A key that nobody keeps. */
struct seal *seal_new(void);
void seal_free(struct seal *s); /* NULL is fine */
DEFINE_AUTO(struct seal *, seal_free)

/* Appends the sealed value as hexadecimal text. */
void seal_close(const struct seal *s, const char *name, struct slice value, struct buf *ret);

/* Appends the value; -1 (ERR_INVALID): another key, another name, or somebody changed it. */
int seal_break(const struct seal *s, const char *name, struct slice sealed, struct buf *ret,
	struct err *e);

/*
 * A MAC (HMAC-SHA256) under a key of its own, as hexadecimal text: what was written by us can be
 * told from what was not.
 */
enum { SEAL_MAC_CHARS = 64 };
void seal_mac(const struct seal *s, struct slice bytes, char ret[SEAL_MAC_CHARS + 1]);
