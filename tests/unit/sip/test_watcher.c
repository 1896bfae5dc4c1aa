#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sip/sip.h"

/*
 * Every cell, by hand: what is done / where it goes. d drop, o 200, x 481, l lost, g granted, s
 * state, n denied, u nobody, f left, q the poll tells nothing, S subscribe, P poll, R renew, U
 * unsubscribe; inside: k keep, h hold, r rest, a at once, t sooner; ! never. States: - off, A
 * asking, P pending, V active, R resting, D doomed, L leaving, C closing, G linger, O polling.
 */
static const char letters[] = "doxlgsnufqSPRUkhrat!";
static const char places[] = "-APVRDLCGO";

/* clang-format off */
static const char *const cells[WATCHER_STATE__N][WATCHER_EVENT__N] = {
	/* watch  unwatch poll    ok      423     420     403      404      405      481     500      active   pending  again   later    reject.  nores.   N        expired  refresh retry */
	{"S/A",  "f/-",  "P/O",  "!/-",  "!/-",  "!/-",  "!/-",   "!/-",   "!/-",   "!/-",   "!/-",   "x/-",   "x/-",   "x/-",   "x/-",   "x/-",   "x/-",   "!/-",   "!/-",   "!/-",  "!/-"},
	{"/A",   "/D",   "/A",   "k/A",  "S/A",  "S/A",  "dln/-", "dlu/-", "dlr/R", "dlr/R", "dlr/R", "ogsk/V","olk/P", "doa/R", "dolr/R","doln/-","dolu/-","dlr/R", "!/A",   "!/A",  "!/A"},
	{"/P",   "U/L",  "/P",   "k/P",  "R/P",  "R/P",  "dln/-", "dlr/R", "dlr/R", "da/R",  "h/P",   "ogsk/V","ok/P",  "doa/R", "dolr/R","doln/-","dol/-", "da/R",  "dla/R", "R/P",  "!/P"},
	{"/V",   "U/L",  "/V",   "k/V",  "R/V",  "R/V",  "dln/-", "dlr/R", "dlr/R", "da/R",  "h/V",   "osk/V", "olk/P", "doa/R", "dolr/R","doln/-","dol/-", "da/R",  "dla/R", "R/V",  "!/V"},
	{"t/R",  "lf/-", "/R",   "!/R",  "!/R",  "!/R",  "!/R",   "!/R",   "!/R",   "!/R",   "!/R",   "x/R",   "x/R",   "x/R",   "x/R",   "x/R",   "x/R",   "!/R",   "!/R",   "!/R",  "S/A"},
	{"/A",   "/D",   "/D",   "/D",   "dlf/-","dlf/-","dlf/-", "dlf/-", "dlf/-", "dlf/-", "dlf/-", "oU/L",  "oU/L",  "dolf/-","dolf/-","dolf/-","dolf/-","dlf/-", "!/D",   "!/D",  "!/D"},
	{"dS/A", "/L",   "/L",   "lf/G", "dlf/-","dlf/-","dlf/-", "dlf/-", "dlf/-", "dlf/-", "dlf/-", "o/L",   "o/L",   "ol/C",  "ol/C",  "ol/C",  "ol/C",  "dlf/-", "!/L",   "!/L",  "!/L"},
	{"dS/A", "/C",   "/C",   "df/-", "df/-", "df/-", "df/-",  "df/-",  "df/-",  "df/-",  "df/-",  "x/C",   "x/C",   "x/C",   "x/C",   "x/C",   "x/C",   "!/C",   "!/C",   "!/C",  "!/C"},
	{"dS/A", "f/G",  "/G",   "!/G",  "!/G",  "!/G",  "!/G",   "!/G",   "!/G",   "!/G",   "!/G",   "o/G",   "o/G",   "do/-",  "do/-",  "do/-",  "do/-",  "d/-",   "!/G",   "!/G",  "!/G"},
	{"dS/A", "df/-", "/O",   "/O",   "dq/-", "P/O",  "dq/-",  "dq/-",  "dq/-",  "dq/-",  "dq/-",  "dos/-", "doq/-", "dos/-", "doq/-", "doq/-", "doq/-", "dq/-",  "!/O",   "!/O",  "!/O"},
};
/* clang-format on */

static void spell(uint32_t actions, char ret[32])
{
	size_t n = 0;

	for (size_t i = 0; letters[i]; i++)
		if (actions & 1u << i)
			ret[n++] = letters[i];
	ret[n] = 0;
}

static void every_cell(void **state)
{
	for (unsigned s = 0; s < WATCHER_STATE__N; s++)
		for (unsigned e = 0; e < WATCHER_EVENT__N; e++) {
			char got[40];

			spell(watcher_steps[s][e].actions, got);
			snprintf(got + strlen(got), 3, "/%c", places[watcher_steps[s][e].next]);
			if (strcmp(got, cells[s][e]) != 0)
				fail_msg("state %c, event %u: %s, not %s", places[s], e, got,
					cells[s][e]);
		}
}

/* ---- stories ---- */

/*
 * One word a step: EVENT[=ARGUMENT]; +N: N seconds later, with all timers that are due. What is
 * done is written with the letters above, one word a step; of a span all that came, each with its
 * second.
 */
static const char *const names[WATCHER_EVENT__N] = {
	[WATCHER_EV_WATCH] = "watch",
	[WATCHER_EV_UNWATCH] = "unwatch",
	[WATCHER_EV_POLL] = "poll",
};

struct play {
	struct watcher w;
	uint64_t now, begun;
	char *out;
	size_t room;
};

static void tell(struct play *p, unsigned actions, bool timed)
{
	char word[40];

	spell(actions, word);
	if (timed)
		snprintf(word + strlen(word), 12, "%u", (unsigned)((p->now - p->begun) / 1000));
	if (p->out[0])
		strncat(p->out, " ", p->room - strlen(p->out) - 1);
	strncat(p->out, word[0] ? word : "-", p->room - strlen(p->out) - 1);
}

static void wait(struct play *p, unsigned seconds)
{
	uint64_t end = p->now + seconds * 1000ull;

	while (watcher_deadline(&p->w) <= end) {
		unsigned actions;

		p->now = watcher_deadline(&p->w);
		actions = watcher_tick(&p->w, 0, p->now);
		if (actions)
			tell(p, actions, true);
	}
	p->now = end;
}

static enum watcher_event named(const char *word)
{
	for (enum watcher_event e = 0; e < WATCHER_EVENT__N; e++)
		if (names[e] && strcmp(names[e], word) == 0)
			return e;
	fail_msg("unknown step '%s'", word);
	return 0;
}

/* A status with "=EXPIRES", of 423 Min-Expires; "~SECONDS": Retry-After. */
static enum watcher_event answer(const char *word, struct watcher_facts *f)
{
	unsigned status = 0, n;

	sscanf(word, "%u", &status);
	if (strchr(word, '=')) {
		sscanf(strchr(word, '='), "=%u", &n);
		f->has_expires = true;
		f->expires = f->min_expires = n;
	}
	if (strchr(word, '~')) {
		sscanf(strchr(word, '~'), "~%u", &f->retry_after);
		f->has_retry_after = true;
	}
	return watcher_answer(status);
}

static void step(struct play *p, const char *word)
{
	struct watcher_facts f = {.random = 0};
	struct subscription_state s;
	enum watcher_event e;

	if (word[0] == '+') {
		unsigned n;

		sscanf(word, "+%u", &n);
		wait(p, n);
		return;
	}
	if (word[0] >= '0' && word[0] <= '9')
		e = answer(word, &f);
	else if (subscription_state_read(&s, slice_of(word)) == 0)
		e = watcher_notify(&s, &f);
	else
		e = named(word);
	tell(p, watcher_event(&p->w, e, &f, p->now), false);
}

/* clang-format off */
static const struct {
	const char *rule, *steps, *want;
} stories[] = {
	{"RFC 8048 5.2.1: 2xx alone changes nothing; pending tells nobody; active is granted", "watch 200=3600 pending;expires=3600 active;expires=3600", "S - ol ogs"},
	{"RFC 6665 4.1.2.4: NOTIFY before the 2xx", "watch active;expires=3600 200=3600 active", "S ogs - os"},
	{"8.3.1: 202 is 200, and may be followed by a no", "watch 202=3600 terminated;reason=rejected +99999", "S - doln"},
	{"4.1.2.4: timer N, and again later, twice as long each time", "watch 200=3600 +32 +30 +32 +60", "S - dl32 S62 dl94 S154"},
	{"4.1.2.2: renewed at 80 % of its life", "watch 200=1000 active +799 +1", "S - ogs R800"},
	{"... 80 to 90: with the expires of the NOTIFY", "watch 200=1000 active;expires=500 +420", "S - ogs R400"},
	{"COMPAT: Asterisk: without expires: that of the 2xx", "watch 200=500 active +420", "S - ogs R400"},
	{"... none there either: what was asked", "watch 200 active +2900", "S - ogs R2880"},
	{"4.2.1.1: nobody may lengthen it", "watch 200=9999 active;expires=9999 +2900", "S - ogs R2880"},
	{"4.1.2.2: renewed", "watch 200=1000 active +800 200=1000 active;expires=1000 +820", "S - ogs R800 - os R1600"},
	{"4.1.2.2: a renewal without NOTIFY ends it; a new one at once", "watch 200=1000 active +800 200=1000 +40", "S - ogs R800 - d832 S832"},
	{"4.1.2.2: 500 leaves it until it expires, tried again meanwhile", "watch 200=1000 active +800 500 +30 500 +60 500 +110", "S - ogs R800 - R830 - R890 - dl1000 S1000"},
	{"4.1.2.2: 481: a new one at once", "watch 200=1000 active +800 481 +1", "S - ogs R800 d S800"},
	{"4.1.2.2: 404 to a renewal: the subscription is over, tried again later", "watch 200=1000 active +800 404 +30", "S - ogs R800 dl S830"},
	{"RFC 8048 5.2.2: 403 to a renewal is for good", "watch 200=1000 active +800 403 +99999", "S - ogs R800 dln"},
	{"423: once more with what it demands", "watch 423=7200 200=7200 active +5770", "S S - ogs R5760"},
	{"423 to a renewal", "watch 200=3600 active +2880 423=7200 200=7200 active;expires=7200 +5770", "S - ogs R2880 R - os R8640"},
	{"423 that demands less: it cannot be heeded", "watch 423=60 +30", "S dl S30"},
	{"423 that demands more each time: once", "watch 423=7200 423=7300 +30", "S S dl S30"},
	{"423 that demands too much", "watch 423=4294967295", "S dl"},
	{"profile 6.1: 420: once more without ms-benotify", "watch 420 200=3600 active", "S S - ogs"},
	{"... 420 again is a failure", "watch 420 420 +30", "S S dl S30"},
	{"404 at first: nobody is there", "watch 404 +99999", "S dlu"},
	{"480 at first: later", "watch 480 +30", "S dl S30"},
	{"no answer at first", "watch 0 +30 0 +60", "S dl S30 dl S90"},
	{"RFC 3261 20.33: not before Retry-After", "watch 500~300 +299 watch +1", "S dl - S300"},
	{"RFC 8048 5.2.2: come online: not before long", "watch 0 +10 watch +20", "S dl - S30"},
	{"... the rest is cut short, but not below its least", "watch 0 +30 0 +60 0 +40 watch", "S dl S30 dl S90 dl -"},
	{"4.1.3: deactivated: at once", "watch 200=3600 active +100 terminated;reason=deactivated +0", "S - ogs do S100"},
	{"... but not in circles", "watch 200=3600 active terminated;reason=deactivated +30 200=3600 active terminated;reason=deactivated +60", "S - ogs dol S30 - ogs dol S90"},
	{"4.1.3: probation", "watch 200=3600 active terminated;reason=probation;retry-after=120 +120", "S - ogs dol S120"},
	{"4.1.3: giveup", "watch 200=3600 pending terminated;reason=giveup;retry-after=60 +60", "S - ol dol S60"},
	{"4.1.3: timeout: at once", "watch 200=3600 active +100 terminated;reason=timeout +0", "S - ogs do S100"},
	{"4.1.3: rejected: never", "watch 200=3600 active terminated;reason=rejected +99999", "S - ogs doln"},
	{"4.1.3: noresource: never", "watch 200=3600 active terminated;reason=noresource +99999", "S - ogs dol"},
	{"4.1.3: no reason: at once; with retry-after not before", "watch 200=3600 active +100 terminated +0 200=3600 active terminated;retry-after=90 +90", "S - ogs do S100 - ogs dol S190"},
	{"granted once in a dialog", "watch 200=3600 active pending active", "S - ogs ol os"},
	{"... and once in the next", "watch 200=3600 active +100 terminated;reason=timeout +0 200=3600 active", "S - ogs do S100 - ogs"},
	{"RFC 8048 5.2.3: unsubscribe: told with the 2xx", "watch 200=3600 active unwatch 200=0 terminated;reason=timeout", "S - ogs U lf do"},
	{"... whose NOTIFY comes first", "watch 200=3600 active unwatch terminated;reason=timeout 200=0", "S - ogs U ol df"},
	{"... whose NOTIFY never comes", "watch 200=3600 active unwatch 200=0 +32", "S - ogs U lf d32"},
	{"... whose answer never comes", "watch 200=3600 active unwatch 0", "S - ogs U dlf"},
	{"... before there is a dialog: when there is", "watch unwatch 200=3600 active 200=0 terminated;reason=timeout", "S - - oU lf do"},
	{"... and there never is", "watch unwatch 403", "S - dlf"},
	{"... he wants it after all", "watch unwatch watch 200=3600 active", "S - - - ogs"},
	{"... after it had gone: a new one", "watch 200=3600 active unwatch watch 200=3600 active", "S - ogs U dS - ogs"},
	{"4.4.3: a poll", "poll 200=0 terminated;reason=timeout", "P - dos"},
	{"... that is told without ending", "poll active;expires=60", "P dos"},
	{"... that nobody answers", "poll 200=0 +32", "P - dq32"},
	{"... that is refused", "poll 403", "P dq"},
	{"4.1.3: a NOTIFY of nothing", "active", "x"},
	{"4.1.2.4: ... after timer N", "watch +32 active +30", "S dl32 x S62"},
	{"a late answer means nothing", "watch +32 200=3600", "S dl32 -"},
	{"expires 0 in the 2xx: it is over", "watch 200=0 active +30", "S - ogs dl0 S30"},
	{"a tiny life does not make us run", "watch 200=1 active +40 200=1 active +61", "S - ogs dl1 S31 - ogs dl41 S101"},
};
/* clang-format on */

static void each_story(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		char got[400] = "", steps[300];
		struct play p = {.now = 1000000, .begun = 1000000, .out = got, .room = sizeof got};

		watcher_init(&p.w, 3600, false);
		snprintf(steps, sizeof steps, "%s", stories[i].steps);
		for (char *at, *word = strtok_r(steps, " ", &at); word;
			word = strtok_r(NULL, " ", &at))
			step(&p, word);
		if (strcmp(got, stories[i].want) != 0)
			fail_msg("%s:\n%s\n%s, not\n%s", stories[i].rule, stories[i].steps, got,
				stories[i].want);
	}
}

/* ---- statuses ---- */

static void answers(void **state)
{
	static const char listed[] = "404 405 410 416 480 481 482 483 484 485 489 501 604";

	for (unsigned status = 200; status < 700; status++) {
		enum watcher_event e = watcher_answer(status);
		char text[8];
		bool over = e != WATCHER_EV_OK && e != WATCHER_EV_FAILED && e != WATCHER_EV_BRIEF &&
			    e != WATCHER_EV_PLAIN;

		snprintf(text, sizeof text, "%u", status);
		assert_int_equal(e == WATCHER_EV_OK, status < 300);
		/* RFC 6665 4.1.2.2, and the two more of RFC 8048 5.2.2 */
		if (over != (strstr(listed, text) || status == 403 || status == 603))
			fail_msg("%u: %d", status, e);
	}
	assert_int_equal(watcher_answer(0), WATCHER_EV_FAILED);
}

/* ---- after a restart ---- */

static void resumed(void **state)
{
	struct watcher_facts f = {.has_expires = true, .expires = 3600};
	struct watcher w;

	watcher_init(&w, 3600, false);
	watcher_resume(&w, true, 5000, 90000);
	assert_int_equal(watcher_deadline(&w), 5000);
	assert_int_equal(watcher_tick(&w, 0, 4999), 0);
	assert_int_equal(watcher_tick(&w, 0, 5000), WATCHER_RENEW);
	assert_int_equal(watcher_event(&w, WATCHER_EV_OK, &f, 5100), 0);
	/* granted long ago: the state is told, and no more */
	assert_int_equal(
		watcher_event(&w, WATCHER_EV_ACTIVE, &f, 5200), WATCHER_200 | WATCHER_STATE);
	assert_int_equal(w.renew_at, 5200 + 2880000);

	watcher_init(&w, 3600, false);
	watcher_resume(&w, false, 5000, 90000);
	assert_int_equal(watcher_tick(&w, 0, 5000), WATCHER_RENEW);
	/* 481: renewed outside (design, issue 7) */
	assert_int_equal(watcher_event(&w, WATCHER_EV_NO_DIALOG, &f, 200000), WATCHER_DROP);
	assert_int_equal(watcher_tick(&w, 0, 200000), WATCHER_SUBSCRIBE);
}

/* ---- whatever happens ---- */

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

/*
 * Random peers: nothing that cannot happen happens, somebody who wants to know is always on the way
 * to it, and no peer makes us send more than a few requests a minute.
 */
static void no_storm(void **state)
{
	uint32_t seed = 7;

	for (unsigned run = 0; run < 400; run++) {
		struct watcher w;
		uint64_t now = 1000;
		unsigned sent = 0;

		watcher_init(&w, 3600, false);
		assert_int_equal(
			watcher_event(&w, WATCHER_EV_WATCH, &(struct watcher_facts){0}, now),
			WATCHER_SUBSCRIBE);
		for (unsigned i = 0; i < 400; i++) {
			struct watcher_facts f = {.has_expires = true,
				.expires = random_below(&seed, 120),
				.min_expires = random_below(&seed, 20000),
				.random = random_below(&seed, 1 << 16)};
			unsigned e = WATCHER_EV_OK +
				     random_below(&seed, WATCHER_EV_NORESOURCE - WATCHER_EV_OK + 1),
				 actions;

			now += random_below(&seed, 3000);
			while (watcher_deadline(&w) <= now)
				sent += !!(watcher_tick(&w, f.random, now) &
					   (WATCHER_SUBSCRIBE | WATCHER_RENEW));
			actions = watcher_event(&w, e, &f, now);
			sent += !!(actions & (WATCHER_SUBSCRIBE | WATCHER_RENEW));
			assert_false((actions & WATCHER_200) && (actions & WATCHER_481));
			if (w.state == WATCHER_OFF)
				assert_int_equal(watcher_deadline(&w), UINT64_MAX);
			else
				assert_true(watcher_deadline(&w) != UINT64_MAX || w.under_way);
		}
		/* 400 steps are some ten minutes */
		if (sent > 6 * (now / 60000 + 1))
			fail_msg("%u requests in %u s", sent, (unsigned)(now / 1000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell),
		cmocka_unit_test(each_story),
		cmocka_unit_test(answers),
		cmocka_unit_test(resumed),
		cmocka_unit_test(no_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
