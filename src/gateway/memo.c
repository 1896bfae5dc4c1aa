#include "gateway/memo.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

void memos_init(struct memos *m, unsigned max)
{
	table_init(&m->table);
	list_init(&m->ages);
	m->max = max;
	m->bytes = 0;
}

void memos_done(struct memos *m)
{
	assert(m->table.count == 0);
	table_done(&m->table);
}

void memo_owner_init(struct memo_owner *o)
{
	list_init(&o->own);
	o->n = 0;
}

void memo_owner_done(struct memos *m, struct memo_owner *o)
{
	list_each_safe(&o->own, it)
		memo_remove(m, container_of(it, struct memo, own));
}

/* Room for one more; what is too old goes anyway. */
static void make_room(struct memos *m, struct memo_owner *owner, size_t bytes, uint64_t now_ms)
{
	struct list *first;

	if (owner->n >= MEMO_OWN && (first = list_first(&owner->own)))
		memo_remove(m, container_of(first, struct memo, own));
	while ((first = list_first(&m->ages))) {
		struct memo *oldest = container_of(first, struct memo, age);

		if (oldest->until_ms > now_ms && m->table.count < m->max &&
			m->bytes + bytes <= (size_t)m->max * MEMO_BYTES)
			return;
		memo_remove(m, oldest);
	}
}

static struct slice put(char **at, struct slice s)
{
	struct slice copy = {*at, s.n};

	if (!s.p)
		return SL_NONE;
	*at = slice_copy(*at, s);
	return copy;
}

struct memo *memo_put(
	struct memos *m, struct memo_owner *owner, const struct memo *spec, uint64_t now_ms)
{
	size_t room = spec->key.n + spec->peer.n + spec->id.n + spec->datetime.n +
		      spec->original_to.n + spec->routes.n;
	struct memo *memo;
	char *at;

	if (room > MEMO_TEXT)
		return NULL;
	make_room(m, owner, sizeof *memo + room, now_ms);
	memo = xzalloc(sizeof *memo + room);
	at = memo->text;
	memo->bytes = sizeof *memo + room;
	m->bytes += memo->bytes;
	memo->owner = owner;
	memo->until_ms = now_ms + MEMO_MS;
	memo->receipt = spec->receipt;
	memo->key = put(&at, spec->key);
	memo->peer = put(&at, spec->peer);
	memo->id = put(&at, spec->id);
	memo->datetime = put(&at, spec->datetime);
	memo->original_to = put(&at, spec->original_to);
	memo->routes = put(&at, spec->routes);
	table_put(&m->table, &memo->node, memo->key);
	list_append(&m->ages, &memo->age);
	list_append(&owner->own, &memo->own);
	owner->n++;
	return memo;
}

struct memo *memo_find(const struct memos *m, struct slice key, uint64_t now_ms)
{
	struct table_node *n = key.n ? table_get(&m->table, key) : NULL;
	struct memo *memo = n ? container_of(n, struct memo, node) : NULL;

	return memo && memo->until_ms > now_ms ? memo : NULL;
}

void memo_remove(struct memos *m, struct memo *memo)
{
	table_remove(&m->table, &memo->node);
	list_remove(&memo->age);
	list_remove(&memo->own);
	memo->owner->n--;
	m->bytes -= memo->bytes;
	free(memo);
}
