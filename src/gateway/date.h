#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Points in time as XMPP and CPIM write them (SIP's own are in sip/value.h), in milliseconds since
 * 1970 UTC. The years 1970 to 9999; anything else is unreadable. Pure.
 */

/* "2000-12-13T13:40:00-08:00", fractions of a second allowed (RFC 3339, XEP-0082, RFC 3862 4.4). */
bool date_parse_iso(struct slice s, uint64_t *ret_ms);

/* "2000-12-13T21:40:00Z", without fractions. Not NUL-terminated. */
enum { DATE_ISO_LEN = 20 };
void date_print_iso(char ret[DATE_ISO_LEN], uint64_t ms);
