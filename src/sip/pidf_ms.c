#include "sip/pidf.h"

#include "base/mem.h"
#include "sip/value.h"
#include "xml/document.h"

#define BIT(activity) (UINT32_C(1) << PIDF_##activity)

/* COMPAT: these formats have had several namespaces, so only local names count. */
static const struct xml_elem *child(const struct xml_elem *e, const char *name)
{
	xml_each(e, c)
		if (slice_eqz(c->name, name))
			return c;
	return NULL;
}

/* UINT64_MAX: there is no number. */
static uint64_t number(struct slice s)
{
	uint64_t n;

	return slice_u64(slice_trim(s), UINT32_MAX, &n) < 0 ? UINT64_MAX : n;
}

/* What these formats come to: a presentity with one tuple. */
static enum pidf_verdict one_tuple(struct pidf *ret, struct arena *a, struct slice entity,
	struct slice display_name, struct pidf_tuple tuple)
{
	struct pidf_tuple *t = arena_alloc(a, sizeof *t);

	if (!tuple.id.n)
		tuple.id = SL("0");
	*t = tuple;
	*ret = (struct pidf){.entity = slice_trim(entity), .tuples = t, .n_tuples = 1};
	ret->display_name = slice_trim(display_name);
	if (!ret->display_name.n)
		ret->display_name = SL_NONE;
	ret->person.priority = -1;
	return tuple.basic == PIDF_UNSAID ? PIDF_NOTHING : PIDF_GOOD;
}

/* ---- categories: [MS-PRES] aggregateState ---- */

/* From this availability on, up to that of the next row (profile 6.4). */
static const struct {
	unsigned from;
	enum pidf_basic basic;
	uint32_t activities;
} availabilities[] = {
	{0, PIDF_UNSAID, 0},
	{3000, PIDF_OPEN, 0},
	{4500, PIDF_OPEN, BIT(AWAY)}, /* available, idle */
	{6000, PIDF_OPEN, BIT(BUSY)},
	{7500, PIDF_OPEN, BIT(BUSY)},  /* busy, idle */
	{9000, PIDF_OPEN, BIT(BUSY)},  /* do not disturb */
	{12000, PIDF_OPEN, BIT(AWAY)}, /* be right back */
	{15000, PIDF_OPEN, BIT(AWAY)},
	{18000, PIDF_CLOSED, 0},
};

enum pidf_basic pidf_of_availability(uint64_t availability, uint32_t *ret_activities)
{
	size_t i = ARRAY_LEN(availabilities) - 1;

	while (i > 0 && availability < availabilities[i].from)
		i--;
	*ret_activities = availabilities[i].activities;
	return availabilities[i].basic;
}

/* The availability of a category of name state; UINT64_MAX: none. */
static uint64_t state_of(const struct xml_elem *category, struct arena *a, bool *ret_aggregate)
{
	const struct xml_elem *state = child(category, "state");
	struct slice type = SL_NONE;

	if (!slice_eqz(xml_attr(category, SL("name")), "state"))
		return UINT64_MAX;
	if (state)
		type = xml_attr_ns(
			state, SL("http://www.w3.org/2001/XMLSchema-instance"), SL("type"));
	*ret_aggregate =
		slice_eqz(slice_from(type, slice_rfind(type, ':') + 1), "aggregateState") ||
		slice_eqz(type, "aggregateState");
	return number(xml_text(child(state, "availability"), a));
}

/* The aggregate of all devices where there is one, else the first state. */
static enum pidf_verdict read_categories(
	struct pidf *ret, struct arena *a, const struct xml_elem *root)
{
	uint64_t found = UINT64_MAX;
	struct pidf_tuple t = {.priority = -1};

	if (!slice_eqz(root->name, "categories"))
		return PIDF_BROKEN;
	xml_each(root, category) {
		bool aggregate = false;
		uint64_t n = state_of(category, a, &aggregate);

		if (n != UINT64_MAX && (found == UINT64_MAX || aggregate))
			found = n;
		if (n != UINT64_MAX && aggregate)
			break;
	}
	if (found != UINT64_MAX)
		t.basic = pidf_of_availability(found, &t.activities);
	return one_tuple(ret, a, xml_attr(root, SL("uri")), SL_NONE, t);
}

/* ---- msrtc.pidf: [MS-SIP] 2.2.1 ---- */

/* The numbers are thresholds, as those above; between them the one below counts. */
static const struct {
	unsigned from;
	uint32_t activities;
} aggregates[] = {
	{0, 0},
	{100, BIT(AWAY)},
	{150, BIT(LUNCH)},
	{200, BIT(AWAY)},         /* idle */
	{300, BIT(AWAY)},         /* be right back */
	{400, 0},                 /* active */
	{500, BIT(ON_THE_PHONE)}, /* in a session */
	{600, BIT(BUSY)},
	{700, BIT(AWAY)},
	{800, 0},
};

static uint32_t activities_of(uint64_t aggregate)
{
	size_t i = ARRAY_LEN(aggregates) - 1;

	if (aggregate == UINT64_MAX)
		return 0;
	while (i > 0 && aggregate < aggregates[i].from)
		i--;
	return aggregates[i].activities;
}

static enum pidf_verdict read_msrtc(struct pidf *ret, struct arena *a, const struct xml_elem *root)
{
	const struct xml_elem *name = child(root, "displayName");
	uint64_t availability = number(xml_attr(child(root, "availability"), SL("aggregate")));
	struct pidf_tuple t = {.priority = -1};

	if (!slice_eqz(root->name, "presentity"))
		return PIDF_BROKEN;
	if (availability != UINT64_MAX)
		t.basic = availability < 100 ? PIDF_CLOSED : PIDF_OPEN;
	if (t.basic == PIDF_OPEN)
		t.activities =
			activities_of(number(xml_attr(child(root, "activity"), SL("aggregate"))));
	return one_tuple(ret, a, xml_attr(root, SL("uri")), xml_attr(name, SL("displayName")), t);
}

/* ---- xpidf: [MS-SIP] 2.2.2 and appendix B ---- */

static const struct {
	const char *name;
	uint32_t activities;
} substates[] = {
	{"away", BIT(AWAY)},
	{"idle", BIT(AWAY)},
	{"busy", BIT(BUSY)},
	{"berightback", BIT(AWAY)},
	{"onthephone", BIT(ON_THE_PHONE)},
	{"outtolunch", BIT(LUNCH)},
};

/* draft-rosenberg-impp-pidf: a status of open, inuse, inactive or closed. */
static enum pidf_basic status_of(struct slice status)
{
	if (slice_eqz(status, "open") || slice_eqz(status, "inuse"))
		return PIDF_OPEN;
	return slice_eqz(status, "closed") || slice_eqz(status, "inactive") ? PIDF_CLOSED
									    : PIDF_UNSAID;
}

static enum pidf_verdict read_xpidf(struct pidf *ret, struct arena *a, const struct xml_elem *root)
{
	const struct xml_elem *atom = child(root, "atom"), *address = child(atom, "address");
	struct slice sub = xml_attr(child(address, "msnsubstatus"), SL("substatus"));
	struct pidf_tuple t = {.priority = -1};

	if (!slice_eqz(root->name, "presence"))
		return PIDF_BROKEN;
	t.basic = status_of(xml_attr(child(address, "status"), SL("status")));
	for (size_t i = 0; t.basic == PIDF_OPEN && i < ARRAY_LEN(substates); i++)
		if (slice_eqz(sub, substates[i].name))
			t.activities = substates[i].activities;
	t.id = xml_attr(atom, SL("id"));
	if (!t.id.n)
		t.id = xml_attr(atom, SL("atomid"));
	return one_tuple(ret, a, xml_attr(child(root, "presentity"), SL("uri")),
		xml_attr(child(root, "display"), SL("name")), t);
}

/*
 * COMPAT: an xpidf names its DTD, and our reader takes none. The name alone, without declarations
 * of its own, means nothing to us, and is left out.
 */
static struct slice without_doctype(struct slice body)
{
	struct slice rest = slice_trim(body);
	size_t n;

	if (slice_starts(rest, SL("<?")))
		rest = slice_trim(slice_from(rest, slice_find(rest, '>') + 1));
	n = slice_find(rest, '>');
	if (!slice_starts(rest, SL("<!DOCTYPE")) || n == rest.n ||
		slice_find(slice_cut(rest, n), '[') < n)
		return rest;
	return slice_from(rest, n + 1);
}

/* ---- */

static const struct {
	const char *type, *subtype;
	enum pidf_verdict (*read)(struct pidf *, struct arena *, const struct xml_elem *);
	bool doctype;
} formats[] = {
	{"application", "msrtc-event-categories+xml", read_categories, false},
	{"text", "xml+msrtc.pidf", read_msrtc, false},
	{"application", "xpidf+xml", read_xpidf, true},
};

enum pidf_verdict pidf_read_as(
	struct pidf *ret, struct arena *a, struct slice content_type, struct slice body)
{
	const struct xml_elem *root;
	struct sip_media m;

	if (sip_media_parse(content_type, &m) < 0)
		return PIDF_NOTHING;
	if (sip_media_is(&m, "application", "pidf+xml"))
		return pidf_read(ret, a, body);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (!sip_media_is(&m, formats[i].type, formats[i].subtype))
			continue;
		if (body.n > XML_DOCUMENT_MAX)
			return PIDF_BROKEN;
		root = xml_document_read(a, formats[i].doctype ? without_doctype(body) : body);
		return root ? formats[i].read(ret, a, root) : PIDF_BROKEN;
	}
	return PIDF_NOTHING;
}
