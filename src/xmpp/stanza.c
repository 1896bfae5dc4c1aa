#include "xmpp/stanza.h"

#include <assert.h>

#include "xml/writer.h"

static const char *const kind_names[] = {
	[STANZA_KIND_NONE] = "",
	[STANZA_MESSAGE] = "message",
	[STANZA_PRESENCE] = "presence",
	[STANZA_IQ] = "iq",
};

enum stanza_kind stanza_kind(const struct xml_elem *e)
{
	if (!slice_eq(e->ns, SL(NS_SERVER)))
		return STANZA_KIND_NONE;
	for (int k = STANZA_MESSAGE; k <= STANZA_IQ; k++)
		if (slice_eqz(e->name, kind_names[k]))
			return (enum stanza_kind)k;
	return STANZA_KIND_NONE;
}

const char *stanza_kind_name(enum stanza_kind k)
{
	return kind_names[k];
}

bool stanza_read(const struct xml_elem *e, struct stanza *ret)
{
	enum stanza_kind kind = stanza_kind(e);

	if (kind == STANZA_KIND_NONE)
		return false;
	*ret = (struct stanza){
		.kind = kind,
		.elem = e,
		.type = xml_attr(e, SL("type")),
		.from = xml_attr(e, SL("from")),
		.to = xml_attr(e, SL("to")),
		.id = xml_attr(e, SL("id")),
		.lang = xml_attr_ns(e, SL(XML_NS_XML), SL("lang")),
	};
	return true;
}

bool stanza_is_error(const struct xml_elem *e)
{
	return slice_eq(xml_attr(e, SL("type")), SL("error"));
}

struct xml_elem *stanza_child(const struct xml_elem *e, struct slice name)
{
	return xml_child(e, SL(NS_SERVER), name);
}

bool stanza_may_answer(const struct xml_elem *e)
{
	bool result = slice_eq(xml_attr(e, SL("type")), SL("result"));

	return !stanza_is_error(e) && !(stanza_kind(e) == STANZA_IQ && result);
}

/* The defined condition: the child of that namespace that is not the text. */
static struct xml_elem *find_condition(const struct xml_elem *error)
{
	xml_each(error, c)
		if (slice_eq(c->ns, SL(NS_STANZA_ERRORS)) && !slice_eq(c->name, SL("text")))
			return c;
	return NULL;
}

static const struct xml_elem *find_app(const struct xml_elem *error)
{
	xml_each(error, c)
		if (!slice_eq(c->ns, SL(NS_STANZA_ERRORS)))
			return c;
	return NULL;
}

bool stanza_error_read(const struct xml_elem *e, struct arena *a, struct stanza_error *ret)
{
	const struct xml_elem *error, *cond;
	struct slice uri;

	if (!stanza_is_error(e))
		return false;
	error = stanza_child(e, SL("error"));
	cond = find_condition(error);
	*ret = (struct stanza_error){
		.cond = cond ? stanza_cond_parse(cond->name) : STANZA_UNDEFINED_CONDITION,
		.text = xml_child_text(error, SL(NS_STANZA_ERRORS), SL("text"), a),
		.by = xml_attr(error, SL("by")),
		.app = find_app(error),
	};
	ret->has_type = stanza_error_type_parse(xml_attr(error, SL("type")), &ret->type);
	if (!ret->has_type)
		ret->type = stanza_cond_type(ret->cond);
	uri = xml_text(cond, a);
	if (uri.n && (ret->cond == STANZA_GONE || ret->cond == STANZA_REDIRECT))
		ret->uri = uri;
	return true;
}

static void put_condition(struct buf *b, const struct stanza_error_out *o)
{
	const char *name = stanza_cond_name(o->cond);

	buf_chr(b, '<');
	buf_str(b, name);
	buf_str(b, " xmlns='" NS_STANZA_ERRORS "'");
	if (o->uri.n) {
		buf_chr(b, '>');
		xml_put_text(b, o->uri, XML_BAD_REPLACE);
		buf_str(b, "</");
		buf_str(b, name);
		buf_chr(b, '>');
	} else {
		buf_str(b, "/>");
	}
}

static void put_error(struct buf *b, const struct stanza_error_out *o)
{
	enum stanza_error_type type = o->has_type ? o->type : stanza_cond_type(o->cond);

	buf_str(b, "<error");
	xml_put_attr(b, "by", o->by);
	buf_str(b, " type='");
	buf_str(b, stanza_error_type_name(type));
	buf_str(b, "'>");
	put_condition(b, o);
	if (o->text.n) {
		buf_str(b, "<text xmlns='" NS_STANZA_ERRORS "' xml:lang='en'>");
		xml_put_text(b, o->text, XML_BAD_REPLACE);
		buf_str(b, "</text>");
	}
	buf_str(b, "</error>");
}

void stanza_error_out(struct buf *b, const struct stanza_error_out *o)
{
	const char *name = stanza_kind_name(o->kind);

	assert(o->kind != STANZA_KIND_NONE && o->cond != STANZA_OK);
	buf_chr(b, '<');
	buf_str(b, name);
	xml_put_attr(b, "from", o->from);
	xml_put_attr(b, "to", o->to);
	xml_put_attr(b, "id", o->id);
	buf_str(b, " type='error'>");
	put_error(b, o);
	buf_str(b, "</");
	buf_str(b, name);
	buf_chr(b, '>');
}

bool stanza_error_put(
	struct buf *b, const struct xml_elem *e, enum stanza_cond c, struct slice text)
{
	struct stanza s;

	if (!stanza_read(e, &s) || !stanza_may_answer(e))
		return false;
	/* An iq error has an id in any case, if only an empty one (8.3.1 rule 3). */
	if (s.kind == STANZA_IQ && !s.id.p)
		s.id = SL("");
	stanza_error_out(b, &(struct stanza_error_out){.kind = s.kind,
				    .from = s.to,
				    .to = s.from,
				    .id = s.id,
				    .cond = c,
				    .text = text});
	return true;
}

struct slice stanza_domain(struct slice address)
{
	struct slice bare = slice_cut(address, slice_find(address, '/'));
	size_t at = slice_find(bare, '@');

	return at == bare.n ? bare : slice_from(bare, at + 1);
}
