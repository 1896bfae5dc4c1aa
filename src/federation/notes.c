#include "federation/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void notes_add(struct notes *n, const char *kind, const char *key, const char *code,
	const char *field, const char *fmt, ...)
{
	struct note *note;
	va_list ap;

	if (!n)
		return;
	if (n->n == n->cap) {
		n->cap = n->cap ? n->cap * 2 : 4;
		n->v = xrealloc(n->v, n->cap * sizeof *n->v);
	}
	note = &n->v[n->n++];
	snprintf(note->code, sizeof note->code, "%s", code);
	snprintf(note->kind, sizeof note->kind, "%s", kind);
	snprintf(note->key, sizeof note->key, "%s", key);
	snprintf(note->field, sizeof note->field, "%s", field);
	va_start(ap, fmt);
	vsnprintf(note->text, sizeof note->text, fmt, ap);
	va_end(ap);
}

const struct note *notes_find(const struct notes *n, const char *code)
{
	for (size_t i = 0; i < n->n; i++)
		if (strcmp(n->v[i].code, code) == 0)
			return &n->v[i];
	return NULL;
}

void notes_done(struct notes *n)
{
	xfree(n->v);
	*n = (struct notes){0};
}
