#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Memory that is freed in one go: a parsed stanza, a parsed SIP message. Grows in chunks. A zeroed
 * struct is an empty arena. What is handed out is aligned for any object; it is valid until reset
 * or done.
 */
struct arena_chunk;
struct arena {
	struct arena_chunk *head;
	char *at, *end;  /* free part of the head chunk */
	size_t first;    /* least size of the first chunk; 0: 2 KiB */
};

void arena_init(struct arena *a, size_t first);
void arena_done(struct arena *a);
/* Frees all but one chunk of ordinary size, which is kept for the next use. */
void arena_reset(struct arena *a);

void *arena_more(struct arena *a, size_t n);

/* Never NULL, also for n = 0. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
	char *p;

	n += n == 0;
	/* What is free is a multiple of 16, so what fits, fits rounded up. */
	if (n > (size_t)(a->end - a->at))
		return arena_more(a, n);
	p = a->at;
	a->at += (n + 15) & ~(size_t)15;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n);
char *arena_dup(struct arena *a, struct slice s); /* NUL-terminated */
struct slice arena_slice(struct arena *a, struct slice s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t arena_bytes(const struct arena *a); /* held from the system */
