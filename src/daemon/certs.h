#pragma once

#include "base/err.h"
#include "daemon/conf.h"
#include "net/tls.h"

/* Our certificates and whom we trust, read from the files that the bootstrap file names. */
int certs_load(struct tls_set **ret, const struct conf *c, struct err *e);
