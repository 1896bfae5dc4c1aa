#include "net/cert.h"

#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/mem.h"
#include "text/idna.h"

/* 112 bits: RSA of 2048 and more, no SHA-1 in the chain. */
enum { SECURITY_LEVEL = 2 };

/* clang-format off */
static const struct {
	const char *name, *text;
} verdicts[CERT__N] = {
	[CERT_GOOD] = {"good", "the certificate is good"},
	[CERT_NONE] = {"none", "no certificate was presented"},
	[CERT_EXPIRED] = {"expired", "the certificate, or one above it, has expired or is not valid yet"},
	[CERT_SELF_SIGNED] = {"self-signed", "the certificate is signed by itself"},
	[CERT_UNTRUSTED] = {"untrusted", "the certificate does not lead to a trusted authority"},
	[CERT_WEAK] = {"weak", "a key or signature of the certificate is too weak"},
	[CERT_REVOKED] = {"revoked", "the certificate has been revoked"},
	[CERT_INVALID] = {"invalid", "the certificate is not valid"},
	[CERT_WRONG_NAME] = {"wrong-name", "the certificate is for another domain"},
};
/* clang-format on */

const char *cert_verdict_name(enum cert_verdict v)
{
	return verdicts[v].name;
}

const char *cert_verdict_text(enum cert_verdict v)
{
	return verdicts[v].text;
}

static enum cert_verdict verdict_of(int code)
{
	switch (code) {
	case X509_V_OK:
		return CERT_GOOD;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return CERT_EXPIRED;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return CERT_SELF_SIGNED;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE: /* by a namesake of an authority */
		return CERT_UNTRUSTED;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return CERT_WEAK;
	case X509_V_ERR_CERT_REVOKED:
		return CERT_REVOKED;
	default:
		return CERT_INVALID;
	}
}

enum cert_verdict cert_judge_chain(
	X509_STORE *trust, X509 *leaf, STACK_OF(X509) *others, int64_t now, int *ret_code)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int code = X509_V_ERR_OUT_OF_MEM;

	if (ctx && X509_STORE_CTX_init(ctx, trust, leaf, others) == 1) {
		param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
		X509_VERIFY_PARAM_set_time(param, (time_t)now);
		X509_verify_cert(ctx);
		code = X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	*ret_code = code;
	return verdict_of(code);
}

/* Printable ASCII only: no NUL that ends a name early in somebody's eyes, no control character. */
static bool presentable(struct slice name)
{
	if (name.n == 0 || name.n > 1023)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return false;
	return true;
}

bool cert_dns_match(struct slice name, struct slice domain, bool wildcard)
{
	size_t dot;

	if (!presentable(name) || domain.n == 0)
		return false;
	if (name.p[name.n - 1] == '.')
		name.n--;
	if (slice_ieq(name, domain))
		return true;
	/* "*" stands for exactly one label, and not above a top-level domain. */
	if (!wildcard || !slice_starts(name, SL("*.")))
		return false;
	dot = slice_find(domain, '.');
	name = slice_from(name, 1);
	if (slice_find(slice_from(name, 1), '.') >= name.n - 1)
		return false;
	return dot > 0 && dot < domain.n && slice_ieq(name, slice_from(domain, dot));
}

static struct slice asn1_slice(const ASN1_STRING *s)
{
	return slice_make(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* An otherName of this kind and string type, or absent. */
static struct slice other_name(const GENERAL_NAME *gn, int nid, int type)
{
	if (gn->type != GEN_OTHERNAME || OBJ_obj2nid(gn->d.otherName->type_id) != nid ||
		gn->d.otherName->value->type != type)
		return SL_NONE;
	return asn1_slice(gn->d.otherName->value->value.asn1_string);
}

static bool srv_match(struct slice name, struct slice domain)
{
	static const struct slice service = {"_xmpp-server.", sizeof "_xmpp-server." - 1};

	return slice_istarts(name, service) &&
	       cert_dns_match(slice_from(name, service.n), domain, false);
}

/* xmppAddr is UTF-8 with U-labels; it must be the bare domain (RFC 6120 13.7.1.4). */
static bool xmpp_match(struct slice name, struct slice domain)
{
	struct arena a = {0};
	struct slice ascii;
	bool same = name.n && !memchr(name.p, 0, name.n) && name.n <= 1023 &&
		    idna_to_ascii(&ascii, &a, name, NULL) == 0 && slice_ieq(ascii, domain);

	arena_done(&a);
	return same;
}

static bool name_matches(const GENERAL_NAME *gn, struct slice domain)
{
	struct slice s;

	if (gn->type == GEN_DNS)
		return cert_dns_match(asn1_slice(gn->d.dNSName), domain, true);
	s = other_name(gn, NID_SRVName, V_ASN1_IA5STRING);
	if (s.p)
		return srv_match(s, domain);
	s = other_name(gn, NID_XmppAddr, V_ASN1_UTF8STRING);
	return s.p && xmpp_match(s, domain);
}

bool cert_is_for(X509 *leaf, struct slice domain)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = name_matches(sk_GENERAL_NAME_value(names, i), domain);
	GENERAL_NAMES_free(names);
	return found;
}

void cert_names(X509 *leaf, struct buf *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);
		struct slice srv = other_name(gn, NID_SRVName, V_ASN1_IA5STRING);
		struct slice xmpp = other_name(gn, NID_XmppAddr, V_ASN1_UTF8STRING);

		if (out->n && (gn->type == GEN_DNS || srv.p || xmpp.p))
			buf_chr(out, ' ');
		if (gn->type == GEN_DNS) {
			buf_str(out, "dns:");
			buf_slice_add(out, asn1_slice(gn->d.dNSName));
		} else if (srv.p) {
			buf_str(out, "srv:");
			buf_slice_add(out, srv);
		} else if (xmpp.p) {
			buf_str(out, "xmpp:");
			buf_slice_add(out, xmpp);
		}
	}
	GENERAL_NAMES_free(names);
}
