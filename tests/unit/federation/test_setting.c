/* Each type of setting: what is read, what text and JSON come out, what is refused. */

#include <stdlib.h>

#include "base/mem.h"
#include "federation/domain.h"
#include "federation/gateway.h"
#include "federation/partner.h"
#include "federation/policy.h"
#include "federation/route.h"
#include "unit.h"

struct value {
	const struct object_class *class;
	const char *name, *typed;
	const char *text; /* NULL: refused, and json is the code */
	const char *json;
};

/* clang-format off */
static const struct value values[] = {
	/* bool */
	{&partner_class, "enabled", "true", "true", "true"},
	{&partner_class, "enabled", " Yes ", "true", "true"},
	{&partner_class, "enabled", "ON", "true", "true"},
	{&partner_class, "enabled", "1", "true", "true"},
	{&partner_class, "enabled", "no", "false", "false"},
	{&partner_class, "enabled", "off", "false", "false"},
	{&partner_class, "enabled", "False", "false", "false"},
	{&partner_class, "enabled", "0", "false", "false"},
	{&partner_class, "enabled", "10", NULL, "not_boolean"},
	{&partner_class, "enabled", "", NULL, "required"},
	/* number: ranges at both ends (administration facts 4.1, 4.2) */
	{&partner_class, "connection_limit", "1", "1", "1"},
	{&partner_class, "connection_limit", "10000", "10000", "10000"},
	{&partner_class, "connection_limit", "007", "7", "7"},
	{&partner_class, "connection_limit", "", "", "null"},
	{&partner_class, "connection_limit", "0", NULL, "out_of_range"},
	{&partner_class, "connection_limit", "10001", NULL, "out_of_range"},
	{&partner_class, "connection_limit", "4294967297", NULL, "out_of_range"},
	{&partner_class, "connection_limit", "-", NULL, "not_number"},
	{&partner_class, "connection_limit", "+1", NULL, "not_number"},
	{&partner_class, "connection_limit", "1e3", NULL, "not_number"},
	{&gateway_class, "connection_limit", "1000000", "1000000", "1000000"},
	{&gateway_class, "connection_limit", "1000001", NULL, "out_of_range"},
	{&gateway_class, "connection_limit", "0", NULL, "out_of_range"},
	{&gateway_class, "partner_connection_limit", "1", "1", "1"},
	{&gateway_class, "keep_alive_interval", "10", "10", "10"},
	{&gateway_class, "keep_alive_interval", "86400", "86400", "86400"},
	{&gateway_class, "keep_alive_interval", "86401", NULL, "out_of_range"},
	{&gateway_class, "stream_establishment_timeout", "1", "1", "1"},
	{&gateway_class, "stream_establishment_timeout", "600", "600", "600"},
	{&gateway_class, "stream_inactivity_timeout", "30", "30", "30"},
	{&gateway_class, "stream_inactivity_timeout", "604800", "604800", "604800"},
	{&gateway_class, "stream_inactivity_timeout", "604801", NULL, "out_of_range"},
	{&gateway_class, "subscription_refresh_interval", "60", "60", "60"},
	{&gateway_class, "subscription_refresh_interval", "2592000", "2592000", "2592000"},
	{&route_class, "error_wait", "0", "0", "0"},
	{&route_class, "error_wait", "2000", "2000", "2000"},
	{&route_class, "error_wait", "2001", NULL, "out_of_range"},
	{&route_class, "error_wait", "", NULL, "required"},
	/* word */
	{&partner_class, "tls_negotiation", "Required", "Required", "\"Required\""},
	{&partner_class, "tls_negotiation", "not supported", "NotSupported", "\"NotSupported\""},
	{&partner_class, "tls_negotiation", "NOT_SUPPORTED", "NotSupported", "\"NotSupported\""},
	{&partner_class, "tls_negotiation", "not-supported", "NotSupported", "\"NotSupported\""},
	{&partner_class, "tls_negotiation", "optionally", NULL, "not_one_of"},
	{&partner_class, "tls_negotiation", "option", NULL, "not_one_of"},
	{&partner_class, "tls_negotiation", "-", NULL, "not_one_of"},
	{&partner_class, "partner_type", "publicverified", "PublicVerified", "\"PublicVerified\""},
	{&partner_class, "partner_type", "Public unverified", "PublicUnverified", "\"PublicUnverified\""},
	{&route_class, "kind", "Microsoft Edge", "microsoft-edge", "\"microsoft-edge\""},
	/* text */
	{&partner_class, "description", "NOC +49 30 555 0100, Zürich", "NOC +49 30 555 0100, Zürich",
		"\"NOC +49 30 555 0100, Zürich\""},
	{&partner_class, "description", "a\r\nb\rc\n", "a\nb\nc\n", "\"a\\nb\\nc\\n\""},
	{&partner_class, "description", "say \"\\\"\t", "say \"\\\"\t", "\"say \\\"\\\\\\\"\\t\""},
	{&partner_class, "description", "", "", "null"},
	{&partner_class, "description", "\xff", NULL, "not_utf8"},
	{&partner_class, "description", "\xc0\x80", NULL, "not_utf8"},
	{&partner_class, "description", "\xed\xa0\x80", NULL, "not_utf8"},
	{&partner_class, "description", "\x7f", NULL, "control_character"},
	{&partner_class, "description", "\xc2\x9b", NULL, "control_character"},
	/* name */
	{&local_domain_class, "route", "Main-1_a.b", "main-1_a.b", "\"main-1_a.b\""},
	{&local_domain_class, "route", "-main", NULL, "name_syntax"},
	{&local_domain_class, "route", "mäin", NULL, "name_syntax"},
	/* domain */
	{&partner_class, "domain", "XMPP.Lab", "xmpp.lab", "\"xmpp.lab\""},
	{&partner_class, "domain", " Bücher.example\n", "xn--bcher-kva.example",
		"\"xn--bcher-kva.example\""},
	{&partner_class, "domain", "XN--BCHER-KVA.example", "xn--bcher-kva.example",
		"\"xn--bcher-kva.example\""},
	{&partner_class, "domain", "ｅｘａｍｐｌｅ．ｃｏｍ", "example.com", "\"example.com\""},
	{&partner_class, "domain", "例え。テスト", "xn--r8jz45g.xn--zckzah", "\"xn--r8jz45g.xn--zckzah\""},
	{&partner_class, "domain", "faß.example", "xn--fa-hia.example", "\"xn--fa-hia.example\""},
	{&partner_class, "domain", "localhost", "localhost", "\"localhost\""},
	{&partner_class, "domain", "a.*.example", NULL, "domain_wildcard"},
	{&partner_class, "domain", "example．", NULL, "domain_trailing_dot"},
	{&partner_class, "domain", "::1", NULL, "domain_is_address"},
	{&partner_class, "domain", "1.2.3", NULL, "domain_syntax"},
	{&partner_class, "domain", "\xff.example", NULL, "domain_syntax"},
	/* domain lists */
	{&partner_class, "additional_domains", "", "", "[]"},
	{&partner_class, "additional_domains", " , ;\n", "", "[]"},
	{&partner_class, "additional_domains", "b.example, A.example;c.example\nd.example、é.example",
		"b.example,a.example,c.example,d.example,xn--9ca.example",
		"[\"b.example\", \"a.example\", \"c.example\", \"d.example\", \"xn--9ca.example\"]"},
	{&partner_class, "additional_domains", "a.example,,A.EXAMPLE", NULL, "duplicate"},
	/* host */
	{&partner_class, "proxy_fqdn", "Proxy.Example", "proxy.example", "\"proxy.example\""},
	{&partner_class, "proxy_fqdn", "bücher.example:5269", "xn--bcher-kva.example:5269",
		"\"xn--bcher-kva.example:5269\""},
	{&partner_class, "proxy_fqdn", "192.0.2.1:65535", "192.0.2.1:65535", "\"192.0.2.1:65535\""},
	{&partner_class, "proxy_fqdn", "2001:DB8:0:0::1", "[2001:db8::1]", "\"[2001:db8::1]\""},
	{&partner_class, "proxy_fqdn", "[2001:db8::1]:1", "[2001:db8::1]:1", "\"[2001:db8::1]:1\""},
	{&partner_class, "proxy_fqdn", "", "", "null"},
	{&partner_class, "proxy_fqdn", "proxy.example.", NULL, "host_syntax"},
	{&partner_class, "proxy_fqdn", "*.example", NULL, "host_syntax"},
	{&partner_class, "proxy_fqdn", "a:1:2", NULL, "host_syntax"},
	{&partner_class, "proxy_fqdn", "a:+1", NULL, "port_range"},
	/* next hop */
	{&route_class, "next_hop", "SIP:Proxy.Lab", "sip:proxy.lab", "\"sip:proxy.lab\""},
	{&route_class, "next_hop", "sip:127.0.0.1:5060", "sip:127.0.0.1:5060", "\"sip:127.0.0.1:5060\""},
	{&route_class, "next_hop", "sip:[::1]:5060", "sip:[::1]:5060", "\"sip:[::1]:5060\""},
	{&route_class, "next_hop", "sip:", NULL, "host_syntax"},
	{&route_class, "next_hop", "proxy.lab", NULL, "uri_syntax"},
	{&route_class, "next_hop", "sip:proxy.lab?x=y", NULL, "uri_syntax"},
	/* networks */
	{&route_class, "sources", "10.0.0.0/8 192.0.2.1", "10.0.0.0/8,192.0.2.1",
		"[\"10.0.0.0/8\", \"192.0.2.1\"]"},
	{&route_class, "sources", "192.0.2.1/32", "192.0.2.1", "[\"192.0.2.1\"]"},
	{&route_class, "sources", "2001:DB8::/32,::1", "2001:db8::/32,::1", "[\"2001:db8::/32\", \"::1\"]"},
	{&route_class, "sources", "0.0.0.0/0,::/0", "0.0.0.0/0,::/0", "[\"0.0.0.0/0\", \"::/0\"]"},
	{&route_class, "sources", "::ffff:10.0.0.0/104", "10.0.0.0/8", "[\"10.0.0.0/8\"]"},
	{&route_class, "sources", "::ffff:10.0.0.1", "10.0.0.1", "[\"10.0.0.1\"]"},
	{&route_class, "sources", "10.0.0.0/", NULL, "network_syntax"},
	{&route_class, "sources", "10.0.0.0/+8", NULL, "network_syntax"},
	{&route_class, "sources", "/8", NULL, "network_syntax"},
	{&route_class, "sources", "010.0.0.1/x", NULL, "network_syntax"},
	{&route_class, "sources", "0.0.0.1/0", NULL, "network_host_bits"},
	{&route_class, "sources", "2001:db8::1/64", NULL, "network_host_bits"},
	/* policy */
	{&policy_class, "identity", "Global", "global", "\"global\""},
	{&policy_class, "identity", "Tag:XmppUsers", "tag:xmppusers", "\"tag:xmppusers\""},
	{&policy_class, "identity", "DOMAIN:Bücher.example", "domain:xn--bcher-kva.example",
		"\"domain:xn--bcher-kva.example\""},
	{&policy_class, "identity", "globe", NULL, "policy_syntax"},
	{&policy_class, "identity", "domain:", NULL, "domain_syntax"},
	{&policy_class, "identity", "tag:a:b", NULL, "policy_syntax"},
	/* user */
	{&grant_class, "user", "sip:Romeo@SIP.Lab", "romeo@sip.lab", "\"romeo@sip.lab\""},
	{&grant_class, "user", "o\\27hara@sip.lab", "o\\27hara@sip.lab", "\"o\\\\27hara@sip.lab\""},
	{&grant_class, "user", "sip:romeo", NULL, "address_syntax"},
};
/* clang-format on */

static char *text_of(const struct object *o, const struct setting *s)
{
	struct buf text = {0};
	char *ret;

	setting_format(s, o, &text);
	ret = buf_dup(&text);
	buf_done(&text);
	return ret;
}

static char *json_of(const struct object *o, const struct setting *s)
{
	struct buf text = {0};
	char *ret;

	setting_json(s, o, false, &text);
	ret = buf_dup(&text);
	buf_done(&text);
	return ret;
}

static const struct setting *named(const struct object_class *class, const char *name)
{
	const struct setting *s = setting_find(class->settings, class->n_settings, slice_of(name));

	assert_non_null(s);
	return s;
}

static void check_accepted(const struct value *v, struct object *o, const struct setting *s)
{
	struct object *copy;
	char *text = text_of(o, s), *json = json_of(o, s), *again;

	assert_string_equal(text, v->text);
	assert_string_equal(json, v->json);
	/* What comes out goes in again, and a copy has it. */
	copy = object_copy(o);
	again = text_of(copy, s);
	assert_string_equal(again, v->text);
	assert_true(object_equal(o, copy));
	object_unref(copy);
	free(text);
	free(json);
	free(again);
}

static void check_refused(const struct value *v, struct object *o, const struct setting *s,
	const char *before, const struct err *e)
{
	char *after = text_of(o, s);

	assert_int_equal(e->kind, ERR_INVALID);
	assert_string_equal(e->code, v->json);
	assert_string_equal(e->field, s->name);
	assert_true(strncmp(e->text, s->name, strlen(s->name)) == 0);
	assert_string_equal(before, after);
	free(after);
}

static void reads_and_writes(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const struct value *v = &values[i];
		const struct setting *s = named(v->class, v->name);
		struct object *o = object_new(v->class);
		char *before = text_of(o, s);
		struct err e = {0};
		int rc = setting_parse(s, o, slice_of(v->typed), &e);

		if ((rc == 0) != (v->text != NULL))
			fail_msg("%s '%s': %s", v->name, v->typed, rc ? e.text : "was accepted");
		if (rc == 0)
			check_accepted(v, o, s);
		else
			check_refused(v, o, s, before, &e);
		free(before);
		object_unref(o);
	}
}

static void counts_characters_not_bytes(void **state)
{
	struct object *o = object_new(&partner_class);
	struct buf text = {0};
	struct err e;

	for (int i = 0; i < 1024; i++)
		buf_str(&text, "\xf0\x9f\x98\x80");
	assert_int_equal(object_set(o, SL("description"), buf_slice(&text), &e), 0);
	buf_str(&text, "x");
	assert_int_equal(object_set(o, SL("description"), buf_slice(&text), &e), -1);
	assert_string_equal(e.code, "too_long");
	assert_int_equal(strlen(partner_of(o)->description), 4096);
	assert_int_equal(object_set(o, SL("description"), slice_make("a\0b", 3), &e), -1);
	assert_string_equal(e.code, "control_character");
	buf_done(&text);
	object_unref(o);
}

struct edit {
	char op; /* '+' or '-' */
	const char *typed, *text, *code;
};

static void edits_lists(void **state)
{
	/* clang-format off */
	static const struct edit edits[] = {
		{'+', "a.example b.example", "a.example,b.example", NULL},
		{'+', "A.example", "a.example,b.example", NULL}, /* there already: fine */
		{'+', "é.example, c.example, c.example", "a.example,b.example,xn--9ca.example,c.example", NULL},
		{'+', "*.example", NULL, "domain_wildcard"},
		{'-', "B.Example,É.example", "a.example,c.example", NULL},
		{'-', "c.example d.example", NULL, "not_in_list"},
		{'-', "c.example c.example", NULL, "not_in_list"},
		{'-', "", "a.example,c.example", NULL},
		{'-', "a.example,c.example", "", NULL},
	};
	/* clang-format on */
	const struct setting *s = named(&partner_class, "additional_domains");
	struct object *o = object_new(&partner_class);
	const char *now = "";

	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		const struct edit *d = &edits[i];
		struct err e = {0};
		int rc =
			(d->op == '+' ? setting_add : setting_remove)(s, o, slice_of(d->typed), &e);
		char *text;

		assert_int_equal(rc, d->text ? 0 : -1);
		if (d->text)
			now = d->text;
		else
			assert_string_equal(e.code, d->code);
		text = text_of(o, s);
		assert_string_equal(text, now);
		free(text);
	}
	assert_int_equal(partner_of(o)->additional_domains.n, 0);
	object_unref(o);
}

static void lists_have_a_limit(void **state)
{
	const struct setting *s = named(&partner_class, "additional_domains");
	struct object *o = object_new(&partner_class);
	struct buf text = {0};
	struct err e;

	for (int i = 0; i < 256; i++)
		buf_printf(&text, "d%d.example ", i);
	assert_int_equal(setting_parse(s, o, buf_slice(&text), &e), 0);
	assert_int_equal(setting_add(s, o, SL("d7.example"), &e), 0);
	assert_int_equal(setting_add(s, o, SL("more.example"), &e), -1);
	assert_string_equal(e.code, "too_many");
	assert_int_equal(partner_of(o)->additional_domains.n, 256);
	buf_done(&text);
	object_unref(o);
}

static void finds_names(void **state)
{
	/* clang-format off */
	static const struct {
		const char *typed, *name;
	} cases[] = {
		{"tls_negotiation", "tls_negotiation"}, {"TlsNegotiation", "tls_negotiation"},
		{"tls-negotiation", "tls_negotiation"}, {"TLS", "tls_negotiation"},
		{"SupportDialbackNegotiation", "support_dialback_negotiation"},
		{"dialback", "support_dialback_negotiation"}, {"EnableKeepAlive", "enable_keep_alive"},
		{"keep-alive", "enable_keep_alive"}, {"ProxyFqdn", "proxy_fqdn"},
		{"AdditionalDomains", "additional_domains"}, {"Identity", "domain"},
		{"ConnectionLimit", "connection_limit"}, {"PartnerType", "partner_type"},
		{"", NULL}, {"-", NULL}, {"tl", NULL}, {"tlss", NULL}, {"tls negotiation", NULL},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct setting *s = setting_find(
			partner_class.settings, partner_class.n_settings, slice_of(cases[i].typed));

		if (cases[i].name)
			assert_string_equal(s->name, cases[i].name);
		else
			assert_null(s);
	}
}

static void check_row(const struct object_class *class, size_t i)
{
	const struct setting *s = &class->settings[i];
	struct buf range = {0};
	bool first = i == 0 && !class->single;

	assert_int_equal(!!(s->flags & SETTING_KEY), first);
	assert_true(strlen(s->name) < sizeof((struct err *)0)->field);
	assert_int_equal(s->help[strlen(s->help) - 1], '.');
	assert_true(s->type != SETTING_WORD || s->words);
	/* One name, one setting. */
	for (size_t k = 0; k < class->n_settings; k++) {
		assert_true(
			k == i || setting_find(&class->settings[k], 1, slice_of(s->name)) == NULL);
		assert_true(k == i || !s->alias ||
			    setting_find(&class->settings[k], 1, slice_of(s->alias)) == NULL);
	}
	setting_range(s, &range);
	assert_true(range.n > 0);
	buf_done(&range);
}

static void tables_are_sound(void **state)
{
	for (size_t k = 0; k < OBJECT__N; k++) {
		assert_int_equal(object_classes[k]->kind, k);
		for (size_t i = 0; i < object_classes[k]->n_settings; i++)
			check_row(object_classes[k], i);
	}
}

static void range_says(const struct object_class *class, const char *name, const char *want)
{
	struct buf range = {0};
	char *text;

	setting_range(named(class, name), &range);
	text = buf_dup(&range);
	assert_string_equal(text, want);
	free(text);
	buf_done(&range);
}

static void ranges(void **state)
{
	range_says(&partner_class, "enabled", "true or false");
	range_says(&partner_class, "connection_limit", "1 to 10000, or empty");
	range_says(&partner_class, "tls", "Required, Optional or NotSupported");
	range_says(&partner_class, "domain", "a domain, such as example.com");
	range_says(&route_class, "transport", "udp, tcp, tls or auto");
	range_says(&route_class, "digest_password", "1 to 128 characters, or empty");
	range_says(&gateway_class, "dialback_passphrase", "16 to 256 characters, or empty");
}

static void quotes_json(void **state)
{
	/* clang-format off */
	static const char *const cases[][2] = {
		{"", "\"\""}, {"a\"b\\c", "\"a\\\"b\\\\c\""}, {"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
		{"\xc2\x85", "\"\\u0085\""}, {"ü€😀", "\"ü€😀\""}, {"a\xff" "b", "\"a\xef\xbf\xbd" "b\""},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text = {0};
		char *got;

		json_quote(&text, slice_of(cases[i][0]));
		got = buf_dup(&text);
		assert_string_equal(got, cases[i][1]);
		free(got);
		buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes),
		cmocka_unit_test(counts_characters_not_bytes),
		cmocka_unit_test(edits_lists),
		cmocka_unit_test(lists_have_a_limit),
		cmocka_unit_test(finds_names),
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(ranges),
		cmocka_unit_test(quotes_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
