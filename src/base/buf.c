#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_done(struct buf *b)
{
	size_t max = b->max;

	free(b->p);
	buf_init(b, max);
}

void buf_reset(struct buf *b)
{
	b->off = b->n = 0;
	b->over = false;
}

/* Doubling at least, so that many small appends cost what they add. */
static void grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap * 2 : 256;
	char *p;

	assert(need <= PTRDIFF_MAX / 2);
	while (cap < need)
		cap *= 2;
	p = xmalloc(cap);
	slice_copy(p, buf_slice(b));
	free(b->p);
	b->p = p;
	b->cap = cap;
	b->off = 0;
}

/* slack: bytes needed behind them for the moment, which do not count. */
static char *room(struct buf *b, size_t n, size_t slack)
{
	if (b->over || (b->max && (b->n > b->max || n > b->max - b->n))) {
		b->over = true;
		return NULL;
	}
	if (!b->p || n + slack > b->cap - b->off - b->n) {
		/* Moving is cheap only while little is held; else grow, and move on the way. */
		if (b->p && n + slack <= b->cap - b->n && b->n <= b->off) {
			memmove(b->p, b->p + b->off, b->n);
			b->off = 0;
		} else {
			grow(b, b->n + n + slack);
		}
	}
	return b->p + b->off + b->n;
}

char *buf_room(struct buf *b, size_t n)
{
	return room(b, n, 0);
}

void buf_add_slow(struct buf *b, const void *p, size_t n)
{
	char *to;

	if (n == 0)
		return;
	to = buf_room(b, n);
	if (!to)
		return;
	memcpy(to, p, n);
	b->n += n;
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_chr(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_u64(struct buf *b, uint64_t v)
{
	char tmp[20];
	size_t at = sizeof tmp;

	do
		tmp[--at] = (char)('0' + v % 10);
	while (v /= 10);
	buf_add(b, tmp + at, sizeof tmp - at);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	char tmp[256];
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(tmp, sizeof tmp, fmt, ap);
	assert(n >= 0);
	if ((size_t)n < sizeof tmp) {
		buf_add(b, tmp, (size_t)n);
	} else {
		char *to = room(b, (size_t)n, 1); /* vsnprintf writes a NUL behind */

		if (to) {
			vsnprintf(to, (size_t)n + 1, fmt, again);
			b->n += (size_t)n;
		}
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_take(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->off = b->n = 0;
		return;
	}
	b->off += n;
	b->n -= n;
}

char *buf_dup(const struct buf *b)
{
	return slice_dup(buf_slice(b));
}
