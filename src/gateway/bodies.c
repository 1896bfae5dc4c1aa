#include "gateway/bodies.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "federation/setting.h"
#include "gateway/body_file.h"
#include "gateway/core.h"
#include "loop/worker.h"

enum {
	WAITING_MAX = 4096,      /* lines */
	WAITING_BYTES = 8 << 20, /* of them together */
	SWEEP_MS = 3600 * 1000,
	SAY_MS = 60 * 1000, /* that it cannot be written is said as often */
};

struct bodies {
	struct gateway *gateway;
	struct worker *worker;
	struct body_file *file; /* the worker's */
	bool on, stopped;
	unsigned waiting;
	size_t waiting_bytes;
	uint64_t left_out;
	uint64_t said_ms; /* 0: not yet */
	struct loop_timer timer;
};

/* A line on its way; without one the files are looked after. */
struct line_job {
	struct worker_job job;
	struct bodies *bodies;
	uint64_t wall_ms;
	bool last;     /* the file is closed */
	uint64_t lost; /* messages, if it is not written */
	int result;
	struct err err;
	struct slice line;
	char text[];
};

/* ---- the worker ---- */

static void work(struct worker_job *job)
{
	struct line_job *j = container_of(job, struct line_job, job);
	struct body_file *f = j->bodies->file;

	if (j->line.n)
		j->result = body_file_write(f, j->line, j->wall_ms, &j->err);
	else if (j->last)
		body_file_close(f);
	else
		body_file_sweep(f, j->wall_ms);
}

static void say_failure(struct bodies *b, const struct err *e)
{
	uint64_t now = gateway_now(b->gateway);

	if (b->said_ms && now - b->said_ms < SAY_MS)
		return;
	b->said_ms = now;
	log_error(&b->gateway->log, "bodies-not-written", LF_Z("why", e->text));
}

static void done(struct worker_job *job)
{
	struct line_job *j = container_of(job, struct line_job, job);
	struct bodies *b = j->bodies;

	b->waiting--;
	b->waiting_bytes -= j->line.n;
	if (j->result < 0) {
		b->left_out += j->lost;
		say_failure(b, &j->err);
	}
	mem_wipe(j->text, j->line.n);
	free(j);
}

/* lost: how many messages are, when the line is not written. */
static void post(struct bodies *b, struct slice line, uint64_t lost, bool last)
{
	struct line_job *j = xzalloc(sizeof *j + line.n);

	if (line.n)
		memcpy(j->text, line.p, line.n);
	j->line = slice_make(j->text, line.n);
	j->job.work = work;
	j->job.done = done;
	j->bodies = b;
	j->wall_ms = gateway_wall(b->gateway);
	j->last = last;
	j->lost = lost;
	b->waiting++;
	b->waiting_bytes += line.n;
	worker_post(b->worker, b->gateway->loop, &j->job);
}

/* ---- lines ---- */

static void begin_line(struct buf *out, uint64_t wall_ms)
{
	char iso[32];

	clock_iso(wall_ms, iso);
	buf_printf(out, "{\"time\": \"%s\"", iso);
}

static void member(struct buf *out, const char *name, struct slice value)
{
	if (!value.p)
		return;
	buf_printf(out, ", \"%s\": ", name);
	json_quote(out, value);
}

static void put_left_out(struct bodies *b)
{
	struct buf line = {0};

	if (!b->left_out)
		return;
	begin_line(&line, gateway_wall(b->gateway));
	buf_printf(&line, ", \"left_out\": %llu}\n", (unsigned long long)b->left_out);
	post(b, buf_slice(&line), b->left_out, false);
	b->left_out = 0;
	buf_done(&line);
}

static bool has_room(const struct bodies *b, size_t bytes)
{
	return b->waiting < WAITING_MAX && b->waiting_bytes + bytes <= WAITING_BYTES;
}

void bodies_note(struct bodies *b, enum bodies_direction direction, struct slice from,
	struct slice to, struct slice partner, struct slice subject, struct slice body)
{
	static const char *const names[] = {"to-xmpp", "to-sip"};
	struct buf line = {0};

	if (!b || !b->on || b->stopped)
		return;
	if (!has_room(b, body.n)) {
		b->left_out++;
		return;
	}
	put_left_out(b);
	begin_line(&line, gateway_wall(b->gateway));
	member(&line, "direction", slice_of(names[direction]));
	member(&line, "partner", partner);
	member(&line, "from", from);
	member(&line, "to", to);
	member(&line, "subject", subject.n ? subject : SL_NONE);
	member(&line, "body", body.p ? body : SL(""));
	buf_str(&line, "}\n");
	post(b, buf_slice(&line), 1, false);
	mem_wipe(line.p, line.n);
	buf_done(&line);
}

/* ---- life ---- */

static void sweep(void *arg)
{
	struct bodies *b = arg;

	post(b, SL(""), 0, false);
	loop_timer_in(&b->timer, SWEEP_MS);
}

struct bodies *bodies_new(struct gateway *g, struct worker *w, const char *path, unsigned keep_days)
{
	struct bodies *b = xzalloc(sizeof *b);

	b->gateway = g;
	b->worker = w;
	b->file = body_file_new(path, keep_days, 0);
	loop_timer_init(&b->timer, g->loop, sweep, b);
	loop_timer_in(&b->timer, 0);
	return b;
}

void bodies_free(struct bodies *b)
{
	if (!b)
		return;
	loop_timer_stop(&b->timer);
	body_file_free(b->file);
	free(b);
}

void bodies_set(struct bodies *b, bool on)
{
	if (!b || b->on == on)
		return;
	log_warn(&b->gateway->log, on ? "bodies-logged" : "bodies-not-logged");
	b->on = on;
	if (!on) {
		put_left_out(b);
		post(b, SL(""), 0, true);
	}
}

void bodies_stop(struct bodies *b)
{
	if (!b || b->stopped)
		return;
	if (b->on)
		put_left_out(b);
	b->stopped = true;
	loop_timer_stop(&b->timer);
}

unsigned bodies_busy(const struct bodies *b)
{
	return b ? b->waiting : 0;
}
