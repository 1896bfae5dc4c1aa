#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * A byte queue that grows: appended at the end, taken from the front. max (0: none) bounds what it
 * holds; an append that would pass it changes nothing and sets `over`, which stays until reset, so
 * that a writer may append many times and look once.
 * A zeroed struct is an empty buffer. p is not NUL-terminated.
 */
struct buf {
	char *p; /* storage; the bytes are p[off .. off + n) */
	size_t off;
	size_t n;
	size_t cap;
	size_t max;
	bool over;
};

void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);  /* frees the storage; the struct may be used again */
void buf_reset(struct buf *b); /* empty; keeps the storage, clears over */

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){b->p ? b->p + b->off : "", b->n};
}

/*
 * Room for n more bytes at the end, to be filled and then claimed with buf_added(); NULL when over.
 */
char *buf_room(struct buf *b, size_t n);
static inline void buf_added(struct buf *b, size_t n)
{
	b->n += n;
}

/* p does not lie in the buffer itself. */
void buf_add_slow(struct buf *b, const void *p, size_t n);
static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	/* n - 1: nothing to add is left to the other, which must not look at p or b->p then. */
	if (!b->max && n - 1 < b->cap - b->off - b->n) {
		memcpy(b->p + b->off + b->n, p, n);
		b->n += n;
	} else {
		buf_add_slow(b, p, n);
	}
}
static inline void buf_slice_add(struct buf *b, struct slice s)
{
	buf_add(b, s.p, s.n);
}
void buf_str(struct buf *b, const char *s);
void buf_chr(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v); /* decimal */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Drops n bytes (at most all) from the front. */
void buf_take(struct buf *b, size_t n);

/* A NUL-terminated copy of what is held; the caller frees it. */
char *buf_dup(const struct buf *b);
