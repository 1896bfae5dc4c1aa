#include "admin/openapi_accounts.h"

#include <string.h>

#include "base/mem.h"

/* Sign-in, administrators, roles and tokens in the description of the API. */

/* clang-format off */
static const struct accounts_schema {
	const char *id, *body, *answer; /* operationId, names of schemas; NULL: none */
} schemas[] = {
	{"getSession", NULL, "Session"},
	{"signIn", "SignIn", "Session"},
	{"signOut", NULL, NULL},
	{"setOwnPassword", "OwnPassword", NULL},
	{"beginTotp", NULL, "TotpSecret"},
	{"confirmTotp", "TotpCode", "RecoveryCodes"},
	{"removeTotp", "TotpRemoval", NULL},
	{"listAdministrators", NULL, "Administrator"},
	{"addAdministrator", "Administrator", "AdministratorItem"},
	{"getAdministrator", NULL, "AdministratorItem"},
	{"setAdministrator", "Administrator", "AdministratorItem"},
	{"removeAdministrator", NULL, NULL},
	{"resetAdministrator", "Reset", "AdministratorItem"},
	{"listRoles", NULL, "Role"},
	{"addRole", "Role", "RoleItem"},
	{"getRole", NULL, "RoleItem"},
	{"setRole", "Role", "RoleItem"},
	{"removeRole", NULL, NULL},
	{"listRights", NULL, "Right"},
	{"listTokens", NULL, "Token"},
	{"addToken", "NewToken", "TokenShown"},
	{"revokeToken", NULL, NULL},
	{"getDirectory", NULL, "Directory"},
	{"setDirectory", "Directory", "Directory"},
	{"listBindings", NULL, "Binding"},
	{"addBinding", "Binding", "Binding"},
	{"setBinding", "Binding", "Binding"},
	{"removeBinding", NULL, NULL},
	{"testDirectory", "DirectoryTest", "DirectoryTestLine"},
};

const char openapi_accounts_components[] =
	"    Rights: {type: array, items: {type: string}, description: As GET /rights lists them.}\n"
	"    Session:\n"
	"      type: object\n"
	"      required: [name, display, source, way, roles, rights, must, body_logging]\n"
	"      properties:\n"
	"        name: {type: string}\n"
	"        display: {type: string}\n"
	"        source: {type: string, enum: [password, directory, token, socket]}\n"
	"        way: {type: string, enum: [panel, api, cli]}\n"
	"        roles: {type: array, items: {type: string}}\n"
	"        rights: {$ref: '#/components/schemas/Rights'}\n"
	"        csrf: {type: [string, 'null'], description: 'For the field x-csrf-token of changes.'}\n"
	"        idle_expires: {$ref: '#/components/schemas/Time'}\n"
	"        expires: {$ref: '#/components/schemas/Time'}\n"
	"        must: {type: [string, 'null'], enum: [totp, null], description: What has to be done first.}\n"
	"        body_logging: {type: boolean, description: Texts of messages are being logged.}\n"
	"    Directory:\n"
	"      type: object\n"
	"      properties:\n"
	"        enabled: {type: boolean}\n"
	"        servers: {type: array, items: {type: string}, description: 'ldaps://HOST[:PORT], or "
	"ldap://HOST[:PORT], which means StartTLS; in the order to try.'}\n"
	"        ca_file: {type: string, description: 'PEM file; empty: the authorities of the system.'}\n"
	"        bind_dn: {type: string}\n"
	"        bind_password: {type: string, writeOnly: true, description: 'Has to be given again when "
	"servers, ca_file or bind_dn change.'}\n"
	"        bind_password_set: {type: boolean, readOnly: true}\n"
	"        user_base: {type: string}\n"
	"        user_filter: {type: string, description: 'Each %s is the name that was typed; empty: by "
	"sAMAccountName, userPrincipalName or uid.'}\n"
	"        group_base: {type: string}\n"
	"        timeout: {type: integer, minimum: 1, maximum: 10, description: Seconds of one operation.}\n"
	"    Binding:\n"
	"      type: object\n"
	"      properties:\n"
	"        key: {type: string, readOnly: true}\n"
	"        group: {type: string, description: 'Its DN or SID; of a suggestion a plain name.'}\n"
	"        role: {type: string}\n"
	"        confirmed: {type: boolean, description: 'A binding that is not does nothing.'}\n"
	"    DirectoryTest:\n"
	"      type: object\n"
	"      properties: {name: {type: string, description: 'Somebody to look for; empty: nobody.'}}\n"
	"    DirectoryTestLine:\n"
	"      type: object\n"
	"      properties:\n"
	"        step: {type: string, enum: [connect, tls, bind, base, user, account, groups, roles, "
	"process]}\n"
	"        result: {type: string, enum: [pass, fail]}\n"
	"        code: {type: string}\n"
	"        evidence: {type: string}\n"
	"        remedy: {type: string}\n"
	"        end: {type: boolean, description: 'The last line: the members below.'}\n"
	"        pass: {type: integer}\n"
	"        fail: {type: integer}\n"
	"        reason: {type: string, description: What would become of a sign-in with this name.}\n"
	"        dn: {type: string}\n"
	"        name: {type: string}\n"
	"        display: {type: string}\n"
	"        roles: {type: array, items: {type: string}}\n"
	"    SignIn:\n"
	"      type: object\n"
	"      required: [name, password]\n"
	"      properties:\n"
	"        name: {type: string}\n"
	"        password: {type: string}\n"
	"        code: {type: string, description: Of the second factor, or a recovery code.}\n"
	"        new_password: {type: string, description: In place of a one-time password.}\n"
	"    OwnPassword:\n"
	"      type: object\n"
	"      required: [current, new]\n"
	"      properties:\n"
	"        current: {type: string}\n"
	"        new: {type: string, minLength: 12, maxLength: 256}\n"
	"    TotpSecret:\n"
	"      type: object\n"
	"      required: [secret, uri]\n"
	"      properties:\n"
	"        secret: {type: string}\n"
	"        uri: {type: string, description: 'otpauth:'}\n"
	"    TotpCode: {type: object, required: [code], properties: {code: {type: string}}}\n"
	"    TotpRemoval: {type: object, required: [password], properties: {password: {type: string}}}\n"
	"    RecoveryCodes:\n"
	"      type: object\n"
	"      required: [recovery_codes]\n"
	"      properties:\n"
	"        recovery_codes: {type: array, items: {type: string}}\n"
	"    Administrator:\n"
	"      type: object\n"
	"      properties:\n"
	"        name: {type: string}\n"
	"        description: {type: string}\n"
	"        roles: {type: array, items: {type: string}, description: By name or alias.}\n"
	"        enabled: {type: boolean}\n"
	"        source: {type: string, enum: [local], readOnly: true}\n"
	"        totp: {type: boolean, readOnly: true}\n"
	"        last_sign_in: {$ref: '#/components/schemas/Time'}\n"
	"        created: {$ref: '#/components/schemas/Time'}\n"
	"        one_time_password: {type: string, readOnly: true, description: Shown once.}\n"
	"        one_time_expires: {$ref: '#/components/schemas/Time'}\n"
	"    AdministratorItem:\n"
	"      type: object\n"
	"      required: [item]\n"
	"      properties: {item: {$ref: '#/components/schemas/Administrator'}}\n"
	"    Reset:\n"
	"      type: object\n"
	"      properties: {totp: {type: boolean, description: The second factor goes as well.}}\n"
	"    Role:\n"
	"      type: object\n"
	"      properties:\n"
	"        name: {type: string}\n"
	"        title: {type: string}\n"
	"        builtin: {type: boolean, readOnly: true}\n"
	"        rights: {$ref: '#/components/schemas/Rights'}\n"
	"        aliases: {type: array, items: {type: string}, readOnly: true}\n"
	"        requires_totp: {type: boolean}\n"
	"    RoleItem:\n"
	"      type: object\n"
	"      required: [item]\n"
	"      properties: {item: {$ref: '#/components/schemas/Role'}}\n"
	"    Right: {type: object, properties: {name: {type: string}, help: {type: string}}}\n"
	"    Token:\n"
	"      type: object\n"
	"      properties:\n"
	"        id: {type: string}\n"
	"        name: {type: string}\n"
	"        owner: {type: string}\n"
	"        rights: {$ref: '#/components/schemas/Rights'}\n"
	"        created: {$ref: '#/components/schemas/Time'}\n"
	"        expires: {$ref: '#/components/schemas/Time'}\n"
	"        last_used: {$ref: '#/components/schemas/Time'}\n"
	"        revoked: {$ref: '#/components/schemas/Time'}\n"
	"    NewToken:\n"
	"      type: object\n"
	"      required: [name]\n"
	"      description: With rights or with roles.\n"
	"      properties:\n"
	"        name: {type: string, maxLength: 64, description: What it is for.}\n"
	"        rights: {$ref: '#/components/schemas/Rights'}\n"
	"        roles: {type: array, items: {type: string}}\n"
	"        expires: {type: string, format: date-time, description: 'At most 366 days on; 90 when it is not said.'}\n"
	"    TokenShown:\n"
	"      type: object\n"
	"      required: [token, item]\n"
	"      properties:\n"
	"        token: {type: string, description: Shown once.}\n"
	"        item: {$ref: '#/components/schemas/Token'}\n";
/* clang-format on */

static const struct accounts_schema *find(const char *id)
{
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
		if (strcmp(schemas[i].id, id) == 0)
			return &schemas[i];
	return NULL;
}

const char *openapi_accounts_body(const char *id)
{
	const struct accounts_schema *s = find(id);

	return s ? s->body : NULL;
}

const char *openapi_accounts_answer(const char *id)
{
	const struct accounts_schema *s = find(id);

	return s ? s->answer : NULL;
}
