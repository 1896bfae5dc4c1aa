#pragma once

#include "base/buf.h"
#include "federation/change.h"
#include "view/streams.h"

/* What a change would do to the streams that are there now: the edge says, which is to do it. */
struct admin;
struct snapshot;

/* l: the callee's; error of each is the word why it ends. NULL: there is no edge to ask. */
typedef void plan_streams(void *arg, struct view_streams *l);

/* fn() runs once, on the admin loop, at once or later; answers come in the order of questions. */
void plan_foresee(struct admin *a, struct snapshot *would, plan_streams *fn, void *arg);

/* plan_json() with a member streams: [{id, partner, local, remote, dir, reason}]. */
void plan_whole_json(const struct plan *p, const struct view_streams *l, struct buf *out);
