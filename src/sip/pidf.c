#include "sip/pidf.h"

#include <assert.h>

#include "xml/writer.h"

static const char *const activities[PIDF_ACTIVITY__N] = {
#define PIDF_ACTIVITY_NAME(id, name) [PIDF_##id] = name,
	PIDF_ACTIVITIES(PIDF_ACTIVITY_NAME)
#undef PIDF_ACTIVITY_NAME
};

_Static_assert(PIDF_ACTIVITY__N <= 32, "activities are bits");

const char *pidf_activity_name(enum pidf_activity a)
{
	assert(a < PIDF_ACTIVITY__N);
	return activities[a];
}

/* ---- contact priority (RFC 3863 4.1.5) ---- */

/* Up to three digits behind the point, in thousandths; -1: something else stands there. */
static int read_decimals(struct slice s)
{
	int value = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_digit(s.p[i]))
			return -1;
		if (i < 3)
			value = value * 10 + (s.p[i] - '0');
	}
	for (size_t i = s.n; i < 3; i++)
		value *= 10;
	return value;
}

int pidf_priority_read(struct slice s)
{
	size_t point;
	int decimals;

	s = slice_trim(s);
	point = slice_find(s, '.');
	if (point != 1 || (s.p[0] != '0' && s.p[0] != '1'))
		return -1;
	decimals = read_decimals(slice_from(s, 2));
	if (decimals < 0 || (s.p[0] == '1' && decimals > 0))
		return -1;
	return s.p[0] == '1' ? 1000 : decimals;
}

void pidf_priority_write(struct buf *out, int thousandths)
{
	assert(thousandths >= 0 && thousandths <= 1000);
	if (thousandths % 1000 == 0)
		buf_str(out, thousandths ? "1" : "0");
	else
		buf_printf(out, "0.%03d", thousandths);
}

/* ---- writing ---- */

static void put(struct buf *out, const char *name, struct slice text)
{
	if (!text.n)
		return;
	buf_printf(out, "<%s>", name);
	xml_put_text(out, text, XML_BAD_REPLACE);
	buf_printf(out, "</%s>", name);
}

static void put_notes(struct buf *out, const char *name, const struct pidf_note *notes, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		buf_printf(out, "<%s", name);
		xml_put_attr(out, "xml:lang", notes[i].lang);
		buf_chr(out, '>');
		xml_put_text(out, notes[i].text, XML_BAD_REPLACE);
		buf_printf(out, "</%s>", name);
	}
}

static void put_activities(struct buf *out, uint32_t bits, const char *before, const char *after)
{
	for (unsigned i = 0; i < PIDF_ACTIVITY__N; i++)
		if (bits & UINT32_C(1) << i)
			buf_printf(out, "%s%s%s", before, activities[i], after);
}

static void put_status(struct buf *out, const struct pidf_tuple *t)
{
	static const char *const basics[] = {[PIDF_OPEN] = "open", [PIDF_CLOSED] = "closed"};

	buf_str(out, "<status>");
	if (t->basic != PIDF_UNSAID)
		buf_printf(out, "<basic>%s</basic>", basics[t->basic]);
	if (t->show.n) {
		buf_str(out, "<show xmlns=\"jabber:client\">");
		xml_put_text(out, t->show, XML_BAD_REPLACE);
		buf_str(out, "</show>");
	}
	/* COMPAT: Lync reads and writes them here, by another name (profile 6.2, 6.3) */
	if (t->activities) {
		buf_str(out, "<activities xmlns=\"" NS_PIDF ":rpid\">");
		put_activities(out, t->activities, "<activity>", "</activity>");
		buf_str(out, "</activities>");
	}
	buf_str(out, "</status>");
}

static void put_contact(struct buf *out, const struct pidf_tuple *t)
{
	if (!t->contact.n)
		return;
	buf_str(out, "<contact");
	if (t->priority >= 0) {
		buf_str(out, " priority=\"");
		pidf_priority_write(out, t->priority);
		buf_chr(out, '"');
	}
	buf_chr(out, '>');
	xml_put_text(out, t->contact, XML_BAD_REPLACE);
	buf_str(out, "</contact>");
}

static void put_tuple(struct buf *out, const struct pidf_tuple *t)
{
	buf_str(out, "<tuple");
	xml_put_attr(out, "id", t->id);
	buf_chr(out, '>');
	put_status(out, t);
	put_contact(out, t);
	put_notes(out, "note", t->notes, t->n_notes);
	put(out, "timestamp", t->timestamp);
	buf_str(out, "</tuple>");
}

static void put_person(struct buf *out, const struct pidf_tuple *t)
{
	buf_str(out, "<dm:person");
	xml_put_attr(out, "id", t->id);
	buf_chr(out, '>');
	if (t->activities) {
		buf_str(out, "<rpid:activities>");
		put_activities(out, t->activities, "<rpid:", "/>");
		buf_str(out, "</rpid:activities>");
	}
	if (t->idle)
		buf_str(out, "<rpid:user-input>idle</rpid:user-input>");
	put_notes(out, "dm:note", t->notes, t->n_notes);
	put(out, "dm:timestamp", t->timestamp);
	buf_str(out, "</dm:person>");
}

void pidf_write(struct buf *out, const struct pidf *p)
{
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><presence xmlns=\"" NS_PIDF "\"");
	if (p->has_person)
		buf_str(out,
			" xmlns:dm=\"" NS_PIDF ":data-model\" xmlns:rpid=\"" NS_PIDF ":rpid\"");
	xml_put_attr(out, "entity", p->entity);
	buf_chr(out, '>');
	for (unsigned i = 0; i < p->n_tuples; i++)
		put_tuple(out, &p->tuples[i]);
	put_notes(out, "note", p->notes, p->n_notes);
	if (p->display_name.n) {
		buf_str(out, "<display-name xmlns=\"" NS_PIDF ":cipid\">");
		xml_put_text(out, p->display_name, XML_BAD_REPLACE);
		buf_str(out, "</display-name>");
	}
	if (p->has_person)
		put_person(out, &p->person);
	buf_str(out, "</presence>");
}
