#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { ALIGN = 16, FIRST = 2048, LARGEST = 65536 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(ALIGN) char bytes[];
};

void arena_init(struct arena *a, size_t first)
{
	*a = (struct arena){.first = first};
}

static void use(struct arena *a, struct arena_chunk *c)
{
	a->head = c;
	a->at = c ? c->bytes : NULL;
	a->end = c ? c->bytes + c->size : NULL;
}

void arena_done(struct arena *a)
{
	while (a->head) {
		struct arena_chunk *c = a->head;

		a->head = c->next;
		free(c);
	}
	use(a, NULL);
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *keep = NULL;

	/* What one large stanza needed is not held for ever. */
	while (a->head) {
		struct arena_chunk *c = a->head;

		a->head = c->next;
		if (keep || (c->size > LARGEST && c->size > a->first))
			free(c);
		else
			keep = c;
	}
	if (keep)
		keep->next = NULL;
	use(a, keep);
}

void *arena_more(struct arena *a, size_t n)
{
	size_t size = a->head ? a->head->size * 2 : FIRST;
	struct arena_chunk *c;

	assert(n <= PTRDIFF_MAX - 2 * ALIGN);
	if (size > LARGEST)
		size = LARGEST;
	if (!a->head && a->first)
		size = a->first;
	if (size < n)
		size = n;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	c = xmalloc(sizeof *c + size);
	c->size = size;
	c->next = a->head;
	use(a, c);
	return arena_alloc(a, n);
}

void *arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

char *arena_dup(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	*slice_copy(p, s) = '\0';
	return p;
}

struct slice arena_slice(struct arena *a, struct slice s)
{
	return s.p ? (struct slice){arena_dup(a, s), s.n} : SL_NONE;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

size_t arena_bytes(const struct arena *a)
{
	size_t n = 0;

	for (const struct arena_chunk *c = a->head; c; c = c->next)
		n += sizeof *c + c->size;
	return n;
}
