#include "auth/role.h"

#include "base/mem.h"

#define R(id) RIGHT_BIT(RIGHT_##id)

/* What the deployment is and how it does: no accounts, no audit. */
#define DEPLOYMENT                                                                                 \
	(R(STATUS_READ) | R(GATEWAY_READ) | R(ACCESS_READ) | R(ROUTE_READ) | R(DOMAIN_READ) |      \
		R(PARTNER_READ) | R(POLICY_READ) | R(GRANT_READ) | R(ALLOW_READ) |                 \
		R(STREAM_READ) | R(CERTIFICATE_READ))
#define HISTORY (R(GENERATION_READ) | R(EXPORT_READ))

#define ALIASES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* clang-format off */
const struct role builtin_roles[] = {
	{"administrator", "May do everything.",
		ALIASES("CsAdministrator", "RTCUniversalServerAdmins"), RIGHTS_ALL},
	{"server-operator", "Sees the deployment and keeps it running: reads certificates again, closes "
		"streams, tests partners.",
		ALIASES("CsServerAdministrator"),
		DEPLOYMENT | HISTORY | R(CERTIFICATE_RELOAD) | R(STREAM_CLOSE) | R(TEST_RUN)},
	{"policy-assigner", "Gives users existing policies; changes neither policies nor partners.",
		ALIASES("CsUserAdministrator", "RTCUniversalUserAdmins"),
		R(STATUS_READ) | R(ACCESS_READ) | R(DOMAIN_READ) | R(PARTNER_READ) | R(POLICY_READ) |
		R(GRANT_READ) | R(GRANT_WRITE) | R(ALLOW_READ) | R(CONFIG_CHANGE)},
	{"viewer", "Sees the deployment and changes nothing.",
		ALIASES("CsViewOnlyAdministrator", "RTCUniversalReadOnlyAdmins"), DEPLOYMENT | HISTORY},
	{"helpdesk", "Sees the deployment and tests partners.",
		ALIASES("CsHelpDesk"), DEPLOYMENT | R(TEST_RUN)},
	{"auditor", "Sees the audit log and nothing else.", ALIASES(NULL), R(AUDIT_READ)},
};
/* clang-format on */

const size_t builtin_roles_n = ARRAY_LEN(builtin_roles);

static bool is_called(const struct role *r, struct slice name)
{
	if (slice_ieq(name, slice_of(r->name)))
		return true;
	for (const char *const *a = r->aliases; *a; a++)
		if (slice_ieq(name, slice_of(*a)))
			return true;
	return false;
}

const struct role *role_find(struct slice name)
{
	for (size_t i = 0; i < builtin_roles_n; i++)
		if (is_called(&builtin_roles[i], name))
			return &builtin_roles[i];
	return NULL;
}
