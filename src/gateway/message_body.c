#include "gateway/message_body.h"

#include "base/mem.h"
#include "gateway/charset.h"
#include "gateway/cpim.h"
#include "gateway/date.h"
#include "gateway/html.h"
#include "gateway/multipart.h"
#include "text/utf8.h"

enum { DEPTH_MAX = 4 }; /* wrappers in wrappers */

struct reader {
	struct message_in *in;
	struct arena *a;
	struct message_refusal *refusal;
	uint64_t *stamp;
	unsigned depth;
};

static bool read_typed(struct reader *r, const struct sip_media *type, struct slice octets);

/* ---- refusals ---- */

static bool refuse(struct reader *r, unsigned status, const char *reason)
{
	*r->refusal = (struct message_refusal){.status = status, .reason = slice_of(reason)};
	return false;
}

static bool refuse_type(struct reader *r, const char *reason)
{
	refuse(r, 415, reason);
	r->refusal->field = (struct sip_out){SL("Accept"), SL(MESSAGE_ACCEPT)};
	return false;
}

/* ---- fields ---- */

/* "render" is what a text is there for; anything else has a purpose we do not know. */
static bool shown(struct slice disposition)
{
	struct slice kind = slice_trim(slice_cut(disposition, slice_find(disposition, ';')));

	return !disposition.p || slice_ieq(kind, SL("render"));
}

static struct slice param_of(struct arena *a, struct slice params, const char *name)
{
	struct slice v;
	struct buf b;

	if (params.n == 0 || !sip_param_get(params, name, &v))
		return SL_NONE;
	if (slice_find(v, '"') == v.n)
		return v;
	buf_init(&b, 64);
	sip_unquote(&b, v);
	v = arena_slice(a, buf_slice(&b));
	buf_done(&b);
	return v;
}

/* A folded value on one line. */
static struct slice unfold(struct arena *a, struct slice v)
{
	char *p;

	if (slice_find(v, '\n') == v.n)
		return v;
	p = arena_dup(a, v);
	for (size_t i = 0; i < v.n; i++)
		if (p[i] == '\r' || p[i] == '\n')
			p[i] = ' ';
	return slice_make(p, v.n);
}

/* ---- texts ---- */

static bool read_text(
	struct reader *r, const struct sip_media *type, struct slice octets, struct slice *ret)
{
	struct slice text, charset = param_of(r->a, type->params, "charset");

	switch (charset_decode(&text, r->a, charset, octets)) {
	case CHARSET_GOOD:
		*ret = charset_lines(r->a, text);
		return true;
	case CHARSET_UNKNOWN:
		return refuse_type(r, "The charset is not known here");
	case CHARSET_BAD:
		break;
	}
	return refuse(r, 400, "The body is not in the charset it claims");
}

static void read_html(struct reader *r, struct slice html)
{
	struct buf text, xhtml;

	buf_init(&text, 0);
	buf_init(&xhtml, 0);
	html_read(&text, &xhtml, html);
	r->in->body = arena_slice(r->a, buf_slice(&text));
	if (r->in->body.n)
		r->in->xhtml = arena_slice(r->a, buf_slice(&xhtml));
	buf_done(&text);
	buf_done(&xhtml);
}

/* ---- documents ---- */

static bool read_composing(struct reader *r, struct slice octets)
{
	r->in->kind = MESSAGE_TYPING;
	return composing_read(&r->in->typing, r->a, octets) ||
	       refuse(r, 400, "The isComposing document cannot be read");
}

static bool read_imdn(struct reader *r, struct slice octets)
{
	r->in->kind = MESSAGE_IMDN;
	return imdn_read(&r->in->imdn, r->a, octets) ||
	       refuse(r, 400, "The IMDN document cannot be read");
}

/* ---- message/cpim ---- */

static bool inside(struct reader *r)
{
	return ++r->depth <= DEPTH_MAX || refuse(r, 400, "The body is wrapped too often");
}

static bool read_cpim(struct reader *r, struct slice octets)
{
	struct cpim *c = arena_zalloc(r->a, sizeof *c);
	struct sip_media type;

	if (!utf8_valid(octets) || !cpim_read(c, r->a, octets)) {
		if (c->requires)
			return refuse_type(
				r, "Require of message/cpim names what is not known here");
		return refuse(r, 400, "The message/cpim body cannot be read");
	}
	r->in->cpim = c;
	if (sip_media_parse(c->content_type.p ? c->content_type : SL("text/plain"), &type) < 0)
		return refuse_type(r, NULL);
	if (c->subject.n)
		r->in->subject = c->subject;
	if (c->datetime.p)
		date_parse_iso(c->datetime, r->stamp);
	if (sip_media_is(&type, "message", "imdn+xml"))
		return read_imdn(r, c->body);
	if (!shown(c->disposition))
		return refuse_type(r, NULL);
	return inside(r) && read_typed(r, &type, c->body);
}

/* ---- multipart ---- */

/* How much we want to read a part: 0, not at all. */
enum { RANK_NONE, RANK_HTML, RANK_PARTS, RANK_PLAIN };

static bool part_type(struct reader *r, const struct multipart_part *p, struct sip_media *ret)
{
	return sip_media_parse(p->type.p ? unfold(r->a, p->type) : SL("text/plain"), ret) == 0;
}

static unsigned rank(struct reader *r, const struct multipart_part *p)
{
	struct sip_media type;
	struct slice e = p->encoding;

	if (!part_type(r, p, &type) || !shown(p->disposition))
		return RANK_NONE;
	/* RFC 5621 3.2: there is no need for any other in SIP */
	if (e.p && !slice_ieq(e, SL("binary")) && !slice_ieq(e, SL("8bit")) &&
		!slice_ieq(e, SL("7bit")))
		return RANK_NONE;
	if (sip_media_is(&type, "text", "plain"))
		return RANK_PLAIN;
	if (sip_media_is(&type, "text", "html"))
		return RANK_HTML;
	return slice_ieq(type.type, SL("multipart")) ? RANK_PARTS : RANK_NONE;
}

/* Nobody is hurt when it is left out. */
static bool optional(const struct multipart_part *p)
{
	size_t n = slice_find(p->disposition, ';');
	struct slice v;

	return n < p->disposition.n &&
	       sip_param_get(slice_from(p->disposition, n), "handling", &v) &&
	       slice_ieq(v, SL("optional"));
}

static bool read_part(struct reader *r, const struct multipart_part *p)
{
	struct sip_media type;

	if (rank(r, p) == RANK_NONE || !part_type(r, p, &type))
		return refuse_type(r, NULL);
	return read_typed(r, &type, p->body);
}

static const struct multipart_part *best(
	struct reader *r, const struct multipart_part *parts, int n)
{
	const struct multipart_part *b = &parts[0];

	for (int i = 1; i < n; i++)
		if (rank(r, &parts[i]) > rank(r, b))
			b = &parts[i];
	return b;
}

static const struct multipart_part *root(
	struct reader *r, const struct sip_media *type, const struct multipart_part *parts, int n)
{
	struct slice start = param_of(r->a, type->params, "start");

	for (int i = 0; start.n && i < n; i++)
		if (slice_eq(parts[i].id, start))
			return &parts[i];
	return &parts[0];
}

static bool read_all(struct reader *r, const struct multipart_part *parts, int n)
{
	struct slice before = SL_NONE;
	unsigned texts = 0;

	for (int i = 0; i < n; i++) {
		if (rank(r, &parts[i]) == RANK_NONE && optional(&parts[i]))
			continue;
		if (!read_part(r, &parts[i]))
			return false;
		if (texts++)
			r->in->body = slice_of(arena_printf(
				r->a, "%.*s\n%.*s", SLARG(before), SLARG(r->in->body)));
		before = r->in->body;
	}
	if (texts > 1)
		r->in->xhtml = SL_NONE; /* it would be that of one part alone */
	return true;
}

static bool read_multipart(struct reader *r, const struct sip_media *type, struct slice octets)
{
	struct multipart_part *parts = arena_alloc(r->a, MULTIPART_PARTS * sizeof *parts);
	int n = multipart_read(parts, param_of(r->a, type->params, "boundary"), octets);
	bool good;

	if (n < 0)
		return refuse(r, 400, "The parts of the body cannot be told apart");
	if (!inside(r))
		return false;
	if (slice_ieq(type->subtype, SL("alternative")))
		good = read_part(r, best(r, parts, n));
	else if (slice_ieq(type->subtype, SL("related")))
		good = read_part(r, root(r, type, parts, n));
	else
		good = read_all(r, parts, n); /* RFC 2046 5.1.7: unknown ones are mixed */
	r->depth--;
	return good;
}

/* ---- any ---- */

static bool read_typed(struct reader *r, const struct sip_media *type, struct slice octets)
{
	struct slice text;

	if (sip_media_is(type, "text", "plain"))
		return read_text(r, type, octets, &r->in->body);
	if (sip_media_is(type, "text", "html")) {
		if (!read_text(r, type, octets, &text))
			return false;
		read_html(r, text);
		return true;
	}
	if (slice_ieq(type->type, SL("multipart")))
		return read_multipart(r, type, octets);
	if (sip_media_is(type, "application", "im-iscomposing+xml"))
		return read_composing(r, octets);
	return refuse_type(r, NULL);
}

bool message_body_read(struct message_in *in, struct arena *a, const struct message_body *body,
	uint64_t *stamp, struct message_refusal *refusal)
{
	struct reader r = {.in = in, .a = a, .refusal = refusal, .stamp = stamp};
	struct sip_media type;

	if (!body->type.p || sip_media_parse(body->type, &type) < 0 || !shown(body->disposition))
		return refuse_type(&r, NULL);
	if (sip_media_is(&type, "message", "cpim"))
		return read_cpim(&r, body->octets);
	if (sip_media_is(&type, "application", "ms-imdn+xml")) {
		in->kind = MESSAGE_NOTHING;
		return true;
	}
	return read_typed(&r, &type, body->octets);
}
