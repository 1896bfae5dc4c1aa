#include "pki.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct pki {
	char dir[64], trust[96];
	EVP_PKEY *root_key, *sub_key;
	X509 *root, *sub;
	X509_STORE *store;
	long serial;
	char *files[64];
	size_t n_files;
};

static void name_of(X509 *x, const char *cn, bool issuer)
{
	X509_NAME *n = X509_NAME_new();

	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
	if (issuer)
		X509_set_issuer_name(x, n);
	else
		X509_set_subject_name(x, n);
	X509_NAME_free(n);
}

static void add_ext(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_nconf_nid(NULL, NULL, nid, value);

	assert(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static void add_dns(GENERAL_NAMES *names, const char *s, int n)
{
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_IA5STRING *ia5 = ASN1_IA5STRING_new();

	ASN1_STRING_set(ia5, s, n);
	GENERAL_NAME_set0_value(gn, GEN_DNS, ia5);
	sk_GENERAL_NAME_push(names, gn);
}

static void add_other(GENERAL_NAMES *names, int nid, int type, const char *s)
{
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_TYPE *value = ASN1_TYPE_new();
	ASN1_STRING *str = ASN1_STRING_type_new(type);

	ASN1_STRING_set(str, s, -1);
	ASN1_TYPE_set(value, type, str);
	GENERAL_NAME_set0_othername(gn, OBJ_nid2obj(nid), value);
	sk_GENERAL_NAME_push(names, gn);
}

static void add_names(X509 *x, const struct pki_spec *spec)
{
	static const char nul[] = "victim.lab\0.evil.lab";
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	for (int i = 0; spec->dns && spec->dns[i]; i++)
		add_dns(names, spec->dns[i], -1);
	if (spec->nul_in_dns)
		add_dns(names, nul, sizeof nul - 1);
	for (int i = 0; spec->srv && spec->srv[i]; i++)
		add_other(names, NID_SRVName, V_ASN1_IA5STRING, spec->srv[i]);
	for (int i = 0; spec->xmpp && spec->xmpp[i]; i++)
		add_other(names, NID_XmppAddr, V_ASN1_UTF8STRING, spec->xmpp[i]);
	if (sk_GENERAL_NAME_num(names))
		X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0);
	GENERAL_NAMES_free(names);
}

static X509 *blank(struct pki *p, const char *cn, EVP_PKEY *key, int from_days, int to_days)
{
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++p->serial);
	X509_gmtime_adj(X509_getm_notBefore(x), (long)from_days * 86400);
	X509_gmtime_adj(X509_getm_notAfter(x), (long)to_days * 86400);
	X509_set_pubkey(x, key);
	name_of(x, cn, false);
	return x;
}

static X509 *authority(
	struct pki *p, const char *cn, EVP_PKEY *key, const char *issuer, EVP_PKEY *issuer_key)
{
	X509 *x = blank(p, cn, key, -2, 60);

	name_of(x, issuer, true);
	add_ext(x, NID_basic_constraints, "critical,CA:TRUE");
	add_ext(x, NID_key_usage, "critical,keyCertSign,cRLSign");
	X509_sign(x, issuer_key, EVP_sha256());
	return x;
}

static X509 *leaf(struct pki *p, const struct pki_spec *spec, EVP_PKEY *key)
{
	const char *cn = spec->cn ? spec->cn : "leaf";
	bool dated = spec->from_days || spec->to_days;
	X509 *x = blank(p, cn, key, dated ? spec->from_days : -1, dated ? spec->to_days : 30);

	name_of(x,
		spec->self_signed       ? cn
		: spec->by_intermediate ? "Lab Sub CA"
					: "Lab Root CA",
		true);
	add_names(x, spec);
	if (spec->eku)
		add_ext(x, NID_ext_key_usage, spec->eku);
	X509_sign(x,
		spec->self_signed       ? key
		: spec->by_intermediate ? p->sub_key
					: p->root_key,
		EVP_sha256());
	return x;
}

static EVP_PKEY *new_key(const struct pki_spec *spec)
{
	return spec->weak ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
}

static FILE *create(struct pki *p, const char *path)
{
	FILE *f = fopen(path, "w");

	assert(f && p->n_files < ARRAY_LEN(p->files));
	p->files[p->n_files++] = xstrdup(path);
	return f;
}

struct pki *pki_new(void)
{
	struct pki *p = xzalloc(sizeof *p);
	FILE *f;

	snprintf(p->dir, sizeof p->dir, "%s/pki-XXXXXX", "/tmp");
	assert(mkdtemp(p->dir) == p->dir);
	p->root_key = EVP_EC_gen("P-256");
	p->sub_key = EVP_EC_gen("P-256");
	p->root = authority(p, "Lab Root CA", p->root_key, "Lab Root CA", p->root_key);
	p->sub = authority(p, "Lab Sub CA", p->sub_key, "Lab Root CA", p->root_key);
	snprintf(p->trust, sizeof p->trust, "%s/ca.pem", p->dir);
	f = create(p, p->trust);
	PEM_write_X509(f, p->root);
	fclose(f);
	p->store = X509_STORE_new();
	X509_STORE_add_cert(p->store, p->root);
	return p;
}

void pki_free(struct pki *p)
{
	for (size_t i = 0; i < p->n_files; i++) {
		unlink(p->files[i]);
		free(p->files[i]);
	}
	rmdir(p->dir);
	EVP_PKEY_free(p->root_key);
	EVP_PKEY_free(p->sub_key);
	X509_free(p->root);
	X509_free(p->sub);
	X509_STORE_free(p->store);
	free(p);
}

const char *pki_trust(const struct pki *p)
{
	return p->trust;
}

X509_STORE *pki_store(struct pki *p)
{
	return p->store;
}

struct pki_files pki_issue(struct pki *p, const char *name, const struct pki_spec *spec)
{
	EVP_PKEY *key = new_key(spec);
	X509 *x = leaf(p, spec, key);
	struct pki_files ret;
	FILE *f;

	snprintf(ret.chain, sizeof ret.chain, "%s/%.40s.pem", p->dir, name);
	snprintf(ret.key, sizeof ret.key, "%s/%.40s.key", p->dir, name);
	f = create(p, ret.chain);
	PEM_write_X509(f, x);
	if (spec->by_intermediate)
		PEM_write_X509(f, p->sub);
	fclose(f);
	f = create(p, ret.key);
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(key);
	return ret;
}

X509 *pki_make(struct pki *p, const struct pki_spec *spec, STACK_OF(X509) **ret_chain)
{
	EVP_PKEY *key = new_key(spec);
	X509 *x = leaf(p, spec, key);

	EVP_PKEY_free(key);
	if (ret_chain) {
		*ret_chain = sk_X509_new_null();
		if (spec->by_intermediate) {
			X509_up_ref(p->sub);
			sk_X509_push(*ret_chain, p->sub);
		}
	}
	return x;
}
