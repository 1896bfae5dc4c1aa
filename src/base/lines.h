#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/*
 * Lines out of a stream of bytes, each of at most so many, in one block of memory that never moves:
 * a secret in a line is in no other place, and is overwritten when the line is done with.
 */
struct lines {
	char *p;
	size_t from, n, cap; /* bytes not taken yet: p[from .. from + n) */
	size_t line;         /* of them the line in hand, with its end; 0: none */
	size_t seen;         /* of them known to hold no line's end */
};

/* max: bytes of a line with its end. */
void lines_init(struct lines *l, size_t max);
void lines_done(struct lines *l); /* also of a zeroed one */

/*
 * Room for more bytes, to be filled and then claimed with lines_added(). NULL: what is there is a
 * line that is too long; there is no way on. The line in hand is gone.
 */
char *lines_room(struct lines *l, size_t *ret_n);
void lines_added(struct lines *l, size_t n);

/* The next whole line, without its end; valid until the next call of anything here. */
bool lines_next(struct lines *l, struct slice *ret);
