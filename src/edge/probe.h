#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "view/probe.h"

/*
 * Tests of a partner (`entente test partner`) and of one of our own domains (`entente test
 * domain`): everything that has to be right for a stream, step by step, each with what was seen and
 * what to do (edge/probe_code.h lists the steps and their codes). A test has connections of its own
 * and its own look at DNS; it touches no live stream and counts for no limit of theirs.
 *
 * It goes only where a partner may be: loopback, link-local, unspecified, multicast and reserved
 * addresses and those of our own listeners are refused (code refused_local) unless allow_local says
 * otherwise. So nobody who may test can make us speak to what is only meant for this machine.
 */
struct edge;
struct loop;
struct probe;

/* Zero means the default in brackets. */
struct probe_config {
	bool allow_local;    /* [false] for labs, where partners live on loopback */
	unsigned step_ms;    /* for each step [10000] */
	unsigned whole_ms;   /* for the whole test; what is left then is skipped [60000] */
	unsigned per_minute; /* tests begun by this process in a minute [6] */
};

enum probe_kind { PROBE_PARTNER, PROBE_DOMAIN };

/* On the edge's loop, as each step is known; the step is the callee's (free()). */
typedef void probe_on_step(void *arg, struct view_probe_step *step);
/* The last call, once, never inside probe_new(); the test is gone after it. */
typedef void probe_on_done(void *arg);

struct probe_question {
	enum probe_kind kind;
	struct slice domain; /* as it was typed */
	struct slice local;  /* PROBE_PARTNER: our domain to speak for; empty: the first there is */
	probe_on_step *on_step;
	probe_on_done *on_done;
	void *arg;
};

/*
 * Begins a test on the edge's loop; what q points to is copied.
 *
 * -1, and no callback: ERR_CONFLICT test_running (this domain is being tested), ERR_LIMIT test_rate
 * (too many tests in a minute), ERR_UNAVAILABLE test_not_now (no settings yet, or the edge ends).
 */
int probe_new(struct probe **ret, struct edge *e, const struct probe_question *q, struct err *err);

/* Ends it in order, soon; steps that are not through are skipped. on_done() still runs. */
void probe_stop(struct probe *p);

/* ---- from another thread ---- */

/* On asker's loop. refused NULL: the test was made, its steps have come before. The last call. */
typedef void edge_probe_done(void *arg, const struct err *refused);
struct edge_probe_ask;

/*
 * The same, asked from asker's thread; every step is posted to asker's loop as it arrives. done()
 * runs exactly once, never before this has returned. Both loops must be running, and the edge must
 * not be freed before done().
 */
struct edge_probe_ask *edge_probe_ask(struct edge *e, struct loop *asker, enum probe_kind kind,
	struct slice domain, struct slice local, probe_on_step *on_step, edge_probe_done *done,
	void *arg);

/* Nobody waits for it any more: it ends soon. Not after done(). Asker's thread. */
void edge_probe_stop(struct edge_probe_ask *a);
