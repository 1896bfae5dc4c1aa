#pragma once

#include <stdbool.h>

#include "gateway/message.h"
#include "sip/sip.h"

/*
 * Whose a request is, and whether it may be told to a partner, who is outside of any trust domain
 * (RFC 3325 2). Pure.
 *
 *   trusted route    P-Asserted-Identity where it names a SIP address, else From
 *   other routes     From; P-Asserted-Identity is not looked at (RFC 3325 5)
 *
 * P-Preferred-Identity is a wish to whoever makes sure who a user is, which is not us: it never
 * counts. XMPP has no anonymous senders, so what asks for one (Privacy: user, or id where From does
 * not say the same as the asserted identity) is refused: 433 (RFC 5079), with "critical" 500 (RFC
 * 3323 5). So is, by 403, whom a Microsoft Edge Server says it could not verify
 * (ms-edge-proxy-message-trust, [MS-SIPRE] 2.2.15); that field is read from no other kind of route.
 */
struct route;

struct sender {
	/* Of From when that names the same user: it may name a device besides. */
	struct sip_addr addr;
};

bool sender_read(struct sender *ret, const struct sip_msg *m, const struct route *route,
	struct message_refusal *refusal);
