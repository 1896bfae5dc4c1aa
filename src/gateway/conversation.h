#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "gateway/imdn.h"
#include "gateway/message.h"
#include "xml/elem.h"
#include "xmpp/jid.h"

/*
 * What a user and a contact let each other know beside texts: who is typing (composing.h) and what
 * became of a message (receipt.h), in whatever carriage their texts go. One record for each pair
 * that has anything to remember, found by the bare addresses; bounded in number, the one used least
 * recently gives way; one whose session is up stays.
 *
 * Who takes what:
 * - In a session the peer says so: KeyboardActivity to peers of Microsoft's, the rest as its
 *   a=accept-types lists it.
 * - In pager mode nobody says so before. A user is sent message/cpim or im-iscomposing once a
 *   MESSAGE of his was one, or named it in Accept; 415 ends it (RFC 3994 4). Typing is told only to
 *   who has written to the contact before (RFC 3994 7).
 * Peers of Microsoft's know no receipts between two people (lync-sip-profile 5.8): none is asked
 * for, none is promised. Nothing here is ever answered with an error to who did not ask for one.
 *
 * Of the gateway's loop. user, contact: canonical bare addresses, unless it says full.
 */
struct gateway;
struct route;

void conversation_init(struct gateway *g);
void conversation_done(struct gateway *g);
unsigned conversation_count(const struct gateway *g);

/* ---- XMPP to SIP ---- */

/*
 * A message without a text for anyone to read (message_out_read(): MESSAGE_CONSUME): its chat
 * state, receipt or marker goes on if the permission chain lets it; nobody is told when not.
 */
void conversation_stanza(
	struct gateway *g, const struct xml_elem *e, const struct jid *from, const struct jid *to);

/* What goes with a text. Plain data. */
enum { CONVERSATION_ID = 28 };
struct conversation_beside {
	unsigned wishes;          /* IMDN_WISH_*: the text goes in message/cpim; 0: as it is */
	char id[CONVERSATION_ID]; /* its Message-ID, NUL-terminated */
	bool leave; /* gone came with it: session_leave(), once the text has been queued */
};
/*
 * A text that is about to be queued, permission given. authorized: the contact may know whether the
 * user is there.
 */
void conversation_text_out(struct gateway *g, const struct xml_elem *e, const struct jid *from,
	const struct jid *to, bool authorized, struct conversation_beside *ret);

/*
 * When it is sent: appends the text in its wrapper. False, and nothing is appended: it goes as it
 * is, for nothing was asked or this peer does not take it (any more). from, to: URIs.
 */
struct conversation_wrap {
	struct slice user, contact;
	struct slice from, to;
	const struct conversation_beside *beside;
	struct slice content_type, body;
};
bool conversation_wrap(struct gateway *g, struct buf *out, const struct conversation_wrap *w);

/*
 * How it ended; status as error_end_status(). True: 415 to the wrapper: the same text is to be sent
 * once more, and conversation_wrap() will not wrap it then.
 */
bool conversation_text_done(struct gateway *g, struct slice user, struct slice contact,
	const struct conversation_beside *b, unsigned status);

/*
 * What the user's side takes of what this contact may send him, as far as it is known; the same for
 * every name of which nothing is.
 */
struct conversation_features {
	bool chatstates, receipts;
};
struct conversation_features conversation_can(
	struct gateway *g, struct slice user, struct slice contact);

/* Is this the id of a stanza that tells typing or receipts? An error about it is about no message.
 */
bool conversation_is_note(const struct gateway *g, struct slice id);

/* ---- what is said to the SIP user beside texts ---- */
enum conversation_note { CONVERSATION_TYPING, CONVERSATION_RECEIPT };
/* How a note of ours ended: of tosip_note() and session_note(). status 0: never sent. */
void conversation_noted(struct gateway *g, struct slice user, struct slice contact,
	enum conversation_note kind, unsigned status);

/* ---- SIP to XMPP ---- */

/* From whom, to whom, how: the same for pager and session. */
struct conversation_in {
	const struct message_pair *pair; /* from: the user's address, full when it has a device */
	struct slice user, contact;
	const struct route *route;
	bool session;        /* it came in a dialog */
	struct slice accept; /* Accept of the MESSAGE; SL_NONE */
};
/*
 * A text that becomes the stanza fate_id: sets what goes beside it (m->chat, state, request,
 * markable).
 */
void conversation_text_in(struct gateway *g, const struct conversation_in *in, struct message_in *m,
	uint64_t fate_id);
/* A MESSAGE that is no text (m->kind), permission given; its answer is 200. */
void conversation_note_in(
	struct gateway *g, const struct conversation_in *in, const struct message_in *m);
/* INFO in a dialog; its answer is 200 whatever is in it. */
void conversation_info(struct gateway *g, const struct conversation_in *in,
	struct slice content_type, struct slice body);

/* The final response to the MESSAGE whose stanza is fate_id. */
void conversation_answered(struct gateway *g, uint64_t fate_id, unsigned status);
/*
 * After its 200 it turned out that it was not delivered, or, doubt, may not have been. True: the
 * user was told by an IMDN, as he had asked; else he is told by other means (late.c).
 */
bool conversation_failed(struct gateway *g, uint64_t fate_id, bool doubt);

/* ---- sessions ---- */
struct conversation_session {
	bool keyboard;       /* a peer of Microsoft's: INFO KeyboardActivity */
	bool composing;      /* application/im-iscomposing+xml is among its accept-types */
	bool cpim;           /* message/cpim is */
	struct slice thread; /* what the contact knows the dialog by; copied */
};
/* A dialog is up: 2xx and ACK. Once more for the same pair: it has taken the place of another. */
void conversation_up(struct gateway *g, struct slice user, struct slice contact,
	const struct conversation_session *s);
/* It has ended. by_user: the contact is told gone (RFC 7573 6.1). */
void conversation_down(struct gateway *g, struct slice user, struct slice contact, bool by_user);
