#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "federation/object.h"

/* What Set-CsXmppGatewayConfiguration held: one set for all partners. Times in seconds. */
struct gateway_settings {
	struct object object;
	uint32_t connection_limit;
	uint32_t partner_connection_limit; /* at most connection_limit */
	uint32_t keep_alive_interval;
	uint32_t stream_establishment_timeout;
	uint32_t stream_inactivity_timeout;
	uint32_t subscription_refresh_interval;
	bool enable_logging_all_message_bodies; /* on needs a confirmation (store/store.h) */
	char *dialback_passphrase;              /* a secret; never shown, logged or exported */
};

/* What Set-CsAccessEdgeConfiguration held for us. */
struct access_settings {
	struct object object;
	bool allow_federated_users; /* the off switch above everything */
};

extern const struct object_class gateway_class;
extern const struct object_class access_class;

static inline const struct gateway_settings *gateway_of(const struct object *o)
{
	return (const struct gateway_settings *)o;
}

static inline const struct access_settings *access_of(const struct object *o)
{
	return (const struct access_settings *)o;
}
