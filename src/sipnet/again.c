#include "sipnet/again.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM = 2 };

static size_t text_size(const struct sip_spec *s, struct slice call_id, struct slice tag)
{
	size_t n = s->ruri.n + s->from.n + s->to.n + s->from_tag.n + s->to_tag.n + s->call_id.n +
		   s->content_type.n + s->body.n + call_id.n + tag.n;

	for (size_t i = 0; i < s->n_fields; i++)
		n += s->fields[i].name.n + s->fields[i].value.n;
	return n;
}

/* Absent stays absent. */
static struct slice keep(char **at, struct slice s)
{
	struct slice kept = s;

	if (!s.p)
		return s;
	memcpy(*at, s.p, s.n);
	kept.p = *at;
	*at += s.n;
	return kept;
}

struct again *again_new(const struct sip_spec *spec, struct slice call_id, struct slice tag)
{
	size_t n_fields = (spec->n_fields + ROOM) * sizeof(struct sip_out);
	struct again *a = xmalloc(sizeof *a + n_fields + text_size(spec, call_id, tag));
	char *at = (char *)(a + 1) + n_fields;

	a->spec = *spec;
	a->fields = (struct sip_out *)(a + 1);
	a->n_fields = spec->n_fields;
	a->spec.ruri = keep(&at, spec->ruri);
	a->spec.from = keep(&at, spec->from);
	a->spec.to = keep(&at, spec->to);
	a->spec.from_tag = keep(&at, spec->from_tag.p ? spec->from_tag : tag);
	a->spec.to_tag = keep(&at, spec->to_tag);
	a->spec.call_id = keep(&at, spec->call_id.p ? spec->call_id : call_id);
	a->spec.content_type = keep(&at, spec->content_type);
	a->spec.body = keep(&at, spec->body);
	a->spec.cseq = spec->cseq ? spec->cseq : 1;
	for (size_t i = 0; i < spec->n_fields; i++)
		a->fields[i] = (struct sip_out){
			keep(&at, spec->fields[i].name), keep(&at, spec->fields[i].value)};
	a->spec.fields = a->fields;
	return a;
}

void again_plain(struct again *a)
{
	a->spec.n_fields = a->n_fields;
}

void again_add(struct again *a, const char *name, struct slice value)
{
	assert(a->spec.n_fields < a->n_fields + ROOM);
	a->fields[a->spec.n_fields++] = (struct sip_out){slice_of(name), value};
}
