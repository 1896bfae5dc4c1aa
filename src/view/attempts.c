#include "view/attempts.h"

#include <stdlib.h>

#include "base/mem.h"

const char *view_health_name(enum view_health h)
{
	static const char *const name[VIEW_HEALTH__N] = {
		[VIEW_NEVER] = "never",
		[VIEW_CONNECTED] = "connected",
		[VIEW_IDLE] = "idle",
		[VIEW_FAILING] = "failing",
		[VIEW_DISABLED] = "disabled",
	};

	return name[h];
}

enum view_health view_health_of(const struct view_facts *f)
{
	if (!f->enabled)
		return VIEW_DISABLED;
	if (f->up)
		return VIEW_CONNECTED;
	if (f->last_failed)
		return VIEW_FAILING;
	return f->was_up ? VIEW_IDLE : VIEW_NEVER;
}

enum view_health view_health_both(enum view_health in, enum view_health out)
{
	static const enum view_health first[] = {
		VIEW_DISABLED, VIEW_FAILING, VIEW_CONNECTED, VIEW_IDLE};

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		if (in == first[i] || out == first[i])
			return first[i];
	return VIEW_NEVER;
}

struct view_partners *view_partners_new(void)
{
	return xzalloc(sizeof(struct view_partners));
}

struct view_attempts *view_attempts_new(void)
{
	return xzalloc(sizeof(struct view_attempts));
}

struct view_partner *view_partners_add(struct view_partners *l)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->v = xrealloc(l->v, l->cap * sizeof *l->v);
	}
	l->v[l->n] = (struct view_partner){0};
	return &l->v[l->n++];
}

struct view_attempt *view_attempts_add(struct view_attempts *l)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->v = xrealloc(l->v, l->cap * sizeof *l->v);
	}
	l->v[l->n] = (struct view_attempt){0};
	return &l->v[l->n++];
}

void view_partners_free(struct view_partners *l)
{
	if (!l)
		return;
	arena_done(&l->arena);
	free(l->v);
	free(l);
}

void view_attempts_free(struct view_attempts *l)
{
	if (!l)
		return;
	arena_done(&l->arena);
	free(l->v);
	free(l);
}
