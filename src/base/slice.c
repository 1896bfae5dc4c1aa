#include "base/slice.h"

#include "base/mem.h"

/* Eight at a time while they are the same in the same case, which they mostly are. */
bool slice_ieq_bytes(const char *a, const char *b, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n && memcmp(a + i, b + i, 8) == 0; i += 8)
		;
	for (; i < n; i++)
		if (a[i] != b[i] && ascii_lower1(a[i]) != ascii_lower1(b[i]))
			return false;
	return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_eq(slice_cut(s, prefix.n), prefix);
}

bool slice_istarts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_ieq_bytes(s.p, prefix.p, prefix.n);
}

bool slice_ends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n && slice_eq(slice_from(s, s.n - suffix.n), suffix);
}

int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	return d ? d : (a.n > b.n) - (a.n < b.n);
}

size_t slice_rfind(struct slice s, char c)
{
	const char *q = s.n ? memrchr(s.p, c, s.n) : NULL;

	return q ? (size_t)(q - s.p) : s.n;
}

bool slice_contains(struct slice s, struct slice needle)
{
	return needle.n == 0 || (s.n && memmem(s.p, s.n, needle.p, needle.n));
}

bool slice_split(struct slice *rest, char c, struct slice *ret_part)
{
	size_t at;

	if (!rest->p)
		return false;
	at = slice_find(*rest, c);
	*ret_part = slice_cut(*rest, at);
	*rest = at == rest->n ? SL_NONE : slice_from(*rest, at + 1);
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.n && is_space(s.p[0]))
		s = slice_from(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

int slice_u64(struct slice s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.n == 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned)(s.p[i] - '0');

		if (d > 9 || d > max || v > (max - d) / 10)
			return -1;
		v = v * 10 + d;
	}
	*ret = v;
	return 0;
}

size_t slice_char(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char low = 0x80, high = 0xbf;

	if (s.n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (s.n < 2 || p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	/*
	 * The second byte's range keeps out overlong forms, surrogates and what is over U+10FFFF.
	 */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	if (p[0] < 0xe0)
		return 2;
	if (s.n < 3 || (p[2] & 0xc0) != 0x80)
		return 0;
	if (p[0] < 0xf0)
		return 3;
	return s.n >= 4 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
}

char *slice_dup(struct slice s)
{
	char *p;

	if (!s.p)
		return NULL;
	p = xmalloc(s.n + 1);
	*slice_copy(p, s) = '\0';
	return p;
}

void ascii_lower(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = ascii_lower1(p[i]);
}
