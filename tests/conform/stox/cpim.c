#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "gateway/cpim.h"
#include "play.h"

/* message/cpim: the format, and its text and date through the gateway. Receipts: receipt.c. */

/* ---- the format ---- */

static void escaping(struct vector *v, json_t *text)
{
	struct buf b = {0};

	cpim_escape(&b, slice_make(json_string_value(text), json_string_length(text)));
	compare(v, v->out, (struct field[]){{"escaped", buf_slice(&b)}}, 1);
	buf_done(&b);
}

static void unescaping(struct vector *v, const char *escaped)
{
	struct slice text = cpim_unescape(&v->arena, slice_of(escaped));

	compare(v, v->out, (struct field[]){{"header_text", text}}, 1);
}

/* One header, in a wrapper that is good but for it. */
static void one_header(struct vector *v, const char *header)
{
	struct slice text = slice_of(
		arena_printf(&v->arena, "%s\r\n\r\nContent-Type: text/plain\r\n\r\nx", header));
	struct cpim c = {0};
	bool good = cpim_read(&c, &v->arena, text);

	compare(v, v->out,
		(struct field[]){
			{"recognized", yes(c.from.p)},
			{"rejected", yes(!good)},
		},
		2);
}

static struct slice subject_in(const struct cpim *c, struct slice lang)
{
	for (unsigned i = 0; i < c->n_subjects; i++)
		if (slice_eq(c->subjects[i].lang, lang))
			return c->subjects[i].text;
	return SL_NONE;
}

static void whole(struct vector *v, const char *text)
{
	json_t *subject = take(v, v->out, "subject"), *want;
	struct cpim c = {0};
	const char *lang;
	void *tmp;

	if (!cpim_read(&c, &v->arena, slice_of(text)))
		fail(v, "it cannot be read");
	compare(v, v->out,
		(struct field[]){
			{"from", c.from},
			{"to", c.to},
			{"content_type", c.content_type},
			{"body", c.body},
		},
		4);
	json_object_foreach_safe(subject, tmp, lang, want) {
		struct slice got = subject_in(&c, slice_of(lang));

		if (!slice_eqz(got, json_string_value(want)))
			fail(v, "subject '%s' is \"%.*s\"", lang, SLARG(got));
		take(v, subject, lang);
	}
}

/* ---- through the gateway ---- */

/* The stanza that a message in this wrapper becomes. */
static void expect_stanza(struct vector *v, struct slice wrapper, json_t *expected)
{
	json_t *request = json_pack(
		"{s:s, s:s%}", "content_type", "message/cpim", "body", wrapper.p, wrapper.n);
	struct rig *r = xmalloc(sizeof *r);
	const struct xml_elem *e, *delay;

	rig_init(r, &(struct rig_options){0});
	play_request(v, r, request);
	e = only_stanza(v, r);
	delay = xml_child(e, SL("urn:xmpp:delay"), SL("delay"));
	compare(v, expected, (struct field[]){{"delay_stamp", xml_attr(delay, SL("stamp"))}}, 1);
	if (e)
		compare_stanza(v, r, expected);
	rig_done(r);
	free(r);
	json_decref(request);
}

static void dated(struct vector *v, const char *date)
{
	expect_stanza(v,
		slice_of(arena_printf(
			&v->arena, "DateTime: %s\r\n\r\nContent-Type: text/plain\r\n\r\nx", date)),
		v->out);
}

void run_cpim(struct vector *v)
{
	json_t *text = take(v, v->in, "header_text"), *wrapper = take(v, v->in, "cpim");
	const char *escaped = take_string(v, v->in, "escaped"),
		   *header = take_string(v, v->in, "header"),
		   *other = take_string(v, v->in, "cpim_header"),
		   *date = take_string(v, v->in, "cpim_datetime");

	if (text)
		escaping(v, text);
	else if (escaped)
		unescaping(v, escaped);
	else if (header || other)
		one_header(v, header ? header : other);
	else if (json_is_string(wrapper))
		whole(v, json_string_value(wrapper));
	else if (date)
		dated(v, date);
	else
		run_receipt(v, wrapper);
}
