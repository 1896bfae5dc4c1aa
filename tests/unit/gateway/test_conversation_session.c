#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/cpim.h"
#include "gateway/imdn.h"
#include "rig.h"
#include "xmpp/stanza.h"

/* Typing and receipts in sessions: what goes within the dialog, and what goes with its texts. */

#define SDP                                                                                        \
	"v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=session\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"          \
	"m=message 5060 sip null\r\na=accept-types:%s\r\n"
#define USUAL   "text/plain application/im-iscomposing+xml"
#define CONTACT "Contact: <sip:romeo@192.0.2.1:5060>\r\n"
#define BALCONY "juliet@example.com/balcony"

/* ---- the user, in a dialog that he opens ---- */

struct scene {
	struct rig r;
	const char *types;
	char *tag, *target; /* ours: of To, of Contact */
	unsigned cseq;
};

static void request(struct scene *s, const char *method, const char *ruri, const char *headers,
	const char *body)
{
	bool ack = strcmp(method, "ACK") == 0;

	s->cseq += !ack;
	rig_sip_in(&s->r,
		slice_of(arena_printf(&s->r.arena,
			"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u%s\r\n"
			"Max-Forwards: 70\r\nFrom: <sip:romeo@example.net>;tag=1\r\n"
			"To: <sip:juliet@example.com>%s%s\r\nCall-ID: c@192.0.2.1\r\n"
			"CSeq: %u %s\r\n%s" CONTACT "Content-Length: %zu\r\n\r\n%s",
			method, ruri, s->cseq, method, s->tag ? ";tag=" : "", s->tag ? s->tag : "",
			s->cseq, method, headers, strlen(body), body)));
	rig_advance(&s->r, 1);
}

static void within(struct scene *s, const char *method, const char *type, const char *body)
{
	request(s, method, s->target,
		type ? arena_printf(&s->r.arena, "Content-Type: %s\r\n", type) : "", body);
}

/* Nothing of what left so far is looked at any more. */
static void forget(struct scene *s)
{
	while (s->r.n_down)
		rig_fate(&s->r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(&s->r, 400);
	s->r.n_sip = s->r.n_xml = 0;
}

static void call(struct scene *s)
{
	const struct sip_msg *m;
	struct slice contact;

	request(s, "INVITE", "sip:juliet@example.com", "Content-Type: application/sdp\r\n",
		arena_printf(&s->r.arena, SDP, s->types));
	assert_true(s->r.n_sip > 0);
	m = s->r.sip[s->r.n_sip - 1].m;
	assert_int_equal(m->status, 200);
	s->tag = arena_dup(&s->r.arena, m->to.tag);
	contact = sip_msg_get(m, SIP_H_CONTACT);
	contact = slice_from(contact, slice_find(contact, '<') + 1);
	s->target = arena_dup(&s->r.arena, slice_cut(contact, slice_find(contact, '>')));
	request(s, "ACK", s->target, "", "");
	forget(s);
}

static struct scene *start(const char *kind, const char *types)
{
	struct scene *s = xzalloc(sizeof *s);

	s->types = types ? types : USUAL;
	rig_init(&s->r, &(struct rig_options){.kind = kind, .message_mode = "session"});
	return s;
}

static void stop(struct scene *s)
{
	rig_done(&s->r);
	free(s);
}

#define KEYS(status)                                                                               \
	"<?xml version=\"1.0\"?><KeyboardActivity><status status=\"" status                        \
	"\"/></KeyboardActivity>"

/* ---- the contact ---- */

static void says(struct scene *s, const char *inner)
{
	rig_stanza(&s->r, arena_printf(&s->r.arena,
				  "<message from='" BALCONY "' to='romeo@example.net' id='m1' "
				  "type='chat'>%s</message>",
				  inner));
	rig_advance(&s->r, 1);
}

#define STATE(name) "<" name " xmlns='http://jabber.org/protocol/chatstates'/>"
#define REQUEST     "<request xmlns='urn:xmpp:receipts'/>"

/* ---- what left ---- */

/* The last request with this method; NULL: none. */
static const struct sip_msg *sent(const struct scene *s, enum sip_method method, unsigned *ret)
{
	for (unsigned i = s->r.n_sip; i-- > 0;)
		if (s->r.sip[i].m->request && s->r.sip[i].m->method == method) {
			if (ret)
				*ret = i;
			return s->r.sip[i].m;
		}
	return NULL;
}

static void respond(struct scene *s, enum sip_method method, unsigned status)
{
	unsigned i = 0;

	assert_non_null(sent(s, method, &i));
	rig_respond(&s->r, i, status, "As the test says", NULL);
	rig_advance(&s->r, 1);
}

/* The last INFO says so; it is answered. */
static void assert_keys(struct scene *s, const char *status)
{
	const struct sip_msg *m = sent(s, SIP_INFO, NULL);

	assert_non_null(m);
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "application/xml");
	assert_true(slice_contains(
		m->body, slice_of(arena_printf(&s->r.arena, "<status status=\"%s\"/>", status))));
	assert_slice(m->to.tag, "1");
	respond(s, SIP_INFO, 200);
	s->r.n_sip = 0;
}

/* The only stanza that left has this state, and belongs to the dialog's chat. */
static void assert_state(struct scene *s, const char *name)
{
	const struct xml_elem *e;

	assert_int_equal(s->r.n_xml, 1);
	e = rig_xml(&s->r, 0);
	assert_slice(xml_attr(e, SL("type")), "chat");
	assert_slice(xml_attr(e, SL("from")), "romeo@example.net");
	assert_slice(xml_text(stanza_child(e, SL("thread")), &s->r.arena), "c@192.0.2.1");
	assert_non_null(xml_child(e, SL("http://jabber.org/protocol/chatstates"), slice_of(name)));
	s->r.n_xml = 0;
}

/* ---- typing ---- */

/* lync-sip-profile 5.4, both ways; nothing before the dialog is up, nothing after it. */
static void keyboard(void **state)
{
	struct scene *s = start("microsoft-pool", NULL);

	says(s, STATE("composing"));
	assert_int_equal(rig_count(&s->r, true), 0);
	call(s);
	within(s, "INFO", "application/xml", KEYS("type"));
	assert_int_equal(rig_status(&s->r), 200);
	assert_state(s, "composing");
	within(s, "INFO", "application/xml", KEYS("type"));
	within(s, "INFO", "application/xml",
		"<ConversationInfo><Subject>x</Subject></ConversationInfo>");
	within(s, "INFO", "application/xml", "rubbish");
	within(s, "INFO", "text/plain", KEYS("idle"));
	assert_int_equal(rig_status(&s->r), 200); /* whatever it is */
	assert_int_equal(s->r.n_xml, 0);
	within(s, "INFO", "application/xml", KEYS("idle"));
	assert_state(s, "paused");
	s->r.n_sip = 0;
	says(s, STATE("paused")); /* idle is told only after typing */
	assert_int_equal(s->r.n_sip, 0);
	says(s, STATE("composing"));
	assert_keys(s, "type");
	says(s, STATE("composing"));
	assert_int_equal(s->r.n_sip, 0);
	rig_advance(&s->r, 10000);
	says(s, STATE("composing"));
	assert_keys(s, "type");
	says(s, STATE("inactive"));
	assert_keys(s, "idle");
	within(s, "BYE", NULL, "");
	assert_state(s, "gone");
	s->r.n_sip = 0;
	says(s, STATE("composing"));
	assert_int_equal(s->r.n_sip, 0);
	stop(s);
}

/* A peer of another kind is told as its accept-types say. */
static void as_the_peer_accepts(void **state)
{
	struct scene *s = start(NULL, NULL);
	const struct sip_msg *m;

	call(s);
	says(s, STATE("composing"));
	m = sent(s, SIP_MESSAGE, NULL);
	assert_non_null(m);
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "application/im-iscomposing+xml");
	assert_slice(m->to.tag, "1");
	respond(s, SIP_MESSAGE, 415);
	forget(s);
	says(s, STATE("paused"));
	rig_advance(&s->r, 10000);
	says(s, STATE("composing"));
	assert_int_equal(s->r.n_sip, 0); /* RFC 3994 4 */
	stop(s);
	s = start(NULL, "text/plain");
	call(s);
	says(s, STATE("composing"));
	assert_int_equal(s->r.n_sip, 0);
	stop(s);
}

/* A text carries active, unless the contact has shown that he knows no states (XEP-0085 5.1). */
static void beside_texts(void **state)
{
	struct scene *s = start(NULL, NULL);

	call(s);
	within(s, "MESSAGE", "text/plain", "one");
	assert_state(s, "active");
	forget(s);
	says(s, "<body>plain</body>");
	respond(s, SIP_MESSAGE, 200);
	within(s, "MESSAGE", "text/plain", "two");
	assert_null(xml_child(
		rig_xml(&s->r, 0), SL("http://jabber.org/protocol/chatstates"), SL("active")));
	assert_slice(xml_attr(rig_xml(&s->r, 0), SL("type")), "chat");
	forget(s);
	within(s, "MESSAGE", "application/im-iscomposing+xml",
		"<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'>"
		"<state>active</state></isComposing>");
	assert_int_equal(s->r.n_xml, 0);
	says(s, STATE("active"));
	within(s, "MESSAGE", "text/plain", "three");
	assert_state(s, "active");
	stop(s);
}

/* gone beside a text: the text first, then the end, of which the contact hears nothing. */
static void gone_with_a_text(void **state)
{
	struct scene *s = start(NULL, NULL);

	call(s);
	says(s, "<body>bye</body>" STATE("gone"));
	assert_slice(sent(s, SIP_MESSAGE, NULL)->body, "bye");
	assert_null(sent(s, SIP_BYE, NULL));
	respond(s, SIP_MESSAGE, 200);
	assert_non_null(sent(s, SIP_BYE, NULL));
	respond(s, SIP_BYE, 200);
	assert_int_equal(s->r.n_xml, 0);
	stop(s);
}

/* ---- receipts ---- */

#define CPIM USUAL " message/cpim"

/* Asked for and given within the dialog, where the peer accepts message/cpim. */
static void receipts(void **state)
{
	struct scene *s = start(NULL, CPIM);
	const struct sip_msg *m;
	char *id;
	struct cpim c;

	call(s);
	within(s, "MESSAGE", "message/cpim",
		"NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: u1\r\n"
		"imdn.Disposition-Notification: positive-delivery\r\n\r\n"
		"Content-Type: text/plain\r\n\r\ntext");
	assert_int_equal(s->r.n_xml, 1);
	assert_non_null(xml_child(rig_xml(&s->r, 0), SL("urn:xmpp:receipts"), SL("request")));
	id = arena_dup(&s->r.arena, xml_attr(rig_xml(&s->r, 0), SL("id")));
	forget(s);
	says(s, arena_printf(&s->r.arena, "<received xmlns='urn:xmpp:receipts' id='%s'/>", id));
	m = sent(s, SIP_MESSAGE, NULL);
	assert_non_null(m);
	assert_slice(m->to.tag, "1");
	assert_true(slice_contains(m->body, SL("<message-id>u1</message-id>")));
	respond(s, SIP_MESSAGE, 200);
	says(s, "<body>hi</body>" STATE("active") REQUEST);
	m = sent(s, SIP_MESSAGE, NULL);
	assert_slice(m->to.tag, "1");
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "message/cpim");
	assert_true(cpim_read(&c, &s->r.arena, m->body));
	assert_slice(c.body, "hi");
	id = arena_dup(&s->r.arena, c.imdn_id);
	respond(s, SIP_MESSAGE, 200);
	forget(s);
	within(s, "MESSAGE", "message/cpim",
		arena_printf(&s->r.arena,
			"NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: u2\r\n\r\n"
			"Content-Type: message/imdn+xml\r\nContent-Disposition: "
			"notification\r\n\r\n<imdn xmlns='urn:ietf:params:xml:ns:imdn'>"
			"<message-id>%s</message-id><datetime/><delivery-notification><status>"
			"<delivered/></status></delivery-notification></imdn>",
			id));
	assert_int_equal(rig_status(&s->r), 200);
	assert_int_equal(s->r.n_xml, 1);
	assert_slice(xml_attr(rig_xml(&s->r, 0), SL("to")), BALCONY);
	assert_slice(xml_attr(xml_child(rig_xml(&s->r, 0), SL("urn:xmpp:receipts"), SL("received")),
			     SL("id")),
		"m1");
	stop(s);
}

/* Where it does not, or is Microsoft's, a text is a text. */
static void no_receipts(void **state)
{
	static const struct {
		const char *kind, *types;
	} rows[] = {{NULL, USUAL}, {"microsoft-edge", CPIM}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene *s = start(rows[i].kind, rows[i].types);

		call(s);
		says(s, "<body>hi</body>" REQUEST);
		assert_slice(sent(s, SIP_MESSAGE, NULL)->body, "hi");
		stop(s);
	}
}

/* A late error is told in the dialog that is up. */
static void late_error_within(void **state)
{
	struct scene *s = start(NULL, NULL);
	char *id;

	call(s);
	within(s, "MESSAGE", "text/plain", "one");
	id = arena_dup(&s->r.arena, xml_attr(rig_xml(&s->r, 0), SL("id")));
	forget(s);
	rig_stanza(&s->r,
		arena_printf(&s->r.arena,
			"<message type='error' from='juliet@example.com' to='romeo@example.net' "
			"id='%s'><error type='cancel'><item-not-found "
			"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
			id));
	rig_advance(&s->r, 1);
	assert_non_null(sent(s, SIP_MESSAGE, NULL));
	assert_slice(sent(s, SIP_MESSAGE, NULL)->to.tag, "1");
	assert_true(slice_starts(
		sent(s, SIP_MESSAGE, NULL)->body, SL("Your message to juliet@example.com")));
	stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keyboard),
		cmocka_unit_test(as_the_peer_accepts),
		cmocka_unit_test(beside_texts),
		cmocka_unit_test(gone_with_a_text),
		cmocka_unit_test(receipts),
		cmocka_unit_test(no_receipts),
		cmocka_unit_test(late_error_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
