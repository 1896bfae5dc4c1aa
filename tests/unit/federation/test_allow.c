#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "federation/allow.h"
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

static void has_limits(void **state)
{
	struct allow_set *s = allow_new();
	char long_address[3072];

	memset(long_address, 'a', sizeof long_address);
	assert_true(allow_put(s, slice_make(long_address, 3071), slice_make(long_address, 3071), 0));
	assert_true(allow_has(s, slice_make(long_address, 3071), slice_make(long_address, 3071), 0));
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
		cmocka_unit_test(has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
