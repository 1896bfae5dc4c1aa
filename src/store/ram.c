/* Rows in RAM, gone at the end: the test double of a store, and one for trying things out. */

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/backend.h"
#include "store/ram.h"

enum { TABLES_MAX = 32 };

struct row {
	char **column;
};

struct ram_table {
	const struct stmt_def *def; /* one that names it */
	struct row *rows;
	size_t n;
};

struct ram {
	struct backend backend;
	struct ram_table now[TABLES_MAX], saved[TABLES_MAX];
	bool open; /* a transaction is */
};

static long fail_after = -1;

void ram_fail_after(long n)
{
	fail_after = n;
}

static int maybe_fail(struct err *e)
{
	if (fail_after < 0 || fail_after-- > 0)
		return 0;
	return err_code(e, ERR_UNAVAILABLE, "store_full", NULL,
		"the store cannot be written: told to fail");
}

static struct ram *ram_of(struct backend *b)
{
	return container_of(b, struct ram, backend);
}

/* ---- rows and tables ---- */

static struct row row_new(const char *const *column, unsigned n)
{
	struct row r = {xcalloc(n, sizeof *r.column)};

	for (unsigned i = 0; i < n; i++)
		r.column[i] = column[i] ? xstrdup(column[i]) : NULL;
	return r;
}

static void row_free(struct row *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		xfree(r->column[i]);
	xfree(r->column);
}

static void table_free(struct ram_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		row_free(&t->rows[i], t->def->columns);
	xfree(t->rows);
	*t = (struct ram_table){0};
}

static struct ram_table table_copy(const struct ram_table *t)
{
	struct ram_table copy = {.def = t->def, .n = t->n};

	copy.rows = xcalloc(t->n + 1, sizeof *copy.rows);
	for (size_t i = 0; i < t->n; i++)
		copy.rows[i] = row_new((const char *const *)t->rows[i].column, t->def->columns);
	return copy;
}

static struct ram_table *table_of(struct ram *r, const struct stmt_def *def)
{
	for (size_t i = 0; i < TABLES_MAX; i++) {
		if (!r->now[i].def)
			r->now[i].def = def;
		if (strcmp(r->now[i].def->table, def->table) == 0)
			return &r->now[i];
	}
	assert(!"more tables than there is room for");
	return NULL;
}

static int number_cmp(const char *a, const char *b)
{
	unsigned long x = strtoul(a, NULL, 10), y = strtoul(b, NULL, 10);

	return x < y ? -1 : x > y;
}

static int key_cmp(const struct stmt_def *def, const struct row *r, const char *const *key)
{
	int cmp = 0;

	for (unsigned i = 0; i < def->keys && !cmp; i++)
		cmp = def->numbered && i == 0 ? number_cmp(r->column[i], key[i])
					      : strcmp(r->column[i], key[i]);
	return cmp;
}

/* Where the key is or would be. */
static size_t place(const struct ram_table *t, const char *const *key, bool *found)
{
	size_t i = 0;

	while (i < t->n && key_cmp(t->def, &t->rows[i], key) < 0)
		i++;
	*found = i < t->n && key_cmp(t->def, &t->rows[i], key) == 0;
	return i;
}

static void insert(struct ram_table *t, size_t at, struct row r)
{
	t->rows = xrealloc(t->rows, (t->n + 1) * sizeof *t->rows);
	memmove(t->rows + at + 1, t->rows + at, (t->n++ - at) * sizeof *t->rows);
	t->rows[at] = r;
}

/* ---- statements ---- */

static void put(struct ram_table *t, const char *const *args)
{
	bool found;
	size_t at = place(t, args, &found);

	if (found) {
		row_free(&t->rows[at], t->def->columns);
		t->rows[at] = row_new(args, t->def->columns);
	} else {
		insert(t, at, row_new(args, t->def->columns));
	}
}

static void drop(struct ram_table *t, const char *const *args)
{
	bool found;
	size_t at = place(t, args, &found);

	if (!found)
		return;
	row_free(&t->rows[at], t->def->columns);
	memmove(t->rows + at, t->rows + at + 1, (--t->n - at) * sizeof *t->rows);
}

static void forget_to(struct ram_table *t, unsigned long last)
{
	while (t->n && strtoul(t->rows[0].column[0], NULL, 10) <= last) {
		row_free(&t->rows[0], t->def->columns);
		memmove(t->rows, t->rows + 1, --t->n * sizeof *t->rows);
	}
}

static int list(const struct ram_table *t, unsigned long after, unsigned long limit, row_fn *fn,
	void *arg, struct err *e)
{
	for (size_t i = 0; i < t->n && limit; i++) {
		const char *const *column = (const char *const *)t->rows[i].column;

		if (after && strtoul(column[0], NULL, 10) <= after)
			continue;
		if (fn(arg, column, t->def->columns, e) < 0)
			return -1;
		limit--;
	}
	return 0;
}

static int list_down(const struct ram_table *t, unsigned long before, unsigned long limit,
	row_fn *fn, void *arg, struct err *e)
{
	for (size_t i = t->n; i-- && limit;) {
		const char *const *column = (const char *const *)t->rows[i].column;

		if (strtoul(column[0], NULL, 10) >= before)
			continue;
		if (fn(arg, column, t->def->columns, e) < 0)
			return -1;
		limit--;
	}
	return 0;
}

static int ram_run(struct backend *b, enum stmt stmt, const char *const *args, size_t n, row_fn *fn,
	void *arg, struct err *e)
{
	const struct stmt_def *def = &stmt_defs[stmt];
	struct ram_table *t = table_of(ram_of(b), def);

	if (maybe_fail(e) < 0)
		return -1;
	switch (def->op) {
	case OP_LIST:
		return list(t, 0, ~0ul, fn, arg, e);
	case OP_AFTER:
		return list(t, strtoul(args[0], NULL, 10), strtoul(args[1], NULL, 10), fn, arg, e);
	case OP_BEFORE:
		return list_down(
			t, strtoul(args[0], NULL, 10), strtoul(args[1], NULL, 10), fn, arg, e);
	case OP_PUT:
		put(t, args);
		break;
	case OP_DROP:
		drop(t, args);
		break;
	case OP_FORGET:
		forget_to(t, strtoul(args[0], NULL, 10));
		break;
	}
	return 0;
}

/* ---- transactions ---- */

static int ram_begin(struct backend *b, struct err *e)
{
	struct ram *r = ram_of(b);

	assert(!r->open);
	if (maybe_fail(e) < 0)
		return -1;
	for (size_t i = 0; i < TABLES_MAX && r->now[i].def; i++)
		r->saved[i] = table_copy(&r->now[i]);
	r->open = true;
	return 0;
}

static void forget(struct ram_table *tables)
{
	for (size_t i = 0; i < TABLES_MAX && tables[i].def; i++)
		table_free(&tables[i]);
}

static void ram_rollback(struct backend *b)
{
	struct ram *r = ram_of(b);

	if (!r->open)
		return;
	forget(r->now);
	memcpy(r->now, r->saved, sizeof r->now);
	memset(r->saved, 0, sizeof r->saved);
	r->open = false;
}

static int ram_commit(struct backend *b, struct err *e)
{
	struct ram *r = ram_of(b);

	if (maybe_fail(e) < 0) {
		ram_rollback(b);
		return -1;
	}
	forget(r->saved);
	r->open = false;
	return 0;
}

static int ram_open(struct backend **ret, enum store_half half, const char *dir, struct err *e)
{
	struct ram *r = xzalloc(sizeof *r);

	r->backend.ops = &ram_backend;
	*ret = &r->backend;
	return 0;
}

static void ram_close(struct backend *b)
{
	struct ram *r = ram_of(b);

	forget(r->now);
	forget(r->saved);
	xfree(r);
}

const struct backend_ops ram_backend = {
	"ram",
	ram_open,
	ram_close,
	ram_begin,
	ram_commit,
	ram_rollback,
	ram_run,
};
