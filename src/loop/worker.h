#pragma once

#include "loop/loop.h"

/*
 * Threads for what would hold up a loop: store writes, password hashing, TLS handshakes. A job's
 * work() runs on a worker thread, then done() on the loop that asked; a job carries its own copies
 * of what it needs and shares nothing meanwhile. Jobs of a worker with one thread run in the order they were posted.
 */
struct worker;

struct worker_job {
	struct loop_call back; /* set by worker_post() */
	struct list node;
	struct worker_job *under;
	struct loop *loop;
	void (*work)(struct worker_job *j);
	void (*done)(struct worker_job *j); /* j belongs to it */
};

struct worker *worker_new(const char *name, unsigned threads);

/*
 * Any thread. done() runs exactly once, on l's thread; so it never runs before worker_post() has
 * returned there. l outlives the worker.
 */
void worker_post(struct worker *w, struct loop *l, struct worker_job *j);

/* Jobs posted and not yet finished: for a caller that bounds them. Any thread. */
unsigned worker_backlog(const struct worker *w);

/* Finishes all jobs posted, ends the threads. Their done() still needs turns of their loops. */
void worker_free(struct worker *w);
