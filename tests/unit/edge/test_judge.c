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

/* Where a request came: in clear or not, authenticated by EXTERNAL or not. */
enum { CLEAR = 0, IN_TLS = 1, EXTERNAL = 3 };

/* XEP-0220 2.2.1, 2.5, 2.6: what becomes of a db:result. */
static void who_may_be_believed(void **state)
{
	static const struct {
		const char *from, *to, *of; /* of: whose stream it is */
		int where;
		bool no_key, cert_good, no_room;
		unsigned pairs, pending;
		enum edge_db refusal;
		bool proved;
	} cases[] = {
		/* each of the settings, in either channel */
		{"required.lab", "sip.lab", "required.lab", CLEAR, .refusal = EDGE_DB_NOT_ALLOWED},
		{"required.lab", "sip.lab", "required.lab", IN_TLS, .refusal = EDGE_DB_NOT_ALLOWED},
		{"optional.lab", "sip.lab", "optional.lab", CLEAR, .refusal = EDGE_DB_NOT_ALLOWED},
		{"optional.lab", "sip.lab", "optional.lab", IN_TLS, .refusal = EDGE_DB_NOT_ALLOWED},
		{"dialback.lab", "sip.lab", "dialback.lab", CLEAR, .refusal = EDGE_DB_NEEDS_TLS},
		{"dialback.lab", "sip.lab", "dialback.lab", IN_TLS},
		{"fallback.lab", "sip.lab", "fallback.lab", CLEAR},
		{"fallback.lab", "sip.lab", "fallback.lab", IN_TLS},
		{"plain.lab", "sip.lab", "plain.lab", CLEAR},
		{"plain.lab", "sip.lab", "plain.lab", IN_TLS, .refusal = EDGE_DB_NOT_ALLOWED},
		/* nobody's stream yet: the header did not say */
		{"fallback.lab", "sip.lab", NULL, CLEAR},
		{"dialback.lab", "sip.lab", NULL, CLEAR, .refusal = EDGE_DB_NEEDS_TLS},
		{"stranger.lab", "sip.lab", NULL, CLEAR, .refusal = EDGE_DB_NOT_PARTNER},
		/* who and whom */
		{"fallback.lab", "other.lab", "fallback.lab", IN_TLS,
			.refusal = EDGE_DB_HOST_UNKNOWN},
		{"stranger.lab", "other.lab", "fallback.lab", IN_TLS,
			.refusal = EDGE_DB_HOST_UNKNOWN},
		{"stranger.lab", "sip.lab", "fallback.lab", IN_TLS, .refusal = EDGE_DB_NOT_PARTNER},
		{"sub.fallback.lab", "sip.lab", "fallback.lab", IN_TLS,
			.refusal = EDGE_DB_NOT_PARTNER},
		{"dialback.lab", "sip.lab", "fallback.lab", IN_TLS,
			.refusal = EDGE_DB_OTHER_PARTNER},
		{"disabled.lab", "sip.lab", "disabled.lab", IN_TLS,
			.refusal = EDGE_DB_PARTNER_DISABLED},
		{NULL, "sip.lab", "fallback.lab", IN_TLS, .refusal = EDGE_DB_MALFORMED},
		{"fallback.lab", NULL, "fallback.lab", IN_TLS, .refusal = EDGE_DB_MALFORMED},
		{"fallback.lab", "sip.lab", "fallback.lab", IN_TLS, .no_key = true,
			.refusal = EDGE_DB_MALFORMED},
		/* bounds */
		{"fallback.lab", "sip.lab", "fallback.lab", IN_TLS, .no_room = true,
			.refusal = EDGE_DB_NO_ROOM},
		{"fallback.lab", "sip.lab", "fallback.lab", IN_TLS, .pairs = EDGE_PAIRS_MAX - 1},
		{"fallback.lab", "sip.lab", "fallback.lab", IN_TLS, .pairs = EDGE_PAIRS_MAX,
			.refusal = EDGE_DB_TOO_MANY},
		{"fallback.lab", "sip.lab", "fallback.lab", IN_TLS, .pending = EDGE_PENDING_MAX - 1},
		{"fallback.lab", "sip.lab", "fallback.lab", IN_TLS, .pending = EDGE_PENDING_MAX,
			.refusal = EDGE_DB_TOO_MANY},
		/* 93: the certificate may speak for a further pair, and for nothing else */
		{"fallback.lab", "sip.lab", "fallback.lab", EXTERNAL, .cert_good = true,
			.proved = true},
		{"fallback.lab", "sip.lab", "fallback.lab", EXTERNAL, .cert_good = false},
		{"fallback.lab", "sip.lab", "fallback.lab", IN_TLS, .cert_good = true},
		{"dialback.lab", "sip.lab", "dialback.lab", EXTERNAL, .cert_good = true},
		{"required.lab", "sip.lab", "required.lab", EXTERNAL, .cert_good = true,
			.refusal = EDGE_DB_NOT_ALLOWED},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct edge_claim c = {
			.from = Z(cases[i].from),
			.to = Z(cases[i].to),
			.has_key = !cases[i].no_key,
			.partner = Z(cases[i].of),
			.encrypted = cases[i].where & IN_TLS,
			.external = cases[i].where == EXTERNAL,
			.cert_good = cases[i].cert_good,
			.room = !cases[i].no_room,
			.pairs = cases[i].pairs,
			.pending = cases[i].pending,
		};
		struct edge_claim_verdict v = edge_judge_claim(settings, &c);

		if (v.refusal != cases[i].refusal || v.proved != cases[i].proved)
			fail_msg("case %zu: %s%s", i, edge_db_name(v.refusal),
				v.proved ? ", proved" : "");
	}
}

/* XEP-0220 2.2.2, 2.5: which db:verify is answered. */
static void who_may_ask(void **state)
{
	static const struct {
		const char *from, *to;
		bool complete, encrypted;
		enum edge_db refusal;
	} cases[] = {
		{"fallback.lab", "sip.lab", true, false, EDGE_DB_OK},
		{"fallback.lab", "sip.lab", true, true, EDGE_DB_OK},
		{"dialback.lab", "sip.lab", true, true, EDGE_DB_OK},
		{"dialback.lab", "sip.lab", true, false, EDGE_DB_NEEDS_TLS},
		{"plain.lab", "sip.lab", true, false, EDGE_DB_OK},
		{"required.lab", "sip.lab", true, true, EDGE_DB_NOT_ALLOWED},
		{"fallback.lab", "other.lab", true, true, EDGE_DB_HOST_UNKNOWN},
		{"stranger.lab", "other.lab", true, true, EDGE_DB_HOST_UNKNOWN},
		{"stranger.lab", "sip.lab", true, true, EDGE_DB_NOT_PARTNER},
		{"disabled.lab", "sip.lab", true, true, EDGE_DB_PARTNER_DISABLED},
		{NULL, "sip.lab", true, true, EDGE_DB_MALFORMED},
		{"fallback.lab", NULL, true, true, EDGE_DB_MALFORMED},
		{"fallback.lab", "sip.lab", false, true, EDGE_DB_MALFORMED},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum edge_db r = edge_judge_question(settings, Z(cases[i].from), Z(cases[i].to),
			cases[i].complete, cases[i].encrypted);

		if (r != cases[i].refusal)
			fail_msg("case %zu: %s", i, edge_db_name(r));
	}
}

static void which_pairs_are_kept(void **state)
{
	static const struct {
		const char *local, *remote, *of;
		enum negotiation_method method;
		enum edge_refusal refusal;
	} cases[] = {
		{"sip.lab", "fallback.lab", "fallback.lab", METHOD_SASL_OVER_TLS, EDGE_OK},
		{"sip.lab", "fallback.lab", "fallback.lab", METHOD_TLS_DIALBACK, EDGE_OK},
		{"sip.lab", "fallback.lab", "fallback.lab", METHOD_TCP_DIALBACK, EDGE_OK},
		{"sip.lab", "dialback.lab", "dialback.lab", METHOD_TLS_DIALBACK, EDGE_OK},
		{"sip.lab", "dialback.lab", "dialback.lab", METHOD_TCP_DIALBACK,
			EDGE_SETTINGS_CHANGED},
		{"sip.lab", "dialback.lab", "dialback.lab", METHOD_SASL_OVER_TLS,
			EDGE_SETTINGS_CHANGED},
		{"sip.lab", "required.lab", "required.lab", METHOD_TLS_DIALBACK,
			EDGE_SETTINGS_CHANGED},
		{"sip.lab", "fallback.lab", "dialback.lab", METHOD_TLS_DIALBACK,
			EDGE_SETTINGS_CHANGED},
		{"other.lab", "fallback.lab", "fallback.lab", METHOD_TLS_DIALBACK, EDGE_HOST_GONE},
		{"sip.lab", "stranger.lab", "stranger.lab", METHOD_TLS_DIALBACK,
			EDGE_NO_LONGER_PARTNER},
		{"sip.lab", "disabled.lab", "disabled.lab", METHOD_SASL_OVER_TLS,
			EDGE_PARTNER_DISABLED},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum edge_refusal r = edge_judge_kept(settings, Z(cases[i].local),
			Z(cases[i].remote), Z(cases[i].of), cases[i].method);

		if (r != cases[i].refusal)
			fail_msg("case %zu: %s", i, edge_refusal_name(r));
	}
}

/* XEP-0220 2.5 */
static void dialback_errors(void **state)
{
	for (enum edge_db r = EDGE_DB_OK + 1; r < EDGE_DB__N; r++) {
		assert_true(strlen(edge_db_name(r)) > 0);
		assert_int_not_equal(edge_db_cond(r), STANZA_OK);
	}
	assert_int_equal(edge_db_cond(EDGE_DB_HOST_UNKNOWN), STANZA_ITEM_NOT_FOUND);
	assert_int_equal(edge_db_cond(EDGE_DB_NEEDS_TLS), STANZA_POLICY_VIOLATION);
	assert_int_equal(edge_db_cond(EDGE_DB_NOT_ALLOWED), STANZA_POLICY_VIOLATION);
	assert_int_equal(edge_db_cond(EDGE_DB_OTHER_PARTNER), STANZA_POLICY_VIOLATION);
	assert_int_equal(edge_db_cond(EDGE_DB_NO_ROOM), STANZA_RESOURCE_CONSTRAINT);
}

static void certificates(void **state)
{
	for (enum cert_verdict v = 0; v < CERT__N; v++)
		assert_int_equal(edge_judge_cert(v), v == CERT_GOOD   ? XCERT_GOOD
						     : v == CERT_NONE ? XCERT_NONE
								      : XCERT_BAD);
}

/* RFC 6120 5.4.3.2, 13.14: what an attacker could bring about so that something weaker is tried. */
static void security_reasons(void **state)
{
	static const bool insecure[XSTREAM_R__N] = {[XSTREAM_R_TLS_REFUSED] = true,
		[XSTREAM_R_TLS_FAILED] = true, [XSTREAM_R_BAD_CERT] = true};

	for (enum xstream_reason r = 0; r < XSTREAM_R__N; r++)
		for (int tls = 0; tls < 4; tls++) {
			const struct edge_failure f = {
				.reason = r, .tls_failed = tls & 1, .tls_broken_off = tls & 2};

			if (edge_failed_insecurely(&f) != (tls || insecure[r]))
				fail_msg("reason %d, tls %d", (int)r, tls);
		}
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
		cmocka_unit_test(who_may_be_believed),
		cmocka_unit_test(who_may_ask),
		cmocka_unit_test(which_pairs_are_kept),
		cmocka_unit_test(dialback_errors),
		cmocka_unit_test(certificates),
		cmocka_unit_test(security_reasons),
		cmocka_unit_test(refusals_have_words_and_a_condition),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
