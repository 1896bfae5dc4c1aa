#include "gateway/backlog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/core.h"

/* ---- what the contacts of one partner have waiting, everywhere ---- */

struct stake {
	struct table_node node;
	unsigned n;
	size_t bytes;
	char name[]; /* of the partner */
};

static struct stake *stake_find_or_new(struct gateway *g, struct slice domain)
{
	const struct partner *p = g->snapshot ? snapshot_partner(g->snapshot, domain) : NULL;
	struct slice name = p ? slice_of(p->domain.a) : domain;
	struct table_node *n = table_get(&g->stakes, name);
	struct stake *s;

	assert(name.p);
	if (n)
		return container_of(n, struct stake, node);
	s = xzalloc(sizeof *s + name.n);
	memcpy(s->name, name.p, name.n);
	table_put(&g->stakes, &s->node, slice_make(s->name, name.n));
	return s;
}

static void stake_free_empty(struct gateway *g, struct stake *s)
{
	if (s->n)
		return;
	table_remove(&g->stakes, &s->node);
	free(s);
}

static void stake_add(struct gateway *g, struct outgoing *o)
{
	o->stake->n++;
	o->stake->bytes += o->block;
	g->n_queued++;
	g->queued_bytes += o->block;
}

static void stake_take(struct gateway *g, struct outgoing *o)
{
	o->stake->n--;
	o->stake->bytes -= o->block;
	g->n_queued--;
	g->queued_bytes -= o->block;
	stake_free_empty(g, o->stake);
}

static bool stake_may_grow(const struct gateway *g, const struct stake *s, size_t block)
{
	return s->n + g->n_queued < g->limits.queued_msgs &&
	       s->bytes + g->queued_bytes + block <= g->limits.queued_bytes;
}

/* ---- one of them ---- */

void backlog_init(struct backlog *b, struct gateway *g)
{
	*b = (struct backlog){.gateway = g};
	list_init(&b->queue);
}

static struct outgoing *of_node(struct list *n)
{
	return container_of(n, struct outgoing, node);
}

struct outgoing *backlog_head(const struct backlog *b)
{
	struct list *first = list_first(&b->queue);

	assert(first);
	return of_node(first);
}

struct outgoing *backlog_next(const struct backlog *b, const struct outgoing *o)
{
	return o->node.next == &b->queue ? NULL : of_node(o->node.next);
}

static void count(struct backlog *b, const struct outgoing *o)
{
	b->n++;
	b->bytes += o->block;
}

static void take(struct backlog *b, struct outgoing *o)
{
	list_remove(&o->node);
	b->n--;
	b->bytes -= o->block;
}

void backlog_drop(struct backlog *b, struct outgoing *o)
{
	take(b, o);
	stake_take(b->gateway, o);
	outgoing_free(o);
}

static bool has_room(const struct backlog *b, const struct outgoing *o)
{
	const struct gateway_limits *l = &b->gateway->limits;

	return b->n < l->target_msgs && b->bytes + o->block <= l->target_bytes;
}

bool backlog_put(struct backlog *b, const struct outgoing *spec)
{
	struct gateway *g = b->gateway;
	struct outgoing *o = outgoing_new(spec);

	o->stake = stake_find_or_new(g, outgoing_contact_domain(o));
	if (!has_room(b, o) || !stake_may_grow(g, o->stake, o->block)) {
		stake_free_empty(g, o->stake);
		outgoing_free(o);
		return false;
	}
	list_append(&b->queue, &o->node);
	count(b, o);
	stake_add(g, o);
	return true;
}

bool backlog_move(struct backlog *from, struct backlog *to)
{
	struct outgoing *o = backlog_head(from);

	if (!has_room(to, o))
		return false;
	take(from, o);
	list_append(&to->queue, &o->node);
	count(to, o);
	return true;
}

bool backlog_has_of(const struct backlog *b, struct slice contact)
{
	list_each(&b->queue, it)
		if (slice_eq(of_node(it)->contact, contact))
			return true;
	return false;
}

void backlog_done(struct backlog *b)
{
	while (b->n)
		backlog_drop(b, backlog_head(b));
}

void backlogs_init(struct gateway *g)
{
	table_init(&g->stakes);
}

void backlogs_done(struct gateway *g)
{
	table_done(&g->stakes);
}
