#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * The process that asks the directory (src/directory/protocol.h): started with the first question,
 * started again when it dies, killed when it does not answer. Of one loop. Private to admin/.
 */
struct directory_process;
struct directory_question;
struct loop;

/* program: path, copied; NULL: there is none. */
struct directory_process *directory_process_new(struct loop *l, const char *program);

/* Every question under way is forgotten. NULL is fine. */
void directory_process_free(struct directory_process *p);

/* Kills it; everything under way fails, as does what is asked from now on. */
void directory_process_stop(struct directory_process *p);

/*
 * members: the question's members behind "id", as `"op": "test", ...}`, taken and wiped. answer()
 * runs exactly once, on the loop, never before this has returned: with the last line, or with NULL
 * and why. step() runs before it for each of the others; NULL: there are none.
 */
struct directory_answer {
	void (*step)(void *arg, json_t *line);
	void (*answer)(void *arg, json_t *line, const struct err *e);
	void *arg;
};
struct directory_question *directory_process_ask(
	struct directory_process *p, struct buf *members, const struct directory_answer *a);

/* Nothing of a question runs any more. */
void directory_process_forget(struct directory_question *q);

unsigned directory_process_under_way(const struct directory_process *p);
