#include "base/clock.h"
#include "base/mem.h"
#include "edge/probe_priv.h"

enum { DAY = 86400, SOON_DAYS = 30 };

/* ---- chain ---- */

static enum probe_code chain_code(const struct probe_cert *c, enum cert_verdict v)
{
	switch (v) {
	case CERT_GOOD:
	case CERT_WRONG_NAME:
		return PC_OK;
	case CERT_NONE:
		return PC_CERT_NONE;
	case CERT_EXPIRED:
		return PC_CERT_CHAIN_EXPIRED;
	case CERT_SELF_SIGNED:
		return PC_CERT_SELF_SIGNED;
	case CERT_UNTRUSTED:
		return c->shown && sk_X509_num(c->shown) > 1 ? PC_CERT_UNTRUSTED
							     : PC_CERT_NO_INTERMEDIATE;
	case CERT_WEAK:
		return PC_CERT_WEAK;
	case CERT_REVOKED:
		return PC_CERT_REVOKED;
	case CERT_UNPROVEN:
		return PC_CERT_UNPROVEN;
	default:
		return PC_CERT_INVALID;
	}
}

/*
 * Whether it is valid now has a step of its own: the chain is judged as of a time when the
 * certificate itself was, or will be.
 */
static enum cert_verdict verdict_apart_from_time(const struct probe_cert *c, int64_t now)
{
	int64_t from = cert_not_before(c->leaf), until = cert_not_after(c->leaf);
	int code;

	if (now >= from && now <= until)
		return c->verdict;
	return cert_judge_chain(
		c->trust, c->leaf, c->shown, now < from ? from + 1 : until - 1, &code);
}

static bool second_opinion(const struct probe_cert *c, int64_t now)
{
	int code;

	return c->also && cert_judge_chain(c->also, c->leaf, c->shown, now, &code) == CERT_GOOD;
}

static void say_chain(struct probe *p, const struct probe_cert *c, int64_t now)
{
	enum probe_code code = chain_code(c, verdict_apart_from_time(c, now));
	struct buf text = {0};

	cert_chain_text(c->trust, c->leaf, c->shown, now, &text);
	if (code != PC_OK && second_opinion(c, now))
		code = PC_CERT_PRIVATE;
	probe_say_mild(p, c->mild, PROBE_STEP_CHAIN, code, "%.*s", SLARG(buf_slice(&text)));
	buf_done(&text);
}

/* ---- name, expiry, purpose ---- */

static void say_name(struct probe *p, const struct probe_cert *c)
{
	bool good = cert_is_for(c->leaf, slice_of(p->domain_ascii));
	struct buf names = {0};

	cert_names(c->leaf, &names);
	probe_say_mild(p, c->mild, PROBE_STEP_NAME, good ? PC_OK : PC_CERT_WRONG_NAME, "%s%s%s%.*s",
		good ? "" : "it lacks ", good ? "" : p->domain_ascii, good ? "" : "; it has ",
		SLARG(buf_slice(&names)));
	buf_done(&names);
}

static void say_expiry(struct probe *p, const struct probe_cert *c, int64_t now)
{
	int64_t from = cert_not_before(c->leaf), until = cert_not_after(c->leaf);
	long long days = (until - now) / DAY;
	char iso[32];

	clock_iso((uint64_t)(now < from ? from : until) * 1000, iso);
	if (now < from)
		probe_say_mild(
			p, c->mild, PROBE_STEP_EXPIRY, PC_CERT_NOT_YET, "valid from %s", iso);
	else if (now >= until)
		probe_say_mild(
			p, c->mild, PROBE_STEP_EXPIRY, PC_CERT_EXPIRED, "expired on %s", iso);
	else
		probe_say(p, PROBE_STEP_EXPIRY, days < SOON_DAYS ? PC_CERT_EXPIRES_SOON : PC_OK,
			"%lld days left, until %s", days, iso);
}

static void say_purpose(struct probe *p, const struct probe_cert *c)
{
	struct buf text = {0};
	unsigned purposes = cert_purposes(c->leaf, &text);
	enum probe_code code = PC_OK;

	if (purposes == CERT_FOR_CLIENT)
		code = PC_PURPOSE_CLIENT_ONLY;
	else if (!purposes)
		code = PC_PURPOSE_OTHER;
	else if (purposes == CERT_FOR_SERVER && p->kind == PROBE_DOMAIN)
		code = PC_PURPOSE_SERVER_ONLY;
	if (!text.n)
		buf_str(&text, "any: it does not say");
	probe_say(p, PROBE_STEP_PURPOSE, code, "%.*s", SLARG(buf_slice(&text)));
	buf_done(&text);
}

void probe_say_cert(struct probe *p, const struct probe_cert *c, int64_t now)
{
	static const enum probe_step rest[] = {
		PROBE_STEP_NAME, PROBE_STEP_EXPIRY, PROBE_STEP_PURPOSE};

	if (c->leaf) {
		say_chain(p, c, now);
		say_name(p, c);
		say_expiry(p, c, now);
		say_purpose(p, c);
		return;
	}
	probe_say_mild(p, c->mild, PROBE_STEP_CHAIN, PC_CERT_NONE, "no certificate was shown");
	for (size_t i = 0; i < ARRAY_LEN(rest); i++)
		probe_block(p, rest[i], PROBE_STEP_CHAIN);
}
