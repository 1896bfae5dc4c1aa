#include "admin/heads.h"

#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store.h"

enum { EVERY_MS = 3600 * 1000 };

struct heads {
	struct admin *admin;
	struct loop_timer timer;
	struct worker_job job;
	/* what came of it */
	int result;
	struct store_audit_head head;
	struct err err;
};

static void say(struct heads *h)
{
	if (h->result < 0)
		log_error(NULL, "audit-head", LF_Z("why", h->err.text));
	else
		log_info(NULL, "audit-head", LF_U("id", h->head.id), LF_Z("mac", h->head.mac),
			LF_U("count", h->head.count));
	if (snapshot_gateway(h->admin->snapshot)->enable_logging_all_message_bodies)
		log_warn(NULL, "bodies-logged",
			LF_Z("text", "the text of every message is written to a file"));
}

static void work(struct worker_job *job)
{
	struct heads *h = container_of(job, struct heads, job);

	h->result = store_audit_head(h->admin->store, &h->head, &h->err);
}

static void done(struct worker_job *job)
{
	struct heads *h = container_of(job, struct heads, job);

	say(h);
	loop_timer_in(&h->timer, EVERY_MS);
}

static void on_timer(void *arg)
{
	struct heads *h = arg;

	if (!h->admin->ending) /* the last one is noted at the end */
		worker_post(h->admin->worker, h->admin->loop, &h->job);
}

struct heads *heads_new(struct admin *a)
{
	struct heads *h = xzalloc(sizeof *h);

	h->admin = a;
	h->job.work = work;
	h->job.done = done;
	loop_timer_init(&h->timer, a->loop, on_timer, h);
	loop_timer_in(&h->timer, 0);
	return h;
}

void heads_free(struct heads *h)
{
	if (!h)
		return;
	loop_timer_stop(&h->timer);
	work(&h->job);
	say(h);
	free(h);
}
