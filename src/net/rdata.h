#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "net/srv.h"

/* The records of DNS that we read, from their bytes on the wire. Pure. Names must not be
 * compressed.
 */
enum { NAPTR_FLAGS_MAX = 7, NAPTR_SERVICE_MAX = 63 };

/* RFC 3403 4.1. What is longer than there is room for here is nothing that we know. */
struct naptr {
	uint16_t order, preference;
	char flags[NAPTR_FLAGS_MAX + 1], service[NAPTR_SERVICE_MAX + 1];
	bool has_regexp;
	char replacement[SRV_TARGET_MAX + 1]; /* no dot at the end; "": none */
};

/* A name as text without the dot at the end; "": the root. False: broken, or no name of a host. */
bool rdata_name(struct slice wire, char ret[static SRV_TARGET_MAX + 1]);
/* False: broken; *ret is undefined then. */
bool rdata_srv(struct slice wire, struct srv *ret);
bool rdata_naptr(struct slice wire, struct naptr *ret);
