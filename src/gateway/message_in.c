#include "gateway/message.h"

#include "gateway/address.h"
#include "gateway/callid.h"
#include "gateway/charset.h"
#include "gateway/cpim.h"
#include "gateway/date.h"
#include "gateway/html.h"
#include "gateway/lang.h"
#include "text/utf8.h"
#include "xml/writer.h"

/* A message dated this far back was stored on its way; less may be a clock that is wrong. */
enum { DELAYED_MS = 120 * 1000 };

static bool refuse(struct message_refusal *r, unsigned status, const char *reason)
{
	*r = (struct message_refusal){.status = status, .reason = slice_of(reason)};
	return false;
}

static bool refuse_type(struct message_refusal *r)
{
	refuse(r, 415, NULL);
	r->field = (struct sip_out){SL("Accept"), SL("text/plain, text/html, message/cpim")};
	return false;
}

/* COMPAT: gr behind the brackets, as the examples of RFC 7573 and 7702 print it. */
static struct slice device_outside(const struct sip_addr *addr)
{
	struct slice gr;

	if (addr->bracketed && addr->params.n && sip_param_get(addr->params, "gr", &gr))
		return gr;
	return SL_NONE;
}

bool message_pair_read(struct message_pair *ret, struct arena *a, const struct sip_msg *m,
	const struct sip_addr *sender, struct message_refusal *refusal)
{
	const struct sip_addr *from = sender ? sender : &m->from;
	struct err e;

	if (m->ruri.scheme == SIP_SCHEME_SIPS || m->to.uri.scheme == SIP_SCHEME_SIPS)
		return refuse(refusal, 403, "sips is not translated");
	if (address_uri_to_jid(&ret->to, a, &m->ruri, SL_NONE, &e) < 0) {
		bool scheme = slice_eqz(slice_of(e.code), "unsupported-scheme");

		return refuse(refusal, scheme ? 416 : 404, scheme ? NULL : "No such XMPP address");
	}
	if (address_uri_to_jid(&ret->from, a, &from->uri, device_outside(from), &e) < 0)
		return refuse(refusal, 400, "From is no address that XMPP has");
	/* A JID of the domain alone is the domain speaking: nobody's user may. */
	if (!ret->from.local.p)
		return refuse(refusal, 403, "From names no user");
	return true;
}

static struct slice charset_of(struct arena *a, struct slice params)
{
	struct slice v;
	struct buf b;

	if (params.n == 0 || !sip_param_get(params, "charset", &v))
		return SL_NONE;
	if (slice_find(v, '"') == v.n)
		return v;
	buf_init(&b, 64);
	sip_unquote(&b, v);
	v = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return v;
}

static bool read_text(struct slice *ret, struct arena *a, const struct sip_media *type,
	struct slice octets, struct message_refusal *refusal)
{
	struct slice text;

	switch (charset_decode(&text, a, charset_of(a, type->params), octets)) {
	case CHARSET_GOOD:
		*ret = charset_lines(a, text);
		return true;
	case CHARSET_UNKNOWN:
		return refuse_type(refusal);
	case CHARSET_BAD:
		break;
	}
	return refuse(refusal, 400, "The body is not in the charset it claims");
}

static void read_html(struct message_in *in, struct arena *a, struct slice html)
{
	struct buf text, xhtml;

	buf_init(&text, 0);
	buf_init(&xhtml, 0);
	html_read(&text, &xhtml, html);
	in->body = arena_slice(a, buf_slice(&text));
	if (in->body.n)
		in->xhtml = arena_slice(a, buf_slice(&xhtml));
	buf_done(&text);
	buf_done(&xhtml);
}

static bool read_body(struct message_in *in, struct arena *a, const struct sip_media *type,
	struct slice octets, struct message_refusal *refusal)
{
	bool plain = sip_media_is(type, "text", "plain"), html = sip_media_is(type, "text", "html");
	struct slice text;

	if (!plain && !html)
		return refuse_type(refusal);
	if (!read_text(&text, a, type, octets, refusal))
		return false;
	if (html)
		read_html(in, a, text);
	else
		in->body = text;
	return true;
}

/* The wrapper's date and subject count, its addresses do not: anyone can write them. */
static bool read_cpim(struct message_in *in, struct arena *a, struct slice octets, uint64_t *stamp,
	struct message_refusal *refusal)
{
	struct sip_media type;
	struct cpim c;

	if (!utf8_valid(octets) || !cpim_read(&c, a, octets))
		return refuse(refusal, 400, "The message/cpim body cannot be read");
	if (sip_media_parse(c.content_type.p ? c.content_type : SL("text/plain"), &type) < 0)
		return refuse_type(refusal);
	if (c.subject.n)
		in->subject = c.subject;
	if (c.datetime.p)
		date_parse_iso(c.datetime, stamp);
	return read_body(in, a, &type, c.body, refusal);
}

/* "render" is what a text is there for; anything else has a purpose we do not know. */
static bool disposition_ok(const struct sip_msg *m)
{
	struct slice v = sip_msg_get(m, SIP_H_CONTENT_DISPOSITION), kind;

	kind = slice_trim(slice_cut(v, slice_find(v, ';')));
	return !v.p || slice_ieq(kind, SL("render"));
}

static bool encoding_ok(const struct sip_msg *m)
{
	struct slice v = sip_msg_get(m, SIP_H_CONTENT_ENCODING);

	return !v.p || slice_ieq(slice_trim(v), SL("identity"));
}

static bool read_content(struct message_in *in, struct arena *a, const struct sip_msg *m,
	uint64_t *stamp, struct message_refusal *refusal)
{
	struct slice v = sip_msg_get(m, SIP_H_CONTENT_TYPE);
	struct sip_media type;

	if (m->body.n == 0)
		return true;
	if (!encoding_ok(m)) {
		refuse(refusal, 415, NULL);
		refusal->field = (struct sip_out){SL("Accept-Encoding"), SL("identity")};
		return false;
	}
	if (!v.p || sip_media_parse(v, &type) < 0 || !disposition_ok(m))
		return refuse_type(refusal);
	if (sip_media_is(&type, "message", "cpim"))
		return read_cpim(in, a, m->body, stamp, refusal);
	return read_body(in, a, &type, m->body, refusal);
}

static bool read_headers(struct message_in *in, struct arena *a, const struct sip_msg *m,
	struct message_refusal *refusal)
{
	in->subject = sip_msg_get(m, SIP_H_SUBJECT);
	if (!utf8_valid(in->subject))
		return refuse(refusal, 400, "Subject is not UTF-8");
	in->lang = lang_first(sip_msg_get(m, SIP_H_CONTENT_LANGUAGE));
	in->thread = callid_to_thread(a, m->call_id);
	return true;
}

/* RFC 3428 7: Expires counts from Date, without one from now. */
static uint64_t lifetime(const struct sip_msg *m, uint64_t wall_ms, uint64_t sent_ms)
{
	struct slice v = sip_msg_get(m, SIP_H_EXPIRES);
	uint64_t end;
	uint32_t s;

	if (!v.p || sip_seconds_parse(v, &s) < 0)
		return UINT64_MAX;
	end = (sent_ms ? sent_ms : wall_ms) + (uint64_t)s * 1000;
	return end > wall_ms ? end - wall_ms : 0;
}

bool message_in_read(struct message_in *ret, struct arena *a, const struct sip_msg *m,
	uint64_t wall_ms, struct message_refusal *refusal)
{
	struct slice date = sip_msg_get(m, SIP_H_DATE);
	struct message_in in = {0};
	uint64_t sent_s, sent_ms = 0, stamp;

	if (date.p && sip_date_parse(date, &sent_s) == 0)
		sent_ms = sent_s * 1000;
	in.lifetime_ms = lifetime(m, wall_ms, sent_ms);
	if (in.lifetime_ms == 0)
		return refuse(refusal, 487, "The message has expired");
	stamp = sent_ms;
	if (!read_headers(&in, a, m, refusal) || !read_content(&in, a, m, &stamp, refusal))
		return false;
	if (in.body.n == 0 && in.subject.n == 0)
		return refuse(refusal, 400, "There is nothing in the message to show");
	in.delayed = stamp && stamp + DELAYED_MS < wall_ms;
	in.stamp_ms = stamp;
	*ret = in;
	return true;
}

static void put_address(struct buf *out, const char *attr, const struct jid *j)
{
	buf_chr(out, ' ');
	buf_str(out, attr);
	buf_str(out, "='");
	if (j->local.p) {
		xml_put_value(out, j->local, XML_BAD_REPLACE);
		buf_chr(out, '@');
	}
	xml_put_value(out, j->domain, XML_BAD_REPLACE);
	if (j->resource.p) {
		buf_chr(out, '/');
		xml_put_value(out, j->resource, XML_BAD_REPLACE);
	}
	buf_chr(out, '\'');
}

static void put_child(struct buf *out, const char *name, struct slice text)
{
	if (text.n == 0)
		return;
	buf_chr(out, '<');
	buf_str(out, name);
	buf_chr(out, '>');
	xml_put_text(out, text, XML_BAD_REPLACE);
	buf_str(out, "</");
	buf_str(out, name);
	buf_chr(out, '>');
}

static void put_delay(struct buf *out, const struct jid *from, uint64_t stamp_ms)
{
	char stamp[DATE_ISO_LEN];

	date_print_iso(stamp, stamp_ms);
	buf_str(out, "<delay xmlns='urn:xmpp:delay'");
	xml_put_attr(out, "from", from->domain);
	xml_put_attr(out, "stamp", slice_make(stamp, sizeof stamp));
	buf_str(out, "/>");
}

void message_in_write(
	struct buf *out, const struct message_pair *p, const struct message_in *in, struct slice id)
{
	buf_str(out, "<message");
	put_address(out, "from", &p->from);
	put_address(out, "to", &p->to);
	xml_put_attr(out, "id", id);
	xml_put_attr(out, "xml:lang", in->lang);
	buf_chr(out, '>');
	put_child(out, "subject", in->subject);
	put_child(out, "body", in->body);
	put_child(out, "thread", in->thread);
	if (in->xhtml.n)
		buf_slice_add(out, in->xhtml);
	if (in->delayed)
		put_delay(out, &p->from, in->stamp_ms);
	buf_str(out, "</message>");
}
