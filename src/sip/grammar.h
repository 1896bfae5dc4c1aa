#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Character classes of RFC 3261 25.1, one bit each: a class of bytes is one look-up. For sip/ only.
 */
enum {
	G_TOKEN = 1 << 0,    /* token */
	G_WORD = 1 << 1,     /* word, of callid */
	G_USER = 1 << 2,     /* user, without % */
	G_PASSWORD = 1 << 3, /* password, without % */
	G_PARAM = 1 << 4,    /* paramchar, without % */
	G_HEADER = 1 << 5,   /* hname and hvalue, without % */
	G_HOST = 1 << 6,     /* letters, digits, - . _ */
	G_IM = 1 << 7,       /* local part of im and pres, RFC 7247 6.2, without % */
};
extern const uint8_t g_class[256];

static inline bool g_is(char c, unsigned set)
{
	return g_class[(unsigned char)c] & set;
}

/* How many bytes at the start of s are of the set. */
static inline size_t g_span(struct slice s, unsigned set)
{
	size_t i = 0;

	while (i < s.n && g_is(s.p[i], set))
		i++;
	return i;
}

static inline bool g_space(char c)
{
	return c == ' ' || c == '\t';
}

/* White space off the front. Folding is gone already (message.c), so no line breaks here. */
static inline struct slice g_skip(struct slice s)
{
	while (s.n && g_space(*s.p))
		s.p++, s.n--;
	return s;
}

static inline struct slice g_trim(struct slice s)
{
	s = g_skip(s);
	while (s.n && g_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Every % is followed by two hexadecimal digits and the other bytes are of the set; false for "".
 */
bool g_escaped(struct slice s, unsigned set);

/* Bytes of a quoted string at the start of s with its quotes; 0: none, or not closed. */
size_t g_quoted(struct slice s);

/* True, and *s moved behind it, when s begins with c; white space on either side is skipped (SWS).
 */
bool g_take(struct slice *s, char c);
