#pragma once

#include <stdbool.h>

#include "base/slice.h"

/*
 * Keys of server dialback (XEP-0220, XEP-0185 2). Pure: a key follows from a secret that all nodes
 * share, the two domains and the stream's id, so that whoever knows the secret can verify a key
 * that another node made, and nothing is remembered.
 */

/* What a passphrase is turned into: SHA-256, in lower-case hexadecimal. Wipe it (mem_wipe). */
struct dialback_secret {
	char hex[65];
};

/* passphrase: any bytes, not empty. */
void dialback_secret_make(struct dialback_secret *ret, struct slice passphrase);

enum { DIALBACK_KEY_SIZE = 65 }; /* with its terminating zero */

/*
 * HMAC-SHA256 over "receiving originating id". receiving: the domain that verifies; originating:
 * the domain that wants to be believed; both as they stand on the wire (U-labels). id: of the
 * response header of the stream that is to be authenticated.
 */
void dialback_key(const struct dialback_secret *s, struct slice receiving, struct slice originating,
	struct slice id, char ret[static DIALBACK_KEY_SIZE]);

/* Is key the one for these? White space around it does not count. In constant time. */
bool dialback_key_is(const struct dialback_secret *s, struct slice receiving,
	struct slice originating, struct slice id, struct slice key);
