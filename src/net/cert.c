#include "net/cert.h"

#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clean.h"
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
	[CERT_REVOKED] = {"revoked", "the certificate, or one above it, has been revoked"},
	[CERT_UNPROVEN] = {"unproven", "whether the certificate has been revoked is not known, and must be"},
	[CERT_INVALID] = {"invalid", "the certificate is not valid"},
	[CERT_WRONG_NAME] = {"wrong-name", "the certificate is for another domain"},
};

/* What the library says, as a verdict; anything else is CERT_INVALID. */
static const struct {
	int code;
	enum cert_verdict verdict;
} codes[] = {
	{X509_V_OK, CERT_GOOD},
	{X509_V_ERR_CERT_HAS_EXPIRED, CERT_EXPIRED},
	{X509_V_ERR_CERT_NOT_YET_VALID, CERT_EXPIRED},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, CERT_SELF_SIGNED},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, CERT_UNTRUSTED},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, CERT_UNTRUSTED},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, CERT_UNTRUSTED},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, CERT_UNTRUSTED},
	{X509_V_ERR_CERT_UNTRUSTED, CERT_UNTRUSTED},
	{X509_V_ERR_CERT_SIGNATURE_FAILURE, CERT_UNTRUSTED}, /* by a namesake of an authority */
	{X509_V_ERR_EE_KEY_TOO_SMALL, CERT_WEAK},
	{X509_V_ERR_CA_KEY_TOO_SMALL, CERT_WEAK},
	{X509_V_ERR_CA_MD_TOO_WEAK, CERT_WEAK},
	{X509_V_ERR_CERT_REVOKED, CERT_REVOKED},
};

/* A list that is not there, or cannot be believed: what it does not say is not known. */
static const int crl_codes[] = {
	X509_V_ERR_UNABLE_TO_GET_CRL,
	X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
	X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,
	X509_V_ERR_CRL_SIGNATURE_FAILURE,
	X509_V_ERR_CRL_NOT_YET_VALID,
	X509_V_ERR_CRL_HAS_EXPIRED,
	X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD,
	X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD,
	X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
	X509_V_ERR_DIFFERENT_CRL_SCOPE,
	X509_V_ERR_CRL_PATH_VALIDATION_ERROR,
	X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
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
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].verdict;
	return CERT_INVALID;
}

/* ---- the chain ---- */

/* What is wrong with a chain, in the order in which it is found. */
enum { FAULTS_MAX = 16 };
struct faults {
	struct {
		int code, depth;
	} v[FAULTS_MAX];
	size_t n;
	bool crl_gap;
	const X509_CRL *distrusted; /* its signature is not its authority's: it revokes nobody */
};

static bool is_crl_code(int code)
{
	for (size_t i = 0; i < ARRAY_LEN(crl_codes); i++)
		if (crl_codes[i] == code)
			return true;
	return false;
}

/* A list out of its time still tells truly who was revoked; other faults make it worthless. */
static bool still_revokes(int code)
{
	return code == X509_V_ERR_CRL_HAS_EXPIRED || code == X509_V_ERR_CRL_NOT_YET_VALID;
}

static void add_fault(struct faults *f, int code, int depth)
{
	if (f->n < FAULTS_MAX) {
		f->v[f->n].code = code;
		f->v[f->n].depth = depth;
		f->n++;
	}
}

static struct faults *faults_of(X509_STORE_CTX *ctx)
{
	return X509_STORE_CTX_get_app_data(ctx);
}

/* The one at the top is believed because it is in the store: it needs no list. */
static bool is_anchor(X509_STORE_CTX *ctx)
{
	return X509_STORE_CTX_get_error_depth(ctx) ==
	       sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
}

/* All that is wrong is collected; the library goes on as if nothing were. */
static int collect(int ok, X509_STORE_CTX *ctx)
{
	struct faults *f = faults_of(ctx);

	if (!ok)
		add_fault(f, X509_STORE_CTX_get_error(ctx), X509_STORE_CTX_get_error_depth(ctx));
	return 1;
}

static void crl_fault(X509_STORE_CTX *ctx, int code, bool require)
{
	struct faults *f = faults_of(ctx);

	if (!still_revokes(code))
		f->distrusted = X509_STORE_CTX_get0_current_crl(ctx);
	if (is_anchor(ctx))
		return;
	f->crl_gap = true;
	if (require)
		add_fault(f, code, X509_STORE_CTX_get_error_depth(ctx));
}

static int collect_with_crls(int ok, X509_STORE_CTX *ctx, bool require)
{
	int code = X509_STORE_CTX_get_error(ctx);

	if (ok)
		return 1;
	if (is_crl_code(code)) {
		crl_fault(ctx, code, require);
		return 1;
	}
	if (code == X509_V_ERR_CERT_REVOKED && X509_STORE_CTX_get0_current_crl(ctx) &&
		X509_STORE_CTX_get0_current_crl(ctx) == faults_of(ctx)->distrusted)
		return 1;
	return collect(0, ctx);
}

static int collect_auto(int ok, X509_STORE_CTX *ctx)
{
	return collect_with_crls(ok, ctx, false);
}

static int collect_require(int ok, X509_STORE_CTX *ctx)
{
	return collect_with_crls(ok, ctx, true);
}

void cert_use_crls(X509_STORE *trust, enum cert_crls how)
{
	if (how == CERT_CRLS_NONE)
		return;
	X509_STORE_set_flags(trust, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	X509_STORE_set_verify_cb(trust, how == CERT_CRLS_REQUIRE ? collect_require : collect_auto);
}

/* NULL: out of memory. The caller frees it. */
static X509_STORE_CTX *verify(
	X509_STORE *trust, X509 *leaf, STACK_OF(X509) * others, int64_t now, struct faults *f)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;

	if (!ctx || X509_STORE_CTX_init(ctx, trust, leaf, others) != 1) {
		add_fault(f, X509_V_ERR_OUT_OF_MEM, 0);
		X509_STORE_CTX_free(ctx);
		return NULL;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	X509_STORE_CTX_set_app_data(ctx, f);
	if (!X509_STORE_get_verify_cb(trust))
		X509_STORE_CTX_set_verify_cb(ctx, collect);
	if (X509_verify_cert(ctx) <= 0 && f->n == 0)
		add_fault(f, X509_V_ERR_UNSPECIFIED, 0);
	return ctx;
}

int64_t cert_first_end(X509 *leaf, STACK_OF(X509) * others)
{
	int64_t first = leaf ? cert_not_after(leaf) : INT64_MAX;

	for (int i = 0; i < sk_X509_num(others); i++) {
		int64_t end = cert_not_after(sk_X509_value(others, i));

		first = end < first ? end : first;
	}
	return first;
}

/* RFC 7633: a certificate that comes with a response, or not at all. */
static bool must_staple(X509 *x)
{
	TLS_FEATURE *features = X509_get_ext_d2i(x, NID_tlsfeature, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		found |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
			 5 /* status_request */;
	sk_ASN1_INTEGER_pop_free(features, ASN1_INTEGER_free);
	return found;
}

static void judge_ocsp(
	X509_STORE_CTX *ctx, const struct cert_shown *shown, int64_t now, struct cert_judged *ret)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	X509 *issuer = sk_X509_value(chain, sk_X509_num(chain) > 1 ? 1 : 0);

	if (shown->ocsp.n)
		ret->ocsp = cert_judge_ocsp(shown->ocsp, shown->leaf, issuer, now);
	if (ret->ocsp == CERT_OCSP_REVOKED) {
		ret->verdict = CERT_REVOKED;
		ret->code = X509_V_ERR_CERT_REVOKED;
	} else if (ret->ocsp != CERT_OCSP_GOOD && shown->asked_ocsp && must_staple(shown->leaf)) {
		ret->verdict = CERT_UNPROVEN;
		ret->code = X509_V_ERR_OCSP_VERIFY_NEEDED;
	}
}

void cert_judge(
	X509_STORE *trust, const struct cert_shown *shown, int64_t now, struct cert_judged *ret)
{
	struct faults f = {0};
	X509_STORE_CTX *ctx = verify(trust, shown->leaf, shown->others, now, &f);

	*ret = (struct cert_judged){.crl_gap = f.crl_gap};
	if (f.n) {
		ret->code = f.v[0].code;
		ret->depth = f.v[0].depth;
		ret->verdict = is_crl_code(ret->code) ? CERT_UNPROVEN : verdict_of(ret->code);
	} else {
		judge_ocsp(ctx, shown, now, ret);
	}
	if (ret->verdict == CERT_GOOD)
		ret->expires = cert_first_end(NULL, X509_STORE_CTX_get0_chain(ctx));
	X509_STORE_CTX_free(ctx);
}

enum cert_verdict cert_judge_chain(
	X509_STORE *trust, X509 *leaf, STACK_OF(X509) * others, int64_t now, int *ret_code)
{
	struct cert_shown shown = {.leaf = leaf, .others = others};
	struct cert_judged judged;

	cert_judge(trust, &shown, now, &judged);
	*ret_code = judged.code;
	return judged.verdict;
}

/* ---- the chain in words ---- */

static void add_day(struct buf *out, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	if (gmtime_r(&t, &tm))
		buf_printf(out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static void add_link(struct buf *out, X509 *x, int depth, const struct faults *f)
{
	bool bad = false;

	buf_printf(out, "%s%d: ", depth ? "; " : "", depth);
	cert_subject(x, out);
	buf_str(out, ", until ");
	add_day(out, cert_not_after(x));
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].depth != depth)
			continue;
		buf_printf(out, "%s%s", bad ? ", " : ": ",
			X509_verify_cert_error_string(f->v[i].code));
		bad = true;
	}
}

static bool in_store(X509_STORE *trust, X509 *x)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(trust);
	bool found = false;

	X509_STORE_lock(trust);
	for (int i = 0; i < sk_X509_OBJECT_num(all) && !found; i++) {
		X509 *other = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));

		found = other && X509_cmp(other, x) == 0;
	}
	X509_STORE_unlock(trust);
	return found;
}

void cert_chain_text(
	X509_STORE *trust, X509 *leaf, STACK_OF(X509) * others, int64_t now, struct buf *out)
{
	struct faults f = {0};
	X509_STORE_CTX *ctx = verify(trust, leaf, others, now, &f);
	STACK_OF(X509) *chain = ctx ? X509_STORE_CTX_get0_chain(ctx) : NULL;
	int n = sk_X509_num(chain);

	if (n <= 0)
		add_link(out, leaf, 0, &f);
	for (int i = 0; i < n; i++)
		add_link(out, sk_X509_value(chain, i), i, &f);
	if (n > 0 && in_store(trust, sk_X509_value(chain, n - 1)))
		buf_str(out, ", trusted");
	X509_STORE_CTX_free(ctx);
}

/* ---- names ---- */

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

/* A name may be any bytes: whoever made the certificate wrote it. */
static void add_name(struct buf *out, const char *kind, struct slice name)
{
	char *text = xmalloc(name.n + 1);

	if (out->n)
		buf_chr(out, ' ');
	buf_str(out, kind);
	buf_add(out, text, clean_text(text, name.n + 1, name));
	free(text);
}

void cert_names(X509 *leaf, struct buf *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, i);
		struct slice srv = other_name(gn, NID_SRVName, V_ASN1_IA5STRING);
		struct slice xmpp = other_name(gn, NID_XmppAddr, V_ASN1_UTF8STRING);

		if (gn->type == GEN_DNS)
			add_name(out, "dns:", asn1_slice(gn->d.dNSName));
		else if (srv.p)
			add_name(out, "srv:", srv);
		else if (xmpp.p)
			add_name(out, "xmpp:", xmpp);
	}
	GENERAL_NAMES_free(names);
}
