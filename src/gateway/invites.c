#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "federation/address.h"
#include "federation/allow.h"
#include "gateway/core.h"
#include "loop/worker.h"
#include "store/memory.h"
#include "xmpp/jid.h"

/*
 * The invitations: asked in RAM, changed through the store. A change is written by the worker,
 * together with what else came within 5 ms; only when it is on disk does it count, and is
 * acknowledged. One batch at a time, so that the order stays.
 */
enum { BATCH_MS = 5, BATCH_MAX = 200, BY_MAX = 255, EXPIRE_EVERY_MS = 3600 * 1000 };

/* One that is to be put or removed. */
struct invitation {
	struct list node;
	enum memory_op op;
	char *user, *contact, *by;
	uint64_t expires_ms, created_ms;
	gateway_stored *done; /* NULL: nobody asks */
	void *arg;
};

struct batch {
	struct worker_job job;
	struct invites *invites;
	struct list changes;
	struct memory *memory;
	int result;
	struct err err;
};

struct invites {
	struct gateway *gateway;
	struct allow_set *set;
	struct memory *memory;
	struct worker *worker;
	struct list queue; /* invitation.node */
	unsigned n_queued, n_writing;
	bool writing;
	struct loop_timer write_timer, expire_timer;
};

/* ---- one change ---- */

static struct invitation *invitation_new(struct invites *i, enum memory_op op, struct slice user,
	struct slice contact, gateway_stored *done, void *arg)
{
	struct invitation *c = xzalloc(sizeof *c);

	c->op = op;
	c->user = slice_dup(user);
	c->contact = slice_dup(contact);
	c->created_ms = gateway_wall(i->gateway);
	c->done = done;
	c->arg = arg;
	return c;
}

static void invitation_free(struct invitation *c)
{
	free(c->user);
	free(c->contact);
	free(c->by);
	free(c);
}

static void invitations_free(struct list *l)
{
	struct list *n;

	while ((n = list_pop(l)))
		invitation_free(container_of(n, struct invitation, node));
}

static void forget(void *arg, struct slice user, struct slice contact, uint64_t expires_ms);

/* While it was being written its partner may have been deleted: then it goes the same way. */
static void put_in_force(
	struct invites *i, struct slice user, struct slice contact, uint64_t expires_ms)
{
	const struct snapshot *s = i->gateway->snapshot;

	if (s && !snapshot_partner(s, address_domain(contact)))
		forget(i, user, contact, expires_ms);
	else
		allow_put(i->set, user, contact, expires_ms);
}

/* What is on disk now counts. */
static void invitation_apply(struct invites *i, struct invitation *c, const struct err *failed)
{
	struct slice user = slice_of(c->user), contact = slice_of(c->contact);
	struct err missing;

	if (failed) {
		if (c->done)
			c->done(c->arg, failed);
		return;
	}
	if (c->op == MEMORY_PUT_ALLOW) {
		put_in_force(i, user, contact, c->expires_ms);
	} else if (!allow_remove(i->set, user, contact) && c->done) {
		err_code(&missing, ERR_NOT_FOUND, "not_found", NULL, "%s has not invited %s",
			c->user, c->contact);
		c->done(c->arg, &missing);
		return;
	}
	if (c->done)
		c->done(c->arg, NULL);
}

static void apply_all(struct invites *i, struct list *changes, const struct err *failed)
{
	struct list *n;

	while ((n = list_pop(changes))) {
		struct invitation *c = container_of(n, struct invitation, node);

		invitation_apply(i, c, failed);
		invitation_free(c);
	}
}

/* ---- batches ---- */

static void batch_work(struct worker_job *job)
{
	struct batch *b = container_of(job, struct batch, job);
	struct memory_write w[BATCH_MAX];
	size_t n = 0;

	list_each(&b->changes, it) {
		const struct invitation *c = container_of(it, struct invitation, node);

		w[n++] = (struct memory_write){
			.op = c->op,
			.allow =
				{
					.user = c->user,
					.contact = c->contact,
					.expires_ms = c->expires_ms,
					.created_by = c->by ? c->by : "",
					.created_ms = c->created_ms,
					.owner = "",
					},
		};
	}
	b->result = memory_write(b->memory, w, n, &b->err);
}

static void write_soon(struct invites *i)
{
	if (i->n_queued && !i->writing)
		loop_timer_in(&i->write_timer, i->memory && i->n_queued < BATCH_MAX ? BATCH_MS : 0);
}

static void batch_done(struct worker_job *job)
{
	struct batch *b = container_of(job, struct batch, job);
	struct invites *i = b->invites;

	i->writing = false;
	i->n_writing = 0;
	if (b->result < 0)
		log_error(&i->gateway->log, "invitations-not-stored", LF_Z("why", b->err.text));
	apply_all(i, &b->changes, b->result < 0 ? &b->err : NULL);
	free(b);
	write_soon(i);
}

static void take_batch(struct invites *i, struct list *ret)
{
	list_init(ret);
	i->n_writing = 0;
	while (i->n_queued && i->n_writing < BATCH_MAX) {
		list_append(ret, list_pop(&i->queue));
		i->n_queued--;
		i->n_writing++;
	}
}

static void write_fires(void *arg)
{
	struct invites *i = arg;
	struct batch *b;
	struct list now;

	if (!i->memory) {
		take_batch(i, &now);
		i->n_writing = 0;
		apply_all(i, &now, NULL);
		write_soon(i);
		return;
	}
	b = xzalloc(sizeof *b);
	b->invites = i;
	b->memory = i->memory;
	b->job.work = batch_work;
	b->job.done = batch_done;
	take_batch(i, &b->changes);
	i->writing = true;
	worker_post(i->worker, i->gateway->loop, &b->job);
}

static void enqueue(struct invites *i, struct invitation *c)
{
	list_append(&i->queue, &c->node);
	i->n_queued++;
	if (i->n_queued == BATCH_MAX || !loop_timer_armed(&i->write_timer))
		write_soon(i);
}

/* ---- expiry ---- */

static void forget(void *arg, struct slice user, struct slice contact, uint64_t expires_ms)
{
	struct invites *i = arg;

	enqueue(i, invitation_new(i, MEMORY_REMOVE_ALLOW, user, contact, NULL, NULL));
}

static void expire_fires(void *arg)
{
	struct invites *i = arg;

	allow_expire(i->set, gateway_wall(i->gateway), forget, i);
	loop_timer_in(&i->expire_timer, EXPIRE_EVERY_MS);
}

/* ---- the interface ---- */

static void load_one(void *arg, const struct memory_allow *a)
{
	struct invites *i = arg;

	allow_put(i->set, slice_of(a->user), slice_of(a->contact), a->expires_ms);
}

struct invites *invites_new(
	struct gateway *g, struct memory *memory, struct worker *worker, struct err *e)
{
	struct invites *i = xzalloc(sizeof *i);

	i->gateway = g;
	i->memory = memory;
	i->worker = worker;
	i->set = allow_new();
	list_init(&i->queue);
	loop_timer_init(&i->write_timer, g->loop, write_fires, i);
	loop_timer_init(&i->expire_timer, g->loop, expire_fires, i);
	if (memory && memory_load(memory, load_one, i, e) < 0) {
		invites_free(i);
		return NULL;
	}
	loop_timer_in(&i->expire_timer, EXPIRE_EVERY_MS);
	return i;
}

void invites_free(struct invites *i)
{
	if (!i)
		return;
	assert(!i->writing);
	loop_timer_stop(&i->write_timer);
	loop_timer_stop(&i->expire_timer);
	invitations_free(&i->queue);
	allow_free(i->set);
	free(i);
}

void invites_rejudge(struct invites *i, const struct snapshot *before, const struct snapshot *now)
{
	allow_rejudge(i->set, before, now, forget, i);
}

bool invites_has(const struct invites *i, struct slice user, struct slice contact, uint64_t wall_ms)
{
	return allow_has(i->set, user, contact, wall_ms);
}

void invites_put(struct invites *i, struct slice user, struct slice contact, uint64_t expires_ms,
	struct slice by, gateway_stored *done, void *arg)
{
	struct invitation *c = invitation_new(i, MEMORY_PUT_ALLOW, user, contact, done, arg);

	assert(user.n <= JID_MAX && contact.n <= JID_MAX);
	c->by = slice_dup(slice_cut(by, BY_MAX));
	c->expires_ms = expires_ms;
	enqueue(i, c);
}

void invites_remove(
	struct invites *i, struct slice user, struct slice contact, gateway_stored *done, void *arg)
{
	enqueue(i, invitation_new(i, MEMORY_REMOVE_ALLOW, user, contact, done, arg));
}

struct in_force {
	uint64_t wall_ms;
	void (*fn)(void *arg, struct slice user, struct slice contact, uint64_t expires_ms);
	void *arg;
};

static void each_in_force(void *arg, struct slice user, struct slice contact, uint64_t expires_ms)
{
	const struct in_force *f = arg;

	if (!expires_ms || expires_ms > f->wall_ms)
		f->fn(f->arg, user, contact, expires_ms);
}

void invites_each(const struct invites *i, uint64_t wall_ms,
	void (*fn)(void *arg, struct slice user, struct slice contact, uint64_t expires_ms),
	void *arg)
{
	struct in_force f = {wall_ms, fn, arg};

	allow_each(i->set, each_in_force, &f);
}

size_t invites_count(const struct invites *i)
{
	return allow_count(i->set);
}

unsigned invites_busy(const struct invites *i)
{
	return i->n_queued + i->n_writing;
}
