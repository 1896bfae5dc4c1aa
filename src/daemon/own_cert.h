#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * A certificate of our own making, for the panel where the administrator has none yet: P-256,
 * self-signed, for a host and for loopback. Nobody is asked to believe it but by its fingerprint.
 */
enum { OWN_CERT_DAYS = 397, OWN_CERT_RENEW_DAYS = 30 };

/*
 * Sees to it that there is one in the two files that is for host (as in an origin: a name, an IPv4
 * address or "[v6]") and good for OWN_CERT_RENEW_DAYS more at now (seconds since 1970): what is
 * there is kept, or replaced by renaming; the key has mode 0600. *ret_made (NULL is fine): whether
 * a new one was made. Blocks.
 */
int own_cert_ensure(const char *chain, const char *key, struct slice host, int64_t now,
	bool *ret_made, struct err *e);
