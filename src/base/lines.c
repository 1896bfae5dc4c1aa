#include "base/lines.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

void lines_init(struct lines *l, size_t max)
{
	*l = (struct lines){.p = xmalloc(max), .cap = max};
}

void lines_done(struct lines *l)
{
	if (l->p)
		mem_wipe(l->p, l->cap);
	xfree(l->p);
	*l = (struct lines){0};
}

static void drop_line(struct lines *l)
{
	mem_wipe(l->p + l->from, l->line);
	l->from += l->line;
	l->n -= l->line;
	l->line = 0;
}

char *lines_room(struct lines *l, size_t *ret_n)
{
	drop_line(l);
	if (l->from) {
		memmove(l->p, l->p + l->from, l->n);
		mem_wipe(l->p + l->n, l->from);
		l->from = 0;
	}
	*ret_n = l->cap - l->n;
	return *ret_n ? l->p + l->n : NULL;
}

void lines_added(struct lines *l, size_t n)
{
	assert(l->from + l->n + n <= l->cap);
	l->n += n;
}

bool lines_next(struct lines *l, struct slice *ret)
{
	char *end;

	drop_line(l);
	end = memchr(l->p + l->from + l->seen, '\n', l->n - l->seen);
	l->seen = end ? 0 : l->n;
	if (!end)
		return false;
	l->line = (size_t)(end - (l->p + l->from)) + 1;
	*ret = slice_make(l->p + l->from, l->line - 1);
	return true;
}
