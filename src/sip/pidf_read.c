#include "sip/pidf.h"

#include "xml/document.h"

/*
 * COMPAT: the elements that extend PIDF have had many namespaces: those of the drafts, and those
 * that Asterisk writes. All begin as PIDF's own does, and the local names have not changed.
 */
static bool is_of(const struct xml_elem *e, const char *name)
{
	return slice_eqz(e->name, name) && slice_starts(e->ns, SL(NS_PIDF));
}

static const struct xml_elem *child(const struct xml_elem *e, const char *name)
{
	xml_each(e, c)
		if (is_of(c, name))
			return c;
	return NULL;
}

/* Trimmed; SL_NONE: there is none, or nothing in it. */
static struct slice text_of(const struct xml_elem *e, struct arena *a)
{
	struct slice text = slice_trim(xml_text(e, a));

	return text.n ? text : SL_NONE;
}

static struct slice child_text(const struct xml_elem *e, const char *name, struct arena *a)
{
	return text_of(child(e, name), a);
}

/* ---- what people do ---- */

static uint32_t activity_bit(struct slice name)
{
	for (unsigned i = 0; i < PIDF_ACTIVITY__N; i++)
		if (slice_ieq(name, slice_of(pidf_activity_name(i))))
			return UINT32_C(1) << i;
	return UINT32_C(1) << PIDF_OTHER;
}

/* COMPAT: Lync's form, <activity>busy</activity>, beside RFC 4480's <busy/>. */
static uint32_t read_activities(const struct xml_elem *activities, struct arena *a)
{
	uint32_t bits = 0;

	xml_each(activities, e) {
		struct slice name = e->name;

		if (slice_eqz(name, "note"))
			continue;
		if (slice_eqz(name, "activity"))
			name = text_of(e, a);
		if (name.n)
			bits |= activity_bit(name);
	}
	return bits;
}

static bool says_idle(const struct xml_elem *e, struct arena *a)
{
	return slice_eqz(child_text(e, "user-input", a), "idle");
}

/* The device that a tuple names (RFC 4479 3.4) tells when it was used last. */
static bool device_idle(const struct xml_elem *root, struct slice device, struct arena *a)
{
	if (!device.p)
		return false;
	xml_each(root, e)
		if (is_of(e, "device") && slice_eq(child_text(e, "deviceID", a), device))
			return says_idle(e, a);
	return false;
}

/* ---- notes ---- */

static unsigned count_notes(const struct xml_elem *parent, struct arena *a)
{
	unsigned n = 0;

	xml_each(parent, e)
		n += is_of(e, "note") && text_of(e, a).p;
	return n;
}

static unsigned take_notes(struct pidf_note *to, const struct xml_elem *parent, struct arena *a)
{
	unsigned n = 0;

	xml_each(parent, e) {
		struct slice text = is_of(e, "note") ? text_of(e, a) : SL_NONE;

		if (text.p)
			to[n++] = (struct pidf_note){text, xml_lang(e)};
	}
	return n;
}

static const struct pidf_note *read_notes(
	const struct xml_elem *parent, struct arena *a, unsigned *ret_n)
{
	unsigned n = count_notes(parent, a);
	struct pidf_note *notes = n ? arena_alloc(a, n * sizeof *notes) : NULL;

	*ret_n = n ? take_notes(notes, parent, a) : 0;
	return notes;
}

/* ---- tuples ---- */

static enum pidf_basic basic_of(struct slice text)
{
	if (slice_ieq(text, SL("open")))
		return PIDF_OPEN;
	return slice_ieq(text, SL("closed")) ? PIDF_CLOSED : PIDF_UNSAID;
}

static bool read_tuple(struct pidf_tuple *t, const struct xml_elem *root, const struct xml_elem *e,
	struct arena *a)
{
	const struct xml_elem *status = child(e, "status"), *contact = child(e, "contact");

	*t = (struct pidf_tuple){.id = slice_trim(xml_attr(e, SL("id"))), .priority = -1};
	if (!t->id.n || !status)
		return false;
	t->basic = basic_of(child_text(status, "basic", a));
	t->show = text_of(xml_child(status, SL("jabber:client"), SL("show")), a);
	t->activities = read_activities(child(status, "activities"), a) |
			read_activities(child(e, "activities"), a);
	t->idle = says_idle(e, a) || device_idle(root, child_text(e, "deviceID", a), a);
	t->contact = text_of(contact, a);
	if (contact)
		t->priority = pidf_priority_read(xml_attr(contact, SL("priority")));
	t->notes = read_notes(e, a, &t->n_notes);
	t->timestamp = child_text(e, "timestamp", a);
	return true;
}

static bool read_tuples(struct pidf *p, const struct xml_elem *root, struct arena *a)
{
	struct pidf_tuple *tuples;
	unsigned n = 0;

	xml_each(root, e)
		n += is_of(e, "tuple");
	if (n > PIDF_TUPLES_MAX)
		return false;
	tuples = arena_alloc(a, n * sizeof *tuples);
	xml_each(root, e) {
		if (!is_of(e, "tuple"))
			continue;
		if (!read_tuple(&tuples[p->n_tuples++], root, e, a))
			return false;
	}
	p->tuples = tuples;
	return true;
}

/* ---- persons ---- */

static void add_person(struct pidf_tuple *t, const struct xml_elem *e, struct arena *a)
{
	t->activities |= read_activities(child(e, "activities"), a) |
			 /* COMPAT: Asterisk has a status in its person */
			 read_activities(child(child(e, "status"), "activities"), a);
	t->idle = t->idle || says_idle(e, a);
	if (!t->id.p)
		t->id = xml_attr(e, SL("id"));
	if (!t->timestamp.p)
		t->timestamp = child_text(e, "timestamp", a);
}

static void read_person(struct pidf *p, const struct xml_elem *root, struct arena *a)
{
	struct pidf_note *notes;
	unsigned n = 0;

	p->person.priority = -1;
	xml_each(root, e) {
		if (!is_of(e, "person"))
			continue;
		p->has_person = true;
		add_person(&p->person, e, a);
		n += count_notes(e, a);
	}
	if (!n)
		return;
	p->person.notes = notes = arena_alloc(a, n * sizeof *notes);
	xml_each(root, e)
		if (is_of(e, "person"))
			p->person.n_notes += take_notes(notes + p->person.n_notes, e, a);
}

static struct slice read_display_name(const struct xml_elem *root, struct arena *a)
{
	struct slice name = child_text(root, "display-name", a);

	if (!name.p)
		name = child_text(child(root, "person"), "display-name", a);
	if (!name.p)
		name = child_text(child(root, "tuple"), "display-name", a);
	return name;
}

/*
 * COMPAT: Asterisk declares ISO-8859-1, and its documents are ASCII nearly always. Without the
 * declaration a document is UTF-8, or it is broken.
 */
static struct slice without_declaration(struct slice body)
{
	struct slice rest = slice_trim(body);

	if (slice_starts(rest, SL("<?xml ")))
		rest = slice_from(rest, slice_find(rest, '>') + 1);
	return slice_trim(rest);
}

enum pidf_verdict pidf_read(struct pidf *ret, struct arena *a, struct slice body)
{
	const struct xml_elem *root = xml_document_read(a, without_declaration(body));
	struct pidf p = {0};

	if (!xml_is(root, SL(NS_PIDF), SL("presence")))
		return PIDF_BROKEN;
	p.entity = slice_trim(xml_attr(root, SL("entity")));
	if (!p.entity.n || !read_tuples(&p, root, a))
		return PIDF_BROKEN;
	read_person(&p, root, a);
	p.notes = read_notes(root, a, &p.n_notes);
	p.display_name = read_display_name(root, a);
	*ret = p;
	return PIDF_GOOD;
}
