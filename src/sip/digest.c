#include "sip/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base/mem.h"
#include "sip/grammar.h"
#include "sip/value.h"

enum { HEX_MAX = 64 };

/* clang-format off */
static const struct {
	const char *name;
	const EVP_MD *(*md)(void);
} algorithms[DIGEST_ALGORITHM__N] = {
	[DIGEST_MD5] = {"MD5", EVP_md5},
	[DIGEST_SHA256] = {"SHA-256", EVP_sha256},
	[DIGEST_SHA512_256] = {"SHA-512-256", EVP_sha512_256},
};
/* clang-format on */

const char *digest_refusal_name(enum digest_refusal r)
{
	static const char *const name[] = {
		"fine", "not-digest", "syntax", "unknown-algorithm", "unknown-qop"};

	return name[r];
}

/* ---- reading ---- */

struct reader {
	struct digest_challenge *c;
	struct arena *arena;
	struct slice qop; /* absent */
};

static struct slice text_of(struct reader *r, struct slice value)
{
	struct buf out = {0};
	struct slice s;

	sip_unquote(&out, value);
	s = arena_slice(r->arena, buf_slice(&out));
	buf_done(&out);
	return s;
}

/* False: it was there before. */
static bool put_once(struct slice *where, struct slice text)
{
	if (where->p)
		return false;
	*where = text;
	return true;
}

static enum digest_refusal read_algorithm(struct digest_challenge *c, struct slice name)
{
	static const char sess[] = "-sess";

	c->session = name.n > strlen(sess) &&
		     slice_ieq(slice_from(name, name.n - strlen(sess)), slice_of(sess));
	if (c->session)
		name = slice_cut(name, name.n - strlen(sess));
	for (size_t i = 0; i < DIGEST_ALGORITHM__N; i++) {
		c->algorithm = (enum digest_algorithm)i;
		if (slice_ieq(name, slice_of(algorithms[i].name)))
			return DIGEST_FINE;
	}
	return DIGEST_UNKNOWN_ALGORITHM;
}

/* A library that keeps to FIPS has no MD5. */
static bool is_there(enum digest_algorithm a)
{
	EVP_MD *md = EVP_MD_fetch(NULL, EVP_MD_get0_name(algorithms[a].md()), NULL);

	EVP_MD_free(md);
	return md;
}

static enum digest_refusal put(struct reader *r, struct slice name, struct slice value)
{
	struct digest_challenge *c = r->c;
	struct slice text = text_of(r, value);
	bool fine = true;

	if (slice_ieq(name, SL("realm")))
		fine = put_once(&c->realm, text);
	else if (slice_ieq(name, SL("nonce")))
		fine = put_once(&c->nonce, text);
	else if (slice_ieq(name, SL("opaque")))
		fine = put_once(&c->opaque, text);
	else if (slice_ieq(name, SL("qop")))
		fine = put_once(&r->qop, text);
	else if (slice_ieq(name, SL("stale")))
		c->stale = slice_ieq(text, SL("true"));
	else if (slice_ieq(name, SL("userhash")))
		c->user_hash = slice_ieq(text, SL("true"));
	else if (slice_ieq(name, SL("algorithm")))
		return read_algorithm(c, text);
	return fine ? DIGEST_FINE : DIGEST_SYNTAX;
}

/* name = token or quoted string */
static enum digest_refusal read_item(struct reader *r, struct slice item)
{
	size_t n = g_span(item, G_TOKEN);
	struct slice name = slice_cut(item, n), value = slice_from(item, n);

	if (!n || !g_take(&value, '=') || !value.n)
		return DIGEST_SYNTAX;
	if (*value.p == '"' ? g_quoted(value) != value.n : !sip_is_token(value))
		return DIGEST_SYNTAX;
	return put(r, name, value);
}

static enum digest_refusal read_qop(struct digest_challenge *c, struct slice list)
{
	struct slice item;

	if (!list.p)
		return DIGEST_FINE;
	while (sip_list_next(&list, &item) > 0) {
		if (slice_ieq(item, SL("auth")))
			c->qop = DIGEST_AUTH;
		else if (slice_ieq(item, SL("auth-int")) && c->qop == DIGEST_NO_QOP)
			c->qop = DIGEST_AUTH_INT;
	}
	return c->qop == DIGEST_NO_QOP ? DIGEST_UNKNOWN_QOP : DIGEST_FINE;
}

enum digest_refusal digest_challenge_read(
	struct digest_challenge *ret, struct arena *a, struct slice value)
{
	struct reader r = {.c = ret, .arena = a};
	size_t n = g_span(value, G_TOKEN);
	struct slice rest = slice_from(value, n), item;
	enum digest_refusal refusal = DIGEST_FINE, one;
	int more;

	*ret = (struct digest_challenge){.algorithm = DIGEST_MD5};
	if (!slice_ieq(slice_cut(value, n), SL("Digest")) || !rest.n || !g_space(*rest.p))
		return DIGEST_NOT_DIGEST;
	while ((more = sip_list_next(&rest, &item)) > 0) {
		one = read_item(&r, item);
		if (one == DIGEST_SYNTAX)
			return one;
		if (one != DIGEST_FINE)
			refusal = one;
	}
	if (more < 0 || !ret->realm.p || !ret->nonce.p)
		return DIGEST_SYNTAX;
	if (refusal == DIGEST_FINE && !is_there(ret->algorithm))
		refusal = DIGEST_UNKNOWN_ALGORITHM;
	return refusal != DIGEST_FINE ? refusal : read_qop(ret, r.qop);
}

bool digest_better(const struct digest_challenge *a, const struct digest_challenge *b)
{
	static const unsigned strength[DIGEST_ALGORITHM__N] = {
		[DIGEST_MD5] = 0, [DIGEST_SHA512_256] = 1, [DIGEST_SHA256] = 1};

	return strength[a->algorithm] > strength[b->algorithm];
}

/* ---- answering ---- */

struct hash {
	const EVP_MD *md;
	EVP_MD_CTX *ctx;
};

static void hash_begin(struct hash *h)
{
	int done = EVP_DigestInit_ex(h->ctx, h->md, NULL);

	assert(done == 1); /* digest_challenge_read() has seen that the library has it */
}

static void hash_add(struct hash *h, struct slice s)
{
	EVP_DigestUpdate(h->ctx, s.p, s.n);
}

/* ":" before all but the first. */
static void hash_more(struct hash *h, struct slice s)
{
	hash_add(h, SL(":"));
	hash_add(h, s);
}

static struct slice hash_end(struct hash *h, char ret[HEX_MAX + 1])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	EVP_DigestFinal_ex(h->ctx, bytes, &n);
	for (unsigned i = 0; i < n; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	mem_wipe(bytes, sizeof bytes);
	return slice_make(ret, 2u * n);
}

/* A1 (RFC 7616 3.4.2), hashed. */
static struct slice hash_a1(struct hash *h, const struct digest_challenge *c,
	const struct digest_request *r, char ret[HEX_MAX + 1])
{
	struct slice secret;

	hash_begin(h);
	hash_add(h, r->user);
	hash_more(h, c->realm);
	hash_more(h, r->password);
	secret = hash_end(h, ret);
	if (!c->session)
		return secret;
	hash_begin(h);
	hash_add(h, secret);
	hash_more(h, c->nonce);
	hash_more(h, r->cnonce);
	return hash_end(h, ret);
}

/* A2 (3.4.3), hashed. */
static struct slice hash_a2(struct hash *h, const struct digest_challenge *c,
	const struct digest_request *r, char ret[HEX_MAX + 1])
{
	char body[HEX_MAX + 1];
	struct slice hashed = SL_NONE;

	if (c->qop == DIGEST_AUTH_INT) {
		hash_begin(h);
		hash_add(h, r->body);
		hashed = hash_end(h, body);
	}
	hash_begin(h);
	hash_add(h, r->method);
	hash_more(h, r->uri);
	if (hashed.p)
		hash_more(h, hashed);
	return hash_end(h, ret);
}

static const char *qop_name(enum digest_qop q)
{
	return q == DIGEST_AUTH ? "auth" : "auth-int";
}

static struct slice response(struct hash *h, const struct digest_challenge *c,
	const struct digest_request *r, char ret[HEX_MAX + 1])
{
	char a1[HEX_MAX + 1], a2[HEX_MAX + 1], count[9];
	struct slice secret = hash_a1(h, c, r, a1), what = hash_a2(h, c, r, a2);

	snprintf(count, sizeof count, "%08x", r->count);
	hash_begin(h);
	hash_add(h, secret);
	hash_more(h, c->nonce);
	if (c->qop != DIGEST_NO_QOP) {
		hash_more(h, slice_of(count));
		hash_more(h, r->cnonce);
		hash_more(h, slice_of(qop_name(c->qop)));
	}
	hash_more(h, what);
	mem_wipe(a1, sizeof a1);
	return hash_end(h, ret);
}

static void quoted(struct buf *out, const char *name, struct slice value)
{
	buf_printf(out, "%s=", name);
	sip_quote(out, value);
}

static void write_user(struct buf *out, struct hash *h, const struct digest_challenge *c,
	const struct digest_request *r)
{
	char hex[HEX_MAX + 1];

	if (!c->user_hash) {
		quoted(out, "username", r->user);
		return;
	}
	hash_begin(h);
	hash_add(h, r->user);
	hash_more(h, c->realm);
	quoted(out, "username", hash_end(h, hex));
	buf_str(out, ", userhash=true");
}

void digest_answer(
	struct buf *out, const struct digest_challenge *c, const struct digest_request *r)
{
	struct hash h = {algorithms[c->algorithm].md(), EVP_MD_CTX_new()};
	char hex[HEX_MAX + 1];

	assert(h.ctx);
	buf_str(out, "Digest ");
	write_user(out, &h, c, r);
	quoted(out, ", realm", c->realm);
	quoted(out, ", nonce", c->nonce);
	quoted(out, ", uri", r->uri);
	quoted(out, ", response", response(&h, c, r, hex));
	buf_printf(out, ", algorithm=%s%s", algorithms[c->algorithm].name,
		c->session ? "-sess" : "");
	if (c->qop != DIGEST_NO_QOP)
		buf_printf(out, ", qop=%s, nc=%08x", qop_name(c->qop), r->count);
	if (c->qop != DIGEST_NO_QOP || c->session)
		quoted(out, ", cnonce", r->cnonce);
	if (c->opaque.p)
		quoted(out, ", opaque", c->opaque);
	EVP_MD_CTX_free(h.ctx);
}
