#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "federation/snapshot.h"

/*
 * May this SIP user and this XMPP contact exchange messages? The links are asked in this order and
 * the first that says no is the answer; it decides every message in both directions and is what an
 * administrator is shown. Runs for every message: a few hash look-ups, no allocation.
 */
enum permission_link {
	PERMISSION_GRANTED,
	PERMISSION_FEDERATION_OFF,       /* AllowFederatedUsers is false */
	PERMISSION_NOT_LOCAL,            /* the user's domain is not one of ours */
	PERMISSION_NO_FEDERATION_ACCESS, /* policy(user).EnableFederationAccess is false */
	PERMISSION_NO_XMPP_ACCESS,       /* policy(user).EnableXmppAccess is false */
	PERMISSION_NOT_PARTNER,          /* the contact's domain is on no partner's list */
	PERMISSION_PARTNER_DISABLED,
	PERMISSION_NOT_INVITED, /* PublicUnverified, and the user has not added the contact */
	PERMISSION__N
};

enum permission_direction {
	PERMISSION_TO_CONTACT, /* SIP to XMPP */
	PERMISSION_TO_USER,    /* XMPP to SIP */
};

/*
 * Has the user invited the contact? Both are canonical bare addresses. Asked only where it matters
 * (PublicUnverified).
 */
typedef bool permission_invited(void *arg, struct slice user, struct slice contact);

struct permission {
	enum permission_link link;
	const struct policy *policy;   /* the one in force; NULL when the chain ended before it */
	const struct partner *partner; /* NULL when the chain ended before it */
	bool invites; /* granted because of WriteInvites: record the invitation before sending */
};

/*
 * user and contact are canonical bare addresses (federation/address.h); a contact without a
 * localpart is a domain itself. WriteInvites works to the contact only.
 */
struct permission permission_check(const struct snapshot *s, permission_invited *invited, void *arg,
	struct slice user, struct slice contact, enum permission_direction direction);

/* "federation_off", "not_invited", ...; "granted". */
const char *permission_link_name(enum permission_link l);
/* Words for a person: "add the contact first". */
const char *permission_link_text(enum permission_link l);
