#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "sip/sip.h"
#include "xmpp/jid.h"

/*
 * Conversations of a SIP user and a contact as sessions (lync-sip-profile 5, RFC 7573): at most one
 * for each two, by their bare addresses, in either role. A session owns the course
 * (session_machine.h), the texts that wait for it (target.h) and the leg that carries them (leg.h);
 * what the texts become in XMPP is toxmpp's, typing and receipts are conversation's.
 *
 *   tosip         -> session_put()       a text of the contact
 *   conversation  -> session_say()       what is no text: typing
 *                 -> session_leave()     the contact is gone
 *   gateway       -> session_invited()   an INVITE of the user
 *   session       -> toxmpp_within()     a MESSAGE of his in the dialog
 *                 -> conversation_up(), _down()
 *
 * There is one as long as it has a dialog or texts; an idle one ends after the idle limit
 * (profile 5.7), and the one that was idle longest when there are too many.
 * A session lives until the end of the event that ends it: pointers are not kept.
 */
struct gateway;
struct outgoing;
struct route;
struct session;

void session_init(struct gateway *g);
/* After it no leg calls back. */
void session_done(struct gateway *g);

/* user, contact: bare, canonical. NULL: there is none. */
struct session *session_find(const struct gateway *g, struct slice user, struct slice contact);

/* Has it a dialog, or is one being opened: will a text go there? */
bool session_stands(const struct session *s);
/* Is it up: can something be said now? */
bool session_is_up(const struct session *s);

struct slice session_user(const struct session *s);      /* bare */
struct slice session_contact(const struct session *s);   /* bare */
struct slice session_user_full(const struct session *s); /* with the device of the dialog, if any */
struct slice session_thread(const struct session *s);    /* of its stanzas; SL_NONE: none yet */
unsigned session_accepts(const struct session *s);       /* OFFER_*: what his user agent takes */

/*
 * A text of the contact: it goes in the session of the two, which is opened if need be, behind
 * those that wait. False: no room.
 */
bool session_put(
	struct gateway *g, struct slice user, struct slice contact, const struct outgoing *text);

/*
 * A request in the dialog beside the texts (INFO, or a MESSAGE that is no text), at once: nothing
 * waits for it and it waits for nothing. False: it is not up; nothing is sent. done may be NULL; it
 * runs once, never inside this call, unless the dialog ends before.
 */
bool session_say(struct session *s, enum sip_method method, struct slice type, struct slice body,
	sip_done *done, void *arg);

/* The contact is gone: the session ends when all is delivered (profile 5.4). */
void session_leave(struct session *s);

/* An INVITE of a user in no dialog; txn is answered. */
void session_invited(struct gateway *g, struct sip_server *txn, const struct sip_msg *m,
	const struct route *route);

/* Every session ends now, with a BYE (profile 5.7); how many have no answer to it yet. */
void session_drain(struct gateway *g);
unsigned session_count(const struct gateway *g);
