#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "sip/sip.h"
#include "xml/elem.h"
#include "xmpp/jid.h"

/*
 * Presence in the words of the other protocol (RFC 8048 6, lync-sip-profile 6.4): a stanza and a
 * tuple of PIDF. A resource is a tuple. What a contact's resources come to together is
 * gateway/presence_set.h's. Pure. Nobody calls it yet: presence will.
 */

/* ---- stanzas (RFC 6121 4.7) ---- */

/* PRESENCE_TYPE(id, name) */
#define PRESENCE_TYPES(TYPE)                                                                       \
	TYPE(AVAILABLE, "")                                                                        \
	TYPE(UNAVAILABLE, "unavailable")                                                           \
	TYPE(SUBSCRIBE, "subscribe")                                                               \
	TYPE(SUBSCRIBED, "subscribed")                                                             \
	TYPE(UNSUBSCRIBE, "unsubscribe")                                                           \
	TYPE(UNSUBSCRIBED, "unsubscribed")                                                         \
	TYPE(PROBE, "probe")                                                                       \
	TYPE(ERROR, "error")

enum presence_type {
#define PRESENCE_TYPE_ENUM(id, name) PRESENCE_##id,
	PRESENCE_TYPES(PRESENCE_TYPE_ENUM)
#undef PRESENCE_TYPE_ENUM
		PRESENCE_TYPE__N
};
const char *presence_type_name(enum presence_type t); /* "" for AVAILABLE: no attribute */

enum presence_show {
	PRESENCE_SHOW_NONE,
	PRESENCE_CHAT,
	PRESENCE_AWAY,
	PRESENCE_XA,
	PRESENCE_DND,
	PRESENCE_SHOW__N
};
const char *presence_show_name(enum presence_show s);     /* "" for NONE: no element */
enum presence_show presence_show_find(struct slice name); /* NONE: it is none */

enum {
	PRESENCE_STATUS_MAX =
		1024,              /* bytes of one; ours: the rest is cut off, between characters */
	PRESENCE_STATUSES_MAX = 4, /* languages; ours */
};

struct presence {
	enum presence_type type;
	enum presence_show show;
	bool has_priority;
	int priority;                   /* -128 to 127 */
	const struct pidf_note *status; /* in several languages (RFC 6121 4.7.2.2) */
	unsigned n_status;
	struct slice lang; /* of the stanza; SL_NONE */
};

/*
 * Reads a presence stanza. False: its type is none we know (RFC 6121 4.7.1). What else is no
 * legal value is as if it were not there. What is read is in the stanza or the arena.
 */
bool presence_read(struct presence *ret, struct arena *a, const struct xml_elem *stanza);

/* At most PRESENCE_STATUS_MAX bytes of it. */
struct slice presence_cut(struct slice status);

/* The whole stanza, default namespace jabber:server. from and to as they are to stand there. */
void presence_write(struct buf *out, struct slice from, struct slice to, const struct presence *p);
/* One without content: subscribe, probe, unavailable ... */
void presence_write_type(
	struct buf *out, struct slice from, struct slice to, enum presence_type type);

/* ---- XMPP to SIP ---- */

/*
 * The tuple of a resource (RFC 8048 table 1), of AVAILABLE or UNAVAILABLE alone: note 1. show
 * stands in it as such and as an activity (note 7; profile 6.4). Not mapped: a negative priority
 * (note 6).
 */
void presence_to_tuple(
	struct pidf_tuple *ret, struct arena *a, const struct jid *from, const struct presence *p);

/* "pres:juliet@example.com" */
struct slice presence_entity(struct arena *a, const struct jid *j);

/*
 * Resource and tuple id (RFC 8048 6.2 note 2): "ID-" and the resource, with what an xs:ID does not
 * take written as _hh. An id of somebody else's making is the resource as it stands, without its
 * "ID-"; one that no resource can be (RFC 7622 3.4) becomes a name made from it. Either is always
 * the same for the same id.
 */
struct slice presence_tuple_id(struct arena *a, struct slice resource);
struct slice presence_resource(struct arena *a, struct slice tuple_id);

/* XMPP priority 0 to 127 and PIDF's in thousandths; one undoes the other (note 6). */
int presence_priority_to_pidf(int priority);
int presence_priority_from_pidf(int thousandths);

/* ---- SIP to XMPP ---- */

/* What a PIDF says of one resource. */
struct presence_heard {
	struct slice resource;
	bool unsaid;              /* basic is missing: it says nothing about it (RFC 3863 4.1.4) */
	struct presence presence; /* AVAILABLE or UNAVAILABLE */
};

/*
 * The resources of a document (RFC 8048 table 2), in its order; the first of two with the same
 * resource. show: the one of jabber:client, else that of activities, the tuple's before the
 * person's, else away for who is idle. status: the notes of the tuple, else of the person, else of
 * the document; none at all unless notes (facts 2: to Federated partners only). lang:
 * Content-Language of the NOTIFY; SL_NONE. Returns how many.
 */
unsigned presence_hear(const struct presence_heard **ret, struct arena *a, const struct pidf *p,
	bool notes, struct slice lang);

/* Is a resource that was announced missing in the document, which is always whole? */
bool presence_vanished(
	const struct presence_heard *heard, unsigned n, struct slice announced_resource);

/* What the activities of RPID come to; several: DND before XA before AWAY. */
enum presence_show presence_show_of(uint32_t activities);

/*
 * Who is more available (RFC 8048 6.2)? Below 0: x. Available before not; whom messages reach
 * before a negative priority (RFC 6121 4.7.2.3); chat, none, dnd, away, xa; the higher priority.
 */
int presence_compare(const struct presence *x, const struct presence *y);
