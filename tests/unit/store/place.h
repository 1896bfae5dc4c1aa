#pragma once

#include "base/buf.h"
#include "store/memory.h"
#include "store/store.h"

/* A fresh folder for a store, and the options to open it. backend: "sqlite" or "ram". */
struct place {
	char dir[64]; /* the folder; the store is in dir/store, the key file dir/key */
	char store[80], key[80];
	struct store_options options;
};

void place_make(struct place *p, const char *backend);
void place_remove(struct place *p); /* with all files in it */

/* Path of a file in the store's folder; valid until the next call. */
const char *place_file(const struct place *p, const char *name);

/* The bytes of managed.db and what SQLite keeps beside it, as one hash; 0 for ram. */
uint64_t place_hash(const struct place *p);

struct store *place_open(const struct place *p);
char *store_text(struct store *s); /* store_dump(), freed by the caller */
