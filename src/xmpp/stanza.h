#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "xml/elem.h"
#include "xmpp/errors.h"
#include "xmpp/ns.h"

/* Message, presence and iq in the namespace jabber:server (RFC 6120 section 8). */

enum stanza_kind { STANZA_KIND_NONE, STANZA_MESSAGE, STANZA_PRESENCE, STANZA_IQ };

/* STANZA_KIND_NONE for any other element. */
enum stanza_kind stanza_kind(const struct xml_elem *e);
const char *stanza_kind_name(enum stanza_kind k); /* "message" */

/* The common attributes (8.1) as they stand, SL_NONE where absent. Views of the element. */
struct stanza {
	enum stanza_kind kind;
	const struct xml_elem *elem;
	struct slice type, from, to, id, lang;
};

/* False when e is no stanza. lang is that of the element itself. */
bool stanza_read(const struct xml_elem *e, struct stanza *ret);

/* type='error' */
bool stanza_is_error(const struct xml_elem *e);

/* The first body, subject, ... of a stanza: a child in jabber:server. */
struct xml_elem *stanza_child(const struct xml_elem *e, struct slice name);

/* May an error be sent in answer to e? Not to an error, nor to an iq that is a result
 * (8.3.1, 8.2.3). */
bool stanza_may_answer(const struct xml_elem *e);

struct stanza_error {
	enum stanza_cond cond;
	bool has_type;               /* type was given, and is one of the five */
	enum stanza_error_type type; /* else the default of the condition */
	struct slice text;           /* SL_NONE when there is none */
	struct slice by;             /* SL_NONE when not said */
	struct slice uri;            /* content of <gone/> or <redirect/>, else SL_NONE */
	const struct xml_elem *app;  /* the application-specific condition, or NULL */
};

/* What a stanza of type error says (8.3.2). False when it is none. No <error/>:
 * undefined-condition. */
bool stanza_error_read(const struct xml_elem *e, struct arena *a, struct stanza_error *ret);

/*
 * Appends the error stanza that answers e: same kind, addresses swapped, id kept, lang en on the
 * text. text may be SL_NONE. False, and nothing appended, when stanza_may_answer() says no. It is a
 * complete stanza whose default namespace is jabber:server; the original payload is not sent back.
 */
bool stanza_error_put(
	struct buf *b, const struct xml_elem *e, enum stanza_cond c, struct slice text);

/*
 * The same where the answer's addresses are not simply those of e, for a stanza that never came as
 * an element, or with another type or a gone/redirect address. kind is not STANZA_KIND_NONE.
 */
struct stanza_error_out {
	enum stanza_kind kind;
	struct slice from, to, id; /* SL_NONE: left out */
	enum stanza_cond cond;
	bool has_type;
	enum stanza_error_type type;
	struct slice text, by, uri; /* SL_NONE: left out */
};
void stanza_error_out(struct buf *b, const struct stanza_error_out *o);

/*
 * The domain of an address as it stands: what is left of the first / and right of the first @
 * before it (RFC 7622 3.1: before any mapping). May be empty.
 */
struct slice stanza_domain(struct slice address);
