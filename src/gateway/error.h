#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "link/link.h"
#include "sip/sip.h"
#include "xmpp/errors.h"
#include "xmpp/stanza.h"

/*
 * Stanza error conditions and SIP status codes for each other: RFC 7247 section 7, both tables
 * whole, and the rules that stand beside them. Pure.
 */

/* ---- XMPP to SIP ---- */

/* What a row of table 2 may depend on. */
enum {
	ERROR_FULL_JID = 1, /* notes 1 and 2: the stanza was for a full JID, not for a bare one */
	ERROR_NEW_ADDRESS = 2, /* note 3: the condition names a new address */
	ERROR_UNRESOLVED = 4, /* note 4: the server could not be resolved; else it does not exist */
};

/* Table 2 as printed; where it leaves a choice: service-unavailable 403, unexpected-request 491. */
unsigned error_status(enum stanza_cond c, unsigned facts);

/*
 * What may stand in an answer to a non-INVITE request: never 408 (RFC 4320 4.2: 504), never 503,
 * which would condemn us for all users (table 2 note 5: 500), and no challenge, 401 or 407, since
 * it would need the header field of a realm that is not ours (RFC 3261 21.4.2: 403).
 */
unsigned error_wire(unsigned status);

struct error_sip {
	unsigned status;      /* by the pure table */
	struct slice reason;  /* one line; SL_NONE: the standard words */
	struct slice contact; /* SIP URI for Contact, of 301 and 302; SL_NONE: none */
};

/* full: the stanza that failed was for a full JID. */
void error_stanza_to_sip(
	struct error_sip *ret, struct arena *a, const struct stanza_error *s, bool full);

/* Why a stanza was never delivered, in SIP's terms. */
void error_link_to_sip(struct error_sip *ret, enum link_reason r, bool full);

/* Text for a Reason-Phrase: white space and controls become one space, 128 bytes at most. */
struct slice error_reason(struct arena *a, struct slice text);

/* ---- SIP to XMPP ---- */

struct error_xmpp {
	enum stanza_cond cond;
	struct slice text; /* SL_NONE: none */
	struct slice uri;  /* new address inside <gone/> and <redirect/>; SL_NONE: none */
};

/* Table 3 as printed, with its fallbacks by class; STANZA_OK for 1xx and 2xx. */
enum stanza_cond error_condition(unsigned status);

/*
 * A final response as a stanza error. contact: the URI of its Contact, SL_NONE without one.
 * authorized: the sender may know whether the user is there; else what would tell him (404, 480,
 * 486, 487, 6xx, and all that maps to item-not-found or recipient-unavailable) is
 * service-unavailable, and the words of the response are left out (RFC 6120 8.3.3.7, 8.3.3.13).
 * False for 1xx and 2xx.
 */
bool error_sip_to_stanza(struct error_xmpp *ret, struct arena *a, unsigned status,
	struct slice reason, struct slice contact, bool authorized);

/*
 * The words of an error with what else the response says: texts of Warning (RFC 3261 20.43) and the
 * reason and number of ms-diagnostics ([MS-OCER]), without names of hosts; one line, 400 bytes at
 * most. For those who may know how the SIP side is made: users of Federated partners. text may be
 * SL_NONE; response NULL: there is none.
 */
struct slice error_detail(struct arena *a, struct slice text, const struct sip_msg *response);

/*
 * The end of a client transaction as a status: 408 and 503 by RFC 3261 8.1.3.1 (408 also for
 * one that was unreachable and may have arrived before), 502 without an address, 504 when all that
 * there are are down, 513 when too big.
 */
unsigned error_end_status(const struct sip_result *r);

/* The same as a whole, from what the transaction layer says. False when it went well. */
bool error_result_to_stanza(
	struct error_xmpp *ret, struct arena *a, const struct sip_result *r, bool authorized);
