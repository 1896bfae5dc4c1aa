#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "unit.h"

/*
 * docs/sip-conformance.md repeats the tables of these tests: each test writes its own and holds the
 * section of that title against it. What differs is shown as it should be.
 */
static inline char *document_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf b = {0};
	char part[4096];
	size_t n;

	if (!f)
		fail_msg("%s", path);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(&b, part, n);
	fclose(f);
	buf_chr(&b, 0);
	return b.p;
}

/* The lines of the table in a section. */
static inline void document_section(const char *all, const char *title, struct buf *out)
{
	char *head = xasprintf("\n## %s\n", title), *at = strstr(all, head), *end;

	if (!at)
		fail_msg("docs/sip-conformance.md has no section '%s'", title);
	at += strlen(head);
	for (end = at; *at && strncmp(at, "## ", 3) != 0; at = end) {
		end = strchr(at, '\n') ? strchr(at, '\n') + 1 : at + strlen(at);
		if (*at == '|')
			buf_add(out, at, (size_t)(end - at));
	}
	xfree(head);
}

static inline void document_expect(const char *title, const struct buf *want)
{
	char *all = document_read(DOCUMENT);
	struct buf got = {0};

	document_section(all, title, &got);
	if (!slice_eq(buf_slice(&got), buf_slice(want))) {
		fprintf(stderr, "## %s\n\n%.*s\n", title, (int)want->n, want->p);
		fail_msg("docs/sip-conformance.md, '%s', should be as above", title);
	}
	buf_done(&got);
	buf_done((struct buf *)want);
	xfree(all);
}

/* ---- machines: a row per event, a column per state ---- */

struct document_machine {
	const char *title;
	size_t n_states, n_events;
	const char *const *states, *const *events;
	const char *const *where; /* per event: sections, and the tests that see it happen */
	const char *const *cells; /* [n_states][n_events]: "!", or "actions next" */
};

/* "send,start-l accepted" becomes "send, start L: accepted"; what changes nothing becomes "-". */
static inline void document_cell(struct buf *out, const char *cell, const char *state)
{
	const char *next = strchr(cell, ' ');

	if (*cell == '!') {
		buf_str(out, " cannot happen |");
		return;
	}
	buf_chr(out, ' ');
	for (const char *p = cell; p < next; p++)
		buf_str(out, *p == ',' ? ", " : (char[]){*p, 0});
	if (strcmp(next + 1, state) != 0)
		buf_printf(out, " → %s", next + 1);
	buf_str(out, " |");
}

static inline void document_machine_expect(const struct document_machine *m)
{
	struct buf b = {0};

	buf_str(&b, "| event |");
	for (size_t s = 0; s < m->n_states; s++)
		buf_printf(&b, " %s |", m->states[s]);
	buf_str(&b, " sections and tests |\n|---|");
	for (size_t s = 0; s < m->n_states; s++)
		buf_str(&b, "---|");
	buf_str(&b, "---|\n");
	for (size_t e = 0; e < m->n_events; e++) {
		buf_printf(&b, "| %s |", m->events[e]);
		for (size_t s = 0; s < m->n_states; s++)
			document_cell(&b, m->cells[s * m->n_events + e], m->states[s]);
		buf_printf(&b, " %s |\n", m->where[e]);
	}
	document_expect(m->title, &b);
}
