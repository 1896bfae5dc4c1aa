#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/tls.h"
#include "pki.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct pki *pki;
static struct pki_files a, b;

static int setup(void **state)
{
	pki = pki_new();
	a = pki_issue(pki, "a", &(struct pki_spec){.dns = NAMES("a.lab")});
	b = pki_issue(
		pki, "b", &(struct pki_spec){.dns = NAMES("b.lab"), .from_days = -1, .to_days = 3});
	return 0;
}

static int teardown(void **state)
{
	pki_free(pki);
	return 0;
}

static void context_by_domain_or_default(void **state)
{
	static const char *const for_a[] = {"a.lab", "more.a.lab"};
	struct tls_cert_files files[] = {
		{.name = "a", .chain = a.chain, .key = a.key, .domains = for_a, .n_domains = 2},
		{.name = "b", .chain = b.chain, .key = b.key},
	};
	struct tls_set *s;
	struct err e = {0};

	assert_int_equal(tls_set_load(&s, files, 2, pki_trust(pki), &e), 0);
	assert_non_null(tls_set_for(s, SL("a.lab")));
	assert_ptr_equal(tls_set_for(s, SL("A.lab")), tls_set_for(s, SL("more.a.lab")));
	assert_ptr_equal(tls_set_for(s, SL("b.lab")), tls_set_for(s, SL("any.lab")));
	assert_ptr_not_equal(tls_set_for(s, SL("b.lab")), tls_set_for(s, SL("a.lab")));
	assert_in_range(tls_set_expires(s), time(NULL) + 2 * 86400, time(NULL) + 4 * 86400);
	tls_set_unref(s);
	assert_int_equal(tls_set_load(&s, files, 1, pki_trust(pki), &e), 0);
	assert_null(tls_set_for(s, SL("b.lab")));
	tls_set_unref(s);
}

/* Who connects does so without a certificate where it has none (RFC 7590 3.4). */
static void a_client_needs_no_certificate(void **state)
{
	static const char *const for_a[] = {"a.lab"};
	struct tls_cert_files f = {
		.name = "a", .chain = a.chain, .key = a.key, .domains = for_a, .n_domains = 1};
	struct tls_set *s;
	struct err e;

	assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
	assert_ptr_equal(tls_set_client(s, SL("a.lab")), tls_set_for(s, SL("a.lab")));
	assert_non_null(tls_set_client(s, SL("b.lab")));
	assert_null(SSL_CTX_get0_certificate(tls_set_client(s, SL("b.lab"))));
	assert_int_equal(
		SSL_CTX_get_min_proto_version(tls_set_client(s, SL("b.lab"))), TLS1_2_VERSION);
	tls_set_unref(s);
}

static void refuse(struct tls_cert_files f, const char *trust, const char *words)
{
	struct tls_set *s = NULL;
	struct err e = {0};

	assert_int_equal(tls_set_load(&s, &f, 1, trust, &e), -1);
	assert_null(s);
	if (!strstr(e.text, words))
		fail_msg("'%s' does not say '%s'", e.text, words);
}

static void failures_name_the_file_and_the_reason(void **state)
{
	char empty[] = "/tmp/empty-XXXXXX";
	int fd = mkstemp(empty);
	struct tls_cert_files good = {.name = "a", .chain = a.chain, .key = a.key}, f = good;

	close(fd);
	f.chain = "/nonexistent/a.pem";
	refuse(f, pki_trust(pki), "/nonexistent/a.pem");
	refuse(f, pki_trust(pki), "No such file");
	f.chain = empty;
	refuse(f, pki_trust(pki), empty);
	f = good;
	f.key = b.key;
	refuse(f, pki_trust(pki), "is not that of the certificate");
	refuse(good, "/nonexistent/ca.pem", "/nonexistent/ca.pem");
	refuse(good, empty, empty); /* nobody would be trusted */
	unlink(empty);
}

static void contexts_are_strict(void **state)
{
	struct tls_cert_files f = {.name = "a", .chain = a.chain, .key = a.key};
	struct tls_set *s;
	SSL_CTX *ctx;
	struct err e;
	STACK_OF(SSL_CIPHER) *ciphers;

	assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
	ctx = tls_set_for(s, SL("a.lab"));
	assert_int_equal(SSL_CTX_get_min_proto_version(ctx), TLS1_2_VERSION);
	assert_true(SSL_CTX_get_options(ctx) & SSL_OP_NO_RENEGOTIATION);
	assert_true(SSL_CTX_get_options(ctx) & SSL_OP_NO_COMPRESSION);
	assert_true(SSL_CTX_get_options(ctx) & SSL_OP_NO_TICKET);
	ciphers = SSL_CTX_get_ciphers(ctx);
	assert_true(sk_SSL_CIPHER_num(ciphers) > 3);
	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(ciphers, i);

		assert_true(SSL_CIPHER_is_aead(c));
		assert_true(SSL_CIPHER_get_kx_nid(c) == NID_kx_ecdhe ||
			    SSL_CIPHER_get_kx_nid(c) == NID_kx_any);
	}
	tls_set_unref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_by_domain_or_default),
		cmocka_unit_test(a_client_needs_no_certificate),
		cmocka_unit_test(failures_name_the_file_and_the_reason),
		cmocka_unit_test(contexts_are_strict),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
