#include "store/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rows.h"
#include "store/store_priv.h"

/* ---- transactions ---- */

int store_begin(struct store *s, struct err *e)
{
	assert(!s->in_transaction);
	if (s->backend->ops->begin(s->backend, e) < 0)
		return -1;
	s->in_transaction = true;
	return 0;
}

int store_commit(struct store *s, struct err *e)
{
	assert(s->in_transaction);
	s->in_transaction = false;
	return s->backend->ops->commit(s->backend, e);
}

void store_rollback(struct store *s)
{
	assert(s->in_transaction);
	s->in_transaction = false;
	s->backend->ops->rollback(s->backend);
}

int store_run(struct store *s, enum stmt stmt, const char *const *args, size_t n, struct err *e)
{
	return s->backend->ops->run(s->backend, stmt, args, n, NULL, NULL, e);
}

/* ---- meta ---- */

struct meta_reader {
	const char *name;
	char *value;
};

static int meta_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	struct meta_reader *m = arg;

	if (strcmp(column[0], m->name) == 0)
		m->value = xstrdup(column[1]);
	return 0;
}

int store_meta_get(struct store *s, const char *name, char **ret, struct err *e)
{
	struct meta_reader m = {name, NULL};

	if (s->backend->ops->run(s->backend, STMT_META_LIST, NULL, 0, meta_row, &m, e) < 0) {
		xfree(m.value);
		return -1;
	}
	*ret = m.value;
	return 0;
}

int store_meta_put(struct store *s, const char *name, const char *value, struct err *e)
{
	return store_run(s, STMT_META_PUT, (const char *const[]){name, value}, 2, e);
}

int store_generation_get(struct store *s, uint64_t *ret, struct err *e)
{
	char *text;

	if (store_meta_get(s, "generation", &text, e) < 0)
		return -1;
	*ret = text ? strtoull(text, NULL, 10) : 0;
	xfree(text);
	return 0;
}

int store_generation_put(struct store *s, uint64_t generation, struct err *e)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)generation);
	return store_meta_put(s, "generation", text, e);
}

/* ---- loading ---- */

static int load_config(struct store *s, struct config *c, struct err *e)
{
	return rows_load(s->backend, c, e) < 0 || secrets_load(s, c, e) < 0 ? -1 : 0;
}

void store_publish(struct store *s, struct config *c, struct snapshot *snapshot)
{
	config_free(s->config);
	snapshot_unref(s->snapshot);
	s->config = c;
	s->snapshot = snapshot;
}

static int load(struct store *s, uint64_t generation, struct err *e)
{
	struct config *c = config_new();
	struct snapshot *snapshot;

	if (load_config(s, c, e) < 0 || snapshot_build(&snapshot, c, generation, NULL, e) < 0) {
		config_free(c);
		return -1;
	}
	store_publish(s, c, snapshot);
	return 0;
}

int store_reload(struct store *s, struct err *e)
{
	uint64_t generation;

	return store_generation_get(s, &generation, e) < 0 ? -1 : load(s, generation, e);
}

/* ---- opening ---- */

static int write_all(struct store *s, const struct config *c, struct err *e)
{
	for (size_t k = 0; k < OBJECT__N; k++) {
		const struct object *const *v;
		size_t n = config_list(c, (enum object_kind)k, &v);

		for (size_t i = 0; i < n; i++)
			if (rows_put(s->backend, v[i], e) < 0 || secrets_write(s, v[i], e) < 0)
				return -1;
	}
	return store_generation_put(s, 1, e);
}

/* A new store holds the defaults and a passphrase of its own. */
static int write_first(struct store *s, struct err *e)
{
	AUTO(config_free) struct config *c = config_new();
	struct store_passphrase passphrase;

	store_passphrase_make(&passphrase);
	store_passphrase_set(c, slice_of(passphrase.hex));
	mem_wipe(&passphrase, sizeof passphrase);
	return write_all(s, c, e);
}

/* What has to be there before a change: also in a store that an earlier version wrote. */
static int prepare(struct store *s, struct err *e)
{
	uint64_t generation;

	if (store_generation_get(s, &generation, e) < 0)
		return -1;
	if (generation == 0 && write_first(s, e) < 0)
		return -1;
	if (generation_begin(s, generation ? generation : 1, e) < 0)
		return -1;
	return audit_begin_chain(s, e);
}

/* Another process may be at its start too: the one that gets the lock does it. */
static int prepare_alone(struct store *s, struct err *e)
{
	if (store_begin(s, e) < 0)
		return -1;
	if (prepare(s, e) == 0)
		return store_commit(s, e);
	store_rollback(s);
	return -1;
}

static int open_seal(struct store *s, const struct store_options *o, bool new, struct err *e)
{
	if (o->key_file)
		return seal_open(&s->seal, o->key_file, new, e);
	assert(s->backend->ops == &ram_backend);
	s->seal = seal_new();
	return 0;
}

static int open_all(struct store *s, const struct store_options *o, struct err *e)
{
	const struct backend_ops *ops = backend_find(o->backend, e);
	uint64_t generation;

	if (!ops || ops->open(&s->backend, HALF_MANAGED, o->dir, e) < 0 ||
		store_generation_get(s, &generation, e) < 0 ||
		open_seal(s, o, generation == 0 && ops != &look_backend, e) < 0 ||
		prepare_alone(s, e) < 0)
		return -1;
	return store_reload(s, e);
}

int store_open(struct store **ret, const struct store_options *o, struct err *e)
{
	struct store *s = xzalloc(sizeof *s);

	if (open_all(s, o, e) < 0) {
		store_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	snapshot_unref(s->snapshot);
	config_free(s->config);
	seal_free(s->seal);
	backend_close(s->backend);
	xfree(s);
}

unsigned store_steps_taken(const struct store *s)
{
	return s->backend->steps_taken;
}

struct snapshot *store_snapshot(struct store *s)
{
	return snapshot_ref(s->snapshot);
}
