#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "gateway/composing.h"
#include "gateway/cpim.h"
#include "gateway/imdn.h"
#include "sip/sip.h"
#include "xmpp/jid.h"
#include "xmpp/stanza.h"

/*
 * One message in the words of the other protocol (RFC 7572, design section 9). Pure: the time of
 * the day is passed in. What a result points to is in the request or stanza it was read from, or in
 * the arena.
 */

/* ---- SIP to XMPP ---- */

/* What an answer to a request says when it is no. status 0: nothing is wrong. */
struct message_refusal {
	unsigned status;
	struct slice reason;
	struct sip_out
		field; /* one that the status asks for, as Accept of 415; name absent: none */
};

/* The addresses alone, so that they can be judged before anything else is read. */
struct message_pair {
	struct jid from, to;
};

/*
 * The sender (gateway/sender.h; NULL: From), as a full JID when it names a device (RFC 7572 table 2
 * note 1; gr inside the URI, or behind the brackets), and the Request-URI. Refused: sips in either
 * (RFC 7247 section 8), what is no address.
 */
bool message_pair_read(struct message_pair *ret, struct arena *a, const struct sip_msg *m,
	const struct sip_addr *sender, struct message_refusal *refusal);

/* What a MESSAGE is. */
enum message_kind {
	MESSAGE_TEXT,
	MESSAGE_TYPING,  /* isComposing (RFC 3994), by itself or in message/cpim */
	MESSAGE_IMDN,    /* in message/cpim (RFC 5438) */
	MESSAGE_NOTHING, /* nothing that concerns a contact; answered 200 (lync-sip-profile 5.8) */
};

struct message_in {
	enum message_kind kind;
	struct slice thread, subject, lang; /* SL_NONE: none */
	struct slice body;                  /* SL_NONE: none; line ends are LF */
	struct slice xhtml;          /* the <html/> element of XEP-0071, serialised; SL_NONE */
	bool delayed;                /* it is clearly older than now */
	uint64_t stamp_ms;           /* since when, wall clock */
	uint64_t lifetime_ms;        /* how long it is still worth sending; UINT64_MAX: for ever */
	const struct cpim *cpim;     /* the wrapper it came in; NULL: none */
	struct composing_doc typing; /* of TYPING */
	struct imdn imdn;            /* of IMDN */
	/* What else the stanza says; conversation_text_in() sets it. */
	bool chat;            /* type='chat' (RFC 7573); else none (RFC 7572 5) */
	enum chatstate state; /* NONE */
	bool request, markable;
};

/* What is understood, as Accept has it. */
#define MESSAGE_ACCEPT                                                                             \
	"text/plain, text/html, message/cpim, multipart/alternative, multipart/mixed, "            \
	"multipart/related, application/im-iscomposing+xml, message/imdn+xml"

/*
 * Reads the rest of a MESSAGE, whatever it is wrapped in (message_body.h). Refused: other types and
 * encodings 415, what its type or charset does not allow 400, expired 487 (RFC 3428 7 leaves it to
 * us; the sender is told), nothing in it, neither text nor subject 400.
 */
bool message_in_read(struct message_in *ret, struct arena *a, const struct sip_msg *m,
	uint64_t wall_ms, struct message_refusal *refusal);

/* Appends the stanza of a text, default namespace jabber:server. */
void message_in_write(struct buf *out, const struct message_pair *p, const struct message_in *in,
	struct slice id);

/* ---- XMPP to SIP ---- */

enum message_verdict {
	MESSAGE_SEND,
	MESSAGE_CONSUME, /* understood, and nothing of it concerns a SIP user; never bounced */
	MESSAGE_BOUNCE,  /* cond, text */
};

struct message_out {
	struct slice body;                  /* plain text, UTF-8 */
	struct slice subject, thread, lang; /* SL_NONE: none; lang is a language tag */
	bool dated;
	uint64_t date_ms; /* when it was first sent, wall clock (XEP-0203) */
	enum stanza_cond cond;
	const char *text;
};

/* stanza is a message not of type error. */
enum message_verdict message_out_read(
	struct message_out *ret, struct arena *a, const struct xml_elem *stanza);

/* "text/plain" for ASCII, else with its charset. */
struct slice message_content_type(struct slice body);
