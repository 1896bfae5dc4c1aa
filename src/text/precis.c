#include "text/precis.h"

#include "text/precis_class.h"
#include "text/utf8.h"

struct profile {
	bool identifier; /* IdentifierClass; else FreeformClass */
	void (*map)(struct chars *s);
	bool lower, bidi;
};

static const struct profile username = {true, chars_width, true, true};
static const struct profile opaque = {false, chars_space, false, false};

static int disallowed(uint32_t c, struct err *e)
{
	return err_code(e, ERR_INVALID, "disallowed-char", NULL, "U+%04X is not allowed",
		(unsigned)c);
}

/* Which characters the class has; those that depend on their neighbours are for check_context(). */
static int check_class(const struct profile *p, const struct chars *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		enum precis_prop prop = precis_prop(s->p[i]);

		if (prop == PRECIS_DISALLOWED || prop == PRECIS_UNASSIGNED ||
			(prop == PRECIS_FREE && p->identifier))
			return disallowed(s->p[i], e);
	}
	return 0;
}

static int check_context(const struct chars *s, struct err *e)
{
	struct precis_seen seen = {0};
	bool looked = false;

	for (size_t i = 0; i < s->n; i++) {
		enum precis_prop prop = precis_prop(s->p[i]);

		if (prop != PRECIS_CONTEXTJ && prop != PRECIS_CONTEXTO)
			continue;
		if (!looked)
			seen = precis_look(s);
		looked = true;
		if (!precis_context(s, i, &seen))
			return disallowed(s->p[i], e);
	}
	return 0;
}

/* RFC 8264 7: until stable, at most three times more. */
static int stabilise(const struct profile *p, struct chars *s, struct arena *a, struct err *e)
{
	for (int round = 0; round < 4; round++) {
		struct chars before = {arena_alloc(a, s->n * sizeof *s->p), s->n};

		if (s->n)
			memcpy(before.p, s->p, s->n * sizeof *s->p);
		p->map(s);
		if (p->lower)
			chars_lower(s, a);
		chars_nfc(s, a);
		if (chars_eq(s, &before))
			return 0;
	}
	return err_code(e, ERR_INVALID, "disallowed-char", NULL, "it has no stable form");
}

/*
 * RFC 8265 3.3.2 and 4.2.2 look at the characters when they have been mapped but not yet
 * lower-cased and composed; RFC 8264 7 looks last. We do both: without the first, U+212A KELVIN
 * SIGN would be another way to write "k".
 */
static int enforce(struct slice *ret, const struct profile *p, struct arena *a, struct slice s,
	struct err *e)
{
	struct chars c;
	struct slice out;

	if (!chars_decode(&c, a, s))
		return err_code(e, ERR_INVALID, "bad-utf8", NULL, "it is not UTF-8");
	p->map(&c);
	if (check_class(p, &c, e) < 0 || stabilise(p, &c, a, e) < 0)
		return -1;
	if (p->bidi && chars_rtl(&c) && !chars_bidi_rule(&c))
		return err_code(e, ERR_INVALID, "bad-bidi", NULL,
			"it mixes right-to-left and other characters");
	out = chars_encode(&c, a);
	if (!slice_eq(out, s) && check_class(p, &c, e) < 0)
		return -1;
	if (check_context(&c, e) < 0)
		return -1;
	*ret = slice_eq(out, s) ? s : out;
	return 0;
}

static int empty(struct err *e)
{
	return err_code(e, ERR_INVALID, "empty-part", NULL, "it is empty");
}

/* Of ASCII both profiles take 0x21 to 0x7e, the second also the space. */
static size_t ascii_prefix(struct slice s, char first, bool upper_too)
{
	size_t i = 0;

	while (i < s.n && s.p[i] >= first && s.p[i] < 0x7f &&
		(upper_too || s.p[i] < 'A' || s.p[i] > 'Z'))
		i++;
	return i;
}

int precis_username(struct slice *ret, struct arena *a, struct slice s, struct err *e)
{
	if (s.n == 0)
		return empty(e);
	if (ascii_prefix(s, '!', false) == s.n) {
		*ret = s;
		return 0;
	}
	if (ascii_prefix(s, '!', true) == s.n) {
		char *p = arena_dup(a, s);

		ascii_lower(p, s.n);
		*ret = slice_make(p, s.n);
		return 0;
	}
	return enforce(ret, &username, a, s, e);
}

int precis_opaque(struct slice *ret, struct arena *a, struct slice s, struct err *e)
{
	if (s.n == 0)
		return empty(e);
	if (ascii_prefix(s, ' ', true) == s.n) {
		*ret = s;
		return 0;
	}
	return enforce(ret, &opaque, a, s, e);
}
