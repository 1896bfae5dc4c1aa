#include <assert.h>

#include "gateway/lang.h"
#include "gateway/presence_map.h"
#include "xml/writer.h"
#include "xmpp/stanza.h"

static const char *const types[PRESENCE_TYPE__N] = {
#define PRESENCE_TYPE_NAME(id, name) [PRESENCE_##id] = name,
	PRESENCE_TYPES(PRESENCE_TYPE_NAME)
#undef PRESENCE_TYPE_NAME
};

static const char *const shows[PRESENCE_SHOW__N] = {
	[PRESENCE_SHOW_NONE] = "",
	[PRESENCE_CHAT] = "chat",
	[PRESENCE_AWAY] = "away",
	[PRESENCE_XA] = "xa",
	[PRESENCE_DND] = "dnd",
};

const char *presence_type_name(enum presence_type t)
{
	assert(t < PRESENCE_TYPE__N);
	return types[t];
}

const char *presence_show_name(enum presence_show s)
{
	assert(s < PRESENCE_SHOW__N);
	return shows[s];
}

enum presence_show presence_show_find(struct slice name)
{
	for (unsigned s = 0; s < PRESENCE_SHOW__N; s++)
		if (slice_eqz(name, shows[s]))
			return s;
	return PRESENCE_SHOW_NONE;
}

/* ---- reading ---- */

static bool read_type(enum presence_type *ret, struct slice type)
{
	for (unsigned t = 0; t < PRESENCE_TYPE__N; t++)
		if ((!type.p && t == PRESENCE_AVAILABLE) || (type.n && slice_eqz(type, types[t]))) {
			*ret = t;
			return true;
		}
	return false;
}

/* -128 to 127 (RFC 6121 4.7.2.3) */
static void read_priority(struct presence *p, struct slice text)
{
	bool negative = slice_starts(text, SL("-"));
	bool sign = negative || slice_starts(text, SL("+"));
	uint64_t n;

	if (slice_u64(slice_from(text, sign), negative ? 128 : 127, &n) < 0)
		return;
	p->has_priority = true;
	p->priority = negative ? -(int)n : (int)n;
}

struct slice presence_cut(struct slice status)
{
	size_t max = PRESENCE_STATUS_MAX;

	if (status.n <= max)
		return status;
	while (max > 0 && ((unsigned char)status.p[max] & 0xc0) == 0x80)
		max--;
	return slice_cut(status, max);
}

static void read_status(struct presence *p, struct arena *a, const struct xml_elem *stanza)
{
	struct pidf_note *notes = NULL;

	for (const struct xml_elem *e = stanza_child(stanza, SL("status"));
		e && p->n_status < PRESENCE_STATUSES_MAX; e = xml_same(e)) {
		struct slice text = presence_cut(slice_trim(xml_text(e, a))), lang = xml_lang(e);

		if (!text.n)
			continue;
		if (!notes)
			notes = arena_alloc(a, PRESENCE_STATUSES_MAX * sizeof *notes);
		notes[p->n_status++] = (struct pidf_note){text, lang_valid(lang) ? lang : SL_NONE};
	}
	p->status = notes;
}

bool presence_read(struct presence *ret, struct arena *a, const struct xml_elem *stanza)
{
	struct presence p = {0};
	struct slice lang = xml_attr_ns(stanza, SL(XML_NS_XML), SL("lang"));

	if (!read_type(&p.type, xml_attr(stanza, SL("type"))))
		return false;
	p.lang = lang_valid(lang) ? lang : SL_NONE;
	p.show = presence_show_find(slice_trim(xml_text(stanza_child(stanza, SL("show")), a)));
	read_priority(&p, slice_trim(xml_text(stanza_child(stanza, SL("priority")), a)));
	read_status(&p, a, stanza);
	*ret = p;
	return true;
}

/* ---- writing ---- */

static void put_start(struct buf *out, struct slice from, struct slice to, enum presence_type type)
{
	buf_str(out, "<presence");
	xml_put_attr(out, "from", from);
	xml_put_attr(out, "to", to);
	if (type != PRESENCE_AVAILABLE)
		xml_put_attr(out, "type", slice_of(types[type]));
}

void presence_write_type(
	struct buf *out, struct slice from, struct slice to, enum presence_type type)
{
	put_start(out, from, to, type);
	buf_str(out, "/>");
}

static void put_status(struct buf *out, const struct presence *p, const struct pidf_note *note)
{
	buf_str(out, "<status");
	if (!slice_ieq(note->lang, p->lang))
		xml_put_attr(out, "xml:lang", note->lang);
	buf_chr(out, '>');
	xml_put_text(out, note->text, XML_BAD_REPLACE);
	buf_str(out, "</status>");
}

void presence_write(struct buf *out, struct slice from, struct slice to, const struct presence *p)
{
	put_start(out, from, to, p->type);
	xml_put_attr(out, "xml:lang", p->lang);
	buf_chr(out, '>');
	if (p->show != PRESENCE_SHOW_NONE)
		buf_printf(out, "<show>%s</show>", shows[p->show]);
	for (unsigned i = 0; i < p->n_status; i++)
		put_status(out, p, &p->status[i]);
	if (p->has_priority)
		buf_printf(out, "<priority>%d</priority>", p->priority);
	buf_str(out, "</presence>");
}

/* ---- comparing ---- */

static int rank(const struct presence *p)
{
	static const int of_show[PRESENCE_SHOW__N] = {
		[PRESENCE_CHAT] = 0,
		[PRESENCE_SHOW_NONE] = 1,
		[PRESENCE_DND] = 2,
		[PRESENCE_AWAY] = 3,
		[PRESENCE_XA] = 4,
	};

	if (p->type != PRESENCE_AVAILABLE)
		return 100;
	return of_show[p->show] + (p->has_priority && p->priority < 0 ? 10 : 0);
}

int presence_compare(const struct presence *x, const struct presence *y)
{
	int by_rank = rank(x) - rank(y);

	if (by_rank)
		return by_rank;
	return (y->has_priority ? y->priority : 0) - (x->has_priority ? x->priority : 0);
}
