#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "unit.h"

void place_make(struct place *p, const char *backend)
{
	snprintf(p->dir, sizeof p->dir, "/tmp/entente-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->store, sizeof p->store, "%s/store", p->dir);
	snprintf(p->key, sizeof p->key, "%s/key", p->dir);
	p->options = (struct store_options){backend, p->store, p->key};
}

const char *place_file(const struct place *p, const char *name)
{
	static char path[160];

	snprintf(path, sizeof path, "%s/%s", p->store, name);
	return path;
}

void place_remove(struct place *p)
{
	static const char *const files[] = {"managed.db", "managed.db-wal", "managed.db-shm",
		"memory.db", "memory.db-wal", "memory.db-shm"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlink(place_file(p, files[i]));
	rmdir(p->store);
	unlink(p->key);
	if (rmdir(p->dir) < 0)
		fail_msg("something is left in %s", p->dir);
}

static uint64_t hash_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf all = {0};
	uint64_t hash;
	size_t n = 1;

	if (!f)
		return 1;
	while (n) {
		n = fread(buf_room(&all, 65536), 1, 65536, f);
		buf_added(&all, n);
	}
	fclose(f);
	hash = hash_bytes(buf_slice(&all));
	buf_done(&all);
	return hash;
}

uint64_t place_hash(const struct place *p)
{
	if (strcmp(p->options.backend, "sqlite") != 0)
		return 0;
	return hash_file(place_file(p, "managed.db")) * 3 +
	       hash_file(place_file(p, "managed.db-wal"));
}

struct store *place_open(const struct place *p)
{
	struct store *s;
	struct err e;

	if (store_open(&s, &p->options, &e) < 0)
		fail_msg("%s: %s", e.code, e.text);
	return s;
}

char *store_text(struct store *s)
{
	struct buf text = {0};
	char *ret;

	assert_int_equal(store_dump(s, &text, NULL), 0);
	ret = buf_dup(&text);
	buf_done(&text);
	return ret;
}
