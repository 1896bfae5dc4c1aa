#include "unit.h"

#include <string.h>

#include "net/address.h"

static void parses_and_prints(void **state)
{
	static const struct {
		const char *text;
		uint16_t deflt;
		const char *printed; /* NULL: refused */
	} cases[] = {
		{"192.0.2.1:5269", 0, "192.0.2.1:5269"},
		{"192.0.2.1", 53, "192.0.2.1:53"},
		{"192.0.2.1", 0, NULL},
		{"[2001:db8::1]:5269", 0, "[2001:db8::1]:5269"},
		{"[2001:DB8::1]", 53, "[2001:db8::1]:53"},
		{"2001:db8::1", 53, "[2001:db8::1]:53"},
		{"[::]:0", 0, "[::]:0"},
		{"192.0.2.1:65536", 0, NULL},
		{"192.0.2.1:", 0, NULL},
		{"192.0.2.256:1", 0, NULL},
		{"xmpp.lab:5269", 0, NULL},
		{"", 53, NULL},
		{":5269", 0, NULL},
		{"[]:5269", 0, NULL},
		{"fe80::1%eth0", 53, NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct netaddr a;
		char text[NETADDR_TEXT];
		struct err e = {0};
		int r = netaddr_parse(&a, slice_of(cases[i].text), cases[i].deflt, &e);

		if (!cases[i].printed) {
			assert_int_equal(r, -1);
			assert_int_equal(e.kind, ERR_INVALID);
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(netaddr_print(&a, text), cases[i].printed);
	}
}

static struct netaddr addr(const char *text)
{
	struct netaddr a;

	assert_int_equal(netaddr_parse_host(&a, slice_of(text), 1), 0);
	return a;
}

static void knows_special_addresses(void **state)
{
	static const struct {
		const char *text;
		bool loopback, link_local, any;
	} cases[] = {
		{"127.0.0.1", true, false, false},
		{"127.9.9.9", true, false, false},
		{"128.0.0.1", false, false, false},
		{"::1", true, false, false},
		{"169.254.1.1", false, true, false},
		{"fe80::1", false, true, false},
		{"0.0.0.0", false, false, true},
		{"::", false, false, true},
		{"2001:db8::1", false, false, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct netaddr a = addr(cases[i].text);

		assert_int_equal(netaddr_is_loopback(&a), cases[i].loopback);
		assert_int_equal(netaddr_is_link_local(&a), cases[i].link_local);
		assert_int_equal(netaddr_is_any(&a), cases[i].any);
	}
}

static void mapped_form_and_back(void **state)
{
	static const uint8_t want[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
	struct netaddr a = addr("192.0.2.1"), b = {0};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = a.in4.sin_port};
	uint8_t got[16];

	netaddr_mapped(&a, got);
	assert_memory_equal(got, want, 16);
	memcpy(&in6.sin6_addr, got, 16);
	assert_int_equal(netaddr_from(&b, (struct sockaddr *)&in6), 0);
	assert_true(netaddr_eq(&a, &b));
	netaddr_set_port(&b, 7);
	assert_false(netaddr_eq(&a, &b));
	assert_true(netaddr_eq_host(&a, &b));
}

static void limits_count_a_host_or_a_64(void **state)
{
	struct netaddr a = addr("2001:db8::1"), b = addr("2001:db8::ffff:1"),
		       c = addr("2001:db8:0:1::1"), d = addr("192.0.2.1"), e = addr("192.0.2.2");
	uint8_t x[16], y[16];

	assert_true(slice_eq(netaddr_limit_key(&a, x), netaddr_limit_key(&b, y)));
	assert_false(slice_eq(netaddr_limit_key(&a, x), netaddr_limit_key(&c, y)));
	assert_false(slice_eq(netaddr_limit_key(&d, x), netaddr_limit_key(&e, y)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_prints),
		cmocka_unit_test(knows_special_addresses),
		cmocka_unit_test(mapped_form_and_back),
		cmocka_unit_test(limits_count_a_host_or_a_64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
