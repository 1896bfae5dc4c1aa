#include "gateway/message.h"

#include <string.h>

#include "base/mem.h"
#include "gateway/date.h"
#include "gateway/lang.h"
#include "text/utf8.h"

#define NS_FALLBACK "urn:xmpp:fallback:0"
#define NS_OOB      "jabber:x:oob"

/* What the payloads of a message make of it, whether or not there is a body. */
enum payload {
	P_OTHER,
	P_SILENT,   /* concerns clients: chat states, receipts, markers, hints */
	P_REACTION, /* takes its body, which is a fallback, along */
	P_ENCRYPTED,
	P_CORRECTION,
	P_ADVICE, /* says something about the rest; of no weight alone */
};

/* clang-format off */
static const struct {
	struct slice ns, name; /* name SL_NONE: any */
	enum payload what;
} payloads[] = {
	{SL("http://jabber.org/protocol/chatstates"), SL_NONE,          P_SILENT    }, /* XEP-0085 */
	{SL("urn:xmpp:receipts"),                     SL_NONE,          P_SILENT    }, /* XEP-0184 */
	{SL("urn:xmpp:chat-markers:0"),               SL_NONE,          P_SILENT    }, /* XEP-0333 */
	{SL("urn:xmpp:hints"),                        SL_NONE,          P_SILENT    }, /* XEP-0334 */
	{SL("urn:xmpp:rtt:0"),                        SL_NONE,          P_SILENT    }, /* XEP-0301 */
	{SL("urn:xmpp:attention:0"),                  SL_NONE,          P_SILENT    }, /* XEP-0224 */
	{SL("jabber:x:event"),                        SL_NONE,          P_SILENT    }, /* XEP-0022 */
	{SL("urn:xmpp:reactions:0"),                  SL("reactions"),  P_REACTION  }, /* XEP-0444 */
	{SL("urn:xmpp:message-retract:0"),            SL_NONE,          P_REACTION  }, /* XEP-0424 before 0.4 */
	{SL("urn:xmpp:message-retract:1"),            SL_NONE,          P_REACTION  },
	{SL("urn:xmpp:fasten:0"),                     SL("apply-to"),   P_REACTION  }, /* XEP-0422 */
	{SL("eu.siacs.conversations.axolotl"),        SL("encrypted"),  P_ENCRYPTED }, /* XEP-0384 0.3 */
	{SL("urn:xmpp:omemo:1"),                      SL("encrypted"),  P_ENCRYPTED },
	{SL("urn:xmpp:omemo:2"),                      SL("encrypted"),  P_ENCRYPTED }, /* XEP-0384 0.8 */
	{SL("urn:xmpp:openpgp:0"),                    SL("openpgp"),    P_ENCRYPTED }, /* XEP-0373 */
	{SL("jabber:x:encrypted"),                    SL_NONE,          P_ENCRYPTED }, /* XEP-0027 */
	{SL("urn:xmpp:eme:0"),                        SL("encryption"), P_ENCRYPTED }, /* XEP-0380 */
	{SL("urn:xmpp:message-correct:0"),            SL("replace"),    P_CORRECTION}, /* XEP-0308 */
	{SL("urn:xmpp:delay"),                        SL_NONE,          P_ADVICE    }, /* XEP-0203 */
	{SL("jabber:x:delay"),                        SL_NONE,          P_ADVICE    }, /* XEP-0091 */
	{SL("urn:xmpp:sid:0"),                        SL_NONE,          P_ADVICE    }, /* XEP-0359 */
	{SL("urn:xmpp:reply:0"),                      SL_NONE,          P_ADVICE    }, /* XEP-0461 */
	{SL("urn:xmpp:styling:0"),                    SL_NONE,          P_ADVICE    }, /* XEP-0393 */
	{SL("http://jabber.org/protocol/nick"),       SL_NONE,          P_ADVICE    }, /* XEP-0172 */
	{SL(NS_FALLBACK),			     SL_NONE,          P_ADVICE    }, /* XEP-0428 */
};
/* clang-format on */

static enum payload payload_of(const struct xml_elem *e)
{
	for (size_t i = 0; i < ARRAY_LEN(payloads); i++)
		if (slice_eq(e->ns, payloads[i].ns) &&
			(!payloads[i].name.p || slice_eq(e->name, payloads[i].name)))
			return payloads[i].what;
	return P_OTHER;
}

/* How many payloads of each kind there are. */
struct tally {
	unsigned n[P_ADVICE + 1];
	unsigned cipher_texts;
};

/*
 * An OMEMO element without payload carries keys for later (XEP-0384 4.7): nobody wrote anything.
 * The hint of XEP-0380 stands beside the element it explains.
 */
static bool has_cipher_text(const struct xml_elem *e)
{
	if (slice_eqz(e->ns, "urn:xmpp:eme:0"))
		return false;
	return !slice_eqz(e->name, "encrypted") || xml_child(e, e->ns, SL("payload"));
}

static bool encrypted(const struct tally *t, bool body)
{
	/* With a body, or of a kind that only the hint names: there is something to be read. */
	return t->cipher_texts || (t->n[P_ENCRYPTED] && (body || t->n[P_OTHER]));
}

static void count_payloads(struct tally *t, const struct xml_elem *stanza)
{
	xml_each(stanza, c) {
		enum payload p;

		if (slice_eqz(c->ns, NS_SERVER))
			continue;
		p = payload_of(c);
		t->n[p]++;
		t->cipher_texts += p == P_ENCRYPTED && has_cipher_text(c);
	}
}

/*
 * The body for a reader of one language: the one in the language of the stanza, which is the one
 * that says nothing else, or else the first.
 */
static const struct xml_elem *pick(const struct xml_elem *stanza, struct slice name)
{
	const struct xml_elem *first = stanza_child(stanza, name);

	for (const struct xml_elem *e = first; e; e = xml_same(e)) {
		struct slice own = xml_attr_ns(e, SL(XML_NS_XML), SL("lang"));

		if (!own.p || slice_ieq(own, xml_lang(stanza)))
			return e;
	}
	return first;
}

/* ---- fallback text (XEP-0428) ---- */

/* Where the character with this number begins. */
static size_t offset_of(struct slice s, uint64_t chars)
{
	struct slice rest = s;
	uint32_t c;

	while (chars-- && utf8_next(&rest, &c))
		;
	return s.n - rest.n;
}

/* A fallback for <body/>: its range in characters; without one it is the whole body. */
static bool fallback_range(
	const struct xml_elem *fallback, struct slice body, size_t *from, size_t *to)
{
	const struct xml_elem *b = xml_child(fallback, SL(NS_FALLBACK), SL("body"));
	struct slice start = xml_attr(b, SL("start")), end = xml_attr(b, SL("end"));
	uint64_t x, y;

	if (!b && xml_first(fallback))
		return false; /* it is about the subject or another element */
	*from = 0;
	*to = body.n;
	if (!start.p && !end.p)
		return true;
	if (slice_u64(start, UINT32_MAX, &x) < 0 || slice_u64(end, UINT32_MAX, &y) < 0 || x > y)
		return false;
	*from = offset_of(body, x);
	*to = offset_of(body, y);
	return true;
}

/* The body without its fallback parts. They count in the body as it came, so they are marked first.
 */
static struct slice strip_fallbacks(
	struct arena *a, const struct xml_elem *stanza, struct slice body)
{
	const struct xml_elem *f = xml_child(stanza, SL(NS_FALLBACK), SL("fallback"));
	char *keep, *p;
	size_t n = 0, from, to;

	if (!f || body.n == 0)
		return body;
	keep = memset(arena_alloc(a, body.n), 1, body.n);
	for (; f; f = xml_same(f))
		if (fallback_range(f, body, &from, &to))
			memset(keep + from, 0, to - from);
	p = arena_alloc(a, body.n);
	for (size_t i = 0; i < body.n; i++)
		if (keep[i])
			p[n++] = body.p[i];
	return slice_make(p, n);
}

/* ---- the verdict ---- */

static enum message_verdict bounce(struct message_out *ret, enum stanza_cond cond, const char *text)
{
	ret->cond = cond;
	ret->text = text;
	return MESSAGE_BOUNCE;
}

/* The address of a file (XEP-0066) that stands there alone: he who reads can open it. */
static struct slice alone_url(struct arena *a, const struct xml_elem *stanza)
{
	const struct xml_elem *x = xml_child(stanza, SL(NS_OOB), SL("x"));

	return slice_trim(xml_child_text(x, SL(NS_OOB), SL("url"), a));
}

/* Nothing to read in it: is that an error to the one who sent it? */
static enum message_verdict without_body(
	struct message_out *ret, const struct tally *t, bool headline, bool subject)
{
	if (headline || t->n[P_SILENT] || t->n[P_REACTION] || t->n[P_ENCRYPTED])
		return MESSAGE_CONSUME;
	if (subject)
		return bounce(
			ret, STANZA_NOT_ACCEPTABLE, "a subject alone is not sent to this contact");
	if (t->n[P_OTHER])
		return bounce(
			ret, STANZA_SERVICE_UNAVAILABLE, "this contact understands text only");
	return MESSAGE_CONSUME;
}

/* OTR writes its cipher text into the body (XEP-0364); "?OTR" and white space alone only ask. */
static bool is_otr(struct slice body)
{
	return slice_starts(body, SL("?OTR:")) || slice_starts(body, SL("?OTR,")) ||
	       slice_starts(body, SL("?OTR|"));
}

static struct slice with_mark(struct arena *a, const struct tally *t, struct slice body)
{
	if (!t->n[P_CORRECTION])
		return body;
	return slice_of(arena_printf(a, "[Correction] %.*s", SLARG(body)));
}

static void read_rest(struct message_out *ret, struct arena *a, const struct xml_elem *stanza,
	const struct xml_elem *body)
{
	const struct xml_elem *subject = pick(stanza, SL("subject"));
	struct slice lang = xml_lang(body),
		     thread = xml_text(stanza_child(stanza, SL("thread")), a);
	struct slice stamp =
		xml_attr(xml_child(stanza, SL("urn:xmpp:delay"), SL("delay")), SL("stamp"));

	ret->subject = subject ? xml_text(subject, a) : SL_NONE;
	ret->thread = thread.n ? thread : SL_NONE;
	ret->lang = lang_valid(lang) ? lang : SL_NONE;
	ret->dated = stamp.p && date_parse_iso(stamp, &ret->date_ms);
}

enum message_verdict message_out_read(
	struct message_out *ret, struct arena *a, const struct xml_elem *stanza)
{
	struct slice type = xml_attr(stanza, SL("type"));
	const struct xml_elem *e = pick(stanza, SL("body"));
	struct slice body, whole = e ? xml_text(e, a) : SL("");
	struct tally t = {0};

	*ret = (struct message_out){0};
	if (slice_eqz(type, "groupchat"))
		return bounce(ret, STANZA_SERVICE_UNAVAILABLE, "this contact is no room");
	count_payloads(&t, stanza);
	if (encrypted(&t, whole.n > 0) || is_otr(whole))
		return bounce(
			ret, STANZA_NOT_ACCEPTABLE, "encryption is not possible to this contact");
	if (t.n[P_REACTION])
		return MESSAGE_CONSUME;
	body = strip_fallbacks(a, stanza, whole);
	if (slice_trim(body).n == 0)
		body = whole; /* the text is all there is to what it stands for: it is the message
			       */
	if (body.n == 0)
		body = alone_url(a, stanza);
	if (body.n == 0)
		return without_body(ret, &t, slice_eqz(type, "headline"),
			xml_text(stanza_child(stanza, SL("subject")), a).n > 0);
	read_rest(ret, a, stanza, e);
	ret->body = with_mark(a, &t, body);
	return MESSAGE_SEND;
}

struct slice message_content_type(struct slice body)
{
	return utf8_ascii(body) ? SL("text/plain") : SL("text/plain;charset=UTF-8");
}
