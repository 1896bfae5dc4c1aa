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
	STACK_OF(SSL_CIPHER) * ciphers;

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

/* ---- handshakes, in memory ---- */

struct pair {
	SSL *client, *server;
};

static void drive(struct pair *p)
{
	for (int i = 0; i < 20; i++) {
		SSL_do_handshake(p->client);
		SSL_do_handshake(p->server);
	}
}

static void shake(struct pair *p, SSL_CTX *client, SSL_CTX *server, const char *sni, int version)
{
	BIO *c, *s;

	*p = (struct pair){SSL_new(client), SSL_new(server)};
	assert_int_equal(BIO_new_bio_pair(&c, 0, &s, 0), 1);
	SSL_set_bio(p->client, c, c);
	SSL_set_bio(p->server, s, s);
	SSL_set_connect_state(p->client);
	SSL_set_accept_state(p->server);
	SSL_set_max_proto_version(p->client, version);
	if (sni)
		SSL_set_tlsext_host_name(p->client, sni);
	drive(p);
	assert_true(SSL_is_init_finished(p->client) && SSL_is_init_finished(p->server));
}

static void part(struct pair *p)
{
	SSL_free(p->client);
	SSL_free(p->server);
}

static bool shows(const SSL *ssl, const char *domain)
{
	return cert_is_for(SSL_get0_peer_certificate(ssl), slice_of(domain));
}

/*
 * Points 40 and 46: the certificate of the domain that the ClientHello names, if it has one of its
 * own; else that of the stream's `to`, which chose the context.
 */
static void the_certificate_by_to_and_by_server_name(void **state)
{
	static const char *const for_a[] = {"a.lab"}, *const for_b[] = {"b.lab"};
	struct pki_files c = pki_issue(pki, "any", &(struct pki_spec){.dns = NAMES("any.lab")});
	struct tls_cert_files files[] = {
		{.name = "a", .chain = a.chain, .key = a.key, .domains = for_a, .n_domains = 1},
		{.name = "b", .chain = b.chain, .key = b.key, .domains = for_b, .n_domains = 1},
		{.name = "any", .chain = c.chain, .key = c.key},
	};
	static const struct {
		const char *to, *sni, *shown, *name;
	} cases[] = {
		{"a.lab", NULL, "a.lab", "a"},
		{"b.lab", NULL, "b.lab", "b"},
		{"other.lab", NULL, "any.lab", "any"},
		{"a.lab", "a.lab", "a.lab", "a"},
		{"a.lab", "b.lab", "b.lab", "b"}, /* they differ: SNI */
		{"a.lab", "B.Lab", "b.lab", "b"},
		{"other.lab", "b.lab", "b.lab", "b"},
		/* It has none of its own: that of `to`, not the default one. */
		{"a.lab", "other.lab", "a.lab", "a"},
		{"a.lab", "im.b.lab", "a.lab", "a"},
	};
	struct tls_set *s;
	struct err e;

	assert_int_equal(tls_set_load(&s, files, 3, pki_trust(pki), &e), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
			struct pair p;

			shake(&p, tls_set_client(s, SL("a.lab")),
				tls_set_for(s, slice_of(cases[i].to)), cases[i].sni, v);
			if (!shows(p.client, cases[i].shown))
				fail_msg("to %s, SNI %s: not %s's", cases[i].to,
					cases[i].sni ? cases[i].sni : "none", cases[i].shown);
			assert_string_equal(
				tls_context_name(SSL_get_SSL_CTX(p.server)), cases[i].name);
			/* The client has shown its own, and nothing else. */
			assert_true(shows(p.server, "a.lab"));
			part(&p);
		}
	}
	tls_set_unref(s);
}

static void a_client_without_a_certificate_is_let_in(void **state)
{
	static const char *const for_a[] = {"a.lab"};
	struct tls_cert_files f = {
		.name = "a", .chain = a.chain, .key = a.key, .domains = for_a, .n_domains = 1};
	struct tls_set *s;
	struct pair p;
	struct err e;

	assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
	shake(&p, tls_set_client(s, SL("b.lab")), tls_set_for(s, SL("a.lab")), NULL,
		TLS1_3_VERSION);
	assert_null(SSL_get0_peer_certificate(p.server));
	assert_true(shows(p.client, "a.lab"));
	part(&p);
	tls_set_unref(s);
}

/* Point 42: a client that begins anew is told no by a warning, and all goes on. */
static void renegotiation_is_refused_and_the_connection_stays(void **state)
{
	struct tls_cert_files f = {.name = "a", .chain = a.chain, .key = a.key};
	SSL_CTX *willing = SSL_CTX_new(TLS_method()); /* ours would not begin */
	struct tls_set *s;
	struct pair p;
	char got[8];
	size_t n;
	struct err e;

	assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
	shake(&p, willing, tls_set_for(s, SL("a.lab")), NULL, TLS1_2_VERSION);
	assert_int_equal(SSL_renegotiate(p.client), 1);
	drive(&p);
	assert_int_equal(SSL_read_ex(p.server, got, sizeof got, &n), 0);
	assert_int_equal(SSL_get_error(p.server, 0), SSL_ERROR_WANT_READ);
	assert_int_equal(SSL_write_ex(p.server, "hello", 5, &n), 1);
	assert_false(SSL_get_shutdown(p.server));
	part(&p);
	SSL_CTX_free(willing);
	tls_set_unref(s);
}

static void old_versions_and_weak_ciphers_are_refused(void **state)
{
	static const struct {
		int version;
		const char *ciphers;
	} offers[] = {
		{TLS1_1_VERSION, "ALL:@SECLEVEL=0"},
		{TLS1_2_VERSION, "AES128-GCM-SHA256:@SECLEVEL=0"}, /* no forward secrecy */
		{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"},
		{TLS1_2_VERSION, "eNULL:@SECLEVEL=0"},
	};
	struct tls_cert_files f = {.name = "a", .chain = a.chain, .key = a.key};
	struct tls_set *s;
	struct err e;

	assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
	for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
		SSL_CTX *ctx = SSL_CTX_new(TLS_method());
		struct pair p = {SSL_new(ctx), SSL_new(tls_set_for(s, SL("a.lab")))};
		BIO *x, *y;

		SSL_set_min_proto_version(p.client, offers[i].version);
		SSL_set_max_proto_version(p.client, offers[i].version);
		assert_int_equal(SSL_set_cipher_list(p.client, offers[i].ciphers), 1);
		BIO_new_bio_pair(&x, 0, &y, 0);
		SSL_set_bio(p.client, x, x);
		SSL_set_bio(p.server, y, y);
		SSL_set_connect_state(p.client);
		SSL_set_accept_state(p.server);
		drive(&p);
		assert_false(SSL_is_init_finished(p.server));
		part(&p);
		SSL_CTX_free(ctx);
	}
	tls_set_unref(s);
}

/* ---- chains and responses from files of their own ---- */

static void intermediates_from_a_file_of_their_own(void **state)
{
	char above[128];
	struct pki_files c = pki_issue_apart(pki, "apart",
		&(struct pki_spec){.dns = NAMES("c.lab"), .by_intermediate = true}, above);
	struct tls_cert_files f = {.name = "c", .chain = c.chain, .key = c.key};
	struct tls_set *s;
	struct pair p;
	int code;
	struct err e;

	assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
	assert_int_equal(cert_judge_chain(tls_set_trust(s), tls_set_own(s, 0)->cert,
				 tls_set_own(s, 0)->chain, time(NULL), &code),
		CERT_UNTRUSTED); /* how a stranger sees it */
	tls_set_unref(s);
	f.intermediates = above;
	assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
	assert_int_equal(cert_judge_chain(tls_set_trust(s), tls_set_own(s, 0)->cert,
				 tls_set_own(s, 0)->chain, time(NULL), &code),
		CERT_GOOD);
	shake(&p, tls_set_client(s, SL("c.lab")), tls_set_for(s, SL("c.lab")), NULL,
		TLS1_3_VERSION);
	assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(p.client)), 2);
	part(&p);
	tls_set_unref(s);
	f.intermediates = a.key;
	refuse(f, pki_trust(pki), "intermediate certificates");
}

static void write_bytes(const char *path, struct slice bytes)
{
	FILE *f = fopen(path, "w");

	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	fclose(f);
}

/* What the client is shown with the certificate; the caller frees it. */
static struct buf stapled(struct tls_set *s)
{
	const unsigned char *der = NULL;
	struct buf got = {0};
	struct pair p;
	long n;

	shake(&p, tls_set_client(s, SL("c.lab")), tls_set_for(s, SL("c.lab")), NULL,
		TLS1_3_VERSION);
	n = SSL_get_tlsext_status_ocsp_resp(p.client, &der);
	if (n > 0)
		buf_add(&got, der, (size_t)n);
	part(&p);
	return got;
}

static void a_good_response_is_stapled(void **state)
{
	static const struct {
		struct pki_ocsp spec;
		enum cert_ocsp ocsp;
	} cases[] = {
		{{.status = "good", .by_intermediate = true}, CERT_OCSP_GOOD},
		{{.status = "revoked", .by_intermediate = true}, CERT_OCSP_REVOKED},
		{{"good", -9, -2, .by_intermediate = true}, CERT_OCSP_STALE},
		{{.status = "good", .forged = true}, CERT_OCSP_BAD},
	};
	struct pki_files c = pki_issue(
		pki, "staple", &(struct pki_spec){.dns = NAMES("c.lab"), .by_intermediate = true});
	char path[] = "/tmp/ocsp-XXXXXX";
	struct tls_cert_files f = {.name = "c", .chain = c.chain, .key = c.key, .ocsp = path};
	int fd = mkstemp(path);
	struct err e;

	close(fd);
	refuse(f, pki_trust(pki), "is empty");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf der = {0}, got;
		struct tls_set *s;

		pki_ocsp(pki, pki_last(pki), &cases[i].spec, &der);
		write_bytes(path, buf_slice(&der));
		assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
		assert_int_equal(tls_set_own(s, 0)->ocsp, cases[i].ocsp);
		got = stapled(s);
		if (cases[i].ocsp == CERT_OCSP_GOOD)
			assert_true(slice_eq(buf_slice(&got), buf_slice(&der)));
		else
			assert_int_equal(got.n, 0);
		buf_done(&got);
		buf_done(&der);
		tls_set_unref(s);
	}
	unlink(path);
	refuse(f, pki_trust(pki), path);
}

static void revocation_lists_are_read_in_both_forms(void **state)
{
	struct tls_files f = {.trust = pki_trust(pki), .n_crls = 1};
	struct pki_crl spec = {0};
	struct cert_shown shown;
	struct cert_judged got;
	struct tls_set *s;
	char path[128];
	const char *paths[] = {path};
	struct buf stale = {0};
	struct err e;

	pki_issue(pki, "gone", &(struct pki_spec){.dns = NAMES("gone.lab")});
	shown = (struct cert_shown){.leaf = pki_last(pki)};
	spec.revoked = pki_last(pki);
	f.crls = paths;
	for (int der = 0; der < 2; der++) {
		spec.der = der;
		pki_crl(pki, der ? "der" : "pem", &spec, path);
		assert_int_equal(tls_set_load_files(&s, &f, &e), 0);
		cert_judge(tls_set_trust(s), &shown, time(NULL), &got);
		assert_int_equal(got.verdict, CERT_REVOKED);
		assert_int_equal(tls_set_stale_crls(s, time(NULL), &stale), 0);
		assert_int_equal(tls_set_stale_crls(s, time(NULL) + 31 * 86400, &stale), 1);
		assert_slice(buf_slice(&stale), "CN=Lab Root CA");
		buf_done(&stale);
		tls_set_unref(s);
	}
	paths[0] = a.key;
	assert_int_equal(tls_set_load_files(&s, &f, &e), -1);
	assert_non_null(strstr(e.text, "revocation list "));
	paths[0] = "/nonexistent.crl";
	assert_int_equal(tls_set_load_files(&s, &f, &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent.crl: No such file"));
	/* Required, and there is no list at all. */
	f.n_crls = 0;
	f.crl_require = true;
	assert_int_equal(tls_set_load_files(&s, &f, &e), 0);
	cert_judge(tls_set_trust(s), &shown, time(NULL), &got);
	assert_int_equal(got.verdict, CERT_UNPROVEN);
	tls_set_unref(s);
}

/* As somebody sees it who trusts what everybody trusts, and not our own authority. */
static void what_a_stranger_makes_of_our_chain(void **state)
{
	struct tls_cert_files f = {.name = "a", .chain = a.chain, .key = a.key};
	X509_STORE *everybody;
	struct tls_set *s;
	struct err e;
	int code;

	if (access(tls_trust_file("system"), R_OK) < 0)
		skip(); /* ca-certificates is not installed */
	assert_int_equal(tls_system_trust(&everybody, &e), 0);
	assert_int_equal(tls_set_load(&s, &f, 1, pki_trust(pki), &e), 0);
	assert_int_equal(cert_judge_chain(tls_set_trust(s), tls_set_own(s, 0)->cert,
				 tls_set_own(s, 0)->chain, time(NULL), &code),
		CERT_GOOD);
	assert_int_equal(cert_judge_chain(everybody, tls_set_own(s, 0)->cert,
				 tls_set_own(s, 0)->chain, time(NULL), &code),
		CERT_UNTRUSTED);
	X509_STORE_free(everybody);
	tls_set_unref(s);
}

static void what_is_shown_for_a_domain(void **state)
{
	static const char *const for_a[] = {"a.lab"};
	struct tls_cert_files files[] = {
		{.name = "a", .chain = a.chain, .key = a.key, .domains = for_a, .n_domains = 1},
		{.name = "b", .chain = b.chain, .key = b.key},
	};
	struct tls_set *s;
	struct err e;

	assert_int_equal(tls_set_load(&s, files, 2, pki_trust(pki), &e), 0);
	assert_int_equal(tls_set_count(s), 2);
	assert_string_equal(tls_set_own_for(s, SL("A.lab"))->name, "a");
	assert_string_equal(tls_set_own_for(s, SL("any.lab"))->name, "b");
	assert_ptr_equal(tls_set_own_for(s, SL("any.lab")), tls_set_own(s, 1));
	assert_int_equal(tls_set_own(s, 1)->expires, cert_not_after(tls_set_own(s, 1)->cert));
	tls_set_unref(s);
	assert_int_equal(tls_set_load(&s, files, 1, pki_trust(pki), &e), 0);
	assert_null(tls_set_own_for(s, SL("any.lab")));
	tls_set_unref(s);
}

/* Authorities for peers of another kind: they vouch for nobody else, and nobody else for these. */
static void other_authorities(void **state)
{
	struct pki *theirs = pki_new();
	struct tls_cert_files cert = {.name = "a", .chain = a.chain, .key = a.key};
	struct tls_files f = {.certs = &cert,
		.n_certs = 1,
		.trust = pki_trust(pki),
		.other_trust = pki_trust(theirs)};
	X509 *leaf = pki_make(theirs, &(struct pki_spec){.cn = "pbx.lab"}, NULL);
	struct tls_set *s, *alone;
	struct err e;
	int code;

	assert_int_equal(tls_set_load_files(&s, &f, &e), 0);
	assert_int_equal(cert_judge_chain(tls_set_trust(s), leaf, NULL, time(NULL), &code),
		CERT_UNTRUSTED);
	assert_int_equal(
		cert_judge_chain(tls_set_trust(tls_set_other(s)), leaf, NULL, time(NULL), &code),
		CERT_GOOD);
	assert_int_equal(cert_judge_chain(tls_set_trust(tls_set_other(s)), tls_set_own(s, 0)->cert,
				 NULL, time(NULL), &code),
		CERT_UNTRUSTED);
	assert_int_equal(tls_set_count(tls_set_other(s)), 1); /* ours are the same */
	tls_set_unref(s);
	f.other_trust = NULL;
	assert_int_equal(tls_set_load_files(&alone, &f, &e), 0);
	assert_ptr_equal(tls_set_other(alone), alone);
	tls_set_unref(alone);
	f.other_trust = "/nowhere/ca.pem";
	assert_int_equal(tls_set_load_files(&alone, &f, &e), -1);
	assert_non_null(strstr(e.text, "/nowhere/ca.pem"));
	X509_free(leaf);
	pki_free(theirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_by_domain_or_default),
		cmocka_unit_test(a_client_needs_no_certificate),
		cmocka_unit_test(failures_name_the_file_and_the_reason),
		cmocka_unit_test(contexts_are_strict),
		cmocka_unit_test(the_certificate_by_to_and_by_server_name),
		cmocka_unit_test(a_client_without_a_certificate_is_let_in),
		cmocka_unit_test(renegotiation_is_refused_and_the_connection_stays),
		cmocka_unit_test(old_versions_and_weak_ciphers_are_refused),
		cmocka_unit_test(intermediates_from_a_file_of_their_own),
		cmocka_unit_test(a_good_response_is_stapled),
		cmocka_unit_test(revocation_lists_are_read_in_both_forms),
		cmocka_unit_test(what_a_stranger_makes_of_our_chain),
		cmocka_unit_test(what_is_shown_for_a_domain),
		cmocka_unit_test(other_authorities),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
