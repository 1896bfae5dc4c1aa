#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "xmpp/dialback.h"

/*
 * The secrets behind our dialback keys as the settings have them: the one in force, and for a grace
 * time the one before it, with which keys under way were made. Of the edge's loop. Zeroed: none.
 */
struct dialback_secrets {
	struct dialback_secret now, before;
	bool has, has_before;
	uint64_t before_until_ms; /* monotonic */
};

/* Keys under way are good for this long after a change of the passphrase. */
enum { DIALBACK_GRACE_MS = 660000 }; /* the longest StreamEstablishmentTimeout, and a minute */

/* The passphrase of a new snapshot; nothing happens when it is the one in force. */
void dialback_secrets_set(struct dialback_secrets *s, struct slice passphrase, uint64_t now_ms);
void dialback_secrets_wipe(struct dialback_secrets *s);

/* Is it a key that one of our nodes made, of late? */
bool dialback_secrets_verify(const struct dialback_secrets *s, struct slice receiving,
	struct slice originating, struct slice id, struct slice key, uint64_t now_ms);
