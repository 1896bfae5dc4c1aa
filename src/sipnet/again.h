#pragma once

#include "base/slice.h"
#include "sip/sip.h"

/*
 * A copy of a request that may have to be sent more than once: to another
 * server (RFC 3263 4.3), or with credentials (RFC 3261 22.2). Call-ID and From
 * tag are the same each time, so that who gets it twice sees that it is one.
 */
struct again {
	struct sip_spec spec; /* points into this block, and into extra */
	struct sip_out *fields;
	size_t n_fields; /* of the request itself; behind them there is room for two */
};

/* call_id, tag: used where spec has none. In one block: free() ends it. */
struct again *again_new(const struct sip_spec *spec, struct slice call_id, struct slice tag);

/* Takes away what again_add() added. */
void again_plain(struct again *a);
/* One more field, at most two; value is borrowed until the request has been
 * sent. */
void again_add(struct again *a, const char *name, struct slice value);
