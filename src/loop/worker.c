#include "loop/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	LATE_MS = 50,    /* a job that has waited so long is done by the thread for that */
	LATE_NICE = 10,  /* a tenth of the share of others */
};

/*
 * Who posts never waits for a lock: a humble thread that holds one may not get to run before all
 * others rest. Jobs are pushed on a stack; who takes one turns it round into `jobs`.
 */
struct worker {
	_Atomic(struct worker_job *) pushed;
	sem_t posted;         /* jobs that nobody has taken yet */
	sem_t late;           /* wakes the thread that looks after jobs that wait too long */
	pthread_mutex_t lock; /* among the threads: of jobs */
	struct list jobs;
	_Atomic bool ending;
	bool humble;
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

/* One that waits since before then; NULL: none is as old, or the worker ends. One is there. */
static struct worker_job *take(struct worker *w, uint64_t before_ms)
{
	struct worker_job *j = NULL;
	struct list *it;

	pthread_mutex_lock(&w->lock);
	if (list_empty(&w->jobs))
		turn_round(w);
	it = list_first(&w->jobs);
	if (it)
		j = container_of(it, struct worker_job, node);
	if (j && j->posted_ms > before_ms)
		j = NULL;
	if (j)
		list_remove(&j->node);
	pthread_mutex_unlock(&w->lock);
	return j;
}

static void finish(struct worker *w, struct worker_job *j)
{
	j->work(j);
	atomic_fetch_sub(&w->backlog, 1);
	loop_post(j->loop, &j->back);
}

/*
 * Before all others, but only where nobody else wants the processor; so a loop that wakes does not
 * wait for a piece of time to be over. Where that is refused the work is done all the same.
 */
static void give_way(void)
{
	static const struct sched_param none;

	if (sched_setscheduler(0, SCHED_IDLE, &none) < 0)
		log_debug(NULL, "no-priority", LF_Z("error", strerror(errno)));
}

static void *run(void *arg)
{
	struct worker *w = arg;

	if (w->humble)
		give_way();
	for (;;) {
		struct worker_job *j;

		wait_for(&w->posted);
		j = take(w, UINT64_MAX);
		if (!j)
			return NULL;
		finish(w, j);
	}
}

/* On a machine that never rests humble threads hardly run: what is late is done here. */
static void *run_late(void *arg)
{
	struct worker *w = arg;

	if (nice(LATE_NICE) == -1)
		log_debug(NULL, "no-priority", LF_Z("error", strerror(errno)));
	while (!atomic_load(&w->ending)) {
		struct worker_job *j = NULL;

		if (atomic_load(&w->backlog) == 0) {
			wait_for(&w->late);
			continue;
		}
		if (sem_trywait(&w->posted) == 0) {
			j = take(w, clock_mono_ms() - LATE_MS);
			if (!j)
				sem_post(&w->posted);
		}
		if (j)
			finish(w, j);
		else
			usleep(LATE_MS * 1000 / 2);
	}
	return NULL;
}

static void start(struct worker *w, unsigned i, void *(*fn)(void *), const char *name)
{
	int failed = pthread_create(&w->threads[i], NULL, fn, w);

	assert(!failed);
	pthread_setname_np(w->threads[i], name);
}

static struct worker *new_worker(const char *name, unsigned threads, bool humble)
{
	struct worker *w = xzalloc(sizeof *w + (threads + humble) * sizeof w->threads[0]);
	char thread_name[16];

	assert(threads > 0);
	snprintf(thread_name, sizeof thread_name, "%s", name);
	pthread_mutex_init(&w->lock, NULL);
	sem_init(&w->posted, 0, 0);
	sem_init(&w->late, 0, 0);
	list_init(&w->jobs);
	w->n_threads = threads + humble;
	w->humble = humble;
	for (unsigned i = 0; i < threads; i++)
		start(w, i, run, thread_name);
	if (humble)
		start(w, threads, run_late, thread_name);
	return w;
}

struct worker *worker_new(const char *name, unsigned threads)
{
	return new_worker(name, threads, false);
}

struct worker *worker_new_humble(const char *name, unsigned threads)
{
	return new_worker(name, threads, true);
}

void worker_post(struct worker *w, struct loop *l, struct worker_job *j)
{
	struct worker_job *top = atomic_load(&w->pushed);

	j->loop = l;
	j->back.fn = job_done;
	j->posted_ms = clock_mono_ms();
	do
		j->under = top;
	while (!atomic_compare_exchange_weak(&w->pushed, &top, j));
	if (atomic_fetch_add(&w->backlog, 1) == 0 && w->humble)
		sem_post(&w->late);
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
	atomic_store(&w->ending, true);
	sem_post(&w->late);
	for (unsigned i = 0; i < w->n_threads; i++)
		sem_post(&w->posted); /* whoever finds no job for it ends */
	for (unsigned i = 0; i < w->n_threads; i++)
		pthread_join(w->threads[i], NULL);
	assert(list_empty(&w->jobs) && !atomic_load(&w->pushed));
	sem_destroy(&w->posted);
	sem_destroy(&w->late);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
