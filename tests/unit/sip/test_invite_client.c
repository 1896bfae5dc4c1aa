#include "unit.h"

#include "net.h"

/* Client transactions of INVITE, CANCEL and ACK: RFC 3261 9.1, 13.2.2.4, 17.1.1, 17.1.4, RFC 6026.
 */

struct told {
	struct net *net;
	struct buf text; /* "180 200 gone " */
	uint64_t at;
	bool may_have_arrived, gone;
	unsigned sent;
	struct sip_client *cancel_at_1xx; /* inside the callback */
};

static const struct sip_out contact_and_route[] = {
	{SL("Contact"), SL("<sip:juliet@192.0.2.1>")},
	{SL("Route"), SL("<sip:p1.example;lr>")},
	{SL("Route"), SL("<sip:p2.example;lr>")},
};

static const struct sip_spec spec = {
	.method = SIP_INVITE,
	.ruri = SL("sip:romeo@example.net"),
	.from = SL("<sip:juliet@example.com>"),
	.to = SL("<sip:romeo@example.net>"),
	.cseq = 17,
	.fields = contact_and_route,
	.n_fields = ARRAY_LEN(contact_and_route),
	.content_type = SL("application/sdp"),
	.body = SL("v=0\r\n"),
};

static void on_event(void *arg, const struct sip_result *r)
{
	static const char *const ends[] = {[SIP_TIMEOUT] = "timeout",
		[SIP_UNREACHABLE] = "unreachable",
		[SIP_TOO_BIG] = "too-big",
		[SIP_OVERLOADED] = "overloaded",
		[SIP_GONE] = "gone"};
	struct told *t = arg;

	assert_false(t->gone);
	t->at = t->net->now;
	t->may_have_arrived = r->may_have_arrived;
	t->sent = r->sent;
	if (r->end == SIP_PROVISIONAL || r->end == SIP_FINAL) {
		assert_int_equal(r->status < 200, r->end == SIP_PROVISIONAL);
		buf_printf(&t->text, "%u ", r->status);
	} else {
		t->gone = true;
		buf_printf(&t->text, "%s ", ends[r->end]);
	}
	if (t->cancel_at_1xx && r->end == SIP_PROVISIONAL)
		sip_client_cancel(t->cancel_at_1xx, t->net->now);
}

static void expect_told(struct told *t, const char *want)
{
	assert_slice(buf_slice(&t->text), want);
	buf_reset(&t->text);
}

static struct sip_client *invite_to(struct net *n, const struct sip_hop *to, struct told *t)
{
	*t = (struct told){.net = n};
	return sip_stack_request(n->stack, to, &spec, 0, on_event, t, n->now);
}

static struct sip_client *invite(struct net *n, struct told *t)
{
	return invite_to(n, PEER, t);
}

/* "tag" is of To. The request answered is what was sent as number i. */
static void respond_to(struct net *n, unsigned i, const char *status, const char *tag)
{
	const char *via = strstr(net_text(n, i), "Via:"), *to = strstr(via, "\r\nCall-ID"),
		   *end = strstr(to, "\r\nContact:");
	char *text;

	if (!end)
		end = strstr(to, "\r\nRoute:");
	text = xasprintf("SIP/2.0 %s\r\n%.*s;tag=%s%.*s\r\nContent-Length: 0\r\n\r\n", status,
		(int)(to - via), via, tag, (int)(end - to), to);
	net_rx(n, &n->sent[i].to, text);
	xfree(text);
}

static void respond(struct net *n, const char *status)
{
	respond_to(n, 0, status, "x");
}

static void done(struct net *n, struct told *t)
{
	buf_done(&t->text);
	net_free(n);
}

static void expect_nothing_held(struct net *n)
{
	assert_int_equal(net_stats(n).bytes, 0);
	assert_int_equal(net_stats(n).clients_active + net_stats(n).clients_lingering, 0);
	assert_int_equal(sip_stack_deadline(n->stack), UINT64_MAX);
}

/* The lines that CANCEL and ACK have of their INVITE. */
static char *like_the_invite(struct net *n, const char *method, const char *to_tag)
{
	const char *via = strstr(net_text(n, 0), "Via: "), *from = strstr(via, "From: "),
		   *id = strstr(via, "Call-ID: ");

	return xasprintf("%s sip:romeo@example.net SIP/2.0\r\n%.*s\r\nMax-Forwards: 70\r\n%.*s\r\n"
			 "To: <sip:romeo@example.net>%s\r\n%.*s\r\nCSeq: 17 %s\r\n"
			 "Route: <sip:p1.example;lr>\r\nRoute: <sip:p2.example;lr>\r\n"
			 "Content-Length: 0\r\n\r\n",
		method, (int)strcspn(via, "\r"), via, (int)strcspn(from, "\r"), from, to_tag,
		(int)strcspn(id, "\r"), id, method);
}

static void expect_sent(struct net *n, unsigned i, const char *method, const char *to_tag)
{
	char *want = like_the_invite(n, method, to_tag);

	assert_string_equal(net_text(n, i), want);
	xfree(want);
}

/* 17.1.1.2: A doubles without an end; B after 64*T1. */
static void test_no_answer(void **state)
{
	static const unsigned at[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	struct net *n = net_new();
	struct told t;

	invite(n, &t);
	net_run(n, 31999);
	expect_told(&t, "");
	net_run(n, 1);
	expect_told(&t, "timeout ");
	assert_true(t.may_have_arrived);
	assert_int_equal(t.sent, ARRAY_LEN(at));
	assert_int_equal(n->n_sent, ARRAY_LEN(at));
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		assert_int_equal(n->sent[i].at - 1000, at[i]);
		assert_string_equal(net_text(n, (unsigned)i), net_text(n, 0));
	}
	expect_nothing_held(n);
	done(n, &t);
}

/* 17.1.1.2: each provisional answer is told; after the first nothing is sent, and nothing ends it.
 */
static void test_provisional(void **state)
{
	struct net *n = net_new();
	struct told t;

	invite(n, &t);
	net_run(n, 600);
	respond(n, "100 Trying");
	respond(n, "180 Ringing");
	respond(n, "180 Ringing");
	net_run(n, 200000);
	expect_told(&t, "100 180 180 ");
	assert_int_equal(n->n_sent, 2);
	assert_int_equal(sip_stack_deadline(n->stack), UINT64_MAX);
	respond(n, "200 OK");
	expect_told(&t, "200 ");
	done(n, &t);
}

/* 17.1.1.2, 17.1.1.3: the ACK of a refusal, again with each time it comes; D is 32 s. */
static void test_refused(void **state)
{
	struct net *n = net_new();
	struct told t;

	invite(n, &t);
	respond(n, "486 Busy Here");
	expect_told(&t, "486 ");
	assert_int_equal(n->n_sent, 2);
	assert_true(sip_hop_equal(&n->sent[1].to, PEER));
	expect_sent(n, 1, "ACK", ";tag=x");
	respond(n, "486 Busy Here");
	assert_string_equal(net_text(n, 2), net_text(n, 1));
	respond(n, "180 Ringing");
	respond(n, "200 OK");
	net_run(n, 31999);
	expect_told(&t, "");
	assert_int_equal(n->n_sent, 3);
	assert_int_equal(net_stats(n).clients_lingering, 1);
	net_run(n, 1);
	expect_told(&t, "gone ");
	expect_nothing_held(n);
	done(n, &t);
}

/* By a connection: no A; B all the same; D is 0, but the ACK is sent. */
static void test_reliable(void **state)
{
	struct net *n = net_new();
	struct sip_hop tcp = *PEER;
	struct told t;

	tcp.transport = SIP_TCP;
	tcp.flow = 5;
	invite_to(n, &tcp, &t);
	net_run(n, 32000);
	expect_told(&t, "timeout ");
	assert_int_equal(n->n_sent, 1);
	n->n_sent = 0;
	buf_done(&t.text);
	invite_to(n, &tcp, &t);
	respond(n, "486 Busy Here");
	expect_told(&t, "486 gone ");
	expect_sent(n, 1, "ACK", ";tag=x");
	assert_int_equal(n->sent[1].to.flow, 5);
	sip_stack_closed(n->stack, &tcp, 0, n->now);
	expect_nothing_held(n);
	done(n, &t);
}

/* RFC 6026 7.2: each 2xx is told, of whatever branch; none is acknowledged here; M is 64*T1. */
static void test_accepted(void **state)
{
	struct net *n = net_new();
	struct told t;

	invite(n, &t);
	respond(n, "180 Ringing");
	respond(n, "200 OK");
	respond(n, "200 OK");
	respond_to(n, 0, "200 OK", "fork");
	respond(n, "180 Ringing");
	respond(n, "486 Busy Here");
	expect_told(&t, "180 200 200 200 ");
	assert_int_equal(n->n_sent, 1);
	net_run(n, 31999);
	expect_told(&t, "");
	net_run(n, 1);
	expect_told(&t, "gone ");
	assert_int_equal(n->n_sent, 1);
	expect_nothing_held(n);
	respond(n, "200 OK"); /* RFC 6026 8.9: dropped */
	assert_int_equal(net_stats(n).stray_responses, 1);
	done(n, &t);
}

/* 13.2.2.4: ACK to a 2xx is no transaction's; the same again for the same 2xx. */
static void test_ack(void **state)
{
	struct net *n = net_new();
	struct sip_spec ack = {.method = SIP_ACK,
		.ruri = SL("sip:romeo@192.0.2.99"),
		.from = SL("<sip:juliet@example.com>"),
		.from_tag = SL("f"),
		.to = SL("<sip:romeo@example.net>"),
		.to_tag = SL("x"),
		.call_id = SL("c"),
		.cseq = 17};

	sip_stack_ack(n->stack, PEER, &ack);
	sip_stack_ack(n->stack, PEER, &ack);
	assert_int_equal(n->n_sent, 2);
	assert_string_equal(net_text(n, 0), net_text(n, 1));
	assert_memory_equal(net_text(n, 0), "ACK sip:romeo@192.0.2.99 SIP/2.0\r\n", 34);
	assert_non_null(strstr(net_text(n, 0), "\r\nCSeq: 17 ACK\r\n"));
	assert_non_null(strstr(net_text(n, 0), ";branch=z9hG4bKa0"));
	ack.to_tag = SL("y"); /* of another branch of the fork: another dialog, another ACK */
	sip_stack_ack(n->stack, PEER, &ack);
	ack.cseq = 18;
	sip_stack_ack(n->stack, PEER, &ack);
	for (size_t i = 2; i < 4; i++)
		assert_memory_not_equal(strstr(net_text(n, i), ";branch="),
			strstr(net_text(n, i - 1), ";branch="), sizeof ";branch=z9hG4bK" + 17);
	net_run(n, 60000);
	assert_int_equal(n->n_sent, 4);
	expect_nothing_held(n);
	net_free(n);
}

/* 9.1: not before a provisional answer; then with the lines of the INVITE, as its own transaction.
 */
static void test_cancel(void **state)
{
	struct net *n = net_new();
	struct told t;
	struct sip_client *c = invite(n, &t);

	sip_client_cancel(c, n->now);
	net_run(n, 400);
	assert_int_equal(n->n_sent, 1);
	respond(n, "100 Trying");
	assert_int_equal(n->n_sent, 2);
	expect_sent(n, 1, "CANCEL", "");
	net_run(n, 600);
	assert_int_equal(n->n_sent, 3); /* E of the CANCEL */
	assert_string_equal(net_text(n, 2), net_text(n, 1));
	respond_to(n, 1, "200 OK", "y");
	sip_client_cancel(c, n->now); /* once is enough */
	respond(n, "487 Request Terminated");
	expect_told(&t, "100 487 ");
	assert_int_equal(n->n_sent, 4);
	expect_sent(n, 3, "ACK", ";tag=x");
	sip_client_cancel(c, n->now); /* nothing after the final answer */
	net_run(n, 33000);
	expect_told(&t, "gone ");
	assert_int_equal(n->n_sent, 4);
	expect_nothing_held(n);
	done(n, &t);
}

/* 9.1: no CANCEL where nothing is heard: B ends it. */
static void test_cancel_unheard(void **state)
{
	struct net *n = net_new();
	struct told t;

	sip_client_cancel(invite(n, &t), n->now);
	net_run(n, 32000);
	expect_told(&t, "timeout ");
	for (unsigned i = 0; i < n->n_sent; i++)
		assert_memory_equal(net_text(n, i), "INVITE ", 7);
	expect_nothing_held(n);
	done(n, &t);
}

/* 9.1: no final answer in 64*T1 after the CANCEL. */
static void test_cancel_without_end(void **state)
{
	struct net *n = net_new();
	struct told t;
	struct sip_client *c = invite(n, &t);

	respond(n, "180 Ringing");
	net_run(n, 90000);
	sip_client_cancel(c, n->now);
	respond_to(n, 1, "200 OK", "y");
	net_run(n, 31999);
	expect_told(&t, "180 ");
	net_run(n, 1);
	expect_told(&t, "timeout ");
	expect_nothing_held(n);
	done(n, &t);
}

/* A 2xx that was faster than the CANCEL; and cancelled inside the callback of the 180. */
static void test_cancel_crosses(void **state)
{
	struct net *n = net_new();
	struct told t;
	struct sip_client *c = invite(n, &t);

	t.cancel_at_1xx = c;
	respond(n, "180 Ringing");
	assert_int_equal(n->n_sent, 2);
	respond(n, "180 Ringing");
	assert_int_equal(n->n_sent, 2);
	respond(n, "200 OK");
	respond_to(n, 1, "481 Call/Transaction Does Not Exist", "y");
	expect_told(&t, "180 180 200 ");
	net_run(n, 40000);
	expect_told(&t, "gone ");
	expect_nothing_held(n);
	done(n, &t);
}

/*
 * 17.1.4: a connection ends while the INVITE is sent: it has failed. Once it was answered with
 * anything, the answer may come another way (18.2.2), and CANCEL goes by any connection.
 */
static void test_connection_ends(void **state)
{
	struct net *n = net_new();
	struct sip_hop tcp = *PEER;
	struct told a, b, c;
	struct sip_client *ringing;

	tcp.transport = SIP_TCP;
	tcp.flow = 5;
	ringing = invite_to(n, &tcp, &a);
	respond(n, "180 Ringing");
	invite_to(n, &tcp, &b);
	respond_to(n, 1, "200 OK", "x");
	invite_to(n, &tcp, &c);
	sip_stack_closed(n->stack, &tcp, 0, n->now);
	expect_told(&a, "180 ");
	expect_told(&b, "200 ");
	expect_told(&c, "unreachable ");
	assert_false(c.may_have_arrived);
	sip_client_cancel(ringing, n->now);
	expect_sent(n, 3, "CANCEL", "");
	assert_int_equal(n->sent[3].to.flow, 0);
	respond(n, "487 Request Terminated");
	expect_told(&a, "487 gone ");
	buf_done(&b.text);
	buf_done(&c.text);
	done(n, &a);
}

/* 18.4: news of the INVITE count while it is sent, those of the ACK after it. */
static void test_undelivered(void **state)
{
	struct net *n = net_new();
	struct told t;
	char *sent;

	invite(n, &t);
	sip_stack_undelivered(n->stack, PEER, slice_of(net_text(n, 0)), n->now);
	expect_told(&t, "unreachable ");
	assert_false(t.may_have_arrived);
	expect_nothing_held(n);
	n->n_sent = 0;
	buf_done(&t.text);
	invite(n, &t);
	sent = xstrdup(net_text(n, 0));
	respond(n, "180 Ringing");
	sip_stack_undelivered(n->stack, PEER, slice_of(sent), n->now);
	respond(n, "486 Busy Here");
	sip_stack_undelivered(n->stack, PEER, slice_of(sent), n->now);
	expect_told(&t, "180 486 ");
	sip_stack_undelivered(n->stack, PEER, slice_of(net_text(n, 1)), n->now);
	expect_told(&t, "gone ");
	expect_nothing_held(n);
	xfree(sent);
	done(n, &t);
}

/* What never begins is told at the next tick, once. */
static void test_never_begun(void **state)
{
	struct net *n = net_new_sized(1, 1);
	struct sip_hop tcp = *PEER;
	struct told a, b, c;
	struct sip_spec big = spec;
	char body[1400] = {0};

	memset(body, 'x', sizeof body);
	big.body = slice_make(body, sizeof body);
	a = (struct told){.net = n};
	sip_stack_request(n->stack, PEER, &big, 0, on_event, &a, n->now);
	sip_client_cancel(invite(n, &b), n->now);
	sip_stack_tick(n->stack, n->now);
	expect_told(&a, "too-big ");
	expect_told(&b, "overloaded ");
	assert_int_equal(b.sent, 0);
	tcp.transport = SIP_TCP;
	tcp.flow = 5;
	n->gone = true;
	invite_to(n, &tcp, &c);
	sip_stack_tick(n->stack, n->now);
	expect_told(&c, "unreachable ");
	assert_int_equal(n->n_sent, 0);
	expect_nothing_held(n);
	buf_done(&a.text);
	buf_done(&b.text);
	done(n, &c);
}

/* RFC 3262 4: 100rel was not offered, so what says it is as unreliable as any other: no PRACK. */
static void test_100rel(void **state)
{
	struct net *n = net_new();
	struct told t;

	invite(n, &t);
	respond(n, "183 Session Progress\r\nRequire: 100rel\r\nRSeq: 1");
	net_run(n, 60000);
	expect_told(&t, "183 ");
	assert_int_equal(n->n_sent, 1);
	done(n, &t);
}

/* Nobody wants the 2xx that come again. */
static void test_forget(void **state)
{
	struct net *n = net_new();
	struct told t;
	struct sip_client *c = invite(n, &t);

	respond(n, "200 OK");
	sip_client_forget(c);
	respond(n, "200 OK");
	net_run(n, 32000);
	expect_told(&t, "200 ");
	expect_nothing_held(n);
	done(n, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_provisional),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_reliable),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_ack),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_unheard),
		cmocka_unit_test(test_cancel_without_end),
		cmocka_unit_test(test_cancel_crosses),
		cmocka_unit_test(test_connection_ends),
		cmocka_unit_test(test_undelivered),
		cmocka_unit_test(test_never_begun),
		cmocka_unit_test(test_100rel),
		cmocka_unit_test(test_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
