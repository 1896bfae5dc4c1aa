#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "sip/message.h"
#include "sip/write.h"

/*
 * Dialogs that INVITE makes (RFC 3261 12 to 15), for the core of a user agent. Pure: whoever has
 * one tells it what was said and heard, and does what it answers. It keeps the identity, the state,
 * the numbers of CSeq of both sides, the route set byte for byte and the remote target, and knows
 * when a 2xx of ours has to be said again (13.3.1.4). The "secure" flag is not kept: sips is
 * refused (check.h).
 */
struct sip_dialog;

/*
 *     1xx      2xx said           ACK
 *   ------> EARLY ------> UNACKED -----> CONFIRMED ------ BYE ------> ENDED
 *             |  \ 2xx heard  | \ bye       ^                           ^
 *             |   `-----------|--\----------'                           |
 *             |               |   `-> LEAVING -- ACK, 64*T1 ------------|
 *             `---------------+---- refused, BYE, 64*T1 ----------------'
 *
 * UNACKED: our 2xx waits for its ACK, that of a re-INVITE too; a callee says no BYE before (15), so
 * LEAVING waits for it as well.
 */
enum sip_dialog_state {
	SIP_DIALOG_EARLY,
	SIP_DIALOG_UNACKED,
	SIP_DIALOG_LEAVING,
	SIP_DIALOG_CONFIRMED,
	SIP_DIALOG_ENDED,
	SIP_DIALOG_STATE__N
};

enum sip_dialog_event {
	SIP_DIALOG_SAID_2XX,  /* to an INVITE of the other side */
	SIP_DIALOG_HEARD_2XX, /* to an INVITE of ours */
	SIP_DIALOG_REFUSED,   /* an INVITE of either side: 300 to 699, or no answer */
	SIP_DIALOG_ACK,       /* heard */
	SIP_DIALOG_AGAIN,     /* T1, 2*T1 ... T2 after the 2xx (13.3.1.4) */
	SIP_DIALOG_NO_ACK,    /* 64*T1 after the 2xx */
	SIP_DIALOG_BYE,       /* heard; its 200 is the caller's */
	SIP_DIALOG_LEAVE,     /* our user wants to end it */
	SIP_DIALOG_LOST,      /* a request of ours within: 481, 408 or no answer (12.2.1.2) */
	SIP_DIALOG_EVENT__N
};

enum sip_dialog_action {
	SIP_DIALOG_SEND_2XX = 1 << 0,   /* the same again: sip_server_reply() */
	SIP_DIALOG_SEND_BYE = 1 << 1,   /* sip_dialog_request() makes it */
	SIP_DIALOG_END_INVITE = 1 << 2, /* CANCEL it as who calls (9.1), else refuse it (487) */
	SIP_DIALOG_START = 1 << 3,      /* (kept inside) the 2xx waits for its ACK */
	SIP_DIALOG_STOP = 1 << 4,       /* (kept inside) it waits no more */
	SIP_DIALOG_CANNOT_HAPPEN = 1 << 5,
};

struct sip_dialog_step {
	uint8_t actions, next;
};
extern const struct sip_dialog_step sip_dialog_steps[SIP_DIALOG_STATE__N][SIP_DIALOG_EVENT__N];

/*
 * Of an INVITE that is answered with this To tag (12.1.1). 0; else the status to refuse it with,
 * and its reason: no Contact, several, one that is no SIP URI, a broken Record-Route.
 */
unsigned sip_dialog_new_called(struct sip_dialog **ret, const struct sip_msg *invite,
	struct slice local_tag, const char **ret_reason);
/*
 * Of an INVITE of ours, with call_id and from_tag in its spec, and a response to it with a To tag
 * (12.1.2). One for each To tag (13.2.2.4). -1: the response has none, or is broken in what counts.
 * The CSeq is that of the response, a few more than the spec's where credentials were asked for.
 */
int sip_dialog_new_calling(
	struct sip_dialog **ret, const struct sip_spec *invite, const struct sip_msg *response);
void sip_dialog_free(struct sip_dialog *d); /* NULL is fine */

enum sip_dialog_state sip_dialog_state(const struct sip_dialog *d);
struct slice sip_dialog_call_id(const struct sip_dialog *d);
/* The remote target, as it came; until the next refresh. */
struct slice sip_dialog_target(const struct sip_dialog *d);
size_t sip_dialog_bytes(const struct sip_dialog *d); /* memory */

/* Is the request of this dialog (12.2.2)? A response: is it to a request of ours within? */
bool sip_dialog_has(const struct sip_dialog *d, const struct sip_msg *m);
/* For an index of many: equal for what sip_dialog_has() says yes to; keyed hash. */
uint64_t sip_dialog_id(const struct sip_dialog *d);
uint64_t sip_dialog_id_of(const struct sip_msg *m);

/* What follows: enum sip_dialog_action. */
unsigned sip_dialog_event(struct sip_dialog *d, enum sip_dialog_event event, uint64_t now_ms);
uint64_t sip_dialog_deadline(const struct sip_dialog *d); /* UINT64_MAX: nothing waits */
unsigned sip_dialog_tick(struct sip_dialog *d, uint64_t now_ms);

/*
 * May a request of this dialog be served (12.2.2, 14.2)? Not for ACK and CANCEL. 0; else the status
 * and its reason: 481 it has ended, 500 CSeq out of order, 500 another INVITE of theirs is not
 * answered yet (with Retry-After, random, up to 10 s: the caller's), 491 one of ours is.
 */
unsigned sip_dialog_take(struct sip_dialog *d, const struct sip_msg *m, const char **ret_reason);

/*
 * The other side's Contact is where requests go from now on: of an INVITE or UPDATE of theirs that
 * was answered with a 2xx, or of a 2xx to one of ours (12.2.1.2, 12.2.2). With the first 2xx to an
 * INVITE of ours the route set is read anew, too (13.2.2.4); later it stays (12.2), but for
 * COMPAT: a peer that has said Supported: ms-dialog-route-set-update in this dialog (Lync, Skype
 * for Business) means its Record-Route each time there is one. -1: it is broken, nothing has
 * changed.
 */
int sip_dialog_refresh(struct sip_dialog *d, const struct sip_msg *m);
/*
 * Of any other request of theirs within: COMPAT: from a peer as above its Record-Route counts, too;
 * of all others nothing does (12.2). Broken ones change nothing.
 */
void sip_dialog_reroute(struct sip_dialog *d, const struct sip_msg *m);

/*
 * A request of ours within (12.2.1.1): Request-URI, From, To, tags, Call-ID and the next CSeq; that
 * of the INVITE for ACK. *ret_route is Route, spec->fields are it, or none: who has more fields
 * puts them into an array of his own behind it. The slices live until the next refresh.
 */
void sip_dialog_request(struct sip_dialog *d, enum sip_method method, struct sip_spec *ret,
	struct sip_out *ret_route);
/* The next CSeq, for such a request that is sent once more with credentials (22.2). */
uint32_t sip_dialog_next_cseq(struct sip_dialog *d, enum sip_method method);

/* The fields of a response that makes a dialog: Record-Route as they came (12.1.1). The caller adds
 * his Contact. Returns how many; at most max. */
size_t sip_dialog_echo(const struct sip_msg *invite, struct sip_out *ret, size_t max);
