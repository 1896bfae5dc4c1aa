#include "fuzz.h"

#include "sip/sip.h"

/* What we answer holds in one line and says again what we were asked. */
static void check_answer(const struct digest_challenge *c, struct slice odd)
{
	const struct digest_request r = {.method = SL("MESSAGE"),
		.uri = SL("sip:a@b.example"),
		.body = SL("hi"),
		.user = odd,
		.password = odd,
		.cnonce = SL("0123456789abcdef"),
		.count = 1};
	struct digest_challenge again;
	struct arena a = {0};
	struct buf b = {0};
	struct slice rest, item;

	digest_answer(&b, c, &r);
	assert(!memchr(buf_slice(&b).p, '\r', b.n) && !memchr(buf_slice(&b).p, '\n', b.n) &&
		!memchr(buf_slice(&b).p, 0, b.n));
	assert(slice_starts(buf_slice(&b), SL("Digest ")));
	rest = slice_from(buf_slice(&b), 7);
	while (rest.n)
		assert(sip_list_next(&rest, &item) == 1);
	assert(digest_challenge_read(&again, &a, buf_slice(&b)) == DIGEST_FINE);
	assert(again.algorithm == c->algorithm && again.session == c->session);
	assert(again.qop == c->qop && again.realm.n == c->realm.n);
	assert(again.nonce.n == c->nonce.n && !again.opaque.p == !c->opaque.p);
	buf_done(&b);
	arena_done(&a);
}

/* The input is a challenge; its second half also a user's name. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice in = slice_make(p, n);
	struct digest_challenge c;
	struct arena a = {0};

	if (digest_challenge_read(&c, &a, in) == DIGEST_FINE) {
		assert(c.realm.p && c.nonce.p);
		check_answer(&c, slice_from(in, n / 2));
	}
	arena_done(&a);
	return 0;
}
