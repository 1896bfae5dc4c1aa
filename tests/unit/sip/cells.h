#pragma once

#include "unit.h"

#include "base/buf.h"

/*
 * Cells of the tables of machines as tests write them by hand: "actions next-state", the actions in
 * the order of their bits, "-" without any; "!": cannot happen.
 */
#define CANNOT "!"

struct cell {
	uint32_t actions, cannot; /* cannot: the bit that says so */
	const char *next;
};

static inline void cell_print(
	struct buf *out, const struct cell *c, const char *const *names, size_t n_names)
{
	if (c->actions & c->cannot) {
		buf_str(out, CANNOT);
		return;
	}
	for (size_t i = 0; i < n_names; i++)
		if (c->actions & 1u << i)
			buf_printf(out, "%s%s", out->n ? "," : "", names[i]);
	buf_printf(out, "%s %s", out->n ? "" : "-", c->next);
}

static inline void cell_expect(const struct cell *c, const char *const *names, size_t n_names,
	const char *want, const char *state, const char *event)
{
	struct buf got = {0};

	cell_print(&got, c, names, n_names);
	if (!slice_eqz(buf_slice(&got), want))
		fail_msg("%s at %s: got \"%.*s\", want \"%s\"", state, event,
			SLARG(buf_slice(&got)), want);
	buf_done(&got);
}
