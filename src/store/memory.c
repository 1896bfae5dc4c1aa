#include "store/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/backend.h"

struct memory {
	struct backend *backend;
};

int memory_open(struct memory **ret, const struct store_options *o, struct err *e)
{
	const struct backend_ops *ops = backend_find(o->backend, e);
	struct backend *b;

	if (!ops || ops->open(&b, HALF_MEMORY, o->dir, e) < 0)
		return -1;
	*ret = xzalloc(sizeof **ret);
	(*ret)->backend = b;
	return 0;
}

void memory_close(struct memory *m)
{
	if (!m)
		return;
	backend_close(m->backend);
	xfree(m);
}

struct allow_reader {
	memory_allow_fn *fn;
	void *arg;
};

static int allow_row(void *arg, const char *const *column, size_t n, struct err *e)
{
	const struct allow_reader *reader = arg;
	struct memory_allow a = {
		.user = column[0],
		.contact = column[1],
		.expires_ms = strtoull(column[2], NULL, 10),
		.created_by = column[3],
		.created_ms = strtoull(column[4], NULL, 10),
		.owner = column[5],
		.lease_until_ms = strtoull(column[6], NULL, 10),
	};

	reader->fn(reader->arg, &a);
	return 0;
}

int memory_load(struct memory *m, memory_allow_fn *fn, void *arg, struct err *e)
{
	struct allow_reader reader = {fn, arg};

	return m->backend->ops->run(m->backend, STMT_ALLOW_LIST, NULL, 0, allow_row, &reader, e);
}

static int put_allow(struct backend *b, const struct memory_allow *a, struct err *e)
{
	char expires[24], created[24], lease[24];
	const char *const args[] = {
		a->user,
		a->contact,
		expires,
		a->created_by,
		created,
		a->owner,
		lease,
	};

	snprintf(expires, sizeof expires, "%llu", (unsigned long long)a->expires_ms);
	snprintf(created, sizeof created, "%llu", (unsigned long long)a->created_ms);
	snprintf(lease, sizeof lease, "%llu", (unsigned long long)a->lease_until_ms);
	return b->ops->run(b, STMT_ALLOW_PUT, args, ARRAY_LEN(args), NULL, NULL, e);
}

static int write_one(struct backend *b, const struct memory_write *w, struct err *e)
{
	const char *const key[] = {w->allow.user, w->allow.contact};

	if (w->op == MEMORY_PUT_ALLOW)
		return put_allow(b, &w->allow, e);
	return b->ops->run(b, STMT_ALLOW_DROP, key, ARRAY_LEN(key), NULL, NULL, e);
}

int memory_write(struct memory *m, const struct memory_write *w, size_t n, struct err *e)
{
	struct backend *b = m->backend;

	if (b->ops->begin(b, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (write_one(b, &w[i], e) < 0) {
			b->ops->rollback(b);
			return -1;
		}
	return b->ops->commit(b, e);
}
