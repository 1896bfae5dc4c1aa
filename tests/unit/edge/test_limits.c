#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "edge/place.h"
#include "peer.h"

/* Limits in force: of connections, of what waits, of what is written at a time; and idle closes. */
static struct rig rig;
static struct side a;
static struct peer peer, other;
static int silent = -1;

static int setup(void **state)
{
	rig_init(&rig);
	peer_init(&peer, &rig);
	peer_init(&other, &rig);
	side_init(&a, &rig, &(struct side_options){.domain = "sip.lab"});
	silent = -1;
	return 0;
}

static int teardown(void **state)
{
	side_done(&a);
	peer_done(&peer);
	peer_done(&other);
	if (silent >= 0)
		close(silent);
	rig_done(&rig);
	return 0;
}

/* ---- the choice, pure ---- */

static void what_a_pair_does(void **state)
{
	static const struct {
		struct place_facts facts;
		enum place want;
	} cases[] = {
		{{.limit = false}, PLACE_OWN},
		/* Where there is room, nobody joins another's stream. */
		{{.limit = false, .may_join = true, .idle = true}, PLACE_OWN},
		{{.limit = true}, PLACE_WAIT},
		{{.limit = true, .may_join = true}, PLACE_JOIN},
		{{.limit = true, .may_join = true, .idle = true}, PLACE_JOIN},
		{{.limit = true, .may_join = true, .ending = 1}, PLACE_JOIN},
		{{.limit = true, .idle = true}, PLACE_MAKE_ROOM},
		/* A place is on its way: for the first who waits, not for the second. */
		{{.limit = true, .ending = 1, .idle = true}, PLACE_WAIT},
		{{.limit = true, .ending = 1, .ahead = 1, .idle = true}, PLACE_MAKE_ROOM},
		{{.limit = true, .ending = 1, .ahead = 1}, PLACE_WAIT},
		{{.limit = true, .ending = 3, .ahead = 2, .idle = true}, PLACE_WAIT},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (place_choose(&cases[i].facts) != cases[i].want)
			fail_msg("case %zu", i);
}

static void which_stream_is_closed(void **state)
{
	enum { NOW = 100000, OLD = 90000, OLDER = 80000, FRESH = NOW - PLACE_IDLE_MS + 1 };
	static const struct {
		struct place_stream v[3];
		size_t idle, any; /* 3: none */
	} cases[] = {
		{{{OLD}, {OLDER}, {FRESH}}, 1, 1},
		{{{OLD}, {OLDER, .busy = true}, {FRESH}}, 0, 0},
		{{{OLD}, {OLDER, .ending = true}, {FRESH}}, 0, 0},
		{{{OLD, .busy = true}, {OLDER, .busy = true}, {FRESH}}, 3, 2},
		{{{OLD, .busy = true}, {OLDER, .busy = true}, {FRESH, .ending = true}}, 3, 1},
		{{{FRESH}, {FRESH + 1}, {NOW}}, 3, 0},
		{{{FRESH - 1}, {FRESH}, {NOW}}, 0, 0},
		{{{OLD, .ending = true}, {OLD, .ending = true}, {OLD, .ending = true}}, 3, 3},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(place_longest_idle(cases[i].v, 3, NOW, false), cases[i].idle);
		assert_int_equal(place_longest_idle(cases[i].v, 3, NOW, true), cases[i].any);
	}
	assert_int_equal(place_longest_idle(NULL, 0, NOW, true), 0);
}

/* ---- connections ---- */

/* TLS and EXTERNAL: nobody can join. */
static struct side_partner strict(void)
{
	peer.tls = other.tls = true;
	return (struct side_partner){.domain = "xmpp.lab",
		.port = peer.port,
		.limit = 1,
		.second_local = "more.lab",
		.third_local = "third.lab"};
}

static struct side_partner in_clear(void)
{
	struct side_partner p = strict();

	peer.tls = other.tls = false;
	p.tls = p.sasl = "NotSupported";
	p.dialback = "true";
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

static void expect(uint64_t id, enum link_fate_kind fate, enum link_reason reason)
{
	struct fate f;

	rig_until(&rig, told(id));
	f = side_fate(&a, id);
	if (f.fate != fate || f.reason != reason)
		fail_msg("%llu: %s (%s)", (unsigned long long)id, link_fate_name(f.fate),
			link_reason_name(f.reason));
}

static void written(uint64_t id, const struct peer *p)
{
	expect(id, LINK_WRITTEN, LINK_R_NONE);
	rig_until(&rig, peer_received(p, id, NULL) > 0);
	assert_int_equal(peer_received(p, id, NULL), 1);
}

/* The longest idle stream makes room, when it has been idle; never two at a time. */
static void the_idle_one_makes_room(void **state)
{
	uint64_t start;

	set(strict());
	side_send_from(&a, "sip.lab", "xmpp.lab", 1, 20000);
	written(1, &peer);
	side_send_from(&a, "more.lab", "xmpp.lab", 2, 20000);
	rig_turns(&rig, 50);
	assert_int_equal(peer.n_conns, 1);
	rig_pass(&rig, 900);
	rig_until(&rig, peer.open == 0);
	start = loop_now(rig.loop);
	rig_until(&rig, peer.open == 1);
	assert_true(loop_now(rig.loop) < start + 100); /* at once */
	written(2, &peer);
	side_send_from(&a, "sip.lab", "xmpp.lab", 3, 20000);
	side_send_from(&a, "third.lab", "xmpp.lab", 4, 20000);
	rig_pass(&rig, 4000);
	written(3, &peer);
	written(4, &peer);
	assert_int_equal(peer.most, 1);
	assert_int_equal(peer.n_conns, 4);
	assert_int_equal(a.n_lost, 0);
}

/* A connection that is still being made counts: the second waits, until its deadline ... */
static void who_waits_in_vain_is_told_why(void **state)
{
	struct side_partner p = strict();
	uint64_t start = loop_now(rig.loop);

	silent = rig_silent(&p.port);
	set(p);
	side_send_from(&a, "sip.lab", "xmpp.lab", 1, 20000);
	side_send_from(&a, "more.lab", "xmpp.lab", 2, 3000);
	rig_until(&rig, told(2));
	expect(2, LINK_UNSENT, LINK_R_CONNECTION_LIMIT);
	assert_in_range(loop_now(rig.loop) - start, 3000, 3100);
	assert_false(told(1));
}

/* ... or until a place becomes free. */
static void who_waits_gets_the_place_that_becomes_free(void **state)
{
	struct side_partner p = strict();

	p.establishment = "10";
	p.also = &(struct side_partner){.domain = "other.lab"};
	silent = rig_silent(&p.port);
	p.limit = 0;
	p.all_limit = 1;
	set(p);
	side_send_from(&a, "sip.lab", "xmpp.lab", 1, 10300);
	rig_turns(&rig, 20);
	side_send(&a, "other.lab", 2, 20000); /* refused at once when it has its turn */
	rig_pass(&rig, 9000);
	assert_int_equal(a.n_fates, 0);
	rig_pass(&rig, 6000);
	expect(1, LINK_UNSENT, LINK_R_CONNECT_FAILED);
	while (!told(2))
		rig_pass(&rig, 500);
	expect(2, LINK_UNSENT, LINK_R_CONNECT_FAILED);
}

static void the_limit_of_all_counts_all_partners(void **state)
{
	struct side_partner p = in_clear();
	struct side_partner second = {.domain = "other.lab",
		.port = other.port,
		.tls = "NotSupported",
		.sasl = "NotSupported",
		.dialback = "true"};

	p.limit = 0;
	p.all_limit = 2;
	p.also = &second;
	set(p);
	side_send_from(&a, "sip.lab", "xmpp.lab", 1, 20000);
	written(1, &peer);
	rig_pass(&rig, 500);
	side_send_from(&a, "more.lab", "xmpp.lab", 2, 20000);
	written(2, &peer);
	assert_int_equal(peer.open, 2);
	side_send_from(&a, "sip.lab", "other.lab", 3, 20000);
	rig_pass(&rig, 2000);
	written(3, &other);
	assert_int_equal(peer.open, 1);
	/* The one that had been idle for longer went. */
	assert_null(peer.conns[0].conn);
	assert_int_equal(a.n_lost, 0);
}

static void a_lowered_limit_closes_the_longest_idle(void **state)
{
	struct side_partner p = in_clear();

	p.limit = 3;
	set(p);
	side_send_from(&a, "sip.lab", "xmpp.lab", 1, 20000);
	written(1, &peer);
	rig_pass(&rig, 100);
	side_send_from(&a, "more.lab", "xmpp.lab", 2, 20000);
	written(2, &peer);
	rig_pass(&rig, 100);
	side_send_from(&a, "third.lab", "xmpp.lab", 3, 20000);
	written(3, &peer);
	rig_pass(&rig, 100);
	side_send_from(&a, "sip.lab", "xmpp.lab", 4, 20000);
	written(4, &peer);
	p.limit = 2;
	set(p);
	rig_until(&rig, peer.open == 2);
	assert_null(peer.conns[1].conn);
	p.limit = 0;
	p.all_limit = 1;
	set(p);
	rig_until(&rig, peer.open == 1);
	assert_non_null(peer.conns[0].conn);
	assert_int_equal(a.n_lost, 0);
	side_send_from(&a, "more.lab", "xmpp.lab", 5, 20000); /* now they share */
	written(5, &peer);
	assert_int_equal(peer.most, 3);
	assert_int_equal(peer.n_conns, 3);
}

/* Also under traffic: what is in the buffer goes out before the end, the rest with the next. */
static void a_lowered_limit_under_traffic_loses_nothing(void **state)
{
	enum { N = 900 };
	static const char *const from[] = {"sip.lab", "more.lab", "third.lab"};
	struct side_partner p = in_clear();

	p.limit = 3;
	set(p);
	for (uint64_t i = 1; i <= N; i++) {
		side_send_from(&a, from[i % 3], "xmpp.lab", i, 20000);
		if (i % 20 == 0)
			rig_turn(&rig);
		if (i == N / 2) {
			p.limit = 1;
			set(p);
		}
	}
	rig_pass(&rig, 3000);
	rig_until(&rig, a.n_fates == N);
	rig_turns(&rig, 100);
	for (uint64_t i = 1; i <= N; i++)
		written(i, &peer);
	assert_int_equal(peer.open, 1);
	assert_int_equal(a.n_lost, 0);
}

/* ---- what waits ---- */

/* Credits of the link: of what is left, half; so dead partners leave room for living ones. */
static void dead_partners_leave_room(void **state)
{
	struct side_partner p = in_clear(), dead = in_clear();
	size_t refused = 0;
	uint64_t id = 0;

	silent = rig_silent(&dead.port);
	dead.domain = "dead.lab";
	dead.also = &p;
	p.limit = 0;
	set(dead);
	for (unsigned i = 0; i < SIDE_MAX; i++) {
		if (i % 50 == 0) /* a turn takes 64 of the link */
			rig_turn(&rig);
		if (link_down_room(a.link) == 0)
			break;
		side_send(&a, "dead.lab", ++id, 60000);
	}
	rig_turns(&rig, 5);
	for (size_t i = 0; i < a.n_fates; i++)
		refused += a.fates[i].reason == LINK_R_QUEUE_FULL;
	assert_true(refused > 0);
	assert_int_equal(refused, a.n_fates);
	assert_in_range(link_down_room(a.link), SIDE_MAX / 2 - 100, SIDE_MAX / 2 + 100);
	a.n_fates = 0;
	side_send(&a, "xmpp.lab", ++id, 20000);
	written(id, &peer);
}

static void bytes_of_all_partners_are_bounded(void **state)
{
	enum { SIZE = 10000, ROOM = 100 };
	static char xml[SIZE + 1];
	struct side_partner p = strict(), q = strict();
	size_t full = 0;
	uint16_t port;

	silent = rig_silent(&port);
	side_done(&a);
	side_init(&a, &rig,
		&(struct side_options){.domain = "sip.lab", .limits = {.all_bytes = ROOM * SIZE}});
	p.port = q.port = port;
	q.domain = "other.lab";
	p.also = &q;
	set(p);
	memset(xml, 'x', SIZE);
	for (uint64_t i = 1; i <= ROOM; i++)
		side_send_xml(&a, "xmpp.lab", i, 20000, xml);
	for (uint64_t i = 1; i <= ROOM; i++)
		side_send_xml(&a, "other.lab", 1000 + i, 20000, xml);
	rig_turns(&rig, 20);
	for (size_t i = 0; i < a.n_fates; i++)
		full += a.fates[i].reason == LINK_R_QUEUE_FULL;
	assert_int_equal(full, a.n_fates);
	/* Half for the first, a quarter for the second. */
	assert_in_range(
		full, 2 * ROOM - ROOM / 2 - ROOM / 4 - 4, 2 * ROOM - ROOM / 2 - ROOM / 4 + 4);
}

/* A deadline in the connection's buffer is told when it comes, not a second later. */
static void deadlines_in_the_buffer_are_exact(void **state)
{
	enum { SIZE = 200000, N = 60 };
	static char xml[SIZE + 1];
	struct side_partner p = in_clear();
	uint64_t start;

	set(p);
	side_send(&a, "xmpp.lab", 1, 20000);
	written(1, &peer);
	conn_pause(peer.conns[0].conn);
	memset(xml, ' ', SIZE);
	start = loop_now(rig.loop);
	for (uint64_t i = 2; i < N; i++)
		side_send_xml(&a, "xmpp.lab", i, 1234, xml);
	rig_turns(&rig, 200);
	while (a.n_fates < N - 1 && loop_now(rig.loop) < start + 3000)
		loop_turn(rig.loop, false), loop_fake_advance(rig.loop, 1);
	assert_int_equal(a.n_fates, N - 1);
	assert_in_range(loop_now(rig.loop) - start, 1234, 1250);
}

/* ---- fair writing ---- */

static uint64_t bytes_out(const char *remote)
{
	struct view_streams *v = edge_view(a.edge);
	uint64_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		if (slice_eqz(v->v[i].remote, remote))
			n += v->v[i].bytes_out;
	view_streams_free(v);
	return n;
}

/* One with very much to write takes its part of a turn: another's message does not wait for it. */
static void much_does_not_hold_up_little(void **state)
{
	enum { SIZE = 16000, N = 250 };
	static char xml[SIZE + 1];
	struct side_partner p = in_clear(), second = in_clear();
	uint64_t before, turns = 0;

	second.domain = "other.lab";
	second.port = other.port;
	p.limit = second.limit = 0;
	p.also = &second;
	set(p);
	side_send(&a, "xmpp.lab", 5001, 20000);
	side_send(&a, "other.lab", 5002, 20000);
	written(5001, &peer);
	written(5002, &other);
	snprintf(xml, sizeof xml, "<message id='big'>%*s</message>", SIZE - 28, "");
	for (uint64_t i = 1; i <= N; i++)
		side_send_xml(&a, "xmpp.lab", i, 20000, xml);
	side_send(&a, "other.lab", 5003, 20000);
	while (!peer_received(&other, 5003, NULL)) {
		rig_turn(&rig);
		turns++;
	}
	assert_in_range(turns, 1, 4 + N / 64); /* a turn takes 64 of the link */
	before = bytes_out("xmpp.lab");
	rig_turns(&rig, 10);
	/* A turn of the rig is up to two of the loop. */
	assert_in_range(bytes_out("xmpp.lab") - before, 10 * SIZE, 20 * ((64 << 10) + SIZE));
	rig_until(&rig, a.n_fates == N + 3);
}

/* ---- idle closes: a stanza at every moment ---- */

static unsigned streams(void)
{
	struct view_streams *v = edge_view(a.edge);
	unsigned n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->v[i].state != VIEW_WAITING;
	view_streams_free(v);
	return n;
}

/*
 * From the last millisecond before the close begins on, turn by turn until it is long over: a
 * stanza goes out once, on the old stream or the next, and nothing is in doubt.
 */
static void inactivity_close_at_every_moment(void **state)
{
	struct side_partner p = in_clear();

	p.inactivity = "30";
	set(p);
	for (uint64_t moment = 0; moment < 40; moment++) {
		uint64_t first = 10 * moment + 1, start;

		side_send(&a, "xmpp.lab", first, 20000);
		written(first, &peer);
		rig_turns(&rig, 5);
		start = loop_now(rig.loop);
		while (loop_now(rig.loop) < start + 29980)
			rig_pass(&rig, 100);
		rig_turns(&rig, 10 + (unsigned)moment);
		side_send(&a, "xmpp.lab", first + 1, 20000);
		written(first + 1, &peer);
		assert_int_equal(a.n_lost, 0);
		peer_done(&peer);
		peer_init(&peer, &rig);
		p.port = peer.port;
		set(p); /* another proxy: the old stream, gone without a word, does not matter */
		rig_pass(&rig, 6000);
		a.n_lost = 0;
		a.n_fates = 0;
	}
}

static void place_close_at_every_moment(void **state)
{
	struct side_partner p = strict();

	set(p);
	side_send_from(&a, "sip.lab", "xmpp.lab", 1, 20000);
	written(1, &peer);
	for (uint64_t moment = 0; moment < 25; moment++) {
		uint64_t id = 10 * moment + 10;

		rig_pass(&rig, 990);
		side_send_from(&a, moment % 2 ? "sip.lab" : "more.lab", "xmpp.lab", id, 20000);
		rig_turns(&rig, 5 + 2 * (unsigned)moment);
		/* The one whose stream is to close, closes or is closed, has something to say. */
		side_send_from(&a, moment % 2 ? "more.lab" : "sip.lab", "xmpp.lab", id + 1, 20000);
		while (!told(id) || !told(id + 1))
			rig_pass(&rig, 100);
		written(id, &peer);
		written(id + 1, &peer);
	}
	assert_int_equal(peer.most, 1);
	assert_int_equal(a.n_lost, 0);
}

/* A partner that does not answer our end tag: we wait, and what came meanwhile is not lost. */
static void a_peer_that_does_not_end(void **state)
{
	struct side_partner p = strict();

	peer.mute_end = true;
	set(p);
	side_send_from(&a, "sip.lab", "xmpp.lab", 1, 20000);
	written(1, &peer);
	rig_pass(&rig, 15000); /* read long ago: not in doubt */
	side_send_from(&a, "more.lab", "xmpp.lab", 2, 20000);
	rig_turns(&rig, 50);
	side_send_from(&a, "sip.lab", "xmpp.lab", 3, 20000);
	rig_pass(&rig, 4000);
	assert_false(told(2));
	while (!told(2) || !told(3))
		rig_pass(&rig, 100);
	written(2, &peer);
	written(3, &peer);
	assert_int_equal(peer.most, 1);
	assert_int_equal(a.n_lost, 0);
}

/* ---- nothing is sent twice ---- */

/*
 * A stanza after which the partner drops the stream every time ("poison"): it was written, may have
 * been read, and is never written again; those behind it are not held up by it.
 */
static void what_may_have_been_read_is_never_sent_again(void **state)
{
	enum { ROUNDS = 6 };

	set(in_clear());
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		side_send(&a, "xmpp.lab", i, 60000);
		while (!peer_received(&peer, i, NULL))
			rig_pass(&rig, 100);
		peer_drop(&peer, peer.n_conns - 1);
		rig_until(&rig, streams() == 0);
		expect(i, LINK_WRITTEN, LINK_R_NONE);
		rig_until(&rig, side_lost(&a, i));
	}
	rig_pass(&rig, 70000);
	side_send(&a, "xmpp.lab", 100, 60000);
	while (!told(100))
		rig_pass(&rig, 100);
	written(100, &peer);
	for (uint64_t i = 1; i <= ROUNDS; i++)
		assert_int_equal(peer_received(&peer, i, NULL), 1);
	assert_int_equal(a.n_lost, ROUNDS);
}

/* ---- anything, in any order ---- */

static unsigned dice;

static unsigned roll(unsigned below)
{
	dice = dice * 1103515245u + 12345u;
	return (dice >> 16) % below;
}

static void something_happens(struct side_partner *p)
{
	unsigned conn = peer.n_conns ? roll(peer.n_conns) : 0;

	switch (roll(12)) {
	case 0:
		if (peer.n_conns < PEER_CONNS - 8)
			peer_drop(&peer, conn);
		break;
	case 1:
		peer_say(&peer, conn, "</stream:stream>");
		break;
	case 2:
		p->limit = roll(4);
		set(*p);
		break;
	case 3:
		p->all_limit = 1 + roll(4);
		p->limit = 0;
		set(*p);
		break;
	case 4:
		p->second_local = p->second_local ? NULL : "more.lab";
		set(*p);
		break;
	case 5:
		peer.answers[0].from = "third.lab";
		peer.answers[0].to = "xmpp.lab";
		peer.answers[0].answer = roll(PEER_SILENT + 1);
		break;
	case 6:
		p->disabled = !p->disabled;
		set(*p);
		break;
	case 7:
		p->more_domains = p->more_domains ? NULL : "conf.xmpp.lab";
		set(*p);
		break;
	default:
		rig_pass(&rig, 1 + roll(3000));
	}
}

/* Whatever happens: each stanza has one fate, comes at most once, and none vanishes. */
static void expect_nothing_lost_or_doubled(uint64_t n)
{
	for (uint64_t id = 1; id <= n; id++) {
		struct fate f = side_fate(&a, id);
		unsigned received = peer_received(&peer, id, NULL);

		if (received > 1)
			fail_msg("%llu came %u times", (unsigned long long)id, received);
		if (f.fate != LINK_WRITTEN && received)
			fail_msg("%llu was told as %s and came", (unsigned long long)id,
				link_fate_name(f.fate));
		if (f.fate == LINK_WRITTEN && !received && !side_lost(&a, id))
			fail_msg("%llu vanished", (unsigned long long)id);
	}
}

static void anything_in_any_order(void **state)
{
	enum { SEEDS = 12, STEPS = 60 };
	static const char *const from[] = {"sip.lab", "more.lab", "third.lab"};
	static const char *const to[] = {"xmpp.lab", "conf.xmpp.lab"};

	for (dice = 1; dice <= SEEDS; dice++) {
		struct side_partner p = in_clear();
		unsigned seed = dice;
		uint64_t id = 0;

		p.inactivity = "30";
		p.establishment = "10";
		set(p);
		for (unsigned step = 0; step < STEPS && peer.n_conns < PEER_CONNS - 8; step++) {
			for (unsigned i = roll(20); i > 0; i--)
				side_send_from(
					&a, from[roll(3)], to[roll(2)], ++id, 1 + roll(20000));
			rig_turns(&rig, roll(30));
			something_happens(&p);
		}
		rig_pass(&rig, 30000);
		rig_until(&rig, a.n_fates == id);
		rig_turns(&rig, 50);
		expect_nothing_lost_or_doubled(id);
		dice = seed;
		teardown(NULL);
		setup(NULL);
	}
}

/* ---- settings in force ---- */

static void another_proxy(void **state)
{
	struct side_partner p = in_clear();

	set(p);
	side_send(&a, "xmpp.lab", 1, 20000);
	written(1, &peer);
	p.port = other.port;
	set(p);
	side_send(&a, "xmpp.lab", 2, 20000);
	rig_until(&rig, peer.open == 0);
	assert_true(slice_contains(buf_slice(&peer.conns[0].all), SL("</stream:stream>")));
	written(2, &other);
	assert_int_equal(a.n_lost, 0);
	assert_int_equal(peer.n_conns, 1);
}

static void another_proxy_for_an_attempt(void **state)
{
	struct side_partner p = in_clear();
	uint64_t start;

	silent = rig_silent(&p.port);
	set(p);
	side_send(&a, "xmpp.lab", 1, 20000);
	rig_turns(&rig, 20);
	p.port = peer.port;
	start = loop_now(rig.loop);
	set(p);
	written(1, &peer);
	assert_true(loop_now(rig.loop) < start + 200); /* what we ended is no failure */
}

/* Nor of a pair that was still being asked for on the old stream. */
static void another_proxy_for_who_is_asked_for(void **state)
{
	struct side_partner p = in_clear();
	uint64_t start;

	peer.answers[0].from = "more.lab";
	peer.answers[0].to = "xmpp.lab";
	peer.answers[0].answer = PEER_SILENT;
	set(p);
	side_send(&a, "xmpp.lab", 1, 20000);
	written(1, &peer);
	side_send_from(&a, "more.lab", "xmpp.lab", 2, 20000);
	rig_until(&rig, peer.n_keys == 2);
	p.port = other.port;
	start = loop_now(rig.loop);
	set(p);
	written(2, &other);
	assert_true(loop_now(rig.loop) < start + 200);
}

/* The back-off grows with a streak of failures, and begins anew after a stream that worked. */
static void what_worked_ends_a_streak(void **state)
{
	uint64_t id = 0;

	set(in_clear());
	peer.refuses = true;
	for (int i = 0; i < 7; i++) {
		side_send(&a, "xmpp.lab", ++id, 100);
		rig_until(&rig, told(id));
		rig_pass(&rig, 91000);
	}
	peer.refuses = false;
	side_send(&a, "xmpp.lab", ++id, 100);
	written(id, &peer);
	rig_pass(&rig, 15000);
	peer_say(&peer, 0, "</stream:stream>");
	rig_until(&rig, streams() == 0);
	peer.refuses = true;
	side_send(&a, "xmpp.lab", ++id, 20000);
	rig_turns(&rig, 100);
	peer.refuses = false;
	assert_false(told(id));
	rig_pass(&rig, 1500);
	written(id, &peer);
}

/* Nobody waits for the back-off of the old one. */
static void another_proxy_is_tried_at_once(void **state)
{
	struct side_partner p = in_clear();
	uint64_t start;

	p.port = 0;
	set(p);
	for (uint64_t i = 1; i <= 5; i++) {
		side_send(&a, "xmpp.lab", i, 200);
		expect(i, LINK_UNSENT, i == 1 ? LINK_R_CONNECT_FAILED : LINK_R_BACK_OFF);
	}
	start = loop_now(rig.loop);
	side_send(&a, "xmpp.lab", 6, 60000);
	rig_turns(&rig, 5);
	p.port = peer.port;
	set(p);
	written(6, &peer);
	assert_true(loop_now(rig.loop) < start + 200);
}

/* StreamEstablishmentTimeout, for an attempt that is under way: shorter, and longer. */
static void another_establishment_timeout(void **state)
{
	struct side_partner p = in_clear();

	silent = rig_silent(&p.port);
	p.establishment = "60";
	set(p);
	side_send(&a, "xmpp.lab", 1, 10500);
	rig_pass(&rig, 5000);
	p.establishment = "10";
	set(p);
	rig_pass(&rig, 4000);
	assert_false(told(1));
	rig_pass(&rig, 1200);
	expect(1, LINK_UNSENT, LINK_R_CONNECT_FAILED);

	rig_pass(&rig, 5000);
	side_send(&a, "xmpp.lab", 2, 29000);
	rig_pass(&rig, 5000);
	p.establishment = "20";
	set(p);
	rig_pass(&rig, 8000);
	assert_false(told(2));
	assert_int_equal(streams(), 1);
}

/* A channel that is no longer allowed is closed with a reason, others stay. */
static void another_negotiation(void **state)
{
	struct side_partner p = in_clear();

	p.tls = "Optional";
	p.sasl = "Optional";
	set(p);
	side_send(&a, "xmpp.lab", 1, 20000);
	written(1, &peer);
	p.sasl = "NotSupported"; /* tcp-dialback as before */
	set(p);
	rig_turns(&rig, 50);
	assert_int_equal(peer.open, 1);
	p.tls = "Required";
	set(p);
	rig_until(&rig, peer.open == 0);
	assert_true(slice_contains(buf_slice(&peer.conns[0].all), SL("<stream:error><reset ")));
	assert_int_equal(a.n_lost, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_pair_does),
		cmocka_unit_test(which_stream_is_closed),
		T(the_idle_one_makes_room),
		T(who_waits_in_vain_is_told_why),
		T(who_waits_gets_the_place_that_becomes_free),
		T(the_limit_of_all_counts_all_partners),
		T(a_lowered_limit_closes_the_longest_idle),
		T(a_lowered_limit_under_traffic_loses_nothing),
		T(dead_partners_leave_room),
		T(bytes_of_all_partners_are_bounded),
		T(deadlines_in_the_buffer_are_exact),
		T(much_does_not_hold_up_little),
		T(inactivity_close_at_every_moment),
		T(place_close_at_every_moment),
		T(a_peer_that_does_not_end),
		T(what_may_have_been_read_is_never_sent_again),
		T(anything_in_any_order),
		T(another_proxy),
		T(another_proxy_for_an_attempt),
		T(another_proxy_for_who_is_asked_for),
		T(what_worked_ends_a_streak),
		T(another_proxy_is_tried_at_once),
		T(another_establishment_timeout),
		T(another_negotiation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
