#include "sipnet/endpoint.h"

#include <stdlib.h>

#include "base/mem.h"

enum { PROBE_FIRST = 1000 };

struct endpoint *endpoint_new(struct target *t, uint32_t id, const struct found *f, uint64_t now_ms)
{
	struct endpoint *e = xzalloc(sizeof *e);

	e->target = t;
	e->id = id;
	e->at = *f;
	e->since = now_ms;
	e->probe_due = UINT64_MAX;
	return e;
}

void endpoint_free(struct endpoint *e)
{
	for (unsigned i = 0; e && i < LOGIN__N; i++)
		login_done(&e->login[i]);
	free(e);
}

/* ---- the machine ---- */

enum { PROBE_NONE = 1, PROBE_NOW, PROBE_LATER };

/* clang-format off */
static const struct {
	enum sipnet_target_state next;
	uint8_t probe; /* 0: as it is */
} steps[SIPNET_DEAD + 1][ENDPOINT_EVENT__N] = {
	[SIPNET_UP] = {
		[ENDPOINT_ANSWERED]     = {SIPNET_UP, 0},
		[ENDPOINT_FAILED]       = {SIPNET_SUSPECT, PROBE_NOW},
		[ENDPOINT_PROBE_FAILED] = {SIPNET_UP, 0}, /* an answer came meanwhile, and is newer */
	},
	[SIPNET_SUSPECT] = {
		[ENDPOINT_ANSWERED]     = {SIPNET_UP, PROBE_NONE},
		[ENDPOINT_FAILED]       = {SIPNET_SUSPECT, 0}, /* it is being probed */
		[ENDPOINT_PROBE_FAILED] = {SIPNET_DEAD, PROBE_LATER},
	},
	[SIPNET_DEAD] = {
		[ENDPOINT_ANSWERED]     = {SIPNET_UP, PROBE_NONE},
		[ENDPOINT_FAILED]       = {SIPNET_DEAD, 0},
		[ENDPOINT_PROBE_FAILED] = {SIPNET_DEAD, PROBE_LATER},
	},
};
/* clang-format on */

/* 1, 2, 4 ... 60 s, half to one and a half times as long: many routes, one network. */
static uint64_t delay(unsigned failed, uint64_t random)
{
	uint64_t ms = PROBE_FIRST;

	for (unsigned i = 0; i < failed && ms < ENDPOINT_PROBE_MAX; i++)
		ms *= 2;
	if (ms > ENDPOINT_PROBE_MAX)
		ms = ENDPOINT_PROBE_MAX;
	return ms / 2 + random % (ms + 1);
}

bool endpoint_event(struct endpoint *e, enum endpoint_event event, uint64_t now_ms, uint64_t random)
{
	uint8_t probe = steps[e->state][event].probe;

	if (e->state != steps[e->state][event].next)
		e->since = now_ms;
	e->state = steps[e->state][event].next;
	if (probe == PROBE_NOW)
		e->probe_due = now_ms;
	if (probe == PROBE_NONE)
		e->probe_due = UINT64_MAX;
	if (probe == PROBE_LATER)
		e->probe_due = now_ms + delay(e->failed++, random);
	if (e->state == SIPNET_UP)
		e->failed = 0;
	return probe;
}

/* ---- rest ---- */

void endpoint_rest(struct endpoint *e, uint32_t after_s, uint64_t now_ms)
{
	uint64_t ms = UINT64_C(1000) * after_s;

	if (ms)
		e->rest_until = now_ms + (ms < ENDPOINT_REST_MAX ? ms : ENDPOINT_REST_MAX);
}

bool endpoint_rests(const struct endpoint *e, uint64_t now_ms)
{
	return e->rest_until > now_ms;
}

enum sipnet_target_state endpoint_state(const struct endpoint *e, uint64_t now_ms)
{
	return endpoint_rests(e, now_ms) ? SIPNET_RESTING : e->state;
}

bool endpoint_takes(const struct endpoint *e, uint64_t now_ms)
{
	return !endpoint_rests(e, now_ms) &&
	       (e->state != SIPNET_DEAD || e->under_way < ENDPOINT_TRIALS);
}
