#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "gateway/cpim.h"
#include "gateway/imdn.h"
#include "play.h"

/*
 * Receipts through the gateway: IMDN of SIP (RFC 5438) and XEP-0184, XEP-0333 of XMPP, as pager
 * messages. That the user's side takes message/cpim it has shown by sending one.
 */
#define USER    "romeo@example.net"
#define CONTACT "juliet@example.com"

struct play {
	struct vector *v;
	struct rig *r;
	char *stanza_id;  /* of the user's text as a stanza */
	char *message_id; /* of the contact's text as a MESSAGE */
	unsigned sent;    /* MESSAGEs of the user */
};

static const char *or_else(const char *s, const char *usual)
{
	return s ? s : usual;
}

/* Nothing of what left so far is looked at any more. */
static void forget(struct rig *r)
{
	play_written(r);
	r->n_xml = r->n_sip = 0;
}

/* ---- what comes in ---- */

/* A MESSAGE with this wrapper. */
static void user_sends(struct play *p, const char *from, const char *wrapper)
{
	const char *id = arena_printf(&p->v->arena, "z9hG4bKreceipt%u", ++p->sent);
	json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:s}", "from", from, "content_type",
		"message/cpim", "body", wrapper, "branch", id, "call_id", id);

	play_request(p->v, p->r, request);
	json_decref(request);
}

/* A text or a notification that asks for what the vector says. */
static void user_asks(struct play *p, json_t *o)
{
	struct vector *v = p->v;
	const char *type = or_else(take_string(v, o, "content_type"), "text/plain");
	bool notification = strcmp(type, IMDN_TYPE) == 0;
	struct rig *r = p->r;

	user_sends(p, or_else(take_string(v, o, "from"), "<sip:" USER ">;tag=1"),
		arena_printf(&v->arena,
			"NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: %s\r\n"
			"imdn.Disposition-Notification: %s\r\n\r\nContent-Type: %s\r\n\r\n%s",
			or_else(take_string(v, o, "imdn.Message-ID"), "34jk324j"),
			take_string(v, o, "imdn.Disposition-Notification"), type,
			notification ? "<imdn xmlns='" NS_IMDN "'><message-id>x</message-id>"
				       "<datetime/><delivery-notification><status><delivered/>"
				       "</status></delivery-notification></imdn>"
				     : or_else(take_string(v, o, "body"), "x")));
	if (r->n_xml)
		p->stanza_id = arena_dup(&v->arena, xml_attr(rig_xml(r, r->n_xml - 1), SL("id")));
}

/* A text of the user's before, in message/cpim. */
static void user_has_cpim(struct play *p)
{
	user_sends(p, "<sip:" USER ">;tag=1", "\r\nContent-Type: text/plain\r\n\r\nbefore");
	forget(p->r);
}

/* The contact's text that asks for everything, answered 200. */
static void contact_asks(struct play *p, json_t *message)
{
	const struct sip_msg *m;
	struct cpim c;

	json_object_set_new(message, "receipt_request", json_true());
	json_object_set_new(message, "markable", json_true());
	json_object_set_new(message, "body", json_string("x"));
	play_stanza(p->v, p->r, "message", message);
	rig_advance(p->r, 1);
	m = only_request(p->v, p->r);
	if (!m)
		return;
	if (cpim_read(&c, &p->v->arena, m->body) && c.imdn_id.p)
		p->message_id = arena_dup(&p->v->arena, c.imdn_id);
	else
		fail(p->v, "nothing was asked for");
	rig_respond(p->r, 0, 200, "OK", NULL);
	p->r->n_sip = 0;
}

/* The user's IMDN about it. */
static void user_notifies(struct play *p, json_t *imdn)
{
	struct vector *v = p->v;
	const char *kind = take_string(v, imdn, "notification"),
		   *status = take_string(v, imdn, "status");

	take(v, imdn, "message_id"); /* words: that of the text before */
	user_sends(p, "<sip:" USER ">;tag=1",
		arena_printf(&v->arena,
			"NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: own\r\n\r\n"
			"Content-Type: " IMDN_TYPE "\r\nContent-Disposition: notification\r\n\r\n"
			"<imdn xmlns='" NS_IMDN "'><message-id>%s</message-id><datetime/>"
			"<%s-notification><status><%s/></status></%s-notification></imdn>",
			or_else(p->message_id, "none"), kind, status, kind));
}

static void contact_says(struct play *p, const char *type, const char *inner)
{
	rig_stanza(p->r,
		arena_printf(&p->v->arena,
			"<message from='" CONTACT "' to='" USER "' %s>%s</message>", type, inner));
	rig_advance(p->r, 1);
}

static void contact_receives(struct play *p)
{
	contact_says(p, "",
		arena_printf(&p->v->arena, "<received xmlns='urn:xmpp:receipts' id='%s'/>",
			p->stanza_id));
}

static void contact_bounces(struct play *p, const char *condition)
{
	contact_says(p, arena_printf(&p->v->arena, "type='error' id='%s'", p->stanza_id),
		arena_printf(&p->v->arena,
			"<error type='cancel'><%s "
			"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
			condition));
}

/* ---- what left ---- */

static unsigned count_imdns(struct play *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->r->n_sip; i++)
		n += p->r->sip[i].m->request && slice_contains(p->r->sip[i].m->body, SL(IMDN_TYPE));
	return n;
}

static void compare_imdn(struct play *p, json_t *expected)
{
	struct vector *v = p->v;
	const struct sip_msg *m = only_request(v, p->r);
	struct cpim c = {0};
	struct imdn i;

	if (!m)
		return;
	if (!cpim_read(&c, &v->arena, m->body) || !imdn_read(&i, &v->arena, c.body)) {
		fail(v, "the IMDN cannot be read");
		return;
	}
	compare(v, expected,
		(struct field[]){
			{"content_type", c.content_type},
			{"content_disposition", c.disposition},
			{"message_id", i.message_id},
			{"notification", slice_of(imdn_kind_name(i.kind))},
			{"status", slice_of(imdn_status_name(i.status))},
			{"own_message_id", c.imdn_id},
			{"disposition_notification", c.imdn_wish},
		},
		7);
}

/* A request in message/cpim, by its own headers. */
static void compare_wrapped(struct play *p, json_t *expected)
{
	struct vector *v = p->v;
	json_t *inner = take(v, expected, "cpim");
	const struct sip_msg *m = only_request(v, p->r);
	struct cpim c = {0};

	if (!m)
		return;
	if (!cpim_read(&c, &v->arena, m->body))
		fail(v, "the wrapper cannot be read");
	compare_request(v, m, expected);
	compare(v, inner,
		(struct field[]){
			{"NS", slice_contains(m->body, SL("NS: imdn <urn:ietf:params:imdn>\r\n"))
					? SL("imdn <urn:ietf:params:imdn>")
					: SL_NONE},
			{"imdn.Message-ID", c.imdn_id},
			{"DateTime", c.datetime},
			{"imdn.Disposition-Notification", c.imdn_wish},
			{"body", c.body},
		},
		5);
}

static void expect(struct play *p)
{
	struct vector *v = p->v;
	json_t *message = take(v, v->out, "message"), *stanza = take(v, v->out, "stanza"),
	       *imdn = take(v, v->out, "imdn"), *request = take(v, v->out, "request"),
	       *count = take(v, v->out, "imdns"), *asks = take(v, v->out, "receipt_request");
	bool none = take_flag(v, v->out, "no_imdn"),
	     none_needed = take_flag(v, v->out, "no_imdn_required");

	if (message || stanza)
		compare_stanza(v, p->r, message ? message : stanza);
	if (imdn)
		compare_imdn(p, imdn);
	if (request)
		compare_wrapped(p, request);
	if (count && count_imdns(p) != (unsigned)json_integer_value(count))
		fail(v, "%u IMDNs", count_imdns(p));
	if ((none || none_needed) && count_imdns(p))
		fail(v, "an IMDN leaves");
	for (unsigned i = 0; i < p->r->n_xml; i++) {
		const struct xml_elem *e = rig_xml(p->r, i);
		struct slice receipts = SL("urn:xmpp:receipts");

		if (json_is_false(asks) && xml_child(e, receipts, SL("request")))
			fail(v, "a receipt is asked for");
		if (json_object_get(v->out, "no_received") &&
			xml_child(e, receipts, SL("received")))
			fail(v, "a receipt is told");
	}
	take_flag(v, v->out, "no_received");
}

/* ---- the vectors ---- */

/* A text of the user's that asks, and what comes of it. */
static void later(struct play *p)
{
	struct vector *v = p->v;
	const char *wish = take_string(v, v->in, "imdn_requested"),
		   *event = take_string(v, v->in, "event"), *from = take_string(v, v->in, "from");
	json_t *message = take(v, v->in, "message"), *stanza = take(v, v->in, "stanza"),
	       *sequence = take(v, v->in, "sequence"), *final = take(v, v->in, "final_response"),
	       *asked;

	take(v, v->in, "after"); /* IMDN-001, answered 2xx */
	asked = json_pack("{s:s, s:s*}", "imdn.Disposition-Notification",
		or_else(wish, "positive-delivery, negative-delivery"), "from",
		from ? arena_printf(&v->arena, "<%s>;tag=1", from) : NULL);
	user_asks(p, asked);
	json_decref(asked);
	if (final) {
		rig_fate(p->r, LINK_WRITTEN, LINK_R_NONE);
		contact_bounces(p, "remote-server-not-found");
		if (rig_status(p->r) != json_integer_value(final))
			fail(v, "the final response is %u", rig_status(p->r));
		contact_bounces(p, "remote-server-not-found");
		return;
	}
	forget(p->r);
	if (message && take_string(v, message, "received_id"))
		contact_receives(p);
	else if (sequence)
		for (size_t i = 0; i < json_array_size(sequence); i++)
			contact_receives(p);
	else if (stanza && take_string(v, stanza, "type"))
		contact_bounces(p, take_string(v, stanza, "condition"));
	else if (!from && (!event || strcmp(event, "stanza written to the XMPP stream") != 0))
		fail(v, "unknown event");
}

/* A text of the contact's that asks, and an IMDN about it. */
static void notified(struct play *p, json_t *sent, json_t *imdn)
{
	json_t *usual = json_pack(
		"{s:s, s:s, s:s}", "from", CONTACT "/yn0cl4bnw0yr3vym", "to", USER, "id", "r1");

	user_has_cpim(p);
	contact_asks(p, sent ? sent : usual);
	user_notifies(p, imdn);
	json_decref(usual);
}

void run_receipt(struct vector *v, json_t *wrapper)
{
	json_t *imdn = take(v, v->in, "imdn"),
	       *sent = take(v, v->in, "message_sent_with_receipt_request"),
	       *message = json_object_get(v->in, "message");
	struct play p = {.v = v, .r = xmalloc(sizeof *p.r)};

	rig_init(p.r, &(struct rig_options){0});
	if (wrapper) {
		user_asks(&p, wrapper);
	} else if (imdn) {
		notified(&p, sent, imdn);
	} else if (json_object_get(message, "receipt_request")) {
		user_has_cpim(&p);
		play_stanza(v, p.r, "message", take(v, v->in, "message"));
		rig_advance(p.r, 1);
	} else {
		later(&p);
	}
	expect(&p);
	rig_done(p.r);
	free(p.r);
}
