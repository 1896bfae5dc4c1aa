#include "play.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "gateway/error.h"
#include "xml/reader.h"
#include "xml/writer.h"

/* ---- a stanza error or a reason of the edge in SIP's words ---- */

static const struct {
	const char *cause;
	enum link_reason reason;
} causes[] = {
	{"does-not-exist", LINK_R_NO_SUCH_SERVER},
	{"cannot-resolve", LINK_R_DNS_FAILED    },
};

static bool from_cause(struct vector *v, const char *cause, bool full, struct error_sip *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(causes); i++)
		if (strcmp(cause, causes[i].cause) == 0) {
			error_link_to_sip(ret, causes[i].reason, full);
			return true;
		}
	fail(v, "unknown cause '%s'", cause);
	return false;
}

/* The error stanza that a vector describes, as it comes from a stream. */
static void put_error(struct buf *b, const char *condition, const char *address, const char *text)
{
	buf_str(b, "<s xmlns='jabber:server'><message type='error'><error type='cancel'>");
	buf_printf(b, "<%s xmlns='" NS_STANZA_ERRORS "'>", condition);
	xml_put_text(b, slice_of(address), XML_BAD_REPLACE);
	buf_printf(b, "</%s>", condition);
	if (text) {
		buf_str(b, "<text xmlns='" NS_STANZA_ERRORS "'>");
		xml_put_text(b, slice_of(text), XML_BAD_REPLACE);
		buf_str(b, "</text>");
	}
	buf_str(b, "</error></message>");
}

static void from_stanza(struct vector *v, const char *condition, bool full, struct error_sip *ret)
{
	const char *address = take_string(v, v->in, "new_address"),
		   *text = take_string(v, v->in, "text");
	struct xml_reader *reader = xml_reader_new(&(struct xml_limits){0});
	struct stanza_error s;
	struct xml_event ev;
	struct buf b;

	buf_init(&b, 0);
	put_error(&b, condition, address, text);
	xml_reader_feed(reader, buf_slice(&b));
	if (!xml_reader_next(reader, &ev) || !xml_reader_next(reader, &ev) ||
		ev.type != XML_EVENT_ELEMENT)
		abort();
	stanza_error_read(ev.elem, &ev.arena, &s);
	error_stanza_to_sip(ret, &v->arena, &s, full);
	arena_done(&ev.arena);
	buf_done(&b);
	xml_reader_free(reader);
}

static void condition_to_sip(struct vector *v, const char *condition)
{
	const char *about = take_string(v, v->in, "about"), *cause = take_string(v, v->in, "cause");
	bool full = about && strcmp(about, "full-jid") == 0;
	struct error_sip e;

	if (!cause)
		from_stanza(v, condition, full, &e);
	else if (!from_cause(v, cause, full, &e))
		return;
	compare(v, v->out,
		(struct field[]){
			{"status", number(v, e.status)},
			{"reason_phrase",        e.reason },
			{"contact",        e.contact      },
        },
		3);
}

/* ---- the end of a SIP request in XMPP's words: a message is sent, and ends so ---- */

static void send_usual(struct rig *r)
{
	rig_stanza(r, "<message from='juliet@example.com/balcony' to='romeo@example.net' id='m1'>"
		      "<body>x</body></message>");
}

static void respond(struct vector *v, struct rig *r, unsigned status)
{
	const char *reason = take_string(v, v->in, "reason_phrase"),
		   *contact = take_string(v, v->in, "contact");

	if (rig_count(r, true) != 1) {
		fail(v, "no request left");
		return;
	}
	rig_respond(r, 0, status, reason ? reason : sip_reason(status),
		contact ? arena_printf(&v->arena, "Contact: <%s>\r\n", contact) : NULL);
}

static void expect_error(struct vector *v, struct rig *r)
{
	json_t *stanza = take(v, v->out, "stanza");

	if (take_flag(v, v->out, "none")) {
		if (r->n_xml)
			fail(v, "a stanza left: %s", r->xml[0]);
		return;
	}
	compare_stanza(v, r, stanza ? stanza : v->out);
}

static void status_to_xmpp(struct vector *v, struct rig *r, unsigned status)
{
	json_t *stanza = take(v, v->in, "stanza");
	const char *name = stanza ? take_string(v, stanza, "name") : NULL;

	if (stanza) {
		json_object_set_new(stanza, "body", json_string("x"));
		play_stanza(v, r, name, stanza);
	} else {
		send_usual(r);
	}
	respond(v, r, status);
	expect_error(v, r);
}

static void event_to_xmpp(struct vector *v, struct rig *r, const char *event)
{
	send_usual(r);
	if (strcmp(event, "timer-F-fired") == 0)
		rig_advance(r, 32000);
	else if (strcmp(event, "transport-error") == 0)
		rig_unreachable(r);
	else
		fail(v, "unknown event '%s'", event);
	expect_error(v, r);
}

/* A stanza alone: does anything leave? */
static void stanza_alone(struct vector *v, struct rig *r, json_t *stanza)
{
	const char *name = take_string(v, stanza, "name");

	play_stanza(v, r, name, stanza);
	if (take_flag(v, v->out, "none") && r->n_xml + r->n_sip)
		fail(v, "%u stanzas and %u SIP messages left", r->n_xml, r->n_sip);
}

static void request_refused(struct vector *v, struct rig *r, json_t *request)
{
	const struct sip_msg *m;

	play_request(v, r, request);
	if (take_flag(v, v->out, "no_stanza") && r->n_xml)
		fail(v, "a stanza left: %s", r->xml[0]);
	m = only_response(v, r);
	if (m)
		compare_response(v, m, v->out);
}

void run_error(struct vector *v)
{
	const char *condition = take_string(v, v->in, "condition"),
		   *event = take_string(v, v->in, "event");
	json_t *status = take(v, v->in, "status");
	json_t *authorized = take(v, v->in, "sender_authorized_for_presence");
	json_t *request = take(v, v->in, "request"), *stanza;
	struct rig *r;

	if (condition) {
		condition_to_sip(v, condition);
		return;
	}
	r = xmalloc(sizeof *r);
	/* Contacts of a Public partner are authorized by the user alone, and this one is not. */
	rig_init(r, &(struct rig_options){
			    .partner_type = json_is_false(authorized) ? "PublicVerified" : NULL});
	if (status)
		status_to_xmpp(v, r, (unsigned)json_integer_value(status));
	else if (event)
		event_to_xmpp(v, r, event);
	else if (request)
		request_refused(v, r, request);
	else if ((stanza = take(v, v->in, "stanza")))
		stanza_alone(v, r, stanza);
	rig_done(r);
	free(r);
}
