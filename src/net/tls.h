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
 * compression, no session resumption (the peer's certificate is seen in every handshake). A client
 * asks for a stapled OCSP response.
 */
struct tls_set;

struct tls_cert_files {
	const char *name;           /* for messages */
	const char *chain, *key;    /* PEM files: the certificate and those above it; its key */
	const char *const *domains; /* A-labels; none: for every domain that has none of its own */
	size_t n_domains;
	const char *intermediates; /* PEM file: those above it, when they are not in chain; NULL */
	const char *ocsp;          /* DER file: the response to staple; NULL: none */
};

struct tls_files {
	const struct tls_cert_files *certs;
	size_t n_certs;
	const char *trust;       /* PEM file of authorities, or "system" */
	const char *other_trust; /* likewise, for tls_set_other(); NULL: there is none */
	const char *const *crls; /* files of revocation lists, PEM (any number) or DER (one) */
	size_t n_crls;
	bool crl_require; /* who has no valid list is not believed; see enum cert_crls */
};

/*
 * Fails when a file cannot be read, when a key does not belong to its certificate, and when nobody
 * is trusted. An OCSP response is stapled if it says now that the certificate is good; its issuer
 * must be among what is sent for that to be seen.
 */
int tls_set_load_files(struct tls_set **ret, const struct tls_files *f, struct err *e);

/* The same without revocation lists. */
int tls_set_load(struct tls_set **ret, const struct tls_cert_files *files, size_t n,
	const char *trust, struct err *e);

/*
 * The same certificates and lists with the authorities of other_trust: for peers of another kind.
 * The set itself where there are none. As long as the set.
 */
struct tls_set *tls_set_other(struct tls_set *s);

struct tls_set *tls_set_ref(struct tls_set *s); /* NULL is fine */
void tls_set_unref(struct tls_set *s); /* NULL is fine; from any thread */

/*
 * The context for our domain (A-labels), or the default one; NULL: there is none. As a server, it
 * changes to the certificate of the domain that the ClientHello names, if that has one of its own.
 */
SSL_CTX *tls_set_for(const struct tls_set *s, struct slice domain);

/* The same for when we connect: one without a certificate where we have none. Never NULL. */
SSL_CTX *tls_set_client(const struct tls_set *s, struct slice domain);

/* The context of the certificate of this name, in any case; NULL: there is none. */
SSL_CTX *tls_set_named(const struct tls_set *s, struct slice name);

/* The name of a context's certificate, as long as the set; NULL: it has none. */
const char *tls_context_name(SSL_CTX *ctx);

X509_STORE *tls_set_trust(const struct tls_set *s);

/* The earliest end of validity of our own certificates, seconds since 1970; 0: there are none. */
int64_t tls_set_expires(const struct tls_set *s);

/* One of our certificates, as long as the set. */
struct tls_own {
	const char *name;
	const char *const *domains; /* none: see struct tls_cert_files */
	size_t n_domains;
	X509 *cert;
	STACK_OF(X509) * chain; /* sent with it; may be NULL */
	int64_t expires;        /* the first end of validity of all that is sent */
	enum cert_ocsp ocsp;    /* what the response to staple says: stapled if good */
};
size_t tls_set_count(const struct tls_set *s);
const struct tls_own *tls_set_own(const struct tls_set *s, size_t i); /* in the order given */

/* The one that is shown for a domain (A-labels), by stream header as by SNI; NULL: none. */
const struct tls_own *tls_set_own_for(const struct tls_set *s, struct slice domain);

/*
 * Of which authorities ("CN=...", separated by "; ") the revocation list is past its time at now;
 * returns how many.
 */
size_t tls_set_stale_crls(const struct tls_set *s, int64_t now, struct buf *out);

/* The file that trust stands for. */
const char *tls_trust_file(const char *trust);

/*
 * Whom everybody trusts: what "system" means, as a store of its own. Reads files: some 10 ms. With
 * it, cert_judge_chain() says how a stranger sees our own chain. The caller frees it.
 */
int tls_system_trust(X509_STORE **ret, struct err *e);
