#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "federation/route.h"
#include "sipnet/target.h"

/* DNS by hand: these stand in the place of net/dns's. */
struct dns_query {
	char name[256];
	uint16_t port; /* 0: SRV */
	dns_srv_done *srv;
	dns_addrs_done *addrs;
	void *arg;
	bool cancelled;
};
static struct dns_query query;
static unsigned asked;

struct dns_query *dns_srv(
	struct dns *d, const char *service, const char *domain, dns_srv_done *done, void *arg)
{
	query = (struct dns_query){.srv = done, .arg = arg};
	snprintf(query.name, sizeof query.name, "%s.%s", service, domain);
	asked++;
	return &query;
}

struct dns_query *dns_addrs(
	struct dns *d, const char *host, uint16_t port, dns_addrs_done *done, void *arg)
{
	query = (struct dns_query){.addrs = done, .arg = arg, .port = port};
	snprintf(query.name, sizeof query.name, "%s", host);
	asked++;
	return &query;
}

void dns_cancel(struct dns_query *q)
{
	if (q)
		q->cancelled = true;
}

static void answer_addrs(enum dns_status status, const char *const *v)
{
	struct netaddr a[4];
	struct dns_query q = query;
	size_t n = 0;

	for (; v && v[n]; n++)
		assert_int_equal(netaddr_parse_host(&a[n], slice_of(v[n]), q.port), 0);
	assert_non_null(q.addrs);
	q.addrs(q.arg, status, false, a, n);
}

/* ---- */

struct rig {
	struct loop *loop;
	struct route route;
	struct target *t;
};

static void open_rig(struct rig *r, const char *host, uint16_t port)
{
	*r = (struct rig){.loop = loop_new_fake("test", 1000)};
	r->route = (struct route){
		.name = (char *)"main", .next_hop = {.host = (char *)host, .port = port}
        };
	asked = 0;
	r->t = target_new(r->loop, (struct dns *)r, &r->route);
}

static void close_rig(struct rig *r)
{
	list_remove(&r->t->node);
	target_free(r->t);
	loop_turn(r->loop, false);
	loop_free(r->loop);
}

static void expect_target(struct rig *r, const char *want)
{
	char text[NETADDR_TEXT];

	if (!target_addr(r->t))
		assert_null(want);
	else
		assert_string_equal(netaddr_print(target_addr(r->t), text), want ? want : "none");
}

static void test_literal(void **state)
{
	struct rig r;

	open_rig(&r, "192.0.2.1", 0);
	expect_target(&r, "192.0.2.1:5060");
	assert_int_equal(asked, 0);
	close_rig(&r);
	open_rig(&r, "2001:db8::1", 5070);
	expect_target(&r, "[2001:db8::1]:5070");
	close_rig(&r);
}

/* RFC 3263 4.2: with a port the name has addresses; refreshed every minute. */
static void test_name_with_port(void **state)
{
	struct rig r;

	open_rig(&r, "sip.example.net", 5070);
	expect_target(&r, NULL);
	assert_string_equal(query.name, "sip.example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", "192.0.2.2", NULL});
	expect_target(&r, "192.0.2.1:5070");
	loop_fake_advance(r.loop, 59999);
	assert_int_equal(asked, 1);
	loop_fake_advance(r.loop, 1);
	assert_int_equal(asked, 2);
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.9", NULL});
	expect_target(&r, "192.0.2.9:5070");
	close_rig(&r);
}

/* RFC 3263 4.2: without a port SRV first, and then the name itself. */
static void test_name_without_port(void **state)
{
	struct srv v[2] = {0};
	struct rig r;

	open_rig(&r, "example.net", 0);
	assert_string_equal(query.name, "_sip._udp.example.net");
	snprintf(v[0].target, sizeof v[0].target, "a.example.net");
	snprintf(v[1].target, sizeof v[1].target, "b.example.net");
	v[0].port = 5070;
	v[1].port = 5071;
	query.srv(query.arg, DNS_OK, false, v, 2);
	assert_string_equal(query.name, "a.example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", NULL});
	expect_target(&r, NULL); /* not before all are known */
	assert_string_equal(query.name, "b.example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.2", NULL});
	expect_target(&r, "192.0.2.1:5070");
	target_failed(r.t, target_addr(r.t));
	expect_target(&r, "192.0.2.2:5071");
	close_rig(&r);

	open_rig(&r, "example.net", 0);
	query.srv(query.arg, DNS_NO_NAME, false, NULL, 0);
	assert_string_equal(query.name, "example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", NULL});
	expect_target(&r, "192.0.2.1:5060");
	close_rig(&r);
}

/* RFC 2782: a target of "." says that there is no such service. Asked again soon. */
static void test_no_service(void **state)
{
	struct srv v = {0};
	struct rig r;

	open_rig(&r, "example.net", 0);
	query.srv(query.arg, DNS_OK, false, &v, 1);
	expect_target(&r, NULL);
	assert_int_equal(asked, 1);
	loop_fake_advance(r.loop, 5000);
	assert_int_equal(asked, 2);
	close_rig(&r);
}

/* The last good answer stays while DNS fails; then it is asked every five seconds. */
static void test_dns_fails(void **state)
{
	struct rig r;

	open_rig(&r, "sip.example.net", 5060);
	answer_addrs(DNS_FAILED, NULL);
	expect_target(&r, NULL);
	loop_fake_advance(r.loop, 5000);
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", NULL});
	expect_target(&r, "192.0.2.1:5060");
	loop_fake_advance(r.loop, 60000);
	answer_addrs(DNS_FAILED, NULL);
	expect_target(&r, "192.0.2.1:5060");
	loop_fake_advance(r.loop, 5000);
	assert_int_equal(asked, 4);
	close_rig(&r);
	assert_true(query.cancelled);
}

/* One that does not answer is left for the next; one that DNS still names is kept. */
static void test_failed(void **state)
{
	const char *const both[] = {"192.0.2.1", "192.0.2.2", NULL};
	struct netaddr other;
	struct rig r;

	open_rig(&r, "sip.example.net", 5060);
	answer_addrs(DNS_OK, both);
	assert_int_equal(netaddr_parse_host(&other, SL("192.0.2.7"), 5060), 0);
	target_failed(r.t, &other); /* not the one in use */
	expect_target(&r, "192.0.2.1:5060");
	target_failed(r.t, target_addr(r.t));
	expect_target(&r, "192.0.2.2:5060");
	loop_fake_advance(r.loop, 60000);
	answer_addrs(DNS_OK, both);
	expect_target(&r, "192.0.2.2:5060");
	target_failed(r.t, target_addr(r.t));
	expect_target(&r, "192.0.2.1:5060");
	close_rig(&r);
}

/* Without a list of sources: the addresses of the next hop, from any port. */
static void test_sources(void **state)
{
	struct netaddr a;
	struct rig r;

	open_rig(&r, "sip.example.net", 5060);
	assert_int_equal(netaddr_parse_host(&a, SL("192.0.2.2"), 40000), 0);
	assert_false(target_has_source(r.t, &a));
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", "192.0.2.2", NULL});
	assert_true(target_has_source(r.t, &a));
	assert_int_equal(netaddr_parse_host(&a, SL("192.0.2.3"), 5060), 0);
	assert_false(target_has_source(r.t, &a));
	close_rig(&r);
}

static void test_rate(void **state)
{
	struct rig r;

	open_rig(&r, "192.0.2.1", 5060);
	for (unsigned i = 0; i < 100; i++)
		assert_true(target_take(r.t, 1000));
	r.route.receive_rate = 3;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(target_take(r.t, 2000 + i), i < 3);
	assert_true(target_take(r.t, 3000));
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_name_with_port),
		cmocka_unit_test(test_name_without_port),
		cmocka_unit_test(test_no_service),
		cmocka_unit_test(test_dns_fails),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
