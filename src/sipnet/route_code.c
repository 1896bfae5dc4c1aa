#include "sipnet/route_code.h"

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "base/mem.h"

static const struct {
	const char *name, *text;
} steps[ROUTE_STEP__N] = {
#define X(suffix, name, text) {name, text},
	ROUTE_STEPS(X)
#undef X
};

static const struct {
	const char *name;
	enum route_step step;
	enum view_probe_result result;
	const char *remedy;
} codes[RC__N] = {
#define X(suffix, name, step, result, remedy) {name, ROUTE_STEP_##step, PROBE_##result, remedy},
	ROUTE_CODES(X)
#undef X
};

const char *route_step_name(enum route_step s)
{
	return steps[s].name;
}

const char *route_code_name(enum route_code c)
{
	return codes[c].name;
}

enum view_probe_result route_code_result(enum route_code c)
{
	return codes[c].result;
}

static void fill(const char *remedy, const char *route, struct buf *out)
{
	const char *at;

	while ((at = strstr(remedy, "{route}"))) {
		buf_add(out, remedy, (size_t)(at - remedy));
		buf_str(out, route);
		remedy = at + strlen("{route}");
	}
	buf_str(out, remedy);
}

struct view_probe_step *route_code_step(
	enum route_step s, enum route_code c, const char *route, struct slice evidence, uint32_t ms)
{
	struct view_probe_step *ret = xzalloc(sizeof *ret);
	struct buf remedy = {0};

	ret->step = steps[s].name;
	ret->code = codes[c].name;
	ret->result = codes[c].result;
	ret->ms = ms;
	clean_text(ret->evidence, sizeof ret->evidence, evidence);
	fill(codes[c].remedy, route, &remedy);
	snprintf(ret->remedy, sizeof ret->remedy, "%.*s",
		SLARG(slice_cut(buf_slice(&remedy), PROBE_REMEDY_MAX)));
	buf_done(&remedy);
	return ret;
}

/* ---- the manual ---- */

static void man_text(struct buf *out, const char *s)
{
	for (; *s; s++)
		if (*s == '-')
			buf_str(out, "\\-");
		else
			buf_chr(out, *s);
	buf_chr(out, '\n');
}

static void man_codes(struct buf *out, enum route_step s)
{
	buf_str(out, ".Bl -tag -width Ds\n");
	for (size_t c = 0; c < RC__N; c++)
		if (codes[c].step == s && *codes[c].remedy) {
			struct buf remedy = {0};

			fill(codes[c].remedy, "ROUTE", &remedy);
			buf_chr(&remedy, '\0');
			buf_printf(out, ".It Cm %s Pq %s\n", codes[c].name,
				view_probe_result_name(codes[c].result));
			man_text(out, buf_slice(&remedy).p);
			buf_done(&remedy);
		}
	buf_str(out, ".El\n");
}

void route_code_man(struct buf *out)
{
	buf_str(out, ".Bl -tag -width Ds\n");
	for (enum route_step s = 0; s < ROUTE_STEP__N; s++) {
		buf_printf(out, ".It Em %s Pq route\n", steps[s].name);
		man_text(out, steps[s].text);
		man_codes(out, s);
	}
	buf_str(out, ".El\n");
}
