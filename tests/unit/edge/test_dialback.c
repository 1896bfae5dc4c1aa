#include "unit.h"

#include "base/mem.h"
#include "edge/dialback.h"

/* The key that whoever has this passphrase makes. */
static struct slice key_of(const char *passphrase)
{
	static char key[DIALBACK_KEY_SIZE];
	struct dialback_secret s;

	dialback_secret_make(&s, slice_of(passphrase));
	dialback_key(&s, SL("xmpp.lab"), SL("sip.lab"), SL("17"), key);
	return slice_make(key, DIALBACK_KEY_SIZE - 1);
}

static bool takes(const struct dialback_secrets *s, const char *passphrase, uint64_t now_ms)
{
	return dialback_secrets_verify(
		s, SL("xmpp.lab"), SL("sip.lab"), SL("17"), key_of(passphrase), now_ms);
}

static void none_at_first(void **state)
{
	struct dialback_secrets s = {0};

	assert_false(takes(&s, "one", 0));
	dialback_secrets_set(&s, SL_NONE, 0);
	assert_false(s.has);
	dialback_secrets_set(&s, SL("one"), 0);
	assert_true(takes(&s, "one", 0));
	assert_false(takes(&s, "two", 0));
	/* There was none before that keys could have been made with. */
	assert_false(s.has_before);
}

static void keys_under_way_are_good_for_a_while(void **state)
{
	struct dialback_secrets s = {0};
	uint64_t changed = 5000, over = changed + DIALBACK_GRACE_MS;

	dialback_secrets_set(&s, SL("one"), 0);
	dialback_secrets_set(&s, SL("two"), changed);
	assert_true(takes(&s, "two", changed));
	assert_true(takes(&s, "one", changed));
	assert_true(takes(&s, "one", over - 1));
	assert_false(takes(&s, "one", over));
	assert_true(takes(&s, "two", over));
}

static void the_same_once_more_changes_nothing(void **state)
{
	struct dialback_secrets s = {0};

	dialback_secrets_set(&s, SL("one"), 0);
	dialback_secrets_set(&s, SL("two"), 1000);
	dialback_secrets_set(&s, SL("two"), 600000);
	assert_true(takes(&s, "one", 600000));
	assert_false(takes(&s, "one", 1000 + DIALBACK_GRACE_MS)); /* not reckoned anew */
}

static void only_the_last_two(void **state)
{
	struct dialback_secrets s = {0};

	dialback_secrets_set(&s, SL("one"), 0);
	dialback_secrets_set(&s, SL("two"), 1000);
	dialback_secrets_set(&s, SL("three"), 2000);
	assert_false(takes(&s, "one", 2000));
	assert_true(takes(&s, "two", 2000));
	assert_true(takes(&s, "three", 2000));
}

static void nothing_stays_in_memory(void **state)
{
	struct dialback_secrets s = {0}, zero = {0};

	dialback_secrets_set(&s, SL("one"), 0);
	dialback_secrets_set(&s, SL("two"), 0);
	dialback_secrets_wipe(&s);
	assert_memory_equal(&s, &zero, sizeof s);
	dialback_secrets_set(&s, SL("one"), 0);
	dialback_secrets_set(&s, SL(""), 0);
	assert_memory_equal(&s, &zero, sizeof s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_at_first),
		cmocka_unit_test(keys_under_way_are_good_for_a_while),
		cmocka_unit_test(the_same_once_more_changes_nothing),
		cmocka_unit_test(only_the_last_two),
		cmocka_unit_test(nothing_stays_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
