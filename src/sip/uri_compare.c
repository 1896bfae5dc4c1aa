#include "sip/grammar.h"
#include "sip/uri.h"

/*
 * One character of a URI part with its escape resolved. %HH of a reserved character (RFC 2396 2.2)
 * is not the character itself: it is returned as 256 + the byte, so that it equals only another
 * %HH.
 */
static int next_char(struct slice *s, bool fold)
{
	unsigned char c = (unsigned char)*s->p;
	size_t n = 1;
	int mark = 0;

	if (c == '%' && s->n >= 3) {
		c = (unsigned char)ascii_hex2(s->p + 1);
		n = 3;
		if (memchr(";/?:@&=+$,", c, 10))
			mark = 256;
	}
	*s = slice_from(*s, n);
	return mark + (fold ? (unsigned char)ascii_lower1((char)c) : c);
}

static bool part_equal(struct slice a, struct slice b, bool fold)
{
	slice_promise(a);
	slice_promise(b);
	if (!a.p != !b.p)
		return false;
	while (a.n && b.n)
		if (next_char(&a, fold) != next_char(&b, fold))
			return false;
	return !a.n && !b.n;
}

/* The value of `name` in a list of name=value; names compare by part_equal. */
static bool find_pair(struct slice list, char sep, struct slice name, struct slice *ret)
{
	struct slice one;

	while (slice_split(&list, sep, &one)) {
		size_t eq = slice_find(one, '=');

		if (part_equal(slice_cut(one, eq), name, true)) {
			*ret = slice_from(one, eq + 1);
			return true;
		}
	}
	return false;
}

/* A parameter that stands in one URI only is ignored, except these (19.1.4; transport by its
 * examples). */
static bool counts_alone(struct slice name)
{
	static const char *const names[] = {"user", "ttl", "method", "maddr", "transport"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (part_equal(name, slice_of(names[i]), true))
			return true;
	return false;
}

/* Every pair of a is matched in b, or may be missing there. all: none may be missing. */
static bool pairs_within(struct slice a, struct slice b, char sep, bool all)
{
	struct slice one, value;

	while (slice_split(&a, sep, &one)) {
		size_t eq = slice_find(one, '=');
		struct slice name = slice_cut(one, eq);

		if (!find_pair(b, sep, name, &value)) {
			if (all || counts_alone(name))
				return false;
		} else if (!part_equal(slice_from(one, eq + 1), value, true)) {
			return false;
		}
	}
	return true;
}

static bool pairs_equal(struct slice a, struct slice b, char sep, bool all)
{
	return pairs_within(a, b, sep, all) && pairs_within(b, a, sep, all);
}

static bool sip_equal(const struct sip_uri *a, const struct sip_uri *b)
{
	return part_equal(a->user, b->user, false) && part_equal(a->password, b->password, false) &&
	       sip_host_equal(a->host, b->host) && a->port == b->port &&
	       pairs_equal(a->params, b->params, ';', false) &&
	       pairs_equal(a->headers, b->headers, '&', true);
}

/* RFC 3966 4: visual separators do not count, all parameters do. */
static bool tel_equal(const struct sip_uri *a, const struct sip_uri *b)
{
	struct buf x = {0}, y = {0};
	bool equal;

	sip_uri_key(&x, a);
	sip_uri_key(&y, b);
	equal = slice_eq(buf_slice(&x), buf_slice(&y)) &&
		pairs_equal(a->params, b->params, ';', true);
	buf_done(&x);
	buf_done(&y);
	return equal;
}

bool sip_uri_equal(const struct sip_uri *a, const struct sip_uri *b)
{
	if (a->scheme != b->scheme)
		return false;
	switch (a->scheme) {
	case SIP_SCHEME_SIP:
	case SIP_SCHEME_SIPS:
		return sip_equal(a, b);
	case SIP_SCHEME_TEL:
		return tel_equal(a, b);
	case SIP_SCHEME_IM:
	case SIP_SCHEME_PRES:
		return part_equal(a->user, b->user, false) && sip_host_equal(a->host, b->host) &&
		       pairs_equal(a->headers, b->headers, '&', true);
	case SIP_SCHEME_OTHER:
		break;
	}
	return slice_ieq(a->scheme_name, b->scheme_name) && slice_eq(a->rest, b->rest);
}

/* ---- keys ---- */

/* Every character as next_char() sees it: raw where it may be, else %HH. */
static void key_part(struct buf *out, struct slice s)
{
	while (s.n) {
		int c = next_char(&s, false);

		if (c < 256 && g_is((char)c, G_USER))
			buf_chr(out, (char)c);
		else
			buf_printf(out, "%%%02X", (unsigned)c & 255);
	}
}

static void key_lower(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_chr(out, ascii_lower1(s.p[i]));
}

static void key_number(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("-.()", s.p[i], 4))
			buf_chr(out, ascii_lower1(s.p[i]));
}

void sip_uri_key(struct buf *out, const struct sip_uri *u)
{
	struct slice host = u->host, gr;

	key_lower(out, u->scheme_name);
	buf_chr(out, ':');
	if (u->scheme == SIP_SCHEME_OTHER)
		buf_slice_add(out, u->rest);
	if (u->scheme == SIP_SCHEME_TEL)
		key_number(out, u->user);
	if (u->host_kind == SIP_HOST_NONE)
		return;
	if (u->user.p) {
		key_part(out, u->user);
		buf_chr(out, '@');
	}
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	key_lower(out, host);
	if (u->port)
		buf_printf(out, ":%u", u->port);
	if (sip_uri_param(u, "gr", &gr)) {
		buf_str(out, ";gr=");
		key_part(out, gr);
	}
}
