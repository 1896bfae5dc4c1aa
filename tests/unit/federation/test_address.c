/* Addresses as typed, and networks. */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "federation/address.h"
#include "federation/value.h"
#include "unit.h"

static void addresses(void **state)
{
	/* clang-format off */
	static const char *const cases[][2] = {
		{"juliet@xmpp.lab", "juliet@xmpp.lab"},
		{" Juliet@XMPP.Lab\n", "juliet@xmpp.lab"},
		{"sip:romeo@sip.lab", "romeo@sip.lab"},
		{"SIP:Romeo@sip.lab", "romeo@sip.lab"},
		{"xmpp:juliet@xmpp.lab", "juliet@xmpp.lab"},
		{"anna@xn--bcher-kva.example", "anna@bücher.example"},
		{"anna@BÜCHER。example", "anna@bücher.example"},
		{"Ｊuliet@xmpp.lab", "juliet@xmpp.lab"},
		{"o\\27hara@sip.lab", "o\\27hara@sip.lab"},
		{"+49305550100@sip.lab", "+49305550100@sip.lab"},
		{"romeo@192.0.2.1", "romeo@192.0.2.1"},
		{"romeo", NULL}, {"@sip.lab", NULL}, {"romeo@", NULL}, {"", NULL}, {"@", NULL},
		{"romeo@sip.lab/phone", NULL}, {"ro meo@sip.lab", NULL}, {"o'hara@sip.lab", NULL},
		{"a/b@sip.lab", NULL}, {"a:b@sip.lab", NULL}, {"a@b@sip.lab", NULL}, {"<a@sip.lab>", NULL},
		{"\"a\"@sip.lab", NULL}, {"a&b@sip.lab", NULL}, {"a@*.lab", NULL}, {"a\xff@sip.lab", NULL},
		{"sips:romeo@sip.lab", NULL}, {"☃@sip.lab", NULL}, {"romeo@sip.lab:5060", NULL},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice got = SL_NONE;
		struct arena a = {0};
		struct err e = {0};
		int rc = address_admin(&got, &a, slice_of(cases[i][0]), &e);

		if ((rc == 0) != (cases[i][1] != NULL))
			fail_msg("'%s': %s", cases[i][0], rc ? e.text : "was accepted");
		if (rc == 0) {
			assert_slice(got, cases[i][1]);
		} else {
			assert_string_equal(e.code, "address_syntax");
			assert_null(got.p);
		}
		arena_done(&a);
	}
}

static void long_addresses(void **state)
{
	char typed[1100];
	struct arena a = {0};
	struct slice got;
	struct err e;

	memset(typed, 'a', 1023);
	memcpy(typed + 1023, "@sip.lab", 9);
	assert_int_equal(address_admin(&got, &a, slice_of(typed), &e), 0);
	assert_int_equal(got.n, 1023 + 8);
	memcpy(typed + 1023, "a@sip.lab", 10);
	assert_int_equal(address_admin(&got, &a, slice_of(typed), &e), -1);
	assert_string_equal(e.code, "address_syntax");
	arena_done(&a);
}

static void domains(void **state)
{
	assert_slice(address_domain(SL("romeo@sip.lab")), "sip.lab");
	assert_slice(address_domain(SL("sip.lab")), "sip.lab");
	assert_slice(address_domain(SL("romeo@")), "");
	assert_int_equal(address_domain(SL_NONE).n, 0);
}

/* To 16 bytes, IPv4 mapped. */
static void to_bytes(const char *text, uint8_t ret[16])
{
	memset(ret, 0, 16);
	if (inet_pton(AF_INET6, text, ret) == 1)
		return;
	ret[10] = ret[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, ret + 12), 1);
}

static void networks(void **state)
{
	/* clang-format off */
	static const struct {
		const char *net;
		uint8_t bits; /* of the family */
		const char *addr;
		bool has;
	} cases[] = {
		{"10.0.0.0", 8, "10.255.255.255", true}, {"10.0.0.0", 8, "11.0.0.0", false},
		{"10.0.0.0", 9, "10.127.0.1", true}, {"10.0.0.0", 9, "10.128.0.1", false},
		{"10.1.2.3", 32, "10.1.2.3", true}, {"10.1.2.3", 32, "10.1.2.2", false},
		{"0.0.0.0", 0, "192.0.2.1", true}, {"0.0.0.0", 0, "2001:db8::1", false},
		{"::", 0, "2001:db8::1", true}, {"::", 0, "192.0.2.1", false},
		{"2001:db8::", 32, "2001:db8:ffff::1", true}, {"2001:db8::", 32, "2001:db9::", false},
		{"2001:db8::", 33, "2001:db8:8000::", false}, {"::1", 128, "::1", true},
		{"::1", 128, "::2", false}, {"::1", 128, "0.0.0.1", false},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct network n = {.bits = cases[i].bits};
		uint8_t addr[16];

		to_bytes(cases[i].net, n.addr);
		if (!strchr(cases[i].net, ':'))
			n.bits = (uint8_t)(n.bits + NETWORK_MAPPED_BITS);
		to_bytes(cases[i].addr, addr);
		if (network_has(&n, addr) != cases[i].has)
			fail_msg("%s/%u and %s", cases[i].net, cases[i].bits, cases[i].addr);
		assert_int_equal(
			network_list_has(&(struct network_list){&n, 1}, addr), cases[i].has);
	}
	assert_false(network_list_has(&(struct network_list){NULL, 0}, (uint8_t[16]){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(long_addresses),
		cmocka_unit_test(domains),
		cmocka_unit_test(networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
