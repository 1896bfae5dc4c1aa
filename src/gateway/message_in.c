#include "gateway/message.h"

#include "gateway/address.h"
#include "gateway/callid.h"
#include "gateway/date.h"
#include "gateway/lang.h"
#include "gateway/message_body.h"
#include "gateway/receipt.h"
#include "text/utf8.h"
#include "xml/writer.h"

/* A message dated this far back was stored on its way; less may be a clock that is wrong. */
enum { DELAYED_MS = 120 * 1000 };

static bool refuse(struct message_refusal *r, unsigned status, const char *reason)
{
	*r = (struct message_refusal){.status = status, .reason = slice_of(reason)};
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

static bool encoding_ok(const struct sip_msg *m)
{
	struct slice v = sip_msg_get(m, SIP_H_CONTENT_ENCODING);

	return !v.p || slice_ieq(slice_trim(v), SL("identity"));
}

static bool read_content(struct message_in *in, struct arena *a, const struct sip_msg *m,
	uint64_t *stamp, struct message_refusal *refusal)
{
	const struct message_body body = {
		.type = sip_msg_get(m, SIP_H_CONTENT_TYPE),
		.disposition = sip_msg_get(m, SIP_H_CONTENT_DISPOSITION),
		.octets = m->body,
	};

	if (m->body.n == 0)
		return true;
	if (!encoding_ok(m)) {
		refuse(refusal, 415, NULL);
		refusal->field = (struct sip_out){SL("Accept-Encoding"), SL("identity")};
		return false;
	}
	return message_body_read(in, a, &body, stamp, refusal);
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
	if (in.kind == MESSAGE_TEXT && in.body.n == 0 && in.subject.n == 0)
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
	if (in->chat)
		buf_str(out, " type='chat'");
	xml_put_attr(out, "xml:lang", in->lang);
	buf_chr(out, '>');
	put_child(out, "subject", in->subject);
	put_child(out, "body", in->body);
	put_child(out, "thread", in->thread);
	if (in->xhtml.n)
		buf_slice_add(out, in->xhtml);
	if (in->delayed)
		put_delay(out, &p->from, in->stamp_ms);
	if (in->state != CHATSTATE_NONE)
		chatstate_write(out, in->state);
	if (in->request)
		receipt_request_write(out);
	if (in->markable)
		receipt_markable_write(out);
	buf_str(out, "</message>");
}
