#include "sip/session_timer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sip/value.h"

enum { BYE_BEFORE = 32, TOO_BRIEF_MAX = 2, RETRY_LEAST_MS = 4000 };

void sip_session_timer_init(struct sip_session_timer *t)
{
	*t = (struct sip_session_timer){.refresh = UINT64_MAX, .dead = UINT64_MAX};
}

/* ---- reading ---- */

int sip_session_expires_parse(struct slice s, struct sip_session_expires *ret)
{
	size_t n = slice_find(s, ';');
	struct slice params = slice_from(s, n), who;
	struct sip_session_expires x = {0};

	if (sip_seconds_parse(slice_trim(slice_cut(s, n)), &x.seconds) < 0 || !x.seconds ||
		!sip_params_ok(params))
		return -1;
	if (sip_param_get(params, "refresher", &who)) {
		if (slice_ieq(who, SL("uac")))
			x.refresher = SIP_REFRESHER_UAC;
		else if (slice_ieq(who, SL("uas")))
			x.refresher = SIP_REFRESHER_UAS;
		else
			return -1;
	}
	*ret = x;
	return 0;
}

/* 1: it has one; 0: none; -1: broken. */
static int read_expires(const struct sip_msg *m, struct sip_session_expires *ret)
{
	struct slice s = sip_msg_get(m, SIP_H_SESSION_EXPIRES);

	if (!s.p)
		return 0;
	return sip_session_expires_parse(s, ret) < 0 ? -1 : 1;
}

static int read_min_se(const struct sip_msg *m, uint32_t *ret)
{
	struct slice s = sip_msg_get(m, SIP_H_MIN_SE);

	if (!s.p)
		return 0;
	return sip_seconds_parse(slice_trim(slice_cut(s, slice_find(s, ';'))), ret) < 0 ? -1 : 1;
}

/* ---- writing ---- */

static void put_expires(struct sip_timer_fields *f, uint32_t seconds, const char *refresher)
{
	snprintf(f->expires, sizeof f->expires, "%u%s%s", seconds, refresher ? ";refresher=" : "",
		refresher ? refresher : "");
	f->v[f->n++] = (struct sip_out){SL("Session-Expires"), slice_of(f->expires)};
}

static void put_min_se(struct sip_timer_fields *f, uint32_t seconds)
{
	snprintf(f->min_se, sizeof f->min_se, "%u", seconds);
	f->v[f->n++] = (struct sip_out){SL("Min-SE"), slice_of(f->min_se)};
}

/* ---- agreeing ---- */

/* Counted from now; the end comes a little before that of the session (10). */
static void agree(
	struct sip_session_timer *t, uint32_t seconds, enum sip_refresher who, uint64_t now)
{
	uint32_t before = seconds / 3 < BYE_BEFORE ? seconds / 3 : BYE_BEFORE;

	t->seconds = seconds;
	t->refresher = seconds ? who : SIP_REFRESH_NOBODY;
	t->refresh = t->refresher == SIP_REFRESH_WE ? now + UINT64_C(500) * seconds : UINT64_MAX;
	t->dead = seconds ? now + UINT64_C(1000) * (seconds - before) : UINT64_MAX;
	t->too_brief = 0;
}

uint64_t sip_session_timer_deadline(const struct sip_session_timer *t)
{
	return t->refresh < t->dead ? t->refresh : t->dead;
}

enum sip_timer_event sip_session_timer_tick(struct sip_session_timer *t, uint64_t now_ms)
{
	if (t->dead <= now_ms) {
		t->refresh = t->dead = UINT64_MAX;
		return SIP_TIMER_DEAD;
	}
	if (t->refresh <= now_ms) {
		t->refresh = UINT64_MAX;
		return SIP_TIMER_REFRESH;
	}
	return SIP_TIMER_NOTHING;
}

/* ---- who asks ---- */

/* 7.4: who refreshes stays the same; in a new session who is asked says it (7.1). */
static const char *refresher_to_ask(const struct sip_session_timer *t, bool is_new)
{
	if (is_new || t->refresher == SIP_REFRESH_NOBODY)
		return NULL;
	return t->refresher == SIP_REFRESH_WE ? "uac" : "uas";
}

void sip_session_timer_ask(const struct sip_session_timer *t, uint32_t seconds, bool is_new,
	struct sip_timer_fields *ret)
{
	uint32_t asked = is_new ? (seconds ? seconds : SIP_TIMER_OURS) : t->seconds;

	ret->n = 0;
	if (!asked)
		return;
	assert(asked >= SIP_TIMER_LEAST);
	put_expires(ret, asked < t->min_se ? t->min_se : asked, refresher_to_ask(t, is_new));
	if (t->min_se)
		put_min_se(ret, t->min_se);
}

bool sip_session_timer_too_brief(struct sip_session_timer *t, const struct sip_msg *response)
{
	uint32_t least;

	if (response->status != 422 || read_min_se(response, &least) <= 0)
		return false;
	if (least <= t->min_se || least < SIP_TIMER_LEAST || t->too_brief == TOO_BRIEF_MAX)
		return false;
	t->too_brief++;
	t->min_se = least;
	return true;
}

int sip_session_timer_heard(
	struct sip_session_timer *t, const struct sip_msg *response, uint64_t now_ms)
{
	struct sip_session_expires x = {0};
	int has = read_expires(response, &x);

	if (has < 0 || (has && x.seconds < SIP_TIMER_LEAST))
		return -1;
	agree(t, x.seconds, x.refresher == SIP_REFRESHER_UAS ? SIP_REFRESH_THEY : SIP_REFRESH_WE,
		now_ms);
	return 0;
}

void sip_session_timer_failed(struct sip_session_timer *t, uint64_t now_ms)
{
	uint64_t left = t->dead > now_ms ? t->dead - now_ms : 0;

	if (t->refresher == SIP_REFRESH_WE && t->dead != UINT64_MAX && left >= RETRY_LEAST_MS)
		t->refresh = now_ms + left / 2;
}

/* ---- who is asked ---- */

unsigned sip_session_timer_judge(
	const struct sip_msg *m, struct sip_timer_fields *ret, const char **ret_reason)
{
	struct sip_session_expires x;
	uint32_t least;
	int has = read_expires(m, &x);

	ret->n = 0;
	if (has < 0 || read_min_se(m, &least) < 0) {
		*ret_reason = has < 0 ? "Bad Session-Expires" : "Bad Min-SE";
		return 400;
	}
	if (!has || x.seconds >= SIP_TIMER_LEAST)
		return 0;
	put_min_se(ret, SIP_TIMER_LEAST);
	*ret_reason = sip_reason(422);
	return 422;
}

/* 9, table 2: who cannot refresh is not asked to; who does not say leaves it to us, and then it is
 * his. */
static enum sip_refresher refresher_of(const struct sip_msg *m, const struct sip_session_expires *x)
{
	if (!sip_msg_has(m, SIP_H_SUPPORTED, "timer") || x->refresher == SIP_REFRESHER_UAS)
		return SIP_REFRESH_WE;
	return SIP_REFRESH_THEY;
}

void sip_session_timer_said(struct sip_session_timer *t, const struct sip_msg *m, uint64_t now_ms,
	struct sip_timer_fields *ret)
{
	struct sip_session_expires x = {0};

	ret->n = 0;
	if (read_expires(m, &x) <= 0) {
		agree(t, 0, SIP_REFRESH_NOBODY, now_ms);
		return;
	}
	agree(t, x.seconds, refresher_of(m, &x), now_ms);
	put_expires(ret, x.seconds, t->refresher == SIP_REFRESH_THEY ? "uac" : "uas");
	if (t->refresher == SIP_REFRESH_THEY)
		ret->v[ret->n++] = (struct sip_out){SL("Require"), SL("timer")};
}
