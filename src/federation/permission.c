#include "federation/permission.h"

#include "federation/address.h"
#include "federation/snapshot_priv.h"

/* clang-format off */
static const struct {
	const char *name, *text;
} links[PERMISSION__N] = {
	[PERMISSION_GRANTED] = {"granted", "they may communicate"},
	[PERMISSION_FEDERATION_OFF] = {"federation_off",
		"federation is turned off (allow_federated_users is false)"},
	[PERMISSION_NOT_LOCAL] = {"not_local", "the user's domain is not one of ours"},
	[PERMISSION_NO_FEDERATION_ACCESS] = {"no_federation_access",
		"the user's policy has no enable_federation_access"},
	[PERMISSION_NO_XMPP_ACCESS] = {"no_xmpp_access", "the user's policy has no enable_xmpp_access"},
	[PERMISSION_NOT_PARTNER] = {"not_partner", "the contact's domain is no partner's"},
	[PERMISSION_PARTNER_DISABLED] = {"partner_disabled", "the partner is disabled"},
	[PERMISSION_NOT_INVITED] = {"not_invited", "add the contact first"},
};
/* clang-format on */

const char *permission_link_name(enum permission_link l)
{
	return links[l].name;
}

const char *permission_link_text(enum permission_link l)
{
	return links[l].text;
}

static enum permission_link policy_link(const struct policy *p)
{
	if (!p)
		return PERMISSION_NOT_LOCAL;
	if (!p->enable_federation_access)
		return PERMISSION_NO_FEDERATION_ACCESS;
	return p->enable_xmpp_access ? PERMISSION_GRANTED : PERMISSION_NO_XMPP_ACCESS;
}

static enum permission_link partner_link(const struct partner *p)
{
	if (!p)
		return PERMISSION_NOT_PARTNER;
	return p->enabled ? PERMISSION_GRANTED : PERMISSION_PARTNER_DISABLED;
}

struct permission permission_check(const struct snapshot *s, permission_invited *invited, void *arg,
	struct slice user, struct slice contact, enum permission_direction direction)
{
	struct permission p = {.link = PERMISSION_FEDERATION_OFF};

	if (!snapshot_access(s)->allow_federated_users)
		return p;
	p.policy = snapshot_user_policy(s, user);
	p.link = policy_link(p.policy);
	if (p.link != PERMISSION_GRANTED)
		return p;
	p.partner = snapshot_partner(s, address_domain(contact));
	p.link = partner_link(p.partner);
	if (p.link != PERMISSION_GRANTED || p.partner->type != PARTNER_PUBLIC_UNVERIFIED ||
		invited(arg, user, contact))
		return p;
	p.invites = direction == PERMISSION_TO_CONTACT && p.policy->write_invites;
	if (!p.invites)
		p.link = PERMISSION_NOT_INVITED;
	return p;
}
