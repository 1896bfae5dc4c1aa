#include <limits.h>

#include "sipnet/flow_priv.h"

/* What comes by a connection, taken apart into messages, a few a turn. */

/* One empty line may be the first half of a ping: then it is no pong. */
static void on_empty_line(struct flow *f, bool second)
{
	if (second) {
		if (f->unsure_pong)
			f->knows_pong = false;
		f->unsure_pong = false;
		if (f->proven)
			flow_put(f, SL("\r\n"));
	} else if (f->ping_ms) {
		f->unsure_pong = !f->knows_pong;
		f->knows_pong = true;
	}
	f->ping_ms = 0;
}

static void on_event(struct flow *f, enum sip_frame_event event, char *p, size_t n)
{
	switch (event) {
	case SIP_FRAME_PONG:
	case SIP_FRAME_PING:
		on_empty_line(f, event == SIP_FRAME_PING);
		return;
	case SIP_FRAME_MESSAGE:
		f->unsure_pong = false;
		f->messages_in++;
		f->last_message_ms = flow_now(f);
		f->ops->message(f->arg, f, p, n);
		return;
	case SIP_FRAME_BROKEN:
		f->ops->broken(f->arg, f, p, n, f->frame.fault);
		flow_close(f, "bad-framing");
		return;
	case SIP_FRAME_MORE:
		return;
	}
}

/* Takes at most max messages; returns how much of it is done with. */
static size_t take_messages(struct flow *f, char *p, size_t n, unsigned max)
{
	size_t at = 0, used;

	while (f->state == FLOW_OPEN && at < n) {
		enum sip_frame_event event;

		if (max == 0) {
			f->behind = true;
			return at;
		}
		event = sip_frame_look(&f->frame, p + at, n - at, &used);
		if (event == SIP_FRAME_MORE)
			return at;
		on_event(f, event, p + at, used);
		at += used;
		max--;
	}
	return n;
}

static void note_partial(struct flow *f, bool was_partial, bool took_some)
{
	if (!f->in.n) {
		buf_done(&f->in);
		f->partial_ms = 0;
	} else if (!was_partial || took_some) {
		f->partial_ms = flow_now(f);
		flow_arm_by(f, f->partial_ms + FLOW_MESSAGE_MS);
	}
	flow_count(f);
	if (f->in.n > FLOW_CROWDED && flow_room_full(f->room))
		flow_end(f, "crowded", "the connections of its route hold too much");
}

/* The time of a message that is not whole does not begin before we have come to it. */
static void note_behind(struct flow *f)
{
	f->partial_ms = 0;
	flow_count(f);
	flow_mind_input(f);
	loop_task_queue_slow(f->loop, &f->more_task);
}

/* Of what is in f->in, and has come behind it. */
static size_t take_from_in(struct flow *f, struct slice more, unsigned max)
{
	/* Not f->in itself: it is emptied when the flow ends meanwhile. */
	struct buf in = f->in;
	size_t used;

	f->in = (struct buf){0};
	buf_slice_add(&in, more);
	used = take_messages(f, in.p + in.off, in.n, max);
	buf_take(&in, used);
	if (f->state == FLOW_OPEN)
		f->in = in;
	else
		buf_done(&in);
	return used;
}

static void took(struct flow *f, bool was_partial, size_t used)
{
	if (f->state != FLOW_OPEN)
		return;
	if (f->behind)
		note_behind(f);
	else
		note_partial(f, was_partial, used > 0);
}

/* By turns with its like. Who does not read our answers is not given more of them. */
void flow_take_more(void *arg)
{
	struct flow *f = arg;
	size_t used;

	if (f->state != FLOW_OPEN || f->paused)
		return;
	f->behind = false;
	used = take_from_in(f, SL_NONE, FLOW_TURN);
	took(f, true, used);
	if (f->state == FLOW_OPEN && !f->behind)
		flow_mind_input(f);
}

/* Nobody will wait for it any more: the rest of what came before the connection was lost. */
void flow_catch_up(struct flow *f)
{
	if (f->state != FLOW_OPEN || !f->behind)
		return;
	f->behind = false;
	take_from_in(f, SL_NONE, UINT_MAX);
}

/* Most messages come whole: they are read where they lie. */
void flow_data(struct flow *f, struct slice bytes)
{
	bool was_partial = f->in.n > 0;
	size_t used;

	if (f->state != FLOW_OPEN)
		return;
	f->last_in_ms = flow_now(f);
	if (f->behind) { /* what a connection still had that takes no more output */
		buf_slice_add(&f->in, bytes);
		flow_count(f);
		return;
	}
	if (was_partial) {
		used = take_from_in(f, bytes, FLOW_TURN);
	} else {
		used = take_messages(f, (char *)bytes.p, bytes.n, FLOW_TURN);
		if (f->state == FLOW_OPEN && used < bytes.n)
			buf_slice_add(&f->in, slice_from(bytes, used));
	}
	took(f, was_partial, used);
}
