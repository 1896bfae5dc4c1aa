#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "edge/probe_priv.h"
#include "rig.h"

/* ---- the table ---- */

static void names_are_unique_and_plain(void **state)
{
	for (enum probe_code a = 0; a < PC__N; a++) {
		const char *name = probe_code_name(a);

		assert_int_equal(
			strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
		for (enum probe_code b = a + 1; b < PC__N; b++)
			assert_string_not_equal(name, probe_code_name(b));
	}
	for (enum probe_step a = 0; a < PROBE_STEP__N; a++)
		for (enum probe_step b = a + 1; b < PROBE_STEP__N; b++)
			assert_string_not_equal(probe_step_name(a), probe_step_name(b));
}

/* So a test that goes through the table in order has always tried what a step needs. */
static void steps_need_what_comes_before_them(void **state)
{
	for (int kind = PROBE_PARTNER; kind <= PROBE_DOMAIN; kind++)
		for (enum probe_step s = 0; s < PROBE_STEP__N; s++) {
			enum probe_step needs = probe_step_needs(s, (enum probe_kind)kind);

			if (needs < PROBE_STEP__N) {
				assert_true(needs < s);
				assert_int_not_equal(probe_step_needs(needs, (enum probe_kind)kind),
					PROBE_STEP_NO);
			}
		}
}

static void what_is_wrong_has_a_remedy(void **state)
{
	static const struct probe_names names[] = {
		{PROBE_PARTNER, "xmpp.example", "sip.example"},
		{PROBE_DOMAIN, "sip.example", "sip.example"},
	};
	char text[PROBE_REMEDY_MAX + 1];

	for (enum probe_code c = 0; c < PC__N; c++)
		for (size_t i = 0; i < 2; i++) {
			bool wrong = probe_code_result(c) == PROBE_WARN ||
				     probe_code_result(c) == PROBE_FAIL;

			probe_code_remedy(c, &names[i], text);
			assert_int_equal(wrong, text[0] != 0);
			assert_null(strpbrk(text, "{}"));
			assert_true(strlen(text) < PROBE_REMEDY_MAX);
			assert_true(!text[0] || (text[0] >= 'A' && text[0] <= 'Z'));
		}
}

static void a_remedy_says_who_has_to_do_it(void **state)
{
	static const struct probe_names theirs = {PROBE_PARTNER, "xmpp.example", "sip.example"},
					ours = {PROBE_DOMAIN, "sip.example", "sip.example"};
	char text[PROBE_REMEDY_MAX + 1];

	probe_code_remedy(PC_CERT_EXPIRED, &theirs, text);
	assert_string_equal(
		text, "Ask the administrator of xmpp.example to renew the certificate.");
	probe_code_remedy(PC_CERT_EXPIRED, &ours, text);
	assert_string_equal(text, "Renew the certificate.");
	probe_code_remedy(PC_NOT_LISTED_THERE, &theirs, text);
	assert_string_equal(
		text, "Ask the administrator of xmpp.example to allow our domain sip.example.");
	probe_code_remedy(PC_HEADER_HTTP, &theirs, text);
	assert_string_equal(text, "An HTTP server answers at this port: ask the administrator of "
				  "xmpp.example to correct the port in the SRV record.");
}

static void a_long_name_is_cut_not_overrun(void **state)
{
	char name[300], text[PROBE_REMEDY_MAX + 1];
	struct probe_names names = {PROBE_PARTNER, name, name};

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = 0;
	probe_code_remedy(PC_SRV_MISSING, &names, text);
	assert_int_equal(strlen(text), PROBE_REMEDY_MAX);
}

static void the_manual_has_every_step_and_code(void **state)
{
	struct buf out = {0};
	char *text;

	probe_code_man(&out);
	text = buf_dup(&out);
	for (enum probe_step s = 0; s < PROBE_STEP__N; s++) {
		char line[64];

		snprintf(line, sizeof line, ".It Em %s ", probe_step_name(s));
		assert_non_null(strstr(text, line));
	}
	for (enum probe_code c = 0; c < PC__N; c++) {
		char line[64];

		snprintf(line, sizeof line, ".It Cm %s ", probe_code_name(c));
		/* Those of no step in particular are in the page itself. */
		assert_int_equal(!strstr(text, line), probe_code_step(c) == PROBE_STEP_NONE);
	}
	free(text);
	buf_done(&out);
}

/* ---- judgements ---- */

static void what_answers_is_recognised(void **state)
{
	static const struct {
		struct slice first;
		enum probe_code code;
	} cases[] = {
		{SL("HTTP/1.1 400 Bad Request\r\n"), PC_HEADER_HTTP},
		{SL("<html><body>"), PC_HEADER_HTTP},
		{SL("<!DOCTYPE html>"), PC_HEADER_HTTP},
		{SL("\x15\x03\x03\x00\x02\x02\x0a"), PC_HEADER_DIRECT_TLS},
		{SL("\x16\x03\x01\x00"), PC_HEADER_DIRECT_TLS},
		{SL("SSH-2.0-OpenSSH_9.2\r\n"), PC_HEADER_NOT_XMPP},
		{SL("\0\0\0"), PC_HEADER_NOT_XMPP},
		{SL(""), PC_HEADER_NOT_XMPP},
		{SL("<?xml version='1.0'?><stream:stream xmlns='jabber:client' "),
			PC_HEADER_CLIENT},
		{SL("  <stream:stream xmlns='x'>"), PC_HEADER_BAD},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(probe_judge_bytes(cases[i].first), cases[i].code);
}

static void a_handshake_says_why_it_failed(void **state)
{
	static const struct {
		enum conn_end end;
		const char *text;
		enum probe_code code;
	} cases[] = {
		{CONN_END_TLS_ALERT, "tlsv1 alert protocol version", PC_TLS_OLD},
		{CONN_END_TLS_FAILED, "unsupported protocol", PC_TLS_OLD},
		{CONN_END_TLS_ALERT, "sslv3 alert handshake failure", PC_TLS_CIPHER},
		{CONN_END_TLS_ALERT, "tlsv1 alert insufficient security", PC_TLS_CIPHER},
		{CONN_END_TLS_ALERT, "sslv3 alert bad certificate", PC_TLS_OUR_CERTIFICATE},
		{CONN_END_TLS_ALERT, "tlsv1 alert unknown ca", PC_TLS_OUR_CERTIFICATE},
		{CONN_END_TLS_ALERT, "tlsv13 alert certificate required", PC_TLS_OUR_CERTIFICATE},
		{CONN_END_TLS_ALERT, "tlsv1 alert internal error", PC_TLS_ALERT},
		{CONN_END_TLS_FAILED, "wrong version number", PC_TLS_NOT_TLS},
		{CONN_END_TLS_FAILED, "bad signature", PC_TLS_FAILED},
		{CONN_END_EOF, "closed during the handshake", PC_TLS_CLOSED},
		{CONN_END_ERROR, "Connection reset by peer", PC_TLS_CLOSED},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(probe_judge_tls(cases[i].end, cases[i].text), cases[i].code);
}

static void a_key_tells_how_it_fared(void **state)
{
	static const struct probe_dialback not_asked = {0}, other = {.asked = true},
					   unknown = {.asked = true, .same_key = true},
					   valid = {true, true, true};

	assert_int_equal(probe_judge_invalid(&not_asked), PC_DIALBACK_ELSEWHERE);
	assert_int_equal(probe_judge_invalid(&other), PC_DIALBACK_WRONG_KEY);
	assert_int_equal(probe_judge_invalid(&unknown), PC_DIALBACK_WRONG_KEY);
	assert_int_equal(probe_judge_invalid(&valid), PC_DIALBACK_DISBELIEVED);
	assert_int_equal(probe_judge_no_result(&not_asked, STANZA_OK), PC_DIALBACK_UNREACHABLE);
	assert_int_equal(probe_judge_no_result(&not_asked, STANZA_REMOTE_SERVER_NOT_FOUND),
		PC_DIALBACK_UNREACHABLE);
	assert_int_equal(
		probe_judge_no_result(&not_asked, STANZA_POLICY_VIOLATION), PC_DIALBACK_REFUSED);
	assert_int_equal(
		probe_judge_no_result(&valid, STANZA_POLICY_VIOLATION), PC_DIALBACK_REFUSED);
	assert_int_equal(probe_judge_no_result(&valid, STANZA_OK), PC_DIALBACK_NO_ANSWER);
	assert_int_equal(probe_judge_no_result(&other, STANZA_OK), PC_DIALBACK_WRONG_KEY);
}

static void addresses_that_are_nobody_s(void **state)
{
	static const struct {
		const char *address;
		bool fault;
	} cases[] = {
		{"127.0.0.1", true},
		{"127.255.255.254", true},
		{"0.0.0.0", true},
		{"0.1.2.3", true},
		{"169.254.169.254", true},
		{"224.0.0.1", true},
		{"239.1.2.3", true},
		{"255.255.255.255", true},
		{"240.0.0.1", true},
		{"::1", true},
		{"::", true},
		{"fe80::1", true},
		{"febf::1", true},
		{"ff02::1", true},
		{"::ffff:127.0.0.1", true},
		{"::127.0.0.1", true},
		{"::ffff:169.254.1.1", true},
		{"64:ff9b::127.0.0.1", true},
		{"10.0.0.1", false},
		{"192.168.1.1", false},
		{"172.16.0.1", false}, /* inside sites */
		{"128.0.0.1", false},
		{"126.255.255.255", false},
		{"169.253.0.1", false},
		{"169.255.0.1", false},
		{"223.255.255.255", false},
		{"192.0.2.1", false},
		{"2001:db8::1", false},
		{"fec0::1", false},
		{"fd00::1", false},
		{"::ffff:192.0.2.1", false},
		{"64:ff9b::192.0.2.1", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct netaddr a;

		assert_int_equal(netaddr_parse_host(&a, slice_of(cases[i].address), 5269), 0);
		if (!probe_address_fault(&a) != !cases[i].fault)
			fail_msg("%s", cases[i].address);
	}
}

/* ---- life, on an edge ---- */

static struct rig rig;
static struct side side;
static struct {
	unsigned steps, skipped, done;
	const char *last;
} got;

static void on_step(void *arg, struct view_probe_step *s)
{
	got.steps++;
	got.skipped += s->result == PROBE_SKIPPED;
	got.last = s->code;
	free(s);
}

static void on_done(void *arg)
{
	got.done++;
}

static int setup(void **state)
{
	memset(&got, 0, sizeof got);
	rig_init(&rig);
	side_init(&side, &rig, &(struct side_options){.domain = "a.lab"});
	side_settings(&side, &(struct side_partner){.domain = "b.lab"});
	return 0;
}

static int teardown(void **state)
{
	side_done(&side);
	rig_done(&rig);
	return 0;
}

static int begin(struct probe **ret, const char *domain, struct err *e)
{
	const struct probe_question q = {
		PROBE_PARTNER, slice_of(domain), SL(""), on_step, on_done, NULL};

	return probe_new(ret, side.edge, &q, e);
}

static void a_test_tells_every_step_and_then_its_end(void **state)
{
	struct probe *p;
	struct err e;

	assert_int_equal(begin(&p, "b.lab", &e), 0);
	assert_int_equal(got.steps, 0); /* never before probe_new() has returned */
	rig_until(&rig, got.done);
	assert_int_equal(got.done, 1);
	/* 127.0.0.1 is the rig's partner: not to be connected to as an edge is shipped. */
	assert_true(got.steps >= 19);
	assert_true(got.skipped > 5);
}

static void a_test_that_is_stopped_says_so(void **state)
{
	struct probe *p;
	struct err e;

	assert_int_equal(begin(&p, "b.lab", &e), 0);
	probe_stop(p);
	assert_int_equal(got.done, 1);
	assert_string_equal(got.last, "stopped");
	rig_turns(&rig, 3);
	assert_int_equal(got.done, 1);
}

static void an_edge_that_goes_ends_its_tests(void **state)
{
	struct probe *p;
	struct err e;

	assert_int_equal(begin(&p, "b.lab", &e), 0);
	rig_turn(&rig); /* DNS is being asked */
	edge_drain(side.edge, 1000, on_done, NULL);
	assert_true(got.done >= 1);
	assert_int_equal(begin(&p, "b.lab", &e), -1);
	assert_string_equal(e.code, "test_not_now");
}

static void one_at_a_time_however_it_is_written(void **state)
{
	struct probe *p, *q;
	struct err e;

	assert_int_equal(begin(&p, "b.lab", &e), 0);
	assert_int_equal(begin(&q, "B.LAB.", &e), -1);
	assert_string_equal(e.code, "test_running");
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_int_equal(begin(&q, "other.lab", &e), 0);
	probe_stop(p);
	assert_int_equal(begin(&p, "b.lab", &e), 0);
	probe_stop(p);
	probe_stop(q);
	assert_int_equal(got.done, 3);
}

static void so_many_in_a_minute(void **state)
{
	struct probe *p;
	struct err e;

	for (int i = 0; i < 6; i++) {
		assert_int_equal(begin(&p, "b.lab", &e), 0);
		probe_stop(p);
		rig_pass(&rig, 100);
	}
	assert_int_equal(begin(&p, "b.lab", &e), -1);
	assert_string_equal(e.code, "test_rate");
	assert_int_equal(e.kind, ERR_LIMIT);
	rig_pass(&rig, 59000);
	assert_int_equal(begin(&p, "b.lab", &e), -1);
	rig_pass(&rig, 1000); /* the first is a minute ago, the second is not */
	assert_int_equal(begin(&p, "b.lab", &e), 0);
	probe_stop(p);
	assert_int_equal(got.done, 7);
}

/* ---- asked from another loop (here the same one) ---- */

static struct {
	unsigned steps, done;
	char refused[48];
} asked;

static void on_asked_step(void *arg, struct view_probe_step *s)
{
	assert_int_equal(asked.done, 0); /* the end is the last */
	asked.steps++;
	free(s);
}

static void on_asked_done(void *arg, const struct err *refused)
{
	asked.done++;
	snprintf(asked.refused, sizeof asked.refused, "%s", refused ? refused->code : "");
}

static struct edge_probe_ask *ask(const char *domain)
{
	memset(&asked, 0, sizeof asked);
	return edge_probe_ask(side.edge, rig.loop, PROBE_PARTNER, slice_of(domain), SL(""),
		on_asked_step, on_asked_done, NULL);
}

static void steps_come_to_the_asker_and_then_the_end(void **state)
{
	ask("b.lab");
	assert_int_equal(asked.done, 0);
	rig_until(&rig, asked.done);
	assert_true(asked.steps >= 19);
	assert_string_equal(asked.refused, "");
}

static void a_refusal_comes_to_the_asker(void **state)
{
	struct probe *p;
	struct err e;

	assert_int_equal(begin(&p, "b.lab", &e), 0);
	ask("b.lab");
	rig_until(&rig, asked.done);
	assert_int_equal(asked.steps, 0);
	assert_string_equal(asked.refused, "test_running");
	probe_stop(p);
}

/* Stopped before it has begun, while it runs, and twice: the end is told once, nothing is left. */
static void an_asker_that_stops(void **state)
{
	struct edge_probe_ask *a = ask("b.lab");

	edge_probe_stop(a);
	edge_probe_stop(a);
	rig_until(&rig, asked.done);
	rig_turns(&rig, 3);
	assert_int_equal(asked.done, 1);
	a = ask("b.lab");
	rig_until(&rig, asked.steps);
	if (!asked.done)
		edge_probe_stop(a);
	rig_until(&rig, asked.done);
	rig_turns(&rig, 3);
	assert_int_equal(asked.done, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_plain),
		cmocka_unit_test(steps_need_what_comes_before_them),
		cmocka_unit_test(what_is_wrong_has_a_remedy),
		cmocka_unit_test(a_remedy_says_who_has_to_do_it),
		cmocka_unit_test(a_long_name_is_cut_not_overrun),
		cmocka_unit_test(the_manual_has_every_step_and_code),
		cmocka_unit_test(what_answers_is_recognised),
		cmocka_unit_test(a_handshake_says_why_it_failed),
		cmocka_unit_test(a_key_tells_how_it_fared),
		cmocka_unit_test(addresses_that_are_nobody_s),
		T(a_test_tells_every_step_and_then_its_end),
		T(a_test_that_is_stopped_says_so),
		T(an_edge_that_goes_ends_its_tests),
		T(one_at_a_time_however_it_is_written),
		T(so_many_in_a_minute),
		T(steps_come_to_the_asker_and_then_the_end),
		T(a_refusal_comes_to_the_asker),
		T(an_asker_that_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
