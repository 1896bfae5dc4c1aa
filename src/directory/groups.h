#pragma once

#include "directory/conn.h"
#include "directory/reply.h"

/*
 * The groups that the account of the reply is in, also by way of other groups; into the reply. -1:
 * "unavailable".
 *
 * Active Directory is asked once, with its rule for chains. Elsewhere step by step, to a depth of
 * DIRECTORY_DEPTH_MAX: which groups under the base have this member? memberOf leads to groups
 * outside the base, which count as links only; it is a hint, and the group itself is asked, for
 * there are servers where people may write their own memberOf.
 */
int groups_find(struct conn *c, struct reply *r);
