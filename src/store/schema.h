#pragma once

/* Private to store/: how SQLite's tables come to be. Never change a step that was released: add
 * one. */

#include "store/backend.h"

struct schema {
	const char *file;        /* in the store's directory */
	const char *what;        /* for people */
	unsigned application_id; /* in the file's header, so that file(1) and we know whose it is */
	const char *synchronous;
	const char *const
		*steps; /* PRAGMA user_version counts those that were done; ends with NULL */
};

extern const struct schema sqlite_schemas[2]; /* by enum store_half */
