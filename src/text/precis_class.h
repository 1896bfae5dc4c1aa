#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "text/chars.h"

/* The derived property of a code point (RFC 8264 8). */
enum precis_prop {
	PRECIS_PVALID,     /* in both classes */
	PRECIS_FREE,       /* in the FreeformClass only */
	PRECIS_CONTEXTJ,   /* where its rule says so */
	PRECIS_CONTEXTO,
	PRECIS_DISALLOWED,
	PRECIS_UNASSIGNED,
};

enum precis_prop precis_prop(uint32_t c);

/* What the rules that look at the whole string want to know of it; found out once. */
struct precis_seen {
	bool japanese;         /* Hiragana, Katakana or Han */
	bool arabic, extended; /* digits U+0660 to U+0669, U+06F0 to U+06F9 */
};
struct precis_seen precis_look(const struct chars *s);

/* The rule of RFC 5892 appendix A for the CONTEXTJ or CONTEXTO character at s->p[at]. */
bool precis_context(const struct chars *s, size_t at, const struct precis_seen *seen);
