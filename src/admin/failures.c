#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "base/mem.h"

enum { KEPT_MAX = 128, FOLD_MS = 60 * 1000 };

/* One name, address and reason; how often since the line that was written. */
struct failure {
	char *who, *from, *code;
	const char *way;
	unsigned times;
	uint64_t until_ms;
};

struct failures {
	struct admin *admin;
	struct failure v[KEPT_MAX];
	size_t n;
	struct loop_timer timer;
};

static void write_line(struct failures *f, const struct failure *k, unsigned times)
{
	const struct store_audit_entry line = {
		.actor = {k->who, k->from, k->way},
		.verb = "sign-in",
		.kind = "session",
		.key = "",
		.refused = k->code,
		.times = times,
	};

	accounts_audit(f->admin, &line);
}

static void drop(struct failures *f, size_t i)
{
	struct failure *k = &f->v[i];

	if (k->times)
		write_line(f, k, k->times);
	xfree(k->who);
	xfree(k->from);
	xfree(k->code);
	*k = f->v[--f->n];
}

static void on_timer(void *arg)
{
	struct failures *f = arg;
	uint64_t now = loop_now(f->admin->loop);

	for (size_t i = f->n; i-- > 0;)
		if (f->v[i].until_ms <= now)
			drop(f, i);
	if (f->n)
		loop_timer_in(&f->timer, FOLD_MS / 10);
}

struct failures *failures_new(struct admin *a)
{
	struct failures *f = xzalloc(sizeof *f);

	f->admin = a;
	loop_timer_init(&f->timer, a->loop, on_timer, f);
	return f;
}

void failures_flush(struct failures *f)
{
	while (f->n)
		drop(f, f->n - 1);
}

void failures_free(struct failures *f)
{
	if (!f)
		return;
	loop_timer_stop(&f->timer);
	for (size_t i = 0; i < f->n; i++)
		f->v[i].times = 0;
	failures_flush(f);
	free(f);
}

static struct failure *find(struct failures *f, const char *who, const char *from, const char *code)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].who, who) == 0 && strcmp(f->v[i].from, from) == 0 &&
			strcmp(f->v[i].code, code) == 0)
			return &f->v[i];
	return NULL;
}

static struct failure *begin(
	struct failures *f, const char *who, const char *from, const char *way, const char *code)
{
	struct failure *k = &f->v[f->n++];

	*k = (struct failure){
		.who = xstrdup(who),
		.from = xstrdup(from),
		.code = xstrdup(code),
		.way = way,
		.until_ms = loop_now(f->admin->loop) + FOLD_MS,
	};
	write_line(f, k, 1);
	if (!loop_timer_armed(&f->timer))
		loop_timer_in(&f->timer, FOLD_MS / 10);
	return k;
}

void failures_note(
	struct failures *f, struct slice name, struct slice from, const char *way, const char *code)
{
	char *who = name.p ? slice_dup(name) : xstrdup("(unknown)"), *where = slice_dup(from);
	struct failure *k = find(f, who, where, code);

	/* From everywhere at once: the last place is for all the others. */
	if (!k && f->n >= KEPT_MAX - 1) {
		k = find(f, "(many)", "(many)", code);
		if (!k && f->n < KEPT_MAX)
			begin(f, "(many)", "(many)", way, code);
		else if (!k)
			k = &f->v[KEPT_MAX - 1];
	} else if (!k) {
		begin(f, who, where, way, code);
	}
	if (k)
		k->times++;
	xfree(who);
	xfree(where);
}
