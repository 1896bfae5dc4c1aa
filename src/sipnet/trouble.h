#pragma once

#include "sipnet/sipnet.h"

/*
 * The last errors of a route, for people. Alike ones, one after the other, are
 * one with a count. Empty, it takes no memory. Never holds secrets or what
 * users wrote.
 */
struct trouble_line;
struct trouble {
	struct trouble_line *v; /* NULL: none yet */
	unsigned n, next;
};

void trouble_done(struct trouble *t);

/* target: "" for none. fmt: NULL: nothing to add. */
void trouble_note(struct trouble *t, uint64_t now_ms, enum sipnet_error_code code,
	const char *target, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The latest first; ret holds SIPNET_ERRORS. Returns how many. */
unsigned trouble_view(const struct trouble *t, uint64_t now_ms, struct sipnet_error_view *ret);
