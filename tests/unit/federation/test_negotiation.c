/*
 * What holds for all 18 settings; which methods and warnings each row has is negotiation_matrix's.
 */

#include <stdlib.h>

#include "federation/negotiation.h"
#include "unit.h"

#define each_setting(n)                                                                            \
	for (unsigned n##_i = 0; n##_i < 18; n##_i++)                                              \
		for (struct negotiation n = {n##_i / 6, n##_i / 2 % 3, n##_i % 2}, *n##_once = &n; \
			n##_once; n##_once = NULL)

static void eleven_are_accepted(void **state)
{
	unsigned accepted = 0;

	each_setting(n) accepted += negotiation_judge(n).refused == NEGOTIATION_ACCEPTED;
	assert_int_equal(accepted, 11);
}

static void a_verdict_is_whole(void **state)
{
	each_setting(n)
	{
		struct negotiation_verdict v = negotiation_judge(n);
		bool accepted = v.refused == NEGOTIATION_ACCEPTED;

		assert_int_equal(accepted, v.n_methods > 0);
		assert_int_equal(accepted, v.n_ways_out == 0);
		assert_true(accepted || v.n_warnings == 0);
		assert_int_equal(accepted, *negotiation_refusal_code(v.refused) == '\0');
	}
}

/* Every way out, applied, is accepted; it differs; SASL is given up only where it was Optional. */
static void ways_out_lead_out(void **state)
{
	each_setting(n)
	{
		struct negotiation_verdict v = negotiation_judge(n);

		for (size_t i = 0; i < v.n_ways_out; i++) {
			struct negotiation way = v.ways_out[i];

			assert_int_equal(negotiation_judge(way).refused, NEGOTIATION_ACCEPTED);
			assert_false(negotiation_eq(way, n));
			assert_true(n.sasl == NEGOTIATION_NOT_SUPPORTED ||
				    way.sasl != NEGOTIATION_NOT_SUPPORTED ||
				    n.sasl == NEGOTIATION_OPTIONAL);
		}
	}
}

/* How safe the best method is never falls from one way out to the next. */
static void ways_out_safest_first(void **state)
{
	each_setting(n)
	{
		struct negotiation_verdict v = negotiation_judge(n);

		for (size_t i = 1; i < v.n_ways_out; i++) {
			struct negotiation_verdict a = negotiation_judge(v.ways_out[i - 1]);
			struct negotiation_verdict b = negotiation_judge(v.ways_out[i]);

			assert_true(a.methods[0] <= b.methods[0]);
			assert_true(a.methods[a.n_methods - 1] <= b.methods[b.n_methods - 1]);
		}
	}
}

static void allows_what_is_judged(void **state)
{
	each_setting(n)
	{
		struct negotiation_verdict v = negotiation_judge(n);

		for (enum negotiation_method m = 0; m < METHOD__N; m++) {
			bool listed = false;

			for (size_t i = 0; i < v.n_methods; i++)
				listed |= v.methods[i] == m;
			assert_int_equal(negotiation_allows(n, m), listed);
		}
	}
}

/* TLS Required: nothing goes in clear, whatever else is set. */
static void required_is_required(void **state)
{
	each_setting(n) if (n.tls == NEGOTIATION_REQUIRED)
		assert_false(negotiation_allows(n, METHOD_TCP_DIALBACK));
	/* ... and where SASL is as well, nothing takes its place. */
	each_setting(n) if (n.tls == NEGOTIATION_REQUIRED && n.sasl == NEGOTIATION_REQUIRED)
		assert_false(negotiation_allows(n, METHOD_TLS_DIALBACK));
}

static void as_json(void **state)
{
	struct negotiation_verdict refused = negotiation_judge(
		(struct negotiation){NEGOTIATION_NOT_SUPPORTED, NEGOTIATION_NOT_SUPPORTED, false});
	struct negotiation_verdict accepted = negotiation_judge(
		(struct negotiation){NEGOTIATION_OPTIONAL, NEGOTIATION_REQUIRED, false});
	struct buf text = {0};

	negotiation_json(&refused, &text);
	assert_slice(buf_slice(&text),
		"{\"refused\": \"no_authentication_method\", \"methods\": [], "
		"\"warnings\": [], \"ways_out\": [{\"tls_negotiation\": \"Required\", "
		"\"sasl_negotiation\": \"Required\", \"support_dialback_negotiation\": false}, "
		"{\"tls_negotiation\": \"NotSupported\", \"sasl_negotiation\": \"NotSupported\", "
		"\"support_dialback_negotiation\": true}]}");
	buf_reset(&text);
	negotiation_json(&accepted, &text);
	assert_slice(buf_slice(&text),
		"{\"refused\": null, \"methods\": [\"sasl-over-tls\"], "
		"\"warnings\": [\"sasl_needs_tls_optional_may_fail\"], \"ways_out\": []}");
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eleven_are_accepted),
		cmocka_unit_test(a_verdict_is_whole),
		cmocka_unit_test(ways_out_lead_out),
		cmocka_unit_test(ways_out_safest_first),
		cmocka_unit_test(allows_what_is_judged),
		cmocka_unit_test(required_is_required),
		cmocka_unit_test(as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
