#pragma once

#include "base/hash.h"
#include "base/list.h"
#include "gateway/composing.h"
#include "gateway/conversation.h"
#include "gateway/memo.h"
#include "loop/loop.h"

/* Between conversation.c, which keeps the records and says who is typing, and its _receipt.c. */

/* What the user's side takes: it said so, or sent one itself. */
enum { TAKES_COMPOSING = 1, TAKES_CPIM = 2 };

struct conversation {
	struct table_node node; /* user/contact: bare addresses have no slash */
	struct list used;       /* in conversations.used, while no session is up */
	struct gateway *gateway;
	struct loop_timer timer; /* of composing */
	struct composing composing;
	struct memo_owner memos;
	bool up; /* a session is */
	uint8_t takes;
	struct slice user, contact;
	char *thread; /* of the session; NULL: none */
	char text[];
};

struct conversations {
	struct table table;
	struct list used; /* the least recently used first */
	struct memos memos;
	unsigned max;
};

/* It counts as used. NULL: there is none. */
struct conversation *conversation_find(struct gateway *g, struct slice user, struct slice contact);
struct conversation *conversation_make(struct gateway *g, struct slice user, struct slice contact);

/* Remembers what a user's side takes. */
void conversation_learn(struct conversation *c, unsigned takes);

/*
 * Says something to the user beside texts: in the session when it is up and in_session says that it
 * belongs there, else in a MESSAGE of its own to user, his address.
 */
void conversation_say(struct conversation *c, enum conversation_note kind, struct slice user,
	bool in_session, enum sip_method method, struct slice content_type, struct slice body);

/* The user's stanza to the contact, in g->xml: opens it; closed and sent by _send(). to: full. */
void conversation_open(struct conversation *c, struct slice to, bool chat);
void conversation_send(struct conversation *c);

/* The receipts and markers in a stanza of the contact. */
void conversation_receipts(struct conversation *c, const struct xml_elem *e);

struct slice conversation_domain(struct slice address);

/* A text of the contact; true: gone stood beside it. */
bool conversation_text_state(struct conversation *c, const struct xml_elem *e);
/* A text of the user. */
void conversation_text_came(struct conversation *c, bool session);
enum chatstate conversation_beside(const struct conversation *c);
/* An IMDN of the user's side. */
void conversation_imdn(
	struct gateway *g, const struct conversation_in *in, const struct imdn *imdn);
