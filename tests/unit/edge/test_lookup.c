#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "dnsd.h"
#include "edge/lookup.h"
#include "loop/loop.h"

/* Where a partner's domain is to be found (RFC 6120 3.2). */
static const struct dnsd_record records[] = {
	{"_xmpp-server._tcp.two.lab", DNSD_SRV, "20 0 5270 second.lab"},
	{"_xmpp-server._tcp.two.lab", DNSD_SRV, "10 0 5269 first.lab"},
	{"first.lab", DNSD_A, "192.0.2.1"},
	{"first.lab", DNSD_AAAA, "2001:db8::1"},
	{"second.lab", DNSD_A, "192.0.2.2"},
	{"_xmpp-server._tcp.none.lab", DNSD_SRV, "0 0 0 ."},
	{"none.lab", DNSD_A, "192.0.2.3"},
	{"plain.lab", DNSD_A, "192.0.2.4"},
	{"_xmpp-server._tcp.astray.lab", DNSD_SRV, "0 0 5269 nowhere.lab"},
	{"astray.lab", DNSD_A, "192.0.2.5"},
	{"_xmpp-server._tcp.half.lab", DNSD_SRV, "1 0 5269 silent.lab"},
	{"_xmpp-server._tcp.half.lab", DNSD_SRV, "2 0 5269 second.lab"},
	{"_xmpp-server._tcp.lame.lab", DNSD_SRV, "1 0 5269 broken-host.lab"},
	{"broken-host.lab", DNSD_FAILS, NULL},
	{"silent.lab", DNSD_SILENT, NULL},
	{"_xmpp-server._tcp.broken.lab", DNSD_FAILS, NULL},
	{"broken.lab", DNSD_A, "192.0.2.6"},
	{"_xmpp-server._tcp.away.lab", DNSD_FAILS, NULL},
	{"proxy.lab", DNSD_A, "192.0.2.7"},
};

static struct loop *loop;
static struct loop_timer ticker;
static struct dnsd server;
static struct dns *dns;

static struct {
	int calls;
	enum link_reason fail;
	char targets[400]; /* "group address, ..." */
} got;

static void on_done(void *arg, enum link_reason fail, const char *why,
	const struct conn_target *targets, size_t n)
{
	char text[NETADDR_TEXT];
	size_t at = 0;

	got.calls++;
	got.fail = fail;
	assert_true(fail == LINK_R_NONE ? n > 0 : n == 0 && why);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(got.targets + at, sizeof got.targets - at, "%s%u %s",
			i ? ", " : "", targets[i].group, netaddr_print(&targets[i].addr, text));
}

static void tick(void *arg)
{
	loop_timer_in(&ticker, 5);
}

static int setup(void **state)
{
	struct netaddr a;
	struct dns_config c = {.dnssec = DNS_SEC_OFF, .n_forward = 1, .timeout_ms = 3000};
	struct err e;

	memset(&got, 0, sizeof got);
	loop = loop_new("t");
	loop_timer_init(&ticker, loop, tick, NULL);
	loop_timer_in(&ticker, 5);
	dnsd_start(&server, loop, records, sizeof records / sizeof records[0]);
	a = dnsd_address(&server);
	c.forward = &a;
	return dns_new(&dns, loop, &c, NULL, &e);
}

static int teardown(void **state)
{
	dns_free(dns);
	dnsd_stop(&server);
	loop_timer_stop(&ticker);
	loop_free(loop);
	return 0;
}

static void look_up(const char *domain, const char *proxy, uint16_t port)
{
	uint64_t end = clock_mono_ms() + 15000;

	memset(&got, 0, sizeof got);
	lookup_new(loop, dns, domain, proxy, port, 5269, on_done, NULL);
	assert_int_equal(got.calls, 0); /* never before it has returned */
	while (!got.calls && clock_mono_ms() < end)
		loop_turn(loop, true);
	assert_int_equal(got.calls, 1);
}

static void srv_records_in_order_each_a_group(void **state)
{
	look_up("two.lab", NULL, 0);
	assert_string_equal(
		got.targets, "0 [2001:db8::1]:5269, 0 192.0.2.1:5269, 1 192.0.2.2:5270");
}

static void without_srv_the_domain_itself(void **state)
{
	look_up("plain.lab", NULL, 0);
	assert_string_equal(got.targets, "0 192.0.2.4:5269");
	look_up("broken.lab", NULL, 0); /* also when DNS fails to say (3.2.1 (9)) */
	assert_string_equal(got.targets, "0 192.0.2.6:5269");
	look_up("away.lab", NULL, 0); /* which is not the same as that there is none */
	assert_int_equal(got.fail, LINK_R_DNS_FAILED);
}

static void the_dot_is_a_no(void **state)
{
	look_up("none.lab", NULL, 0);
	assert_int_equal(got.fail, LINK_R_NO_SUCH_SERVER);
}

/* Where there is an SRV record, the domain's own address is not used (3.2.1 (8)). */
static void no_fallback_where_srv_answered(void **state)
{
	look_up("astray.lab", NULL, 0);
	assert_int_equal(got.fail, LINK_R_NO_SUCH_SERVER);
	look_up("lame.lab", NULL, 0);
	assert_int_equal(got.fail, LINK_R_DNS_FAILED);
}

static void nobody_at_all(void **state)
{
	look_up("nobody.lab", NULL, 0);
	assert_int_equal(got.fail, LINK_R_NO_SUCH_SERVER);
}

/* One target's name server is silent: the others are not held up by it. */
static void a_silent_target_does_not_hold_up_the_next(void **state)
{
	uint64_t start = clock_mono_ms();

	look_up("half.lab", NULL, 0);
	assert_string_equal(got.targets, "1 192.0.2.2:5269");
	assert_true(clock_mono_ms() - start < 2500);
}

static void a_proxy_replaces_srv(void **state)
{
	look_up("two.lab", "proxy.lab", 0);
	assert_string_equal(got.targets, "0 192.0.2.7:5269");
	look_up("two.lab", "192.0.2.8", 5280);
	assert_string_equal(got.targets, "0 192.0.2.8:5280");
	look_up("two.lab", "2001:db8::9", 0);
	assert_string_equal(got.targets, "0 [2001:db8::9]:5269");
}

static void cancelled_says_nothing(void **state)
{
	lookup_cancel(lookup_new(loop, dns, "two.lab", NULL, 0, 5269, on_done, NULL));
	lookup_cancel(lookup_new(loop, dns, "two.lab", "192.0.2.8", 1, 5269, on_done, NULL));
	look_up("plain.lab", NULL, 0);
	assert_int_equal(got.calls, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(srv_records_in_order_each_a_group),
		T(without_srv_the_domain_itself),
		T(the_dot_is_a_no),
		T(no_fallback_where_srv_answered),
		T(nobody_at_all),
		T(a_silent_target_does_not_hold_up_the_next),
		T(a_proxy_replaces_srv),
		T(cancelled_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
