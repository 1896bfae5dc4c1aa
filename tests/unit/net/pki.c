#include "pki.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
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
	X509 *root, *sub, *last;
	X509_STORE *store;
	long serial;
	char *files[128];
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

	if (spec->seconds)
		X509_gmtime_adj(X509_getm_notAfter(x), spec->seconds);
	name_of(x,
		spec->self_signed       ? cn
		: spec->by_intermediate ? "Lab Sub CA"
					: "Lab Root CA",
		true);
	add_names(x, spec);
	if (spec->eku)
		add_ext(x, NID_ext_key_usage, spec->eku);
	if (spec->must_staple)
		add_ext(x, NID_tlsfeature, "status_request");
	X509_sign(x,
		spec->self_signed       ? key
		: spec->by_intermediate ? p->sub_key
					: p->root_key,
		spec->sha1 ? EVP_sha1() : EVP_sha256());
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
	X509_free(p->last);
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

static void write_cert(struct pki *p, const char *path, X509 *x, X509 *above)
{
	FILE *f = create(p, path);

	PEM_write_X509(f, x);
	if (above)
		PEM_write_X509(f, above);
	fclose(f);
}

struct pki_files pki_issue_apart(
	struct pki *p, const char *name, const struct pki_spec *spec, char ret_above[128])
{
	EVP_PKEY *key = new_key(spec);
	X509 *x = leaf(p, spec, key), *above = spec->by_intermediate ? p->sub : NULL;
	struct pki_files ret;
	FILE *f;

	snprintf(ret.chain, sizeof ret.chain, "%s/%.40s.pem", p->dir, name);
	snprintf(ret.key, sizeof ret.key, "%s/%.40s.key", p->dir, name);
	write_cert(p, ret.chain, x, ret_above ? NULL : above);
	if (ret_above) {
		snprintf(ret_above, 128, "%s/%.40s-above.pem", p->dir, name);
		write_cert(p, ret_above, p->sub, NULL);
	}
	f = create(p, ret.key);
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(p->last);
	p->last = x;
	EVP_PKEY_free(key);
	return ret;
}

struct pki_files pki_issue(struct pki *p, const char *name, const struct pki_spec *spec)
{
	return pki_issue_apart(p, name, spec, NULL);
}

X509 *pki_last(const struct pki *p)
{
	return p->last;
}

X509 *pki_intermediate(const struct pki *p)
{
	return p->sub;
}

X509 *pki_root(const struct pki *p)
{
	return p->root;
}

X509 *pki_make(struct pki *p, const struct pki_spec *spec, STACK_OF(X509) * *ret_chain)
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

X509 *pki_cross_signed(struct pki *p, int from_days, int to_days)
{
	EVP_PKEY *other = EVP_EC_gen("P-256");
	X509 *x = blank(p, "Lab Root CA", p->root_key, from_days, to_days);

	name_of(x, "Old Root CA", true);
	add_ext(x, NID_basic_constraints, "critical,CA:TRUE");
	X509_sign(x, other, EVP_sha256());
	EVP_PKEY_free(other);
	return x;
}

/* ---- revocation ---- */

static ASN1_TIME *days_from_now(int days)
{
	return X509_gmtime_adj(NULL, (long)days * 86400);
}

static X509_CRL *make_crl(struct pki *p, const struct pki_crl *spec)
{
	bool dated = spec->from_days || spec->to_days;
	ASN1_TIME *from = days_from_now(dated ? spec->from_days : -1);
	ASN1_TIME *to = days_from_now(dated ? spec->to_days : 30);
	X509_CRL *crl = X509_CRL_new();

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(
		crl, X509_get_subject_name(spec->by_intermediate ? p->sub : p->root));
	X509_CRL_set1_lastUpdate(crl, from);
	X509_CRL_set1_nextUpdate(crl, to);
	if (spec->revoked) {
		X509_REVOKED *r = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(
			r, (ASN1_INTEGER *)X509_get0_serialNumber(spec->revoked));
		X509_REVOKED_set_revocationDate(r, from);
		X509_CRL_add0_revoked(crl, r);
	}
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return crl;
}

void pki_crl(struct pki *p, const char *name, const struct pki_crl *spec, char ret_path[128])
{
	X509_CRL *crl = make_crl(p, spec);
	EVP_PKEY *other = spec->forged ? EVP_EC_gen("P-256") : NULL;
	FILE *f;

	X509_CRL_sign(crl,
		other                   ? other
		: spec->by_intermediate ? p->sub_key
					: p->root_key,
		EVP_sha256());
	snprintf(ret_path, 128, "%s/%.40s.crl", p->dir, name);
	f = create(p, ret_path);
	if (spec->der)
		i2d_X509_CRL_fp(f, crl);
	else
		PEM_write_X509_CRL(f, crl);
	fclose(f);
	EVP_PKEY_free(other);
	X509_CRL_free(crl);
}

/* Who signs an OCSP response in another's name. */
static X509 *responder(struct pki *p, const struct pki_ocsp *spec, EVP_PKEY *key)
{
	struct pki_spec s = {
		.cn = spec->forged ? "Lab Root CA" : "Lab OCSP",
		.eku = spec->usurped ? "serverAuth" : "OCSPSigning",
		.by_intermediate = spec->by_intermediate,
		.self_signed = spec->forged,
	};

	return leaf(p, &s, key);
}

static OCSP_BASICRESP *make_basic(struct pki *p, X509 *x, const struct pki_ocsp *spec)
{
	X509 *issuer = spec->by_intermediate ? p->sub : p->root;
	bool dated = spec->from_days || spec->to_days;
	int status = strcmp(spec->status, "good") == 0      ? V_OCSP_CERTSTATUS_GOOD
		     : strcmp(spec->status, "revoked") == 0 ? V_OCSP_CERTSTATUS_REVOKED
							    : V_OCSP_CERTSTATUS_UNKNOWN;
	ASN1_TIME *from = days_from_now(dated ? spec->from_days : -1);
	ASN1_TIME *to = dated && !spec->to_days ? NULL : days_from_now(dated ? spec->to_days : 7);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, x, issuer);

	OCSP_basic_add1_status(basic, id, status, 0, from, from, to);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return basic;
}

static void sign_basic(struct pki *p, OCSP_BASICRESP *basic, const struct pki_ocsp *spec)
{
	bool other = spec->delegated || spec->usurped || spec->forged;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *signer = responder(p, spec, key);

	if (other)
		OCSP_basic_sign(basic, signer, key, EVP_sha256(), NULL, 0);
	else
		OCSP_basic_sign(basic, spec->by_intermediate ? p->sub : p->root,
			spec->by_intermediate ? p->sub_key : p->root_key, EVP_sha256(), NULL, 0);
	X509_free(signer);
	EVP_PKEY_free(key);
}

void pki_ocsp(struct pki *p, X509 *x, const struct pki_ocsp *spec, struct buf *ret)
{
	bool silent = strcmp(spec->status, "try-later") == 0;
	OCSP_BASICRESP *basic = make_basic(p, x, spec);
	OCSP_RESPONSE *response;
	unsigned char *der = NULL;
	int n;

	sign_basic(p, basic, spec);
	response = OCSP_response_create(
		silent ? OCSP_RESPONSE_STATUS_TRYLATER : OCSP_RESPONSE_STATUS_SUCCESSFUL,
		silent ? NULL : basic);
	n = i2d_OCSP_RESPONSE(response, &der);
	assert(n > 0);
	buf_add(ret, der, (size_t)n);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
}
