#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

/*
 * An intrusive doubly linked list with a head. A node is in at most one list; a node that is in
 * none is self-linked or zeroed, so that list_remove() may always be called.
 */
struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline bool list_linked(const struct list *n)
{
	return n->next && n->next != n;
}

/* n is in no list (asserted). */
static inline void list_insert_before(struct list *at, struct list *n)
{
	assert(!list_linked(n));
	n->prev = at->prev;
	n->next = at;
	at->prev->next = n;
	at->prev = n;
}

static inline void list_append(struct list *l, struct list *n)
{
	list_insert_before(l, n);
}

static inline void list_prepend(struct list *l, struct list *n)
{
	list_insert_before(l->next, n);
}

static inline void list_remove(struct list *n)
{
	if (!n->next)
		return;
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->next = n->prev = n;
}

#ifdef __clang_analyzer__
/* It does not see that a node has left its list, and would take one that was freed for the next. */
struct list *list_first(const struct list *l);
#else
static inline struct list *list_first(const struct list *l)
{
	return list_empty(l) ? NULL : l->next;
}
#endif

/* Takes the first node out, or NULL. */
static inline struct list *list_pop(struct list *l)
{
	struct list *n = list_first(l);

	if (n)
		list_remove(n);
	return n;
}

#define list_each(l, it) for (struct list *it = (l)->next; it != (l); it = it->next)
/* `it` may be removed (and freed) in the body; other nodes may not. */
#define list_each_safe(l, it)                                                                      \
	for (struct list *it = (l)->next, *it##_next = it->next; it != (l);                        \
		it = it##_next, it##_next = it->next)
