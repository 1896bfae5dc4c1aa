/* The panel's certificate of our own making. */

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/own_cert.h"
#include "net/cert.h"
#include "unit.h"

enum { DAY = 86400 };
static const int64_t then = 1767225600; /* 2026-01-01 */

static char folder[] = "/tmp/entente-own-XXXXXX";
static char chain[64], key[64];

static bool ensure(const char *host, int64_t now)
{
	struct err e = {0};
	bool made = false;

	if (own_cert_ensure(chain, key, slice_of(host), now, &made, &e) < 0)
		fail_msg("%s: %s", host, e.text);
	return made;
}

static X509 *read_cert(void)
{
	FILE *f = fopen(chain, "r");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	assert_non_null(x);
	fclose(f);
	return x;
}

static void forget(void)
{
	unlink(chain);
	unlink(key);
}

static void it_is_for_the_host_and_for_loopback(void **state)
{
	static const struct {
		const char *host, *name;
		bool address;
	} cases[] = {
		{"panel.example", "panel.example", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"[2001:db8::1]", "2001:db8::1", true},
		{"localhost", "localhost", false},
		{"127.0.0.1", "127.0.0.1", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		X509 *x;

		forget();
		assert_true(ensure(cases[i].host, then));
		x = read_cert();
		if (cases[i].address)
			assert_int_equal(X509_check_ip_asc(x, cases[i].name, 0), 1);
		else
			assert_int_equal(X509_check_host(x, cases[i].name, 0, 0, NULL), 1);
		assert_int_equal(X509_check_host(x, "localhost", 0, 0, NULL), 1);
		assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
		assert_int_equal(X509_check_host(x, "evil.example", 0, 0, NULL), 0);
		assert_int_equal(X509_check_ca(x), 0);
		assert_int_equal(cert_not_after(x), then + OWN_CERT_DAYS * DAY);
		assert_true(cert_not_before(x) <= then);
		X509_free(x);
	}
}

static void the_key_is_for_nobody_else(void **state)
{
	struct stat st;

	forget();
	ensure("panel.example", then);
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void it_is_kept_until_it_ends_soon_or_no_longer_fits(void **state)
{
	int64_t soon = then + (OWN_CERT_DAYS - OWN_CERT_RENEW_DAYS) * DAY;
	FILE *f;

	forget();
	assert_true(ensure("panel.example", then));
	assert_false(ensure("panel.example", then));
	assert_false(ensure("panel.example", soon - 1));
	assert_true(ensure("panel.example", soon));
	assert_false(ensure("panel.example", soon));
	assert_true(ensure("other.example", soon)); /* another host */
	assert_true(ensure("other.example", then)); /* a clock that was wrong */
	unlink(key);
	assert_true(ensure("other.example", then));
	f = fopen(chain, "w");
	fputs("nonsense", f);
	fclose(f);
	assert_true(ensure("other.example", then));
	assert_false(ensure("other.example", then));
}

static void where_nothing_can_be_written_it_says_so(void **state)
{
	struct err e = {0};

	assert_int_equal(own_cert_ensure("/nonexistent/c.pem", "/nonexistent/k.pem",
				 SL("panel.example"), then, NULL, &e),
		-1);
	assert_non_null(strstr(e.text, "/nonexistent/k.pem"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_for_the_host_and_for_loopback),
		cmocka_unit_test(the_key_is_for_nobody_else),
		cmocka_unit_test(it_is_kept_until_it_ends_soon_or_no_longer_fits),
		cmocka_unit_test(where_nothing_can_be_written_it_says_so),
	};
	int failed;

	assert_non_null(mkdtemp(folder));
	snprintf(chain, sizeof chain, "%s/c.pem", folder);
	snprintf(key, sizeof key, "%s/k.pem", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	forget();
	rmdir(folder);
	return failed;
}
