#include "auth/role.h"
#include "unit.h"

/* Who may do what, kept by hand. Columns: administrator, server-operator, policy-assigner, viewer,
 * helpdesk, auditor. */
/* clang-format off */
static const struct {
	const char *right, *who;
} expected[] = {
	{"status.read",        "aspvh-"},
	{"config.change",      "a-p---"},
	{"gateway.read",       "as-vh-"},
	{"gateway.write",      "a-----"},
	{"access.read",        "aspvh-"},
	{"access.write",       "a-----"},
	{"route.read",         "as-vh-"},
	{"route.write",        "a-----"},
	{"domain.read",        "aspvh-"},
	{"domain.write",       "a-----"},
	{"partner.read",       "aspvh-"},
	{"partner.write",      "a-----"},
	{"policy.read",        "aspvh-"},
	{"policy.write",       "a-----"},
	{"grant.read",         "aspvh-"},
	{"grant.write",        "a-p---"},
	{"allow.read",         "aspvh-"},
	{"allow.write",        "a-----"},
	{"stream.read",        "as-vh-"},
	{"stream.close",       "as----"},
	{"certificate.read",   "as-vh-"},
	{"certificate.reload", "as----"},
	{"test.run",           "as--h-"},
	{"bodies.write",       "a-----"},
	{"admin.read",         "a-----"},
	{"admin.write",        "a-----"},
	{"role.read",          "a-----"},
	{"role.write",         "a-----"},
	{"token.read",         "a-----"},
	{"token.write",        "a-----"},
	{"directory.read",     "a-----"},
	{"directory.write",    "a-----"},
	{"audit.read",         "a----o"},
	{"generation.read",    "as-v--"},
	{"generation.restore", "a-----"},
	{"export.read",        "as-v--"},
};

static const struct {
	const char *typed, *role; /* NULL: there is none */
} names[] = {
	{"administrator", "administrator"},
	{"Viewer", "viewer"},
	{"CsAdministrator", "administrator"},
	{"RTCUniversalServerAdmins", "administrator"},
	{"csserveradministrator", "server-operator"},
	{"CsUserAdministrator", "policy-assigner"},
	{"RTCUniversalUserAdmins", "policy-assigner"},
	{"CsViewOnlyAdministrator", "viewer"},
	{"RTCUniversalReadOnlyAdmins", "viewer"},
	{"CsHelpDesk", "helpdesk"},
	{"auditor", "auditor"},
	{"", NULL},
	{"administrators", NULL},
	{"CsVoiceAdministrator", NULL},
};
/* clang-format on */

static void every_right_has_its_row(void **state)
{
	enum right r;

	assert_int_equal(sizeof expected / sizeof *expected, RIGHT__N);
	for (size_t i = 0; i < RIGHT__N; i++) {
		assert_true(right_find(slice_of(expected[i].right), &r));
		assert_int_equal(r, i);
		assert_true(strlen(right_help(r)) > 10);
	}
	assert_false(right_find(SL("partner"), &r));
}

static void roles_have_the_rights_of_the_table(void **state)
{
	assert_int_equal(builtin_roles_n, 6);
	for (size_t i = 0; i < RIGHT__N; i++)
		for (size_t k = 0; k < builtin_roles_n; k++)
			assert_int_equal(expected[i].who[k] != '-',
				!!(builtin_roles[k].rights & RIGHT_BIT(i)));
}

static void roles_are_found_by_name_and_alias(void **state)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct role *r = role_find(slice_of(names[i].typed));

		assert_int_equal(!r, !names[i].role);
		if (r)
			assert_string_equal(r->name, names[i].role);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_right_has_its_row),
		cmocka_unit_test(roles_have_the_rights_of_the_table),
		cmocka_unit_test(roles_are_found_by_name_and_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
