#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "sip/sip.h"

static void same_notes(const struct pidf_note *x, unsigned n, const struct pidf_note *y, unsigned m)
{
	assert(n == m);
	for (unsigned i = 0; i < n; i++)
		assert(slice_eq(x[i].text, y[i].text));
}

/* What a document says is what is read of the one we write of it. */
static void again(struct arena *a, const struct pidf *p)
{
	struct pidf q;
	struct buf b;

	buf_init(&b, 0);
	pidf_write(&b, p);
	if (pidf_read(&q, a, buf_slice(&b)) != PIDF_GOOD) {
		assert(b.n > 8192); /* it grew over a limit: escapes, a tag of 8 KiB */
	} else {
		assert(q.n_tuples == p->n_tuples && slice_eq(q.entity, p->entity));
		for (unsigned i = 0; i < q.n_tuples; i++) {
			const struct pidf_tuple *x = &p->tuples[i], *y = &q.tuples[i];

			assert(slice_eq(x->id, y->id) && x->basic == y->basic);
			assert(slice_eq(x->show, y->show) && x->activities == y->activities);
			assert(!x->contact.p || x->priority == y->priority);
			same_notes(x->notes, x->n_notes, y->notes, y->n_notes);
		}
		same_notes(p->notes, p->n_notes, q.notes, q.n_notes);
		same_notes(p->person.notes, p->person.n_notes, q.person.notes, q.person.n_notes);
		assert(p->person.activities == q.person.activities);
	}
	buf_done(&b);
}

/* The first byte chooses the type; the rest is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const types[] = {
		PIDF_TYPE, PIDF_TYPE_MSRTC, PIDF_TYPE_XPIDF, PIDF_TYPE_CATEGORIES};
	struct arena a = {0};
	struct pidf doc;

	if (!n)
		return 0;
	memset(&doc, 0x5a, sizeof doc);
	if (pidf_read_as(&doc, &a, slice_of(types[*p % ARRAY_LEN(types)]),
		    slice_make(p + 1, n - 1)) == PIDF_GOOD) {
		assert(doc.n_tuples <= PIDF_TUPLES_MAX);
		for (unsigned i = 0; i < doc.n_tuples; i++)
			assert(doc.tuples[i].id.n && doc.tuples[i].priority <= 1000);
		if (doc.entity.n)
			again(&a, &doc);
	}
	arena_done(&a);
	return 0;
}
