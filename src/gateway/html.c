#include "gateway/html.h"

#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"
#include "xml/writer.h"

enum {
	BLOCK = 1, /* stands on lines of its own; ends an open <p> */
	VOID = 2,  /* has no content */
	SKIP = 4,  /* its content is not shown */
	ITEM = 8,  /* ends an open item before it */
};

/* What becomes of each element; those not here vanish and their content stays. */
static const struct element {
	const char *name;
	const char *as; /* in XHTML-IM; NULL: not there */
	unsigned flags;
} elements[] = {
	{"a",          "a",          0           },
	{"address",    "p",          BLOCK       },
	{"b",          "strong",     0           },
	{"blockquote", "blockquote", BLOCK       },
	{"br",         "br",         VOID        },
	{"cite",       "cite",       0           },
	{"code",       "code",       0           },
	{"div",        "p",          BLOCK       },
	{"em",         "em",         0           },
	{"h1",         "p",          BLOCK       },
	{"h2",         "p",          BLOCK       },
	{"h3",         "p",          BLOCK       },
	{"h4",         "p",          BLOCK       },
	{"h5",         "p",          BLOCK       },
	{"h6",         "p",          BLOCK       },
	{"head",       NULL,         SKIP        },
	{"hr",         NULL,         BLOCK | VOID},
	{"i",          "em",         0           },
	{"img",        NULL,         VOID        },
	{"li",         "li",         BLOCK | ITEM},
	{"object",     NULL,         SKIP        },
	{"ol",         "ol",         BLOCK       },
	{"p",          "p",          BLOCK       },
	{"pre",        "p",          BLOCK       },
	{"script",     NULL,         SKIP        },
	{"strong",     "strong",     0           },
	{"style",      NULL,         SKIP        },
	{"svg",        NULL,         SKIP        },
	{"table",      NULL,         BLOCK       },
	{"template",   NULL,         SKIP        },
	{"textarea",   NULL,         0           },
	{"title",      NULL,         SKIP        },
	{"tr",         NULL,         BLOCK       },
	{"tt",         "code",       0           },
	{"ul",         "ul",         BLOCK       },
};

static const struct {
	const char *name;
	uint32_t c;
} entities[] = {
	{"amp",    '&'   },
	{"apos",   '\''  },
	{"auml",   0xe4  },
	{"bull",   0x2022},
	{"copy",   0xa9  },
	{"euro",   0x20ac},
	{"gt",     '>'   },
	{"hellip", 0x2026},
	{"laquo",  0xab  },
	{"ldquo",  0x201c},
	{"lsquo",  0x2018},
	{"lt",     '<'   },
	{"mdash",  0x2014},
	{"nbsp",   0xa0  },
	{"ndash",  0x2013},
	{"ouml",   0xf6  },
	{"quot",   '"'   },
	{"raquo",  0xbb  },
	{"rdquo",  0x201d},
	{"reg",    0xae  },
	{"rsquo",  0x2019},
	{"szlig",  0xdf  },
	{"uuml",   0xfc  },
};

static const char *const link_schemes[] = {
	"http:",
	"https:",
	"mailto:",
	"xmpp:",
	"sip:",
	"sips:",
	"im:",
	"tel:",
};

enum { DEPTH = 16, HREF_MAX = 2048 };

struct html {
	struct buf *text, *xhtml;
	struct {
		const struct element *el;
		size_t href_at, href_n; /* in hrefs: of a link that is open */
		size_t text_at;         /* where its words begin */
	} open[DEPTH];
	unsigned depth;
	struct buf hrefs;
	const struct element *skip; /* inside this one */
	bool space;                 /* white space seen and not written */
};

static const struct element *find_element(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(elements); i++)
		if (slice_ieq(name, slice_of(elements[i].name)))
			return &elements[i];
	return NULL;
}

/* ---- characters ---- */

static uint32_t numeric(struct slice digits)
{
	bool hex = digits.n && ascii_lower1(digits.p[0]) == 'x';
	uint32_t c = 0;

	for (size_t i = hex; i < digits.n; i++) {
		int d = ascii_hex(digits.p[i]);

		if (d < 0 || (!hex && d > 9))
			return 0;
		c = c * (hex ? 16 : 10) + (uint32_t)d;
		if (c > 0x10ffff)
			return 0xfffd;
	}
	return c >= 0xd800 && c <= 0xdfff ? 0xfffd : c;
}

/* The character a reference at the front of s stands for, and its length; 0: there is none. */
static size_t reference(struct slice s, uint32_t *ret)
{
	size_t end = slice_find(slice_cut(s, 12), ';');
	struct slice name = slice_cut(slice_from(s, 1), end - 1);
	uint32_t c = 0;

	if (end >= 12 || end >= s.n || name.n == 0)
		return 0;
	if (name.p[0] == '#')
		c = numeric(slice_from(name, 1));
	for (size_t i = 0; !c && i < ARRAY_LEN(entities); i++)
		if (slice_eqz(name, entities[i].name))
			c = entities[i].c;
	*ret = c;
	return c ? end + 1 : 0;
}

/* Text with its references resolved. */
static void decode(struct buf *out, struct slice s)
{
	while (s.n) {
		size_t amp = slice_find(s, '&'), n;
		char utf8[UTF8_MAX];
		uint32_t c;

		buf_slice_add(out, slice_cut(s, amp));
		s = slice_from(s, amp);
		if (s.n == 0)
			return;
		n = reference(s, &c);
		if (n)
			buf_add(out, utf8, utf8_put(utf8, c));
		else
			buf_chr(out, '&');
		s = slice_from(s, n ? n : 1);
	}
}

/* ---- output ---- */

static bool at_line_start(const struct html *h)
{
	struct slice t = buf_slice(h->text);

	return t.n == 0 || t.p[t.n - 1] == '\n';
}

/* A gap between words, unless there is one. */
static void put_space(struct html *h)
{
	struct slice t = buf_slice(h->text);

	if (h->space) {
		buf_chr(h->xhtml, ' ');
		if (t.n && t.p[t.n - 1] != '\n' && t.p[t.n - 1] != ' ')
			buf_chr(h->text, ' ');
	}
	h->space = false;
}

static void line_break(struct html *h)
{
	h->space = false;
	if (!at_line_start(h))
		buf_chr(h->text, '\n');
}

/* One run of characters without white space. */
static void put_word(struct html *h, struct slice word)
{
	put_space(h);
	xml_put_text(h->xhtml, word, XML_BAD_REPLACE);
	buf_slice_add(h->text, word);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void put_text(struct html *h, struct slice s)
{
	size_t i = 0, from;
	struct buf b;

	buf_init(&b, 0);
	decode(&b, s);
	s = buf_slice(&b);
	while (i < s.n) {
		for (; i < s.n && is_space(s.p[i]); i++)
			h->space = true;
		for (from = i; i < s.n && !is_space(s.p[i]); i++)
			;
		if (i > from)
			put_word(h, slice_make(s.p + from, i - from));
	}
	buf_done(&b);
}

static void close_top(struct html *h)
{
	const struct element *el = h->open[--h->depth].el;
	struct slice href = slice_cut(
		slice_from(buf_slice(&h->hrefs), h->open[h->depth].href_at), h->open[h->depth].href_n);
	struct slice words = slice_from(buf_slice(h->text), h->open[h->depth].text_at);

	if (el->as) {
		buf_str(h->xhtml, "</");
		buf_str(h->xhtml, el->as);
		buf_chr(h->xhtml, '>');
	}
	/* A reader of plain text should see where a link goes. */
	if (href.n && !slice_contains(slice_trim(words), href)) {
		buf_str(h->text, " <");
		buf_slice_add(h->text, href);
		buf_chr(h->text, '>');
	}
	if (el->flags & BLOCK)
		line_break(h);
}

static void close_to(struct html *h, unsigned depth)
{
	while (h->depth > depth)
		close_top(h);
}

/* An element that the one being opened cannot be inside of is closed first: <p> in <p>, <li> in
 * <li>. */
static void close_implied(struct html *h, const struct element *el)
{
	for (unsigned i = h->depth; i-- > 0;) {
		const struct element *o = h->open[i].el;

		if (o->as && strcmp(o->as, "p") == 0 && el->flags & BLOCK)
			close_to(h, i);
		else if (o->flags & ITEM && el->flags & ITEM)
			close_to(h, i);
		else if (o->flags & BLOCK)
			return;
	}
}

static bool link_ok(struct slice href)
{
	for (size_t i = 0; i < ARRAY_LEN(link_schemes); i++)
		if (slice_istarts(href, slice_of(link_schemes[i])))
			return href.n <= HREF_MAX;
	return false;
}

/* Puts a link's target behind those of the links it is in; nothing when it may not be shown. */
static struct slice keep_href(struct html *h, struct slice value)
{
	size_t at = h->hrefs.n;
	struct slice href;

	decode(&h->hrefs, slice_trim(value));
	href = slice_from(buf_slice(&h->hrefs), at);
	if (link_ok(href) && xml_legal(href))
		return href;
	h->hrefs.n = at;
	return SL_NONE;
}

static void open_element(struct html *h, const struct element *el, struct slice href_value)
{
	struct slice href = SL_NONE;

	close_implied(h, el);
	if (el->flags & BLOCK)
		line_break(h);
	if (h->depth == DEPTH)
		return; /* its content goes into the one around it */
	if (href_value.p)
		href = keep_href(h, href_value);
	if (el->as) {
		put_space(h);
		buf_chr(h->xhtml, '<');
		buf_str(h->xhtml, el->as);
		xml_put_attr(h->xhtml, "href", href);
		buf_chr(h->xhtml, '>');
	}
	if (el->flags & ITEM)
		buf_str(h->text, "- ");
	h->open[h->depth].el = el;
	h->open[h->depth].href_at = h->hrefs.n - href.n;
	h->open[h->depth].href_n = href.n;
	h->open[h->depth++].text_at = h->text->n;
}

static void void_element(struct html *h, const struct element *el)
{
	if (!el->as) {
		if (el->flags & BLOCK)
			line_break(h);
		return;
	}
	buf_str(h->xhtml, "<br/>");
	buf_chr(h->text, '\n');
	h->space = false;
}

static void end_element(struct html *h, const struct element *el)
{
	for (unsigned i = h->depth; i-- > 0;)
		if (h->open[i].el == el) {
			close_to(h, i);
			return;
		}
}

/* ---- tags ---- */

/* Takes one attribute off the front of what is inside a tag. */
static bool next_attr(struct slice *rest, struct slice *ret_name, struct slice *ret_value)
{
	struct slice s = *rest;
	size_t n = 0;

	while (s.n && (is_space(s.p[0]) || s.p[0] == '/'))
		s = slice_from(s, 1);
	if (s.n == 0)
		return false;
	while (n < s.n && !is_space(s.p[n]) && s.p[n] != '=' && s.p[n] != '/')
		n++;
	*ret_name = slice_cut(s, n);
	*ret_value = SL_NONE;
	s = slice_from(s, n);
	while (s.n && is_space(s.p[0]))
		s = slice_from(s, 1);
	if (s.n && s.p[0] == '=') {
		do
			s = slice_from(s, 1);
		while (s.n && is_space(s.p[0]));
		n = 0;
		if (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
			char quote = s.p[0];

			s = slice_from(s, 1);
			n = slice_find(s, quote);
			*ret_value = slice_cut(s, n);
			n += n < s.n;
		} else {
			while (n < s.n && !is_space(s.p[n]))
				n++;
			*ret_value = slice_cut(s, n);
		}
		s = slice_from(s, n);
	} else if (n == 0) {
		s = slice_from(s, 1); /* a lone "=" or the like: go on */
	}
	*rest = s;
	return true;
}

static struct slice href_of(struct slice attrs)
{
	struct slice name, value;

	while (next_attr(&attrs, &name, &value))
		if (slice_ieq(name, SL("href")) && value.p)
			return value;
	return SL_NONE;
}

/* Bytes of the tag at the front of s, up to and with its ">", which quotes may hide. */
static size_t tag_length(struct slice s)
{
	char quote = 0;

	for (size_t i = 1; i < s.n; i++) {
		char c = s.p[i];

		if (quote) {
			if (c == quote)
				quote = 0;
		} else if ((c == '"' || c == '\'') && s.p[i - 1] == '=') {
			quote = c;
		} else if (c == '>') {
			return i + 1;
		}
	}
	return s.n;
}

static void tag(struct html *h, struct slice inside)
{
	bool end = inside.n && inside.p[0] == '/';
	struct slice name = slice_from(inside, end);
	const struct element *el;
	size_t n = 0;

	while (n < name.n && ascii_alnum(name.p[n]))
		n++;
	el = find_element(slice_cut(name, n));
	if (h->skip) {
		if (end && el == h->skip)
			h->skip = NULL;
		return;
	}
	if (!el)
		return;
	if (end)
		end_element(h, el);
	else if (el->flags & SKIP)
		h->skip = el;
	else if (el->flags & VOID)
		void_element(h, el);
	else
		open_element(h, el,
			el->name[0] == 'a' && !el->name[1] ? href_of(slice_from(name, n))
							   : SL_NONE);
}

/* A comment ends with "-->"; without that it is all the rest. */
static size_t comment_length(struct slice s)
{
	for (size_t i = 4; i + 2 < s.n; i++)
		if (memcmp(s.p + i, "-->", 3) == 0)
			return i + 3;
	return s.n;
}

/* Deals with the markup at the front of s; how many bytes it was, 0 when it is none but text. */
static size_t markup(struct html *h, struct slice s)
{
	size_t n;
	char c = s.n > 1 ? s.p[1] : 0;

	if (slice_starts(s, SL("<!--")))
		return comment_length(s);
	if (c == '!' || c == '?')
		return slice_find(s, '>') + (slice_find(s, '>') < s.n);
	if (!ascii_alpha(c) && !(c == '/' && s.n > 2 && ascii_alpha(s.p[2])))
		return 0;
	n = tag_length(s);
	tag(h, slice_make(s.p + 1, n - 1 - (s.p[n - 1] == '>')));
	return n;
}

static void trim_end(struct buf *b)
{
	while (b->n && is_space(b->p[b->off + b->n - 1]))
		b->n--;
}

void html_read(struct buf *text, struct buf *xhtml, struct slice html)
{
	struct html h = {.text = text, .xhtml = xhtml};

	buf_init(&h.hrefs, 0);
	buf_str(xhtml, "<html xmlns='http://jabber.org/protocol/xhtml-im'>"
		       "<body xmlns='http://www.w3.org/1999/xhtml'>");
	while (html.n) {
		size_t n = html.p[0] == '<' ? markup(&h, html) : 0;

		if (n == 0) {
			n = 1 + slice_find(slice_from(html, 1), '<');
			if (!h.skip)
				put_text(&h, slice_cut(html, n));
		}
		html = slice_from(html, n);
	}
	close_to(&h, 0);
	trim_end(text);
	buf_str(xhtml, "</body></html>");
	buf_done(&h.hrefs);
}
