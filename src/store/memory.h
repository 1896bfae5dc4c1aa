#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/store.h"

/*
 * The memory half of the store: what users have done. The gateway loop owns it in RAM
 * (federation/allow.h); this is the copy that survives a restart, written behind in batches by a
 * worker. A separate file with its own handle, so that it never waits for an administrator's
 * change.
 *
 * All functions block and belong to one thread at a time.
 */
struct memory;

/* One invitation. Strings borrowed for the call. */
struct memory_allow {
	const char *user, *contact; /* canonical bare addresses; the key */
	uint64_t expires_ms;        /* wall clock; 0: never */
	const char *created_by;     /* "root", "user" */
	uint64_t created_ms;
	const char *owner;       /* node whose gateway loop holds it; "" while there is one node */
	uint64_t lease_until_ms; /* until when it is the owner's alone; 0: no lease */
};

enum memory_op { MEMORY_PUT_ALLOW, MEMORY_REMOVE_ALLOW };

struct memory_write {
	enum memory_op op;
	struct memory_allow allow; /* for REMOVE only user and contact count */
};

int memory_open(struct memory **ret, const struct store_options *o, struct err *e);
void memory_close(struct memory *m); /* NULL is fine */
DEFINE_AUTO(struct memory *, memory_close)

typedef void memory_allow_fn(void *arg, const struct memory_allow *a);

/* Every invitation, ordered by user and contact. */
int memory_load(struct memory *m, memory_allow_fn *fn, void *arg, struct err *e);

/* All of it in one transaction, in order; on failure nothing of it (ERR_UNAVAILABLE). */
int memory_write(struct memory *m, const struct memory_write *w, size_t n, struct err *e);
