#include "admin/plan.h"

#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/mem.h"
#include "federation/setting.h"

struct foreseeing {
	struct view_ask ask;
	struct admin *admin;
	struct snapshot *would;
	plan_streams *fn;
	void *arg;
};

static void on_answer(struct view_ask *ask)
{
	struct foreseeing *f = container_of(ask, struct foreseeing, ask);
	struct view_streams *l = ask->streams;

	ask->streams = NULL;
	f->admin->asked--;
	f->fn(f->arg, l);
	view_ask_done(ask);
	snapshot_unref(f->would);
	free(f);
}

void plan_foresee(struct admin *a, struct snapshot *would, plan_streams *fn, void *arg)
{
	struct foreseeing *f;

	if (!a->hooks->ask || a->ending) {
		fn(arg, NULL);
		return;
	}
	f = xzalloc(sizeof *f);
	f->admin = a;
	f->would = snapshot_ref(would);
	f->fn = fn;
	f->arg = arg;
	f->ask.what = VIEW_ASK_JUDGE;
	f->ask.snapshot = f->would;
	f->ask.done = on_answer;
	a->asked++;
	a->hooks->ask(a->hooks_arg, a->loop, &f->ask);
}

static void stream(const struct view_stream *s, struct buf *out)
{
	buf_printf(out, "{\"dir\": \"%s\"", view_dir_name(s->dir));
	json_text(out, "id", s->id);
	json_text(out, "partner", s->partner);
	json_text(out, "local", s->local);
	json_text(out, "remote", s->remote);
	json_text(out, "reason", s->error);
	buf_chr(out, '}');
}

void plan_whole_json(const struct plan *p, const struct view_streams *l, struct buf *out)
{
	struct buf plan = {0};

	plan_json(p, &plan);
	buf_slice_add(out, slice_cut(buf_slice(&plan), plan.n - 1));
	buf_str(out, ", \"streams\": [");
	for (size_t i = 0; l && i < l->n; i++) {
		buf_str(out, i ? ", " : "");
		stream(&l->v[i], out);
	}
	buf_str(out, "]}");
	buf_done(&plan);
}
