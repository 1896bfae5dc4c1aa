/* Filters, distinguished names, SIDs; what an account's attributes and groups are worth. */

#include <stdlib.h>

#include "auth/binding.h"
#include "auth/dn.h"
#include "auth/standing.h"
#include "base/mem.h"
#include "unit.h"

/* ---- filters ---- */

struct pair {
	struct slice in;
	const char *out; /* NULL: refused */
};

/* clang-format off */
static const struct pair values[] = {
	{SL("alice"), "alice"},
	{SL("alice@example.com"), "alice@example.com"},
	{SL(""), ""},
	{SL("*"), "\\2a"},
	{SL("a)(uid=*"), "a\\29\\28uid=\\2a"},
	{SL("Parens R Us (for all)"), "Parens R Us \\28for all\\29"}, /* RFC 4515 4 */
	{SL("C:\\MyFile"), "C:\\5cMyFile"},
	{SL("\0\0\0\4"), "\\00\\00\\00\\04"},
	{SL("Lu\xc4\x8di\xc4\x87"), "Lu\\c4\\8di\\c4\\87"},
	{SL("&|!~<>\""), "\\26\\7c\\21\\7e\\3c\\3e\\22"},
};

static const struct pair patterns[] = {
	{SL("(uid=%s)"), "(uid=a\\2ab)"},
	{SL("(|(sAMAccountName=%s)(userPrincipalName=%s))"),
		"(|(sAMAccountName=a\\2ab)(userPrincipalName=a\\2ab))"},
	{SL("(&(objectClass=person)(uid=%s))"), "(&(objectClass=person)(uid=a\\2ab))"},
	{SL("uid=%s"), NULL},
	{SL(""), NULL},
	{SL("(uid=alice)"), NULL},
	{SL("(uid=%s"), NULL},
	{SL("(uid=%s))"), NULL},
	{SL("(uid=%s)(cn=*)"), NULL},
	{SL("(uid=%d)"), NULL},
	{SL("(uid=%)"), NULL},
	{SL("(uid=%s%"), NULL},
	{SL("(uid=%s\0)"), NULL},
};
/* clang-format on */

static void values_are_escaped(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct buf out = {0};

		filter_escape(&out, values[i].in);
		assert_slice(buf_slice(&out), values[i].out);
		buf_done(&out);
	}
}

static void names_go_into_a_filter(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct buf out = {0};
		struct err e;

		if (!patterns[i].out) {
			assert_int_equal(filter_check(patterns[i].in, &e), -1);
			assert_string_equal(e.code, "filter_syntax");
			continue;
		}
		assert_int_equal(filter_check(patterns[i].in, &e), 0);
		filter_make(&out, patterns[i].in, SL("a*b"));
		assert_slice(buf_slice(&out), patterns[i].out);
		buf_done(&out);
	}
}

/* ---- distinguished names ---- */

/* clang-format off */
static const struct pair escaped[] = {
	{SL("Smith, James"), "Smith\\, James"},
	{SL(" #a"), "\\ #a"},
	{SL("#a "), "\\#a\\ "},
	{SL("a+b;c<d>e\"f\\"), "a\\+b\\;c\\<d\\>e\\\"f\\\\"},
	{SL("a\0b"), "a\\00b"},
	{SL("a=b"), "a=b"},
};

static const struct pair canonical[] = {
	{SL("CN=Admins,OU=Groups,DC=Example,DC=COM"), "cn=admins,ou=groups,dc=example,dc=com"},
	{SL("cn = Admins , ou= Groups"), "cn=admins,ou=groups"},
	{SL("cn=\\ Two   spaces\\ ,o=x"), "cn=two spaces,o=x"},
	{SL("commonName=a,2.5.4.11=b,0.9.2342.19200300.100.1.25=c"), "cn=a,ou=b,dc=c"},
	{SL("OU=Sales+CN=J.  Smith,DC=example"), "cn=j. smith+ou=sales,dc=example"},
	{SL("CN=J. Smith+OU=Sales,DC=example"), "cn=j. smith+ou=sales,dc=example"},
	{SL("CN=James \\\"Jim\\\" Smith\\, III,DC=x"), "cn=james \\22jim\\22 smith\\2c iii,dc=x"},
	{SL("CN=James \\22Jim\\22 Smith\\2c III,DC=x"), "cn=james \\22jim\\22 smith\\2c iii,dc=x"},
	{SL("CN=Before\\0dAfter,DC=x"), "cn=before\\0dafter,dc=x"},
	{SL("CN=a\\00b,DC=x"), "cn=a\\00b,dc=x"},
	{SL("CN=a=b,DC=x"), "cn=a\\3db,dc=x"},
	{SL("CN=Lu\\C4\\8Di\\C4\\87"), "cn=lu\xc4\x8di\xc4\x87"},
	{SL("CN=LU\xc4\x8cI\xc4\x86"), "cn=lu\xc4\x8di\xc4\x87"},
	{SL("CN=Stra\xc3\x9f""e"), "cn=strasse"},
	{SL("CN=e\xcc\x81"), "cn=\xc3\xa9"}, /* composed */
	{SL("cn=#04024869"), NULL}, /* an OCTET STRING */
	{SL("cn=#0c024869"), "cn=hi"},
	{SL("cn=#0c0248"), NULL},
	{SL(""), NULL},
	{SL("admins"), NULL},
	{SL("=x"), NULL},
	{SL("cn="), NULL},
	{SL("cn=a,"), NULL},
	{SL(",cn=a"), NULL},
	{SL("cn=a,,dc=x"), NULL},
	{SL("cn=a;dc=x"), NULL},
	{SL("cn=\"a\",dc=x"), NULL},
	{SL("cn=a\\"), NULL},
	{SL("cn=a\\z"), NULL},
	{SL("cn=a\\4"), NULL},
	{SL("cn=\xff"), NULL},
	{SL("cn=a\0b"), NULL},
	{SL("cn=a+"), NULL},
	{SL("cn=a+cn=b+cn=c+cn=d+cn=e+cn=f+cn=g+cn=h+cn=i"), NULL},
};

static const struct { const char *dn, *base; bool under; } unders[] = {
	{"cn=a,ou=g,dc=x", "ou=g,dc=x", true},
	{"ou=g,dc=x", "ou=g,dc=x", true},
	{"cn=a,ou=xg,dc=x", "ou=g,dc=x", false},
	{"cn=a,ou=g,dc=x", "dc=y", false},
	{"cn=a\\2cou=g,dc=x", "ou=g,dc=x", false},
	{"dc=x", "ou=g,dc=x", false},
	{"cn=a", "", false},
};
/* clang-format on */

static void values_of_a_dn_are_escaped(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(escaped); i++) {
		struct buf out = {0};

		dn_escape(&out, escaped[i].in);
		assert_slice(buf_slice(&out), escaped[i].out);
		buf_done(&out);
	}
}

static void dns_have_one_form(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(canonical); i++) {
		struct buf out = {0};
		struct err e;
		int r = dn_canonical(&out, canonical[i].in, &e);

		if (!canonical[i].out && r == 0)
			print_error("%.*s\n", SLARG(canonical[i].in));
		assert_int_equal(r, canonical[i].out ? 0 : -1);
		if (r < 0)
			assert_string_equal(e.code, "dn_syntax");
		assert_slice(buf_slice(&out), canonical[i].out ? canonical[i].out : "");
		buf_done(&out);
	}
}

/* What was escaped for a DN comes back as it was, apart from what does not tell values apart. */
static void escaped_values_are_read_back(void **state)
{
	struct buf dn = {0}, out = {0};

	buf_str(&dn, "cn=");
	dn_escape(&dn, SL("#A+b, \"c\"=\\;<>"));
	buf_str(&dn, ",dc=x");
	assert_int_equal(dn_canonical(&out, buf_slice(&dn), NULL), 0);
	assert_slice(buf_slice(&out), "cn=\\23a\\2bb\\2c \\22c\\22\\3d\\5c\\3b\\3c\\3e,dc=x");
	buf_done(&dn);
	buf_done(&out);
}

static void long_dns_are_refused(void **state)
{
	char dn[DN_MAX + 10];
	struct buf out = {0};

	memset(dn, 'a', sizeof dn);
	memcpy(dn, "cn=", 3);
	assert_int_equal(dn_canonical(&out, slice_make(dn, DN_MAX), NULL), 0);
	assert_int_equal(dn_canonical(&out, slice_make(dn, DN_MAX + 1), NULL), -1);
	buf_done(&out);
}

static void groups_lie_under_a_base(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(unders); i++)
		assert_int_equal(
			dn_under(slice_of(unders[i].dn), slice_of(unders[i].base)), unders[i].under);
}

/* ---- SIDs ---- */

/* clang-format off */
static const struct { struct slice bytes; const char *text; } sids[] = {
	{SL("\1\1\0\0\0\0\0\1\0\0\0\0"), "S-1-1-0"},
	{SL("\1\5\0\0\0\0\0\5\x15\0\0\0\1\2\3\4\xff\xff\xff\xff\0\0\0\x80\0\2\0\0"),
		"S-1-5-21-67305985-4294967295-2147483648-512"},
	{SL("\1\1\1\0\0\0\0\0\7\0\0\0"), "S-1-1099511627776-7"},
};

static const char *const no_sids[] = {
	"", "S-1-", "S-1-5", "S-1-5-", "S-1-5-21-", "S-1-5-21-4294967296", "S-2-5-21", "S-1-5-x",
	"S-1-5--1", "S-1-05-1", "S-1-281474976710656-1", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
};

static const struct slice no_sid_bytes[] = {
	SL(""), SL("\1\1\0\0\0\0\0\1\0\0\0"), SL("\1\1\0\0\0\0\0\1\0\0\0\0\0"),
	SL("\2\1\0\0\0\0\0\1\0\0\0\0"), SL("\1\2\0\0\0\0\0\1\0\0\0\0"), SL("\1\x10\0\0\0\0\0\1"),
};
/* clang-format on */

static void sids_have_a_text(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(sids); i++) {
		struct buf text = {0}, bytes = {0};

		assert_int_equal(sid_text(&text, sids[i].bytes), 0);
		assert_slice(buf_slice(&text), sids[i].text);
		assert_int_equal(sid_bytes(&bytes, slice_of(sids[i].text)), 0);
		assert_true(slice_eq(buf_slice(&bytes), sids[i].bytes));
		buf_done(&text);
		buf_done(&bytes);
	}
}

static void other_things_are_no_sids(void **state)
{
	struct buf out = {0};

	for (size_t i = 0; i < ARRAY_LEN(no_sids); i++)
		assert_int_equal(sid_bytes(&out, slice_of(no_sids[i])), -1);
	for (size_t i = 0; i < ARRAY_LEN(no_sid_bytes); i++)
		assert_int_equal(sid_text(&out, no_sid_bytes[i]), -1);
	assert_int_equal(out.n, 0);
	buf_done(&out);
}

/* ---- standing ---- */

enum { NOW = 1800000000 }; /* January 2027; day 20833 */

struct said {
	enum standing_attribute attribute;
	const char *value;
	enum standing bound, unbound;
};

/* clang-format off */
static const struct said said[] = {
	{STANDING_USER_ACCOUNT_CONTROL, "512", STANDING_GOOD, STANDING_GOOD},
	{STANDING_USER_ACCOUNT_CONTROL, "514", STANDING_DISABLED, STANDING_DISABLED},
	{STANDING_USER_ACCOUNT_CONTROL, "66048", STANDING_GOOD, STANDING_GOOD},
	{STANDING_USER_ACCOUNT_CONTROL, "528", STANDING_LOCKED, STANDING_LOCKED},
	{STANDING_USER_ACCOUNT_CONTROL, "8389120", STANDING_PASSWORD_EXPIRED, STANDING_PASSWORD_EXPIRED},
	{STANDING_USER_ACCOUNT_CONTROL, "-2147483136", STANDING_GOOD, STANDING_GOOD},
	{STANDING_USER_ACCOUNT_CONTROL, "-2147483134", STANDING_DISABLED, STANDING_DISABLED},
	{STANDING_USER_ACCOUNT_CONTROL, "", STANDING_DISABLED, STANDING_DISABLED},
	{STANDING_USER_ACCOUNT_CONTROL, "0x200", STANDING_DISABLED, STANDING_DISABLED},
	{STANDING_USER_ACCOUNT_CONTROL_COMPUTED, "0", STANDING_GOOD, STANDING_GOOD},
	{STANDING_USER_ACCOUNT_CONTROL_COMPUTED, "16", STANDING_LOCKED, STANDING_LOCKED},
	{STANDING_USER_ACCOUNT_CONTROL_COMPUTED, "8388608", STANDING_PASSWORD_EXPIRED, STANDING_PASSWORD_EXPIRED},
	{STANDING_LOCKOUT_TIME, "0", STANDING_GOOD, STANDING_GOOD},
	{STANDING_LOCKOUT_TIME, "133500000000000000", STANDING_GOOD, STANDING_LOCKED},
	{STANDING_LOCKOUT_TIME, "x", STANDING_DISABLED, STANDING_DISABLED},
	{STANDING_ACCOUNT_EXPIRES, "0", STANDING_GOOD, STANDING_GOOD},
	{STANDING_ACCOUNT_EXPIRES, "9223372036854775807", STANDING_GOOD, STANDING_GOOD},
	{STANDING_ACCOUNT_EXPIRES, "134444736000000000", STANDING_EXPIRED, STANDING_EXPIRED},
	{STANDING_ACCOUNT_EXPIRES, "134444736010000000", STANDING_GOOD, STANDING_GOOD},
	{STANDING_ACCOUNT_EXPIRES, "-5", STANDING_DISABLED, STANDING_DISABLED},
	{STANDING_PWD_ACCOUNT_LOCKED_TIME, "20270115080000Z", STANDING_GOOD, STANDING_LOCKED},
	{STANDING_PWD_ACCOUNT_LOCKED_TIME, "000001010000Z", STANDING_LOCKED, STANDING_LOCKED},
	{STANDING_PWD_ACCOUNT_LOCKED_TIME, "00000101000000Z", STANDING_LOCKED, STANDING_LOCKED},
	{STANDING_NS_ACCOUNT_LOCK, "TRUE", STANDING_DISABLED, STANDING_DISABLED},
	{STANDING_NS_ACCOUNT_LOCK, "FALSE", STANDING_GOOD, STANDING_GOOD},
	{STANDING_NS_ACCOUNT_LOCK, "", STANDING_DISABLED, STANDING_DISABLED},
	{STANDING_SHADOW_EXPIRE, "-1", STANDING_GOOD, STANDING_GOOD},
	{STANDING_SHADOW_EXPIRE, "20833", STANDING_EXPIRED, STANDING_EXPIRED},
	{STANDING_SHADOW_EXPIRE, "20834", STANDING_GOOD, STANDING_GOOD},
	{STANDING_SHADOW_EXPIRE, "0", STANDING_EXPIRED, STANDING_EXPIRED},
	{STANDING_SHADOW_EXPIRE, "soon", STANDING_DISABLED, STANDING_DISABLED},
};

static const struct { struct slice said; enum standing standing; } refusals[] = {
	{SL("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580"), STANDING_GOOD},
	{SL("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 533, v2580"), STANDING_DISABLED},
	{SL("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 775, v2580"), STANDING_LOCKED},
	{SL("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 701, v2580"), STANDING_EXPIRED},
	{SL("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 773, v2580"), STANDING_PASSWORD_EXPIRED},
	{SL("data 533"), STANDING_GOOD},
	{SL(""), STANDING_GOOD},
};
/* clang-format on */

static void attributes_say_how_an_account_stands(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		struct slice v[STANDING_ATTRIBUTES] = {{0}};

		v[said[i].attribute] = slice_of(said[i].value);
		if (standing_judge(v, true, NOW) != said[i].bound ||
			standing_judge(v, false, NOW) != said[i].unbound)
			print_error("%s '%s'\n", standing_attributes[said[i].attribute],
				said[i].value);
		assert_int_equal(standing_judge(v, true, NOW), said[i].bound);
		assert_int_equal(standing_judge(v, false, NOW), said[i].unbound);
	}
}

static void no_attribute_is_good(void **state)
{
	struct slice v[STANDING_ATTRIBUTES] = {{0}};

	assert_int_equal(standing_judge(v, false, NOW), STANDING_GOOD);
}

/* The computed flags know that the lock has run out. */
static void computed_flags_overrule_the_time_of_the_lock(void **state)
{
	struct slice v[STANDING_ATTRIBUTES] = {{0}};

	v[STANDING_LOCKOUT_TIME] = SL("133500000000000000");
	v[STANDING_USER_ACCOUNT_CONTROL_COMPUTED] = SL("0");
	assert_int_equal(standing_judge(v, false, NOW), STANDING_GOOD);
	v[STANDING_USER_ACCOUNT_CONTROL_COMPUTED] = SL("16");
	assert_int_equal(standing_judge(v, true, NOW), STANDING_LOCKED);
}

static void refused_binds_say_why(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		assert_int_equal(
			standing_of_refusal(refusals[i].said), (int)refusals[i].standing);
}

/* ---- bindings ---- */

#define BASE "OU=Groups,DC=example,DC=com"

static void groups_give_roles(void **state)
{
	static const struct binding b[] = {
		{"CN=Admins," BASE, "administrator", true},
		{"cn=admins,ou=groups,dc=example,dc=com", "administrator", true},
		{"S-1-5-21-1-2-3-512", "viewer", true},
		{"CN=Unconfirmed," BASE, "auditor", false},
		{"RTCUniversalServerAdmins", "administrator", true},
		{"CN=Outside,DC=example,DC=com", "helpdesk", true},
		{"S-1-5-21-1-2-3-513", "policy-assigner", true},
		{"CN=Nobody's," BASE, "server-operator", true},
	};
	static const struct binding_group g[] = {
		{"cn=Admins, ou=GROUPS, dc=example, dc=com", ""},
		{"CN=Ops," BASE, "S-1-5-21-1-2-3-512"},
		{"CN=Unconfirmed," BASE, ""},
		{"CN=RTCUniversalServerAdmins," BASE, ""},
		{"CN=Outside,DC=example,DC=com", "S-1-5-21-1-2-3-513"},
		{"no name", "S-1-5-21-1-2-3-513"},
	};
	const char *roles[ARRAY_LEN(b)];

	assert_int_equal(binding_roles(b, ARRAY_LEN(b), BASE, g, ARRAY_LEN(g), roles), 2);
	assert_string_equal(roles[0], "administrator");
	assert_string_equal(roles[1], "viewer");
	assert_int_equal(binding_roles(b, ARRAY_LEN(b), "", g, ARRAY_LEN(g), roles), 0);
	assert_int_equal(binding_roles(b, ARRAY_LEN(b), BASE, g, 0, roles), 0);
	assert_int_equal(binding_roles(b, 0, BASE, g, ARRAY_LEN(g), roles), 0);
}

static void bindings_are_confirmed_only_under_the_base(void **state)
{
	static const struct {
		const char *group, *base, *code;
	} cases[] = {
		{"CN=Admins," BASE, BASE, NULL},
		{"S-1-5-21-1-2-3-512", BASE, NULL},
		{"CN=Admins,DC=example,DC=com", BASE, "group_outside_base"},
		{"RTCUniversalServerAdmins", BASE, "group_syntax"},
		{"S-1-5-", BASE, "group_syntax"},
		{"", BASE, "group_syntax"},
		{"CN=Admins," BASE, "", "group_base_missing"},
		{"S-1-5-21-1-2-3-512", "", "group_base_missing"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct binding b = {cases[i].group, "viewer", true};
		struct err e;
		int r = binding_check(&b, cases[i].base, &e);

		assert_int_equal(r, cases[i].code ? -1 : 0);
		if (r < 0)
			assert_string_equal(e.code, cases[i].code);
	}
}

static void texts_may_name_the_same_group(void **state)
{
	assert_true(binding_same_group("CN=A,DC=x", "cn=a, dc=X"));
	assert_true(binding_same_group("S-1-5-21-1", "s-1-5-21-1"));
	assert_true(binding_same_group("RTCUniversalServerAdmins", "rtcuniversalserveradmins"));
	assert_false(binding_same_group("CN=A,DC=x", "CN=B,DC=x"));
	assert_false(binding_same_group("CN=A,DC=x", "S-1-5-21-1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(names_go_into_a_filter),
		cmocka_unit_test(values_of_a_dn_are_escaped),
		cmocka_unit_test(dns_have_one_form),
		cmocka_unit_test(escaped_values_are_read_back),
		cmocka_unit_test(long_dns_are_refused),
		cmocka_unit_test(groups_lie_under_a_base),
		cmocka_unit_test(sids_have_a_text),
		cmocka_unit_test(other_things_are_no_sids),
		cmocka_unit_test(attributes_say_how_an_account_stands),
		cmocka_unit_test(no_attribute_is_good),
		cmocka_unit_test(computed_flags_overrule_the_time_of_the_lock),
		cmocka_unit_test(refused_binds_say_why),
		cmocka_unit_test(groups_give_roles),
		cmocka_unit_test(bindings_are_confirmed_only_under_the_base),
		cmocka_unit_test(texts_may_name_the_same_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
