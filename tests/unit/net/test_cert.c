#include "unit.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/cert.h"
#include "pki.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct pki *pki;

static int setup(void **state)
{
	pki = pki_new();
	return 0;
}

static int teardown(void **state)
{
	pki_free(pki);
	return 0;
}

/* Points 50 to 56 of RFC 6120 13.7, RFC 6125, XEP-0178: which names are whose. */
static void names_of_a_domain(void **state)
{
	const struct {
		struct pki_spec spec;
		const char *domain;
		bool good;
	} cases[] = {
		{{.dns = NAMES("im.example")}, "im.example", true},
		{{.dns = NAMES("IM.Example")}, "im.example", true},
		{{.dns = NAMES("im.example.")}, "im.example", true},
		{{.dns = NAMES("other.example", "im.example")}, "im.example", true},
		{{.dns = NAMES("example")}, "im.example", false},
		{{.dns = NAMES("sub.im.example")}, "im.example", false},
		/* A wildcard is the complete left-most label, and stands for one. */
		{{.dns = NAMES("*.example.org")}, "im.example.org", true},
		{{.dns = NAMES("*.example.org")}, "example.org", false},
		{{.dns = NAMES("*.example.org")}, "a.im.example.org", false},
		{{.dns = NAMES("i*.example.org")}, "im.example.org", false},
		{{.dns = NAMES("im.*.org")}, "im.example.org", false},
		{{.dns = NAMES("*")}, "im.example.org", false},
		{{.dns = NAMES("*.org")}, "example.org", false},
		{{.dns = NAMES("*.")}, "org", false},
		/* SRVName: the server service, no wildcard. */
		{{.srv = NAMES("_xmpp-server.im.example")}, "im.example", true},
		{{.srv = NAMES("_XMPP-Server.IM.example")}, "im.example", true},
		{{.srv = NAMES("_xmpp-client.im.example")}, "im.example", false},
		{{.srv = NAMES("_xmpp-server.*.example.org")}, "im.example.org", false},
		{{.srv = NAMES("im.example")}, "im.example", false},
		{{.srv = NAMES("_xmpp-server.")}, "im.example", false},
		/* xmppAddr: the bare domain, in either form. */
		{{.xmpp = NAMES("im.example")}, "im.example", true},
		{{.xmpp = NAMES("b\xc3\xbc"
				"cher.example")},
			"xn--bcher-kva.example", true},
		{{.xmpp = NAMES("romeo@im.example")}, "im.example", false},
		{{.xmpp = NAMES("im.example/x")}, "im.example", false},
		{{.dns = NAMES("xn--bcher-kva.example")}, "xn--bcher-kva.example", true},
		{{.dns = NAMES("XN--BCHER-KVA.example")}, "xn--bcher-kva.example", true},
		/* Not the common name; no name with a NUL or a control character in it. */
		{{.cn = "im.example"}, "im.example", false},
		{{.cn = "im.example", .dns = NAMES("other.example")}, "im.example", false},
		{{.nul_in_dns = true}, "victim.lab", false},
		{{.dns = NAMES("im.example\n")}, "im.example", false},
		{{.dns = NAMES("")}, "im.example", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		X509 *x = pki_make(pki, &cases[i].spec, NULL);

		if (cert_is_for(x, slice_of(cases[i].domain)) != cases[i].good)
			fail_msg("case %zu: %s must %sbe good", i, cases[i].domain,
				cases[i].good ? "" : "not ");
		X509_free(x);
	}
}

static void chains(void **state)
{
	static const struct {
		struct pki_spec spec;
		enum cert_verdict verdict;
		int code;
	} cases[] = {
		{{0}, CERT_GOOD, X509_V_OK},
		{{.by_intermediate = true}, CERT_GOOD, X509_V_OK},
		{{.from_days = -10, .to_days = -1}, CERT_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED},
		{{.from_days = 1, .to_days = 10}, CERT_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID},
		{{.self_signed = true}, CERT_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
		{{.weak = true}, CERT_WEAK, X509_V_ERR_EE_KEY_TOO_SMALL},
		{{.sha1 = true}, CERT_WEAK, X509_V_ERR_CA_MD_TOO_WEAK},
		/* What it is meant for is not looked at (59). */
		{{.eku = "serverAuth"}, CERT_GOOD, X509_V_OK},
		{{.eku = "clientAuth"}, CERT_GOOD, X509_V_OK},
		{{.eku = "emailProtection"}, CERT_GOOD, X509_V_OK},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		STACK_OF(X509) * others;
		X509 *x = pki_make(pki, &cases[i].spec, &others);
		int code = -1;
		enum cert_verdict v =
			cert_judge_chain(pki_store(pki), x, others, time(NULL), &code);

		if (v != cases[i].verdict || code != cases[i].code)
			fail_msg("case %zu: %s, code %d", i, cert_verdict_name(v), code);
		X509_free(x);
		sk_X509_pop_free(others, X509_free);
	}
}

static void foreign_authority_and_missing_link(void **state)
{
	struct pki *other = pki_new();
	X509 *x = pki_make(other, &(struct pki_spec){0}, NULL);
	X509 *y = pki_make(pki, &(struct pki_spec){.by_intermediate = true}, NULL);
	int code;

	assert_int_equal(
		cert_judge_chain(pki_store(pki), x, NULL, time(NULL), &code), CERT_UNTRUSTED);
	assert_int_equal(
		cert_judge_chain(pki_store(pki), y, NULL, time(NULL), &code), CERT_UNTRUSTED);
	assert_int_equal(code, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	X509_free(x);
	X509_free(y);
	pki_free(other);
}

/* ---- revocation lists (RFC 5280 6.3) ---- */

/* The authority with the lists named, of which the store has a copy. */
static X509_STORE *store_with(enum cert_crls how, const char *const *paths)
{
	X509_STORE *s = X509_STORE_new();

	assert_int_equal(X509_STORE_load_file(s, pki_trust(pki)), 1);
	for (int i = 0; paths && paths[i]; i++) {
		FILE *f = fopen(paths[i], "r");
		X509_CRL *crl = PEM_read_X509_CRL(f, NULL, NULL, NULL);

		assert_non_null(crl);
		X509_STORE_add_crl(s, crl);
		X509_CRL_free(crl);
		fclose(f);
	}
	cert_use_crls(s, how);
	return s;
}

struct crl_case {
	const char *what;
	enum cert_crls how;
	bool by_intermediate; /* the certificate */
	/* Which lists there are; the leaf's issuer's names the leaf or not. */
	bool root_list, sub_list, sub_revoked, leaf_revoked;
	int from_days, to_days;
	bool forged;
	enum cert_verdict verdict;
	bool gap;
};

static const struct crl_case crl_cases[] = {
	{"on no list", CERT_CRLS_AUTO, .root_list = true, .verdict = CERT_GOOD},
	{"on the list", CERT_CRLS_AUTO, .root_list = true, .leaf_revoked = true,
		.verdict = CERT_REVOKED},
	{"required, on no list", CERT_CRLS_REQUIRE, .root_list = true, .verdict = CERT_GOOD},
	{"required, on the list", CERT_CRLS_REQUIRE, .root_list = true, .leaf_revoked = true,
		.verdict = CERT_REVOKED},
	{"no list", CERT_CRLS_AUTO, .verdict = CERT_GOOD, .gap = true},
	{"required, no list", CERT_CRLS_REQUIRE, .verdict = CERT_UNPROVEN, .gap = true},
	{"lists are not looked at", CERT_CRLS_NONE, .root_list = true, .leaf_revoked = true,
		.verdict = CERT_GOOD},
	/* A list out of its time still tells who was revoked, but not who was not. */
	{"old list", CERT_CRLS_AUTO, .root_list = true, .from_days = -9, .to_days = -2,
		.verdict = CERT_GOOD, .gap = true},
	{"on an old list", CERT_CRLS_AUTO, .root_list = true, .leaf_revoked = true, .from_days = -9,
		.to_days = -2, .verdict = CERT_REVOKED, .gap = true},
	{"required, old list", CERT_CRLS_REQUIRE, .root_list = true, .from_days = -9, .to_days = -2,
		.verdict = CERT_UNPROVEN, .gap = true},
	{"list of the future", CERT_CRLS_AUTO, .root_list = true, .leaf_revoked = true,
		.from_days = 2, .to_days = 9, .verdict = CERT_REVOKED, .gap = true},
	/* A list that the authority did not sign revokes nobody. */
	{"on a forged list", CERT_CRLS_AUTO, .root_list = true, .leaf_revoked = true,
		.forged = true, .verdict = CERT_GOOD, .gap = true},
	{"required, on a forged list", CERT_CRLS_REQUIRE, .root_list = true, .leaf_revoked = true,
		.forged = true, .verdict = CERT_UNPROVEN, .gap = true},
	/* The whole chain is looked up, but not the root: it is in the store. */
	{"the authority between is revoked", CERT_CRLS_AUTO, .by_intermediate = true,
		.root_list = true, .sub_list = true, .sub_revoked = true, .verdict = CERT_REVOKED},
	{"revoked under the authority between", CERT_CRLS_REQUIRE, .by_intermediate = true,
		.root_list = true, .sub_list = true, .leaf_revoked = true, .verdict = CERT_REVOKED},
	{"required, both lists", CERT_CRLS_REQUIRE, .by_intermediate = true, .root_list = true,
		.sub_list = true, .verdict = CERT_GOOD},
	{"required, none of the root", CERT_CRLS_REQUIRE, .by_intermediate = true, .sub_list = true,
		.verdict = CERT_UNPROVEN, .gap = true},
	{"one of the root alone", CERT_CRLS_AUTO, .by_intermediate = true, .root_list = true,
		.verdict = CERT_GOOD, .gap = true},
};

static void play_crl(const struct crl_case *c)
{
	STACK_OF(X509) * others;
	X509 *x = pki_make(pki, &(struct pki_spec){.by_intermediate = c->by_intermediate}, &others);
	char root[128], sub[128];
	const char *paths[3] = {0};
	size_t n = 0;
	struct pki_crl list = {
		.from_days = c->from_days, .to_days = c->to_days, .forged = c->forged};
	struct cert_shown shown = {.leaf = x, .others = others};
	struct cert_judged got;
	X509_STORE *s;

	if (c->root_list) {
		list.revoked = c->sub_revoked                           ? pki_intermediate(pki)
			       : c->leaf_revoked && !c->by_intermediate ? x
									: NULL;
		pki_crl(pki, "root", &list, root);
		paths[n++] = root;
	}
	if (c->sub_list) {
		list.revoked = c->leaf_revoked ? x : NULL;
		list.by_intermediate = true;
		pki_crl(pki, "sub", &list, sub);
		paths[n++] = sub;
	}
	s = store_with(c->how, paths);
	cert_judge(s, &shown, time(NULL), &got);
	if (got.verdict != c->verdict || got.crl_gap != c->gap)
		fail_msg("%s: %s, code %d, gap %d", c->what, cert_verdict_name(got.verdict),
			got.code, got.crl_gap);
	X509_STORE_free(s);
	X509_free(x);
	sk_X509_pop_free(others, X509_free);
}

static void revocation_lists(void **state)
{
	for (size_t i = 0; i < sizeof crl_cases / sizeof crl_cases[0]; i++)
		play_crl(&crl_cases[i]);
}

/* ---- stapled responses (RFC 6960 3.2, RFC 7633) ---- */

static const struct ocsp_case {
	const char *what;
	struct pki_ocsp spec; /* status NULL: no response */
	bool must_staple, not_asked, of_another;
	enum cert_ocsp ocsp;
	enum cert_verdict verdict;
} ocsp_cases[] = {
	{"none", {0}, .ocsp = CERT_OCSP_NONE, .verdict = CERT_GOOD},
	{"good", {"good"}, .ocsp = CERT_OCSP_GOOD, .verdict = CERT_GOOD},
	{"revoked", {"revoked"}, .ocsp = CERT_OCSP_REVOKED, .verdict = CERT_REVOKED},
	{"unknown", {"unknown"}, .ocsp = CERT_OCSP_UNKNOWN, .verdict = CERT_GOOD},
	{"no answer", {"try-later"}, .ocsp = CERT_OCSP_UNKNOWN, .verdict = CERT_GOOD},
	{"old", {"good", -9, -2}, .ocsp = CERT_OCSP_STALE, .verdict = CERT_GOOD},
	{"of the future", {"good", 2, 9}, .ocsp = CERT_OCSP_STALE, .verdict = CERT_GOOD},
	{"without an end", {"good", -2, 0}, .ocsp = CERT_OCSP_GOOD, .verdict = CERT_GOOD},
	{"without an end, old", {"good", -9, 0}, .ocsp = CERT_OCSP_STALE, .verdict = CERT_GOOD},
	/* Revoked is for good. */
	{"old and revoked", {"revoked", -9, -2}, .ocsp = CERT_OCSP_REVOKED,
		.verdict = CERT_REVOKED},
	{"revoked in the future", {"revoked", 2, 9}, .ocsp = CERT_OCSP_REVOKED,
		.verdict = CERT_REVOKED},
	/* Who may sign. */
	{"by a delegate", {.status = "revoked", .delegated = true}, .ocsp = CERT_OCSP_REVOKED,
		.verdict = CERT_REVOKED},
	{"by one who may not", {.status = "revoked", .usurped = true}, .ocsp = CERT_OCSP_BAD,
		.verdict = CERT_GOOD},
	{"by a namesake", {.status = "revoked", .forged = true}, .ocsp = CERT_OCSP_BAD,
		.verdict = CERT_GOOD},
	{"about another", {"good"}, .of_another = true, .ocsp = CERT_OCSP_BAD,
		.verdict = CERT_GOOD},
	{"under an authority between", {.status = "revoked", .by_intermediate = true},
		.ocsp = CERT_OCSP_REVOKED, .verdict = CERT_REVOKED},
	/* A certificate that comes with a response, or not at all. */
	{"promised and there", {"good"}, .must_staple = true, .ocsp = CERT_OCSP_GOOD,
		.verdict = CERT_GOOD},
	{"promised and not there", {0}, .must_staple = true, .ocsp = CERT_OCSP_NONE,
		.verdict = CERT_UNPROVEN},
	{"promised and old", {"good", -9, -2}, .must_staple = true, .ocsp = CERT_OCSP_STALE,
		.verdict = CERT_UNPROVEN},
	{"promised and not asked for", {0}, .must_staple = true, .not_asked = true,
		.ocsp = CERT_OCSP_NONE, .verdict = CERT_GOOD},
};

static void play_ocsp(const struct ocsp_case *c)
{
	struct pki_spec spec = {
		.by_intermediate = c->spec.by_intermediate, .must_staple = c->must_staple};
	STACK_OF(X509) * others;
	X509 *x = pki_make(pki, &spec, &others), *y = pki_make(pki, &spec, NULL);
	struct buf der = {0};
	struct cert_shown shown = {.leaf = x, .others = others, .asked_ocsp = !c->not_asked};
	struct cert_judged got;

	if (c->spec.status)
		pki_ocsp(pki, c->of_another ? y : x, &c->spec, &der);
	shown.ocsp = buf_slice(&der);
	cert_judge(pki_store(pki), &shown, time(NULL), &got);
	if (got.verdict != c->verdict || got.ocsp != c->ocsp)
		fail_msg("%s: %s, response %s", c->what, cert_verdict_name(got.verdict),
			cert_ocsp_name(got.ocsp));
	buf_done(&der);
	X509_free(x);
	X509_free(y);
	sk_X509_pop_free(others, X509_free);
}

static void stapled_responses(void **state)
{
	for (size_t i = 0; i < sizeof ocsp_cases / sizeof ocsp_cases[0]; i++)
		play_ocsp(&ocsp_cases[i]);
}

/* Every byte of a response may be another: it never says more than it did, and nothing breaks. */
static void a_spoilt_response_says_nothing(void **state)
{
	X509 *x = pki_make(pki, &(struct pki_spec){0}, NULL);
	struct buf der = {0};

	pki_ocsp(pki, x, &(struct pki_ocsp){"revoked"}, &der);
	assert_int_equal(
		cert_judge_ocsp(buf_slice(&der), x, pki_root(pki), time(NULL)), CERT_OCSP_REVOKED);
	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(cert_judge_ocsp(slice_cut(buf_slice(&der), n), x, pki_root(pki),
					 time(NULL)),
			CERT_OCSP_BAD);
	for (size_t i = 0; i < der.n; i++) {
		enum cert_ocsp o;

		der.p[der.off + i] ^= 1;
		o = cert_judge_ocsp(buf_slice(&der), x, pki_root(pki), time(NULL));
		assert_int_not_equal(o, CERT_OCSP_GOOD);
		assert_int_not_equal(o, CERT_OCSP_NONE);
		der.p[der.off + i] ^= 1;
	}
	buf_done(&der);
	X509_free(x);
}

/* ---- chains ---- */

/*
 * An authority's old certificate by another that has ended comes along: the way by what is in the
 * store is taken (ejabberd and others fell over DST Root CA X3 in 2021).
 */
static void what_is_trusted_comes_first(void **state)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *x = pki_make(pki, &(struct pki_spec){.by_intermediate = true}, NULL);
	X509 *cross = pki_cross_signed(pki, -10, -1);
	struct cert_shown shown = {.leaf = x, .others = others};
	struct cert_judged got;

	X509_up_ref(pki_intermediate(pki));
	sk_X509_push(others, pki_intermediate(pki));
	sk_X509_push(others, cross);
	cert_judge(pki_store(pki), &shown, time(NULL), &got);
	assert_int_equal(got.verdict, CERT_GOOD);
	X509_free(x);
	sk_X509_pop_free(others, X509_free);
}

/* The chain ends with the first of its certificates (RFC 6120 13.7.2.3). */
static void the_first_end_of_the_chain(void **state)
{
	static const struct {
		int days;
		bool by_intermediate;
		int end_days;
	} cases[] = {
		{30, false, 30}, {30, true, 30}, {90, true, 60}, /* the authorities end then */
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		STACK_OF(X509) * others;
		X509 *x = pki_make(pki,
			&(struct pki_spec){.from_days = -1,
				.to_days = cases[i].days,
				.by_intermediate = cases[i].by_intermediate},
			&others);
		struct cert_shown shown = {.leaf = x, .others = others};
		struct cert_judged got;
		int64_t end = time(NULL) + cases[i].end_days * INT64_C(86400);

		cert_judge(pki_store(pki), &shown, time(NULL), &got);
		assert_int_equal(got.verdict, CERT_GOOD);
		assert_in_range(got.expires, end - 60, end + 60);
		cert_judge(pki_store(pki), &shown, end + 60, &got);
		assert_int_equal(got.verdict, CERT_EXPIRED);
		assert_int_equal(got.expires, 0);
		X509_free(x);
		sk_X509_pop_free(others, X509_free);
	}
}

static void expect_text(X509 *x, STACK_OF(X509) * others, int64_t now, const char *const *parts)
{
	struct buf out = {0};
	char *text;

	cert_chain_text(pki_store(pki), x, others, now, &out);
	text = buf_dup(&out);
	for (int i = 0; parts[i]; i++)
		if (!strstr(text, parts[i]))
			fail_msg("'%s' does not say '%s'", text, parts[i]);
	free(text);
	buf_done(&out);
}

static void the_chain_in_words(void **state)
{
	STACK_OF(X509) * others;
	X509 *x =
		pki_make(pki, &(struct pki_spec){.cn = "im.lab", .by_intermediate = true}, &others);
	X509 *self = pki_make(pki, &(struct pki_spec){.cn = "alone", .self_signed = true}, NULL);

	expect_text(x, others, time(NULL),
		NAMES("0: CN=im.lab, until 2", "; 1: CN=Lab Sub CA, until 2",
			"; 2: CN=Lab Root CA, until 2", ", trusted"));
	/* All that is wrong, where it is wrong. */
	expect_text(x, others, time(NULL) + 61 * INT64_C(86400),
		NAMES("0: CN=im.lab, until ", ": certificate has expired; 1: CN=Lab Sub CA",
			": certificate has expired; 2: CN=Lab Root CA"));
	expect_text(x, NULL, time(NULL),
		NAMES("0: CN=im.lab, until ", "unable to get local issuer certificate"));
	expect_text(self, NULL, time(NULL), NAMES("0: CN=alone", "self-signed certificate"));
	X509_free(x);
	X509_free(self);
	sk_X509_pop_free(others, X509_free);
}

static void what_it_is_meant_for(void **state)
{
	static const struct {
		const char *eku, *text;
		unsigned bits;
	} cases[] = {
		{NULL, "", CERT_FOR_SERVER | CERT_FOR_CLIENT},
		{"serverAuth", "serverAuth", CERT_FOR_SERVER},
		{"clientAuth", "clientAuth", CERT_FOR_CLIENT},
		{"serverAuth,clientAuth", "serverAuth clientAuth",
			CERT_FOR_SERVER | CERT_FOR_CLIENT},
		{"anyExtendedKeyUsage", "anyExtendedKeyUsage", CERT_FOR_SERVER | CERT_FOR_CLIENT},
		{"emailProtection", "emailProtection", 0},
		{"1.2.3.4.5", "1.2.3.4.5", 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		X509 *x = pki_make(pki, &(struct pki_spec){.eku = cases[i].eku}, NULL);
		struct buf out = {0};

		assert_int_equal(cert_purposes(x, &out), cases[i].bits);
		assert_slice(buf_slice(&out), cases[i].text);
		buf_done(&out);
		X509_free(x);
	}
}

static void what_people_are_told_of_it(void **state)
{
	X509 *x = pki_make(pki,
		&(struct pki_spec){.cn = "b\xc3\xbc"
					 "cher\n.lab"},
		NULL);
	char print[CERT_FINGERPRINT + 1];
	struct buf out = {0};

	cert_subject(x, &out); /* letters as they are, control characters not */
	assert_slice(buf_slice(&out), "CN=b\xc3\xbc"
				      "cher\\0A.lab");
	buf_reset(&out);
	cert_issuer(x, &out);
	assert_slice(buf_slice(&out), "CN=Lab Root CA");
	buf_reset(&out);
	cert_key(x, &out);
	assert_slice(buf_slice(&out), "EC 256");
	buf_done(&out);
	cert_fingerprint(x, print);
	assert_int_equal(strspn(print, "0123456789abcdef"), 64);
	assert_int_equal(strlen(print), 64);
	assert_in_range(cert_not_before(x), time(NULL) - 86460, time(NULL) - 86340);
	assert_in_range(cert_not_after(x), time(NULL) + 30 * 86400 - 60, time(NULL) + 30 * 86400);
	X509_free(x);
}

static void time_is_passed_in(void **state)
{
	X509 *x = pki_make(pki, &(struct pki_spec){0}, NULL);
	int code;

	assert_int_equal(cert_judge_chain(pki_store(pki), x, NULL, time(NULL) + 40 * 86400, &code),
		CERT_EXPIRED);
	X509_free(x);
}

static void lists_all_names(void **state)
{
	X509 *x = pki_make(pki,
		&(struct pki_spec){.dns = NAMES("a.lab"),
			.srv = NAMES("_xmpp-server.b.lab"),
			.xmpp = NAMES("c.lab")},
		NULL);
	struct buf out = {0};

	cert_names(x, &out);
	assert_slice(buf_slice(&out), "dns:a.lab srv:_xmpp-server.b.lab xmpp:c.lab");
	buf_done(&out);
	X509_free(x);
}

/* Whoever makes a certificate writes what he likes into it; people and JSON read it here. */
static void names_are_fit_to_be_shown(void **state)
{
	X509 *x = pki_make(
		pki, &(struct pki_spec){.dns = NAMES("a\033[2J.lab"), .nul_in_dns = true}, NULL);
	struct buf out = {0};

	cert_names(x, &out);
	assert_slice(buf_slice(&out), "dns:a?[2J.lab dns:victim.lab?.evil.lab");
	buf_done(&out);
	X509_free(x);
}

static void verdicts_have_names(void **state)
{
	for (enum cert_verdict v = 0; v < CERT__N; v++) {
		assert_non_null(cert_verdict_name(v));
		assert_true(strlen(cert_verdict_text(v)) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_a_domain),
		cmocka_unit_test(chains),
		cmocka_unit_test(foreign_authority_and_missing_link),
		cmocka_unit_test(revocation_lists),
		cmocka_unit_test(stapled_responses),
		cmocka_unit_test(a_spoilt_response_says_nothing),
		cmocka_unit_test(what_is_trusted_comes_first),
		cmocka_unit_test(the_first_end_of_the_chain),
		cmocka_unit_test(the_chain_in_words),
		cmocka_unit_test(what_it_is_meant_for),
		cmocka_unit_test(what_people_are_told_of_it),
		cmocka_unit_test(time_is_passed_in),
		cmocka_unit_test(lists_all_names),
		cmocka_unit_test(names_are_fit_to_be_shown),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
