#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * <thread/> and Call-ID stand for each other (RFC 7572 tables 1 and 2), but a thread is any string
 * and a Call-ID is not (RFC 3261 25.1: word ["@" word]). A thread that is a legal Call-ID of at
 * most CALLID_MAX bytes is used as it is. Any other is written behind a prefix of ours with "%hh"
 * for every byte that is not allowed, so that it can be read back. One that would be longer than
 * CALLID_MAX even so is replaced by a hash of it: the same thread still gives the same Call-ID, but
 * the way back gives the Call-ID itself. Pure.
 */
enum { CALLID_MAX = 255 };

/* thread is not empty. */
void callid_from_thread(struct buf *out, struct slice thread);

/* The thread a Call-ID stands for; a view of it, or in the arena. */
struct slice callid_to_thread(struct arena *a, struct slice callid);
