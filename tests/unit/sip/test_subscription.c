#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sip/sip.h"

/* ---- Subscription-State ---- */

/* clang-format off */
static const struct {
	const char *rule, *value, *want; /* what is written of it again; NULL: refused */
} states[] = {
	{"RFC 6665 4.1.3", "active;expires=599", "active;expires=599"},
	{"4.1.3", "pending;expires=3600", "pending;expires=3600"},
	{"4.1.3", "terminated;reason=rejected", "terminated;reason=rejected"},
	{"4.1.3", "terminated;reason=probation;retry-after=120", "terminated;reason=probation;retry-after=120"},
	{"7.3.1: any case", "Active ; Expires=10", "active;expires=10"},
	{"COMPAT: Asterisk: no expires", "active", "active"},
	{"4.1.3: expires of terminated means nothing", "terminated;expires=60", "terminated"},
	{"4.1.3: reason and retry-after of active do not", "active;reason=timeout;retry-after=5;expires=1", "active;expires=1"},
	{"4.1.3: an unknown reason is none", "terminated;reason=boredom", "terminated"},
	{"4.2.2 prints this one", "terminated;reason=expired", "terminated"},
	{"unknown parameters", "active;x=y;expires=7;z", "active;expires=7"},
	{"a number that is none", "active;expires=soon", "active"},
	{"3261 20.19: too large a number", "active;expires=99999999999", "active;expires=4294967295"},
	{"8.4: a value we do not know", "waiting;expires=5", NULL},
	{"none", "", NULL},
	{"broken", "active;;;=", NULL},
};
/* clang-format on */

static void state_field(void **state)
{
	struct buf b = {0};

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct subscription_state s;
		int got = subscription_state_read(&s, slice_of(states[i].value));

		buf_reset(&b);
		if (got == 0)
			subscription_state_write(&b, &s);
		if ((got == 0) != (states[i].want != NULL) ||
			(got == 0 && !slice_eqz(buf_slice(&b), states[i].want)))
			fail_msg("%s: '%s' is '%.*s'", states[i].rule, states[i].value,
				SLARG(buf_slice(&b)));
	}
	for (enum subscription_reason r = 1; r < SUBSCRIPTION_REASON__N; r++) {
		struct subscription_state s = {SUBSCRIPTION_TERMINATED, .reason = r}, again;

		buf_reset(&b);
		subscription_state_write(&b, &s);
		assert_int_equal(subscription_state_read(&again, buf_slice(&b)), 0);
		assert_int_equal(again.reason, r);
	}
	assert_int_equal(subscription_state_read(&(struct subscription_state){0}, SL_NONE), -1);
	buf_done(&b);
}

/* ---- a SUBSCRIBE ---- */

#define C "Contact: <sip:r@192.0.2.1>\r\n"

/* clang-format off */
static const struct {
	const char *rule, *fields;
	unsigned status, expires;
	const char *field; /* of the refusal: "Name: value" */
} asks[] = {
	{"RFC 3856 6.4: an hour where nothing is said", "Event: presence\r\n" C, 0, 3600, NULL},
	{"RFC 6665 4.2.1.1: never more than asked", "Event: presence\r\nExpires: 600\r\n" C, 0, 600, NULL},
	{"... and not more than we grant", "Event: presence\r\nExpires: 99999\r\n" C, 0, 28800, NULL},
	{"4.2.1.4: the end", "Event: presence\r\nExpires: 0\r\n" C, 0, 0, NULL},
	{"compact forms", "o: presence\r\nm: <sip:r@192.0.2.1>\r\n", 0, 3600, NULL},
	{"an id", "Event: presence;id=7\r\n" C, 0, 3600, NULL},
	{"RFC 3856 6.5", "Event: presence\r\nAccept: application/pidf+xml\r\n" C, 0, 3600, NULL},
	{"profile 6.3: as Lync asks", "Event: presence\r\nAccept: text/xml+msrtc.pidf, application/xpidf+xml, application/pidf+xml\r\n" C, 0, 3600, NULL},
	{"two fields", "Event: presence\r\nAccept: text/plain\r\nAccept: application/pidf+xml;q=0.5\r\n" C, 0, 3600, NULL},
	{"ranges", "Event: presence\r\nAccept: application/*\r\n" C, 0, 3600, NULL},
	{"ranges", "Event: presence\r\nAccept: text/plain, */*;q=0.1\r\n" C, 0, 3600, NULL},

	{"4.2.1.1: a package we do not have", "Event: dialog\r\n" C, 489, 0, "Allow-Events: presence"},
	{"4.2.3: none", C, 489, 0, "Allow-Events: presence"},
	{"8.2.1: packages have case", "Event: Presence\r\n" C, 489, 0, "Allow-Events: presence"},
	{"a template of it", "Event: presence.winfo\r\n" C, 489, 0, "Allow-Events: presence"},
	{"7.2: several", "Event: presence\r\nEvent: presence\r\n" C, 400, 0, NULL},
	{"broken", "Event: pre sence\r\n" C, 400, 0, NULL},
	{"RFC 3856 6.5: without PIDF", "Event: presence\r\nAccept: application/xpidf+xml\r\n" C, 406, 0, "Accept: application/pidf+xml"},
	{"RFC 2616 14.1: q=0 is no", "Event: presence\r\nAccept: application/pidf+xml;q=0.0\r\n" C, 406, 0, "Accept: application/pidf+xml"},
	{"another main type", "Event: presence\r\nAccept: text/*\r\n" C, 406, 0, "Accept: application/pidf+xml"},
	{"4.2.1.1: too short", "Event: presence\r\nExpires: 1\r\n" C, 423, 0, "Min-Expires: 60"},
	{"4.2.1.1: just not", "Event: presence\r\nExpires: 60\r\n" C, 0, 60, NULL},
	{"broken", "Event: presence\r\nExpires: soon\r\n" C, 400, 0, NULL},
	{"3261 8.1.1.8: where to?", "Event: presence\r\n", 400, 0, NULL},
	{"... one alone", "Event: presence\r\n" C C, 400, 0, NULL},
	{"broken", "Event: presence\r\nContact: <sip:\r\n", 400, 0, NULL},
};
/* clang-format on */

static char *request(const char *fields, size_t *ret_n)
{
	struct buf b = {0};
	char *p;

	buf_printf(&b,
		"SUBSCRIBE sip:j@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
		"192.0.2.1;branch=z9hG4bK1\r\n"
		"From: <sip:r@example.net>;tag=1\r\nTo: <sip:j@example.com>\r\nCall-ID: 1\r\n"
		"CSeq: 1 SUBSCRIBE\r\n%sContent-Length: 0\r\n\r\n",
		fields);
	*ret_n = b.n;
	p = buf_dup(&b);
	buf_done(&b);
	return p;
}

static void judge(void **state)
{
	static const struct subscription_offer offer = {"presence", PIDF_TYPE, 60, 28800};
	struct sip_msg *m = malloc(sizeof *m);

	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		struct subscription_refusal no = {0};
		struct subscription_wish w = {.expires = 0};
		size_t n;
		char *p = request(asks[i].fields, &n);
		char field[80] = "";
		bool good;

		assert_int_equal(sip_msg_parse(m, p, n), SIP_GOOD);
		good = subscription_judge(&w, m, &offer, &no);
		if (no.field.name.p)
			snprintf(field, sizeof field, "%.*s: %.*s", SLARG(no.field.name),
				SLARG(no.field.value));
		if (good != !asks[i].status || no.status != asks[i].status ||
			(good && w.expires != asks[i].expires) || (!good && !no.reason) ||
			strcmp(field, asks[i].field ? asks[i].field : "") != 0)
			fail_msg("%s:\n%s%u %u '%s'", asks[i].rule, asks[i].fields, no.status,
				w.expires, field);
		free(p);
	}
	free(m);
}

/* clang-format off */
static const struct {
	const char *rule;
	unsigned status;
	const char *fields;
	int want; /* enum subscription_value; -1: it is no NOTIFY */
} answers[] = {
	{"profile 6.1", 200, "Supported: ms-piggyback-first-notify\r\nsubscription-state: active;expires=29087\r\nms-piggyback-cseq: 1\r\n", SUBSCRIPTION_ACTIVE},
	{"profile 6.1: refused", 200, "Supported: timer, ms-piggyback-first-notify\r\nSUBSCRIPTION-STATE: terminated;expires=0\r\n", SUBSCRIPTION_TERMINATED},
	{"it does not say so", 200, "Subscription-State: active\r\n", -1},
	{"it says so, and nothing of it", 200, "Supported: ms-piggyback-first-notify\r\n", -1},
	{"a refusal", 403, "Supported: ms-piggyback-first-notify\r\nSubscription-State: active\r\n", -1},
};
/* clang-format on */

static void piggybacked(void **state)
{
	struct sip_msg *m = malloc(sizeof *m);

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct subscription_state s = {0};
		struct buf b = {0};
		bool is;

		buf_printf(&b,
			"SIP/2.0 %u x\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\r\n"
			"From: <sip:j@example.com>;tag=1\r\nTo: <sip:r@example.net>;tag=2\r\n"
			"Call-ID: 1\r\nCSeq: 1 SUBSCRIBE\r\n%sContent-Length: 0\r\n\r\n",
			answers[i].status, answers[i].fields);
		assert_int_equal(sip_msg_parse(m, b.p + b.off, b.n), SIP_GOOD);
		is = subscription_piggybacked(&s, m);
		if (is != (answers[i].want >= 0) || (is && (int)s.value != answers[i].want))
			fail_msg("%s: %d %d", answers[i].rule, is, s.value);
		buf_done(&b);
	}
	free(m);
}

static void same_event(void **state)
{
	struct subscription_event a = {SL("presence"), SL_NONE}, b = a;

	assert_true(subscription_event_eq(&a, &b));
	b.id = SL("");
	assert_false(subscription_event_eq(&a, &b)); /* 8.2.1: none is not an empty one */
	a.id = SL("1");
	assert_false(subscription_event_eq(&a, &b));
	b.id = SL("1");
	assert_true(subscription_event_eq(&a, &b));
	b.package = SL("dialog");
	assert_false(subscription_event_eq(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_field),
		cmocka_unit_test(judge),
		cmocka_unit_test(piggybacked),
		cmocka_unit_test(same_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
