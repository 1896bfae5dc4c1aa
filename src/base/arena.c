#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(16) char bytes[];
};

enum { FIRST = 2048, LARGEST = 65536 };

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
	struct arena_chunk *keep = a->head;

	if (!keep)
		return;
	a->head = keep->next;
	keep->next = NULL;
	arena_done(a);
	use(a, keep);
}

void *arena_more(struct arena *a, size_t n)
{
	size_t size = a->head ? a->head->size * 2 : a->first ? a->first : FIRST;
	struct arena_chunk *c;

	if (size > LARGEST)
		size = LARGEST;
	if (size < n)
		size = n;
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

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
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
