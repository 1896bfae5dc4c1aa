#pragma once

#include <stddef.h>

#include "base/slice.h"

/*
 * Copies text that somebody else wrote into to (size bytes, at least 1, always terminated), fit to
 * be shown: valid UTF-8, cut between characters; bytes that are no UTF-8, controls (C0, DEL, C1,
 * line and paragraph separators) and what changes the direction of text become '?'. Returns the
 * length.
 */
size_t clean_text(char *to, size_t size, struct slice s);
