#include "loop/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "loop/pieces.h"

/*
 * A loop that posts never waits for a lock, which a thread may hold that has to wait for a processor.
 * Jobs are pushed on a stack; who takes one turns it round into `jobs`.
 */
struct worker {
	_Atomic(struct worker_job *) pushed;
	sem_t posted;         /* jobs that nobody has taken yet */
	pthread_mutex_t lock; /* among the threads: of jobs */
	struct list jobs;
	_Atomic unsigned backlog;
	unsigned n_threads;
	pthread_t threads[];
};

static void job_done(struct loop_call *c)
{
	struct worker_job *j = container_of(c, struct worker_job, back);

	j->done(j);
}

static void wait_for(sem_t *s)
{
	while (sem_wait(s) < 0)
		assert(errno == EINTR);
}

/* The newest is on top of the stack. */
static void turn_round(struct worker *w)
{
	struct worker_job *j = atomic_exchange(&w->pushed, NULL);
	struct list first = {0}, *before = &first;

	list_append(&w->jobs, &first);
	for (; j; j = j->under) {
		j->node = (struct list){0};
		list_insert_before(before, &j->node);
		before = &j->node;
	}
	list_remove(&first);
}

/* The oldest; NULL: there is none. */
static struct worker_job *take(struct worker *w)
{
	struct list *it;

	pthread_mutex_lock(&w->lock);
	if (list_empty(&w->jobs))
		turn_round(w);
	it = list_pop(&w->jobs);
	pthread_mutex_unlock(&w->lock);
	return it ? container_of(it, struct worker_job, node) : NULL;
}

static void *run(void *arg)
{
	struct worker *w = arg;

	pieces_of(0);
	for (;;) {
		struct worker_job *j;

		wait_for(&w->posted);
		j = take(w);
		if (!j)
			return NULL; /* the worker ends */
		j->work(j);
		atomic_fetch_sub(&w->backlog, 1);
		loop_post(j->loop, &j->back);
	}
}

struct worker *worker_new(const char *name, unsigned threads)
{
	struct worker *w = xzalloc(sizeof *w + threads * sizeof w->threads[0]);
	char thread_name[16];

	assert(threads > 0);
	snprintf(thread_name, sizeof thread_name, "%s", name);
	pthread_mutex_init(&w->lock, NULL);
	sem_init(&w->posted, 0, 0);
	list_init(&w->jobs);
	w->n_threads = threads;
	for (unsigned i = 0; i < threads; i++) {
		int failed = pthread_create(&w->threads[i], NULL, run, w);

		assert(!failed);
		pthread_setname_np(w->threads[i], thread_name);
	}
	return w;
}

void worker_post(struct worker *w, struct loop *l, struct worker_job *j)
{
	struct worker_job *top = atomic_load(&w->pushed);

	j->loop = l;
	j->back.fn = job_done;
	atomic_fetch_add(&w->backlog, 1); /* before a thread can take it away */
	do
		j->under = top;
	while (!atomic_compare_exchange_weak(&w->pushed, &top, j));
	sem_post(&w->posted);
}

unsigned worker_backlog(const struct worker *w)
{
	return atomic_load(&w->backlog);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	for (unsigned i = 0; i < w->n_threads; i++)
		sem_post(&w->posted); /* whoever finds no job for it ends */
	for (unsigned i = 0; i < w->n_threads; i++)
		pthread_join(w->threads[i], NULL);
	assert(list_empty(&w->jobs) && !atomic_load(&w->pushed));
	sem_destroy(&w->posted);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
