#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "link/link.h"
#include "loop/loop.h"

enum { DOMAIN_MAX = 1023 };

struct link_share {
	_Atomic unsigned refs; /* the edge's, and one for each stanza out */
	_Atomic unsigned used;
	unsigned max;
};

struct link {
	struct link_limits limits;
	_Atomic unsigned down_used, up_used;
	/* The edge was told no and waits; a mail that tells it otherwise is on its way. */
	_Atomic bool starved, credit_posted;
	struct link_mail credit_mail;
	struct mailbox *to_edge, *to_gateway;
	const struct link_edge_ops *edge;
	void *edge_arg;
	const struct link_gateway_ops *gateway;
	void *gateway_arg;
	bool ending; /* both ends are gone: what is still in the mailboxes is dropped */
};

/* ---- what travels ---- */

static struct slice put(char **at, struct slice s)
{
	struct slice copy = {*at, s.n};

	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

struct link_down *link_down_new(struct slice from_domain, struct slice to_domain, struct slice xml)
{
	size_t block = sizeof(struct link_down) + from_domain.n + to_domain.n + xml.n;
	struct link_down *d = xmalloc(block);
	char *at = (char *)(d + 1);

	assert(from_domain.n <= DOMAIN_MAX && to_domain.n <= DOMAIN_MAX);
	*d = (struct link_down){.block = block};
	d->from_domain = put(&at, from_domain);
	d->to_domain = put(&at, to_domain);
	d->xml = put(&at, xml);
	return d;
}

void link_down_free(struct link_down *d)
{
	free(d);
}

struct link_lost *link_lost_new(enum link_reason reason, size_t n)
{
	struct link_lost *lost = xzalloc(sizeof *lost + n * sizeof lost->fate_ids[0]);

	lost->reason = reason;
	lost->n = n;
	return lost;
}

/* ---- credits ---- */

/* Takes one of max. */
static bool take(_Atomic unsigned *used, unsigned max)
{
	if (atomic_fetch_add(used, 1) < max)
		return true;
	atomic_fetch_sub(used, 1);
	return false;
}

struct link_share *link_share_new(unsigned max)
{
	struct link_share *s = xzalloc(sizeof *s);

	atomic_init(&s->refs, 1);
	s->max = max;
	return s;
}

void link_share_unref(struct link_share *s)
{
	if (s && atomic_fetch_sub(&s->refs, 1) == 1)
		free(s);
}

static bool take_both(struct link *l, struct link_share *s)
{
	if (!take(&s->used, s->max))
		return false;
	if (take(&l->up_used, l->limits.up))
		return true;
	atomic_fetch_sub(&s->used, 1);
	return false;
}

bool link_credit(struct link *l, struct link_share *s)
{
	if (!take_both(l, s)) {
		/* One given back between the no and the flag would wake nobody: ask again. */
		atomic_store(&l->starved, true);
		if (!take_both(l, s))
			return false;
	}
	atomic_fetch_add(&s->refs, 1);
	return true;
}

static void give_back(struct link *l, struct link_share *s)
{
	atomic_fetch_sub(&s->used, 1);
	atomic_fetch_sub(&l->up_used, 1);
	link_share_unref(s);
	if (atomic_load(&l->starved) && atomic_exchange(&l->starved, false) &&
		!atomic_exchange(&l->credit_posted, true))
		mailbox_post(l->to_edge, &l->credit_mail.mail);
}

void link_credit_return(struct link *l, struct link_share *s)
{
	give_back(l, s);
}

/* ---- the gateway's end ---- */

unsigned link_down_room(const struct link *l)
{
	unsigned used = atomic_load_explicit(&l->down_used, memory_order_relaxed);

	return used < l->limits.down ? l->limits.down - used : 0;
}

bool link_send(struct link *l, struct link_down *d)
{
	assert(d->deadline_ms);
	if (!take(&l->down_used, l->limits.down)) {
		d->fate = LINK_UNSENT;
		d->reason = LINK_R_QUEUE_FULL;
		return false;
	}
	d->head.kind = LINK_MAIL_DOWN;
	mailbox_post(l->to_edge, &d->head.mail);
	return true;
}

void link_up_done(struct link *l, struct link_up *up)
{
	arena_done(&up->arena);
	give_back(l, up->share);
	free(up);
}

static void drop(struct link *l, struct link_mail *head)
{
	switch (head->kind) {
	case LINK_MAIL_DOWN:
	case LINK_MAIL_FATE:
		link_down_free(container_of(head, struct link_down, head));
		break;
	case LINK_MAIL_LOST:
		free(container_of(head, struct link_lost, head));
		break;
	case LINK_MAIL_UP:
		link_up_done(l, container_of(head, struct link_up, head));
		break;
	case LINK_MAIL_CREDIT:
		break;
	}
}

static void gateway_mail(void *arg, struct mail *mail)
{
	struct link *l = arg;
	struct link_mail *head = container_of(mail, struct link_mail, mail);

	if (l->ending) {
		drop(l, head);
	} else if (head->kind == LINK_MAIL_FATE) {
		struct link_down *d = container_of(head, struct link_down, head);

		atomic_fetch_sub(&l->down_used, 1);
		l->gateway->fate(l->gateway_arg, d);
	} else if (head->kind == LINK_MAIL_LOST) {
		struct link_lost *lost = container_of(head, struct link_lost, head);

		l->gateway->lost(l->gateway_arg, lost->reason, lost->fate_ids, lost->n);
		free(lost);
	} else {
		assert(head->kind == LINK_MAIL_UP);
		l->gateway->stanza(l->gateway_arg, container_of(head, struct link_up, head));
	}
}

void link_local_gateway(
	struct link *l, struct loop *loop, const struct link_gateway_ops *ops, void *arg)
{
	l->gateway = ops;
	l->gateway_arg = arg;
	l->to_gateway = mailbox_new(loop, gateway_mail, l);
}

/* ---- the edge's end ---- */

void link_fate(struct link *l, struct link_down *d)
{
	if (d->internal) {
		link_down_free(d);
		return;
	}
	if (!d->fate_id) {
		atomic_fetch_sub(&l->down_used, 1);
		link_down_free(d);
		return;
	}
	d->head.kind = LINK_MAIL_FATE;
	mailbox_post(l->to_gateway, &d->head.mail);
}

void link_lost(struct link *l, struct link_lost *lost)
{
	lost->head.kind = LINK_MAIL_LOST;
	mailbox_post(l->to_gateway, &lost->head.mail);
}

struct link_up *link_up_new(struct link_share *s)
{
	struct link_up *up = xzalloc(sizeof *up);

	up->share = s;
	return up;
}

void link_deliver(struct link *l, struct link_up *up)
{
	up->head.kind = LINK_MAIL_UP;
	mailbox_post(l->to_gateway, &up->head.mail);
}

static void refuse_down(struct link *l, struct link_down *d)
{
	d->fate = LINK_UNSENT;
	d->reason = LINK_R_SHUTDOWN;
	link_fate(l, d);
}

static void edge_mail(void *arg, struct mail *mail)
{
	struct link *l = arg;
	struct link_mail *head = container_of(mail, struct link_mail, mail);

	if (l->ending) {
		drop(l, head);
		return;
	}
	if (!l->edge) {
		if (head->kind == LINK_MAIL_DOWN)
			refuse_down(l, container_of(head, struct link_down, head));
		return;
	}
	if (head->kind == LINK_MAIL_DOWN) {
		l->edge->send(l->edge_arg, container_of(head, struct link_down, head));
		return;
	}
	assert(head->kind == LINK_MAIL_CREDIT);
	atomic_store(&l->credit_posted, false);
	l->edge->credit(l->edge_arg);
}

void link_local_edge(struct link *l, struct loop *loop, const struct link_edge_ops *ops, void *arg)
{
	l->edge = ops;
	l->edge_arg = arg;
	l->to_edge = mailbox_new(loop, edge_mail, l);
}

void link_local_edge_gone(struct link *l)
{
	l->edge = NULL;
}

/* ---- both ---- */

struct link *link_local_new(struct link_limits limits)
{
	struct link *l = xzalloc(sizeof *l);

	l->limits = limits;
	l->credit_mail.kind = LINK_MAIL_CREDIT;
	return l;
}

void link_local_free(struct link *l)
{
	if (!l)
		return;
	l->ending = true;
	mailbox_free(l->to_gateway); /* may post credits to the edge, so it is first */
	mailbox_free(l->to_edge);
	free(l);
}
