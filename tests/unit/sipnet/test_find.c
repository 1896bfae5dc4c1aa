#include "unit.h"

#include <string.h>

#include "sipnet/find.h"

#include "dnsdouble.h"

/* What was asked when is sip/locate's; here: what is made of the answers. */
static struct find find;
static unsigned dones;
static enum find_end end;
static struct found got[FIND_MAX];
static size_t n_got;

static void on_done(void *arg, enum find_end how, const struct found *v, size_t n)
{
	dones++;
	end = how;
	n_got = n;
	memcpy(got, v, n * sizeof *v);
}

static void start(const char *host, uint16_t port, enum sip_locate_way way)
{
	dones = asked = 0;
	memset(&find, 0, sizeof find);
	find_start(&find, (struct dns *)&find, host, port, way, on_done, NULL);
	assert_int_equal(dones, 0); /* never inside the call */
}

static void expect(size_t i, const char *address, enum sip_transport t, const char *host)
{
	char text[NETADDR_TEXT];

	assert_string_equal(netaddr_print(&got[i].addr, text), address);
	assert_int_equal(got[i].transport, t);
	assert_string_equal(got[i].host, host);
}

static void test_host(void **state)
{
	start("sip.example.net", 5070, SIP_BY_TCP);
	assert_string_equal(query.name, "sip.example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", "2001:db8::1", NULL});
	assert_int_equal(end, FIND_FOUND);
	assert_int_equal(n_got, 2);
	expect(0, "192.0.2.1:5070", SIP_TCP, "sip.example.net");
	expect(1, "[2001:db8::1]:5070", SIP_TCP, "sip.example.net");
	assert_int_equal(got[1].record, 0);
}

static void test_srv(void **state)
{
	const struct srv v[] = {
		a_record(10, 60, 5061, "a.example.net"), a_record(20, 0, 5071, "b.example.net")};

	start("example.net", 0, SIP_BY_TLS);
	assert_string_equal(query.name, "_sips._tcp.example.net");
	answer_srv(DNS_OK, v, 2);
	assert_string_equal(query.name, "a.example.net");
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", "192.0.2.2", NULL});
	assert_int_equal(dones, 0); /* not before all are known */
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.3", NULL});
	assert_int_equal(dones, 1);
	assert_int_equal(n_got, 3);
	expect(0, "192.0.2.1:5061", SIP_TLS, "a.example.net");
	expect(2, "192.0.2.3:5071", SIP_TLS, "b.example.net");
	assert_int_equal(got[0].priority, 10);
	assert_int_equal(got[0].weight, 60);
	assert_int_equal(got[1].record, got[0].record);
	assert_int_not_equal(got[2].record, got[0].record);
	assert_int_equal(got[2].priority, 20);
}

static void test_naptr(void **state)
{
	const struct naptr v[] = {
		{20, 1, "s", "SIP+D2U", false, "_sip._udp.example.net"},
		{10, 1, "s", "SIP+D2T", true, "_sip._tcp.elsewhere.net"}, /* a regexp: not ours */
		{10, 2, "s", "SIPS+D2T", false, "_sips._tcp.example.net"},
	};
	const struct srv s = a_record(0, 0, 5061, "a.example.net");

	start("example.net", 0, SIP_BY_AUTO);
	answer_naptr(DNS_OK, v, 3);
	assert_string_equal(query.name, "_sips._tcp.example.net");
	answer_srv(DNS_OK, &s, 1);
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", NULL});
	assert_int_equal(n_got, 1);
	expect(0, "192.0.2.1:5061", SIP_TLS, "a.example.net");
}

/* A NAPTR record may name anything: one label cannot be asked for as a service. */
static void test_naptr_without_domain(void **state)
{
	const struct naptr v = {10, 1, "s", "SIP+D2U", false, "localhost"};

	start("example.net", 0, SIP_BY_AUTO);
	answer_naptr(DNS_OK, &v, 1);
	assert_int_equal(dones, 1);
	assert_int_equal(end, FIND_NONE);
}

/* One host of several that fails is left out; none at all is told as what it is. */
static void test_failures(void **state)
{
	const struct srv v[] = {
		a_record(10, 0, 5060, "a.example.net"), a_record(20, 0, 5060, "b.example.net")};
	const struct srv none = a_record(0, 0, 0, "");

	start("example.net", 0, SIP_BY_UDP);
	answer_srv(DNS_OK, v, 2);
	answer_addrs(DNS_FAILED, NULL);
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.3", NULL});
	assert_int_equal(end, FIND_FOUND);
	assert_int_equal(n_got, 1);

	start("example.net", 0, SIP_BY_UDP);
	answer_srv(DNS_OK, v, 2);
	answer_addrs(DNS_NO_DATA, NULL);
	answer_addrs(DNS_FAILED, NULL);
	assert_int_equal(end, FIND_FAILED);

	start("example.net", 0, SIP_BY_UDP);
	answer_srv(DNS_OK, v, 1);
	answer_addrs(DNS_NO_NAME, NULL);
	assert_int_equal(end, FIND_NONE);
	assert_non_null(strstr(find.text, "has no address"));

	start("example.net", 0, SIP_BY_UDP);
	answer_srv(DNS_OK, &none, 1);
	assert_int_equal(end, FIND_NONE);
	assert_int_equal(asked, 1);

	start("example.net", 0, SIP_BY_TLS);
	answer_srv(DNS_BOGUS, NULL, 0);
	assert_int_equal(end, FIND_FAILED);
	assert_int_equal(asked, 1);
}

/* The same address once, and no more than there is room for. */
static void test_bounds(void **state)
{
	struct srv v[3];
	char text[20][16];
	const char *many[21] = {0};

	for (unsigned i = 0; i < 20; i++) {
		snprintf(text[i], sizeof text[i], "192.0.2.%u", i);
		many[i] = text[i];
	}
	for (unsigned i = 0; i < 3; i++)
		v[i] = a_record(10, 0, 5060, "a.example.net");
	start("example.net", 0, SIP_BY_UDP);
	answer_srv(DNS_OK, v, 3);
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.1", "192.0.2.2", NULL});
	answer_addrs(DNS_OK, (const char *const[]){"192.0.2.2", "192.0.2.1", NULL});
	answer_addrs(DNS_OK, many);
	assert_int_equal(n_got, FIND_MAX);
}

static void test_stop(void **state)
{
	start("sip.example.net", 5070, SIP_BY_UDP);
	find_stop(&find);
	assert_true(query.cancelled);
	find_stop(&find);
	memset(&find, 0, sizeof find);
	find_stop(&find);
}

static void test_literal(void **state)
{
	assert_true(find_literal("2001:db8::1", 0, SIP_BY_TLS, &got[0]));
	expect(0, "[2001:db8::1]:5061", SIP_TLS, "");
	assert_false(find_literal("sip.example.net", 0, SIP_BY_TLS, &got[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_srv),
		cmocka_unit_test(test_naptr),
		cmocka_unit_test(test_naptr_without_domain),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_literal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
