#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/*
 * The sending side of an answer whose end is not known when it begins, on a socket of its own:
 * bounded, never blocking, and it notices when the other end goes away. What the client still sends
 * is thrown away. Private to http.c.
 */
struct loop;
struct pieces;

enum { PIECES_MAX = 1024 * 1024 }; /* waiting to be sent */

struct pieces_options {
	struct slice head; /* of the answer */
	bool chunked;      /* RFC 9112 7.1; else what is put goes out as it is */
	bool head_only;    /* the rest is dropped; over as soon as the head is sent */
	/*
	 * Runs once, from the loop, never inside a function of this header. sent: all is out, the
	 * end as well; else nobody reads any more: the client has gone or let too much wait.
	 */
	void (*over)(void *arg, bool sent);
	void *arg;
};

/* fd is taken over, also when it is -1: over() follows. */
struct pieces *pieces_new(struct loop *l, int fd, const struct pieces_options *o);
void pieces_put(struct pieces *p, struct slice bytes);
size_t pieces_room(const struct pieces *p); /* of what is put; 0: it is lost */
void pieces_end(struct pieces *p);          /* over() follows when all is sent */

/* Closes the socket; over() does not run any more. NULL is fine. */
void pieces_free(struct pieces *p);
