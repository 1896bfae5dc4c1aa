#pragma once

#include <stdint.h>

#include "daemon/conf.h"
#include "federation/snapshot.h"
#include "net/tls.h"
#include "view/certificates.h"

/* The certificates, authorities and revocation lists the bootstrap file names. */

int certs_load(struct tls_set **ret, const struct conf *c, struct err *e);

/* The certificate does not name a domain that shows it. */
bool certs_lacks(const struct tls_own *o, const struct local_domain *d);

/* Our certificates as they are at now (seconds since 1970). The caller frees it. */
struct view_certificates *certs_view(
	const struct tls_set *tls, const struct snapshot *s, int64_t now);
