#pragma once

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

struct view_partner {
	struct slice domain; /* primary */
	enum view_health health, in, out;
	unsigned streams_in, streams_out;
	uint64_t queued, queued_bytes;
	uint64_t stanzas_in, stanzas_out, failures; /* since the start */
	uint64_t last_in_ms, last_out_ms;           /* wall clock: last authenticated; 0: never */
	struct slice last_error;                    /* SL_NONE: none */
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
	uint64_t began_ms;   /* wall clock */
	const char *outcome; /* "authenticated", "failed", "under-way" */
	struct slice reason; /* stable word: why it failed, or how it ended; SL_NONE */
	struct view_step *steps;
	size_t n_steps;
};

struct view_partners {
	struct arena arena;
	struct view_partner *v;
	size_t n;
};

struct view_attempts {
	struct arena arena;
	struct view_attempt *v; /* youngest first */
	size_t n;
};

void view_partners_free(struct view_partners *l);
void view_attempts_free(struct view_attempts *l);
