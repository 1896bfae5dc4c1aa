#include "auth/origin.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/mem.h"
#include "text/idna.h"

enum { HTTPS_PORT = 443, PORT_MAX = 65535 };

/* ---- the url ---- */

static bool is_ipv6(struct slice bracketed)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t addr[16];
	struct slice s = slice_cut(slice_from(bracketed, 1), bracketed.n - 2);

	if (s.n >= sizeof text || memchr(s.p, '\0', s.n))
		return false;
	*slice_copy(text, s) = '\0';
	return inet_pton(AF_INET6, text, addr) == 1;
}

/* "host", "host:port", "[v6]:port": where the host ends. */
static size_t host_end(struct slice authority)
{
	size_t bracket = slice_rfind(authority, ']');

	if (bracket < authority.n)
		return bracket + 1;
	return slice_find(authority, ':');
}

static int read_host(struct slice typed, char ret[static ORIGIN_HOST_MAX + 1], struct err *e)
{
	struct arena a = {0};
	struct slice host = typed;
	int r = -1;

	if (typed.n > 2 && *typed.p == '[' && is_ipv6(typed))
		r = 0;
	else if (typed.n && *typed.p != '[')
		r = idna_admin(&host, &a, typed, NULL);
	if (r == 0 && host.n <= ORIGIN_HOST_MAX) {
		*slice_copy(ret, host) = '\0';
		ascii_lower(ret, host.n);
	} else {
		r = err_set(e, ERR_INVALID, "'%.*s' is no host; write https://entente.example:8443",
			SLARG(slice_cut(typed, 80)));
	}
	arena_done(&a);
	return r;
}

static int read_port(struct slice after_host, uint16_t *ret, struct err *e)
{
	uint64_t port = HTTPS_PORT;

	if (after_host.n &&
		(*after_host.p != ':' ||
			slice_u64(slice_from(after_host, 1), PORT_MAX, &port) < 0 || port == 0))
		return err_set(e, ERR_INVALID,
			"'%.*s' is no port; write https://entente.example:8443",
			SLARG(slice_cut(after_host, 80)));
	*ret = (uint16_t)port;
	return 0;
}

int origin_url_parse(struct origin_url *ret, struct slice text, struct err *e)
{
	struct slice rest = slice_from(text, 8);
	struct origin_url u;
	size_t end;

	if (!slice_istarts(text, SL("https://")))
		return err_set(e, ERR_INVALID,
			"'%.*s' is no address that begins with https://; write "
			"https://entente.example:8443",
			SLARG(slice_cut(text, 80)));
	if (slice_ends(rest, SL("/")))
		rest = slice_cut(rest, rest.n - 1);
	if (slice_find(rest, '/') < rest.n || slice_find(rest, '?') < rest.n ||
		slice_find(rest, '#') < rest.n || slice_find(rest, '@') < rest.n)
		return err_set(e, ERR_INVALID,
			"'%.*s' says more than scheme, host and port; write "
			"https://entente.example:8443",
			SLARG(slice_cut(text, 80)));
	end = host_end(rest);
	if (read_host(slice_cut(rest, end), u.host, e) < 0 ||
		read_port(slice_from(rest, end), &u.port, e) < 0)
		return -1;
	if (u.port == HTTPS_PORT)
		snprintf(u.text, sizeof u.text, "https://%s", u.host);
	else
		snprintf(u.text, sizeof u.text, "https://%s:%u", u.host, u.port);
	*ret = u;
	return 0;
}

/* ---- judging ---- */

bool origin_changes(struct slice method)
{
	return !slice_eqz(method, "GET") && !slice_eqz(method, "HEAD") &&
	       !slice_eqz(method, "OPTIONS");
}

bool origin_host_is(const struct origin_url *url, struct slice authority)
{
	size_t end = host_end(authority);
	struct slice host = slice_cut(authority, end);
	uint16_t port;

	/* "example.com." is the same name (RFC 1034 3.1). */
	if (slice_ends(host, SL(".")))
		host = slice_cut(host, host.n - 1);
	return host.n && slice_ieq(host, slice_of(url->host)) &&
	       read_port(slice_from(authority, end), &port, NULL) == 0 && port == url->port;
}

/* A link that leads to our page from elsewhere, followed by a person. */
static bool leads_here(const struct origin_request *q)
{
	return q->page && !origin_changes(q->method) && slice_eqz(q->fetch_mode, "navigate") &&
	       slice_eqz(q->fetch_dest, "document");
}

/*
 * "none" is a person's own doing: an address typed, a bookmark. "same-site" is another port or
 * another name of the same owner: not us.
 */
static bool site_is_ours(const struct origin_request *q, bool changes)
{
	return slice_eqz(q->fetch_site, "same-origin") ||
	       (slice_eqz(q->fetch_site, "none") && !changes) || leads_here(q);
}

/* What forms cannot send without being asked for permission first (CORS). */
static bool is_json(struct slice content_type)
{
	struct slice type = slice_cut(content_type, slice_find(content_type, ';'));

	return slice_ieq(slice_trim(type), SL("application/json"));
}

static enum origin_verdict judge_csrf(const struct origin_request *q)
{
	if (!q->csrf.n)
		return ORIGIN_CSRF_MISSING;
	if (!q->csrf_expected.n || q->csrf.n != q->csrf_expected.n ||
		!mem_equal_ct(q->csrf.p, q->csrf_expected.p, q->csrf.n))
		return ORIGIN_CSRF_BAD;
	return ORIGIN_OK;
}

enum origin_verdict origin_judge(const struct origin_request *q)
{
	bool changes = origin_changes(q->method);
	bool browser = q->caller != ORIGIN_TOKEN; /* may be one that was made to ask */

	if (!origin_host_is(q->url, q->host))
		return ORIGIN_HOST_MISMATCH;
	if (q->origin.p && !slice_ieq(q->origin, slice_of(q->url->text)))
		return ORIGIN_ORIGIN_MISMATCH;
	if (q->fetch_site.p && !site_is_ours(q, changes))
		return ORIGIN_CROSS_SITE;
	if (changes && browser && !q->fetch_site.p && !q->origin.p)
		return ORIGIN_UNKNOWN;
	if (changes && q->body && !is_json(q->content_type))
		return ORIGIN_NOT_JSON;
	return changes && q->caller == ORIGIN_SESSION ? judge_csrf(q) : ORIGIN_OK;
}

/* ---- in words ---- */

static const struct {
	enum err_kind kind;
	const char *code, *text;
} verdict_def[ORIGIN__N] = {
	[ORIGIN_HOST_MISMATCH] = {ERR_DENIED, "host_mismatch", "this is %s; use that address"},
	[ORIGIN_ORIGIN_MISMATCH] = {ERR_DENIED, "origin_mismatch",
		"the request comes from a page that is not of %s"},
	[ORIGIN_CROSS_SITE] = {ERR_DENIED, "cross_site",
		"the request comes from another site, not from a page of %s"},
	[ORIGIN_UNKNOWN] = {ERR_DENIED, "origin_missing",
		"the request does not say from where it comes; a change needs Origin: %s"},
	[ORIGIN_NOT_JSON] = {ERR_INVALID, "unsupported_media_type",
		"the body of a change of %s is application/json; say so in Content-Type"},
	[ORIGIN_CSRF_MISSING] = {ERR_DENIED, "csrf_missing",
		"a change of %s needs the x-csrf-token that GET /api/v1/session shows"},
	[ORIGIN_CSRF_BAD] = {ERR_DENIED, "csrf_bad",
		"the x-csrf-token is not that of this session of %s; ask GET /api/v1/session "
		"again"},
};

int origin_check(const struct origin_request *q, struct err *e)
{
	enum origin_verdict v = origin_judge(q);

	if (v == ORIGIN_OK)
		return 0;
	return err_code(e, verdict_def[v].kind, verdict_def[v].code, NULL, verdict_def[v].text,
		q->url->text);
}
