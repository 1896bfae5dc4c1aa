#include "xml/names.h"

#include <stdint.h>

#include "base/mem.h"
#include "xml/elem.h"

#define NS_XMLNS "http://www.w3.org/2000/xmlns/"

void xml_names_init(struct xml_names *s, size_t max)
{
	*s = (struct xml_names){.max = max};
}

/* A root declares two or three, and few stanzas another. */
static void grow(struct xml_names *s)
{
	s->cap = s->cap ? 2 * s->cap : 4;
	if (s->cap > s->max)
		s->cap = s->max;
	s->v = xrealloc(s->v, s->cap * sizeof *s->v);
}

void xml_names_done(struct xml_names *s)
{
	xfree(s->v);
}

void xml_names_reset(struct xml_names *s)
{
	s->n = s->outer = 0;
}

/* Namespaces in XML 1.0, section 3: the reserved names, and section 2.2: no empty prefixed one. */
static const char *reserved(struct slice prefix, struct slice uri)
{
	bool xml_prefix = slice_eq(prefix, SL("xml")), xml_uri = slice_eq(uri, SL(XML_NS_XML));

	if (xml_prefix != xml_uri)
		return "the prefix xml and its namespace belong to each other";
	if (slice_eq(prefix, SL("xmlns")) || slice_eq(uri, SL(NS_XMLNS)))
		return "xmlns must not be declared";
	if (prefix.n && !uri.n)
		return "a prefix is declared as no namespace";
	return NULL;
}

const char *xml_names_push(
	struct xml_names *s, struct slice prefix, struct slice uri, bool *ret_full)
{
	const char *wrong = reserved(prefix, uri);

	*ret_full = !wrong && s->n == s->max;
	if (wrong || *ret_full)
		return wrong;
	if (s->n == s->cap)
		grow(s);
	s->v[s->n++] = (struct xml_binding){prefix, uri, SL_NONE};
	return NULL;
}

void xml_names_pop(struct xml_names *s, size_t n)
{
	s->n -= n;
}

void xml_names_set_outer(struct xml_names *s)
{
	s->outer = s->n;
}

void xml_names_begin(struct xml_names *s)
{
	for (size_t i = 0; i < s->outer; i++)
		s->v[i].here = SL_NONE;
}

static struct slice keep(struct xml_names *s, size_t i, struct arena *a)
{
	struct xml_binding *b = &s->v[i];

	if (i >= s->outer)
		return b->uri;
	if (!b->here.p)
		b->here = arena_slice(a, b->uri);
	return b->here;
}

struct slice xml_names_get(
	struct xml_names *s, struct slice prefix, struct arena *a, bool *ret_known)
{
	*ret_known = true;
	for (size_t i = s->n; i-- > 0;)
		if (slice_eq(s->v[i].prefix, prefix))
			return s->v[i].uri.n ? keep(s, i, a) : SL_NONE;
	if (slice_eq(prefix, SL("xml")))
		return SL(XML_NS_XML);
	*ret_known = prefix.n == 0;
	return SL_NONE;
}

/* The first character; names have none above U+FFFF in expat. */
static uint32_t first_char(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (p[0] < 0x80 || s.n < 2)
		return p[0];
	if (p[0] < 0xe0 || s.n < 3)
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
}

/*
 * What may be in a name but not at its beginning (XML 1.0 fourth edition, productions 4 and 5, as
 * expat has them), with what cannot be in a name at all in the gaps taken in.
 */
static const uint16_t not_first[][2] = {
	{0xb7,   0xb7  },
	{0x2d0,  0x361 },
	{0x387,  0x387 },
	{0x483,  0x486 },
	{0x591,  0x5c4 },
	{0x640,  0x640 },
	{0x64b,  0x670 },
	{0x6d6,  0x6e4 },
	{0x6e7,  0x903 },
	{0x93c,  0x93c },
	{0x93e,  0x954 },
	{0x962,  0x983 },
	{0x9bc,  0x9d7 },
	{0x9e2,  0x9ef },
	{0xa02,  0xa02 },
	{0xa3c,  0xa4d },
	{0xa66,  0xa71 },
	{0xa81,  0xa83 },
	{0xabc,  0xabc },
	{0xabe,  0xacd },
	{0xae6,  0xb03 },
	{0xb3c,  0xb3c },
	{0xb3e,  0xb57 },
	{0xb66,  0xb83 },
	{0xbbe,  0xc03 },
	{0xc3e,  0xc56 },
	{0xc66,  0xc83 },
	{0xcbe,  0xcd6 },
	{0xce6,  0xd03 },
	{0xd3e,  0xd57 },
	{0xd66,  0xd6f },
	{0xe31,  0xe31 },
	{0xe34,  0xe3a },
	{0xe46,  0xe59 },
	{0xeb1,  0xeb1 },
	{0xeb4,  0xebc },
	{0xec6,  0xf3f },
	{0xf71,  0xfb9 },
	{0x20d0, 0x20e1},
	{0x3005, 0x3005},
	{0x302a, 0x3035},
	{0x3099, 0x309e},
	{0x30fc, 0x30fe},
};

static bool name_start(struct slice s)
{
	uint32_t c;

	if (!s.n || ascii_digit(s.p[0]) || s.p[0] == '-' || s.p[0] == '.')
		return false;
	c = first_char(s);
	for (size_t i = 0; i < ARRAY_LEN(not_first) && not_first[i][0] <= c; i++)
		if (c <= not_first[i][1])
			return false;
	return true;
}

/* expat has checked that it is a Name; what is left is where the colon is, and what follows it. */
bool xml_names_split(struct slice qname, struct slice *ret_prefix, struct slice *ret_local)
{
	size_t colon = slice_find(qname, ':');

	*ret_prefix = slice_cut(qname, colon == qname.n ? 0 : colon);
	*ret_local = colon == qname.n ? qname : slice_from(qname, colon + 1);
	return colon == qname.n ||
	       (colon > 0 && slice_find(*ret_local, ':') == ret_local->n && name_start(*ret_local));
}
