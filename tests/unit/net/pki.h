#pragma once

#include <openssl/x509.h>
#include <stdbool.h>

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
	bool self_signed;
	bool weak;            /* RSA of 1024 bits */
	bool by_intermediate; /* signed by an authority under the root, which goes into the chain */
	bool nul_in_dns;      /* a further dNSName "victim.lab" NUL ".evil.lab" */
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

/* In memory; *ret_chain (may be NULL) gets what would be sent with it. The caller frees both. */
X509 *pki_make(struct pki *p, const struct pki_spec *spec, STACK_OF(X509) **ret_chain);
