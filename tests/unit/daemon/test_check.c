#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/certs.h"
#include "daemon/check.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "store/store.h"

static char folder[] = "/tmp/entente-check-XXXXXX";

/* ---- files ---- */

static char *in_folder(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
	char *path = in_folder(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static void add_name(X509 *x, const char *name)
{
	X509_EXTENSION *e = X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, name);

	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

/* Self-signed: who trusts it is not asked of one's own. */
static void write_certificate_for(const char *name, long days)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	char *cert_path = in_folder("cert.pem"), *key_path = in_folder("key.pem");
	FILE *f;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -10 * 86400);
	X509_gmtime_adj(X509_getm_notAfter(x), days * 86400 + 60);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
		(const unsigned char *)"sip.lab", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	add_name(x, name);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	f = fopen(cert_path, "w");
	PEM_write_X509(f, x);
	fclose(f);
	f = fopen(key_path, "w");
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	chmod(key_path, 0600);
	X509_free(x);
	EVP_PKEY_free(key);
	free(cert_path);
	free(key_path);
}

static void write_certificate(long days)
{
	write_certificate_for("DNS:sip.lab", days);
}

/* Signed with the key of the certificate; until so many days from now. */
static void write_crl(const char *name, long days)
{
	char *path = in_folder(name), *key_path = in_folder("key.pem");
	FILE *f = fopen(key_path, "r");
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *issuer = X509_NAME_new();
	ASN1_TIME *from = X509_gmtime_adj(NULL, -40 * 86400);
	ASN1_TIME *to = X509_gmtime_adj(NULL, days * 86400);

	fclose(f);
	X509_NAME_add_entry_by_txt(
		issuer, "CN", MBSTRING_ASC, (const unsigned char *)"sip.lab", -1, -1, 0);
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, issuer);
	X509_CRL_set1_lastUpdate(crl, from);
	X509_CRL_set1_nextUpdate(crl, to);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	f = fopen(path, "w");
	PEM_write_X509_CRL(f, crl);
	fclose(f);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_NAME_free(issuer);
	X509_CRL_free(crl);
	EVP_PKEY_free(key);
	free(key_path);
	free(path);
}

static const char conf_text[] =
	"[store]\ndir = %1$s/store\nkey-file = %1$s/store.key\n"
	"[xmpp]\ntrust = %1$s/cert.pem\n"
	"[certificate lab]\nchain = %1$s/cert.pem\nkey = %1$s/key.pem\ndomains = sip.lab\n%2$s";

static void write_conf(const char *more)
{
	char *text = xasprintf(conf_text, folder, more);

	write_file("entente.conf", text);
	free(text);
}

static void expect(int code, const char *part)
{
	char *path = in_folder("entente.conf"), *says;
	struct buf out = {0};
	int got = check_all(path, &out);

	says = buf_dup(&out);
	if (got != code || !strstr(says, part))
		fail_msg("expected %d with\n%s\ngot %d\n%s", code, part, got, says);
	free(says);
	free(path);
	buf_done(&out);
}

static void expect_not(const char *part)
{
	char *path = in_folder("entente.conf"), *says;
	struct buf out = {0};
	int got = check_all(path, &out);

	says = buf_dup(&out);
	if (got != 0 || strstr(says, part))
		fail_msg("got %d\n%s", got, says);
	free(says);
	free(path);
	buf_done(&out);
}

/* ---- the store ---- */

static const struct assign route_assigns[] = {
	{SL("next_hop"), ASSIGN_SET, SL("sip:127.0.0.1:5070")},
	{SL("sources"), ASSIGN_SET, SL("127.0.0.1, 10.1.0.0/16, 8.8.8.0/24")},
};

static const struct change changes[] = {
	{CHANGE_ADD, OBJECT_ROUTE, SL("main"), route_assigns, ARRAY_LEN(route_assigns)},
	{CHANGE_ADD, OBJECT_DOMAIN, SL("sip.lab"), NULL, 0},
	{CHANGE_ADD, OBJECT_DOMAIN, SL("other.lab"), NULL, 0},
};

static void make_store(void)
{
	char *dir = in_folder("store"), *key = in_folder("store.key");
	struct store_options o = {"sqlite", dir, key};
	struct store_request r = {{"root", "test", "start"}, changes, ARRAY_LEN(changes), 0, false};
	struct store *s;
	struct err e;

	if (store_open(&s, &o, &e) < 0 || store_change(s, &r, NULL, NULL, &e) < 0)
		fail_msg("%s", e.text);
	store_close(s);
	free(dir);
	free(key);
}

static int start(void **state)
{
	strcpy(folder, "/tmp/entente-check-XXXXXX");
	assert_non_null(mkdtemp(folder));
	write_certificate(400);
	write_conf("");
	return 0;
}

static int stop(void **state)
{
	char *clean = xasprintf("rm -rf %s", folder);
	int r = system(clean);

	free(clean);
	return r;
}

/* ---- tests ---- */

static void without_a_store_it_says_so_and_makes_none(void **state)
{
	char *dir = in_folder("store"), *key = in_folder("store.key");

	expect(0, "/store yet; the first start makes it\n");
	assert_int_equal(access(dir, F_OK), -1);
	assert_int_equal(access(key, F_OK), -1);
	free(dir);
	free(key);
}

static void what_is_in_the_store_is_looked_at(void **state)
{
	make_store();
	expect(0,
		"warning: local domain other.lab has no certificate; add a [certificate NAME] for "
		"it\n");
	expect(0, "warning: local domain sip.lab has no SIP route; its users get no messages\n");
	expect(0, "warning: route main trusts addresses of the open Internet without TLS");
}

static void change_one(const struct change *one)
{
	char *dir = in_folder("store"), *key = in_folder("store.key");
	struct store_options o = {"sqlite", dir, key};
	struct store_request r = {{"root", "test", "start"}, one, 1, 0, false};
	struct store *s;
	struct err e;

	if (store_open(&s, &o, &e) < 0 || store_change(s, &r, NULL, NULL, &e) < 0)
		fail_msg("%s", e.text);
	store_close(s);
	free(dir);
	free(key);
}

/* In any case, as sections are named by people and names of settings are lower case. */
static void routes_name_certificates(void **state)
{
	struct assign assigns[] = {{SL("transport"), ASSIGN_SET, SL("tls")},
		{SL("certificate"), ASSIGN_SET, SL("other")}};
	const struct change one = {CHANGE_SET, OBJECT_ROUTE, SL("main"), assigns, 2};

	make_store();
	change_one(&one);
	expect(0, "warning: route main is to be shown certificate 'other', and there is no "
		  "[certificate other]; it is shown the one of its local domain\n");
	assigns[1].value = SL("LAB");
	change_one(&one);
	expect_not("route main is to be shown");
}

/* What a peer says in a session comes to where we listen. */
static void sessions_need_a_listener(void **state)
{
	static const char warning[] = "warning: route main carries sessions, but 'listen-tls' in "
				      "[sip] is empty";
	struct assign assigns[] = {{SL("transport"), ASSIGN_SET, SL("tls")},
		{SL("message_mode"), ASSIGN_SET, SL("pager")}};
	const struct change one = {CHANGE_SET, OBJECT_ROUTE, SL("main"), assigns, 2};

	make_store();
	change_one(&one);
	expect_not("carries sessions");
	assigns[1].value = SL("auto");
	change_one(&one);
	expect(0, warning);
	write_conf("[sip]\nlisten-tls = 127.0.0.1:5061\n");
	expect_not("carries sessions");
	write_conf("");
	assigns[0].value = SL("udp"); /* there is a listener by default */
	change_one(&one);
	expect_not("carries sessions");
}

static void private_networks_are_trusted_without_a_word(void **state)
{
	static const struct assign sources = {SL("sources"), ASSIGN_SET,
		SL("127.0.0.1, ::1, 10.0.0.1, 172.16.0.0/12, 192.168.1.0/24, fd00::/8")};
	static const struct change one = {CHANGE_SET, OBJECT_ROUTE, SL("main"), &sources, 1};
	char *dir = in_folder("store"), *key = in_folder("store.key"), *path, *says;
	struct store_options o = {"sqlite", dir, key};
	struct store_request r = {{"root", "test", "start"}, &one, 1, 0, false};
	struct buf out = {0};
	struct store *s;
	struct err e;

	make_store();
	assert_int_equal(store_open(&s, &o, &e), 0);
	assert_int_equal(store_change(s, &r, NULL, NULL, &e), 0);
	store_close(s);
	path = in_folder("entente.conf");
	assert_int_equal(check_all(path, &out), 0);
	says = buf_dup(&out);
	assert_null(strstr(says, "route main"));
	free(says);
	free(path);
	free(dir);
	free(key);
	buf_done(&out);
}

static void a_file_with_an_error_is_not_right(void **state)
{
	write_conf("[daemon]\nnode = aa\n");
	expect(1, "/entente.conf:11: error: node: 'aa' has 2 characters");
}

static void certificates_are_read(void **state)
{
	char *path = in_folder("key.pem");

	chmod(path, 0644);
	expect(0, ":7: warning: key: ");
	unlink(path);
	expect(1, "key.pem");
	free(path);
	write_certificate(20);
	expect(0, "warning: certificate 'lab' expires in 20 days\n");
	write_certificate(-1);
	expect(1, "error: certificate 'lab' has expired");
}

static void a_key_of_another_certificate_is_noticed(void **state)
{
	char *cert = in_folder("cert.pem"), *kept = in_folder("kept.pem");

	assert_int_equal(rename(cert, kept), 0);
	write_certificate(400);
	assert_int_equal(rename(kept, cert), 0);
	expect(1, "error: ");
	free(cert);
	free(kept);
}

static void a_store_without_its_key_is_not_right(void **state)
{
	char *key = in_folder("store.key");

	make_store();
	assert_int_equal(unlink(key), 0);
	expect(1, "error: store: ");
	free(key);
}

/* The certificate that is shown for a domain has to name it. */
static void a_certificate_that_names_others_is_noticed(void **state)
{
	make_store();
	write_certificate_for("DNS:other.lab", 400);
	expect(0, "warning: certificate 'lab' does not name local domain sip.lab, which shows it");
	write_certificate(400);
	expect_not("does not name local domain");
}

/* ---- our own for whoever asks ---- */

static struct view_certificates *view(int64_t later)
{
	char *path = in_folder("entente.conf"), *dir = in_folder("store"),
	     *key = in_folder("store.key");
	struct store_options o = {"sqlite", dir, key};
	struct conf_notes notes = {0};
	struct conf *c = conf_read(path, &notes);
	struct cert_sources *sources = cert_sources_new(c);
	struct view_certificates *l;
	struct snapshot *s;
	struct store *store;
	struct tls_set *tls;
	struct err e;

	assert_int_equal(cert_sources_load(&tls, sources, &e), 0);
	assert_int_equal(store_open(&store, &o, &e), 0);
	s = store_snapshot(store);
	l = certs_view(tls, s, (int64_t)time(NULL) + later);
	snapshot_unref(s);
	store_close(store);
	tls_set_unref(tls);
	cert_sources_unref(sources);
	conf_notes_done(&notes);
	conf_free(c);
	free(path);
	free(dir);
	free(key);
	return l;
}

static bool says(struct slice s, const char *text)
{
	return slice_eqz(s, text);
}

static void our_own_are_shown(void **state)
{
	static const struct {
		long later; /* s */
		int days_left;
		const char *warning;
	} cases[] = {
		{0, 400, NULL},
		{369L * 86400, 31, NULL},
		{370L * 86400 + 120, 29, "expires-soon"},
		{399L * 86400 + 120, 0, "expires-soon"},
		{400L * 86400 + 120, -1, "expired"},
		{402L * 86400 + 120, -3, "expired"},
	};

	make_store();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct view_certificates *l = view(cases[i].later);
		const struct view_certificate *v = l->v;

		assert_int_equal(l->n, 1);
		assert_true(says(v->name, "lab") && says(v->subject, "CN=sip.lab"));
		assert_true(says(v->names, "dns:sip.lab") && says(v->key, "EC 256"));
		assert_true(v->n_domains == 1 && says(v->domains[0], "sip.lab"));
		assert_int_equal(v->fingerprint.n, 64);
		assert_null(v->lacks.p);
		assert_null(v->purposes.p);
		assert_int_equal(v->not_after - v->not_before, 410 * 86400 + 60);
		assert_int_equal(v->days_left, cases[i].days_left);
		if (cases[i].warning)
			assert_string_equal(v->warning, cases[i].warning);
		else
			assert_null(v->warning);
		view_certificates_free(l);
	}
}

static void what_it_does_not_name_is_shown(void **state)
{
	struct view_certificates *l;

	make_store();
	write_certificate_for("DNS:other.lab", 400);
	l = view(0);
	assert_true(says(l->v[0].lacks, "sip.lab"));
	assert_string_equal(l->v[0].warning, "lacks-names");
	view_certificates_free(l);
}

static void revocation_lists_are_read(void **state)
{
	char *line = xasprintf("[xmpp]\ncrl = %s/a.crl %s/b.crl\n", folder, folder);

	/* The section is there already: the lines are taken as one. */
	write_conf(line);
	expect(1, "error: revocation list ");
	expect(1, "a.crl: No such file");
	write_crl("a.crl", 10);
	write_crl("b.crl", 10);
	expect(0, "");
	expect_not("revocation list");
	write_crl("b.crl", -1);
	expect(0, "warning: crl: a revocation list is past its time; fetch a new one from: "
		  "CN=sip.lab");
	free(line);
}

static void a_response_that_says_nothing_is_noticed(void **state)
{
	char *line = xasprintf("ocsp = %s/ocsp.der\n", folder);

	write_conf(line);
	expect(1, "error: certificate 'lab': OCSP response ");
	write_file("ocsp.der", "nonsense");
	expect(0, "warning: certificate 'lab': its OCSP response is bad, so it is not stapled\n");
	free(line);
}

/* ---- the service manager ---- */

static void the_service_manager_is_told(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char got[64] = "";

	snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	notify("READY=1");
	assert_int_equal(recv(fd, got, sizeof got, 0), 7);
	assert_string_equal(got, "READY=1");
	close(fd);
	notify("STOPPING=1"); /* nobody listens: nothing happens */
	unsetenv("NOTIFY_SOCKET");
	notify("STOPPING=1");
}

static void the_abstract_socket_is_understood(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char name[64], got[64];
	int n = snprintf(name, sizeof name, "@entente-test-%d", (int)getpid());

	memcpy(at.sun_path + 1, name + 1, (size_t)n - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	notify("STATUS=x");
	assert_int_equal(recv(fd, got, sizeof got, 0), 8);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

static void a_user_who_is_not_there_cannot_be_become(void **state)
{
	struct err e;

	assert_int_equal(process_become("", &e), 0);
	assert_int_equal(process_become("no-such-user-at-all", &e), -1);
	assert_string_equal(e.text, "there is no user 'no-such-user-at-all'");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		T(without_a_store_it_says_so_and_makes_none),
		T(what_is_in_the_store_is_looked_at),
		T(routes_name_certificates),
		T(sessions_need_a_listener),
		T(private_networks_are_trusted_without_a_word),
		T(a_file_with_an_error_is_not_right),
		T(certificates_are_read),
		T(a_key_of_another_certificate_is_noticed),
		T(a_store_without_its_key_is_not_right),
		T(a_certificate_that_names_others_is_noticed),
		T(our_own_are_shown),
		T(what_it_does_not_name_is_shown),
		T(revocation_lists_are_read),
		T(a_response_that_says_nothing_is_noticed),
		T(the_service_manager_is_told),
		T(the_abstract_socket_is_understood),
		T(a_user_who_is_not_there_cannot_be_become),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
