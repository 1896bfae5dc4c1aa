#include <stdarg.h>
#include <stdio.h>

#include "base/clean.h"
#include "base/mem.h"
#include "edge/probe_priv.h"

static int rank(enum view_probe_result r)
{
	static const int ranks[PROBE_RESULT__N] = {
		[PROBE_SKIPPED] = 1, [PROBE_PASS] = 2, [PROBE_WARN] = 3, [PROBE_FAIL] = 4};

	return ranks[r];
}

bool probe_was_said(const struct probe *p, enum probe_step step)
{
	return p->said[step] != 0;
}

bool probe_went_well(const struct probe *p, enum probe_step step)
{
	return p->said[step] == rank(PROBE_PASS) || p->said[step] == rank(PROBE_WARN);
}

static void put(struct probe *p, enum probe_step step, enum probe_code code,
	enum view_probe_result result, const char *evidence)
{
	struct view_probe_step *s = xzalloc(sizeof *s);
	const struct probe_names names = {
		.kind = p->kind,
		.domain = p->domain_ascii ? p->domain_ascii : p->typed,
		.local = p->local_ascii ? p->local_ascii : "our domain",
	};

	s->step = probe_step_name(step);
	s->result = result;
	s->advice = step == PROBE_STEP_RECORD;
	s->code = probe_code_name(code);
	clean_text(s->evidence, sizeof s->evidence, slice_of(evidence));
	probe_code_remedy(code, &names, s->remedy);
	s->ms = (uint32_t)(probe_now(p) - p->begun_ms);
	if (p->said[step] < rank(result))
		p->said[step] = (unsigned char)rank(result);
	p->on_step(p->arg, s);
}

/* The step that keeps this one from being tried; fallback where it needs none that failed. */
static enum probe_step cause_of(
	const struct probe *p, enum probe_step step, enum probe_step fallback)
{
	enum probe_step s = probe_step_needs(step, p->kind);

	for (; s < PROBE_STEP__N; s = probe_step_needs(s, p->kind)) {
		if (p->said[s] == rank(PROBE_FAIL))
			return s;
		if (p->said[s] == rank(PROBE_SKIPPED) && p->cause[s] < PROBE_STEP__N)
			return p->cause[s];
	}
	return fallback;
}

static void skip(struct probe *p, enum probe_step step, enum probe_code why, enum probe_step cause)
{
	char text[64] = "";

	p->cause[step] = cause;
	if (why == PC_BLOCKED && cause < PROBE_STEP__N)
		snprintf(text, sizeof text, "because of %s", probe_step_name(cause));
	put(p, step, why, PROBE_SKIPPED, text);
}

static void skip_before(struct probe *p, enum probe_step end, enum probe_code why)
{
	for (enum probe_step s = 0; s < end; s++)
		if (!p->said[s] && probe_step_needs(s, p->kind) != PROBE_STEP_NO)
			skip(p, s, why, cause_of(p, s, end));
}

static void say(struct probe *p, bool mild, enum probe_step step, enum probe_code code,
	const char *format, va_list ap)
{
	enum view_probe_result result = probe_code_result(code);
	char evidence[1024];

	vsnprintf(evidence, sizeof evidence, format, ap);
	if (mild && result == PROBE_FAIL)
		result = PROBE_WARN;
	if (!p->said[step])
		skip_before(p, step, PC_BLOCKED);
	put(p, step, code, result, evidence);
}

void probe_say(
	struct probe *p, enum probe_step step, enum probe_code code, const char *evidence, ...)
{
	va_list ap;

	va_start(ap, evidence);
	say(p, false, step, code, evidence, ap);
	va_end(ap);
}

void probe_say_mild(struct probe *p, bool mild, enum probe_step step, enum probe_code code,
	const char *evidence, ...)
{
	va_list ap;

	va_start(ap, evidence);
	say(p, mild, step, code, evidence, ap);
	va_end(ap);
}

enum probe_step probe_last_fault(const struct probe *p)
{
	for (enum probe_step s = PROBE_STEP__N; s-- > 0;)
		if (p->said[s] == rank(PROBE_FAIL))
			return s;
	return PROBE_STEP_NONE;
}

void probe_block(struct probe *p, enum probe_step step, enum probe_step cause)
{
	skip_before(p, step, PC_BLOCKED);
	skip(p, step, PC_BLOCKED, cause);
}

void probe_say_rest(struct probe *p, enum probe_code why)
{
	skip_before(p, PROBE_STEP__N, why);
}
