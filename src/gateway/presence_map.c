#include "gateway/presence_map.h"

#include <assert.h>

#include "base/mem.h"
#include "gateway/address.h"
#include "gateway/lang.h"
#include "xmpp/stanza.h"

#define BIT(activity) (UINT32_C(1) << PIDF_##activity)

/* ---- activities (RFC 4480 3.2) ---- */

/* What no show says better than its absence, as <working/>, is not in it. */
static const uint32_t shown[PRESENCE_SHOW__N] = {
	[PRESENCE_DND] = BIT(APPOINTMENT) | BIT(BUSY) | BIT(MEETING) | BIT(ON_THE_PHONE) |
			 BIT(PERFORMANCE) | BIT(PRESENTATION) | BIT(STEERING) | BIT(WORSHIP),
	[PRESENCE_XA] =
		BIT(HOLIDAY) | BIT(PERMANENT_ABSENCE) | BIT(SLEEPING) | BIT(TRAVEL) | BIT(VACATION),
	[PRESENCE_AWAY] = BIT(AWAY) | BIT(BREAKFAST) | BIT(DINNER) | BIT(IN_TRANSIT) | BIT(LUNCH) |
			  BIT(MEAL) | BIT(SHOPPING) | BIT(SPECTATOR),
};

/* Profile 6.4: what Lync shows of it. */
static const uint32_t written[PRESENCE_SHOW__N] = {
	[PRESENCE_AWAY] = BIT(AWAY),
	[PRESENCE_XA] = BIT(AWAY),
	[PRESENCE_DND] = BIT(BUSY),
};

enum presence_show presence_show_of(uint32_t activities)
{
	static const enum presence_show order[] = {PRESENCE_DND, PRESENCE_XA, PRESENCE_AWAY};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (activities & shown[order[i]])
			return order[i];
	return PRESENCE_SHOW_NONE;
}

/* ---- priority (RFC 8048 6.2 note 6) ---- */

int presence_priority_to_pidf(int priority)
{
	assert(priority >= 0 && priority <= 127);
	return priority * 1000 / 127;
}

int presence_priority_from_pidf(int thousandths)
{
	return (thousandths * 127 + 999) / 1000;
}

/* ---- resource and tuple id (note 2) ---- */

#define PREFIX "ID-"

static bool is_plain(char c)
{
	return ascii_alnum(c) || c == '-' || c == '.';
}

struct slice presence_tuple_id(struct arena *a, struct slice resource)
{
	static const char hex[] = "0123456789abcdef";
	char *id = arena_alloc(a, sizeof PREFIX + resource.n * 3);
	char *p = slice_copy(id, SL(PREFIX));

	for (size_t i = 0; i < resource.n; i++) {
		unsigned char c = (unsigned char)resource.p[i];

		if (is_plain((char)c)) {
			*p++ = (char)c;
		} else {
			*p++ = '_';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		}
	}
	return slice_make(id, (size_t)(p - id));
}

static bool is_utf8(struct slice s)
{
	size_t n = 0;

	while (s.n && (n = slice_char(s)) > 0)
		s = slice_from(s, n);
	return s.n == 0;
}

/* SL_NONE: not one that presence_tuple_id() has made. */
static struct slice unescape(struct arena *a, struct slice s)
{
	char *raw = arena_alloc(a, s.n), *p = raw;
	struct slice made;

	for (size_t i = 0; i < s.n; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '_' && (i + 2 >= s.n || (c = ascii_hex2(s.p + i + 1)) < 0))
			return SL_NONE;
		i += s.p[i] == '_' ? 2 : 0;
		*p++ = (char)c;
	}
	made = slice_make(raw, (size_t)(p - raw));
	if (!is_utf8(made) ||
		!slice_eq(slice_from(presence_tuple_id(a, made), sizeof PREFIX - 1), s))
		return SL_NONE;
	return made;
}

/* FNV-1a: the same name for the same id, before a restart and after. */
static struct slice named_after(struct arena *a, struct slice id)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ (unsigned char)id.p[i]) * UINT64_C(0x100000001b3);
	return slice_of(arena_printf(a, "id-%016llx", (unsigned long long)h));
}

struct slice presence_resource(struct arena *a, struct slice tuple_id)
{
	bool prefixed = slice_starts(tuple_id, SL(PREFIX)) && tuple_id.n > sizeof PREFIX - 1;
	struct slice rest = slice_from(tuple_id, prefixed ? sizeof PREFIX - 1 : 0), made = SL_NONE;
	struct jid j;

	if (prefixed)
		made = unescape(a, rest);
	if (!made.p)
		made = rest;
	if (jid_make(&j, a, SL_NONE, SL("x.example"), made, NULL) < 0)
		return named_after(a, tuple_id);
	return arena_slice(a, j.resource);
}

/* ---- XMPP to SIP ---- */

struct slice presence_entity(struct arena *a, const struct jid *j)
{
	struct slice entity;
	struct buf b;

	buf_init(&b, 0);
	address_to_aor(&b, a, j);
	entity = slice_of(
		arena_printf(a, "pres:%.*s", SLARG(slice_from(buf_slice(&b), sizeof "sip:" - 1))));
	buf_done(&b);
	return entity;
}

static struct slice contact_of(struct arena *a, const struct jid *from)
{
	struct slice contact;
	struct buf b;

	buf_init(&b, 0);
	address_to_sip(&b, a, from);
	contact = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return contact;
}

void presence_to_tuple(
	struct pidf_tuple *ret, struct arena *a, const struct jid *from, const struct presence *p)
{
	assert(p->type == PRESENCE_AVAILABLE || p->type == PRESENCE_UNAVAILABLE);
	*ret = (struct pidf_tuple){.priority = -1, .notes = p->status, .n_notes = p->n_status};
	ret->id = presence_tuple_id(a, from->resource);
	ret->basic = p->type == PRESENCE_AVAILABLE ? PIDF_OPEN : PIDF_CLOSED;
	if (p->type == PRESENCE_UNAVAILABLE)
		return;
	if (p->show != PRESENCE_SHOW_NONE)
		ret->show = slice_of(presence_show_name(p->show));
	ret->activities = written[p->show];
	if (p->has_priority && p->priority >= 0) {
		ret->priority = presence_priority_to_pidf(p->priority);
		ret->contact = contact_of(a, from); /* only a contact can have one */
	}
}

/* ---- SIP to XMPP ---- */

static enum presence_show show_of(const struct pidf *p, const struct pidf_tuple *t)
{
	enum presence_show s = presence_show_find(t->show);

	if (s == PRESENCE_SHOW_NONE)
		s = presence_show_of(t->activities ? t->activities : p->person.activities);
	if (s == PRESENCE_SHOW_NONE && (t->idle || p->person.idle))
		s = PRESENCE_AWAY;
	return s;
}

/* Of each language one, the first; a tag that is none is left out (RFC 6121 4.7.2.2). */
static unsigned keep_notes(struct pidf_note *to, const struct pidf_note *notes, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n && kept < PRESENCE_STATUSES_MAX; i++) {
		struct pidf_note note = {presence_cut(notes[i].text),
			lang_valid(notes[i].lang) ? notes[i].lang : SL_NONE};
		unsigned j = 0;

		while (j < kept && !slice_ieq(to[j].lang, note.lang))
			j++;
		if (j == kept)
			to[kept++] = note;
	}
	return kept;
}

static void put_status(
	struct presence *ret, struct arena *a, const struct pidf_note *notes, unsigned n)
{
	struct pidf_note *kept = arena_alloc(a, PRESENCE_STATUSES_MAX * sizeof *kept);

	ret->n_status = keep_notes(kept, notes, n);
	ret->status = kept;
}

static void put_notes(
	struct presence *ret, struct arena *a, const struct pidf *p, const struct pidf_tuple *t)
{
	if (t->n_notes)
		put_status(ret, a, t->notes, t->n_notes);
	else if (p->person.n_notes)
		put_status(ret, a, p->person.notes, p->person.n_notes);
	else if (p->n_notes)
		put_status(ret, a, p->notes, p->n_notes);
}

static struct presence hear_tuple(
	struct arena *a, const struct pidf *p, const struct pidf_tuple *t, bool notes)
{
	struct presence ret = {.type = PRESENCE_UNAVAILABLE};

	if (notes)
		put_notes(&ret, a, p, t);
	if (t->basic != PIDF_OPEN)
		return ret;
	ret.type = PRESENCE_AVAILABLE;
	ret.show = show_of(p, t);
	ret.has_priority = t->priority >= 0;
	if (ret.has_priority)
		ret.priority = presence_priority_from_pidf(t->priority);
	return ret;
}

bool presence_vanished(
	const struct presence_heard *heard, unsigned n, struct slice announced_resource)
{
	for (unsigned i = 0; i < n; i++)
		if (slice_eq(heard[i].resource, announced_resource))
			return false;
	return true;
}

unsigned presence_hear(const struct presence_heard **ret, struct arena *a, const struct pidf *p,
	bool notes, struct slice lang)
{
	struct presence_heard *heard = arena_alloc(a, p->n_tuples * sizeof *heard);
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_tuples; i++) {
		const struct pidf_tuple *t = &p->tuples[i];
		struct slice resource = presence_resource(a, t->id);

		if (!presence_vanished(heard, n, resource))
			continue;
		heard[n] = (struct presence_heard){.resource = resource};
		heard[n].unsaid = t->basic == PIDF_UNSAID;
		heard[n].presence = hear_tuple(a, p, t, notes);
		heard[n++].presence.lang = lang_valid(lang) ? lang : SL_NONE;
	}
	*ret = heard;
	return n;
}
