#include "gateway/presence_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One block: its texts stand behind it. */
struct presence_held {
	struct slice resource;
	struct presence presence;
	struct pidf_note notes[];
};

/* ---- one resource ---- */

static size_t bytes_of(const struct presence *p)
{
	size_t n = p->lang.n;

	for (unsigned i = 0; i < p->n_status; i++)
		n += p->status[i].text.n + p->status[i].lang.n;
	return n;
}

/* Moves s to *at, which goes on; absent stays absent. */
static struct slice keep(char **at, struct slice s)
{
	struct slice kept = {*at, s.n};

	if (!s.p)
		return SL_NONE;
	*at = slice_copy(*at, s);
	return kept;
}

static struct presence_held *held_new(struct slice resource, const struct presence *p)
{
	size_t head = sizeof(struct presence_held) + p->n_status * sizeof(struct pidf_note);
	char *block = xmalloc(head + bytes_of(p) + resource.n), *at = block + head;
	struct presence_held *h = (struct presence_held *)(void *)block;

	h->presence = *p;
	h->presence.status = h->notes;
	h->resource = keep(&at, resource);
	h->presence.lang = keep(&at, p->lang);
	for (unsigned i = 0; i < p->n_status; i++) {
		h->notes[i].text = keep(&at, p->status[i].text);
		h->notes[i].lang = keep(&at, p->status[i].lang);
	}
	return h;
}

static bool same_notes(const struct presence *x, const struct presence *y)
{
	for (unsigned i = 0; i < x->n_status; i++)
		if (!slice_eq(x->status[i].text, y->status[i].text) ||
			!slice_eq(x->status[i].lang, y->status[i].lang))
			return false;
	return true;
}

static bool same(const struct presence *x, const struct presence *y)
{
	return x->show == y->show && x->has_priority == y->has_priority &&
	       x->priority == y->priority && x->n_status == y->n_status &&
	       slice_eq(x->lang, y->lang) && same_notes(x, y);
}

/* ---- the set ---- */

static unsigned find(const struct presence_set *s, struct slice resource)
{
	unsigned i = 0;

	while (i < s->n && !slice_eq(s->held[i]->resource, resource))
		i++;
	return i;
}

static void take_out(struct presence_set *s, unsigned i)
{
	free(s->held[i]);
	s->n--;
	memmove(&s->held[i], &s->held[i + 1], (s->n - i) * sizeof *s->held);
}

/* Before those that are not more available: of equals, who has spoken last. */
static void put_in(struct presence_set *s, struct presence_held *h)
{
	unsigned i = 0;

	while (i < s->n && presence_compare(&s->held[i]->presence, &h->presence) < 0)
		i++;
	memmove(&s->held[i + 1], &s->held[i], (s->n - i) * sizeof *s->held);
	s->held[i] = h;
	s->n++;
}

static void clear(struct presence_set *s)
{
	while (s->n)
		take_out(s, s->n - 1);
	free((char *)s->gone.p);
	s->gone = SL_NONE;
}

void presence_set_done(struct presence_set *s)
{
	clear(s);
	s->known = false;
}

void presence_set_forget(struct presence_set *s)
{
	presence_set_done(s);
}

static void remember_gone(struct presence_set *s, struct slice resource)
{
	char *copy = slice_dup(resource);

	free((char *)s->gone.p);
	s->gone = slice_make(copy, resource.n);
}

static bool hear_unavailable(struct presence_set *s, struct slice resource)
{
	bool was_known = s->known;
	unsigned i = find(s, resource);

	s->known = true;
	if (!resource.p && s->n) {
		remember_gone(s, s->held[0]->resource);
		while (s->n)
			take_out(s, s->n - 1);
		return true;
	}
	if (resource.p && (i < s->n || !was_known)) {
		if (s->n <= 1)
			remember_gone(s, resource);
		if (i < s->n)
			take_out(s, i);
		return true;
	}
	return !was_known;
}

static bool hear_available(struct presence_set *s, struct slice resource, const struct presence *p)
{
	unsigned i = find(s, resource);

	s->known = true;
	if (i < s->n && same(&s->held[i]->presence, p))
		return false;
	if (i < s->n) {
		take_out(s, i);
	} else if (s->n == PRESENCE_RESOURCES_MAX) {
		if (presence_compare(&s->held[s->n - 1]->presence, p) <= 0)
			return false;
		take_out(s, s->n - 1);
	}
	put_in(s, held_new(resource, p));
	return true;
}

bool presence_set_hear(struct presence_set *s, struct slice resource, const struct presence *p)
{
	assert(p->type == PRESENCE_AVAILABLE || p->type == PRESENCE_UNAVAILABLE);
	return p->type == PRESENCE_AVAILABLE ? hear_available(s, resource, p)
					     : hear_unavailable(s, resource);
}

/* ---- telling ---- */

static struct jid full(const struct jid *bare, struct slice resource)
{
	return (struct jid){bare->local, bare->domain, resource};
}

static void tell(struct pidf *ret, struct arena *a, const struct jid *bare,
	const struct pidf_tuple *tuples, unsigned n)
{
	*ret = (struct pidf){.tuples = tuples, .n_tuples = n};
	ret->entity = presence_entity(a, bare);
	ret->person.priority = -1;
	/* RFC 4480 3.2: of the person there is one state, that of where he is most */
	ret->person.activities = n ? tuples[0].activities : 0;
	ret->has_person = ret->person.activities;
	ret->person.id = SL("p");
}

void presence_set_tell_closed(
	const struct presence_set *s, struct pidf *ret, struct arena *a, const struct jid *bare)
{
	static const struct presence unavailable = {.type = PRESENCE_UNAVAILABLE};
	struct pidf_tuple *t = arena_alloc(a, sizeof *t);
	struct jid j = full(bare, s->n ? s->held[0]->resource : s->gone);

	presence_to_tuple(t, a, &j, &unavailable);
	tell(ret, a, bare, t, 1);
}

bool presence_set_tell(const struct presence_set *s, struct pidf *ret, struct arena *a,
	const struct jid *bare, unsigned at_most)
{
	unsigned n = at_most && at_most < s->n ? at_most : s->n;
	struct pidf_tuple *tuples;

	if (!s->known)
		return false;
	if (!n) {
		presence_set_tell_closed(s, ret, a, bare);
		return true;
	}
	tuples = arena_alloc(a, n * sizeof *tuples);
	for (unsigned i = 0; i < n; i++) {
		struct jid j = full(bare, s->held[i]->resource);

		presence_to_tuple(&tuples[i], a, &j, &s->held[i]->presence);
	}
	tell(ret, a, bare, tuples, n);
	return true;
}

struct slice presence_set_lang(const struct presence_set *s)
{
	return s->n ? s->held[0]->presence.lang : SL_NONE;
}
