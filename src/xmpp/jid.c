#include "xmpp/jid.h"

#include <arpa/inet.h>

#include "text/idna.h"
#include "text/precis.h"

static int refuse(struct err *e, const char *part, const char *code, const char *text)
{
	return err_code(e, ERR_INVALID, code, part, "%s", text);
}

/* Gives an error of text/ the name of the part, and the code the callers of this file know. */
static int refused(struct err *e, const char *part)
{
	if (!e)
		return -1;
	return err_code(e, e->kind, strcmp(e->code, "bad-bidi") == 0 ? "disallowed-char" : e->code,
		part, "%s: %s", part, e->text);
}

static int check_size(struct slice s, struct err *e, const char *part)
{
	if (s.n == 0)
		return refuse(e, part, "empty-part", "a part of the address is empty");
	if (s.n > JID_PART_MAX)
		return refuse(e, part, "too-long", "a part of an address has at most 1023 bytes");
	return 0;
}

/* ASCII that UsernameCaseMapped leaves as it is and RFC 7622 3.3.1 does not exclude. */
static const bool plain_local[256] = {
	['!'] = 1, ['#' ... '%'] = 1, ['(' ... '.'] = 1, ['0' ... '9'] = 1, [';'] = 1, ['='] = 1,
	['?'] = 1, ['['] = 1, ['\\'] = 1, [']'] = 1, ['^'] = 1, ['_'] = 1, ['`' ... '~'] = 1,
};

static bool is_plain_local(struct slice s)
{
	size_t i = 0;

	while (i < s.n && plain_local[(unsigned char)s.p[i]])
		i++;
	return i == s.n;
}

static bool excluded(char c)
{
	return c && strchr("\"&'/:<>@", c);
}

static int check_excluded(struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++)
		if (excluded(s.p[i]))
			return err_code(e, ERR_INVALID, "disallowed-char", "local",
				"'%c' is not allowed in a localpart", s.p[i]);
	return 0;
}

static int put_local(struct slice *ret, struct arena *a, struct slice s, struct err *e)
{
	if (!is_plain_local(s)) {
		if (s.n > JID_MAX)
			return refuse(e, "local", "too-long", "the localpart is too long");
		if (precis_username(&s, a, s, e) < 0)
			return refused(e, "local");
		if (check_excluded(s, e) < 0)
			return -1;
	}
	if (check_size(s, e, "local") < 0)
		return -1;
	if (slice_starts(s, SL("\\20")) || slice_ends(s, SL("\\20")))
		return refuse(e, "local", "space-at-edge",
			"a localpart neither begins nor ends with an escaped space");
	*ret = s;
	return 0;
}

static int put_resource(struct slice *ret, struct arena *a, struct slice s, struct err *e)
{
	if (s.n > JID_MAX)
		return refuse(e, "resource", "too-long", "the resourcepart is too long");
	if (precis_opaque(&s, a, s, e) < 0)
		return refused(e, "resource");
	if (check_size(s, e, "resource") < 0)
		return -1;
	*ret = s;
	return 0;
}

/*
 * "[" IPv6address "]" in the one form of RFC 5952, so that equal addresses are equal. Neither a
 * zone, which means nothing to another host, nor a later version of IP.
 */
static int put_ipv6(struct slice *ret, struct arena *a, struct slice s, struct err *e)
{
	char text[INET6_ADDRSTRLEN + 2] = "[";
	struct slice made;
	struct in6_addr ip;

	if (s.n - 2 < INET6_ADDRSTRLEN && s.p[s.n - 1] == ']' && !memchr(s.p, '\0', s.n)) {
		memcpy(text + 1, s.p + 1, s.n - 2);
		text[s.n - 1] = '\0';
		if (inet_pton(AF_INET6, text + 1, &ip) == 1) {
			inet_ntop(AF_INET6, &ip, text + 1, INET6_ADDRSTRLEN);
			made = slice_make(text, strlen(text) + 1);
			text[made.n - 1] = ']';
			*ret = slice_eq(s, made) ? s : arena_slice(a, made);
			return 0;
		}
	}
	return refuse(e, "domain", "bad-domain", "what is in brackets is not an IPv6 address");
}

static int put_domain(struct slice *ret, struct arena *a, struct slice s, struct err *e)
{
	if (s.n >= 2 && s.p[0] == '[')
		return put_ipv6(ret, a, s, e);
	if (idna_to_unicode(ret, a, s, e) < 0)
		return refused(e, "domain");
	return 0;
}

int jid_make(struct jid *ret, struct arena *a, struct slice local, struct slice domain,
	struct slice resource, struct err *e)
{
	struct jid j = {0};

	if (put_domain(&j.domain, a, domain, e) < 0 ||
		(local.p && put_local(&j.local, a, local, e) < 0) ||
		(resource.p && put_resource(&j.resource, a, resource, e) < 0))
		return -1;
	*ret = j;
	return 0;
}

/* The separators are looked for before anything is mapped (RFC 7622 3.1, 3.2). */
int jid_parse(struct jid *ret, struct arena *a, struct slice s, struct err *e)
{
	struct slice bare, resource = SL_NONE, local = SL_NONE;
	size_t slash, at;

	if (s.n > JID_MAX)
		return refuse(e, "jid", "too-long", "an address has at most 3071 bytes");
	slash = slice_find(s, '/');
	bare = slice_cut(s, slash);
	if (slash < s.n)
		resource = slice_from(s, slash + 1);
	at = slice_find(bare, '@');
	if (at < bare.n) {
		local = slice_cut(bare, at);
		bare = slice_from(bare, at + 1);
	}
	return jid_make(ret, a, local, bare, resource, e);
}

struct slice jid_only_domain(struct arena *a, struct slice s)
{
	struct jid j;

	if (!s.n || jid_parse(&j, a, s, NULL) < 0 || j.local.p || j.resource.p)
		return SL_NONE;
	return arena_slice(a, j.domain); /* it may be a view of s */
}

struct jid jid_copy(struct arena *a, const struct jid *j)
{
	return (struct jid){arena_slice(a, j->local), arena_slice(a, j->domain),
		arena_slice(a, j->resource)};
}

void jid_print_bare(struct buf *out, const struct jid *j)
{
	if (j->local.p) {
		buf_slice_add(out, j->local);
		buf_chr(out, '@');
	}
	buf_slice_add(out, j->domain);
}

void jid_print(struct buf *out, const struct jid *j)
{
	jid_print_bare(out, j);
	if (j->resource.p) {
		buf_chr(out, '/');
		buf_slice_add(out, j->resource);
	}
}

struct slice jid_bare(struct arena *a, const struct jid *j)
{
	return jid_full(a, &(struct jid){j->local, j->domain, SL_NONE});
}

struct slice jid_full(struct arena *a, const struct jid *j)
{
	char *p = arena_alloc(a, j->local.n + j->domain.n + j->resource.n + 2), *to = p;

	if (j->local.p) {
		to = slice_copy(to, j->local);
		*to++ = '@';
	}
	to = slice_copy(to, j->domain);
	if (j->resource.p) {
		*to++ = '/';
		to = slice_copy(to, j->resource);
	}
	return slice_make(p, (size_t)(to - p));
}

/* An absent part equals an absent one alone; no part that is there is empty. */
bool jid_eq_bare(const struct jid *x, const struct jid *y)
{
	return slice_eq(x->domain, y->domain) && slice_eq(x->local, y->local);
}

bool jid_eq(const struct jid *x, const struct jid *y)
{
	return jid_eq_bare(x, y) && slice_eq(x->resource, y->resource);
}

struct slice jid_domain_ascii(struct arena *a, const struct jid *j)
{
	struct slice ret = j->domain;

	/* The domain of a jid has passed idna_to_unicode(), so it has this form. */
	if (ret.p[0] != '[')
		idna_to_ascii(&ret, a, j->domain, NULL);
	return ret;
}

/* The characters XEP-0106 escapes; with the backslash, the ten it knows. */
static const char escaped[] = " \"&'/:<>@\\";

/*
 * Does s begin with the two digits of one of them? The digits are lower-cased later, so any case.
 */
static char escape_of(struct slice s)
{
	int v = s.n < 2 ? -1 : ascii_hex2(s.p);

	return v > 0 && strchr(escaped, v) ? (char)v : '\0';
}

void jid_escape(struct buf *out, struct slice user)
{
	for (size_t i = 0; i < user.n; i++) {
		char c = user.p[i];

		if (c == '\\' ? escape_of(slice_from(user, i + 1)) : c && strchr(escaped, c))
			buf_printf(out, "\\%02x", (unsigned)c);
		else
			buf_chr(out, c);
	}
}

void jid_unescape(struct buf *out, struct slice local)
{
	for (size_t i = 0; i < local.n; i++) {
		char c = local.p[i] == '\\' ? escape_of(slice_from(local, i + 1)) : '\0';

		buf_chr(out, c ? c : local.p[i]);
		i += c ? 2 : 0;
	}
}
