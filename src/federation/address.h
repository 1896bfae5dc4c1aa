#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * The address of a person as all tables here have it: the bare JID in canonical form (localpart by
 * PRECIS UsernameCaseMapped and escaped by XEP-0106, domain of U-labels). For a SIP user it is the
 * address that partners see: the gateway has it at hand for every message.
 *
 * address_admin reads what an administrator typed: "juliet@xmpp.lab", "sip:Romeo@SIP.lab",
 * "xmpp:juliet@xmpp.lab". A character that a localpart cannot have is refused with its escape
 * named. The result is in the arena. Code address_syntax.
 */
int address_admin(struct slice *ret, struct arena *a, struct slice typed, struct err *e);

/* What stands behind the '@' of a canonical address; all of it when there is none. */
struct slice address_domain(struct slice address);
