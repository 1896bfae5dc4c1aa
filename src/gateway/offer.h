#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "gateway/message.h"
#include "sip/sip.h"

/*
 * What an INVITE offers and what we say to it: message sessions whose "media" is MESSAGE within the
 * dialog (lync-sip-profile 5.1, 5.2, 5.6), and nothing else. Pure; offers and answers as RFC 3264
 * has them.
 *
 *   m=message 5061 sip sip:romeo@example.net      what is taken; the address of the line and that
 *   m=x-ms-message 5060 sip null                  of c= mean nothing
 *   anything else                                 refused within the answer: port 0
 */

/* What the other side says it shows: its a=accept-types. Without such a line only text/plain. */
enum offer_accepts {
	OFFER_PLAIN = 1 << 0,       /* text/plain */
	OFFER_HTML = 1 << 1,        /* text/html */
	OFFER_RTF = 1 << 2,         /* text/rtf */
	OFFER_CPIM = 1 << 3,        /* message/cpim */
	OFFER_COMPOSING = 1 << 4,   /* application/im-iscomposing+xml */
	OFFER_IMDN = 1 << 5,        /* message/imdn+xml, inside message/cpim or by itself */
	OFFER_ALTERNATIVE = 1 << 6, /* multipart/alternative */
};

/* What we say: all that a MESSAGE within is read of (message.h), nothing that would be a 415. */
#define OFFER_TYPES "text/plain text/html message/cpim application/im-iscomposing+xml"

struct offer {
	struct sdp *sdp; /* NULL: there is none; ours is asked for (only within a dialog) */
	unsigned media;  /* the line that is taken */
	unsigned accepts;
	/*
	 * The first message, if it came along (ms-text-format with ms-body): UTF-8, line ends are
	 * LF; SL_NONE: none that is text/plain and can be read. It comes again as a MESSAGE unless
	 * our answer says that we have taken it: leg_answer().
	 */
	struct slice first;
};

/*
 * Of an INVITE outside of dialogs. False: it is refused with what *refusal says:
 *
 * - 403 sips (RFC 7247 8), with Warning
 *
 * - 415 a body that is no SDP, with Accept; 400 one that cannot be read
 *
 * - 488 no SDP, no message session in it (audio, video, MSRP), several parties
 *   (com.microsoft.rtc-multiparty, a conference's URI, TriggeredInvite, more than two EndPoints),
 *   with Warning
 *
 * What *ret points to is in the request or in the arena.
 */
bool offer_read(struct offer *ret, struct arena *a, const struct sip_msg *invite,
	struct message_refusal *refusal);

/*
 * Of an INVITE or UPDATE within a dialog whose session has n lines, the one at media ours (profile
 * 5.5). No SDP: nothing is changed. False: 488 when it wants anything else besides, or instead; the
 * session stays.
 */
bool offer_again(struct offer *ret, struct arena *a, const struct sip_msg *m, unsigned n,
	unsigned media, struct message_refusal *refusal);

/* Of the body of a 2xx to an INVITE of ours: the session is wanted, with these types; or not. */
bool offer_answered(const struct sip_msg *response, unsigned *ret_accepts);

/* Where a session of ours is: what our Contact says. */
struct offer_place {
	struct slice host; /* an address without brackets, or a name */
	uint16_t port;
	uint64_t id; /* of the o= line: the same for all descriptions of one dialog */
};

/* A whole SDP. One line, to "sip null". */
void offer_write(struct buf *out, const struct offer_place *place);

/* Our answer; uri is the contact's, for the m= line. Without an SDP in the offer: our own offer. */
void offer_answer(
	struct buf *out, const struct offer *o, const struct offer_place *place, struct slice uri);
