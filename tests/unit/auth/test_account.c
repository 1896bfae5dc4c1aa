#include "auth/account.h"
#include "unit.h"

#include "base/mem.h"
#include <stdio.h>

#define ROLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct account_role roles[] = {
	{"admin-lite", "x", RIGHT_BIT(RIGHT_ADMIN_READ), false},
	{"administrator", "", 0, true}, /* a built-in one with the second factor required */
	{"tester", "x", RIGHT_BIT(RIGHT_TEST_RUN), true},
};
static const struct accounts_view with_roles = {.roles = roles, .n_roles = 3};

static void roles_give_rights(void **state)
{
	const struct role *viewer = role_find(SL("viewer"));
	const struct {
		const char *const *roles;
		right_set rights;
		bool totp;
	} rows[] = {
		{ROLES("viewer"), viewer->rights, false},
		{ROLES("CsViewOnlyAdministrator"), viewer->rights, false},
		{ROLES("administrator"), RIGHTS_ALL, true},
		{ROLES("viewer", "tester"), viewer->rights | RIGHT_BIT(RIGHT_TEST_RUN), true},
		{ROLES("admin-lite"), RIGHT_BIT(RIGHT_ADMIN_READ), false},
		{ROLES("gone"), 0, false},
		{ROLES(NULL), 0, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct account_grant g = account_grant(&with_roles, rows[i].roles);

		assert_true(g.rights == rows[i].rights);
		assert_int_equal(g.requires_totp, rows[i].totp);
	}
}

static void roles_are_found_by_alias(void **state)
{
	assert_string_equal(
		account_role_name(&with_roles, SL("rtcuniversalserveradmins")), "administrator");
	assert_string_equal(account_role_name(&with_roles, SL("tester")), "tester");
	assert_null(account_role_name(&with_roles, SL("Tester")));
	assert_null(account_role_name(&with_roles, SL("")));
}

static const struct {
	const char *name;
	bool account, role;
} names[] = {
	{"alice", true, true},
	{"a", true, true},
	{"a-1", true, true},
	{"a.b@c_d", true, false},
	{"1a", true, false},
	{"Alice", false, false},
	{"-a", false, false},
	{"", false, false},
	{"a b", false, false},
	{"\xc3\xa9ric", false, false},
	{"a\"b", false, false},
	{"a,b", false, false},
	{"administrator", true, false},
	{"cshelpdesk", true, false},
	{"a234567890123456789012345678901234567890123456789012345678901234", true, true},
	{"a2345678901234567890123456789012345678901234567890123456789012345", false, false},
};

static void names_are_plain(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct slice s = slice_of(names[i].name);

		assert_int_equal(account_check_name(s, NULL) == 0, names[i].account);
		assert_int_equal(role_check_name(s, NULL) == 0, names[i].role);
	}
}

static struct account account(const char *const *r, bool enabled, uint64_t one_time)
{
	return (struct account){
		.name = "a", .roles = r, .enabled = enabled, .one_time_until_ms = one_time};
}

static void somebody_has_to_stay(void **state)
{
	const struct account admin = account(ROLES("administrator"), true, 0);
	const struct {
		struct account after;
		bool good;
	} rows[] = {
		{account(ROLES("administrator"), true, 0), true},
		{account(ROLES("viewer", "administrator"), true, 0), true},
		{account(ROLES("administrator"), true, 1001), true},
		{account(ROLES("administrator"), true, 1000), false},
		{account(ROLES("administrator"), false, 0), false},
		{account(ROLES("viewer"), true, 0), false},
		{account(ROLES("administrator-not"), true, 0), false},
	};
	struct accounts_view before = {.accounts = &admin, .n_accounts = 1}, none = {0};
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct accounts_view after = {.accounts = &rows[i].after, .n_accounts = 1};

		assert_int_equal(account_check_last(&before, &after, 1000, &e) == 0, rows[i].good);
		assert_int_equal(account_check_last(&none, &after, 1000, &e), 0);
	}
	assert_int_equal(account_check_last(&before, &none, 1000, &e), -1);
	assert_string_equal(e.code, "last_administrator");
}

static void nobody_gives_what_he_has_not(void **state)
{
	right_set two = RIGHT_BIT(RIGHT_ADMIN_READ) | RIGHT_BIT(RIGHT_ADMIN_WRITE);
	struct err e;

	assert_int_equal(account_check_rights(two, two, &e), 0);
	assert_int_equal(account_check_rights(two, 0, &e), 0);
	assert_int_equal(account_check_rights(RIGHTS_ALL, RIGHTS_ALL, &e), 0);
	assert_int_equal(account_check_rights(two, two | RIGHT_BIT(RIGHT_EXPORT_READ), &e), -1);
	assert_string_equal(e.code, "rights_exceeded");
	assert_non_null(strstr(e.text, "export.read"));
}

static void rights_are_read_and_written(void **state)
{
	struct buf text = {0};
	right_set r = 7;
	struct err e;

	assert_int_equal(rights_read(SL("test.run, admin.read"), &r, &e), 0);
	assert_true(r == (RIGHT_BIT(RIGHT_TEST_RUN) | RIGHT_BIT(RIGHT_ADMIN_READ)));
	assert_int_equal(rights_read(SL("test.run,all"), &r, &e), -1);
	assert_string_equal(e.code, "right_unknown");
	rights_text(r, ',', &text);
	assert_true(slice_eqz(buf_slice(&text), "test.run,admin.read"));
	buf_reset(&text);
	rights_text(RIGHTS_ALL, ',', &text);
	assert_int_equal(rights_read(buf_slice(&text), &r, &e), 0);
	assert_true(r == RIGHTS_ALL);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_give_rights),
		cmocka_unit_test(roles_are_found_by_alias),
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test(somebody_has_to_stay),
		cmocka_unit_test(nobody_gives_what_he_has_not),
		cmocka_unit_test(rights_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
