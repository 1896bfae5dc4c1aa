#pragma once

#include <openssl/ssl.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"
#include "net/cert.h"

/*
 * Our certificates and whom we trust: one immutable set, loaded whole, shared by reference count;
 * a reload makes a new set, and connections keep that of their handshake. One TLS context per
 * certificate serves both roles: TLS 1.2 and 1.3 with forward secrecy, no renegotiation, no
 * compression, no session resumption (the peer's certificate is seen in every handshake).
 */
struct tls_set;

struct tls_cert_files {
	const char *name;           /* for messages */
	const char *chain, *key;    /* PEM files: the certificate and those above it; its key */
	const char *const *domains; /* A-labels; none: for every domain that has none of its own */
	size_t n_domains;
};

/*
 * trust: a PEM file of authorities, or "system". Fails when a file cannot be read, when a key does
 * not belong to its certificate, and when nobody is trusted.
 */
int tls_set_load(struct tls_set **ret, const struct tls_cert_files *files, size_t n,
	const char *trust, struct err *e);
struct tls_set *tls_set_ref(struct tls_set *s);
void tls_set_unref(struct tls_set *s); /* NULL is fine; from any thread */

/* The context for our domain (A-labels), or the default one; NULL: there is none. */
SSL_CTX *tls_set_for(const struct tls_set *s, struct slice domain);

/* The same for when we connect: one without a certificate where we have none. Never NULL. */
SSL_CTX *tls_set_client(const struct tls_set *s, struct slice domain);

X509_STORE *tls_set_trust(const struct tls_set *s);

/* The earliest end of validity of our own certificates, seconds since 1970; 0: there are none. */
int64_t tls_set_expires(const struct tls_set *s);
