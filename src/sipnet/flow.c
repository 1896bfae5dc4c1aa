#include "sipnet/flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "sipnet/flow_priv.h"
#include "sipnet/flow_time.h"

enum { CLOSE_MS = 2000 }; /* the peer's end after ours */

/* ---- states ---- */

#define TO(state) (1u << FLOW_##state)
static const struct {
	const char *name;
	unsigned next;
} states[FLOW__N] = {
	[FLOW_CONNECTING] = {"connecting", TO(SECURING) | TO(OPEN) | TO(ENDED)},
	[FLOW_SECURING] = {"securing", TO(OPEN) | TO(ENDED)},
	[FLOW_OPEN] = {"open", TO(HALF) | TO(CLOSING) | TO(ENDED)},
	[FLOW_HALF] = {"half", TO(CLOSING) | TO(ENDED)},
	[FLOW_CLOSING] = {"closing", TO(ENDED)},
	[FLOW_ENDED] = {"ended", 0},
};
#undef TO

const char *flow_state_name(enum flow_state s)
{
	return states[s].name;
}

static void arm(struct flow *f);

static void go(struct flow *f, enum flow_state to)
{
	assert(states[f->state].next & 1u << to);
	f->state = to;
	f->state_ms = flow_now(f);
	if (to >= FLOW_HALF) {
		buf_done(&f->in);
		f->behind = false;
		loop_task_stop(&f->more_task);
		loop_task_queue(f->loop, &f->end_task);
	}
	if (to == FLOW_ENDED)
		loop_timer_stop(&f->timer);
	else
		arm(f);
}

/* ---- room ---- */

void flow_count(struct flow *f)
{
	size_t holds = f->in.n + flow_pending(f);

	if (f->room)
		f->room->held += holds - f->holds;
	f->holds = holds;
}

void flow_set_room(struct flow *f, struct flow_room *room)
{
	if (f->room)
		f->room->held -= f->holds;
	f->room = room;
	if (f->room)
		f->room->held += f->holds;
}

/* ---- ends ---- */

/* What the owner is told of an end, where nobody is in the middle of something. */
static void tell_end(void *arg)
{
	struct flow *f = arg;

	if (!f->is_deaf) {
		f->is_deaf = true;
		f->ops->deaf(f->arg, f);
	}
	if (f->state == FLOW_ENDED && !f->freed)
		f->ops->ended(f->arg, f);
}

void flow_end(struct flow *f, const char *why, const char *text)
{
	if (f->state == FLOW_ENDED)
		return;
	if (!f->end) {
		f->end = why;
		snprintf(f->end_text, sizeof f->end_text, "%s", text ? text : "");
	}
	f->taken = conn_flushed(f->conn);
	conn_free(f->conn);
	f->conn = NULL;
	buf_done(&f->wait);
	go(f, FLOW_ENDED);
	flow_count(f);
}

void flow_close(struct flow *f, const char *why)
{
	if (f->state < FLOW_OPEN) {
		flow_end(f, why, NULL);
	} else if (f->state < FLOW_CLOSING) {
		f->end = why;
		go(f, FLOW_CLOSING);
		conn_close(f->conn, 0, CLOSE_MS);
	}
}

/* ---- time ---- */

void flow_arm_by(struct flow *f, uint64_t due)
{
	if (!loop_timer_armed(&f->timer) || due < f->timer.wheel.due)
		loop_timer_at(&f->timer, due);
}

static void arm(struct flow *f)
{
	uint64_t due = flow_due(f);

	loop_timer_stop(&f->timer);
	if (due != UINT64_MAX)
		loop_timer_at(&f->timer, due);
}

static void on_timer(void *arg)
{
	struct flow *f = arg;
	const struct flow_limit *over = flow_overdue(f, flow_now(f));

	if (over && over->orderly)
		flow_close(f, over->why);
	else if (over)
		flow_end(f, over->why, over->text);
	if (over)
		return;
	if (flow_due_ping(f) <= flow_now(f)) {
		f->ping_ms = flow_now(f);
		f->frame.empty = false; /* the pong is not the other half of what came before */
		flow_put(f, SL("\r\n\r\n"));
	}
	if (f->state != FLOW_ENDED)
		arm(f);
}

/* ---- out ---- */

uint64_t flow_flushed(const struct flow *f)
{
	if (f->state == FLOW_HALF || f->state == FLOW_CLOSING)
		return f->written;
	return f->conn ? conn_flushed(f->conn) : f->taken;
}

size_t flow_pending(const struct flow *f)
{
	return f->conn ? conn_pending(f->conn) + f->wait.n : 0;
}

bool flow_takes_more(const struct flow *f)
{
	size_t pending = flow_pending(f);
	bool stalls = f->taken_ms && flow_now(f) - f->taken_ms >= FLOW_STALL_MS;

	return pending <= FLOW_OUT_BUSY || (pending <= FLOW_OUT_FULL && !stalls);
}

static size_t pause_at(const struct flow *f)
{
	return flow_room_full(f->room) ? FLOW_CROWDED : FLOW_OUT_PAUSE;
}

/* Two reasons not to read, each of which may come and go while the other is there. */
void flow_mind_input(struct flow *f)
{
	if (f->paused || f->behind)
		conn_pause(f->conn);
	else
		conn_resume(f->conn);
}

static void mind_output(struct flow *f)
{
	size_t pending = flow_pending(f);

	flow_count(f);
	if (pending > FLOW_OUT_MAX) {
		flow_end(f, "slow-reader", "too much waits for it to be read");
		return;
	}
	if (pending > pause_at(f) && !f->paused && f->state >= FLOW_OPEN) {
		f->paused = true;
		flow_mind_input(f);
	}
	if (!f->taken_ms) {
		f->taken_ms = flow_now(f);
		flow_arm_by(f, f->taken_ms + FLOW_READ_MS);
	}
}

void flow_put(struct flow *f, struct slice bytes)
{
	f->written += bytes.n;
	f->last_out_ms = flow_now(f);
	if (f->state < FLOW_OPEN)
		buf_slice_add(&f->wait, bytes);
	else
		conn_write(f->conn, bytes);
	mind_output(f);
}

uint64_t flow_send(struct flow *f, struct slice bytes)
{
	if (!flow_is_up(f))
		return SIP_NOT_SENT;
	f->messages_out++;
	f->last_message_ms = flow_now(f);
	flow_put(f, bytes);
	return f->state == FLOW_ENDED ? SIP_NOT_SENT : f->written;
}

static void on_flushed(void *arg, uint64_t offset)
{
	struct flow *f = arg;

	f->taken_ms = flow_pending(f) ? flow_now(f) : 0;
	flow_count(f);
	if (f->paused && flow_pending(f) <= pause_at(f) / 4) {
		f->paused = false;
		flow_mind_input(f);
		if (f->behind)
			loop_task_queue_slow(f->loop, &f->more_task);
	}
}

/* ---- beginning and end ---- */

static void open_up(struct flow *f)
{
	const char *why = f->ops->opened(f->arg, f);

	if (why) {
		f->end = why; /* with the owner's text */
		flow_end(f, why, NULL);
		return;
	}
	if (f->state == FLOW_ENDED)
		return;
	f->taken_ms = f->wait.n ? flow_now(f) : 0;
	go(f, FLOW_OPEN);
	if (f->wait.n)
		conn_write(f->conn, buf_slice(&f->wait));
	buf_done(&f->wait);
}

static void on_data(void *arg, struct slice bytes)
{
	flow_data(arg, bytes);
}

static void on_eof(void *arg, bool clean)
{
	struct flow *f = arg;

	flow_catch_up(f);
	if (f->state == FLOW_OPEN) {
		f->partial_ms = 0;
		go(f, FLOW_HALF);
	}
}

static void on_connected(void *arg)
{
	struct flow *f = arg;

	if (!f->set) {
		open_up(f);
		return;
	}
	go(f, FLOW_SECURING);
	conn_tls_start(f->conn, CONN_CLIENT, f->set, f->ctx, slice_of(f->sni));
}

static void on_secure(void *arg)
{
	struct flow *f = arg;

	f->secure = true;
	open_up(f);
}

static void on_closed(void *arg, enum conn_end end, const char *text)
{
	flow_catch_up(arg);
	flow_end(arg, end == CONN_END_CLOSED ? "eof" : conn_end_name(end), text);
}

static const struct conn_ops conn_ops = {.connected = on_connected,
	.secure = on_secure,
	.data = on_data,
	.flushed = on_flushed,
	.eof = on_eof,
	.closed = on_closed};

static struct flow *flow_new(const struct flow_start *start, const struct netaddr *peer)
{
	struct flow *f = xzalloc(sizeof *f);

	f->number = start->number;
	f->transport = start->set ? SIP_TLS : SIP_TCP;
	f->socket = start->socket;
	f->peer = *peer;
	f->loop = start->loop;
	f->ops = start->ops;
	f->arg = start->arg;
	f->set = tls_set_ref(start->set);
	f->ctx = start->ctx;
	f->since_ms = f->state_ms = f->last_in_ms = f->last_message_ms = loop_now(start->loop);
	f->ping_spread = rand_u64() % (FLOW_PING_MS / 4);
	loop_timer_init(&f->timer, f->loop, on_timer, f);
	loop_task_init(&f->end_task, tell_end, f);
	loop_task_init(&f->more_task, flow_take_more, f);
	return f;
}

struct flow *flow_accept(const struct flow_start *start, int fd, const struct netaddr *peer)
{
	struct flow *f = flow_new(start, peer);

	f->conn = conn_accept(f->loop, fd, peer, &conn_ops, f);
	if (f->set) {
		go(f, FLOW_SECURING);
		conn_tls_start(f->conn, CONN_SERVER, f->set, f->ctx, SL_NONE);
	} else {
		go(f, FLOW_OPEN);
	}
	return f;
}

struct flow *flow_connect(
	const struct flow_start *start, const struct netaddr *from, const struct netaddr *peer)
{
	struct flow *f = flow_new(start, peer);
	struct conn_target target = {.addr = *peer, .from = *from};

	f->ours = true;
	f->sni = start->sni.n ? slice_dup(start->sni) : NULL;
	f->conn = conn_connect(f->loop, &target, 1, &conn_ops, f);
	arm(f);
	return f;
}

const struct conn_tls_info *flow_tls(const struct flow *f)
{
	return f->secure && f->conn ? conn_tls_info(f->conn) : NULL;
}

static void destroy(void *arg)
{
	struct flow *f = arg;

	tls_set_unref(f->set);
	buf_done(&f->wait);
	buf_done(&f->in);
	buf_done(&f->names);
	free(f->sni);
	free(f);
}

void flow_free(struct flow *f)
{
	f->freed = true;
	loop_timer_stop(&f->timer);
	loop_task_stop(&f->end_task);
	loop_task_stop(&f->more_task);
	conn_free(f->conn);
	f->conn = NULL;
	loop_dispose(f->loop, f, destroy);
}
