#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "net/cert.h"

/* ---- who ---- */

void cert_name_text(X509_NAME *name, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	/* UTF-8 as it is, control characters and the separators escaped. */
	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	n = BIO_get_mem_data(bio, &text);
	buf_add(out, text, n > 0 ? (size_t)n : 0);
	BIO_free(bio);
}

void cert_subject(X509 *x, struct buf *out)
{
	cert_name_text(X509_get_subject_name(x), out);
}

void cert_issuer(X509 *x, struct buf *out)
{
	cert_name_text(X509_get_issuer_name(x), out);
}

void cert_key(X509 *x, struct buf *out)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;

	if (type)
		buf_printf(out, "%s %d", type, EVP_PKEY_get_bits(key));
}

void cert_fingerprint(X509 *x, char ret[CERT_FINGERPRINT + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	X509_digest(x, EVP_sha256(), sum, &n);
	for (unsigned i = 0; i < CERT_FINGERPRINT / 2; i++) {
		ret[2 * i] = digits[sum[i] >> 4];
		ret[2 * i + 1] = digits[sum[i] & 15];
	}
	ret[CERT_FINGERPRINT] = 0;
}

/* ---- what for ---- */

unsigned cert_purposes(X509 *x, struct buf *out)
{
	EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	unsigned bits = uses ? 0 : CERT_FOR_SERVER | CERT_FOR_CLIENT;

	for (int i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
		const ASN1_OBJECT *use = sk_ASN1_OBJECT_value(uses, i);
		int nid = OBJ_obj2nid(use);
		char dotted[80];

		OBJ_obj2txt(dotted, sizeof dotted, use, 1);
		buf_printf(out, "%s%s", i ? " " : "", nid == NID_undef ? dotted : OBJ_nid2sn(nid));
		if (nid == NID_server_auth || nid == NID_anyExtendedKeyUsage)
			bits |= CERT_FOR_SERVER;
		if (nid == NID_client_auth || nid == NID_anyExtendedKeyUsage)
			bits |= CERT_FOR_CLIENT;
	}
	sk_ASN1_OBJECT_pop_free(uses, ASN1_OBJECT_free);
	return bits;
}

/* ---- when ---- */

static int64_t seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

int64_t cert_not_before(X509 *x)
{
	return seconds(X509_get0_notBefore(x));
}

int64_t cert_not_after(X509 *x)
{
	return seconds(X509_get0_notAfter(x));
}
