#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sip/sip.h"

/* Session timers: RFC 4028. */

static struct sip_msg msg;
static char text[4000];

static const struct sip_msg *request(const char *method, const char *lines)
{
	snprintf(text, sizeof text,
		"%s sip:j@example.com SIP/2.0\r\nVia: SIP/2.0/TLS a.example;branch=z9hG4bK1\r\n"
		"From: <sip:r@example.net>;tag=r\r\nTo: <sip:j@example.com>;tag=j\r\n"
		"Call-ID: c1\r\nCSeq: 2 %s\r\n%s\r\n",
		method, method, lines);
	if (sip_msg_parse(&msg, text, strlen(text)) != SIP_GOOD)
		fail_msg("%s", msg.bad);
	return &msg;
}

static const struct sip_msg *response(unsigned status, const char *lines)
{
	snprintf(text, sizeof text,
		"SIP/2.0 %u X\r\nVia: SIP/2.0/TLS a.example;branch=z9hG4bK1\r\n"
		"From: <sip:j@example.com>;tag=j\r\nTo: <sip:r@example.net>;tag=r\r\n"
		"Call-ID: c1\r\nCSeq: 2 INVITE\r\n%s\r\n",
		status, lines);
	if (sip_msg_parse(&msg, text, strlen(text)) != SIP_GOOD)
		fail_msg("%s", msg.bad);
	return &msg;
}

/* "Session-Expires: 1800;refresher=uac|Require: timer" */
static const char *lines_of(const struct sip_timer_fields *f)
{
	static char lines[200];
	int n = 0;

	lines[0] = 0;
	for (size_t i = 0; i < f->n; i++)
		n += snprintf(lines + n, sizeof lines - (size_t)n, "%s%.*s: %.*s", i ? "|" : "",
			SLARG(f->v[i].name), SLARG(f->v[i].value));
	return lines;
}

/* ---- Session-Expires ---- */

static void test_parse(void **state)
{
	static const struct {
		const char *value;
		int result;
		uint32_t seconds;
		enum sip_refresher_param refresher;
	} rows[] = {
		{"1800", 0, 1800, SIP_REFRESHER_UNSAID},
		{"1800 ; refresher = uac", 0, 1800, SIP_REFRESHER_UAC},
		{"90;Refresher=UAS;x=\"y;z\"", 0, 90, SIP_REFRESHER_UAS},
		{"1800;x", 0, 1800, SIP_REFRESHER_UNSAID},
		{"30", 0, 30, SIP_REFRESHER_UNSAID},
		{"99999999999999999999", 0, UINT32_MAX, SIP_REFRESHER_UNSAID},
		{"0", -1, 0, 0},
		{"", -1, 0, 0},
		{"-1", -1, 0, 0},
		{"1800x", -1, 0, 0},
		{"1800 refresher=uac", -1, 0, 0},
		{"1800;refresher=me", -1, 0, 0},
		{"1800;refresher", -1, 0, 0},
		{"1800;", -1, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sip_session_expires x = {7, 2};
		int r = sip_session_expires_parse(slice_of(rows[i].value), &x);

		if (r != rows[i].result)
			fail_msg("%s: %d", rows[i].value, r);
		assert_int_equal(x.seconds, r ? 7 : rows[i].seconds);
		assert_int_equal(x.refresher, r ? 2 : rows[i].refresher);
	}
}

/* ---- who is asked (8.2, 9) ---- */

static const struct {
	const char *section, *lines;
	unsigned status; /* 0: a 2xx */
	const char *says;
	uint32_t seconds;
	enum sip_refresher refresher;
} asked[] = {
	{"9: nobody asks", "Supported: timer\r\n", 0, "", 0, SIP_REFRESH_NOBODY},
	{"9 table 2: it can, and leaves it to us", "Supported: timer\r\nSession-Expires: 1800\r\n",
		0, "Session-Expires: 1800;refresher=uac|Require: timer", 1800, SIP_REFRESH_THEY},
	{"9 table 2: it wants to", "Supported: timer\r\nx: 600;refresher=uac\r\n", 0,
		"Session-Expires: 600;refresher=uac|Require: timer", 600, SIP_REFRESH_THEY},
	{"9 table 2: it wants us to", "k: timer\r\nSession-Expires: 600;refresher=uas\r\n", 0,
		"Session-Expires: 600;refresher=uas", 600, SIP_REFRESH_WE},
	{"9 table 2: a proxy asks, it cannot", "Session-Expires: 600;refresher=uac\r\n", 0,
		"Session-Expires: 600;refresher=uas", 600, SIP_REFRESH_WE},
	{"5: the least", "Supported: timer\r\nSession-Expires: 90\r\n", 0,
		"Session-Expires: 90;refresher=uac|Require: timer", 90, SIP_REFRESH_THEY},
	{"8.2: less than the least", "Supported: timer\r\nSession-Expires: 89\r\n", 422,
		"Min-SE: 90", 0, 0},
	{"4: nobody may, of a proxy neither", "Session-Expires: 30\r\n", 422, "Min-SE: 90", 0, 0},
	{"broken", "Session-Expires: soon\r\n", 400, "", 0, 0},
	{"broken", "Session-Expires: 1800\r\nMin-SE: x\r\n", 400, "", 0, 0},
};

static void test_asked(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		const struct sip_msg *m = request(i % 2 ? "UPDATE" : "INVITE", asked[i].lines);
		struct sip_session_timer t;
		struct sip_timer_fields f;
		const char *reason = NULL;
		unsigned status = sip_session_timer_judge(m, &f, &reason);

		if (status != asked[i].status)
			fail_msg("%s: %u", asked[i].section, status);
		if (status) {
			assert_non_null(reason);
			assert_string_equal(lines_of(&f), asked[i].says);
			continue;
		}
		sip_session_timer_init(&t);
		sip_session_timer_said(&t, m, 1000, &f);
		if (strcmp(lines_of(&f), asked[i].says) != 0)
			fail_msg("%s: %s", asked[i].section, lines_of(&f));
		assert_int_equal(t.seconds, asked[i].seconds);
		assert_int_equal(t.refresher, asked[i].refresher);
	}
}

/* ---- who asks (7.1, 7.2, 7.3) ---- */

static void test_ask(void **state)
{
	struct sip_session_timer t;
	struct sip_timer_fields f;

	sip_session_timer_init(&t);
	sip_session_timer_ask(&t, 0, true, &f); /* 7.1: who refreshes is theirs to say */
	assert_string_equal(lines_of(&f), "Session-Expires: 1800");
	sip_session_timer_ask(&t, 600, true, &f);
	assert_string_equal(lines_of(&f), "Session-Expires: 600");
	sip_session_timer_ask(&t, 600, false, &f); /* none was agreed: none is asked for */
	assert_string_equal(lines_of(&f), "");
}

static void test_too_brief(void **state)
{
	struct sip_session_timer t;
	struct sip_timer_fields f;

	sip_session_timer_init(&t);
	assert_false(sip_session_timer_too_brief(&t, response(422, "")));
	assert_false(sip_session_timer_too_brief(&t, response(422, "Min-SE: 60\r\n")));
	assert_false(sip_session_timer_too_brief(&t, response(422, "Min-SE: x\r\n")));
	assert_false(sip_session_timer_too_brief(&t, response(488, "Min-SE: 4000\r\n")));
	assert_true(sip_session_timer_too_brief(&t, response(422, "Min-SE: 4000;x=y\r\n")));
	sip_session_timer_ask(&t, 0, true, &f); /* 7.3: both, raised */
	assert_string_equal(lines_of(&f), "Session-Expires: 4000|Min-SE: 4000");
	assert_false(sip_session_timer_too_brief(&t, response(422, "Min-SE: 4000\r\n")));
	assert_true(sip_session_timer_too_brief(&t, response(422, "Min-SE: 4001\r\n")));
	assert_false(sip_session_timer_too_brief(&t, response(422, "Min-SE: 4002\r\n")));
}

static const struct {
	const char *section, *lines;
	int result;
	uint32_t seconds;
	enum sip_refresher refresher;
	const char *refresh; /* what a refresh of ours says then */
} heard[] = {
	{"7.2: none", "", 0, 0, SIP_REFRESH_NOBODY, ""},
	{"7.2 uac", "Session-Expires: 1200;refresher=uac\r\nRequire: timer\r\n", 0, 1200,
		SIP_REFRESH_WE, "Session-Expires: 1200;refresher=uac"},
	{"7.2 uas", "x: 1200;refresher=uas\r\n", 0, 1200, SIP_REFRESH_THEY,
		"Session-Expires: 1200;refresher=uas"},
	{"7.2: unsaid, then we do", "Session-Expires: 1200\r\n", 0, 1200, SIP_REFRESH_WE,
		"Session-Expires: 1200;refresher=uac"},
	{"4: less than anybody may", "Session-Expires: 10;refresher=uac\r\n", -1, 600,
		SIP_REFRESH_WE, "Session-Expires: 600;refresher=uac"},
	{"broken", "Session-Expires: no\r\n", -1, 600, SIP_REFRESH_WE,
		"Session-Expires: 600;refresher=uac"},
};

static void test_heard(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(heard); i++) {
		struct sip_session_timer t;
		struct sip_timer_fields f;

		sip_session_timer_init(&t);
		sip_session_timer_heard(
			&t, response(200, "Session-Expires: 600;refresher=uac\r\n"), 1000);
		if (sip_session_timer_heard(&t, response(200, heard[i].lines), 2000) !=
			heard[i].result)
			fail_msg("%s", heard[i].section);
		assert_int_equal(t.seconds, heard[i].seconds);
		assert_int_equal(t.refresher, heard[i].refresher);
		sip_session_timer_ask(&t, 0, false, &f);
		if (strcmp(lines_of(&f), heard[i].refresh) != 0)
			fail_msg("%s: %s", heard[i].section, lines_of(&f));
	}
}

/* ---- time (7.2, 10) ---- */

static void test_we_refresh(void **state)
{
	struct sip_session_timer t;

	sip_session_timer_init(&t);
	assert_int_equal(sip_session_timer_deadline(&t), UINT64_MAX);
	assert_int_equal(sip_session_timer_tick(&t, 1000000), SIP_TIMER_NOTHING);
	sip_session_timer_heard(&t, response(200, "Session-Expires: 600;refresher=uac\r\n"), 1000);
	assert_int_equal(sip_session_timer_deadline(&t), 301000); /* half */
	assert_int_equal(sip_session_timer_tick(&t, 300999), SIP_TIMER_NOTHING);
	assert_int_equal(sip_session_timer_tick(&t, 301000), SIP_TIMER_REFRESH);
	assert_int_equal(sip_session_timer_tick(&t, 301001), SIP_TIMER_NOTHING); /* once */
	assert_int_equal(sip_session_timer_deadline(&t), 569000); /* 32 s before the end */
	sip_session_timer_failed(&t, 301000);
	assert_int_equal(sip_session_timer_deadline(&t), 435000); /* half of what is left */
	assert_int_equal(sip_session_timer_tick(&t, 435000), SIP_TIMER_REFRESH);
	sip_session_timer_heard(
		&t, response(200, "Session-Expires: 600;refresher=uac\r\n"), 436000);
	assert_int_equal(sip_session_timer_deadline(&t), 736000);
	assert_int_equal(sip_session_timer_tick(&t, 736000), SIP_TIMER_REFRESH);
	sip_session_timer_failed(&t, 1000500); /* too little is left */
	assert_int_equal(sip_session_timer_deadline(&t), 1004000);
	assert_int_equal(sip_session_timer_tick(&t, 1004000), SIP_TIMER_DEAD);
	assert_int_equal(sip_session_timer_deadline(&t), UINT64_MAX); /* once */
	sip_session_timer_failed(&t, 1004001);
	assert_int_equal(sip_session_timer_deadline(&t), UINT64_MAX);
}

static void test_they_refresh(void **state)
{
	struct sip_session_timer t;
	struct sip_timer_fields f;

	sip_session_timer_init(&t);
	sip_session_timer_said(
		&t, request("INVITE", "Supported: timer\r\nSession-Expires: 90\r\n"), 1000, &f);
	assert_int_equal(sip_session_timer_deadline(&t), 61000); /* a third before the end */
	sip_session_timer_said(
		&t, request("UPDATE", "Supported: timer\r\nSession-Expires: 90\r\n"), 46000, &f);
	assert_int_equal(sip_session_timer_deadline(&t), 106000);
	assert_int_equal(sip_session_timer_tick(&t, 105999), SIP_TIMER_NOTHING);
	assert_int_equal(sip_session_timer_tick(&t, 106000), SIP_TIMER_DEAD);
	sip_session_timer_said(&t, request("UPDATE", "Supported: timer\r\n"), 107000, &f);
	assert_int_equal(sip_session_timer_deadline(&t), UINT64_MAX); /* switched off */
	assert_int_equal(t.seconds, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_too_brief),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_we_refresh),
		cmocka_unit_test(test_they_refresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
