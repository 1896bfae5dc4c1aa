#include "unit.h"

#include <string.h>

#include "edge/judge.h"

#define NO   SL_NONE
#define Z(s) slice_of(s)

/* Ours: sip.lab. Partners of all kinds: NAME.lab below. */
static const struct {
	const char *domain, *tls, *sasl, *dialback, *enabled;
} partners[] = {
	{"required.lab", "Required", "Required", "true", "true"},
	{"fallback.lab", "Optional", "Optional", "true", "true"},
	{"optional.lab", "Optional", "Required", "false", "true"},
	{"dialback.lab", "Required", "NotSupported", "true", "true"},
	{"plain.lab", "NotSupported", "NotSupported", "true", "true"},
	{"disabled.lab", "Required", "Required", "true", "false"},
};

static struct snapshot *settings;

static int setup(void **state)
{
	struct config *c = config_new();
	struct object *o = object_new(&local_domain_class);
	struct err e;

	object_set(o, SL("domain"), SL("sip.lab"), &e);
	config_put(c, o);
	for (size_t i = 0; i < sizeof partners / sizeof partners[0]; i++) {
		o = object_new(&partner_class);
		if (object_set(o, SL("domain"), Z(partners[i].domain), &e) < 0 ||
			object_set(o, SL("tls"), Z(partners[i].tls), &e) < 0 ||
			object_set(o, SL("sasl"), Z(partners[i].sasl), &e) < 0 ||
			object_set(o, SL("dialback"), Z(partners[i].dialback), &e) < 0 ||
			object_set(o, SL("enabled"), Z(partners[i].enabled), &e) < 0)
			return -1;
		config_put(c, o);
	}
	if (snapshot_build(&settings, c, 1, NULL, &e) < 0)
		return -1;
	config_free(c);
	return 0;
}

static int teardown(void **state)
{
	snapshot_unref(settings);
	return 0;
}

static void expect_policy(
	size_t i, const struct xstream_policy *got, const struct xstream_policy *want)
{
	if (got->tls != want->tls || got->external != want->external ||
		got->dialback_tls != want->dialback_tls ||
		got->dialback_clear != want->dialback_clear || got->bare != want->bare ||
		got->floor)
		fail_msg("case %zu: tls %d, external %d, dialback in TLS %d, in clear %d", i,
			got->tls, got->external, got->dialback_tls, got->dialback_clear);
}

static void who_may_come_in(void **state)
{
	static const struct {
		const char *from, *to; /* NULL: absent */
		bool encrypted, has_cert;
		enum edge_refusal refusal;
		struct xstream_policy policy;
	} cases[] = {
		{"required.lab", "sip.lab", false, true, EDGE_OK, {XTLS_REQUIRED, true}},
		{"required.lab", "sip.lab", true, true, EDGE_OK, {XTLS_REQUIRED, true}},
		{"required.lab", "sip.lab", false, false, EDGE_OK,
			{XTLS_REQUIRED, true, .bare = true}},
		{"optional.lab", "sip.lab", false, true, EDGE_OK, {XTLS_OPTIONAL, true}},
		{"fallback.lab", "sip.lab", false, true, EDGE_OK,
			{XTLS_OPTIONAL, true, true, true}},
		{"fallback.lab", "sip.lab", false, false, EDGE_OK,
			{XTLS_OPTIONAL, true, true, true, .bare = true}},
		{"dialback.lab", "sip.lab", false, true, EDGE_OK, {XTLS_REQUIRED, false, true}},
		{"plain.lab", "sip.lab", false, true, EDGE_OK, {XTLS_OFF, false, false, true}},
		{"disabled.lab", "sip.lab", false, true, EDGE_PARTNER_DISABLED, {0}},
		{"stranger.lab", "sip.lab", false, true, EDGE_NOT_PARTNER, {0}},
		{"sub.required.lab", "sip.lab", false, true, EDGE_NOT_PARTNER, {0}},
		{"sip.lab", "sip.lab", false, true, EDGE_NOT_PARTNER, {0}},
		{"required.lab", "other.lab", false, true, EDGE_HOST_UNKNOWN, {0}},
		{"required.lab", NULL, false, true, EDGE_HOST_UNKNOWN, {0}},
		{"stranger.lab", "other.lab", false, true, EDGE_HOST_UNKNOWN, {0}},
		/* Who does not say who he is says it in a dialback request, or inside TLS. */
		{NULL, "sip.lab", false, true, EDGE_OK, {XTLS_OPTIONAL, true, false, true}},
		{NULL, "sip.lab", false, false, EDGE_OK,
			{XTLS_OPTIONAL, true, false, true, .bare = true}},
		{NULL, "sip.lab", true, true, EDGE_NO_FROM, {0}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct edge_verdict v = edge_judge_header(settings, Z(cases[i].from),
			Z(cases[i].to), cases[i].encrypted, cases[i].has_cert);

		if (v.refusal != cases[i].refusal)
			fail_msg("case %zu: %s", i, edge_refusal_name(v.refusal));
		expect_policy(i, &v.policy, &cases[i].policy);
	}
}

static void where_we_may_go(void **state)
{
	static const struct {
		const char *local, *remote;
		enum edge_refusal refusal;
		struct xstream_policy policy;
	} cases[] = {
		{"sip.lab", "required.lab", EDGE_OK, {XTLS_REQUIRED, true}},
		{"sip.lab", "fallback.lab", EDGE_OK, {XTLS_OPTIONAL, true, true, true}},
		{"sip.lab", "optional.lab", EDGE_OK, {XTLS_OPTIONAL, true}},
		{"sip.lab", "dialback.lab", EDGE_OK, {XTLS_REQUIRED, false, true}},
		{"sip.lab", "plain.lab", EDGE_OK, {XTLS_OFF, false, false, true}},
		{"sip.lab", "disabled.lab", EDGE_PARTNER_DISABLED, {0}},
		{"sip.lab", "stranger.lab", EDGE_NOT_PARTNER, {0}},
		{"other.lab", "required.lab", EDGE_HOST_GONE, {0}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct edge_verdict v =
			edge_judge_pair(settings, Z(cases[i].local), Z(cases[i].remote));

		assert_int_equal(v.refusal, cases[i].refusal);
		expect_policy(i, &v.policy, &cases[i].policy);
	}
}

static void certificates(void **state)
{
	for (enum cert_verdict v = 0; v < CERT__N; v++)
		assert_int_equal(edge_judge_cert(v), v == CERT_GOOD   ? XCERT_GOOD
						     : v == CERT_NONE ? XCERT_NONE
								      : XCERT_BAD);
}

static void refusals_have_words_and_a_condition(void **state)
{
	for (enum edge_refusal r = EDGE_OK + 1; r < EDGE_REFUSAL__N; r++) {
		assert_true(strlen(edge_refusal_name(r)) > 0);
		assert_true(strlen(edge_refusal_text(r)) > 0);
		assert_int_not_equal(edge_refusal_cond(r), STREAM_OK);
	}
	assert_int_equal(edge_refusal_cond(EDGE_NOT_PARTNER), STREAM_POLICY_VIOLATION);
	assert_int_equal(edge_refusal_cond(EDGE_HOST_GONE), STREAM_HOST_GONE);
	assert_string_equal(edge_refusal_name(EDGE_PARTNER_DISABLED), "partner-disabled");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_come_in),
		cmocka_unit_test(where_we_may_go),
		cmocka_unit_test(certificates),
		cmocka_unit_test(refusals_have_words_and_a_condition),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
