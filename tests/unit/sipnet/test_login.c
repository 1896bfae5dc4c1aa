#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sipnet/again.h"
#include "sipnet/login.h"
#include "sipnet/trouble.h"

/* What is done about a challenge: every combination of what was sent before. */
/* clang-format off */
static const struct {
	const char *what;
	bool sent, fresh, stale;
	unsigned times;
	enum login_verdict want;
} rows[] = {
	{"RFC 3261 22.2 the first challenge", false, false, false, 1, LOGIN_AGAIN},
	{"stale means nothing where nothing was sent", false, false, true, 1, LOGIN_AGAIN},
	{"of a second server behind the first", false, true, false, 2, LOGIN_AGAIN},
	{"a nonce of an earlier request is old", true, false, false, 1, LOGIN_AGAIN},
	{"RFC 7616 3.3 and it is said so", true, false, true, 1, LOGIN_AGAIN},
	{"RFC 7616 3.3 a fresh one is no excuse", true, true, false, 2, LOGIN_WRONG},
	{"but when the server says that it is old", true, true, true, 2, LOGIN_AGAIN},
	{"not for ever", true, true, true, 3, LOGIN_LOOPS},
	{"whatever it is", false, false, false, 3, LOGIN_LOOPS},
	{"an old nonce three times", true, false, true, 3, LOGIN_LOOPS},
	{"a wrong password is one however often", true, true, false, 9, LOGIN_WRONG},
};
/* clang-format on */

static void test_judge(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (login_judge(rows[i].sent, rows[i].fresh, rows[i].stale, rows[i].times) !=
			rows[i].want)
			fail_msg("%s", rows[i].what);
}

/* A request that is kept is the request that was given, whatever becomes of that. */
static void test_again(void **state)
{
	char ruri[] = "sip:a@b", body[] = "hi", name[] = "Subject", value[] = "x";
	struct sip_out field = {slice_of(name), slice_of(value)};
	struct sip_spec spec = {.method = SIP_MESSAGE,
		.ruri = slice_of(ruri),
		.from = SL("<sip:c@d>"),
		.to = SL("<sip:a@b>"),
		.fields = &field,
		.n_fields = 1,
		.content_type = SL("text/plain"),
		.body = slice_of(body)};
	struct again *a = again_new(&spec, SL("id"), SL("tag"));

	memset(ruri, '?', sizeof ruri - 1);
	memset(body, '?', sizeof body - 1);
	memset(name, '?', sizeof name - 1);
	memset(value, '?', sizeof value - 1);
	assert_slice(a->spec.ruri, "sip:a@b");
	assert_slice(a->spec.body, "hi");
	assert_slice(a->spec.call_id, "id");
	assert_slice(a->spec.from_tag, "tag");
	assert_slice(a->spec.to_tag, NULL); /* absent stays absent */
	assert_int_equal(a->spec.cseq, 1);
	again_add(a, "Authorization", SL("one"));
	again_add(a, "Proxy-Authorization", SL("two"));
	assert_int_equal(a->spec.n_fields, 3);
	assert_slice(a->spec.fields[0].name, "Subject");
	assert_slice(a->spec.fields[0].value, "x");
	assert_slice(a->spec.fields[2].value, "two");
	again_plain(a);
	assert_int_equal(a->spec.n_fields, 1);
	free(a);

	spec.call_id = SL("own");
	spec.from_tag = SL("mine");
	spec.to_tag = SL("theirs");
	spec.cseq = 7;
	a = again_new(&spec, SL("id"), SL("tag"));
	assert_slice(a->spec.call_id, "own");
	assert_slice(a->spec.from_tag, "mine");
	assert_slice(a->spec.to_tag, "theirs");
	assert_int_equal(a->spec.cseq, 7);
	free(a);
}

/* ---- what is remembered of errors ---- */

static void test_trouble(void **state)
{
	struct sipnet_error_view v[SIPNET_ERRORS];
	struct trouble t = {0};

	assert_int_equal(trouble_view(&t, 5000, v), 0);
	for (unsigned i = 0; i < 50; i++)
		trouble_note(&t, 1000 + i, SIPNET_E_TIMEOUT, "192.0.2.1:5060", "number %u", i / 2);
	assert_int_equal(trouble_view(&t, 2000, v), SIPNET_ERRORS);
	for (unsigned i = 0; i < SIPNET_ERRORS; i++) {
		char want[32];

		snprintf(want, sizeof want, "number %u", 24 - i);
		assert_string_equal(v[i].text, want);
		assert_int_equal(v[i].times, 2);
		assert_int_equal(v[i].ago, 2000 - 1049 + 2 * i);
		assert_string_equal(v[i].target, "192.0.2.1:5060");
	}
	trouble_note(&t, 3000, SIPNET_E_BUSY, "", NULL); /* another code is another error */
	trouble_note(&t, 3000, SIPNET_E_TIMEOUT, "", NULL);
	assert_int_equal(trouble_view(&t, 3000, v), SIPNET_ERRORS);
	assert_int_equal(v[0].code, SIPNET_E_TIMEOUT);
	assert_int_equal(v[1].code, SIPNET_E_BUSY);
	assert_string_equal(v[0].text, "");
	trouble_done(&t);
	trouble_done(&t);
}

static void test_names(void **state)
{
	for (int i = 0; i < SIPNET_E__N; i++)
		assert_true(strlen(sipnet_error_name((enum sipnet_error_code)i)) > 3);
	for (int i = 0; i < SIPNET_STATE__N; i++)
		assert_true(strlen(sipnet_state_name((enum sipnet_target_state)i)) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
