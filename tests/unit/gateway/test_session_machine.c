#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/session_machine.h"

/*
 * Every cell, by hand: what is done / where it goes. q queue, i INVITE, c CANCEL, a accept, r
 * replace, k ACK, d drop the leg, s send, + done, - fail, ? unknown, * again, x all fail, b BYE, e
 * ended, w leave when all is delivered, ! never. I idle, N inviting, A answered, U up, S sending, L
 * leaving.
 */
static const char letters[] = "qicarkds+-?*xbew!";
static const char places[] = "INAUSL";

/* clang-format off */
static const char *const cells[SESSION_STATE__N][SESSION_EVENT__N] = {
	/* text  more   INVITE  2xx    refused unansw. stray  ACK    no ACK  sent   failed dead   again  silent BYE    leave  limit  left   stop */
	{"q/I", "i/N", "a/A",  "!/I", "!/I",  "!/I",  "d/I", "!/I", "!/I",  "+/I", "-/I", "*/I", "-/I", "?/I",  "!/I", "/I",  "/I",  "/I", "x/I"},
	{"q/N", "!/N", "ca/A", "k/U", "x/I",  "x/I",  "d/N", "!/N", "!/N",  "!/N", "!/N", "!/N", "!/N", "!/N",  "!/N", "w/N", "/N",  "/N", "cx/I"},
	{"q/A", "!/A", "ar/A", "!/A", "!/A",  "!/A",  "d/A", "/U",  "b/L",  "+/A", "-/A", "*/A", "-/A", "?/A",  "e/I", "w/A", "/A",  "/A", "xb/L"},
	{"q/U", "s/S", "ar/A", "!/U", "!/U",  "!/U",  "d/U", "/U",  "b/L",  "+/U", "-/U", "*/U", "-/U", "?/U",  "e/I", "b/L", "b/L", "/U", "xb/L"},
	{"q/S", "!/S", "ar/A", "!/S", "!/S",  "!/S",  "d/S", "/S",  "b/L",  "+/U", "-/U", "*/I", "-/I", "?b/I", "e/I", "w/S", "/S",  "/S", "xb/L"},
	{"q/L", "!/L", "a/A",  "!/L", "!/L",  "!/L",  "d/L", "/L",  "/L",   "+/L", "-/L", "*/L", "-/L", "?/L",  "/L",  "/L",  "/L",  "/I", "x/L"},
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
	for (unsigned s = 0; s < SESSION_STATE__N; s++)
		for (unsigned e = 0; e < SESSION_EVENT__N; e++) {
			char got[32];

			spell(session_steps[s][e].actions, got);
			snprintf(got + strlen(got), 3, "/%c", places[session_steps[s][e].next]);
			if (strcmp(got, cells[s][e]) != 0)
				fail_msg("state %c, event %u: %s, not %s", places[s], e, got,
					cells[s][e]);
		}
}

/* ---- stories: events as letters, what is done after each ---- */

/* t text, I INVITE, 2 2xx, r refused, u unanswered, y stray, k ACK, n no ACK, + - * ? of the
 * MESSAGE, b BYE, l leave, i limit, f left, x stop */
static const char events[] = "t.I2ruykn+-*.?blifx";

/* clang-format off */
static const struct {
	const char *name, *events, *done;
} stories[] = {
	{"profile 5.6: texts wait for the 200, then go one at a time, in order", "ttt2+++", "q,i q q k,s +,s +,s +"},
	{"profile 5.2: called; the answer waits for the ACK", "Itk+", "a q s +"},
	{"refused: all that waits fails", "ttrt", "q,i q x q,i"},
	{"no answer", "tu", "q,i x"},
	{"profile 5.3: a dead dialog, and once more", "t2*2+", "q,i k,s *,i k,s +"},
	{"... but once, and the next goes on", "tt2*2*2+", "q,i q k,s *,i k,s -,i k,s +"},
	{"... and each text has its own once", "tt2*2+*2+", "q,i q k,s *,i k,s +,s *,i k,s +"},
	{"profile 5.3: after silence it is not sent again", "tt2?2+", "q,i q k,s ?b,i k,s +"},
	{"refused, and the dialog goes on", "tt2-+", "q,i q k,s -,s +"},
	{"5.7: his BYE while a text is under way; its answer decides", "t2b+", "q,i k,s e +"},
	{"... dead by it: once more", "t2b*2+", "q,i k,s e *,i k,s +"},
	{"... and none goes before", "t2bt+2+", "q,i k,s e q +,i k,s +"},
	{"5.7: gone waits for what is to be delivered", "tt2l++f", "q,i q k,s  +,s +,b "},
	{"... unless he writes again", "t2lt++", "q,i k,s  q +,s +"},
	{"gone before the 200", "tl2+f", "q,i  k,s +,b "},
	{"idle limit; and on after it", "t2+it f2", "q,i k,s + b q i k,s"},
	{"glare: theirs is taken, ours given up", "tIk+", "q,i ca s +"},
	{"... ours was answered all the same", "tIyk+b", "q,i ca d s + e"},
	{"a fork's late 200", "t2y+", "q,i k,s d +"},
	{"he opens another: the one that was ends, a text under way is waited for", "t2Ikt+", "q,i k,s ar  q +,s"},
	{"... dead there: by the other, once", "t2I*k+", "q,i k,s ar * s +"},
	{"no ACK: BYE, and what waits begins anew", "Itnf", "a q b i"},
	{"stop: who waits and what is under way are told", "ttt2x+f", "q,i q q k,s ?xb  "},
	{"stop while inviting", "tx", "q,i cx"},
	{"stop while a text of a dialog that was has no answer", "t2bx", "q,i k,s e ?x"},
	{"both say BYE", "t2+lbf", "q,i k,s + b  "},
	{"he calls while we leave", "t2+lItk+", "q,i k,s + b a q s +"},
	{"an answer that comes after all was told", "t2?+*?", "q,i k,s ?b   "},
};
/* clang-format on */

static void tell(struct session_machine *m, char letter, char *out, size_t room)
{
	uint32_t actions[SESSION_STEPS];
	unsigned n = session_event(m, (unsigned)(strchr(events, letter) - events), actions);

	for (unsigned i = 0; i < n; i++) {
		char one[32];

		spell(actions[i], one);
		snprintf(out + strlen(out), room - strlen(out), "%s%s", i ? "," : "", one);
	}
}

static void each_story(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		struct session_machine m = {0};
		char got[200] = "";

		for (const char *e = stories[i].events; *e; e++) {
			if (*e == ' ')
				continue;
			if (e != stories[i].events)
				strcat(got, " ");
			tell(&m, *e, got, sizeof got);
		}
		if (strcmp(got, stories[i].done) != 0)
			fail_msg("%s:\n%s, not\n%s", stories[i].name, got, stories[i].done);
	}
}

/* ---- whatever happens, each text ends once ---- */

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

/* May it happen now? What the table calls never, no caller feeds. */
static bool may(const struct session_machine *m, unsigned event)
{
	return event != SESSION_EV_MORE && event != SESSION_EV_DEAD_AGAIN &&
	       (!(session_steps[m->state][event].actions & SESSION_NEVER) ||
		       (event >= SESSION_EV_SENT && event <= SESSION_EV_SILENT && !m->under_way));
}

struct books {
	unsigned in, out, waiting, sent_of_one;
	bool under_way;
};

/* Holds the texts as a caller would, and what the machine says against them. */
static void book(struct books *b, uint32_t actions)
{
	uint32_t ends = actions & (SESSION_DONE | SESSION_FAIL | SESSION_FAIL_UNKNOWN);

	if (actions & SESSION_QUEUE) {
		b->in++;
		b->waiting++;
	}
	if (actions & SESSION_SEND) {
		assert_true(b->waiting > 0 && !b->under_way); /* one at a time */
		b->waiting--;
		b->under_way = true;
		assert_true(++b->sent_of_one <= 2); /* once more at most */
	}
	if (ends) {
		assert_true(b->under_way && (ends & (ends - 1)) == 0);
		b->under_way = false;
		b->out++;
		b->sent_of_one = 0;
	}
	if (actions & SESSION_AGAIN) {
		assert_true(b->under_way);
		b->under_way = false;
		b->waiting++;
	}
	if (actions & SESSION_FAIL_ALL) {
		b->out += b->waiting;
		b->waiting = 0;
		b->sent_of_one = b->under_way ? b->sent_of_one : 0;
	}
}

static void feed(struct session_machine *m, struct books *b, unsigned event)
{
	uint32_t actions[SESSION_STEPS];
	unsigned n = session_event(m, event, actions);

	for (unsigned i = 0; i < n; i++)
		book(b, actions[i]);
	assert_int_equal(b->waiting, m->waiting);
	assert_int_equal(b->under_way, m->under_way);
	assert_int_equal(b->in, b->out + b->waiting + b->under_way);
	/* nothing waits for nothing */
	assert_false((m->state == SESSION_IDLE || m->state == SESSION_UP) && m->waiting &&
		     !m->under_way);
}

static void no_text_is_lost(void **state)
{
	uint32_t seed = 1;

	for (unsigned run = 0; run < 2000; run++) {
		struct session_machine m = {0};
		struct books b = {0};

		for (unsigned i = 0; i < 60; i++) {
			unsigned event = random_below(&seed, SESSION_EVENT__N);

			if (may(&m, event))
				feed(&m, &b, event);
		}
		feed(&m, &b, SESSION_EV_STOP);
		assert_int_equal(b.in, b.out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell),
		cmocka_unit_test(each_story),
		cmocka_unit_test(no_text_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
