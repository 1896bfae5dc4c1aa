#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "federation/route.h"

/*
 * How a text of a contact goes to a SIP user: as a MESSAGE of its own (RFC 7572), or within a
 * session (docs/decisions/0258). One pure function with its reason.
 *
 *   a session of the two stands or is being opened   session, whatever the route says: the user
 *                                                    reads there
 *   message_mode session                             session
 *   message_mode auto                                session; pager where the user's side has
 *                                                    refused one lately, or texts of this contact
 *                                                    wait to go as pager messages
 *   message_mode pager                               pager
 *
 * A pager MESSAGE of over 1300 bytes goes only to a route that is congestion-safe (RFC 3428 4, 8);
 * within a dialog there is no such limit.
 */
enum carriage { CARRIAGE_PAGER, CARRIAGE_SESSION, CARRIAGE_NONE };

/* X(SUFFIX, rule, text). */
#define CARRIAGE_REASONS(X)                                                                        \
	X(STANDING, "RFC 7573 4", "there is a session")                                            \
	X(MODE, "lync-sip-profile 5", "as the route's message_mode says")                          \
	X(REFUSED, "lync-sip-profile 5.2", "this user's side has refused sessions lately")         \
	X(ORDER, "RFC 3428 8", "earlier texts go that way")                                        \
	X(TOO_LONG, "RFC 3428 8", "the message is too long for this contact")

enum carriage_reason {
#define X(suffix, rule, text) CARRIAGE_R_##suffix,
	CARRIAGE_REASONS(X)
#undef X
};

struct carriage_facts {
	enum route_mode mode;
	bool congestion_safe;
	bool standing;      /* a session of the two stands, or is being opened */
	bool refused;       /* refusals_has(): the user's side takes no sessions */
	bool pager_waiting; /* texts of this contact to this user wait as pager messages */
	size_t size;        /* of the request; a lower bound will do, the rest is known when it is
			       made */
};

struct carriage_choice {
	enum carriage carriage; /* NONE: policy-violation (RFC 7572 6) */
	enum carriage_reason reason;
};

enum { CARRIAGE_PAGER_MAX = 1300 };

struct carriage_choice carriage_of(const struct carriage_facts *f);
const char *carriage_text(enum carriage_reason r);

/* Does this answer to an INVITE of ours say that its side takes no sessions: 405, 488, 501? */
bool carriage_refuses(unsigned status);
