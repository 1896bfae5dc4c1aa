#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "sip/message.h"

/* What a server can do; what it says in Allow, Supported, Accept. */
struct sip_caps {
	const enum sip_method *allow; /* ends with SIP_M_OTHER */
	const char *const *supported; /* option tags; ends with NULL; may be empty */
	const char *accept;           /* "text/plain, text/html" */
	bool dialogs; /* whether there is one of a To tag is the owner's to say; else 481 */
	/*
	 * COMPAT: option tags of Lync in Require that ask nothing of us, or that the owner judges
	 * himself, are borne: gruu-10, com.microsoft.rtc-multiparty, ms-*; not those that change
	 * what answers there are (ms-benotify, ms-piggyback-first-notify).
	 */
	bool microsoft;
};

/*
 * Whether a well-formed request may be served (RFC 3261 8.2, 16.3). 0: it may. Else the status, its
 * reason, and the header fields that the refusal needs ("Allow: ...\r\n") added to extra:
 *   481 CANCEL; 501 unknown method, 405 method not served, both with Allow; 416 URI scheme; 403
 * sips in Request-URI or To (RFC 7247 8); 483 Max-Forwards is 0 (not for OPTIONS, 11.1); 420 with
 *   Unsupported; 481 To tag of a dialog we do not have; 400 body without a good Content-Type; 415
 * with Accept-Encoding. The first that applies, in this order. ACK is never answered: do not ask.
 */
unsigned sip_check_request(const struct sip_msg *m, const struct sip_caps *caps,
	const char **ret_reason, struct buf *extra);

bool sip_caps_allow(const struct sip_caps *caps, enum sip_method method);

/* "Allow: ...\r\nAccept: ...\r\nSupported: ...\r\n", for the 200 to OPTIONS (11.2). */
void sip_caps_write(struct buf *out, const struct sip_caps *caps);
