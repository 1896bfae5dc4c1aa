#pragma once

#include "base/slice.h"

/*
 * Server-sent events: what changes, told to every client that asked for its topic and has the right
 * to it. One hub for all of them, so that the edge is asked once, however many look on. Of the admin
 * loop.
 *
 * A client is told of changes only: it reads the present state by the other routes after the
 * connection is up, and again after "missed", which is what a client that read too slowly gets
 * instead. An event is never an activity of its session.
 */
struct admin;
struct api_call;
struct events;
struct snapshot;

enum topic {
	TOPIC_PARTNER_STATE, /* a partner as in GET /partner-states */
	TOPIC_STREAM,        /* {"event": "changed" or "closed", "stream": as in GET /streams} */
	TOPIC_GENERATION,    /* {"generation"}: other settings are in force */
	TOPIC_COUNTERS,      /* every two seconds: totals since the start */
	TOPIC_CERTIFICATE,   /* {}: our certificates have changed */
	TOPIC_AUDIT,         /* {}: there are new lines */
	TOPIC_SESSION,       /* {"state": "ended" or "changed"}, then the stream of events ends */
	TOPIC_BODY_LOGGING,  /* {"on"} */
	TOPIC__N
};

const char *topic_name(enum topic t);

struct events *events_new(struct admin *a);
/* No client is left (http_free() has ended them). NULL is fine. */
void events_free(struct events *e);

/* json: an object without line breaks. Never blocks. */
void events_tell(struct events *e, enum topic t, struct slice json);

/* Other settings are in force everywhere. */
void events_settings(struct events *e, const struct snapshot *now);

/* The handler of GET /events. */
void events_get(struct api_call *c);
