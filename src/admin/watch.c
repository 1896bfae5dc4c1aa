#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/clock.h"
#include "base/mem.h"

/*
 * Streams as they change: the edge is asked for what has changed since the last answer. A client
 * that reads slowly is told less often and only how things are by then.
 */
enum { LOOK_MS = 250, SOON_MS = 5 };

struct watch {
	struct api_call *call; /* NULL: nobody reads any more */
	struct admin *admin;
	struct view_ask ask;
	bool asking;
	bool present; /* the first answers: what is there already */
	struct loop_timer timer;
};

static void line(struct watch *w, const char *event, const struct view_stream *s, struct buf *out)
{
	char now[32];

	clock_iso(clock_wall_ms(), now);
	buf_reset(out);
	buf_printf(out, "{\"event\": \"%s\", \"time\": \"%s\"", event, now);
	if (s) {
		buf_str(out, ", \"stream\": ");
		stream_json(s, out);
	}
	buf_chr(out, '}');
}

/* False: no room. */
static bool tell(struct watch *w, const char *event, const struct view_stream *s, struct buf *out)
{
	line(w, event, s, out);
	if (call_stream_room(w->call) < out->n)
		return false;
	call_stream_put(w->call, buf_slice(out));
	return true;
}

static const char *event_of(const struct watch *w, const struct view_stream *s)
{
	if (s->state == VIEW_CLOSED)
		return "closed";
	return w->present ? "present" : "changed";
}

/* What does not fit is asked for again. */
static void tell_all(struct watch *w, const struct view_streams *l)
{
	struct buf out = {0};
	bool room = true;
	size_t i = 0;

	if (l->missed)
		tell(w, "missed", NULL, &out);
	while (i < l->n && (room = tell(w, event_of(w, &l->v[i]), &l->v[i], &out)))
		w->ask.since = l->v[i++].change;
	if (i == l->n)
		w->ask.since = l->upto;
	if (w->present && room && !l->more)
		w->present = !tell(w, "complete", NULL, &out);
	loop_timer_in(&w->timer, room && l->more ? SOON_MS : LOOK_MS);
	buf_done(&out);
}

static void on_changes(struct view_ask *a)
{
	struct watch *w = container_of(a, struct watch, ask);

	w->admin->asked--;
	w->asking = false;
	if (w->call)
		tell_all(w, a->streams);
	view_ask_done(a);
	if (!w->call)
		free(w);
}

static void on_look(void *arg)
{
	struct watch *w = arg;

	if (w->admin->ending)
		return; /* on_gone() comes */
	w->asking = true;
	w->admin->asked++;
	w->admin->hooks->ask(w->admin->hooks_arg, w->admin->loop, &w->ask);
}

static void on_gone(void *arg)
{
	struct watch *w = arg;

	loop_timer_stop(&w->timer);
	call_stream_end(w->call);
	w->call = NULL;
	if (!w->asking)
		free(w);
}

void stream_watch(struct api_call *c)
{
	struct watch *w;

	if (!c->admin->hooks->ask || c->admin->ending) {
		edge_missing(c);
		return;
	}
	w = xzalloc(sizeof *w);
	w->call = c;
	w->admin = c->admin;
	w->present = true;
	w->ask.what = VIEW_ASK_CHANGES;
	w->ask.done = on_changes;
	loop_timer_init(&w->timer, c->admin->loop, on_look, w);
	call_stream_begin(c, on_gone, w);
	on_look(w);
}
