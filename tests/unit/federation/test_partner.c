/* The objects: the cmdlets' defaults, rules and warnings of one object. */

#include <stdlib.h>

#include "base/mem.h"
#include "federation/domain.h"
#include "federation/gateway.h"
#include "federation/partner.h"
#include "federation/policy.h"
#include "federation/route.h"
#include "unit.h"

static char *json_of(const struct object *o, bool unicode)
{
	struct buf text = {0};
	char *ret;

	object_json(o, unicode, &text);
	ret = buf_dup(&text);
	buf_done(&text);
	return ret;
}

static void json_is(const struct object *o, bool unicode, const char *want)
{
	char *got = json_of(o, unicode);

	assert_string_equal(got, want);
	free(got);
}

/* Administration facts 4.1 to 4.3; and design section 7 for what the predecessor did not have. */
static void defaults(void **state)
{
	/* clang-format off */
	static const char *const want[OBJECT__N] = {
		[OBJECT_GATEWAY] = "{\"connection_limit\": 1000, \"partner_connection_limit\": 20, "
			"\"keep_alive_interval\": 300, \"stream_establishment_timeout\": 60, "
			"\"stream_inactivity_timeout\": 600, \"subscription_refresh_interval\": 28800, "
			"\"enable_logging_all_message_bodies\": false, \"dialback_passphrase_set\": false}",
		[OBJECT_ACCESS] = "{\"allow_federated_users\": false}",
		[OBJECT_ROUTE] = "{\"name\": null, \"description\": null, \"next_hop\": null, "
			"\"transport\": \"udp\", \"sources\": [], \"from_domains\": [], \"tls_names\": [], "
			"\"kind\": \"generic\", \"message_mode\": \"pager\", \"receive_rate\": null, "
			"\"send_rate\": null, \"sender_rate\": null, \"error_wait\": 300, "
			"\"late_error\": \"message\", \"congestion_safe\": false, \"certificate\": null, "
			"\"digest_user\": null, \"digest_password_set\": false, \"trust_identity\": false}",
		[OBJECT_DOMAIN] = "{\"domain\": null, \"description\": null, \"route\": null}",
		[OBJECT_PARTNER] = "{\"domain\": null, \"additional_domains\": [], \"description\": null, "
			"\"partner_type\": \"PublicUnverified\", \"tls_negotiation\": \"Required\", "
			"\"sasl_negotiation\": \"Required\", \"support_dialback_negotiation\": true, "
			"\"enable_keep_alive\": true, \"proxy_fqdn\": null, \"connection_limit\": null, "
			"\"enabled\": true}",
		[OBJECT_POLICY] = "{\"identity\": null, \"description\": null, "
			"\"enable_federation_access\": false, \"enable_xmpp_access\": false, "
			"\"write_invites\": false}",
		[OBJECT_GRANT] = "{\"user\": null, \"policy\": null}",
	};
	/* clang-format on */

	for (size_t k = 0; k < OBJECT__N; k++) {
		struct object *o = object_new(object_classes[k]);

		json_is(o, false, want[k]);
		object_unref(o);
	}
}

/* Settings as "name=value" up to NULL. */
static struct object *make(const struct object_class *class, const char *const *settings)
{
	struct object *o = object_new(class);
	struct err e;

	for (; *settings; settings++) {
		size_t eq = slice_find(slice_of(*settings), '=');

		if (object_set(o, slice_cut(slice_of(*settings), eq),
			    slice_from(slice_of(*settings), eq + 1), &e) < 0)
			fail_msg("%s: %s", *settings, e.text);
	}
	return o;
}

struct warned {
	const struct object_class *class;
	const char *settings[8];
	const char *codes; /* of the warnings, in order, with a space behind each */
};

/* clang-format off */
static const struct warned warned[] = {
	/* Rows 1 and 2 of the matrix: the cmdlet's defaults, and the usual set-up. */
	{&partner_class, {"domain=a.example"}, "dialback_ineffective "},
	{&partner_class, {"domain=a.example", "dialback=false"}, ""},
	{&partner_class, {"domain=a.example", "tls=Optional"},
		"sasl_required_not_enforced sasl_needs_tls_optional_may_fail unencrypted_possible "},
	{&partner_class, {"domain=a.example", "tls=NotSupported", "sasl=NotSupported"},
		"unencrypted_possible "},
	{&partner_class, {"domain=a.example", "dialback=false", "domains=b.a.example"}, ""},
	{&partner_class, {"domain=a.example", "dialback=false", "domains=b.example c.b.a.example ba.example"},
		"additional_domain_outside additional_domain_outside "},
	{&partner_class, {"domain=localhost", "dialback=false"}, "domain_single_label "},
	{&local_domain_class, {"domain=sip.lab", "route=main"}, ""},
	{&local_domain_class, {"domain=sip.lab"}, "domain_without_route "},
	{&local_domain_class, {"domain=lab", "route=main"}, "domain_single_label "},
	{&gateway_class, {"KeepAliveInterval=600"}, "inactivity_before_keep_alive "},
	{&gateway_class, {"KeepAliveInterval=599"}, ""},
	{&policy_class, {"identity=global", "xmpp=true"}, "federation_access_off "},
	{&policy_class, {"identity=global", "xmpp=true", "federation=true"}, ""},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1"}, ""},
	{&route_class, {"name=main", "next_hop=sip:[fd00::1]:5060"}, ""},
	{&route_class, {"name=main", "next_hop=sip:proxy.lab"}, ""}, /* nobody knows where that is */
	{&route_class, {"name=main", "next_hop=sip:192.0.2.1"}, "route_not_private "},
	{&route_class, {"name=main", "next_hop=sip:[2001:db8::1]:5060"}, "route_not_private "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "late_error=off"}, "late_errors_not_told "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1",
		"sources=10.0.0.0/8 172.16.0.0/12 192.168.1.1 127.0.0.0/8 169.254.0.0/16 ::1 fd00::/8 fe80::/10"},
		""},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "sources=10.0.0.1 192.0.2.1"},
		"route_not_private "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "sources=172.0.0.0/8"},
		"route_not_private "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "sources=0.0.0.0/0 ::/0"},
		"route_not_private "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "sources=2001:db8::1"},
		"route_not_private "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "trust_identity=true"},
		"trust_not_private "},
	{&route_class, {"name=main", "next_hop=sip:pbx.lab", "transport=tls", "trust_identity=true",
		"digest_user=gw", "digest_password=x", "certificate=out"}, ""},
	{&route_class, {"name=main", "next_hop=sip:pbx.lab", "transport=auto", "trust_identity=true",
		"tls_names=pbx.lab", "certificate=out"}, "trust_not_private "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "digest_user=gw", "digest_password=x"},
		"digest_not_private "},
	{&route_class, {"name=main", "next_hop=sip:pbx.lab", "transport=tls", "digest_user=gw"},
		"digest_password_missing "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "message_mode=session"}, "mode_over_udp "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "transport=tcp", "message_mode=auto"}, ""},
	{&route_class, {"name=main", "next_hop=sip:pool.lab", "transport=tls", "kind=microsoft-pool"},
		"mode_not_of_kind "},
	{&route_class, {"name=main", "next_hop=sip:pool.lab", "transport=tls", "kind=microsoft-edge",
		"message_mode=session"}, ""},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "receive_rate=5", "sender_rate=6"},
		"sender_rate_above_total "},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "receive_rate=5", "sender_rate=5"}, ""},
	{&route_class, {"name=main", "next_hop=sip:127.0.0.1", "digest_password=x"},
		"digest_user_missing "},
};
/* clang-format on */

static void warnings(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(warned); i++) {
		struct object *o = make(warned[i].class, warned[i].settings);
		struct notes notes = {0};
		struct buf got = {0};
		struct err e;

		if (object_check(o, &notes, &e) < 0)
			fail_msg("%zu: %s", i, e.text);
		for (size_t n = 0; n < notes.n; n++) {
			buf_printf(&got, "%s ", notes.v[n].code);
			assert_string_equal(notes.v[n].kind, warned[i].class->name);
			assert_string_equal(notes.v[n].key, object_key(o));
			assert_non_null(setting_find(warned[i].class->settings,
				warned[i].class->n_settings, slice_of(notes.v[n].field)));
			assert_true(strlen(notes.v[n].text) > 10);
		}
		assert_slice(buf_slice(&got), warned[i].codes);
		buf_done(&got);
		assert_int_equal(object_check(o, NULL, NULL), 0);
		notes_done(&notes);
		object_unref(o);
	}
}

static void shows_both_forms(void **state)
{
	static const char *const settings[] = {"domain=Bücher.example",
		"domains=müller.example,b.example", "partner_type=Federated",
		"proxy=xn--bcher-kva.example:5270", NULL};
	struct object *o = make(&partner_class, settings);
	char *json = json_of(o, true);

	assert_non_null(strstr(json,
		"\"domain\": \"xn--bcher-kva.example\", "
		"\"domain_unicode\": \"bücher.example\", \"additional_domains\": "
		"[\"xn--mller-kva.example\", \"b.example\"], \"additional_domains_unicode\": "
		"[\"müller.example\", \"b.example\"], "));
	assert_string_equal(object_key(o), "xn--bcher-kva.example");
	assert_int_equal(partner_of(o)->proxy.port, 5270);
	assert_string_equal(partner_of(o)->proxy.host, "xn--bcher-kva.example");
	free(json);
	object_unref(o);
}

static void secrets_stay(void **state)
{
	static const char *const settings[] = {"dialback_passphrase=correct horse battery", NULL};
	struct object *o = make(&gateway_class, settings), *copy = object_copy(o);
	const struct setting *s = setting_find(
		gateway_class.settings, gateway_class.n_settings, SL("dialback_passphrase"));
	char *json = json_of(o, true);
	struct buf text = {0};

	assert_null(strstr(json, "horse"));
	assert_non_null(strstr(json, "\"dialback_passphrase_set\": true"));
	object_text(o, s, &text);
	assert_slice(buf_slice(&text), "(secret)");
	assert_string_equal(gateway_of(copy)->dialback_passphrase, "correct horse battery");
	assert_true(object_equal(o, copy));
	assert_int_equal(object_set(copy, SL("dialback_passphrase"), SL(""), NULL), 0);
	assert_false(object_equal(o, copy));
	buf_done(&text);
	free(json);
	object_unref(o);
	object_unref(copy);
}

static void classes_by_name(void **state)
{
	assert_ptr_equal(object_class_find(SL("partner")), &partner_class);
	assert_ptr_equal(object_class_find(SL("partners")), &partner_class);
	assert_ptr_equal(object_class_find(SL("policies")), &policy_class);
	assert_null(object_class_find(SL("partn")));
	assert_null(object_class_find(SL("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(warnings),
		cmocka_unit_test(shows_both_forms),
		cmocka_unit_test(secrets_stay),
		cmocka_unit_test(classes_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
