#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/slice.h"

/*
 * Who has refused sessions lately: addresses of SIP users, for a time, a bounded number of them;
 * the oldest leave first. Time is passed in.
 */
struct refusals {
	struct table table;
	struct list by_age;
	unsigned max;
};

enum { REFUSALS_MS = 3600 * 1000 };

void refusals_init(struct refusals *r, unsigned max);
void refusals_done(struct refusals *r);

/* user is a bare address; again: from now on anew. */
void refusals_put(struct refusals *r, struct slice user, uint64_t now_ms);
bool refusals_has(struct refusals *r, struct slice user, uint64_t now_ms);
/* He has opened a session himself, or taken one. */
void refusals_drop(struct refusals *r, struct slice user);
