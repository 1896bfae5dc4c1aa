#include "view/routes.h"

#include <stdlib.h>

#include "base/mem.h"

const char *view_route_state(const struct view_route_facts *f)
{
	if (!f->targets)
		return "unresolved";
	if (f->up)
		return "up";
	return f->suspect ? "suspect" : "down";
}

struct view_routes *view_routes_new(size_t n)
{
	struct view_routes *l = xzalloc(sizeof *l);

	l->v = xcalloc(n + 1, sizeof *l->v);
	l->n = n;
	return l;
}

void view_routes_free(struct view_routes *l)
{
	if (!l)
		return;
	arena_done(&l->arena);
	free(l->v);
	free(l);
}
