#pragma once

#include <stddef.h>

#include "base/slice.h"

struct inputs {
	struct slice *bytes;
	char **path;
	size_t n;
};

/* The files of a folder, by name; -1 and told to stderr when there are none. Adds to *ret. */
int inputs_load(struct inputs *ret, const char *folder);
int inputs_load_file(struct inputs *ret, const char *path); /* -1: told to stderr */
void inputs_done(struct inputs *in);
