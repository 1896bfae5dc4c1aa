#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/slice.h"

static const char *const kind_name[ERR__N] = {
	[ERR_NONE] = "none",
	[ERR_INVALID] = "invalid",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_CONFLICT] = "conflict",
	[ERR_DENIED] = "denied",
	[ERR_PROTO] = "protocol",
	[ERR_TIMEOUT] = "timeout",
	[ERR_UNAVAILABLE] = "unavailable",
	[ERR_LIMIT] = "limit",
	[ERR_INTERNAL] = "internal",
};

const char *err_kind_name(enum err_kind kind)
{
	return kind < ERR__N ? kind_name[kind] : "unknown";
}

/* Copies what fits of it, as whole characters, for JSON takes nothing else. */
static void put(char *to, size_t size, const char *from)
{
	struct slice rest = slice_of(from);
	size_t n = 0;

	while (rest.n) {
		const char *what = rest.p;
		size_t len = slice_char(rest);

		if (len == 0) {
			what = "?";
			len = 1;
		}
		if (n + len > size - 1)
			break;
		memcpy(to + n, what, len);
		n += len;
		rest = slice_from(rest, len);
	}
	to[n] = '\0';
}

void err_fill(struct err *e, enum err_kind kind, const char *code, const char *field,
	const char *fmt, ...)
{
	struct err new = {.kind = kind};
	char text[2 * sizeof new.text];
	va_list ap;

	if (!e)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put(new.text, sizeof new.text, text);
	put(new.code, sizeof new.code, code ? code : "");
	put(new.field, sizeof new.field, field ? field : "");
	*e = new;
}

void err_prepend(struct err *e, const char *fmt, ...)
{
	char front[sizeof e->text], whole[2 * sizeof e->text + 3];
	va_list ap;

	if (!e)
		return;
	va_start(ap, fmt);
	vsnprintf(front, sizeof front, fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof whole, "%s: %s", front, e->text);
	put(e->text, sizeof e->text, whole);
}
