#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "federation/change.h"
#include "federation/snapshot.h"
#include "store/audit.h"

/*
 * The managed half of the store: what administrators set. Every change is one transaction: the
 * whole is validated, written, appended to the audit log, the generation rises by one, and a new
 * snapshot comes out. A refused change leaves the store byte for byte.
 *
 * All functions block (disk) and belong to one thread at a time: the admin thread, or a worker.
 */
struct store;

struct store_options {
	const char *backend; /* "sqlite", or "ram": nothing is kept, for tests and what-if */
	const char *dir; /* sqlite: holds managed.db and memory.db; made 0700 if it is not there */
	const char
		*key_file; /* seals secrets; made 0600 at the first start. NULL (ram only): none */
};

/*
 * Opens or makes the store, brings it to the current schema, loads it. ERR_UNAVAILABLE: the disk or
 * another process; ERR_INVALID: it is newer than this program, its key file is missing or not the
 * one it was sealed with, or a row breaks a rule.
 */
int store_open(struct store **ret, const struct store_options *o, struct err *e);
void store_close(struct store *s); /* NULL is fine */
DEFINE_AUTO(struct store *, store_close)

/* The current generation; a reference for the caller. */
struct snapshot *store_snapshot(struct store *s);

struct store_request {
	struct store_actor actor;
	const struct change *changes;
	size_t n;
	uint64_t if_generation; /* 0: whatever it is; else ERR_CONFLICT changed_meanwhile if it is
				   another */
	bool dry_run;           /* only the plan; nothing is written */
};

/*
 * Applies the changes. plan (may be NULL; empty before) tells what they do, also for a dry run.
 * *ret_snapshot (may be NULL) is a reference to the new generation, or to the current one after a
 * dry run and when nothing became different (then nothing was written). On failure the store, *plan
 * and *ret_snapshot are as before; codes: those of config_apply() and changed_meanwhile.
 */
int store_change(struct store *s, const struct store_request *r, struct plan *plan,
	struct snapshot **ret_snapshot, struct err *e);

/*
 * Every row of every table of the managed half as text, in a fixed order, sealed values as they lie
 * there: equal dumps mean equal stores. For tests and support, not for export (config_json).
 */
int store_dump(struct store *s, struct buf *ret, struct err *e);
