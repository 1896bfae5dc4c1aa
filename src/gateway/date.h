#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Points in time as the two protocols write them, in milliseconds since 1970 UTC. The years 1970 to
 * 9999; anything else is unreadable. Pure.
 */

/* "Sat, 13 Nov 2010 23:29:00 GMT" (RFC 3261 20.17). The name of the day is not checked. */
bool date_parse_sip(struct slice s, uint64_t *ret_ms);

/* "2000-12-13T13:40:00-08:00", fractions of a second allowed (RFC 3339, XEP-0082, RFC 3862 4.4). */
bool date_parse_iso(struct slice s, uint64_t *ret_ms);

enum { DATE_SIP_LEN = 29 };
/* Not NUL-terminated. */
void date_print_sip(char ret[DATE_SIP_LEN], uint64_t ms);

/* "2000-12-13T21:40:00Z", without fractions. Not NUL-terminated. */
enum { DATE_ISO_LEN = 20 };
void date_print_iso(char ret[DATE_ISO_LEN], uint64_t ms);
