#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "gateway/imdn.h"
#include "xml/elem.h"
#include "xmpp/errors.h"

/*
 * Receipts: XEP-0184 and the displayed marker of XEP-0333 on one side, IMDN (RFC 5438) on the
 * other. Four decisions, each with its reason. A receipt is passed on when the recipient gave it,
 * and never made. Pure; gateway/conversation.h remembers them.
 */

#define NS_RECEIPTS "urn:xmpp:receipts"
#define NS_MARKERS  "urn:xmpp:chat-markers:0"

/* Why; the rules are RFC 5438's and XEP-0184's: X(SUFFIX, rule, text). */
#define RECEIPT_REASONS(X)                                                                         \
	X(GOOD, "", "")                                                                            \
	X(NOT_ASKED, "RFC 5438 7.2.1", "nobody asked for this one")                                \
	X(NO_ID, "RFC 5438 6.3", "the message has no usable Message-ID")                           \
	X(IS_NOTIFICATION, "RFC 5438 7.2.1", "a notification is not notified of")                  \
	X(ANONYMOUS, "RFC 5438 12.1.1", "an anonymous sender cannot be notified")                  \
	X(ROUTES, "RFC 5438 7.2.1", "the way back has more IMDN-Record-Routes than are kept")      \
	X(PEER, "lync-sip-profile 5.8", "this peer has no receipts between two people")            \
	X(REFUSED, "RFC 5438 12.1.3.1", "the final response tells the failure")                    \
	X(ONLY_WRITTEN, "RFC 5438 12.2", "passed on is not delivered")                             \
	X(TOLD, "RFC 5438 7.2.1", "of this kind a notification was sent already")                  \
	X(NOT_RECIPIENT, "XEP-0184", "it comes from somebody else than the recipient")             \
	X(NO_STANZA_ID, "XEP-0184", "the message has no id that a receipt could name")             \
	X(IS_RECEIPT, "XEP-0184", "a receipt is not receipted")                                    \
	X(GROUPCHAT, "XEP-0184", "not in rooms")                                                   \
	X(NOT_AUTHORIZED, "XEP-0184", "the user has not let the contact see his presence")         \
	X(NO_CPIM, "RFC 5438 12.1.1", "the peer does not take message/cpim")                       \
	X(UNKNOWN, "RFC 5438 7.1.2", "it is about no message that is remembered")                  \
	X(PROCESSING, "RFC 5438 5.2", "that it is on its way is no receipt")                       \
	X(NOT_SAID, "RFC 5438 5.1", "the recipient does not want to say")                          \
	X(NO_DISPLAY, "RFC 5438 5.3", "that it could not be shown or not be told is no failure")

enum receipt_reason {
#define X(suffix, rule, text) RECEIPT_##suffix,
	RECEIPT_REASONS(X)
#undef X
		RECEIPT_REASON__N
};
const char *receipt_rule(enum receipt_reason r);
const char *receipt_text(enum receipt_reason r);

/* ---- the elements of XMPP ---- */

struct receipt_marks {
	bool request, markable;
	struct slice received, displayed; /* the id they name; SL_NONE: not there. Without id: "" */
};
void receipt_marks_read(struct receipt_marks *ret, const struct xml_elem *message);
void receipt_request_write(struct buf *out);
void receipt_markable_write(struct buf *out);
void receipt_received_write(struct buf *out, struct slice id);
void receipt_displayed_write(struct buf *out, struct slice id);

/* ---- a message that is remembered, in either direction ---- */

struct receipt {
	unsigned wishes; /* IMDN_WISH_*: what was asked and taken up; 0: nothing is remembered */
	bool told[IMDN_KIND__N]; /* of this kind something was passed on */
	unsigned answered;       /* SIP to XMPP: the final response, 0: none yet */
};

/* ---- SIP to XMPP ---- */

/* What a MESSAGE asks for. */
struct receipt_asked {
	struct slice wish, id; /* Disposition-Notification, Message-ID; SL_NONE */
	unsigned n_routes;     /* IMDN-Record-Routes */
	bool notification;     /* it is an IMDN itself */
	bool anonymous;
	bool peer_has_none; /* a peer of Microsoft's: profile 5.8 */
};
/*
 * What of it is taken up: ret->wishes. POSITIVE puts <request/> into the stanza, DISPLAY
 * <markable/>; PROCESSING is nobody's who delivers (7.2.1). GOOD: all that was asked, or nothing
 * was.
 */
enum receipt_reason receipt_take(struct receipt *ret, const struct receipt_asked *asked);

enum receipt_event {
	RECEIPT_EV_WRITTEN,  /* the partner's stream has it */
	RECEIPT_EV_RECEIVED, /* XEP-0184 */
	RECEIPT_EV_DISPLAYED,
	RECEIPT_EV_FAILED,  /* a stanza error, or it was never sent: the late error */
	RECEIPT_EV_UNKNOWN, /* it may or may not have arrived: the stream broke */
	RECEIPT_EV__N
};
/*
 * What to send for it: GOOD, and kind and status are set, and r remembers it; else nothing, and
 * why. from_recipient: the stanza is of the bare address that the message went to.
 */
enum receipt_reason receipt_give(struct receipt *r, enum receipt_event event, bool from_recipient,
	enum imdn_kind *ret_kind, enum imdn_status *ret_status);

/* ---- XMPP to SIP ---- */

struct receipt_wish {
	struct receipt_marks marks;
	struct slice id; /* of the stanza */
	bool groupchat;
	bool authorized; /* may the contact see the user's presence? */
	bool peer_takes_cpim;
	bool peer_has_none;
};
/* What to ask the peer for: ret->wishes. GOOD: all that was asked, or nothing was. */
enum receipt_reason receipt_ask(struct receipt *ret, const struct receipt_wish *wish);
/* The value of Disposition-Notification; NULL: nothing is asked. */
const char *receipt_wish_text(unsigned wishes);

enum receipt_told {
	RECEIPT_TELL_NOTHING,
	RECEIPT_TELL_RECEIVED,
	RECEIPT_TELL_DISPLAYED,
	RECEIPT_TELL_ERROR, /* a stanza error: cond, text */
};
struct receipt_news {
	enum receipt_told told;
	enum receipt_reason reason; /* of NOTHING; else GOOD */
	enum stanza_cond cond;
	const char *text;
};
/*
 * What an IMDN means to the contact. r: of the message that it names, NULL: there is none.
 * from_recipient: it comes from the address that the message went to. r remembers what was told.
 */
struct receipt_news receipt_hear(struct receipt *r, const struct imdn *i, bool from_recipient);
