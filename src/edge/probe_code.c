#include "edge/probe_code.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *name;
	enum probe_step needs[2]; /* by kind */
	const char *text;
} steps[PROBE_STEP__N] = {
#define X(suffix, name, partner, domain, text) \
	[PROBE_STEP_##suffix] = {name, {PROBE_STEP_##partner, PROBE_STEP_##domain}, text},
	PROBE_STEPS(X)
#undef X
};

static const struct {
	const char *name;
	enum probe_step step;
	enum view_probe_result result;
	const char *remedy;
} codes[PC__N] = {
#define X(suffix, name, step, result, remedy) \
	[PC_##suffix] = {name, PROBE_STEP_##step, PROBE_##result, remedy},
	PROBE_CODES(X)
#undef X
};
/* clang-format on */

const char *probe_step_name(enum probe_step s)
{
	return steps[s].name;
}

enum probe_step probe_step_needs(enum probe_step s, enum probe_kind kind)
{
	return steps[s].needs[kind];
}

const char *probe_code_name(enum probe_code c)
{
	return codes[c].name;
}

enum view_probe_result probe_code_result(enum probe_code c)
{
	return codes[c].result;
}

enum probe_step probe_code_step(enum probe_code c)
{
	return codes[c].step;
}

/* ---- remedies ---- */

/* "{they}" at the begin of a sentence or inside one; nobody but the reader when it is ours. */
static void put_they(struct buf *out, const struct probe_names *n)
{
	if (n->kind == PROBE_DOMAIN)
		return;
	buf_printf(out, "%csk the administrator of %s to ", out->n ? 'a' : 'A', n->domain);
}

static void put_name(struct buf *out, struct slice name, const struct probe_names *n)
{
	if (slice_eqz(name, "they"))
		put_they(out, n);
	else
		buf_str(out, slice_eqz(name, "domain") ? n->domain : n->local);
}

static void fill(const char *remedy, const struct probe_names *n, struct buf *out)
{
	while (*remedy) {
		size_t text = strcspn(remedy, "{"), name;

		buf_add(out, remedy, text);
		remedy += text;
		if (!*remedy)
			return;
		name = strcspn(remedy, "}") - 1;
		put_name(out, slice_make(remedy + 1, name), n);
		remedy += name + 2;
	}
}

void probe_code_remedy(
	enum probe_code c, const struct probe_names *names, char ret[static PROBE_REMEDY_MAX + 1])
{
	struct buf b = {0};
	struct slice text;

	fill(codes[c].remedy, names, &b);
	text = slice_cut(buf_slice(&b), PROBE_REMEDY_MAX);
	snprintf(ret, PROBE_REMEDY_MAX + 1, "%.*s", SLARG(text));
	if (*ret >= 'a' && *ret <= 'z' && names->kind == PROBE_DOMAIN)
		*ret = (char)(*ret - 'a' + 'A');
	buf_done(&b);
}

/* ---- the manual ---- */

static void man_text(struct buf *out, const char *s)
{
	for (; *s; s++)
		if (*s == '\\')
			buf_str(out, "\\e");
		else if (*s == '-')
			buf_str(out, "\\-");
		else
			buf_chr(out, *s);
	buf_chr(out, '\n');
}

static const char *kinds_of(size_t step)
{
	if (steps[step].needs[PROBE_PARTNER] == PROBE_STEP_NO)
		return "domain";
	return steps[step].needs[PROBE_DOMAIN] == PROBE_STEP_NO ? "partner" : "partner, domain";
}

static void man_code(struct buf *out, size_t code)
{
	static const struct probe_names names = {PROBE_PARTNER, "DOMAIN", "LOCAL"};
	char remedy[PROBE_REMEDY_MAX + 1];

	probe_code_remedy((enum probe_code)code, &names, remedy);
	buf_printf(out, ".It Cm %s Pq %s\n", codes[code].name,
		view_probe_result_name(codes[code].result));
	man_text(out, remedy);
}

void probe_code_man(struct buf *out)
{
	buf_str(out, ".Bl -tag -width Ds\n");
	for (size_t s = 0; s < PROBE_STEP__N; s++) {
		buf_printf(out, ".It Em %s Pq %s\n", steps[s].name, kinds_of(s));
		man_text(out, steps[s].text);
		buf_str(out, ".Bl -tag -width Ds\n");
		for (size_t c = 0; c < PC__N; c++)
			if (codes[c].step == s)
				man_code(out, c);
		buf_str(out, ".El\n");
	}
	buf_str(out, ".El\n");
}
