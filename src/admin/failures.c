#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_priv.h"
#include "admin/gate.h"
#include "base/mem.h"

enum { KEPT_MAX = 1024, FOLD_MS = 60 * 1000 };

/* What a line says; how often since the one that was written. */
struct failure {
	char *who, *from, *way, *verb, *kind, *key, *code;
	unsigned times;
	uint64_t until_ms;
};

struct failures {
	struct admin *admin;
	size_t share; /* places of one person; 0: all */
	struct failure v[KEPT_MAX];
	size_t n;
	struct loop_timer timer;
};

static void write_line(struct failures *f, const struct failure *k, unsigned times)
{
	const struct store_audit_entry line = {
		.actor = {k->who, k->from, k->way},
		.verb = k->verb,
		.kind = k->kind,
		.key = k->key,
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
	xfree(k->way);
	xfree(k->verb);
	xfree(k->kind);
	xfree(k->key);
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

struct failures *failures_new(struct admin *a, size_t share)
{
	struct failures *f = xzalloc(sizeof *f);

	f->admin = a;
	f->share = share;
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

static bool says(const struct failure *k, const struct store_audit_entry *l)
{
	return strcmp(k->who, l->actor.who) == 0 && strcmp(k->from, l->actor.from) == 0 &&
	       strcmp(k->way, l->actor.way) == 0 && strcmp(k->verb, l->verb) == 0 &&
	       strcmp(k->kind, l->kind) == 0 && strcmp(k->key, l->key) == 0 &&
	       strcmp(k->code, l->refused) == 0;
}

static struct failure *find(struct failures *f, const struct store_audit_entry *l)
{
	for (size_t i = 0; i < f->n; i++)
		if (says(&f->v[i], l))
			return &f->v[i];
	return NULL;
}

static void begin(struct failures *f, const struct store_audit_entry *l)
{
	struct failure *k = &f->v[f->n++];

	*k = (struct failure){
		.who = xstrdup(l->actor.who),
		.from = xstrdup(l->actor.from),
		.way = xstrdup(l->actor.way),
		.verb = xstrdup(l->verb),
		.kind = xstrdup(l->kind),
		.key = xstrdup(l->key),
		.code = xstrdup(l->refused),
		.until_ms = loop_now(f->admin->loop) + FOLD_MS,
	};
	write_line(f, k, 1);
	if (!loop_timer_armed(&f->timer))
		loop_timer_in(&f->timer, FOLD_MS / 10);
}

/* From everywhere at once, or of everything: the last place is for all the others. */
static void note_many(struct failures *f, const struct store_audit_entry *l)
{
	struct store_audit_entry many = *l;
	struct failure *k;

	many.actor.who = many.actor.from = "(many)";
	many.key = "";
	k = find(f, &many);
	if (k)
		k->times++;
	else if (f->n < KEPT_MAX)
		begin(f, &many);
	else
		f->v[KEPT_MAX - 1].times++;
}

/* How many places have his name, and the last of them. */
static size_t places_of(struct failures *f, const char *who, struct failure **ret_last)
{
	size_t n = 0;

	*ret_last = NULL;
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->v[i].who, who) != 0)
			continue;
		*ret_last = &f->v[i];
		n++;
	}
	return n;
}

/* One person has used up his share: the last place of it is for all the rest of his. */
static void note_rest(struct failures *f, const struct store_audit_entry *l)
{
	struct store_audit_entry rest = *l;
	struct failure *k, *last;
	size_t places = places_of(f, l->actor.who, &last);

	rest.actor.from = "(many)";
	rest.verb = rest.kind = "(many)";
	rest.key = "";
	rest.refused = "(many)";
	k = find(f, &rest);
	if (k)
		k->times++;
	else if (!last || places == f->share - 1)
		begin(f, &rest);
	else
		last->times++;
}

void failures_note(struct failures *f, const struct store_audit_entry *l)
{
	struct failure *k = find(f, l), *last;

	if (k)
		k->times++;
	else if (f->share && places_of(f, l->actor.who, &last) >= f->share - 1)
		note_rest(f, l);
	else if (f->n < KEPT_MAX - 1)
		begin(f, l);
	else
		note_many(f, l);
}
