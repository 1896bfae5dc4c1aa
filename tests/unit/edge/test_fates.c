#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "rig.h"

/*
 * What becomes of stanzas when partners are slow, silent, gone or stopped. In all of them: each
 * stanza has exactly one fate; what was told as unsent has not been received; what was told as
 * written and not received is told as unknown.
 */
static struct rig rig;
static struct side a, b;
static int silent = -1;

static int setup(void **state)
{
	rig_init(&rig);
	silent = -1;
	return 0;
}

static int teardown(void **state)
{
	side_done(&a);
	if (b.edge)
		side_done(&b);
	b = (struct side){0};
	if (silent >= 0)
		close(silent);
	rig_done(&rig);
	return 0;
}

static void side_a(struct edge_limits limits)
{
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab", .limits = limits});
}

static void side_b(const struct side_options *more)
{
	struct side_options o = more ? *more : (struct side_options){0};

	o.domain = "xmpp.lab";
	side_init(&b, &rig, &o);
	side_settings(&b, &(struct side_partner){.domain = "sip.lab", .port = side_port(&a)});
}

static void both(void)
{
	side_a((struct edge_limits){0});
	side_b(NULL);
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
}

/* b's process is killed: its sockets close, unread input makes the kernel send resets. */
static void kill_b(void)
{
	side_done(&b);
	b.edge = NULL;
}

static void expect(uint64_t id, enum link_fate_kind fate, enum link_reason reason)
{
	struct fate f = side_fate(&a, id);

	if (f.fate != fate || f.reason != reason)
		fail_msg("%llu: %s (%s), not %s (%s)", (unsigned long long)id,
			link_fate_name(f.fate), link_reason_name(f.reason), link_fate_name(fate),
			link_reason_name(reason));
}

/* The rule above, for ids 1 .. n; received is b's count or that of its successor too. */
static void expect_nothing_lost_or_doubled(uint64_t n, const unsigned *received)
{
	for (uint64_t id = 1; id <= n; id++) {
		struct fate f = side_fate(&a, id);

		if (received[id] > 1)
			fail_msg("%llu came %u times", (unsigned long long)id, received[id]);
		if (f.fate != LINK_WRITTEN && received[id])
			fail_msg("%llu was told as %s and came", (unsigned long long)id,
				link_fate_name(f.fate));
		if (f.fate == LINK_WRITTEN && !received[id] && !side_lost(&a, id))
			fail_msg("%llu vanished", (unsigned long long)id);
	}
}

static void count(const struct side *s, uint64_t n, unsigned *received)
{
	for (uint64_t id = 1; id <= n; id++)
		received[id] += side_received(s, id);
}

/* ---- slow and silent ---- */

static void silent_partner_and_the_deadline(void **state)
{
	uint16_t port;
	uint64_t start;

	silent = rig_silent(&port);
	side_a((struct edge_limits){0});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = port});
	start = loop_now(rig.loop);
	side_send(&a, "xmpp.lab", 1, 2000);
	side_send(&a, "xmpp.lab", 2, 4000);
	rig_until(&rig, a.n_fates == 1);
	assert_in_range(loop_now(rig.loop) - start, 2000, 3000);
	expect(1, LINK_UNSENT, LINK_R_DEADLINE);
	rig_until(&rig, a.n_fates == 2);
	assert_in_range(loop_now(rig.loop) - start, 4000, 5000);
	expect(2, LINK_UNSENT, LINK_R_DEADLINE);
}

static void a_dead_partner_does_not_hold_up_another(void **state)
{
	struct side_partner dead = {.domain = "dead.lab"};

	silent = rig_silent(&dead.port);
	side_a((struct edge_limits){0});
	side_b(NULL);
	side_settings(&a,
		&(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b), .also = &dead});
	for (uint64_t i = 1; i <= 1000; i++)
		side_send(&a, "dead.lab", i, 20000);
	side_send(&a, "xmpp.lab", 2000, 20000);
	rig_until(&rig, a.n_fates == 1);
	expect(2000, LINK_WRITTEN, LINK_R_NONE);
}

static void queue_is_bounded(void **state)
{
	uint16_t port;

	silent = rig_silent(&port);
	side_a((struct edge_limits){.pair_stanzas = 3});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = port});
	for (uint64_t i = 1; i <= 5; i++)
		side_send(&a, "xmpp.lab", i, 20000);
	rig_until(&rig, a.n_fates == 2);
	expect(4, LINK_UNSENT, LINK_R_QUEUE_FULL);
	expect(5, LINK_UNSENT, LINK_R_QUEUE_FULL);
}

static void establishment_is_bounded(void **state)
{
	uint16_t port;
	struct view_streams *v;

	silent = rig_silent(&port);
	side_a((struct edge_limits){0});
	side_settings(&a,
		&(struct side_partner){.domain = "xmpp.lab", .port = port, .establishment = "5"});
	side_send(&a, "xmpp.lab", 1, 5500);
	rig_pass(&rig, 5600);
	rig_until(&rig, a.n_fates == 1);
	expect(1, LINK_UNSENT, LINK_R_CONNECT_FAILED);
	rig_pass(&rig, 3000); /* it may still say why it closes */
	v = edge_view(a.edge);
	assert_int_equal(v->n, 1);
	assert_int_equal(v->v[0].state, VIEW_WAITING);
	assert_slice(v->v[0].error, "connect-failed");
	view_streams_free(v);
}

/* ---- refused, and back-off ---- */

static void back_off_fails_at_once_what_cannot_wait(void **state)
{
	struct view_streams *v;
	uint64_t start;

	side_a((struct edge_limits){0});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab"});
	side_send(&a, "xmpp.lab", 1, 400);
	rig_until(&rig, a.n_fates == 1);
	expect(1, LINK_UNSENT, LINK_R_CONNECT_FAILED);
	start = loop_now(rig.loop);
	side_send(&a, "xmpp.lab", 2, 100);
	rig_until(&rig, a.n_fates == 2);
	expect(2, LINK_UNSENT, LINK_R_BACK_OFF);
	assert_true(loop_now(rig.loop) - start < 50);
	/* One that can wait for the next try does. */
	side_send(&a, "xmpp.lab", 3, 20000);
	rig_turns(&rig, 20);
	assert_int_equal(a.n_fates, 2);
	v = edge_view(a.edge);
	assert_int_equal(v->n, 1);
	assert_int_equal(v->v[0].queued, 1);
	assert_true(v->v[0].retry_ms > 0);
	view_streams_free(v);
}

static void a_partner_that_comes_up_in_time_gets_it(void **state)
{
	uint16_t port;

	silent = rig_silent(&port);
	close(silent); /* a free port where nobody listens yet */
	silent = -1;
	side_a((struct edge_limits){0});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = port});
	side_send(&a, "xmpp.lab", 1, 20000);
	rig_pass(&rig, 2000);
	assert_int_equal(a.n_fates, 0);
	side_b(&(struct side_options){.port = port});
	rig_pass(&rig, 8000);
	rig_until(&rig, a.n_fates == 1 && b.n_ups == 1);
	expect(1, LINK_WRITTEN, LINK_R_NONE);
}

static void one_that_never_comes_up(void **state)
{
	uint64_t start;

	side_a((struct edge_limits){0});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab"});
	start = loop_now(rig.loop);
	side_send(&a, "xmpp.lab", 1, 20000);
	while (!a.n_fates && loop_now(rig.loop) - start < 30000)
		rig_pass(&rig, 100);
	assert_int_equal(a.n_fates, 1);
	expect(1, LINK_UNSENT, LINK_R_CONNECT_FAILED);
	assert_true(loop_now(rig.loop) - start <= 21000);
}

/* ---- killed ---- */

static void killed_after_reading_is_unknown_for_a_while(void **state)
{
	both();
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1 && b.n_ups == 1);
	kill_b();
	rig_until(&rig, a.n_lost == 1);
	expect(1, LINK_WRITTEN, LINK_R_NONE);
	assert_true(side_lost(&a, 1));
	assert_int_equal(a.lost_reason, LINK_R_STREAM_LOST);
}

/* Its kernel had handed all to the program, which may not have got to the last of it. */
static void what_was_read_a_while_ago_is_not_in_doubt(void **state)
{
	both();
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1);
	rig_pass(&rig, 1500);
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, a.n_fates == 2);
	rig_pass(&rig, 1000);
	kill_b();
	rig_until(&rig, a.n_lost > 0);
	rig_turns(&rig, 20);
	assert_int_equal(a.n_lost, 1);
	assert_true(side_lost(&a, 2));
}

/* Killed with unread input: nobody can say how much it had not got to. */
static void unread_input_puts_more_in_doubt(void **state)
{
	side_a((struct edge_limits){0});
	side_b(&(struct side_options){.up_credits = 1, .limits = {.starve_ms = 100000}});
	b.keep_ups = true;
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1);
	rig_pass(&rig, 5000);
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, a.n_fates == 2);
	rig_pass(&rig, 6000);
	side_send(&a, "xmpp.lab", 3, 5000);
	rig_until(&rig, a.n_fates == 3);
	assert_int_equal(b.n_ups, 1);
	kill_b();
	rig_until(&rig, a.n_lost > 0);
	rig_turns(&rig, 20);
	assert_false(side_lost(&a, 1)); /* over 10 s ago */
	assert_true(side_lost(&a, 2) && side_lost(&a, 3));
}

static void killed_under_traffic_and_back(void **state)
{
	enum { N = 2000 };
	static unsigned received[N + 1];
	uint16_t port;

	memset(received, 0, sizeof received);
	both();
	port = side_port(&b);
	for (uint64_t i = 1; i <= N; i++) {
		side_send(&a, "xmpp.lab", i, 20000);
		if (i % 50 == 0)
			rig_turn(&rig);
		if (i == N / 2) {
			count(&b, N, received);
			kill_b();
			rig_turns(&rig, 20);
			side_b(&(struct side_options){.port = port});
		}
	}
	rig_pass(&rig, 4000);
	rig_until(&rig, a.n_fates == N);
	rig_turns(&rig, 100);
	count(&b, N, received);
	expect_nothing_lost_or_doubled(N, received);
	assert_true(b.n_ups > N / 3); /* the successor got the rest */
}

/*
 * The partner stops reading: its kernel takes what its buffers hold, then nothing. What was not
 * taken is told at the deadline, and is never written, also when the partner reads on.
 */
static void stalled_until_the_deadline(void **state)
{
	enum { N = 1500, SIZE = 16000 };
	static char xml[SIZE + 1];
	static unsigned received[N + 1];
	size_t written = 0;

	memset(received, 0, sizeof received);
	side_a((struct edge_limits){.pair_bytes = 64 << 20});
	side_b(&(struct side_options){.up_credits = 1, .limits = {.starve_ms = 1000000}});
	b.keep_ups = true;
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	for (uint64_t i = 1; i <= N; i++) {
		int n = snprintf(xml, sizeof xml,
			"<message from='romeo@sip.lab' to='juliet@xmpp.lab' id='m%llu'><body>",
			(unsigned long long)i);

		memset(xml + n, 'x', SIZE - (size_t)n);
		memcpy(xml + SIZE - 17, "</body></message>", 17);
		side_send_xml(&a, "xmpp.lab", i, 5000, xml);
	}
	rig_turns(&rig, 300);
	rig_pass(&rig, 7000);
	rig_until(&rig, a.n_fates == N);
	side_release(&b); /* it reads on: what comes is what its kernel has */
	rig_pass(&rig, 2000);
	rig_turns(&rig, 300);
	count(&b, N, received);
	for (uint64_t i = 1; i <= N; i++) {
		struct fate f = side_fate(&a, i);

		written += f.fate == LINK_WRITTEN;
		if (f.fate != LINK_WRITTEN)
			expect(i, LINK_UNSENT, LINK_R_DEADLINE);
	}
	assert_true(written > 0 && written < N);
	expect_nothing_lost_or_doubled(N, received);
}

/* ---- orderly ends ---- */

static bool drained;

static void on_drained(void *arg)
{
	drained = true;
}

static void our_drain_loses_nothing(void **state)
{
	enum { N = 500 };

	drained = false;
	both();
	side_send(&a, "xmpp.lab", 1, 20000);
	rig_until(&rig, a.n_fates == 1);
	rig_pass(&rig, 20000);
	for (uint64_t i = 2; i <= N; i++)
		side_send(&a, "xmpp.lab", i, 20000);
	rig_turns(&rig, 9); /* all have come down, 64 a turn; not all are written */
	edge_drain(a.edge, 5000, on_drained, NULL);
	side_send(&a, "xmpp.lab", N + 1, 20000); /* too late */
	rig_until(&rig, drained && b.n_ups >= N);
	rig_until(&rig, a.n_fates == N + 1);
	for (uint64_t i = 1; i <= N; i++)
		expect(i, LINK_WRITTEN, LINK_R_NONE);
	expect(N + 1, LINK_UNSENT, LINK_R_SHUTDOWN);
	assert_int_equal(b.n_ups, N);
	assert_int_equal(a.n_lost, 0); /* b answered our end tag */
}

/* The gateway's error about what a partner sent before it knew still goes out. */
static void our_drain_answers_what_still_comes(void **state)
{
	drained = false;
	both();
	side_send(&a, "xmpp.lab", 1, 20000);
	side_send(&b, "sip.lab", 2, 20000);
	rig_until(&rig, b.n_ups == 1 && a.n_ups == 1);
	edge_drain(a.edge, 5000, on_drained, NULL);
	rig_turns(&rig, 20);
	assert_false(drained);
	side_send_xml(&a, "xmpp.lab", 0, 20000,
		"<message from='juliet@sip.lab' to='romeo@xmpp.lab' id='m2' type='error'/>");
	rig_until(&rig, drained && b.n_ups == 2);
	assert_non_null(strstr(b.ups[1], "type='error'"));
	assert_int_equal(a.n_lost, 0);
}

static void drain_of_nothing_is_over_at_once(void **state)
{
	drained = false;
	both();
	edge_drain(a.edge, 5000, on_drained, NULL);
	assert_false(drained);
	rig_turns(&rig, 3);
	assert_true(drained);
}

static void drain_is_bounded(void **state)
{
	uint16_t port;

	drained = false;
	silent = rig_silent(&port);
	side_a((struct edge_limits){0});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = port});
	side_send(&a, "xmpp.lab", 1, 20000);
	rig_turns(&rig, 20);
	edge_drain(a.edge, 5000, on_drained, NULL);
	rig_until(&rig, a.n_fates == 1);
	expect(1, LINK_UNSENT, LINK_R_SHUTDOWN);
	rig_pass(&rig, 5100);
	assert_true(drained);
}

static void partner_shuts_down_under_traffic(void **state)
{
	enum { N = 2000 };
	static unsigned received[N + 1];

	memset(received, 0, sizeof received);
	drained = false;
	both();
	for (uint64_t i = 1; i <= N; i++) {
		side_send(&a, "xmpp.lab", i, 3000);
		if (i % 20 == 0)
			rig_turn(&rig);
		if (i == N / 2)
			edge_drain(b.edge, 3000, on_drained, NULL);
	}
	rig_pass(&rig, 6000);
	rig_until(&rig, a.n_fates == N && drained);
	count(&b, N, received);
	expect_nothing_lost_or_doubled(N, received);
}

static void idle_streams_close_in_order(void **state)
{
	struct view_streams *v;

	side_a((struct edge_limits){0});
	side_b(NULL);
	side_settings(&a, &(struct side_partner){
				  .domain = "xmpp.lab", .port = side_port(&b), .inactivity = "30"});
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1);
	rig_pass(&rig, 29000);
	v = edge_view(a.edge);
	assert_int_equal(v->n, 1);
	view_streams_free(v);
	rig_pass(&rig, 2000);
	v = edge_view(a.edge);
	assert_int_equal(v->n, 0);
	view_streams_free(v);
	assert_int_equal(a.n_lost, 0);
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, a.n_fates == 2 && b.n_ups == 2);
}

static uint64_t bytes_out(void)
{
	struct view_streams *v = edge_view(a.edge);
	uint64_t n = v->n ? v->v[0].bytes_out : 0;

	view_streams_free(v);
	return n;
}

static void white_space_keeps_a_stream_alive(void **state)
{
	uint64_t before;

	both();
	side_settings(&a, &(struct side_partner){
				  .domain = "xmpp.lab",
				  .port = side_port(&b),
				  .keep_alive = "10",
				  .no_pings = true});
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, a.n_fates == 1);
	before = bytes_out();
	rig_pass(&rig, 9000);
	assert_int_equal(bytes_out(), before);
	rig_pass(&rig, 3000);
	assert_int_equal(bytes_out(), before + 23); /* a TLS 1.3 record with one byte in it */
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, b.n_ups == 2);
}

/* ---- settings ---- */

static size_t count_streams(struct side *s)
{
	struct view_streams *v = edge_view(s->edge);
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->v[i].state != VIEW_WAITING;
	view_streams_free(v);
	return n;
}

static void disabled_partner_is_closed_at_once(void **state)
{
	struct side_partner p;

	both();
	side_send(&a, "xmpp.lab", 1, 5000);
	side_send(&b, "sip.lab", 1, 5000);
	rig_until(&rig, b.n_ups == 1 && a.n_ups == 1);
	assert_int_equal(count_streams(&a), 2);
	p = (struct side_partner){.domain = "xmpp.lab", .port = side_port(&b), .disabled = true};
	side_settings(&a, &p);
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, count_streams(&a) == 0 && count_streams(&b) == 0);
	rig_until(&rig, a.n_fates == 2);
	expect(2, LINK_REFUSED, LINK_R_NOT_PARTNER);
	p.disabled = false;
	side_settings(&a, &p);
	side_send(&a, "xmpp.lab", 3, 5000);
	rig_until(&rig, b.n_ups == 2);
}

static void unchanged_streams_stay(void **state)
{
	both();
	side_send(&a, "xmpp.lab", 1, 5000);
	rig_until(&rig, b.n_ups == 1);
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab",
				  .port = side_port(&b),
				  .second_local = "more.lab",
				  .tls = "Optional"});
	rig_turns(&rig, 50);
	assert_int_equal(count_streams(&a), 1);
	side_send(&a, "xmpp.lab", 2, 5000);
	rig_until(&rig, b.n_ups == 2);
	assert_int_equal(a.n_lost, 0);
}

static void an_attempt_follows_changed_settings(void **state)
{
	uint16_t port;

	silent = rig_silent(&port);
	both();
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = port});
	side_send(&a, "xmpp.lab", 1, 20000);
	rig_turns(&rig, 20);
	assert_int_equal(a.n_fates, 0);
	side_settings(&a, &(struct side_partner){
				  .domain = "xmpp.lab", .port = side_port(&b), .tls = "Optional"});
	rig_until(&rig, a.n_fates == 1);
	expect(1, LINK_WRITTEN, LINK_R_NONE);
}

/* ---- no credit towards the gateway ---- */

static void starved_streams_wait_then_refuse(void **state)
{
	side_a((struct edge_limits){0});
	side_b(&(struct side_options){.up_credits = 2, .limits = {.starve_ms = 5000}});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	b.keep_ups = true;
	for (uint64_t i = 1; i <= 4; i++)
		side_send(&a, "xmpp.lab", i, 20000);
	rig_until(&rig, a.n_fates == 4 && b.n_ups == 2);
	rig_pass(&rig, 4000);
	assert_int_equal(a.n_ups, 0);
	rig_pass(&rig, 1500);
	rig_until(&rig, a.n_ups == 2); /* what b answers to 3 and 4 */
	assert_int_equal(b.n_ups, 2);
	assert_non_null(strstr(a.ups[0], "type='error'"));
	assert_non_null(strstr(a.ups[0], "id='m3'"));
	assert_non_null(strstr(a.ups[0], "<resource-constraint "));
	side_release(&b);
	side_send(&a, "xmpp.lab", 5, 20000);
	rig_until(&rig, b.n_ups == 3);
}

static void starved_streams_go_on_when_credit_returns(void **state)
{
	side_a((struct edge_limits){0});
	side_b(&(struct side_options){.up_credits = 2, .limits = {.starve_ms = 5000}});
	side_settings(&a, &(struct side_partner){.domain = "xmpp.lab", .port = side_port(&b)});
	b.keep_ups = true;
	for (uint64_t i = 1; i <= 50; i++)
		side_send(&a, "xmpp.lab", i, 20000);
	rig_until(&rig, a.n_fates == 50 && b.n_ups == 2);
	rig_pass(&rig, 1000);
	side_release(&b);
	rig_until(&rig, b.n_ups == 50);
	assert_int_equal(a.n_ups, 0);
	for (uint64_t i = 1; i <= 50; i++)
		assert_int_equal(side_received(&b, i), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(silent_partner_and_the_deadline),
		T(a_dead_partner_does_not_hold_up_another),
		T(queue_is_bounded),
		T(establishment_is_bounded),
		T(back_off_fails_at_once_what_cannot_wait),
		T(a_partner_that_comes_up_in_time_gets_it),
		T(one_that_never_comes_up),
		T(killed_after_reading_is_unknown_for_a_while),
		T(what_was_read_a_while_ago_is_not_in_doubt),
		T(unread_input_puts_more_in_doubt),
		T(killed_under_traffic_and_back),
		T(stalled_until_the_deadline),
		T(our_drain_loses_nothing),
		T(our_drain_answers_what_still_comes),
		T(drain_of_nothing_is_over_at_once),
		T(drain_is_bounded),
		T(partner_shuts_down_under_traffic),
		T(idle_streams_close_in_order),
		T(white_space_keeps_a_stream_alive),
		T(disabled_partner_is_closed_at_once),
		T(unchanged_streams_stay),
		T(an_attempt_follows_changed_settings),
		T(starved_streams_wait_then_refuse),
		T(starved_streams_go_on_when_credit_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
