#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sip/stack_priv.h"

/* Client transactions. What they do when is in trans.c. */

enum { UDP_MAX_REQUEST = 1300 }; /* 18.1.1: over it only on a transport with congestion control */

static struct sip_client *of_link(struct list *l)
{
	return container_of(l, struct sip_client, link);
}

static struct sip_client *of_timer(struct sip_heap_node *n)
{
	return container_of(n, struct sip_client, timer);
}

/* ---- telling ---- */

void sip_client_tell(struct sip_client *c, const struct sip_result *r)
{
	struct sip_result told = *r;

	told.sent = c->times;
	told.flow = told.response ? c->stack->rx_flow : 0;
	if (c->done)
		c->done(c->arg, &told);
}

static void tell_end(struct sip_client *c, enum sip_end end, bool may_have_arrived)
{
	sip_client_tell(c, &(struct sip_result){.end = end, .may_have_arrived = may_have_arrived});
}

static void tell_final(struct sip_client *c, const struct sip_msg *m)
{
	assert(m);
	sip_client_tell(c, &(struct sip_result){
				   .end = SIP_FINAL,
				   .status = m->status,
				   .response = m,
				   .may_have_arrived = m->status < 300,
			   });
}

/* ---- sending and ending ---- */

void sip_client_send(struct sip_client *c)
{
	c->times++;
	c->mark = sip_stack_send(c->stack, &c->to, slice_make(c->bytes, c->n));
}

void sip_client_set_timer(struct sip_client *c)
{
	uint64_t due = c->due_e < c->due_f ? c->due_e : c->due_f;

	if (due == UINT64_MAX)
		sip_heap_remove(&c->stack->timers, &c->timer);
	else
		sip_heap_set(&c->stack->timers, &c->timer, due);
}

/* 17.1.2.2: only where something may get lost. */
static void start_e(struct sip_client *c, uint64_t now)
{
	c->due_e = sip_hop_reliable(&c->to) ? UINT64_MAX : now + c->interval;
	sip_client_set_timer(c);
}

/* Timer E: doubled up to T2 while nothing came, T2 after a provisional response (17.1.2.2). */
static void resend(struct sip_client *c, uint64_t now)
{
	c->stack->stats.tx_retrans++;
	c->interval = c->interval * 2 < SIP_T2 ? c->interval * 2 : SIP_T2;
	if (c->state == SIP_CLIENT_PROCEEDING)
		c->interval = SIP_T2;
	sip_client_send(c);
	start_e(c, now);
}

static void drop_bytes(struct sip_client *c)
{
	c->stack->stats.bytes -= c->n;
	free(c->bytes);
	c->bytes = NULL;
	c->n = 0;
}

void sip_client_keep(struct sip_client *c, struct slice bytes)
{
	drop_bytes(c);
	c->n = bytes.n;
	c->bytes = xmalloc(c->n);
	memcpy(c->bytes, bytes.p, c->n);
	c->stack->stats.bytes += c->n;
}

void sip_client_free(struct sip_client *c)
{
	struct sip_stack *s = c->stack;

	drop_bytes(c);
	if (!c->failed)
		sip_index_remove(&s->clients, &c->by_branch);
	sip_heap_remove(&s->timers, &c->timer);
	list_remove(&c->link);
	list_remove(&c->on_flow);
	s->n_clients--;
	s->stats.bytes -= sizeof *c;
	free(c);
}

static void start_k(struct sip_client *c, uint64_t now)
{
	sip_heap_remove(&c->stack->timers, &c->timer);
	list_remove(&c->on_flow);
	drop_bytes(c);
	c->due_f = now + SIP_T4;
	list_append(&c->stack->absorbing, &c->link);
	c->stack->n_absorbing++;
}

/* ---- events ---- */

/* The handle may be gone after it. Our user is told last, so that he finds all in order. */
static void take(
	struct sip_client *c, enum sip_client_event event, const struct sip_msg *m, uint64_t now)
{
	const struct sip_step *step = &sip_client_steps[c->state][event];

	assert(!(step->actions & SIP_CANNOT_HAPPEN));
	if (step->actions & SIP_DO_RESEND)
		resend(c, now);
	if (step->actions & SIP_DO_START_K)
		start_k(c, now);
	c->state = step->next;
	if (step->actions & SIP_DO_TELL_FINAL)
		tell_final(c, m);
	if (step->actions & SIP_DO_TELL_TIMEOUT)
		tell_end(c, SIP_TIMEOUT, true);
	if (step->actions & SIP_DO_TELL_NETWORK)
		tell_end(c, SIP_UNREACHABLE, c->may_have_arrived);
	if (event == SIP_CLIENT_TIMER_K)
		c->stack->n_absorbing--;
	if (step->actions & SIP_DO_FREE) {
		sip_client_free(c);
		return;
	}
	/* 17.1.2.2: of no time where nothing comes twice */
	if (step->actions & SIP_DO_START_K && sip_hop_reliable(&c->to))
		take(c, SIP_CLIENT_TIMER_K, NULL, now);
}

void sip_client_lost(struct sip_client *c, bool may_have_arrived, uint64_t now)
{
	c->may_have_arrived = may_have_arrived || c->state == SIP_CLIENT_PROCEEDING;
	if (c->method == SIP_INVITE)
		sip_client_invite_lost(c, now);
	else
		take(c, SIP_CLIENT_NETWORK, NULL, now);
}

/* ---- requests ---- */

/* Branch, From tag and Call-ID of a new request. */
struct made {
	char branch[7 + SIP_ID_LEN], tag[SIP_ID_LEN], call_id[SIP_ID_LEN];
};

static void make_ids(struct sip_stack *s, const struct sip_spec *spec, struct made *ret)
{
	memcpy(ret->branch, "z9hG4bK", 7);
	if (!spec->branch.p && spec->method == SIP_ACK)
		sip_ident_ack(s, spec, ret->branch + 7);
	else if (!spec->branch.p)
		sip_ident_random(s, ret->branch + 7);
	if (!spec->from_tag.p)
		sip_ident_random(s, ret->tag);
	if (!spec->call_id.p)
		sip_ident_random(s, ret->call_id);
}

static struct slice branch_of(const struct sip_spec *spec, const struct made *ids)
{
	return spec->branch.p ? spec->branch : slice_make(ids->branch, sizeof ids->branch);
}

static void write_request(struct sip_stack *s, const struct sip_hop *to,
	const struct sip_spec *spec, const struct made *ids)
{
	struct sip_stamp stamp = {
		.transport = (enum sip_transport)to->transport,
		.sent_by = s->sent_by[to->socket],
		.branch = branch_of(spec, ids),
		.from_tag = slice_make(ids->tag, sizeof ids->tag),
		.call_id = slice_make(ids->call_id, sizeof ids->call_id),
		.user_agent = slice_of(s->config.server),
	};

	buf_reset(&s->out);
	sip_write_request(&s->out, spec, &stamp);
}

/* One that never begins: its end is told at the next tick. */
static void fail(struct sip_client *c, enum sip_end why)
{
	c->failed = (uint8_t)why;
	list_append(&c->stack->failed, &c->link);
}

/* Sends what is in out. */
static void start(struct sip_client *c, uint64_t branch_id, unsigned timeout_ms, uint64_t now)
{
	struct sip_stack *s = c->stack;

	sip_client_keep(c, buf_slice(&s->out));
	c->interval = SIP_T1;
	c->due_f = now + (timeout_ms && timeout_ms < SIP_64_T1 ? timeout_ms : SIP_64_T1);
	sip_client_send(c);
	if (c->mark == SIP_NOT_SENT) {
		fail(c, SIP_UNREACHABLE);
		return;
	}
	sip_index_put(&s->clients, &c->by_branch, branch_id);
	sip_flow_join(c);
	start_e(c, now);
}

static struct sip_client *client_new(struct sip_stack *s, const struct sip_hop *to,
	enum sip_method method, sip_done *done, void *arg)
{
	struct sip_client *c = xmalloc(sizeof *c);

	*c = (struct sip_client){.stack = s, .done = done, .arg = arg, .to = *to};
	c->method = (uint8_t)method;
	s->n_clients++;
	s->stats.bytes += sizeof *c;
	return c;
}

void sip_client_begin_cancel(const struct sip_client *invite, uint64_t now)
{
	struct sip_client *c = client_new(invite->stack, &invite->to, SIP_CANCEL, NULL, NULL);

	start(c, invite->by_branch.id, 0, now);
}

static bool is_too_big(
	const struct sip_stack *s, const struct sip_hop *to, const struct sip_spec *spec)
{
	return (to->transport == SIP_UDP && s->out.n > UDP_MAX_REQUEST) ||
	       (spec->max_size && s->out.n > spec->max_size);
}

struct sip_client *sip_stack_request(struct sip_stack *s, const struct sip_hop *to,
	const struct sip_spec *spec, unsigned timeout_ms, sip_done *done, void *arg,
	uint64_t now_ms)
{
	struct sip_client *c = client_new(s, to, spec->method, done, arg);
	struct made ids;

	make_ids(s, spec, &ids);
	write_request(s, to, spec, &ids);
	if (s->n_clients > s->config.max_clients)
		fail(c, SIP_OVERLOADED);
	else if (is_too_big(s, to, spec))
		fail(c, SIP_TOO_BIG);
	else
		start(c, sip_ident_branch(s, branch_of(spec, &ids)), timeout_ms, now_ms);
	return c;
}

void sip_stack_ack(struct sip_stack *s, const struct sip_hop *to, const struct sip_spec *spec)
{
	struct made ids;

	assert(spec->method == SIP_ACK);
	make_ids(s, spec, &ids);
	write_request(s, to, spec, &ids);
	sip_stack_send(s, to, buf_slice(&s->out));
}

void sip_client_forget(struct sip_client *c)
{
	assert(c->method != SIP_INVITE || c->state == SIP_IC_COMPLETED ||
		c->state == SIP_IC_ACCEPTED);
	c->done = NULL;
}

/* ---- responses ---- */

struct sip_client *sip_client_find(struct sip_stack *s, struct slice branch, enum sip_method method)
{
	struct sip_index_node *n = sip_index_get(&s->clients, sip_ident_branch(s, branch));

	for (; n; n = sip_index_next(n)) {
		struct sip_client *c = container_of(n, struct sip_client, by_branch);

		if (c->method == method)
			return c;
	}
	return NULL;
}

/*
 * The branch is no secret to those whom the next hop sends it on to. They could say by a datagram
 * what counts as the word of the next hop itself: that it is busy, or wants other credentials.
 */
static bool may_answer(const struct sip_client *c, const struct sip_hop *from)
{
	if (!sip_hop_reliable(&c->to))
		return !sip_hop_reliable(from);
	return from->transport == c->to.transport && sip_hop_same_host(from, &c->to);
}

/* 17.1.3: the branch of the first Via, and the method of CSeq. */
static struct sip_client *match(
	struct sip_stack *s, const struct sip_msg *m, const struct sip_hop *from)
{
	struct sip_client *c = sip_client_find(s, m->via.branch, m->method);

	/* 18.1.2: a sent-by that is not ours */
	if (!c || !slice_ieq(m->via.sent_by, s->sent_by[c->to.socket]))
		return NULL;
	return may_answer(c, from) ? c : NULL;
}

/* 8.1.3.3: a second Via says that somebody else should have had it. */
static bool is_last_via(const struct sip_msg *m)
{
	struct sip_items it = sip_msg_items(m, SIP_H_VIA);
	struct slice item;

	sip_items_next(&it, &item);
	return sip_items_next(&it, &item) == 0;
}

bool sip_client_response(
	struct sip_stack *s, const struct sip_msg *m, const struct sip_hop *from, uint64_t now)
{
	struct sip_client *c = is_last_via(m) ? match(s, m, from) : NULL;

	if (!c)
		return false;
	s->rx_flow = from->flow;
	if (c->method == SIP_INVITE) {
		sip_client_invite_response(c, m, now);
		return true;
	}
	if (c->state == SIP_CLIENT_COMPLETED)
		s->stats.rx_retrans++;
	take(c, m->status < 200 ? SIP_CLIENT_1XX : SIP_CLIENT_FINAL, m, now);
	return true;
}

/* ---- time ---- */

uint64_t sip_client_deadline(const struct sip_stack *s)
{
	struct list *absorbing = list_first((struct list *)&s->absorbing);
	struct sip_heap_node *timer = sip_heap_first(&s->timers);
	uint64_t lot = absorbing ? of_link(absorbing)->due_f | 127 : UINT64_MAX;

	if (!list_empty(&s->failed))
		return 0;
	return timer && timer->due < lot ? timer->due : lot;
}

static void run_failed(struct sip_stack *s)
{
	struct list now;
	struct list *l;

	/* Those that fail while these are told wait for the next tick. */
	list_init(&now);
	while ((l = list_pop(&s->failed)))
		list_append(&now, l);
	while ((l = list_pop(&now))) {
		tell_end(of_link(l), (enum sip_end)of_link(l)->failed, false);
		sip_client_free(of_link(l));
	}
}

void sip_client_tick(struct sip_stack *s, uint64_t now)
{
	struct sip_heap_node *timer;
	struct list *l;

	run_failed(s);
	while ((timer = sip_heap_first(&s->timers)) && timer->due <= now) {
		struct sip_client *c = of_timer(timer);

		if (c->method == SIP_INVITE)
			sip_client_invite_timer(c, now);
		else
			take(c, c->due_f <= now ? SIP_CLIENT_TIMER_F : SIP_CLIENT_TIMER_E, NULL,
				now);
	}
	while ((l = list_first(&s->absorbing)) && of_link(l)->due_f <= now)
		take(of_link(l), SIP_CLIENT_TIMER_K, NULL, now);
}

void sip_client_free_all(struct sip_stack *s)
{
	struct sip_index_node *n;
	struct list *l;

	while ((n = sip_index_pop(&s->clients))) {
		struct sip_client *c = container_of(n, struct sip_client, by_branch);

		free(c->bytes);
		free(c);
	}
	while ((l = list_pop(&s->failed))) {
		free(of_link(l)->bytes);
		free(of_link(l));
	}
}
