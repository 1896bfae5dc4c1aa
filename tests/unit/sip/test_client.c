#include "unit.h"

#include "net.h"

/* Client transactions: RFC 3261 8.1.3, 17.1.2, 17.1.3, 18.1. */

struct told {
	struct net *net;
	unsigned calls;
	enum sip_end end;
	unsigned status;
	bool may_have_arrived;
	unsigned sent;
	uint64_t at;
	bool send_again; /* inside done() */
};

static const struct sip_spec spec = {
	.method = SIP_MESSAGE,
	.ruri = {"sip:romeo@example.net", 21},
	.from = {"<sip:juliet@example.com>", 24},
	.to = {"<sip:romeo@example.net>", 23},
	.content_type = {"text/plain", 10},
	.body = {"hi", 2},
};

static void on_done(void *arg, const struct sip_result *r)
{
	struct told *t = arg;

	t->calls++;
	t->end = r->end;
	t->status = r->status;
	t->may_have_arrived = r->may_have_arrived;
	t->sent = r->sent;
	t->at = t->net->now;
	assert_int_equal(r->response != NULL, r->end == SIP_FINAL);
	if (t->send_again) {
		t->send_again = false;
		sip_stack_request(t->net->stack, PEER, &spec, 0, on_done, t, t->net->now);
	}
}

static struct sip_client *request(struct net *n, struct told *t)
{
	*t = (struct told){.net = n};
	return sip_stack_request(n->stack, PEER, &spec, 0, on_done, t, n->now);
}

/* The lines Via to CSeq of the request that was sent, under a status line. */
static char *answer_to(struct net *n, unsigned i, const char *status)
{
	const char *via = strstr(net_text(n, i), "Via:"), *end = strstr(via, "Content-Type:");

	return xasprintf(
		"SIP/2.0 %s\r\n%.*sContent-Length: 0\r\n\r\n", status, (int)(end - via), via);
}

static void respond(struct net *n, unsigned i, const char *status)
{
	char *text = answer_to(n, i, status);

	net_rx(n, PEER, text);
	xfree(text);
}

static void test_answered(void **state)
{
	struct net *n = net_new();
	struct told t;
	const char *branch;

	request(n, &t);
	assert_int_equal(n->n_sent, 1);
	assert_true(sip_hop_equal(&n->sent[0].to, PEER));
	branch = strstr(net_text(n, 0), "\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa0");
	assert_non_null(branch);
	assert_non_null(strstr(net_text(n, 0), ">;tag=a0"));
	assert_non_null(strstr(net_text(n, 0), "\r\nCall-ID: a0"));
	assert_non_null(strstr(net_text(n, 0), "\r\nUser-Agent: Entente\r\n"));
	assert_int_equal(t.calls, 0);
	respond(n, 0, "200 OK");
	assert_int_equal(t.calls, 1);
	assert_int_equal(t.end, SIP_FINAL);
	assert_int_equal(t.status, 200);
	respond(n, 0, "200 OK"); /* COMPLETED absorbs, also another answer */
	respond(n, 0, "404 Not Found");
	assert_int_equal(t.calls, 1);
	assert_int_equal(n->n_sent, 1);
	assert_int_equal(net_stats(n).clients_lingering, 1);
	assert_true(net_stats(n).bytes < 256);
	net_run(n, 5200); /* K = T4 */
	assert_int_equal(net_stats(n).clients_lingering, 0);
	assert_int_equal(net_stats(n).bytes, 0);
	respond(n, 0, "200 OK");
	assert_int_equal(net_stats(n).stray_responses, 1);
	assert_int_equal(t.calls, 1);
	net_free(n);
}

/* 17.1.2.2: E doubles up to T2; F ends it after 64*T1. */
static void test_retransmissions(void **state)
{
	static const unsigned at[] = {
		0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
	struct net *n = net_new();
	struct told t;

	request(n, &t);
	net_run(n, 40000);
	assert_int_equal(n->n_sent, ARRAY_LEN(at));
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		assert_int_equal(n->sent[i].at - 1000, at[i]);
		assert_string_equal(net_text(n, (unsigned)i), net_text(n, 0));
	}
	assert_int_equal(t.calls, 1);
	assert_int_equal(t.end, SIP_TIMEOUT);
	assert_int_equal(t.at, 33000);
	assert_true(t.may_have_arrived);
	assert_int_equal(net_stats(n).bytes, 0);
	respond(n, 0, "200 OK"); /* too late: nobody is told twice */
	assert_int_equal(t.calls, 1);
	net_free(n);
}

/* After a provisional response E runs at T2. */
static void test_provisional(void **state)
{
	static const unsigned at[] = {0, 500, 1500, 5500, 9500, 13500, 17500, 21500, 25500, 29500};
	struct net *n = net_new();
	struct told t;

	request(n, &t);
	net_run(n, 600);
	respond(n, 0, "100 Trying");
	assert_int_equal(t.calls, 0);
	net_run(n, 40000);
	assert_int_equal(n->n_sent, ARRAY_LEN(at));
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		assert_int_equal(n->sent[i].at - 1000, at[i]);
	assert_int_equal(t.end, SIP_TIMEOUT);
	assert_int_equal(t.at, 33000);
	net_free(n);
}

static void test_shorter_timeout(void **state)
{
	struct net *n = net_new();
	struct told t = {.net = n};

	sip_stack_request(n->stack, PEER, &spec, 2000, on_done, &t, n->now);
	net_run(n, 40000);
	assert_int_equal(n->n_sent, 3); /* 0, 500, 1500 */
	assert_int_equal(t.end, SIP_TIMEOUT);
	assert_int_equal(t.at, 3000);
	net_free(n);
}

/* 8.1.3.3, 17.1.3, 18.1.2: what is not the answer. */
static void test_not_ours(void **state)
{
	static const struct {
		const char *section, *find, *put;
	} changes[] = {
		{"17.1.3 branch", ";branch=z9hG4bKa", ";branch=z9hG4bKb"},
		{"17.1.3 method", "CSeq: 1 MESSAGE", "CSeq: 1 OPTIONS"},
		{"18.1.2 sent-by", "192.0.2.1:5060", "192.0.2.9:5060"},
		{"18.1.2 sent-by port", "192.0.2.1:5060", "192.0.2.1:5061"},
		{"8.1.3.3 second Via", "\r\nMax-", "\r\nVia: SIP/2.0/UDP a.example\r\nMax-"},
		{"8.1.3.3 second Via, in a list", ";rport", ";rport, SIP/2.0/UDP a.example"},
		{"18.1.2 broken", "CSeq: 1", "CSeq: x"},
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct net *n = net_new();
		struct told t;
		char *text, *at, *changed;

		request(n, &t);
		text = answer_to(n, 0, "200 OK");
		at = strstr(text, changes[i].find);
		assert_non_null(at);
		changed = xasprintf("%.*s%s%s", (int)(at - text), text, changes[i].put,
			at + strlen(changes[i].find));
		net_rx(n, PEER, changed);
		if (t.calls)
			fail_msg("%s", changes[i].section);
		net_rx(n, PEER, text);
		assert_int_equal(t.calls, 1);
		xfree(text);
		xfree(changed);
		net_free(n);
	}
}

/* 18.4, 17.1.4: that request and no other; may have arrived if sent twice. Told how often it was.
 */
static void test_unreachable(void **state)
{
	struct net *n = net_new();
	struct told a, b;

	request(n, &a);
	net_run(n, 600);
	request(n, &b);
	b.send_again = true;
	sip_stack_undelivered(n->stack, PEER, slice_of(net_text(n, 1)), n->now);
	assert_int_equal(a.end, SIP_UNREACHABLE);
	assert_true(a.may_have_arrived);
	assert_int_equal(a.sent, 2);
	assert_int_equal(b.calls, 0);
	sip_stack_undelivered(n->stack, PEER, slice_of(net_text(n, 2)), n->now);
	assert_int_equal(b.end, SIP_UNREACHABLE);
	assert_false(b.may_have_arrived);
	assert_int_equal(b.sent, 1);
	assert_int_equal(b.calls, 1); /* what it sent inside done() has not failed */
	assert_int_equal(net_stats(n).clients_active, 1);
	net_free(n);
}

/* 18.1.1, RFC 3428 8: not over 1300 bytes by UDP. Told later, not inside the call. */
static void test_too_big(void **state)
{
	struct net *n = net_new();
	struct told t = {.net = n};
	struct sip_spec big = spec;
	char body[2000];

	memset(body, 'x', sizeof body);
	request(n, &t);
	big.body = slice_make(
		body, 1300 - strlen(net_text(n, 0)) + 2 - 2); /* "Content-Length: 2" grows by 2 */
	n->n_sent = 0;
	sip_stack_request(n->stack, PEER, &big, 0, on_done, &t, n->now);
	assert_int_equal(n->n_sent, 1);
	assert_int_equal(strlen(net_text(n, 0)), 1300);
	big.body.n++;
	t = (struct told){.net = n};
	sip_stack_request(n->stack, PEER, &big, 0, on_done, &t, n->now);
	assert_int_equal(n->n_sent, 1);
	assert_int_equal(t.calls, 0);
	assert_true(sip_stack_deadline(n->stack) <= n->now);
	sip_stack_tick(n->stack, n->now);
	assert_int_equal(t.calls, 1);
	assert_int_equal(t.end, SIP_TOO_BIG);
	assert_false(t.may_have_arrived);
	net_free(n);
}

/* RFC 3428 8: the caller's own limit holds by connections, too. */
static void test_max_size(void **state)
{
	struct net *n = net_new();
	struct told t = {.net = n};
	struct sip_spec big = spec;
	struct sip_hop hop;
	char body[3000];

	memset(body, 'x', sizeof body);
	big.body = slice_make(body, sizeof body);
	sip_hop_make(SL("192.0.2.20"), 5060, SIP_TCP, &hop);
	sip_stack_request(n->stack, &hop, &big, 0, on_done, &t, n->now);
	assert_int_equal(n->n_sent, 1);
	big.max_size = (unsigned)strlen(net_text(n, 0));
	sip_stack_request(n->stack, &hop, &big, 0, on_done, &t, n->now);
	assert_int_equal(n->n_sent, 2);
	big.max_size--;
	sip_stack_request(n->stack, &hop, &big, 0, on_done, &t, n->now);
	assert_int_equal(n->n_sent, 2);
	sip_stack_tick(n->stack, n->now);
	assert_int_equal(t.calls, 1);
	assert_int_equal(t.end, SIP_TOO_BIG);
	net_free(n);
}

static void test_overloaded(void **state)
{
	struct net *n = net_new_sized(1, 1);
	struct told a, b;

	request(n, &a);
	request(n, &b);
	b.send_again =
		true; /* inside done(), when there is still no room: told at the tick after */
	assert_int_equal(n->n_sent, 1);
	assert_int_equal(b.calls, 0);
	sip_stack_tick(n->stack, n->now);
	assert_int_equal(b.calls, 1);
	assert_int_equal(b.end, SIP_OVERLOADED);
	sip_stack_tick(n->stack, n->now);
	assert_int_equal(b.calls, 2);
	respond(n, 0, "200 OK");
	net_run(n, 5200);
	request(n, &b);
	assert_int_equal(n->n_sent, 2);
	net_free(n);
}

static void test_forget(void **state)
{
	struct net *n = net_new_sized(1, 2);
	struct told t;
	struct sip_client *c = request(n, &t);

	sip_client_forget(c);
	net_run(n, 600);
	assert_int_equal(n->n_sent, 2); /* it goes on */
	respond(n, 0, "200 OK");
	assert_int_equal(t.calls, 0);
	net_run(n, 600);
	assert_int_equal(n->n_sent, 2);
	request(n, &t);
	sip_client_forget(request(n, &t)); /* one that never began */
	sip_stack_tick(n->stack, n->now);
	assert_int_equal(t.calls, 0);
	net_free(n);
}

static void test_again_inside_done(void **state)
{
	struct net *n = net_new();
	struct told t;

	request(n, &t);
	t.send_again = true;
	respond(n, 0, "503 Service Unavailable");
	assert_int_equal(t.status, 503);
	assert_int_equal(n->n_sent, 2);
	respond(n, 1, "200 OK");
	assert_int_equal(t.calls, 2);
	assert_int_equal(t.status, 200);
	net_free(n);
}

/* 19.3: no identifier twice; all begin with node and shard. */
static void test_ids(void **state)
{
	static char ids[500][19];
	struct net *n = net_new();

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct buf b = {0};

		n->next_random = (uint8_t)(i / 50 * 7);
		sip_stack_id(n->stack, &b);
		assert_int_equal(b.n, 18);
		memcpy(ids[i], b.p, 18);
		assert_memory_equal(ids[i], "a0", 2);
		buf_done(&b);
	}
	net_free(n);
}

/* Thousands at once, answered in another order, some not at all. */
static void test_many(void **state)
{
	enum { MANY = 3000 };
	struct net *n = net_new_sized(1, MANY);
	struct told *t = xcalloc(MANY, sizeof *t);
	unsigned timeouts = 0;

	for (unsigned i = 0; i < MANY; i++) {
		n->n_sent = 0;
		request(n, &t[i]);
		if (i % 3)
			respond(n, 0, i % 2 ? "200 OK" : "486 Busy Here");
		n->now += 3;
	}
	net_run(n, 60000);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(t[i].calls, 1);
		timeouts += t[i].end == SIP_TIMEOUT;
	}
	assert_int_equal(timeouts, MANY / 3);
	assert_int_equal(net_stats(n).bytes, 0);
	xfree(t);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_retransmissions),
		cmocka_unit_test(test_provisional),
		cmocka_unit_test(test_shorter_timeout),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_max_size),
		cmocka_unit_test(test_overloaded),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_again_inside_done),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
