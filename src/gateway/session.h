#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "gateway/conversation.h"
#include "sip/sip.h"

/*
 * Conversations of a SIP user and a contact as sessions (lync-sip-profile 5, RFC 7573): at most one
 * for each two, by their bare addresses, in either role. A session owns the course
 * (session_machine.h), the texts that wait for it (backlog.h) and the leg that carries them
 * (leg.h); what the texts become in XMPP is toxmpp's, typing and receipts are conversation's.
 *
 *   tosip         -> session_put()       a text of the contact
 *   conversation  -> session_note()      what is no text: typing, receipts
 *                 -> session_leave()     the contact is gone
 *   gateway       -> session_invited()   an INVITE of the user
 *   session       -> toxmpp_within()     a MESSAGE of his in the dialog
 *                 -> conversation_info(), _up(), _down()
 *
 * There is one as long as it has a dialog or texts; an idle one ends after the idle limit
 * (profile 5.7), and the one that was idle longest when there are too many.
 * A session may end with any event: pointers to one are not kept.
 */
struct gateway;
struct outgoing;
struct route;
struct session;
struct sipnet_way;

void session_init(struct gateway *g);
/* After it no leg calls back. */
void session_done(struct gateway *g);

/* user, contact: bare, canonical. NULL: there is none. */
struct session *session_of(struct gateway *g, struct slice user, struct slice contact);
/* Has it a dialog, or is one being opened: will a text go there? */
bool session_stands(const struct session *s);

/*
 * A message to the user: it goes in the session of the two, which is opened if need be, behind
 * those that wait. False: no room.
 */
bool session_put(struct gateway *g, const struct outgoing *o);

/*
 * Something beside the texts: INFO at once, a MESSAGE behind the texts that wait. How it ends:
 * conversation_noted(). False: no session is up, nothing is sent.
 */
struct session_note {
	enum conversation_note kind;
	enum sip_method method; /* INFO, MESSAGE */
	struct slice content_type, body;
};
bool session_note(
	struct gateway *g, struct slice user, struct slice contact, const struct session_note *n);

/* The contact is gone: the session ends when all is delivered (profile 5.4). */
void session_leave(struct gateway *g, struct slice user, struct slice contact);

/* An INVITE of a user in no dialog; txn is answered. */
void session_invited(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route, const struct sipnet_way *way);

/* Every session ends when all in it is delivered (profile 5.7). */
void session_drain(struct gateway *g);
/* It ends now: who waits for a text is told. */
void session_stop(struct gateway *g);
unsigned session_count(const struct gateway *g); /* with those that are being opened, or end */
/* Those that are up: fn with the route of each. */
void session_each_up(
	const struct gateway *g, void (*fn)(void *arg, const struct route *route), void *arg);
