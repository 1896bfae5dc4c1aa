#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "federation/negotiation.h"
#include "federation/object.h"
#include "federation/value.h"

/*
 * An XMPP deployment on the allow list. Its domains are matched exactly: sub-domains are not
 * implied. The defaults are those of New-CsXmppAllowedPartner.
 */
enum partner_type { PARTNER_FEDERATED, PARTNER_PUBLIC_VERIFIED, PARTNER_PUBLIC_UNVERIFIED };

/* "Federated", "PublicVerified", "PublicUnverified", NULL. */
extern const char *const partner_type_words[];

struct partner {
	struct object object;
	struct domain_name domain; /* primary; the key */
	struct domain_list additional_domains;
	char *description; /* NULL: none */
	enum partner_type type;
	struct negotiation negotiation;
	bool keep_alive;
	struct host_port proxy;    /* replaces the SRV look-up; host NULL: none */
	uint32_t connection_limit; /* 0: the gateway's partner_connection_limit */
	bool enabled;
};

extern const struct object_class partner_class;

static inline const struct partner *partner_of(const struct object *o)
{
	return (const struct partner *)o;
}
