#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/certs.h"
#include "daemon/watch.h"
#include "loop/loop.h"
#include "net/tls.h"

/* The clock stands still but for look(); files and worker are real. */

static char folder[64];
static struct loop *loop;
static struct cert_sources *sources;
static struct watch *watch;
static unsigned n_loaded, n_refused;
static char serial[32], reason[sizeof(struct err)];

static char *in_folder(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

/* ---- what it tells ---- */

static void on_loaded(void *arg, struct tls_set *set)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(tls_set_own(set, 0)->cert), NULL);
	char *text = BN_bn2dec(bn);

	n_loaded++;
	snprintf(serial, sizeof serial, "%s", text);
	OPENSSL_free(text);
	BN_free(bn);
	tls_set_unref(set);
}

static void on_refused(void *arg, const struct err *e)
{
	n_refused++;
	snprintf(reason, sizeof reason, "%s", e->text);
}

static const struct watch_ops ops = {on_loaded, on_refused};

/* ---- files ---- */

static X509 *make(EVP_PKEY *key, long number)
{
	X509 *x = X509_new();

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), number);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
		(const unsigned char *)"sip.lab", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static void move(const char *from, const char *to)
{
	char *a = in_folder(from), *b = in_folder(to);

	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

/*
 * By renaming, so that it is another file: two writes into one within a tick of the kernel's clock
 * could look the same.
 */
static void write_pem(const char *name, X509 *x, EVP_PKEY *key)
{
	char *path = in_folder("written");
	FILE *f = fopen(path, "w");

	if (x)
		PEM_write_X509(f, x);
	else
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	free(path);
	move("written", name);
}

static void write_text(const char *name, const char *text)
{
	char *path = in_folder(name);
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	free(path);
}

/* cert and key: names of files; NULL: not that one. */
static void write_pair(const char *cert, const char *key, long number)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = make(k, number);

	if (cert)
		write_pem(cert, x, NULL);
	if (key)
		write_pem(key, NULL, k);
	X509_free(x);
	EVP_PKEY_free(k);
}

/* ---- the watch ---- */

static struct cert_sources *read_sources(void)
{
	char *path = in_folder("entente.conf"), *text;
	struct conf_notes notes = {0};
	struct cert_sources *s;
	struct conf *c;

	text = xasprintf("[xmpp]\ntrust = %1$s/trust.pem\n"
			 "[certificate lab]\nchain = %1$s/cert.pem\nkey = %1$s/key.pem\n",
		folder);
	write_text("entente.conf", text);
	c = conf_read(path, &notes);
	assert_non_null(c);
	s = cert_sources_new(c);
	conf_notes_done(&notes);
	conf_free(c);
	free(text);
	free(path);
	return s;
}

/* The next look, and its answer. */
static void look(void)
{
	unsigned before = watch_looks(watch);

	loop_fake_advance(loop, WATCH_EVERY_MS);
	while (watch_looks(watch) == before)
		loop_turn(loop, true);
}

static void looks(unsigned n)
{
	while (n-- > 0)
		look();
}

static int start(void **state)
{
	struct buf print = {0};

	strcpy(folder, "/tmp/entente-watch-XXXXXX");
	assert_non_null(mkdtemp(folder));
	n_loaded = n_refused = 0;
	write_pair("cert.pem", "key.pem", 1);
	write_pair("trust.pem", NULL, 1000);
	sources = read_sources();
	cert_sources_print(sources, &print);
	loop = loop_new_fake("test", 1000);
	watch = watch_new(loop, sources, buf_slice(&print), &ops, NULL);
	buf_done(&print);
	return 0;
}

static int stop(void **state)
{
	char *clean = xasprintf("rm -rf %s", folder);
	int r;

	watch_free(watch);
	cert_sources_unref(sources);
	loop_free(loop);
	r = system(clean);
	free(clean);
	return r;
}

/* ---- tests ---- */

static void nothing_happens_while_nothing_changes(void **state)
{
	looks(5);
	assert_int_equal(n_loaded + n_refused, 0);
}

static void a_new_pair_is_loaded_once(void **state)
{
	write_pair("cert.pem", "key.pem", 2);
	look(); /* seen to have changed: it may still be written */
	assert_int_equal(n_loaded, 0);
	look();
	assert_int_equal(n_loaded, 1);
	assert_string_equal(serial, "2");
	looks(3);
	assert_int_equal(n_loaded, 1);
	assert_int_equal(n_refused, 0);
}

static void renamed_over(void **state)
{
	write_pair("cert.new", "key.new", 3);
	looks(2);
	move("cert.new", "cert.pem");
	move("key.new", "key.pem");
	looks(2);
	assert_int_equal(n_loaded, 1);
	assert_string_equal(serial, "3");
}

/* As ACME clients do it: links to versions, swapped one after the other. */
static void links_that_lead_elsewhere(void **state)
{
	char *cert = in_folder("cert.pem"), *key = in_folder("key.pem"), *next = in_folder("next");

	write_pair("cert1.pem", "key1.pem", 4);
	write_pair("cert2.pem", "key2.pem", 5);
	unlink(cert);
	unlink(key);
	assert_int_equal(symlink("cert1.pem", cert), 0);
	assert_int_equal(symlink("key1.pem", key), 0);
	looks(2);
	assert_string_equal(serial, "4");
	assert_int_equal(symlink("cert2.pem", next), 0);
	assert_int_equal(rename(next, cert), 0);
	looks(3); /* the key is still that of the other */
	assert_int_equal(n_loaded, 1);
	assert_int_equal(n_refused, 0);
	assert_int_equal(symlink("key2.pem", next), 0);
	assert_int_equal(rename(next, key), 0);
	looks(2);
	assert_int_equal(n_loaded, 2);
	assert_int_equal(n_refused, 0);
	assert_string_equal(serial, "5");
	free(cert);
	free(key);
	free(next);
}

static void a_pair_that_never_matches_is_refused_once(void **state)
{
	unsigned patience = WATCH_PATIENCE_MS / WATCH_EVERY_MS;

	write_pair("cert.pem", NULL, 6);
	looks(1 + patience);
	assert_int_equal(n_refused, 0);
	look();
	assert_int_equal(n_refused, 1);
	assert_non_null(strstr(reason, "is not that of the certificate"));
	looks(2 * patience);
	assert_int_equal(n_refused, 1);
	assert_int_equal(n_loaded, 0);
	/* The next change begins anew. */
	write_pair("cert.pem", "key.pem", 7);
	looks(2);
	assert_int_equal(n_loaded, 1);
	assert_string_equal(serial, "7");
}

/* A file in the middle of being written, and one that is away for a moment. */
static void half_a_file_is_waited_for(void **state)
{
	char *path = in_folder("cert.pem");

	write_text("cert.pem", "-----BEGIN CERTIFICATE-----\nMIIB");
	looks(3);
	unlink(path);
	looks(3);
	assert_int_equal(n_loaded + n_refused, 0);
	write_pair("cert.pem", "key.pem", 8);
	looks(2);
	assert_int_equal(n_loaded, 1);
	assert_int_equal(n_refused, 0);
	free(path);
}

static void what_is_put_back_was_nothing(void **state)
{
	move("cert.pem", "kept.pem");
	looks(5);
	move("kept.pem", "cert.pem");
	/* A rename changes the time of change, so it is read again: nobody is troubled. */
	looks(40);
	assert_int_equal(n_refused, 0);
	assert_in_range(n_loaded, 0, 1);
}

static void the_authorities_are_watched_too(void **state)
{
	write_pair("trust.pem", NULL, 1001);
	looks(2);
	assert_int_equal(n_loaded, 1);
	write_text("trust.pem", "");
	looks(2 + WATCH_PATIENCE_MS / WATCH_EVERY_MS);
	assert_int_equal(n_loaded, 1);
	assert_int_equal(n_refused, 1);
	assert_non_null(strstr(reason, "trust.pem"));
}

/* A SIGHUP loads for itself while the worker looks: what that finds is not heard. */
static void what_was_set_meanwhile_counts(void **state)
{
	struct cert_sources *others = read_sources();
	struct buf print = {0};
	unsigned before;

	write_pair("cert.pem", "key.pem", 9);
	look();
	before = watch_looks(watch);
	loop_fake_advance(loop, WATCH_EVERY_MS);
	cert_sources_print(others, &print);
	watch_set(watch, others, buf_slice(&print));
	while (watch_looks(watch) == before)
		loop_turn(loop, true);
	looks(3);
	assert_int_equal(n_loaded, 0);
	buf_done(&print);
	cert_sources_unref(others);
}

static void it_ends_while_the_worker_looks(void **state)
{
	write_pair("cert.pem", "key.pem", 10);
	look();
	loop_fake_advance(loop, WATCH_EVERY_MS);
	watch_free(watch);
	watch = NULL;
	assert_int_equal(n_loaded, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(nothing_happens_while_nothing_changes),
		T(a_new_pair_is_loaded_once),
		T(renamed_over),
		T(links_that_lead_elsewhere),
		T(a_pair_that_never_matches_is_refused_once),
		T(half_a_file_is_waited_for),
		T(what_is_put_back_was_nothing),
		T(the_authorities_are_watched_too),
		T(what_was_set_meanwhile_counts),
		T(it_ends_while_the_worker_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
