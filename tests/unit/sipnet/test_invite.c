#include "stream_rig.h"

#include "peer.h"

/*
 * INVITEs of ours on the network, their CANCEL and ACK (RFC 3261 13.2, 9.1, 22; RFC 6026). The
 * other end is a UDP socket, "main" leads to it.
 */
static struct rig rig;
static struct peer peer;
static uint16_t port;
static struct sipnet_call *under_way;
static struct sip_dialog *dialog;
static char taken[65536];   /* what the peer has got last */
static char invited[65536]; /* the last INVITE of that */
static bool forget;         /* inside done() */

static const struct sip_spec invite = {
	.method = SIP_INVITE,
	.ruri = SL("sip:romeo@sip.lab"),
	.from = SL("<sip:juliet@xmpp.lab>"),
	.to = SL("<sip:romeo@sip.lab>"),
	.from_tag = SL("j"),
	.call_id = SL("call1"),
	.content_type = SL("application/sdp"),
	.body = SL("v=0\r\n"),
};

static int setup_with(const char *user, const char *password)
{
	char hop[64];

	rig_open_calls(&rig, NULL);
	port = sipnet_port(rig.net, 0);
	peer_open(&peer, "127.0.0.1");
	snprintf(hop, sizeof hop, "sip:127.0.0.1:%u", peer.port);
	rig_routes(&rig,
		&(struct rig_route){.name = "main",
			.next_hop = hop,
			.domain = "sip.lab",
			.user = user,
			.password = password},
		1);
	under_way = NULL;
	dialog = NULL;
	forget = false;
	return 0;
}

static int setup(void **state)
{
	return setup_with(NULL, NULL);
}

static int setup_digest(void **state)
{
	return setup_with("gateway", "secret");
}

static int teardown(void **state)
{
	peer_close(&peer);
	rig_close(&rig);
	sip_dialog_free(dialog);
	return 0;
}

static const struct route *route(void)
{
	return snapshot_route(rig.snapshot, SL("main"));
}

/* "180 200 gone " */
static void on_done(void *arg, const struct sip_result *r)
{
	static const char *const names[] = {[SIP_TIMEOUT] = "timeout ",
		[SIP_UNREACHABLE] = "unreachable ",
		[SIP_NO_TARGET] = "no-target ",
		[SIP_ALL_DOWN] = "all-down ",
		[SIP_GONE] = "gone "};

	if (r->end != SIP_FINAL && r->end != SIP_PROVISIONAL) {
		buf_str(&rig.told, names[r->end]);
		under_way = NULL;
		return;
	}
	buf_printf(&rig.told, "%u ", r->status);
	if (r->status >= 200 && r->status < 300 && !dialog)
		assert_int_equal(sip_dialog_new_calling(&dialog, &invite, r->response), 0);
	if (forget && r->end == SIP_FINAL)
		sipnet_forget(under_way);
}

static void call(void)
{
	under_way = sipnet_invite(rig.net, route(), &invite, 0, on_done, NULL);
	rig_settle(&rig);
}

/* The next request of this method that has come, others skipped; false: none. */
static bool took(const char *method)
{
	const char *text;

	while ((text = peer_take(&peer))) {
		if (strncmp(text, method, strlen(method)) != 0)
			continue;
		snprintf(taken, sizeof taken, "%s", text);
		if (strncmp(text, "INVITE ", 7) == 0)
			strcpy(invited, taken);
		return true;
	}
	return false;
}

static const char *field(const char *name)
{
	static char value[4][1024];
	static unsigned next;
	char *ret = value[next++ % 4];
	const char *at = strstr(taken, name);

	ret[0] = 0;
	if (at)
		sscanf(at + strlen(name), "%*[: ]%1023[^\r\n]", ret);
	return ret;
}

/* Answers what was taken. tag: of To; more: complete lines. */
static void answer(const char *status, const char *tag, const char *more)
{
	char *text = xasprintf("SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: <sip:romeo@sip.lab>%s\r\n"
			       "Call-ID: %s\r\nCSeq: %s\r\n%sContent-Length: 0\r\n\r\n",
		status, field("\r\nVia"), field("\r\nFrom"), tag, field("\r\nCall-ID"),
		field("\r\nCSeq"), more);

	peer_send(&peer, "127.0.0.1", port, text);
	xfree(text);
	rig_settle(&rig);
}

static void answer_invite(const char *status, const char *tag, const char *more)
{
	strcpy(taken, invited);
	answer(status, tag, more);
}

#define CONTACT "Contact: <sip:romeo@127.0.0.1>\r\n"

static void pass(unsigned ms)
{
	loop_fake_advance(rig.loop, ms);
	rig_settle(&rig);
}

static void acknowledge(void)
{
	struct sip_out way;
	struct sip_spec ack;

	sip_dialog_request(dialog, SIP_ACK, &ack, &way);
	sipnet_ack(rig.net, route(), NULL, way.value, &ack);
	rig_settle(&rig);
}

/* 13.2.2.4, RFC 6026 7.2: each 2xx is told, and has the same ACK. */
static void accepted(void **state)
{
	char first[65536];

	call();
	assert_true(took("INVITE sip:romeo@sip.lab "));
	assert_string_equal(field("\r\nCall-ID"), "call1");
	assert_string_equal(field("\r\nFrom"), "<sip:juliet@xmpp.lab>;tag=j");
	assert_int_equal(sipnet_busy(rig.net), 1);
	answer("100 Trying", "", "");
	answer_invite("180 Ringing", ";tag=x", CONTACT);
	answer_invite("200 OK", ";tag=x", CONTACT);
	rig_expect_told(&rig, "100 180 200 ");
	assert_int_equal(sipnet_busy(rig.net), 0); /* nobody waits for what may still come */
	answer_invite("200 OK", ";tag=x", CONTACT);
	answer_invite("200 OK", ";tag=y", CONTACT); /* of another branch */
	rig_expect_told(&rig, "200 200 ");
	acknowledge();
	assert_true(took("ACK sip:romeo@127.0.0.1 "));
	assert_string_equal(field("\r\nCSeq"), "1 ACK");
	strcpy(first, taken);
	acknowledge();
	assert_true(took("ACK "));
	assert_string_equal(taken, first);
	sipnet_cancel(under_way); /* too late */
	pass(31999);
	rig_expect_told(&rig, "");
	pass(200);
	rig_expect_told(&rig, "gone ");
	assert_false(took("CANCEL "));
}

/* 17.1.1.3: who is refused has been acknowledged already. */
static void refused(void **state)
{
	call();
	assert_true(took("INVITE "));
	answer_invite("486 Busy Here", ";tag=x", "");
	rig_expect_told(&rig, "486 ");
	assert_int_equal(sipnet_busy(rig.net), 0);
	assert_true(took("ACK sip:romeo@sip.lab "));
	answer_invite("486 Busy Here", ";tag=x", ""); /* again */
	assert_true(took("ACK "));
	pass(32200);
	rig_expect_told(&rig, "gone ");
}

static void forgotten_after_the_answer(void **state)
{
	forget = true;
	call();
	assert_true(took("INVITE "));
	answer_invite("486 Busy Here", ";tag=x", "");
	assert_true(took("ACK "));
	answer_invite("486 Busy Here", ";tag=x", "");
	assert_true(took("ACK "));
	pass(40000);
	rig_expect_told(&rig, "486 ");
}

/* 9.1: not before a provisional answer. */
static void cancelled(void **state)
{
	call();
	assert_true(took("INVITE "));
	sipnet_cancel(under_way);
	sipnet_cancel(under_way);
	rig_settle(&rig);
	assert_false(took("CANCEL "));
	answer_invite("180 Ringing", ";tag=x", CONTACT);
	assert_true(took("CANCEL sip:romeo@sip.lab "));
	answer("200 OK", ";tag=x", "");
	answer_invite("487 Request Terminated", ";tag=x", "");
	rig_expect_told(&rig, "180 487 ");
	assert_int_equal(sipnet_busy(rig.net), 0);
}

/* A 2xx that was faster is told, and its session is the caller's to end. */
static void cancelled_too_late(void **state)
{
	call();
	assert_true(took("INVITE "));
	answer_invite("180 Ringing", ";tag=x", CONTACT);
	sipnet_cancel(under_way);
	answer_invite("200 OK", ";tag=x", CONTACT);
	rig_expect_told(&rig, "180 200 ");
	assert_non_null(dialog);
	assert_true(took("CANCEL "));
	acknowledge();
	assert_true(took("ACK "));
}

/* Nobody waits for it any more: it is cancelled and ends in silence. */
static void forgotten_before_the_answer(void **state)
{
	call();
	assert_true(took("INVITE "));
	answer_invite("180 Ringing", ";tag=x", CONTACT);
	sipnet_forget(under_way);
	rig_settle(&rig);
	assert_int_equal(sipnet_busy(rig.net), 1);
	assert_true(took("CANCEL "));
	answer_invite("487 Request Terminated", ";tag=x", "");
	assert_int_equal(sipnet_busy(rig.net), 0);
	assert_true(took("ACK "));
	pass(40000);
	rig_expect_told(&rig, "180 ");
}

static void forgotten_and_never_answered(void **state)
{
	call();
	sipnet_forget(under_way);
	for (unsigned i = 0; i < 80; i++)
		pass(500);
	rig_expect_told(&rig, "");
	assert_int_equal(sipnet_busy(rig.net), 0);
}

static void nobody_answers(void **state)
{
	call();
	for (unsigned i = 0; i < 80; i++)
		pass(500);
	rig_expect_told(&rig, "timeout ");
	assert_int_equal(sipnet_busy(rig.net), 0);
}

/* 22.2, 13.2.2.4: once more with the next number and the credentials, which its ACK has, too. */
static void asked_for_credentials(void **state)
{
	call();
	assert_true(took("INVITE "));
	answer_invite("401 Unauthorized", ";tag=x",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n");
	rig_expect_told(&rig, "");
	assert_true(took("ACK ")); /* of the first */
	assert_string_equal(field("\r\nCSeq"), "1 ACK");
	assert_true(took("INVITE "));
	assert_string_equal(field("\r\nCSeq"), "2 INVITE");
	assert_string_equal(field("\r\nCall-ID"), "call1");
	assert_string_equal(field("\r\nFrom"), "<sip:juliet@xmpp.lab>;tag=j");
	assert_non_null(strstr(field("\r\nAuthorization"), "username=\"gateway\""));
	answer_invite("200 OK", ";tag=x", CONTACT);
	rig_expect_told(&rig, "200 ");
	acknowledge();
	assert_true(took("ACK "));
	assert_string_equal(field("\r\nCSeq"), "2 ACK");
	assert_non_null(strstr(field("\r\nAuthorization"), "username=\"gateway\""));
	pass(32200);
	rig_expect_told(&rig, "gone ");
}

static void on_within(void *arg, const struct sip_result *r)
{
	buf_printf(&rig.told, "%s:%u ", (const char *)arg, r->status);
}

static void send_within(enum sip_method method, const char *name)
{
	struct sip_out way;
	struct sip_spec s;

	sip_dialog_request(dialog, method, &s, &way);
	sipnet_within(rig.net, route(), NULL, way.value, &s, 0, on_within, (void *)name);
	rig_settle(&rig);
}

/* Within a dialog another request may have had the next number meanwhile. */
static void asked_within_a_dialog(void **state)
{
	static const char stale[] = "WWW-Authenticate: Digest realm=\"r\", nonce=\"m\", "
				    "qop=\"auth\", stale=true\r\n";
	char message[65536];

	asked_for_credentials(state);
	send_within(SIP_MESSAGE, "message");
	assert_true(took("MESSAGE sip:romeo@127.0.0.1 "));
	assert_string_equal(field("\r\nCSeq"), "3 MESSAGE");
	strcpy(message, taken);
	send_within(SIP_INFO, "info");
	assert_true(took("INFO "));
	assert_string_equal(field("\r\nCSeq"), "4 INFO");
	answer("200 OK", "", "");
	strcpy(taken, message);
	answer("401 Unauthorized", "", stale);
	assert_true(took("MESSAGE "));
	assert_string_equal(field("\r\nCSeq"), "5 MESSAGE");
	assert_string_equal(field("\r\nTo"), "<sip:romeo@sip.lab>;tag=x");
	answer("200 OK", "", "");
	rig_expect_told(&rig, "info:200 message:200 ");
	send_within(SIP_BYE, "bye");
	assert_true(took("BYE "));
	assert_string_equal(field("\r\nCSeq"), "6 BYE");
	answer("200 OK", "", "");
	rig_expect_told(&rig, "bye:200 ");
}

/* While one tries whether the credentials are good the others wait; who is cancelled then was never
 * sent. */
static void cancelled_while_it_waits(void **state)
{
	struct sipnet_call *waits;

	call();
	waits = sipnet_invite(rig.net, route(), &invite, 0, on_done, NULL);
	sipnet_cancel(waits);
	rig_settle(&rig);
	rig_expect_told(&rig, "gone ");
	assert_int_equal(sipnet_busy(rig.net), 1);
	assert_true(took("INVITE "));
	assert_false(took("INVITE "));
}

static void no_such_route(void **state)
{
	char name[] = "gone";
	struct route copy = {.name = name};

	under_way = sipnet_invite(rig.net, &copy, &invite, 0, on_done, NULL);
	rig_expect_told(&rig, "");
	rig_settle(&rig);
	rig_expect_told(&rig, "no-target ");
	assert_int_equal(sipnet_busy(rig.net), 0);
}

int main(void)
{
#define PLAIN(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)
#define DIGEST(f) cmocka_unit_test_setup_teardown(f, setup_digest, teardown)
	const struct CMUnitTest tests[] = {
		PLAIN(accepted),
		PLAIN(refused),
		PLAIN(forgotten_after_the_answer),
		PLAIN(cancelled),
		PLAIN(cancelled_too_late),
		PLAIN(forgotten_before_the_answer),
		PLAIN(forgotten_and_never_answered),
		PLAIN(nobody_answers),
		PLAIN(no_such_route),
		DIGEST(asked_for_credentials),
		DIGEST(asked_within_a_dialog),
		DIGEST(cancelled_while_it_waits),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
