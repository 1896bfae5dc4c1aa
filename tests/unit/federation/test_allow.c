#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "build.h"
#include "federation/allow.h"
#include "federation/snapshot.h"
#include "unit.h"

static void puts_and_removes(void **state)
{
	struct allow_set *s = allow_new();

	assert_false(allow_has(s, SL("a@x"), SL("b@y"), 0));
	assert_true(allow_put(s, SL("a@x"), SL("b@y"), 0));
	assert_true(allow_has(s, SL("a@x"), SL("b@y"), UINT64_MAX));
	assert_false(allow_has(s, SL("b@y"), SL("a@x"), 0)); /* one way */
	assert_false(allow_has(s, SL("a@"), SL("xb@y"), 0)); /* the parts do not run together */
	assert_true(allow_put(s, SL("a@x"), SL("b@y"), 5));
	assert_int_equal(allow_count(s), 1);
	assert_true(allow_remove(s, SL("a@x"), SL("b@y")));
	assert_false(allow_remove(s, SL("a@x"), SL("b@y")));
	assert_int_equal(allow_count(s), 0);
	allow_free(s);
}

static void expires(void **state)
{
	struct allow_set *s = allow_new();

	allow_put(s, SL("a@x"), SL("b@y"), 1000);
	assert_true(allow_has(s, SL("a@x"), SL("b@y"), 999));
	assert_false(allow_has(s, SL("a@x"), SL("b@y"), 1000));
	assert_int_equal(allow_count(s), 1); /* until somebody cleans up */
	allow_put(s, SL("a@x"), SL("b@y"), 2000);
	assert_true(allow_has(s, SL("a@x"), SL("b@y"), 1000));
	allow_free(s);
}

struct seen {
	unsigned n;
	uint64_t sum;
};

static void see(void *arg, struct slice user, struct slice contact, uint64_t expires_ms)
{
	struct seen *seen = arg;

	assert_slice(user, "user@sip.lab");
	assert_true(slice_ends(contact, SL("@xmpp.lab")));
	seen->n++;
	seen->sum += expires_ms;
}

static void cleans_up(void **state)
{
	struct allow_set *s = allow_new();
	struct seen all = {0}, gone = {0};

	for (unsigned i = 0; i < 1000; i++) {
		char contact[32];

		snprintf(contact, sizeof contact, "c%u@xmpp.lab", i);
		allow_put(s, SL("user@sip.lab"), slice_of(contact), i);
	}
	allow_each(s, see, &all);
	assert_int_equal(all.n, 1000);
	assert_int_equal(all.sum, 999 * 1000 / 2);
	assert_int_equal(allow_expire(s, 500, see, &gone), 500); /* 1 to 500; 0 is never */
	assert_int_equal(gone.n, 500);
	assert_int_equal(gone.sum, 500 * 501 / 2);
	assert_int_equal(allow_expire(s, 500, NULL, NULL), 0);
	assert_int_equal(allow_count(s), 500);
	assert_true(allow_has(s, SL("user@sip.lab"), SL("c0@xmpp.lab"), 500));
	assert_true(allow_has(s, SL("user@sip.lab"), SL("c501@xmpp.lab"), 500));
	allow_free(s);
}

static struct snapshot *world(const struct line *lines, size_t n)
{
	struct config *c = build(lines, n);
	struct snapshot *s;

	assert_int_equal(snapshot_build(&s, c, 1, NULL, NULL), 0);
	config_free(c);
	return s;
}

/* Design section 7: what becomes of invitations when their partner changes. */
static void partners_change(void **state)
{
	static const struct line before_lines[] = {
		{OBJECT_PARTNER, "xmpp.lab",        "domains=moves.lab,stays.lab"},
		{OBJECT_PARTNER, "deleted.lab",     NULL                         },
		{OBJECT_PARTNER, "disabled.lab",    NULL                         },
		{OBJECT_PARTNER, "müller.example", NULL                         },
	};
	/* clang-format off */
	static const struct line now_lines[] = {
		{OBJECT_PARTNER, "xmpp.lab", "domains=stays.lab|type=Federated"},
		{OBJECT_PARTNER, "other.lab", "domains=moves.lab"},
		{OBJECT_PARTNER, "disabled.lab", "enabled=false"},
		{OBJECT_PARTNER, "müller.example", NULL},
		{OBJECT_PARTNER, "new.lab", NULL},
	};
	/* clang-format on */
	/* clang-format off */
	static const struct {
		const char *contact;
		bool stays, stays_at_start;
	} cases[] = {
		{"a@xmpp.lab", true, true}, {"a@stays.lab", true, true}, {"a@moves.lab", false, true},
		{"a@deleted.lab", false, false}, {"a@disabled.lab", true, true},
		{"a@müller.example", true, true}, {"a@new.lab", false, true}, {"a@never.lab", false, false},
		{"xmpp.lab", true, true},
	};
	/* clang-format on */
	struct snapshot *before = world(before_lines, ARRAY_LEN(before_lines));
	struct snapshot *now = world(now_lines, ARRAY_LEN(now_lines));

	for (int start = 0; start < 2; start++) {
		struct allow_set *s = allow_new();

		for (size_t i = 0; i < ARRAY_LEN(cases); i++)
			allow_put(s, SL("user@sip.lab"), slice_of(cases[i].contact), 0);
		assert_int_equal(
			allow_rejudge(s, start ? NULL : before, now, NULL, NULL), start ? 2 : 4);
		for (size_t i = 0; i < ARRAY_LEN(cases); i++)
			assert_int_equal(
				allow_has(s, SL("user@sip.lab"), slice_of(cases[i].contact), 1),
				start ? cases[i].stays_at_start : cases[i].stays);
		allow_free(s);
	}
	snapshot_unref(before);
	snapshot_unref(now);
}

static void has_limits(void **state)
{
	struct allow_set *s = allow_new();
	char long_address[3072];

	memset(long_address, 'a', sizeof long_address);
	assert_true(
		allow_put(s, slice_make(long_address, 3071), slice_make(long_address, 3071), 0));
	assert_true(
		allow_has(s, slice_make(long_address, 3071), slice_make(long_address, 3071), 0));
	assert_false(allow_put(s, slice_make(long_address, 3072), SL("b@y"), 0));
	assert_false(allow_has(s, SL("b@y"), slice_make(long_address, 3072), 0));
	assert_false(allow_put(s, SL(""), SL("b@y"), 0));
	assert_false(allow_put(s, SL("a@x"), SL_NONE, 0));
	assert_int_equal(allow_count(s), 1);
	allow_free(s);
	allow_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_and_removes),
		cmocka_unit_test(expires),
		cmocka_unit_test(cleans_up),
		cmocka_unit_test(partners_change),
		cmocka_unit_test(has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
