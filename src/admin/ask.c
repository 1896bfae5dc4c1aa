#include <stdlib.h>

#include "admin/admin_priv.h"
#include "base/mem.h"

struct question {
	struct view_ask ask;
	struct api_call *call;
	edge_answer *answer;
	char *key;
};

static void not_found(struct api_call *c, const struct view_ask *a)
{
	bool stream = a->what == VIEW_ASK_STREAM || a->what == VIEW_ASK_CLOSE;
	struct slice key = slice_cut(a->key, 100);
	struct err e;

	if (stream)
		err_code(&e, ERR_NOT_FOUND, "no_such_stream", NULL, "there is no stream %.*s",
			SLARG(key));
	else
		err_code(&e, ERR_NOT_FOUND, "not_partner", NULL, "%.*s is not a partner's domain",
			SLARG(key));
	call_problem(c, &e, NULL);
}

static void on_answer(struct view_ask *a)
{
	struct question *q = container_of(a, struct question, ask);

	q->call->admin->asked--;
	if (a->found)
		q->answer(q->call, a);
	else
		not_found(q->call, a);
	view_ask_done(a);
	free(q->key);
	free(q);
}

void edge_missing(struct api_call *c)
{
	struct err e;

	err_code(&e, ERR_UNAVAILABLE, "no_edge", NULL,
		"this process has no edge, so it has no streams");
	call_problem(c, &e, NULL);
}

void edge_question(struct api_call *c, enum view_what what, struct slice key, edge_answer *answer)
{
	struct admin *a = c->admin;
	struct question *q;

	if (!a->hooks->ask || a->ending) {
		edge_missing(c);
		return;
	}
	q = xzalloc(sizeof *q);
	q->key = slice_dup(key);
	q->call = c;
	q->answer = answer;
	q->ask.what = what;
	q->ask.key = slice_of(q->key);
	q->ask.done = on_answer;
	a->asked++;
	a->hooks->ask(a->hooks_arg, a->loop, &q->ask);
}
