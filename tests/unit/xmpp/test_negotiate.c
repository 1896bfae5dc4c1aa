#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "script.h"
#include "xmpp/negotiate.h"

/* clang-format off */
/* The rows of a partner's settings that can be saved, as federation/ reduces them. */
#define REQ_SASL  {XTLS_REQUIRED, true, false, false}
#define REQ_BOTH  {XTLS_REQUIRED, true, true, false}
#define REQ_DB	  {XTLS_REQUIRED, false, true, false}
#define OPT_SASL  {XTLS_OPTIONAL, true, false, false}
#define OPT_ALL	  {XTLS_OPTIONAL, true, true, true}
#define OPT_DB	  {XTLS_OPTIONAL, false, true, true}
#define OFF_DB	  {XTLS_OFF, false, false, true}
/* Without a certificate of our own; after a failure for a security reason. */
#define NOCERT_SASL {XTLS_REQUIRED, true, false, false, .bare = true}
#define NOCERT_ALL  {XTLS_OPTIONAL, true, true, true, .bare = true}
#define FLOOR_ALL   {XTLS_OPTIONAL, true, true, true, .floor = true}
#define FLOOR_OFF   {XTLS_OFF, false, false, true, .floor = true}
/* No settings come to this; TLS that is required wins all the same. */
#define CONTRARY    {XTLS_REQUIRED, false, true, true}

/* Letters: s starttls, S starttls required, e external, d dialback; "-" nothing, "x" impossible. */
static const struct offer {
	const char *name;
	struct xstream_policy policy;
	const char *clear, *none, *bad, *good; /* in clear; in TLS with no, a bad, a good certificate */
} offers[] = {
	{"TLS required, SASL", REQ_SASL, "S", "x", "x", "e"},
	{"TLS required, SASL or dialback", REQ_BOTH, "S", "d", "d", "ed"},
	{"TLS required, dialback", REQ_DB, "S", "d", "d", "d"},
	{"TLS optional, SASL: TLS is needed all the same", OPT_SASL, "S", "x", "x", "e"},
	{"TLS optional, anything", OPT_ALL, "sd", "d", "d", "ed"},
	{"TLS optional, dialback", OPT_DB, "sd", "d", "d", "d"},
	{"no TLS, dialback", OFF_DB, "d", "x", "x", "x"},
	{"no certificate of ours, SASL", NOCERT_SASL, "x", "x", "x", "e"},
	{"no certificate of ours, anything", NOCERT_ALL, "d", "d", "d", "ed"},
	{"nothing in clear any more", FLOOR_ALL, "S", "d", "d", "ed"},
	{"nothing in clear any more, and no TLS", FLOOR_OFF, "x", "x", "x", "x"},
	{"TLS required, dialback also in clear", CONTRARY, "S", "d", "d", "d"},
};
/* clang-format on */

static void check_offer(
	const struct offer *o, enum xstream_phase phase, enum xstream_cert cert, const char *want)
{
	struct xstream_features f;
	enum xneg_fail why = xneg_offer(&o->policy, phase, cert, &f);
	char got[8] = "", *at = got;

	if (why) {
		assert_true(xneg_fail_text(why)[0]);
		*at++ = 'x';
	} else {
		if (f.starttls)
			*at++ = f.starttls_required ? 'S' : 's';
		if (f.external)
			*at++ = 'e';
		if (f.dialback)
			*at++ = 'd';
		if (at == got)
			*at++ = '-';
		assert_int_equal(f.dialback_errors, f.dialback);
	}
	if (strcmp(got, want) != 0)
		fail_msg("%s, phase %d, certificate %d: %s, wanted %s", o->name, phase, cert, got,
			want);
}

static void features_follow_from_policy_phase_and_certificate(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
		const struct offer *o = &offers[i];

		for (enum xstream_cert c = XCERT_NONE; c <= XCERT_GOOD; c++) {
			check_offer(o, XPHASE_CLEAR, c, o->clear);
			/* Further pairs may follow by dialback (XEP-0220 2.6). */
			check_offer(o, XPHASE_DONE, c, o->policy.dialback_tls ? "d" : "-");
		}
		check_offer(o, XPHASE_TLS, XCERT_NONE, o->none);
		check_offer(o, XPHASE_TLS, XCERT_BAD, o->bad);
		check_offer(o, XPHASE_TLS, XCERT_GOOD, o->good);
	}
	(void)state;
}

enum { NO_OFFER, NOTHING, TLS, TLS_REQ, TLS_DB, DB, EXT, EXT_DB, EXT_TLS, OFFER__N };

/* clang-format off */
static const struct xstream_features offered[OFFER__N] = {
	[TLS] = {.starttls = true},
	[TLS_REQ] = {.starttls = true, .starttls_required = true},
	[TLS_DB] = {.starttls = true, .dialback = true},
	[DB] = {.dialback = true},
	[EXT] = {.external = true, .mechanisms = true},
	[EXT_DB] = {.external = true, .mechanisms = true, .dialback = true},
	[EXT_TLS] = {.external = true, .mechanisms = true, .starttls = true},
};

/*
 * t STARTTLS, e EXTERNAL, d dialback, and why not: T no TLS, C certificate, E no EXTERNAL, O no
 * certificate of ours. One letter for each offer in the order above.
 */
static const struct choice {
	const char *name;
	struct xstream_policy policy;
	const char *clear, *bad, *good;
} choices[] = {
	{"TLS required, SASL", REQ_SASL, "Ttttttttt", "CCCCCCCCC", "EEEEEEeee"},
	{"TLS required, SASL or dialback", REQ_BOTH, "Ttttttttt", "ddddddddd", "ddddddeee"},
	{"TLS required, dialback", REQ_DB, "Ttttttttt", "ddddddddd", "ddddddddd"},
	{"TLS optional, SASL", OPT_SASL, "Ttttttttt", "CCCCCCCCC", "EEEEEEeee"},
	{"TLS optional, anything", OPT_ALL, "ddtttdddt", "ddddddddd", "ddddddeee"},
	{"TLS optional, dialback", OPT_DB, "ddtttdddt", "ddddddddd", "ddddddddd"},
	{"no TLS, dialback", OFF_DB, "dddTddddd", NULL, NULL},
	{"no certificate of ours, SASL", NOCERT_SASL, "Ttttttttt", "CCCCCCCCC", "OOOOOOOOO"},
	{"no certificate of ours, anything", NOCERT_ALL, "ddtttdddt", "ddddddddd", "ddddddddd"},
	{"nothing in clear any more", FLOOR_ALL, "Ttttttttt", "ddddddddd", "ddddddeee"},
	{"nothing in clear any more, and no TLS", FLOOR_OFF, "TTTTTTTTT", NULL, NULL},
};
/* clang-format on */

static char step_letter(const struct xstream_policy *p, enum xstream_phase phase,
	enum xstream_cert cert, int offer, bool failed)
{
	enum xneg_fail f;
	enum xneg_step s =
		xneg_choose(p, phase, cert, offer == NO_OFFER ? NULL : &offered[offer], failed, &f);

	assert_int_equal(s == XNEG_FAIL, f != XNEG_OK);
	assert_int_equal(s == XNEG_FAIL, xneg_fail_text(f)[0] != '\0');
	if (s != XNEG_FAIL)
		return "tedr"[s];
	switch (f) {
	case XNEG_NO_TLS:
		return 'T';
	case XNEG_BAD_CERT:
		return 'C';
	case XNEG_NO_EXTERNAL:
		return 'E';
	case XNEG_NO_OWN_CERT:
		return 'O';
	case XNEG_SASL_FAILED:
		return 'S';
	default:
		return '?';
	}
}

static void check_choice(
	const struct choice *c, enum xstream_phase phase, enum xstream_cert cert, const char *want)
{
	for (int i = 0; want && i < OFFER__N; i++) {
		char got = step_letter(&c->policy, phase, cert, i, false);

		if (got != want[i])
			fail_msg("%s, phase %d, certificate %d, offer %d: %c, wanted %c", c->name,
				phase, cert, i, got, want[i]);
	}
}

static void the_initiators_step_follows_from_the_same(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		const struct choice *c = &choices[i];

		check_choice(c, XPHASE_CLEAR, XCERT_NONE, c->clear);
		check_choice(c, XPHASE_TLS, XCERT_NONE, c->bad);
		check_choice(c, XPHASE_TLS, XCERT_BAD, c->bad);
		check_choice(c, XPHASE_TLS, XCERT_GOOD, c->good);
		for (int o = 0; o < OFFER__N; o++)
			assert_int_equal(
				step_letter(&c->policy, XPHASE_DONE, XCERT_GOOD, o, false), 'r');
	}
	(void)state;
}

/* After EXTERNAL was refused: dialback on the same stream or nothing, never EXTERNAL again. */
static void after_a_refusal(void **state)
{
	static const struct xstream_policy sasl = REQ_SASL, both = REQ_BOTH;

	for (int o = 0; o < OFFER__N; o++) {
		assert_int_equal(step_letter(&sasl, XPHASE_TLS, XCERT_GOOD, o, true), 'S');
		assert_int_equal(step_letter(&both, XPHASE_TLS, XCERT_GOOD, o, true), 'd');
	}
	(void)state;
}

static const struct {
	struct xstream_features f;
	const char *xml;
} wire[] = {
	{{0},									       "<stream:features/>"},
	{{.starttls = true, .starttls_required = true},                                     STARTTLS_REQUIRED   },
	{{.starttls = true, .dialback = true, .dialback_errors = true},
         "<stream:features>" STARTTLS
		"<dialback xmlns='urn:xmpp:features:dialback'><errors/>"
		"</dialback></stream:features>"								 },
	{{.external = true, .mechanisms = true},                                            OFFER_EXTERNAL      },
	{{.external = true, .mechanisms = true, .dialback = true, .dialback_errors = true},
         "<stream:features><mechanisms xmlns='" SASL_NS "'><mechanism>EXTERNAL</mechanism>"
		"</mechanisms><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
		"</stream:features>"									    },
};

static void on_the_wire_and_back(void **state)
{
	static const struct xml_limits lim;

	for (size_t i = 0; i < ARRAY_LEN(wire); i++) {
		struct xml_reader *r = xml_reader_new(&lim);
		struct xstream_features back;
		struct buf b = {0};
		struct xml_event ev;

		xneg_put(&b, &wire[i].f);
		assert_slice(buf_slice(&b), wire[i].xml);
		xml_reader_feed(r, SL(THEIR_HEAD));
		xml_reader_feed(r, buf_slice(&b));
		assert_true(xml_reader_next(r, &ev) && xml_reader_next(r, &ev));
		xneg_read(ev.elem, &back);
		assert_memory_equal(&back, &wire[i].f, sizeof back);
		arena_done(&ev.arena);
		xml_reader_free(r);
		buf_done(&b);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_follow_from_policy_phase_and_certificate),
		cmocka_unit_test(the_initiators_step_follows_from_the_same),
		cmocka_unit_test(after_a_refusal),
		cmocka_unit_test(on_the_wire_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
