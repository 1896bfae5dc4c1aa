#include "base/err.h"

#include <stdio.h>
#include <string.h>

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

__attribute__((format(printf, 5, 0)))
static void set(struct err *e, enum err_kind kind, const char *code, const char *field,
	const char *fmt, va_list ap)
{
	if (!e)
		return;
	e->kind = kind;
	snprintf(e->code, sizeof e->code, "%s", code ? code : "");
	snprintf(e->field, sizeof e->field, "%s", field ? field : "");
	vsnprintf(e->text, sizeof e->text, fmt, ap);
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, kind, NULL, NULL, fmt, ap);
	va_end(ap);
	return -1;
}

int err_code(struct err *e, enum err_kind kind, const char *code, const char *field,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, kind, code, field, fmt, ap);
	va_end(ap);
	return -1;
}

int err_in(struct err *e, const char *fmt, ...)
{
	char front[sizeof e->text], whole[2 * sizeof e->text + 3];
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	vsnprintf(front, sizeof front, fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof whole, "%s: %s", front, e->text);
	memcpy(e->text, whole, sizeof e->text - 1);
	e->text[sizeof e->text - 1] = '\0';
	return -1;
}
