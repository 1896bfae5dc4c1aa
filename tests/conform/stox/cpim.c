#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "gateway/cpim.h"
#include "gateway/imdn.h"
#include "gateway/receipt.h"
#include "play.h"

/*
 * message/cpim and receipts. Its text and its date go through the gateway; of receipts, which no
 * session asks for yet, the decisions and documents are played, not what a session has to remember.
 */
const char *const parts_cpim[] = {"CP-", "IMDN-001", "IMDN-002", "IMDN-003", "IMDN-004", "IMDN-005",
	"IMDN-006", "IMDN-011", NULL};

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

/* ---- receipts ---- */

struct asked {
	struct cpim c;
	struct receipt r;
	struct slice text;
};

/* A message that asks for what the vector says, taken as the gateway would take it. */
static void read_asked(struct vector *v, struct asked *ret, json_t *o)
{
	const char *id = take_string(v, o, "imdn.Message-ID"),
		   *wish = take_string(v, o, "imdn.Disposition-Notification"),
		   *type = take_string(v, o, "content_type"), *body = take_string(v, o, "body");
	struct sip_media media;

	ret->text = slice_of(arena_printf(&v->arena,
		"NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: %s\r\n"
		"imdn.Disposition-Notification: %s\r\n\r\nContent-Type: %s\r\n\r\n%s",
		id ? id : "34jk324j", wish, type ? type : "text/plain", body ? body : "x"));
	if (!cpim_read(&ret->c, &v->arena, ret->text) ||
		sip_media_parse(ret->c.content_type, &media) < 0) {
		fail(v, "it cannot be read");
		return;
	}
	receipt_take(&ret->r, &(struct receipt_asked){.wish = ret->c.imdn_wish,
				      .id = ret->c.imdn_id,
				      .n_routes = ret->c.n_routes,
				      .notification = sip_media_is(&media, "message", "imdn+xml")});
}

static void request_in(struct vector *v, json_t *wrapper)
{
	json_t *message = take(v, v->out, "message");
	struct asked asked = {0};
	bool request;

	read_asked(v, &asked, wrapper);
	request = asked.r.wishes & IMDN_WISH_POSITIVE;
	compare(v, message ? message : v->out, (struct field[]){{"receipt_request", yes(request)}},
		1);
	if (message)
		expect_stanza(v, asked.text, message);
	/* Whatever happens to it, there is no IMDN. */
	asked.r.answered = 200;
	if (take_flag(v, v->out, "no_imdn"))
		for (enum receipt_event e = 0; e < RECEIPT_EV__N; e++) {
			enum imdn_kind kind;
			enum imdn_status status;

			if (receipt_give(&asked.r, e, true, &kind, &status) == RECEIPT_GOOD)
				fail(v, "an IMDN leaves for event %d", e);
		}
}

/* The IMDN as it goes out and is read again. */
static void compare_imdn(
	struct vector *v, struct slice about, enum imdn_kind kind, enum imdn_status status)
{
	struct imdn in = {.kind = kind, .status = status, .message_id = about, .datetime = SL("")},
		    out;
	struct buf document = {0}, wrapper = {0};
	struct cpim c = {0};

	imdn_write(&document, &in);
	cpim_write(&wrapper, &(struct cpim_out){.date_ms = UINT64_MAX,
				     .imdn_id = SL("of-its-own"),
				     .content_type = SL(IMDN_TYPE),
				     .disposition = IMDN_PURPOSE,
				     .body = buf_slice(&document)});
	if (!cpim_read(&c, &v->arena, buf_slice(&wrapper)) || !imdn_read(&out, &v->arena, c.body))
		fail(v, "the IMDN cannot be read");
	else
		compare(v, take(v, v->out, "imdn"),
			(struct field[]){
				{"content_type", c.content_type},
				{"content_disposition", c.disposition},
				{"message_id", out.message_id},
				{"notification", slice_of(imdn_kind_name(out.kind))},
				{"status", slice_of(imdn_status_name(out.status))},
				{"own_message_id", c.imdn_id},
				{"disposition_notification", c.imdn_wish},
			},
			7);
	buf_done(&document);
	buf_done(&wrapper);
}

/* What happens to a message, and which IMDN it causes. */
static void event_in(
	struct vector *v, struct asked *asked, enum receipt_event event, unsigned times)
{
	json_t *count = take(v, v->out, "imdns");
	unsigned n = 0;
	enum imdn_kind kind;
	enum imdn_status status;

	for (unsigned i = 0; i < times; i++)
		n += receipt_give(&asked->r, event, true, &kind, &status) == RECEIPT_GOOD;
	if (count && n != (unsigned)json_integer_value(count))
		fail(v, "%u IMDNs", n);
	if (take_flag(v, v->out, "no_imdn") && n)
		fail(v, "an IMDN leaves");
	if (json_object_get(v->out, "imdn")) {
		if (n)
			compare_imdn(v, asked->c.imdn_id, kind, status);
		else
			fail(v, "no IMDN leaves");
	}
}

static enum receipt_event event_of(struct vector *v, unsigned *ret_times)
{
	json_t *message = take(v, v->in, "message"), *stanza = take(v, v->in, "stanza");
	json_t *sequence = take(v, v->in, "sequence"), *final = take(v, v->in, "final_response");
	const char *event = take_string(v, v->in, "event");

	*ret_times = sequence ? (unsigned)json_array_size(sequence) : 1;
	if ((message && take_string(v, message, "received_id")) || sequence)
		return RECEIPT_EV_RECEIVED;
	if ((stanza && take_string(v, stanza, "condition")) || final) {
		take_string(v, stanza, "type");
		return RECEIPT_EV_FAILED;
	}
	if (!event || strcmp(event, "stanza written to the XMPP stream") != 0)
		fail(v, "unknown event");
	return RECEIPT_EV_WRITTEN;
}

/* After IMDN-001, or a message that asks for what the vector says; answered 200 unless it says. */
static void later(struct vector *v)
{
	const char *wish = take_string(v, v->in, "imdn_requested");
	json_t *final = json_object_get(v->in, "final_response"), *o;
	struct asked asked = {0};
	unsigned times;
	enum receipt_event event;

	take(v, v->in, "after");
	o = json_pack("{s:s}", "imdn.Disposition-Notification",
		wish ? wish : "positive-delivery, negative-delivery");
	read_asked(v, &asked, o);
	asked.r.answered = final ? (unsigned)json_integer_value(final) : 200;
	event = event_of(v, &times);
	event_in(v, &asked, event, times);
	json_decref(o);
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
	else if (wrapper)
		request_in(v, wrapper);
	else if (date)
		dated(v, date);
	else
		later(v);
}
