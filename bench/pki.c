#include "pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s failed\n", what);
	exit(1);
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	need(ext && X509_add_ext(cert, ext, -1), "certificate extension");
	X509_EXTENSION_free(ext);
}

static X509 *blank(EVP_PKEY *key, const char *name, long serial)
{
	X509 *c = X509_new();

	need(c != NULL, "certificate");
	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), serial);
	X509_gmtime_adj(X509_getm_notBefore(c), -3600);
	X509_gmtime_adj(X509_getm_notAfter(c), 86400);
	X509_set_pubkey(c, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
		(const unsigned char *)name, -1, -1, 0);
	return c;
}

void pki_make(struct pki *p)
{
	p->ca_key = EVP_EC_gen("P-256");
	need(p->ca_key != NULL, "key");
	p->ca = blank(p->ca_key, "bench CA", 1);
	X509_set_issuer_name(p->ca, X509_get_subject_name(p->ca));
	extend(p->ca, p->ca, NID_basic_constraints, "critical,CA:TRUE");
	extend(p->ca, p->ca, NID_subject_key_identifier, "hash");
	need(X509_sign(p->ca, p->ca_key, EVP_sha256()), "signature");
}

void pki_done(struct pki *p)
{
	EVP_PKEY_free(p->ca_key);
	X509_free(p->ca);
}

void pki_issue(const struct pki *p, const char *domain, EVP_PKEY **ret_key, X509 **ret_cert)
{
	static long serial = 1;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char names[600];
	X509 *c;

	need(key != NULL, "key");
	c = blank(key, domain, ++serial);
	X509_set_issuer_name(c, X509_get_subject_name(p->ca));
	snprintf(names, sizeof names, "DNS:%s,DNS:*.%s", domain, domain);
	extend(c, p->ca, NID_subject_alt_name, names);
	extend(c, p->ca, NID_ext_key_usage, "serverAuth,clientAuth");
	need(X509_sign(c, p->ca_key, EVP_sha256()), "signature");
	*ret_key = key;
	*ret_cert = c;
}

static FILE *create(const char *path)
{
	FILE *f;

	umask(077);
	f = fopen(path, "w");
	need(f != NULL, path);
	return f;
}

void pki_write_cert(const char *path, X509 *cert)
{
	FILE *f = create(path);

	need(PEM_write_X509(f, cert) && fclose(f) == 0, path);
}

void pki_write_key(const char *path, EVP_PKEY *key)
{
	FILE *f = create(path);

	need(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) && fclose(f) == 0, path);
}
