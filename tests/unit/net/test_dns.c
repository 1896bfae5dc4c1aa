#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "dnsd.h"
#include "loop/loop.h"
#include "net/dns.h"

static const struct dnsd_record records[] = {
	{"host.lab", DNSD_A, "192.0.2.1"},
	{"host.lab", DNSD_A, "192.0.2.2"},
	{"host.lab", DNSD_AAAA, "2001:db8::1"},
	{"v4.lab", DNSD_A, "192.0.2.3"},
	{"_xmpp-server._tcp.multi.lab", DNSD_SRV, "20 0 5270 b.lab"},
	{"_xmpp-server._tcp.multi.lab", DNSD_SRV, "10 0 5269 a.lab"},
	{"_xmpp-server._tcp.multi.lab", DNSD_SRV, "5 0 0 ."},
	{"_xmpp-server._tcp.none.lab", DNSD_SRV, "0 0 0 ."},
	{"host.test", DNSD_A, "192.0.2.9"},
	{"alias.lab", DNSD_CNAME, "v4.lab"},
	{"_xmpp-server._tcp.signed.lab", DNSD_SRV, "0 0 5269 host.signed.lab"},
	{"signed.lab", DNSD_A, "192.0.2.4"},
	{"naptr.lab", DNSD_NAPTR, "20 10 s SIP+D2T _sip._tcp.naptr.lab"},
	{"naptr.lab", DNSD_NAPTR, "10 50 s SIPS+D2T _sips._tcp.naptr.lab"},
	{"silent.lab", DNSD_SILENT, NULL},
	{"_xmpp-server._tcp.broken.lab", DNSD_FAILS, NULL},
};
static struct dnsd server;

static struct naptr naptr[DNS_NAPTR_MAX];

static struct loop *loop;
static struct loop_timer ticker;
static struct dns *dns;
static const struct dns_query *asked;
static const char *anchors; /* a file, or NULL */

static struct {
	int calls;
	enum dns_status status;
	bool secure;
	struct srv srv[DNS_SRV_MAX];
	struct netaddr addrs[DNS_ADDRS_MAX];
	size_t n;
	struct dns_about about;
	char name[256], alias[256], why[512];
} got;

/* Its strings live as long as the question. */
static void keep_about(void)
{
	dns_about(asked, &got.about);
	snprintf(got.name, sizeof got.name, "%s", got.about.name);
	snprintf(got.alias, sizeof got.alias, "%s", got.about.alias);
	snprintf(got.why, sizeof got.why, "%s", got.about.why);
}

static void on_srv(void *arg, enum dns_status status, bool secure, const struct srv *v, size_t n)
{
	got.calls++;
	got.status = status;
	got.secure = secure;
	got.n = n;
	keep_about();
	if (n)
		memcpy(got.srv, v, n * sizeof *v);
}

static void on_addrs(
	void *arg, enum dns_status status, bool secure, const struct netaddr *v, size_t n)
{
	got.calls++;
	got.status = status;
	got.n = n;
	keep_about();
	if (n)
		memcpy(got.addrs, v, n * sizeof *v);
}

static void tick(void *arg)
{
	loop_timer_in(&ticker, 5);
}

static void until_called(void)
{
	uint64_t end = clock_mono_ms() + 8000;

	while (!got.calls) {
		loop_turn(loop, true);
		assert_true(clock_mono_ms() < end);
	}
}

static void start(enum dns_mode mode, unsigned timeout_ms, const char *insecure)
{
	struct netaddr a = dnsd_address(&server);
	struct dns_config c = {.dnssec = mode,
		.forward = &a,
		.n_forward = 1,
		.timeout_ms = timeout_ms,
		.trust_anchors = anchors,
		.insecure_zones = &insecure,
		.n_insecure_zones = insecure ? 1 : 0};
	struct err e = {0};

	if (dns_new(&dns, loop, &c, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static int setup(void **state)
{
	memset(&got, 0, sizeof got);
	loop = loop_new("t");
	loop_timer_init(&ticker, loop, tick, NULL);
	loop_timer_in(&ticker, 5);
	dnsd_start(&server, loop, records, sizeof records / sizeof records[0]);
	return 0;
}

static int teardown(void **state)
{
	dns_free(dns);
	dns = NULL;
	dnsd_stop(&server);
	loop_timer_stop(&ticker);
	loop_free(loop);
	return 0;
}

static void ask_srv(const char *domain)
{
	got.calls = 0;
	asked = dns_srv(dns, "_xmpp-server._tcp", domain, on_srv, NULL);
	assert_non_null(asked);
	assert_int_equal(got.calls, 0); /* never before the call has returned */
	until_called();
}

static void ask_addrs(const char *host)
{
	got.calls = 0;
	asked = dns_addrs(dns, host, 5269, on_addrs, NULL);
	assert_non_null(asked);
	assert_int_equal(got.calls, 0);
	until_called();
}

static void srv_in_order_without_the_dot(void **state)
{
	start(DNS_SEC_OFF, 0, NULL);
	ask_srv("multi.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.srv[0].target, "a.lab");
	assert_int_equal(got.srv[0].port, 5269);
	assert_string_equal(got.srv[1].target, "b.lab");
	assert_int_equal(got.srv[1].port, 5270);
	assert_false(got.secure);
}

static void srv_dot_alone_says_there_is_none(void **state)
{
	start(DNS_SEC_OFF, 0, NULL);
	ask_srv("none.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 1);
	assert_string_equal(got.srv[0].target, "");
}

static void on_naptr(
	void *arg, enum dns_status status, bool secure, const struct naptr *v, size_t n)
{
	got.calls++;
	got.status = status;
	got.n = n;
	keep_about();
	if (n)
		memcpy(naptr, v, n * sizeof *v);
}

static void ask_naptr(const char *domain)
{
	got.calls = 0;
	asked = dns_naptr(dns, domain, on_naptr, NULL);
	assert_non_null(asked);
	assert_int_equal(got.calls, 0);
	until_called();
}

static void naptr_records(void **state)
{
	size_t tcp;

	start(DNS_SEC_OFF, 0, NULL);
	ask_naptr("naptr.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 2);
	tcp = naptr[0].order == 20 ? 0 : 1;
	assert_int_equal(naptr[tcp].preference, 10);
	assert_string_equal(naptr[tcp].flags, "s");
	assert_string_equal(naptr[tcp].service, "SIP+D2T");
	assert_false(naptr[tcp].has_regexp);
	assert_string_equal(naptr[tcp].replacement, "_sip._tcp.naptr.lab");
	assert_string_equal(naptr[!tcp].service, "SIPS+D2T");
	assert_string_equal(got.name, "naptr.lab");
	ask_naptr("host.lab");
	assert_int_equal(got.status, DNS_NO_DATA);
	ask_naptr("nobody.lab");
	assert_int_equal(got.status, DNS_NO_NAME);
}

static void no_name_no_data_and_failure(void **state)
{
	start(DNS_SEC_OFF, 0, NULL);
	ask_srv("nobody.lab");
	assert_int_equal(got.status, DNS_NO_NAME);
	got.calls = 0;
	asked = dns_srv(dns, "host", "lab", on_srv, NULL);
	until_called();
	assert_int_equal(got.status, DNS_NO_DATA);
	ask_srv("broken.lab");
	assert_int_equal(got.status, DNS_FAILED);
	ask_addrs("nobody.lab");
	assert_int_equal(got.status, DNS_NO_NAME);
}

static void addresses_take_turns(void **state)
{
	char text[NETADDR_TEXT];

	start(DNS_SEC_OFF, 0, NULL);
	ask_addrs("host.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 3);
	assert_string_equal(netaddr_print(&got.addrs[0], text), "[2001:db8::1]:5269");
	assert_int_equal(got.addrs[1].sa.sa_family, AF_INET);
	assert_int_equal(got.addrs[2].sa.sa_family, AF_INET);
}

static void one_family_is_enough(void **state)
{
	uint64_t begin;

	start(DNS_SEC_OFF, 0, NULL);
	ask_addrs("v4.lab"); /* no AAAA */
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 1);
	server.no_aaaa = true; /* no answer at all: it is not waited for */
	begin = clock_mono_ms();
	ask_addrs("host.test");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 1);
	assert_true(clock_mono_ms() - begin < 3000);
}

static void literal_is_its_own_answer(void **state)
{
	char text[NETADDR_TEXT];

	start(DNS_SEC_OFF, 0, NULL);
	ask_addrs("2001:db8::7");
	assert_int_equal(got.n, 1);
	assert_string_equal(netaddr_print(&got.addrs[0], text), "[2001:db8::7]:5269");
	assert_int_equal(server.questions, 0);
}

static void silence_is_bounded(void **state)
{
	uint64_t begin = clock_mono_ms();

	start(DNS_SEC_OFF, 300, NULL);
	ask_addrs("silent.lab");
	assert_int_equal(got.status, DNS_FAILED);
	assert_in_range(clock_mono_ms() - begin, 290, 3000);
	assert_true(got.about.timed_out);
	ask_srv("broken.lab"); /* an answer, of which nothing can be used, is another thing */
	assert_int_equal(got.status, DNS_FAILED);
	assert_false(got.about.timed_out);
}

static void an_alias_is_told(void **state)
{
	start(DNS_SEC_OFF, 0, NULL);
	ask_addrs("alias.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_string_equal(got.name, "alias.lab");
	assert_string_equal(got.alias, "v4.lab");
	ask_addrs("v4.lab");
	assert_string_equal(got.alias, "");
	assert_true(got.about.no_family[0]);
	assert_false(got.about.no_family[1]);
}

/* A new context asks the servers again for what the old one remembers. */
static void a_fresh_one_remembers_nothing(void **state)
{
	struct dns *old;
	struct err e = {0};
	unsigned before;

	start(DNS_SEC_OFF, 0, NULL);
	ask_srv("multi.lab");
	before = server.questions;
	ask_srv("multi.lab");
	assert_int_equal(server.questions, before);
	old = dns;
	assert_int_equal(dns_fresh(&dns, old, 1000, &e), 0);
	ask_srv("multi.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_true(server.questions > before);
	dns_free(old);
}

/* It found that there are no signatures; the fresh one does not look for them again. */
static void a_fresh_one_trusts_as_the_old_one(void **state)
{
	struct dns *old;
	struct err e = {0};

	start(DNS_SEC_AUTO, 0, NULL);
	ask_srv("multi.lab");
	assert_int_equal(dns_trust(dns), DNS_TRUST_NONE);
	old = dns;
	assert_int_equal(dns_fresh(&dns, old, 1000, &e), 0);
	assert_int_equal(dns_trust(dns), DNS_TRUST_NONE);
	ask_srv("none.lab");
	assert_int_equal(got.status, DNS_OK);
	dns_free(old);
}

/* ---- trust anchors; that they validate is seen end to end, with a real signer ---- */

static char anchor_file[] = "/tmp/entente-anchors-XXXXXX";

static void write_anchors(const char *text)
{
	FILE *f;

	snprintf(anchor_file, sizeof anchor_file, "/tmp/entente-anchors-XXXXXX");
	f = fdopen(mkstemp(anchor_file), "w");
	fputs(text, f);
	fclose(f);
	anchors = anchor_file;
}

static int start_fails(struct err *e)
{
	struct netaddr a = dnsd_address(&server);
	struct dns_config c = {
		.dnssec = DNS_SEC_AUTO, .forward = &a, .n_forward = 1, .trust_anchors = anchors};

	return dns_new(&dns, loop, &c, NULL, e);
}

static void anchors_that_cannot_be_read_are_said(void **state)
{
	struct err e = {0};

	anchors = "/nonexistent/anchors";
	assert_int_equal(start_fails(&e), -1);
	assert_string_equal(e.text, "DNSSEC trust anchors /nonexistent/anchors: cannot be read");
	write_anchors("this is no record\n");
	e = (struct err){0};
	assert_int_equal(start_fails(&e), -1);
	assert_non_null(strstr(e.text, anchor_file));
	unlink(anchor_file);
	anchors = NULL;
}

/* The root's signatures are not to be had, those of the anchored zone are still asked for. */
static void anchors_hold_without_the_root(void **state)
{
	write_anchors("signed.lab. IN DS 1 13 2 "
		      "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\n");
	start(DNS_SEC_AUTO, 5000, NULL);
	ask_srv("multi.lab"); /* elsewhere all is as without */
	assert_int_equal(got.status, DNS_OK);
	assert_false(got.secure);
	assert_int_equal(dns_trust(dns), DNS_TRUST_OWN);
	ask_srv("signed.lab"); /* this server has no signatures for it */
	assert_int_equal(got.status, DNS_BOGUS);
	assert_true(got.about.bogus);
	assert_false(got.about.timed_out);
	assert_non_null(strstr(got.why, "signed.lab"));
	unlink(anchor_file);
	anchors = NULL;
}

static void cancelled_is_not_told(void **state)
{
	struct dns_query *q;

	start(DNS_SEC_OFF, 0, NULL);
	q = dns_srv(dns, "_xmpp-server._tcp", "multi.lab", on_srv, NULL);
	dns_cancel(q);
	q = dns_addrs(dns, "192.0.2.1", 1, on_addrs, NULL);
	dns_cancel(q);
	ask_srv("none.lab");
	assert_int_equal(got.calls, 1);
}

/* The server knows no signatures: auto goes on without, require does not. */
static void auto_goes_on_without_dnssec(void **state)
{
	start(DNS_SEC_AUTO, 0, NULL);
	ask_srv("multi.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 2);
	assert_false(got.secure);
}

static void require_refuses_what_is_not_secure(void **state)
{
	start(DNS_SEC_REQUIRE, 5000, NULL);
	ask_srv("multi.lab");
	assert_true(got.status == DNS_BOGUS || got.status == DNS_FAILED);
	assert_int_equal(got.n, 0);
}

static void insecure_zones_are_exempt(void **state)
{
	start(DNS_SEC_REQUIRE, 5000, "lab");
	ask_srv("multi.lab");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.n, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(srv_in_order_without_the_dot),
		T(srv_dot_alone_says_there_is_none),
		T(naptr_records),
		T(no_name_no_data_and_failure),
		T(addresses_take_turns),
		T(one_family_is_enough),
		T(literal_is_its_own_answer),
		T(silence_is_bounded),
		T(cancelled_is_not_told),
		T(an_alias_is_told),
		T(a_fresh_one_remembers_nothing),
		T(a_fresh_one_trusts_as_the_old_one),
		T(anchors_that_cannot_be_read_are_said),
		T(anchors_hold_without_the_root),
		T(auto_goes_on_without_dnssec),
		T(require_refuses_what_is_not_secure),
		T(insecure_zones_are_exempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
