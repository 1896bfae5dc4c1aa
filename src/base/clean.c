#include "base/clean.h"

#include <stdbool.h>

/* c: one character of UTF-8, n bytes. */
static bool shows(const unsigned char *c, size_t n)
{
	if (n == 1)
		return c[0] >= 0x20 && c[0] != 0x7f;
	if (n == 2)
		return !(c[0] == 0xc2 && c[1] < 0xa0) && !(c[0] == 0xd8 && c[1] == 0x9c);
	if (n == 3 && c[0] == 0xe2 && c[1] == 0x80) /* U+200E, U+200F, U+2028 to U+202E */
		return c[2] != 0x8e && c[2] != 0x8f && !(c[2] >= 0xa8 && c[2] <= 0xae);
	if (n == 3 && c[0] == 0xe2 && c[1] == 0x81) /* U+2066 to U+2069 */
		return !(c[2] >= 0xa6 && c[2] <= 0xa9);
	return !(n == 3 && c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf); /* U+FEFF */
}

size_t clean_text(char *to, size_t size, struct slice s)
{
	size_t at = 0;

	while (s.n) {
		size_t n = slice_char(s);
		bool good = n && shows((const unsigned char *)s.p, n);
		size_t put = good ? n : 1;

		if (at + put >= size)
			break;
		memcpy(to + at, good ? s.p : "?", put);
		at += put;
		s = slice_from(s, n ? n : 1);
	}
	to[at] = 0;
	return at;
}
