#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slice.h"
#include "gateway/conversation.h"
#include "gateway/error.h"
#include "sip/sip.h"

/*
 * A message on its way to a SIP user, in whatever carriage: one block, everything in it copied.
 * What becomes of it is told here, too.
 */
struct gateway;
struct stake;

enum outgoing_kind {
	OUTGOING_TEXT,   /* of a contact, who hears of its failure */
	OUTGOING_NOTICE, /* of our own making: nobody is told how it ends */
	OUTGOING_NOTE,   /* typing or a receipt: conversation_noted() */
};

struct outgoing {
	struct list node;
	struct stake *stake;
	uint64_t deadline_ms;
	size_t block;
	uint8_t kind;
	uint8_t note;    /* of OUTGOING_NOTE: enum conversation_note */
	bool authorized; /* the sender may know whether the user is there */
	bool open;       /* a Federated partner's: its sender hears what the SIP side said */
	bool asserted;   /* the partner knows its users: we stand for them (RFC 3325 4) */
	bool dated;
	uint32_t aor; /* of from, without its device and the ">" */
	uint64_t date_ms;
	struct conversation_beside beside;
	struct slice user, contact; /* bare; views are enough when it is put into a backlog */
	struct slice uri;           /* of the user, with the device the contact named */
	struct slice from;          /* "<sip:...>" of the contact, with his device */
	struct slice thread, subject, lang, content_type,
		body;                        /* SL_NONE: none; type: by the text */
	struct slice xmpp_from, xmpp_to, id; /* as they stood in the stanza */
};

/* A copy of o with all it points to. */
struct outgoing *outgoing_new(const struct outgoing *o);
void outgoing_free(struct outgoing *o);

struct slice outgoing_contact_domain(const struct outgoing *o);
struct slice outgoing_user_domain(const struct outgoing *o);
/* "<sip:juliet@example.com>": of from, without the device; in the arena. */
struct slice outgoing_aor(const struct outgoing *o, struct arena *a);

/* What it says, for a request; lives until the next one is made. */
enum { OUTGOING_FIELDS = 4 };
struct outgoing_words {
	struct sip_out fields[OUTGOING_FIELDS]; /* Subject, Content-Language, Date */
	size_t n_fields;
	struct slice content_type, body;
};
void outgoing_say(struct gateway *g, const struct outgoing *o, struct outgoing_words *ret);
/* The value of P-Asserted-Identity; SL_NONE: none is said on this route. */
struct slice outgoing_asserted(
	const struct outgoing *o, const struct route *route, struct arena *a);

/* How long a request for it may take now. 0: its time is over. */
unsigned outgoing_left(const struct gateway *g, const struct outgoing *o);

/* It failed before anybody could be asked. */
void outgoing_fail(
	struct gateway *g, const struct outgoing *o, enum stanza_cond cond, struct slice text);
/*
 * A request for it ended so. False: the same text is to be sent once more, for the other side does
 * not take its wrapper; outgoing_say() goes without now.
 */
bool outgoing_ended(struct gateway *g, const struct outgoing *o, const struct sip_result *r);
/* The same for one that waited for what this result says no to: a session. */
void outgoing_denied(struct gateway *g, const struct outgoing *o, const struct sip_result *r);
