#pragma once

#include "sip/sip.h"
#include "sipnet/target.h"

/* What the end of a request, or of one try of it, says of its target and of the endpoint it went
 * to. */

/* One try has ended. e: NULL: the endpoint is gone, or it went to none. */
void outcome_note(struct target *t, struct endpoint *e, const struct sip_result *r, uint64_t now);
/* The request has. */
void outcome_count(struct target *t, const struct sip_result *r);
