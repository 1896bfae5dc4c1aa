#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "federation/change.h"
#include "federation/snapshot.h"
#include "store/audit.h"
#include "store/generation.h"

/*
 * The managed half of the store: what administrators set. Every change is one transaction: the
 * whole is validated, written, appended to the audit log, the generation rises by one, and a new
 * snapshot comes out. A refused change leaves the store byte for byte.
 *
 * All functions block (disk) and belong to one thread at a time: the admin thread, or a worker.
 */
struct store;

struct store_options {
	/*
	 * "sqlite"; "sqlite-look": a copy in RAM of what SQLite holds, brought to the current schema
	 * there, for who only wants to look; "ram": nothing is kept, for tests.
	 */
	const char *backend;
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

/* How many steps brought it to the current schema when it was opened; 0: it was of this version. */
unsigned store_steps_taken(const struct store *s);

/* The current generation; a reference for the caller. */
struct snapshot *store_snapshot(struct store *s);

struct store_request {
	struct store_actor actor;
	const struct change *changes;
	size_t n;
	uint64_t if_generation; /* 0: whatever it is; else ERR_CONFLICT changed_meanwhile if it is
				   another */
	bool dry_run;           /* only the plan; nothing is written */
	/*
	 * Not 0: instead of changes, back to this generation (store/generation.h). Secrets and
	 * whether bodies are logged stay as they are.
	 */
	uint64_t restore;
	unsigned kinds;        /* only these, 1 << enum object_kind, may become different; 0: any */
	bool may_log_bodies;   /* STORE_BODIES_SETTING may become different */
	bool confirmed_bodies; /* ... and be turned on, which the actor has confirmed */
};

/* Other people's words: to have them written asks for more than the right to the gateway. */
#define STORE_BODIES_SETTING "enable_logging_all_message_bodies"


/*
 * Applies the changes. plan (may be NULL; empty before) tells what they do, also for a dry run.
 * *ret_snapshot (may be NULL) is a reference to the new generation; after a dry run to what it
 * would be, to ask it questions; to the current one when nothing becomes different (then nothing
 * was written). On failure the store, *plan and *ret_snapshot are as before; codes: those of
 * config_apply(), changed_meanwhile, generation_unknown, not_allowed (ERR_DENIED; kinds or bodies),
 * confirmation_required.
 */
int store_change(struct store *s, const struct store_request *r, struct plan *plan,
	struct snapshot **ret_snapshot, struct err *e);

/*
 * Writes a line to the audit log about a change that was refused: the first one of the request,
 * without values that are secret or belong to no setting.
 */
int store_refused(struct store *s, const struct store_request *r, const char *code, struct err *e);

/*
 * Every row of every table of the managed half as text, in a fixed order, sealed values as they lie
 * there, of hashes a sum: equal dumps mean equal stores. For tests; what is exported is
 * config_json().
 */
int store_dump(struct store *s, struct buf *ret, struct err *e);
