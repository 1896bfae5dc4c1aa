#include "admin/openapi_schema.h"

#include <stddef.h>

/* Sign-in, administrators, roles, tokens and the directory. */

/* clang-format off */
#define RIGHTS REF("Rights")
#define DIRECTORY(m) \
	{"enabled" m, WHETHER}, \
	{"timeout" m, "type: integer, minimum: 1, maximum: 10" ABOUT("Seconds of one operation.")}, \
	{"servers" m, LIST(TEXT) ABOUT("ldaps://HOST[:PORT], or ldap://HOST[:PORT], which means " \
		"StartTLS; in the order to try.")}, \
	{"ca_file" m, TEXT ABOUT("PEM file; empty: the authorities of the system.")}, \
	{"bind_dn" m, TEXT}, \
	{"user_base" m, TEXT}, \
	{"user_filter" m, TEXT ABOUT("Each %s is the name that was typed; empty: by sAMAccountName, " \
		"userPrincipalName or uid.")}, \
	{"group_base" m, TEXT}

const struct openapi_schema openapi_accounts[] = {
	{"Rights", NULL, NULL, LIST(TEXT) ABOUT("As GET /rights lists them.")},
	{"Session", NULL, OBJECT(
		{"name", TEXT},
		{"display", TEXT},
		{"source", WORDS("password, directory, token, socket")},
		{"way", WORDS("panel, api, cli")},
		{"roles", LIST(TEXT)},
		{"rights", RIGHTS},
		{"csrf", TEXT_OR_NULL ABOUT("For the field x-csrf-token of changes.")},
		{"idle_expires", TIME},
		{"expires", TIME},
		{"must", "type: [string, 'null'], enum: [totp, null]" ABOUT("What has to be done first.")},
		{"body_logging", WHETHER ABOUT("Texts of messages are being logged.")})},
	{"Directory", NULL, OBJECT(
		DIRECTORY(""),
		{"bind_password_set", WHETHER})},
	{"DirectorySettings", NULL, OBJECT(
		DIRECTORY("?"),
		{"bind_password?", TEXT
			ABOUT("Has to be given again when servers, ca_file or bind_dn change.")})},
	{"Binding", NULL, OBJECT(
		{"key", TEXT},
		{"group", TEXT ABOUT("Its DN or SID; of a suggestion a plain name.")},
		{"role", TEXT},
		{"confirmed", WHETHER ABOUT("A binding that is not does nothing.")})},
	{"NewBinding", NULL, OBJECT(
		{"group", TEXT ABOUT("Its DN or SID.")},
		{"role", TEXT ABOUT("By name or alias.")},
		{"confirmed?", WHETHER})},
	{"BindingSettings", NULL, OBJECT(
		{"group?", TEXT},
		{"role?", TEXT},
		{"confirmed?", WHETHER})},
	{"DirectoryTest", NULL, OBJECT(
		{"name?", TEXT ABOUT("Somebody to look for; empty: nobody.")})},
	{"DirectoryTestLine", "A step, or the result.", NULL,
		"oneOf: [{" REF("DirectoryTestStep") "}, {" REF("DirectoryTestEnd") "}]"},
	{"DirectoryTestStep", NULL, OBJECT(
		{"step", WORDS("connect, tls, bind, base, user, account, groups, roles, process")},
		{"result", WORDS("pass, fail")},
		{"code", TEXT},
		{"evidence", TEXT},
		{"remedy", TEXT})},
	{"DirectoryTestEnd", "The last line.", OBJECT(
		{"end", WHETHER ", enum: [true]"},
		{"result", WORDS("pass, fail")},
		{"pass", COUNT},
		{"fail", COUNT},
		{"reason", TEXT ABOUT("What would become of a sign-in with this name.")},
		{"dn", TEXT},
		{"name", TEXT},
		{"display", TEXT},
		{"roles", LIST(TEXT)})},
	{"SignIn", NULL, OBJECT(
		{"name", TEXT},
		{"password", TEXT},
		{"code?", TEXT ABOUT("Of the second factor, or a recovery code.")},
		{"new_password?", TEXT ABOUT("In place of a one-time password.")})},
	{"OwnPassword", NULL, OBJECT(
		{"current", TEXT},
		{"new", TEXT ", minLength: 12, maxLength: 256"})},
	{"TotpSecret", NULL, OBJECT(
		{"secret", TEXT},
		{"uri", TEXT ABOUT("otpauth:")})},
	{"TotpCode", NULL, OBJECT({"code", TEXT})},
	{"TotpRemoval", NULL, OBJECT({"password", TEXT})},
	{"RecoveryCodes", NULL, OBJECT({"recovery_codes", LIST(TEXT)})},
	{"Administrator", NULL, OBJECT(
		{"name", TEXT},
		{"description", TEXT},
		{"roles", LIST(TEXT)},
		{"enabled", WHETHER},
		{"source", WORDS("local")},
		{"totp", WHETHER},
		{"last_sign_in", TIME},
		{"created", MOMENT},
		{"one_time_password?", TEXT ABOUT("Shown once.")},
		{"one_time_expires", TIME})},
	{"AdministratorItem", NULL, OBJECT({"item", REF("Administrator")})},
	{"NewAdministrator", NULL, OBJECT(
		{"name", TEXT},
		{"description?", TEXT},
		{"roles", LIST(TEXT) ABOUT("By name or alias.")},
		{"enabled?", WHETHER})},
	{"AdministratorSettings", NULL, OBJECT(
		{"description?", TEXT},
		{"roles?", LIST(TEXT) ABOUT("By name or alias.")},
		{"enabled?", WHETHER})},
	{"Reset", NULL, OBJECT(
		{"totp?", WHETHER ABOUT("The second factor goes as well.")})},
	{"Role", NULL, OBJECT(
		{"name", TEXT},
		{"title", TEXT},
		{"builtin", WHETHER},
		{"rights", RIGHTS},
		{"aliases", LIST(TEXT)},
		{"requires_totp", WHETHER})},
	{"RoleItem", NULL, OBJECT({"item", REF("Role")})},
	{"NewRole", NULL, OBJECT(
		{"name", TEXT},
		{"title?", TEXT},
		{"rights?", RIGHTS},
		{"requires_totp?", WHETHER})},
	{"RoleSettings", NULL, OBJECT(
		{"title?", TEXT},
		{"rights?", RIGHTS},
		{"requires_totp?", WHETHER})},
	{"Right", NULL, OBJECT(
		{"name", TEXT},
		{"help", TEXT})},
	{"Token", NULL, OBJECT(
		{"id", TEXT},
		{"name", TEXT},
		{"owner", TEXT},
		{"rights", RIGHTS},
		{"created", MOMENT},
		{"expires", MOMENT},
		{"last_used", TIME},
		{"revoked", TIME})},
	{"NewToken", "With rights or with roles.", OBJECT(
		{"name", TEXT ", maxLength: 64" ABOUT("What it is for.")},
		{"rights?", RIGHTS},
		{"roles?", LIST(TEXT)},
		{"expires?", TEXT ", format: date-time"
			ABOUT("At most 366 days on; 90 when it is not said.")})},
	{"TokenShown", NULL, OBJECT(
		{"token", TEXT ABOUT("Shown once.")},
		{"item", REF("Token")})},
	{0},
};
/* clang-format on */
