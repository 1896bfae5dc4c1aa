#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "sip/sip.h"

/*
 * Session timers: what the other side says in fields of the input, in any order of asking, being
 * asked, failing and waiting. It is never asked for less than 90 s, never refreshes without having
 * agreed, and every session that expires comes to its end in time: REFRESH and DEAD are each said
 * once, DEAD last.
 */
static const uint8_t *at, *end;
static struct sip_msg m;
static struct sip_session_timer t;
static uint64_t now;

static unsigned take(void)
{
	return at < end ? *at++ : 0;
}

static struct slice take_text(void)
{
	struct slice text = slice_make(at, (size_t)(end - at));

	text = slice_cut(text, slice_find(text, 0));
	at += text.n + (at + text.n < end);
	return text;
}

/* Leaves it in m, which points into *copy; false: it cannot be read. */
static bool make(struct buf *copy, const char *start)
{
	buf_reset(copy);
	buf_printf(copy,
		"%s\r\nVia: SIP/2.0/TCP h.example;branch=z9hG4bK1\r\nFrom: "
		"<sip:a@b.example>;tag=a\r\n"
		"To: <sip:c@d.example>;tag=c\r\nCall-ID: c1\r\nCSeq: 1 UPDATE\r\n",
		start);
	buf_slice_add(copy, take_text());
	buf_str(copy, "\r\nContent-Length: 0\r\n\r\n");
	return sip_msg_parse(&m, copy->p + copy->off, copy->n) == SIP_GOOD;
}

static void expect_fields(const struct sip_timer_fields *f)
{
	struct sip_session_expires x;

	assert(f->n <= 3);
	for (size_t i = 0; i < f->n; i++)
		if (slice_eqz(f->v[i].name, "Session-Expires"))
			assert(sip_session_expires_parse(f->v[i].value, &x) == 0 &&
				x.seconds >= SIP_TIMER_LEAST);
}

static void expect_sound(void)
{
	uint64_t due = sip_session_timer_deadline(&t);

	assert((t.refresher == SIP_REFRESH_NOBODY) == (t.seconds == 0));
	assert(t.seconds == 0 || t.seconds >= SIP_TIMER_LEAST);
	assert(due == UINT64_MAX || t.seconds);
	assert(t.refresh == UINT64_MAX || (t.refresher == SIP_REFRESH_WE && t.refresh < t.dead));
}

static void be_asked(struct buf *copy)
{
	struct sip_timer_fields f = {.n = 0};
	struct sip_session_timer before = t;
	const char *reason = NULL;

	if (!make(copy, "UPDATE sip:c@d.example SIP/2.0"))
		return;
	if (sip_session_timer_judge(&m, &f, &reason)) {
		assert(reason && !memcmp(&before, &t, sizeof t));
		return;
	}
	sip_session_timer_said(&t, &m, now, &f);
	expect_fields(&f);
	assert(!t.seconds || t.dead > now);
}

static void ask(struct buf *copy)
{
	struct sip_timer_fields f;
	struct sip_session_timer before = t;
	unsigned answer = take();
	char start[32];

	sip_session_timer_ask(&t, 0, answer & 1, &f);
	expect_fields(&f);
	snprintf(start, sizeof start, "SIP/2.0 %u X", answer & 2 ? 422 : 200);
	if (!make(copy, start))
		return;
	if (answer & 2)
		assert(!sip_session_timer_too_brief(&t, &m) || t.min_se > before.min_se);
	else if (sip_session_timer_heard(&t, &m, now) < 0)
		assert(!memcmp(&before, &t, sizeof t));
}

/* What is due by then, which is finite and ends. */
static void wait(void)
{
	uint64_t until = now + take() * UINT64_C(10000);
	unsigned refreshes = 0, ends = 0;

	while (sip_session_timer_deadline(&t) <= until) {
		now = sip_session_timer_deadline(&t) > now ? sip_session_timer_deadline(&t) : now;
		switch (sip_session_timer_tick(&t, now)) {
		case SIP_TIMER_REFRESH:
			assert(++refreshes == 1 && !ends);
			break;
		case SIP_TIMER_DEAD:
			assert(++ends == 1 && sip_session_timer_deadline(&t) == UINT64_MAX);
			break;
		case SIP_TIMER_NOTHING:
			assert(false);
		}
	}
	now = until;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf copy = {0};

	at = p;
	end = p + n;
	now = 1000;
	sip_session_timer_init(&t);
	while (at < end) {
		switch (take() % 4) {
		case 0:
			be_asked(&copy);
			break;
		case 1:
			ask(&copy);
			break;
		case 2:
			sip_session_timer_failed(&t, now);
			break;
		case 3:
			wait();
			break;
		}
		expect_sound();
	}
	buf_done(&copy);
	return 0;
}
