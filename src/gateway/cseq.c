#include "gateway/cseq.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CSEQ_MAX = INT32_MAX };
/* 2024-01-01: seconds since then fit until 2092. */
static const uint64_t epoch_ms = 1704067200000;

struct cseq {
	struct table_node node;
	struct list use;
	uint32_t last;
	char callid[];
};

void cseq_init(struct cseq_table *t, unsigned max)
{
	table_init(&t->table);
	list_init(&t->by_use);
	t->max = max;
}

static void forget(struct cseq_table *t, struct cseq *c)
{
	table_remove(&t->table, &c->node);
	list_remove(&c->use);
	free(c);
}

void cseq_done(struct cseq_table *t)
{
	while (!list_empty(&t->by_use))
		forget(t, container_of(t->by_use.next, struct cseq, use));
	table_done(&t->table);
}

static struct cseq *find_or_make(struct cseq_table *t, struct slice callid)
{
	struct table_node *n = table_get(&t->table, callid);
	struct cseq *c;

	if (n) {
		c = container_of(n, struct cseq, node);
		list_remove(&c->use);
	} else {
		if (t->table.count >= t->max)
			forget(t, container_of(t->by_use.next, struct cseq, use));
		c = xmalloc(sizeof *c + callid.n);
		memset(c, 0, sizeof *c);
		memcpy(c->callid, callid.p, callid.n);
		table_put(&t->table, &c->node, slice_make(c->callid, callid.n));
	}
	list_append(&t->by_use, &c->use);
	return c;
}

uint32_t cseq_next(struct cseq_table *t, struct slice callid, uint64_t wall_ms)
{
	struct cseq *c = find_or_make(t, callid);
	uint64_t now = wall_ms > epoch_ms ? (wall_ms - epoch_ms) / 1000 : 0;

	if (now <= c->last)
		now = (uint64_t)c->last + 1;
	c->last = now > CSEQ_MAX ? CSEQ_MAX : (uint32_t)now;
	return c->last;
}
