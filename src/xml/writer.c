#include "xml/writer.h"

#include <stdint.h>

#include "xml/chars.h"

/* What a byte needs in text and in an attribute value; everything else goes as it is. */
enum { PLAIN, ENTITY, CONTROL, HIGH, VALUE_ONLY };

static const uint8_t byte_class[256] = {
	[0x00 ... 0x08] = CONTROL,
	['\t'] = VALUE_ONLY,
	['\n'] = VALUE_ONLY,
	[0x0b ... 0x0c] = CONTROL,
	['\r'] = ENTITY,
	[0x0e ... 0x1f] = CONTROL,
	['"'] = VALUE_ONLY,
	['&'] = ENTITY,
	['\''] = VALUE_ONLY,
	['<'] = ENTITY,
	['>'] = ENTITY,
	[0x80 ... 0xff] = HIGH,
};

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	default:
		return "&#13;";
	}
}

/* Length of the character with the high bit set at p when XML 1.0 allows it, else 0. */
static size_t high_char(const unsigned char *p, size_t n)
{
	size_t len = xml_utf8_len(p, n);
	bool noncharacter =
		len == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe; /* U+FFFE, F */

	return noncharacter ? 0 : len;
}

static void put_bad(struct buf *b, enum xml_bad bad)
{
	if (bad == XML_BAD_REPLACE)
		buf_str(b, "\xef\xbf\xbd");
}

static void put_escaped(struct buf *b, struct slice s, enum xml_bad bad, bool value)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n, *run = p;

	while (p < end) {
		uint8_t class = byte_class[*p];
		size_t len = class == HIGH ? high_char(p, (size_t)(end - p)) : 1;

		if (class == PLAIN || (class == HIGH && len) || (class == VALUE_ONLY && !value)) {
			p += len;
			continue;
		}
		buf_add(b, run, (size_t)(p - run));
		if (class == HIGH || class == CONTROL)
			put_bad(b, bad);
		else
			buf_str(b, entity((char)*p));
		run = ++p;
	}
	buf_add(b, run, (size_t)(p - run));
}

void xml_put_text(struct buf *b, struct slice text, enum xml_bad bad)
{
	if (text.n)
		put_escaped(b, text, bad, false);
}

void xml_put_value(struct buf *b, struct slice value, enum xml_bad bad)
{
	if (value.n)
		put_escaped(b, value, bad, true);
}

void xml_put_attr(struct buf *b, const char *name, struct slice value)
{
	if (!value.p)
		return;
	buf_chr(b, ' ');
	buf_str(b, name);
	buf_add(b, "='", 2);
	xml_put_value(b, value, XML_BAD_REPLACE);
	buf_chr(b, '\'');
}

bool xml_legal(struct slice text)
{
	const unsigned char *p = (const unsigned char *)text.p, *end = p + text.n;

	while (p < end) {
		uint8_t class = byte_class[*p];
		size_t len = class == HIGH ? high_char(p, (size_t)(end - p)) : 1;

		if (class == CONTROL || !len)
			return false;
		p += len;
	}
	return true;
}

/*
 * Prefixes are numbered within one start tag and declared there, so an outer one is only ever
 * re-declared, never needed further in.
 */
static void put_ns_attr(struct buf *b, const struct xml_attr *at, unsigned number)
{
	if (slice_eq(at->ns, SL(XML_NS_XML))) {
		buf_str(b, " xml:");
	} else {
		buf_printf(b, " xmlns:ns%u='", number);
		xml_put_value(b, at->ns, XML_BAD_REPLACE);
		buf_printf(b, "' ns%u:", number);
	}
	buf_slice_add(b, at->name);
	buf_str(b, "='");
	xml_put_value(b, at->value, XML_BAD_REPLACE);
	buf_chr(b, '\'');
}

static void put_attrs(struct buf *b, const struct xml_elem *e)
{
	for (unsigned i = 0; i < e->n_attrs; i++) {
		const struct xml_attr *at = &e->attrs[i];

		if (at->ns.n) {
			put_ns_attr(b, at, i);
			continue;
		}
		buf_chr(b, ' ');
		buf_slice_add(b, at->name);
		buf_str(b, "='");
		xml_put_value(b, at->value, XML_BAD_REPLACE);
		buf_chr(b, '\'');
	}
}

/* The prefix xml is always bound, and no other may be bound to its namespace (XML-NAMES 3). */
static struct slice elem_prefix(const struct xml_elem *e)
{
	return slice_eq(e->ns, SL(XML_NS_XML)) ? SL("xml:") : SL("");
}

static struct slice put_start(struct buf *b, const struct xml_elem *e, struct slice default_ns)
{
	struct slice prefix = elem_prefix(e);

	buf_chr(b, '<');
	buf_slice_add(b, prefix);
	buf_slice_add(b, e->name);
	if (!prefix.n && !slice_eq(e->ns, default_ns)) {
		buf_str(b, " xmlns='");
		xml_put_value(b, e->ns, XML_BAD_REPLACE);
		buf_chr(b, '\'');
		default_ns = e->ns;
	}
	put_attrs(b, e);
	return default_ns;
}

/* As deep as the tree: what was read is bounded by the reader's limit. */
void xml_put_elem(struct buf *b, const struct xml_elem *e, struct slice default_ns)
{
	struct slice ns = put_start(b, e, default_ns);

	if (!e->first) {
		buf_str(b, "/>");
		return;
	}
	buf_chr(b, '>');
	for (struct xml_node *n = e->first; n; n = n->next) {
		const struct xml_text *t = xml_node_text(n);

		if (t)
			xml_put_text(b, t->text, XML_BAD_REPLACE);
		else
			xml_put_elem(b, xml_node_elem(n), ns);
	}
	buf_str(b, "</");
	buf_slice_add(b, elem_prefix(e));
	buf_slice_add(b, e->name);
	buf_chr(b, '>');
}
