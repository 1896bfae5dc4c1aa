#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "view/attempts.h"
#include "view/streams.h"

/*
 * A question to the edge about its streams and partners, and its answer. Made by whoever asks;
 * carried to the edge and back by whoever joins the two.
 */
enum view_what {
	VIEW_ASK_STREAMS,  /* key: a domain of a partner, absent: all. streams */
	VIEW_ASK_STREAM,   /* key: its id. streams: one row, whole */
	VIEW_ASK_CHANGES,  /* since. streams: those of partners that have changed */
	VIEW_ASK_CLOSE,    /* key: its id. The stream is closed in order */
	VIEW_ASK_PARTNERS, /* key: as above. partners */
	VIEW_ASK_ATTEMPTS, /* key: a domain of a partner. attempts */
	VIEW_ASK_JUDGE,    /* snapshot. streams: those it would end, error: the word why */
};

struct snapshot;

struct view_ask {
	enum view_what what;
	struct slice key; /* lives as long as the question */
	/*
	 * CHANGES: 0 for the present streams, then `upto` of the answer before. At most
	 * VIEW_CHANGES_MAX rows come at once; streams that are gone come as VIEW_CLOSED.
	 */
	uint64_t since;
	const struct snapshot *snapshot; /* JUDGE: the settings that would be; as `key` */

	/* The answer: */
	bool found; /* false: no such stream or partner; nothing else is set */
	struct view_streams *streams;
	struct view_partners *partners;
	struct view_attempts *attempts;
	void (*done)(struct view_ask *a); /* runs once, on the asker's loop; a is its own then */
};

enum { VIEW_CHANGES_MAX = 256 };

/* What came with the answer; NULL is fine. The question itself is not freed. */
void view_ask_done(struct view_ask *a);
