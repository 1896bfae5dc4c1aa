#include "admin/http_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/*
 * What every answer says beside what it is about. The API's answers are no pages: whatever a
 * browser is brought to take them for, it runs and loads nothing.
 */
#define CSP_NOTHING                                                                                \
	"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/*
 * A page of ours. Fluent UI makes its style elements while it runs, with the nonce it is given. No
 * text becomes markup or script, not even by a policy that says how (Trusted Types).
 */
#define CSP_PAGE                                                                                   \
	"default-src 'none'; script-src 'self' 'nonce-%s'; style-src 'self' 'nonce-%s'; "          \
	"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "   \
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "         \
	"require-trusted-types-for 'script'; trusted-types 'none'"

/* A year. */
#define HSTS "max-age=31536000"

#define PERMISSIONS                                                                                \
	"accelerometer=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), "         \
	"gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"

static const struct http_head_field secure[] = {
	{"x-frame-options", "DENY"},
	{"referrer-policy", "no-referrer"},
	{"cross-origin-opener-policy", "same-origin"},
	{"cross-origin-resource-policy", "same-origin"},
	{"permissions-policy", PERMISSIONS},
};

const struct http_head_field http_head_error[] = {
	{"content-security-policy:", CSP_NOTHING},
	{"x-content-type-options:", "nosniff"},
	{"cache-control:", "no-store"},
	{"x-frame-options:", "DENY"},
	{"referrer-policy:", "no-referrer"},
	{"cross-origin-opener-policy:", "same-origin"},
	{"cross-origin-resource-policy:", "same-origin"},
	{"permissions-policy:", PERMISSIONS},
	{NULL, NULL},
};

const char *http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} reason[] = {
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{411, "Length Required"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{421, "Misdirected Request"},
		{422, "Unprocessable Content"},
		{428, "Precondition Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_LEN(reason); i++)
		if (reason[i].status == status)
			return reason[i].text;
	return "Status";
}

typedef void http_head_add(void *arg, const char *name, const char *value);

static void add_secure(const struct http_req *r, http_head_add *add, void *arg)
{
	char csp[sizeof CSP_PAGE + 2 * sizeof r->nonce];

	for (size_t i = 0; i < ARRAY_LEN(secure); i++)
		add(arg, secure[i].name, secure[i].value);
	snprintf(csp, sizeof csp, CSP_PAGE, r->nonce, r->nonce);
	add(arg, "content-security-policy", *r->nonce ? csp : CSP_NOTHING);
	if (r->http->hsts)
		add(arg, "strict-transport-security", HSTS);
}

void http_head_each(const struct http_req *r, http_head_add *add, void *arg)
{
	const char *f = buf_slice(&r->fields).p, *end = f + r->fields.n, *value;
	bool cached = false;

	if (r->type)
		add(arg, "content-type", r->type);
	for (; f < end; f = value + strlen(value) + 1) {
		value = f + strlen(f) + 1;
		cached |= strcmp(f, "cache-control") == 0;
		add(arg, f, value);
	}
	if (!cached)
		add(arg, "cache-control", "no-store");
	add(arg, "x-content-type-options", "nosniff");
	/* A proxy that keeps pieces back makes them late (nginx). */
	if (r->state == REQ_IN_PIECES)
		add(arg, "x-accel-buffering", "no");
	if (r->way == HTTP_TLS)
		add_secure(r, add, arg);
}
