/* Whose address counts behind proxies. */

#include "auth/proxy.h"
#include "base/mem.h"
#include "unit.h"

static void networks(void **state)
{
	/* clang-format off */
	static const struct { const char *typed; int bits; } cases[] = {
		{"192.0.2.1", 128}, {"192.0.2.0/24", 120}, {"0.0.0.0/0", 96}, {"192.0.2.1/32", 128},
		{"2001:db8::/32", 32}, {"2001:db8::1", 128}, {"::/0", 0}, {"::1/128", 128},
		{"192.0.2.1/24", -1}, {"192.0.2.0/33", -1}, {"2001:db8::1/32", -1}, {"2001:db8::/129", -1},
		{"", -1}, {"/24", -1}, {"192.0.2.0/", -1}, {"192.0.2.0/x", -1}, {"192.0.2", -1},
		{"proxy.example", -1}, {"[::1]", -1}, {"192.0.2.1:80", -1}, {"fe80::1%eth0", -1},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proxy_network n = {0};
		struct err e = {0};
		int r = proxy_network_parse(&n, slice_of(cases[i].typed), &e);

		if ((r == 0) != (cases[i].bits >= 0))
			fail_msg("'%s': %s", cases[i].typed, r ? e.text : "was accepted");
		if (r == 0)
			assert_int_equal(n.bits, cases[i].bits);
	}
}

/* clang-format off */
/* Trusted: 10.0.0.0/8, 2001:db8:1::/48, 127.0.0.1. */
static const struct { const char *peer, *forwarded, *forwarded_for, *want; } asks[] = {
	/* without, and from who is not trusted */
	{"192.0.2.1", NULL, NULL, "192.0.2.1"},
	{"192.0.2.1", NULL, "198.51.100.7", "192.0.2.1"},
	{"192.0.2.1", "for=198.51.100.7", NULL, "192.0.2.1"},
	{"10.1.1.1", NULL, NULL, "10.1.1.1"},
	{"::ffff:192.0.2.1", NULL, NULL, "192.0.2.1"},
	{"2001:DB8::1", NULL, NULL, "2001:db8::1"},
	/* one proxy */
	{"10.1.1.1", NULL, "198.51.100.7", "198.51.100.7"},
	{"::ffff:10.1.1.1", NULL, "198.51.100.7", "198.51.100.7"},
	{"10.1.1.1", NULL, "2001:db8:9::7", "2001:db8:9::7"},
	{"10.1.1.1", NULL, "198.51.100.7:4711", "198.51.100.7"},
	{"10.1.1.1", NULL, "[2001:db8:9::7]:4711", "2001:db8:9::7"},
	{"2001:db8:1::5", "for=198.51.100.7;proto=https;by=10.1.1.1", NULL, "198.51.100.7"},
	{"10.1.1.1", "proto=https; For=\"[2001:db8:9::7]:4711\"", NULL, "2001:db8:9::7"},
	/* what the client wrote himself stands on the left */
	{"10.1.1.1", NULL, "127.0.0.1, 198.51.100.7", "198.51.100.7"},
	{"10.1.1.1", NULL, "10.9.9.9,198.51.100.7", "198.51.100.7"},
	{"10.1.1.1", "for=127.0.0.1, for=198.51.100.7", NULL, "198.51.100.7"},
	/* several proxies */
	{"10.1.1.1", NULL, "198.51.100.7, 10.2.2.2", "198.51.100.7"},
	{"10.1.1.1", NULL, "203.0.113.9, 198.51.100.7, 10.2.2.2, 2001:db8:1::5", "198.51.100.7"},
	{"10.1.1.1", "for=198.51.100.7, for=10.2.2.2", NULL, "198.51.100.7"},
	/* all of them trusted: the first of them is the client */
	{"10.1.1.1", NULL, "10.2.2.2", "10.2.2.2"},
	{"127.0.0.1", NULL, "10.3.3.3, 10.2.2.2", "10.3.3.3"},
	/* no address: it ends at the proxy that wrote it */
	{"10.1.1.1", NULL, "unknown", "10.1.1.1"},
	{"10.1.1.1", "for=_hidden", NULL, "10.1.1.1"},
	{"10.1.1.1", NULL, "198.51.100.7, unknown", "10.1.1.1"},
	{"10.1.1.1", NULL, "198.51.100.7, unknown, 10.2.2.2", "10.2.2.2"},
	{"10.1.1.1", NULL, "", "10.1.1.1"}, {"10.1.1.1", "", NULL, "10.1.1.1"},
	{"10.1.1.1", NULL, "198.51.100.7,", "10.1.1.1"},
	{"10.1.1.1", NULL, "[2001:db8:9::7", "10.1.1.1"},
	{"10.1.1.1", NULL, "198.51.100.7 198.51.100.8", "10.1.1.1"},
	{"10.1.1.1", "by=198.51.100.7", NULL, "10.1.1.1"},
	{"10.1.1.1", NULL, "<script>", "10.1.1.1"},
	/* both fields: they agree, or neither is believed */
	{"10.1.1.1", "for=198.51.100.7", "198.51.100.7", "198.51.100.7"},
	{"10.1.1.1", "for=203.0.113.9", "198.51.100.7", "10.1.1.1"},
	{"10.1.1.1", "for=unknown", "198.51.100.7", "10.1.1.1"},
	/* nobody */
	{"", NULL, "198.51.100.7", ""},
};
/* clang-format on */

static void clients(void **state)
{
	struct proxy_network v[3];
	struct proxy_networks trusted = {v, ARRAY_LEN(v)};

	assert_int_equal(proxy_network_parse(&v[0], SL("10.0.0.0/8"), NULL), 0);
	assert_int_equal(proxy_network_parse(&v[1], SL("2001:db8:1::/48"), NULL), 0);
	assert_int_equal(proxy_network_parse(&v[2], SL("127.0.0.1"), NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		struct proxy_request q = {slice_of(asks[i].peer), slice_of(asks[i].forwarded),
			slice_of(asks[i].forwarded_for)};
		char got[PROXY_ADDRESS_TEXT];

		proxy_client(&trusted, &q, got);
		if (strcmp(got, asks[i].want) != 0)
			fail_msg("row %zu: %s, not %s", i, got, asks[i].want);
	}
}

/* However long the client makes it. */
static void long_lists(void **state)
{
	struct proxy_network v;
	struct proxy_networks trusted = {&v, 1};
	char list[20000] = "", got[PROXY_ADDRESS_TEXT];
	struct proxy_request q = {SL("10.1.1.1"), SL_NONE, slice_make(list, 0)};

	assert_int_equal(proxy_network_parse(&v, SL("10.0.0.0/8"), NULL), 0);
	for (size_t n = 0; n + 16 < sizeof list; q.forwarded_for.n = n)
		n = (size_t)(stpcpy(list + n, "10.2.2.2,") - list);
	proxy_client(&trusted, &q, got);
	assert_true(*got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks),
		cmocka_unit_test(clients),
		cmocka_unit_test(long_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
