#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "sip/message.h"

/* What a server can do; what it says in Allow, Supported, Accept. */
struct sip_caps {
	const enum sip_method *allow; /* ends with SIP_M_OTHER */
	const char *const *supported; /* option tags; ends with NULL; may be empty */
	const char *accept;           /* "text/plain, text/html" */
};

/*
 * Whether a well-formed request may be served, in the order of RFC 3261 8.2 and 16.3. 0: it may.
 * Else the status, its reason, and the header fields the refusal needs ("Allow: ...\r\n") added to
 * extra: 505 version; 483 Max-Forwards is 0 (not for OPTIONS: 11.1); 405 with Allow; 416 URI
 * scheme; 403 sips (RFC 7247 8); 420 with Unsupported; 481 for a To tag, CANCEL and whatever else
 * needs a dialog we do not have. ACK is never answered: do not ask.
 */
unsigned sip_check_request(const struct sip_msg *m, const struct sip_caps *caps,
	const char **ret_reason, struct buf *extra);

/* "Allow: ...\r\nAccept: ...\r\nSupported: ...\r\n", for the 200 to OPTIONS (11.2). */
void sip_caps_write(struct buf *out, const struct sip_caps *caps);
