#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sip/stack_priv.h"

/* Server transactions of INVITE. What they do when is in invite.c. */

struct sip_server_invite {
	struct sip_heap_node timer; /* the earlier of the two */
	struct sip_server *txn;
	struct sip_hop back;
	void *user;
	uint64_t due_g;   /* the 100, or G */
	uint64_t due_end; /* H, I, L */
	unsigned interval;
	size_t n_echo;
	char *echo; /* the lines of sip_write_echo(), with our To tag */
	size_t n;
	char *bytes;   /* the last response; at first the lines of the 100 */
	bool answered; /* it is a response */
	uint64_t since;
};

static struct sip_server_invite *of_timer(struct sip_heap_node *n)
{
	return container_of(n, struct sip_server_invite, timer);
}

static char *copy(struct sip_stack *s, const struct buf *b)
{
	s->stats.bytes += b->n;
	return memcpy(xmalloc(b->n), buf_slice(b).p, b->n);
}

static void keep(struct sip_server *t)
{
	struct sip_server_invite *i = t->invite;

	t->stack->stats.bytes -= i->n;
	free(i->bytes);
	i->n = t->stack->out.n;
	i->bytes = copy(t->stack, &t->stack->out);
}

static void set_timer(struct sip_server *t)
{
	struct sip_server_invite *i = t->invite;
	uint64_t due = i->due_g < i->due_end ? i->due_g : i->due_end;

	if (due == UINT64_MAX)
		sip_heap_remove(&t->stack->invites, &i->timer);
	else
		sip_heap_set(&t->stack->invites, &i->timer, due);
}

/* ---- making and ending ---- */

/* 17.2.1: without a To tag (8.2.6.2 leaves it open). */
static void keep_100(struct sip_server *t, struct sip_rx *rx)
{
	struct sip_stack *s = t->stack;
	struct sip_seen seen = rx->seen;

	seen.to_tag = SL_NONE;
	buf_reset(&s->out);
	sip_write_echo(&s->out, rx->m, &seen);
	sip_write_stamp(&s->out, rx->m);
	keep(t);
}

void sip_server_invite_start(struct sip_server *t, struct sip_rx *rx)
{
	struct sip_stack *s = t->stack;
	struct sip_server_invite *i = xzalloc(sizeof *i);

	t->invite = i;
	t->state = SIP_IS_PROCEEDING;
	i->txn = t;
	i->back = rx->back;
	s->stats.bytes += sizeof *i;
	i->since = rx->now;
	keep_100(t, rx);
	buf_reset(&s->out);
	sip_write_echo(&s->out, rx->m, &rx->seen);
	i->n_echo = s->out.n;
	i->echo = copy(s, &s->out);
	i->due_g = rx->now + SIP_INVITE_100_AFTER;
	i->due_end = UINT64_MAX;
	set_timer(t);
}

void sip_server_invite_free(struct sip_server *t)
{
	struct sip_server_invite *i = t->invite;

	sip_heap_remove(&t->stack->invites, &i->timer);
	t->stack->stats.bytes -= sizeof *i + i->n_echo + i->n;
	free(i->echo);
	free(i->bytes);
	free(i);
}

/* ---- events ---- */

static void make_100(struct sip_server *t, uint64_t now)
{
	struct sip_stack *s = t->stack;
	struct sip_server_invite *i = t->invite;

	buf_reset(&s->out);
	sip_write_100(
		&s->out, slice_make(i->bytes, i->n), now - i->since, sip_stack_server_line(s));
	keep(t);
	i->answered = true;
}

static void send_kept(struct sip_server *t)
{
	sip_stack_send(t->stack, &t->invite->back, slice_make(t->invite->bytes, t->invite->n));
}

static void send_new(struct sip_server *t, const struct sip_reply *reply)
{
	struct sip_stack *s = t->stack;
	struct sip_server_invite *i = t->invite;

	assert(reply);
	buf_reset(&s->out);
	sip_write_reply(&s->out, reply, slice_make(i->echo, i->n_echo), sip_stack_server_line(s));
	keep(t);
	i->answered = true;
	send_kept(t);
	if (reply->status >= 300)
		sip_server_unmerge(t);
}

/* G: T1, doubled up to T2; not by connections (17.2.1). */
static void start_g(struct sip_server *t, uint64_t now)
{
	struct sip_server_invite *i = t->invite;

	if (t->reliable)
		return;
	i->interval = !i->interval ? SIP_T1 : i->interval * 2 < SIP_T2 ? i->interval * 2 : SIP_T2;
	i->due_g = now + i->interval;
}

/* In PROCEEDING it is the 100 that waits, until anything is sent. */
static void set_timers(struct sip_server *t, uint32_t actions, uint64_t now)
{
	struct sip_server_invite *i = t->invite;

	if ((actions && t->state == SIP_IS_PROCEEDING) || actions & SIP_INV_START_I)
		i->due_g = UINT64_MAX;
	if (actions & SIP_INV_START_G)
		start_g(t, now);
	if (actions & (SIP_INV_START_H | SIP_INV_START_L))
		i->due_end = now + SIP_64_T1;
	if (actions & SIP_INV_START_I)
		i->due_end = now + SIP_T4;
	set_timer(t);
}

static void tell(struct sip_server *t, uint32_t actions)
{
	const struct sip_stack_ops *ops = t->stack->ops;
	void *arg = t->stack->arg;

	if (actions & SIP_INV_TELL_CANCEL)
		ops->invite(arg, t, SIP_INVITE_CANCELLED);
	if (actions & SIP_INV_TELL_NO_ACK)
		ops->invite(arg, t, SIP_INVITE_NO_ACK);
	if (actions & SIP_INV_TELL_GONE)
		ops->invite(arg, t, SIP_INVITE_GONE);
}

/* rx: of an ACK; reply: of our user, or to a CANCEL; NULL where the event has none. */
static void take(struct sip_server *t, enum sip_invite_server_event event, struct sip_rx *rx,
	const struct sip_reply *reply, uint64_t now)
{
	const struct sip_invite_step *step = &sip_invite_server_steps[t->state][event];
	struct sip_stack *s = t->stack;

	assert(!(step->actions & SIP_INV_CANNOT_HAPPEN));
	if (t->state == SIP_IS_PROCEEDING && step->next != SIP_IS_PROCEEDING)
		s->n_completed++;
	set_timers(t, step->actions, now);
	t->state = step->next;
	if (step->actions & SIP_INV_SEND)
		send_new(t, reply);
	if (event == SIP_IS_TIMER_G)
		s->stats.tx_retrans++;
	if (step->actions & SIP_INV_RESEND) {
		if (!t->invite->answered)
			make_100(t, now);
		send_kept(t);
	}
	if (step->actions & SIP_INV_TELL_ACK && rx && s->ops->ack)
		s->ops->ack(s->arg, t, rx->m, rx->from, rx->ctx);
	tell(t, step->actions);
	if (step->actions & SIP_INV_FREE) {
		s->n_completed--;
		sip_server_invite_free(t);
		sip_server_free(t);
		return;
	}
	/* 17.2.1: of no time where nothing comes twice */
	if (step->actions & SIP_INV_START_I && t->reliable)
		take(t, SIP_IS_TIMER_I, NULL, NULL, now);
}

void sip_server_invite_again(struct sip_server *t, uint64_t now)
{
	take(t, SIP_IS_REQUEST, NULL, NULL, now);
}

void sip_server_invite_reply(struct sip_server *t, const struct sip_reply *reply, uint64_t now)
{
	take(t, reply->status < 300 ? SIP_IS_2XX : SIP_IS_FINAL, NULL, reply, now);
}

void sip_server_progress(struct sip_server *txn, const struct sip_reply *reply)
{
	assert(txn->is_invite && reply->status > 100 && reply->status < 200);
	take(txn, SIP_IS_1XX, NULL, reply, 0);
}

bool sip_server_invite_is_from(const struct sip_server *t, const struct sip_hop *from)
{
	return sip_hop_same_host(&t->invite->back, from);
}

const struct sip_hop *sip_server_invite_back(const struct sip_server *t)
{
	return &t->invite->back;
}

void sip_server_invite_cancel(struct sip_server *t, uint64_t now)
{
	take(t, SIP_IS_CANCEL, NULL, &(struct sip_reply){.status = 487}, now);
}

/*
 * 17.2.3. By the branch, as if it were an INVITE. Of RFC 2543: by all it has of the INVITE, whose
 * To tag it has too, or the one that we gave.
 */
static struct sip_server *find_acked(struct sip_stack *s, const struct sip_msg *ack)
{
	struct sip_ident id;
	struct sip_server *t;
	char tag[SIP_ID_LEN];

	sip_ident_of(s, ack, SL("INVITE"), &id);
	t = sip_server_find(s, &id);
	if (t || !ack->to.tag.p)
		return t;
	sip_ident_acked(s, ack, &id);
	sip_ident_tag(s, &id, tag);
	return slice_eq(ack->to.tag, slice_make(tag, sizeof tag)) ? sip_server_find(s, &id) : NULL;
}

bool sip_server_invite_ack(struct sip_rx *rx)
{
	struct sip_server *t = find_acked(rx->stack, rx->m);

	if (!t || !t->is_invite)
		return false;
	take(t, SIP_IS_ACK, rx, NULL, rx->now);
	return true;
}

/* ---- our user's ---- */

void sip_server_tag(const struct sip_server *txn, struct buf *out)
{
	struct sip_ident id = {txn->by_id.id, txn->b};
	char tag[SIP_ID_LEN];

	sip_ident_tag(txn->stack, &id, tag);
	buf_add(out, tag, sizeof tag);
}

void sip_server_set_user(struct sip_server *txn, void *user)
{
	txn->invite->user = user;
}

void *sip_server_user(const struct sip_server *txn)
{
	return txn->invite->user;
}

/* ---- time ---- */

uint64_t sip_server_invite_deadline(const struct sip_stack *s)
{
	struct sip_heap_node *first = sip_heap_first(&s->invites);

	return first ? first->due : UINT64_MAX;
}

static void run(struct sip_server *t, uint64_t now)
{
	static const enum sip_invite_server_event end[SIP_IS_STATE__N] = {
		[SIP_IS_COMPLETED] = SIP_IS_TIMER_H,
		[SIP_IS_CONFIRMED] = SIP_IS_TIMER_I,
		[SIP_IS_ACCEPTED] = SIP_IS_TIMER_L,
	};

	if (t->invite->due_end <= now)
		take(t, end[t->state], NULL, NULL, now);
	else
		take(t, t->state == SIP_IS_PROCEEDING ? SIP_IS_SLOW : SIP_IS_TIMER_G, NULL, NULL,
			now);
}

void sip_server_invite_tick(struct sip_stack *s, uint64_t now)
{
	struct sip_heap_node *first;

	while ((first = sip_heap_first(&s->invites)) && first->due <= now)
		run(of_timer(first)->txn, now);
}
