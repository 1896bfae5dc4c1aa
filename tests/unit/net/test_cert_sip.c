#include "unit.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/cert.h"

/* Whom a certificate is of, to SIP: RFC 5922 7.1 and 7.2. */

static X509 *certificate(const char *cn, const char *names)
{
	X509 *x = X509_new();

	if (cn)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
			(const unsigned char *)cn, -1, -1, 0);
	if (names) {
		X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

		assert_non_null(ext);
		X509_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
	}
	return x;
}

static void names_of_a_certificate(void **state)
{
	/* clang-format off */
	static const struct {
		const char *cn, *names;
		const char *want; /* "|" behind each */
	} cases[] = {
		{"pbx.example", NULL, "pbx.example|"}, /* 7.1: only without subjectAltName */
		{"pbx.example", "DNS:sip.example", "sip.example|"},
		{"pbx.example", "email:a@pbx.example", ""},
		{NULL, "DNS:SIP.Example,DNS:two.example.", "sip.example|two.example|"},
		{NULL, "URI:sip:example.com", "example.com|"},
		{NULL, "URI:SIP:Example.com;transport=tls", "example.com|"},
		{NULL, "URI:sip:example.com:5061", "example.com|"},
		{NULL, "URI:sips:example.com", ""}, /* 7.1: only sip */
		{NULL, "DNS:a.example,URI:sip:b.example", "b.example|"}, /* 7.1: the URI alone */
		{NULL, "DNS:a.example,URI:sip:alice@b.example", "a.example|"},
		{NULL, "DNS:a.example,URI:sips:b.example", "a.example|"},
		{NULL, "URI:sip:alice@example.com", ""}, /* a person */
		{NULL, "URI:https://example.com", ""},
		{NULL, "DNS:*.example.com,DNS:a.example.com", "a.example.com|"}, /* 7.2 */
		{NULL, "DNS:a b.example", ""},
		{NULL, "IP:192.0.2.1,IP:2001:db8::1", "192.0.2.1|2001:db8::1|"}, /* ours */
		{"*.example.com", NULL, ""},
		{NULL, NULL, ""},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		X509 *x = certificate(cases[i].cn, cases[i].names);
		struct buf out = {0};

		cert_sip_names(x, &out);
		for (size_t k = 0; k < out.n; k++)
			if (!out.p[out.off + k])
				out.p[out.off + k] = '|';
		assert_slice(buf_slice(&out), cases[i].want);
		buf_done(&out);
		X509_free(x);
	}
}

/* What a careless authority has signed for evil.example. */
static void a_nul_ends_no_name(void **state)
{
	static const char uri[] = "sip:good.example\0.evil.example",
			  dns[] = "good.example\0.evil.example";
	const struct {
		int type;
		const char *p;
		int n;
	} cases[] = {{GEN_URI, uri, sizeof uri - 1}, {GEN_DNS, dns, sizeof dns - 1}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		GENERAL_NAMES *names = GENERAL_NAMES_new();
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();
		X509 *x = X509_new();
		struct buf out = {0};

		ASN1_STRING_set(text, cases[i].p, cases[i].n);
		GENERAL_NAME_set0_value(name, cases[i].type, text);
		sk_GENERAL_NAME_push(names, name);
		X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0);
		cert_sip_names(x, &out);
		assert_int_equal(out.n, 0);
		buf_done(&out);
		GENERAL_NAMES_free(names);
		X509_free(x);
	}
}

static void a_name_among_them(void **state)
{
	static const struct {
		const char *host;
		bool has;
	} cases[] = {
		{"a.example", true},
		{"A.EXAMPLE", true},
		{"a.example.", true},
		{"b.example", true},
		{"example", false},
		{"x.a.example", false},
		{"", false},
	};
	struct slice names = SL("a.example\0b.example\0");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(cert_sip_has(names, slice_of(cases[i].host)), cases[i].has);
	assert_false(cert_sip_has(SL(""), SL("a.example")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_a_certificate),
		cmocka_unit_test(a_nul_ends_no_name),
		cmocka_unit_test(a_name_among_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
