#include "base/hash.h"
#include "sip/stack_priv.h"

/* What transactions are known by, and the identifiers we make. */

/* The bytes hashed so far, once more with another beginning, for the other 64 bits. */
static void finish(struct sip_stack *s, struct sip_ident *ret)
{
	struct slice all = buf_slice(&s->scratch);

	ret->a = hash_bytes(all);
	((char *)all.p)[sizeof s->salt] ^= 1;
	ret->b = hash_bytes(all);
}

/* A length in front of each part, so that no two lists of parts give the same bytes. */
static void part(struct sip_stack *s, struct slice p)
{
	uint32_t n = (uint32_t)p.n;

	buf_add(&s->scratch, &n, sizeof n);
	buf_slice_add(&s->scratch, p);
}

static void begin(struct sip_stack *s, uint8_t which)
{
	buf_reset(&s->scratch);
	buf_add(&s->scratch, s->salt, sizeof s->salt);
	buf_chr(&s->scratch, (char)which);
}

static bool has_cookie(struct slice branch)
{
	return branch.n > 7 && slice_istarts(branch, SL("z9hG4bK"));
}

/*
 * 17.2.3: branch, sent-by and method. Without the cookie the sender is of RFC 2543, and what it
 * matched by is all of this.
 */
static void identify(struct sip_stack *s, const struct sip_msg *m, struct slice method,
	struct slice to_tag, struct sip_ident *ret)
{
	if (has_cookie(m->via.branch)) {
		begin(s, 2);
		part(s, m->via.branch);
		part(s, m->via.sent_by);
		part(s, method);
	} else {
		uint32_t cseq = m->cseq;

		begin(s, 4);
		part(s, m->ruri_text);
		part(s, to_tag);
		part(s, m->from.tag);
		part(s, m->call_id);
		part(s, slice_make(&cseq, sizeof cseq));
		part(s, m->via.text);
		part(s, method);
	}
	finish(s, ret);
}

void sip_ident_of(
	struct sip_stack *s, const struct sip_msg *m, struct slice method, struct sip_ident *ret)
{
	identify(s, m, method, m->to.tag, ret);
}

void sip_ident_acked(struct sip_stack *s, const struct sip_msg *ack, struct sip_ident *ret)
{
	identify(s, ack, SL("INVITE"), SL_NONE, ret);
}

/* 8.2.2.2: two requests that agree in these are one that was forked and came together again. */
uint64_t sip_ident_merge(struct sip_stack *s, const struct sip_msg *m)
{
	uint32_t cseq = m->cseq;

	begin(s, 6);
	part(s, m->from.tag);
	part(s, m->call_id);
	part(s, slice_make(&cseq, sizeof cseq));
	part(s, m->method_name);
	return hash_bytes(buf_slice(&s->scratch));
}

uint64_t sip_ident_branch(struct sip_stack *s, struct slice branch)
{
	begin(s, 8);
	part(s, branch);
	return hash_bytes(buf_slice(&s->scratch));
}

/* ---- identifiers ---- */

static void base32(const uint8_t bytes[static 10], char ret[static 16])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0, o = 0; i < 10; i++) {
		bits = bits << 8 | bytes[i];
		for (have += 8; have >= 5; have -= 5)
			ret[o++] = digits[bits >> (have - 5) & 31];
	}
}

static void make_id(
	struct sip_stack *s, const uint8_t bytes[static 10], char ret[static SIP_ID_LEN])
{
	ret[0] = s->config.node;
	ret[1] = s->config.shard;
	base32(bytes, ret + 2);
}

void sip_ident_random(struct sip_stack *s, char ret[static SIP_ID_LEN])
{
	if (s->pool_used + 10 > sizeof s->pool) {
		s->ops->random(s->arg, s->pool, sizeof s->pool);
		s->pool_used = 0;
	}
	make_id(s, s->pool + s->pool_used, ret);
	s->pool_used += 10;
}

/*
 * Our To tag is a function of the transaction, so that a response without memory has the same one
 * each time (8.2.7).
 */
void sip_ident_tag(struct sip_stack *s, const struct sip_ident *id, char ret[static SIP_ID_LEN])
{
	struct {
		uint8_t salt[sizeof s->salt];
		struct sip_ident id;
		uint64_t which;
	} in = {.id = *id};
	uint64_t h[2] = {0};

	memcpy(in.salt, s->salt, sizeof in.salt);
	for (; in.which < 2; in.which++)
		h[in.which] = hash_bytes(slice_make(&in, sizeof in));
	make_id(s, (const uint8_t *)h, ret);
}

/* 13.2.2.4: each time the same, though nobody remembers it. */
void sip_ident_ack(struct sip_stack *s, const struct sip_spec *spec, char ret[static SIP_ID_LEN])
{
	uint32_t cseq = spec->cseq;
	struct sip_ident id;

	begin(s, 10);
	part(s, spec->from_tag);
	part(s, spec->to_tag);
	part(s, spec->call_id);
	part(s, slice_make(&cseq, sizeof cseq));
	finish(s, &id);
	make_id(s, (const uint8_t *)&id, ret);
}

void sip_stack_id(struct sip_stack *s, struct buf *out)
{
	char id[SIP_ID_LEN];

	sip_ident_random(s, id);
	buf_add(out, id, sizeof id);
}
