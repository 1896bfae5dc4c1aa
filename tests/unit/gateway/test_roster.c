#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/roster.h"

/*
 * Every cell, by hand: what is done / where it goes. s store; to the watcher: w watch, u unwatch, o
 * poll; to the notifiers: g grant, d deny, c change, x withdraw, n no resource; to the contact: S
 * subscribe, U unsubscribe, A subscribed, D unsubscribed, P probe, T state, B goodbye, F forget
 * the state.
 */
static const char letters[] = "swuogdcxnSUADPTBF";

/* clang-format off */
static const char *const out_cells[ROSTER_OUT__N][ROSTER_EVENT__N] = {
	/* - none, A asked, T to
	   subscr refused unsub  subscribed unsubscr. probe  state  initial failed granted denied nobody left  request fetch goodbye revoke  suspend resume */
	{"/-",    "/-",   "/-",  "/-",      "d/-",    "/-",  "c/-", "c/-",  "/-",  "/-",   "/-",  "/-",  "/-", "sS/A", "P/-","/-",   "x/-",  "x/-",  "/-"},
	{"/A",    "/A",   "/A",  "sg/T",    "sd/-",   "/A",  "c/A", "c/A",  "sn/-","/A",   "/A",  "/A",  "/A", "S/A",  "P/A","/A",   "sxU/-","x/A",  "/A"},
	{"/T",    "/T",   "/T",  "/T",      "sd/-",   "/T",  "c/T", "c/T",  "/T",  "/T",   "/T",  "/T",  "/T", "g/T",  "P/T","B/T",  "sxU/-","x/T",  "/T"},
};

static const char *const in_cells[ROSTER_IN__N][ROSTER_EVENT__N] = {
	/* - none, A asked, F from, L leaving */
	{"sw/A",  "D/-",   "/-",  "/-",      "/-",     "o/-", "/-",  "/-",   "/-",  "u/-",  "/-",  "/-",  "/-", "/-",   "/-", "/-",   "/-",   "/-",   "/-"},
	{"w/A",   "suD/-", "su/L","/A",      "/A",     "w/A", "/A",  "w/A",  "/A",  "sA/F", "sD/-","sD/-","/A", "/A",   "/A", "/A",   "suD/-","u/A",  "w/A"},
	{"wAT/F", "suDF/-","su/L","/F",      "/F",     "wT/F","/F",  "w/F",  "/F",  "/F",   "sDF/-","F/F","/F", "/F",   "/F", "/F",   "suDF/-","uF/F","w/F"},
	{"sw/A",  "D/-",   "/L",  "/L",      "/L",     "/L",  "/L",  "/L",   "/L",  "/L",   "DF/-","DF/-","DF/-","/L",  "/L", "/L",   "DF/-", "/L",   "/L"},
};
/* clang-format on */

static void spell(uint32_t actions, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; letters[i]; i++)
		if (actions & 1u << i)
			ret[n++] = letters[i];
	ret[n] = 0;
}

static void check_cell(const struct roster_step *s, const char *places, const char *want,
	const char *table, unsigned state, unsigned event)
{
	char got[32];

	spell(s->actions, got);
	snprintf(got + strlen(got), 3, "/%c", places[s->next]);
	if (strcmp(got, want) != 0)
		fail_msg("%s %c, event %u: %s, not %s", table, places[state], event, got, want);
}

static void every_cell(void **state)
{
	for (unsigned e = 0; e < ROSTER_EVENT__N; e++) {
		for (unsigned s = 0; s < ROSTER_OUT__N; s++)
			check_cell(&roster_out_steps[s][e], "-AT", out_cells[s][e], "out", s, e);
		for (unsigned s = 0; s < ROSTER_IN__N; s++)
			check_cell(&roster_in_steps[s][e], "-AFL", in_cells[s][e], "in", s, e);
	}
}

/* ---- RFC 6121 appendix A ---- */

/* The nine states, by what their names are made of. */
#define N                                                                                          \
	{                                                                                          \
		ROSTER_OUT_NONE, ROSTER_IN_NONE                                                    \
	}
#define N_O                                                                                        \
	{                                                                                          \
		ROSTER_OUT_ASKED, ROSTER_IN_NONE                                                   \
	}
#define N_I                                                                                        \
	{                                                                                          \
		ROSTER_OUT_NONE, ROSTER_IN_ASKED                                                   \
	}
#define N_OI                                                                                       \
	{                                                                                          \
		ROSTER_OUT_ASKED, ROSTER_IN_ASKED                                                  \
	}
#define TO                                                                                         \
	{                                                                                          \
		ROSTER_OUT_TO, ROSTER_IN_NONE                                                      \
	}
#define TO_I                                                                                       \
	{                                                                                          \
		ROSTER_OUT_TO, ROSTER_IN_ASKED                                                     \
	}
#define FROM                                                                                       \
	{                                                                                          \
		ROSTER_OUT_NONE, ROSTER_IN_FROM                                                    \
	}
#define FR_O                                                                                       \
	{                                                                                          \
		ROSTER_OUT_ASKED, ROSTER_IN_FROM                                                   \
	}
#define BOTH                                                                                       \
	{                                                                                          \
		ROSTER_OUT_TO, ROSTER_IN_FROM                                                      \
	}

/* clang-format off */
static const struct roster_pair nine[] = {N, N_O, N_I, N_OI, TO, TO_I, FROM, FR_O, BOTH};
static const char *const nine_names[] = {"none", "none + pending out", "none + pending in", "none + pending out+in",
	"to", "to + pending in", "from", "from + pending out", "both"};

static const struct {
	const char *table;
	enum roster_event event;
	uint32_t routed;   /* the stanza of this event, when it goes out */
	bool goes[9];      /* does it? */
	struct roster_pair next[9];
} tables[] = {
	{"table 2: subscribe out", ROSTER_EV_REQUEST, ROSTER_SEND_SUBSCRIBE,
		/* ours: who has it needs none; its server would only answer "subscribed" */
		{1, 1, 1, 1, 0, 0, 1, 1, 0}, {N_O, N_O, N_OI, N_OI, TO, TO_I, FR_O, FR_O, BOTH}},
	{"table 4: subscribed out", ROSTER_EV_GRANTED, ROSTER_SEND_SUBSCRIBED,
		{0, 0, 1, 1, 0, 1, 0, 0, 0}, {N, N_O, FROM, FR_O, TO, BOTH, FROM, FR_O, BOTH}},
	{"table 5: unsubscribed out", ROSTER_EV_DENIED, ROSTER_SEND_UNSUBSCRIBED,
		{0, 0, 1, 1, 0, 1, 1, 1, 1}, {N, N_O, N, N_O, TO, TO, N, N_O, TO}},
	{"table 6: subscribe in", ROSTER_EV_SUBSCRIBE, ROSTER_SEND_SUBSCRIBED, /* note 2: the answer */
		{0, 0, 0, 0, 0, 0, 1, 1, 1}, {N_I, N_OI, N_I, N_OI, TO_I, TO_I, FROM, FR_O, BOTH}},
	{"table 8: subscribed in", ROSTER_EV_SUBSCRIBED, ROSTER_GRANT,
		{0, 1, 0, 1, 0, 0, 0, 1, 0}, {N, TO, N_I, TO_I, TO, TO_I, FROM, BOTH, BOTH}},
	{"table 9: unsubscribed in", ROSTER_EV_UNSUBSCRIBED, ROSTER_STORE, /* does anything change? */
		{0, 1, 0, 1, 1, 1, 0, 1, 1}, {N, N, N_I, N_I, N, N_I, FROM, FROM, FROM}},
};
/* clang-format on */

static void appendix_a(void **state)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (size_t i = 0; i < ARRAY_LEN(nine); i++) {
			struct roster_pair p = nine[i];
			uint32_t actions = roster_event(&p, tables[t].event);

			if (p.out != tables[t].next[i].out || p.in != tables[t].next[i].in ||
				!(actions & tables[t].routed) != !tables[t].goes[i])
				fail_msg("%s, \"%s\": %s, %#x", tables[t].table, nine_names[i],
					roster_state_name(&p), actions);
		}
	for (size_t i = 0; i < ARRAY_LEN(nine); i++)
		assert_string_equal(roster_state_name(&nine[i]), nine_names[i]);
}

/* Table 7: unsubscribe in. The answer waits until the SIP side has let go (RFC 8048 5.2.3). */
static void unsubscribe_in(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(nine); i++) {
		struct roster_pair p = nine[i];
		bool changes = p.in != ROSTER_IN_NONE;
		uint32_t actions = roster_event(&p, ROSTER_EV_UNSUBSCRIBE);

		assert_int_equal(actions, changes ? ROSTER_STORE | ROSTER_UNWATCH : 0);
		assert_int_equal(p.out, nine[i].out);
		actions = roster_event(&p, ROSTER_EV_LEFT);
		assert_int_equal(!!(actions & ROSTER_SEND_UNSUBSCRIBED), changes);
		assert_int_equal(p.in, ROSTER_IN_NONE);
	}
}

/* ---- invitations ---- */

static void invited(void **state)
{
	struct roster_pair p = {0};

	roster_event(&p, ROSTER_EV_SUBSCRIBE);
	assert_false(p.invited);
	roster_event(&p, ROSTER_EV_REQUEST);
	assert_true(p.invited);
	/* whatever the contact says, the user has asked for him */
	roster_event(&p, ROSTER_EV_UNSUBSCRIBED);
	roster_event(&p, ROSTER_EV_GOODBYE);
	roster_event(&p, ROSTER_EV_SUSPEND);
	assert_true(p.invited);
	roster_event(&p, ROSTER_EV_REVOKE);
	assert_false(p.invited);
	assert_string_equal(roster_state_name(&p), "none");
}

/* A partner that is disabled and enabled again takes nobody's authorization. */
static void suspended(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(nine); i++) {
		struct roster_pair p = nine[i];
		uint32_t actions = roster_event(&p, ROSTER_EV_SUSPEND);

		assert_false(actions & ROSTER_STORE);
		assert_int_equal(!!(actions & ROSTER_FORGET_STATE), p.in == ROSTER_IN_FROM);
		actions = roster_event(&p, ROSTER_EV_RESUME);
		assert_int_equal(!!(actions & ROSTER_WATCH), p.in != ROSTER_IN_NONE);
		assert_memory_equal(&p, &nine[i], sizeof p);
	}
}

/* ---- partner types: every cell of facts 2, design section 7 ---- */

/* + passes, i is the invitation, - refused, . dropped */
static const char verdicts[] = "+i-.";

/* clang-format off */
static const struct {
	const char *rule;
	enum roster_kind kind;
	enum roster_direction direction;
	/* Federated, PublicVerified, PublicUnverified invited; PublicUnverified not invited without and with WriteInvites */
	const char *want;
} rules[] = {
	{"a contact may add the user; unverified only after the user added him", ROSTER_SUBSCRIBING, ROSTER_TO_USER, "+++--"},
	{"the user may invite everybody", ROSTER_SUBSCRIBING, ROSTER_TO_CONTACT, "+++ii"},
	{"a contact may see the user; unverified likewise", ROSTER_PROBING, ROSTER_TO_USER, "+++--"},
	{"nothing of an unverified contact reaches the user before", ROSTER_PROBING, ROSTER_TO_CONTACT, "+++--"},
	{"... nor directed presence", ROSTER_PRESENCE, ROSTER_TO_USER, "+++.."},
	{"nothing about the user reaches him before", ROSTER_PRESENCE, ROSTER_TO_CONTACT, "+++.."},
	{"a contact's note is part of his presence", ROSTER_NOTE, ROSTER_TO_USER, "+++.."},
	{"the user's note: to Federated partners only", ROSTER_NOTE, ROSTER_TO_CONTACT, "+...."},
	{"a contact may write; unverified: no communication at all before", ROSTER_MESSAGE, ROSTER_TO_USER, "+++--"},
	{"add the contact first, or WriteInvites: it is the invitation", ROSTER_MESSAGE, ROSTER_TO_CONTACT, "+++-i"},
};
/* clang-format on */

static void partner_types(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		for (unsigned column = 0; column < 5; column++) {
			enum partner_type type = column < 2 ? column : PARTNER_PUBLIC_UNVERIFIED;
			enum roster_verdict v = roster_judge(
				type, rules[i].kind, rules[i].direction, column == 2, column == 4);

			if (verdicts[v] != rules[i].want[column])
				fail_msg("%s, column %u: %c", rules[i].rule, column, verdicts[v]);
		}
	/* with others nobody need be invited, and WriteInvites means nothing */
	for (enum partner_type t = PARTNER_FEDERATED; t < PARTNER_PUBLIC_UNVERIFIED; t++)
		for (unsigned k = 0; k < ROSTER_KIND__N; k++)
			for (unsigned d = 0; d < 8; d++)
				assert_int_equal(roster_judge(t, k, d & 1, d & 2, d & 4),
					roster_judge(t, k, d & 1, false, false));
}

/* Nobody sees what he may not: no way to "from" that the SIP side has not said yes to. */
static void only_granted(void **state)
{
	uint32_t seed = 5;

	for (unsigned run = 0; run < 2000; run++) {
		struct roster_pair p = {0};
		bool granted = false;

		for (unsigned i = 0; i < 60; i++) {
			unsigned event;
			uint32_t actions;

			seed = seed * 1664525 + 1013904223;
			event = (seed >> 8) % ROSTER_EVENT__N;
			if (event == ROSTER_EV_GRANTED && p.in == ROSTER_IN_ASKED)
				granted = true;
			actions = roster_event(&p, event);
			if (p.in != ROSTER_IN_FROM)
				granted = false;
			assert_int_equal(p.in == ROSTER_IN_FROM, granted);
			if (actions & (ROSTER_SEND_STATE | ROSTER_SEND_SUBSCRIBED))
				assert_true(granted);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell),
		cmocka_unit_test(appendix_a),
		cmocka_unit_test(unsubscribe_in),
		cmocka_unit_test(invited),
		cmocka_unit_test(suspended),
		cmocka_unit_test(partner_types),
		cmocka_unit_test(only_granted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
