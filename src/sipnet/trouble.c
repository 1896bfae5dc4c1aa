#include "sipnet/trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct trouble_line {
	enum sipnet_error_code code;
	unsigned times;
	uint64_t at;
	char target[SIPNET_ADDRESS];
	char text[SIPNET_ERROR_TEXT];
};

const char *sipnet_error_name(enum sipnet_error_code c)
{
	static const char *const name[SIPNET_E__N] = {
		[SIPNET_E_TIMEOUT] = "timeout",
		[SIPNET_E_UNREACHABLE] = "unreachable",
		[SIPNET_E_BUSY] = "busy",
		[SIPNET_E_CREDENTIALS] = "credentials",
		[SIPNET_E_CHALLENGE] = "challenge",
		[SIPNET_E_RESOLVE] = "resolve",
		[SIPNET_E_PROBE] = "probe",
		[SIPNET_E_ALL_DOWN] = "all-down",
		[SIPNET_E_CONNECTION] = "connection",
		[SIPNET_E_CERTIFICATE] = "certificate",
	};

	return name[c];
}

void trouble_done(struct trouble *t)
{
	free(t->v);
	*t = (struct trouble){0};
}

static struct trouble_line *latest(const struct trouble *t)
{
	return t->n ? &t->v[(t->next + SIPNET_ERRORS - 1) % SIPNET_ERRORS] : NULL;
}

static bool is_alike(const struct trouble_line *a, const struct trouble_line *b)
{
	return a->code == b->code && strcmp(a->target, b->target) == 0 &&
	       strcmp(a->text, b->text) == 0;
}

static void add(struct trouble *t, const struct trouble_line *line)
{
	struct trouble_line *last = latest(t);

	if (last && is_alike(last, line)) {
		last->times++;
		last->at = line->at;
		return;
	}
	if (!t->v)
		t->v = xcalloc(SIPNET_ERRORS, sizeof *t->v);
	t->v[t->next] = *line;
	t->next = (t->next + 1) % SIPNET_ERRORS;
	if (t->n < SIPNET_ERRORS)
		t->n++;
}

void trouble_note(struct trouble *t, uint64_t now_ms, enum sipnet_error_code code,
	const char *target, const char *fmt, ...)
{
	struct trouble_line line = {.code = code, .times = 1, .at = now_ms};
	va_list ap;

	snprintf(line.target, sizeof line.target, "%s", target);
	if (fmt) {
		va_start(ap, fmt);
		vsnprintf(line.text, sizeof line.text, fmt, ap);
		va_end(ap);
	}
	add(t, &line);
}

unsigned trouble_view(const struct trouble *t, uint64_t now_ms, struct sipnet_error_view *ret)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct trouble_line *l =
			&t->v[(t->next + 2 * SIPNET_ERRORS - 1 - i) % SIPNET_ERRORS];

		ret[i] = (struct sipnet_error_view){
			.code = l->code, .ago = now_ms - l->at, .times = l->times};
		memcpy(ret[i].target, l->target, sizeof l->target);
		memcpy(ret[i].text, l->text, sizeof l->text);
	}
	return t->n;
}
