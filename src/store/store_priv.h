#pragma once

/* What the files of store/ share. */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "federation/config.h"
#include "federation/snapshot.h"
#include "store/audit.h"
#include "store/backend.h"
#include "store/seal.h"

struct store {
	struct backend *backend;
	struct seal *seal;
	struct config *config;
	struct snapshot *snapshot; /* of config */
	bool in_transaction;
};

/*
 * A transaction that nobody else's change gets in between; one at a time (asserted). All that is
 * written in it is of it, audit lines too. A commit that fails has rolled back.
 */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* A statement without rows. */
int store_run(struct store *s, enum stmt stmt, const char *const *args, size_t n, struct err *e);

/* The value of a row of `meta`, for the caller to free; NULL: there is none. */
int store_meta_get(struct store *s, const char *name, char **ret, struct err *e);
int store_meta_put(struct store *s, const char *name, const char *value, struct err *e);

/* 0: the store is new. */
int store_generation_get(struct store *s, uint64_t *ret, struct err *e);
int store_generation_put(struct store *s, uint64_t generation, struct err *e);

/* Takes c and snapshot: they are what is in force. */
void store_publish(struct store *s, struct config *c, struct snapshot *snapshot);
int store_reload(struct store *s, struct err *e);

/* secret.c: secrets among the settings */
int secrets_write(struct store *s, const struct object *o, struct err *e);
int secrets_drop(struct store *s, const struct object *o, struct err *e); /* o goes */
/* Puts those of objects that are in c into them. */
int secrets_load(struct store *s, struct config *c, struct err *e);

/* passphrase.c: the gateway's, which there always is */
enum { STORE_PASSPHRASE_BYTES = 32 };
struct store_passphrase {
	char hex[2 * STORE_PASSPHRASE_BYTES + 1];
};
void store_passphrase_make(struct store_passphrase *ret); /* to be wiped */
void store_passphrase_set(struct config *c, struct slice passphrase);
bool store_passphrase_is_set(const struct config *c);

/* audit.c: gives lines of a store of before, which have no MAC, theirs; once. In a transaction. */
int audit_begin_chain(struct store *s, struct err *e);

/* generation.c, in a transaction: what a generation (restored: by going back to another) changed.
 */
int generation_write(struct store *s, const struct store_actor *who, uint64_t generation,
	const struct plan *p, uint64_t restored, struct err *e);

/* In a transaction: history begins with this generation, unless there is one. */
int generation_begin(struct store *s, uint64_t generation, struct err *e);

/* The changes that lead back to a generation; in a. */
int generation_changes(struct store *s, uint64_t generation, struct arena *a, struct change **ret,
	size_t *ret_n, struct err *e);
