#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/*
 * Presence documents: PIDF (RFC 3863), of the data model (RFC 4479) person and device, of RPID
 * (RFC 4480) activities and user-input, of CIPID (RFC 4482) the display-name, and the <show/> that
 * RFC 8048 6.2 puts into a status. Of the formats of Microsoft's user agents (lync-sip-profile 6.2
 * and 6.4) what is cheap to read, in the same terms. Reading copies nothing that stands in one
 * piece: views are in the arena. Pure. Nobody calls it yet: presence will.
 *
 * Limits are those of xml/document.h, which come before anything is kept, and PIDF_TUPLES_MAX.
 */
enum { PIDF_TUPLES_MAX = 64 };

#define PIDF_TYPE "application/pidf+xml"

#define NS_PIDF "urn:ietf:params:xml:ns:pidf"

/*
 * RFC 4480 3.2: ACTIVITY(id, name). What the list does not have, other namespaces' too, is OTHER.
 */
#define PIDF_ACTIVITIES(ACTIVITY)                                                                  \
	ACTIVITY(APPOINTMENT, "appointment")                                                       \
	ACTIVITY(AWAY, "away")                                                                     \
	ACTIVITY(BREAKFAST, "breakfast")                                                           \
	ACTIVITY(BUSY, "busy")                                                                     \
	ACTIVITY(DINNER, "dinner")                                                                 \
	ACTIVITY(HOLIDAY, "holiday")                                                               \
	ACTIVITY(IN_TRANSIT, "in-transit")                                                         \
	ACTIVITY(LOOKING_FOR_WORK, "looking-for-work")                                             \
	ACTIVITY(LUNCH, "lunch")                                                                   \
	ACTIVITY(MEAL, "meal")                                                                     \
	ACTIVITY(MEETING, "meeting")                                                               \
	ACTIVITY(ON_THE_PHONE, "on-the-phone")                                                     \
	ACTIVITY(OTHER, "other")                                                                   \
	ACTIVITY(PERFORMANCE, "performance")                                                       \
	ACTIVITY(PERMANENT_ABSENCE, "permanent-absence")                                           \
	ACTIVITY(PLAYING, "playing")                                                               \
	ACTIVITY(PRESENTATION, "presentation")                                                     \
	ACTIVITY(SHOPPING, "shopping")                                                             \
	ACTIVITY(SLEEPING, "sleeping")                                                             \
	ACTIVITY(SPECTATOR, "spectator")                                                           \
	ACTIVITY(STEERING, "steering")                                                             \
	ACTIVITY(TRAVEL, "travel")                                                                 \
	ACTIVITY(TV, "tv")                                                                         \
	ACTIVITY(UNKNOWN, "unknown")                                                               \
	ACTIVITY(VACATION, "vacation")                                                             \
	ACTIVITY(WORKING, "working")                                                               \
	ACTIVITY(WORSHIP, "worship")

enum pidf_activity {
#define PIDF_ACTIVITY_ENUM(id, name) PIDF_##id,
	PIDF_ACTIVITIES(PIDF_ACTIVITY_ENUM)
#undef PIDF_ACTIVITY_ENUM
		PIDF_ACTIVITY__N
};

const char *pidf_activity_name(enum pidf_activity a); /* "on-the-phone" */

/* UNSAID: basic is optional (RFC 3863 4.1.4), and what is neither is as if it were not there. */
enum pidf_basic { PIDF_UNSAID, PIDF_OPEN, PIDF_CLOSED };

struct pidf_note {
	struct slice text; /* not empty */
	struct slice lang; /* xml:lang of it or of what it stands in; SL_NONE */
};

/* A tuple; also what a person says: id, activities, idle, notes, timestamp. */
struct pidf_tuple {
	struct slice id;
	enum pidf_basic basic;
	struct slice show;             /* of jabber:client; SL_NONE */
	uint32_t activities;           /* 1 << enum pidf_activity */
	bool idle;                     /* user-input (RFC 4480 3.19) */
	struct slice contact;          /* SL_NONE */
	int priority;                  /* of the contact, in thousandths; -1: not said */
	const struct pidf_note *notes; /* in document order */
	unsigned n_notes;
	struct slice timestamp; /* as it stands there; SL_NONE */
};

struct pidf {
	struct slice entity;       /* as it stands there: COMPAT: Lync may leave the scheme out */
	struct slice display_name; /* SL_NONE */
	const struct pidf_tuple *tuples;
	unsigned n_tuples;
	struct pidf_tuple person; /* of several persons (RFC 4479 3.2) all that they say */
	bool has_person;
	const struct pidf_note *notes; /* of the whole */
	unsigned n_notes;
};

enum pidf_verdict {
	PIDF_GOOD,
	PIDF_NOTHING, /* it says nothing that can be read: no information, and no fault */
	PIDF_BROKEN,  /* not the document that its type promises */
};

/*
 * A document of application/pidf+xml. NOTHING is not among the answers: a PIDF without tuples says
 * that there are none. BROKEN: not well-formed, over a limit, another root, no entity, a tuple
 * without id or status (RFC 3863 4.1). Unknown elements are passed over, those inside a status that
 * must be understood with all that is in them (4.2.3).
 * Activities are found as RFC 4480 has them, under a person (and, as its drafts had them, under a
 * tuple), and inside a status with an element "activity" for each, as Lync writes them.
 */
enum pidf_verdict pidf_read(struct pidf *ret, struct arena *a, struct slice body);

/* A whole document, with its XML declaration. Empty and absent members are left out. */
void pidf_write(struct buf *out, const struct pidf *p);

/* "0.8" in thousandths, up to 1; more digits than RFC 3863 4.1.5 allows are dropped. -1: none. */
int pidf_priority_read(struct slice s);
void pidf_priority_write(struct buf *out, int thousandths);

/* ---- what Microsoft's user agents send ---- */

#define PIDF_TYPE_MSRTC      "text/xml+msrtc.pidf"
#define PIDF_TYPE_XPIDF      "application/xpidf+xml"
#define PIDF_TYPE_CATEGORIES "application/msrtc-event-categories+xml"

/*
 * The body of a NOTIFY of any of these types, with parameters or without. Types we do not know and
 * multipart are NOTHING. Formats other than PIDF give one tuple, its id "0" where it has none;
 * what they do not say is missing there, too.
 */
enum pidf_verdict pidf_read_as(
	struct pidf *ret, struct arena *a, struct slice content_type, struct slice body);

/* The availability number of [MS-PRES] (profile 6.4) as basic and activities. */
enum pidf_basic pidf_of_availability(uint64_t availability, uint32_t *ret_activities);
