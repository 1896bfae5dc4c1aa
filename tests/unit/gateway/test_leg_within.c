#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/core.h"
#include "leg_scene.h"

/* What is said within a leg, in both directions; session timers; bounds. */

/* ---- the way of what is said within (12.2.1.1; profile A4) ---- */

#define ROUTE_OF_CALLER "<sip:p1.example.net;lr>, <sip:p2.example.net;lr;x=a%2Cb>"
#define ROUTE_OF_CALLED "<sip:p2.example.net;lr;x=a%2Cb>, <sip:p1.example.net;lr>"

static void way_of_caller(void **state)
{
	struct scene s;
	const struct sip_msg *m;

	scene_init(&s, &(struct rig_options){0});
	scene_call(&s);
	s.r.flow = 77;
	scene_answer(&s, 200, "their1", NULL, SDP_TEXT);
	m = scene_last(&s, SIP_ACK, true);
	assert_slice(m->ruri_text, "sip:romeo@10.0.0.7:5062");
	assert_slice(sip_msg_get(m, SIP_H_ROUTE), ROUTE_OF_CALLER);
	assert_int_equal(m->cseq, 1);
	assert_int_equal(s.r.within_flow, 77);
	scene_text(&s, "hi", NULL, NULL);
	m = scene_last(&s, SIP_MESSAGE, true);
	assert_slice(m->ruri_text, "sip:romeo@10.0.0.7:5062");
	assert_slice(sip_msg_get(m, SIP_H_ROUTE), ROUTE_OF_CALLER);
	assert_slice(s.r.next, ROUTE_OF_CALLER);
	assert_slice(m->to.tag, "their1");
	assert_slice(m->from.uri.text, "sip:juliet@example.com;gr=balcony");
	assert_int_equal(m->cseq, 2);
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_LANGUAGE), "en");
	assert_slice(m->body, "hi");
	scene_done(&s);
}

static void way_of_called(void **state)
{
	struct scene s;
	const struct sip_msg *m;

	scene_init(&s, &(struct rig_options){0});
	s.r.flow = 5;
	scene_invited(&s, NULL, SDP_TEXT);
	m = s.r.sip[s.r.n_sip - 1].m;
	assert_int_equal(m->status, 200);
	assert_slice(sip_msg_get(m, SIP_H_RECORD_ROUTE), ROUTE_OF_CALLED);
	assert_slice(sip_msg_get(m, SIP_H_CONTACT), "<sip:192.0.2.9:5060>");
	assert_slice(sip_msg_get(m, SIP_H_SUPPORTED), "timer");
	assert_non_null(strstr(
		s.r.sip[s.r.n_sip - 1].text, "m=message 5060 sip sip:juliet@example.com\r\n"));
	scene_ack(&s);
	scene_text(&s, "hi", NULL, NULL);
	m = scene_last(&s, SIP_MESSAGE, true);
	assert_slice(m->ruri_text, "sip:romeo@10.0.0.7:5062");
	assert_slice(sip_msg_get(m, SIP_H_ROUTE), ROUTE_OF_CALLED);
	assert_int_equal(s.r.within_flow, 5);
	/* he goes on by another connection (profile T3) */
	s.r.flow = 6;
	scene_within(&s, "INFO", NULL, NULL);
	scene_text(&s, "you", NULL, NULL);
	assert_int_equal(s.r.within_flow, 6);
	scene_done(&s);
}

static void he_moves(void **state)
{
	static const char *const methods[] = {"INVITE", "UPDATE"};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct scene s;

		scene_init(&s, &(struct rig_options){0});
		scene_bring_to(&s, UP);
		scene_within(&s, methods[i], "Contact: <sip:romeo@10.0.0.8>\r\n", NULL);
		scene_text(&s, "hi", NULL, NULL);
		assert_slice(scene_last(&s, SIP_MESSAGE, true)->ruri_text, "sip:romeo@10.0.0.8");
		scene_done(&s);
	}
}

/* Profile A5: also of a request that does not move him. */
static void he_is_routed_anew(void **state)
{
	struct scene s;
	const struct sip_msg *m;

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP);
	scene_within(&s, "MESSAGE",
		"Supported: ms-dialog-route-set-update\r\nRecord-Route: <sip:p3.example.net;lr>\r\n"
		"Contact: <sip:x@10.9.9.9>\r\nContent-Type: text/plain\r\n",
		"hi");
	scene_text(&s, "hi", NULL, NULL);
	m = scene_last(&s, SIP_MESSAGE, true);
	assert_slice(sip_msg_get(m, SIP_H_ROUTE), "<sip:p3.example.net;lr>");
	assert_slice(m->ruri_text, "sip:romeo@10.0.0.7:5062");
	scene_done(&s);
}

/* ---- what is asked within (profile 5.5) ---- */

/* clang-format off */
static const struct {
	const char *method, *headers, *body;
	const char *sent, *told;
} asked[] = {
	{"INVITE", CONTACT "Content-Type: application/sdp\r\n", SDP_TEXT, "200/INVITE", ""},
	{"INVITE", CONTACT, NULL, "200/INVITE", ""},
	{"INVITE", CONTACT "Content-Type: application/sdp\r\n", SDP_AUDIO, "488/INVITE", ""},
	{"INVITE", "Contact: <tel:+1>\r\nContent-Type: application/sdp\r\n", SDP_TEXT, "400/INVITE", ""},
	{"INVITE", CONTACT "Session-Expires: 10\r\n", NULL, "422/INVITE", ""},
	{"UPDATE", CONTACT, NULL, "200/UPDATE", ""},
	{"UPDATE", CONTACT "Content-Type: application/sdp\r\n", SDP_TEXT, "200/UPDATE", ""},
	{"UPDATE", CONTACT "Content-Type: application/sdp\r\n", SDP_AUDIO, "488/UPDATE", ""},
	{"OPTIONS", NULL, NULL, "200/OPTIONS", ""},
	{"REFER", "Refer-To: <sip:x@example.net>\r\n", NULL, "603/REFER", ""},
	{"MESSAGE", "Content-Type: text/plain\r\n", "hi", "200/MESSAGE", "request(MESSAGE)"},
	{"INFO", "Content-Type: application/xml\r\n", "<KeyboardActivity/>", "200/INFO", "request(INFO)"},
	{"BYE", NULL, NULL, "200/BYE", "ended(bye)"},
	{"PRACK", NULL, NULL, "405/PRACK", ""},
	{"SUBSCRIBE", NULL, NULL, "405/SUBSCRIBE", ""},
};
/* clang-format on */

static void asked_within(void **state)
{
	static const enum scene_state in[] = {UP, UP_CALLING, REASKED};

	for (size_t k = 0; k < ARRAY_LEN(in); k++)
		for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
			struct scene s;

			scene_init(&s, &(struct rig_options){0});
			scene_bring_to(&s, in[k]);
			scene_within(&s, asked[i].method, asked[i].headers, asked[i].body);
			if (strcmp(scene_sent(&s), asked[i].sent))
				fail_msg("row %zu in %d: sent %s, not %s", i, in[k], s.sent,
					asked[i].sent);
			assert_told(&s, asked[i].told);
			if (s.leg) { /* the session stays */
				scene_text(&s, "hi", NULL, NULL);
				assert_sent(&s, "MESSAGE");
			}
			scene_done(&s);
		}
}

/* The description of a session is the same each time. */
static void same_description(void **state)
{
	static const char *const methods[] = {"INVITE", "UPDATE", "OPTIONS"};
	struct scene s;
	struct slice first;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, NULL, SDP_TEXT);
	first = s.r.sip[s.r.n_sip - 1].m->body;
	scene_ack(&s);
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		bool offers = strcmp(methods[i], "OPTIONS") != 0;

		scene_within(&s, methods[i],
			offers ? CONTACT "Content-Type: application/sdp\r\n"
			       : "Accept: application/sdp\r\n",
			offers ? SDP_TEXT : NULL);
		assert_true(slice_eq(s.r.sip[s.r.n_sip - 1].m->body, first));
		scene_ack(&s);
	}
	scene_done(&s);
}

/* 12.2.2, 14.2. */
static void out_of_order(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP);
	scene_within_as(&s, "MESSAGE", 9, "Content-Type: text/plain\r\n", "b");
	scene_within_as(&s, "MESSAGE", 8, "Content-Type: text/plain\r\n", "a");
	assert_sent(&s, "200/MESSAGE 500/MESSAGE");
	assert_told(&s, "request(MESSAGE)");
	scene_done(&s);
}

static void no_such_dialog(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP);
	s.ours = SL("another");
	scene_within(&s, "MESSAGE", "Content-Type: text/plain\r\n", "a");
	scene_within(&s, "BYE", NULL, NULL);
	scene_within(&s, "OPTIONS", NULL, NULL);
	scene_ack(&s);
	assert_sent(&s, "481/MESSAGE 481/BYE 481/OPTIONS");
	assert_told(&s, "");
	scene_done(&s);
}

static void outside_of_dialogs(void **state)
{
	static const struct {
		const char *method;
		unsigned status;
	} rows[] = {{"BYE", 481}, {"INFO", 481}, {"UPDATE", 481}, {"REFER", 603}, {"OPTIONS", 200},
		{"PRACK", 405}, {"NOTIFY", 405}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_init(&r, &(struct rig_options){0});
		rig_sip_in(&r, slice_of(arena_printf(&r.arena,
				       "%s sip:juliet@example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
				       "192.0.2.1;branch=z9hG4bKq\r\nMax-Forwards: 70\r\n"
				       "From: <sip:romeo@example.net>;tag=1\r\nTo: "
				       "<sip:juliet@example.com>\r\nCall-ID: q\r\nCSeq: 1 %s\r\n"
				       "Accept: application/sdp\r\nContent-Length: 0\r\n\r\n",
				       rows[i].method, rows[i].method)));
		assert_int_equal(rig_status(&r), rows[i].status);
		if (rows[i].status == 200) { /* profile 5.5: the description, too */
			unsigned types;

			assert_true(offer_answered(r.sip[r.n_sip - 1].m, &types));
		}
		rig_done(&r);
	}
}

/* ---- requests of ours ---- */

struct answers {
	unsigned n, status;
	enum sip_end end;
};

static void count_answer(void *arg, const struct sip_result *r)
{
	struct answers *a = arg;

	a->n++;
	a->status = r->status;
	a->end = r->end;
}

static void answered_after_the_end(void **state)
{
	struct scene s;
	struct answers a = {0};

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP);
	scene_text(&s, "hi", count_answer, &a);
	scene_within(&s, "BYE", NULL, NULL);
	assert_told(&s, "ended(bye)");
	assert_int_equal(a.n, 0);
	assert_int_equal(scene_legs(&s), 1); /* as long as the answer may come */
	rig_answer(&s.r, scene_last_index(&s, SIP_MESSAGE), 200, NULL, NULL, NULL);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.status, 200);
	rig_advance(&s.r, 0);
	assert_int_equal(scene_legs(&s), 0);
	scene_done(&s);
}

static void nobody_asks_any_more(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP);
	leg_send(s.leg, &(struct leg_request){.method = SIP_INFO}, 1000, NULL, NULL);
	scene_forget(&s);
	rig_answer(&s.r, scene_last_index(&s, SIP_INFO), 200, NULL, NULL, NULL);
	rig_advance(&s.r, 0);
	assert_int_equal(scene_legs(&s), 0);
	scene_done(&s);
}

/* A 481 to a text ends nothing by itself: its owner knows what follows. */
static void unknown_there(void **state)
{
	struct scene s;
	struct answers a = {0};

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP);
	scene_text(&s, "hi", count_answer, &a);
	scene_sent(&s);
	rig_answer(&s.r, scene_last_index(&s, SIP_MESSAGE), 481, NULL, NULL, NULL);
	assert_int_equal(a.status, 481);
	assert_told(&s, "");
	scene_forget(&s);
	assert_sent(&s, ""); /* no BYE for a dialog that is not there */
	assert_int_equal(scene_legs(&s), 0);
	scene_done(&s);
}

static void no_route_any_more(void **state)
{
	struct scene s;
	struct answers a = {0};

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP);
	rig_settings(&s.r, &(struct rig_options){.route_name = "other"});
	scene_text(&s, "hi", count_answer, &a);
	assert_int_equal(a.n, 0); /* never inside */
	rig_advance(&s.r, 1);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.end, SIP_NO_TARGET);
	leg_bye(s.leg);
	assert_string_equal(s.told, "");
	rig_advance(&s.r, 1);
	assert_told(&s, "left");
	assert_sent(&s, "");
	assert_int_equal(scene_legs(&s), 0);
	scene_done(&s);
}

/* ---- session timers (RFC 4028) ---- */

static void they_refresh(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", SDP_TEXT);
	assert_slice(
		sip_msg_get_name(s.r.sip[s.r.n_sip - 1].m, "Session-Expires"), "90;refresher=uac");
	scene_ack(&s);
	rig_advance(&s.r, 45000);
	scene_within(&s, "UPDATE",
		CONTACT "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", NULL);
	assert_slice(
		sip_msg_get_name(s.r.sip[s.r.n_sip - 1].m, "Session-Expires"), "90;refresher=uac");
	scene_sent(&s);
	scene_told(&s);
	rig_advance(&s.r, 57000);
	assert_sent(&s, "");
	rig_advance(&s.r, 33000);
	assert_sent(&s, "BYE"); /* 10 */
	assert_told(&s, "ended(lost)");
	scene_done(&s);
}

#define WE_REFRESH "Supported: timer\r\nSession-Expires: 180;refresher=uas\r\n"

static void we_refresh(void **state)
{
	struct scene s;
	const struct sip_msg *m;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, WE_REFRESH "Allow: INVITE, UPDATE\r\n", SDP_TEXT);
	scene_ack(&s);
	scene_sent(&s);
	rig_advance(&s.r, 90000);
	assert_sent(&s, "UPDATE");
	m = scene_last(&s, SIP_UPDATE, true);
	assert_slice(sip_msg_get_name(m, "Session-Expires"), "180;refresher=uac");
	assert_slice(sip_msg_get(m, SIP_H_CONTACT), "<sip:192.0.2.9:5060>");
	assert_int_equal(m->body.n, 0);
	rig_answer(&s.r, scene_last_index(&s, SIP_UPDATE), 200, NULL,
		CONTACT "Session-Expires: 90;refresher=uac\r\n", NULL);
	rig_advance(&s.r, 44000);
	assert_sent(&s, "");
	rig_advance(&s.r, 1000);
	assert_sent(&s, "UPDATE");
	assert_told(&s, "acked");
	scene_done(&s);
}

static void refresh_finds_nobody(void **state)
{
	static const struct {
		unsigned status; /* 0: silence */
		const char *sent, *told;
	} rows[] = {
		{481, "BYE", "ended(lost)"},
		{408, "BYE", "ended(lost)"},
		{0, "UPDATE BYE", "ended(lost)"},
		{500, "", ""}, /* it is tried again, before it is too late */
		{405, "INVITE", ""},
		{501, "INVITE", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene s;

		scene_init(&s, &(struct rig_options){0});
		scene_invited(&s, WE_REFRESH "Allow: UPDATE\r\n", SDP_TEXT);
		scene_ack(&s);
		rig_advance(&s.r, 90000);
		scene_sent(&s);
		scene_told(&s);
		if (rows[i].status)
			rig_answer(&s.r, scene_last_index(&s, SIP_UPDATE), rows[i].status, NULL,
				NULL, NULL);
		else
			rig_advance(&s.r, 32500);
		if (strcmp(scene_sent(&s), rows[i].sent))
			fail_msg("%u: sent %s, not %s", rows[i].status, s.sent, rows[i].sent);
		assert_told(&s, rows[i].told);
		if (rows[i].status == 500) {
			rig_advance(&s.r, 30000);
			assert_sent(&s, "UPDATE");
		}
		scene_done(&s);
	}
}

/* By a re-INVITE, to who does not know UPDATE. */
static void refresh_by_invite(void **state)
{
	struct scene s;
	struct slice first;
	const struct sip_msg *m;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, WE_REFRESH "Allow: INVITE, ACK, BYE\r\n", SDP_TEXT);
	scene_ack(&s);
	rig_advance(&s.r, 90000);
	m = scene_last(&s, SIP_INVITE, true);
	assert_non_null(m);
	assert_int_equal(m->cseq, 1);
	assert_slice(m->to.tag, "their1");
	assert_slice(sip_msg_get_name(m, "Session-Expires"), "180;refresher=uac");
	assert_true(m->body.n > 0);
	scene_sent(&s);
	rig_answer(&s.r, scene_last_index(&s, SIP_INVITE), 200, NULL,
		CONTACT "Content-Type: application/sdp\r\nSession-Expires: 90;refresher=uac\r\n",
		SDP_TEXT);
	assert_sent(&s, "ACK");
	first = slice_of(s.r.sip[scene_last_index(&s, SIP_ACK)].text);
	rig_answer(&s.r, scene_last_index(&s, SIP_INVITE), 200, NULL,
		CONTACT "Content-Type: application/sdp\r\n", SDP_TEXT);
	assert_sent(&s, "ACK");
	assert_slice(first, s.r.sip[scene_last_index(&s, SIP_ACK)].text);
	rig_advance(&s.r, 45000);
	assert_sent(&s, "INVITE");
	assert_told(&s, "acked");
	scene_done(&s);
}

/* 14.2: theirs crosses ours. */
static void invites_cross(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, WE_REFRESH "Allow: INVITE\r\n", SDP_TEXT);
	scene_ack(&s);
	rig_advance(&s.r, 90000);
	scene_sent(&s);
	scene_within(&s, "INVITE", CONTACT "Content-Type: application/sdp\r\n", SDP_TEXT);
	scene_within(&s, "UPDATE", CONTACT "Content-Type: application/sdp\r\n", SDP_TEXT);
	assert_sent(&s, "491/INVITE 491/UPDATE");
	rig_answer(&s.r, scene_last_index(&s, SIP_INVITE), 491, NULL, NULL, NULL);
	scene_within(&s, "INVITE", CONTACT "Content-Type: application/sdp\r\n", SDP_TEXT);
	assert_sent(&s, "ACK 200/INVITE");
	assert_told(&s, "acked");
	scene_done(&s);
}

/* Our refresh finds nobody while a re-INVITE of theirs waits for its ACK: BYE comes after it (15).
 */
static void lost_unacked(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, WE_REFRESH "Allow: UPDATE\r\n", SDP_TEXT);
	scene_ack(&s);
	rig_advance(&s.r, 90000);
	scene_within(&s, "INVITE", CONTACT WE_REFRESH, NULL);
	scene_sent(&s);
	scene_told(&s);
	rig_answer(&s.r, scene_last_index(&s, SIP_UPDATE), 481, NULL, NULL, NULL);
	assert_sent(&s, "");
	assert_told(&s, "ended(lost)");
	scene_ack(&s);
	assert_sent(&s, "BYE");
	rig_answer(&s.r, scene_last_index(&s, SIP_BYE), 200, NULL, NULL, NULL);
	rig_advance(&s.r, 40000);
	assert_int_equal(scene_legs(&s), 0);
	scene_done(&s);
}

/* A re-INVITE that rings when the session ends is given up, and its 2xx acknowledged. */
static void ends_while_it_rings(void **state)
{
	struct scene s;
	unsigned invite;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, WE_REFRESH "Allow: INVITE\r\n", SDP_TEXT);
	scene_ack(&s);
	rig_advance(&s.r, 90000);
	invite = scene_last_index(&s, SIP_INVITE);
	rig_answer(&s.r, invite, 180, NULL, NULL, NULL);
	scene_sent(&s);
	scene_within(&s, "BYE", NULL, NULL);
	assert_sent(&s, "200/BYE CANCEL");
	rig_answer(&s.r, invite, 200, NULL, CONTACT "Content-Type: application/sdp\r\n", SDP_TEXT);
	assert_sent(&s, "ACK");
	assert_told(&s, "acked ended(bye)");
	rig_advance(&s.r, 100000);
	assert_int_equal(scene_legs(&s), 0);
	scene_done(&s);
}

/* ---- bounds ---- */

static void partners_share(void **state)
{
	struct scene s;
	struct leg *one[4] = {0};
	struct leg_spec spec = {.partner = SL("example.com"),
		.ruri = SL("sip:romeo@example.net"),
		.from = SL("<sip:juliet@example.com>"),
		.timeout_ms = 1000};

	scene_init(&s, &(struct rig_options){.limits.legs = 6});
	spec.route = rig_route(&s.r);
	for (size_t i = 0; i < 3; i++) {
		one[i] = leg_invite(s.r.g, &spec);
		assert_non_null(one[i]);
	}
	assert_null(leg_invite(s.r.g, &spec)); /* half of them all */
	spec.partner = SL("xmpp.example");
	one[3] = leg_invite(s.r.g, &spec); /* for others there is something left */
	assert_non_null(one[3]);
	scene_invited(&s, NULL, SDP_TEXT);
	assert_int_equal(rig_status(&s.r), 500);
	assert_slice(sip_msg_get(s.r.sip[s.r.n_sip - 1].m, SIP_H_RETRY_AFTER), "10");
	scene_done(&s);
}

/* Where there are two routes, none takes all that there is for a partner. */
static void routes_share(void **state)
{
	struct scene s;
	struct leg_spec spec = {.partner = SL("example.com"),
		.ruri = SL("sip:romeo@example.net"),
		.from = SL("<sip:juliet@example.com>"),
		.timeout_ms = 1000};
	unsigned n = 0;

	scene_init(&s, &(struct rig_options){.other_route = "other", .limits.legs = 12});
	spec.route = rig_route(&s.r);
	while (leg_invite(s.r.g, &spec))
		n++;
	assert_int_equal(n, 4);
	spec.partner = SL("xmpp.example");
	assert_null(leg_invite(s.r.g, &spec));
	spec.route = snapshot_route(s.r.snapshot, SL("other"));
	spec.partner = SL("example.com");
	assert_non_null(leg_invite(s.r.g, &spec));
	scene_done(&s);
}

/* Large route sets of one route leave room for the dialogs of another. */
static void bytes_are_shared(void **state)
{
	struct scene s;
	struct leg_spec spec = {.partner = SL("xmpp.example"),
		.ruri = SL("sip:romeo@example.net"),
		.from = SL("<sip:juliet@xmpp.example>"),
		.timeout_ms = 1000};
	char large[10200];

	snprintf(large, sizeof large, "Record-Route: <sip:p1.example.net;lr;x=%010000d>\r\n", 0);
	scene_init(&s, &(struct rig_options){.other_route = "other", .limits.legs_bytes = 60000});
	scene_invited(&s, large, SDP_TEXT);
	assert_int_equal(rig_status(&s.r), 200);
	spec.route = rig_route(&s.r);
	assert_null(leg_invite(s.r.g, &spec));
	spec.route = snapshot_route(s.r.snapshot, SL("other"));
	assert_non_null(leg_invite(s.r.g, &spec));
	scene_done(&s);
}

static void bytes_are_bounded(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){.limits.legs_bytes = 1000});
	scene_invited(&s, NULL, SDP_TEXT);
	assert_int_equal(rig_status(&s.r), 200);
	scene_call(&s);
	assert_null(s.leg);
	scene_done(&s);
}

/* Who is over it may not make what he has larger. */
static void dialogs_do_not_grow(void **state)
{
	struct scene s;
	char large[1200];

	snprintf(large, sizeof large, CONTACT "Record-Route: <sip:p1.example.net;lr;x=%0900d>\r\n",
		0);
	for (int full = 0; full < 2; full++) {
		scene_init(&s, &(struct rig_options){.limits.legs_bytes = full ? 1000 : 100000});
		scene_invited(&s, "Supported: ms-dialog-route-set-update\r\n", SDP_TEXT);
		scene_ack(&s);
		scene_sent(&s);
		scene_within(&s, "INVITE", large, NULL);
		scene_within(&s, "UPDATE", large, NULL);
		scene_within(&s, "INFO", large, NULL);
		assert_sent(&s,
			full ? "500/INVITE 500/UPDATE 200/INFO" : "200/INVITE 200/UPDATE 200/INFO");
		scene_text(&s, "hi", NULL, NULL);
		assert_int_equal(
			sip_msg_get(scene_last(&s, SIP_MESSAGE, true), SIP_H_ROUTE).n > 900, !full);
		scene_done(&s);
	}
}

/* A session that is idle takes little (aim: under 4 kB with its owner). */
static void idle_takes_little(void **state)
{
	static const enum scene_state in[] = {UP, UP_CALLING};

	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		struct scene s;
		struct legs_view v;

		scene_init(&s, &(struct rig_options){0});
		scene_bring_to(&s, in[i]);
		legs_view(s.r.g, &v);
		assert_int_equal(v.bytes, leg_bytes(s.leg));
		print_message("an idle leg takes %zu bytes\n", v.bytes);
		assert_true(v.bytes < 2048);
		scene_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(way_of_caller),
		cmocka_unit_test(way_of_called),
		cmocka_unit_test(he_moves),
		cmocka_unit_test(he_is_routed_anew),
		cmocka_unit_test(asked_within),
		cmocka_unit_test(same_description),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(no_such_dialog),
		cmocka_unit_test(outside_of_dialogs),
		cmocka_unit_test(answered_after_the_end),
		cmocka_unit_test(nobody_asks_any_more),
		cmocka_unit_test(unknown_there),
		cmocka_unit_test(no_route_any_more),
		cmocka_unit_test(they_refresh),
		cmocka_unit_test(we_refresh),
		cmocka_unit_test(refresh_finds_nobody),
		cmocka_unit_test(refresh_by_invite),
		cmocka_unit_test(invites_cross),
		cmocka_unit_test(lost_unacked),
		cmocka_unit_test(ends_while_it_rings),
		cmocka_unit_test(partners_share),
		cmocka_unit_test(routes_share),
		cmocka_unit_test(bytes_are_shared),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(dialogs_do_not_grow),
		cmocka_unit_test(idle_takes_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
