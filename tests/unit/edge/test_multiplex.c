#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "dnsd.h"
#include "peer.h"

/* Several pairs of domains on one stream (XEP-0220 2.6), at a limit of connections. */
static struct rig rig;
static struct side a;
static struct peer peer;
static struct dnsd dnsd;

static int setup(void **state)
{
	rig_init(&rig);
	peer_init(&peer, &rig);
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
	return 0;
}

static int teardown(void **state)
{
	side_done(&a);
	peer_done(&peer);
	if (dnsd.poll)
		dnsd_stop(&dnsd);
	dnsd = (struct dnsd){0};
	rig_done(&rig);
	return 0;
}

/* One connection, in clear; what dialback may do over TLS it may do here. */
static struct side_partner in_clear(void)
{
	return (struct side_partner){
		.domain = "xmpp.lab",
		.more_domains = "conf.xmpp.lab",
		.port = peer.port,
		.tls = "NotSupported",
		.sasl = "NotSupported",
		.dialback = "true",
		.limit = 1,
		.second_local = "more.lab",
		.third_local = "third.lab",
	};
}

static struct side_partner in_tls(void)
{
	struct side_partner p = in_clear();

	peer.tls = true;
	p.tls = "Required";
	p.sasl = "Optional";
	return p;
}

static void set(struct side_partner p)
{
	side_settings(&a, &p);
}

static bool told(uint64_t id)
{
	for (size_t i = 0; i < a.n_fates; i++)
		if (a.fates[i].id == id)
			return true;
	return false;
}

static void send_from(const char *from, const char *to, uint64_t id)
{
	side_send_from(&a, from, to, id, 20000);
}

/* It goes, once, on this connection. */
static void expect_on(uint64_t id, int conn)
{
	int on;

	rig_until(&rig, told(id));
	if (side_fate(&a, id).fate != LINK_WRITTEN)
		fail_msg("%s", link_reason_name(side_fate(&a, id).reason));
	rig_until(&rig, peer_received(&peer, id, NULL) > 0);
	assert_int_equal(peer_received(&peer, id, &on), 1);
	assert_int_equal(on, conn);
}

static void expect_unsent(uint64_t id, enum link_reason reason)
{
	rig_until(&rig, told(id));
	assert_string_equal(link_fate_name(side_fate(&a, id).fate), link_fate_name(LINK_UNSENT));
	assert_string_equal(link_reason_name(side_fate(&a, id).reason), link_reason_name(reason));
	assert_int_equal(peer_received(&peer, id, NULL), 0);
}

/* ---- who joins ---- */

static void another_domain_of_ours(void **state)
{
	set(in_clear());
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("more.lab", "xmpp.lab", 2);
	send_from("third.lab", "xmpp.lab", 3);
	expect_on(2, 0);
	expect_on(3, 0);
	send_from("sip.lab", "xmpp.lab", 4);
	send_from("more.lab", "xmpp.lab", 5);
	expect_on(4, 0);
	expect_on(5, 0);
	assert_int_equal(peer.n_keys, 3);
	assert_int_equal(peer.false_keys, 0);
}

/* All at once: one stream is made, and the others join when it is up. */
static void while_the_stream_is_made(void **state)
{
	uint64_t start = loop_now(rig.loop);

	set(in_clear());
	send_from("sip.lab", "xmpp.lab", 1);
	send_from("more.lab", "xmpp.lab", 2);
	send_from("third.lab", "conf.xmpp.lab", 3);
	expect_on(1, 0);
	expect_on(2, 0);
	expect_on(3, 0);
	assert_int_equal(peer.n_conns, 1);
	assert_true(loop_now(rig.loop) < start + 200); /* at once, not when it is looked again */
}

static void not_while_there_is_room(void **state)
{
	struct side_partner p = in_clear();

	p.limit = 2;
	set(p);
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("more.lab", "xmpp.lab", 2);
	expect_on(2, 1);
	send_from("third.lab", "xmpp.lab", 3);
	rig_until(&rig, told(3) && peer_received(&peer, 3, NULL) == 1);
	assert_int_equal(peer.n_conns, 2);
}

/* A stream that EXTERNAL has authenticated takes further pairs by dialback, inside TLS. */
static void on_a_stream_of_external(void **state)
{
	set(in_tls());
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	assert_int_equal(peer.n_keys, 0);
	send_from("more.lab", "xmpp.lab", 2);
	expect_on(2, 0);
	assert_int_equal(peer.n_keys, 1);
}

/* Whom the settings, or the peer, leave no dialback closes the idle stream and has its place. */
static void not_where_dialback_is_not_allowed(void **state)
{
	struct side_partner p = in_tls();

	p.sasl = "Required";
	p.dialback = "false";
	set(p);
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("more.lab", "xmpp.lab", 2);
	rig_pass(&rig, 1500);
	rig_until(&rig, told(2) || a.n_fates == 2);
	assert_int_equal(peer.n_keys, 0);
	assert_int_equal(peer.n_conns, 2);
	assert_int_equal(peer.most, 1);
}

static void not_with_a_peer_that_does_not_know_it(void **state)
{
	peer.no_dialback = true;
	set(in_tls());
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("more.lab", "xmpp.lab", 2);
	rig_pass(&rig, 1500);
	rig_until(&rig, told(2));
	assert_int_equal(peer.n_keys, 0);
	assert_int_equal(peer.most, 1);
}

/* Point 89: another domain of theirs, where errors are understood ... */
static void another_domain_of_theirs(void **state)
{
	set(in_clear());
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("sip.lab", "conf.xmpp.lab", 2);
	expect_on(2, 0);
	assert_int_equal(peer.n_keys, 2);
	assert_int_equal(peer.false_keys, 0);
}

/* ... not where they are not ... */
static void not_theirs_without_dialback_errors(void **state)
{
	peer.no_errors = true;
	set(in_clear());
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("sip.lab", "conf.xmpp.lab", 2);
	rig_pass(&rig, 1500);
	expect_on(2, 1);
	assert_int_equal(peer.most, 1);
	/* One of ours needs no leave. */
	send_from("more.lab", "conf.xmpp.lab", 3);
	expect_on(3, 1);
}

/* ... and only if it is to be found at the same address and port. */
static void only_if_it_is_at_the_same_address(void **state)
{
	char srv[3][64];
	struct dnsd_record records[] = {
		{"_xmpp-server._tcp.xmpp.lab", DNSD_SRV, srv[0]},
		{"_xmpp-server._tcp.conf.xmpp.lab", DNSD_SRV, srv[1]},
		{"_xmpp-server._tcp.far.xmpp.lab", DNSD_SRV, srv[2]},
		{"here.lab", DNSD_A, "127.0.0.1"},
		{"here-too.lab", DNSD_A, "127.0.0.1"},
		{"there.lab", DNSD_A, "127.0.0.2"},
	};
	struct side_partner p = in_clear();
	struct netaddr dns;

	snprintf(srv[0], sizeof srv[0], "0 0 %u here.lab", peer.port);
	snprintf(srv[1], sizeof srv[1], "0 0 %u here-too.lab", peer.port);
	snprintf(srv[2], sizeof srv[2], "0 0 %u there.lab", peer.port);
	dnsd_start(&dnsd, rig.loop, records, ARRAY_LEN(records));
	dns = dnsd_address(&dnsd);
	side_done(&a);
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab", .dns = &dns});
	p.no_proxy = true;
	p.more_domains = "conf.xmpp.lab,far.xmpp.lab";
	set(p);
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("sip.lab", "conf.xmpp.lab", 2);
	expect_on(2, 0);
	send_from("sip.lab", "far.xmpp.lab", 3);
	rig_turns(&rig, 300);
	rig_pass(&rig, 3000); /* its place is made, and nobody is there */
	rig_until(&rig, told(3) || peer.open == 0);
	assert_int_equal(peer.n_keys, 2);
	assert_int_equal(peer_received(&peer, 3, NULL), 0);
	/* teardown looks at none of these any more */
	side_done(&a);
	dnsd_stop(&dnsd);
	dnsd = (struct dnsd){0};
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
}

/* Two of us: EXTERNAL for the first pair, dialback for the second, verified by a connection back.
 */
static void between_two_of_us(void **state)
{
	static struct side b;
	uint64_t start;
	struct side_partner for_a = in_clear(), for_b = {.domain = "sip.lab",
							.more_domains = "more.lab",
							.port = side_port(&a),
							.tls = "Required",
							.sasl = "Optional",
							.dialback = "true"};

	side_init(&b, &rig, &(struct side_options){.domain = "xmpp.lab"});
	side_settings(&b, &for_b);
	for_a.tls = "Required";
	for_a.sasl = "Optional";
	for_a.port = side_port(&b);
	set(for_a);
	send_from("sip.lab", "xmpp.lab", 1);
	rig_until(&rig, told(1) && b.n_ups == 1);
	start = loop_now(rig.loop);
	send_from("more.lab", "xmpp.lab", 2);
	send_from("sip.lab", "xmpp.lab", 3);
	rig_until(&rig, told(2) && told(3) && b.n_ups == 3);
	assert_int_equal(side_received(&b, 2), 1);
	assert_int_equal(side_received(&b, 3), 1);
	assert_int_equal(side_fate(&a, 2).fate, LINK_WRITTEN);
	assert_true(loop_now(rig.loop) < start + 900); /* nobody had to be idle first */
	side_done(&b);
	rig_turns(&rig, 20);
}

/* Point 12: what cannot be found is told as not found, what cannot be agreed on as a time-out. */
static void a_domain_that_is_not_to_be_found(void **state)
{
	static const struct dnsd_record records[] = {
		{"_xmpp-server._tcp.none.xmpp.lab", DNSD_SRV, "0 0 0 ."},
		{"_xmpp-server._tcp.mute.xmpp.lab", DNSD_FAILS, NULL},
		{"mute.xmpp.lab", DNSD_FAILS, NULL},
	};
	static const struct {
		const char *domain;
		enum link_reason reason;
		const char *condition;
	} cases[] = {
		{"xmpp.lab", LINK_R_NO_SUCH_SERVER, "remote-server-not-found"},
		{"none.xmpp.lab", LINK_R_NO_SUCH_SERVER, "remote-server-not-found"},
		{"mute.xmpp.lab", LINK_R_DNS_FAILED, "remote-server-timeout"},
	};
	struct side_partner p = in_clear();
	struct netaddr dns;

	dnsd_start(&dnsd, rig.loop, records, ARRAY_LEN(records));
	dns = dnsd_address(&dnsd);
	side_done(&a);
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab", .dns = &dns});
	p.no_proxy = true;
	p.more_domains = "none.xmpp.lab,mute.xmpp.lab";
	p.limit = 0;
	set(p);
	for (uint64_t i = 0; i < ARRAY_LEN(cases); i++) {
		side_send_from(&a, "sip.lab", cases[i].domain, i + 1, 300);
		rig_until(&rig, told(i + 1));
		expect_unsent(i + 1, cases[i].reason);
		assert_string_equal(link_reason_condition(cases[i].reason), cases[i].condition);
	}
	side_done(&a);
	dnsd_stop(&dnsd);
	dnsd = (struct dnsd){0};
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
}

/* ---- who is refused ---- */

/* Points 79, 86: an error is the pair's own; those before it go on, also while it is asked. */
static void a_refused_pair_does_not_harm_the_others(void **state)
{
	peer.answers[0].from = "more.lab";
	peer.answers[0].to = "xmpp.lab";
	peer.answers[0].answer = PEER_ERROR;
	set(in_clear());
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("more.lab", "xmpp.lab", 2);
	expect_unsent(2, LINK_R_DIALBACK_FAILED);
	send_from("sip.lab", "xmpp.lab", 3);
	expect_on(3, 0);
	send_from("third.lab", "xmpp.lab", 4);
	expect_on(4, 0);
	assert_int_equal(a.n_lost, 0);
	assert_int_equal(peer.n_conns, 1);
}

static void those_before_go_on_while_it_is_asked(void **state)
{
	struct side_partner p = in_clear();

	peer.answers[0].from = "more.lab";
	peer.answers[0].to = "xmpp.lab";
	peer.answers[0].answer = PEER_SILENT;
	p.establishment = "10";
	set(p);
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("more.lab", "xmpp.lab", 2);
	rig_until(&rig, peer.n_keys == 2);
	send_from("sip.lab", "xmpp.lab", 3);
	expect_on(3, 0);
	rig_pass(&rig, 9000);
	assert_false(told(2));
	rig_pass(&rig, 1500); /* its own time is over, nobody else's */
	expect_unsent(2, LINK_R_DIALBACK_FAILED);
	send_from("sip.lab", "xmpp.lab", 4);
	expect_on(4, 0);
	assert_int_equal(peer.n_conns, 1);
}

/* Point 78. The peer should have closed (2.2.1): a moment is left to it. */
static void a_false_pair_does_not_harm_the_others(void **state)
{
	peer.answers[0].from = "more.lab";
	peer.answers[0].to = "xmpp.lab";
	peer.answers[0].answer = PEER_INVALID;
	set(in_clear());
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("more.lab", "xmpp.lab", 2);
	expect_unsent(2, LINK_R_DIALBACK_INVALID);
	send_from("sip.lab", "xmpp.lab", 3);
	rig_turns(&rig, 50);
	assert_false(told(3));
	rig_pass(&rig, 2500);
	expect_on(3, 0);
	assert_int_equal(peer.n_conns, 1);
}

/* COMPAT: Prosody closes after a dialback error. Who was there goes on with the next stream. */
static void a_peer_that_closes_after_an_error(void **state)
{
	peer.answers[0].from = "more.lab";
	peer.answers[0].to = "xmpp.lab";
	peer.answers[0].answer = PEER_ERROR_CLOSE;
	set(in_clear());
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	rig_pass(&rig, 12000);
	send_from("more.lab", "xmpp.lab", 2);
	expect_unsent(2, LINK_R_DIALBACK_FAILED);
	rig_until(&rig, peer.open == 0);
	send_from("sip.lab", "xmpp.lab", 3);
	expect_on(3, 1);
	assert_int_equal(a.n_lost, 0);
	/* The refused one does not try that on others again: it waits for a stream of its own. */
	rig_pass(&rig, 5000);
	peer.answers[0].answer = PEER_VALID;
	send_from("more.lab", "xmpp.lab", 4);
	rig_pass(&rig, 2000);
	expect_on(4, 2);
	assert_int_equal(peer.most, 1);
}

/* ---- the end of what they share ---- */

/* Every pair gets its own back, and its own fates. */
static void each_gets_its_own_back(void **state)
{
	enum { N = 300 };
	static const char *const from[] = {"sip.lab", "more.lab", "third.lab"};

	set(in_clear());
	for (uint64_t i = 0; i < 3; i++)
		send_from(from[i], "xmpp.lab", 1000 + i);
	for (uint64_t i = 0; i < 3; i++)
		expect_on(1000 + i, 0);
	rig_pass(&rig, 12000);
	for (uint64_t i = 0; i < N; i++)
		send_from(from[i % 3], "xmpp.lab", i + 1);
	loop_turn(rig.loop, false);
	peer_drop(&peer, 0);
	rig_pass(&rig, 3000);
	rig_until(&rig, a.n_fates == N + 3);
	rig_turns(&rig, 100);
	for (uint64_t i = 1; i <= N; i++) {
		struct fate f = side_fate(&a, i);
		unsigned received = peer_received(&peer, i, NULL);

		assert_in_range(received, 0, 1);
		if (f.fate == LINK_WRITTEN && !received && !side_lost(&a, i))
			fail_msg("%llu vanished", (unsigned long long)i);
		if (f.fate != LINK_WRITTEN && received)
			fail_msg("%llu came and was told as lost", (unsigned long long)i);
	}
}

static void one_that_is_no_longer_allowed_leaves(void **state)
{
	struct side_partner p = in_clear();

	set(p);
	send_from("sip.lab", "xmpp.lab", 1);
	send_from("more.lab", "xmpp.lab", 2);
	expect_on(1, 0);
	expect_on(2, 0);
	p.second_local = NULL;
	set(p);
	send_from("more.lab", "xmpp.lab", 3);
	rig_until(&rig, told(3));
	assert_int_equal(side_fate(&a, 3).fate, LINK_REFUSED);
	send_from("sip.lab", "xmpp.lab", 4);
	expect_on(4, 0);
	p.second_local = "more.lab"; /* and may come back */
	set(p);
	send_from("more.lab", "xmpp.lab", 5);
	expect_on(5, 0);
}

/* Also the one whose stream it was. */
static void the_first_leaves_and_the_others_stay(void **state)
{
	struct side_partner p = in_clear();

	set(p);
	send_from("more.lab", "xmpp.lab", 1);
	send_from("sip.lab", "xmpp.lab", 2);
	expect_on(1, 0);
	expect_on(2, 0);
	p.second_local = NULL;
	set(p);
	send_from("sip.lab", "xmpp.lab", 3);
	send_from("third.lab", "xmpp.lab", 4);
	expect_on(3, 0);
	expect_on(4, 0);
	assert_int_equal(peer.n_conns, 1);
}

/* XEP-0199 4.3: the stream is asked by a ping of who is still on it, on itself. */
static void who_stays_is_who_asks(void **state)
{
	struct side_partner p = in_clear();

	p.keep_alive = "10";
	set(p);
	send_from("more.lab", "xmpp.lab", 1);
	send_from("sip.lab", "xmpp.lab", 2);
	expect_on(1, 0);
	expect_on(2, 0);
	p.second_local = NULL;
	set(p);
	rig_until(&rig, (rig_pass(&rig, 1000), peer_has(&peer, 0, "urn:xmpp:ping")));
	assert_true(peer_has(&peer, 0, "<iq type='get' from='sip.lab' to='xmpp.lab'"));
	assert_int_equal(peer.n_conns, 1);
}

/* Dialback is forbidden: who came by it leaves, who came by EXTERNAL stays. */
static void only_who_came_by_dialback_leaves(void **state)
{
	struct side_partner p = in_tls();

	set(p);
	send_from("sip.lab", "xmpp.lab", 1);
	send_from("more.lab", "xmpp.lab", 2);
	expect_on(1, 0);
	expect_on(2, 0);
	p.sasl = "Required";
	p.dialback = "false";
	set(p);
	send_from("sip.lab", "xmpp.lab", 3);
	expect_on(3, 0);
	send_from("more.lab", "xmpp.lab", 4);
	rig_pass(&rig, 3000);
	rig_until(&rig, told(4));
	assert_int_equal(peer.n_conns, 2);
	assert_int_equal(peer.most, 1);
}

/* Also while its key is out: an answer that comes later lets nobody in. */
static void who_is_asked_for_leaves_as_well(void **state)
{
	struct side_partner p = in_tls();

	peer.answers[0].from = "more.lab";
	peer.answers[0].to = "xmpp.lab";
	peer.answers[0].answer = PEER_SILENT;
	set(p);
	send_from("sip.lab", "xmpp.lab", 1);
	expect_on(1, 0);
	send_from("more.lab", "xmpp.lab", 2);
	rig_until(&rig, peer.n_keys == 1);
	p.sasl = "Required";
	p.dialback = "false";
	set(p);
	peer_say(&peer, 0, "<db:result from='xmpp.lab' to='more.lab' type='valid'/>");
	rig_turns(&rig, 50);
	assert_int_equal(peer_received(&peer, 2, NULL), 0);
	rig_pass(&rig, 3000);
	rig_until(&rig, told(2));
	assert_int_equal(peer.n_conns, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(another_domain_of_ours),
		T(while_the_stream_is_made),
		T(not_while_there_is_room),
		T(on_a_stream_of_external),
		T(not_where_dialback_is_not_allowed),
		T(not_with_a_peer_that_does_not_know_it),
		T(another_domain_of_theirs),
		T(not_theirs_without_dialback_errors),
		T(only_if_it_is_at_the_same_address),
		T(between_two_of_us),
		T(a_domain_that_is_not_to_be_found),
		T(a_refused_pair_does_not_harm_the_others),
		T(those_before_go_on_while_it_is_asked),
		T(a_false_pair_does_not_harm_the_others),
		T(a_peer_that_closes_after_an_error),
		T(each_gets_its_own_back),
		T(one_that_is_no_longer_allowed_leaves),
		T(the_first_leaves_and_the_others_stay),
		T(who_stays_is_who_asks),
		T(only_who_came_by_dialback_leaves),
		T(who_is_asked_for_leaves_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
