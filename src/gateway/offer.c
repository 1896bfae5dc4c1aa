#include "gateway/offer.h"

#include "base/mem.h"
#include "gateway/charset.h"
#include "gateway/member.h"
#include "xmpp/sasl.h"

/* ---- what is refused ---- */

static bool refuse(
	struct message_refusal *r, unsigned status, const char *reason, struct slice warning)
{
	*r = (struct message_refusal){.status = status, .reason = slice_of(reason)};
	if (warning.p)
		r->field = (struct sip_out){SL("Warning"), warning};
	return false;
}

/* RFC 3261 20.43: 302 the protocol, 304 the media, 399 anything else. */
#define WARN_PROTOCOL SL("302 entente \"Message sessions go by MESSAGE within the dialog here\"")
#define WARN_MEDIA    SL("304 entente \"Only message sessions are possible with this contact\"")
#define WARN_PARTIES  SL("399 entente \"Only conversations of two are possible with this contact\"")
#define WARN_SIPS     SL("399 entente \"sips is not translated\"")

static bool refuse_media(struct message_refusal *r, bool is_protocol)
{
	return refuse(r, 488, NULL, is_protocol ? WARN_PROTOCOL : WARN_MEDIA);
}

/* ---- several parties (profile 5.2, 8) ---- */

/* "opaque=app:conf:focus:id:..." */
static bool is_conference(const struct sip_uri *u)
{
	struct slice opaque;

	return sip_uri_param(u, "opaque", &opaque) && slice_istarts(opaque, SL("app:conf:"));
}

/* RFC 4579 5.2, or by its URI. */
static bool is_focus(const struct sip_msg *m)
{
	struct sip_items it = sip_msg_items(m, SIP_H_CONTACT);
	struct slice item, value;
	struct sip_addr a;

	if (sip_items_next(&it, &item) <= 0 || sip_addr_parse(item, &a) < 0)
		return false;
	return is_conference(&a.uri) || (a.params.n && sip_param_get(a.params, "isfocus", &value));
}

static unsigned endpoints(const struct sip_msg *m)
{
	struct slice rest = sip_msg_get_name(m, "EndPoints"), item;
	unsigned n = 0;

	while (rest.n && sip_list_next(&rest, &item) > 0)
		n++;
	return n;
}

static bool is_triggered(const struct sip_msg *m)
{
	struct slice v = sip_msg_get_name(m, "TriggeredInvite");

	return v.p && !slice_ieq(v, SL("false"));
}

static bool has_parties(const struct sip_msg *m)
{
	return sip_msg_has(m, SIP_H_REQUIRE, "com.microsoft.rtc-multiparty") ||
	       is_conference(&m->ruri) || is_conference(&m->to.uri) ||
	       is_conference(&m->from.uri) || is_focus(m) || is_triggered(m) || endpoints(m) > 2;
}

/* ---- the description ---- */

static bool is_session(const struct sip_msg *m)
{
	struct slice v = sip_msg_get(m, SIP_H_CONTENT_DISPOSITION);

	return !v.p || slice_ieq(slice_trim(slice_cut(v, slice_find(v, ';'))), SL("session"));
}

/* *ret NULL: there is none. */
static bool read_sdp(
	struct sdp **ret, struct arena *a, const struct sip_msg *m, struct message_refusal *refusal)
{
	struct sip_media type = {0};
	struct sdp *s;

	*ret = NULL;
	if (!m->body.n || !is_session(m))
		return true;
	if (sip_media_parse(sip_msg_get(m, SIP_H_CONTENT_TYPE), &type) == 0 &&
		sip_media_is(&type, "application", "ms-conf-invite+xml"))
		return refuse(refusal, 488, NULL, WARN_PARTIES);
	if (!type.type.p || !sip_media_is(&type, "application", "sdp")) {
		refuse(refusal, 415, NULL, SL_NONE);
		refusal->field = (struct sip_out){SL("Accept"), SL("application/sdp")};
		return false;
	}
	s = arena_alloc(a, sizeof *s);
	if (sdp_parse(s, m->body) < 0)
		return refuse(refusal, 400,
			arena_printf(
				a, "Bad Session Description (Line %u: %s)", s->bad_line, s->bad),
			SL_NONE);
	*ret = s;
	return true;
}

/* COMPAT: x-ms-message is what user agents before Office Communications Server 2007 write. */
static bool is_message(const struct sdp_media *m)
{
	return slice_ieq(m->type, SL("message")) || slice_ieq(m->type, SL("x-ms-message"));
}

static bool is_ours(const struct sdp_media *m)
{
	return m->port && is_message(m) && slice_ieq(m->proto, SL("sip"));
}

static unsigned read_accepts(const struct sdp *s, const struct sdp_media *m)
{
	static const struct {
		const char *type, *subtype;
		unsigned bit;
	} types[] = {
		{"text", "plain", OFFER_PLAIN},
		{"text", "html", OFFER_HTML},
		{"text", "rtf", OFFER_RTF},
		{"message", "cpim", OFFER_CPIM},
		{"application", "im-iscomposing+xml", OFFER_COMPOSING},
		{"message", "imdn+xml", OFFER_IMDN},
		{"multipart", "alternative", OFFER_ALTERNATIVE},
	};
	struct slice list = sdp_attr(s, m, "accept-types"),
		     wrapped = sdp_attr(s, m, "accept-wrapped-types");
	unsigned bits = 0;

	if (!list.p)
		return OFFER_PLAIN;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (sdp_accepts(list, types[i].type, types[i].subtype))
			bits |= types[i].bit;
	if (bits & OFFER_CPIM && sdp_accepts(wrapped, "message", "imdn+xml"))
		bits |= OFFER_IMDN;
	return bits;
}

/* The first line that can be taken; n_media: there is none. */
static unsigned find_ours(const struct sdp *s)
{
	unsigned i = 0;

	while (i < s->n_media && !is_ours(&s->media[i]))
		i++;
	return i;
}

static bool offers_messages(const struct sdp *s)
{
	for (unsigned i = 0; i < s->n_media; i++)
		if (s->media[i].port && is_message(&s->media[i]))
			return true;
	return false;
}

/* ---- the first message ---- */

static struct slice read_first(struct arena *a, const struct sip_msg *m)
{
	struct slice v = sip_msg_get_name(m, "ms-text-format"), octets, text,
		     body = member_of(v, "ms-body"),
		     type = slice_trim(slice_cut(v, slice_find(v, ';')));

	if (!body.n || !slice_ieq(type, SL("text/plain")) || !base64_decode(body, a, &octets))
		return SL_NONE;
	if (charset_decode(&text, a, member_of(v, "charset"), octets) != CHARSET_GOOD || !text.n)
		return SL_NONE;
	return charset_lines(a, text);
}

/* ---- offers and answers ---- */

bool offer_read(struct offer *ret, struct arena *a, const struct sip_msg *invite,
	struct message_refusal *refusal)
{
	struct offer o = {0};

	if (invite->ruri.scheme == SIP_SCHEME_SIPS || invite->to.uri.scheme == SIP_SCHEME_SIPS)
		return refuse(refusal, 403, NULL, WARN_SIPS);
	if (has_parties(invite))
		return refuse(refusal, 488, NULL, WARN_PARTIES);
	if (!read_sdp(&o.sdp, a, invite, refusal))
		return false;
	if (!o.sdp)
		return refuse_media(refusal, false);
	o.media = find_ours(o.sdp);
	if (o.media == o.sdp->n_media)
		return refuse_media(refusal, offers_messages(o.sdp));
	o.accepts = read_accepts(o.sdp, &o.sdp->media[o.media]);
	o.first = read_first(a, invite);
	*ret = o;
	return true;
}

/* RFC 3264 8: lines stay where they are. Those that were refused are so again; of new ones only
 * what is not wanted. */
static bool is_same(const struct sdp *s, unsigned n, unsigned media)
{
	if (s->n_media < n || !is_ours(&s->media[media]))
		return false;
	for (unsigned i = n; i < s->n_media; i++)
		if (s->media[i].port)
			return false;
	return true;
}

bool offer_again(struct offer *ret, struct arena *a, const struct sip_msg *m, unsigned n,
	unsigned media, struct message_refusal *refusal)
{
	struct offer o = {.media = media};

	if (!read_sdp(&o.sdp, a, m, refusal))
		return false;
	/* Our own offer would have to repeat lines of theirs, which nobody has kept. */
	if (!o.sdp && m->method == SIP_INVITE && n > 1)
		return refuse_media(refusal, false);
	if (o.sdp && !is_same(o.sdp, n, media))
		return refuse_media(refusal, false);
	if (o.sdp)
		o.accepts = read_accepts(o.sdp, &o.sdp->media[media]);
	*ret = o;
	return true;
}

bool offer_answered(const struct sip_msg *response, unsigned *ret_accepts)
{
	struct sdp s;

	if (!response->body.n || sdp_parse(&s, response->body) < 0 || !s.n_media ||
		!is_ours(&s.media[0]))
		return false;
	*ret_accepts = read_accepts(&s, &s.media[0]);
	return true;
}

/* ---- writing ---- */

static const struct sdp_attr attrs[] = {{SL("accept-types"), SL(OFFER_TYPES)}};

static struct sdp_out_media our_line(
	const struct offer_place *place, struct slice type, struct slice formats)
{
	return (struct sdp_out_media){.type = type,
		.proto = SL("sip"),
		.formats = formats,
		.port = place->port,
		.attrs = attrs,
		.n_attrs = ARRAY_LEN(attrs)};
}

static void write_lines(struct buf *out, const struct offer_place *place,
	const struct sdp_out_media *media, size_t n)
{
	sdp_write(out, &(struct sdp_out){.id = place->id,
			       .version = place->id,
			       .address = place->host,
			       .name = SL("session"),
			       .media = media,
			       .n_media = n});
}

void offer_write(struct buf *out, const struct offer_place *place)
{
	struct sdp_out_media line = our_line(place, SL("message"), SL("null"));

	write_lines(out, place, &line, 1);
}

void offer_answer(
	struct buf *out, const struct offer *o, const struct offer_place *place, struct slice uri)
{
	struct sdp_out_media lines[SDP_MAX_MEDIA];
	const struct sdp *s = o->sdp;

	if (!s) {
		lines[0] = our_line(place, SL("message"), uri);
		write_lines(out, place, lines, 1);
		return;
	}
	for (unsigned i = 0; i < s->n_media; i++)
		lines[i] = i == o->media ? our_line(place, s->media[i].type, uri)
					 : sdp_refused(&s->media[i]);
	write_lines(out, place, lines, s->n_media);
}
