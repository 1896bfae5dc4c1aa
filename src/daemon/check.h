#pragma once

#include "base/buf.h"

/*
 * `entented --check`: the file, the files it names, the store and what is in it. All problems are
 * written to out; 0 when none of them is an error, else 1. A store that is not there is not made.
 */
int check_all(const char *path, struct buf *out);
