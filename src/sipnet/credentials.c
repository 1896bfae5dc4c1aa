#include "sipnet/credentials.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/rand.h"
#include "federation/route.h"
#include "sipnet/again.h"
#include "sipnet/sipnet_priv.h"

enum { HOLD_MS = 2000, WAIT_MS = 30000, WAIT_MAX_MS = 900000 };

static const char *const field[LOGIN__N] = {
	[LOGIN_SERVER] = "Authorization", [LOGIN_PROXY] = "Proxy-Authorization"};

static bool has_some(const struct target *t)
{
	return t->route->digest_user && t->route->digest_password;
}

/* They were wrong a moment ago. */
static bool waits(const struct target *t)
{
	return t->login_wait > loop_now(t->loop);
}

bool credentials_hold(const struct target *t)
{
	return has_some(t) && !t->proven && t->proving && !waits(t);
}

void credentials_begin(struct sipnet_call *c, struct target *t)
{
	if (!has_some(t) || t->proven || waits(t))
		return;
	t->proving = c;
	loop_timer_in(&t->hold, HOLD_MS);
}

/* ---- answers ---- */

static void random_cnonce(char ret[static 33])
{
	uint8_t bytes[16];

	rand_bytes(bytes, sizeof bytes);
	for (unsigned i = 0; i < sizeof bytes; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

void credentials_put(struct sipnet_call *c, struct endpoint *e, struct buf *lines)
{
	const struct route *r = e->target->route;
	struct login_secret secret = {.user = r->digest_user, .password = r->digest_password};
	size_t at[LOGIN__N + 1] = {0};

	again_plain(c->again);
	for (unsigned k = 0; k < LOGIN__N; k++) {
		c->sent_login[k] = e->login[k].asked && has_some(e->target) && !waits(e->target);
		if (c->sent_login[k]) {
			random_cnonce(secret.cnonce);
			login_write(&e->login[k], &secret, &c->again->spec, lines);
		}
		at[k + 1] = lines->n;
	}
	for (unsigned k = 0; k < LOGIN__N; k++) /* now that lines does not move any more */
		if (c->sent_login[k])
			again_add(c->again, field[k],
				slice_make(buf_slice(lines).p + at[k], at[k + 1] - at[k]));
}

void credentials_wipe(struct buf *lines)
{
	buf_done(lines);
}

/* ---- challenges ---- */

static void note_wrong(struct target *t, struct endpoint *e)
{
	uint64_t ms = WAIT_MS;

	for (unsigned i = 0; i < t->login_failed && ms < WAIT_MAX_MS; i++)
		ms *= 2;
	t->login_failed++;
	t->proven = false;
	t->login_wait = loop_now(t->loop) + (ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS);
	target_trouble(t, e, SIPNET_E_CREDENTIALS, "digest_user or digest_password is wrong");
}

static bool take(
	struct sipnet_call *c, struct endpoint *e, enum login_kind k, const struct sip_msg *m)
{
	struct login *l = &e->login[k];
	enum digest_refusal refusal = login_take(l, k, m);
	char text[64];

	if (refusal != DIGEST_FINE) {
		snprintf(text, sizeof text, "the challenge cannot be answered: %s",
			digest_refusal_name(refusal));
		target_trouble(e->target, e, SIPNET_E_CHALLENGE, text);
		return false;
	}
	switch (login_judge(c->sent_login[k], c->fresh_login[k], l->challenge.stale, c->asked)) {
	case LOGIN_AGAIN:
		c->fresh_login[k] = true;
		return true;
	case LOGIN_WRONG:
		note_wrong(e->target, e);
		break;
	case LOGIN_LOOPS:
		target_trouble(e->target, e, SIPNET_E_CHALLENGE,
			"it asks for credentials again and again");
		break;
	}
	login_done(l);
	return false;
}

bool credentials_take(struct sipnet_call *c, struct endpoint *e, const struct sip_result *r)
{
	struct target *t = e->target;

	t->challenged++;
	c->asked++;
	if (!has_some(t)) {
		target_trouble(t, e, SIPNET_E_CHALLENGE,
			"it asks for credentials; the route has no digest_user and "
			"digest_password");
		return false;
	}
	return !waits(t) && take(c, e, r->status == 407 ? LOGIN_PROXY : LOGIN_SERVER, r->response);
}

/* ---- the end ---- */

/* Anything but another challenge, or no way at all, says that they are good. */
static bool proves(const struct sip_result *r)
{
	if (!r || (r->end == SIP_FINAL && (r->status == 401 || r->status == 407)))
		return false;
	return r->end == SIP_FINAL || r->may_have_arrived;
}

void credentials_end(struct sipnet_call *c, struct target *t, const struct sip_result *r)
{
	if (proves(r) && has_some(t)) {
		t->proven = true;
		t->login_failed = 0;
	}
	if (t->proving != c)
		return;
	t->proving = NULL;
	loop_timer_stop(&t->hold);
}
