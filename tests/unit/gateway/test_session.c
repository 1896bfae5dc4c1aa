#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "gateway/session.h"
#include "rig.h"
#include "view/routes.h"
#include "xmpp/stanza.h"

/*
 * Sessions from end to end, on a clock that stands still: stanzas on one side, the SIP messages of
 * a user agent on the other. What the machine does is test_session_machine's, what a dialog does is
 * test_leg's; here is what becomes of texts and of those who wrote them.
 */
#define SDP                                                                                        \
	"v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=session\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"          \
	"m=message 5060 sip null\r\na=accept-types:text/plain text/html\r\n"
#define AUDIO                                                                                      \
	"v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns=session\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"          \
	"m=audio 5062 RTP/SAVP 0\r\n"

static struct rig *start(const struct rig_options *o)
{
	struct rig *r = xmalloc(sizeof *r);
	struct rig_options session = {.message_mode = "session"};

	rig_init(r, o ? o : &session);
	return r;
}

static void stop(struct rig *r)
{
	rig_done(r);
	free(r);
}

static unsigned sessions(const struct rig *r)
{
	struct gateway_view v;

	gateway_view(r->g, &v);
	return v.sessions;
}

static unsigned queued(const struct rig *r)
{
	struct gateway_view v;

	gateway_view(r->g, &v);
	return v.queued;
}

/* ---- the contact ---- */

static void stanza(struct rig *r, const char *id, const char *inner)
{
	rig_stanza(r, arena_printf(&r->arena,
			      "<message from='juliet@example.com/balcony' to='romeo@example.net' "
			      "id='%s' type='chat'>%s</message>",
			      id, inner));
}

static void text(struct rig *r, const char *id, const char *body)
{
	stanza(r, id, arena_printf(&r->arena, "<body>%s</body>", body));
}

static void assert_error(struct rig *r, const char *id, const char *condition)
{
	struct stanza_error s;
	struct arena a = {0};

	assert_true(r->n_xml > 0);
	assert_true(stanza_error_read(rig_xml(r, r->n_xml - 1), &a, &s));
	assert_string_equal(stanza_cond_name(s.cond), condition);
	assert_slice(xml_attr(rig_xml(r, r->n_xml - 1), SL("id")), id);
	arena_done(&a);
}

static const char *body_of(struct rig *r, unsigned i)
{
	const struct xml_elem *body = stanza_child(rig_xml(r, i), SL("body"));

	return body ? arena_dup(&r->arena, xml_text(body, &r->arena)) : NULL;
}

static bool has_state(struct rig *r, unsigned i, const char *state)
{
	return xml_child(rig_xml(r, i), SL("http://jabber.org/protocol/chatstates"),
		       slice_of(state)) != NULL;
}

/* ---- the user's side ---- */

static bool is_again(const struct rig *r, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (slice_eq(slice_of(r->sip[k].text), slice_of(r->sip[i].text)))
			return true;
	return false;
}

/* Requests of a method that left, what was sent again not counted; *ret_last: the last of them. */
static unsigned count(const struct rig *r, enum sip_method method, unsigned *ret_last)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_sip; i++) {
		if (!r->sip[i].m->request || r->sip[i].m->method != method || is_again(r, i))
			continue;
		n++;
		if (ret_last)
			*ret_last = i;
	}
	return n;
}

static const struct sip_msg *last(const struct rig *r, enum sip_method method)
{
	unsigned i = 0;

	assert_true(count(r, method, &i) > 0);
	return r->sip[i].m;
}

/* The status of the last response that left, and to what. */
static unsigned answered(const struct rig *r, enum sip_method method)
{
	for (unsigned i = r->n_sip; i-- > 0;)
		if (!r->sip[i].m->request && r->sip[i].m->method == method &&
			r->sip[i].m->status >= 200)
			return r->sip[i].m->status;
	return 0;
}

static const struct sip_msg *answer_to(const struct rig *r, enum sip_method method)
{
	for (unsigned i = r->n_sip; i-- > 0;)
		if (!r->sip[i].m->request && r->sip[i].m->method == method)
			return r->sip[i].m;
	fail_msg("no answer to %s", sip_method_name(method));
	return NULL;
}

/* The answer to an INVITE of theirs. */
static const struct sip_msg *answer_to_call(const struct rig *r, const char *id)
{
	for (unsigned i = r->n_sip; i-- > 0;)
		if (!r->sip[i].m->request && r->sip[i].m->method == SIP_INVITE &&
			r->sip[i].m->status >= 200 && slice_eqz(r->sip[i].m->call_id, id))
			return r->sip[i].m;
	return NULL;
}

static void respond_to(
	struct rig *r, const struct sip_msg *m, unsigned status, const char *more, const char *body)
{
	rig_sip_in(r,
		slice_of(arena_printf(&r->arena,
			"SIP/2.0 %u x\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s%s\r\nCall-ID: "
			"%.*s\r\nCSeq: %u %s\r\nContact: "
			"<sip:192.0.2.1:5060>\r\n%s%sContent-Length: %zu\r\n\r\n%s",
			status, SLARG(sip_msg_get(m, SIP_H_VIA)), SLARG(sip_msg_get(m, SIP_H_FROM)),
			SLARG(sip_msg_get(m, SIP_H_TO)), m->to.tag.p ? "" : ";tag=theirs",
			SLARG(m->call_id), m->cseq, sip_method_name(m->method), more ? more : "",
			body ? "Content-Type: application/sdp\r\n" : "", body ? strlen(body) : 0,
			body ? body : "")));
}

/* To the last request of the method. */
static void respond(struct rig *r, enum sip_method method, unsigned status)
{
	respond_to(r, last(r, method), status, NULL,
		method == SIP_INVITE && status < 300 ? SDP : NULL);
}

/* A dialog that the user opens. */
struct call {
	const char *id;
	unsigned cseq;
};

static void call_request(
	struct rig *r, struct call *c, const char *method, const char *more, const char *body)
{
	bool ack = strcmp(method, "ACK") == 0, invite = strcmp(method, "INVITE") == 0;
	const struct sip_msg *ok = invite ? NULL : answer_to_call(r, c->id);

	c->cseq += !ack;
	rig_sip_in(
		r, slice_of(arena_printf(&r->arena,
			   "%s sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
			   "192.0.2.1;branch=z9hG4bK%s%u%s\r\nMax-Forwards: 70\r\nFrom: "
			   "<sip:romeo@example.net>;tag=%s\r\nTo: "
			   "<sip:juliet@example.com>%s%.*s\r\nCall-ID: %s\r\nCSeq: %u "
			   "%s\r\nContact: <sip:romeo@192.0.2.1:5060>\r\n%sContent-Length: "
			   "%zu\r\n\r\n%s",
			   method, c->id, c->cseq, method, c->id, ok ? ";tag=" : "",
			   ok ? (int)ok->to.tag.n : 0, ok ? ok->to.tag.p : "", c->id, c->cseq,
			   method, more ? more : "", body ? strlen(body) : 0, body ? body : "")));
}

static void call_invite(struct rig *r, struct call *c, const char *more)
{
	call_request(r, c, "INVITE",
		arena_printf(&r->arena, "Content-Type: application/sdp\r\n%s", more ? more : ""),
		SDP);
}

static void call_text(struct rig *r, struct call *c, const char *body)
{
	call_request(r, c, "MESSAGE", "Content-Type: text/plain; charset=UTF-8\r\n", body);
}

static void call_up(struct rig *r, struct call *c)
{
	call_invite(r, c, NULL);
	assert_int_equal(answered(r, SIP_INVITE), 200);
	call_request(r, c, "ACK", NULL, NULL);
}

/* The contact has a session with him, in which one text was delivered. */
static void contact_up(struct rig *r)
{
	text(r, "m1", "one");
	respond(r, SIP_INVITE, 200);
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(queued(r), 0);
}

/* ---- a contact begins ---- */

/* profile 5.6: texts wait for the 200, then go one at a time, in order. */
static void contact_begins(void **state)
{
	struct rig *r = start(NULL);
	const struct sip_msg *m;

	text(r, "m1", "one");
	text(r, "m2", "two");
	assert_int_equal(count(r, SIP_INVITE, NULL), 1);
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 0);
	m = last(r, SIP_INVITE);
	assert_slice(m->ruri_text, "sip:romeo@example.net");
	assert_slice(m->from.uri.text, "sip:juliet@example.com");
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "application/sdp");
	assert_false(slice_contains(m->body, SL("one")));
	respond(r, SIP_INVITE, 200);
	assert_int_equal(count(r, SIP_ACK, NULL), 1);
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 1);
	m = last(r, SIP_MESSAGE);
	assert_slice(m->body, "one");
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "text/plain;charset=UTF-8");
	assert_slice(m->to.tag, "theirs");
	assert_true(slice_eq(m->call_id, last(r, SIP_INVITE)->call_id));
	respond(r, SIP_MESSAGE, 200);
	assert_slice(last(r, SIP_MESSAGE)->body, "two");
	assert_int_equal(last(r, SIP_MESSAGE)->cseq, m->cseq + 1);
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(queued(r), 0);
	assert_int_equal(r->n_xml, 0);
	text(r, "m3", "three");
	assert_int_equal(count(r, SIP_INVITE, NULL), 1);
	assert_slice(last(r, SIP_MESSAGE)->body, "three");
	stop(r);
}

/* profile 5.6, RFC 7247 7: to every text that waits. */
static void refused(void **state)
{
	static const struct {
		unsigned status;
		const char *condition;
	} rows[] = {
		{480, "recipient-unavailable"},
		{486, "recipient-unavailable"},
		{603, "recipient-unavailable"},
		{488, "not-acceptable"},
		{606, "not-acceptable"},
		{404, "item-not-found"},
		{403, "forbidden"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);

		text(r, "m1", "one");
		text(r, "m2", "two");
		respond(r, SIP_INVITE, rows[i].status);
		assert_int_equal(r->n_xml, 2);
		assert_error(r, "m2", rows[i].condition);
		assert_int_equal(count(r, SIP_MESSAGE, NULL), 0);
		assert_int_equal(sessions(r), 0);
		stop(r);
	}
}

/* profile 5.6: no answer. It is given up, and who rings on is told so. */
static void unanswered(void **state)
{
	struct rig *r = start(NULL);

	text(r, "m1", "one");
	respond_to(r, last(r, SIP_INVITE), 180, NULL, NULL);
	rig_advance(r, 39900);
	assert_int_equal(r->n_xml, 0);
	rig_advance(r, 200);
	assert_error(r, "m1", "remote-server-timeout");
	assert_non_null(strstr(r->xml[0], "the message was not sent"));
	assert_int_equal(count(r, SIP_CANCEL, NULL), 1);
	assert_int_equal(queued(r), 0);
	stop(r);
}

/* ---- auto ---- */

/* Issue 6: pager after 488, 405 or 501, remembered for an hour. */
static void auto_falls_back(void **state)
{
	static const unsigned statuses[] = {488, 405, 501};

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct rig *r = start(&(struct rig_options){.message_mode = "auto"});

		text(r, "m1", "one");
		text(r, "m2", "two");
		respond(r, SIP_INVITE, statuses[i]);
		assert_int_equal(r->n_xml, 0);
		assert_slice(last(r, SIP_MESSAGE)->body, "one");
		assert_slice(last(r, SIP_MESSAGE)->to.tag, NULL);
		text(r, "m3", "three");
		respond(r, SIP_MESSAGE, 200);
		assert_slice(last(r, SIP_MESSAGE)->body, "two");
		respond(r, SIP_MESSAGE, 200);
		assert_slice(last(r, SIP_MESSAGE)->body, "three");
		respond(r, SIP_MESSAGE, 200);
		assert_int_equal(count(r, SIP_INVITE, NULL), 1);
		rig_advance(r, 3600 * 1000);
		text(r, "m4", "four");
		assert_int_equal(count(r, SIP_INVITE, NULL), 2);
		assert_int_equal(r->n_xml, 0);
		stop(r);
	}
}

/* Of other refusals nothing follows for the next text. */
static void auto_is_refused(void **state)
{
	struct rig *r = start(&(struct rig_options){.message_mode = "auto"});

	text(r, "m1", "one");
	respond(r, SIP_INVITE, 480);
	assert_error(r, "m1", "recipient-unavailable");
	text(r, "m2", "two");
	assert_int_equal(count(r, SIP_INVITE, NULL), 2);
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 0);
	stop(r);
}

/* ---- what becomes of a text ---- */

/* profile 5.3, design section 9: there is no such dialog; once more, and once only. */
static void dead(void **state)
{
	static const unsigned statuses[] = {481, 480, 404, 410};

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct rig *r = start(NULL);

		contact_up(r);
		text(r, "m2", "two");
		respond(r, SIP_MESSAGE, statuses[i]);
		assert_int_equal(count(r, SIP_INVITE, NULL), 2);
		assert_int_equal(r->n_xml, 0);
		assert_int_equal(count(r, SIP_BYE, NULL), 0);
		respond(r, SIP_INVITE, 200);
		assert_slice(last(r, SIP_MESSAGE)->body, "two");
		assert_int_equal(count(r, SIP_MESSAGE, NULL), 3);
		respond(r, SIP_MESSAGE, statuses[i]);
		assert_int_equal(r->n_xml, 1);
		assert_error(r, "m2",
			statuses[i] == 480   ? "recipient-unavailable"
			: statuses[i] == 481 ? stanza_cond_name(STANZA_ITEM_NOT_FOUND)
			: statuses[i] == 404 ? "item-not-found"
					     : "gone");
		assert_int_equal(sessions(r), 0);
		stop(r);
	}
}

/* profile 5.3: other answers. The session goes on. */
static void failed(void **state)
{
	static const struct {
		unsigned status;
		const char *condition;
	} rows[] = {
		{486, "recipient-unavailable"},
		{403, "forbidden"},
		{415, "not-acceptable"},
		{488, "not-acceptable"},
		{606, "not-acceptable"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);

		contact_up(r);
		text(r, "m2", "two");
		text(r, "m3", "three");
		respond(r, SIP_MESSAGE, rows[i].status);
		assert_error(r, "m2", rows[i].condition);
		assert_slice(last(r, SIP_MESSAGE)->body, "three");
		assert_int_equal(count(r, SIP_INVITE, NULL), 1);
		stop(r);
	}
}

/* profile 5.3: the filter of his server says no; who may know the true condition hears it. */
static void blocked(void **state)
{
	static const struct {
		const char *warning, *partner, *condition;
	} rows[] = {
		{"Warning: 309 pool \"blocked\"\r\n", NULL, "policy-violation"},
		{"Warning: 399 a \"x\", 309 pool \"blocked\"\r\n", NULL, "policy-violation"},
		{"Warning: 399 pool \"309\"\r\n", NULL, "not-acceptable"},
		{"Warning: 309 pool \"blocked\"\r\n", "PublicVerified", "service-unavailable"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(&(struct rig_options){
			.message_mode = "session", .partner_type = rows[i].partner});

		contact_up(r);
		text(r, "m2", "two");
		respond_to(r, last(r, SIP_MESSAGE), 606, rows[i].warning, NULL);
		assert_error(r, "m2", rows[i].condition);
		stop(r);
	}
}

/* profile 5.3: it may have arrived. Not again, and told so; what waits goes in another dialog. */
static void silent(void **state)
{
	struct rig *r = start(NULL);

	contact_up(r);
	text(r, "m2", "two");
	rig_advance(r, 20000);
	text(r, "m3", "three");
	rig_advance(r, 12100);
	assert_error(r, "m2", "remote-server-timeout");
	assert_int_equal(r->n_xml, 1);
	assert_int_equal(count(r, SIP_BYE, NULL), 1);
	assert_int_equal(count(r, SIP_INVITE, NULL), 2);
	respond(r, SIP_INVITE, 200);
	assert_slice(last(r, SIP_MESSAGE)->body, "three");
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

/* ---- a user begins ---- */

static void user_begins(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};
	const struct xml_elem *e;

	call_up(r, &c);
	assert_slice(sip_msg_get(answer_to(r, SIP_INVITE), SIP_H_CONTENT_TYPE), "application/sdp");
	assert_int_equal(r->n_xml, 0);
	call_text(r, &c, "I take thee at thy word");
	e = rig_xml(r, 0);
	assert_slice(xml_attr(e, SL("from")), "romeo@example.net");
	assert_slice(xml_attr(e, SL("to")), "juliet@example.com");
	assert_slice(xml_attr(e, SL("type")), "chat");
	assert_slice(xml_text(stanza_child(e, SL("thread")), &r->arena), "c1");
	assert_string_equal(body_of(r, 0), "I take thee at thy word");
	assert_int_equal(answered(r, SIP_MESSAGE), 0);
	rig_fate(r, LINK_WRITTEN, 0);
	rig_advance(r, 300);
	assert_int_equal(answered(r, SIP_MESSAGE), 200);
	/* the answer goes where he reads */
	text(r, "m1", "What man art thou");
	assert_int_equal(count(r, SIP_INVITE, NULL), 0);
	assert_slice(last(r, SIP_MESSAGE)->body, "What man art thou");
	assert_slice(last(r, SIP_MESSAGE)->call_id, "c1");
	respond(r, SIP_MESSAGE, 200);
	stop(r);
}

/* The answer rule holds within a session. */
static void user_hears_errors(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_up(r, &c);
	call_text(r, &c, "one");
	rig_fate(r, LINK_UNSENT, LINK_R_NO_SUCH_SERVER);
	assert_int_equal(answered(r, SIP_MESSAGE), 404);
	call_text(r, &c, "two");
	rig_fate(r, LINK_WRITTEN, 0);
	rig_stanza(r, arena_printf(&r->arena,
			      "<message from='juliet@example.com' to='romeo@example.net' id='%.*s' "
			      "type='error'><error type='cancel'><item-not-found "
			      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
			      SLARG(xml_attr(rig_xml(r, 1), SL("id")))));
	assert_int_equal(answered(r, SIP_MESSAGE), 604);
	assert_int_equal(sessions(r), 1);
	stop(r);
}

/* profile 5.2 */
static void not_taken(void **state)
{
	static const struct {
		const char *rule;
		struct rig_options o;
		const char *to, *sdp;
		unsigned status;
	} rows[] = {
		{"not enabled", {.no_federation = true}, NULL, SDP, 403},
		{"no XMPP", {.no_xmpp = true}, NULL, SDP, 403},
		{"not invited", {.partner_type = "PublicUnverified"}, NULL, SDP, 403},
		{"partner off", {.partner_off = true}, NULL, SDP, 403},
		{"not a partner", {.no_partner = true}, NULL, SDP, 404},
		{"audio only", .sdp = AUDIO, .status = 488},
		{"no SDP", .status = 488},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(&rows[i].o);
		struct call c = {.id = "c1"};

		call_request(r, &c, "INVITE",
			rows[i].sdp ? "Content-Type: application/sdp\r\n" : NULL, rows[i].sdp);
		if (answered(r, SIP_INVITE) != rows[i].status)
			fail_msg("%s: %u", rows[i].rule, answered(r, SIP_INVITE));
		assert_int_equal(sessions(r), 0);
		stop(r);
	}
}

#define FIRST "ms-text-format: text/plain; charset=UTF-8;ms-body=SGVsbG8=\r\n"

/* profile 5.2: exactly once, whether he says it again or not. */
static void first_message(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_invite(r, &c, "Supported: ms-embedded-first-message\r\n" FIRST);
	assert_int_equal(answered(r, SIP_INVITE), 200);
	assert_true(slice_contains(
		sip_msg_get(answer_to(r, SIP_INVITE), SIP_H_SUPPORTED), SL("ms-text-format")));
	assert_int_equal(r->n_xml, 1);
	assert_string_equal(body_of(r, 0), "Hello");
	assert_slice(xml_attr(rig_xml(r, 0), SL("type")), "chat");
	rig_fate(r, LINK_WRITTEN, 0);
	call_request(r, &c, "ACK", NULL, NULL);
	call_text(r, &c, "Hello");
	assert_int_equal(answered(r, SIP_MESSAGE), 200);
	assert_int_equal(r->n_xml, 1);
	call_text(r, &c, "Hello");
	assert_int_equal(r->n_xml, 2); /* said a second time, it is meant */
	assert_string_equal(body_of(r, 1), "Hello");
	stop(r);
}

static void first_message_is_not_repeated(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_invite(r, &c, FIRST);
	call_request(r, &c, "ACK", NULL, NULL);
	call_text(r, &c, "other");
	assert_int_equal(r->n_xml, 2);
	call_text(r, &c, "Hello");
	assert_int_equal(r->n_xml, 3);
	stop(r);
}

/* After an error, for example: he means it. */
static void first_message_said_later(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_invite(r, &c, FIRST);
	call_request(r, &c, "ACK", NULL, NULL);
	rig_advance(r, 10000);
	call_text(r, &c, "Hello");
	assert_int_equal(r->n_xml, 2);
	stop(r);
}

/* Nobody waits for its answer: what fails is told in the dialog. */
static void first_message_fails(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_invite(r, &c, FIRST);
	rig_fate(r, LINK_UNSENT, LINK_R_NO_SUCH_SERVER);
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 0);
	call_request(r, &c, "ACK", NULL, NULL);
	assert_true(slice_contains(last(r, SIP_MESSAGE)->body, SL("was not delivered")));
	assert_slice(last(r, SIP_MESSAGE)->call_id, "c1");
	assert_int_equal(count(r, SIP_INVITE, NULL), 0);
	stop(r);
}

static void first_message_is_bounced(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_invite(r, &c, FIRST);
	call_request(r, &c, "ACK", NULL, NULL);
	rig_fate(r, LINK_WRITTEN, 0);
	rig_stanza(r, arena_printf(&r->arena,
			      "<message from='juliet@example.com' to='romeo@example.net' id='%.*s' "
			      "type='error'><error type='cancel'><item-not-found "
			      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
			      SLARG(xml_attr(rig_xml(r, 0), SL("id")))));
	assert_true(slice_contains(last(r, SIP_MESSAGE)->body, SL("item-not-found")));
	stop(r);
}

/* ---- both at once, and another ---- */

/* docs/decisions/0242: theirs is taken, and what waits goes by theirs. */
static void glare(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};
	const struct sip_msg *ours;

	text(r, "m1", "one");
	ours = last(r, SIP_INVITE);
	respond_to(r, ours, 180, NULL, NULL);
	call_invite(r, &c, NULL);
	assert_int_equal(answered(r, SIP_INVITE), 200);
	assert_int_equal(count(r, SIP_CANCEL, NULL), 1);
	respond_to(r, last(r, SIP_CANCEL), 200, NULL, NULL);
	respond_to(r, ours, 487, NULL, NULL);
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 0);
	call_request(r, &c, "ACK", NULL, NULL);
	assert_slice(last(r, SIP_MESSAGE)->body, "one");
	assert_slice(last(r, SIP_MESSAGE)->call_id, "c1");
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(r->n_xml, 0);
	assert_int_equal(sessions(r), 1);
	stop(r);
}

/* What he opens last is what he looks at; a text under way is waited for. */
static void another(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c2"};
	const struct sip_msg *old;

	contact_up(r);
	text(r, "m2", "two");
	old = last(r, SIP_MESSAGE);
	call_invite(r, &c, NULL);
	assert_int_equal(count(r, SIP_BYE, NULL), 1);
	call_request(r, &c, "ACK", NULL, NULL);
	text(r, "m3", "three");
	assert_true(last(r, SIP_MESSAGE) == old);
	respond_to(r, old, 200, NULL, NULL);
	assert_slice(last(r, SIP_MESSAGE)->body, "three");
	assert_slice(last(r, SIP_MESSAGE)->call_id, "c2");
	assert_int_equal(sessions(r), 1);
	stop(r);
}

/* ---- the end ---- */

/* profile 5.7, RFC 7573 6.1: his BYE; the next text opens another. */
static void user_ends(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_up(r, &c);
	stanza(r, "m1", "<body>one</body><active xmlns='http://jabber.org/protocol/chatstates'/>");
	call_request(r, &c, "BYE", NULL, NULL);
	assert_int_equal(answered(r, SIP_BYE), 200);
	assert_int_equal(r->n_xml, 1);
	assert_true(has_state(r, 0, "gone"));
	assert_slice(xml_text(stanza_child(rig_xml(r, 0), SL("thread")), &r->arena), "c1");
	respond(r, SIP_MESSAGE, 200); /* his answer decides */
	assert_int_equal(sessions(r), 0);
	text(r, "m2", "two");
	assert_int_equal(count(r, SIP_INVITE, NULL), 1);
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

/* profile 5.4: gone, when all is delivered. */
static void contact_is_gone(void **state)
{
	struct rig *r = start(NULL);

	contact_up(r);
	text(r, "m2", "two");
	stanza(r, "m3", "<gone xmlns='http://jabber.org/protocol/chatstates'/>");
	assert_int_equal(count(r, SIP_BYE, NULL), 0);
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(count(r, SIP_BYE, NULL), 1);
	respond(r, SIP_BYE, 200);
	assert_int_equal(sessions(r), 0);
	assert_int_equal(r->n_xml, 0);
	stop(r);
}

/* profile 5.7 */
static void idle(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_up(r, &c);
	rig_advance(r, 599000);
	call_request(r, &c, "INFO", "Content-Type: application/xml\r\n", "<KeyboardActivity/>");
	assert_int_equal(answered(r, SIP_INFO), 200);
	rig_advance(r, 599000);
	assert_int_equal(count(r, SIP_BYE, NULL), 0);
	rig_advance(r, 1100);
	assert_int_equal(count(r, SIP_BYE, NULL), 1);
	respond(r, SIP_BYE, 200);
	assert_int_equal(sessions(r), 0);
	stop(r);
}

/* That he ended one, before its ACK, is not said of the next, which ends by itself. */
static void who_ended_it(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_invite(r, &c, NULL);
	text(r, "m1", "one");
	call_request(r, &c, "BYE", NULL, NULL);
	respond(r, SIP_INVITE, 200);
	respond(r, SIP_MESSAGE, 200);
	rig_advance(r, 600100);
	assert_int_equal(count(r, SIP_BYE, NULL), 1);
	respond(r, SIP_BYE, 200);
	assert_int_equal(sessions(r), 0);
	assert_int_equal(r->n_xml, 0);
	stop(r);
}

/* A BYE that nobody answers holds a text no longer than its time. */
static void nobody_answers_bye(void **state)
{
	struct rig *r = start(NULL);

	contact_up(r);
	stanza(r, "m2", "<gone xmlns='http://jabber.org/protocol/chatstates'/>");
	assert_int_equal(count(r, SIP_BYE, NULL), 1);
	text(r, "m3", "three");
	rig_advance(r, 33000);
	assert_int_equal(count(r, SIP_INVITE, NULL), 2);
	assert_int_equal(r->n_xml, 0);
	rig_advance(r, 7100);
	assert_error(r, "m3", "remote-server-timeout");
	assert_int_equal(queued(r), 0);
	stop(r);
}

/* profile 5.7: at shutdown. */
static void drained(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"}, d = {.id = "c2"};

	call_up(r, &c);
	text(r, "m1", "one");
	gateway_drain(r->g);
	assert_int_equal(count(r, SIP_BYE, NULL), 0);
	assert_true(gateway_busy(r->g) > 0);
	text(r, "m2", "two");
	assert_error(r, "m2", "resource-constraint");
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(count(r, SIP_BYE, NULL), 1);
	respond(r, SIP_BYE, 200);
	assert_int_equal(sessions(r), 0);
	call_invite(r, &d, NULL);
	assert_int_equal(answered(r, SIP_INVITE), 500);
	assert_true(sip_msg_get(answer_to(r, SIP_INVITE), SIP_H_RETRY_AFTER).n > 0);
	stop(r);
}

/* It does not end in time: everybody is told, and an answer that comes now is no news. */
static void stopped(void **state)
{
	struct rig *r = start(NULL);

	contact_up(r);
	text(r, "m2", "two");
	text(r, "m3", "three");
	gateway_drain(r->g);
	gateway_stop(r->g);
	assert_int_equal(r->n_xml, 2);
	assert_non_null(strstr(r->xml[0], "may have arrived"));
	assert_error(r, "m3", "resource-constraint");
	assert_int_equal(queued(r), 0);
	assert_int_equal(count(r, SIP_BYE, NULL), 1);
	respond(r, SIP_BYE, 200);
	assert_int_equal(sessions(r), 1); /* the MESSAGE has no answer */
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(sessions(r), 0);
	assert_int_equal(r->n_xml, 2);
	stop(r);
}

static void stopped_while_it_rings(void **state)
{
	struct rig *r = start(NULL);

	text(r, "m1", "one");
	respond_to(r, last(r, SIP_INVITE), 180, NULL, NULL);
	gateway_drain(r->g);
	gateway_stop(r->g);
	assert_error(r, "m1", "resource-constraint");
	assert_int_equal(count(r, SIP_CANCEL, NULL), 1);
	assert_int_equal(sessions(r), 0);
	stop(r);
}

/* Of one that was never sent it is known that it has not arrived. */
static void stopped_before_its_turn(void **state)
{
	struct rig *r = start(&(struct rig_options){.message_mode = "session", .send_rate = "1"});
	struct call c = {.id = "c1"};

	call_up(r, &c);
	text(r, "m1", "one");
	respond(r, SIP_MESSAGE, 200);
	text(r, "m2", "two");
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 1);
	gateway_drain(r->g);
	gateway_stop(r->g);
	assert_error(r, "m2", "resource-constraint");
	assert_int_equal(queued(r), 0);
	stop(r);
}

/* ---- limits ---- */

static void full(void **state)
{
	struct rig *r =
		start(&(struct rig_options){.message_mode = "session", .limits.sessions = 1});

	contact_up(r);
	rig_stanza(r, "<message from='juliet@example.com/x' to='other@example.net' id='o1' "
		      "type='chat'><body>one</body></message>");
	assert_error(r, "o1", "resource-constraint");
	assert_int_equal(count(r, SIP_BYE, NULL), 1); /* nothing was said there */
	respond(r, SIP_BYE, 200);
	rig_stanza(r, "<message from='juliet@example.com/x' to='other@example.net' id='o2' "
		      "type='chat'><body>two</body></message>");
	assert_int_equal(count(r, SIP_INVITE, NULL), 2);
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

/* The rate of a route counts what opens a session, too. */
static void paced(void **state)
{
	struct rig *r = start(&(struct rig_options){.message_mode = "session", .send_rate = "1"});

	text(r, "m1", "one");
	assert_int_equal(count(r, SIP_INVITE, NULL), 1);
	respond(r, SIP_INVITE, 200);
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 0);
	rig_advance(r, 1000);
	assert_slice(last(r, SIP_MESSAGE)->body, "one");
	respond(r, SIP_MESSAGE, 200);
	text(r, "m2", "two");
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 1);
	rig_advance(r, 1000);
	assert_slice(last(r, SIP_MESSAGE)->body, "two");
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(r->n_xml, 0);
	stop(r);
}

/* He leaves while a text waits for its turn: it was never sent, so it goes in another dialog. */
static void ended_while_paced(void **state)
{
	struct rig *r = start(&(struct rig_options){.message_mode = "session", .send_rate = "1"});
	struct call c = {.id = "c1"};

	call_up(r, &c);
	text(r, "m1", "one");
	respond(r, SIP_MESSAGE, 200);
	text(r, "m2", "two");
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 1);
	call_request(r, &c, "BYE", NULL, NULL);
	rig_advance(r, 3000);
	respond(r, SIP_INVITE, 200);
	rig_advance(r, 1000);
	assert_slice(last(r, SIP_MESSAGE)->body, "two");
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(queued(r), 0);
	assert_int_equal(r->n_xml, 0);
	stop(r);
}

/* ---- what is sent, asked and seen ---- */

/* He opens another while a text waits for its turn: it goes there. */
static void another_while_paced(void **state)
{
	struct rig *r = start(&(struct rig_options){.message_mode = "session", .send_rate = "1"});
	struct call c = {.id = "c1"}, d = {.id = "d1"};

	call_up(r, &c);
	text(r, "m1", "one");
	respond(r, SIP_MESSAGE, 200);
	text(r, "m2", "two");
	assert_int_equal(count(r, SIP_MESSAGE, NULL), 1);
	call_up(r, &d);
	rig_advance(r, 3000);
	assert_slice(last(r, SIP_MESSAGE)->body, "two");
	assert_slice(last(r, SIP_MESSAGE)->call_id, "d1");
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(queued(r), 0);
	assert_int_equal(r->n_xml, 0);
	stop(r);
}

static void note(struct rig *r)
{
	const struct session_note n = {
		.kind = CONVERSATION_TYPING,
		.method = SIP_MESSAGE,
		.content_type = SL("application/im-iscomposing+xml"),
		.body = SL("<isComposing/>"),
	};

	assert_true(session_note(r->g, SL("romeo@example.net"), SL("juliet@example.com"), &n));
}

/* profile 5.4: never before a dialog is up; what was said of one is not said in another. */
static void notes_open_nothing(void **state)
{
	for (unsigned behind = 0; behind < 2; behind++) {
		struct rig *r = start(NULL);
		struct call c = {.id = "c1"};

		call_up(r, &c);
		if (behind)
			text(r, "m1", "one");
		note(r);
		if (behind)
			call_request(r, &c, "BYE", NULL, NULL);
		respond(r, SIP_MESSAGE, behind ? 200 : 481);
		assert_int_equal(count(r, SIP_INVITE, NULL), 0);
		assert_int_equal(count(r, SIP_MESSAGE, NULL), 1);
		assert_int_equal(sessions(r), 0);
		assert_int_equal(queued(r), 0);
		assert_int_equal(r->n_xml, 0);
		stop(r);
	}
}

/* RFC 3325 9: towards who believes it, the contact without his device. */
static void asserted(void **state)
{
	struct rig *r =
		start(&(struct rig_options){.message_mode = "session", .trust_identity = "true"});

	text(r, "m1", "one");
	assert_slice(sip_msg_get(last(r, SIP_INVITE), SIP_H_P_ASSERTED_IDENTITY),
		"<sip:juliet@example.com>");
	respond(r, SIP_INVITE, 200);
	assert_slice(sip_msg_get(last(r, SIP_MESSAGE), SIP_H_P_ASSERTED_IDENTITY),
		"<sip:juliet@example.com>");
	stop(r);
}

/* profile A1, A2: which device he is at; gr and opaque before epid. */
static void devices(void **state)
{
	static const struct {
		const char *contact, *from, *resource;
	} rows[] = {
		{"<sip:romeo@example.net;opaque=user:epid:AbC;gruu>", "", "user:epid:AbC"},
		{"<sip:romeo@example.net;opaque=user:epid:AbC;gruu>", ";epid=0011",
			"user:epid:AbC"},
		{"<sip:romeo@192.0.2.1>", ";epid=0011", "0011"},
		{"<sip:mercutio@example.net;gr=x>", "", NULL},
		{"<sip:romeo@192.0.2.1>", "", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *r = start(NULL);

		rig_sip_in(r,
			slice_of(arena_printf(&r->arena,
				"INVITE sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
				"192.0.2.1;branch=z9hG4bKd\r\nMax-Forwards: 70\r\nFrom: "
				"<sip:romeo@example.net>;tag=1%s\r\nTo: "
				"<sip:juliet@example.com>\r\nCall-ID: d\r\nCSeq: 1 "
				"INVITE\r\nContact: %s\r\n" FIRST
				"Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n" SDP,
				rows[i].from, rows[i].contact, strlen(SDP))));
		assert_int_equal(answered(r, SIP_INVITE), 200);
		assert_slice(xml_attr(rig_xml(r, 0), SL("from")),
			arena_printf(&r->arena, "romeo@example.net%s%s",
				rows[i].resource ? "/" : "",
				rows[i].resource ? rows[i].resource : ""));
		stop(r);
	}
}

/* Policy WriteInvites: a text makes the invitation, an INVITE alone does not. */
static void writing_invites(void **state)
{
	struct rig *r = start(&(struct rig_options){.message_mode = "session",
		.partner_type = "PublicUnverified",
		.write_invites = true});
	struct call c = {.id = "c1"};
	struct gateway_view v;

	call_up(r, &c);
	gateway_view(r->g, &v);
	assert_int_equal(v.invitations, 0);
	call_text(r, &c, "one");
	rig_advance(r, 1);
	gateway_view(r->g, &v);
	assert_int_equal(v.invitations, 1);
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

/* A session that the settings do not allow any more carries nothing. */
static void not_permitted_any_more(void **state)
{
	struct rig *r = start(NULL);
	struct call c = {.id = "c1"};

	call_up(r, &c);
	rig_settings(r, &(struct rig_options){.message_mode = "session", .no_federation = true});
	call_text(r, &c, "one");
	assert_int_equal(answered(r, SIP_MESSAGE), 403);
	text(r, "m1", "two");
	assert_error(r, "m1", "forbidden");
	assert_int_equal(r->n_xml, 1);
	stop(r);
}

/* The user's domain has another route now: what is said goes there. */
static void another_route(void **state)
{
	struct rig *r = start(NULL);

	contact_up(r);
	rig_settings(r, &(struct rig_options){.message_mode = "session", .route_name = "other"});
	text(r, "m2", "two");
	assert_int_equal(count(r, SIP_INVITE, NULL), 2);
	respond(r, SIP_INVITE, 200);
	assert_slice(last(r, SIP_MESSAGE)->body, "two");
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(r->n_xml, 0);
	assert_int_equal(queued(r), 0);
	stop(r);
}

/* The mode is the route's again when what he opened has ended. */
static void pager_again(void **state)
{
	struct rig *r = start(&(struct rig_options){.message_mode = "pager"});
	struct call c = {.id = "c1"};

	call_up(r, &c);
	text(r, "m1", "one");
	assert_slice(last(r, SIP_MESSAGE)->call_id, "c1");
	text(r, "m2", "two");
	call_request(r, &c, "BYE", NULL, NULL);
	respond(r, SIP_MESSAGE, 200);
	assert_slice(last(r, SIP_MESSAGE)->body, "two");
	assert_slice(last(r, SIP_MESSAGE)->to.tag, NULL);
	assert_int_equal(count(r, SIP_INVITE, NULL), 0);
	respond(r, SIP_MESSAGE, 200);
	assert_int_equal(queued(r), 0);
	assert_int_equal(r->n_xml, 0);
	stop(r);
}

static void seen_by_route(void **state)
{
	struct rig *r = start(NULL);
	struct view_routes *l = view_routes_new(3);

	l->v[0].name = SL("lain");
	l->v[1].name = SL("main");
	l->v[2].name = SL("nain");
	contact_up(r);
	rig_stanza(r, "<message from='juliet@example.com/x' to='other@example.net' id='o1' "
		      "type='chat'><body>one</body></message>");
	gateway_view_routes(r->g, l);
	assert_int_equal(l->v[0].sessions + l->v[2].sessions, 0);
	assert_int_equal(l->v[1].sessions, 1); /* the other is not up */
	assert_int_equal(sessions(r), 2);
	view_routes_free(l);
	stop(r);
}

/* ---- whatever happens, each text ends once ---- */

enum { STORIES = 300, STEPS = 40, TEXTS = 14, CALLS = 5 };

struct story {
	struct rig *r;
	uint32_t seed;
	uint64_t at[RIG_MAX]; /* when the request left */
	bool over[RIG_MAX];   /* answered for good */
	unsigned seen, texts, delivered[TEXTS];
	struct call calls[CALLS];
	unsigned n_calls;
};

static uint32_t any(struct story *s, uint32_t n)
{
	s->seed = s->seed * 1664525 + 1013904223;
	return (s->seed >> 8) % n;
}

static void note_new(struct story *s)
{
	for (; s->seen < s->r->n_sip; s->seen++) {
		s->at[s->seen] = rig_now(s->r);
		s->over[s->seen] = !s->r->sip[s->seen].m->request || is_again(s->r, s->seen) ||
				   s->r->sip[s->seen].m->method == SIP_ACK;
	}
}

/* How often the sender of text n was told of an error; *ret_unknown: of one that leaves it open. */
static unsigned errors_about(struct story *s, unsigned n, bool *ret_unknown)
{
	unsigned found = 0;

	for (unsigned i = 0; i < s->r->n_xml; i++) {
		const struct xml_elem *e = rig_xml(s->r, i);
		struct slice id = xml_attr(e, SL("id"));

		if (!slice_eqz(xml_attr(e, SL("type")), "error") || id.n != 2 ||
			id.p[1] != (char)('a' + n))
			continue;
		found++;
		*ret_unknown = strstr(s->r->xml[i], "may have arrived");
	}
	return found;
}

/* An answer that comes after its sender was told that nobody knows is no news. */
static void delivered(struct story *s, unsigned n)
{
	bool unknown = false;

	if (errors_about(s, n, &unknown))
		assert_true(unknown);
	else
		s->delivered[n]++;
}

/* The user's side answers one of our requests, if one is open. */
static void answer_any(struct story *s)
{
	static const unsigned to_invite[] = {180, 200, 200, 200, 480, 488, 503},
			      to_message[] = {200, 200, 200, 200, 481, 404, 486, 408, 415, 500};
	unsigned first = any(s, s->seen ? s->seen : 1);

	for (unsigned k = 0; k < s->seen; k++) {
		unsigned i = (first + k) % s->seen, status = 200;
		const struct sip_msg *m = s->r->sip[i].m;

		if (s->over[i] || rig_now(s->r) - s->at[i] > 31000)
			continue;
		if (m->method == SIP_INVITE)
			status = to_invite[any(s, ARRAY_LEN(to_invite))];
		else if (m->method == SIP_MESSAGE)
			status = to_message[any(s, ARRAY_LEN(to_message))];
		s->over[i] = status >= 200;
		if (m->method == SIP_MESSAGE && status == 200)
			delivered(s, (unsigned)(m->body.p[1] - 'a'));
		respond_to(s->r, m, status, NULL,
			m->method == SIP_INVITE && status == 200 ? SDP : NULL);
		return;
	}
}

static void user_does(struct story *s)
{
	static const char *const ids[CALLS] = {"c0", "c1", "c2", "c3", "c4"};
	struct call *c = s->n_calls ? &s->calls[any(s, s->n_calls)] : NULL;

	if (!c || (any(s, 3) == 0 && s->n_calls < CALLS)) {
		if (s->n_calls == CALLS)
			return;
		c = &s->calls[s->n_calls];
		c->id = ids[s->n_calls++];
		call_invite(s->r, c, any(s, 2) ? FIRST : NULL);
	} else if (answer_to_call(s->r, c->id)) {
		static const char *const methods[] = {"ACK", "ACK", "MESSAGE", "BYE"};

		call_request(s->r, c, methods[any(s, 4)], "Content-Type: text/plain\r\n", "x");
	}
}

static void step(struct story *s)
{
	switch (any(s, 8)) {
	case 0:
	case 1:
		if (s->texts < TEXTS) {
			char id[4] = {'m', (char)('a' + s->texts++), 0};

			text(s->r, id, id);
		}
		return;
	case 2:
	case 3:
	case 4:
		answer_any(s);
		return;
	case 5:
		user_does(s);
		return;
	case 6:
		rig_advance(s->r, any(s, 3) ? any(s, 500) : any(s, 30000));
		return;
	case 7:
		if (any(s, 4) == 0)
			stanza(s->r, "gone",
				"<gone xmlns='http://jabber.org/protocol/chatstates'/>");
		return;
	}
}

/* Told once that it failed, or delivered once: never both, never neither. */
static void each_text_ends_once(void **state)
{
	static const char *const modes[] = {"session", "auto", "pager"}, *const rates[] = {
										 NULL, "1", "5"};

	for (unsigned n = 0; n < STORIES; n++) {
		struct story *s = xzalloc(sizeof *s);

		s->seed = n;
		s->r = start(&(struct rig_options){.message_mode = modes[n % 3],
			.late_error = "off",
			.send_rate = rates[n / 3 % 3]});
		for (unsigned i = 0; i < STEPS; i++) {
			step(s);
			while (s->r->n_down)
				rig_fate(s->r, LINK_WRITTEN, 0);
			note_new(s);
		}
		rig_advance(s->r, 200000);
		assert_int_equal(queued(s->r), 0);
		for (unsigned i = 0; i < s->texts; i++) {
			bool unknown;
			unsigned told = errors_about(s, i, &unknown);

			if (s->delivered[i] + told != 1)
				fail_msg("story %u, text %u: delivered %u times, told %u times", n,
					i, s->delivered[i], told);
		}
		rig_advance(s->r, 700000);
		assert_int_equal(sessions(s->r), 0);
		stop(s->r);
		free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contact_begins),
		cmocka_unit_test(refused),
		cmocka_unit_test(unanswered),
		cmocka_unit_test(auto_falls_back),
		cmocka_unit_test(auto_is_refused),
		cmocka_unit_test(dead),
		cmocka_unit_test(failed),
		cmocka_unit_test(blocked),
		cmocka_unit_test(silent),
		cmocka_unit_test(user_begins),
		cmocka_unit_test(user_hears_errors),
		cmocka_unit_test(not_taken),
		cmocka_unit_test(first_message),
		cmocka_unit_test(first_message_is_not_repeated),
		cmocka_unit_test(first_message_said_later),
		cmocka_unit_test(first_message_fails),
		cmocka_unit_test(first_message_is_bounced),
		cmocka_unit_test(glare),
		cmocka_unit_test(another),
		cmocka_unit_test(user_ends),
		cmocka_unit_test(contact_is_gone),
		cmocka_unit_test(idle),
		cmocka_unit_test(who_ended_it),
		cmocka_unit_test(nobody_answers_bye),
		cmocka_unit_test(drained),
		cmocka_unit_test(stopped),
		cmocka_unit_test(stopped_while_it_rings),
		cmocka_unit_test(stopped_before_its_turn),
		cmocka_unit_test(full),
		cmocka_unit_test(paced),
		cmocka_unit_test(ended_while_paced),
		cmocka_unit_test(another_while_paced),
		cmocka_unit_test(notes_open_nothing),
		cmocka_unit_test(asserted),
		cmocka_unit_test(devices),
		cmocka_unit_test(writing_invites),
		cmocka_unit_test(not_permitted_any_more),
		cmocka_unit_test(another_route),
		cmocka_unit_test(pager_again),
		cmocka_unit_test(seen_by_route),
		cmocka_unit_test(each_text_ends_once),
	};

	log_level_set(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
