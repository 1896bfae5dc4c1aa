#include "sip/write.h"

#include <assert.h>

#include "base/mem.h"
#include "sip/grammar.h"

/* clang-format off */
static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{100, "Trying"},
	{180, "Ringing"},
	{181, "Call Is Being Forwarded"},
	{182, "Queued"},
	{183, "Session Progress"},
	{200, "OK"},
	{202, "Accepted"},
	{300, "Multiple Choices"},
	{301, "Moved Permanently"},
	{302, "Moved Temporarily"},
	{305, "Use Proxy"},
	{380, "Alternative Service"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{402, "Payment Required"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{407, "Proxy Authentication Required"},
	{410, "Gone"},
	{413, "Request Entity Too Large"},
	{414, "Request-URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Unsupported URI Scheme"},
	{420, "Bad Extension"},
	{421, "Extension Required"},
	{422, "Session Interval Too Small"},
	{423, "Interval Too Brief"},
	{480, "Temporarily Unavailable"},
	{481, "Call/Transaction Does Not Exist"},
	{482, "Loop Detected"},
	{483, "Too Many Hops"},
	{484, "Address Incomplete"},
	{485, "Ambiguous"},
	{486, "Busy Here"},
	{487, "Request Terminated"},
	{488, "Not Acceptable Here"},
	{489, "Bad Event"},
	{491, "Request Pending"},
	{493, "Undecipherable"},
	{500, "Server Internal Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Server Time-out"},
	{505, "Version Not Supported"},
	{513, "Message Too Large"},
	{600, "Busy Everywhere"},
	{603, "Decline"},
	{604, "Does Not Exist Anywhere"},
	{606, "Not Acceptable"},
};
/* clang-format on */

const char *sip_reason(unsigned status)
{
	static const char *const classes[] = {
		"",
		"Trying",
		"OK",
		"Redirection",
		"Bad Request",
		"Server Error",
		"Declined",
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return classes[status / 100 % 7];
}

/* ---- pieces ---- */

/* Line breaks and NUL become spaces: what we are given stays in the line it was given for. */
static void add_safe(struct buf *out, struct slice s)
{
	char *p = s.n ? buf_room(out, s.n) : NULL;

	if (!p)
		return;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		p[i] = c == '\r' || c == '\n' || c == 0 ? ' ' : c;
	}
	buf_added(out, s.n);
}

#define ADD(out, literal) buf_add(out, literal, sizeof(literal) - 1)

void sip_write_field(struct buf *out, const char *name, struct slice value)
{
	buf_str(out, name);
	ADD(out, ": ");
	add_safe(out, value);
	ADD(out, "\r\n");
}

/* Those that are written from members of their own. */
static bool is_ours(enum sip_header h)
{
	return h == SIP_H_VIA || h == SIP_H_FROM || h == SIP_H_TO || h == SIP_H_CALL_ID ||
	       h == SIP_H_CSEQ || h == SIP_H_MAX_FORWARDS || h == SIP_H_CONTENT_LENGTH ||
	       h == SIP_H_CONTENT_TYPE;
}

static void add_fields(struct buf *out, const struct sip_out *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert(sip_is_token(fields[i].name) && !is_ours(sip_header_find(fields[i].name)));
		buf_slice_add(out, fields[i].name);
		ADD(out, ": ");
		add_safe(out, fields[i].value);
		ADD(out, "\r\n");
	}
}

static void add_body(struct buf *out, struct slice type, struct slice body)
{
	assert(type.p || !body.n);
	if (type.p)
		sip_write_field(out, "Content-Type", type);
	ADD(out, "Content-Length: ");
	buf_u64(out, body.n);
	ADD(out, "\r\n\r\n");
	buf_slice_add(out, body);
}

/* ---- requests ---- */

static void add_address(struct buf *out, struct slice addr, struct slice tag)
{
	add_safe(out, addr);
	if (tag.p) {
		ADD(out, ";tag=");
		add_safe(out, tag);
	}
}

static void add_top_via(struct buf *out, const struct sip_stamp *stamp)
{
	ADD(out, "Via: SIP/2.0/");
	buf_str(out, sip_transport_name(stamp->transport));
	ADD(out, " ");
	buf_slice_add(out, stamp->sent_by);
	ADD(out, ";branch=");
	buf_slice_add(out, stamp->branch);
	if (stamp->transport == SIP_UDP)
		ADD(out, ";rport"); /* RFC 3581 3 */
	else if (stamp->transport == SIP_TLS)
		ADD(out, ";alias"); /* RFC 5923 5: the other way by the same connection, please */
	ADD(out, "\r\n");
}

void sip_write_request(struct buf *out, const struct sip_spec *spec, const struct sip_stamp *stamp)
{
	struct slice method = slice_of(sip_method_name(spec->method));

	assert(method.p && (!spec->call_id.p || sip_is_call_id(spec->call_id)));
	buf_slice_add(out, method);
	ADD(out, " ");
	add_safe(out, spec->ruri);
	ADD(out, " SIP/2.0\r\n");
	add_top_via(out, stamp);
	ADD(out, "Max-Forwards: ");
	buf_u64(out, spec->max_forwards ? spec->max_forwards : 70);
	ADD(out, "\r\nFrom: ");
	add_address(out, spec->from, spec->from_tag.p ? spec->from_tag : stamp->from_tag);
	ADD(out, "\r\nTo: ");
	add_address(out, spec->to, spec->to_tag);
	ADD(out, "\r\nCall-ID: ");
	add_safe(out, spec->call_id.p ? spec->call_id : stamp->call_id);
	ADD(out, "\r\nCSeq: ");
	buf_u64(out, spec->cseq ? spec->cseq : 1);
	ADD(out, " ");
	buf_slice_add(out, method);
	ADD(out, "\r\n");
	add_fields(out, spec->fields, spec->n_fields);
	if (stamp->user_agent.p)
		sip_write_field(out, "User-Agent", stamp->user_agent);
	add_body(out, spec->content_type, spec->body);
}

/* Line by line what the INVITE has: its first Via, its Route fields, and so on (9.1, 17.1.1.3). */
static void write_like(
	struct buf *out, const char *method, const struct sip_msg *invite, struct slice to)
{
	buf_str(out, method);
	ADD(out, " ");
	buf_slice_add(out, invite->ruri_text);
	ADD(out, " SIP/2.0\r\n");
	sip_write_field(out, "Via", invite->via.text);
	ADD(out, "Max-Forwards: 70\r\n");
	sip_write_field(out, "From", sip_msg_get(invite, SIP_H_FROM));
	sip_write_field(out, "To", to);
	sip_write_field(out, "Call-ID", invite->call_id);
	ADD(out, "CSeq: ");
	buf_u64(out, invite->cseq);
	ADD(out, " ");
	buf_str(out, method);
	ADD(out, "\r\n");
	for (uint16_t i = invite->first[SIP_H_ROUTE]; i; i = invite->fields[i - 1].next)
		sip_write_field(out, "Route", invite->fields[i - 1].value);
	add_body(out, SL_NONE, SL(""));
}

void sip_write_cancel(struct buf *out, const struct sip_msg *invite)
{
	write_like(out, "CANCEL", invite, sip_msg_get(invite, SIP_H_TO));
}

void sip_write_ack(struct buf *out, const struct sip_msg *invite, struct slice to)
{
	write_like(out, "ACK", invite, to);
}

/* ---- responses ---- */

/*
 * The first Via with what we have seen: received in place of one that is there, rport with its
 * value (18.2.1, RFC 3581 4).
 */
static void add_seen_via(struct buf *out, const struct sip_via *v, const struct sip_seen *seen)
{
	struct slice rest = v->params;
	struct sip_param p;

	buf_add(out, v->text.p, (size_t)(v->params.p - v->text.p));
	for (struct slice at = rest; sip_param_next(&rest, &p) > 0; at = rest) {
		if (slice_ieq(p.name, SL("rport")) && seen->rport) {
			ADD(out, ";rport=");
			buf_u64(out, seen->rport);
		} else if (!slice_ieq(p.name, SL("received")) || !seen->received.p) {
			buf_add(out, at.p, at.n - rest.n);
		}
	}
	if (seen->received.p) {
		ADD(out, ";received=");
		buf_slice_add(out, seen->received);
	}
}

/* Values are echoed as they came: the reader has left no line break in them. */
static void add_echo(struct buf *out, const char *name, struct slice value)
{
	buf_str(out, name);
	ADD(out, ": ");
	buf_slice_add(out, value);
	ADD(out, "\r\n");
}

static void add_vias(struct buf *out, const struct sip_msg *m, const struct sip_seen *seen)
{
	struct slice first = sip_msg_get(m, SIP_H_VIA);

	ADD(out, "Via: ");
	add_seen_via(out, &m->via, seen);
	buf_slice_add(out, slice_from(first, (size_t)(m->via.text.p + m->via.text.n - first.p)));
	ADD(out, "\r\n");
	for (uint16_t i = m->fields[m->first[SIP_H_VIA] - 1].next; i; i = m->fields[i - 1].next)
		add_echo(out, "Via", m->fields[i - 1].value);
}

/*
 * COMPAT: Lync and Skype for Business ask so whether empty lines keep a connection alive
 * (MS-SIPRE); who gets no answer sends none and gives the connection up.
 */
static void add_keep_alive(struct buf *out, const struct sip_msg *m)
{
	struct slice asked = sip_msg_get(m, SIP_H_MS_KEEP_ALIVE), hop;
	size_t end = slice_find(asked, ';');

	if (!asked.p || (m->via.transport != SIP_TCP && m->via.transport != SIP_TLS))
		return;
	if (slice_ieq(slice_trim(slice_cut(asked, end)), SL("UAC")) &&
		sip_param_get(slice_from(asked, end), "hop-hop", &hop) && slice_ieq(hop, SL("yes")))
		ADD(out, "ms-keep-alive: UAS; tcp=no; hop-hop=yes; end-end=no; timeout=300\r\n");
}

void sip_write_echo(struct buf *out, const struct sip_msg *m, const struct sip_seen *seen)
{
	static const enum sip_header same[] = {SIP_H_FROM, SIP_H_TO, SIP_H_CALL_ID, SIP_H_CSEQ};

	add_vias(out, m, seen);
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct slice value = sip_msg_get(m, same[i]);

		if (!value.p)
			continue;
		buf_str(out, sip_header_name(same[i]));
		ADD(out, ": ");
		buf_slice_add(out, value);
		if (same[i] == SIP_H_TO && m->to.uri.text.p && !m->to.tag.p && seen->to_tag.p) {
			ADD(out, ";tag=");
			buf_slice_add(out, seen->to_tag);
		}
		ADD(out, "\r\n");
	}
	add_keep_alive(out, m);
}

void sip_write_reply(
	struct buf *out, const struct sip_reply *reply, struct slice echo, struct slice extra)
{
	assert(reply->status >= 100 && reply->status <= 699);
	ADD(out, "SIP/2.0 ");
	buf_u64(out, reply->status);
	ADD(out, " ");
	add_safe(out, reply->reason.p ? reply->reason : slice_of(sip_reason(reply->status)));
	ADD(out, "\r\n");
	buf_slice_add(out, echo);
	add_fields(out, reply->fields, reply->n_fields);
	buf_slice_add(out, extra);
	add_body(out, reply->content_type, reply->body);
}

#define STAMP "Timestamp: "

/* Without its line break: sip_write_100() sees by that that there is one. */
void sip_write_stamp(struct buf *out, const struct sip_msg *m)
{
	struct slice stamp = sip_msg_get(m, SIP_H_TIMESTAMP);

	if (!stamp.p)
		return;
	ADD(out, STAMP);
	add_safe(out, stamp);
}

/* A delay in a request is not ours to add to. */
static bool has_delay(struct slice stamp)
{
	return slice_find(stamp, ' ') < stamp.n || slice_find(stamp, '\t') < stamp.n;
}

void sip_write_100(struct buf *out, struct slice lines, uint64_t took_ms, struct slice extra)
{
	struct slice stamp = slice_from(lines, slice_rfind(lines, '\n') + 1);

	ADD(out, "SIP/2.0 100 Trying\r\n");
	buf_slice_add(out, lines);
	if (stamp.n) {
		if (!has_delay(slice_from(stamp, sizeof STAMP - 1)))
			buf_printf(out, " %u.%03u", (unsigned)(took_ms / 1000),
				(unsigned)(took_ms % 1000));
		ADD(out, "\r\n");
	}
	buf_slice_add(out, extra);
	add_body(out, SL_NONE, SL(""));
}
