#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "gateway/carriage.h"
#include "gateway/refusals.h"

/* How a text goes: every rule of carriage.h. */

#define P CARRIAGE_PAGER
#define S CARRIAGE_SESSION
#define N CARRIAGE_NONE

static const struct {
	const char *rule;
	struct carriage_facts facts;
	enum carriage carriage;
	enum carriage_reason reason;
} rows[] = {
	/* clang-format off */
	{"pager", {.mode = ROUTE_PAGER, .size = 1}, P, CARRIAGE_R_MODE},
	{"pager, the limit", {.mode = ROUTE_PAGER, .size = 1300}, P, CARRIAGE_R_MODE},
	{"pager, RFC 3428 8", {.mode = ROUTE_PAGER, .size = 1301}, N, CARRIAGE_R_TOO_LONG},
	{"pager, RFC 3428 4", {.mode = ROUTE_PAGER, .size = 90000, .congestion_safe = true}, P, CARRIAGE_R_MODE},
	{"pager, he opened one", {.mode = ROUTE_PAGER, .size = 1, .standing = true}, S, CARRIAGE_R_STANDING},
	{"pager, he opened one: no limit", {.mode = ROUTE_PAGER, .size = 90000, .standing = true}, S, CARRIAGE_R_STANDING},
	{"pager: refusals are none of it", {.mode = ROUTE_PAGER, .size = 1, .refused = true}, P, CARRIAGE_R_MODE},
	{"session", {.mode = ROUTE_SESSION, .size = 1}, S, CARRIAGE_R_MODE},
	{"session: long", {.mode = ROUTE_SESSION, .size = 90000}, S, CARRIAGE_R_MODE},
	{"session: refused, and asked again", {.mode = ROUTE_SESSION, .refused = true}, S, CARRIAGE_R_MODE},
	{"session, while pager messages go", {.mode = ROUTE_SESSION, .pager_waiting = true}, S, CARRIAGE_R_MODE},
	{"auto", {.mode = ROUTE_AUTO, .size = 1}, S, CARRIAGE_R_MODE},
	{"auto: long", {.mode = ROUTE_AUTO, .size = 90000}, S, CARRIAGE_R_MODE},
	{"auto: refused", {.mode = ROUTE_AUTO, .size = 1, .refused = true}, P, CARRIAGE_R_REFUSED},
	{"auto: refused, and long", {.mode = ROUTE_AUTO, .size = 1301, .refused = true}, N, CARRIAGE_R_TOO_LONG},
	{"auto: refused, long, safe", {.mode = ROUTE_AUTO, .size = 1301, .refused = true, .congestion_safe = true}, P, CARRIAGE_R_REFUSED},
	{"auto: none is overtaken", {.mode = ROUTE_AUTO, .size = 1, .pager_waiting = true}, P, CARRIAGE_R_ORDER},
	{"auto: he opened one all the same", {.mode = ROUTE_AUTO, .refused = true, .pager_waiting = true, .standing = true}, S, CARRIAGE_R_STANDING},
	/* clang-format on */
};

static void each_rule(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct carriage_choice c = carriage_of(&rows[i].facts);

		if (c.carriage != rows[i].carriage || c.reason != rows[i].reason)
			fail_msg("%s: %u, %s", rows[i].rule, c.carriage, carriage_text(c.reason));
	}
}

static void what_refuses_sessions(void **state)
{
	for (unsigned status = 300; status < 700; status++)
		assert_int_equal(
			carriage_refuses(status), status == 405 || status == 488 || status == 501);
}

/* ---- who has refused ---- */

static void an_hour(void **state)
{
	struct refusals r;

	refusals_init(&r, 10);
	assert_false(refusals_has(&r, SL("a@b"), 1000));
	refusals_put(&r, SL("a@b"), 1000);
	assert_true(refusals_has(&r, SL("a@b"), 1000 + REFUSALS_MS - 1));
	assert_false(refusals_has(&r, SL("aa@b"), 1000));
	assert_false(refusals_has(&r, SL("a@b"), 1000 + REFUSALS_MS));
	assert_int_equal(r.table.count, 0);
	refusals_done(&r);
}

static void once_more_is_anew(void **state)
{
	struct refusals r;

	refusals_init(&r, 10);
	refusals_put(&r, SL("a@b"), 0);
	refusals_put(&r, SL("c@d"), 1);
	refusals_put(&r, SL("a@b"), 5000);
	assert_int_equal(r.table.count, 2);
	assert_true(refusals_has(&r, SL("a@b"), REFUSALS_MS + 2));
	assert_false(refusals_has(&r, SL("c@d"), REFUSALS_MS + 2));
	refusals_drop(&r, SL("a@b"));
	refusals_drop(&r, SL("a@b"));
	assert_false(refusals_has(&r, SL("a@b"), 5001));
	refusals_done(&r);
}

static void the_oldest_leave(void **state)
{
	struct refusals r;
	char user[16];

	refusals_init(&r, 3);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(user, sizeof user, "u%u@b", i);
		refusals_put(&r, slice_of(user), i);
	}
	assert_int_equal(r.table.count, 3);
	assert_false(refusals_has(&r, SL("u1@b"), 5));
	assert_true(refusals_has(&r, SL("u2@b"), 5));
	assert_true(refusals_has(&r, SL("u4@b"), 5));
	refusals_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(what_refuses_sessions),
		cmocka_unit_test(an_hour),
		cmocka_unit_test(once_more_is_anew),
		cmocka_unit_test(the_oldest_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
