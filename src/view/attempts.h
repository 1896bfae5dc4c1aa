#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "view/streams.h"

/*
 * Copies of what the edge knows of partners and of the streams that were tried with them; as in
 * view/streams.h they belong to whoever asked.
 */

/* One direction, or the partner as a whole. */
enum view_health {
	VIEW_NEVER,     /* never connected, nothing has failed */
	VIEW_CONNECTED, /* an authenticated stream is up */
	VIEW_IDLE,      /* was connected, closed in order, nothing waits */
	VIEW_FAILING,   /* the last attempt failed */
	VIEW_DISABLED,  /* by the settings */
	VIEW_HEALTH__N
};
const char *view_health_name(enum view_health h); /* "never", "connected", ... */

/* What the health of one direction follows from. */
struct view_facts {
	bool enabled;
	unsigned up;      /* authenticated streams now */
	bool was_up;      /* ... since the start */
	bool last_failed; /* of the streams that ended last or wait for another attempt */
};
enum view_health view_health_of(const struct view_facts *f);

/*
 * A partner as a whole: what is worst of what matters. One direction that fails makes it failing,
 * also while the other is up: messages one way are lost.
 */
enum view_health view_health_both(enum view_health in, enum view_health out);

struct view_partner {
	struct slice domain; /* primary */
	enum view_health health, in, out;
	unsigned streams_in, streams_out;
	uint64_t queued, queued_bytes;
	uint64_t stanzas_in, stanzas_out, failures; /* since the start */
	uint64_t last_in_ms, last_out_ms;           /* wall clock: last authenticated; 0: never */
	struct slice last_error;                    /* a stable word; SL_NONE: none */
	struct slice last_error_text;               /* what came with it, printable */
	uint64_t last_error_ms;
	uint64_t retry_ms; /* wall clock: next attempt; 0: none planned */
};

struct view_step {
	const char *step;   /* attempt_step name */
	const char *result; /* "ok", "warn", "fail" */
	uint64_t ms;        /* after the attempt's begin */
	struct slice text;
};

struct view_attempt {
	struct slice stream; /* id */
	enum view_dir dir;
	struct slice local, remote, peer;
	uint64_t began_ms; /* wall clock */
	/* "authenticated", "failed", "under-way"; "ended": it was not to be authenticated, or the
	 * settings ended it */
	const char *outcome;
	struct slice reason; /* stable word: why it failed, or how it ended; SL_NONE */
	struct view_step *steps;
	size_t n_steps;
};

struct view_partners {
	struct arena arena;
	struct view_partner *v;
	size_t n, cap;
};

struct view_attempts {
	struct arena arena;
	struct view_attempt *v; /* youngest first */
	size_t n, cap;
};

struct view_partners *view_partners_new(void);
struct view_attempts *view_attempts_new(void);

/* A zeroed row at the end, valid until the next is added. */
struct view_partner *view_partners_add(struct view_partners *l);
struct view_attempt *view_attempts_add(struct view_attempts *l);

void view_partners_free(struct view_partners *l);
void view_attempts_free(struct view_attempts *l);
