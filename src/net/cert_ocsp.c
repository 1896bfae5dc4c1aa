#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/mem.h"
#include "net/cert.h"

/*
 * A stapled OCSP response, by RFC 6960: 3.2 says what to look at, 4.2.2.2 who may sign. Ours and
 * not the library's check, which asks the clock for the time.
 */
enum {
	CLOCKS_DIFFER = 300,         /* between the responder and us */
	WITHOUT_END = 7 * 24 * 3600, /* how long one counts that does not say when the next comes */
};

const char *cert_ocsp_name(enum cert_ocsp o)
{
	static const char *const names[CERT_OCSP__N] = {
		[CERT_OCSP_NONE] = "none",
		[CERT_OCSP_GOOD] = "good",
		[CERT_OCSP_REVOKED] = "revoked",
		[CERT_OCSP_UNKNOWN] = "unknown",
		[CERT_OCSP_STALE] = "stale",
		[CERT_OCSP_BAD] = "bad",
	};

	return names[o];
}

/* Signed by the issuer's own hand, for this very purpose, and in its time. */
static bool is_delegate(X509 *signer, X509 *issuer, int64_t now)
{
	return X509_check_issued(issuer, signer) == X509_V_OK &&
	       X509_verify(signer, X509_get0_pubkey(issuer)) == 1 &&
	       X509_get_extension_flags(signer) & EXFLAG_XKUSAGE &&
	       X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN &&
	       cert_not_before(signer) <= now + CLOCKS_DIFFER && now <= cert_not_after(signer);
}

static bool signed_well(OCSP_BASICRESP *basic, X509 *issuer, int64_t now)
{
	STACK_OF(X509) *known = sk_X509_new_null();
	X509 *signer = NULL;
	bool good;

	sk_X509_push(known, issuer);
	good = OCSP_resp_get0_signer(basic, &signer, known) == 1 &&
	       /* The signature alone: who signed is looked at here. */
	       OCSP_basic_verify(basic, known, NULL, OCSP_NOVERIFY | OCSP_TRUSTOTHER) == 1 &&
	       (X509_cmp(signer, issuer) == 0 || is_delegate(signer, issuer, now));
	sk_X509_free(known);
	return good;
}

/* A response names a certificate by hashes of its own choice. */
static bool is_about(const OCSP_SINGLERESP *single, X509 *leaf, X509 *issuer)
{
	const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(single);
	ASN1_OBJECT *algorithm;
	const EVP_MD *md;
	OCSP_CERTID *ours;
	bool same;

	OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, (OCSP_CERTID *)id);
	md = EVP_get_digestbyobj(algorithm);
	ours = md ? OCSP_cert_to_id(md, leaf, issuer) : NULL;
	same = ours && OCSP_id_cmp(ours, id) == 0;
	OCSP_CERTID_free(ours);
	return same;
}

static int64_t seconds(const ASN1_GENERALIZEDTIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static enum cert_ocsp status_of(OCSP_SINGLERESP *single, int64_t now)
{
	ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
	int status = OCSP_single_get0_status(single, NULL, NULL, &from, &until);
	int64_t begin = from ? seconds(from) : 0;
	int64_t end = until ? seconds(until) : begin + WITHOUT_END;

	if (!begin || end < begin)
		return CERT_OCSP_BAD;
	if (status == V_OCSP_CERTSTATUS_REVOKED) /* for good, whenever that was said */
		return CERT_OCSP_REVOKED;
	if (begin > now + CLOCKS_DIFFER || end < now - CLOCKS_DIFFER)
		return CERT_OCSP_STALE;
	return status == V_OCSP_CERTSTATUS_GOOD ? CERT_OCSP_GOOD : CERT_OCSP_UNKNOWN;
}

static enum cert_ocsp judge_basic(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer, int64_t now)
{
	if (!signed_well(basic, issuer, now))
		return CERT_OCSP_BAD;
	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);

		if (is_about(single, leaf, issuer))
			return status_of(single, now);
	}
	return CERT_OCSP_BAD;
}

enum cert_ocsp cert_judge_ocsp(struct slice der, X509 *leaf, X509 *issuer, int64_t now)
{
	const unsigned char *p = (const unsigned char *)der.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	OCSP_BASICRESP *basic = NULL;
	enum cert_ocsp o = CERT_OCSP_BAD;

	if (response && OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		o = CERT_OCSP_UNKNOWN;
	else if (response && (basic = OCSP_response_get1_basic(response)))
		o = judge_basic(basic, leaf, issuer, now);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return o;
}
