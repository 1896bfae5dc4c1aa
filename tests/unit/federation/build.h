#pragma once

/* Configs for tests, a line at a time. */

#include "federation/config.h"

struct line {
	enum object_kind kind;
	const char *key;
	const char *settings; /* "name=value|name=value" or NULL */
};

/* The line as a change to c; assigns has room for n. */
struct change build_change(
	const struct config *c, const struct line *l, struct assign *assigns, size_t n);

/* Adds the object, or sets it where there is always one. Fails the test when it is refused. */
void build_line(struct config *c, const struct line *l);
struct config *build(const struct line *lines, size_t n);
