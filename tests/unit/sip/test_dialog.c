#include "unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cells.h"
#include "document.h"
#include "sip/sip.h"

/* Dialogs: RFC 3261 12, 13.2.2.4, 13.3.1.4, 14, 15. */

/* ---- the states ---- */

/* clang-format off */
static const char *const states[] = {"early", "unacked", "leaving", "confirmed", "ended"};
static const char *const events[] = {
	"said 2xx", "heard 2xx", "refused", "ACK", "again", "no ACK", "BYE", "leave", "lost",
};
static const char *const cells[SIP_DIALOG_STATE__N][SIP_DIALOG_EVENT__N] = {
	{ /* early */
		/* said 2xx */  "start unacked",
		/* heard 2xx */ "- confirmed",
		/* refused */   "- ended",
		/* ACK */       "- early",
		/* again */     CANNOT,
		/* no ACK */    CANNOT,
		/* BYE */       "end-invite ended",
		/* leave */     "end-invite ended",
		/* lost */      "end-invite ended",
	},
	{ /* unacked */
		/* said 2xx */  "- unacked",
		/* heard 2xx */ "- unacked",
		/* refused */   "- unacked",
		/* ACK */       "stop confirmed",
		/* again */     "send-2xx unacked",
		/* no ACK */    "send-bye,stop ended",
		/* BYE */       "stop ended",
		/* leave */     "- leaving",
		/* lost */      "- leaving",
	},
	{ /* leaving */
		/* said 2xx */  "- leaving",
		/* heard 2xx */ "- leaving",
		/* refused */   "- leaving",
		/* ACK */       "send-bye,stop ended",
		/* again */     "send-2xx leaving",
		/* no ACK */    "send-bye,stop ended",
		/* BYE */       "stop ended",
		/* leave */     "- leaving",
		/* lost */      "- leaving",
	},
	{ /* confirmed */
		/* said 2xx */  "start unacked",
		/* heard 2xx */ "- confirmed",
		/* refused */   "- confirmed",
		/* ACK */       "- confirmed",
		/* again */     CANNOT,
		/* no ACK */    CANNOT,
		/* BYE */       "- ended",
		/* leave */     "send-bye ended",
		/* lost */      "send-bye ended",
	},
	{ /* ended */
		"- ended", "- ended", "- ended", "- ended", CANNOT, CANNOT, "- ended", "- ended",
		"- ended",
	},
};
/* clang-format on */

/* clang-format off */
static const char *const where[] = {
	"13.3.1.4, 14.2; `sip_dialog/test_2xx_again`, `sip_dialog/test_take`",
	"13.2.2.4, 14.1; `sip_dialog/test_take`",
	"12.3, 14.1; `sip_dialog/test_take`",
	"13.3.1.4; `sip_dialog/test_ack`",
	"13.3.1.4; `sip_dialog/test_2xx_again`",
	"13.3.1.4; `sip_dialog/test_2xx_again`",
	"15.1.2; `sip_dialog/test_take`",
	"15, 15.1.1; `sip_dialog/test_ack`",
	"12.2.1.2; `sip_dialog/test_states`",
};
/* clang-format on */

static void test_document(void **state)
{
	document_machine_expect(&(struct document_machine){"Dialogs", SIP_DIALOG_STATE__N,
		SIP_DIALOG_EVENT__N, states, events, where, &cells[0][0]});
}

static void test_states(void **state)
{
	static const char *const actions[] = {
		"send-2xx", "send-bye", "end-invite", "start", "stop"};

	for (size_t s = 0; s < SIP_DIALOG_STATE__N; s++)
		for (size_t e = 0; e < SIP_DIALOG_EVENT__N; e++) {
			const struct sip_dialog_step *step = &sip_dialog_steps[s][e];

			cell_expect(&(struct cell){step->actions, SIP_DIALOG_CANNOT_HAPPEN,
					    states[step->next]},
				actions, ARRAY_LEN(actions), cells[s][e], states[s], events[e]);
		}
}

/* ---- messages ---- */

static struct sip_msg msg;
static char text[16000];

static const struct sip_msg *parse(const char *s)
{
	snprintf(text, sizeof text, "%s", s);
	if (sip_msg_parse(&msg, text, strlen(text)) != SIP_GOOD)
		fail_msg("%s", msg.bad);
	return &msg;
}

#define MESSAGE(line, from, to, cseq, rest)                                                        \
	line "\r\nVia: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bK1\r\nFrom: " from "\r\nTo: " to        \
	     "\r\nCall-ID: c1\r\nCSeq: " cseq "\r\n" rest "\r\n"
#define INVITE(rest)                                                                               \
	MESSAGE("INVITE sip:juliet@example.com SIP/2.0",                                           \
		"\"Romeo\" <sip:romeo@example.net;x=y>;tag=r;foo=bar",                             \
		"sip:juliet@example.com;p=q", "7 INVITE", rest)
#define CONTACT "Contact: <sip:romeo@192.0.2.20:5070;transport=tcp>;expires=9\r\n"
#define WITHIN(method, cseq, rest)                                                                 \
	MESSAGE(method " sip:juliet@192.0.2.1 SIP/2.0",                                            \
		"\"Romeo\" <sip:romeo@example.net;x=y>;tag=r", "<sip:juliet@example.com>;tag=j",   \
		cseq " " method, rest)
#define RESPONSE(status, to_tag, rest)                                                             \
	MESSAGE("SIP/2.0 " status " X", "<sip:juliet@example.com>;tag=j",                          \
		"<sip:romeo@example.net>;tag=" to_tag, "7 INVITE", rest)

static struct sip_dialog *called(const char *invite)
{
	struct sip_dialog *d = NULL;
	const char *reason = "none";

	assert_int_equal(sip_dialog_new_called(&d, parse(invite), SL("j"), &reason), 0);
	return d;
}

static const struct sip_spec our_invite = {
	.method = SIP_INVITE,
	.ruri = SL("sip:romeo@example.net"),
	.from = SL("<sip:juliet@example.com>"),
	.to = SL("\"R\" <sip:romeo@example.net>"),
	.from_tag = SL("j"),
	.call_id = SL("c1"),
	.cseq = 7,
};

static struct sip_dialog *calling(const char *response)
{
	struct sip_dialog *d = NULL;

	assert_int_equal(sip_dialog_new_calling(&d, &our_invite, parse(response)), 0);
	return d;
}

/* ---- what it is made of ---- */

/* 12.1.1, 12.2.1.1 */
static void test_called(void **state)
{
	struct sip_dialog *d = called(INVITE(CONTACT));
	struct sip_spec s;
	struct sip_out route;

	sip_dialog_request(d, SIP_BYE, &s, &route);
	assert_int_equal(s.method, SIP_BYE);
	assert_slice(s.ruri, "sip:romeo@192.0.2.20:5070;transport=tcp");
	assert_slice(s.from, "<sip:juliet@example.com>");
	assert_slice(s.from_tag, "j");
	assert_slice(s.to, "\"Romeo\" <sip:romeo@example.net;x=y>");
	assert_slice(s.to_tag, "r");
	assert_slice(s.call_id, "c1");
	assert_int_equal(s.cseq, 1);
	assert_int_equal(s.n_fields, 0);
	sip_dialog_request(d, SIP_INFO, &s, &route);
	assert_int_equal(s.cseq, 2);
	sip_dialog_free(d);
}

/* 12.1.2, 13.2.2.4 */
static void test_calling(void **state)
{
	struct sip_dialog *d = calling(RESPONSE("200", "r", CONTACT));
	struct sip_spec s;
	struct sip_out route;

	sip_dialog_request(d, SIP_ACK, &s, &route);
	assert_slice(s.ruri, "sip:romeo@192.0.2.20:5070;transport=tcp");
	assert_slice(s.from, "<sip:juliet@example.com>");
	assert_slice(s.from_tag, "j");
	assert_slice(s.to, "\"R\" <sip:romeo@example.net>");
	assert_slice(s.to_tag, "r");
	assert_int_equal(s.cseq, 7);
	sip_dialog_request(d, SIP_BYE, &s, &route);
	assert_int_equal(s.cseq, 8);
	sip_dialog_request(d, SIP_INVITE, &s, &route);
	assert_int_equal(s.cseq, 9);
	sip_dialog_request(d, SIP_INFO, &s, &route);
	sip_dialog_request(d, SIP_ACK, &s, &route);
	assert_int_equal(s.cseq, 9); /* that of the INVITE, whatever came between */
	sip_dialog_free(d);
}

/* COMPAT: the device of the other side is named each time, nothing else of its field. */
static void test_epid(void **state)
{
	struct sip_dialog *d = called(MESSAGE("INVITE sip:juliet@example.com SIP/2.0",
		"<sip:romeo@example.net>;epid=01ab23cd45;tag=r;x=y",
		"<sip:juliet@example.com>;epid=ours", "7 INVITE", CONTACT));
	struct sip_spec s;
	struct sip_out route;

	sip_dialog_request(d, SIP_BYE, &s, &route);
	assert_slice(s.to, "<sip:romeo@example.net>;epid=01ab23cd45");
	assert_slice(s.from, "<sip:juliet@example.com>");
	sip_dialog_free(d);
	d = calling(RESPONSE("200", "r;epid=0F", CONTACT));
	sip_dialog_request(d, SIP_BYE, &s, &route);
	assert_slice(s.to, "\"R\" <sip:romeo@example.net>;epid=0F");
	assert_slice(s.to_tag, "r");
	sip_dialog_free(d);
	d = calling(RESPONSE("200", "r;epid=\"a;b\"", CONTACT));
	sip_dialog_request(d, SIP_BYE, &s, &route);
	assert_slice(s.to, "\"R\" <sip:romeo@example.net>");
	sip_dialog_free(d);
}

static const struct {
	const char *section, *invite;
	const char *reason;
} bad_invites[] = {
	{"8.1.1.8", INVITE(""), "Missing Contact"},
	{"8.1.1.8 one only", INVITE("Contact: <sip:a@b.example>, <sip:c@d.example>\r\n"),
		"Bad Contact"},
	{"8.1.1.8 two fields",
		INVITE("Contact: <sip:a@b.example>\r\nContact: <sip:c@d.example>\r\n"),
		"Bad Contact"},
	{"20.10 star", INVITE("Contact: *\r\n"), "Bad Contact"},
	{"12.1.1 scheme", INVITE("Contact: <tel:+12015550123>\r\n"), "Bad Contact"},
	{"12.1.1 sips", INVITE("Contact: <sips:a@b.example>\r\n"), "Bad Contact"},
	{"20.30", INVITE(CONTACT "Record-Route: <sip:a.example;lr>, rubbish<\r\n"),
		"Bad Record-Route"},
};

static void test_bad_invites(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_invites); i++) {
		struct sip_dialog *d = NULL;
		const char *reason = NULL;

		if (sip_dialog_new_called(&d, parse(bad_invites[i].invite), SL("j"), &reason) !=
				400 ||
			strcmp(reason, bad_invites[i].reason) != 0)
			fail_msg("%s: %s", bad_invites[i].section, reason);
		assert_null(d);
	}
}

/* A response that makes no dialog; a 1xx without Contact does, with the INVITE's own address. */
static void test_responses(void **state)
{
	struct sip_dialog *d = NULL;
	struct sip_spec s;
	struct sip_out route;

	assert_int_equal(sip_dialog_new_calling(&d, &our_invite,
				 parse(MESSAGE("SIP/2.0 180 X", "<sip:juliet@example.com>;tag=j",
					 "<sip:romeo@example.net>", "7 INVITE", CONTACT))),
		-1);
	assert_int_equal(sip_dialog_new_calling(&d, &our_invite,
				 parse(RESPONSE("200", "r", "Contact: <sip:>\r\n"))),
		-1);
	assert_null(d);
	d = calling(RESPONSE("180", "r", ""));
	sip_dialog_request(d, SIP_INFO, &s, &route);
	assert_slice(s.ruri, "sip:romeo@example.net");
	sip_dialog_free(d);
}

/* ---- the way ---- */

#define TARGET "Contact: <sip:user@remoteua>\r\n"

/* clang-format off */
static const struct {
	const char *section, *record_route;
	const char *ruri, *route; /* of who was called; NULL: none */
	const char *calling_ruri, *calling_route; /* of who calls: the other way round */
} ways[] = {
	{"12.2.1.1 none", "", "sip:user@remoteua", NULL, "sip:user@remoteua", NULL},
	{"12.2.1.1 loose", "Record-Route: <sip:p1;lr>,<sip:p2;lr>\r\n",
		"sip:user@remoteua", "<sip:p1;lr>, <sip:p2;lr>",
		"sip:user@remoteua", "<sip:p2;lr>, <sip:p1;lr>"},
	{"12.1.1 byte for byte", "Record-Route: \"A, B\" <sip:p1;lr;x=%41Z>;q=\"1,2\"\r\nRecord-Route:   <SIP:P2;LR=on>;y\r\n",
		"sip:user@remoteua", "\"A, B\" <sip:p1;lr;x=%41Z>;q=\"1,2\", <SIP:P2;LR=on>;y",
		"sip:user@remoteua", "<SIP:P2;LR=on>;y, \"A, B\" <sip:p1;lr;x=%41Z>;q=\"1,2\""},
	{"12.2.1.1 strict, the example there",
		"Record-Route: <sip:proxy1>,<sip:proxy2>,<sip:proxy3;lr>,<sip:proxy4>\r\n",
		"sip:proxy1", "<sip:proxy2>, <sip:proxy3;lr>, <sip:proxy4>, <sip:user@remoteua>",
		"sip:proxy4", "<sip:proxy3;lr>, <sip:proxy2>, <sip:proxy1>, <sip:user@remoteua>"},
	{"19.1.1 what may not stand in a Request-URI",
		"Record-Route: <sip:p1;method=INVITE;transport=tcp?Subject=x>\r\n",
		"sip:p1;transport=tcp", "<sip:user@remoteua>",
		"sip:p1;transport=tcp", "<sip:user@remoteua>"},
};
/* clang-format on */

static void expect_way(
	const char *section, struct sip_dialog *d, const char *ruri, const char *route)
{
	struct sip_spec s;
	struct sip_out field;

	sip_dialog_request(d, SIP_BYE, &s, &field);
	if (!slice_eqz(s.ruri, ruri) || s.n_fields != (route ? 1 : 0) ||
		(route && !slice_eqz(s.fields[0].value, route)))
		fail_msg("%s: %.*s, Route: %.*s", section, SLARG(s.ruri), SLARG(field.value));
	if (route)
		assert_slice(s.fields[0].name, "Route");
	sip_dialog_free(d);
}

static void test_ways(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct buf invite = {0}, response = {0};

		buf_printf(&invite, INVITE(TARGET "%s"), ways[i].record_route);
		buf_printf(&response, RESPONSE("200", "r", TARGET "%s"), ways[i].record_route);
		buf_chr(&invite, 0);
		buf_chr(&response, 0);
		expect_way(ways[i].section, called(invite.p), ways[i].ruri, ways[i].route);
		expect_way(ways[i].section, calling(response.p), ways[i].calling_ruri,
			ways[i].calling_route);
		buf_done(&invite);
		buf_done(&response);
	}
}

/* 19.1.1 table 1: a Contact within a dialog has neither headers nor method; ours would be refused.
 */
static void test_target_cleaned(void **state)
{
	struct sip_dialog *d =
		called(INVITE("Contact: <sip:a@b.example;x=%41;METHOD=INFO;y?S=x>\r\n"));

	expect_way("called", d, "sip:a@b.example;x=%41;y", NULL);
	d = calling(RESPONSE("200", "r", "Contact: <sip:a@b.example?S=x>\r\n"));
	assert_int_equal(
		sip_dialog_refresh(d,
			parse(RESPONSE("200", "r", "Contact: <sip:a@c.example;method=BYE>\r\n"))),
		0);
	expect_way("refreshed", d, "sip:a@c.example", NULL);
	d = calling(RESPONSE(
		"200", "r", "Record-Route: <sip:p1>\r\nContact: <sip:a@b.example?S=x>\r\n"));
	expect_way("strict", d, "sip:p1", "<sip:a@b.example>");
}

/* 12.1.1: the answer repeats Record-Route as it came. */
static void test_echo(void **state)
{
	struct sip_out out[2];
	const struct sip_msg *m = parse(INVITE(
		CONTACT "Record-Route: <sip:a;lr>,<sip:b;lr>\r\nRecord-Route: <sip:c>;x\r\n"));

	assert_int_equal(sip_dialog_echo(m, out, 2), 2);
	assert_slice(out[0].name, "Record-Route");
	assert_slice(out[0].value, "<sip:a;lr>,<sip:b;lr>");
	assert_slice(out[1].value, "<sip:c>;x");
	assert_int_equal(sip_dialog_echo(m, out, 1), 1);
}

/* 12.2.1.2, 12.2.2: where it goes changes, the routes do not; 13.2.2.4: but with the first 2xx. */
static void test_refresh(void **state)
{
	struct sip_dialog *d =
		calling(RESPONSE("180", "r", CONTACT "Record-Route: <sip:a;lr>\r\n"));
	struct sip_spec s;
	struct sip_out f;

	assert_int_equal(
		sip_dialog_refresh(d, parse(RESPONSE("200", "r",
					      "Contact: <sip:new@192.0.2.9>\r\nRecord-Route: "
					      "<sip:b;lr>\r\n"))),
		0);
	sip_dialog_request(d, SIP_BYE, &s, &f);
	assert_slice(s.ruri, "sip:new@192.0.2.9");
	assert_slice(f.value, "<sip:b;lr>");
	assert_int_equal(
		sip_dialog_refresh(d, parse(WITHIN("INVITE", "1",
					      "Contact: <sip:x@192.0.2.8>\r\nRecord-Route: "
					      "<sip:c;lr>\r\n"))),
		0);
	sip_dialog_request(d, SIP_BYE, &s, &f);
	assert_slice(s.ruri, "sip:x@192.0.2.8");
	assert_slice(f.value, "<sip:b;lr>");
	assert_int_equal(sip_dialog_refresh(d, parse(WITHIN("INVITE", "2", ""))), 0);
	assert_int_equal(sip_dialog_refresh(d, parse(WITHIN("INVITE", "3", "Contact: *\r\n"))), -1);
	sip_dialog_request(d, SIP_BYE, &s, &f);
	assert_slice(s.ruri, "sip:x@192.0.2.8");
	sip_dialog_free(d);
}

/* COMPAT: a peer with ms-dialog-route-set-update means the Record-Route of each message, in the
 * order of its side; one without it does not. */
#define UPDATES "Supported: timer, ms-dialog-route-set-update\r\n"

static void expect_route(struct sip_dialog *d, const char *what, const char *want)
{
	struct sip_spec s;
	struct sip_out f;

	sip_dialog_request(d, SIP_BYE, &s, &f);
	if (!slice_eqz(f.value, want))
		fail_msg("%s: %.*s", what, SLARG(f.value));
}

static void test_new_routes(void **state)
{
	static const char again[] = CONTACT "Record-Route: <sip:c;lr;x=1>, <sip:d;lr>\r\n";
	struct sip_dialog *d = called(INVITE(CONTACT UPDATES "Record-Route: <sip:a;lr>\r\n"));
	char response[2000];

	assert_int_equal(sip_dialog_refresh(d, parse(WITHIN("UPDATE", "8", CONTACT))), 0);
	expect_route(d, "no Record-Route changes nothing", "<sip:a;lr>");
	snprintf(response, sizeof response, WITHIN("UPDATE", "9", "%s"), again);
	assert_int_equal(sip_dialog_refresh(d, parse(response)), 0);
	expect_route(d, "theirs: as it stands", "<sip:c;lr;x=1>, <sip:d;lr>");
	snprintf(response, sizeof response, RESPONSE("200", "r", "%s"), again);
	assert_int_equal(sip_dialog_refresh(d, parse(response)), 0);
	expect_route(d, "an answer: reversed", "<sip:d;lr>, <sip:c;lr;x=1>");
	assert_int_equal(sip_dialog_refresh(d, parse(WITHIN("UPDATE", "10",
						       CONTACT "Record-Route: <sip:e;lr>, "
							       "rubbish<\r\n"))),
		-1);
	expect_route(d, "broken", "<sip:d;lr>, <sip:c;lr;x=1>");
	sip_dialog_free(d);

	d = calling(RESPONSE("200", "r", CONTACT "Record-Route: <sip:a;lr>\r\n"));
	snprintf(response, sizeof response, WITHIN("INVITE", "9", "%s"), again);
	assert_int_equal(sip_dialog_refresh(d, parse(response)), 0);
	expect_route(d, "without it the first stays (12.2)", "<sip:a;lr>");
	snprintf(response, sizeof response, WITHIN("INVITE", "10", UPDATES "%s"), again);
	assert_int_equal(sip_dialog_refresh(d, parse(response)), 0);
	expect_route(d, "said later", "<sip:c;lr;x=1>, <sip:d;lr>");
	sip_dialog_free(d);
}

/* The same in a request that moves the other side nowhere: its Contact is not read. */
static void test_reroute(void **state)
{
	static const char fields[] =
		"Contact: <sip:elsewhere@192.0.2.8>\r\nRecord-Route: <sip:c;lr>, <sip:d;lr>\r\n";
	struct sip_dialog *d = called(INVITE(CONTACT "Record-Route: <sip:a;lr>\r\n"));
	struct slice target = sip_dialog_target(d);
	char message[2000];

	snprintf(message, sizeof message, WITHIN("MESSAGE", "8", "%s"), fields);
	sip_dialog_reroute(d, parse(message));
	expect_route(d, "it stays (12.2)", "<sip:a;lr>");
	snprintf(message, sizeof message, WITHIN("MESSAGE", "9", UPDATES "%s"), fields);
	sip_dialog_reroute(d, parse(message));
	expect_route(d, "said in this one", "<sip:c;lr>, <sip:d;lr>");
	sip_dialog_reroute(d, parse(WITHIN("INFO", "10", "Record-Route: <sip:e;lr>\r\n")));
	expect_route(d, "said before", "<sip:e;lr>");
	sip_dialog_reroute(d, parse(WITHIN("INFO", "11", "Record-Route: <sip:f;lr>, x<\r\n")));
	expect_route(d, "broken", "<sip:e;lr>");
	sip_dialog_reroute(d, parse(WITHIN("INFO", "12", "")));
	expect_route(d, "none", "<sip:e;lr>");
	assert_true(slice_eq(sip_dialog_target(d), target));
	sip_dialog_free(d);
}

static void put_route(struct buf *b, unsigned i, const char *fold)
{
	buf_printf(b,
		"<sip:pool%u.example:5061;transport=tls;ms-fe=fe%u.example;opaque=state:F:Ci.R", i,
		i);
	for (unsigned k = 0; k < 960; k++)
		buf_chr(b, "0123456789abcDEF"[(k * 7 + i) % 16]);
	buf_printf(b, ";lr>;%sms-route-sig=aa%%2Fb+c", fold);
}

/* A route set as pools make it: 8 kB in folded fields, given back byte for byte but for the folds.
 */
static void test_large_routes(void **state)
{
	static char all[32000];
	struct buf b = {0}, want = {0};
	struct sip_dialog *d = NULL;
	const char *reason = NULL;

	buf_str(&b,
		"INVITE sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/TLS a;branch=z9hG4bK1\r\n"
		"From: <sip:romeo@example.net>;tag=r\r\nTo:\r\n <sip:juliet@example.com>\r\n"
		"Call-ID: c1\r\nCSeq: 7 INVITE\r\n" CONTACT);
	for (unsigned i = 0; i < 8; i++) {
		buf_str(&b, i % 4 ? ",\r\n  " : i ? "\r\nRecord-Route:\r\n " : "Record-Route: ");
		buf_str(&want, i ? ", " : "");
		put_route(&b, i, "\r\n\t");
		put_route(&want, i, "  \t");
	}
	buf_str(&b, "\r\n\r\n");
	assert_true(b.n > 8000 && b.n < sizeof all);
	memcpy(all, b.p, b.n);
	assert_int_equal(sip_msg_parse(&msg, all, b.n), SIP_GOOD);
	assert_int_equal(sip_dialog_new_called(&d, &msg, SL("j"), &reason), 0);
	buf_chr(&want, 0);
	expect_route(d, "large", want.p);
	sip_dialog_free(d);
	buf_done(&b);
	buf_done(&want);
}

/* 22.2: the numbers that credentials have taken. */
static void test_numbers(void **state)
{
	struct sip_dialog *d = calling(MESSAGE("SIP/2.0 200 X", "<sip:juliet@example.com>;tag=j",
		"<sip:romeo@example.net>;tag=r", "9 INVITE", CONTACT));
	struct sip_spec s;
	struct sip_out f;

	sip_dialog_request(d, SIP_ACK, &s, &f);
	assert_int_equal(s.cseq, 9);
	sip_dialog_request(d, SIP_MESSAGE, &s, &f);
	assert_int_equal(s.cseq, 10);
	assert_ptr_equal(s.dialog, d);
	assert_int_equal(sip_dialog_next_cseq(d, SIP_MESSAGE), 11);
	sip_dialog_free(d);
	d = calling(MESSAGE("SIP/2.0 200 X", "<sip:juliet@example.com>;tag=j",
		"<sip:romeo@example.net>;tag=r", "70000 INVITE", CONTACT));
	sip_dialog_request(d, SIP_ACK, &s, &f);
	assert_int_equal(s.cseq, 7); /* it is not of what we have sent */
	sip_dialog_free(d);
}

/* ---- what comes in ---- */

/* 12: Call-ID and both tags, from either side. */
static void test_identity(void **state)
{
	static const struct {
		const char *what, *text;
		bool is;
	} rows[] = {
		{"a request", WITHIN("BYE", "8", ""), true},
		{"another To tag",
			MESSAGE("BYE sip:a SIP/2.0", "<sip:r@b>;tag=r", "<sip:j@c>;tag=J", "8 BYE",
				""),
			false},
		{"no To tag",
			MESSAGE("BYE sip:a SIP/2.0", "<sip:r@b>;tag=r", "<sip:j@c>", "8 BYE", ""),
			false},
		{"another From tag",
			MESSAGE("BYE sip:a SIP/2.0", "<sip:r@b>;tag=x", "<sip:j@c>;tag=j", "8 BYE",
				""),
			false},
		{"tags the other way",
			MESSAGE("BYE sip:a SIP/2.0", "<sip:r@b>;tag=j", "<sip:j@c>;tag=r", "8 BYE",
				""),
			false},
		{"whatever the URIs",
			MESSAGE("BYE sip:a SIP/2.0", "<sip:x@b>;tag=r", "<sip:y@c>;tag=j", "8 BYE",
				""),
			true},
		{"a response",
			MESSAGE("SIP/2.0 200 OK", "<sip:j@c>;tag=j", "<sip:r@b>;tag=r", "1 BYE",
				""),
			true},
	};
	struct sip_dialog *d = called(INVITE(CONTACT));

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sip_msg *m = parse(rows[i].text);

		if (sip_dialog_has(d, m) != rows[i].is ||
			(sip_dialog_id(d) == sip_dialog_id_of(m)) != rows[i].is)
			fail_msg("%s", rows[i].what);
	}
	sip_dialog_free(d);
}

/* 12.1.1: of RFC 2543, without a tag. */
static void test_no_tag(void **state)
{
	struct sip_dialog *d = called(MESSAGE("INVITE sip:juliet@example.com SIP/2.0",
		"<sip:romeo@example.net>", "<sip:juliet@example.com>", "7 INVITE", CONTACT));
	struct sip_spec s;
	struct sip_out route;

	assert_true(sip_dialog_has(d,
		parse(MESSAGE("BYE sip:a SIP/2.0", "<sip:r@b>", "<sip:j@c>;tag=j", "8 BYE", ""))));
	sip_dialog_request(d, SIP_BYE, &s, &route);
	assert_null(s.to_tag.p);
	sip_dialog_free(d);
}

/* 12.2.2, 14.2 */
static void test_take(void **state)
{
	struct sip_dialog *d = called(INVITE(CONTACT));
	struct sip_spec s;
	struct sip_out route;
	const char *reason;

	assert_int_equal(sip_dialog_take(d, parse(WITHIN("INFO", "7", "")), &reason), 500);
	assert_string_equal(reason, "CSeq Out Of Order");
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("INFO", "6", "")), &reason), 500);
	assert_int_equal(
		sip_dialog_take(d, parse(WITHIN("INFO", "9", "")), &reason), 0); /* a gap */
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("INFO", "8", "")), &reason), 500);
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("INVITE", "10", "")), &reason), 500);
	assert_string_equal(reason, "Another INVITE Is Pending");
	sip_dialog_event(d, SIP_DIALOG_SAID_2XX, 0);
	sip_dialog_event(d, SIP_DIALOG_ACK, 0);
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("INVITE", "11", "")), &reason), 0);
	sip_dialog_event(d, SIP_DIALOG_REFUSED, 0);
	sip_dialog_request(d, SIP_INVITE, &s, &route);
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("INVITE", "12", "")), &reason), 491);
	assert_string_equal(reason, "Request Pending");
	sip_dialog_event(d, SIP_DIALOG_HEARD_2XX, 0);
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("INVITE", "13", "")), &reason), 0);
	assert_int_equal(sip_dialog_event(d, SIP_DIALOG_BYE, 0), 0);
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("INFO", "14", "")), &reason), 481);
	sip_dialog_free(d);
}

/* 12.2.2: the first number is theirs to choose. */
static void test_take_first(void **state)
{
	struct sip_dialog *d = calling(RESPONSE("200", "r", CONTACT));
	const char *reason;

	sip_dialog_event(d, SIP_DIALOG_HEARD_2XX, 0);
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("BYE", "0", "")), &reason), 0);
	assert_int_equal(sip_dialog_take(d, parse(WITHIN("BYE", "0", "")), &reason), 500);
	sip_dialog_free(d);
}

/* ---- time ---- */

/* 13.3.1.4: the 2xx again after T1, doubled up to T2, until the ACK, at most 64*T1. */
static void test_2xx_again(void **state)
{
	static const unsigned at[] = {
		500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
	struct sip_dialog *d = called(INVITE(CONTACT));

	assert_int_equal(sip_dialog_deadline(d), UINT64_MAX);
	assert_int_equal(sip_dialog_event(d, SIP_DIALOG_SAID_2XX, 1000), 0);
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		assert_int_equal(sip_dialog_deadline(d), 1000 + at[i]);
		assert_int_equal(sip_dialog_tick(d, 1000 + at[i] - 1), 0);
		assert_int_equal(sip_dialog_tick(d, 1000 + at[i]), SIP_DIALOG_SEND_2XX);
	}
	assert_int_equal(sip_dialog_deadline(d), 33000);
	assert_int_equal(sip_dialog_tick(d, 33000), SIP_DIALOG_SEND_BYE);
	assert_int_equal(sip_dialog_state(d), SIP_DIALOG_ENDED);
	assert_int_equal(sip_dialog_deadline(d), UINT64_MAX);
	sip_dialog_free(d);
}

/* The ACK stops it; who wants to leave before says BYE then (15). */
static void test_ack(void **state)
{
	for (unsigned leave = 0; leave < 2; leave++) {
		struct sip_dialog *d = called(INVITE(CONTACT));

		sip_dialog_event(d, SIP_DIALOG_SAID_2XX, 1000);
		if (leave)
			assert_int_equal(sip_dialog_event(d, SIP_DIALOG_LEAVE, 1100), 0);
		assert_int_equal(sip_dialog_tick(d, 1500), SIP_DIALOG_SEND_2XX);
		assert_int_equal(
			sip_dialog_event(d, SIP_DIALOG_ACK, 1600), leave ? SIP_DIALOG_SEND_BYE : 0);
		assert_int_equal(sip_dialog_deadline(d), UINT64_MAX);
		assert_int_equal(
			sip_dialog_state(d), leave ? SIP_DIALOG_ENDED : SIP_DIALOG_CONFIRMED);
		sip_dialog_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_called),
		cmocka_unit_test(test_calling),
		cmocka_unit_test(test_epid),
		cmocka_unit_test(test_bad_invites),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_target_cleaned),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_new_routes),
		cmocka_unit_test(test_reroute),
		cmocka_unit_test(test_large_routes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_no_tag),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_first),
		cmocka_unit_test(test_2xx_again),
		cmocka_unit_test(test_ack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
