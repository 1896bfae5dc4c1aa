#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sip/sip.h"

/*
 * Every cell, by hand: what is done / where it goes, and why it ends. n NOTIFY (made of s), r ask
 * the presentity, p probe, g goodbye, f forget, x 481; inside: s say, c when the pace allows, h
 * hold; ! never. States: - off, P pending, A active, F fetching, E ending. Reasons: t timeout, r
 * rejected, w as it is withdrawn.
 */
static const char letters[] = "nrpgfxsch!";
static const char places[] = "-PAFE";

/* clang-format off */
static const char *const cells[NOTIFIER_STATE__N][NOTIFIER_EVENT__N] = {
	/* ask   known   end      poll   read     grant  deny     change   withdraw taken  gone    failed pace   expired  waited */
	{"rs/P", "s/A",  "x/-",   "p/F", "s/E t", "/-",  "/-",    "/-",    "/-",    "!/-", "!/-",  "!/-", "!/-", "!/-",   "!/-"},
	{"rs/P", "s/A",  "s/E t", "!/P", "!/P",   "s/A", "s/E r", "/P",    "s/E w", "/P",  "f/-",  "h/P", "s/P", "s/E t", "!/P"},
	{"rs/P", "s/A",  "gs/E t","!/A", "!/A",   "/A",  "s/E r", "c/A",   "s/E w", "/A",  "gf/-", "h/A", "s/A", "gs/E t","!/A"},
	{"x/F",  "x/F",  "x/F",   "!/F", "!/F",   "/F",  "s/E r", "s/E t", "s/E w", "!/F", "!/F",  "!/F", "!/F", "!/F",   "s/E t"},
	{"x/E",  "x/E",  "x/E",   "!/E", "!/E",   "/E",  "/E",    "/E",    "/E",    "f/-", "f/-",  "f/-", "!/E", "!/E",   "!/E"},
};
/* clang-format on */

static void spell(unsigned actions, char ret[16])
{
	size_t n = 0;

	for (size_t i = 0; letters[i]; i++)
		if (actions & 1u << i)
			ret[n++] = letters[i];
	ret[n] = 0;
}

static void every_cell(void **state)
{
	static const char reasons[SUBSCRIPTION_REASON__N] = {
		[SUBSCRIPTION_NO_REASON] = 'w',
		[SUBSCRIPTION_TIMEOUT] = 't',
		[SUBSCRIPTION_REJECTED] = 'r',
	};

	for (unsigned s = 0; s < NOTIFIER_STATE__N; s++)
		for (unsigned e = 0; e < NOTIFIER_EVENT__N; e++) {
			const struct notifier_step *step = &notifier_steps[s][e];
			char got[32];

			spell(step->actions, got);
			snprintf(got + strlen(got), 3, "/%c", places[step->next]);
			if (s != NOTIFIER_ENDING && step->next == NOTIFIER_ENDING)
				snprintf(got + strlen(got), 3, " %c", reasons[step->reason]);
			if (strcmp(got, cells[s][e]) != 0)
				fail_msg("state %c, event %u: %s, not %s", places[s], e, got,
					cells[s][e]);
		}
}

/* ---- stories ---- */

/*
 * Steps: ask=SECONDS, known=SECONDS, end, poll, read, grant, deny, change, no (withdrawn for
 * noresource), later (withdrawn for probation), a status, +SECONDS. What is done: the letters; a
 * NOTIFY as its state, with what it tells: "+" the state, "0" that nobody is there.
 */
struct play {
	struct notifier n;
	uint64_t now, begun;
	char *out;
	size_t room;
};

static void put(struct play *p, const char *word)
{
	strncat(p->out, word, p->room - strlen(p->out) - 1);
}

static void tell(struct play *p, unsigned actions, bool timed)
{
	static const char *const bodies[] = {"", "+", "0"};
	char word[16], at[12] = "";
	struct buf b = {0};

	if (p->out[0])
		put(p, " ");
	spell(actions & ~(unsigned)NOTIFIER_NOTIFY, word);
	if (timed)
		snprintf(at, sizeof at, "%u:", (unsigned)((p->now - p->begun) / 1000));
	put(p, at);
	put(p, actions ? word : "-");
	if (actions & NOTIFIER_NOTIFY) {
		struct subscription_state s = notifier_says(&p->n, p->now);

		subscription_state_write(&b, &s);
		buf_str(&b, bodies[notifier_body(&p->n)]);
		buf_chr(&b, 0);
		put(p, "[");
		put(p, b.p);
		put(p, "]");
	}
	buf_done(&b);
}

static void wait(struct play *p, unsigned seconds)
{
	uint64_t end = p->now + seconds * 1000ull;

	while (notifier_deadline(&p->n) <= end) {
		unsigned actions;

		p->now = notifier_deadline(&p->n);
		actions = notifier_tick(&p->n, p->now);
		if (actions)
			tell(p, actions, true);
	}
	p->now = end;
}

/* clang-format off */
static const struct {
	const char *name;
	enum notifier_event event;
	enum subscription_reason reason;
	unsigned retry_after;
} words[] = {
	{"ask", NOTIFIER_EV_ASK}, {"known", NOTIFIER_EV_KNOWN}, {"blank", NOTIFIER_EV_KNOWN}, {"end", NOTIFIER_EV_END},
	{"poll", NOTIFIER_EV_POLL}, {"read", NOTIFIER_EV_READ}, {"grant", NOTIFIER_EV_GRANT}, {"deny", NOTIFIER_EV_DENY},
	{"change", NOTIFIER_EV_CHANGE}, {"no", NOTIFIER_EV_WITHDRAW, SUBSCRIPTION_NORESOURCE}, {"later", NOTIFIER_EV_WITHDRAW, SUBSCRIPTION_PROBATION, 600},
};

static const struct {
	const char *rule, *steps, *want;
} stories[] = {
	{"RFC 8048 5.3.1, RFC 6665 4.2.1.2: asked, pending at once; granted", "ask=3600 200 grant 200", "r[pending;expires=3600] - [active;expires=3600+] -"},
	{"RFC 8048 5.3.1: rejected", "ask=3600 200 deny 200", "r[pending;expires=3600] - [terminated;reason=rejected] f"},
	{"known as granted", "known=3600 200", "[active;expires=3600+] -"},
	{"RFC 8048 5.3.2: ... and nothing of the state: a probe", "blank=3600 200", "p[active;expires=3600+] -"},
	{"RFC 8048 5.3.2: again: NOTIFY with the state", "known=3600 200 +600 known=3600 200", "[active;expires=3600+] - [active;expires=3600+] -"},
	{"4.2.2: expires is what is left", "known=3600 200 +600 change 200", "[active;expires=3600+] - [active;expires=3000+] -"},
	{"RFC 3856 6.10: changes go once in 5 s, the last always", "known=3600 200 +60 change 200 change change change +10 200", "[active;expires=3600+] - [active;expires=3540+] - - - - 65:[active;expires=3535+] -"},
	{"... after the first, too", "known=3600 200 +1 change +10", "[active;expires=3600+] - - 5:[active;expires=3595+]"},
	{"one at a time: what changes meanwhile goes after the answer", "known=3600 change +6 change 200 +10", "[active;expires=3600+] - - [active;expires=3594+]"},
	{"... and a grant", "ask=3600 grant 200 200", "r[pending;expires=3600] - [active;expires=3600+] -"},
	{"... and an end", "known=3600 end 200 200", "[active;expires=3600+] g [terminated;reason=timeout0] f"},
	{"... but not if he is gone", "known=3600 end 481", "[active;expires=3600+] g f"},
	{"a change that is told by another NOTIFY does not go again", "known=3600 200 +1 change known=3600 200 +10", "[active;expires=3600+] - - [active;expires=3600+] -"},
	{"RFC 8048 5.3.3: the end: nobody is there, and a goodbye", "known=3600 200 end 200", "[active;expires=3600+] - g[terminated;reason=timeout0] f"},
	{"4.2.1.4: it expires", "known=3600 200 +3600 200", "[active;expires=3600+] - 3600:g[terminated;reason=timeout0] f"},
	{"... while it is pending", "ask=60 200 +60 200", "r[pending;expires=60] - 60:[terminated;reason=timeout] f"},
	{"asked again while it is pending", "ask=60 200 +30 ask=60 200 +59", "r[pending;expires=60] - r[pending;expires=60] -"},
	{"he may not see while it is pending", "ask=60 200 change +10 grant", "r[pending;expires=60] - - [active;expires=50+]"},
	{"4.2.2: 481 to NOTIFY", "known=3600 481", "[active;expires=3600+] gf"},
	{"4.2.2: no answer to NOTIFY", "known=3600 0", "[active;expires=3600+] gf"},
	{"4.2.2: another failure leaves it; the state goes once more", "known=3600 500 +30 200", "[active;expires=3600+] - 30:[active;expires=3570+] -"},
	{"withdrawn: there is no such contact", "known=3600 200 no 200", "[active;expires=3600+] - [terminated;reason=noresource] f"},
	{"withdrawn for a while", "known=3600 200 later 200", "[active;expires=3600+] - [terminated;reason=probation;retry-after=600] f"},
	{"RFC 8048 7.2: a poll, and the answer to the probe", "poll +1 change 200", "p [terminated;reason=timeout+] f"},
	{"... without one", "poll +5 200", "p 5:[terminated;reason=timeout+] f"},
	{"... he may not", "poll deny 200", "p [terminated;reason=rejected] f"},
	{"RFC 8048 7.2: what is known needs no probe", "read 200", "[terminated;reason=timeout+] f"},
	{"RFC 6665 4.4.1: over is over", "known=3600 200 end known=60 200", "[active;expires=3600+] - g[terminated;reason=timeout0] x f"},
	{"a stale answer means nothing", "known=3600 200 481", "[active;expires=3600+] - -"},
	{"the last NOTIFY is not sent twice", "known=3600 200 end 500 +99999", "[active;expires=3600+] - g[terminated;reason=timeout0] f"},
};
/* clang-format on */

static void step(struct play *p, const char *word)
{
	struct notifier_facts f = {.state_known = strncmp(word, "blank", 5) != 0};
	unsigned n = 0;

	if (sscanf(word, "+%u", &n) == 1 && word[0] == '+') {
		wait(p, n);
		return;
	}
	if (ascii_digit(word[0])) {
		sscanf(word, "%u", &n);
		tell(p, notifier_event(&p->n, notifier_answer(n), &f, p->now), false);
		return;
	}
	if (strchr(word, '='))
		sscanf(strchr(word, '='), "=%u", &f.expires);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strncmp(word, words[i].name, strcspn(word, "=")) != 0 ||
			strlen(words[i].name) != strcspn(word, "="))
			continue;
		f.reason = words[i].reason;
		f.retry_after = words[i].retry_after;
		tell(p, notifier_event(&p->n, words[i].event, &f, p->now), false);
		return;
	}
	fail_msg("unknown step '%s'", word);
}

static void each_story(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		char got[600] = "", steps[300];
		struct play p = {.now = 1000000, .begun = 1000000, .out = got, .room = sizeof got};

		notifier_init(&p.n);
		snprintf(steps, sizeof steps, "%s", stories[i].steps);
		for (char *at, *word = strtok_r(steps, " ", &at); word;
			word = strtok_r(NULL, " ", &at))
			step(&p, word);
		if (strcmp(got, stories[i].want) != 0)
			fail_msg("%s:\n%s\n%s, not\n%s", stories[i].rule, stories[i].steps, got,
				stories[i].want);
	}
}

static void answers(void **state)
{
	static const char listed[] = "404 405 410 416 480 481 482 483 484 485 489 501 604 408";

	for (unsigned status = 200; status < 700; status++) {
		char text[8];

		snprintf(text, sizeof text, "%u", status);
		assert_int_equal(notifier_answer(status), status < 300 ? NOTIFIER_EV_TAKEN
							  : strstr(listed, text)
								  ? NOTIFIER_EV_GONE
								  : NOTIFIER_EV_FAILED);
	}
	assert_int_equal(notifier_answer(0), NOTIFIER_EV_GONE);
}

/* ---- floods ---- */

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

/*
 * Whatever comes how often: one NOTIFY at a time, changes at the pace, and the last of them is told
 * in the end.
 */
static void floods(void **state)
{
	static const struct notifier_facts facts = {.expires = 3600000, .state_known = true};
	uint32_t seed = 3;

	for (unsigned run = 0; run < 200; run++) {
		struct notifier n;
		uint64_t now = 1000, answer_at = 0;
		unsigned sent = 1, state_now = 0, told = 0;

		notifier_init(&n);
		assert_int_equal(
			notifier_event(&n, NOTIFIER_EV_KNOWN, &facts, now), NOTIFIER_NOTIFY);
		answer_at = now + 100;
		for (unsigned i = 0; i < 1000; i++) {
			unsigned actions = 0;

			now += random_below(&seed, 200);
			if (answer_at && answer_at <= now) {
				answer_at = 0;
				actions |= notifier_event(&n, NOTIFIER_EV_TAKEN, &facts, now);
			}
			while (notifier_deadline(&n) <= now)
				actions |= notifier_tick(&n, now);
			if (i < 900) {
				state_now++;
				actions |= notifier_event(&n, NOTIFIER_EV_CHANGE, &facts, now);
			}
			if (!(actions & NOTIFIER_NOTIFY))
				continue;
			assert_int_equal(answer_at, 0);
			answer_at = now + random_below(&seed, 7000) + 1;
			told = state_now;
			sent++;
		}
		assert_int_equal(told, state_now);
		assert_true(sent <= (now - 1000) / NOTIFIER_PACE_MS + 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell),
		cmocka_unit_test(each_story),
		cmocka_unit_test(answers),
		cmocka_unit_test(floods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
