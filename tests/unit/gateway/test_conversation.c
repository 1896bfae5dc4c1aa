#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/conversation.h"
#include "gateway/cpim.h"
#include "gateway/imdn.h"
#include "rig.h"
#include "view/metrics.h"
#include "xml/document.h"
#include "xmpp/stanza.h"

/* Typing and receipts of pager messages, from the events to what leaves. */

static struct rig *start(const struct rig_options *o)
{
	struct rig *r = xmalloc(sizeof *r);

	rig_init(r, o ? o : &(struct rig_options){0});
	return r;
}

static void stop(struct rig *r)
{
	rig_done(r);
	free(r);
}

/* All that went down is written, and no error comes. */
static void written(struct rig *r)
{
	while (r->n_down)
		rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(r, 400);
}

/* ---- the SIP user ---- */

#define COMPOSING_HEAD "Content-Type: application/im-iscomposing+xml\r\n"
#define CPIM_HEAD      "Content-Type: message/cpim\r\n"
#define NS             "NS: imdn <urn:ietf:params:imdn>\r\n"
#define BOTH           "imdn.Disposition-Notification: positive-delivery, negative-delivery"

static void types(struct rig *r, const char *state)
{
	rig_message(r, NULL, NULL, COMPOSING_HEAD,
		arena_printf(&r->arena,
			"<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'>"
			"<state>%s</state></isComposing>",
			state));
}

static void writes(struct rig *r)
{
	rig_message(r, NULL, NULL, NULL, "text");
	written(r);
}

/* A text in message/cpim with these headers (complete lines). */
static void writes_cpim(struct rig *r, const char *headers)
{
	rig_message(r, NULL, NULL, CPIM_HEAD,
		arena_printf(&r->arena,
			"From: <im:x@y>\r\nDateTime: 2026-01-31T12:00:00Z\r\n" NS
			"%s\r\nContent-Type: text/plain\r\n\r\ntext",
			headers));
}

static void notifies(struct rig *r, const char *from, const char *id, const char *notification)
{
	rig_message(r, NULL, from, CPIM_HEAD,
		arena_printf(&r->arena,
			"From: <im:x@y>\r\n" NS "imdn.Message-ID: own\r\n\r\n"
			"Content-Type: message/imdn+xml\r\nContent-Disposition: "
			"notification\r\n\r\n"
			"<imdn xmlns='urn:ietf:params:xml:ns:imdn'><message-id>%s</message-id>"
			"<datetime>2026-01-31T12:00:00Z</datetime>%s</imdn>",
			id, notification));
}
#define DELIVERED "<delivery-notification><status><delivered/></status></delivery-notification>"
#define FAILED    "<delivery-notification><status><failed/></status></delivery-notification>"
#define DISPLAYED "<display-notification><status><displayed/></status></display-notification>"

/* ---- the contact ---- */

#define BALCONY "juliet@example.com/balcony"

static void says(struct rig *r, const char *from, const char *inner)
{
	rig_stanza(r, arena_printf(&r->arena,
			      "<message from='%s' to='romeo@example.net' id='m1' "
			      "type='chat'>%s</message>",
			      from, inner));
	rig_advance(r, 1);
}

#define STATE(name) "<" name " xmlns='http://jabber.org/protocol/chatstates'/>"
#define REQUEST     "<request xmlns='urn:xmpp:receipts'/>"
#define MARKABLE    "<markable xmlns='urn:xmpp:chat-markers:0'/>"

static void receives(struct rig *r, const char *from, const char *id)
{
	says(r, from, arena_printf(&r->arena, "<received xmlns='urn:xmpp:receipts' id='%s'/>", id));
}

/* ---- what left ---- */

static const struct xml_elem *last_stanza(struct rig *r)
{
	assert_true(r->n_xml > 0);
	return rig_xml(r, r->n_xml - 1);
}

static char *last_id(struct rig *r)
{
	return arena_dup(&r->arena, xml_attr(last_stanza(r), SL("id")));
}

/* The last stanza is the user's, with this chat state and nothing else. */
static void assert_state(struct rig *r, const char *name)
{
	const struct xml_elem *e = last_stanza(r);

	assert_slice(xml_attr(e, SL("from")), "romeo@example.net");
	assert_slice(xml_attr(e, SL("to")), "juliet@example.com");
	assert_slice(xml_attr(e, SL("type")), "chat");
	assert_slice(xml_first(e)->name, name);
	assert_null(xml_next(xml_first(e)));
}

/* The last SIP request that left. */
static const struct sip_msg *last_request(const struct rig *r, unsigned *ret_index)
{
	for (unsigned i = r->n_sip; i-- > 0;)
		if (r->sip[i].m->request) {
			if (ret_index)
				*ret_index = i;
			return r->sip[i].m;
		}
	return NULL;
}

static void answer(struct rig *r, unsigned status)
{
	unsigned i = 0;

	assert_non_null(last_request(r, &i));
	rig_respond(r, i, status, "As the test says", NULL);
}

/* The last request is isComposing with this state. */
static void assert_composing(struct rig *r, const char *state)
{
	const struct sip_msg *m = last_request(r, NULL);

	assert_non_null(m);
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "application/im-iscomposing+xml");
	assert_slice(m->ruri_text, "sip:romeo@example.net");
	assert_slice(m->from.uri.text, "sip:juliet@example.com");
	assert_slice(xml_child_text(xml_document_read(&r->arena, m->body),
			     SL("urn:ietf:params:xml:ns:im-iscomposing"), SL("state"), &r->arena),
		state);
}

/* The last request is an IMDN: of this kind, about the message m1. */
static struct cpim assert_imdn(struct rig *r, enum imdn_kind kind, enum imdn_status status)
{
	const struct sip_msg *m = last_request(r, NULL);
	struct cpim c;
	struct imdn i;

	assert_non_null(m);
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "message/cpim");
	assert_slice(m->from.uri.text, "sip:juliet@example.com");
	assert_true(cpim_read(&c, &r->arena, m->body));
	assert_slice(c.from, "sip:juliet@example.com");
	assert_slice(c.to, "sip:romeo@example.net");
	assert_slice(c.content_type, "message/imdn+xml");
	assert_slice(c.disposition, "notification");
	assert_slice(c.imdn_wish, NULL);
	assert_true(imdn_id_ok(c.imdn_id));
	assert_true(imdn_read(&i, &r->arena, c.body));
	assert_int_equal(i.kind, kind);
	assert_int_equal(i.status, status);
	assert_slice(i.message_id, "m1");
	assert_slice(i.datetime, "2026-01-31T12:00:00Z");
	assert_slice(i.recipient, "sip:juliet@example.com");
	return c;
}

/* ---- typing ---- */

/* SIP to XMPP: answered at once, told once, ended by itself after 120 s (RFC 3994 3.3). */
static void user_types(void **state)
{
	struct rig *r = start(NULL);

	types(r, "active");
	assert_int_equal(rig_status(r), 200);
	assert_int_equal(r->n_xml, 1);
	assert_state(r, "composing");
	types(r, "active");
	assert_int_equal(rig_status(r), 200);
	assert_int_equal(r->n_xml, 1);
	rig_advance(r, 119999);
	assert_int_equal(r->n_xml, 1);
	rig_advance(r, 1);
	assert_int_equal(r->n_xml, 2);
	assert_state(r, "active");
	types(r, "active");
	types(r, "idle");
	assert_int_equal(r->n_xml, 4);
	assert_state(r, "active");
	/* a text ends it without a word more; a page is of no chat (RFC 7572 5) */
	types(r, "active");
	writes(r);
	assert_int_equal(r->n_xml, 6);
	assert_slice(xml_attr(last_stanza(r), SL("type")), NULL);
	rig_advance(r, 130000);
	assert_int_equal(r->n_xml, 6);
	stop(r);
}

/* XMPP to SIP: only to who has written, and whose side takes it (RFC 3994 7). */
static void contact_types(void **state)
{
	struct rig *r = start(NULL);

	says(r, BALCONY, STATE("composing"));
	assert_int_equal(rig_count(r, true), 0);
	writes(r);
	says(r, BALCONY, STATE("composing"));
	assert_int_equal(rig_count(r, true), 0);
	types(r, "active"); /* now it is known that his side has it */
	says(r, BALCONY, STATE("composing"));
	assert_int_equal(rig_count(r, true), 0);
	writes(r);
	says(r, BALCONY, STATE("composing"));
	assert_int_equal(rig_count(r, true), 1);
	assert_composing(r, "active");
	answer(r, 200);
	says(r, BALCONY, STATE("composing"));
	assert_int_equal(rig_count(r, true), 1); /* within 10 s (profile 5.4) */
	says(r, BALCONY, STATE("paused"));
	assert_int_equal(rig_count(r, true), 2);
	assert_composing(r, "idle");
	answer(r, 200);
	says(r, BALCONY, STATE("inactive"));
	says(r, BALCONY, STATE("gone"));
	assert_int_equal(rig_count(r, true), 2);
	/* nobody is told of an answer, and of 415 no more comes (RFC 3994 4) */
	says(r, BALCONY, STATE("composing"));
	answer(r, 415);
	assert_int_equal(r->n_xml, 3);
	says(r, BALCONY, STATE("paused"));
	rig_advance(r, 11000);
	says(r, BALCONY, STATE("composing"));
	assert_int_equal(rig_count(r, true), 3);
	stop(r);
}

/* A contact who answers pages without a state has seen none of ours: that says nothing of him. */
static void contact_answers_without_state(void **state)
{
	struct rig *r = start(NULL);
	unsigned stanzas;

	writes_cpim(r, "");
	written(r);
	says(r, BALCONY, "<body>hi</body>");
	answer(r, 200);
	stanzas = r->n_xml;
	types(r, "active");
	assert_int_equal(r->n_xml, stanzas + 1);
	assert_state(r, "composing");
	stop(r);
}

/* He who says nothing more is idle after 120 s. */
static void contact_stops(void **state)
{
	struct rig *r = start(NULL);

	rig_message(r, NULL, NULL,
		"Content-Type: text/plain\r\nAccept: text/plain, "
		"application/im-iscomposing+xml\r\n",
		"x");
	written(r);
	says(r, BALCONY, STATE("composing"));
	assert_composing(r, "active");
	answer(r, 200);
	rig_advance(r, 119000);
	assert_int_equal(rig_count(r, true), 1);
	rig_advance(r, 1000);
	assert_composing(r, "idle");
	assert_int_equal(rig_count(r, true), 2);
	stop(r);
}

/* Typing takes no room from what must be told: without credit it is dropped. */
static void typing_waits_for_nothing(void **state)
{
	struct rig *r = start(NULL);

	r->no_credit = true;
	types(r, "active");
	assert_int_equal(rig_status(r), 200);
	r->no_credit = false;
	rig_advance(r, 1000);
	assert_int_equal(r->n_xml, 0);
	types(r, "idle");
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

/* What the permission chain stops is not told, and nobody is bothered. */
static void typing_not_permitted(void **state)
{
	struct rig *r = start(NULL);

	types(r, "active");
	writes(r);
	rig_settings(r, &(struct rig_options){.no_xmpp = true});
	types(r, "idle");
	assert_int_equal(rig_status(r), 403);
	assert_int_equal(r->n_xml, 2);
	says(r, BALCONY, STATE("composing"));
	assert_int_equal(rig_count(r, true), 0);
	assert_int_equal(r->n_xml, 2);
	stop(r);
}

/* Whose rights have gone while he types is not told about any more. */
static void typing_when_rights_go(void **state)
{
	struct rig *r = start(NULL);

	types(r, "active");
	assert_int_equal(r->n_xml, 1);
	rig_settings(r, &(struct rig_options){.no_xmpp = true});
	rig_advance(r, 200000);
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

/* Typing makes no invitation, nor is it told before there is one. */
static void typing_invites_nobody(void **state)
{
	struct rig *r = start(
		&(struct rig_options){.partner_type = "PublicUnverified", .write_invites = true});
	struct gateway_view v;

	types(r, "active");
	assert_int_equal(rig_status(r), 200);
	assert_int_equal(r->n_xml, 0);
	gateway_view(r->g, &v);
	assert_int_equal(v.invitations, 0);
	stop(r);
}

/* An error about a chat state is about no message. */
static void typing_bounced(void **state)
{
	struct rig *r = start(NULL);
	uint64_t before = metric_get(M_LATE_ERRORS_FORGOTTEN);

	types(r, "active");
	rig_stanza(r, arena_printf(&r->arena,
			      "<message type='error' from='juliet@example.com' "
			      "to='romeo@example.net' id='%s'><error type='cancel'>"
			      "<service-unavailable "
			      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
			      last_id(r)));
	assert_int_equal(rig_count(r, true), 0);
	assert_int_equal(metric_get(M_LATE_ERRORS_FORGOTTEN), before);
	stop(r);
}

/* ---- receipts that the SIP user asked for ---- */

static void user_asks(void **state)
{
	struct rig *r = start(NULL);
	const struct xml_elem *e;
	struct cpim c;
	char *id;

	writes_cpim(r, "imdn.Message-ID: m1\r\n" BOTH ", display\r\n");
	e = last_stanza(r);
	assert_non_null(xml_child(e, SL("urn:xmpp:receipts"), SL("request")));
	assert_non_null(xml_child(e, SL("urn:xmpp:chat-markers:0"), SL("markable")));
	id = last_id(r);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	assert_int_equal(r->n_sip, 0);
	/* somebody else, and the same in another's name, say nothing */
	receives(r, "nurse@example.com/x", id);
	assert_int_equal(r->n_sip, 0);
	/* the receipt ends the wait for an error: the answer first, then the IMDN */
	receives(r, BALCONY, id);
	assert_int_equal(r->n_sip, 2);
	assert_int_equal(r->sip[0].m->status, 200);
	c = assert_imdn(r, IMDN_DELIVERY, IMDN_DELIVERED);
	assert_false(slice_eqz(c.imdn_id, "m1"));
	answer(r, 200);
	receives(r, BALCONY, id);
	assert_int_equal(r->n_sip, 2);
	says(r, BALCONY,
		arena_printf(
			&r->arena, "<displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/>", id));
	assert_int_equal(r->n_sip, 3);
	assert_imdn(r, IMDN_DISPLAY, IMDN_DISPLAYED);
	answer(r, 200);
	says(r, BALCONY,
		arena_printf(
			&r->arena, "<displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/>", id));
	assert_int_equal(r->n_sip, 3);
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

/* A receipt may come beside a text, and before the fate does. */
static void receipt_beside_a_text(void **state)
{
	struct rig *r = start(NULL);
	char *id;

	writes_cpim(r, "imdn.Message-ID: m1\r\n" BOTH "\r\n");
	id = last_id(r);
	says(r, BALCONY,
		arena_printf(&r->arena,
			"<body>yes</body><received xmlns='urn:xmpp:receipts' id='%s'/>", id));
	assert_int_equal(r->n_sip, 2);
	assert_int_equal(r->sip[0].m->status, 200);
	assert_imdn(r, IMDN_DELIVERY, IMDN_DELIVERED);
	answer(r, 200); /* one MESSAGE at a time (RFC 3428 8) */
	assert_slice(last_request(r, NULL)->body, "yes");
	answer(r, 200);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(r, 5000);
	assert_int_equal(r->n_sip, 3);
	stop(r);
}

/* What is asked for without what it needs, or what nobody has (RFC 5438 6.3, 7.2.1). */
static void wishes_not_taken(void **state)
{
	static const char *const rows[] = {
		"imdn.Message-ID: m1\r\n",
		BOTH "\r\n",
		"imdn.Message-ID: \r\n" BOTH "\r\n",
		"imdn.Message-ID: m1\r\nimdn.Disposition-Notification: processing\r\n",
		"imdn.Message-ID: m1\r\nimdn.Disposition-Notification: x\r\n",
		"imdn.Message-ID: m1\r\n" BOTH "\r\nimdn.IMDN-Record-Route: <sip:1@example.net>\r\n"
		"imdn.IMDN-Record-Route: <sip:2@example.net>\r\n"
		"imdn.IMDN-Record-Route: <sip:3@example.net>\r\n"
		"imdn.IMDN-Record-Route: <sip:4@example.net>\r\n"
		"imdn.IMDN-Record-Route: <sip:5@example.net>\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);

		writes_cpim(r, rows[i]);
		assert_null(xml_child(last_stanza(r), SL("urn:xmpp:receipts"), SL("request")));
		receives(r, BALCONY, last_id(r));
		assert_int_equal(rig_count(r, true), 0);
		stop(r);
	}
}

/* Where IMDN-Record-Route leads: to its top, if that is a user of ours (RFC 5438 7.2.1). */
static void way_back(void **state)
{
	struct rig *r = start(NULL);
	struct cpim c;

	writes_cpim(r, "imdn.Message-ID: m1\r\n" BOTH "\r\n"
		       "imdn.IMDN-Record-Route: <sip:list@example.org>\r\n"
		       "imdn.IMDN-Record-Route: <sip:server@example.net>\r\n");
	receives(r, BALCONY, last_id(r));
	c = assert_imdn(r, IMDN_DELIVERY, IMDN_DELIVERED);
	assert_slice(last_request(r, NULL)->ruri_text, "sip:list@example.org");
	assert_int_equal(c.n_routes, 0); /* IMDN-Route is no IMDN-Record-Route */
	assert_true(slice_contains(
		last_request(r, NULL)->body, SL("imdn.IMDN-Route: <sip:list@example.org>\r\n"
						"imdn.IMDN-Route: <sip:server@example.net>\r\n")));
	answer(r, 200);
	written(r);
	writes_cpim(r, "imdn.Message-ID: m1\r\n" BOTH "\r\n"
		       "imdn.IMDN-Record-Route: <sip:victim@elsewhere.example>\r\n");
	receives(r, BALCONY, last_id(r));
	assert_int_equal(rig_count(r, true), 1);
	stop(r);
}

/* Nor to a user to whom the contact could not write himself. */
static void way_back_to_another(void **state)
{
	struct rig *r = start(&(struct rig_options){.partner_type = "PublicUnverified"});

	gateway_allow_put(
		r->g, SL("romeo@example.net"), SL("juliet@example.com"), 0, SL("root"), NULL, NULL);
	rig_advance(r, 1000);
	for (int i = 0; i < 2; i++) {
		writes_cpim(r, i ? "imdn.Message-ID: m1\r\n" BOTH "\r\n"
				   "imdn.IMDN-Record-Route: <sip:benvolio@example.org>\r\n"
				 : "imdn.Message-ID: m1\r\n" BOTH "\r\n");
		receives(r, BALCONY, last_id(r));
		assert_int_equal(rig_count(r, true), 1); /* of the first alone */
		answer(r, 200);
		written(r);
	}
	stop(r);
}

static void bounce(struct rig *r, const char *id)
{
	rig_stanza(r, arena_printf(&r->arena,
			      "<message type='error' from='juliet@example.com' "
			      "to='romeo@example.net' id='%s'><error type='cancel'>"
			      "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
			      "</error></message>",
			      id));
	rig_advance(r, 1);
}

/* After the 200 he hears by an IMDN what else he would hear by a text (RFC 5438 12.1.3.1). */
static void late_failures(void **state)
{
	static const struct {
		const char *wish;
		bool lost, imdn;
		enum imdn_status status;
	} rows[] = {
		{"negative-delivery", false, true, IMDN_FAILED},
		{"positive-delivery, negative-delivery", false, true, IMDN_FAILED},
		{"negative-delivery", true, true, IMDN_ERROR},
		{"positive-delivery", false, false, 0},
		{"display", true, false, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);
		uint64_t fate;

		writes_cpim(r, arena_printf(&r->arena,
				       "imdn.Message-ID: m1\r\n"
				       "imdn.Disposition-Notification: %s\r\n",
				       rows[i].wish));
		fate = r->down[0]->fate_id;
		written(r);
		assert_int_equal(rig_status(r), 200);
		if (rows[i].lost)
			rig_lost(r, LINK_R_STREAM_LOST, fate);
		else
			bounce(r, last_id(r));
		assert_int_equal(rig_count(r, true), 1);
		if (rows[i].imdn)
			assert_imdn(r, IMDN_DELIVERY, rows[i].status);
		else
			assert_slice(sip_msg_get(last_request(r, NULL), SIP_H_CONTENT_TYPE),
				"text/plain");
		stop(r);
	}
}

/* Who had an error as his answer has no IMDN as well. */
static void refused_has_no_imdn(void **state)
{
	struct rig *r = start(NULL);
	char *id;

	writes_cpim(r, "imdn.Message-ID: m1\r\n" BOTH "\r\n");
	id = last_id(r);
	rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	bounce(r, id);
	assert_int_equal(rig_status(r), 604);
	receives(r, BALCONY, id);
	bounce(r, id);
	assert_int_equal(rig_count(r, true), 0);
	stop(r);
}

/* ---- receipts that the contact asked for ---- */

/* A text with a request, to a user whose side has message/cpim; returns the Message-ID. */
static char *asked(struct rig *r, const char *marks)
{
	const struct sip_msg *m;
	struct cpim c;

	writes_cpim(r, "");
	written(r);
	says(r, BALCONY, arena_printf(&r->arena, "<body>hi</body>%s", marks));
	m = last_request(r, NULL);
	assert_non_null(m);
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "message/cpim");
	assert_true(cpim_read(&c, &r->arena, m->body));
	assert_slice(c.from, "sip:juliet@example.com;gr=balcony");
	assert_slice(c.to, "sip:romeo@example.net");
	assert_slice(c.content_type, "text/plain");
	assert_slice(c.body, "hi");
	assert_true(c.datetime.p != NULL);
	assert_true(c.imdn_id.n >= 15); /* 5 bits a character: over 64 (RFC 5438 6.3) */
	return arena_dup(&r->arena, c.imdn_id);
}

static void contact_asks(void **state)
{
	struct rig *r = start(NULL);
	char *id = asked(r, REQUEST MARKABLE);
	unsigned stanzas;
	struct cpim c;

	assert_true(cpim_read(&c, &r->arena, last_request(r, NULL)->body));
	assert_slice(c.imdn_wish, "positive-delivery, negative-delivery, display");
	answer(r, 200);
	stanzas = r->n_xml;
	notifies(r, "<sip:mercutio@example.net>;tag=1", id, DELIVERED);
	assert_int_equal(rig_status(r), 200);
	notifies(r, NULL, "unknown", DELIVERED);
	assert_int_equal(rig_status(r), 200);
	assert_int_equal(r->n_xml, stanzas);
	notifies(r, NULL, id, DELIVERED);
	assert_int_equal(rig_status(r), 200);
	assert_int_equal(r->n_xml, stanzas + 1);
	assert_slice(xml_attr(last_stanza(r), SL("from")), "romeo@example.net");
	assert_slice(xml_attr(last_stanza(r), SL("to")), BALCONY);
	assert_slice(xml_attr(xml_child(last_stanza(r), SL("urn:xmpp:receipts"), SL("received")),
			     SL("id")),
		"m1");
	assert_null(stanza_child(last_stanza(r), SL("body")));
	notifies(r, NULL, id, DELIVERED);
	notifies(r, NULL, id, FAILED); /* never both (RFC 5438 7.2.1) */
	assert_int_equal(r->n_xml, stanzas + 1);
	notifies(r, NULL, id, DISPLAYED);
	assert_int_equal(r->n_xml, stanzas + 2);
	assert_slice(
		xml_attr(xml_child(last_stanza(r), SL("urn:xmpp:chat-markers:0"), SL("displayed")),
			SL("id")),
		"m1");
	stop(r);
}

static void contact_hears_of_failure(void **state)
{
	struct rig *r = start(NULL);
	char *id = asked(r, REQUEST);
	struct stanza_error e;

	answer(r, 200);
	notifies(r, NULL, id, FAILED);
	assert_true(stanza_error_read(last_stanza(r), &r->arena, &e));
	assert_slice(xml_attr(last_stanza(r), SL("id")), "m1");
	assert_slice(xml_attr(last_stanza(r), SL("to")), BALCONY);
	assert_string_equal(stanza_cond_name(e.cond), "recipient-unavailable");
	stop(r);
}

/* Who takes message/cpim and yet says 415 gets the text plain, once, and no wrapper any more. */
static void wrapper_refused(void **state)
{
	struct rig *r = start(NULL);
	char *id = asked(r, REQUEST);
	unsigned stanzas = r->n_xml;

	answer(r, 415);
	assert_int_equal(rig_count(r, true), 2);
	assert_slice(sip_msg_get(last_request(r, NULL), SIP_H_CONTENT_TYPE), "text/plain");
	assert_slice(last_request(r, NULL)->body, "hi");
	answer(r, 200);
	notifies(r, NULL, id, DELIVERED);
	assert_int_equal(r->n_xml, stanzas);
	says(r, BALCONY, "<body>hi</body>" REQUEST);
	assert_slice(sip_msg_get(last_request(r, NULL), SIP_H_CONTENT_TYPE), "text/plain");
	/* plain refused is refused */
	answer(r, 415);
	assert_int_equal(r->n_xml, stanzas + 1);
	stop(r);
}

/* Nothing is asked for of whose side nothing is known, or without what a receipt needs. */
static void nothing_asked(void **state)
{
	static const struct {
		const char *from, *stanza;
		bool knows;
	} rows[] = {
		{BALCONY, "<body>hi</body>" REQUEST, false},
		{BALCONY, "<body>hi</body>", true},
		{BALCONY, "<body>hi</body>" REQUEST "<received xmlns='urn:xmpp:receipts' id='x'/>",
			true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);

		if (rows[i].knows)
			writes_cpim(r, "");
		else
			writes(r);
		written(r);
		says(r, rows[i].from, rows[i].stanza);
		assert_slice(sip_msg_get(last_request(r, NULL), SIP_H_CONTENT_TYPE), "text/plain");
		assert_slice(last_request(r, NULL)->body, "hi");
		stop(r);
	}
}

/* Towards Microsoft's there are none between two people (lync-sip-profile 5.8). */
static void microsoft_has_none(void **state)
{
	struct rig *r = start(&(struct rig_options){.kind = "microsoft-pool"});

	writes_cpim(r, "imdn.Message-ID: m1\r\n" BOTH "\r\n");
	assert_null(xml_child(last_stanza(r), SL("urn:xmpp:receipts"), SL("request")));
	receives(r, BALCONY, last_id(r));
	written(r);
	says(r, BALCONY, "<body>hi</body>" REQUEST);
	assert_int_equal(rig_count(r, true), 1);
	assert_slice(sip_msg_get(last_request(r, NULL), SIP_H_CONTENT_TYPE), "text/plain");
	stop(r);
}

/* XEP-0184: a contact who may not see the user's presence gets none. */
static void strangers_have_none(void **state)
{
	struct rig *r = start(&(struct rig_options){.partner_type = "PublicVerified"});

	writes_cpim(r, "");
	written(r);
	says(r, BALCONY, "<body>hi</body>" REQUEST);
	assert_slice(sip_msg_get(last_request(r, NULL), SIP_H_CONTENT_TYPE), "text/plain");
	stop(r);
}

/* ---- disco#info of a user ---- */

/* The features he is said to have; NULL: nothing is said of him. */
static const char *features(struct rig *r)
{
	struct slice ns = SL("http://jabber.org/protocol/disco#info");
	const struct xml_elem *query;
	const char *all = "";

	rig_stanza(r, "<iq type='get' id='q' from='" BALCONY "' to='romeo@example.net'>"
		      "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
	query = xml_child(last_stanza(r), ns, SL("query"));
	if (!slice_eqz(xml_attr(last_stanza(r), SL("type")), "result"))
		return NULL;
	xml_each(query, f)
		if (!slice_starts(xml_attr(f, SL("var")), ns) && xml_attr(f, SL("var")).n)
			all = arena_printf(
				&r->arena, "%s %.*s", all, SLARG(xml_attr(f, SL("var"))));
	return all;
}

#define CHATSTATES " http://jabber.org/protocol/chatstates"
#define RECEIPTS   " urn:xmpp:receipts"

/* What is said is true: what is known of his side, and nothing else. */
static void user_features(void **state)
{
	struct rig *r = start(NULL);

	assert_string_equal(features(r), "");
	types(r, "active");
	assert_string_equal(features(r), CHATSTATES);
	writes_cpim(r, "");
	assert_string_equal(features(r), CHATSTATES RECEIPTS);
	rig_settings(r, &(struct rig_options){.no_xmpp = true});
	assert_null(features(r));
	stop(r);
	r = start(&(struct rig_options){.kind = "microsoft-pool"});
	writes_cpim(r, "");
	assert_string_equal(features(r), "");
	stop(r);
}

/* ---- bounds ---- */

/* The pair used least recently is forgotten, and harms nobody. */
static void pairs_are_bounded(void **state)
{
	struct rig *r = start(&(struct rig_options){.limits = {.conversations = 2}});
	unsigned stanzas;

	for (int i = 0; i < 5; i++) {
		rig_message(r, arena_printf(&r->arena, "sip:c%d@example.com", i), NULL,
			COMPOSING_HEAD,
			"<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'>"
			"<state>active</state></isComposing>");
		assert_int_equal(rig_status(r), 200);
		assert_true(conversation_count(r->g) <= 2);
	}
	stanzas = r->n_xml;
	assert_int_equal(stanzas, 5);
	rig_advance(r, 200000);
	assert_int_equal(r->n_xml, stanzas + 2);
	stop(r);
}

/* Of each pair the last 64 messages, of all together as many as the limit says, for a day. */
static void memos_are_bounded(void **state)
{
	struct rig *r = start(&(struct rig_options){.limits = {.memos = 3}});
	char *ids[5];

	for (int i = 0; i < 5; i++) {
		writes_cpim(r, "imdn.Message-ID: m1\r\n" BOTH "\r\n");
		ids[i] = last_id(r);
		written(r);
	}
	receives(r, BALCONY, ids[0]);
	receives(r, BALCONY, ids[1]);
	assert_int_equal(rig_count(r, true), 0);
	receives(r, BALCONY, ids[2]);
	assert_int_equal(rig_count(r, true), 1);
	answer(r, 200);
	rig_advance(r, 24ull * 3600 * 1000 - 5000);
	receives(r, BALCONY, ids[3]);
	assert_int_equal(rig_count(r, true), 2);
	answer(r, 200);
	rig_advance(r, 5000);
	receives(r, BALCONY, ids[4]);
	assert_int_equal(rig_count(r, true), 2);
	stop(r);
}

/* Fewer of them where they are large, and of one that is too large no receipt is asked for. */
static void memos_are_bounded_in_bytes(void **state)
{
	struct rig *r = start(&(struct rig_options){.limits = {.memos = 2}});
	char large[5000], *ids[2];

	snprintf(large, sizeof large,
		"imdn.Message-ID: m1\r\n" BOTH "\r\nimdn.Original-To: <sip:%0*d>\r\n", 4500, 0);
	writes_cpim(r, large);
	assert_null(xml_child(last_stanza(r), SL("urn:xmpp:receipts"), SL("request")));
	written(r);
	snprintf(large, sizeof large,
		"imdn.Message-ID: m1\r\n" BOTH "\r\nimdn.Original-To: <sip:%0*d>\r\n", 300, 0);
	for (int i = 0; i < 2; i++) {
		writes_cpim(r, large);
		assert_non_null(xml_child(last_stanza(r), SL("urn:xmpp:receipts"), SL("request")));
		ids[i] = last_id(r);
		written(r);
	}
	receives(r, BALCONY, ids[0]);
	assert_int_equal(rig_count(r, true), 0);
	receives(r, BALCONY, ids[1]);
	assert_int_equal(rig_count(r, true), 1);
	stop(r);
}

static void own_memos_are_bounded(void **state)
{
	struct rig *r = start(NULL);
	char *first = NULL, *second = NULL;

	for (int i = 0; i < 65; i++) {
		writes_cpim(r, "imdn.Message-ID: m1\r\n" BOTH "\r\n");
		if (i == 0)
			first = last_id(r);
		if (i == 1)
			second = last_id(r);
		written(r);
	}
	receives(r, BALCONY, first);
	assert_int_equal(rig_count(r, true), 0);
	receives(r, BALCONY, second);
	assert_int_equal(rig_count(r, true), 1);
	stop(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_types),
		cmocka_unit_test(contact_types),
		cmocka_unit_test(contact_answers_without_state),
		cmocka_unit_test(contact_stops),
		cmocka_unit_test(typing_waits_for_nothing),
		cmocka_unit_test(typing_not_permitted),
		cmocka_unit_test(typing_when_rights_go),
		cmocka_unit_test(typing_invites_nobody),
		cmocka_unit_test(typing_bounced),
		cmocka_unit_test(user_asks),
		cmocka_unit_test(receipt_beside_a_text),
		cmocka_unit_test(wishes_not_taken),
		cmocka_unit_test(way_back),
		cmocka_unit_test(way_back_to_another),
		cmocka_unit_test(late_failures),
		cmocka_unit_test(refused_has_no_imdn),
		cmocka_unit_test(contact_asks),
		cmocka_unit_test(contact_hears_of_failure),
		cmocka_unit_test(wrapper_refused),
		cmocka_unit_test(nothing_asked),
		cmocka_unit_test(microsoft_has_none),
		cmocka_unit_test(strangers_have_none),
		cmocka_unit_test(user_features),
		cmocka_unit_test(pairs_are_bounded),
		cmocka_unit_test(memos_are_bounded),
		cmocka_unit_test(memos_are_bounded_in_bytes),
		cmocka_unit_test(own_memos_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
