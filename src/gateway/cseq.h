#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/slice.h"

/*
 * CSeq of MESSAGEs that share a Call-ID because their <thread/> is the same: it has to grow (RFC
 * 3261 8.1.1.5), also over a restart. It begins at the seconds of the day's clock, which have grown
 * meanwhile, and goes on by at least one; so nothing needs to be stored. Call-IDs not used for the
 * longest time are forgotten first.
 */
struct cseq_table {
	struct table table;
	struct list by_use; /* the least recent first */
	unsigned max;
};

void cseq_init(struct cseq_table *t, unsigned max);
void cseq_done(struct cseq_table *t);

/* 1 .. 2^31 - 1 */
uint32_t cseq_next(struct cseq_table *t, struct slice callid, uint64_t wall_ms);
