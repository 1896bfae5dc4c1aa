#include "sipnet/login.h"

#include "base/mem.h"

enum { TIMES = 3 }; /* a request is asked at most: an old nonce, a new one, and a second server */

void login_done(struct login *l)
{
	arena_done(&l->arena);
	*l = (struct login){0};
}

/* Of the fields of a response the one to be answered; the first of those that are as good. */
static enum digest_refusal best_of(
	struct digest_challenge *ret, struct arena *a, const struct sip_msg *m, enum sip_header h)
{
	enum digest_refusal why = DIGEST_NOT_DIGEST, one;
	bool found = false;

	for (unsigned i = m->first[h]; i; i = m->fields[i - 1].next) {
		struct digest_challenge c;

		one = digest_challenge_read(&c, a, m->fields[i - 1].value);
		if (one != DIGEST_FINE) {
			why = one;
		} else if (!found || digest_better(&c, ret)) {
			*ret = c;
			found = true;
		}
	}
	return found ? DIGEST_FINE : why;
}

enum digest_refusal login_take(struct login *l, enum login_kind kind, const struct sip_msg *m)
{
	enum digest_refusal refusal;

	login_done(l);
	refusal = best_of(&l->challenge, &l->arena, m,
		kind == LOGIN_PROXY ? SIP_H_PROXY_AUTHENTICATE : SIP_H_WWW_AUTHENTICATE);
	l->asked = refusal == DIGEST_FINE;
	return refusal;
}

void login_write(
	struct login *l, const struct login_secret *s, const struct sip_spec *spec, struct buf *out)
{
	const struct digest_request r = {
		.method = slice_of(sip_method_name(spec->method)),
		.uri = spec->ruri,
		.body = spec->body,
		.user = slice_of(s->user),
		.password = slice_of(s->password),
		.cnonce = slice_of(s->cnonce),
		.count = ++l->count,
	};

	digest_answer(out, &l->challenge, &r);
}

enum login_verdict login_judge(bool sent, bool fresh, bool stale, unsigned times)
{
	if (sent && fresh && !stale)
		return LOGIN_WRONG;
	return times < TIMES ? LOGIN_AGAIN : LOGIN_LOOPS;
}
