#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A view of bytes that somebody else owns; not NUL-terminated. p == NULL means absent, which is not
 * the same as present and empty (p != NULL, n == 0).
 */
struct slice {
	const char *p;
	size_t n;
};

#define SL(literal) ((struct slice){"" literal, sizeof(literal) - 1})
#define SL_NONE	    ((struct slice){NULL, 0})
/* for printf("%.*s", SLARG(s)) */
#define SLARG(s) (int)(s).n, (s).p

static inline struct slice slice_of(const char *s)
{
	return s ? (struct slice){s, strlen(s)} : SL_NONE;
}

static inline struct slice slice_make(const void *p, size_t n)
{
	return (struct slice){p, n};
}

/* What is absent has no bytes: told to compilers and analyzers, who cannot know. */
static inline void slice_promise(struct slice s)
{
	if (!s.p && s.n)
		__builtin_unreachable();
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	slice_promise(a);
	slice_promise(b);
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_eqz(struct slice a, const char *b)
{
	return slice_eq(a, slice_of(b));
}

/* ASCII letters compare equal in either case; other bytes as they are. */
bool slice_ieq_bytes(const char *a, const char *b, size_t n);
static inline bool slice_ieq(struct slice a, struct slice b)
{
	return a.n == b.n && slice_ieq_bytes(a.p, b.p, a.n);
}

bool slice_starts(struct slice s, struct slice prefix);
bool slice_istarts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
int slice_cmp(struct slice a, struct slice b);

/* Index of the first c, or s.n when there is none. */
static inline size_t slice_find(struct slice s, char c)
{
	const char *q;

	slice_promise(s);
	q = s.n ? memchr(s.p, c, s.n) : NULL;
	return q ? (size_t)(q - s.p) : s.n;
}
size_t slice_rfind(struct slice s, char c);
bool slice_contains(struct slice s, struct slice needle);

/* From..end and ..n; out of range is cut to what is there. */
static inline struct slice slice_from(struct slice s, size_t from)
{
	slice_promise(s);
	if (from > s.n)
		from = s.n;
	return (struct slice){s.p ? s.p + from : NULL, s.n - from};
}

static inline struct slice slice_cut(struct slice s, size_t n)
{
	slice_promise(s);
	return (struct slice){s.p, n < s.n ? n : s.n};
}

/* Copies the bytes of s to a place that has room for them; returns where they end. */
static inline char *slice_copy(char *to, struct slice s)
{
	slice_promise(s);
	if (s.n)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

/* Takes what stands before c off the front of *rest (and drops c); false when *rest was used up. */
bool slice_split(struct slice *rest, char c, struct slice *ret_part);

/* Space, tab, CR, LF off both ends. */
struct slice slice_trim(struct slice s);

/* All of s as a decimal number of at most max; -1 when it is not one. */
int slice_u64(struct slice s, uint64_t max, uint64_t *ret);

/* Length of the UTF-8 character (RFC 3629 4) s begins with; 0 when it begins with none. */
size_t slice_char(struct slice s);

/* A NUL-terminated copy; the caller frees it. SL_NONE gives NULL. */
char *slice_dup(struct slice s);

/* Lower-cases ASCII letters in place. */
void ascii_lower(char *p, size_t n);

static inline char ascii_lower1(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_alnum(char c)
{
	return ascii_alpha(c) || ascii_digit(c);
}

/* Value of a hexadecimal digit, or -1. */
static inline int ascii_hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower1(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Value of the two hexadecimal digits p points to, or -1. */
static inline int ascii_hex2(const char *p)
{
	int high = ascii_hex(p[0]), low = ascii_hex(p[1]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}
