#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "gateway/core.h"
#include "leg_scene.h"

/*
 * One leg against the real transaction layer: every state and event, and what our INVITE and our
 * 2xx say. The peer is reached by UDP, so that everything that may be said again is.
 */

/* ---- every state, every event ---- */

#define EVENTS(E)                                                                                  \
	E(accept, scene_answer(s, 200, "their1", NULL, SDP_TEXT))                                  \
	E(fork, scene_answer(s, 200, "their2", NULL, SDP_TEXT))                                    \
	E(accept_badly, scene_answer(s, 200, "their1", NULL, NULL))                                \
	E(refuse, scene_answer(s, 480, "their1", NULL, NULL))                                      \
	E(cancelled, scene_answer(s, 487, "their1", NULL, NULL))                                   \
	E(ack, scene_ack(s))                                                                       \
	E(cancel, scene_cancel(s))                                                                 \
	E(bye, scene_within(s, "BYE", NULL, NULL))                                                 \
	E(text, scene_within(s, "MESSAGE", "Content-Type: text/plain\r\n", "hi"))                  \
	E(invite, scene_within(s, "INVITE", CONTACT, NULL))                                        \
	E(audio,                                                                                   \
		scene_within(s, "INVITE", CONTACT "Content-Type: application/sdp\r\n", SDP_AUDIO)) \
	E(half_a_minute, rig_advance(&s->r, 33000))                                                \
	E(a_minute, rig_advance(&s->r, 61000))                                                     \
	E(leave, leg_bye(s->leg))                                                                  \
	E(forget, scene_forget(s))                                                                 \
	E(bye_good, rig_answer(&s->r, scene_last_index(s, SIP_BYE), 200, NULL, NULL, NULL))        \
	E(bye_unknown, rig_answer(&s->r, scene_last_index(s, SIP_BYE), 481, NULL, NULL, NULL))

#define EVENT_FUNCTION(name, what)                                                                 \
	static void ev_##name(struct scene *s)                                                     \
	{                                                                                          \
		what;                                                                              \
	}
EVENTS(EVENT_FUNCTION)
#undef EVENT_FUNCTION

/* clang-format off */
static const struct {
	enum scene_state state;
	void (*event)(struct scene *s);
	const char *sent, *told;
} cells[] = {
	{CALLING, ev_accept, "ACK", "up"},
	{CALLING, ev_accept_badly, "ACK BYE", "refused(488)"}, /* 13.2.2.4 */
	{CALLING, ev_refuse, "ACK", "refused(480)"},
	{CALLING, ev_ack, "", ""},
	{CALLING, ev_cancel, "481/CANCEL", ""},
	{CALLING, ev_bye, "500/BYE", ""}, /* it was faster than the 2xx */
	{CALLING, ev_text, "500/MESSAGE", ""},
	{CALLING, ev_half_a_minute, "INVITE", "refused(timeout)"}, /* timer B */
	{CALLING, ev_leave, "", ""}, /* 9.1: no CANCEL before a 1xx */
	{CALLING, ev_forget, "", ""},

	{RINGING, ev_accept, "ACK", "up"},
	{RINGING, ev_accept_badly, "ACK BYE", "refused(488)"},
	{RINGING, ev_refuse, "ACK", "refused(480)"},
	{RINGING, ev_bye, "500/BYE", ""},
	{RINGING, ev_half_a_minute, "", ""},
	{RINGING, ev_a_minute, "CANCEL", "refused(timeout)"}, /* the owner's time */
	{RINGING, ev_leave, "CANCEL", ""},
	{RINGING, ev_forget, "CANCEL", ""},

	{CANCELLING, ev_accept, "ACK BYE", ""}, /* 9.1: it was faster */
	{CANCELLING, ev_accept_badly, "ACK BYE", ""},
	{CANCELLING, ev_cancelled, "ACK", "left"},
	{CANCELLING, ev_refuse, "ACK", "left"},
	{CANCELLING, ev_bye, "500/BYE", ""},
	{CANCELLING, ev_half_a_minute, "CANCEL", "left"}, /* 9.1: 64*T1 */
	{CANCELLING, ev_leave, "", ""},
	{CANCELLING, ev_forget, "", ""},

	{HEARD, ev_cancel, "200/CANCEL 487/INVITE", "ended(cancel)"},
	{HEARD, ev_leave, "480/INVITE", "left"},
	{HEARD, ev_forget, "480/INVITE", ""},
	{HEARD, ev_half_a_minute, "100/INVITE", ""},

	{UNACKED, ev_ack, "", "acked"},
	{UNACKED, ev_cancel, "200/CANCEL", ""}, /* too late */
	{UNACKED, ev_bye, "200/BYE", "ended(bye)"},
	{UNACKED, ev_text, "200/MESSAGE", "request(MESSAGE)"},
	{UNACKED, ev_invite, "200/INVITE", ""},
	{UNACKED, ev_audio, "488/INVITE", ""},
	{UNACKED, ev_half_a_minute, "200/INVITE BYE", "unacked"}, /* 13.3.1.4 */
	{UNACKED, ev_leave, "", ""}, /* 15 */
	{UNACKED, ev_forget, "", ""},

	{UP, ev_ack, "", ""},
	{UP, ev_cancel, "200/CANCEL", ""},
	{UP, ev_bye, "200/BYE", "ended(bye)"},
	{UP, ev_text, "200/MESSAGE", "request(MESSAGE)"},
	{UP, ev_invite, "200/INVITE", ""},
	{UP, ev_audio, "488/INVITE", ""},
	{UP, ev_half_a_minute, "", ""},
	{UP, ev_leave, "BYE", ""},
	{UP, ev_forget, "", ""},

	{UP_CALLING, ev_accept, "ACK", ""}, /* our ACK was lost */
	{UP_CALLING, ev_fork, "ACK BYE", ""}, /* 13.2.2.4 */
	{UP_CALLING, ev_ack, "", ""},
	{UP_CALLING, ev_bye, "200/BYE", "ended(bye)"},
	{UP_CALLING, ev_text, "200/MESSAGE", "request(MESSAGE)"},
	{UP_CALLING, ev_half_a_minute, "", ""},
	{UP_CALLING, ev_leave, "BYE", ""},
	{UP_CALLING, ev_forget, "", ""},

	{REASKED, ev_ack, "", ""},
	{REASKED, ev_cancel, "200/CANCEL", ""},
	{REASKED, ev_bye, "200/BYE", "ended(bye)"},
	{REASKED, ev_text, "200/MESSAGE", "request(MESSAGE)"},
	{REASKED, ev_invite, "200/INVITE", ""},
	{REASKED, ev_audio, "488/INVITE", ""},
	{REASKED, ev_half_a_minute, "200/INVITE BYE", "unacked"}, /* 14.2 */
	{REASKED, ev_leave, "", ""},
	{REASKED, ev_forget, "", ""},

	{LEAVING, ev_ack, "BYE", ""},
	{LEAVING, ev_cancel, "200/CANCEL", ""},
	{LEAVING, ev_bye, "200/BYE", "left"},
	{LEAVING, ev_text, "200/MESSAGE", "request(MESSAGE)"},
	{LEAVING, ev_invite, "480/INVITE", ""},
	{LEAVING, ev_half_a_minute, "200/INVITE BYE", ""},
	{LEAVING, ev_leave, "", ""},
	{LEAVING, ev_forget, "", ""},

	{BYE, ev_bye_good, "", "left"},
	{BYE, ev_bye_unknown, "", "left"},
	{BYE, ev_ack, "", ""},
	{BYE, ev_bye, "200/BYE", ""}, /* both at once */
	{BYE, ev_text, "481/MESSAGE", ""},
	{BYE, ev_invite, "481/INVITE", ""},
	{BYE, ev_half_a_minute, "BYE", "left"},
	{BYE, ev_leave, "", ""},
	{BYE, ev_forget, "", ""},
};
/* clang-format on */

static void states_and_events(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		struct scene s;

		scene_init(&s, &(struct rig_options){0});
		scene_bring_to(&s, cells[i].state);
		cells[i].event(&s);
		if (strcmp(scene_sent(&s), cells[i].sent))
			fail_msg("row %zu, state %d: sent %s, not %s", i, cells[i].state, s.sent,
				cells[i].sent);
		if (strcmp(scene_told(&s), cells[i].told))
			fail_msg("row %zu, state %d: told otherwise than %s", i, cells[i].state,
				cells[i].told);
		/* who has no owner is gone when nothing can come any more */
		if (!s.leg) {
			rig_advance(&s.r, 200000);
			assert_int_equal(scene_legs(&s), 0);
		}
		scene_done(&s);
	}
}

/* An end in two steps. */
static void late_ends(void **state)
{
	static const struct {
		enum scene_state state;
		void (*events[3])(struct scene *s);
		const char *sent, *told;
	} rows[] = {
		{CALLING, {ev_leave, ev_accept, ev_bye_good}, "ACK BYE", "left"},
		{CALLING, {ev_forget, ev_accept, ev_bye_good}, "ACK BYE", ""},
		{RINGING, {ev_leave, ev_cancelled}, "CANCEL ACK", "left"},
		{RINGING, {ev_a_minute, ev_accept, ev_bye_good}, "CANCEL ACK BYE",
			"refused(timeout)"},
		{CANCELLING, {ev_accept, ev_accept, ev_bye_good}, "ACK BYE ACK", "left"},
		{UP_CALLING, {ev_leave, ev_accept, ev_bye_good}, "BYE ACK", "left"},
		{UNACKED, {ev_leave, ev_ack, ev_bye_good}, "BYE", "left"},
		{UNACKED, {ev_leave, ev_leave, ev_bye}, "200/BYE", "left"},
		{UNACKED, {ev_half_a_minute, ev_bye_good}, "200/INVITE BYE", "unacked left"},
		{REASKED, {ev_leave, ev_ack, ev_bye_good}, "BYE", "left"},
		{UNACKED, {ev_invite, ev_ack, ev_bye}, "200/INVITE 200/BYE", "acked ended(bye)"},
		{UNACKED, {ev_half_a_minute, ev_ack, ev_bye_good}, "200/INVITE BYE",
			"unacked left"},
		{REASKED, {ev_half_a_minute, ev_ack, ev_bye_good}, "200/INVITE BYE",
			"unacked left"},
		{BYE, {ev_bye, ev_bye_good}, "200/BYE", "left"},
		{BYE, {ev_forget, ev_bye_good}, "", ""},
		{UP, {ev_bye, ev_bye}, "200/BYE 481/BYE", "ended(bye)"},
		{UP, {ev_forget, ev_text}, "481/MESSAGE", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene s;

		scene_init(&s, &(struct rig_options){0});
		scene_bring_to(&s, rows[i].state);
		for (size_t e = 0; e < 3 && rows[i].events[e]; e++)
			rows[i].events[e](&s);
		if (strcmp(scene_sent(&s), rows[i].sent))
			fail_msg("row %zu: sent %s, not %s", i, s.sent, rows[i].sent);
		assert_told(&s, rows[i].told);
		rig_advance(&s.r, 200000);
		assert_int_equal(scene_legs(&s), 0);
		scene_done(&s);
	}
}

/* ---- what our INVITE says (profile 5.6) ---- */

static void invite_says(void **state)
{
	struct scene s;
	const struct sip_msg *m;
	struct sdp sdp;

	scene_init(&s, &(struct rig_options){0});
	scene_call(&s);
	m = s.r.sip[s.invite].m;
	assert_slice(m->ruri_text, "sip:romeo@example.net");
	assert_slice(sip_msg_get(m, SIP_H_TO), "<sip:romeo@example.net>");
	assert_slice(m->from.uri.text, "sip:juliet@example.com;gr=balcony");
	assert_slice(sip_msg_get(m, SIP_H_CONTACT), "<sip:192.0.2.9:5060>");
	assert_slice(sip_msg_get(m, SIP_H_SUPPORTED), "timer");
	assert_slice(sip_msg_get_name(m, "Session-Expires"), "1800");
	assert_false(sip_msg_get_name(m, "Ms-Conversation-ID").p);
	assert_slice(sip_msg_get(m, SIP_H_CONTENT_TYPE), "application/sdp");
	assert_int_equal(sdp_parse(&sdp, m->body), 0);
	assert_slice(sdp.media[0].formats, "null");
	assert_int_equal(sdp.media[0].port, 5060);
	assert_slice(leg_call_id(s.leg), arena_dup(&s.r.arena, m->call_id));
	scene_forget(&s);
	scene_done(&s);
}

/* What the INVITE, OPTIONS and 405 list is the same. */
static void allow_is_one(void **state)
{
	struct scene s;
	struct buf lines = {0}, want = {0};

	scene_init(&s, &(struct rig_options){0});
	scene_call(&s);
	buf_str(&want, "Allow: ");
	buf_slice_add(&want, sip_msg_get(s.r.sip[s.invite].m, SIP_H_ALLOW));
	buf_str(&want, "\r\n");
	sip_caps_write(&lines, &gateway_caps);
	assert_true(slice_starts(buf_slice(&lines), buf_slice(&want)));
	buf_done(&lines);
	buf_done(&want);
	scene_done(&s);
}

static void microsoft_invite(void **state)
{
	struct scene s;
	struct slice one, two;

	scene_init(&s, &(struct rig_options){.kind = "microsoft-pool"});
	scene_call(&s);
	one = sip_msg_get_name(s.r.sip[s.invite].m, "Ms-Conversation-ID");
	assert_slice(sip_msg_get(s.r.sip[s.invite].m, SIP_H_SUPPORTED), "ms-sender, timer");
	scene_forget(&s);
	scene_call(&s);
	two = sip_msg_get_name(s.r.sip[s.invite].m, "Ms-Conversation-ID");
	assert_true(one.n >= 16 && two.n >= 16);
	assert_false(slice_eq(one, two)); /* A6 */
	scene_forget(&s);
	scene_done(&s);
}

static void own_fields(void **state)
{
	struct scene s;
	const struct sip_out fields[] = {
		{SL("P-Asserted-Identity"), SL("<sip:juliet@example.com>")},
		{SL("Subject"), SL("balcony")}};
	const struct leg_spec spec = {.owner = {.arg = &s},
		.partner = SL("example.com"),
		.ruri = SL("sip:romeo@example.net"),
		.from = SL("<sip:juliet@example.com>"),
		.call_id = SL("thread-7"),
		.fields = fields,
		.n_fields = 2,
		.timeout_ms = 1000};
	struct leg_spec copy = spec;
	const struct sip_msg *m;

	scene_init(&s, &(struct rig_options){0});
	copy.route = rig_route(&s.r);
	leg_forget(leg_invite(s.r.g, &copy));
	m = s.r.sip[0].m;
	assert_slice(m->call_id, "thread-7");
	assert_slice(sip_msg_get(m, SIP_H_P_ASSERTED_IDENTITY), "<sip:juliet@example.com>");
	assert_slice(sip_msg_get(m, SIP_H_SUBJECT), "balcony");
	scene_done(&s);
}

/* RFC 4028 7.4: once more with what they want; a third time is none. */
static void too_brief(void **state)
{
	struct scene s;
	const struct sip_msg *m;

	scene_init(&s, &(struct rig_options){.kind = "microsoft-pool"});
	scene_call(&s);
	scene_answer(&s, 422, "their1", "Min-SE: 3600\r\n", NULL);
	assert_sent(&s, "INVITE ACK INVITE");
	assert_told(&s, "");
	m = scene_last(&s, SIP_INVITE, true);
	assert_int_equal(m->cseq, 2);
	assert_true(slice_eq(m->call_id, s.r.sip[s.invite].m->call_id));
	assert_slice(sip_msg_get_name(m, "Session-Expires"), "3600");
	assert_slice(sip_msg_get_name(m, "Min-SE"), "3600");
	assert_false(slice_eq(sip_msg_get_name(m, "Ms-Conversation-ID"),
		sip_msg_get_name(s.r.sip[s.invite].m, "Ms-Conversation-ID")));
	scene_answer(&s, 422, "their1", "Min-SE: 7200\r\n", NULL);
	assert_told(&s, "refused(422)");
	rig_advance(&s.r, 100000);
	assert_int_equal(scene_legs(&s), 0);
	scene_done(&s);
}

static void too_brief_then_accepted(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_call(&s);
	scene_answer(&s, 422, "their1", "Min-SE: 3600\r\n", NULL);
	scene_answer(&s, 200, "their1", NULL, SDP_TEXT);
	assert_told(&s, "up");
	assert_int_equal(scene_last(&s, SIP_ACK, true)->cseq, 2);
	rig_advance(&s.r, 40000); /* the first transaction is gone */
	leg_bye(s.leg);
	assert_int_equal(scene_last(&s, SIP_BYE, true)->cseq, 3);
	scene_done(&s);
}

/* ---- forks ---- */

static void fork_is_ended(void **state)
{
	struct scene s;
	const struct sip_msg *ack, *bye;

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP_CALLING);
	ev_fork(&s);
	ack = scene_last(&s, SIP_ACK, true);
	bye = scene_last(&s, SIP_BYE, true);
	assert_slice(ack->to.tag, "their2");
	assert_slice(bye->to.tag, "their2");
	assert_int_equal(bye->cseq, 2);
	assert_int_equal(scene_legs(&s), 2);
	ev_fork(&s); /* our ACK was lost */
	assert_sent(&s, "ACK BYE ACK");
	ev_bye_good(&s);
	rig_advance(&s.r, 0);
	assert_int_equal(scene_legs(&s), 1);
	assert_told(&s, "");
	scene_text(&s, "hi", NULL, NULL);
	assert_slice(scene_last(&s, SIP_MESSAGE, true)->to.tag, "their1");
	scene_done(&s);
}

/* A server that lets a thousand devices accept makes us keep no more than a few of them. */
static void forks_are_bounded(void **state)
{
	struct scene s;
	char tag[16];

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP_CALLING);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(tag, sizeof tag, "fork%u", i);
		scene_answer(&s, 200, tag, NULL, SDP_TEXT);
	}
	assert_int_equal(scene_legs(&s), 1 + 64);
	assert_told(&s, "");
	scene_text(&s, "hi", NULL, NULL);
	assert_slice(scene_last(&s, SIP_MESSAGE, true)->to.tag, "their1");
	rig_advance(&s.r, 40000);
	assert_int_equal(scene_legs(&s), 1);
	scene_done(&s);
}

static void same_ack_again(void **state)
{
	struct scene s;
	struct slice first;

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, UP_CALLING);
	first = slice_of(s.r.sip[scene_last_index(&s, SIP_ACK)].text);
	scene_text(&s, "between", NULL, NULL);
	rig_answer(&s.r, s.invite, 200, "their1",
		ROUTES CONTACT "Content-Type: application/sdp\r\n", SDP_TEXT);
	assert_slice(first, s.r.sip[scene_last_index(&s, SIP_ACK)].text);
	scene_done(&s);
}

/* A 2xx of which no dialog can be made is told, and bears nothing. */
static void broken_2xx(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_call(&s);
	rig_answer(&s.r, s.invite, 200, "their1", "Contact: <mailto:romeo@example.net>\r\n", NULL);
	assert_told(&s, "refused(500)");
	rig_advance(&s.r, 100000);
	assert_int_equal(scene_legs(&s), 0);
	scene_done(&s);
}

/* ---- our 2xx ---- */

static void said_again_until_ack(void **state)
{
	struct scene s;
	unsigned before;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, NULL, SDP_TEXT);
	before = s.r.n_sip;
	rig_advance(&s.r, 499);
	assert_int_equal(s.r.n_sip, before);
	rig_advance(&s.r, 1);
	assert_int_equal(s.r.n_sip, before + 1);
	rig_advance(&s.r, 1000);
	assert_int_equal(s.r.n_sip, before + 2);
	assert_string_equal(s.r.sip[before].text, s.r.sip[before - 1].text);
	scene_ack(&s);
	rig_advance(&s.r, 10000);
	assert_int_equal(s.r.n_sip, before + 2);
	assert_told(&s, "acked");
	scene_done(&s);
}

static void ack_of_another_number(void **state)
{
	struct scene s;

	scene_init(&s, &(struct rig_options){0});
	scene_invited(&s, NULL, SDP_TEXT);
	scene_within_as(&s, "ACK", 7, NULL, NULL);
	assert_told(&s, "");
	scene_ack(&s);
	assert_told(&s, "acked");
	scene_done(&s);
}

/* Profile 5.2. */
static void first_message_taken(void **state)
{
	for (int taken = 0; taken < 2; taken++) {
		struct scene s;

		scene_init(&s, &(struct rig_options){0});
		s.first = taken;
		scene_invited(&s, "ms-text-format: text/plain;ms-body=SGk=\r\n", SDP_TEXT);
		assert_slice(sip_msg_get(s.r.sip[s.r.n_sip - 1].m, SIP_H_SUPPORTED),
			taken ? "timer, ms-text-format" : "timer");
		scene_done(&s);
	}
}

static void refused_by_owner(void **state)
{
	struct scene s;
	const struct message_refusal no = {.status = 403,
		.reason = SL("Federation is not enabled"),
		.field = {SL("Warning"), SL("399 entente \"no\"")}};
	const struct sip_msg *m;

	scene_init(&s, &(struct rig_options){0});
	scene_bring_to(&s, HEARD);
	leg_refuse(s.leg, &no);
	m = s.r.sip[s.r.n_sip - 1].m;
	assert_int_equal(m->status, 403);
	assert_slice(m->reason, "Federation is not enabled");
	assert_slice(sip_msg_get(m, SIP_H_WARNING), "399 entente \"no\"");
	rig_advance(&s.r, 0);
	assert_int_equal(scene_legs(&s), 0);
	assert_told(&s, "");
	scene_done(&s);
}

static void refused_before_there_is_one(void **state)
{
	static const struct {
		const char *headers, *body;
		unsigned status;
		const char *field, *value;
	} rows[] = {
		{"Session-Expires: 60\r\n", SDP_TEXT, 422, "Min-SE", "90"},
		{"Session-Expires: soon\r\n", SDP_TEXT, 400, NULL, NULL},
		{"Contact: <sip:second@10.0.0.9>\r\n", SDP_TEXT, 400, NULL, NULL},
		{NULL, NULL, 488, "Warning", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene s;
		const struct sip_msg *m;

		scene_init(&s, &(struct rig_options){0});
		scene_invited(&s, rows[i].headers, rows[i].body);
		m = s.r.sip[s.r.n_sip - 1].m;
		assert_int_equal(m->status, rows[i].status);
		assert_slice(s.refusal.field.name, rows[i].field);
		if (rows[i].value)
			assert_slice(s.refusal.field.value, rows[i].value);
		rig_advance(&s.r, 0);
		assert_int_equal(scene_legs(&s), 0);
		scene_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_and_events),
		cmocka_unit_test(late_ends),
		cmocka_unit_test(invite_says),
		cmocka_unit_test(allow_is_one),
		cmocka_unit_test(microsoft_invite),
		cmocka_unit_test(own_fields),
		cmocka_unit_test(too_brief),
		cmocka_unit_test(too_brief_then_accepted),
		cmocka_unit_test(fork_is_ended),
		cmocka_unit_test(forks_are_bounded),
		cmocka_unit_test(same_ack_again),
		cmocka_unit_test(broken_2xx),
		cmocka_unit_test(said_again_until_ack),
		cmocka_unit_test(ack_of_another_number),
		cmocka_unit_test(first_message_taken),
		cmocka_unit_test(refused_by_owner),
		cmocka_unit_test(refused_before_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
