#include "view/streams.h"

#include <stdlib.h>

#include "base/mem.h"

const char *view_dir_name(enum view_dir d)
{
	return d == VIEW_IN ? "in" : "out";
}

const char *view_state_name(enum view_stream_state s)
{
	static const char *const name[VIEW_STATE__N] = {
		[VIEW_WAITING] = "waiting",
		[VIEW_CONNECTING] = "connecting",
		[VIEW_NEGOTIATING] = "negotiating",
		[VIEW_UP] = "up",
		[VIEW_CLOSING] = "closing",
		[VIEW_CLOSED] = "closed",
	};

	return name[s];
}

struct view_streams *view_streams_new(void)
{
	return xzalloc(sizeof(struct view_streams));
}

void view_streams_free(struct view_streams *l)
{
	if (!l)
		return;
	arena_done(&l->arena);
	free(l->v);
	free(l);
}

struct view_stream *view_streams_add(struct view_streams *l)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->v = xrealloc(l->v, l->cap * sizeof *l->v);
	}
	l->v[l->n] = (struct view_stream){0};
	return &l->v[l->n++];
}

struct slice view_text(struct view_streams *l, struct slice s)
{
	return s.p ? arena_slice(&l->arena, s) : SL_NONE;
}

void view_stream_copy(struct view_streams *l, const struct view_stream *from)
{
	struct view_stream *to = view_streams_add(l);
	struct slice *text[] = {&to->id, &to->partner, &to->local, &to->remote, &to->peer,
		&to->method, &to->tls, &to->cipher, &to->verdict, &to->error, &to->error_text};

	*to = *from;
	to->pairs = NULL;
	to->n_pairs = 0;
	to->cert = NULL;
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		*text[i] = view_text(l, *text[i]);
}
