#include <assert.h>
#include <stdlib.h>

#include "sip/stack_priv.h"

/* Client transactions of INVITE. What they do when is in invite.c. */

/* ---- what goes out ---- */

/* The INVITE as it was sent. */
static const struct sip_msg *own_invite(struct sip_client *c)
{
	struct sip_msg *own = &c->stack->own;
	enum sip_parsed parsed = sip_msg_parse(own, c->bytes, c->n);

	assert(parsed == SIP_GOOD);
	return own;
}

static void send_ack(struct sip_client *c, const struct sip_msg *response)
{
	struct sip_stack *s = c->stack;

	assert(response);
	buf_reset(&s->out);
	sip_write_ack(&s->out, own_invite(c), sip_msg_get(response, SIP_H_TO));
	sip_client_keep(c, buf_slice(&s->out));
	sip_stack_send(s, &c->to, slice_make(c->bytes, c->n));
}

static void send_cancel(struct sip_client *c, uint64_t now)
{
	struct sip_stack *s = c->stack;

	if (!c->cancel_owed || c->cancelled)
		return;
	c->cancelled = true;
	buf_reset(&s->out);
	sip_write_cancel(&s->out, own_invite(c));
	sip_client_begin_cancel(c, now);
	c->due_f = now + SIP_64_T1;
	sip_client_set_timer(c);
}

static void resend(struct sip_client *c, uint64_t now)
{
	c->stack->stats.tx_retrans++;
	if (c->state != SIP_IC_CALLING) { /* the ACK */
		sip_stack_send(c->stack, &c->to, slice_make(c->bytes, c->n));
		return;
	}
	c->interval *= 2; /* 17.1.1.2: without an end */
	sip_client_send(c);
	c->due_e = now + c->interval;
	sip_client_set_timer(c);
}

/* ---- events ---- */

static void set_end(struct sip_client *c, uint64_t due)
{
	c->due_e = UINT64_MAX;
	c->due_f = due;
	sip_client_set_timer(c);
}

static void linger(struct sip_client *c, uint64_t due)
{
	set_end(c, due);
	c->stack->n_absorbing++;
}

static void tell_response(struct sip_client *c, enum sip_end end, const struct sip_msg *m)
{
	assert(m);
	sip_client_tell(c, &(struct sip_result){.end = end,
				   .status = m->status,
				   .response = m,
				   .may_have_arrived = m->status < 300});
}

static void tell_end(struct sip_client *c, enum sip_end end, bool may_have_arrived)
{
	sip_client_tell(c, &(struct sip_result){.end = end, .may_have_arrived = may_have_arrived});
}

static void set_timers(struct sip_client *c, uint32_t actions, uint64_t now)
{
	if (actions & SIP_INV_WAIT)
		set_end(c, UINT64_MAX);
	if (actions & SIP_INV_START_D)
		linger(c, now + SIP_TIMER_D);
	if (actions & SIP_INV_START_M)
		linger(c, now + SIP_64_T1);
}

static void send_what(struct sip_client *c, uint32_t actions, const struct sip_msg *m, uint64_t now)
{
	if (actions & SIP_INV_RESEND)
		resend(c, now);
	if (actions & SIP_INV_ACK)
		send_ack(c, m);
	if (actions & SIP_INV_OWE_CANCEL)
		c->cancel_owed = true;
	if (actions & SIP_INV_CANCEL)
		send_cancel(c, now);
}

static void tell(struct sip_client *c, uint32_t actions, const struct sip_msg *m)
{
	if (actions & SIP_INV_TELL_1XX)
		tell_response(c, SIP_PROVISIONAL, m);
	if (actions & SIP_INV_TELL_FINAL)
		tell_response(c, SIP_FINAL, m);
	if (actions & SIP_INV_TELL_TIMEOUT)
		tell_end(c, SIP_TIMEOUT, true);
	if (actions & SIP_INV_TELL_NETWORK)
		tell_end(c, SIP_UNREACHABLE, c->may_have_arrived);
	if (actions & SIP_INV_TELL_GONE)
		tell_end(c, SIP_GONE, true);
}

/* Our user is told last, and may cancel then; the handle may be gone after it. */
static void take(struct sip_client *c, enum sip_invite_client_event event, const struct sip_msg *m,
	uint64_t now)
{
	const struct sip_invite_step *step = &sip_invite_client_steps[c->state][event];
	bool lingered = c->state == SIP_IC_COMPLETED || c->state == SIP_IC_ACCEPTED;

	assert(!(step->actions & SIP_INV_CANNOT_HAPPEN));
	set_timers(c, step->actions, now);
	send_what(c, step->actions, m, now);
	c->state = step->next;
	tell(c, step->actions, m);
	if (step->actions & SIP_INV_FREE) {
		if (lingered)
			c->stack->n_absorbing--;
		sip_client_free(c);
		return;
	}
	/* 17.1.1.2: of no time where nothing comes twice */
	if (step->actions & SIP_INV_START_D && sip_hop_reliable(&c->to))
		take(c, SIP_IC_TIMER_D, NULL, now);
}

void sip_client_invite_response(struct sip_client *c, const struct sip_msg *m, uint64_t now)
{
	enum sip_invite_client_event event = m->status < 200   ? SIP_IC_1XX
					     : m->status < 300 ? SIP_IC_2XX
							       : SIP_IC_FINAL;

	if (c->state == SIP_IC_COMPLETED || c->state == SIP_IC_ACCEPTED)
		c->stack->stats.rx_retrans++;
	take(c, event, m, now);
}

/* The earlier of the two that may run: A before the end of its state. */
void sip_client_invite_timer(struct sip_client *c, uint64_t now)
{
	static const enum sip_invite_client_event end[SIP_IC_STATE__N] = {
		[SIP_IC_CALLING] = SIP_IC_TIMER_B,
		[SIP_IC_PROCEEDING] = SIP_IC_CANCEL_LATE,
		[SIP_IC_COMPLETED] = SIP_IC_TIMER_D,
		[SIP_IC_ACCEPTED] = SIP_IC_TIMER_M,
	};

	take(c, c->due_f <= now ? end[c->state] : SIP_IC_TIMER_A, NULL, now);
}

void sip_client_invite_lost(struct sip_client *c, uint64_t now)
{
	take(c, SIP_IC_NETWORK, NULL, now);
}

void sip_client_cancel(struct sip_client *c, uint64_t now_ms)
{
	assert(c->method == SIP_INVITE);
	if (!c->failed)
		take(c, SIP_IC_CANCEL, NULL, now_ms);
}
