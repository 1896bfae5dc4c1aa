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

/* The rule of RFC 5892 appendix A for the CONTEXTJ or CONTEXTO character at s->p[at]. */
bool precis_context(const struct chars *s, size_t at);
