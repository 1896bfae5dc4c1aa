#include "sip/uri.h"

#include <arpa/inet.h>

#include "base/mem.h"
#include "sip/grammar.h"
#include "sip/value.h"

/* ---- hosts ---- */

static bool is_ipv4(struct slice s)
{
	for (int part = 0; part < 4; part++) {
		unsigned v = 0;
		size_t i = 0;

		while (i < s.n && i < 3 && ascii_digit(s.p[i]))
			v = v * 10 + (unsigned)(s.p[i++] - '0');
		if (!i || v > 255 || (part < 3 && (i == s.n || s.p[i] != '.')))
			return false;
		s = slice_from(s, part < 3 ? i + 1 : i);
	}
	return !s.n;
}

/* As inet_pton() takes it. The first ABNF let three colons stand before an IPv4 address (RFC
 * 5118 4.10). */
static bool read_ipv6(struct slice s, struct in6_addr *ret)
{
	char text[INET6_ADDRSTRLEN], *extra;

	if (!s.n || s.n >= sizeof text || memchr(s.p, 0, s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	extra = strstr(text, ":::");
	if (extra && strchr(extra, '.'))
		memmove(extra, extra + 1, strlen(extra));
	return inet_pton(AF_INET6, text, ret) == 1;
}

/*
 * Labels of letters, digits and hyphens. COMPAT: an underscore counts as a letter, machine names of
 * container networks have them. The last label does not begin with a digit (25.1: toplabel), or
 * 192.0.2.256 would be a name.
 */
static bool is_name(struct slice s)
{
	size_t label = 0;
	char c = '.';

	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	if (!s.n || s.n > 255)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char before = c;

		c = s.p[i];
		if (!g_is(c, G_HOST))
			return false;
		if (c == '.') {
			if (before == '.' || before == '-')
				return false;
			label = i + 1;
		} else if (c == '-' && before == '.') {
			return false;
		}
	}
	return c != '-' && c != '.' && !ascii_digit(s.p[label]);
}

static struct slice unbracket(struct slice s)
{
	if (s.n >= 2 && *s.p == '[' && s.p[s.n - 1] == ']')
		return slice_make(s.p + 1, s.n - 2);
	return s;
}

enum sip_host_kind sip_host_kind(struct slice s)
{
	struct in6_addr a;

	if (!s.n)
		return SIP_HOST_NONE;
	if (ascii_digit(*s.p) && is_ipv4(s))
		return SIP_HOST_IPV4;
	if (is_name(s))
		return SIP_HOST_NAME;
	return read_ipv6(unbracket(s), &a) ? SIP_HOST_IPV6 : SIP_HOST_NONE;
}

static struct slice undot(struct slice s)
{
	return s.n > 1 && s.p[s.n - 1] == '.' ? slice_cut(s, s.n - 1) : s;
}

bool sip_host_equal(struct slice a, struct slice b)
{
	struct in6_addr x, y;

	a = unbracket(undot(a));
	b = unbracket(undot(b));
	if (slice_ieq(a, b))
		return true;
	return slice_find(a, ':') < a.n && read_ipv6(a, &x) && read_ipv6(b, &y) &&
	       memcmp(&x, &y, sizeof x) == 0;
}

enum sip_host_kind sip_hostport_parse(struct slice s, struct slice *ret_host, uint16_t *ret_port)
{
	size_t end = s.n && *s.p == '[' ? slice_find(s, ']') + 1 : slice_find(s, ':');
	struct slice host = slice_cut(s, end);
	enum sip_host_kind kind = sip_host_kind(host);
	uint64_t port = 0;

	if (kind == SIP_HOST_NONE)
		return kind;
	if (end < s.n &&
		(s.p[end] != ':' || slice_u64(slice_from(s, end + 1), 65535, &port) < 0 || !port))
		return SIP_HOST_NONE;
	*ret_host = unbracket(host);
	*ret_port = (uint16_t)port;
	return kind;
}

/* ---- parts of a URI ---- */

/* name[=value], both of the set; a missing value is fine, so is an empty one. */
static bool is_pair(struct slice s, unsigned set)
{
	size_t eq = slice_find(s, '=');

	return g_escaped(slice_cut(s, eq), set) &&
	       (eq + 1 >= s.n || g_escaped(slice_from(s, eq + 1), set));
}

/* Takes ";params" off the front of *s, up to '?' or the end. */
static int take_params(struct slice *s, struct slice *ret)
{
	size_t end = slice_find(*s, '?');
	unsigned count = 0;
	struct slice rest, one;

	if (!s->n || *s->p != ';')
		return 0;
	*ret = rest = slice_make(s->p + 1, end - 1);
	while (slice_split(&rest, ';', &one))
		if (++count > SIP_MAX_PARAMS || !is_pair(one, G_PARAM))
			return -1;
	*s = slice_from(*s, end);
	return 0;
}

/* "?name=value&name=value": all that is left. */
static int take_headers(struct slice *s, struct slice *ret)
{
	struct slice rest, one;

	if (!s->n)
		return 0;
	if (*s->p != '?' || s->n == 1)
		return -1;
	*ret = rest = slice_from(*s, 1);
	while (slice_split(&rest, '&', &one))
		if (slice_find(one, '=') == one.n || !is_pair(one, G_HEADER))
			return -1;
	*s = slice_from(*s, s->n);
	return 0;
}

/* Where the host ends: at the first of these outside of brackets. */
static size_t host_end(struct slice s)
{
	size_t i = 0;

	if (s.n && *s.p == '[')
		i = slice_find(s, ']');
	while (i < s.n && s.p[i] != ';' && s.p[i] != '?')
		i++;
	return i;
}

static int take_host(struct slice *s, struct sip_uri *u)
{
	size_t end = host_end(*s);

	u->host_kind = sip_hostport_parse(slice_cut(*s, end), &u->host, &u->port);
	*s = slice_from(*s, end);
	return u->host_kind == SIP_HOST_NONE ? -1 : 0;
}

/* "user:password@"; '@' can stand nowhere else in a URI without an escape. */
static int take_userinfo(struct slice *s, struct sip_uri *u, unsigned set)
{
	size_t at = slice_find(*s, '@');
	struct slice info = slice_cut(*s, at);

	if (at == s->n)
		return 0;
	size_t colon = slice_find(info, ':');

	u->user = slice_cut(info, colon);
	if (colon < info.n) {
		u->password = slice_from(info, colon + 1);
		if (u->password.n && !g_escaped(u->password, G_PASSWORD))
			return -1;
	}
	*s = slice_from(*s, at + 1);
	return g_escaped(u->user, set) ? 0 : -1;
}

static int parse_sip(struct slice s, struct sip_uri *u)
{
	if (take_userinfo(&s, u, G_USER) < 0 || take_host(&s, u) < 0 ||
		take_params(&s, &u->params) < 0 || take_headers(&s, &u->headers) < 0)
		return -1;
	return 0;
}

/* im:user@domain?headers (RFC 3860 appendix A): no port, no parameters, no password. */
static int parse_im(struct slice s, struct sip_uri *u)
{
	if (take_userinfo(&s, u, G_USER | G_IM) < 0 || !u->user.p || u->password.p ||
		take_host(&s, u) < 0 || u->port || take_headers(&s, &u->headers) < 0)
		return -1;
	return 0;
}

/* RFC 3966 3. COMPAT: a local number without phone-context is let through, PBXs write them. */
static int parse_tel(struct slice s, struct sip_uri *u)
{
	size_t end = slice_find(s, ';'), digits = 0;

	u->user = slice_cut(s, end);
	for (size_t i = 0; i < u->user.n; i++) {
		char c = u->user.p[i];

		if (ascii_hex(c) >= 0 || c == '*' || c == '#')
			digits++;
		else if (!(c == '+' && i == 0) && !memchr("-.()", c, 4))
			return -1;
	}
	s = slice_from(s, end);
	return digits && take_params(&s, &u->params) == 0 && !s.n ? 0 : -1;
}

/* Any other scheme (RFC 3986): visible ASCII without what cannot stand in a URI. */
static int parse_other(struct slice s, struct sip_uri *u)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || memchr("<>\"\\^`{|}", s.p[i], 9))
			return -1;
	u->rest = s;
	return s.n ? 0 : -1;
}

/* clang-format off */
static const struct {
	struct slice name;
	int (*parse)(struct slice s, struct sip_uri *u);
} schemes[] = {
	[SIP_SCHEME_OTHER] = {{"", 0}, parse_other},
	[SIP_SCHEME_SIP] = {{"sip", 3}, parse_sip},
	[SIP_SCHEME_SIPS] = {{"sips", 4}, parse_sip},
	[SIP_SCHEME_TEL] = {{"tel", 3}, parse_tel},
	[SIP_SCHEME_IM] = {{"im", 2}, parse_im},
	[SIP_SCHEME_PRES] = {{"pres", 4}, parse_im},
};
/* clang-format on */

static bool is_scheme(struct slice s)
{
	if (!s.n || !ascii_alpha(*s.p))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alnum(s.p[i]) && !memchr("+-.", s.p[i], 3))
			return false;
	return true;
}

int sip_uri_parse(struct slice s, struct sip_uri *ret)
{
	size_t colon = slice_find(s, ':');
	struct sip_uri u = {.text = s, .scheme_name = slice_cut(s, colon)};

	if (colon == s.n)
		return -1;
	for (unsigned i = SIP_SCHEME_SIP; !u.scheme && i < ARRAY_LEN(schemes); i++)
		if (slice_ieq(u.scheme_name, schemes[i].name))
			u.scheme = (enum sip_scheme)i;
	if (!u.scheme && !is_scheme(u.scheme_name))
		return -1;
	if (schemes[u.scheme].parse(slice_from(s, colon + 1), &u) < 0)
		return -1;
	*ret = u;
	return 0;
}

bool sip_uri_param(const struct sip_uri *u, const char *name, struct slice *ret_value)
{
	struct slice rest = u->params, one, want = slice_of(name);

	while (slice_split(&rest, ';', &one)) {
		size_t eq = slice_find(one, '=');

		if (slice_ieq(slice_cut(one, eq), want)) {
			*ret_value = slice_from(one, eq + 1);
			return true;
		}
	}
	return false;
}

/* ---- writing ---- */

static void print_part(struct buf *out, char before, struct slice s)
{
	if (!s.p)
		return;
	buf_chr(out, before);
	buf_slice_add(out, s);
}

static void print_host(struct buf *out, const struct sip_uri *u)
{
	if (u->host_kind == SIP_HOST_IPV6)
		buf_chr(out, '[');
	buf_slice_add(out, u->host);
	if (u->host_kind == SIP_HOST_IPV6)
		buf_chr(out, ']');
	if (u->port) {
		buf_chr(out, ':');
		buf_u64(out, u->port);
	}
}

void sip_uri_print(struct buf *out, const struct sip_uri *u)
{
	buf_slice_add(out, u->scheme ? schemes[u->scheme].name : u->scheme_name);
	buf_chr(out, ':');
	buf_slice_add(out, u->rest);
	buf_slice_add(out, u->user);
	print_part(out, ':', u->password);
	if (u->host_kind != SIP_HOST_NONE) {
		if (u->user.p)
			buf_chr(out, '@');
		print_host(out, u);
	}
	print_part(out, ';', u->params);
	print_part(out, '?', u->headers);
}

/* ---- escapes ---- */

static const unsigned escape_set[SIP_ESC__N] = {
	[SIP_ESC_USER] = G_USER,
	[SIP_ESC_PASSWORD] = G_PASSWORD,
	[SIP_ESC_PARAM] = G_PARAM,
	[SIP_ESC_HEADER] = G_HEADER,
};

void sip_escape(struct buf *out, enum sip_escape set, struct slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	while (s.n) {
		size_t n = g_span(s, escape_set[set]);

		buf_add(out, s.p, n);
		s = slice_from(s, n);
		if (!s.n)
			break;
		unsigned char c = (unsigned char)*s.p;

		buf_add(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
		s = slice_from(s, 1);
	}
}

int sip_unescape(struct buf *out, struct slice s)
{
	while (s.n) {
		size_t n = slice_find(s, '%');

		buf_add(out, s.p, n);
		s = slice_from(s, n);
		if (!s.n)
			break;
		if (s.n < 3 || ascii_hex2(s.p + 1) < 0)
			return -1;
		buf_chr(out, (char)ascii_hex2(s.p + 1));
		s = slice_from(s, 3);
	}
	return 0;
}
