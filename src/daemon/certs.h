#pragma once

#include <stdint.h>

#include "daemon/conf.h"
#include "federation/snapshot.h"
#include "net/tls.h"
#include "view/certificates.h"

/*
 * The files of certificates, keys, authorities and revocation lists that the bootstrap file names:
 * immutable, shared by reference count, for any thread.
 */
struct cert_sources;

struct cert_sources *cert_sources_new(const struct conf *c);
/* One certificate and its key alone: the panel's. */
struct cert_sources *cert_sources_one(const char *name, const char *chain, const char *key);
struct cert_sources *cert_sources_ref(struct cert_sources *s);
void cert_sources_unref(struct cert_sources *s); /* NULL is fine */

/* Reads them all; blocks. */
int cert_sources_load(struct tls_set **ret, const struct cert_sources *s, struct err *e);

/*
 * What tells whether one of them is another file now, or has been written to: device, inode, size
 * and times of each, links followed. Equal bytes mean that nothing has changed. Blocks.
 */
void cert_sources_print(const struct cert_sources *s, struct buf *ret);

/* Our certificates as they are at now (seconds since 1970). The caller frees it. */
struct view_certificates *certs_view(
	const struct tls_set *tls, const struct snapshot *s, int64_t now);

/*
 * What is not as it should be with what was loaded: local domains without a certificate or with one
 * that does not name them, routes that name one which is not there, revocation lists past their
 * time, responses that are not stapled. Ends of validity are not among it.
 */
void certs_notes(
	const struct tls_set *tls, const struct snapshot *s, int64_t now, struct conf_notes *notes);
