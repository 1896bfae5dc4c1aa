#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

/* A throwaway CA and certificates for the two ends of a benchmark. Exits on failure. */
struct pki {
	EVP_PKEY *ca_key;
	X509 *ca;
};

void pki_make(struct pki *p);
void pki_done(struct pki *p);
/* A certificate for domain and the names below it: dNSName, both key usages. */
void pki_issue(const struct pki *p, const char *domain, EVP_PKEY **ret_key, X509 **ret_cert);
void pki_write_cert(const char *path, X509 *cert);
void pki_write_key(const char *path, EVP_PKEY *key);
