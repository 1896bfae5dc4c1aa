#pragma once

#include "base/err.h"
#include "base/slice.h"
#include "view/probe.h"

/*
 * A test of a SIP route (`entente route test`): each address that its requests may go to is tried,
 * step by step, each step with what was seen and what to do (sipnet/route_code.h lists them). Over
 * TCP and TLS it has a connection of its own to each; no live connection is touched, and no target
 * changes its state by it. One OPTIONS goes to each; no message is sent to a user.
 *
 * Everything here is for the thread of sipnet's loop.
 */
struct sipnet;
struct route_test;

/* As each step is known; the step is the callee's (free()). */
typedef void route_test_step(void *arg, struct view_probe_step *step);
/* The last call, once, never inside route_test_new(); the test is gone after it. */
typedef void route_test_done(void *arg);

enum {
	ROUTE_TEST_TARGETS = 16,     /* addresses; more are not looked at */
	ROUTE_TEST_ANSWER_MS = 5000, /* for an answer */
	ROUTE_TEST_WHOLE_MS = 60000, /* what is left then is skipped */
};

/*
 * -1, and no callback: ERR_NOT_FOUND not_found, ERR_CONFLICT test_running (one at a time),
 * ERR_UNAVAILABLE test_not_now (no settings yet, or draining).
 */
int route_test_new(struct route_test **ret, struct sipnet *n, struct slice route,
	route_test_step *step, route_test_done *done, void *arg, struct err *e);

/* Ends it soon; what is not through is skipped. done() still runs. */
void route_test_stop(struct route_test *t);

/* sipnet ends: no callback any more. NULL is fine. */
void route_test_drop(struct route_test *t);
