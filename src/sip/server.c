#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sip/stack_priv.h"

/*
 * Server transactions. What they do when is in trans.c. After the answer nothing is kept but the
 * identity and what cannot be made again from the request when it comes again: for a plain answer
 * its status, else the lines around those that repeat the request.
 */

/* Until the answer: what it needs of the request. */
struct sip_server_pending {
	struct sip_hop back;
	uint64_t since;
	size_t n_echo, n; /* the lines of sip_write_echo(); with those of the 100 */
	char lines[];
};

/* Of an answer that is more than its status. */
struct sip_server_sent {
	size_t n_line, n; /* the status line; with all behind the echoed lines */
	char bytes[];
};

static struct sip_server *of_id(struct sip_index_node *n)
{
	return container_of(n, struct sip_server, by_id);
}

struct sip_server *sip_server_find(struct sip_stack *s, const struct sip_ident *id)
{
	struct sip_index_node *n = sip_index_get(&s->servers, id->a);

	while (n && of_id(n)->b != id->b)
		n = sip_index_next(n);
	return n ? of_id(n) : NULL;
}

bool sip_server_merges(struct sip_stack *s, uint64_t merge_id)
{
	return sip_index_get(&s->merges, merge_id) != NULL;
}

/* ---- making and ending ---- */

static struct sip_server_pending *pending_new(struct sip_rx *rx)
{
	struct buf *out = &rx->stack->out;
	struct sip_server_pending *p;
	size_t n_echo;

	buf_reset(out);
	sip_write_echo(out, rx->m, &rx->seen);
	n_echo = out->n;
	sip_write_stamp(out, rx->m);
	p = xmalloc(sizeof *p + out->n);
	*p = (struct sip_server_pending){
		.back = rx->back, .since = rx->now, .n_echo = n_echo, .n = out->n};
	memcpy(p->lines, buf_slice(out).p, out->n);
	rx->stack->stats.bytes += sizeof *p + out->n;
	return p;
}

static void pending_free(struct sip_server *t)
{
	t->stack->stats.bytes -= sizeof *t->pending + t->pending->n;
	free(t->pending);
	t->pending = NULL;
}

static void sent_free(struct sip_server *t)
{
	if (!t->sent)
		return;
	t->stack->stats.bytes -= sizeof *t->sent + t->sent->n;
	free(t->sent);
	t->sent = NULL;
}

void sip_server_unmerge(struct sip_server *t)
{
	if (t->merged_by)
		sip_index_remove(&t->stack->merges, &t->by_merge);
	t->merged_by = false;
}

void sip_server_free(struct sip_server *t)
{
	struct sip_stack *s = t->stack;

	sip_server_unmerge(t);
	sip_index_remove(&s->servers, &t->by_id);
	list_remove(&t->link);
	s->n_servers--;
	s->stats.bytes -= sizeof *t;
	free(t);
}

static void enqueue(struct sip_server *t, struct list *queue, uint64_t due)
{
	list_remove(&t->link);
	list_append(queue, &t->link);
	t->due = due;
}

/* ---- sending ---- */

static bool is_plain(const struct sip_reply *r)
{
	return !r->reason.p && !r->n_fields && !r->content_type.p;
}

/* Keeps what stands before and behind the echoed lines of the answer in out. */
static struct sip_server_sent *sent_new(struct sip_stack *s, struct slice all, size_t n_echo)
{
	size_t n_line = slice_find(all, '\n') + 1;
	struct sip_server_sent *sent = xmalloc(sizeof *sent + all.n - n_echo);

	sent->n_line = n_line;
	sent->n = all.n - n_echo;
	memcpy(sent->bytes, all.p, n_line);
	memcpy(sent->bytes + n_line, all.p + n_line + n_echo, sent->n - n_line);
	s->stats.bytes += sizeof *sent + sent->n;
	return sent;
}

static void send_100(struct sip_server *t, uint64_t now)
{
	struct sip_stack *s = t->stack;
	struct sip_server_pending *p = t->pending;

	buf_reset(&s->out);
	sip_write_100(
		&s->out, slice_make(p->lines, p->n), now - p->since, sip_stack_server_line(s));
	sip_stack_send(s, &p->back, buf_slice(&s->out));
}

static void send_final(struct sip_server *t, const struct sip_reply *reply)
{
	struct sip_stack *s = t->stack;
	size_t n_echo = t->pending->n_echo;

	assert(reply);
	buf_reset(&s->out);
	sip_write_reply(
		&s->out, reply, slice_make(t->pending->lines, n_echo), sip_stack_server_line(s));
	sip_stack_send(s, &t->pending->back, buf_slice(&s->out));
	pending_free(t);
	t->status = (uint16_t)reply->status;
	t->sent = is_plain(reply) ? NULL : sent_new(s, buf_slice(&s->out), n_echo);
	if (reply->status >= 300)
		sip_server_unmerge(t);
}

static void resend_final(struct sip_server *t, struct sip_rx *rx)
{
	struct sip_stack *s = t->stack;
	struct sip_server_sent *sent = t->sent;

	assert(rx);
	if (!sent) {
		sip_stack_answer(rx, t->status, NULL, sip_stack_server_line(s));
		return;
	}
	buf_reset(&s->out);
	buf_add(&s->out, sent->bytes, sent->n_line);
	sip_write_echo(&s->out, rx->m, &rx->seen);
	buf_add(&s->out, sent->bytes + sent->n_line, sent->n - sent->n_line);
	sip_stack_send(s, &rx->back, buf_slice(&s->out));
}

/* ---- events ---- */

/* rx: of the request that came again; reply: the final answer; NULL where the event has none. */
static void take(struct sip_server *t, enum sip_server_event event, struct sip_rx *rx,
	const struct sip_reply *reply, uint64_t now)
{
	const struct sip_step *step = &sip_server_steps[t->state][event];
	struct sip_stack *s = t->stack;

	assert(!(step->actions & SIP_CANNOT_HAPPEN));
	t->state = step->next;
	if (step->actions & SIP_DO_SEND_100)
		send_100(t, now);
	if (step->actions & SIP_DO_AWAIT_LATE)
		enqueue(t, &s->proceeding, t->due - SIP_100_AFTER + SIP_64_T1);
	if (step->actions & SIP_DO_SEND_FINAL)
		send_final(t, reply);
	if (step->actions & SIP_DO_RESEND_FINAL)
		resend_final(t, rx);
	if (step->actions & SIP_DO_START_J) {
		enqueue(t, &s->completed, now + SIP_64_T1);
		s->n_completed++;
	}
	if (t->state == SIP_SERVER_LATE && event == SIP_SERVER_TOO_LATE)
		enqueue(t, &s->late, UINT64_MAX);
	if (step->actions & SIP_DO_FREE) {
		if (event == SIP_SERVER_TIMER_J) {
			sent_free(t);
			s->n_completed--;
		} else {
			pending_free(t);
		}
		sip_server_free(t);
		return;
	}
	/* 17.2.2: of no time where nothing comes twice */
	if (step->actions & SIP_DO_START_J && t->reliable)
		take(t, SIP_SERVER_TIMER_J, NULL, NULL, now);
}

void sip_server_start(struct sip_rx *rx)
{
	struct sip_stack *s = rx->stack;
	struct sip_server *t = xmalloc(sizeof *t);

	*t = (struct sip_server){.stack = s,
		.b = rx->id.b,
		.merged_by = true,
		.is_invite = rx->m->method == SIP_INVITE,
		.reliable = sip_hop_reliable(rx->from)};
	sip_index_put(&s->servers, &t->by_id, rx->id.a);
	sip_index_put(&s->merges, &t->by_merge, rx->merge_id);
	s->n_servers++;
	s->stats.bytes += sizeof *t;
	if (t->is_invite) {
		sip_server_invite_start(t, rx);
	} else {
		t->pending = pending_new(rx);
		enqueue(t, &s->trying, rx->now + SIP_100_AFTER);
	}
	s->ops->request(s->arg, t, rx->m, rx->from, rx->ctx);
}

void sip_server_again(struct sip_server *t, struct sip_rx *rx)
{
	if (t->is_invite)
		sip_server_invite_again(t, rx->now);
	else
		take(t, SIP_SERVER_REQUEST, rx, NULL, rx->now);
}

void sip_server_reply(struct sip_server *txn, const struct sip_reply *reply, uint64_t now_ms)
{
	struct sip_reply r = *reply;

	assert(r.status >= 200);
	if (txn->is_invite) {
		sip_server_invite_reply(txn, reply, now_ms);
		return;
	}
	if (r.status == 408) { /* RFC 4320 4.2: never for a non-INVITE */
		r.status = 504;
		r.reason = SL_NONE;
	}
	take(txn, SIP_SERVER_FINAL, NULL, &r, now_ms);
}

bool sip_server_answered(const struct sip_server *txn)
{
	return txn->is_invite ? txn->state != SIP_IS_PROCEEDING : false;
}

const struct sip_hop *sip_server_back(const struct sip_server *txn)
{
	return txn->is_invite ? sip_server_invite_back(txn) : &txn->pending->back;
}

/* ---- time ---- */

static struct sip_server *first(const struct list *queue)
{
	struct list *l = list_first((struct list *)queue);

	return l ? container_of(l, struct sip_server, link) : NULL;
}

static uint64_t due_of(const struct list *queue)
{
	const struct sip_server *t = first(queue);

	return t ? t->due : UINT64_MAX;
}

uint64_t sip_server_deadline(const struct sip_stack *s)
{
	/* Nobody waits for the end of what lingers: a whole lot of it at once. */
	uint64_t lot = due_of(&s->completed), a = due_of(&s->trying), b = due_of(&s->proceeding);

	if (lot != UINT64_MAX)
		lot |= 127;
	if (b < a)
		a = b;
	b = sip_server_invite_deadline(s);
	if (b < a)
		a = b;
	return lot < a ? lot : a;
}

static void run_queue(struct list *queue, enum sip_server_event event, uint64_t now)
{
	struct sip_server *t;

	while ((t = first(queue)) && t->due <= now)
		take(t, event, NULL, NULL, now);
}

void sip_server_tick(struct sip_stack *s, uint64_t now)
{
	run_queue(&s->trying, SIP_SERVER_SLOW, now);
	run_queue(&s->proceeding, SIP_SERVER_TOO_LATE, now);
	run_queue(&s->completed, SIP_SERVER_TIMER_J, now);
	sip_server_invite_tick(s, now);
}

void sip_server_free_all(struct sip_stack *s)
{
	struct sip_index_node *n;

	while ((n = sip_index_pop(&s->merges)))
		container_of(n, struct sip_server, by_merge)->merged_by = false;
	while ((n = sip_index_pop(&s->servers))) {
		if (of_id(n)->is_invite)
			sip_server_invite_free(of_id(n));
		else
			free(of_id(n)->pending);
		free(of_id(n));
	}
}
