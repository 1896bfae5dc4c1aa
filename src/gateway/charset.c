#include "gateway/charset.h"

#include <string.h>

#include "text/utf8.h"

static struct slice from_latin1(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, 2 * s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += utf8_put(p + n, (unsigned char)s.p[i]);
	return slice_make(p, n);
}

static enum charset_verdict as_utf8(struct slice *ret, struct slice octets)
{
	if (!utf8_valid(octets))
		return CHARSET_BAD;
	*ret = octets;
	return CHARSET_GOOD;
}

enum charset_verdict charset_decode(
	struct slice *ret, struct arena *a, struct slice charset, struct slice octets)
{
	if (!charset.p || slice_ieq(charset, SL("utf-8")) || slice_ieq(charset, SL("us-ascii")))
		return as_utf8(ret, octets);
	/* COMPAT: names that user agents use without having registered them. */
	if (slice_ieq(charset, SL("utf8")) || slice_ieq(charset, SL("ascii")))
		return as_utf8(ret, octets);
	if (!slice_ieq(charset, SL("iso-8859-1")) && !slice_ieq(charset, SL("latin1")))
		return CHARSET_UNKNOWN;
	*ret = from_latin1(a, octets);
	return CHARSET_GOOD;
}

struct slice charset_lines(struct arena *a, struct slice s)
{
	size_t i = slice_find(s, '\r'), n = i;
	char *p;

	if (i == s.n)
		return s;
	p = arena_alloc(a, s.n);
	memcpy(p, s.p, i);
	for (; i < s.n; i++) {
		if (s.p[i] != '\r')
			p[n++] = s.p[i];
		else if (i + 1 == s.n || s.p[i + 1] != '\n')
			p[n++] = '\n';
	}
	return slice_make(p, n);
}
