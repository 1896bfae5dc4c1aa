#include "text/utf8.h"

#include <assert.h>

static const uint64_t high_bits = 0x8080808080808080ull;

/*
 * Bytes in front without the high bit, found eight at a time; may stop up to 7 short of the first.
 */
static size_t ascii_run(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t w;

		memcpy(&w, p + i, 8);
		if (w & high_bits)
			break;
	}
	return i;
}

bool utf8_ascii(struct slice s)
{
	for (size_t i = ascii_run(s.p, s.n); i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static bool tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_prefix(struct slice s)
{
	size_t at = 0;

	while (at < s.n) {
		size_t len;

		at += ascii_run(s.p + at, s.n - at);
		if (at == s.n)
			break;
		/* Then one by one until the next eight that may be ASCII alone. */
		do {
			len = slice_char(slice_make(s.p + at, s.n - at));
			if (len == 0)
				return at;
			at += len;
		} while (at < s.n && (len > 1 || (s.p[at] & 0x80)));
	}
	return at;
}

bool utf8_valid(struct slice s)
{
	return utf8_prefix(s) == s.n;
}

bool utf8_next(struct slice *rest, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t len = slice_char(*rest);
	uint32_t c;

	if (len == 0)
		return false;
	c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	rest->p += len;
	rest->n -= len;
	*ret = c;
	return true;
}

size_t utf8_put(char ret[UTF8_MAX], uint32_t c)
{
	assert(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
	if (c < 0x80) {
		ret[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		ret[0] = (char)(0xc0 | c >> 6);
		ret[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		ret[0] = (char)(0xe0 | c >> 12);
		ret[1] = (char)(0x80 | (c >> 6 & 0x3f));
		ret[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	ret[0] = (char)(0xf0 | c >> 18);
	ret[1] = (char)(0x80 | (c >> 12 & 0x3f));
	ret[2] = (char)(0x80 | (c >> 6 & 0x3f));
	ret[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

struct slice utf8_cut(struct slice s, size_t n)
{
	if (n >= s.n)
		return s;
	while (n > 0 && tail(s.p[n]))
		n--;
	return slice_cut(s, n);
}
