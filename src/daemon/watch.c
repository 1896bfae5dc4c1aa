#include "daemon/watch.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "daemon/certs.h"
#include "loop/worker.h"

struct watch {
	struct loop *loop;
	struct worker *worker;
	const struct watch_ops *ops;
	void *arg;
	struct loop_timer timer;
	bool busy; /* the worker looks */
	struct cert_sources *sources;
	struct buf known;       /* what is in force, or was refused */
	struct buf seen;        /* at the last look */
	uint64_t failing_since; /* 0: not */
	unsigned looks;
};

enum found { FOUND_SAME, FOUND_MOVING, FOUND_GOOD, FOUND_BAD };

struct look {
	struct worker_job job;
	struct watch *watch;
	struct cert_sources *sources;
	struct buf known, seen;
	/* the answer */
	enum found found;
	struct buf print;
	struct tls_set *set;
	struct err err;
};

static bool same(const struct buf *a, const struct buf *b)
{
	return slice_eq(buf_slice(a), buf_slice(b));
}

static void keep(struct buf *to, struct slice print)
{
	buf_reset(to);
	buf_slice_add(to, print);
}

/* ---- on the worker ---- */

/* What changes while it is read is read again at the next look. */
static enum found load(struct look *k)
{
	struct buf after = {0};
	enum found found =
		cert_sources_load(&k->set, k->sources, &k->err) < 0 ? FOUND_BAD : FOUND_GOOD;

	cert_sources_print(k->sources, &after);
	if (!same(&after, &k->print)) {
		tls_set_unref(k->set);
		k->set = NULL;
		found = FOUND_MOVING;
	}
	buf_done(&after);
	return found;
}

static void look_work(struct worker_job *j)
{
	struct look *k = container_of(j, struct look, job);

	cert_sources_print(k->sources, &k->print);
	if (same(&k->print, &k->known))
		k->found = FOUND_SAME;
	else if (!same(&k->print, &k->seen))
		k->found = FOUND_MOVING;
	else
		k->found = load(k);
}

/* ---- on the loop ---- */

static void on_good(struct watch *w, struct look *k)
{
	keep(&w->known, buf_slice(&k->print));
	w->failing_since = 0;
	w->ops->loaded(w->arg, k->set);
	k->set = NULL;
}

static void on_bad(struct watch *w, struct look *k)
{
	if (!w->failing_since)
		w->failing_since = loop_now(w->loop);
	if (loop_now(w->loop) - w->failing_since < WATCH_PATIENCE_MS)
		return;
	keep(&w->known, buf_slice(&k->print));
	w->failing_since = 0;
	w->ops->refused(w->arg, &k->err);
}

static void conclude(struct watch *w, struct look *k)
{
	keep(&w->seen, buf_slice(&k->print));
	switch (k->found) {
	case FOUND_SAME:
		w->failing_since = 0;
		break;
	case FOUND_MOVING:
		break;
	case FOUND_GOOD:
		on_good(w, k);
		break;
	case FOUND_BAD:
		on_bad(w, k);
		break;
	}
}

static void look_done(struct worker_job *j)
{
	struct look *k = container_of(j, struct look, job);
	struct watch *w = k->watch;

	w->busy = false;
	w->looks++;
	/* Others may have been set meanwhile, or it ends. */
	if (k->sources == w->sources)
		conclude(w, k);
	if (w->worker)
		loop_timer_in(&w->timer, WATCH_EVERY_MS);
	tls_set_unref(k->set);
	cert_sources_unref(k->sources);
	buf_done(&k->known);
	buf_done(&k->seen);
	buf_done(&k->print);
	free(k);
}

static void on_timer(void *arg)
{
	struct watch *w = arg;
	struct look *k = xzalloc(sizeof *k);

	k->job.work = look_work;
	k->job.done = look_done;
	k->watch = w;
	k->sources = cert_sources_ref(w->sources);
	keep(&k->known, buf_slice(&w->known));
	keep(&k->seen, buf_slice(&w->seen));
	w->busy = true;
	worker_post(w->worker, w->loop, &k->job);
}

/* ---- life ---- */

void watch_set(struct watch *w, struct cert_sources *sources, struct slice print)
{
	cert_sources_ref(sources);
	cert_sources_unref(w->sources);
	w->sources = sources;
	keep(&w->known, print);
	keep(&w->seen, print);
	w->failing_since = 0;
}

unsigned watch_looks(const struct watch *w)
{
	return w->looks;
}

struct watch *watch_new(struct loop *l, struct cert_sources *sources, struct slice print,
	const struct watch_ops *ops, void *arg)
{
	struct watch *w = xzalloc(sizeof *w);

	w->loop = l;
	w->ops = ops;
	w->arg = arg;
	w->worker = worker_new("files", 1);
	watch_set(w, sources, print);
	loop_timer_init(&w->timer, l, on_timer, w);
	loop_timer_in(&w->timer, WATCH_EVERY_MS);
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	loop_timer_stop(&w->timer);
	worker_free(w->worker);
	w->worker = NULL;
	cert_sources_unref(w->sources);
	w->sources = NULL;
	while (w->busy)
		loop_turn(w->loop, true);
	buf_done(&w->known);
	buf_done(&w->seen);
	free(w);
}
