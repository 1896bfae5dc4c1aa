#include "loop/worker.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct worker {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list jobs;
	bool ending;
	_Atomic unsigned backlog;
	unsigned n_threads;
	pthread_t threads[];
};

static void job_done(struct loop_call *c)
{
	struct worker_job *j = container_of(c, struct worker_job, back);

	j->done(j);
}

/* Waits for the next job; NULL when the worker ends and none is left. */
static struct worker_job *next_job(struct worker *w)
{
	struct list *it;

	pthread_mutex_lock(&w->lock);
	while (list_empty(&w->jobs) && !w->ending)
		pthread_cond_wait(&w->wake, &w->lock);
	it = list_pop(&w->jobs);
	pthread_mutex_unlock(&w->lock);
	return it ? container_of(it, struct worker_job, node) : NULL;
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct worker_job *j;

	while ((j = next_job(w))) {
		j->work(j);
		atomic_fetch_sub(&w->backlog, 1);
		loop_post(j->loop, &j->back);
	}
	return NULL;
}

struct worker *worker_new(const char *name, unsigned threads)
{
	struct worker *w = xzalloc(sizeof *w + threads * sizeof w->threads[0]);
	char thread_name[16];

	assert(threads > 0);
	snprintf(thread_name, sizeof thread_name, "%s", name);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
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
	j->loop = l;
	j->back.fn = job_done;
	atomic_fetch_add(&w->backlog, 1);
	pthread_mutex_lock(&w->lock);
	j->node = (struct list){0};
	list_append(&w->jobs, &j->node);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

unsigned worker_backlog(const struct worker *w)
{
	return atomic_load(&w->backlog);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->n_threads; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
