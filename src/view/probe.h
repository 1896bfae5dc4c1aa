#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A step of a connectivity test, as it goes from the edge to whoever asked: one block, freed with
 * free(). All texts are printable UTF-8.
 */
enum view_probe_result { PROBE_PASS, PROBE_WARN, PROBE_FAIL, PROBE_SKIPPED, PROBE_RESULT__N };
const char *view_probe_result_name(enum view_probe_result r); /* "pass", ... */

enum { PROBE_EVIDENCE_MAX = 256, PROBE_REMEDY_MAX = 320 };

struct view_probe_step {
	const char *step; /* stable: "srv", "tcp", "tls", ... */
	enum view_probe_result result;
	bool advice; /* something to publish, not something that was tested: not counted */
	const char *code; /* stable: "srv_dot", "tls_old", ...; "ok" for a pass */
	char evidence[PROBE_EVIDENCE_MAX + 1];
	char remedy[PROBE_REMEDY_MAX + 1]; /* "" when there is nothing to do */
	uint32_t ms;                       /* after the test's begin */
};
