#include "federation/policy.h"

#include <string.h>

#include "base/mem.h"

#define F(field) offsetof(struct policy, field)
/* clang-format off */
static const struct setting policy_settings[] = {
	{"identity", "name", SETTING_POLICY, SETTING_KEY, F(identity), 1, 253, NULL, NULL, NULL,
		"global, domain:NAME for the users of a local domain, or tag:NAME to be granted to users."},
	{"description", NULL, SETTING_TEXT, SETTING_NONE, F(description), 0, 1024, NULL, NULL,
		"characters", "Free text."},
	{"enable_federation_access", "federation", SETTING_BOOL, 0, F(enable_federation_access), 0, 0,
		NULL, "false", NULL, "Its users may communicate with federated users."},
	{"enable_xmpp_access", "xmpp", SETTING_BOOL, 0, F(enable_xmpp_access), 0, 0, NULL, "false", NULL,
		"Its users may communicate with users of XMPP partners; needs enable_federation_access."},
	{"write_invites", NULL, SETTING_BOOL, 0, F(write_invites), 0, 0, NULL, "false", NULL,
		"Writing to a contact of a PublicUnverified partner is the invitation."},
};
/* clang-format on */
#undef F

static int check_policy(const struct object *o, struct notes *warnings, struct err *e)
{
	const struct policy *p = policy_of(o);

	if (p->enable_xmpp_access && !p->enable_federation_access)
		notes_add(warnings, "policy", p->identity, "federation_access_off",
			"enable_xmpp_access",
			"enable_xmpp_access has no effect while enable_federation_access is false");
	return 0;
}

/* clang-format off */
const struct object_class policy_class = {
	OBJECT_POLICY, "policy", "policies", "policy", sizeof(struct policy), false, policy_settings,
	ARRAY_LEN(policy_settings), check_policy,
};
/* clang-format on */

#define F(field) offsetof(struct grant, field)
static const struct setting grant_settings[] = {
	{"user",   "address", SETTING_USER,   SETTING_KEY,      F(user),   1, 1023, NULL, NULL, NULL,
         "Address of the user."                          },
	{"policy", NULL,      SETTING_POLICY, SETTING_REQUIRED, F(policy), 1, 253,  NULL, NULL, NULL,
         "The tag policy that is in force for this user."},
};
#undef F

static int check_grant(const struct object *o, struct notes *warnings, struct err *e)
{
	const struct grant *g = grant_of(o);

	if (strncmp(g->policy, "tag:", 4) != 0)
		return err_code(e, ERR_INVALID, "policy_not_grantable", "policy",
			"policy: '%s' is in force by itself and cannot be granted; right would be "
			"tag:NAME, "
			"or removing the grant",
			g->policy);
	return 0;
}

/* clang-format off */
const struct object_class grant_class = {
	OBJECT_GRANT, "grant", "grants", "grant", sizeof(struct grant), false, grant_settings,
	ARRAY_LEN(grant_settings), check_grant,
};
/* clang-format on */
