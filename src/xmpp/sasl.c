#include "xmpp/sasl.h"

#include <stdint.h>

#include "xml/writer.h"
#include "xmpp/jid.h"
#include "xmpp/ns.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *b, struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)p[i] << 16;

		if (left > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			v |= p[i + 2];
		buf_chr(b, alphabet[v >> 18]);
		buf_chr(b, alphabet[v >> 12 & 63]);
		buf_chr(b, left > 1 ? alphabet[v >> 6 & 63] : '=');
		buf_chr(b, left > 2 ? alphabet[v & 63] : '=');
	}
}

static int digit64(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Four characters of which the last `pad` are padding. */
static bool decode_group(const char *p, unsigned pad, char *ret)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++) {
		int d = i < 4 - pad ? digit64(p[i]) : 0;

		if (d < 0)
			return false;
		v = v << 6 | (uint32_t)d;
	}
	ret[0] = (char)(v >> 16);
	ret[1] = (char)(v >> 8);
	ret[2] = (char)v;
	/* What padding leaves over must be zero, or two texts would say the same. */
	return pad == 0 || (pad == 1 && (v & 0xff) == 0) || (pad == 2 && (v & 0xffff) == 0);
}

bool base64_decode(struct slice s, struct arena *a, struct slice *ret)
{
	unsigned pad = slice_ends(s, SL("==")) ? 2 : slice_ends(s, SL("=")) ? 1 : 0;
	char *p;

	if (s.n % 4 != 0 || s.n < 4)
		return false;
	p = arena_alloc(a, s.n / 4 * 3);
	for (size_t i = 0; i < s.n / 4; i++)
		if (!decode_group(s.p + 4 * i, 4 * i + 4 == s.n ? pad : 0, p + 3 * i))
			return false;
	*ret = slice_make(p, s.n / 4 * 3 - pad);
	return true;
}

static enum sasl_verdict failure(enum sasl_cond c, enum sasl_cond *ret_cond)
{
	*ret_cond = c;
	return SASL_FAILURE;
}

/* A domainpart, and the one of the header: nobody speaks for another here (6.3.8). */
static bool may_act_as(const struct sasl_ctx *ctx, struct slice authzid, struct arena *a)
{
	struct jid j;

	return jid_parse(&j, a, authzid, NULL) == 0 && !j.local.p && !j.resource.p && ctx->from.p &&
	       slice_eq(j.domain, ctx->from);
}

/* data: "=" is an empty authzid, which means what the header said (6.4.2). */
static enum sasl_verdict judge(
	const struct sasl_ctx *ctx, struct slice data, struct arena *a, enum sasl_cond *ret_cond)
{
	struct slice authzid = SL("");

	if (!slice_eq(data, SL("=")) && data.n && !base64_decode(data, a, &authzid))
		return failure(SASL_INCORRECT_ENCODING, ret_cond);
	if (authzid.n && !may_act_as(ctx, authzid, a))
		return failure(SASL_INVALID_AUTHZID, ret_cond);
	if (!ctx->from.p)
		return failure(SASL_NOT_AUTHORIZED, ret_cond);
	return SASL_SUCCESS;
}

enum sasl_verdict sasl_on_auth(const struct sasl_ctx *ctx, const struct xml_elem *auth,
	struct arena *a, enum sasl_cond *ret_cond)
{
	struct slice mechanism = xml_attr(auth, SL("mechanism")), data = xml_text(auth, a);
	bool external = slice_eq(mechanism, SL("EXTERNAL"));

	if (xml_first(auth))
		return failure(SASL_MALFORMED_REQUEST, ret_cond);
	if (!ctx->tls && (external || ctx->policy->tls == XTLS_REQUIRED))
		return failure(SASL_ENCRYPTION_REQUIRED, ret_cond);
	if (!external || !ctx->policy->external)
		return failure(SASL_INVALID_MECHANISM, ret_cond);
	if (ctx->cert != XCERT_GOOD)
		return failure(SASL_NOT_AUTHORIZED, ret_cond);
	return data.n ? judge(ctx, data, a, ret_cond) : SASL_CHALLENGE;
}

enum sasl_verdict sasl_on_response(const struct sasl_ctx *ctx, const struct xml_elem *response,
	struct arena *a, enum sasl_cond *ret_cond)
{
	if (xml_first(response))
		return failure(SASL_MALFORMED_REQUEST, ret_cond);
	return judge(ctx, xml_text(response, a), a, ret_cond);
}

static void put_data(struct buf *b, struct slice authzid)
{
	if (authzid.n)
		base64_put(b, authzid);
	else
		buf_chr(b, '=');
}

void sasl_put_auth(struct buf *b, struct slice authzid)
{
	buf_str(b, "<auth xmlns='" NS_SASL "' mechanism='EXTERNAL'>");
	put_data(b, authzid);
	buf_str(b, "</auth>");
}

void sasl_put_response(struct buf *b, struct slice authzid)
{
	buf_str(b, "<response xmlns='" NS_SASL "'>");
	put_data(b, authzid);
	buf_str(b, "</response>");
}

void sasl_put_challenge(struct buf *b)
{
	buf_str(b, "<challenge xmlns='" NS_SASL "'/>");
}

void sasl_put_success(struct buf *b)
{
	buf_str(b, "<success xmlns='" NS_SASL "'/>");
}

void sasl_put_failure(struct buf *b, enum sasl_cond c)
{
	buf_str(b, "<failure xmlns='" NS_SASL "'><");
	buf_str(b, sasl_cond_name(c));
	buf_str(b, "/></failure>");
}

enum sasl_cond sasl_read_failure(
	const struct xml_elem *failed, struct arena *a, struct slice *ret_text)
{
	*ret_text = xml_child_text(failed, SL(NS_SASL), SL("text"), a);
	xml_each(failed, c)
		if (slice_eq(c->ns, SL(NS_SASL)) && !slice_eq(c->name, SL("text")))
			return sasl_cond_parse(c->name);
	return SASL_NOT_AUTHORIZED;
}
