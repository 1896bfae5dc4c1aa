#pragma once

#include "base/err.h"

/* What concerns the process as a whole. */

/* Seeds the hash tables, lifts the limit on descriptors, ignores SIGPIPE. Before any table is made.
 */
void process_prepare(void);

/*
 * Becomes this user for good, with his groups and no way back; "" or already him: nothing. Only
 * root can.
 */
int process_become(const char *user, struct err *e);
