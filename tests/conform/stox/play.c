#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "gateway/composing.h"
#include "xml/writer.h"
#include "xmpp/stanza.h"

/* ---- what comes in ---- */

static void put_child(struct vector *v, struct buf *b, json_t *stanza, const char *key)
{
	const char *text = take_string(v, stanza, key);

	if (!text)
		return;
	buf_printf(b, "<%s>", key);
	xml_put_text(b, slice_of(text), XML_BAD_REPLACE);
	buf_printf(b, "</%s>", key);
}

/* Receipts, and the state. */
static void put_marks(struct vector *v, struct buf *b, json_t *stanza)
{
	const char *received = take_string(v, stanza, "received_id"),
		   *state = take_string(v, stanza, "chatstate");

	if (take_flag(v, stanza, "receipt_request"))
		buf_str(b, "<request xmlns='urn:xmpp:receipts'/>");
	if (take_flag(v, stanza, "markable"))
		buf_str(b, "<markable xmlns='urn:xmpp:chat-markers:0'/>");
	if (received)
		buf_printf(b, "<received xmlns='urn:xmpp:receipts' id='%s'/>", received);
	if (state)
		buf_printf(b, "<%s xmlns='http://jabber.org/protocol/chatstates'/>", state);
}

void play_stanza(struct vector *v, struct rig *r, const char *name, json_t *stanza)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "<%s", name);
	xml_put_attr(&b, "from", slice_of(take_string(v, stanza, "from")));
	xml_put_attr(&b, "to", slice_of(take_string(v, stanza, "to")));
	xml_put_attr(&b, "id", slice_of(take_string(v, stanza, "id")));
	xml_put_attr(&b, "type", slice_of(take_string(v, stanza, "type")));
	xml_put_attr(&b, "xml:lang", slice_of(take_string(v, stanza, "xml_lang")));
	buf_chr(&b, '>');
	put_child(v, &b, stanza, "subject");
	put_child(v, &b, stanza, "body");
	put_child(v, &b, stanza, "thread");
	put_marks(v, &b, stanza);
	buf_printf(&b, "</%s>", name);
	rig_stanza(r, arena_dup(&v->arena, buf_slice(&b)));
	buf_done(&b);
}

static void put_header(
	struct vector *v, struct buf *b, json_t *request, const char *key, const char *name)
{
	json_t *value = take(v, request, key);

	if (json_is_integer(value))
		buf_printf(b, "%s: %lld\r\n", name, (long long)json_integer_value(value));
	else if (value)
		buf_printf(b, "%s: %s\r\n", name, json_string_value(value));
}

static struct slice from_hex(struct vector *v, const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *p = arena_alloc(&v->arena, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(ascii_hex(hex[2 * i]) << 4 | ascii_hex(hex[2 * i + 1]));
	return slice_make(p, n);
}

static struct slice take_body(struct vector *v, json_t *request)
{
	json_t *text = take(v, request, "body"), *octets = take(v, request, "body_octets");
	const char *hex = take_string(v, request, "body_hex");
	struct slice body = hex ? from_hex(v, hex)
				: slice_make(json_string_value(text), json_string_length(text));

	if (octets && body.n != (size_t)json_integer_value(octets))
		fail(v, "the body has %zu octets", body.n);
	return body;
}

static const char *or_else(const char *s, const char *usual)
{
	return s ? s : usual;
}

void play_request(struct vector *v, struct rig *r, json_t *request)
{
	const char *method = or_else(take_string(v, request, "method"), "MESSAGE");
	const char *ruri = or_else(take_string(v, request, "ruri"), "sip:juliet@example.com");
	const char *type = take_string(v, request, "content_type");
	struct slice body = take_body(v, request);
	json_t *cseq = take(v, request, "cseq"), *in_dialog = take(v, request, "in_dialog");
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "%s %s SIP/2.0\r\nMax-Forwards: 70\r\n", method, ruri);
	buf_printf(&b, "Via: SIP/2.0/UDP 192.0.2.1;branch=%s\r\n",
		or_else(take_string(v, request, "branch"), "z9hG4bKvector"));
	buf_printf(&b, "From: %s\r\n",
		or_else(take_string(v, request, "from"), "<sip:romeo@example.net>;tag=1"));
	buf_printf(&b, "To: <%s>%s\r\n", or_else(take_string(v, request, "to"), ruri),
		json_is_true(in_dialog) ? ";tag=2" : "");
	buf_printf(&b, "Call-ID: %s\r\n", or_else(take_string(v, request, "call_id"), "vector"));
	buf_printf(&b, "CSeq: %lld %s\r\n", cseq ? (long long)json_integer_value(cseq) : 1, method);
	put_header(v, &b, request, "subject", "Subject");
	put_header(v, &b, request, "content_language", "Content-Language");
	put_header(v, &b, request, "expires", "Expires");
	put_header(v, &b, request, "date", "Date");
	if (type || body.n)
		buf_printf(&b, "Content-Type: %s\r\n", or_else(type, "text/plain"));
	buf_printf(&b, "Content-Length: %zu\r\n\r\n", body.n);
	buf_slice_add(&b, body);
	rig_sip_in(r, buf_slice(&b));
	buf_done(&b);
}

void play_written(struct rig *r)
{
	while (r->n_down)
		rig_fate(r, LINK_WRITTEN, LINK_R_NONE);
	rig_advance(r, 2000); /* the longest error window */
}

/* ---- what left ---- */

const struct xml_elem *only_stanza(struct vector *v, struct rig *r)
{
	if (r->n_xml == 1)
		return rig_xml(r, 0);
	fail(v, "%u stanzas left, not one", r->n_xml);
	return NULL;
}

static const struct sip_msg *only(struct vector *v, struct rig *r, bool request)
{
	unsigned n = rig_count(r, request), i = 0;

	if (n != 1) {
		fail(v, "%u %s left, not one", n, request ? "requests" : "responses");
		return NULL;
	}
	while (r->sip[i].m->request != request)
		i++;
	return r->sip[i].m;
}

const struct sip_msg *only_request(struct vector *v, struct rig *r)
{
	return only(v, r, true);
}

const struct sip_msg *only_response(struct vector *v, struct rig *r)
{
	return only(v, r, false);
}

static struct slice child_text(struct vector *v, const struct xml_elem *e, const char *name)
{
	const struct xml_elem *c = stanza_child(e, slice_of(name));

	return c ? xml_text(c, &v->arena) : SL_NONE;
}

static struct slice bare(struct slice address)
{
	return slice_cut(address, slice_find(address, '/'));
}

static struct slice id_in(const struct xml_elem *e, const char *ns, const char *name)
{
	return xml_attr(xml_child(e, slice_of(ns), slice_of(name)), SL("id"));
}

void compare_one_stanza(struct vector *v, const struct xml_elem *e, json_t *expected)
{
	struct stanza_error s = {0};
	bool error = stanza_error_read(e, &v->arena, &s);
	struct slice html = SL("http://jabber.org/protocol/xhtml-im");
	enum chatstate state = chatstate_read(e);
	/* clang-format off */
	struct field fields[] = {
		{"name", e->name},
		{"from", xml_attr(e, SL("from"))},
		{"from_bare", bare(xml_attr(e, SL("from")))},
		{"to", xml_attr(e, SL("to"))},
		{"to_bare", bare(xml_attr(e, SL("to")))},
		{"id", xml_attr(e, SL("id"))},
		{"type", xml_attr(e, SL("type"))},
		{"xml_lang", xml_attr_ns(e, SL(XML_NS_XML), SL("lang"))},
		{"body", child_text(v, e, "body")},
		{"subject", child_text(v, e, "subject")},
		{"thread", child_text(v, e, "thread")},
		{"xhtml_im", yes(xml_child(e, html, SL("html")) != NULL)},
		{"chatstate", state ? slice_of(chatstate_name(state)) : SL_NONE},
		{"receipt_request", yes(xml_child(e, SL("urn:xmpp:receipts"), SL("request")) != NULL)},
		{"received_id", id_in(e, "urn:xmpp:receipts", "received")},
		{"displayed_id", id_in(e, "urn:xmpp:chat-markers:0", "displayed")},
		{"condition", error ? slice_of(stanza_cond_name(s.cond)) : SL_NONE},
		{"condition_text", error ? s.uri : SL_NONE},
		{"error_type", error ? xml_attr(stanza_child(e, SL("error")), SL("type")) : SL_NONE},
		{"text", error ? s.text : SL_NONE},
	};
	/* clang-format on */

	compare(v, expected, fields, ARRAY_LEN(fields));
}

void compare_stanza(struct vector *v, struct rig *r, json_t *expected)
{
	const struct xml_elem *e = only_stanza(v, r);

	if (!e)
		return;
	compare(v, expected, (struct field[]){{"wire", slice_of(r->xml[0])}}, 1);
	compare_one_stanza(v, e, expected);
}

void compare_request(struct vector *v, const struct sip_msg *m, json_t *expected)
{
	struct field fields[] = {
		{"method", m->method_name},
		{"ruri", m->ruri_text},
		{"to_uri", m->to.uri.text},
		{"from_uri", m->from.uri.text},
		{"from_tag", m->from.tag},
		{"call_id", m->call_id},
		{"in_dialog", yes(m->to.tag.p)},
		{"content_type", sip_msg_get(m, SIP_H_CONTENT_TYPE)},
		{"content_length", sip_msg_get(m, SIP_H_CONTENT_LENGTH)},
		{"content_language", sip_msg_get(m, SIP_H_CONTENT_LANGUAGE)},
		{"subject", sip_msg_get(m, SIP_H_SUBJECT)},
		{"contact", sip_msg_get(m, SIP_H_CONTACT)},
		{"body", m->body},
	};

	compare(v, expected, fields, ARRAY_LEN(fields));
}

void compare_response(struct vector *v, const struct sip_msg *m, json_t *expected)
{
	struct field fields[] = {
		{"status", number(v, m->status)},
		{"accept", sip_msg_get(m, SIP_H_ACCEPT)},
		{"supported", sip_msg_get(m, SIP_H_SUPPORTED)},
		{"contact", sip_msg_get(m, SIP_H_CONTACT)},
		{"body", m->body.n ? m->body : SL_NONE},
	};

	compare(v, expected, fields, ARRAY_LEN(fields));
}
