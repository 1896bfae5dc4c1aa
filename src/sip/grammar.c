#include "sip/grammar.h"

#define MARK_BITS (G_USER | G_PASSWORD | G_PARAM | G_HEADER)
#define ALNUM     (G_TOKEN | G_WORD | MARK_BITS | G_HOST | G_IM)

const uint8_t g_class[256] = {
	['a' ... 'z'] = ALNUM,
	['A' ... 'Z'] = ALNUM,
	['0' ... '9'] = ALNUM,
	['-'] = ALNUM,
	['.'] = G_TOKEN | G_WORD | MARK_BITS | G_HOST,
	['_'] = G_TOKEN | G_WORD | MARK_BITS | G_HOST | G_IM,
	['!'] = G_TOKEN | G_WORD | MARK_BITS | G_IM,
	['~'] = G_TOKEN | G_WORD | MARK_BITS | G_IM,
	['*'] = G_TOKEN | G_WORD | MARK_BITS | G_IM,
	['\''] = G_TOKEN | G_WORD | MARK_BITS | G_IM,
	['('] = G_WORD | MARK_BITS,
	[')'] = G_WORD | MARK_BITS,
	['%'] = G_TOKEN | G_WORD,
	['`'] = G_TOKEN | G_WORD | G_IM,
	['+'] = G_TOKEN | G_WORD | MARK_BITS | G_IM,
	['$'] = MARK_BITS | G_IM,
	['&'] = G_USER | G_PASSWORD | G_PARAM | G_IM,
	['='] = G_USER | G_PASSWORD | G_IM,
	[','] = G_USER | G_PASSWORD,
	[';'] = G_USER,
	['?'] = G_USER | G_HEADER | G_WORD | G_IM,
	['/'] = G_USER | G_PARAM | G_HEADER | G_WORD | G_IM,
	['['] = G_PARAM | G_HEADER | G_WORD,
	[']'] = G_PARAM | G_HEADER | G_WORD,
	[':'] = G_PARAM | G_HEADER | G_WORD,
	['<'] = G_WORD,
	['>'] = G_WORD,
	['\\'] = G_WORD,
	['"'] = G_WORD,
	['{'] = G_WORD | G_IM,
	['}'] = G_WORD | G_IM,
	['#'] = G_IM,
	['^'] = G_IM,
	['|'] = G_IM,
};

bool g_escaped(struct slice s, unsigned set)
{
	for (size_t i = 0; i < s.n; i++) {
		if (g_is(s.p[i], set) && s.p[i] != '%')
			continue;
		if (s.p[i] != '%' || s.n - i < 3 || ascii_hex(s.p[i + 1]) < 0 ||
			ascii_hex(s.p[i + 2]) < 0)
			return false;
		i += 2;
	}
	return s.n > 0;
}

size_t g_quoted(struct slice s)
{
	if (!s.n || *s.p != '"')
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

bool g_take(struct slice *s, char c)
{
	struct slice t = g_skip(*s);

	if (!t.n || *t.p != c)
		return false;
	*s = g_skip(slice_from(t, 1));
	return true;
}
