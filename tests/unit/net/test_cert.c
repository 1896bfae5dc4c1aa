#include "unit.h"

#include <openssl/x509_vfy.h>
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
		/* What it is meant for is not looked at (59). */
		{{.eku = "serverAuth"}, CERT_GOOD, X509_V_OK},
		{{.eku = "clientAuth"}, CERT_GOOD, X509_V_OK},
		{{.eku = "emailProtection"}, CERT_GOOD, X509_V_OK},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		STACK_OF(X509) *others;
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
		cmocka_unit_test(time_is_passed_in),
		cmocka_unit_test(lists_all_names),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
