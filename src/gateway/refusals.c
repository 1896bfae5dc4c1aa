#include "gateway/refusals.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct refusal {
	struct table_node node;
	struct list age;
	uint64_t until_ms;
	char user[];
};

static void forget(struct refusals *r, struct refusal *one)
{
	table_remove(&r->table, &one->node);
	list_remove(&one->age);
	free(one);
}

static struct refusal *find(const struct refusals *r, struct slice user)
{
	struct table_node *n = table_get(&r->table, user);

	return n ? container_of(n, struct refusal, node) : NULL;
}

static struct refusal *oldest(const struct refusals *r)
{
	struct list *first = list_first(&r->by_age);

	return first ? container_of(first, struct refusal, age) : NULL;
}

void refusals_init(struct refusals *r, unsigned max)
{
	table_init(&r->table);
	list_init(&r->by_age);
	r->max = max;
}

void refusals_done(struct refusals *r)
{
	struct refusal *one;

	while ((one = oldest(r)))
		forget(r, one);
	table_done(&r->table);
}

void refusals_put(struct refusals *r, struct slice user, uint64_t now_ms)
{
	struct refusal *one = find(r, user);

	assert(user.p && r->max > 0);
	if (one)
		forget(r, one);
	if (r->table.count == r->max)
		forget(r, oldest(r));
	one = xzalloc(sizeof *one + user.n);
	memcpy(one->user, user.p, user.n);
	one->until_ms = now_ms + REFUSALS_MS;
	table_put(&r->table, &one->node, slice_make(one->user, user.n));
	list_append(&r->by_age, &one->age);
}

bool refusals_has(struct refusals *r, struct slice user, uint64_t now_ms)
{
	struct refusal *one;

	while ((one = oldest(r)) && one->until_ms <= now_ms)
		forget(r, one);
	return find(r, user) != NULL;
}

void refusals_drop(struct refusals *r, struct slice user)
{
	struct refusal *one = find(r, user);

	if (one)
		forget(r, one);
}
