#pragma once

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/buf.h"

/* A throwaway certificate authority, and certificates of it with whatever names a test wants. */
struct pki;

/* What a certificate says; lists end with NULL. */
struct pki_spec {
	const char *cn;
	const char *const *dns;  /* dNSName */
	const char *const *srv;  /* SRVName */
	const char *const *xmpp; /* xmppAddr */
	const char *eku;         /* "serverAuth", "clientAuth", ...; NULL: none */
	int from_days, to_days;  /* validity, relative to now; both 0: -1 to 30 */
	long seconds;            /* validity from now on, instead */
	bool self_signed;
	bool weak;            /* RSA of 1024 bits */
	bool by_intermediate; /* signed by an authority under the root, which goes into the chain */
	bool nul_in_dns;      /* a further dNSName "victim.lab" NUL ".evil.lab" */
	bool must_staple;     /* RFC 7633 */
	bool sha1;            /* signed with it */
};

struct pki *pki_new(void);
void pki_free(struct pki *p); /* removes its files */

/* The root as a PEM file, and as a store. */
const char *pki_trust(const struct pki *p);
X509_STORE *pki_store(struct pki *p);

/* Files NAME.pem (with the chain) and NAME.key in the authority's folder. */
struct pki_files {
	char chain[128], key[128];
};
struct pki_files pki_issue(struct pki *p, const char *name, const struct pki_spec *spec);

/* The same, with the certificates above it in a file of their own. */
struct pki_files pki_issue_apart(
	struct pki *p, const char *name, const struct pki_spec *spec, char ret_above[128]);

/* What was issued last; borrowed until the next. */
X509 *pki_last(const struct pki *p);
X509 *pki_intermediate(const struct pki *p);
X509 *pki_root(const struct pki *p);

/* The root's name and key, signed by an authority nobody knows; the caller frees it. */
X509 *pki_cross_signed(struct pki *p, int from_days, int to_days);

/* In memory; *ret_chain (may be NULL) gets what would be sent with it. The caller frees both. */
X509 *pki_make(struct pki *p, const struct pki_spec *spec, STACK_OF(X509) * *ret_chain);

/* A revocation list as a file in the authority's folder. */
struct pki_crl {
	const X509 *revoked;    /* NULL: nobody */
	bool by_intermediate;   /* its list, not the root's */
	int from_days, to_days; /* both 0: -1 to 30 */
	bool der;
	bool forged; /* signed with a key that is not the authority's */
};
void pki_crl(struct pki *p, const char *name, const struct pki_crl *spec, char ret_path[128]);

/* An OCSP response about a certificate of this authority, in DER. */
struct pki_ocsp {
	const char *status;     /* "good", "revoked", "unknown", "try-later" (no answer at all) */
	int from_days, to_days; /* both 0: -1 to 7; to_days 0: it does not say when it ends */
	bool by_intermediate;   /* who issued the certificate */
	bool delegated;         /* signed by somebody who may do that in the issuer's name */
	bool usurped;           /* ... who may not: the same without the purpose */
	bool forged;            /* signed by a stranger of the issuer's name */
};
void pki_ocsp(struct pki *p, X509 *leaf, const struct pki_ocsp *spec, struct buf *ret);
