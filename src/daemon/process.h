#pragma once

#include "base/err.h"

/* What concerns the process as a whole. */

/* Seeds the hash tables, lifts the limit on descriptors, ignores SIGPIPE. Before any table is made.
 */
void process_prepare(void);

/*
 * A program of ours that is started by this one: it lies beside it (in a build directory), or in
 * the folder. The caller frees it; there may be no such file.
 */
char *process_helper(const char *name, const char *folder);

/*
 * Becomes this user for good, with his groups and no way back; "" or already him: nothing. Only
 * root can.
 */
int process_become(const char *user, struct err *e);
