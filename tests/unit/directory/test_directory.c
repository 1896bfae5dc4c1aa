/* What entente-directory takes for a question, whatever comes; in which order servers are tried. */

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "directory/request.h"
#include "directory/servers.h"
#include "unit.h"

#define TEXTS                                                                                      \
	"\"ca_file\": \"\", \"bind_dn\": \"cn=r\", \"bind_password\": \"s\", \"user_base\": \"\", "  \
	"\"group_base\": \"\", "
#define REST                                                                                       \
	TEXTS "\"user_filter\": \"(uid=%s)\", \"servers\": [\"ldaps://a\", \"ldap://b:389\"], "     \
	      "\"timeout\": 5, "
#define GOOD                                                                                       \
	"{\"id\": 7, \"op\": \"sign_in\", " REST                                                   \
	"\"name\": \"alice\", \"password\": \"p\", \"dn\": \"\"}"

static void a_question_is_read(void **state)
{
	struct request *r = request_parse(SL(GOOD), 1000);

	assert_non_null(r);
	assert_int_equal(r->id, 7);
	assert_int_equal(r->op, OP_SIGN_IN);
	assert_int_equal(r->n_servers, 2);
	assert_string_equal(r->server[1], "ldap://b:389");
	assert_string_equal(r->name, "alice");
	assert_int_equal(r->timeout_ms, 5000);
	assert_int_equal(r->deadline_ms, 1000 + DIRECTORY_DEADLINE_MS);
	request_free(r);
}

/* clang-format off */
static const char *const bad[] = {
	"",
	"{}",
	"[]",
	"null",
	GOOD "x",
	"{\"id\": \"7\", \"op\": \"sign_in\", " REST "\"name\": \"a\", \"password\": \"p\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"format\", " REST "\"name\": \"a\", \"password\": \"p\", \"dn\": \"\"}",
	/* an empty password is a bind as nobody */
	"{\"id\": 7, \"op\": \"sign_in\", " REST "\"name\": \"a\", \"password\": \"\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"sign_in\", " REST "\"name\": \"\", \"password\": \"p\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"refresh\", " REST "\"name\": \"\", \"password\": \"\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"sign_in\", " REST "\"name\": \"a\", \"password\": \"p\"}",
	"{\"id\": 7, \"op\": \"sign_in\", " REST "\"name\": 1, \"password\": \"p\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"sign_in\", " REST "\"name\": \"a\\u0000b\", \"password\": \"p\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"test\", " TEXTS "\"user_filter\": \"(uid=%s)\", \"servers\": [], "
		"\"timeout\": 5, \"name\": \"\", \"password\": \"\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"test\", " TEXTS "\"user_filter\": \"(uid=%s)\", \"servers\": [\"http://a\"], "
		"\"timeout\": 5, \"name\": \"\", \"password\": \"\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"test\", " TEXTS "\"user_filter\": \"(uid=%s)\", \"servers\": [\"ldapi:///\"], "
		"\"timeout\": 5, \"name\": \"\", \"password\": \"\", \"dn\": \"\"}",
	/* to libldap a blank begins another server, with a scheme of its own */
	"{\"id\": 7, \"op\": \"test\", " TEXTS "\"user_filter\": \"(uid=%s)\", "
		"\"servers\": [\"ldaps://a ldapi:///\"], "
		"\"timeout\": 5, \"name\": \"\", \"password\": \"\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"test\", " TEXTS "\"user_filter\": \"(uid=*)\", \"servers\": [\"ldaps://a\"], "
		"\"timeout\": 5, \"name\": \"\", \"password\": \"\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"test\", " TEXTS "\"user_filter\": \"(uid=%s)\", \"servers\": [\"ldaps://a\"], "
		"\"timeout\": 0, \"name\": \"\", \"password\": \"\", \"dn\": \"\"}",
	"{\"id\": 7, \"op\": \"test\", " TEXTS "\"user_filter\": \"(uid=%s)\", \"servers\": [\"ldaps://a\"], "
		"\"timeout\": 1000, \"name\": \"\", \"password\": \"\", \"dn\": \"\"}",
};
/* clang-format on */

static void anything_else_is_none(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct request *r = request_parse(slice_of(bad[i]), 0);

		if (r)
			print_error("taken: %s\n", bad[i]);
		assert_null(r);
	}
}

/* A good one with bytes changed, cut out and put in. */
static void noise_breaks_nothing(void **state)
{
	srand(7);
	for (int round = 0; round < 20000; round++) {
		char line[sizeof GOOD + 8];
		size_t n = sizeof GOOD - 1;
		struct request *r;

		memcpy(line, GOOD, n);
		for (int k = rand() % 4; k >= 0; k--) {
			size_t at = (size_t)rand() % n;

			if (rand() % 3 == 0 && n > 1)
				memmove(line + at, line + at + 1, --n - at);
			else
				line[at] = (char)(rand() % 2 ? "{}[]\",:\\u0\n%()"[rand() % 14]
							      : rand());
		}
		r = request_parse(slice_make(line, n), 0);
		if (r)
			assert_true(*r->name && *r->password && r->n_servers);
		request_free(r);
	}
}

static void failed_servers_go_to_the_end(void **state)
{
	const char *list[] = {"ldaps://a", "ldaps://b", "ldaps://c"};
	uint64_t now = 1000000;

	servers_note("ldaps://a", true, now);
	servers_order(list, 3, now);
	assert_string_equal(list[0], "ldaps://b");
	assert_string_equal(list[1], "ldaps://c");
	assert_string_equal(list[2], "ldaps://a");
	list[0] = "ldaps://a", list[1] = "ldaps://b", list[2] = "ldaps://c";
	servers_order(list, 3, now + SERVERS_FAILED_MS);
	assert_string_equal(list[0], "ldaps://a");
	servers_note("ldaps://a", true, now);
	servers_note("ldaps://a", false, now);
	servers_order(list, 3, now);
	assert_string_equal(list[0], "ldaps://a");
}

static void the_oldest_note_makes_room(void **state)
{
	const char *list[] = {"ldaps://s0", "ldaps://s99"};
	char name[32];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "ldaps://s%u", i);
		servers_note(name, true, 2000000 + i);
	}
	servers_order(list, 2, 2000100);
	assert_string_equal(list[0], "ldaps://s0");
	list[0] = "ldaps://s99", list[1] = "ldaps://s0";
	servers_order(list, 2, 2000100);
	assert_string_equal(list[0], "ldaps://s0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_read),
		cmocka_unit_test(anything_else_is_none),
		cmocka_unit_test(noise_breaks_nothing),
		cmocka_unit_test(failed_servers_go_to_the_end),
		cmocka_unit_test(the_oldest_note_makes_room),
	};

	request_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
